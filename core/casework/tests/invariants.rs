//! The invariants of LAW.md 6.1 that this crate enforces, one test or more each (docs/invariants.md).
#![allow(
    clippy::field_reassign_with_default,
    clippy::result_large_err,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

mod common;

use chrono::{NaiveDate, TimeDelta};
use common::*;
use ezhifa_casework::{
    audit::breaches, case::Phase, command::Command, event::*, people::*, refusal::all_grounds,
};
use ezhifa_law::{facts::Value, money::Fen, terms::*};

fn propose() -> Command {
    Command::Propose { choice: None }
}

// --- 1: two certified officers, 亮证, 告知, 陈述申辩, evidence, law in force ---

#[test]
fn invariant_01_two_different_certified_officers_decide() {
    for (lead, second, code) in [
        ("a", "a", "crew_not_two"),
        ("a", "aux", "auxiliary_cannot_act"),
        ("aux", "b", "auxiliary_cannot_act"),
        ("a", "lapsed", "certificate_not_valid"),
        ("a", "stranger", "officer_not_on_roster"),
    ] {
        let mut street = Street::until_heard("fine");
        street.crew = crew(lead, second);
        let decide = street.decide();
        assert_eq!(street.refused(&decide), code, "{lead} and {second}");
    }
}

#[test]
fn invariant_01_certificate_validity_counts_on_the_day() {
    let mut street = Street::default();
    street.crew = crew("a", "lapsed");
    street.now = at(17, 20, 0);
    street.all(&[open(), Command::ShowCertificates]);
    street.now = at(18, 0, 1);
    assert_eq!(street.refused(&Command::ShowCertificates), "certificate_not_valid");
}

#[test]
fn invariant_01_no_decision_before_certificates_notice_statement_evidence() {
    let mut street = Street::default();
    street.all(&[open(), offence(), answer("end", Value::Choice("fine".into())), propose()]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "certificates_not_shown");
    assert_eq!(street.refused(&notice()), "certificates_not_shown");
    street.all(&[Command::ShowCertificates]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "no_evidence");
    street.all(&[photo("f1", Stage::Fact)]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "party_not_identified");
    street.all(&[Command::IdentifyParty(Box::new(vendor())), propose()]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "notice_not_given");
    assert_eq!(street.refused(&silent()), "notice_not_given");
    street.all(&[notice()]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "statement_not_heard");
    street.all(&[silent()]);
    let decide = street.decide();
    street.all(&[decide]);
    assert_eq!(street.case.phase(), Phase::Decided);
}

#[test]
fn invariant_01_a_correction_picture_alone_proves_no_fact() {
    let mut street = Street::default();
    street.all(&[
        open(),
        Command::ShowCertificates,
        photo("after", Stage::Corrected),
        offence(),
        answer("end", Value::Choice("order".into())),
        propose(),
    ]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "no_evidence");
}

#[test]
fn invariant_01_those_who_decide_gave_the_notice_and_heard_the_statement() {
    let mut street = Street::until_heard("fine");
    street.crew = crew("c", "d");
    street.all(&[Command::ShowCertificates]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "notice_by_another_crew");
    street.all(&[notice()]);
    street.crew = crew("a", "b");
    assert_eq!(street.refused(&silent()), "statement_heard_by_another_crew");
    // The same two, phone in the other hand, are the same crew.
    street.crew = crew("d", "c");
    street.all(&[silent()]);
    let decide = street.decide();
    street.all(&[decide]);
}

#[test]
fn invariant_01_each_officer_confirms_with_their_own_secret() {
    let mut street = Street::until_heard("fine");
    let Command::Decide { confirmations, .. } = street.decide() else { panic!() };
    let with =
        |confirmations: Vec<Confirmation>| Command::Decide { choice: None, order_due: None, confirmations };
    let twice = vec![confirmations[0].clone(), confirmations[0].clone()];
    assert_eq!(street.refused(&with(twice)), "not_confirmed_by_both");
    assert_eq!(street.refused(&with(vec![confirmations[0].clone()])), "not_confirmed_by_both");
    let mut early = confirmations.clone();
    early[1].at = at(18, 9, 0);
    assert_eq!(street.refused(&with(early)), "confirmed_before_proposal");
    street.all(&[with(confirmations)]);
}

#[test]
fn invariant_01_a_receiver_does_not_speak_for_the_shop() {
    let mut street = Street::until_facts("warning");
    street.all(&[Command::IdentifyParty(Box::new(shop())), propose(), notice()]);
    let says = |by| Command::HearStatement {
        statement: StatementKind::NotMade,
        by,
        words: Private::default(),
        review: String::new(),
        upheld: false,
    };
    assert_eq!(street.refused(&says(SignerRole::Receiver)), "speaker_is_not_the_party");
    assert_eq!(street.refused(&says(SignerRole::Party)), "speaker_is_not_the_party");
    street.all(&[says(SignerRole::LegalRepresentative)]);
}

#[test]
fn invariant_01_what_was_said_is_reviewed() {
    let mut street = Street::until_facts("fine");
    street.all(&[propose(), notice()]);
    let unreviewed = Command::HearStatement {
        statement: StatementKind::Made,
        by: SignerRole::Party,
        words: Private::new("我不知道"),
        review: " ".to_owned(),
        upheld: false,
    };
    assert_eq!(street.refused(&unreviewed), "statement_not_reviewed");
}

#[test]
fn invariant_01_an_open_recusal_stops_the_decision_and_nothing_else() {
    let mut street = Street::until_heard("fine");
    street.all(&[Command::AskRecusal { officer: officer("b") }, photo("f2", Stage::Fact)]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "recusal_open");
    let rule = |by: &str, granted| Command::RuleRecusal { officer: officer("b"), granted, by: officer(by) };
    assert_eq!(street.refused(&rule("c", false)), "not_head");
    street.all(&[rule("head", true)]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "officer_recused");
    // Another crew starts the hearing again.
    street.crew = crew("a", "c");
    street.all(&[Command::ShowCertificates, notice(), silent()]);
    let decide = street.decide();
    street.all(&[decide]);
}

#[test]
fn invariant_01_the_rulebook_is_asked_again_at_the_decision() {
    let mut street = Street::until_heard("fine");
    street.law.version = 2;
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "proposal_outdated");
    street.all(&[propose()]);
    let decide = street.decide();
    street.all(&[decide]);
    assert_eq!(street.case.record().unwrap().laws.at_decision.version, 2);
    // The same provision, facts and amount: the party was told just this. Another provision is told again.
    let mut street = Street::until_heard("fine");
    (street.law.version, street.law.amended) = (2, true);
    street.all(&[propose()]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "notice_outdated");
    // So is another amount of another pack, were it milder.
    let mut street = Street::until_heard("fine");
    street.law.version = 2;
    street.all(&[answer("yuan", Value::Int(30)), propose()]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "notice_outdated");
    street.all(&[notice(), silent()]);
    let decide = street.decide();
    street.all(&[decide]);
}

#[test]
fn invariant_01_the_notice_holds_who_was_told_of_what() {
    // Somebody else: told nothing, heard by nobody, taught nothing, looked up nowhere.
    let other =
        Party { name: Private::new("李大力"), id_number: Private::new("110105194912310054"), ..vendor() };
    let mut street = Street::until_heard("fine");
    let told = street.events.clone();
    street.all(&[Command::IdentifyParty(Box::new(other.clone())), propose()]);
    assert!(street.case.notice().is_none() && street.case.statement().is_none());
    assert!(street.case.history().is_none(), "the look-up was about the other person");
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "notice_not_given");
    street.all(&[notice(), silent()]);
    let decide = street.decide();
    street.all(&[decide]);
    assert_eq!(breaches(&street.events, &street.roster, &rules()), []);
    // HQ sees what a phone without that guard would push.
    let mut pushed = told.clone();
    let at = |event| CaseEvent { event, ..told.last().unwrap().clone() };
    pushed.push(at(Event::PartyIdentified { party: Box::new(other) }));
    pushed.push(street.events.last().unwrap().clone());
    assert!(breached(&pushed, 1), "the audit did not see that another person was told");
    // Another act, or the same in other words.
    for (hour, text) in [(17, "在人行道摆卖水果"), (18, "在车行道摆卖水果")] {
        let mut street = Street::until_heard("fine");
        street.all(&[
            Command::ChooseOffence {
                offence: "stall".to_owned(),
                act_at: at_hour(hour),
                fact_text: Private::new(text),
            },
            propose(),
        ]);
        let decide = street.decide();
        assert_eq!(street.refused(&decide), "notice_not_given", "{text}");
    }
    // The same person, better known: nothing is told again.
    let mut street = Street::until_facts("warning");
    let declared = Party {
        id_kind: IdKind::None,
        id_number: Private::default(),
        identity: Identity::Declared,
        ..vendor()
    };
    street.all(&[
        Command::IdentifyParty(Box::new(declared)),
        propose(),
        notice(),
        silent(),
        Command::IdentifyParty(Box::new(vendor())),
    ]);
    let decide = street.decide();
    street.all(&[decide]);
}

fn silent_guardian() -> Command {
    Command::HearStatement {
        statement: StatementKind::NotMade,
        by: SignerRole::Guardian,
        words: Private::default(),
        review: String::new(),
        upheld: false,
    }
}

/// 18:55 is the act of [`offence`].
fn at_hour(hour: u32) -> chrono::NaiveDateTime {
    at(18, hour, 55)
}

fn breached(events: &[CaseEvent], invariant: u8) -> bool {
    breaches(events, &roster(), &rules()).iter().any(|b| b.invariant == invariant)
}

#[test]
fn invariant_01_a_monitoring_lead_is_audited_by_a_person() {
    let mut street = Street::default();
    let source = Source::VideoLead { lead: "v-1".to_owned(), audited_by: String::new() };
    street.all(&[
        Command::Open { source, place: place(), drill: false, continues: None },
        Command::ShowCertificates,
        photo("f1", Stage::Fact),
        offence(),
        answer("end", Value::Choice("order".into())),
        propose(),
    ]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "monitoring_not_audited");
}

// --- 2: the gate ---

#[test]
fn invariant_02_fines_of_one_encounter_are_summed_before_the_gate() {
    for (yuan, before, passes) in [(200, 0, true), (201, 0, false), (120, 80, true), (120, 81, false)] {
        let mut street = Street::until_facts("fine");
        street.encounter_fines = Fen::yuan(before);
        street.all(&[answer("yuan", Value::Int(yuan)), propose(), notice(), silent()]);
        let decide = street.decide();
        assert_eq!(street.tell(&decide).is_ok(), passes, "{yuan} after {before}");
    }
}

#[test]
fn invariant_02_the_gate_goes_by_the_kind_of_party() {
    let mut street = Street::until_facts("fine");
    street.all(&[
        Command::IdentifyParty(Box::new(shop())),
        answer("yuan", Value::Int(3000)),
        propose(),
        notice(),
    ]);
    let by_boss = Command::HearStatement {
        statement: StatementKind::Waived,
        by: SignerRole::LegalRepresentative,
        words: Private::default(),
        review: String::new(),
        upheld: false,
    };
    street.all(&[by_boss]);
    let decide = street.decide();
    street.all(&[decide]);
    assert_eq!(street.case.record().unwrap().amount, Fen::yuan(3000));
}

#[test]
fn invariant_02_what_cannot_end_on_the_spot_goes_to_the_ordinary_procedure_with_its_material() {
    let mut street = Street::until_facts("ordinary");
    street.all(&[propose()]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "needs_ordinary_procedure");
    assert_eq!(street.refused(&notice()), "nothing_to_notify");
    street.all(&[Command::HandOver { to: Destination::Ordinary, reason: "事实有争议".to_owned() }]);
    assert_eq!(street.case.outcome(), Some(Outcome::OrdinaryProcedure));
    assert_eq!(street.case.evidence().len(), 1);
    assert!(street.case.party().is_some());
    let number = street.case.handed().unwrap().number.clone().unwrap();
    street.all(&[issue(SlipKind::Transfer, &number), Command::Close(CloseWay::Transferred)]);
}

// --- 3: age ---

#[test]
fn invariant_03_fourteen_begins_the_day_after_the_birthday() {
    let born = NaiveDate::from_ymd_opt(2012, 6, 18);
    let party = Party { born, ..child() };
    let day = |d| NaiveDate::from_ymd_opt(2026, 6, d).unwrap();
    assert!(party.is_child_at(day(17)));
    assert!(party.is_child_at(day(18)));
    assert!(!party.is_child_at(day(19)));
}

#[test]
fn invariant_03_the_birth_date_is_the_documents() {
    let mut street = Street::until_facts("fine");
    let silent_on_age = Party { born: None, ..vendor() };
    street.all(&[Command::IdentifyParty(Box::new(silent_on_age))]);
    assert_eq!(street.case.party().unwrap().born, NaiveDate::from_ymd_opt(1949, 12, 31));
    let younger = Party { born: NaiveDate::from_ymd_opt(2013, 1, 1), ..vendor() };
    assert_eq!(street.refused(&Command::IdentifyParty(Box::new(younger))), "born_differs_from_document");
}

#[test]
fn invariant_03_a_child_is_never_punished() {
    let mut street = Street::until_facts("fine");
    street.all(&[Command::IdentifyParty(Box::new(child())), propose()]);
    let told = street.case.proposal().unwrap().told();
    assert!(!told.outcome.is_penalty());
    let inquiry = street.case.inquiry(at(18, 19, 0), Fen::ZERO, None).unwrap();
    assert_eq!(inquiry.age_at_act, Some(12));
}

// --- 4: limbs ---

#[test]
fn invariant_04_a_mandatory_limb_takes_no_penalty() {
    for limb in ["A", "C", "D", "E"] {
        let mut street = Street::until_waiver(limb);
        let choice = Choice { outcome: Some(Outcome::Warning), amount: None, reason: "R1".to_owned() };
        assert_eq!(
            street.refused(&Command::Propose { choice: Some(choice) }),
            "law_leaves_no_choice",
            "{limb}"
        );
    }
}

#[test]
fn invariant_04_every_waiver_has_an_education_record() {
    for limb in ["C", "E"] {
        let mut street = Street::until_facts("no_penalty");
        street.all(&[answer("limb", Value::Choice(limb.into())), propose(), notice(), silent()]);
        let decide = street.decide();
        assert_eq!(street.refused(&decide), "not_educated");
        assert_eq!(street.refused(&Command::Educate { how: "  ".to_owned() }), "blank_text");
        let decide = {
            street.all(&[Command::Educate { how: "发放宣传单".to_owned() }]);
            street.decide()
        };
        street.all(&[decide]);
        assert_eq!(street.case.outcome(), Some(Outcome::NoPenalty));
    }
}

#[test]
fn invariant_04_limbs_a_and_b_need_proof_of_the_correction() {
    for limb in ["A", "B"] {
        let mut street = Street::until_facts("no_penalty");
        street.all(&[
            answer("limb", Value::Choice(limb.into())),
            Command::Educate { how: "讲解".to_owned() },
            propose(),
            notice(),
            silent(),
        ]);
        let decide = street.decide_with(Some(Choice::because("R2")));
        assert_eq!(street.refused(&decide), "correction_not_proved");
        // A picture of the violation is no picture of the correction.
        let wrong = Command::SeeCorrection { evidence: vec![hash("f1")] };
        assert_eq!(street.refused(&wrong), "no_after_picture");
        let none = Command::SeeCorrection { evidence: vec![hash("nowhere")] };
        assert_eq!(street.refused(&none), "unknown_evidence");
        street.all(&[
            photo("after", Stage::Corrected),
            Command::SeeCorrection { evidence: vec![hash("after")] },
        ]);
        let decide = street.decide_with(Some(Choice::because("R2")));
        street.all(&[decide]);
    }
}

#[test]
fn invariant_04_a_promise_only_postpones() {
    let mut street = Street::until_facts("no_penalty");
    street.all(&[
        answer("limb", Value::Choice("A".into())),
        Command::Educate { how: "讲解".to_owned() },
        Command::PromiseCorrection { until: at(19, 12, 0) },
        propose(),
        notice(),
        silent(),
    ]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "promise_pending");
    // The time has come, but nobody has seen a correction.
    street.now = at(19, 13, 0);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "correction_not_proved");
    let recheck = Command::Recheck { corrected: true, evidence: vec![hash("after")] };
    assert_eq!(street.refused(&recheck), "unknown_evidence");
    street.all(&[photo("after", Stage::Corrected), recheck]);
    let decide = street.decide();
    street.all(&[decide]);
}

#[test]
fn invariant_04_limb_b_needs_a_reason_either_way() {
    let mut street = Street::until_waiver("B");
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "limb_b_without_reason");
    let silent_fine = Choice { outcome: Some(Outcome::Fine), amount: None, reason: String::new() };
    assert_eq!(street.refused(&Command::Propose { choice: Some(silent_fine) }), "choice_without_reason");
    let decide = street.decide_with(Some(Choice::because("B-1 首次且配合")));
    street.all(&[decide]);
    assert_eq!(street.case.record().unwrap().reason_code.as_deref(), Some("B-1 首次且配合"));
}

#[test]
fn invariant_04_a_fine_instead_of_limb_b_is_told_before_it_is_decided() {
    let mut street = Street::until_waiver("B");
    let fine = Choice { outcome: Some(Outcome::Fine), amount: Some(Fen::yuan(80)), reason: "B-7".to_owned() };
    // The party was told of a waiver.
    let decide = street.decide_with(Some(fine.clone()));
    assert_eq!(street.refused(&decide), "notice_outdated");
    street.all(&[Command::Propose { choice: Some(fine) }]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "notice_outdated");
    street.all(&[notice(), silent()]);
    let decide = street.decide();
    street.all(&[decide]);
    let record = street.case.record().unwrap();
    assert_eq!((record.outcome, record.amount), (Outcome::Fine, Fen::yuan(80)));
    assert_eq!(record.series, Series::Penalty);
}

#[test]
fn invariant_04_limb_d_names_the_guardian() {
    let mut street = Street::until_waiver("D");
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "guardian_not_named");
}

// --- 5: history ---

#[test]
fn invariant_05_the_history_answer_and_its_age_stand_in_the_entries() {
    let mut street = Street::until_facts("order");
    street.history.earlier = None;
    street.history.stale = true;
    street.all(&[Command::AskHistory, propose()]);
    let inquiry = street.case.inquiry(at(18, 20, 0), Fen::ZERO, None).unwrap();
    assert_eq!(inquiry.history, street.history);
    let decide = street.decide();
    street.all(&[decide]);
    assert_eq!(street.case.record().unwrap().history_as_of, Some(at(18, 8, 0)));
    // Never asked is unknown and stale, never "no".
    let fresh = Street::default();
    let mut other = fresh;
    other.all(&[open(), offence()]);
    let never = other.case.inquiry(at(18, 20, 0), Fen::ZERO, None).unwrap().history;
    assert_eq!((never.earlier, never.stale), (None, true));
}

#[test]
fn invariant_05_after_the_decision_a_late_find_changes_nothing() {
    let mut street = Street::until_waiver("B");
    let decide = street.decide_with(Some(Choice::because("R")));
    street.all(&[decide]);
    street.history.earlier = Some(true);
    assert_eq!(street.refused(&Command::AskHistory), "already_decided");
    assert_eq!(street.refused(&propose()), "already_decided");
}

// --- 6: defence ---

#[test]
fn invariant_06_a_statement_never_makes_it_harsher() {
    let mut street = Street::until_facts("fine");
    street.all(&[answer("yuan", Value::Int(60)), propose(), notice(), speaks(false)]);
    street.all(&[answer("yuan", Value::Int(150)), propose()]);
    assert_eq!(street.case.proposal().unwrap().told().amount, Fen::yuan(60));
    let decide = street.decide();
    street.all(&[decide]);
    assert_eq!(street.case.record().unwrap().amount, Fen::yuan(60));
}

#[test]
fn invariant_06_a_law_that_forgets_the_cap_is_held_back() {
    let mut street = Street::until_facts("warning");
    street.law.rogue = true;
    street.all(&[propose(), notice(), speaks(false)]);
    street.all(&[answer("end", Value::Choice("fine".into()))]);
    assert_eq!(street.refused(&propose()), "harsher_after_defence");
}

#[test]
fn invariant_06_an_upheld_statement_is_followed_by_a_new_proposal() {
    let mut street = Street::until_facts("fine");
    street.all(&[propose(), notice(), speaks(true)]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "proposal_outdated");
    street.all(&[answer("end", Value::Choice("warning".into())), propose()]);
    // Milder on the same provision: the notice and the hearing still hold.
    let decide = street.decide();
    street.all(&[decide]);
    assert_eq!(street.case.record().unwrap().outcome, Outcome::Warning);
}

#[test]
fn invariant_06_without_a_statement_something_harsher_needs_a_new_notice() {
    let mut street = Street::until_heard("warning");
    street.all(&[answer("end", Value::Choice("fine".into())), propose()]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "notice_outdated");
    street.all(&[notice(), silent()]);
    let decide = street.decide();
    street.all(&[decide]);
}

// --- 7: conditional fines ---

fn order(day: u32, due: chrono::NaiveDateTime) -> ezhifa_law::decision::PriorOrder {
    ezhifa_law::decision::PriorOrder {
        number: "责改-7".to_owned(),
        ordered_on: NaiveDate::from_ymd_opt(2026, 6, day).unwrap(),
        due,
        served: true,
        rechecked: None,
        corrected: None,
        refused: false,
        offence: "stall".to_owned(),
    }
}

fn attach(order: ezhifa_law::decision::PriorOrder, by: &[&str]) -> Command {
    Command::AttachPriorOrder {
        order,
        ordered_by: by.iter().map(|o| officer(o)).collect(),
        same_party: Some(true),
    }
}

#[test]
fn invariant_07_an_order_to_somebody_else_or_on_something_else_carries_no_fine() {
    let mut street = Street::until_facts("fine");
    let other =
        |order, same_party| Command::AttachPriorOrder { order, ordered_by: vec![officer("c")], same_party };
    assert_eq!(street.refused(&other(order(10, at(12, 12, 0)), Some(false))), "order_of_another_party");
    let horn = ezhifa_law::decision::PriorOrder { offence: "horn".to_owned(), ..order(10, at(12, 12, 0)) };
    assert_eq!(street.refused(&other(horn, Some(true))), "order_on_another_offence");
    // Attached for one, decided on another.
    street.all(&[
        attach(order(10, at(12, 12, 0)), &["c", "d"]),
        Command::Recheck { corrected: false, evidence: vec![hash("f1")] },
        Command::IdentifyParty(Box::new(Party {
            name: Private::new("李大力"),
            id_number: Private::new("110105194912310054"),
            ..vendor()
        })),
    ]);
    let decide = hear(&mut street);
    assert_eq!(street.refused(&decide), "order_of_another_party");
    // HQ sees what a phone without that guard would push.
    let mut fine = Street::until_printed("fine");
    assert!(!breached(&fine.events, 7));
    let first = fine.events[0].clone();
    let attached = Event::PriorOrderAttached {
        order: ezhifa_law::decision::PriorOrder { refused: true, ..order(10, at(12, 12, 0)) },
        ordered_by: vec![],
    };
    let somebody = Event::PartyIdentified { party: Box::new(shop()) };
    for (at, event) in [(1, somebody), (2, attached)] {
        fine.events.insert(at, CaseEvent { event, ..first.clone() });
    }
    assert!(breached(&fine.events, 7), "the audit did not see whose order it was");
}

fn hear(street: &mut Street) -> Command {
    street.all(&[propose(), notice(), silent()]);
    street.decide()
}

#[test]
fn invariant_07_a_fine_on_an_order_needs_its_recheck() {
    let mut street = Street::until_facts("fine");
    street.all(&[attach(order(10, at(12, 12, 0)), &["c", "d"])]);
    let decide = hear(&mut street);
    assert_eq!(street.refused(&decide), "order_not_rechecked");
    street.all(&[Command::Recheck { corrected: false, evidence: vec![hash("f1")] }]);
    let decide = hear(&mut street);
    street.all(&[decide]);
}

#[test]
fn invariant_07_an_order_that_is_not_due_or_not_served_carries_no_fine() {
    let mut street = Street::until_facts("fine");
    street.all(&[attach(order(17, at(20, 12, 0)), &["c", "d"])]);
    let failed = Command::Recheck { corrected: false, evidence: Vec::new() };
    assert_eq!(street.refused(&failed), "order_not_due");
    let mut unserved = order(10, at(12, 12, 0));
    unserved.served = false;
    street.all(&[attach(unserved, &["c", "d"])]);
    assert_eq!(street.refused(&failed), "order_not_served");
    let decide = hear(&mut street);
    assert_eq!(street.refused(&decide), "order_not_served");
    // A refusal to correct needs no waiting.
    let mut refused = order(17, at(20, 12, 0));
    refused.refused = true;
    street.all(&[attach(refused, &["c", "d"])]);
    let decide = hear(&mut street);
    street.all(&[decide]);
}

#[test]
fn invariant_07_an_order_complied_with_is_not_punished() {
    let mut street = Street::until_facts("fine");
    street.all(&[
        attach(order(10, at(12, 12, 0)), &["c", "d"]),
        photo("after", Stage::Corrected),
        Command::Recheck { corrected: true, evidence: vec![hash("after")] },
    ]);
    let decide = hear(&mut street);
    assert_eq!(street.refused(&decide), "order_complied_with");
}

#[test]
fn invariant_07_another_crew_on_another_day_where_the_rulebook_says_so() {
    let failed = Command::Recheck { corrected: false, evidence: Vec::new() };
    let mut street = Street::until_facts("fine");
    street.all(&[attach(order(10, at(12, 12, 0)), &["b", "d"])]);
    assert_eq!(street.refused(&failed), "recheck_by_same_crew");
    street.all(&[attach(order(18, at(18, 12, 0)), &["c", "d"])]);
    assert_eq!(street.refused(&failed), "recheck_on_same_day");
    street.law.rules.recheck_other_crew = false;
    street.law.rules.recheck_other_day = false;
    street.all(&[attach(order(18, at(18, 12, 0)), &["a", "b"]), failed]);
}

// --- 8: append-only, void, 补正, 撤销 ---

#[test]
fn invariant_08_a_decided_case_takes_no_more_facts() {
    let mut street = Street::until_served("fine");
    for command in [
        Command::IdentifyParty(Box::new(shop())),
        offence(),
        answer("yuan", Value::Int(1)),
        propose(),
        notice(),
        silent(),
    ] {
        assert_eq!(street.refused(&command), "already_decided");
    }
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "already_decided");
}

#[test]
fn invariant_08_void_ends_at_the_hand_over() {
    let confirmation = |street: &Street, who: &str| Confirmation {
        officer: officer(who),
        how: ConfirmWay::Pin,
        at: street.now,
    };
    let mut street = Street::until_printed("fine");
    let void = |reason: &str, confirmation| Command::Void { reason: reason.to_owned(), confirmation };
    let own = confirmation(&street, "a");
    assert_eq!(street.refused(&void("写错", own)), "void_not_confirmed");
    let blank = confirmation(&street, "b");
    assert_eq!(street.refused(&void(" ", blank)), "blank_text");
    let leave = std::mem::take(&mut street.roster.officers[0].powers);
    let nobody = confirmation(&street, "b");
    assert_eq!(street.refused(&void("写错", nobody)), "void_not_allowed");
    street.roster.officers[0].powers = leave;
    let good = confirmation(&street, "b");
    street.all(&[void("写错", good)]);
    assert_eq!(street.case.ended().len(), 1);
    assert!(street.case.record().is_none());
    // Made again under a new number; the old one stays explained.
    street.all(&[propose()]);
    let used = street.used;
    let spent = &street.case.ended()[0].record.number;
    street.used = spent.rsplit('-').next().unwrap().parse().unwrap();
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "number_used");
    street.used = used;
    let decide = street.decide();
    street.all(&[decide]);
    street.issue_and_print();
    assert_ne!(street.case.ended()[0].record.number, street.case.record().unwrap().number);
    street.all(&[serve()]);
    let late = confirmation(&street, "b");
    assert_eq!(street.refused(&void("写错", late)), "already_handed_over");
}

#[test]
fn invariant_08_a_refused_paper_was_handed_over() {
    let mut street = Street::until_printed("fine");
    street.all(&[photo("film", Stage::Service), Command::RefuseTaking(refusal_to_take("film"))]);
    let gone = Command::Undeliver { reason: "走了".to_owned() };
    assert_eq!(street.refused(&gone), "already_handed_over");
}

#[test]
fn invariant_08_only_the_head_corrects_or_revokes_and_only_what_was_served() {
    let correct =
        |by: &str| Command::Correct { what: "地址门牌更正".to_owned(), by: officer(by), party: None };
    let mut street = Street::until_printed("fine");
    assert_eq!(street.refused(&correct("head")), "not_served_yet");
    street.all(&[serve()]);
    assert_eq!(street.refused(&correct("c")), "not_head");
    let before = street.case.record().cloned();
    street.all(&[correct("head")]);
    assert_eq!(street.case.record().cloned(), before, "补正 leaves the outcome as it is");
    let number = street.case.clerical_corrections()[0].1.clone().unwrap();
    street.all(&[issue(SlipKind::Correction, &number)]);
}

#[test]
fn invariant_08_a_correction_never_makes_another_party() {
    let mut street = Street::until_printed("fine");
    street.all(&[serve()]);
    let before = street.case.party().cloned().unwrap();
    let correct = |party: Party| Command::Correct {
        what: "当事人姓名更正".to_owned(),
        by: officer("head"),
        party: Some(Box::new(party)),
    };
    let less_sure = Party { identity: Identity::Declared, ..before.clone() };
    let other_kind = Party { kind: PartyKind::SoleTrader, ..before.clone() };
    for party in [less_sure, other_kind] {
        assert_eq!(street.refused(&correct(party)), "correction_changes_party");
    }
    let decision = street.case.record().cloned();
    street.all(&[correct(Party { name: Private::new("李四"), ..before })]);
    assert_eq!(street.case.party().unwrap().name.reveal(), "李四");
    assert_eq!(street.case.record().cloned(), decision, "补正 leaves the outcome as it is");
}

#[test]
fn invariant_08_after_a_revocation_a_new_notice_and_nothing_harsher_without_new_facts() {
    let mut street = Street::until_facts("fine");
    street.all(&[answer("yuan", Value::Int(60)), propose(), notice(), silent()]);
    let decide = street.decide();
    street.all(&[decide]);
    street.issue_and_print();
    street.all(&[serve(), pay(60, "P1")]);
    street.all(&[Command::Revoke { reason: "依据错误".to_owned(), by: officer("head") }]);
    assert!(street.case.notice().is_none(), "a new decision needs a new notice");
    assert_eq!(street.case.cap().map(|c| c.amount), Some(Fen::yuan(60)));
    assert_eq!(street.refused(&Command::Close(CloseWay::Withdrawn)), "close_refund_owed");
    let refund = |yuan| Command::Refund { amount: Fen::yuan(yuan), receipt: "R1".to_owned() };
    assert_eq!(street.refused(&refund(61)), "nothing_to_refund");
    street.all(&[refund(60), propose()]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "notice_not_given");
    // An answer to what nobody had asked makes nothing false that was known: the ceiling stays.
    street.all(&[answer("disputed", Value::Bool(false))]);
    assert_eq!(street.case.cap().map(|c| c.amount), Some(Fen::yuan(60)));
    street.all(&[answer("yuan", Value::Unknown)]);
    assert_eq!(street.case.cap().map(|c| c.amount), Some(Fen::yuan(60)), "not knowing is no new fact");
    // A new fact lifts it.
    street.all(&[answer("yuan", Value::Int(90)), propose()]);
    assert_eq!(street.case.proposal().unwrap().told().amount, Fen::yuan(90));
}

// --- 9: evidence freezes ---

#[test]
fn invariant_09_evidence_freezes_at_the_decision() {
    let mut street = Street::until_heard("fine");
    street.all(&[Command::AddEvidence(item("tomorrow", Stage::Fact, at(19, 1, 0)))]);
    let decide = street.decide();
    street.all(&[decide, photo("late", Stage::Fact)]);
    let record = street.case.record().unwrap();
    assert_eq!(record.evidence, [hash("f1")]);
    let late: Vec<_> = street.case.evidence().iter().filter(|h| h.after_decision).collect();
    assert_eq!(late.len(), 2, "both the late one and the one dated after the decision");
}

#[test]
fn invariant_09_evidence_is_never_refused() {
    let mut street = Street::default();
    street.crew = crew("aux", "aux");
    street.clock_trusted = false;
    street.filing_overdue = true;
    street.all(&[photo("before-anything", Stage::Fact)]);
    let mut closed = Street::until_served("warning");
    closed.all(&[Command::File(FilingWay::Receipt), Command::Close(CloseWay::Done)]);
    closed.all(&[photo("after-closing", Stage::Other)]);
}

// --- 10: numbers ---

#[test]
fn invariant_10_a_decision_takes_one_number_of_its_series() {
    let mut street = Street::until_heard("fine");
    street.numbers = false;
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "no_number");
    street.numbers = true;
    street.drill_numbers = true;
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "drill_number_mixed");
    street.drill_numbers = false;
    let decide = street.decide();
    street.all(&[decide]);
    let record = street.case.record().unwrap().clone();
    assert_eq!(record.series, Series::Penalty);
    assert_eq!(street.refused(&issue(SlipKind::Penalty, "另一号")), "paper_does_not_belong");
    assert_eq!(street.refused(&issue(SlipKind::NoPenalty, &record.number)), "paper_does_not_belong");
    street.all(&[issue(SlipKind::Penalty, &record.number)]);
    assert_eq!(street.refused(&issue(SlipKind::Penalty, &record.number)), "already_issued");
}

#[test]
fn invariant_10_a_reprint_keeps_its_number_and_counts() {
    let mut street = Street::until_heard("fine");
    let decide = street.decide();
    street.all(&[decide]);
    let number = street.case.record().unwrap().number.clone();
    assert_eq!(street.refused(&printed(&number, PrintState::Printed)), "paper_not_issued");
    let jam = PrintState::NotPrinted { reason: "paper_out".to_owned() };
    street.all(&[issue(SlipKind::Penalty, &number), printed(&number, jam)]);
    assert_eq!(street.case.slip(&number).unwrap().next_copy(), 0, "no paper came out");
    street.all(&[printed(&number, PrintState::Unknown)]);
    assert_eq!(street.refused(&printed(&number, PrintState::Printed)), "look_at_the_paper");
    assert_eq!(street.refused(&serve()), "not_printed");
    street.all(&[Command::ConfirmPrint { number: number.clone(), complete: false }]);
    assert_eq!(street.case.slip(&number).unwrap().next_copy(), 0);
    street.all(&[printed(&number, PrintState::Unknown)]);
    street.all(&[Command::ConfirmPrint { number: number.clone(), complete: true }]);
    assert_eq!(street.case.phase(), Phase::Printed);
    street.all(&[printed(&number, PrintState::Printed)]);
    assert_eq!(street.case.slip(&number).unwrap().prints.last().unwrap().copy, 1, "补打 1");
}

#[test]
fn invariant_10_a_party_gone_before_the_hand_over_leaves_the_number_undelivered() {
    let mut street = Street::until_printed("fine");
    street.all(&[Command::Undeliver { reason: "当事人离开".to_owned() }]);
    assert_eq!(street.case.phase(), Phase::HandedOver);
    assert_eq!(street.case.outcome(), Some(Outcome::OrdinaryProcedure));
    assert_eq!(street.case.ended()[0].by, ezhifa_casework::case::EndedBy::Undelivered);
}

// --- 11: money ---

#[test]
fn invariant_11_what_is_paid_is_what_was_decided() {
    let mut street = Street::until_printed("fine");
    assert_eq!(street.refused(&pay(50, "P1")), "pay_before_service");
    street.all(&[serve()]);
    assert_eq!(street.refused(&pay(51, "P1")), "wrong_amount");
    assert_eq!(street.refused(&pay(0, "P1")), "wrong_amount");
    street.all(&[pay(20, "P1")]);
    assert_eq!(street.refused(&pay(31, "P2")), "wrong_amount");
    street.all(&[pay(30, "P2")]);
    assert_eq!(street.case.balance_paid(), street.case.record().unwrap().amount);
    let mut waived = Street::until_waiver("A");
    let decide = waived.decide();
    waived.all(&[decide]);
    waived.issue_and_print();
    waived.all(&[serve()]);
    assert_eq!(waived.refused(&pay(1, "P1")), "no_fine_to_pay");
}

// --- 12: cash ---

#[test]
fn invariant_12_cash_only_on_a_lawful_ground_with_an_allotted_receipt() {
    let served = |yuan: i64| {
        let mut street = Street::until_facts("fine");
        street.all(&[answer("yuan", Value::Int(yuan)), propose(), notice(), silent()]);
        let decide = street.decide();
        street.all(&[decide]);
        street.issue_and_print();
        street.all(&[serve()]);
        street
    };
    let small = Some(CashGround::SmallFine);
    let mut street = served(100);
    assert_eq!(street.refused(&pay_cash(100, "GD100", None, "")), "cash_without_ground");
    assert_eq!(street.refused(&pay_cash(100, "GD110", small, "")), "cash_receipt_not_allotted");
    assert_eq!(street.refused(&pay_cash(100, "100", small, "")), "cash_receipt_not_allotted");
    assert_eq!(street.refused(&pay_cash(100, "", small, "")), "no_receipt");
    street.law.rules.cash = false;
    assert_eq!(street.refused(&pay_cash(100, "GD100", small, "")), "cash_not_taken_here");
    street.law.rules.cash = true;
    street.all(&[pay_cash(60, "GD100", small, "")]);
    assert_eq!(street.refused(&pay_cash(40, "GD100", small, "")), "cash_receipt_used");
    street.all(&[pay_cash(40, "GD101", small, "")]);

    let mut big = served(120);
    assert_eq!(big.refused(&pay_cash(20, "GD100", small, "")), "cash_above_limit");
    let hard = Some(CashGround::HardToEnforce);
    assert_eq!(big.refused(&pay_cash(120, "GD100", hard, " ")), "cash_without_reason");
    big.all(&[pay_cash(120, "GD100", hard, "流动摊贩，无固定住所")]);
}

#[test]
fn invariant_12_cash_is_handed_in_on_both_legs() {
    let mut street = Street::until_served("fine");
    street.all(&[pay_cash(50, "GD100", Some(CashGround::SmallFine), ""), Command::File(FilingWay::Receipt)]);
    let leg = |leg| Command::HandInCash { leg, receipt: "GD100".to_owned() };
    assert_eq!(street.refused(&Command::Close(CloseWay::Done)), "close_cash_not_handed_in");
    assert_eq!(street.refused(&leg(CashLeg::ToBank)), "no_such_cash");
    street.all(&[leg(CashLeg::ToOrgan)]);
    assert_eq!(street.refused(&leg(CashLeg::ToOrgan)), "no_such_cash");
    street.all(&[leg(CashLeg::ToBank), Command::Close(CloseWay::Done)]);
}

// --- 16, 17: filing and clock ---

#[test]
fn invariant_16_past_the_filing_limit_only_new_decisions_are_refused() {
    let mut street = Street::until_heard("fine");
    street.filing_overdue = true;
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "filing_overdue");
    street.all(&[photo("f2", Stage::Fact), Command::Advise { text: "请尽快收摊".to_owned() }]);
    let mut ordered = Street::until_facts("order");
    ordered.filing_overdue = true;
    ordered.all(&[propose()]);
    let decide = ordered.decide();
    ordered.all(&[decide]);
}

#[test]
fn invariant_16_a_decision_is_filed_once_and_before_closing() {
    let mut street = Street::until_served("warning");
    assert_eq!(street.refused(&Command::Close(CloseWay::Done)), "close_not_filed");
    let by_sheet = Command::File(FilingWay::PrintedSheet);
    assert_eq!(street.refused(&by_sheet), "filing_sheet_not_printed");
    street.all(&[Command::PreparePaper { slip: SlipKind::FilingSheet }]);
    let number = street.case.prepared().last().unwrap().1.clone();
    street.all(&[issue(SlipKind::FilingSheet, &number)]);
    assert_eq!(street.refused(&by_sheet), "filing_sheet_not_printed");
    street.all(&[printed(&number, PrintState::Printed), by_sheet]);
    assert_eq!(street.refused(&Command::File(FilingWay::Receipt)), "already_filed");
    street.all(&[Command::Close(CloseWay::Done)]);
}

#[test]
fn invariant_10_a_decision_written_by_hand_takes_a_number_of_its_own_series() {
    let mut street = Street::until_heard("fine");
    let heard = street.case.statement().unwrap().at;
    street.now += chrono::TimeDelta::minutes(10);
    let written = street.now;
    let photo = |name, at| Command::AddEvidence(item(name, Stage::Service, at));
    let refused = |street: &mut Street, written| {
        let key_in = street.key_in(written, "sheet");
        street.refused(&key_in)
    };
    assert_eq!(refused(&mut street, written), "hand_paper_not_photographed");
    street.all(&[photo("blank", written - chrono::TimeDelta::minutes(3))]);
    let blank = street.key_in(written, "blank");
    assert_eq!(street.refused(&blank), "hand_paper_not_photographed", "not filled in yet");
    street.all(&[photo("sheet", written + chrono::TimeDelta::minutes(1))]);
    street.now += chrono::TimeDelta::minutes(30);
    assert_eq!(refused(&mut street, heard - chrono::TimeDelta::minutes(2)), "hand_paper_time");
    let later = street.now + chrono::TimeDelta::minutes(2);
    assert_eq!(refused(&mut street, later), "hand_paper_time");
    let mut other = street.key_in(written, "sheet");
    if let Command::KeyInPaper { paper, .. } = &mut other {
        paper.number = "HandWritten-999".to_owned();
    }
    assert_eq!(street.refused(&other), "hand_paper_number");
    let mut alone = street.key_in(written, "sheet");
    if let Command::KeyInPaper { confirmations, .. } = &mut alone {
        confirmations.pop();
    }
    assert_eq!(street.refused(&alone), "not_confirmed_by_both");

    let key_in = street.key_in(written, "sheet");
    street.all(&[key_in]);
    let record = street.case.record().unwrap().clone();
    assert_eq!((record.at, record.series), (written, Series::HandWritten));
    assert!(!record.evidence.contains(&hash("sheet")), "the paper is no proof of the fact");
    assert_eq!(street.case.phase(), ezhifa_casework::case::Phase::Printed);
    assert_eq!(street.refused(&issue(record.slip, &record.number)), "already_issued");
    street.all(&[serve()]);
    assert_eq!(street.case.served().unwrap().at, written, "handed over where it was written");
    assert_eq!(breaches(&street.events, &street.roster, &rules()), []);
    // Without its photo the same entries are a breach.
    let bare: Vec<_> = street
        .events
        .iter()
        .filter(|e| !matches!(&e.event, Event::EvidenceAdded { item } if item.stage == Stage::Service))
        .cloned()
        .collect();
    assert!(breaches(&bare, &street.roster, &rules()).iter().any(|b| b.invariant == 10));
}

#[test]
fn a_further_paper_records_what_happened_and_nothing_else() {
    let paper = |slip| Command::PreparePaper { slip };
    let mut street = Street::until_printed("fine");
    for slip in [SlipKind::Void, SlipKind::EServiceConsent, SlipKind::Commitment, SlipKind::PaymentReference]
    {
        assert_eq!(street.refused(&paper(slip)), "paper_has_no_occasion", "{slip:?}");
    }
    for decided in [SlipKind::Penalty, SlipKind::NoPenalty, SlipKind::Advice] {
        assert_eq!(street.refused(&paper(decided)), "paper_does_not_belong", "it comes with its own act");
    }
    street.numbers = false;
    assert_eq!(street.refused(&paper(SlipKind::FilingSheet)), "no_number");
    street.numbers = true;
    street.all(&[paper(SlipKind::FilingSheet)]);
    let (_, number) = street.case.prepared()[0].clone();
    assert_eq!(street.refused(&issue(SlipKind::Void, &number)), "paper_does_not_belong", "another kind");
    street.all(&[issue(SlipKind::FilingSheet, &number)]);
}

#[test]
fn invariant_10_a_second_print_is_asked_for_in_so_many_words() {
    let mut street = Street::until_heard("fine");
    let decide = street.decide();
    street.all(&[decide]);
    let record = street.case.record().unwrap().clone();
    assert_eq!(street.case.may_print(&record.number, true).unwrap_err().code, "paper_not_issued");
    let jam = PrintState::NotPrinted { reason: "paper_out".to_owned() };
    street.all(&[issue(record.slip, &record.number), printed(&record.number, jam)]);
    assert_eq!(
        street.case.may_print(&record.number, false),
        Ok(0),
        "nothing came out: the first print again"
    );
    street.all(&[printed(&record.number, PrintState::Unknown)]);
    for again in [false, true] {
        assert_eq!(street.case.may_print(&record.number, again).unwrap_err().code, "look_at_the_paper");
    }
    let look = |complete| Command::ConfirmPrint { number: record.number.clone(), complete };
    street.all(&[look(false)]);
    assert_eq!(street.case.may_print(&record.number, false), Ok(0));
    street.all(&[printed(&record.number, PrintState::Unknown), look(true)]);
    assert_eq!(street.case.may_print(&record.number, false).unwrap_err().code, "reprint_not_asked");
    assert_eq!(street.case.may_print(&record.number, true), Ok(1));
}

#[test]
fn invariant_17_an_untrusted_clock_captures_but_does_not_decide() {
    let mut street = Street::until_heard("fine");
    street.clock_trusted = false;
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "clock_not_trusted");
    street.all(&[photo("f2", Stage::Fact)]);
}

// --- 18, 21: personal data ---

#[test]
fn invariant_18_names_are_kept_as_they_are() {
    let long = format!("阿卜杜拉·{}", "𠮷".repeat(60));
    let mut street = Street::until_facts("order");
    let party = Party { name: Private::new(long.clone()), ..vendor() };
    street.all(&[Command::IdentifyParty(Box::new(party))]);
    let json = serde_json::to_string(street.events.last().unwrap()).unwrap();
    let back: CaseEvent = serde_json::from_str(&json).unwrap();
    let Event::PartyIdentified { party } = back.event else { panic!() };
    assert_eq!(party.name.reveal(), long);
}

#[test]
fn invariant_21_no_personal_data_in_debug_or_refusals() {
    let street = Street::until_heard("fine");
    // The whole paper, as a command and as an entry.
    let Command::IssueSlip { slip, number, code, check_code, .. } = issue(SlipKind::Penalty, "n") else {
        panic!()
    };
    let document = Private::new(r#"{"party":"王小明 11010519491231002X","fact":"在人行道摆卖水果"}"#);
    let issued = Event::SlipIssued {
        slip,
        number: number.clone(),
        code: code.clone(),
        check_code: check_code.clone(),
        document: document.clone(),
    };
    let issue = Command::IssueSlip { slip, number, code, check_code, document };
    let debug = format!("{:?} {:?} {issue:?} {issued:?}", street.case, street.events);
    for word in ["王小明", "11010519491231002X", "在人行道摆卖水果"] {
        assert!(!debug.contains(word), "{word} is in Debug");
    }
    let mut refused = Street::until_facts("fine");
    let wrong = Party { id_number: Private::new("110105194912310021"), ..vendor() };
    let refusal = refused.tell(&Command::IdentifyParty(Box::new(wrong))).unwrap_err();
    assert_eq!(refusal.code, "id_number_invalid");
    assert!(!refusal.to_string().contains("1949"));
}

#[test]
fn invariant_21_a_childs_id_number_is_neither_kept_nor_printed() {
    let mut street = Street::until_facts("no_penalty");
    let with_number = Party { id_number: Private::new("440301201401010000"), ..child() };
    assert_eq!(street.refused(&Command::IdentifyParty(Box::new(with_number.clone()))), "child_id_not_kept");
    // Read as an adult's, and the act turns out to lie years back: then the number goes.
    let young = |name: &str| Party {
        name: Private::new(name),
        id_number: Private::new("440301201206010016"),
        born: None,
        guardian: Private::new("王大明"),
        ..vendor()
    };
    let mut street = Street::until_facts("no_penalty");
    street.all(&[
        answer("limb", Value::Choice("D".into())),
        Command::IdentifyParty(Box::new(young("小明"))),
        Command::ChooseOffence {
            offence: "stall".to_owned(),
            act_at: at(18, 18, 55) - TimeDelta::days(400),
            fact_text: Private::new("在人行道摆卖水果"),
        },
    ]);
    assert!(street.case.is_child() && street.case.party().unwrap().id_number.is_blank());
    street.all(&[Command::Educate { how: "当场讲解".to_owned() }, propose(), notice(), silent_guardian()]);
    // An older phone kept it: nothing is decided on it, and HQ sees it.
    let mut kept = Street::until_facts("order");
    let then = kept.events.last().unwrap().clone();
    let mut party = young("小明");
    party.born = NaiveDate::from_ymd_opt(2014, 1, 1);
    let event = CaseEvent { event: Event::PartyIdentified { party: Box::new(party) }, ..then };
    kept.case.apply(&event);
    kept.events.push(event);
    kept.all(&[propose()]);
    let decide = kept.decide();
    assert_eq!(kept.refused(&decide), "child_id_not_kept");
    // Even when it stands in a record, no paper shows it.
    assert!(with_number.on_paper(at(18, 0, 0).date()).id_number.is_blank());
}

// --- every refusal can be acted on ---

#[test]
fn every_refusal_names_thing_article_and_next_step_in_both_languages() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let mut codes = std::collections::BTreeSet::new();
    let grounds = all_grounds();
    assert!(grounds.len() > 80, "{}", grounds.len());
    for ground in grounds {
        assert!(codes.insert(ground.code), "{} is used twice", ground.code);
        assert!(chinese(ground.zh) && chinese(ground.next_zh), "{}", ground.code);
        assert!(!chinese(ground.en) && !chinese(ground.next_en), "{}", ground.code);
        assert!(ground.article.contains('第'), "{} names no article", ground.code);
        assert!(ground.code.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    }
}

#[test]
fn the_audit_finds_nothing_in_lawful_cases() {
    let rules = common::rules();
    for street in [
        Street::until_served("fine"),
        Street::until_served("warning"),
        Street::until_waiver("A"),
        Street::until_printed("fine"),
    ] {
        assert_eq!(breaches(&street.events, &street.roster, &rules), []);
    }
}

#[test]
fn the_audit_finds_what_a_faulty_phone_pushed() {
    let street = Street::until_served("fine");
    let rules = common::rules();
    let found = |events: &[CaseEvent]| -> Vec<u8> {
        breaches(events, &street.roster, &rules).iter().map(|b| b.invariant).collect()
    };
    let without = |gone: fn(&Event) -> bool| -> Vec<CaseEvent> {
        street.events.iter().filter(|e| !gone(&e.event)).cloned().collect()
    };
    assert!(found(&without(|e| matches!(e, Event::CertificatesShown { .. }))).contains(&1));
    assert!(found(&without(|e| matches!(e, Event::NoticeGiven { .. }))).contains(&1));
    assert!(found(&without(|e| matches!(e, Event::StatementHeard { .. }))).contains(&1));
    assert!(found(&without(|e| matches!(e, Event::EvidenceAdded { .. }))).contains(&1));
    assert!(found(&without(|e| matches!(e, Event::Printed { .. }))).contains(&8));
    let mut twice = street.events.clone();
    twice.push(twice.iter().find(|e| matches!(e.event, Event::Decided { .. })).unwrap().clone());
    assert!(found(&twice).contains(&10));
    let mut auxiliary = street.events.clone();
    for e in &mut auxiliary {
        e.crew = crew("a", "aux");
    }
    assert!(found(&auxiliary).contains(&1));
}
