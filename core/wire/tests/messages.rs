//! What a phone and HQ may rely on: only the right bytes from the right key pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ezhifa_wire::{
    Check, WireError,
    auth::Auth,
    domains,
    enrol::Ticket,
    feed::{FeedBody, FeedItem, FeedPage, Suspend},
    hello::Floor,
    limits,
    push::{Push, Receipt, open},
    seal::{
        entry::{DeviceId, Epoch, Head, SealedEntry, Stamp, append},
        hash::Digest,
        sign::{Algorithm, Signed, Signer, SoftwareKey},
    },
};
use proptest::prelude::*;

fn key(n: u8) -> SoftwareKey {
    SoftwareKey::from_secret(Algorithm::P256Sha256, [n; 32]).unwrap()
}

fn device() -> DeviceId {
    DeviceId("phone-1".into())
}

fn journal(n: u8) -> (Vec<SealedEntry>, Head) {
    let mut head = Head::start(device(), Epoch(9));
    let entries = (0..n)
        .map(|i| {
            let stamp = Stamp { wall_ms: 1, mono_ms: i.into(), boot: "b".into() };
            let (entry, next) = append(&head, "case", 1, stamp, [i; 16], "{}").unwrap();
            head = next;
            entry
        })
        .collect();
    (entries, head)
}

#[test]
fn a_request_signature_covers_method_path_body_and_time() {
    let k = key(1);
    let auth =
        Auth::sign(&k, "POST", "/v1/push?x=1", &device(), Epoch(9), 5, "0123456789abcdef", b"body").unwrap();
    let read = Auth::parse(&auth.header()).unwrap();
    assert_eq!(read, auth);
    let public = k.public_key();
    assert_eq!(read.verify(&public, "POST", "/v1/push?x=1", b"body"), Ok(()));
    for (method, path, body) in [
        ("PATCH", "/v1/push?x=1", &b"body"[..]),
        ("POST", "/v1/push?x=2", b"body"),
        ("POST", "/v1/push?x=1", b"bodY"),
    ] {
        assert!(read.verify(&public, method, path, body).is_err());
    }
    let mut later = read.clone();
    later.at_ms = 6;
    assert!(later.verify(&public, "POST", "/v1/push?x=1", b"body").is_err());
    assert!(read.verify(&key(2).public_key(), "POST", "/v1/push?x=1", b"body").is_err());
}

#[test]
fn a_push_of_another_device_with_a_gap_or_a_false_head_is_refused() {
    let (entries, head) = journal(3);
    let push = Push::new(entries.clone(), head.clone(), &key(1)).unwrap();
    assert_eq!(push.claim(&key(1).public_key()).unwrap().head, head);
    assert!(push.claim(&key(2).public_key()).is_err());

    let mut gap = push.clone();
    gap.entries.remove(1);
    assert_eq!(gap.check(), Err(WireError::Form { field: "entries.seq" }));
    let mut other = push.clone();
    other.device = DeviceId("phone-2".into());
    assert!(other.check().is_err());
    let mut cut = push.clone();
    cut.entries.pop();
    assert!(cut.claim(&key(1).public_key()).is_err());
    let mut long = push;
    long.entries[0].body = Some("x".repeat(limits::ENTRY_BODY + 1));
    assert_eq!(
        long.check(),
        Err(WireError::TooLarge { field: "entries.body", limit: limits::ENTRY_BODY as u64 })
    );
}

#[test]
fn a_receipt_counts_only_when_hq_signed_it_as_a_receipt() {
    let (_, head) = journal(1);
    let receipt = Receipt {
        device: device(),
        nonce: "0123456789abcdef".into(),
        epoch: head.epoch,
        seq: 1,
        hash: head.hash,
        floor: Floor { epoch: head.epoch, seq: 0 },
        incarnation: "i1".into(),
        received_ms: 0,
        quarantined: vec![],
    };
    let hq = [key(8).public_key(), key(9).public_key()];
    let signed = Signed::seal(&key(9), domains::RECEIPT, &receipt).unwrap();
    assert_eq!(open::<Receipt>(&signed, domains::RECEIPT, "receipt", &hq), Ok(receipt.clone()));
    let elsewhere = Signed::seal(&key(9), domains::BLOB, &receipt).unwrap();
    assert!(open::<Receipt>(&elsewhere, domains::RECEIPT, "receipt", &hq).is_err());
    let mut floor = receipt;
    floor.floor.seq = 2;
    let above = Signed::seal(&key(9), domains::RECEIPT, &floor).unwrap();
    assert!(open::<Receipt>(&above, domains::RECEIPT, "receipt", &hq).is_err(), "a floor above the receipt");
}

#[test]
fn an_old_phone_keeps_a_feed_item_it_does_not_know() {
    let item = FeedItem {
        pos: 4,
        kind: "from_the_future".into(),
        key: "k".into(),
        body: serde_json::json!({"a": 1}),
    };
    assert_eq!(item.check(), Ok(()));
    assert_eq!(item.read(), Ok(FeedBody::Unknown));
    let broken = FeedItem { kind: "suspend".into(), ..item };
    assert!(broken.read().is_err(), "a known kind in another shape is an error, not a guess");
}

#[test]
fn a_feed_page_goes_forward() {
    let body = FeedBody::Suspend(Suspend {
        offence: "stall".into(),
        from_ms: 1,
        until_ms: None,
        reason: "停".into(),
    });
    let item = |pos| FeedItem::new(pos, &body).unwrap();
    let page = |items: Vec<FeedItem>, next, more| FeedPage {
        device: device(),
        nonce: "0123456789abcdef".into(),
        incarnation: "i1".into(),
        after: 3,
        items,
        next,
        more,
        snapshot: false,
        server_ms: 0,
    };
    assert_eq!(page(vec![item(4), item(6)], 9, true).check(), Ok(()));
    assert!(page(vec![item(6), item(4)], 9, true).check().is_err());
    assert!(page(vec![item(3)], 9, true).check().is_err());
    assert!(page(vec![item(4)], 3, false).check().is_err());
    assert!(page(vec![], 3, true).check().is_err(), "more without moving would go round for ever");
    assert_eq!(page(vec![], 3, false).check(), Ok(()));
}

#[test]
fn a_ticket_without_hqs_certificate_works_on_loopback_only() {
    let ticket = |url: &str, ca: Option<&str>| Ticket {
        v: 1,
        url: url.into(),
        code: "AB12-CD34".into(),
        ca: ca.map(Into::into),
        hq_key: key(9).public_key(),
    };
    let good = ticket("https://hq.example.cn:8443", Some("PEM"));
    assert_eq!(Ticket::parse(&good.text().unwrap()), Ok(good.clone()));
    assert!(!format!("{good:?}").contains("AB12"), "the code is a secret");
    assert!(ticket("http://127.0.0.1:80", None).text().is_ok());
    assert!(ticket("http://hq.example.cn", None).text().is_err());
    assert!(ticket("https://hq.example.cn", None).text().is_err());
    assert!(ticket("http://127.0.0.1.evil.cn:80", None).text().is_err());
}

proptest! {
    #[test]
    fn no_header_and_no_ticket_makes_it_panic(text in ".{0,300}") {
        let _ = Auth::parse(&text);
        let _ = Ticket::parse(&format!("ezhifa:{text}"));
        let _ = Digest::from_hex(&text);
    }
}
