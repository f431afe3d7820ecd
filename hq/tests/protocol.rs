//! The protocol over HTTP with a plain client: what a phone, a thief and a clumsy network would notice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use ezhifa_wire::{
    Check as _, ProblemCode, blob,
    blob::BlobReceipt,
    domains,
    hello::{BlockUse, Unsynced},
    paths,
    seal::{
        entry::{Epoch, Head},
        hash::sha256,
    },
};
use support::{House, Phone, code, house};

fn grow(phone: &mut Phone, n: usize) {
    for i in 0..n {
        phone.write("note", &format!("{{\"n\":{i}}}"));
    }
}

#[test]
fn a_phone_enrols_pushes_and_gets_a_receipt_that_names_its_head() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    assert_eq!(phone.enrolled.as_ref().unwrap().branch, "dongcheng");
    grow(&mut phone, 25);
    let receipt = phone.receipt(&phone.push(0));
    assert_eq!((receipt.seq, receipt.hash), (25, phone.head.hash));
    assert_eq!(receipt.floor.seq, 0, "nothing may be pruned before a back-up holds it");
    // Sent again, in full or in part: nothing changes.
    assert_eq!(phone.receipt(&phone.push(0)).seq, 25);
    assert_eq!(phone.receipt(&phone.push(20)).seq, 25);
    assert_eq!(house.hq.replay_report().unwrap().entries, 25);
    let reply = phone.hello();
    assert_eq!((reply.have[0].seq, reply.have[0].hash), (25, phone.head.hash));
}

#[test]
fn an_enrolment_code_works_once_and_the_same_phone_may_ask_again() {
    let house = house(false);
    let ticket = house.hq.ticket(&house.server.url, "dongcheng").unwrap();
    let mut first = Phone::new(&ticket, 1);
    let answer = first.enrol(&ticket.code);
    let again = first.enrol(&ticket.code);
    first.take(&answer);
    let id = first.device.clone();
    first.take(&again);
    assert_eq!(first.device, id, "a lost answer must not make a second device");
    let thief = Phone::new(&ticket, 2);
    assert_eq!(code(&thief.enrol(&ticket.code)), ProblemCode::EnrolCode);
    assert_eq!(code(&thief.enrol("0123456789")), ProblemCode::EnrolCode);
}

#[test]
fn invariant_15_a_gap_is_told_and_a_fork_is_never_swallowed() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    grow(&mut phone, 10);
    let early = (phone.journal[..4].to_vec(), {
        let mut head = phone.head.clone();
        head.seq = 4;
        head.hash = phone.journal[3].header.hash();
        head
    });
    phone.receipt(&phone.push_entries(early.0.clone(), early.1.clone()));
    let gap = phone.push(6);
    assert_eq!(code(&gap), ProblemCode::NeedFrom);
    assert_eq!(gap.problem().have.unwrap().seq, 4);
    phone.receipt(&phone.push(4));

    // The same phone, put back to entry 4, writes another future.
    phone.journal = early.0;
    phone.head = early.1;
    phone.write("note", "{\"other\":1}");
    let fork = phone.push(4);
    assert_eq!(code(&fork), ProblemCode::Fork);
    assert_eq!(fork.problem().fork.unwrap().seq, 5);
    assert!(house.hq.alarms().unwrap().iter().any(|a| a.kind == "fork"), "a person must hear of it");
    assert_eq!(house.hq.replay_report().unwrap().entries, 10, "nothing of the other future is stored");
    phone.hello();
    let rolled_back = || house.hq.alarms().unwrap().iter().any(|a| a.kind == "rolled_back");
    assert!(!rolled_back(), "signed as early as the last entries came: it may have been late on the way");
    house.pass(60_000);
    phone.at_ms += 60_000;
    phone.hello();
    assert!(rolled_back());
}

#[test]
fn a_phone_of_three_hundred_lives_still_hears_hello_and_a_crowd_is_spread() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    for life in 1..=300 {
        phone.head = Head::start(phone.device.clone(), Epoch(life));
        phone.journal.clear();
        grow(&mut phone, 1);
        phone.receipt(&phone.push(0));
    }
    let reply = phone.hello();
    assert_eq!(reply.have.len(), 1, "what it named");
    assert_eq!((reply.have[0].epoch, reply.have[0].seq), (Epoch(300), 1));
    reply.check().unwrap();
    assert_eq!(reply.come_after_s, 0);

    let full = Unsynced { entries: 10_000, ..Unsynced::default() };
    assert_eq!(phone.hello_with(full).come_after_s, 0, "the first goes ahead");
    let other = Phone::enrolled(&house, 2);
    assert_eq!(other.hello_with(full).come_after_s, 2);
    assert_eq!(other.hello().come_after_s, 2, "its slot is kept");
    house.pass(2_000);
    assert_eq!(other.hello_with(full).come_after_s, 0);
}

#[test]
fn a_changed_entry_is_refused_before_anything_is_stored() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    grow(&mut phone, 3);
    let mut entries = phone.journal.clone();
    entries[1].body = Some("{\"n\":99}".into());
    assert_eq!(code(&phone.push_entries(entries, phone.head.clone())), ProblemCode::Malformed);
    assert_eq!(house.hq.replay_report().unwrap().entries, 0);
}

#[test]
fn requests_are_good_once_now_and_from_their_device_only() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    grow(&mut phone, 1);
    // Replayed: the very same header twice.
    let path = format!("{}?incarnation=&pos=0&max_bytes=1000", paths::FEED);
    let auth = ezhifa_wire::auth::Auth::sign(
        &phone.key,
        "GET",
        &path,
        &phone.device,
        phone.head.epoch,
        phone.at_ms,
        "nonce-nonce-nonce-1",
        b"",
    )
    .unwrap();
    assert_eq!(phone.send("GET", &path, &auth.header(), &[], b"").status, 200);
    assert_eq!(code(&phone.send("GET", &path, &auth.header(), &[], b"")), ProblemCode::Replayed);
    // A wrong clock is told HQ's time.
    phone.at_ms += 11 * 60_000;
    let late = phone.ask("GET", &path, &[], b"");
    assert_eq!(code(&late), ProblemCode::Clock);
    assert_eq!(late.problem().server_ms, support::EVENING);
    phone.at_ms = support::EVENING;
    // Another key under this name, no header, another device's journal.
    let mut thief = Phone::enrolled(&house, 2);
    thief.device = phone.device.clone();
    assert_eq!(code(&thief.ask("GET", &path, &[], b"")), ProblemCode::Denied);
    assert_eq!(code(&phone.send("GET", &path, "", &[], b"")), ProblemCode::Malformed);
    let other = Phone::enrolled(&house, 3);
    let push = ezhifa_wire::push::Push::new(phone.journal.clone(), phone.head.clone(), &phone.key).unwrap();
    assert_eq!(
        code(&other.ask("POST", paths::PUSH, &[], &serde_json::to_vec(&push).unwrap())),
        ProblemCode::Denied
    );
    assert_eq!(house.hq.replay_report().unwrap().entries, 0);
}

#[test]
fn numbers_are_lent_once_and_the_ledger_closes() {
    let house = house(false);
    let phone = Phone::enrolled(&house, 1);
    let other = Phone::enrolled(&house, 2);
    let first = phone.block(&phone.lease("r-1", "penalty", 50));
    assert_eq!((first.from, first.to), (1, 50));
    assert_eq!(phone.block(&phone.lease("r-1", "penalty", 50)), first, "the same request, the same block");
    assert_eq!(other.block(&other.lease("r-1", "penalty", 50)).from, 51);
    assert_eq!(phone.block(&phone.lease("r-2", "no_penalty", 10)).from, 1, "each series counts for itself");
    assert_eq!(code(&phone.lease("r-3", "nonsense", 10)), ProblemCode::NoNumbers);
    let ledger = house.hq.ledger().unwrap();
    for line in &ledger.blocks {
        let sum = line.used + line.reserved + line.void + line.burnt + line.declared + line.free;
        assert_eq!(sum, line.to - line.from + 1);
        assert!(line.unexplained.is_empty());
    }
    // Rolled back after four were used: HQ heard of three, so three are declared; the rest was never on paper.
    let says = |next, burnt| {
        phone.hello_saying(
            Unsynced::default(),
            vec![BlockUse { lease_id: first.lease_id.clone(), next, burnt }],
        );
        house.hq.ledger().unwrap().blocks.into_iter().find(|l| l.lease_id == first.lease_id).unwrap()
    };
    assert_eq!(says(4, false).unexplained.len(), 3, "their papers have not come yet");
    let back = says(1, true);
    assert_eq!((back.declared, back.burnt, back.unexplained.len()), (3, 47, 0));
    house.hq.withdraw_device(&phone.device.0, Some(support::EVENING), false, false).unwrap();
    let lost: u64 = house.hq.ledger().unwrap().blocks.iter().map(|l| l.declared).sum();
    assert_eq!(lost, 60, "numbers of a lost phone are declared, not forgotten");
}

#[test]
fn the_feed_reaches_those_it_is_for_and_a_stale_cursor_starts_over() {
    let house = house(false);
    let phone = Phone::enrolled(&house, 1);
    let other = Phone::enrolled(&house, 2);
    house.hq.suspend_offence("stall", "试行中止", true).unwrap();
    house.hq.add_pay_codes(&phone.device.0, &["4419260001".into()]).unwrap();
    let page = phone.feed("", 0);
    assert!(page.snapshot && !page.more);
    let kinds: Vec<&str> = page.items.iter().map(|i| i.kind.as_str()).collect();
    assert_eq!(kinds, ["suspend", "pay_codes"]);
    assert_eq!(other.feed("", 0).items.len(), 1, "pay codes are for one phone");
    // Later changes come after the cursor; the newest value wins in a snapshot.
    house.hq.suspend_offence("stall", "恢复", false).unwrap();
    let later = phone.feed(&page.incarnation, page.next);
    assert!(!later.snapshot);
    assert_eq!(later.items.len(), 1);
    assert_eq!(phone.feed("", 0).items.len(), 2);
    assert!(phone.feed(&later.incarnation, later.next).items.is_empty());
    let stale = phone.ask("GET", &format!("{}?incarnation=elsewhere&pos=5", paths::FEED), &[], b"");
    assert_eq!(code(&stale), ProblemCode::Snapshot);
    let ahead =
        phone.ask("GET", &format!("{}?incarnation={}&pos=999", paths::FEED, page.incarnation), &[], b"");
    assert_eq!(code(&ahead), ProblemCode::Snapshot);
}

#[test]
fn a_snapshot_of_many_pages_is_one_snapshot() {
    let house = house(false);
    let phone = Phone::enrolled(&house, 1);
    for n in 0..5 {
        house.hq.suspend_offence(&format!("o-{n}"), "试行中止", true).unwrap();
    }
    house.hq.suspend_offence("o-1", "恢复", false).unwrap();
    let (mut pos, mut incarnation, mut named) = (0, String::new(), Vec::new());
    loop {
        let path = format!("{}?incarnation={incarnation}&pos={pos}&max_bytes=1", paths::FEED);
        let page: ezhifa_wire::feed::FeedPage =
            phone.ask("GET", &path, &[], b"").signed().open(domains::FEED, &phone.hq_key).unwrap();
        assert!(page.snapshot, "every page says so, or the phone keeps what is gone");
        assert_eq!(page.items.len(), 1);
        named.extend(page.items.iter().map(|i| i.key.clone()));
        (pos, incarnation) = (page.next, page.incarnation);
        if !page.more {
            break;
        }
    }
    named.sort();
    assert_eq!(named, ["o-0", "o-1", "o-2", "o-3", "o-4"], "the current value of each, once");
    assert!(!phone.feed(&incarnation, pos).snapshot);
}

#[test]
fn evidence_resumes_at_any_byte_and_counts_only_when_whole() {
    let house = house(false);
    let phone = Phone::enrolled(&house, 1);
    let photo: Vec<u8> = (0..200_000_u32).map(|i| (i % 253) as u8).collect();
    let sha = sha256(&photo);
    let path = blob::path(&sha);
    assert_eq!(phone.ask("HEAD", &path, &[], b"").status, 404);
    let part: BlobReceipt = phone
        .blob_part(&sha, photo.len(), 0, &photo[..70_000])
        .signed()
        .open(domains::BLOB, &phone.hq_key)
        .unwrap();
    assert_eq!((part.offset, part.durable), (70_000, false));
    let wrong = phone.blob_part(&sha, photo.len(), 10, &photo[10..20]);
    assert_eq!(code(&wrong), ProblemCode::BlobOffset);
    assert_eq!(wrong.problem().offset, Some(70_000));
    let done: BlobReceipt = phone
        .blob_part(&sha, photo.len(), 70_000, &photo[70_000..])
        .signed()
        .open(domains::BLOB, &phone.hq_key)
        .unwrap();
    assert!(done.durable);
    let head = phone.ask("HEAD", &path, &[], b"");
    assert_eq!(head.headers.get(blob::DURABLE).unwrap(), "yes");
    // A second phone with the same picture is done at once; nobody can read evidence back.
    let again: BlobReceipt = phone
        .blob_part(&sha, photo.len(), 0, &photo[..10])
        .signed()
        .open(domains::BLOB, &phone.hq_key)
        .unwrap();
    assert!(again.durable);
    assert_eq!(phone.ask("GET", &path, &[], b"").status, 404);
}

#[test]
fn a_film_larger_than_any_request_arrives_whole() {
    let house = house(false);
    let phone = Phone::enrolled(&house, 1);
    let part = vec![b'f'; 1 << 20];
    let film = part.repeat(70);
    let sha = sha256(&film);
    let mut last = None;
    for offset in (0..film.len()).step_by(part.len()) {
        last = Some(phone.blob_part(&sha, film.len(), offset, &part).signed());
    }
    let receipt: BlobReceipt = last.unwrap().open(domains::BLOB, &phone.hq_key).unwrap();
    assert_eq!((receipt.length, receipt.durable), (70 << 20, true));
    let shelf = house.dir.path().join("blobs/sha256");
    let kept = shelf.join(&sha.to_string()[..2]).join(sha.to_string());
    assert_eq!(sha256(&std::fs::read(kept).unwrap()), sha);
    let staged = std::fs::read_dir(house.dir.path().join("blobs/staging")).unwrap().count();
    assert_eq!(staged, 0, "nothing of it lies about");
    // The limit that docs/protocol.md gives, and not a byte more.
    let most = usize::try_from(ezhifa_wire::limits::BLOB_BYTES).unwrap();
    phone.blob_part(&sha256(b"another film"), most, 0, b"its first byte").signed();
    assert_eq!(code(&phone.blob_part(&sha256(b"x"), most + 1, 0, b"x")), ProblemCode::TooLarge);
}

#[test]
fn content_that_does_not_hash_to_its_name_is_dropped() {
    let house = house(false);
    let phone = Phone::enrolled(&house, 1);
    let sha = sha256(b"right");
    assert_eq!(code(&phone.blob_part(&sha, 5, 0, b"wrong")), ProblemCode::BlobHash);
    assert_eq!(phone.ask("HEAD", &blob::path(&sha), &[], b"").status, 404);
    let shelf = house.dir.path().join("blobs/sha256").join(&sha.to_string()[..2]);
    assert_eq!(std::fs::read_dir(shelf).map_or(0, Iterator::count), 0, "no half copy either");
    assert_eq!(
        phone
            .ask("PATCH", "/v1/blobs/..%2f..%2fetc%2fpasswd?length=1", &[(blob::OFFSET, "0".into())], b"x")
            .status,
        404
    );
    let done: BlobReceipt =
        phone.blob_part(&sha, 5, 0, b"right").signed().open(domains::BLOB, &phone.hq_key).unwrap();
    assert!(done.durable);
}

#[test]
fn a_lost_phone_may_upload_and_nothing_more() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    grow(&mut phone, 2);
    house.now.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
    house.hq.withdraw_device(&phone.device.0, Some(support::EVENING + 1), true, false).unwrap();
    phone.at_ms += 60_000;
    grow(&mut phone, 1);
    let receipt = phone.receipt(&phone.push(0));
    assert_eq!((receipt.seq, receipt.quarantined), (3, vec![3]));
    assert_eq!(house.hq.quarantine().unwrap()[0].why, "after_lost");
    assert_eq!(code(&phone.lease("r", "penalty", 1)), ProblemCode::Withdrawn);
    assert!(phone.hello().wipe.is_some(), "it hears of its wipe order");
}

#[test]
fn what_cannot_be_read_is_kept_and_blocks_nothing() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    phone.write("case", "{\"from\":\"the future\"}");
    grow(&mut phone, 2);
    let receipt = phone.receipt(&phone.push(0));
    assert_eq!((receipt.seq, receipt.quarantined), (3, vec![1]));
    let again = phone.receipt(&phone.push(0));
    assert_eq!((again.seq, again.quarantined), (3, vec![1]), "a lost receipt takes no warning with it");
    assert_eq!(house.hq.replay_report().unwrap().interpreted, 3);
}

#[test]
fn ids_that_could_stop_a_feed_or_a_database_stop_nothing() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    let opened = |case: &str, number: &str, branch: &str| {
        let place = serde_json::json!({"address": "样例路1号", "lat_e7": null, "lon_e7": null, "accuracy_cm": null,
            "source": "gnss", "branch": branch});
        let opened = serde_json::json!({"kind": "opened", "source": "patrol", "place": place});
        let voided = serde_json::json!({"kind": "voided", "number": number, "reason": "typing_error",
            "confirmation": {"officer": "o-2", "how": "pin", "at": "2026-09-24T18:00:00"}});
        let event = if number.is_empty() { opened } else { voided };
        serde_json::json!({"case": case, "at": "2026-09-24T18:00:00", "crew": {"lead": "o-1", "second": "o-2",
            "with": []}, "event": event})
        .to_string()
    };
    let good = serde_json::from_str::<ezhifa_casework::event::CaseEvent>(&opened("c-1", "", "dongcheng"));
    good.expect("what is refused below is refused for its ids alone");
    phone.write("case", &opened("c\u{0}1", "", "dongcheng"));
    phone.write("case", &opened(&"c".repeat(200), "", "dongcheng"));
    phone.write("case", &opened("c-1", &"号".repeat(3_000), ""));
    phone.write("case", &opened("c-1", "第\u{7}号", ""));
    phone.write("case", &opened("c-2", "", "dongcheng"));
    let receipt = phone.receipt(&phone.push(0));
    assert_eq!((receipt.seq, receipt.quarantined), (5, vec![1, 2, 3, 4]));
    house.hq.settle().unwrap();
    assert_eq!(house.hq.case_files().unwrap().len(), 1);
    assert_eq!(house.hq.replay_report().unwrap().interpreted, 5);
    house.hq.ledger().unwrap();
    // At the desk the same is refused, before a phone would have to.
    assert!(house.hq.suspend_offence("stall\u{7}", "试行中止", true).is_err());
    assert!(phone.feed("", 0).items.is_empty());
}

#[test]
fn two_epochs_that_grow_at_once_raise_an_alarm() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    grow(&mut phone, 2);
    phone.receipt(&phone.push(0));
    let old = (phone.head.clone(), phone.journal.clone());
    phone.head = Head::start(phone.device.clone(), Epoch(77));
    phone.journal.clear();
    grow(&mut phone, 1);
    phone.receipt(&phone.push(0));
    assert!(house.hq.alarms().unwrap().is_empty(), "a new epoch alone is an honest restart");
    (phone.head, phone.journal) = old;
    grow(&mut phone, 1);
    phone.receipt(&phone.push(2));
    assert!(house.hq.alarms().unwrap().iter().any(|a| a.kind == "two_epochs"));
}

#[test]
fn garbage_is_refused_precisely() {
    let house = house(false);
    let phone = Phone::enrolled(&house, 1);
    for path in [paths::HELLO, paths::PUSH, paths::LEASE] {
        assert_eq!(code(&phone.ask("POST", path, &[], b"{")), ProblemCode::Malformed, "{path}");
        assert_eq!(code(&phone.ask("POST", path, &[], b"[]")), ProblemCode::Malformed, "{path}");
    }
    assert_eq!(code(&phone.ask("POST", paths::LEASE, &[], &vec![b' '; 70_000])), ProblemCode::TooLarge);
    assert_eq!(code(&phone.ask("POST", paths::PUSH, &[], &vec![b' '; 5 << 20])), ProblemCode::TooLarge);
    assert_eq!(phone.ask("GET", "/nowhere", &[], b"").status, 404);
}

#[test]
fn what_else_is_wrong_with_a_request_is_said_precisely_and_leaves_nothing_behind() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    grow(&mut phone, 2);
    let post = |path: &str, body: &serde_json::Value| {
        code(&phone.ask("POST", path, &[], &serde_json::to_vec(body).unwrap()))
    };
    // A version that is not spoken here, in the message and in the header.
    let hello = serde_json::json!({
        "versions": [2, 3], "app": "test", "heads": [], "cursor": {"incarnation": "", "pos": 0}, "blocks": [],
        "unsynced": {"entries": 0, "blobs": 0, "blob_bytes": 0, "oldest_ms": null}, "wall_ms": 0, "mono_ms": 0,
        "boot": "b",
    });
    assert_eq!(post(paths::HELLO, &hello), ProblemCode::Version);
    let feed = format!("{}?incarnation=&pos=0&max_bytes=1000", paths::FEED);
    let signed = phone.header("GET", &feed, b"");
    assert_eq!(
        code(&phone.send("GET", &feed, &signed.replace("v=1;", "v=2;"), &[], b"")),
        ProblemCode::Malformed
    );
    let other = signed.replace("alg=p256-sha256", "alg=sm2-sm3");
    assert_eq!(code(&phone.send("GET", &feed, &other, &[], b"")), ProblemCode::Denied);
    // More lives, more blocks, more of anything than a message has room for.
    let mut many = hello.clone();
    many["versions"] = serde_json::json!([1]);
    many["heads"] = serde_json::json!(vec![&phone.head; 257]);
    assert_eq!(post(paths::HELLO, &many), ProblemCode::TooLarge);
    // A push whose claim is about another entry, one with a gap, one of another epoch, an empty one.
    let push = ezhifa_wire::push::Push::new(phone.journal.clone(), phone.head.clone(), &phone.key).unwrap();
    let whole = serde_json::to_value(&push).unwrap();
    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut one = whole.clone();
        change(&mut one);
        post(paths::PUSH, &one)
    };
    assert_eq!(changed(&|p| drop(p["entries"].as_array_mut().unwrap().pop())), ProblemCode::Malformed);
    assert_eq!(changed(&|p| p["entries"] = serde_json::json!([])), ProblemCode::Malformed);
    assert_eq!(changed(&|p| p["epoch"] = serde_json::json!("00000000000000ff")), ProblemCode::Malformed);
    assert_eq!(changed(&|p| p["entries"][1]["header"]["seq"] = serde_json::json!(3)), ProblemCode::Malformed);
    assert_eq!(changed(&|p| p["entries"][0]["salt"] = serde_json::json!(null)), ProblemCode::Malformed);
    assert_eq!(
        changed(&|p| p["head"]["signature"]["bytes"] = serde_json::json!("00".repeat(64))),
        ProblemCode::Denied
    );
    // Numbers that nobody can mean.
    for (year, want) in [(2026, 0), (2026, 10_001), (1999, 10), (2201, 10)] {
        let wish = serde_json::json!({
            "request_id": "r", "series": "penalty", "year": year, "want": want, "epoch": phone.head.epoch,
        });
        assert_eq!(post(paths::LEASE, &wish), ProblemCode::Malformed, "{year} {want}");
    }
    // Evidence without a length or an offset, beyond its end, too much at once, too much at all.
    let sha = sha256(b"right");
    let patch = |query: &str, offset: Option<&str>, bytes: &[u8]| {
        let headers: Vec<(&str, String)> = offset.map(|o| (blob::OFFSET, o.to_owned())).into_iter().collect();
        code(&phone.ask("PATCH", &format!("{}{query}", blob::path(&sha)), &headers, bytes))
    };
    assert_eq!(patch("", Some("0"), b"right"), ProblemCode::Malformed);
    assert_eq!(patch("?length=five", Some("0"), b"right"), ProblemCode::Malformed);
    assert_eq!(patch("?length=5", None, b"right"), ProblemCode::Malformed);
    assert_eq!(patch("?length=5", Some("-1"), b"right"), ProblemCode::Malformed);
    assert_eq!(patch("?length=4", Some("0"), b"right"), ProblemCode::Malformed);
    assert_eq!(patch("?length=5000000", Some("0"), &vec![0; (1 << 20) + 1]), ProblemCode::TooLarge);
    assert_eq!(patch("?length=999999999999", Some("0"), b"right"), ProblemCode::TooLarge);
    for name in ["..", "%2e%2e%2fhq.key", "/etc/passwd", &"0".repeat(63), &"g".repeat(64), "%00"] {
        let answer =
            phone.ask("PATCH", &format!("/v1/blobs/{name}?length=1"), &[(blob::OFFSET, "0".into())], b"x");
        assert_eq!(answer.status, 404, "{name}");
    }
    let blobs = house.dir.path().join("blobs");
    for place in ["staging", "sha256"] {
        assert_eq!(std::fs::read_dir(blobs.join(place)).unwrap().count(), 0, "{place} is empty");
    }
    assert_eq!(house.hq.replay_report().unwrap().entries, 0);
    assert!(house.hq.ledger().unwrap().blocks.is_empty());
    // A code of yesterday.
    let ticket = house.hq.ticket(&house.server.url, "dongcheng").unwrap();
    let mut late = Phone::new(&ticket, 9);
    house.pass(24 * 3_600_000 + 1);
    late.at_ms = house.hq.now_ms();
    assert_eq!(code(&late.enrol(&ticket.code)), ProblemCode::EnrolCode);
    // After all that the honest journal goes through.
    phone.at_ms = house.hq.now_ms();
    assert_eq!(phone.receipt(&phone.push(0)).seq, 2);
}

#[test]
fn over_tls_only_hqs_own_authority_is_good_enough() {
    let house = house(true);
    let mut phone = Phone::enrolled(&house, 1);
    assert!(phone.url.starts_with("https://"));
    grow(&mut phone, 1);
    assert_eq!(phone.receipt(&phone.push(0)).seq, 1);
    let elsewhere: House = support::house(true);
    let stranger = support::agent(elsewhere.server.ca_pem.as_deref());
    assert!(
        stranger.get(format!("{}/v1/health", house.server.url)).call().is_err(),
        "another authority proves nothing"
    );
}
