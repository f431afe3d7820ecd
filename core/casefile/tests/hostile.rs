//! A case file comes from a stranger: whatever it is, reading it ends, in bounded memory, and nothing in it is
//! taken for what it is not. What is changed in a real one: cli/tests/casefile.rs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Cursor, Write};

use ezhifa_casefile::{CaseFileError, Member, Verdict, verify};
use ezhifa_wire::seal::{
    hash::Hasher,
    sign::{Algorithm, Signed, Signer as _, SoftwareKey},
};
use serde_json::{Value, json};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const MIB: usize = 1 << 20;

fn key() -> SoftwareKey {
    SoftwareKey::from_secret(Algorithm::P256Sha256, [5; 32]).unwrap()
}

/// A manifest that says nothing.
fn manifest() -> Value {
    json!({
        "ezhifa_case_file": 1, "case": "c-1", "audience": "court", "organ": "样本局", "made_ms": 0,
        "made_by": { "role": "phone", "id": "d-1" }, "signer": key().public_key(), "device_keys": [],
        "hq_keys": [], "officers": [], "runs": [], "entries": [], "slips": [], "evidence": [], "packs": [],
        "files": {},
    })
}

enum Is<'a> {
    Text(&'a [u8]),
    /// So many MiB of blanks, deflated to a thousandth.
    Bomb(usize),
}

fn pack(members: &[(&str, Is<'_>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let deflated = SimpleFileOptions::default().compression_level(Some(1));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in members {
        match content {
            Is::Text(bytes) => {
                zip.start_file(*name, stored).unwrap();
                zip.write_all(bytes).unwrap();
            }
            Is::Bomb(mib) => {
                zip.start_file(*name, deflated).unwrap();
                let blanks = vec![b' '; MIB];
                (0..*mib).for_each(|_| zip.write_all(&blanks).unwrap());
            }
        }
    }
    zip.finish().unwrap().into_inner()
}

fn signed(manifest: &Value) -> (String, String) {
    let signed = Signed::seal_text(&key(), "ezhifa.case-file.v1", manifest.to_string()).unwrap();
    (signed.doc, json!({ "signature": signed.signature }).to_string())
}

/// The manifest with its signature, and more.
fn file(manifest: &Value, more: Vec<(&str, Is<'_>)>) -> Vec<u8> {
    let (doc, signature) = signed(manifest);
    let mut members =
        vec![("manifest.json", Is::Text(doc.as_bytes())), ("signature.json", Is::Text(signature.as_bytes()))];
    members.extend(more);
    pack(&members)
}

fn read(bytes: &[u8]) -> Result<Verdict, CaseFileError> {
    verify(Cursor::new(bytes), &[])
}

fn refused(bytes: &[u8]) -> String {
    read(bytes).expect_err("refused").to_string()
}

/// Places of bad findings with this code.
fn bad(bytes: &[u8], code: &str) -> Vec<String> {
    let verdict = read(bytes).unwrap();
    assert!(!verdict.is_whole());
    verdict.findings.into_iter().filter(|f| !f.ok && f.code == code).map(|f| f.place).collect()
}

/// Most that this process ever had in memory.
fn peak_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// What `mib` MiB of blanks are in a manifest.
fn blanks(mib: usize) -> Value {
    let mut hasher = Hasher::new();
    (0..mib).for_each(|_| hasher.update(&vec![b' '; MIB]));
    serde_json::to_value(Member { size: (mib * MIB) as u64, sha256: hasher.finish() }).unwrap()
}

#[test]
fn a_bomb_is_not_unpacked_into_memory() {
    assert!(refused(&pack(&[("manifest.json", Is::Bomb(100))])).contains("too long"));
    let mut said = manifest();
    said["packs"] = json!([{ "pack": { "id": "p", "version": 1, "hash": "00" }, "folder": "law/p-1" }]);
    let law = ["law/p-1/a.toml", "law/p-1/b.toml", "law/p-1/c.toml", "law/p-1/d.toml"];
    for name in law {
        said["files"][name] = blanks(100);
    }
    said["files"]["evidence/01-video.mp4"] = blanks(600);
    let mut members: Vec<_> = law.iter().map(|name| (*name, Is::Bomb(100))).collect();
    members.push(("evidence/01-video.mp4", Is::Bomb(600)));
    let verdict = read(&file(&said, members)).unwrap();
    let about = |en: &str| -> Vec<&str> {
        verdict.findings.iter().filter(|f| !f.ok && f.en == en).map(|f| f.place.as_str()).collect()
    };
    assert_eq!(about("the file cannot be read"), law[2..], "two fit into what a reader takes");
    assert!(
        about("the file was changed").contains(&"evidence/01-video.mp4"),
        "evidence is stored, not packed"
    );
    let peak = peak_mib();
    assert!(peak < 700, "{peak} MiB");
}

#[test]
fn members_that_share_their_bytes_are_refused() {
    let text = vec![b' '; 4096];
    let mut bytes = file(&manifest(), vec![("a", Is::Text(&text)), ("b", Is::Text(&text))]);
    assert!(bad(&bytes, "member").contains(&"a".to_owned()), "so far only members that nobody names");
    // The last entry of the directory points at the local header of the one before.
    let entries: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, w)| *w == b"PK\x01\x02").map(|w| w.0).collect();
    let [.., before, last] = entries.as_slice() else { panic!("{entries:?}") };
    bytes.copy_within(before + 42..before + 46, last + 42);
    assert!(refused(&bytes).contains("lie over one another"));
}

#[test]
fn names_that_lead_outside_are_named_and_so_are_surplus_ones() {
    let plain = file(&manifest(), vec![("xx/evil.sh", Is::Text(b"x"))]);
    for name in ["../evil.sh", "/x/evil.sh", "x\\\\evil.sh", "C:\\evil.sh"] {
        assert_eq!(name.len(), 10);
        let mut bytes = plain.clone();
        for at in 0..bytes.len() - 10 {
            if &bytes[at..at + 10] == b"xx/evil.sh" {
                bytes[at..at + 10].copy_from_slice(name.as_bytes());
            }
        }
        let places = bad(&bytes, "member");
        assert!(
            places.iter().filter(|p| *p == name).count() >= 2,
            "outside, and surplus: {name}: {places:?}"
        );
    }
    let mut bytes = file(&manifest(), vec![("xx/evil.sh", Is::Text(b"x")), ("yy/evil.sh", Is::Text(b"y"))]);
    for at in 0..bytes.len() - 10 {
        if &bytes[at..at + 10] == b"yy/evil.sh" {
            bytes[at] = b'x';
            bytes[at + 1] = b'x';
        }
    }
    match read(&bytes) {
        Ok(verdict) => assert!(verdict.findings.iter().any(|f| !f.ok && f.place.contains("twice"))),
        Err(e) => assert!(matches!(e, CaseFileError::Zip(_)), "{e}"),
    }
}

#[test]
fn lists_that_no_case_has_are_refused() {
    let mut said = manifest();
    said["entries"] = vec![json!({ "run": 0, "seq": 1, "body": "shown" }); 10_001].into();
    assert!(refused(&file(&said, Vec::new())).contains("10001 entries"));
    let mut said = manifest();
    said["hq_keys"] = vec![serde_json::to_value(key().public_key()).unwrap(); 101].into();
    assert!(refused(&file(&said, Vec::new())).contains("101 hq_keys"));
    let names: Vec<String> = (0..20_001).map(|n| n.to_string()).collect();
    let many: Vec<_> = names.iter().map(|n| (n.as_str(), Is::Text(&b""[..]))).collect();
    assert!(refused(&pack(&many)).contains("20001 members"));
    let later = json!({ "ezhifa_case_file": 2 }).to_string();
    assert!(matches!(
        read(&pack(&[("manifest.json", Is::Text(later.as_bytes()))])),
        Err(CaseFileError::Later(2))
    ));
}

#[test]
fn cut_anywhere_it_is_an_error_or_not_whole() {
    let whole = file(&manifest(), vec![("report.html", Is::Text(b"<p>"))]);
    for cut in 0..whole.len() {
        if let Ok(verdict) = read(&whole[..cut]) {
            assert!(!verdict.is_whole(), "cut at {cut}");
        }
        if let Ok(verdict) = read(&whole[cut..]) {
            assert!(!verdict.is_whole(), "begun at {cut}");
        }
    }
}
