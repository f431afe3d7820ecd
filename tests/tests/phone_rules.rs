//! What a phone owes whatever happens to it: a key that HQ can release, a clock that is known, a void that the
//! other officer confirmed, a file of a newer app that still reaches HQ, an identity written rightly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use chrono::NaiveDate;
use common::{BRANCH, ID, PINS, Street, evening, ms, open_phone, pack, person, stall};
use ezhifa_field::{
    FieldOffice,
    casework::{
        command::Command,
        event::{CaseId, ConfirmWay, Confirmation, FactSource, PrintState, ServiceWay, Source, Stage},
        law::{facts::Value, terms::Outcome},
        people::{
            Identity, Officer, OfficerId, OfficerKind, Party, Place, Power, Private, SignerRole, Signing,
            SigningAct,
        },
    },
    clock::Clock as _,
    office::{Looked, Shot, Taken},
    printer::{Profile, open_link},
    search::KeyKind,
    transport::HttpTransport,
    wire::enrol::Ticket,
};

fn reopened(street: &mut Street) {
    let nowhere = open_phone(&street.folder.path().join("nowhere"), &street.clock);
    drop(std::mem::replace(&mut street.phone, nowhere));
    street.phone = open_phone(street.folder.path(), &street.clock);
}

/// A fine, decided and signed.
fn decided(street: &Street, id: &str) -> CaseId {
    let (case, _) = street.decided(id);
    street.phone.issue(&case).unwrap();
    case
}

#[test]
fn hq_releases_the_key_of_a_phone_whose_key_store_is_dead() {
    let street = Street::new();
    let device = street.phone.identity().unwrap().enrolled.device.0;
    let key = street.hq.release_database_key(&device, None).unwrap();
    assert_eq!(key.bytes(), [9; 32], "from what the journal handed in");
    assert!(!format!("{key:?}").contains('9'));
    let alarms = street.hq.alarms().unwrap();
    assert!(alarms.iter().any(|a| a.kind == "database_key_released" && a.about == device), "{alarms:?}");

    // The phone that never reached HQ brings the file that lies beside its database.
    let beside = std::fs::read_to_string(street.folder.path().join("phone/journal.key-escrow")).unwrap();
    assert_eq!(street.hq.release_database_key("d-unknown", Some(&beside)).unwrap().bytes(), [9; 32]);
    let mut touched = beside.clone();
    touched.replace_range(200..201, if &beside[200..201] == "0" { "1" } else { "0" });
    assert!(street.hq.release_database_key(&device, Some(&touched)).is_err());

    // The secret may lie in a safe: phones are enrolled all the same, and nothing is released.
    std::fs::rename(street.folder.path().join("hq/escrow.key"), street.folder.path().join("safe")).unwrap();
    assert!(street.hq.release_database_key(&device, None).is_err());
    assert!(street.hq.release_database_key("d-none", None).is_err());
}

#[test]
fn invariant_17_an_impossible_time_captures_and_waits_for_a_satellite_or_both_officers() {
    let mut street = Street::new();
    let case = stall(&street, "c-1");
    street.phone.propose(&case, None).unwrap();
    street.hear(&case);
    // HQ says what time it is; then the battery is out, and the phone wakes up some minutes earlier.
    street.clock.pass(600_000);
    street.sync();
    let right = street.clock.now().wall_ms;
    street.clock.reboot("boot-2");
    street.clock.set_wall(right - 330_000);
    reopened(&mut street);
    street.sign_in();
    let refused = street.phone.decide(&case, None, None, &street.both(&case)).unwrap_err();
    assert_eq!(refused.code, "clock_not_trusted", "{refused}");
    let photo = Taken::Bytes(b"another jpeg".to_vec());
    street.phone.capture(Some(&case), &photo, &Shot::photo(Stage::Fact, "摊位")).unwrap();
    assert!(street.phone.readiness().unwrap().iter().any(|r| r.what == "clock" && !r.ok));

    // The satellites disagree with the clock: no confirmation of the officers helps.
    assert!(!street.phone.satellite_time(right).unwrap());
    let [first, second] = &street.officers;
    let wrong = street.phone.confirm_clock([(first, PINS[0]), (second, PINS[1])]).unwrap_err();
    assert_eq!(wrong.code, "clock_is_wrong");
    // Somebody sets it; the satellites agree.
    street.clock.set_wall(right);
    assert!(street.phone.satellite_time(right).unwrap());
    street.phone.decide(&case, None, None, &street.both(&case)).unwrap();

    // Set back again within the same boot: known at once.
    street.clock.set_wall(right - 400_000);
    assert!(street.phone.readiness().unwrap().iter().any(|r| r.what == "clock" && !r.ok));
}

#[test]
fn invariant_17_no_phone_is_right_that_says_less_than_the_newest_pack() {
    let street = Street::new();
    let known = || street.phone.from_hq().unwrap().newest_known_ms().unwrap();
    let before = known();
    street.clock.pass(3_600_000);
    let mut files = pack("dongguan-sample");
    let manifest = String::from_utf8(files["manifest.toml"].clone()).unwrap();
    files.insert("manifest.toml".into(), manifest.replace("version = 1\n", "version = 2\n").into_bytes());
    street.hq.publish_rulebook(&files).unwrap();
    let published = street.clock.now().wall_ms;
    assert!(before < published);
    street.clock.pass(60_000);
    street.sync();
    assert!(known() >= published);
}

#[test]
fn invariant_17_both_officers_confirm_the_clock_each_with_their_own_pin() {
    let mut street = Street::new();
    let right = street.clock.now().wall_ms;
    street.clock.reboot("boot-2");
    street.clock.set_wall(right - 3_600_000);
    reopened(&mut street);
    street.sign_in();
    let [first, second] = &street.officers;
    let ok = |street: &Street| street.phone.readiness().unwrap().iter().any(|r| r.what == "clock" && r.ok);
    assert!(!ok(&street));
    assert!(
        street.phone.confirm_clock([(first, PINS[0]), (first, PINS[0])]).is_err(),
        "one person is not two"
    );
    assert!(street.phone.confirm_clock([(first, PINS[0]), (second, PINS[0])]).is_err(), "a wrong PIN");
    assert!(!ok(&street));
    street.phone.confirm_clock([(first, PINS[0]), (second, PINS[1])]).unwrap();
    assert!(ok(&street), "they answer for it: it is an entry with both names");
    street.clock.pass(7_200_000);
    assert!(ok(&street));
    street.clock.reboot("boot-3");
    street.clock.set_wall(right - 3_600_000);
    assert!(!ok(&street), "a confirmation ends with the boot");
}

#[test]
fn a_void_needs_the_other_officers_own_confirmation() {
    let street = Street::new();
    let case = decided(&street, "c-1");
    street.clock.pass(5_000);
    let forged = Confirmation {
        officer: street.officers[1].clone(),
        how: ConfirmWay::Pin,
        at: street.phone.case(&case).unwrap().record().unwrap().at,
    };
    let void = |confirmation| Command::Void { reason: "姓名录错".into(), confirmation };
    let refused = street.phone.act(&case, &void(forged)).unwrap_err();
    assert_eq!(refused.code, "no_crew", "what nobody typed a PIN for is no confirmation");
    let own = street.phone.confirm(&case, &street.officers[0], PINS[0]).unwrap();
    assert_eq!(
        street.phone.act(&case, &void(own)).unwrap_err().code,
        "void_not_confirmed",
        "not the other one"
    );
    let theirs = street.phone.confirm(&case, &street.officers[1], PINS[1]).unwrap();
    street.phone.act(&case, &void(theirs)).unwrap();
    let numbers = street.phone.numbers().unwrap();
    assert!(numbers.iter().any(|n| n.series == "penalty" && n.void == 1), "{numbers:?}");
}

#[test]
fn a_newer_apps_file_is_read_and_still_reaches_hq() {
    let mut street = Street::new();
    let case = decided(&street, "c-1");
    let nowhere = open_phone(&street.folder.path().join("nowhere"), &street.clock);
    drop(std::mem::replace(&mut street.phone, nowhere));
    let conn = rusqlite::Connection::open(street.folder.path().join("phone/journal.db")).unwrap();
    conn.pragma_update(None, "key", format!("x'{}'", "09".repeat(32))).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);

    street.phone = open_phone(street.folder.path(), &street.clock);
    assert!(street.phone.case(&case).unwrap().record().is_some(), "read");
    let refused = street.phone.sign_in(&street.officers[0], PINS[0]).unwrap_err();
    assert_eq!(refused.code, "newer_file");
    let report = street.sync();
    assert!(report.done, "{report:?}");
    assert!(report.receipts > 0 && report.blobs > 0, "{report:?}");
    street.hq.settle().unwrap();
    let replay = street.hq.replay_report().unwrap();
    assert_eq!((replay.replayed, replay.mismatches), (1, 0));
    assert!(street.sync().done, "again: nothing is sent twice, nothing fails");
}

#[test]
fn numbers_of_the_next_year_come_in_december_and_low_water_is_told() {
    let street = Street::new();
    let december = NaiveDate::from_ymd_opt(2026, 12, 10).unwrap().and_hms_opt(9, 0, 0).unwrap();
    street.clock.pass(ms(december) - ms(evening()));
    let missing = |street: &Street| {
        street.phone.readiness().unwrap().iter().any(|r| r.what == "numbers_next_year" && !r.ok)
    };
    assert!(missing(&street));
    assert!(street.sync().done);
    assert!(!missing(&street));
    let numbers = street.phone.numbers().unwrap();
    assert!(
        numbers.iter().any(|n| n.year == 2027 && n.series == "penalty" && n.free > 0 && !n.low),
        "{numbers:?}"
    );
}

/// The same day of birth, another serial: GB 11643's check digit is computed.
fn other_id() -> String {
    let digits = "11010519491231004";
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.chars().zip(weights).map(|(d, w)| d.to_digit(10).unwrap() * w).sum();
    format!("{digits}{}", ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][sum as usize % 11])
}

fn looked(phone: &FieldOffice, case: &str, party: Party) -> Looked {
    let place = Place {
        address: "东城街道东纵路90号".into(),
        lat_e7: None,
        lon_e7: None,
        accuracy_cm: None,
        source: "typed".into(),
        branch: BRANCH.into(),
    };
    let case = phone.open_case_as(&CaseId(case.into()), Source::Patrol, place, false, None).unwrap();
    phone.act(&case, &Command::IdentifyParty(Box::new(party))).unwrap();
    let act = Command::ChooseOffence {
        offence: "stall".into(),
        act_at: evening(),
        fact_text: Private::new("摆设摊点经营"),
    };
    phone.act(&case, &act).unwrap();
    phone.history(&case).unwrap()
}

#[test]
fn a_corrected_identity_moves_search_history_and_hqs_lists_to_the_right_person() {
    let street = Street::new();
    let head = Officer {
        id: OfficerId("o-9".into()),
        name: "赵局".into(),
        certificate: "19S00001".into(),
        kind: OfficerKind::Certified,
        valid_from: NaiveDate::from_ymd_opt(2024, 1, 1).unwrap(),
        valid_to: NaiveDate::from_ymd_opt(2029, 1, 1).unwrap(),
        branch: BRANCH.into(),
        pin_verifier: String::new(),
        powers: vec![Power::Head],
    };
    let mut roster = street.phone.roster().unwrap().officers.clone();
    roster.push(head);
    street.hq.publish_roster(BRANCH, &roster).unwrap();
    street.sync();
    let case = decided(&street, "c-1");
    let profile = Profile::named("generic-58-gbk").unwrap();
    street.phone.print_at(&case, None, &street.printer_address(), &profile).unwrap();
    let signing = Signing {
        role: SignerRole::Party,
        act: SigningAct::Ink,
        name: Default::default(),
        reason: Default::default(),
        evidence: None,
    };
    street.act(&case, Command::Serve { how: ServiceWay::HandedOver, signing });
    assert!(street.sync().done);
    street.hq.settle().unwrap();

    let right = other_id();
    let by = OfficerId("o-9".into());
    let mut child = person("张三", &right);
    (child.id_number, child.born) = (Private::default(), NaiveDate::from_ymd_opt(2016, 1, 1));
    child.identity = Identity::Declared;
    let correct = |party: Party| Command::Correct {
        what: "当事人身份证件号码更正".into(),
        by: by.clone(),
        party: Some(Box::new(party)),
    };
    let refused = street.phone.act(&case, &correct(child)).unwrap_err();
    assert_eq!(refused.code, "correction_changes_party", "another age is another decision");
    street.act(&case, correct(person("张三", &right)));

    let found = |id: &str| street.phone.look_up("复查", KeyKind::PartyId, id, 9).unwrap().len();
    assert_eq!((found(&right), found(ID)), (1, 0), "search follows");
    assert_eq!(
        looked(&street.phone, "c-2", person("张三", &right)).history.earlier,
        Some(true),
        "so does this phone"
    );

    // Another phone of the branch, from HQ's lists alone.
    assert!(street.sync().done);
    street.hq.settle().unwrap();
    // HQ sends a list that changed once it is calm, not at every find.
    street.clock.pass(120_000);
    let folder = street.folder.path().join("second");
    std::fs::create_dir_all(&folder).unwrap();
    let phone = open_phone(&folder, &street.clock);
    let ticket = street.hq.ticket(&street.server.url, BRANCH).unwrap().text().unwrap();
    let transport = HttpTransport::new(&Ticket::parse(&ticket).unwrap()).unwrap();
    phone.enrol(&ticket, &transport).unwrap();
    assert!(phone.sync_now(&phone.transport().unwrap(), &()).unwrap().done);
    for (officer, pin) in street.officers.iter().zip(PINS) {
        phone.sign_in(officer, pin).unwrap();
    }
    phone.set_crew(&street.officers[0], &street.officers[1], &[]).unwrap();
    let right = looked(&phone, "d-1", person("张三", &right)).references;
    assert!(right.iter().any(|r| r.starts_with("c-1/")), "{right:?}");
    let wrong = looked(&phone, "d-2", person("张三", ID)).references;
    assert_eq!(wrong, ["hq-77"], "nothing is left of the wrong person's find");
}

#[test]
fn a_crew_attaches_its_own_order_of_the_same_evening_before_hq_has_heard_of_it() {
    let street = Street::new();
    let phone = &street.phone;
    let loud = |id: &str, words: &str| {
        let case = street.open(id);
        street.act(&case, Command::ShowCertificates);
        let photo = Taken::Bytes(format!("jpeg of {id}").into_bytes());
        phone.capture(Some(&case), &photo, &Shot::photo(Stage::Fact, "喇叭")).unwrap();
        street.act(&case, Command::IdentifyParty(Box::new(person("张三", ID))));
        let choose = Command::ChooseOffence {
            offence: "loudspeaker".into(),
            act_at: evening(),
            fact_text: Private::new(words),
        };
        street.act(&case, choose);
        case
    };
    let first = loud("c-1", "用高音喇叭招揽顾客");
    for (name, value) in [
        ("loudspeaker", true),
        ("sensitive_area", true),
        ("emergency_use", false),
        ("commercial", false),
        ("night", false),
    ] {
        let value = Value::Bool(value);
        street.act(&first, Command::AnswerFact { name: name.into(), value, source: FactSource::Officer });
    }
    phone.history(&first).unwrap();
    assert_eq!(phone.propose(&first, None).unwrap().outcome, Outcome::Order);
    let number = phone.decide(&first, None, None, &street.both(&first)).unwrap().number;
    let second = loud("c-2", "仍在使用高音喇叭");
    assert!(phone.attach_order(&second, &number).is_err(), "not signed yet: it is no order");
    phone.issue(&first).unwrap();
    let profile = Profile::named("generic-58-gbk").unwrap();
    let link = open_link(&street.printer_address()).unwrap();
    assert_eq!(phone.print(&first, None, link, &profile).unwrap().result, PrintState::Printed);
    let signing = Signing {
        role: SignerRole::Party,
        act: SigningAct::Ink,
        name: Private::default(),
        reason: Private::default(),
        evidence: None,
    };
    street.act(&first, Command::Serve { how: ServiceWay::HandedOver, signing });

    assert!(phone.open_orders().unwrap().is_empty(), "HQ knows nothing of it");
    let attached = phone.attach_order(&second, &number).unwrap();
    assert!(attached.served, "{attached:?}");
    assert_eq!(attached.rechecked, None);
    assert!(phone.attach_order(&second, "no such number").is_err());
    // Heard of, it is the same order.
    street.sync();
    street.hq.settle().unwrap();
    street.sync();
    assert_eq!(phone.open_orders().unwrap().len(), 1);
    assert_eq!(phone.attach_order(&second, &number).unwrap(), attached);
}

#[test]
fn hqs_new_signing_key_reaches_the_phone_and_the_old_one_is_worth_nothing_afterwards() {
    let street = Street::new();
    let keys = || street.phone.identity().unwrap().enrolled.hq_keys;
    let old = keys();
    let id = street.hq.rotate_key().unwrap();
    assert!(street.sync().done, "told with the old key");
    assert_eq!(keys()[0].id(), id);
    street.clock.pass(60_000);
    assert!(street.sync().done, "signed with the new one");
    street.hq.retire_old_keys(false).unwrap();
    street.clock.pass(60_000);
    assert!(street.sync().done);
    assert!(!keys().contains(&old[0]) && keys().len() == 1);
    let case = decided(&street, "c-1");
    assert!(street.sync().done);
    assert!(street.phone.case(&case).unwrap().filed().is_some(), "receipts of the new key count");
}
