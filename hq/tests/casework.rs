//! Cases through the real guards: replayed at HQ, looked up by the person who holds the slip, paid, reviewed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use ezhifa_casework::{
    command::Command,
    event::{ConfirmWay, Confirmation},
    law::{facts::Value, terms::Outcome},
    people::{Crew, OfficerId},
};
use ezhifa_hq::{
    desk::payments::{NewPayment, PaymentState},
    page::{Page, Standing},
};
use ezhifa_wire::seal::hash::sha256;
use support::{
    House, Phone, house,
    street::{Done, Script, Street, street, street_of_an_organ},
};

const DOG: &[(&str, Value)] = &[
    ("dog_waste", Value::Bool(true)),
    ("cleaned_at_once", Value::Bool(false)),
    ("items", Value::Int(1)),
    ("minor", Value::Bool(false)),
    ("harm", Value::Unknown),
    ("corrected", Value::Bool(false)),
];

fn facts(harm: &str, corrected: bool) -> Vec<(&'static str, Value)> {
    DOG.iter()
        .map(|(n, v)| match *n {
            "harm" => (*n, Value::Choice(harm.into())),
            "corrected" => (*n, Value::Bool(corrected)),
            _ => (*n, v.clone()),
        })
        .collect()
}

fn ready() -> (House, Street, Phone) {
    ready_with(street())
}

fn ready_with(street: Street) -> (House, Street, Phone) {
    let house = house(false);
    for files in &street.files {
        house.hq.publish_rulebook(files).unwrap();
    }
    house.hq.publish_roster("dongcheng", &street.roster.officers).unwrap();
    let calendar =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../rulebooks/calendar/2024-2026.toml"))
            .unwrap();
    house.hq.publish_calendar(&calendar).unwrap();
    let phone = Phone::enrolled(&house, 1);
    for series in ["penalty", "no_penalty", "order"] {
        phone.block(&phone.lease(&format!("r-{series}"), series, 20));
    }
    (house, street, phone)
}

fn fine(street: &mut Street, phone: &mut Phone, id: &str, seq: u64) -> Done {
    let facts = facts("slight", false);
    street.run(
        phone,
        &Script {
            id,
            offence: "dog-waste",
            id_number: "44190019780921215X",
            facts: &facts,
            earlier: Some(true),
            choice: Some((None, "within_tier")),
            seq,
            serve: true,
            lat_e7: 230_270_000,
        },
    )
}

fn waive(street: &mut Street, phone: &mut Phone, id: &str, seq: u64, id_number: &str) -> Done {
    let facts = facts("slight", true);
    street.run(
        phone,
        &Script {
            id,
            offence: "dog-waste",
            id_number,
            facts: &facts,
            earlier: Some(false),
            choice: Some((None, "first_offence_corrected")),
            seq,
            serve: true,
            lat_e7: 230_370_000,
        },
    )
}

#[test]
fn every_decision_is_recomputed_to_the_letter_and_the_phone_hears_of_it() {
    let (house, mut street, mut phone) = ready();
    let done = fine(&mut street, &mut phone, "c-1", 1);
    phone.receipt(&phone.push(0));
    let report = house.hq.replay_report().unwrap();
    assert_eq!((report.replayed, report.mismatches, report.quarantined), (1, 0, 0));
    assert_eq!(house.hq.alarms().unwrap(), []);
    let page = phone.feed("", 0);
    let verdict = page.items.iter().find(|i| i.kind == "verdict").unwrap();
    assert_eq!(verdict.body["finding"], "filed");
    assert_eq!(verdict.body["number"], done.number.as_str());
    let ledger = house.hq.ledger().unwrap();
    assert_eq!(ledger.foreign, Vec::<String>::new());
    assert_eq!(ledger.blocks.iter().map(|l| l.used).sum::<u64>(), 1);
}

#[test]
fn a_decision_that_the_law_does_not_give_raises_an_alarm_and_a_review() {
    let (house, mut street, mut phone) = ready();
    fine(&mut street, &mut phone, "c-1", 1);
    // A phone with altered software: the same journal, another amount, sealed afresh.
    let bodies: Vec<String> = phone.journal.iter().map(|e| e.body.clone().unwrap()).collect();
    phone.journal.clear();
    phone.head = ezhifa_wire::seal::entry::Head::start(phone.device.clone(), phone.head.epoch);
    for body in bodies {
        let mut event: serde_json::Value = serde_json::from_str(&body).unwrap();
        if event["event"]["kind"] == "decided" {
            event["event"]["record"]["decision"]["amount"] = 19_900.into();
        }
        phone.write("case", &event.to_string());
    }
    phone.receipt(&phone.push(0));
    let report = house.hq.replay_report().unwrap();
    assert_eq!((report.replayed, report.mismatches), (1, 1));
    assert!(house.hq.alarms().unwrap().iter().any(|a| a.kind == "replay_differs"));
    let review = house.hq.reviews(true).unwrap().into_iter().find(|r| r.kind == "replay_differs").unwrap();
    assert!(review.hq_says.contains("amount"));
    house.hq.close_review(&review.id, "supervisor", "设备软件被改动，撤销").unwrap();
    let page = phone.feed("", 0);
    assert!(page.items.iter().any(|i| i.body["finding"] == "review_closed"), "the verdict travels back");
}

#[test]
fn invariant_05_a_first_offence_that_hq_knows_better_opens_a_review_and_changes_nothing() {
    let (house, mut street, mut phone) = ready();
    let mut other = Phone::enrolled(&house, 2);
    other.block(&other.lease("r", "penalty", 20));
    // The fine of another crew arrives only after the waiver: order of arrival must not matter.
    let fined = fine(&mut street, &mut other, "c-1", 21);
    street.now += chrono::TimeDelta::days(2);
    house.now.fetch_add(2 * 86_400_000, std::sync::atomic::Ordering::SeqCst);
    (phone.at_ms, other.at_ms) = (phone.at_ms + 2 * 86_400_000, other.at_ms + 2 * 86_400_000);
    let waived = waive(&mut street, &mut phone, "c-2", 1, "44190019780921215x");
    phone.receipt(&phone.push(0));
    assert_eq!(house.hq.replay_report().unwrap().reviews_opened, 0);
    other.receipt(&other.push(0));
    house.hq.settle().unwrap();
    let reviews = house.hq.reviews(true).unwrap();
    assert_eq!(reviews.len(), 1);
    assert_eq!(
        (reviews[0].kind.as_str(), reviews[0].number.as_str(), reviews[0].other.as_str()),
        ("first_offence_hit", waived.number.as_str(), fined.number.as_str())
    );
    assert_eq!(house.hq.case_file("c-2").unwrap().standing().unwrap().outcome, Outcome::NoPenalty);
}

#[test]
fn invariant_20_two_crews_on_one_act_are_seen() {
    let (house, mut street, mut phone) = ready();
    fine(&mut street, &mut phone, "c-1", 1);
    fine(&mut street, &mut phone, "c-2", 2);
    phone.receipt(&phone.push(0));
    house.hq.settle().unwrap();
    assert!(house.hq.reviews(true).unwrap().iter().any(|r| r.kind == "same_act"));
}

#[test]
fn invariant_20_two_crews_on_one_act_under_two_provisions_are_seen() {
    let (house, mut street, mut phone) = ready();
    let mut other = Phone::enrolled(&house, 2);
    let fined = fine(&mut street, &mut phone, "c-1", 1);
    let litter = [
        ("littered", Value::Bool(true)),
        ("items", Value::Int(3)),
        ("minor", Value::Bool(false)),
        ("harm", Value::Choice("slight".into())),
        ("corrected", Value::Bool(false)),
    ];
    let mut litters = |phone: &mut Phone, id: &str, seq: u64, lat_e7: i64| {
        let script = Script {
            id,
            offence: "litter",
            id_number: "44190019780921215X",
            facts: &litter,
            earlier: Some(true),
            choice: Some((None, "within_tier")),
            seq,
            serve: true,
            lat_e7,
        };
        street.run(phone, &script)
    };
    // One crew that meets two acts at one place; another crew far away; another crew at the same place.
    litters(&mut phone, "c-2", 2, 230_270_000);
    litters(&mut other, "c-3", 21, 230_970_000);
    let second = litters(&mut other, "c-4", 22, 230_270_000);
    for phone in [&phone, &other] {
        phone.receipt(&phone.push(0));
    }
    house.hq.settle().unwrap();
    let reviews = house.hq.reviews(true).unwrap();
    let two: Vec<_> = reviews
        .iter()
        .filter(|r| r.kind == "same_act" && r.other == fined.number)
        .map(|r| &r.number)
        .collect();
    assert_eq!(two, [&second.number], "{reviews:?}");
}

#[test]
fn a_number_that_comes_twice_stays_with_the_first_and_a_person_hears_of_it() {
    let (house, mut street, mut phone) = ready();
    let mut other = Phone::enrolled(&house, 2);
    let first = fine(&mut street, &mut phone, "c-1", 1);
    phone.receipt(&phone.push(0));
    house.hq.settle().unwrap();
    // A phone of altered software: a number of the first one's block, and an entry in its case.
    street.now += chrono::TimeDelta::hours(3);
    house.pass(3 * 3_600_000);
    other.at_ms += 3 * 3_600_000;
    let second = fine(&mut street, &mut other, "c-2", 1);
    assert_eq!(second.number, first.number);
    let stray = fine(&mut street, &mut other, "c-3", 5);
    other.write("case", &phone.journal.last().unwrap().body.clone().unwrap());
    other.receipt(&other.push(0));
    house.hq.settle().unwrap();
    assert_eq!(house.hq.fine(&first.number).unwrap().case, "c-1", "what is paid is paid for the first");
    assert_eq!(
        house.hq.case_file("c-2").unwrap().standing().unwrap().number,
        first.number,
        "nothing is lost"
    );
    let alarm = |kind: &str, about: &str| {
        house.hq.alarms().unwrap().iter().any(|a| a.kind == kind && a.about == about)
    };
    assert!(alarm("number_twice", &first.number) && alarm("case_two_devices", "c-1"));
    assert!(!alarm("number_twice", &stray.number) && !alarm("case_two_devices", "c-2"));
    let reviews = house.hq.reviews(true).unwrap();
    let twice: Vec<_> = reviews.iter().filter(|r| r.kind == "number_twice").collect();
    assert_eq!(twice.len(), 1);
    assert_eq!((twice[0].case.as_str(), twice[0].other.as_str()), ("c-2", "c-1"));
    // Numbers of another phone's block show in the ledger, and once a day as an alarm.
    assert_eq!(house.hq.ledger().unwrap().elsewhere, [stray.number.as_str()]);
    house.pass(86_400_000);
    phone.at_ms = house.hq.now_ms();
    let from = phone.journal.len();
    phone.write("note", "{}");
    phone.receipt(&phone.push(from));
    let waits = std::time::Instant::now();
    while !alarm("number_elsewhere", &stray.number) {
        assert!(waits.elapsed().as_secs() < 30, "the daily look has not come");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_new_way_to_write_numbers_leaves_the_old_ones_explained() {
    let (house, mut street, mut phone) = ready();
    let old = fine(&mut street, &mut phone, "c-1", 1);
    let mut files = street.files[1].clone();
    for (path, text) in &mut files {
        let words = String::from_utf8(text.clone()).unwrap();
        let words = words.replace("〔{yyyy}〕", "({yyyy})");
        let version = format!("version = {}", street.book.reference().version);
        let words = if path == "manifest.toml" { words.replace(&version, "version = 900") } else { words };
        *text = words.into_bytes();
    }
    house.hq.publish_rulebook(&files).unwrap();
    let national = ezhifa_casework::law::rulebook::Rulebook::load(&street.files[0], &[]).unwrap();
    street.book = ezhifa_casework::law::rulebook::Rulebook::load(&files, &[&national]).unwrap();
    let new = fine(&mut street, &mut phone, "c-2", 2);
    assert!(
        old.number.contains("〔2026〕") && new.number.contains("(2026)"),
        "{} {}",
        old.number,
        new.number
    );
    phone.receipt(&phone.push(0));
    let ledger = house.hq.ledger().unwrap();
    assert_eq!(ledger.foreign, Vec::<String>::new());
    assert_eq!(ledger.blocks.iter().map(|b| (b.used, b.unexplained.len())).max(), Some((2, 0)));
}

#[test]
fn the_slip_can_be_looked_up_by_anybody_and_says_nothing_about_the_party() {
    let (house, mut street, mut phone) = ready();
    let done = fine(&mut street, &mut phone, "c-1", 1);
    let code = done.code.text().rsplit('/').next().unwrap().to_owned();
    assert_eq!(
        house.hq.verification(&code).unwrap().standing,
        Standing::Sample,
        "a sample rulebook never looks real"
    );
    phone.receipt(&phone.push(0));
    house.hq.settle().unwrap();
    let answer = phone
        .agent
        .get(format!("{}/V/{code}", house.server.url))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    assert!(answer.contains("data-standing=\"sample\""));
    assert!(answer.contains(&done.number) && answer.contains(&done.code.check_code()));
    assert!(answer.contains("行政复议"), "what the person may do next");
    for personal in ["样例某", "44190019780921215", "样例路2号", "215X"] {
        assert!(!answer.contains(personal), "{personal}");
    }
    let mut forged = code.clone();
    let last = if forged.ends_with('A') { 'B' } else { 'A' };
    forged.replace_range(20..21, &last.to_string());
    let page = house.hq.verification(&forged).unwrap();
    assert_eq!(page.standing, Standing::NotOurs);
    assert!(page.facts.is_empty(), "a forged code is not repeated as if it were ours");
    assert_eq!(house.hq.verification("hello").unwrap().standing, Standing::NotOurs);
    keep_page("sample", &answer);
    keep_page("not-ours", &page.html());
}

#[test]
fn a_decision_made_while_its_offence_was_suspended_opens_a_review_even_when_it_arrives_late() {
    let (house, mut street, mut phone) = ready();
    house.hq.suspend_offence("dog-waste", "裁量基准修订", true).unwrap();
    // The phone is offline and has not heard of it.
    let done = fine(&mut street, &mut phone, "c-1", 1);
    house.now.fetch_add(3_600_000, std::sync::atomic::Ordering::SeqCst);
    phone.at_ms += 3_600_000;
    house.hq.suspend_offence("dog-waste", "恢复", false).unwrap();
    phone.receipt(&phone.push(0));
    house.hq.settle().unwrap();
    let reviews = house.hq.reviews(true).unwrap();
    let review = reviews.iter().find(|r| r.kind == "suspended_offence").unwrap();
    assert_eq!((review.number.as_str(), review.hq_says.as_str()), (done.number.as_str(), "裁量基准修订"));
    assert_eq!(house.hq.case_file("c-1").unwrap().standing().unwrap().number, done.number, "nothing changes");
    // A decision after the suspension is like any other.
    street.now += chrono::TimeDelta::hours(2);
    let before = reviews.len();
    waive(&mut street, &mut phone, "c-2", 1, "441900199003121012");
    phone.at_ms = house.hq.now_ms();
    phone.receipt(&phone.push(0));
    house.hq.settle().unwrap();
    let after = house.hq.reviews(true).unwrap();
    assert_eq!(after.iter().filter(|r| r.kind == "suspended_offence").count(), 1, "{before}: {after:?}");
}

/// `tests/run pages` opens what is kept here in a real browser.
fn keep_page(name: &str, html: &str) {
    if let Ok(dir) = std::env::var("HQ_PAGES") {
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(format!("{dir}/{name}.html"), html).unwrap();
    }
}

#[test]
fn money_is_matched_once_and_the_rest_is_held() {
    let (house, mut street, mut phone) = ready();
    let done = fine(&mut street, &mut phone, "c-1", 1);
    phone.receipt(&phone.push(0));
    let pay = |reference: &str, number: &str, amount_fen| NewPayment {
        reference: reference.into(),
        number: Some(number.into()),
        pay_code: None,
        amount_fen,
        paid_ms: support::EVENING,
        receipt: "粤财123".into(),
        late_fee: false,
    };
    assert!(done.amount.0 > 0);
    assert_eq!(
        house.hq.post_payment(pay("f-0", &done.number, done.amount.0 + 1)).unwrap().state,
        PaymentState::Amount
    );
    assert_eq!(
        house.hq.post_payment(pay("f-1", &done.number, done.amount.0)).unwrap().state,
        PaymentState::Matched
    );
    assert_eq!(
        house.hq.post_payment(pay("f-1", &done.number, done.amount.0)).unwrap().state,
        PaymentState::Matched
    );
    assert_eq!(
        house.hq.post_payment(pay("f-2", &done.number, done.amount.0)).unwrap().state,
        PaymentState::Double
    );
    assert_eq!(house.hq.post_payment(pay("f-3", "没有的号", 100)).unwrap().state, PaymentState::Unknown);
    assert_eq!(house.hq.match_payments().unwrap().len(), 3);
    assert_eq!(phone.feed("", 0).items.iter().filter(|i| i.kind == "payment").count(), 1);
}

#[test]
fn invariant_19_figures_count_work_and_know_no_officer() {
    let (house, mut street, mut phone) = ready();
    fine(&mut street, &mut phone, "c-1", 1);
    let done = waive(&mut street, &mut phone, "c-2", 1, "441900199003121012");
    phone.receipt(&phone.push(0));
    for photo in &done.evidence {
        phone.blob_part(&sha256(photo), photo.len(), 0, photo).signed();
    }
    let all = house.hq.figures().unwrap().remove("").unwrap();
    assert_eq!((all.cases, all.decisions, all.no_penalty_permille), (2, 2, Some(500)));
    assert_eq!(all.evidence_complete, 1);
    assert!(all.median_open_to_served_s.unwrap() > 0);
    let text = serde_json::to_string(&all).unwrap();
    assert!(!text.contains("o-1") && !text.contains("amount"));
    assert_eq!(house.hq.evidence_missing(3).unwrap(), []);
    house.now.fetch_add(4 * 86_400_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(house.hq.evidence_missing(3).unwrap().len(), 1);
}

#[test]
fn the_page_does_not_vouch_for_papers_of_a_lost_phone() {
    let (house, mut street, mut phone) = ready_with(street_of_an_organ());
    let standing = |done: &Done| {
        house.hq.settle().unwrap();
        house.hq.verification(done.code.text().rsplit('/').next().unwrap()).unwrap()
    };
    let before = fine(&mut street, &mut phone, "c-1", 1);
    phone.receipt(&phone.push(0));
    let synced = phone.journal.len();
    // Stolen now; the thief goes on with the phone, and only then the crew reports it.
    let lost_ms = street.now.and_utc().timestamp_millis() - 8 * 3_600_000;
    street.now += chrono::TimeDelta::hours(1);
    phone.at_ms = lost_ms + 3_600_000;
    house.now.store(phone.at_ms, std::sync::atomic::Ordering::SeqCst);
    let thiefs = fine(&mut street, &mut phone, "c-2", 2);
    assert_eq!(standing(&thiefs).standing, Standing::NotYetArrived, "nobody knows yet");
    house.hq.withdraw_device(&phone.device.0, Some(lost_ms), true, false).unwrap();
    let page = standing(&thiefs);
    assert_eq!(page.standing, Standing::DeviceLost);
    assert!(page.next.iter().all(|s| s.title != "怎样缴款"), "nobody shall pay on it");
    keep_page("device-lost", &page.html());
    phone.receipt(&phone.push(synced));
    assert_eq!(standing(&thiefs).standing, Standing::DeviceLost, "also when it comes in: it is quarantined");
    assert_eq!(standing(&before).standing, Standing::Filed, "what HQ holds from before the loss stands");
    // A clock that is set back helps nobody: what HQ does not hold, it does not answer for.
    street.now -= chrono::TimeDelta::days(2);
    let dated_back = fine(&mut street, &mut phone, "c-3", 3);
    assert_eq!(standing(&dated_back).standing, Standing::DeviceLost);
}

#[test]
fn what_came_in_between_the_loss_and_its_report_goes_before_a_person() {
    let (house, mut street, mut phone) = ready();
    let later = |street: &mut Street, phone: &mut Phone, minutes: i64| {
        street.now += chrono::TimeDelta::minutes(minutes);
        phone.at_ms += minutes * 60_000;
        house.now.fetch_add(minutes * 60_000, std::sync::atomic::Ordering::SeqCst);
    };
    let honest = fine(&mut street, &mut phone, "c-1", 1);
    phone.receipt(&phone.push(0));
    let lost_ms = phone.at_ms + 60_000;
    later(&mut street, &mut phone, 5);
    let from = phone.journal.len();
    let thiefs = fine(&mut street, &mut phone, "c-2", 2);
    phone.receipt(&phone.push(from));
    house.hq.settle().unwrap();
    assert!(house.hq.reviews(true).unwrap().iter().all(|r| r.kind != "after_lost"));
    later(&mut street, &mut phone, 50);
    house.hq.withdraw_device(&phone.device.0, Some(lost_ms), false, false).unwrap();
    let reviews = house.hq.reviews(true).unwrap();
    let lost: Vec<_> = reviews.iter().filter(|r| r.kind == "after_lost").collect();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!((lost[0].case.as_str(), &lost[0].number), ("c-2", &thiefs.number));
    assert!(house.hq.alarms().unwrap().iter().any(|a| a.kind == "after_lost"));
    let stands = |case: &str| house.hq.case_file(case).unwrap().standing().map(|d| d.number.clone());
    assert_eq!(stands("c-1"), Some(honest.number));
    assert_eq!(stands("c-2"), Some(thiefs.number), "a person decides, not HQ");
    // The thief sets the clock back; the journal goes on behind what was written after the loss.
    let from = phone.journal.len();
    phone.at_ms = support::EVENING;
    fine(&mut street, &mut phone, "c-3", 3);
    let (at_ms, all) = (house.hq.now_ms(), phone.journal.len() - from);
    phone.at_ms = at_ms;
    assert_eq!(phone.receipt(&phone.push(from)).quarantined.len(), all);
    house.hq.settle().unwrap();
    assert!(house.hq.case_file("c-3").is_err());
}

#[test]
fn the_page_follows_the_paper_from_the_hand_over_to_its_end() {
    let (house, mut street, mut phone) = ready_with(street_of_an_organ());
    let code = |done: &Done| done.code.text().rsplit('/').next().unwrap().to_owned();
    let standing = |done: &Done| house.hq.verification(&code(done)).unwrap();

    let served = fine(&mut street, &mut phone, "c-1", 1);
    let early = standing(&served);
    assert_eq!(early.standing, Standing::NotYetArrived, "the paper is in a hand before the phone is online");
    assert!(early.next.iter().any(|s| s.title == "您的权利"), "rights do not wait for a network");
    keep_page("not-yet-arrived", &early.html());
    phone.receipt(&phone.push(0));
    house.hq.settle().unwrap();
    let filed = standing(&served);
    assert_eq!(filed.standing, Standing::Filed);
    let terms = filed.next.iter().find(|s| s.title == "期限").unwrap();
    assert!(terms.lines.iter().any(|l| l.starts_with("缴款截止：2026年10月")), "{terms:?}");
    keep_page("filed", &filed.html());
    keep_page("corrected", &Page { standing: Standing::Corrected, ..filed.clone() }.html());

    // Void before the hand-over: the number says so for ever.
    let facts = facts("slight", false);
    let mut spoilt = street.run(
        &mut phone,
        &Script {
            id: "c-2",
            offence: "dog-waste",
            id_number: "441900199003121012",
            facts: &facts,
            earlier: Some(true),
            choice: Some((None, "within_tier")),
            seq: 2,
            serve: false,
            lat_e7: 230_470_000,
        },
    );
    let from = phone.journal.len();
    let confirmation =
        Confirmation { officer: OfficerId("o-2".into()), how: ConfirmWay::Pin, at: street.now };
    let void = Command::Void { reason: "typing_error".into(), confirmation };
    street.step(&mut phone, &mut spoilt.case, Some(true), 2, void);
    phone.receipt(&phone.push(0));
    assert!(from < phone.journal.len());
    house.hq.settle().unwrap();
    let page = standing(&spoilt);
    assert_eq!(page.standing, Standing::Voided);
    assert!(page.next.is_empty(), "nothing is asked of the person");
    keep_page("voided", &page.html());
    let ledger = house.hq.ledger().unwrap();
    let penalty = ledger.blocks.iter().find(|b| b.series == "penalty").unwrap();
    assert_eq!((penalty.used, penalty.void, penalty.unexplained.len()), (1, 1, 0));

    // 撤销 by the head after service.
    let mut case = served.case;
    street.crew = Crew { lead: OfficerId("o-1".into()), second: OfficerId("o-2".into()), with: vec![] };
    let revoke = Command::Revoke { reason: "事实不清".into(), by: OfficerId("o-9".into()) };
    street.step(&mut phone, &mut case, Some(true), 3, revoke);
    phone.receipt(&phone.push(from));
    house.hq.settle().unwrap();
    let page = house.hq.verification(served.code.text().rsplit('/').next().unwrap()).unwrap();
    assert_eq!(page.standing, Standing::Revoked);
    assert!(page.next.iter().all(|s| s.title != "怎样缴款"), "nobody shall pay on a revoked decision");
    keep_page("revoked", &page.html());
    let mut anew = Page { standing: Standing::Superseded, next: vec![], ..page.clone() };
    anew.facts.push(("新文书编号".into(), spoilt.number.clone()));
    keep_page("superseded", &anew.html());
    keep_page("later", &ezhifa_hq::page::later(Some(3)));
    let answer = phone
        .agent
        .get(format!("{}/V/{}", house.server.url, served.code.text().rsplit('/').next().unwrap()))
        .call()
        .unwrap();
    let headers: std::collections::BTreeMap<&str, &str> =
        answer.headers().iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
    assert!(headers["content-security-policy"].contains("default-src 'none'"));
    if let Ok(dir) = std::env::var("HQ_PAGES") {
        let keep = ["content-security-policy", "referrer-policy", "x-content-type-options"];
        let kept: std::collections::BTreeMap<_, _> =
            headers.iter().filter(|(n, _)| keep.contains(n)).collect();
        std::fs::write(format!("{dir}/headers.json"), serde_json::to_string(&kept).unwrap()).unwrap();
    }
    let paid = NewPayment {
        reference: "f-9".into(),
        number: Some(served.number),
        pay_code: None,
        amount_fen: served.amount.0,
        paid_ms: support::EVENING,
        receipt: "粤财9".into(),
        late_fee: false,
    };
    assert_eq!(house.hq.post_payment(paid).unwrap().state, PaymentState::NotOwed);
}
