//! What an officer, an auditor and a court would notice of the store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use ezhifa_field::{
    journal::{self, Kind},
    keys::FixedKey,
    mark::Verdict,
    numbers::{NumberError, State},
    officers::PinError,
    search::{CaseRow, KeyKind, Query},
    store::{Store, StoreError, migrate::NEWEST},
    vault::{self, About},
};
use ezhifa_seal::{
    entry::{Epoch, Fault},
    hash::sha256,
};
use world::{START, World, body};

type Done = Result<(), StoreError>;

fn count(store: &Store) -> u64 {
    store.head().unwrap().seq
}

#[test]
fn what_was_answered_with_ok_is_there_after_reopening() {
    let world = World::new();
    let store = world.create();
    for n in 0..20 {
        store.write(|dao| dao.append(Kind::Case, 1, Some("c1"), &body(n))).unwrap();
    }
    let head = store.head().unwrap();
    drop(store);
    let store = world.open();
    assert_eq!(store.opened().verdict, Some(Verdict::Fine));
    assert_eq!(store.head().unwrap(), head);
    let found = store.read(|dao| dao.case_entries("c1")).unwrap();
    let bodies: Vec<_> = found.iter().map(|e| e.entry.body.clone().unwrap()).collect();
    assert_eq!(bodies, (0..20).map(body).collect::<Vec<_>>());
    assert!(store.read(journal::verify_all).unwrap().is_whole());
}

#[test]
fn an_error_in_the_closure_keeps_nothing() {
    let world = World::new();
    let store = world.create();
    let before = store.head().unwrap();
    let refused: Done = store.write(|dao| {
        dao.append(Kind::Case, 1, Some("c1"), &body(1))?;
        dao.put("x", "y", b"z")?;
        Err(StoreError::Internal("test"))
    });
    assert!(refused.is_err());
    assert_eq!(store.head().unwrap(), before);
    assert_eq!(store.read(|dao| dao.get("x", "y")).unwrap(), None);
    store.write(|dao| dao.append(Kind::Case, 1, Some("c1"), &body(1))).unwrap();
    assert_eq!(count(&store), before.seq + 1);
}

#[test]
fn a_restored_backup_starts_a_new_epoch_burns_numbers_and_declares_the_hole() {
    let world = World::new();
    let store = world.create();
    world.lease(&store, "l1", 1, 10);
    let first = world.decide(&store, "c1");
    store.checkpoint().unwrap();
    drop(store);
    let backup = world.backup();
    let store = world.open();
    let second = world.decide(&store, "c2");
    let old = store.head().unwrap();
    drop(store);
    world.restore(&backup);

    let store = world.open();
    assert_eq!(store.opened().verdict, Some(Verdict::RolledBack));
    assert_ne!(store.epoch().unwrap(), old.epoch);
    let report = store.read(journal::verify_all).unwrap();
    assert!(report.is_whole());
    let declared = report.epochs[1].declares.clone().unwrap();
    assert!(declared.contains("rolled_back") && declared.contains(&old.hash.to_string()), "{declared}");
    assert!(declared.contains(&format!("\"to\":{}", old.seq)), "{declared}");
    let next = store.read(|dao| dao.next_number("penalty", 2026, 0)).unwrap();
    assert_eq!(next, None, "the old block may have been used: {first} {second}");
    let account = store.read(|dao| dao.number_accounts()).unwrap().remove(0);
    assert_eq!((account.count(State::Burnt), account.count(State::Free), account.adds_up()), (9, 0, true));
    drop(store);
    assert_eq!(world.open().opened().verdict, Some(Verdict::Fine), "once declared, it is settled");
}

#[test]
fn a_database_without_its_mark_is_a_copy() {
    let world = World::new();
    let store = world.create();
    let epoch = store.epoch().unwrap();
    drop(store);
    std::fs::remove_file(&world.places.mark).unwrap();
    let store = world.open();
    assert_eq!(store.opened().verdict, Some(Verdict::RolledBack));
    assert_ne!(store.epoch().unwrap(), epoch);
    let declared = store.read(journal::verify_all).unwrap().epochs[1].declares.clone().unwrap();
    assert!(declared.contains("mark_missing"));
}

#[test]
fn wrong_key_missing_key_and_damage_are_told_apart_and_nothing_is_touched() {
    let world = World::new();
    let store = world.create();
    store.write(|dao| dao.append(Kind::Case, 1, None, &body(1))).unwrap();
    drop(store);
    let before = world.files();
    let mut other = world.platform();
    other.keys = std::sync::Arc::new(FixedKey([9; 32]));
    assert!(matches!(Store::open(&world.places, other.clone()), Err(StoreError::WrongKey)));
    other.keys = std::sync::Arc::new(world::LockedKey);
    assert!(matches!(Store::open(&world.places, other), Err(StoreError::KeyUnavailable { .. })));
    assert_eq!(world.files(), before);

    let database = world.places.database();
    let mut bytes = std::fs::read(&database).unwrap();
    bytes[5000] ^= 1;
    bytes[100] ^= 1;
    std::fs::write(&database, &bytes).unwrap();
    let before = world.files();
    assert!(matches!(Store::open(&world.places, world.platform()), Err(StoreError::Damaged { .. })));
    assert_eq!(world.files(), before, "opening a damaged store changes nothing");

    let aside = Store::quarantine(&world.places, 5).unwrap();
    assert_eq!(std::fs::read(aside.join("journal.db")).unwrap(), bytes, "nothing is deleted");
    assert!(matches!(Store::open(&world.places, world.platform()), Err(StoreError::NotEnrolled)));
    let store = world.create_as(Epoch(77));
    let declared = store.read(journal::verify_all).unwrap().epochs[0].declares.clone().unwrap();
    assert!(declared.contains("\"to\":2"), "the new journal declares what the old one held: {declared}");
}

#[test]
fn a_newer_file_can_be_read_and_not_written() {
    let world = World::new();
    let store = world.create();
    store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &body(1))).unwrap();
    drop(store);
    world.sql("PRAGMA user_version = 99");
    let store = world.open();
    assert!(store.opened().read_only);
    let epoch = store.epoch().unwrap();
    assert_eq!(store.read(|dao| dao.entries(epoch, 0, 10, 1 << 20)).unwrap().len(), 2);
    let refused = store.write(|dao| dao.append(Kind::Case, 1, None, &body(1)).map(|_| ()));
    assert!(matches!(refused, Err(StoreError::NewerFile { found: 99, .. })));
}

#[test]
fn the_database_itself_refuses_to_rewrite_history() {
    let world = World::new();
    let store = world.create();
    world.lease(&store, "l1", 1, 10);
    world.decide(&store, "c1");
    drop(store);
    for sql in [
        "UPDATE entry SET kind = 'x'",
        "DELETE FROM entry",
        "UPDATE body SET body = x'7b7d'",
        "DELETE FROM body",
        "DELETE FROM lease",
        "UPDATE lease SET next = 1",
        "DELETE FROM number",
        "DELETE FROM epoch",
        "INSERT INTO entry (epoch, seq, kind, version, wall_ms, mono_ms, boot, prev, body, hash) VALUES (1, 'x', 'k', 1, 0, 0, '', x'00', x'00', x'00')",
    ] {
        assert!(world.try_sql(sql).is_err(), "{sql}");
    }
}

#[test]
fn tampering_with_the_file_is_named_by_position() {
    let world = World::new();
    let store = world.create();
    for n in 0..200 {
        store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &body(n))).unwrap();
    }
    drop(store);
    world.sql("DROP TRIGGER body_no_update; UPDATE body SET body = x'7b7d' WHERE pos = 40");
    let store = world.open();
    let report = store.read(journal::verify_all).unwrap();
    let fault = report.first_fault().and_then(|e| e.fault.clone()).unwrap();
    assert_eq!((fault.seq, fault.what), (40, Fault::Changed));
    drop(store);
    // The hash beside a header answers HQ's questions: it is verified like the header itself.
    world.sql("DROP TRIGGER entry_no_update; UPDATE entry SET hash = zeroblob(32) WHERE pos = 30");
    let fault = world.open().verify().unwrap().first_fault().and_then(|e| e.fault.clone()).unwrap();
    assert_eq!((fault.seq, fault.what), (30, Fault::Changed));
    world.sql("UPDATE body SET body = x'7b7d' WHERE pos = 190");
    assert!(
        matches!(Store::open(&world.places, world.platform()), Err(StoreError::Chain(f)) if f.seq == 190),
        "opening looks at the last hundred"
    );
}

#[test]
fn an_inspection_names_what_was_cut_off_and_changes_nothing() {
    let world = World::new();
    let store = world.create();
    world.lease(&store, "l1", 1, 10);
    store.checkpoint().unwrap();
    let backup = world.backup();
    for n in 0..5 {
        store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &body(n))).unwrap();
    }
    drop(store);
    world.restore(&backup);
    let (before, mark) = (world.files(), std::fs::read(&world.places.mark).unwrap());
    let look = Store::inspect(&world.places, world.platform()).unwrap();
    assert_eq!(look.opened().verdict, Some(Verdict::RolledBack));
    let fault = look.verify().unwrap().first_fault().and_then(|e| e.fault.clone()).unwrap();
    assert_eq!((fault.seq, fault.what), (2, Fault::Truncated), "the mark knows of seven");
    let refused: Done = look.write(|dao| dao.append(Kind::Case, 1, None, &body(1)).map(|_| ()));
    assert!(matches!(refused, Err(StoreError::Inspection)));
    drop(look);
    assert_eq!(world.files(), before);
    assert_eq!(std::fs::read(&world.places.mark).unwrap(), mark);
    assert_eq!(world.open().opened().verdict, Some(Verdict::RolledBack), "the phone itself declares it");
}

#[test]
fn verification_goes_on_where_it_was_left() {
    let world = World::new();
    let store = world.create();
    for n in 0..40 {
        store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &body(n))).unwrap();
    }
    let mut kept = serde_json::to_string(&journal::Verification::default()).unwrap();
    let mut steps = 0;
    loop {
        let mut verification: journal::Verification = serde_json::from_str(&kept).unwrap();
        let done = store.read(|dao| verification.step(dao, 7)).unwrap();
        kept = serde_json::to_string(&verification).unwrap();
        steps += 1;
        if done {
            assert!(verification.report().is_whole());
            assert_eq!(verification.report().epochs[0].head, store.head().unwrap());
            break;
        }
    }
    assert!(steps >= 6, "{steps}");
}

/// A damaged phone: what can still be read is saved beside, and the folder stays as it was found.
#[test]
fn what_a_damaged_database_still_holds_is_salvaged_and_nothing_is_deleted() {
    let world = World::new();
    let store = world.create();
    for n in 0..400 {
        store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &body(n))).unwrap();
    }
    let about = About { kind: "photo", case: Some("c"), ..About::default() };
    let (photo, ()) = store.capture(&mut &b"jpeg"[..], &about, |_, _| Ok::<_, StoreError>(())).unwrap();
    store.checkpoint().unwrap();
    drop(store);
    let database = world.places.database();
    let mut bytes = std::fs::read(&database).unwrap();
    let pages = bytes.len() / 4096;
    for page in [pages / 3, pages / 2, pages * 2 / 3] {
        bytes[page * 4096 + 777] ^= 1;
    }
    std::fs::write(&database, &bytes).unwrap();
    let aside = Store::quarantine(&world.places, 5).unwrap();
    let places = ezhifa_field::store::Places { dir: aside.clone(), mark: world.places.mark.clone() };
    let before = std::fs::read(places.database()).unwrap();
    let out = world.root().join("saved");
    let key = ezhifa_field::keys::DatabaseKey(world::KEY);
    let saved = ezhifa_field::store::salvage::salvage(&places, &key, &out).unwrap();
    assert_eq!(std::fs::read(places.database()).unwrap(), before, "the folder stays as it was found");
    assert!(saved.entries > 350 && saved.entries + saved.unreadable == 402, "{saved:?}");
    assert!(saved.without_body + saved.unreadable > 0, "three pages are gone: {saved:?}");
    assert_eq!((saved.evidence, saved.evidence_lost), (1, 0));
    assert_eq!(std::fs::read(out.join("evidence").join(photo.sha256.to_string())).unwrap(), b"jpeg");
    let report = journal::verify_export(&mut std::fs::read(&saved.export).unwrap().as_slice()).unwrap();
    assert_eq!(report, saved.report);
    assert!(ezhifa_field::store::salvage::salvage(&places, &key, &out).is_err(), "nothing is overwritten");
}

#[test]
fn the_second_copy_helps_where_the_database_cannot_be_opened_at_all() {
    let world = World::new();
    let store = world.create();
    for n in 0..20 {
        store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &body(n))).unwrap();
    }
    assert!(store.copy_daily().unwrap());
    assert!(!store.copy_daily().unwrap(), "one a day");
    store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &body(99))).unwrap();
    store.checkpoint().unwrap();
    drop(store);
    let mut bytes = std::fs::read(world.places.database()).unwrap();
    bytes[20] ^= 1;
    std::fs::write(world.places.database(), &bytes).unwrap();
    assert!(matches!(Store::open(&world.places, world.platform()), Err(StoreError::Damaged { .. })));
    let key = ezhifa_field::keys::DatabaseKey(world::KEY);
    let out = world.root().join("saved");
    let saved = ezhifa_field::store::salvage::salvage(&world.places, &key, &out).unwrap();
    assert_eq!((saved.entries, saved.without_body, saved.unreadable), (21, 0, 0));
    assert!(saved.report.is_whole(), "as far as the copy goes");
}

#[test]
fn an_export_verifies_itself_and_shows_tampering() {
    let world = World::new();
    let store = world.create();
    for n in 0..30 {
        store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &body(n))).unwrap();
    }
    let mut out = Vec::new();
    assert_eq!(store.read(|dao| journal::export(dao, &mut out)).unwrap(), 31);
    assert!(journal::verify_export(&mut out.as_slice()).unwrap().is_whole());

    let lines: Vec<&str> = std::str::from_utf8(&out).unwrap().lines().collect();
    let fault = |lines: &[&str]| {
        let text = lines.join("\n");
        let report = journal::verify_export(&mut text.as_bytes()).unwrap();
        report.first_fault().and_then(|e| e.fault.clone()).map(|f| (f.seq, f.what))
    };
    let mut gone = lines.clone();
    gone.remove(10);
    assert_eq!(fault(&gone), Some((10, Fault::Removed)));
    assert_eq!(fault(&lines[..20]), Some((19, Fault::Truncated)));
    let changed = lines[12].replace(r#"n\":10"#, r#"n\":99"#);
    assert_ne!(changed, lines[12]);
    let mut edited = lines.clone();
    edited[12] = &changed;
    assert_eq!(fault(&edited), Some((12, Fault::Changed)));
    for junk in ["", "{}", "x\n", "{\"ezhifa_journal\":2,\"heads\":[]}"] {
        assert!(journal::verify_export(&mut junk.as_bytes()).is_err());
    }
}

#[test]
fn purged_bodies_leave_the_chain_whole_and_only_go_when_they_may() {
    let world = World::new();
    let store = world.create();
    for n in 0..5 {
        store.write(|dao| dao.append(Kind::Case, 1, Some("old"), &body(n))).unwrap();
        store.write(|dao| dao.append(Kind::Case, 1, Some("new"), &body(n))).unwrap();
    }
    let head = store.head().unwrap();
    let purge = |case: &str, now| store.write(|dao| dao.purge_case(case, now));
    assert!(purge("old", i64::MAX).is_err(), "no retention date");
    store.write(|dao| dao.keep_until("old", 1_000)).unwrap();
    assert!(purge("old", i64::MAX).is_err(), "HQ has no verified copy");
    store.write(|dao| dao.set_delivered(head.epoch, head.seq)).unwrap();
    store.write(|dao| dao.raise_floor(head.epoch, head.seq - 2)).unwrap();
    assert!(purge("old", 2_000).is_err(), "one entry is above the floor");
    store.write(|dao| dao.raise_floor(head.epoch, head.seq)).unwrap();
    assert!(purge("old", 1_000).is_err(), "the date is not past");
    assert!(store.write(|dao| dao.keep_until("old", 10)).is_err(), "retention is never shortened");
    assert_eq!(purge("old", 1_001).unwrap(), 5);
    assert!(purge("new", i64::MAX).is_err());
    let report = store.read(journal::verify_all).unwrap();
    assert!(report.is_whole());
    assert_eq!(report.epochs[0].purged, 5);
    let last = store.read(|dao| dao.entries(head.epoch, head.seq, 1, 1000)).unwrap().remove(0);
    assert_eq!(last.header.kind, "purge");
}

#[test]
fn a_clock_that_goes_back_is_an_entry() {
    let world = World::new();
    let store = world.create();
    store.write(|dao| dao.append(Kind::Case, 1, None, &body(1))).unwrap();
    world.clock.set_wall(world::START - 3_600_000);
    store.write(|dao| dao.append(Kind::Case, 1, None, &body(2))).unwrap();
    let epoch = store.epoch().unwrap();
    let entries = store.read(|dao| dao.entries(epoch, 2, 10, 1 << 20)).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].header.kind, "device");
    assert!(entries[0].body.as_ref().unwrap().contains("clock_back"));
    store.write(|dao| dao.append(Kind::Case, 1, None, &body(3))).unwrap();
    assert_eq!(count(&store), 5, "declared once");
}

#[test]
fn bodies_with_fractions_are_refused() {
    let world = World::new();
    let store = world.create();
    for bad in ["", "{", "{\"a\":1.5}", "[1e3]", "{\"a\":[{\"b\":0.1}]}"] {
        assert!(store.write(|dao| dao.append(Kind::Case, 1, None, bad).map(|_| ())).is_err(), "{bad}");
    }
}

#[test]
fn a_block_is_used_once_and_every_number_is_explained() {
    let world = World::new();
    let store = world.create();
    let block = world.lease(&store, "l1", 1, 5);
    let again = store.write(|dao| dao.accept_block(&block, &[world.hq_key()]));
    assert_eq!(again.unwrap().lease_id, "l1", "a repeated answer is harmless");
    for expected in 1..=3 {
        assert_eq!(world.decide(&store, "c"), format!("样执〔2026〕{expected}号"));
    }
    store.write(|dao| dao.accept_block(&block, &[world.hq_key()]).map(|_| ())).unwrap();
    assert_eq!(world.decide(&store, "c"), "样执〔2026〕4号", "a repeated answer never opens the block again");

    let refused = |signed| match store.write(|dao| dao.accept_block(&signed, &[world.hq_key()])) {
        Err(StoreError::Number(e)) => Some(e),
        _ => None,
    };
    let epoch = store.epoch().unwrap();
    assert_eq!(refused(world.block("l1", 100, 105, epoch)), Some(NumberError::Reused));
    assert_eq!(refused(world.block("l2", 5, 9, epoch)), Some(NumberError::Overlap { lease_id: "l1".into() }));
    assert_eq!(refused(world.block("l3", 50, 59, Epoch(1234))), Some(NumberError::OtherEpoch));
    let stranger = world.block("l4", 60, 69, epoch);
    assert!(store.write(|dao| dao.accept_block(&stranger, &[world.other_key()]).map(|_| ())).is_err());

    store.write(|dao| dao.mark_issued("样执〔2026〕1号")).unwrap();
    store.write(|dao| dao.mark_void("样执〔2026〕1号", "未交付")).unwrap();
    store.write(|dao| dao.mark_issued("样执〔2026〕2号")).unwrap();
    store.write(|dao| dao.mark_lost("样执〔2026〕3号", "设备损坏").map(|_| ())).unwrap();
    let void = |text: &str, why: &str| store.write(|dao| dao.mark_void(text, why));
    assert!(matches!(void("样执〔2026〕2号", " "), Err(StoreError::Number(NumberError::Reason))));
    assert!(void("样执〔2026〕1号", "再次").is_err(), "void is final");
    assert!(store.write(|dao| dao.mark_issued("样执〔2026〕1号")).is_err());

    let account = store.read(|dao| dao.number_accounts()).unwrap().remove(0);
    let states = [State::Free, State::Reserved, State::Issued, State::Void, State::Lost, State::Burnt];
    assert_eq!(states.map(|s| account.count(s)), [1, 1, 1, 1, 1, 0]);
    assert!(account.adds_up());
    let supply = store.read(|dao| dao.supplies(0)).unwrap().remove(0);
    assert!(supply.is_low() && supply.free == 1);
    assert_eq!(store.read(|dao| dao.next_number("penalty", 2027, 0)).unwrap(), None, "years do not mix");
    assert_eq!(store.read(|dao| dao.next_number("penalty", 2026, i64::MAX)).unwrap(), None, "expired");
}

#[test]
fn evidence_comes_back_as_it_went_in_and_lies_encrypted() {
    let world = World::new();
    let store = world.create();
    let photo: Vec<u8> = "张三的摊位 ".bytes().cycle().take(300_000).collect();
    let about = About { kind: "photo", case: Some("c1"), thumbnail: Some(b"small"), ..About::default() };
    let (evidence, ()) =
        store.capture(&mut photo.as_slice(), &about, |_, _| Ok::<_, StoreError>(())).unwrap();
    assert_eq!(evidence.sha256, sha256(&photo));
    let mut back = Vec::new();
    store.read_evidence(&evidence.sha256, &mut back).unwrap();
    assert_eq!(back, photo);
    assert_eq!(store.evidence_part(&evidence.sha256, 70_000, 1000).unwrap(), &photo[70_000..71_000]);
    assert_eq!(store.read(|dao| dao.thumbnail(&evidence.sha256)).unwrap().unwrap(), b"small");
    let entries = count(&store);
    let (again, ()) = store.capture(&mut photo.as_slice(), &about, |_, _| Ok::<_, StoreError>(())).unwrap();
    assert_eq!((again.sha256, count(&store)), (evidence.sha256, entries), "the same photo is one file");
    assert_eq!(world.incoming(), 0);

    let refused = store.capture(&mut &b"other"[..], &about, |_, _| Err::<(), _>(StoreError::Internal("no")));
    assert!(refused.is_err());
    assert_eq!(world.incoming(), 0, "a refused capture leaves nothing");
    assert!(vault::missing(&store).unwrap().is_empty());

    assert!(store.drop_evidence(&evidence.sha256, i64::MAX).is_err(), "HQ has no receipt");
    store.write(|dao| dao.evidence_durable(&evidence.sha256)).unwrap();
    assert!(store.drop_evidence(&evidence.sha256, i64::MAX).is_err(), "no retention date");
    store.write(|dao| dao.keep_until("c1", 5)).unwrap();
    store.drop_evidence(&evidence.sha256, 6).unwrap();
    assert!(matches!(
        store.read_evidence(&evidence.sha256, &mut Vec::new()),
        Err(StoreError::NoEvidence { .. })
    ));
}

#[test]
fn no_name_or_id_number_can_be_read_from_any_file() {
    let world = World::new();
    let store = world.create();
    let (name, id) = ("欧阳测试", "441900199901011234");
    let text = format!(r#"{{"name":"{name}","id":"{id}"}}"#);
    store.write(|dao| dao.append(Kind::Case, 1, Some("c1"), &text)).unwrap();
    store
        .write(|dao| {
            let row = CaseRow { case_id: "c1".into(), summary: text.clone(), ..CaseRow::default() };
            dao.index_case(&row, &[(KeyKind::PartyId, id), (KeyKind::PartyName, name)])
        })
        .unwrap();
    let about = About { kind: "document", ..About::default() };
    store.capture(&mut text.as_bytes(), &about, |_, _| Ok::<_, StoreError>(())).unwrap();
    let clean = |when: &str| {
        for (path, bytes) in world.files() {
            for needle in [name.as_bytes(), id.as_bytes()] {
                assert!(!bytes.windows(needle.len()).any(|w| w == needle), "{when}: {path}");
            }
        }
    };
    clean("open, with its WAL");
    store.checkpoint().unwrap();
    drop(store);
    clean("closed");
}

#[test]
fn cases_are_found_by_party_plate_place_number_and_time() {
    let world = World::new();
    let store = world.create();
    let row = |n: i64| CaseRow {
        case_id: format!("c{n}"),
        opened_ms: n * 1000,
        changed_ms: n * 1000,
        phase: if n % 2 == 0 { "open" } else { "closed" }.into(),
        offence: "stall".into(),
        lat_e7: Some(230_200_000 + n * 900),
        lon_e7: Some(1_137_500_000),
        summary: "{}".into(),
    };
    store
        .write(|dao| {
            for n in 0..50 {
                dao.index_case(
                    &row(n),
                    &[(KeyKind::Plate, "粤S·12345"), (KeyKind::Number, &format!("号{n}"))],
                )?;
            }
            dao.index_case(&row(3), &[(KeyKind::Number, "号3")])
        })
        .unwrap();
    let find = |query: Query<'_>| -> Vec<String> {
        store.read(|dao| dao.search(&query, 100)).unwrap().into_iter().map(|r| r.case_id).collect()
    };
    assert_eq!(find(Query::Key(KeyKind::Plate, "粤ｓ 12345")).len(), 49, "a corrected identity is re-keyed");
    assert_eq!(find(Query::Key(KeyKind::Number, "号7")), ["c7"]);
    assert_eq!(find(Query::Opened { from_ms: 10_000, to_ms: 12_000 }), ["c11", "c10"]);
    assert_eq!(find(Query::Phase("open")).len(), 25);
    let near = find(Query::Near { lat_e7: 230_200_000, lon_e7: 1_137_500_000, metres: 25 });
    assert_eq!(near, ["c0", "c1", "c2"], "about ten metres apart");
    let before = count(&store);
    store.look_up("o-1", "复查", KeyKind::PartyId, "441900199901011234", 5).unwrap();
    assert_eq!(count(&store), before + 1, "a look-up is itself an entry");
}

#[test]
fn pins_have_a_limit_that_outlives_a_restart() {
    let world = World::new();
    let store = world.create();
    let verifier = ezhifa_seal::pin::make("246810", &[1; 16]).unwrap();
    let reply = |store: &Store, pin: &str| store.check_pin("o-1", &verifier, pin).map_err(|e| e.to_string());
    for _ in 0..4 {
        assert!(reply(&store, "000000").unwrap_err().contains("wrong PIN"));
    }
    drop(store);
    let store = world.open();
    assert!(reply(&store, "000000").unwrap_err().contains("0 tries"));
    assert!(reply(&store, "000000").unwrap_err().contains("wrong PIN"));
    assert!(reply(&store, "246810").unwrap_err().contains("wait"), "locked, even for the right PIN");
    world.clock.pass(61_000);
    assert_eq!(reply(&store, "246810"), Ok(()));
    assert!(reply(&store, "000000").unwrap_err().contains("4 tries"), "counted afresh");
    assert!(store.check_pin("o-2", "", "1").is_err());
}

#[test]
fn neither_the_wall_clock_nor_a_restart_shortens_the_wait_after_wrong_pins() {
    let world = World::new();
    let store = world.create();
    let verifier = ezhifa_seal::pin::make("246810", &[1; 16]).unwrap();
    let left = |pin: &str| match store.check_pin("o-1", &verifier, pin) {
        Err(StoreError::Pin(PinError::Locked { seconds })) => Some(seconds),
        Err(StoreError::Pin(PinError::Wrong { .. })) => None,
        other => panic!("{other:?}"),
    };
    for _ in 0..7 {
        if left("000000").is_some() {
            world.clock.pass(61_000);
            assert_eq!(left("000000"), None);
        }
    }
    assert_eq!(left("246810"), Some(120), "two minutes after the seventh");
    world.clock.set_wall(START + 86_400_000);
    assert_eq!(left("246810"), Some(120), "the wall clock was set a day ahead");
    world.clock.pass(50_000);
    assert_eq!(left("246810"), Some(70));
    world.clock.pass(20_000);
    world.clock.reboot("boot-2");
    assert_eq!(left("246810"), Some(70), "what was waited since the last try is lost, no more");
    world.clock.pass(69_000);
    assert_eq!(left("246810"), Some(1));
    world.clock.pass(1_000);
    assert!(store.check_pin("o-1", &verifier, "246810").is_ok());
}

#[test]
fn a_blocked_pin_is_freed_by_a_new_one_of_hq() {
    let world = World::new();
    let store = world.create();
    let verifier = ezhifa_seal::pin::make("246810", &[1; 16]).unwrap();
    let check = |verifier: &str, pin: &str| match store.check_pin("o-1", verifier, pin) {
        Err(StoreError::Pin(e)) => Err(e),
        other => {
            other.unwrap();
            Ok(())
        }
    };
    while check(&verifier, "000000") != Err(PinError::Blocked) {
        world.clock.pass(86_400_000);
    }
    world.clock.pass(86_400_000 * 365);
    assert_eq!(check(&verifier, "246810"), Err(PinError::Blocked), "for good");
    let fresh = ezhifa_seal::pin::make("135799", &[2; 16]).unwrap();
    assert_eq!(check(&fresh, "246810"), Err(PinError::Wrong { left: 4 }));
    assert_eq!(check(&fresh, "135799"), Ok(()));
}

#[test]
fn a_folder_has_one_owner_at_a_time() {
    let world = World::new();
    let store = world.create();
    let before = world.files();
    let second = Store::open(&world.places, world.platform()).map(|_| ()).unwrap_err();
    assert!(matches!(second, StoreError::InUse), "{second}");
    let device = ezhifa_seal::entry::DeviceId("d-1".into());
    let made = Store::create(&world.places, world.platform(), device, Epoch(9)).map(|_| ());
    assert!(matches!(made, Err(StoreError::InUse)));
    assert!(matches!(Store::quarantine(&world.places, 5), Err(StoreError::InUse)), "not under its feet");
    assert_eq!(world.files(), before);
    let look = Store::inspect(&world.places, world.platform()).unwrap();
    assert!(look.verify().unwrap().is_whole(), "an auditor may look meanwhile");
    store.write(|dao| dao.append(Kind::Case, 1, None, &body(1))).unwrap();
    drop(store);
    assert_eq!(world.open().opened().verdict, Some(Verdict::Fine));
}

#[test]
fn low_space_stops_captures_and_nothing_else() {
    let world = World::new();
    let mut platform = world.platform();
    platform.disk = std::sync::Arc::new(world::SmallDisk);
    drop(world.create());
    let store = Store::open(&world.places, platform).unwrap();
    let about = About { kind: "photo", ..About::default() };
    let refused = store.capture(&mut &b"x"[..], &about, |_, _| Ok::<_, StoreError>(()));
    assert!(matches!(refused, Err(StoreError::LowSpace)));
    store.write(|dao| dao.append(Kind::Case, 1, None, &body(1))).unwrap();
}

/// A real phone's folder of a released schema.
fn schema(version: i64) -> World {
    let home = schemas().join(format!("v{version}"));
    let world = World::new();
    std::fs::create_dir_all(&world.places.dir).unwrap();
    std::fs::copy(home.join("journal.db"), world.places.database()).unwrap();
    std::fs::copy(home.join("mark"), &world.places.mark).unwrap();
    world
}

fn schemas() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/schemas")
}

#[test]
fn a_file_of_every_released_schema_opens_whole() {
    if std::env::var_os("EZHIFA_WRITE_SCHEMA").is_some() {
        let home = schemas().join(format!("v{NEWEST}"));
        let world = World::new();
        let store = world.create();
        world.lease(&store, "l1", 1, 10);
        let text = world.decide(&store, "c1");
        world::sign(&store, "c1", &text).unwrap();
        world.decide(&store, "c2");
        drop(store);
        std::fs::create_dir_all(&home).unwrap();
        for (from, to) in [(world.places.database(), "journal.db"), (world.places.mark.clone(), "mark")] {
            std::fs::copy(from, home.join(to)).unwrap();
        }
    }
    let fresh = World::new();
    drop(fresh.create());
    for version in 1..=NEWEST {
        let world = schema(version);
        let store = world.open();
        assert_eq!(store.opened().verdict, Some(Verdict::Fine));
        assert!(store.read(journal::verify_all).unwrap().is_whole());
        assert_eq!(store.read(|dao| dao.unsigned_numbers()).unwrap().len(), 1);
        assert_eq!(world.decide(&store, "c3"), "样执〔2026〕3号", "numbers go on where they stood");
        drop(store);
        assert_eq!(world.schema(), fresh.schema(), "an upgraded file and a new one have the same schema");
    }
}

#[test]
fn wrong_pins_of_the_first_schema_still_count() {
    let world = schema(1);
    world.sql("INSERT INTO pin VALUES ('o-1', 8, 5), ('o-2', 15, 5), ('o-3', 3, 0)");
    let store = world.open();
    let verifier = ezhifa_seal::pin::make("246810", &[1; 16]).unwrap();
    let said = |officer: &str| store.check_pin(officer, &verifier, "000000").unwrap_err().to_string();
    assert!(said("o-1").contains("wait 240 seconds"), "the whole wait: {}", said("o-1"));
    assert!(said("o-2").contains("blocked"));
    assert!(said("o-3").contains("1 tries"), "{}", said("o-3"));
}

#[test]
fn no_migration_touches_a_file_that_is_not_proved_whole() {
    let world = schema(1);
    world.sql(
        "DROP TRIGGER body_no_update; UPDATE body SET body = x'7b7d' WHERE pos = (SELECT max(pos) FROM body)",
    );
    let database = std::fs::read(world.places.database()).unwrap();
    assert!(matches!(Store::open(&world.places, world.platform()), Err(StoreError::Chain(_))));
    let mut other = world.platform();
    other.keys = std::sync::Arc::new(FixedKey([9; 32]));
    assert!(Store::open(&world.places, other).is_err());
    assert_eq!(std::fs::read(world.places.database()).unwrap(), database);
    // Not in the write-ahead log either.
    world.sql("CREATE TEMP TABLE t AS SELECT locked_until_ms FROM pin");
}

#[test]
fn a_second_copy_opens_with_the_same_key_and_counts_as_a_copy() {
    let world = World::new();
    let store = world.create();
    world.lease(&store, "l1", 1, 10);
    let copy = World::new();
    std::fs::create_dir_all(&copy.places.dir).unwrap();
    store.copy_to(&copy.places.database()).unwrap();
    let twin = copy.open();
    assert_eq!(twin.opened().verdict, Some(Verdict::RolledBack), "no mark came along");
    assert_eq!(twin.read(|dao| dao.next_number("penalty", 2026, 0)).unwrap(), None);
    assert_eq!(world.decide(&store, "c1"), "样执〔2026〕1号", "the original goes on");
}

#[test]
fn a_new_epoch_that_never_began_does_not_hide_the_hole() {
    let world = World::new();
    let store = world.create();
    store.checkpoint().unwrap();
    let backup = world.backup();
    for n in 0..4 {
        store.write(|dao| dao.append(Kind::Case, 1, None, &body(n))).unwrap();
    }
    let lost = store.head().unwrap();
    drop(store);
    world.restore(&backup);
    // Three times the battery dies between the announcement of the new epoch and its commit.
    for _ in 0..3 {
        let mut platform = world.platform();
        platform.probe = std::sync::Arc::new(world::Hook(|_| Err(StoreError::Internal("battery"))));
        assert!(Store::open(&world.places, platform).is_err());
    }
    let store = world.open();
    let declared = store.read(journal::verify_all).unwrap().epochs[1].declares.clone().unwrap();
    assert!(declared.contains(&lost.hash.to_string()), "{declared}");
}
