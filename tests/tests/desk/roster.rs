//! 名册: written at the desk, enforced on the phone without a network.

use chrono::NaiveDate;
use ezhifa_field::{
    casework::{
        command::Command,
        people::{Officer, OfficerId, OfficerKind},
    },
    error::Kind,
    sync::Network,
};
use serde_json::json;

use crate::{BRANCH, DAY, PINS, stall, town};

#[test]
fn a_certificate_that_ended_is_refused_on_the_phone_without_a_network() {
    let town = town();
    let street = &town.street;
    let case = stall(street, "c-1");
    street.phone.propose(&case, None).unwrap();
    street.hear(&case);
    let mut roster = street.hq.roster(BRANCH).unwrap();
    roster[1].valid_to = NaiveDate::from_ymd_opt(2026, 6, 17).unwrap();
    town.desk.post(&format!("roster/{BRANCH}"), &roster);
    town.sync();
    // From here on nobody asks HQ.
    let refused = street.phone.decide(&case, None, None, &street.both(&case)).unwrap_err();
    assert_eq!(refused.kind, Kind::Refused, "{refused}");
    assert!(
        street.phone.numbers().unwrap().iter().all(|n| n.reserved == 0 && n.issued == 0),
        "no number is spent"
    );
    let list = town.auditor.list("roster?may_sign=false");
    assert_eq!(list[0]["id"], "o-2");
}

#[test]
fn auxiliary_staff_accompany_offline_and_never_sign() {
    let town = town();
    let street = &town.street;
    let mut roster = street.hq.roster(BRANCH).unwrap();
    roster.push(Officer {
        id: OfficerId("a-1".into()),
        kind: OfficerKind::Auxiliary,
        certificate: String::new(),
        ..roster[0].clone()
    });
    town.desk.post(&format!("roster/{BRANCH}"), &roster);
    town.sync();
    street.phone.set_network(Network::Offline);
    // From here on nobody asks HQ: the assistant comes along, and the two officers decide.
    let aide = OfficerId("a-1".into());
    let [first, second] = &street.officers;
    street.phone.sign_in(&aide, PINS[0]).unwrap();
    street.phone.set_crew(first, second, std::slice::from_ref(&aide)).unwrap();
    let (case, ..) = town.fined("c-1");
    town.hand_over(&street.phone, &case);
    // As one of the two, they can do nothing that the law keeps for officers.
    street.phone.set_crew(first, &aide, &[]).unwrap();
    let other = street.open("c-2");
    let refused = street.phone.act(&other, &Command::ShowCertificates).unwrap_err();
    assert_eq!(refused.kind, Kind::Refused, "{refused}");
}

#[test]
fn a_new_pin_and_the_right_to_void_reach_the_phone_and_a_crew_is_what_the_desk_wrote() {
    let town = town();
    let street = &town.street;
    for (id, kind, parent) in [
        ("dg", "organ", ""),
        (BRANCH, "branch", "dg"),
        ("dc-d", "drone_squad", BRANCH),
        ("dc-s", "service_station", BRANCH),
    ] {
        town.desk.post("units", &json!({"id": id, "kind": kind, "name": id, "parent": parent}));
    }
    assert_eq!(town.auditor.list(&format!("units?parent={BRANCH}")).len(), 2);
    let device = street.phone.identity().unwrap().enrolled.device.0;
    let crew = json!({"id": "甲组", "branch": BRANCH, "squad": "dc-d", "officers": ["o-1", "o-2"], "with": [], "device": device});
    town.desk.post("crews", &crew);
    let now = street.hq.now_ms();
    let shift = json!({"crew": "甲组", "from_ms": now, "until_ms": now + DAY, "at": {"lat_e7": 230_207_000, "lon_e7": 1_137_518_000}});
    town.desk.post(&format!("shifts/{BRANCH}"), &shift);
    assert_eq!(town.auditor.list(&format!("crews?device={device}"))[0]["squad"], "dc-d");
    assert_eq!(town.auditor.list("shifts?shift.crew=%E7%94%B2%E7%BB%84").len(), 1);
    // A lead near the crew's stand is offered to that crew's phone.
    town.ground();
    town.citizens.post("leads", &crate::lead("r-1", 230_207_500));
    town.sync();
    assert_eq!(street.phone.from_hq().unwrap().leads().next().unwrap().offered, [device]);

    // The second officer gets a new PIN and nobody may void any more; the phone holds to it offline.
    let mut roster = street.hq.roster(BRANCH).unwrap();
    roster[1].pin_verifier = ezhifa_field::casework::seal::pin::make("161803", &[8; 16]).unwrap();
    roster.iter_mut().for_each(|o| o.powers.clear());
    town.desk.post(&format!("roster/{BRANCH}"), &roster);
    let (case, ..) = town.fined("c-1");
    town.sync();
    street.phone.set_network(Network::Offline);
    let second = &street.officers[1];
    assert!(street.phone.confirm(&case, second, PINS[1]).is_err(), "the old PIN is worth nothing");
    let confirmation = street.phone.confirm(&case, second, "161803").unwrap();
    let void = Command::Void { reason: "当事人姓名写错".into(), confirmation };
    assert_eq!(street.phone.act(&case, &void).unwrap_err().code, "void_not_allowed");
}
