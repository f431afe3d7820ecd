//! The phone dies between deciding, signing and printing: nothing acknowledged is lost, no number is used
//! twice, and what was decided is signed when it opens again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::{collections::BTreeSet, sync::Arc};

use common::{Street, Trip, open_phone, open_phone_with, stall};
use ezhifa_field::{
    casework::{event::PrintState, law::terms::Outcome},
    keys::Point,
    printer::{MemoryLink, Profile},
};

#[test]
fn a_crash_at_any_point_of_an_issue_leaves_one_signed_paper() {
    let mut street = Street::new();
    let mut used = BTreeSet::new();
    let points = [
        Point::AfterIntent,
        Point::AfterCommit,
        Point::AfterDone,
        Point::BeforeSign,
        Point::AfterSign,
        Point::BeforePrint,
    ];
    for (n, point) in points.into_iter().enumerate() {
        // Another party each time would hide the gate: the fines of one evening on one person add up.
        street.clock.pass(86_400_000);
        street.sync();
        let case = stall(&street, &format!("c-{n}"));
        assert_eq!(street.phone.propose(&case, None).unwrap().outcome, Outcome::Fine);
        street.hear(&case);
        let both = street.both(&case);

        let trip = Arc::new(Trip::default());
        street.close();
        street.phone = open_phone_with(street.folder.path(), &street.clock, trip.clone()).unwrap();
        street.sign_in();
        assert!(
            street.phone.decide(&case, None, None, &both).is_err(),
            "a confirmation does not outlive the app"
        );
        let both = street.both(&case);
        *trip.0.lock().unwrap() = Some(point);
        let decided = street.phone.decide(&case, None, None, &both);
        if decided.is_ok() {
            let _ = street.phone.issue(&case);
        }
        assert!(trip.0.lock().unwrap().is_none(), "{point:?} was passed");

        street.close();
        street.phone = open_phone(street.folder.path(), &street.clock);
        street.sign_in();
        let folded = street.phone.case(&case).unwrap();
        if let Ok(decided) = &decided {
            assert_eq!(
                folded.record().map(|r| &r.number),
                Some(&decided.number),
                "{point:?}: acknowledged, so kept"
            );
        }
        match folded.record() {
            Some(record) => {
                assert_eq!(folded.slips().len(), 1, "{point:?}: signed on opening");
                assert_eq!(folded.slips()[0].number, record.number);
                assert!(used.insert(record.number.clone()), "{point:?}: {} twice", record.number);
            }
            None => assert!(folded.slips().is_empty()),
        }
        assert_eq!(street.phone.status().unwrap().unsigned, 0);
        assert!(street.phone.verify_journal().unwrap().is_whole(), "{point:?}");
    }
    assert!(used.len() >= 5);
    assert!(street.sync().done);
    let report = street.hq.replay_report().unwrap();
    assert_eq!(report.mismatches, 0);
}

#[test]
fn a_print_that_the_app_did_not_survive_is_unknown_and_a_person_looks() {
    let mut street = Street::new();
    let case = stall(&street, "c-1");
    street.phone.propose(&case, None).unwrap();
    street.hear(&case);
    street.phone.decide(&case, None, None, &street.both(&case)).unwrap();
    street.phone.issue(&case).unwrap();
    // The link takes the app down in the middle of the slip.
    let profile = Profile::named("mute-58").unwrap();
    let phone = &street.phone;
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let (link, _) = MemoryLink::new(Box::new(|_| panic!("the app is killed here")));
        phone.print(&case, None, Box::new(link), &profile)
    }));
    assert!(died.is_err());
    street.close();
    street.phone = open_phone(street.folder.path(), &street.clock);
    street.sign_in();
    let folded = street.phone.case(&case).unwrap();
    assert_eq!(folded.slips()[0].prints.len(), 1);
    assert_eq!(folded.slips()[0].prints[0].result, PrintState::Unknown);
    let (link, _) = MemoryLink::new(Box::new(|_| Vec::new()));
    let refused = street.phone.print(&case, None, Box::new(link), &profile).unwrap_err();
    assert_eq!(refused.code, "look_at_the_paper");
}
