//! docs/protocol.md against the code: its examples are written by this test, so the page cannot drift.
//! `EZHIFA_WRITE=1 cargo test -p ezhifa-wire --test protocol_page` writes them afresh.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;

use ezhifa_wire::{
    Check, Problem, ProblemCode,
    auth::{self, Auth},
    blob::{self, BlobReceipt},
    domains,
    enrol::{Enrol, Enrolled, Ticket},
    feed::{self, FeedBody, FeedItem, FeedPage},
    hello::{BlockUse, Cursor, Floor, Hello, HelloReply, Limits, Unsynced, WipeOrder},
    lease::{LeaseReply, LeaseRequest},
    pack, paths,
    paycode::{PayCodeReply, PayCodeRequest},
    problem::{Fork, Have},
    push::{Push, Receipt},
    seal::{
        code::{SlipCode, SlipRecord},
        entry::{DeviceId, Epoch, Head, SealedEntry, Stamp, append},
        hash::{Digest, sha256},
        lease::NumberBlock,
        sign::{Algorithm, Signed, Signer, SoftwareKey},
    },
};
use serde::Serialize;
use serde_json::{Value, json};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
const AT: i64 = 1_790_244_000_000;
const NONCE: &str = "00112233445566778899aabbccddeeff";

fn hq() -> SoftwareKey {
    SoftwareKey::from_secret(Algorithm::P256Sha256, [1; 32]).unwrap()
}

fn phone() -> SoftwareKey {
    SoftwareKey::from_secret(Algorithm::P256Sha256, [2; 32]).unwrap()
}

fn device() -> DeviceId {
    DeviceId("d-0123456789".into())
}

fn epoch() -> Epoch {
    Epoch(0x0011_2233_4455_6677)
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn request(method: &str, path: &str, extra: &[(&str, &str)], body: &[u8], who: &DeviceId) -> String {
    let signed = Auth::sign(&phone(), method, path, who, epoch(), AT, NONCE, body).unwrap();
    let mut out = format!("{method} {path} HTTP/1.1\n{}: {}\n", auth::HEADER, signed.header());
    for (name, value) in extra {
        out += &format!("{name}: {value}\n");
    }
    out
}

fn journal() -> (Vec<SealedEntry>, Head) {
    let head = Head::start(device(), epoch());
    let stamp = |n: i64| Stamp { wall_ms: AT + n, mono_ms: 60_000 + n, boot: "b-1".into() };
    let (one, head) = append(&head, "device", 1, stamp(0), [1; 16], "{\"event\":\"enrolled\"}").unwrap();
    let (two, head) =
        append(&head, "evidence", 1, stamp(9), [2; 16], "{\"length\":7,\"sha256\":\"…\"}").unwrap();
    (vec![one, two], head)
}

fn block() -> Signed {
    let block = NumberBlock {
        lease_id: "n-0011223344556677".into(),
        organ: "DGCG".into(),
        series: "penalty".into(),
        year: 2026,
        from: 101,
        to: 140,
        device: device(),
        epoch: epoch(),
        not_after_ms: AT + 45 * 86_400_000,
    };
    Signed::seal(&hq(), domains::NUMBER_BLOCK, &block).unwrap()
}

fn key() -> feed::SeenKey {
    feed::SeenKey { id: "2026-09".into(), secret: "5a".repeat(32) }
}

fn every_kind() -> Vec<FeedBody> {
    let hash = sha256(b"pack");
    vec![
        FeedBody::Rulebook(feed::Rulebook {
            id: "dongguan-sample".into(),
            version: 3,
            hash,
            from: "2026-10-01".into(),
            until: None,
            published_ms: Some(AT),
            imports: vec![sha256(b"national pack")],
            files: BTreeMap::from([("manifest.toml".into(), "id = \"dongguan-sample\"\n…".into())]),
        }),
        FeedBody::Calendar(feed::Calendar {
            version: "2026.1".into(),
            hash: sha256(b"calendar"),
            toml: "…".into(),
        }),
        FeedBody::Roster(feed::Roster {
            officers: vec![feed::RosterOfficer {
                id: "o-1".into(),
                name: "样例甲".into(),
                certificate: "19S00123".into(),
                kind: "certified".into(),
                valid_from: "2024-01-01".into(),
                valid_to: "2029-01-01".into(),
                branch: "dongcheng".into(),
                pin_verifier: "$argon2id$v=19$…".into(),
                powers: vec!["void".into()],
            }],
        }),
        FeedBody::Lease(feed::Lease { lease_id: "n-0011223344556677".into(), block: block() }),
        FeedBody::PayCodes(feed::PayCodes {
            batch: "p-1".into(),
            codes: vec!["44190026000000000001".into()],
        }),
        FeedBody::Receipts(feed::Receipts { batch: "z-1".into(), prefix: "粤财".into(), from: 1, to: 50 }),
        FeedBody::OpenOrder(feed::OpenOrder {
            number: "样本责改字〔2026〕第12号".into(),
            offence: "stall-outside".into(),
            party: vec![hex(&[7; 32])],
            key: key(),
            place: "样例路2号".into(),
            lat_e7: Some(230_207_000),
            lon_e7: Some(1_137_518_000),
            ordered_ms: AT,
            due_ms: AT + 86_400_000,
            served_ms: Some(AT + 600_000),
            served: "direct".into(),
            ordered_by: vec!["o-1".into(), "o-2".into()],
            refused: false,
            rechecked: None,
            closed: false,
        }),
        FeedBody::Seen(feed::Seen {
            scope: "dongcheng".into(),
            month: "2026-09".into(),
            as_of_ms: AT,
            key: key(),
            form: 1,
            hits: vec![feed::SeenHit {
                tag: hex(&[8; 32]),
                on: "2026-09-03".into(),
                reference: "c-7".into(),
            }],
        }),
        FeedBody::SeenFilter(feed::SeenFilter {
            scope: "441900".into(),
            month: "2026-08".into(),
            as_of_ms: AT,
            key: key(),
            form: 1,
            format: "binaryfuse16.v1".into(),
            sha256: sha256(b"filter"),
            length: 2_260_000,
        }),
        FeedBody::Lead(feed::Lead {
            lead: "l-9".into(),
            source: "citizen_report".into(),
            place: "样例路口".into(),
            text: "占道摆卖".into(),
            audited_by: String::new(),
            due_ms: Some(AT + 3 * 86_400_000),
            closed: false,
            lat_e7: Some(230_207_000),
            lon_e7: Some(1_137_518_000),
            event_code: "0501".into(),
            offences: vec!["stall".into()],
            offered: vec![device().0],
        }),
        FeedBody::Payment(feed::Payment {
            number: "样本简罚字〔2026〕第101号".into(),
            amount_fen: 5_000,
            paid_ms: AT,
            receipt: "粤财0001".into(),
        }),
        FeedBody::Deferral(feed::Deferral {
            id: "deferral:1".into(),
            case: "c-1".into(),
            number: "样本简罚字〔2026〕第101号".into(),
            asked_on: "2026-09-25".into(),
            until: "2026-12-01".into(),
            parts: vec![
                feed::DeferralPart { by: "2026-11-01".into(), amount_fen: 2_500 },
                feed::DeferralPart { by: "2026-12-01".into(), amount_fen: 2_500 },
            ],
            by: "o-9".into(),
            at_ms: AT,
        }),
        FeedBody::Hold(feed::Hold { case: "c-1".into(), until_ms: None }),
        FeedBody::Verdict(feed::Verdict {
            id: "filed:c-1".into(),
            case: "c-1".into(),
            number: "样本简罚字〔2026〕第101号".into(),
            finding: "filed".into(),
            zh: "已备案".into(),
            en: "filed".into(),
        }),
        FeedBody::Suspend(feed::Suspend {
            offence: "stall-outside".into(),
            from_ms: AT,
            until_ms: None,
            reason: "裁量基准修订，暂停适用".into(),
        }),
        FeedBody::HqKeys(feed::HqKeys { keys: vec![phone().public_key(), hq().public_key()] }),
        FeedBody::Wipe(WipeOrder { id: "w-1".into(), lost_at_ms: AT, force: false }),
        FeedBody::Message(feed::Message {
            id: "m-1".into(),
            zh: "今晚有雷雨".into(),
            en: "storm tonight".into(),
        }),
    ]
}

/// Name -> (language of the block, text).
fn examples() -> Vec<(&'static str, &'static str, String)> {
    let (entries, head) = journal();
    let mut out = Vec::new();
    let mut add = |name, language, text| out.push((name, language, text));

    add(
        "keys",
        "json",
        text(&json!({"hq": hq().public_key(), "hq_id": hq().public_key().id(),
        "phone": phone().public_key(), "phone_id": phone().public_key().id()})),
    );

    let lease = LeaseRequest {
        request_id: "r-1".into(),
        series: "penalty".into(),
        year: 2026,
        want: 40,
        epoch: epoch(),
    };
    lease.check().unwrap();
    let body = serde_json::to_vec(&lease).unwrap();
    add(
        "request",
        "http",
        request("POST", paths::LEASE, &[("content-type", "application/json")], &body, &device())
            + "\n"
            + std::str::from_utf8(&body).unwrap(),
    );
    add("request-text", "text", auth::message("POST", paths::LEASE, &device(), epoch(), AT, NONCE, &body));

    let reply =
        LeaseReply { device: device(), nonce: NONCE.into(), request_id: "r-1".into(), block: block() };
    reply.check().unwrap();
    let answer = Signed::seal(&hq(), domains::LEASE_REPLY, &reply).unwrap();
    add("answer", "json", text(&answer));
    let mut preimage = format!("ezhifa-signed-v1\n{}\n", domains::LEASE_REPLY).into_bytes();
    preimage.extend_from_slice(answer.doc.as_bytes());
    add("answer-sha256", "text", sha256(&preimage).to_string());
    add("number-block", "json", block().doc.clone());

    let problem = Problem {
        code: ProblemCode::NeedFrom,
        zh: "日志有缺口；请从 have 之后重新发送".into(),
        en: "there is a gap; send from after have".into(),
        server_ms: AT,
        incarnation: "8899aabbccddeeff".into(),
        retry_after_s: None,
        have: Some(Have { epoch: epoch(), seq: 1, hash: entries[0].header.hash() }),
        fork: None,
        offset: None,
    };
    add("problem", "json", text(&problem));
    let fork = Problem {
        code: ProblemCode::Fork,
        have: None,
        fork: Some(Fork { epoch: epoch(), seq: 2, hash: entries[1].header.hash() }),
        ..problem
    };
    add("fork", "json", text(&fork));

    let ticket = Ticket {
        v: 1,
        url: "https://hq.example.cn:8443".into(),
        code: "00112233445566778899aabb".into(),
        ca: Some("-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n".into()),
        hq_key: hq().public_key(),
    };
    add("ticket", "text", ticket.text().unwrap());
    let enrol = Enrol {
        code: ticket.code,
        key: phone().public_key(),
        epoch: epoch(),
        model: "Maker Model".into(),
        app: "app 1.0".into(),
        wall_ms: AT,
    };
    enrol.check().unwrap();
    add("enrol", "json", text(&enrol));
    let enrolled = Enrolled {
        device: device(),
        nonce: NONCE.into(),
        organ: "DGCG".into(),
        branch: "dongcheng".into(),
        slip_url: "HTTPS://HQ.EXAMPLE.CN".into(),
        hq_keys: vec![hq().public_key()],
        incarnation: "8899aabbccddeeff".into(),
        server_ms: AT,
        escrow: None,
    };
    enrolled.check().unwrap();
    add("enrolled", "json", text(&enrolled));

    let hello = Hello {
        versions: vec![1],
        app: "app 1.0".into(),
        heads: vec![head.clone()],
        cursor: Cursor { incarnation: "8899aabbccddeeff".into(), pos: 41 },
        blocks: vec![BlockUse { lease_id: "n-0011223344556677".into(), next: 104, burnt: false }],
        unsynced: Unsynced { entries: 1, blobs: 1, blob_bytes: 7, oldest_ms: Some(AT) },
        wall_ms: AT,
        mono_ms: 60_010,
        boot: "b-1".into(),
    };
    hello.check().unwrap();
    add("hello", "json", text(&hello));
    let reply = HelloReply {
        device: device(),
        nonce: NONCE.into(),
        version: 1,
        incarnation: "8899aabbccddeeff".into(),
        server_ms: AT,
        have: vec![Have { epoch: epoch(), seq: 1, hash: entries[0].header.hash() }],
        floors: vec![Floor { epoch: epoch(), seq: 0 }],
        limits: Limits::default(),
        come_after_s: 0,
        min_app: String::new(),
        wipe: None,
    };
    reply.check().unwrap();
    add("hello-reply", "json", text(&reply));

    add("entry-hash", "text", entries[0].header.hash().to_string());
    let push = Push::new(entries, head.clone(), &phone()).unwrap();
    add("push", "json", text(&push));
    let receipt = Receipt {
        device: device(),
        nonce: NONCE.into(),
        epoch: epoch(),
        seq: head.seq,
        hash: head.hash,
        floor: Floor { epoch: epoch(), seq: 0 },
        incarnation: "8899aabbccddeeff".into(),
        received_ms: AT + 20,
        quarantined: vec![],
    };
    receipt.check().unwrap();
    add("receipt", "json", text(&receipt));

    let page = FeedPage {
        device: device(),
        nonce: NONCE.into(),
        incarnation: "8899aabbccddeeff".into(),
        after: 41,
        items: vec![FeedItem::new(43, &every_kind()[14]).unwrap()],
        next: 44,
        more: false,
        snapshot: false,
        server_ms: AT,
    };
    page.check().unwrap();
    let path = format!("{}?incarnation=8899aabbccddeeff&pos=41&max_bytes=2097152", paths::FEED);
    add("feed-request", "http", request("GET", &path, &[(pack::ACCEPT, pack::ENCODING)], b"", &device()));
    add("feed-page", "json", text(&page));
    let bodies: serde_json::Map<String, Value> = every_kind()
        .iter()
        .map(|b| {
            let item = FeedItem::new(1, b).unwrap();
            item.check().unwrap();
            assert_eq!(&item.read().unwrap(), b);
            (item.kind.clone(), json!({"key": item.key, "body": item.body}))
        })
        .collect();
    assert_eq!(bodies.len(), FeedBody::KINDS.len(), "an example for every kind");
    add("feed-kinds", "json", text(&bodies));

    let wish = PayCodeRequest { number: "样本简罚字〔2026〕第101号".into(), amount_fen: 5_000 };
    wish.check().unwrap();
    let body = serde_json::to_vec(&wish).unwrap();
    add(
        "pay-code-request",
        "http",
        request("POST", paths::PAY_CODE, &[("content-type", "application/json")], &body, &device())
            + "\n"
            + std::str::from_utf8(&body).unwrap(),
    );
    let reply = PayCodeReply {
        device: device(),
        nonce: NONCE.into(),
        number: wish.number,
        code: "44190026000000000001".into(),
    };
    reply.check().unwrap();
    add("pay-code-reply", "json", text(&reply));

    let photo = b"a photo";
    let sha = sha256(photo);
    let path = format!("{}?length=7", blob::path(&sha));
    add(
        "blob-request",
        "http",
        request(
            "PATCH",
            &path,
            &[(blob::OFFSET, "0"), ("content-type", "application/octet-stream")],
            photo,
            &device(),
        ) + "\na photo",
    );
    let receipt = BlobReceipt {
        device: device(),
        nonce: NONCE.into(),
        sha256: sha,
        offset: 7,
        length: 7,
        durable: true,
        server_ms: AT,
    };
    receipt.check().unwrap();
    add("blob-receipt", "json", text(&receipt));

    let record = SlipRecord {
        number: "样本简罚字〔2026〕第101号".into(),
        organ: "DGCG".into(),
        officers: ["19S00123".into(), "19S00456".into()],
        decided_ms: AT,
        clause: "DG-27".into(),
        outcome: 8,
        order_due_ms: None,
        entry_prefix: Digest(sha256(b"decision").0).prefix(),
    };
    let code = SlipCode::encode(&record, "https://hq.example.cn", &phone()).unwrap();
    add("slip-code", "text", format!("{}\n{}", code.text(), code.check_code()));
    out
}

#[test]
fn every_example_on_the_page_is_what_the_code_says() {
    let mut page = std::fs::read_to_string(PAGE).unwrap();
    let before = page.clone();
    for (name, language, text) in examples() {
        let mark = format!("<!-- example {name} -->\n");
        let at = page.find(&mark).unwrap_or_else(|| panic!("docs/protocol.md lacks `{}`", mark.trim()))
            + mark.len();
        let rest = &page[at..];
        let end = rest.strip_prefix("```").map_or(0, |block| block.find("\n```\n").unwrap() + 3 + 5);
        let block = format!("```{language}\n{}\n```\n", text.trim_end());
        page.replace_range(at..at + end, &block);
    }
    if std::env::var("EZHIFA_WRITE").is_ok() {
        std::fs::write(PAGE, &page).unwrap();
    } else {
        assert!(page == before, "docs/protocol.md differs; EZHIFA_WRITE=1 writes it afresh");
    }
}

#[test]
fn every_code_path_and_domain_stands_on_the_page() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let codes = [
        "malformed",
        "denied",
        "clock",
        "replayed",
        "withdrawn",
        "enrol_code",
        "not_found",
        "need_from",
        "fork",
        "blob_offset",
        "snapshot",
        "too_large",
        "blob_hash",
        "no_numbers",
        "version",
        "busy",
        "unavailable",
    ];
    for word in codes {
        let code: ProblemCode = serde_json::from_value(word.into()).unwrap();
        assert!(page.contains(&format!("`{word}`")) && page.contains(&code.status().to_string()), "{word}");
    }
    let all = [
        paths::ENROL,
        paths::HELLO,
        paths::PUSH,
        paths::FEED,
        paths::LEASE,
        paths::PAY_CODE,
        paths::BLOBS,
        domains::ENROLLED,
        domains::HELLO,
        domains::RECEIPT,
        domains::FEED,
        domains::LEASE_REPLY,
        domains::PAY_CODE,
        domains::NUMBER_BLOCK,
        domains::BLOB,
        domains::HEAD,
        auth::HEADER,
        blob::OFFSET,
        blob::DURABLE,
    ];
    for word in all.iter().chain(FeedBody::KINDS) {
        assert!(page.contains(word), "{word}");
    }
}
