//! A supervisor reads what changes between two versions, and for whom; a new pack is sound at once.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use ezhifa_law::{check::check, check::mutations, diff::diff, rulebook::Rulebook, scaffold::new_pack};

const ALL: &str = "offences/all.toml";

#[track_caller]
fn says(file: &str, from: &str, to: &str, words: &[&str]) {
    let text = diff(&town(), &town_with(file, from, to)).join("\n");
    for word in words {
        assert!(text.contains(word), "{word} in\n{text}");
    }
}

#[test]
fn nothing_changes_nothing_is_said() {
    assert_eq!(diff(&town(), &town()), [""; 0]);
}

#[test]
fn a_moved_bound_says_for_which_measure_the_result_changes() {
    let text = town_files();
    let text = String::from_utf8(text[ALL].clone()).unwrap();
    let moved =
        text.replacen("area = \"<2\"", "area = \"<3\"", 1).replacen("area = \"2..5\"", "area = \"3..5\"", 1);
    let mut files = town_files();
    files.insert(ALL.into(), moved.into_bytes());
    let said = diff(&town(), &load(&files)).join("\n");
    assert!(
        said.contains(
            "个人，面积（area）为2至2.9㎡时由“一般”100.00至200.00元改为“从轻”50.00至100.00元，变轻"
        ),
        "{said}"
    );
    assert!(said.contains("版本号仍为 1"), "{said}");
}

#[test]
fn ranges_settings_and_clauses_are_told_apart_by_party() {
    says(
        ALL,
        "individual = { low = 20, high = 50 }",
        "individual = { low = 20, high = 100 }",
        &["“乱扔垃圾”：对个人的法定幅度由20.00至50.00元改为20.00至100.00元，变重"],
    );
    says(
        "settings.toml",
        "\"delegated\"",
        "\"head_confirms\"",
        &["设置“waiver”由 \"delegated\" 改为 \"head_confirms\""],
    );
    says(ALL, "clause = \"order_first\"", "clause = \"direct\"", &["可以直接处罚，变重"]);
    says(
        ALL,
        "id = \"dog\"",
        "id = \"dog-2\"",
        &["新增案由“未清除犬粪”（dog-2）", "删去案由“未清除犬粪”（dog）"],
    );
    says("manifest.toml", "version = 1", "version = 2", &["版本由 1 改为 2"]);
}

/// Found by hand: where tiers share a bound, the milder one applies, before and after.
#[test]
fn a_pack_is_no_different_from_itself() {
    let national = national();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks");
    for pack in ["dongguan-sample", "zhejiang-appearance", "jiangmen-tiers", "all-forms"] {
        let book = Rulebook::load(&read_dir(&root.join(pack)), &[&national]).unwrap();
        assert_eq!(diff(&book, &book), [""; 0], "{pack}");
    }
}

#[test]
fn a_new_pack_passes_its_own_check() {
    let national = national();
    let from = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let files = new_pack("my-town", "“某镇”\"规则包\"", "某镇综合行政执法办公室", from, &national);
    assert_eq!(check(&files, &[&national]), []);
    assert_eq!(mutations(&files, &[&national]), []);
    assert!(Rulebook::load(&files, &[&national]).unwrap().is_sample());
}

#[test]
fn no_key_of_an_offence_changes_without_a_sentence() {
    for (from, to, words) in [
        (
            "gain = \"none\"\ngain_reason = \"乱扔垃圾不会取得款项\"",
            "gain = \"ask\"",
            &["“乱扔垃圾”：违法所得由 \"none\" 改为 \"ask\"", "没有违法所得的理由"][..],
        ),
        (
            "warning = \"must\"\nfine = \"may\"",
            "warning = \"may\"\nfine = \"may\"",
            &["“未清除犬粪”：罚则中的警告由 \"must\" 改为 \"may\""],
        ),
        ("fine = \"may\"\nboth = true", "fine = \"may\"", &["罚则中的并处由 true 改为 false"]),
        (
            "elements = { on_road = true }",
            "units = { area = \"平方米\" }\nelements = { on_road = true }",
            &["“占道摆摊”：量词由 {} 改为"],
        ),
        (
            "order = { text = \"立即清除\", hours = 0 }",
            "order = { text = \"立即清除\", hours = 2 }",
            &["责令改正由"],
        ),
        ("relation = \"higher_fine\"", "relation = \"two_acts\"", &["竞合关系“stall与stall-city”"]),
        (
            "conduct = \"poultry\"",
            "conduct = \"fowl\"",
            &["“饲养家禽”：行为类别由 \"poultry\" 改为 \"fowl\""],
        ),
        (
            "clause = \"order_first\"",
            "ordinary_because = \"并处没收\"\nclause = \"order_first\"",
            &["“占道摆摊”：转普通程序的理由由 \"\" 改为 \"并处没收\""],
        ),
    ] {
        says(ALL, from, to, words);
    }
    let mut files = town_files();
    let also = "[limb_b_also]\nwhen = { on_road = false }\ntext = \"未占道\"\ncite = [\"town 第二十一条\"]\n";
    files.insert("limbs.toml".into(), also.into());
    let said = diff(&town(), &load(&files)).join("\n");
    assert!(said.contains("新增另加条件“首违不罚”"), "{said}");
}
