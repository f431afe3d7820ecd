//! One case as a file: exported from a real shift for a party, an organ and a court, by the phone and by HQ,
//! verified with nothing else, and caught whatever is changed in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Mutex, OnceLock, PoisonError},
};

use ezhifa_field::{
    casefile::{Audience, BodyState, Finding, Form, Manifest, Member, Verdict, verify},
    casework::seal::{
        hash::sha256,
        sign::{Algorithm, Signed, Signer as _, SoftwareKey},
    },
};

const LEAD: &str = "JB-2026-0618-7788";
const NEIGHBOUR: &str = "钱多多";
const NEIGHBOUR_PHONE: &str = "13800138000";
const NEIGHBOUR_ID: &str = "11010519491231002X";
/// The party's own.
const PARTY: &str = "阿依古丽·买买提";
const PARTY_ID: &str = "441900199003121012";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// One command at a time: a phone's folder and HQ's have one owner each.
static FOLDERS: Mutex<()> = Mutex::new(());

fn ezhifa(args: &[&str]) -> Output {
    let _owner = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    run(args)
}

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ezhifa")).current_dir(root()).args(args).output().unwrap()
}

fn ok(args: &[&str]) -> String {
    let output = ezhifa(args);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{args:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// One evening for all tests: the first case came from a report, and the party names a neighbour.
fn shift() -> &'static Path {
    static OUT: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    &OUT.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(root().join("tests/scenarios/dongguan-evening.json")).unwrap();
        let mut scenario: serde_json::Value = serde_json::from_str(&text).unwrap();
        scenario["cases"].as_array_mut().unwrap().truncate(7);
        for step in scenario["cases"][0]["steps"].as_array_mut().unwrap() {
            if step["do"] == "open" {
                step["source"] = serde_json::json!({ "source": "citizen_report", "lead": LEAD });
            }
            if step["do"] == "statement" {
                step["words"] =
                    format!("是{NEIGHBOUR}（电话{NEIGHBOUR_PHONE}，身份证{NEIGHBOUR_ID}）叫我来的").into();
            }
        }
        // A shorter evening keeps no promise of the long one.
        scenario.as_object_mut().unwrap().remove("expect");
        std::os::unix::fs::symlink(root().join("tests/scenarios/photos"), dir.path().join("photos")).unwrap();
        let path = dir.path().join("evening.json");
        std::fs::write(&path, scenario.to_string()).unwrap();
        let out = dir.path().join("out");
        let output = ezhifa(&["shift", "--scenario", path.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (dir, out)
    })
    .1
}

fn case_of(name: &str) -> String {
    let lines = ok(&["case", "list", shift().join("phone").to_str().unwrap(), "--json"]);
    let lines: serde_json::Value = serde_json::from_str(&lines).unwrap();
    let mut ids = lines.as_array().unwrap().iter().map(|l| l["case"].as_str().unwrap());
    ids.find(|id| id.ends_with(&format!("-{name}"))).unwrap().to_owned()
}

fn export(from: &str, case: &str, audience: &str, name: &str, more: &[&str]) -> PathBuf {
    let file = shift().join(name);
    let folder = shift().join(from);
    let mut args = vec!["case", "export", folder.to_str().unwrap(), "--case", case, "--for", audience];
    args.extend(["--out", file.to_str().unwrap()]);
    args.extend(more);
    ok(&args);
    file
}

type Members = BTreeMap<String, Vec<u8>>;

fn members(bytes: &[u8]) -> Members {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..zip.len())
        .map(|i| {
            let mut file = zip.by_index(i).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (file.name().unwrap().into_owned(), content)
        })
        .collect()
}

fn pack(members: &Members) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn judged(members: &Members) -> Verdict {
    verify(Cursor::new(pack(members)), &[]).unwrap()
}

fn bad(verdict: &Verdict) -> Vec<&Finding> {
    verdict.findings.iter().filter(|f| !f.ok).collect()
}

fn manifest(members: &Members) -> Manifest {
    serde_json::from_slice(&members["manifest.json"]).unwrap()
}

/// What a forger with a key of their own can do: name that key in the report, name the new hashes, sign again.
fn forged(mut members: Members, change: impl FnOnce(&mut Manifest)) -> Members {
    let key = SoftwareKey::from_secret(Algorithm::P256Sha256, [66; 32]).unwrap();
    let mut said = manifest(&members);
    let line = |id: &str| format!("签名密钥</th><td>p256-sha256 {id}");
    let report = String::from_utf8(members["report.html"].clone()).unwrap();
    let named = report.replace(&line(&said.signer.id().0), &line(&key.public_key().id().0));
    assert!(named != report, "the report names the signing key");
    members.insert("report.html".into(), named.into_bytes());
    for (path, member) in &mut said.files {
        if let Some(bytes) = members.get(path) {
            *member = Member { size: bytes.len() as u64, sha256: sha256(bytes) };
        }
    }
    said.signer = key.public_key();
    change(&mut said);
    let doc = serde_json::to_string(&said).unwrap();
    let signed = Signed::seal_text(&key, "ezhifa.case-file.v1", doc).unwrap();
    members.insert("manifest.json".into(), signed.doc.into_bytes());
    let signature = serde_json::json!({ "signature": signed.signature });
    members.insert("signature.json".into(), signature.to_string().into_bytes());
    members
}

#[test]
fn invariant_21_three_audiences_get_what_they_may_see_and_each_file_proves_itself() {
    let case = case_of("stall");
    let more = ["--withhold", NEIGHBOUR];
    for from in ["phone", "hq"] {
        for audience in ["party", "organ", "court"] {
            let more: &[&str] = if audience == "organ" { &[] } else { &more };
            let file = export(from, &case, audience, &format!("{from}-{audience}.zip"), more);
            let said = ok(&["case", "verify", file.to_str().unwrap(), "--json"]);
            let verdict: Verdict = serde_json::from_str(&said).unwrap();
            assert!(bad(&verdict).is_empty(), "{from} {audience}: {:?}", bad(&verdict));
            for code in ["signature", "member", "chain", "receipt", "code", "pack", "replay"] {
                assert!(verdict.findings.iter().any(|f| f.code == code), "{from} {audience}: no {code}");
            }
            let bytes = std::fs::read(&file).unwrap();
            let members = members(&bytes);
            let said = manifest(&members);
            assert_eq!(said.audience, verdict.audience);
            for kind in ["slips/01-no_penalty.pdf", "slips/01-no_penalty.txt", "report.html", "README.txt"] {
                assert!(members.contains_key(kind), "{from} {audience}: no {kind}");
            }
            assert!(said.packs.len() >= 2, "the pack and what it imports");
            assert!(said.evidence.iter().all(|e| e.form != Form::Elsewhere), "every file is here");

            // Redaction: nobody's name, telephone or ID number that this audience must not see.
            let everything: Vec<(&String, String)> = members
                .iter()
                .map(|(name, bytes)| (name, String::from_utf8_lossy(bytes).into_owned()))
                .collect();
            let mut gone = vec![LEAD];
            if audience != "organ" {
                gone.extend([NEIGHBOUR, NEIGHBOUR_PHONE, NEIGHBOUR_ID]);
            }
            for (name, text) in &everything {
                for word in &gone {
                    assert!(!text.contains(word), "{from} {audience}: {word} stands in {name}");
                }
            }
            let report = String::from_utf8(members["report.html"].clone()).unwrap();
            for shown in [PARTY, PARTY_ID, "王建国", "第三十三条", "群众举报"] {
                assert!(report.contains(shown), "{from} {audience}: the report does not say {shown}");
            }
            if audience == "organ" {
                assert!(report.contains(NEIGHBOUR), "an organ reads what was said");
            }
            // What is withheld leaves its header, its digest and a text with blanks.
            let withheld: Vec<_> = said.entries.iter().filter(|e| e.body == BodyState::Withheld).collect();
            assert!(withheld.len() >= if audience == "organ" { 1 } else { 2 });
            assert!(withheld.iter().all(|e| e.shown.as_ref().unwrap().contains("■■")));
        }
    }
}

/// This process holds the phone; the command is another one.
#[test]
fn a_phone_that_another_process_has_open_is_refused_and_left_alone() {
    use ezhifa_field::{
        clock::SystemClock,
        keys::{FixedKey, Platform},
        store::{Places, Store},
    };
    let from = shift().join("phone");
    let (phone, _owner) = (from.to_str().unwrap(), FOLDERS.lock().unwrap_or_else(PoisonError::into_inner));
    let secret = std::fs::read(from.join("keystore/database")).unwrap().try_into().unwrap();
    let platform =
        Platform::new(std::sync::Arc::new(FixedKey(secret)), std::sync::Arc::new(SystemClock::new("test")));
    let places = Places { dir: from.join("store"), mark: from.join("mark") };
    let store = Store::open(&places, platform).unwrap();
    let head = store.head().unwrap();
    let refused = run(&["case", "list", phone]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(said.contains("正由另一个程序使用") && said.contains("another process"), "{said}");
    let looked = run(&["journal", "verify", phone]);
    assert!(looked.status.success(), "looking is free: {}", String::from_utf8_lossy(&looked.stderr));
    assert_eq!(store.head().unwrap(), head);
    drop(store);
    assert!(run(&["case", "list", phone]).status.success(), "free again");
}

#[test]
fn the_same_case_gives_the_same_bytes_and_another_case_leaks_no_body() {
    let case = case_of("coffee-van");
    let file = export("phone", &case, "court", "again-1.zip", &[]);
    let members = members(&std::fs::read(&file).unwrap());
    let text = String::from_utf8_lossy(&members[&manifest(&members).runs[0].path]).into_owned();
    assert!(text.lines().count() > manifest(&members).entries.len(), "other cases' headers prove the chain");
    assert!(!text.contains(PARTY_ID) && !text.contains(PARTY), "other cases' bodies are not here");
    // Made at two moments, the files differ in the moment alone.
    let again = self::members(&std::fs::read(export("phone", &case, "court", "again-2.zip", &[])).unwrap());
    for (name, bytes) in &members {
        if !["manifest.json", "signature.json", "report.html"].contains(&name.as_str()) {
            assert_eq!(&again[name], bytes, "{name}");
        }
    }
    // The export is an entry of its own in the phone's journal.
    let phone = shift().join("phone");
    let journal = shift().join("journal.jsonl");
    ok(&["journal", "export", phone.to_str().unwrap(), "--out", journal.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&journal).unwrap().contains("case_exported"));
    ok(&["journal", "verify", journal.to_str().unwrap()]);
}

#[test]
fn whatever_is_changed_is_named() {
    let file = export("phone", &case_of("coffee-van"), "court", "tamper.zip", &[]);
    let bytes = std::fs::read(&file).unwrap();
    let good = members(&bytes);
    assert!(judged(&good).is_whole(), "{:?}", bad(&judged(&good)));
    // One byte of any member, one at a time.
    for name in good.keys().filter(|n| *n != "manifest.json") {
        let mut changed = good.clone();
        let content = changed.get_mut(name).unwrap();
        let at = content.len() / 2;
        content[at] ^= 1;
        let verdict = judged(&changed);
        assert!(
            bad(&verdict).iter().any(|f| f.place.starts_with(name.as_str())),
            "{name}: {:?}",
            bad(&verdict)
        );
        let mut gone = good.clone();
        gone.remove(name);
        let verdict = judged(&gone);
        assert!(bad(&verdict).iter().any(|f| f.place == *name), "{name} gone: {:?}", bad(&verdict));
    }
    let mut more = good.clone();
    more.insert("evidence/99-photo.jpg".into(), b"planted".to_vec());
    assert!(bad(&judged(&more)).iter().any(|f| f.place == "evidence/99-photo.jpg"));
    let mut said = good.clone();
    let text = String::from_utf8(said["manifest.json"].clone()).unwrap();
    said.insert("manifest.json".into(), text.replacen("\"court\"", "\"organ\"", 1).into_bytes());
    assert!(bad(&judged(&said)).iter().any(|f| f.code == "signature"));
    // The command says so too, with exit code 1.
    let path = shift().join("changed.zip");
    std::fs::write(&path, pack(&more)).unwrap();
    let output = ezhifa(&["case", "verify", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("evidence/99-photo.jpg"));
}

#[test]
fn a_forger_who_signs_again_is_named_too() {
    let file = export("phone", &case_of("coffee-van"), "court", "forge.zip", &[]);
    let good = members(&std::fs::read(&file).unwrap());
    let said = manifest(&good);
    let codes = |m: Members| {
        let verdict = judged(&m);
        assert!(!bad(&verdict).iter().any(|f| f.code == "signature"), "the forger signed well");
        bad(&verdict).iter().map(|f| f.code.clone()).collect::<Vec<_>>()
    };
    let with = |path: &str, change: &dyn Fn(String) -> String| {
        let mut m = good.clone();
        let text = String::from_utf8(m[path].clone()).unwrap();
        let changed = change(text.clone());
        assert!(text != changed, "{path}: nothing to change");
        m.insert(path.to_owned(), changed.into_bytes());
        m
    };
    assert!(codes(forged(good.clone(), |_| ())).is_empty(), "nothing but the key changed");
    let journal = said.runs[0].path.as_str();
    let amount = with(journal, &|t| t.replace("\\\"amount\\\":5000", "\\\"amount\\\":4000"));
    assert!(codes(forged(amount, |_| ())).contains(&"chain".to_owned()));
    let shorter = with(journal, &|t| t.lines().skip(1).map(|l| format!("{l}\n")).collect());
    assert!(codes(forged(shorter, |_| ())).contains(&"chain".to_owned()));
    let report = with("report.html", &|t| t.replacen("￥50.00", "￥20.00", 1));
    assert_eq!(codes(forged(report, |_| ())), ["page"]);
    let slip = with(&said.slips[0].text, &|t| t.replacen("50.00", "20.00", 1));
    assert_eq!(codes(forged(slip, |_| ())), ["page"]);
    let law = said.files.keys().find(|p| p.contains("dongguan") && p.ends_with("offences.toml"));
    let law = law.or(said.files.keys().find(|p| p.contains("dongguan") && p.ends_with(".toml"))).unwrap();
    let law = codes(forged(with(law, &|t| format!("{t}\n# changed\n")), |_| ()));
    assert!(law.contains(&"pack".to_owned()) && law.contains(&"replay".to_owned()), "{law:?}");
    let mut photo = good.clone();
    let path = said.evidence[0].path.clone().unwrap();
    photo.insert(path, b"another picture".to_vec());
    assert!(codes(forged(photo, |_| ())).contains(&"evidence".to_owned()));
    let dropped = forged(good.clone(), |m| {
        m.evidence.remove(0);
    });
    assert!(codes(dropped).contains(&"evidence".to_owned()));
    let hidden = forged(good.clone(), |m| {
        m.entries.remove(3);
    });
    assert!(!codes(hidden).is_empty(), "a body that nobody names, or a case that no longer adds up");
    let otherwise = forged(good.clone(), |m| m.audience = Audience::Organ);
    assert_eq!(codes(otherwise), ["page"], "the report says for whom it was made");
    // And a whole file that somebody else signed is not the organ's: that is what --key is for.
    let foreign = shift().join("foreign.zip");
    std::fs::write(&foreign, pack(&forged(good.clone(), |_| ()))).unwrap();
    let hex: String = said.signer.bytes.iter().map(|b| format!("{b:02x}")).collect();
    ok(&["case", "verify", file.to_str().unwrap(), "--key", &hex]);
    assert_eq!(ezhifa(&["case", "verify", foreign.to_str().unwrap(), "--key", &hex]).status.code(), Some(1));
}

#[test]
fn garbage_gets_a_sentence_never_a_panic() {
    let path = shift().join("garbage.zip");
    let whole = std::fs::read(export("phone", &case_of("stall"), "party", "cut.zip", &[])).unwrap();
    for bytes in [&b""[..], b"PK\x05\x06", b"not a zip", &whole[..whole.len() / 2], &whole[whole.len() / 2..]]
    {
        std::fs::write(&path, bytes).unwrap();
        let output = ezhifa(&["case", "verify", path.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("hint:") && !said.contains("panicked"), "{said}");
    }
    // Bytes flipped anywhere: an error or a finding, never a panic and never a pass that changed a member.
    let good = members(&whole);
    let mut seed = 721_u64;
    for _ in 0..60 {
        let mut bytes = whole.clone();
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(seed >> 20).unwrap() % bytes.len();
            bytes[at] ^= 1 << ((seed >> 8) % 8);
        }
        if let Ok(verdict) = verify(Cursor::new(&bytes), &[])
            && verdict.is_whole()
        {
            assert_eq!(members(&bytes), good, "what passed is the same content");
        }
    }
    for (args, says) in [
        (vec!["case", "export", "rulebooks", "--case", "x", "--for", "party", "--out", "x.zip"], "neither"),
        (vec!["case", "verify", "no/such.zip"], "no/such.zip"),
    ] {
        let output = ezhifa(&args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(says) && said.contains("hint:"), "{said}");
    }
}

fn summary() -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(shift().join("summary.json")).unwrap()).unwrap()
}

#[test]
fn a_slip_is_verified_from_its_code_or_picture_with_no_network_and_at_hqs_page() {
    use std::io::{BufRead as _, BufReader};
    let summary = summary();
    let slip = &summary["slips"][0];
    let (code, number) = (slip["code"].as_str().unwrap(), slip["number"].as_str().unwrap());
    let (hq, phone) = (shift().join("hq"), shift().join("phone"));
    let file = export("phone", &case_of("stall"), "court", "keys.zip", &[]);
    for keys in [&hq, &phone, &file] {
        let said = ok(&["slip", "verify", code, "--keys", keys.to_str().unwrap(), "--json"]);
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said[0]["signature"], true, "{keys:?}");
        assert_eq!(said[0]["says"]["number"], number);
        assert_eq!(said[0]["check_code"], slip["check_code"]);
    }
    let picture = shift().join("slips").join(slip["file"].as_str().unwrap()).with_extension("png");
    let said = ok(&["slip", "verify", "--image", picture.to_str().unwrap(), "--keys", hq.to_str().unwrap()]);
    assert!(said.contains(number) && said.contains("genuine"), "{said}");

    // One character changed; another key; a picture without a code.
    let mut forged = code.to_owned();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    for wrong in [forged.as_str(), &code.replacen("AE", "AF", 1)] {
        let output = ezhifa(&["slip", "verify", wrong, "--keys", hq.to_str().unwrap()]);
        assert_ne!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let photo = root().join("docs/pictures");
    let output =
        ezhifa(&["slip", "verify", "--image", photo.to_str().unwrap(), "--keys", hq.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(ezhifa(&["slip", "verify", code]).status.code(), Some(2), "nothing to verify against");

    // HQ's page, over TLS with the organ's own authority.
    let _owner = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut server = Command::new(env!("CARGO_BIN_EXE_ezhifa"))
        .current_dir(root())
        .args(["hq", "serve", "--dir", hq.to_str().unwrap(), "--listen", "127.0.0.1:0"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let url = BufReader::new(server.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("HQ on ").and_then(|l| l.split(';').next().map(str::to_owned)));
    let url = url.unwrap();
    let ca = hq.join("ca.pem");
    let asked =
        |code: &str| run(&["slip", "verify", code, "--online", &url, "--ca", ca.to_str().unwrap(), "--json"]);
    let (good, bad) = (asked(code), asked(&forged));
    server.kill().unwrap();
    server.wait().unwrap();
    let said: serde_json::Value = serde_json::from_slice(&good.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&good.stderr)));
    assert_eq!(said[0]["standing"], "sample", "a sample stays a sample on HQ's page");
    assert!(good.status.success());
    assert_eq!(bad.status.code(), Some(1));
}

#[test]
fn a_journal_is_shown_without_bodies_unless_asked() {
    let phone = shift().join("phone");
    let phone = phone.to_str().unwrap();
    let list = ok(&["journal", "show", phone, "--most", "5000"]);
    assert!(list.contains("decided") && list.contains("evidence") && list.contains("lease"), "{list}");
    assert!(!list.contains(PARTY) && !list.contains(PARTY_ID));
    let one = ok(&["journal", "show", phone, "--case", &case_of("stall"), "--bodies"]);
    assert!(one.contains(PARTY));
    let lines = ok(&["journal", "show", phone, "--kind", "purge", "--json"]);
    assert!(lines.is_empty());
    let export = shift().join("shown.jsonl");
    ok(&["journal", "export", phone, "--out", export.to_str().unwrap()]);
    let from_file = ok(&["journal", "show", export.to_str().unwrap(), "--most", "5000"]);
    assert!(from_file.lines().count() >= list.lines().count() && !from_file.contains(PARTY));
    let lines = ok(&["journal", "show", phone, "--json", "--most", "3"]);
    assert_eq!(lines.lines().count(), 3);
    assert!(
        lines
            .lines()
            .all(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["header"]["seq"].is_u64())
    );
}
