//! `check` finds each fault, names file, line and cell, and is silent on a sound pack.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use ezhifa_law::{
    check::{check, mutations},
    rulebook::{Files, Finding, PackError, Rulebook, Severity, pin},
};

const ALL: &str = "offences/all.toml";

fn findings(files: &Files) -> Vec<Finding> {
    check(files, &[&national()])
}

/// The one finding after an edit of the town pack; its line must be the edited line.
#[track_caller]
fn finds(file: &str, from: &str, to: &str, cell: &str, word: &str) {
    let files = edited(file, from, to);
    let found = findings(&files);
    let hit = found
        .iter()
        .find(|f| f.file == file && f.cell.ends_with(cell) && f.sentence.contains(word))
        .unwrap_or_else(|| panic!("no `{word}` at `{cell}` in {found:#?}"));
    assert!(hit.sentence.contains(" / "), "Chinese and English: {hit}");
    assert!(hit.line > 1, "a line: {hit}");
}

#[test]
fn a_sound_pack_has_no_finding() {
    assert_eq!(findings(&town_files()), []);
    assert_eq!(check(&national_files(), &[]), []);
}

#[test]
fn the_finding_names_the_line_of_the_cell() {
    let files = edited(ALL, "when = { area = \"2..5\" }", "when = { area = \"2..4\" }");
    let text = String::from_utf8(files[ALL].clone()).unwrap();
    let found = findings(&files);
    let gap = found.iter().find(|f| f.sentence.contains("空白")).unwrap();
    assert!(gap.sentence.contains("4.1至5㎡"), "{gap}");
    let line = text.lines().nth(gap.line - 1).unwrap();
    assert!(line.starts_with("[[offence.tier]]"), "{line}");
}

#[test]
fn gaps_overlaps_and_dead_rows_are_proved() {
    finds(ALL, "when = { area = \">5\" }", "when = { area = \">6\" }", "tier", "5.1至6㎡");
    finds(ALL, "when = { area = \"2..5\" }", "when = { area = \"1.5..5\" }", "tier[1].when", "1.5至1.9㎡");
    finds(ALL, "when = { area = \"2..5\" }", "when = { area = \"0..1\" }", "tier[1].when", "永远不会适用");
    finds(ALL, "overlap = \"unique\"", "overlap = \"milder\"", "overlap", "unique");
}

#[test]
fn milder_overlap_is_allowed_where_it_is_declared() {
    let files = edited(ALL, "when = { area = \"2..5\" }", "when = { area = \"1.9..5\" }");
    let files = {
        let mut files = files;
        let text = String::from_utf8(files[ALL].clone()).unwrap();
        files.insert(
            ALL.into(),
            text.replacen("overlap = \"unique\"", "overlap = \"milder\"", 1).into_bytes(),
        );
        files
    };
    assert_eq!(findings(&files), []);
}

#[test]
fn amounts_and_measures_stay_inside_the_clause_and_the_gate_is_said() {
    finds(
        ALL,
        "individual = { low = 50, high = 100 }",
        "individual = { low = 40, high = 100 }",
        "tier[0].individual",
        "法定幅度",
    );
    finds(
        ALL,
        "when = { area = \"<2\" }",
        "impose = \"warning\"\nwhen = { area = \"<2\" }",
        "tier[0].impose",
        "罚则没有规定",
    );
    finds(ALL, "over_gate = true\n", "", "tier[2].over_gate", "over_gate = true");
    finds(
        ALL,
        "unit = { low = 50, high = 100 }",
        "over_gate = true\nunit = { low = 50, high = 100 }",
        "tier[0].over_gate",
        "不应写",
    );
    finds(
        ALL,
        "individual = { low = 50, high = 100 }",
        "individual = { low = 50, high = 10000001 }",
        "tier[0].individual",
        "金额区间",
    );
    finds(ALL, "boundary = \"“以上”“以下”均包括本数\"\n", "", "boundary", "包括本数");
}

#[test]
fn examples_are_run_and_each_tier_has_one() {
    finds(ALL, "yuan = 50, tier = \"light\"", "yuan = 60, tier = \"light\"", "example[0].expect", "60.00");
    finds(ALL, "area = \"1.9\", gain", "area = 3, gain", "tier[0].id", "没有示例到达");
    finds(ALL, "area = \"1.9\", gain", "area = \"wide\", gain", "example[0].facts", "wide");
    finds(ALL, "area = \"1.9\", gain", "weather = true, gain", "example[0].facts", "weather");
}

#[test]
fn citations_facts_and_types_are_held() {
    finds(ALL, "violated = [\"town 第一条\"]", "violated = []", "violated", "缺少法条引用");
    finds(
        ALL,
        "violated = [\"town 第一条\"]",
        "violated = [\"nolaw 第一条\"]",
        "violated[0]",
        "instruments.toml",
    );
    finds(
        ALL,
        "elements = { on_road = true }",
        "elements = { on_rode = true }",
        "elements.on_rode",
        "on_rode",
    );
    finds(ALL, "elements = { on_road = true }", "elements = { on_road = 3 }", "elements.on_road", "true");
    finds(ALL, "{fact:area}", "{fact:aera}", "fact_text", "aera");
    finds(ALL, "gain_reason = \"乱扔垃圾不会取得款项\"\n", "", "gain_reason", "违法所得");
}

#[test]
fn a_normative_document_sets_no_penalty() {
    let files = edited("instruments.toml", "local_regulation", "normative_document");
    assert!(findings(&files).iter().any(|f| f.cell.ends_with("basis[0]") && f.sentence.contains("第十六条")));
}

#[test]
fn pairs_that_can_fit_one_act_are_declared() {
    finds(ALL, "conduct = \"poultry\"", "conduct = \"dog\"", "conduct", "[[pair]]");
    // With elements that exclude each other nothing has to be said.
    let files = edited(ALL, "relation = \"higher_fine\"", "relation = \"two_acts\"");
    assert_eq!(findings(&files), []);
}

#[test]
fn periods_have_no_holes_and_no_doubles() {
    let twice = |first: &str, second: &str| -> Files {
        let mut files = town_files();
        let text = String::from_utf8(files[ALL].clone()).unwrap();
        let start = text.find("[[offence]]\nid = \"dog\"").unwrap();
        let end = text[start + 5..].find("[[offence]]\nid").unwrap() + start + 5;
        let dog = &text[start..end];
        let one = dog.replacen("conduct", &format!("{first}\nconduct"), 1);
        let two = dog.replacen("conduct", &format!("{second}\nconduct"), 1);
        files.insert(ALL.into(), text.replacen(dog, &format!("{one}{two}"), 1).into_bytes());
        files
    };
    let sound = twice("repealed_on = 2026-07-01", "effective_from = 2026-07-01");
    assert_eq!(findings(&sound), []);
    let hole = twice("repealed_on = 2026-06-01", "effective_from = 2026-07-01");
    assert!(findings(&hole).iter().any(|f| f.sentence.contains("2026-06-01 至 2026-07-01")));
    let double = twice("repealed_on = 2026-08-01", "effective_from = 2026-07-01");
    assert!(findings(&double).iter().any(|f| f.sentence.contains("写了两次")));
}

#[test]
fn a_local_pack_is_never_harsher_than_the_national_one() {
    let mut files = town_files();
    files.insert("gates.toml".into(), b"citizen_yuan = 500\norganisation_yuan = 9000\ncite = [\"cfl x\"]\ncash_yuan = 100\ncash_cite = [\"cfl x\"]".to_vec());
    assert!(findings(&files).iter().any(|f| f.file == "gates.toml" && f.severity == Severity::Error));
    let mut files = town_files();
    files.insert("limbs.toml".into(), "[[limb]]\nlimb = \"A\"\nname = \"轻微不罚\"\nany = [ { when = { corrected = true }, text = \"x\" } ]\ncite = [\"cfl 第三十三条\"]\n".into());
    assert!(findings(&files).iter().any(|f| f.file == "limbs.toml" && f.severity == Severity::Error));
    let mut files = town_files();
    files.insert(
        "limbs.toml".into(),
        "[limb_b_also]\nwhen = { on_road = false }\ntext = \"未占道\"\ncite = [\"town 第二十一条\"]\n".into(),
    );
    assert_eq!(findings(&files), []);
}

#[test]
fn an_import_is_pinned_to_its_hash() {
    let mut files = town_files();
    let text = String::from_utf8(files["manifest.toml"].clone()).unwrap();
    let hash = national().reference().hash;
    files.insert("manifest.toml".into(), text.replace(&hash, &"0".repeat(64)).into_bytes());
    let error: PackError = Rulebook::load(&files, &[&national()]).unwrap_err();
    assert!(error.to_string().contains(&hash), "{error}");
    assert!(Rulebook::load(&files, &[]).unwrap_err().to_string().contains("prc-national"));
}

#[test]
fn a_manifest_tells_its_imports_and_is_pinned_in_place() {
    let national = national();
    let files = town_files();
    let named = Rulebook::named_imports(&files).unwrap();
    assert_eq!(named.iter().map(|i| i.id.as_str()).collect::<Vec<_>>(), ["prc-national"]);
    let draft = "# 草稿\nid = \"town\"\n[[import]]\nid = \"other\" # 另一包\nhash = \"x\"\n[[import]]\nhash = \"\" # 待写\nid = \"prc-national\"\n";
    let pinned = pin(draft, &[&national]).unwrap();
    let hash = format!("hash = \"{}\" # 待写", national.reference().hash);
    assert_eq!(pinned, draft.replace("hash = \"\" # 待写", &hash));
    assert_eq!(pin(&pinned, &[&national]).unwrap(), pinned);
    assert!(pin("id = ", &[&national]).unwrap_err().to_string().contains("manifest.toml:1"));
    assert!(Rulebook::named_imports(&Files::new()).unwrap_err().to_string().contains("manifest.toml"));
}

#[test]
fn the_hash_covers_every_file_but_the_signatures() {
    let hash = |files: &Files| ezhifa_law::rulebook::pack_hash(files);
    let mut files = town_files();
    let before = hash(&files);
    files.insert("signatures.toml".into(), b"x".to_vec());
    assert_eq!(hash(&files), before);
    files.insert("README.md".into(), b"x".to_vec());
    assert_ne!(hash(&files), before);
}

#[test]
fn a_remedy_clause_in_the_wrong_place_is_found_both_ways() {
    let national = |file: &str, from: &str, to: &str| -> Vec<Finding> {
        let mut files = national_files();
        let text = String::from_utf8(files[file].clone()).unwrap();
        assert!(text.contains(from), "{from}");
        files.insert(file.into(), text.replace(from, to).into_bytes());
        check(&files, &[])
    };
    let hit = |found: Vec<Finding>, word: &str| {
        assert!(found.iter().any(|f| f.sentence.contains(word)), "{word}: {found:#?}")
    };
    hit(national("templates/penalty.toml", "六十日内，先向", "六十日内向"), "先向复议机关");
    hit(national("templates/penalty.toml", "复议、诉讼期间不停止执行", "也可以在六个月内直接起诉"), "六个月");
    hit(national("templates/order.toml", "六个月", "三个月"), "六个月");
    hit(
        national("templates/penalty.toml", "remedy = \"reconsideration_first\"", "remedy = \"none\""),
        "ReconsiderationFirst",
    );
    hit(national("templates/penalty.toml", "十五日内，到代收机构", "内，到代收机构"), "十五日");
    hit(national("templates/penalty.toml", "百分之三", "百分之二"), "百分之三");
    hit(national("templates/penalty.toml", "{court}", "{curt}"), "curt");
    hit(national("templates/penalty.toml", "拒绝签名", "不签名"), "第五十二条");
    hit(national("templates/advice.toml", "不用缴款", "加处罚款"), "加处罚款");
    // An order on the way to the ordinary procedure can be contested; without one there is nothing to contest.
    let transfer = |from: &str, to: &str| national("templates/transfer.toml", from, to);
    hit(transfer("remedy = \"reconsideration_or_court\"", "remedy = \"none\""), "ReconsiderationOrCourt");
    hit(transfer("    \"{order}。\",\n", ""), "应为 None");
    hit(transfer("when = [\"order\"]\nrule_above = true", "rule_above = true"), "转出时没有责令的");
    hit(transfer("六个月", "三个月"), "六个月");
    hit(national("templates/order.toml", "{complaint_phone}", "{served_at}"), "已停用");
}

#[test]
fn the_mutation_pass_sees_a_boundary_without_example() {
    assert_eq!(mutations(&town_files(), &[&national()]), []);
    let files = edited(ALL, "area = 2, gain", "area = 3, gain");
    let found = mutations(&files, &[&national()]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].cell.ends_with("tier[1].when.area") && found[0].sentence.contains("下限"),
        "{}",
        found[0]
    );
}

#[test]
fn a_table_too_large_to_prove_is_an_error() {
    let tiers: String = (0..65)
        .map(|i| format!("[[offence.tier]]\nid = \"t{i}\"\nname = \"x\"\nwhen = {{ area = {i} }}\n"))
        .collect();
    let files =
        edited(ALL, "[[offence.tier]]\nid = \"light\"", &format!("{tiers}[[offence.tier]]\nid = \"light\""));
    assert!(findings(&files).iter().any(|f| f.sentence.contains("最多 64 行")));
}
