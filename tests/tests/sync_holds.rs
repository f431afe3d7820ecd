//! What a sync survives: a crash between two of its steps, a damaged file, an entry that HQ cannot use, a wipe by force.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::sync::Arc;

use common::{Street, Trip, evening, ms, open_phone, open_phone_with};
use ezhifa_field::{
    casework::{
        event::{CaseId, Stage},
        law::terms::Outcome,
    },
    keys::Point,
    office::{Shot, Taken},
};

fn fined(street: &Street, id: &str) -> CaseId {
    let (case, decided) = street.decided(id);
    assert_eq!(decided.record.outcome, Outcome::Fine);
    street.phone.issue(&case).unwrap();
    case
}

fn unsent(street: &Street) -> u64 {
    street.phone.with_store(|s| s.read(|dao| dao.unsent())).unwrap().entries
}

#[test]
fn a_crash_while_hqs_key_changes_does_not_make_hq_a_stranger() {
    let mut street = Street::new();
    street.close();
    let trip = Arc::new(Trip::default());
    street.phone = open_phone_with(street.folder.path(), &street.clock, trip.clone()).unwrap();
    let id = street.hq.rotate_key().unwrap();
    *trip.0.lock().unwrap() = Some(Point::AfterFeed);
    let way = street.phone.transport().unwrap();
    assert!(street.phone.sync_now(&way, &()).is_err(), "the app is gone");
    assert!(trip.0.lock().unwrap().is_none());

    street.close();
    street.phone = open_phone(street.folder.path(), &street.clock);
    street.sign_in();
    assert_eq!(street.phone.identity().unwrap().enrolled.hq_keys[0].id(), id, "with the cursor");
    let case = fined(&street, "c-1");
    street.clock.pass(60_000);
    let report = street.sync();
    assert!(report.done && report.receipts > 0, "{report:?}");
    assert!(street.phone.case(&case).unwrap().filed().is_some());
}

#[test]
fn a_damaged_photo_keeps_no_other_from_hq() {
    let street = Street::new();
    let case = street.open("c-1");
    let evidence = street.folder.path().join("phone/evidence");
    let files = || -> Vec<std::path::PathBuf> {
        let folders = std::fs::read_dir(&evidence).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir());
        folders
            .flat_map(|f| std::fs::read_dir(f).unwrap().map(|e| e.unwrap().path()))
            .filter(|p| p.is_file())
            .collect()
    };
    let take = |bytes: &[u8]| {
        let shot = Shot::photo(Stage::Fact, "现场");
        street.phone.capture(Some(&case), &Taken::Bytes(bytes.to_vec()), &shot).unwrap().sha256
    };
    let first = take(b"the first");
    let before = files();
    let second = take(b"the second");
    // The newest goes first, and its file is not what it was.
    let broken = files().into_iter().find(|f| !before.contains(f)).unwrap();
    std::fs::write(&broken, b"dust").unwrap();
    let report = street.sync();
    assert!(report.done, "{report:?}");
    let durable = |name: &str| {
        let name = name.parse().unwrap();
        street.phone.with_store(|s| s.read(|dao| dao.evidence(&name))).unwrap().unwrap().durable
    };
    assert_eq!((durable(&first), durable(&second)), (true, false));
    assert!(
        street.phone.status().unwrap().why.contains("damaged"),
        "{:?}",
        street.phone.status().unwrap().why
    );
}

#[test]
fn a_decision_that_hq_cannot_use_is_not_filed_by_its_receipt() {
    let street = Street::new();
    let case = fined(&street, "c-1");
    // Reported as lost since before the decision: HQ keeps the entries and uses none.
    let device = street.phone.identity().unwrap().enrolled.device;
    street.hq.withdraw_device(&device.0, Some(ms(evening()) - 3_600_000), false, false).unwrap();
    let report = street.sync();
    assert!(report.receipt.is_some_and(|r| !r.quarantined.is_empty()));
    assert_eq!(unsent(&street), 0, "HQ holds it");
    assert!(street.phone.case(&case).unwrap().filed().is_none(), "and it is not 备案");
    assert_eq!(street.phone.status().unwrap().unfiled, 1);
}

#[test]
fn a_wipe_by_force_sends_the_journal_first_and_declares_the_rest_once() {
    let street = Street::new();
    fined(&street, "c-1");
    let device = street.phone.identity().unwrap().enrolled.device;
    street.hq.withdraw_device(&device.0, None, true, true).unwrap();
    let report = street.sync();
    assert!(report.wipe.as_ref().is_some_and(|w| w.force), "{report:?}");
    assert_eq!(unsent(&street), 0, "the journal, with the declaration in it, is at HQ");
    assert!(street.phone.wipe_due().unwrap().is_some());
    assert!(street.phone.wipe_due().unwrap().is_some());
    assert_eq!(unsent(&street), 0, "declared once");
    let epoch = street.phone.with_store(|s| s.epoch()).unwrap();
    let all = street.phone.with_store(|s| s.read(|dao| dao.entries(epoch, 0, 1_000, 1 << 30))).unwrap();
    let declared = all.iter().filter(|e| e.body.as_ref().is_some_and(|b| b.contains("wipe_forced"))).count();
    assert_eq!(declared, 1, "its photos did not go, and the journal says so");
}
