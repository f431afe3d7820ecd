//! `ezhifa rulebook` as an editor uses it: what comes out, exit codes, and what bad input is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The repository's packs in a folder that a test may write to.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(packs: &[&str]) -> Desk {
        let desk = Desk(tempfile::tempdir().unwrap());
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks");
        for pack in packs {
            copy(&from.join(pack), &desk.at(pack));
        }
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), text).unwrap();
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.at(name)).unwrap();
        assert!(text.contains(from), "{from}");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// Exit code, standard output, standard error.
    fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let done = Command::new(env!("CARGO_BIN_EXE_ezhifa"))
            .arg("rulebook")
            .args(words)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (done.status.code(), text(done.stdout), text(done.stderr))
    }

    #[track_caller]
    fn fine(&self, words: &[&str]) -> String {
        let (code, out, err) = self.run(words);
        assert_eq!(code, Some(0), "{words:?}: {out}{err}");
        out
    }

    /// What standard error says, with the exit code.
    #[track_caller]
    fn refused(&self, code: i32, words: &[&str]) -> String {
        let (is, out, err) = self.run(words);
        assert_eq!(is, Some(code), "{words:?}: {out}{err}");
        err
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &there);
        } else {
            fs::copy(&path, &there).unwrap();
        }
    }
}

#[test]
fn check_names_what_is_wrong_and_never_passes_over_a_misspelt_folder() {
    let desk = Desk::new(&["prc-national", "jiangmen-tiers", "calendar"]);
    desk.write("README.md", "not a pack");
    let out = desk.fine(&["check", "README.md", "calendar", "jiangmen-tiers", "prc-national"]);
    assert_eq!(out.lines().count(), 2, "files and other folders are passed over: {out}");
    assert!(out.contains("0 处问题 / 0 findings"));
    assert_eq!(desk.fine(&["check", "--json", "jiangmen-tiers"]).trim(), "[]");

    assert!(desk.refused(2, &["check", "jiangmen", "prc-national"]).contains("没有“jiangmen”"));
    assert!(desk.refused(2, &["check", "calendar"]).contains("不是规则包"));
    assert!(desk.refused(2, &["check", "jiangmen-tiers/manifest.toml"]).contains("不是规则包"));

    desk.edit("jiangmen-tiers/offences/appearance.toml", "pieces = \"6..10\"", "pieces = \"7..10\"");
    let (code, out, err) = desk.run(&["check", "jiangmen-tiers"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(out.contains("jiangmen-tiers/offences/appearance.toml:") && out.contains("空白"), "{out}");
    let (code, out, _) = desk.run(&["check", "--json", "jiangmen-tiers"]);
    let findings: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(1));
    assert!(findings[0]["line"].as_u64().unwrap() > 1);
}

#[test]
fn bad_packs_are_told_apart_quickly() {
    let desk = Desk::new(&["prc-national"]);
    desk.write("p/manifest.toml", "id = [");
    let (code, out, _) = desk.run(&["check", "p"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("p/manifest.toml:1") && out.contains("无法读取"), "{out}");
    desk.write("p/manifest.toml", &format!("a = {}", "[".repeat(500_000)));
    assert_eq!(desk.run(&["check", "p"]).0, Some(1));
    desk.write("p/facts.toml", &"#".repeat(10 << 20));
    assert!(desk.run(&["check", "p"]).1.contains("过大"));
    desk.write("p/more.toml", &"#".repeat(10 << 20));
    assert!(desk.refused(2, &["check", "p"]).contains("太大"), "somebody named the wrong folder");
}

#[test]
fn explain_takes_a_short_inquiry_and_says_what_is_wrong_with_a_long_one() {
    let desk = Desk::new(&["prc-national", "dongguan-sample"]);
    let explain = ["explain", "dongguan-sample", "--facts", "f.json"];
    // What docs/rulebook-guide.md shows.
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rulebook-guide.md"));
    let guide = guide.unwrap();
    let shown = guide.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    desk.write("f.json", shown);
    let out = desk.fine(&explain);
    assert!(out.contains("【结论】擅自占用城市道路摆设摊点：罚款") && out.contains("50.00元"), "{out}");
    let json: serde_json::Value =
        serde_json::from_str(&desk.fine(&[explain.as_slice(), &["--json"]].concat())).unwrap();
    assert_eq!(json["outcome"], "fine");

    for (text, says) in [
        ("[]", "JSON 对象"),
        ("{", "f.json"),
        (r#"{"ofence": "stall"}"#, "没有“ofence”"),
        (
            r#"{"offence": "stall", "party": "citizen", "act_at": "2026-03-02", "facts": {"area": 1.5}}"#,
            "1.5㎡ 写 15",
        ),
        (
            r#"{"offence": "stall", "party": "citizen", "act_at": "2026-03-02", "facts": {"aera": 15}}"#,
            "aera",
        ),
        (r#"{"offence": "stal", "party": "citizen", "act_at": "2026-03-02", "facts": {}}"#, "没有案由“stal”"),
        (r#"{"party": "citizen", "act_at": "2026-03-02", "facts": {}}"#, "offence"),
    ] {
        desk.write("f.json", text);
        assert!(desk.refused(2, &explain).contains(says), "{says}");
    }
    desk.write("f.json", &" ".repeat(2 << 20));
    assert!(desk.refused(2, &explain).contains("过大"));
    assert!(desk.refused(2, &["explain", "dongguan-sample", "--facts", "none.json"]).contains("none.json"));
}

#[test]
fn a_new_pack_is_sound_from_its_first_minute_or_not_made() {
    let desk = Desk::new(&["prc-national"]);
    let new = |dir: &'static str| {
        ["new", dir, "--title", "某镇规则包", "--organ", "某镇“执法”办公室", "--from", "2026-12-01"]
    };
    desk.fine(&new("my-town"));
    desk.fine(&["check", "--mutations", "my-town"]);
    assert!(desk.refused(2, &new("my-town")).contains("已经存在"));
    for bad in ["MyTown", "东莞", "a b"] {
        assert!(desk.refused(2, &new(bad)).contains("不能作为规则包编号"), "{bad}");
        assert!(!desk.at(bad).exists());
    }
    assert!(
        desk.refused(2, &["new", "x", "--title", "", "--organ", " ", "--from", "2026-12-01"])
            .contains("不能为空")
    );
    fs::create_dir(desk.at("else")).unwrap();
    assert!(desk.refused(2, &new("else/x")).contains("没有 prc-national"));
}

#[test]
fn pin_writes_what_it_found_and_says_what_it_did_not() {
    let desk = Desk::new(&["prc-national", "jiangmen-tiers"]);
    let manifest = fs::read_to_string(desk.at("jiangmen-tiers/manifest.toml")).unwrap();
    let hash = manifest.split("hash = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    desk.edit("jiangmen-tiers/manifest.toml", &hash, "");
    let (code, out, _) = desk.run(&["check", "jiangmen-tiers"]);
    assert_eq!(code, Some(0), "a draft is a warning");
    assert!(out.contains("未固定"), "{out}");
    desk.fine(&["pin", "jiangmen-tiers"]);
    assert_eq!(fs::read_to_string(desk.at("jiangmen-tiers/manifest.toml")).unwrap(), manifest);
    assert!(desk.fine(&["pin", "jiangmen-tiers"]).contains("无需改动"));
    fs::rename(desk.at("prc-national"), desk.at("national")).unwrap();
    assert!(desk.refused(2, &["pin", "jiangmen-tiers"]).contains("没有引入的规则包“prc-national”"));
}

#[test]
fn diff_says_for_whom_and_questions_counts() {
    let desk = Desk::new(&["prc-national", "jiangmen-tiers"]);
    copy(&desk.at("jiangmen-tiers"), &desk.at("jiangmen-2"));
    assert!(desk.fine(&["diff", "jiangmen-tiers", "jiangmen-2"]).contains("0 处变化"));
    desk.edit(
        "jiangmen-2/offences/appearance.toml",
        "individual = { low = 50, high = 100 }",
        "individual = { low = 60, high = 100 }",
    );
    let out = desk.fine(&["diff", "jiangmen-tiers", "jiangmen-2"]);
    assert!(out.contains("不能发布") && out.contains("个人") && out.contains("变重"), "{out}");
    let sentences: serde_json::Value =
        serde_json::from_str(&desk.fine(&["diff", "--json", "jiangmen-tiers", "jiangmen-2"])).unwrap();
    assert_eq!(sentences.as_array().unwrap().len(), 2);
    assert!(desk.refused(2, &["diff", "jiangmen-tiers", "nowhere"]).contains("nowhere"));

    desk.write("README.md", "not a pack");
    let out = desk.fine(&["questions", "README.md", "jiangmen-tiers", "prc-national"]);
    assert!(out.lines().last().unwrap().contains("平均"), "{out}");
    let json: serde_json::Value =
        serde_json::from_str(&desk.fine(&["questions", "--json", "jiangmen-tiers"])).unwrap();
    assert!(json["mean_tenths"].as_u64().unwrap() > 0);
}
