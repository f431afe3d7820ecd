//! The main job as a newcomer sees it: runs `ezhifa shift` and reads the paper back from the very bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use ezhifa_emulator::{Options, Typeface, decode};
use ezhifa_field::slip::BUNDLED;
use serde_json::Value;

fn ezhifa(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ezhifa")).current_dir(root()).args(args).output().unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn shift(out: &Path, more: &[&str]) -> (Output, Option<Value>) {
    let mut args = vec!["shift", "--out", out.to_str().unwrap()];
    args.extend(more);
    let output = ezhifa(&args);
    let summary =
        std::fs::read_to_string(out.join("summary.json")).ok().map(|t| serde_json::from_str(&t).unwrap());
    (output, summary)
}

/// Words on the paper, as the virtual printer drew them from the bytes; white space left out.
fn words_on_paper(bytes: &[u8], mm: u32) -> (String, Vec<String>) {
    let options = Options { font: Typeface::new(BUNDLED.to_vec()).unwrap(), ..Options::paper(mm) };
    let paper = decode(bytes, &options);
    assert!(paper.unknown.is_empty(), "unknown commands: {:?}", paper.unknown);
    assert!(!paper.unfinished, "a command was cut off");
    let text = paper.text().split_whitespace().collect::<String>();
    (text, paper.qr())
}

#[test]
fn the_evening_ends_whole_and_every_paper_says_what_the_law_asks() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let (output, summary) = shift(&out, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary = summary.unwrap();

    assert!(summary["cases"].as_u64().unwrap() >= 12);
    assert_eq!(summary["slips_printed"], summary["slips"].as_array().unwrap().len());
    for none in ["unsynced", "lost", "duplicate_numbers", "hq_replay_mismatches"] {
        assert_eq!(summary[none], 0, "{none}");
    }
    assert_eq!(summary["journal_verified"], true);
    assert!(summary["hq_replayed"].as_u64().unwrap() >= 12);
    for outcome in
        ["advice", "order", "order_complied", "no_penalty", "warning", "fine", "ordinary_procedure"]
    {
        assert!(summary["by_outcome"][outcome].as_u64().unwrap_or(0) > 0, "no case ended as {outcome}");
    }
    for limb in ["A", "B", "C", "D"] {
        assert!(summary["by_limb"][limb].as_u64().unwrap_or(0) > 0, "no case on limb {limb}");
    }

    let mut numbers = BTreeSet::new();
    for slip in summary["slips"].as_array().unwrap() {
        let (file, number) = (slip["file"].as_str().unwrap(), slip["number"].as_str().unwrap());
        assert!(numbers.insert(number.to_owned()), "{number} twice");
        let base = out.join("slips").join(file);
        for kind in ["png", "pdf", "txt"] {
            assert!(base.with_extension(kind).metadata().unwrap().len() > 1000, "{file}.{kind}");
        }
        let (text, codes) = words_on_paper(&std::fs::read(base.with_extension("escpos")).unwrap(), 58);
        assert_eq!(text.matches(number).count(), 2, "{file}: the number stands at top and bottom");
        assert_eq!(text.matches(slip["check_code"].as_str().unwrap()).count(), 2, "{file}: check code twice");
        assert!(text.contains("样本·无法律效力"), "{file}: a sample says so");
        assert!(text.contains("东莞市城市管理和综合执法局"), "{file}: organ");
        for officer in ["王建国", "19S00123", "李秀英", "19S00456"] {
            assert!(text.contains(officer), "{file}: officer {officer}");
        }
        assert!(
            codes.contains(&slip["code"].as_str().unwrap().to_owned()),
            "{file}: the code reads off the paper"
        );
    }

    // What a person would read on each kind of paper.
    let paper = |file: &str| words_on_paper(&std::fs::read(out.join("slips").join(file)).unwrap(), 58).0;
    let fine = paper("07-coffee-van.escpos");
    for must in [
        "当场行政处罚决定书",
        "￥50.00",
        "人民币伍拾元整",
        "应当自收到本决定书之日起六十日内，先向",
        "十五日内",
        "百分之三",
        "44192600000000000125",
    ] {
        assert!(fine.contains(must), "the fine does not say {must}: {fine}");
    }
    // 𬱖 is not in a GBK printer: its line is drawn, and the words stand in the text and the PDF.
    assert!(!fine.contains("陈志") && !fine.contains('?'), "a rare name is neither replaced nor dropped");
    assert!(std::fs::read_to_string(out.join("slips/07-coffee-van.txt")).unwrap().contains("陈志𬱖"));
    assert!(!fine.contains("六个月"), "a fine on the spot does not offer court directly (复议法 23)");
    let waiver = paper("01-stall.escpos");
    for must in
        ["不予行政处罚", "阿依古丽·买买提", "这不是处罚，不用缴款", "六十日内", "六个月", "第三十三条第一款"]
    {
        assert!(waiver.contains(must), "the waiver does not say {must}");
    }
    assert!(!waiver.contains("先向东莞市人民政府"), "a waiver does not demand reconsideration first");
    assert!(!waiver.contains("百分之三"), "no late fee where there is no fine");
    assert!(paper("05-bulky.escpos").contains("拒绝签名"), "the refusal to sign is on the paper (处罚法 52)");
    let child = paper("12-child.escpos");
    assert!(
        child.contains("监护人") && !child.contains("居民身份证"),
        "a child's paper speaks to the guardian"
    );
    let unnamed = paper("13-refuses-name.escpos");
    assert!(!unnamed.contains("处罚决定】") && !unnamed.contains('￥'), "nobody unnamed is fined");
    assert!(paper("14-bulky-large.escpos").contains("普通程序"));
}

#[test]
fn eighty_millimetre_paper_prints_too() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let (output, summary) = shift(&out, &["--paper", "80"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary = summary.unwrap();
    let slip = &summary["slips"][0];
    let bytes =
        std::fs::read(out.join("slips").join(slip["file"].as_str().unwrap()).with_extension("escpos"))
            .unwrap();
    let (text, codes) = words_on_paper(&bytes, 80);
    assert!(text.contains(slip["number"].as_str().unwrap()));
    assert!(codes.contains(&slip["code"].as_str().unwrap().to_owned()));
}

#[test]
fn an_hq_in_another_process_takes_the_evening_and_one_that_is_down_is_named() {
    use std::io::{BufRead as _, BufReader};
    let dir = tempfile::tempdir().unwrap();
    let hq_dir = dir.path().join("hq");
    let (hq, out) = (hq_dir.to_str().unwrap(), dir.path().join("out"));
    let scenario = "tests/scenarios/dongguan-evening.json";
    let mut server = Command::new(env!("CARGO_BIN_EXE_ezhifa"))
        .current_dir(root())
        .args(["hq", "serve", "--dir", hq, "--listen", "127.0.0.1:0", "--scenario", scenario])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let url = BufReader::new(server.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("HQ on ").and_then(|l| l.split(';').next().map(str::to_owned)))
        .unwrap();
    let ticket = format!("@{}", hq_dir.join("ticket").display());
    let (output, summary) = shift(&out, &["--hq", &url, "--ticket", &ticket]);
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary = summary.unwrap();
    assert_eq!(summary["unsynced"], 0);
    // The desk's own figures, from HQ's folder.
    let replay = ezhifa(&["hq", "replay", "--dir", hq, "--json"]);
    let replay: Value = serde_json::from_slice(&replay.stdout).unwrap();
    assert_eq!(replay["replayed"], 14);
    assert_eq!(replay["mismatches"], 0);
    let ledger = ezhifa(&["hq", "ledger", "--dir", hq, "--json"]);
    let ledger: Value = serde_json::from_slice(&ledger.stdout).unwrap();
    assert!(
        ledger["blocks"].as_array().unwrap().iter().all(|b| b["unexplained"].as_array().unwrap().is_empty())
    );
    // HQ is down: one sentence, a hint, exit code 2.
    let (output, _) = shift(&dir.path().join("down"), &["--hq", &url, "--ticket", &ticket]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("hint:") && !said.contains("panicked"), "{said}");
}

#[test]
fn a_journal_is_verified_exported_and_caught_when_changed() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    assert!(shift(&out, &[]).0.status.success());
    let phone = out.join("phone");
    let phone = phone.to_str().unwrap();
    assert!(ezhifa(&["journal", "verify", phone]).status.success());
    let export = dir.path().join("journal.jsonl");
    let file = export.to_str().unwrap();
    assert!(ezhifa(&["journal", "export", phone, "--out", file]).status.success());
    assert!(ezhifa(&["journal", "verify", file]).status.success());
    let text = std::fs::read_to_string(&export).unwrap();
    let changed = text.replacen("\\\"amount\\\":5000", "\\\"amount\\\":4000", 1);
    assert_ne!(text, changed, "the export holds the amounts");
    std::fs::write(&export, changed).unwrap();
    let output = ezhifa(&["journal", "verify", file]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "a changed amount is found: {}",
        String::from_utf8_lossy(&output.stdout)
    );
    let numbers = ezhifa(&["journal", "numbers", phone, "--json"]);
    let numbers: Value = serde_json::from_slice(&numbers.stdout).unwrap();
    assert!(numbers.as_array().unwrap().len() >= 4);
}

#[test]
fn bad_input_gets_a_sentence_a_hint_and_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let out = out.to_str().unwrap();
    let scenario = std::fs::read_to_string(root().join("tests/scenarios/dongguan-evening.json")).unwrap();
    std::os::unix::fs::symlink(root().join("tests/scenarios/photos"), dir.path().join("photos")).unwrap();
    let unknown = dir.path().join("unknown-fact.json");
    // The rulebook asks for on_road; a scenario that calls it otherwise has no answer.
    std::fs::write(&unknown, scenario.replace("\"on_road\"", "\"on_rood\"")).unwrap();
    let wrong = dir.path().join("wrong-type.json");
    std::fs::write(&wrong, scenario.replace("\"on_road\": true", "\"on_road\": 7")).unwrap();
    let other = dir.path().join("other.json");
    std::fs::write(&other, scenario.replace("\"cases\"", "\"casses\"")).unwrap();
    for (args, says) in [
        (vec!["shift", "--scenario", "no/such.json", "--out", out], "no/such.json"),
        (vec!["shift", "--scenario", unknown.to_str().unwrap(), "--out", out], "on_road"),
        (vec!["shift", "--scenario", wrong.to_str().unwrap(), "--out", out], "on_road"),
        (vec!["shift", "--scenario", other.to_str().unwrap(), "--out", out], "casses"),
        (vec!["shift", "--printer", "tcp://127.0.0.1:1", "--out", out], "127.0.0.1:1"),
        (vec!["shift", "--printer", "carrier-pigeon", "--out", out], "carrier-pigeon"),
        (vec!["shift", "--hq", "http://127.0.0.1:1", "--out", out], "ticket"),
        (vec!["shift", "--resume", "--out", "no-such-folder"], "no-such-folder"),
    ] {
        let output = ezhifa(&args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(says) && said.contains("hint:"), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

/// A scenario of its own: no runner but this one plays these steps.
fn on_paper(dir: &Path) -> PathBuf {
    let scenarios = root().join("tests/scenarios");
    let mut evening: Value =
        serde_json::from_str(&std::fs::read_to_string(scenarios.join("restore.json")).unwrap()).unwrap();
    let mut case = evening["cases"][0].clone();
    let steps = case["steps"].as_array_mut().unwrap();
    steps.retain(|s| !matches!(s["do"].as_str(), Some("sync" | "back_up" | "serve" | "print" | "decide")));
    let mut by_hand = case.clone();
    let serve =
        serde_json::json!({"do": "serve", "after_s": 2, "how": "handed_over", "role": "party", "act": "ink"});
    let step = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let printed = case["steps"].as_array_mut().unwrap();
    printed.push(step(r#"{"do": "promise", "after_s": 2, "in_s": 600}"#));
    printed.push(step(r#"{"do": "paper", "after_s": 2, "kind": "commitment"}"#));
    printed.push(step(r#"{"do": "decide", "after_s": 2}"#));
    printed.push(step(r#"{"do": "print", "after_s": 2}"#));
    printed.push(serve.clone());
    printed.push(step(r#"{"do": "paper", "after_s": 2, "kind": "filing_sheet"}"#));
    by_hand["name"] = "hand".into();
    let written = by_hand["steps"].as_array_mut().unwrap();
    written.push(step(r#"{"do": "key_in", "after_s": 900, "ago_s": 600, "file": "board-after.jpg"}"#));
    written.push(serve);
    evening["cases"] = vec![case, by_hand].into();
    std::os::unix::fs::symlink(scenarios.join("photos").canonicalize().unwrap(), dir.join("photos")).unwrap();
    let path = dir.join("paper.json");
    std::fs::write(&path, evening.to_string()).unwrap();
    path
}

#[test]
fn papers_beside_a_decision_and_one_by_hand_come_from_steps() {
    let dir = tempfile::tempdir().unwrap();
    let scenario = on_paper(dir.path());
    let out = dir.path().join("out");
    let (output, summary) = shift(&out, &["--scenario", scenario.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary = summary.unwrap();
    let slips = summary["slips"].as_array().unwrap();
    let titles = ["改正承诺书", "不予行政处罚决定书", "备案报送单"];
    assert_eq!(slips.len(), titles.len(), "{slips:?}");
    for (slip, title) in slips.iter().zip(titles) {
        let base = out.join("slips").join(slip["file"].as_str().unwrap());
        let (text, _) = words_on_paper(&std::fs::read(base.with_extension("escpos")).unwrap(), 58);
        assert!(text.contains(title) && text.contains(slip["number"].as_str().unwrap()), "{title}: {text}");
    }
    assert_eq!(summary["numbers"]["hand_written"]["used"], 1, "{}", summary["numbers"]);
    assert_eq!((&summary["hq_replayed"], &summary["hq_replay_mismatches"]), (&2.into(), &0.into()));
}
