//! Golden vectors (tests/vectors/seal-*.json): the bytes that Kotlin, Swift and HQ must agree on. A
//! difference here is a change of format, which needs a new version, never a new vector.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ezhifa_seal::{
    code::{SlipCode, SlipRecord},
    entry::{DeviceId, Epoch, Head, SealedEntry, Stamp, append, verify},
    escrow,
    export::{ExportHead, verify_export},
    hash::{Digest, sha256, tagged},
    lease::{self, NumberBlock},
    pin, seen,
    sign::{Algorithm, Signed, Signer, SoftwareKey, verify as verify_signature},
    vault,
};
use serde_json::{Value, json};

fn journal() -> (Head, Vec<SealedEntry>, Head) {
    let start = Head::start(DeviceId("d-0001".into()), Epoch(0x00c0_ffee_0000_0001));
    let mut head = start.clone();
    let bodies = [
        ("device", r#"{"event":"epoch_started"}"#),
        ("case", r#"{"case":"c1","what":"占道经营","fen":5000}"#),
        ("case", r#"{"case":"c1","what":"罚款伍拾元整"}"#),
    ];
    let mut entries = Vec::new();
    for (i, (kind, body)) in (1_u8..).zip(bodies) {
        let stamp = Stamp {
            wall_ms: 1_795_000_000_000 + i64::from(i),
            mono_ms: i64::from(i) * 10,
            boot: "boot-1".into(),
        };
        let (entry, next) = append(&head, kind, 1, stamp, [i; 16], body).unwrap();
        entries.push(entry);
        head = next;
    }
    (start, entries, head)
}

fn record() -> SlipRecord {
    SlipRecord {
        number: "样本执罚〔2026〕第000123号".into(),
        organ: "441900".into(),
        officers: ["19001234567".into(), "19001234568".into()],
        decided_ms: 1_795_000_000_000,
        clause: "27-1".into(),
        outcome: 4,
        order_due_ms: None,
        entry_prefix: journal().2.hash.prefix(),
    }
}

/// What the code makes today.
fn made() -> Value {
    let (_, entries, head) = journal();
    let keys =
        [Algorithm::P256Sha256, Algorithm::Sm2Sm3].map(|alg| SoftwareKey::from_secret(alg, [7; 32]).unwrap());
    let signed: Vec<Value> = keys
        .iter()
        .map(|key| {
            let code = SlipCode::encode(&record(), "https://hq.example.cn", key).unwrap();
            json!({
                "secret": "07".repeat(32),
                "public_key": key.public_key(),
                "key_id": key.public_key().id(),
                "message": "ezhifa",
                "signature": key.sign(b"ezhifa").unwrap(),
                "signed": Signed::seal(key, "ezhifa.test.v1", &json!({"a": 1})).unwrap(),
                "slip_code": code.text(),
                "check_code": code.check_code(),
            })
        })
        .collect();
    let mut sealed = Vec::new();
    vault::seal(&vault::FileKey([5; 32]), &mut &b"evidence"[..], &mut sealed).unwrap();
    json!({
        "sha256_abc": sha256(b"abc"),
        "tagged_d_ab_c": tagged("d", &[b"ab", b"c"]),
        "journal": entries,
        "entry_hashes": entries.iter().map(|e| e.header.hash()).collect::<Vec<_>>(),
        "head": head,
        "slip_record": record(),
        "keys": signed,
        "number_block": Signed::seal(&keys[0], lease::DOMAIN, &block()).unwrap(),
        "export": export(),
        "escrow": {
            "hq_secret": "04".repeat(32), "ephemeral": "09".repeat(32), "secret": "07".repeat(32),
            "sealed": hex(&escrow::seal(&hq_escrow().public_key(), [9; 32], &[7; 32]).unwrap()),
        },
        "vault": { "key": "05".repeat(32), "plain": "evidence", "sealed": hex(&sealed) },
        "pin": { "pin": "246810", "salt": "03".repeat(16), "verifier": pin::make("246810", &[3; 16]).unwrap() },
        "seen": {
            "month_key": "01".repeat(32), "class": "stall", "id": "粤Ｓ·１２３４５",
            "normalised": seen::normalise("粤Ｓ·１２３４５"),
            "key": seen::key(&seen::MonthKey([1; 32]), "stall", "粤S12345").unwrap(),
        },
    })
}

fn block() -> NumberBlock {
    NumberBlock {
        lease_id: "n-1".into(),
        organ: "441900".into(),
        series: "penalty".into(),
        year: 2026,
        from: 1,
        to: 40,
        device: DeviceId("d-0001".into()),
        epoch: Epoch(0x00c0_ffee_0000_0001),
        not_after_ms: 1_798_000_000_000,
    }
}

fn hq_escrow() -> SoftwareKey {
    SoftwareKey::from_secret(Algorithm::P256Sha256, [4; 32]).unwrap()
}

/// The lines of an export, as a court gets them.
fn export() -> String {
    let (_, entries, head) = journal();
    let mut out = serde_json::to_string(&ExportHead { ezhifa_journal: 1, heads: vec![head] }).unwrap();
    for entry in entries {
        out.push('\n');
        out.push_str(&serde_json::to_string(&entry).unwrap());
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/seal-1.json");
    if std::env::var_os("EZHIFA_WRITE_VECTORS").is_some() {
        std::fs::write(path, serde_json::to_string_pretty(&made()).unwrap() + "\n").unwrap();
    }
    serde_json::from_str(&std::fs::read_to_string(path).expect("tests/vectors/seal-1.json")).unwrap()
}

#[test]
fn todays_code_makes_the_golden_bytes() {
    let (golden, made) = (golden(), made());
    for (name, value) in golden.as_object().unwrap() {
        assert_eq!(made.get(name), Some(value), "{name}");
    }
}

#[test]
fn todays_code_reads_the_golden_bytes() {
    let golden = golden();
    let entries: Vec<SealedEntry> = serde_json::from_value(golden["journal"].clone()).unwrap();
    let head: Head = serde_json::from_value(golden["head"].clone()).unwrap();
    assert_eq!(verify(&Head::start(head.device.clone(), head.epoch), &entries), Ok(head));
    for key in golden["keys"].as_array().unwrap() {
        let public = serde_json::from_value(key["public_key"].clone()).unwrap();
        let signature = serde_json::from_value(key["signature"].clone()).unwrap();
        verify_signature(&public, b"ezhifa", &signature).unwrap();
        let code = SlipCode::parse(key["slip_code"].as_str().unwrap()).unwrap();
        assert_eq!(code.verify(&public).unwrap(), record());
        let signed: Signed = serde_json::from_value(key["signed"].clone()).unwrap();
        assert_eq!(signed.open::<Value>("ezhifa.test.v1", &public).unwrap(), json!({"a": 1}));
    }
    let signed: Signed = serde_json::from_value(golden["number_block"].clone()).unwrap();
    let hq = serde_json::from_value(golden["keys"][0]["public_key"].clone()).unwrap();
    assert_eq!(signed.open::<NumberBlock>(lease::DOMAIN, &hq).unwrap(), block());
    let lines = golden["export"].as_str().unwrap();
    assert!(verify_export(&mut lines.as_bytes()).unwrap().is_whole());
    let sealed =
        data_encoding::HEXLOWER.decode(golden["escrow"]["sealed"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(escrow::open([4; 32], &sealed).unwrap().as_slice(), [7; 32]);
    assert!(pin::verify(golden["pin"]["verifier"].as_str().unwrap(), "246810").unwrap());
}

/// GB/T 32905 and RFC 6979 answers that come from elsewhere, so that our own vectors are not the judge.
#[test]
fn published_vectors_hold() {
    let secret =
        Digest::from_hex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721").unwrap();
    let key = SoftwareKey::from_secret(Algorithm::P256Sha256, secret.0).unwrap();
    assert_eq!(
        hex(&key.sign(b"sample").unwrap().bytes).to_uppercase(),
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
         F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    );
}

proptest::proptest! {
    /// Whatever a scanner, a phone or HQ hands in: an answer, never a panic.
    #[test]
    fn readers_survive_any_text(text in ".*", bytes in proptest::collection::vec(0_u8.., 0..300)) {
        let _ = SlipCode::parse(&text).map(|code| code.check_code());
        let payload = data_encoding::BASE32_NOPAD.encode(&bytes);
        let _ = SlipCode::parse(&format!("HTTPS://H/V/{payload}")).and_then(|code| code.unverified());
        let _ = Digest::from_hex(&text);
        let _ = text.parse::<Epoch>();
        let _ = pin::verify(&text, "1234");
        let _ = serde_json::from_slice::<SealedEntry>(&bytes);
        let _ = serde_json::from_str::<Signed>(&text);
        let _ = ezhifa_seal::escrow::open([1; 32], &bytes);
        let _ = vault::open(&vault::FileKey([1; 32]), &mut bytes.as_slice(), &mut Vec::new());
        let _ = seen::normalise(&text);
    }

    #[test]
    fn every_record_that_fits_comes_back(
        number in "[东莞城管执罚字第号〔〕0-9]{1,16}", organ in "[0-9A-Z]{0,8}", a in "[0-9]{8,14}", b in "[0-9A-Z]{8,10}",
        decided_ms in 0_i64..1 << 47, outcome in 0_u8.., due in proptest::option::of(0_i64..1 << 47),
    ) {
        let record = SlipRecord {
            number, organ, officers: [a, b], decided_ms, clause: "27-1".into(), outcome, order_due_ms: due,
            entry_prefix: [9; 8],
        };
        let key = SoftwareKey::from_secret(Algorithm::P256Sha256, [7; 32]).unwrap();
        let code = SlipCode::encode(&record, "https://hq.example.cn", &key).unwrap();
        proptest::prop_assert_eq!(SlipCode::parse(&code.text()).unwrap().verify(&key.public_key()).unwrap(), record);
    }
}
