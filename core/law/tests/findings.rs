//! Each kind of finding of `check`, provoked once: the sentence, the file, the line and the cell.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use ezhifa_law::{
    check::check,
    rulebook::{Files, Severity},
};

/// A fault, put into a sound pack.
struct Fault {
    /// What the issue calls it.
    kind: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// The cell that the finding names.
    cell: &'static str,
    /// Words on the line that the finding names, in the faulty file.
    line: &'static str,
    /// Words of the sentence.
    says: &'static str,
}

const ALL: &str = "offences/all.toml";
const PENALTY: &str = "templates/penalty.toml";

const TOWN: &[Fault] = &[
    Fault {
        kind: "gap",
        file: ALL,
        from: "when = { area = \">5\" }",
        to: "when = { area = \">6\" }",
        cell: "offence[0].tier",
        line: "[[offence.tier]]",
        says: "面积（area）为5.1至6㎡时没有适用的阶次",
    },
    Fault {
        kind: "overlap",
        file: ALL,
        from: "when = { area = \"2..5\" }",
        to: "when = { area = \"1.5..5\" }",
        cell: "offence[0].tier[1].when",
        line: "when = { area = \"1.5..5\" }",
        says: "“light”与“common”重叠：面积（area）为1.5至1.9㎡",
    },
    Fault {
        kind: "dead row",
        file: ALL,
        from: "when = { area = \"2..5\" }",
        to: "when = { area = \"0..1\" }",
        cell: "offence[0].tier[1].when",
        line: "when = { area = \"0..1\" }",
        says: "永远不会适用",
    },
    Fault {
        kind: "unreachable outcome",
        file: ALL,
        from: "individual = { low = 20, high = 50 }\nunit = { low = 500, high = 5000 }\nover_gate = true\n",
        to: "individual = { low = 20, high = 50 }\nunit = { low = 500, high = 5000 }\n[[offence.tier]]\nid = \"only-order\"\nname = \"只责令\"\nimpose = \"order\"\n",
        cell: "offence[1].tier",
        line: "[[offence.tier]]\nid = \"only-order\"",
        says: "没有任何阶次会处罚款",
    },
    Fault {
        kind: "amount past the gate",
        file: ALL,
        from: "unit = { low = 200, high = 500 }\nover_gate = true\n",
        to: "unit = { low = 200, high = 500 }\n",
        cell: "offence[0].tier[2].over_gate",
        line: "[[offence.tier]]\nid = \"heavy\"",
        says: "超过当场处罚限额",
    },
    Fault {
        kind: "amount outside the clause",
        file: ALL,
        from: "individual = { low = 50, high = 100 }",
        to: "individual = { low = 40, high = 100 }",
        cell: "offence[0].tier[0].individual",
        line: "individual = { low = 40, high = 100 }",
        says: "阶次幅度 40 至 100 元超出法定幅度 50 至 500 元",
    },
    Fault {
        kind: "missing citation",
        file: ALL,
        from: "violated = [\"town 第一条\"]",
        to: "violated = []",
        cell: "offence[0].violated",
        line: "violated = []",
        says: "缺少法条引用",
    },
    Fault {
        kind: "unknown instrument",
        file: ALL,
        from: "violated = [\"town 第一条\"]",
        to: "violated = [\"twon 第一条\"]",
        cell: "offence[0].violated[0]",
        line: "violated = [\"twon 第一条\"]",
        says: "instruments.toml",
    },
    Fault {
        kind: "missing example",
        file: ALL,
        from: "[[offence.example]]\nname = \"advice\"\nfacts = { corrected = false }\nexpect = { outcome = \"advice\" }\n",
        to: "",
        cell: "offence[4].id",
        line: "id = \"advice\"",
        says: "没有示例",
    },
    Fault {
        kind: "tier without example",
        file: ALL,
        from: "area = \"1.9\", gain",
        to: "area = 3, gain",
        cell: "offence[0].tier[0].id",
        line: "id = \"light\"",
        says: "没有示例到达阶次“light”",
    },
    Fault {
        kind: "example that comes out differently",
        file: ALL,
        from: "yuan = 50, tier = \"light\"",
        to: "yuan = 60, tier = \"light\"",
        cell: "offence[0].example[0].expect",
        line: "expect = { outcome = \"fine\", yuan = 60",
        says: "金额应为 60.00，实为 50.00",
    },
    Fault {
        kind: "effective dates",
        file: ALL,
        from: "id = \"dog\"",
        to: "id = \"dog\"\nrepealed_on = 2025-12-31",
        cell: "offence[2].repealed_on",
        line: "repealed_on = 2025-12-31",
        says: "废止日期不晚于施行日期",
    },
    Fault {
        kind: "number format",
        file: "numbers.toml",
        from: "penalty = \"镇当罚〔{yyyy}〕第{seq:6}号\"",
        to: "penalty = \"镇当罚〔{year}〕第{seq:6}号\"",
        cell: "numbers.penalty",
        line: "penalty = ",
        says: "{yyyy}",
    },
    Fault {
        kind: "missing number format",
        file: "numbers.toml",
        from: "order = \"镇责改〔{yyyy}〕第{seq}号\"\n",
        to: "",
        cell: "numbers",
        line: "[numbers]",
        says: "Order",
    },
    Fault {
        kind: "unknown fact name",
        file: ALL,
        from: "elements = { on_road = true }",
        to: "elements = { on_rode = true }",
        cell: "offence[0].elements.on_rode",
        line: "elements = { on_rode = true }",
        says: "on_rode",
    },
    Fault {
        kind: "type error",
        file: ALL,
        from: "elements = { on_road = true }",
        to: "elements = { on_road = 3 }",
        cell: "offence[0].elements.on_road",
        line: "elements = { on_road = 3 }",
        says: "true 或 false",
    },
    Fault {
        kind: "fact that is never used",
        file: "facts.toml",
        from: "[[fact]]\nname = \"area\"",
        to: "[[fact]]\nname = \"weather\"\nask = \"下雨？\"\ntype = \"bool\"\n[[fact]]\nname = \"area\"",
        cell: "fact[1].name",
        line: "name = \"weather\"",
        says: "没有被使用",
    },
    Fault {
        kind: "undeclared pair",
        file: ALL,
        from: "conduct = \"poultry\"",
        to: "conduct = \"dog\"",
        cell: "offence[3].conduct",
        line: "conduct = \"dog\"\nfact_text = \"饲养家禽",
        says: "[[pair]]",
    },
    Fault {
        kind: "unit of something that is no measure",
        file: ALL,
        from: "elements = { on_road = true }",
        to: "units = { on_road = \"处\" }\nelements = { on_road = true }",
        cell: "offence[0].units.on_road",
        line: "units = { on_road",
        says: "量词",
    },
    Fault {
        kind: "unverified without its reason",
        file: ALL,
        from: "clause = \"order_first\"",
        to: "unverified = true\nclause = \"order_first\"",
        cell: "offence[0].unverified",
        line: "unverified = true",
        says: "unverified",
    },
    Fault {
        kind: "organ is printed and empty",
        file: "organ.toml",
        from: "complaint_phone = \"0000-2\"",
        to: "complaint_phone = \"\"",
        cell: "complaint_phone",
        line: "complaint_phone",
        says: "为空",
    },
    Fault {
        kind: "waiver without the organ's published rule",
        file: "settings.toml",
        from: "waiver_cite = [\"town 第二十条\"]",
        to: "waiver_cite = []",
        cell: "waiver_cite",
        line: "waiver_cite",
        says: "本机关公布的规定",
    },
    Fault {
        kind: "semantics of another engine",
        file: "manifest.toml",
        from: "semantics = 1",
        to: "semantics = 9",
        cell: "semantics",
        line: "semantics = 9",
        says: "引擎语义编号",
    },
];

const NATIONAL: &[Fault] = &[
    Fault {
        kind: "remedy clause of its outcome: reconsideration first",
        file: PENALTY,
        from: "六十日内，先向",
        to: "六十日内向",
        cell: "template[0].remedy",
        line: "remedy = \"reconsideration_first\"",
        says: "先向复议机关申请行政复议",
    },
    Fault {
        kind: "remedy clause in the wrong place",
        file: "templates/order.toml",
        from: "remedy = \"reconsideration_or_court\"",
        to: "remedy = \"reconsideration_first\"",
        cell: "template[0].remedy",
        line: "remedy = \"reconsideration_first\"",
        says: "ReconsiderationOrCourt",
    },
    Fault {
        kind: "15 days",
        file: PENALTY,
        from: "十五日内，到代收机构",
        to: "内，到代收机构",
        cell: "template[0]",
        line: "[[template]]",
        says: "缴款部分缺少“十五日”",
    },
    Fault {
        kind: "3 % late fee",
        file: PENALTY,
        from: "百分之三",
        to: "百分之二",
        cell: "template[0]",
        line: "[[template]]",
        says: "缴款部分缺少“百分之三”",
    },
    Fault {
        kind: "late fee on a paper without a fine",
        file: "templates/advice.toml",
        from: "不用缴款",
        to: "加处罚款",
        cell: "template[0]",
        line: "[[template]]",
        says: "没有罚款的文书不应出现“加处罚款”",
    },
    Fault {
        kind: "organ",
        file: PENALTY,
        from: "{organ}",
        to: "本机关",
        cell: "template[0]",
        line: "[[template]]",
        says: "缺少“{organ}”",
    },
    Fault {
        kind: "refusal line",
        file: PENALTY,
        from: "拒绝签",
        to: "不签",
        cell: "template[0]",
        line: "[[template]]",
        says: "拒绝签收的注明",
    },
    Fault {
        kind: "no such place",
        file: PENALTY,
        from: "{court}",
        to: "{curt}",
        cell: "",
        line: "{curt}",
        says: "没有“{curt}”这个位置",
    },
];

/// The line, from 1, on which `words` begin.
fn line_of(files: &Files, file: &str, words: &str) -> usize {
    let text = std::str::from_utf8(&files[file]).unwrap();
    let at = text.find(words).unwrap_or_else(|| panic!("{words} in {file}"));
    text[..at].matches('\n').count() + 1
}

#[track_caller]
fn found(
    fault: &Fault,
    files: Files,
    all: bool,
    check: impl Fn(&Files) -> Vec<ezhifa_law::rulebook::Finding>,
) {
    let mut files = files;
    let text = String::from_utf8(files[fault.file].clone()).unwrap();
    assert!(text.contains(fault.from), "{}: {} is not in {}", fault.kind, fault.from, fault.file);
    assert_eq!(check(&files), [], "sound before");
    let faulty =
        if all { text.replace(fault.from, fault.to) } else { text.replacen(fault.from, fault.to, 1) };
    files.insert(fault.file.into(), faulty.into_bytes());
    let findings = check(&files);
    let hit = findings
        .iter()
        .find(|f| f.file == fault.file && f.sentence.contains(fault.says))
        .unwrap_or_else(|| panic!("{}: not found in {findings:#?}", fault.kind));
    assert!(fault.cell.is_empty() || hit.cell == fault.cell, "{}: {hit}", fault.kind);
    assert_eq!(hit.line, line_of(&files, fault.file, fault.line), "{}: {hit}", fault.kind);
    assert_eq!(hit.severity, Severity::Error, "{}", fault.kind);
    assert!(hit.sentence.contains(" / "), "Chinese and English: {hit}");
    assert!(!hit.sentence.contains('\n'), "one sentence: {hit}");
}

#[test]
fn every_kind_of_finding_names_file_line_and_cell() {
    let national = national();
    for fault in TOWN {
        found(fault, town_files(), false, |files| check(files, &[&national]));
    }
    for fault in NATIONAL {
        found(fault, national_files(), true, |files| check(files, &[]));
    }
}

/// A row that is not sourced stays in the sample: without `sample = true` the pack has an error, and
/// HQ signs no pack with one.
#[test]
fn an_unverified_row_cannot_leave_the_sample() {
    let unverified = |sample: &str| {
        let mut files = edited(
            ALL,
            "clause = \"order_first\"",
            "unverified = true\nunverified_because = \"金额未核实\"\nclause = \"order_first\"",
        );
        let manifest = String::from_utf8(files["manifest.toml"].clone()).unwrap();
        files.insert("manifest.toml".into(), manifest.replace("sample = true", sample).into_bytes());
        check(&files, &[&national()])
    };
    assert_eq!(unverified("sample = true"), []);
    let found = unverified("sample = false");
    assert!(
        found
            .iter()
            .any(|f| f.cell == "offence[0].unverified" && f.sentence.contains("不能作为正式规则包发布")),
        "{found:#?}"
    );
}
