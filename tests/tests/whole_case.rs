//! From enrolment to the filed case: the real phone, the real HQ over loopback, the virtual printer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{Street, stall};
use ezhifa_field::{
    casework::{
        case::Phase,
        command::Command,
        event::{PrintState, ServiceWay, Stage},
        law::terms::Outcome,
        people::{SignerRole, Signing, SigningAct},
    },
    clock::Clock as _,
    office::{Shot, Taken},
    printer::{Profile, open_link},
};

#[test]
fn a_whole_case_from_enrolment_to_the_signed_receipt() {
    let street = Street::new();
    let phone = &street.phone;
    assert!(phone.readiness().unwrap().iter().all(|r| r.ok), "{:?}", phone.readiness());

    let case = stall(&street, "c-1");
    let decision = phone.propose(&case, None).unwrap();
    assert_eq!(decision.outcome, Outcome::Fine, "{:?}", decision.reasons);
    street.hear(&case);
    let preview = phone.preview(&case, ezhifa_field::slip::Paper::Mm58).unwrap();
    assert!(preview.text.contains("罚款"));

    let decided = phone.decide(&case, None, None, &street.both(&case)).unwrap();
    let slip = phone.issue(&case).unwrap();
    assert_eq!(slip.number, decided.number);
    assert_eq!(phone.issue(&case).unwrap(), slip, "asked again, the same paper");

    let profile = Profile::named("generic-58-gbk").unwrap();
    let printed = phone.print(&case, None, open_link(&street.printer_address()).unwrap(), &profile).unwrap();
    assert_eq!(printed.result, PrintState::Printed, "{}", printed.reason);
    let paper = street.paper();
    let text = paper.lines.join("\n");
    for word in ["当场行政处罚决定书", "行政复议", "人民币", "王建国", "李梅"] {
        assert!(text.replace([' ', '\n'], "").contains(word), "{word} is not on the paper:\n{text}");
    }
    assert!(paper.qr().contains(&slip.code), "the code on the paper leads to HQ");

    let signing = Signing {
        role: SignerRole::Party,
        act: SigningAct::Ink,
        name: Default::default(),
        reason: Default::default(),
        evidence: None,
    };
    let served = phone.act(&case, &Command::Serve { how: ServiceWay::HandedOver, signing }).unwrap();
    assert_eq!(served.phase, Phase::Served);

    let link = || open_link(&street.printer_address()).unwrap();
    let refused = phone.print(&case, None, link(), &profile).unwrap_err();
    assert_eq!(refused.code, "reprint_not_asked", "a second paper is never an accident");
    street.clock.pass(60_000);
    let again = phone.reprint(&case, None, link(), &profile).unwrap();
    assert_eq!(again.copy, 1);
    let copy = street.paper().lines.join("").replace(' ', "");
    let time = local_clock(&street);
    assert!(copy.contains(&format!("补打第1次{time}")), "a further copy says so, and when: {time} {copy}");
    assert_eq!(copy.matches(&slip.number.replace(' ', "")).count(), 2, "the number stays");

    let report = street.sync();
    assert!(report.done, "{report:?}");
    let status = phone.status().unwrap();
    assert_eq!((status.unsynced_entries, status.unsynced_photos, status.unfiled), (0, 0, 0), "{status:?}");
    assert!(phone.case(&case).unwrap().filed().is_some(), "HQ's receipt files the decision");
    street.hq.settle().unwrap();
    let replay = street.hq.replay_report().unwrap();
    assert_eq!((replay.replayed, replay.mismatches), (1, 0), "HQ reads the same law in the same entries");
    assert!(phone.verify_journal().unwrap().is_whole());
    let numbers = phone.numbers().unwrap();
    assert!(numbers.iter().any(|n| n.series == "penalty" && n.issued == 1), "{numbers:?}");
}

fn local_clock(street: &Street) -> String {
    use chrono::Timelike as _;
    let at = common::evening()
        + chrono::TimeDelta::milliseconds(street.clock.now().wall_ms - common::ms(common::evening()));
    format!("{}时{:02}分", at.hour(), at.minute())
}

#[test]
fn evidence_comes_before_everything_and_a_bad_name_costs_no_number() {
    let street = Street::new();
    let phone = &street.phone;
    let early =
        phone.capture(None, &Taken::Bytes(b"jpeg".to_vec()), &Shot::photo(Stage::Fact, "摊位")).unwrap();
    let case = street.open("c-2");
    phone.attach(&case, &early.sha256).unwrap();
    assert_eq!(phone.evidence(&early.sha256).unwrap(), b"jpeg");
    assert_eq!(phone.case(&case).unwrap().evidence().len(), 1);

    let refused = phone.decide(&case, None, None, &street.both(&case)).unwrap_err();
    assert_eq!(refused.kind, ezhifa_field::error::Kind::Refused);
    assert!(!refused.next_zh.is_empty(), "{refused}");
    let wrong = phone.confirm(&case, &street.officers[0], "0000").unwrap_err();
    assert_eq!(wrong.kind, ezhifa_field::error::Kind::Locked);
    assert!(phone.numbers().unwrap().iter().all(|n| n.reserved == 0 && n.issued == 0));
}
