//! The ways of a case that officers walk: advice, order and re-check, service, e-service, drill.
#![allow(
    clippy::field_reassign_with_default,
    clippy::result_large_err,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

mod common;

use common::*;
use ezhifa_casework::{case::Phase, command::Command, event::*, people::*};
use ezhifa_law::{facts::Value, terms::*};

fn propose() -> Command {
    Command::Propose { choice: None }
}

#[test]
fn advice_is_two_taps_and_asks_for_nothing_else() {
    let mut street = Street::default();
    // Auxiliary staff may advise; nobody is identified, no certificate is recorded.
    street.crew = crew("aux", "a");
    street.all(&[
        open(),
        Command::Advise { text: "请把货物收进店内".to_owned() },
        Command::Close(CloseWay::Advice),
    ]);
    assert_eq!(street.case.outcome(), Some(Outcome::Advice));
    assert_eq!(street.case.phase(), Phase::Closed);
}

/// A few words in passing use up no number, though one lies ready; advice on an offence has its paper.
#[test]
fn advice_without_an_offence_takes_no_number() {
    let advise = || Command::Advise { text: "请尽快收摊".to_owned() };
    let mut passing = Street::default();
    passing.all(&[open(), advise()]);
    assert_eq!(passing.case.advice().unwrap().1, None);
    assert_eq!(passing.refused(&issue(SlipKind::Advice, "告知1")), "paper_does_not_belong");

    let mut named = Street::until_facts("advice");
    named.all(&[advise()]);
    let number = named.case.advice().unwrap().1.unwrap().to_owned();
    named.all(&[issue(SlipKind::Advice, &number), printed(&number, PrintState::Printed)]);
}

#[test]
fn who_refuses_to_identify_can_be_ordered_and_advised_but_not_fined() {
    let stranger = Party {
        name: Private::default(),
        id_kind: IdKind::None,
        id_number: Private::default(),
        identity: Identity::Refused,
        born: None,
        ..vendor()
    };
    let mut street = Street::until_facts("fine");
    street.all(&[Command::IdentifyParty(Box::new(stranger)), propose(), notice(), silent()]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "party_not_named");
    street.all(&[answer("end", Value::Choice("order".into())), propose()]);
    let decide = street.decide();
    street.all(&[decide]);
    assert_eq!(street.case.record().unwrap().slip, SlipKind::OrderUnnamed);
}

#[test]
fn a_declared_name_can_be_warned_but_not_fined() {
    let declared = || {
        Command::IdentifyParty(Box::new(Party {
            identity: Identity::Declared,
            id_number: Private::default(),
            ..vendor()
        }))
    };
    let mut street = Street::until_facts("fine");
    street.all(&[declared(), propose(), notice(), silent()]);
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "identity_not_verified");
    let mut warned = Street::until_facts("warning");
    warned.all(&[declared(), propose(), notice(), silent()]);
    let decide = warned.decide();
    warned.all(&[decide]);
}

#[test]
fn an_order_complied_with_ends_without_a_penalty() {
    let mut street = Street::until_facts("order");
    street.all(&[propose()]);
    let Command::Decide { confirmations, .. } = street.decide() else { panic!() };
    let due = |order_due| Command::Decide { choice: None, order_due, confirmations: confirmations.clone() };
    assert_eq!(street.refused(&due(Some(at(18, 12, 0)))), "order_due_in_past");
    street.all(&[due(Some(at(20, 12, 0)))]);
    assert_eq!(street.case.order_due(), Some(at(20, 12, 0)));
    street.issue_and_print();
    street.all(&[serve()]);
    assert_eq!(street.refused(&Command::Close(CloseWay::OrderComplied)), "close_not_rechecked");
    street.now = at(20, 13, 0);
    street.crew = crew("c", "d");
    let recheck = Command::Recheck { corrected: true, evidence: vec![hash("after")] };
    street.all(&[
        Command::AddEvidence(item("after", Stage::Corrected, at(20, 13, 0))),
        recheck,
        Command::Close(CloseWay::OrderComplied),
    ]);
    assert_eq!(street.case.outcome(), Some(Outcome::OrderComplied));
}

#[test]
fn an_order_not_complied_with_goes_on_in_a_case_of_its_own() {
    let mut street = Street::until_facts("order");
    street.all(&[propose()]);
    let decide = street.decide();
    street.all(&[decide]);
    street.issue_and_print();
    street.all(&[serve()]);
    street.now = at(20, 13, 0);
    let failed = Command::Recheck { corrected: false, evidence: Vec::new() };
    assert_eq!(street.refused(&failed), "recheck_by_same_crew");
    street.crew = crew("c", "d");
    street.all(&[failed]);
    let order = street.case.as_prior_order().unwrap();
    assert_eq!(order.order.corrected, Some(false));
    assert!(order.order.served);
    assert_eq!(order.ordered_by, [officer("a"), officer("b")]);
    street.all(&[Command::Close(CloseWay::Transferred)]);
}

/// 责令改正；拒不改正的，处…: the refusal is recorded, with its proof, before the due time as well.
#[test]
fn a_refusal_to_correct_is_recorded_and_the_next_case_rests_on_it() {
    let refuse = |words: &str, film: Vec<String>| Command::RefuseCorrection {
        words: Private::new(words),
        evidence: film,
    };
    let mut none = Street::until_facts("order");
    assert_eq!(none.refused(&refuse("不搬", vec![hash("f1")])), "no_order_to_recheck");
    let mut street = Street::until_facts("order");
    street.all(&[propose()]);
    let Command::Decide { choice, confirmations, .. } = street.decide() else { panic!() };
    street.all(&[Command::Decide { choice, order_due: Some(at(25, 12, 0)), confirmations }]);
    street.issue_and_print();
    assert_eq!(street.refused(&refuse("不搬", vec![hash("f1")])), "order_not_served");
    street.all(&[serve()]);
    assert_eq!(street.refused(&refuse(" ", vec![hash("f1")])), "blank_text");
    assert_eq!(street.refused(&refuse("不搬", Vec::new())), "refusal_to_correct_not_proved");
    assert_eq!(street.refused(&refuse("不搬", vec![hash("nowhere")])), "refusal_to_correct_not_proved");
    street.all(&[refuse("不搬", vec![hash("f1")])]);
    let prior = street.case.as_prior_order().unwrap();
    assert!(prior.order.refused && prior.order.rechecked.is_none());
    street.all(&[Command::Close(CloseWay::Transferred)]);

    // The same two officers may go on at once: nothing is left to re-check.
    let mut next = Street::until_facts("warning");
    next.all(&[
        Command::AttachPriorOrder {
            order: prior.order,
            ordered_by: prior.ordered_by,
            same_party: Some(true),
        },
        propose(),
        notice(),
        silent(),
    ]);
    let decide = next.decide();
    next.all(&[decide]);
}

#[test]
fn refusal_to_take_is_filmed_and_followed_up() {
    let mut street = Street::until_printed("fine");
    assert_eq!(street.refused(&Command::RefuseTaking(refusal_to_take("film"))), "not_filmed");
    let taken_anyway = Command::Serve { how: ServiceWay::HandedOver, signing: refusal_to_take("f1") };
    assert_eq!(street.refused(&taken_anyway), "follow_up_service_owed");
    let left = Command::Serve { how: ServiceWay::LeftAndFilmed, signing: refusal_to_take("film") };
    assert_eq!(street.refused(&left), "taking_not_refused");
    street.all(&[photo("film", Stage::Service), Command::RefuseTaking(refusal_to_take("film"))]);
    assert_eq!(street.case.phase(), Phase::TakingRefused);
    assert!(street.case.served().is_none(), "no clock of the party runs yet");
    assert_eq!(street.refused(&serve()), "follow_up_service_owed");
    assert_eq!(street.refused(&pay(50, "P1")), "pay_before_service");
    street.now = at(22, 10, 0);
    street.all(&[left]);
    assert_eq!(street.case.served().unwrap().at.date(), at(22, 10, 0).date());
}

#[test]
fn who_may_sign_for_whom() {
    let signing = |role, act, name: &str, reason: &str, evidence: Option<&str>| Command::Serve {
        how: ServiceWay::HandedOver,
        signing: Signing {
            role,
            act,
            name: Private::new(name),
            reason: Private::new(reason),
            evidence: evidence.map(hash),
        },
    };
    use SignerRole::*;
    use SigningAct::*;
    let mut street = Street::until_printed("fine");
    for (command, code) in [
        (signing(Receiver, Ink, "店员", "", None), "signer_may_not_take"),
        (signing(LegalRepresentative, Ink, "李四", "", None), "signer_may_not_take"),
        (signing(Guardian, Ink, "张三", "", None), "signer_may_not_take"),
        (signing(HouseholdAdult, Ink, "", "", None), "signer_not_named"),
        (signing(Agent, Ink, "", "", None), "signer_not_named"),
        (signing(Party, Signed, "", "", None), "no_signature_image"),
        (signing(Party, Signed, "", "", Some("nowhere")), "no_signature_image"),
        (signing(Party, Unable, "", "", None), "no_signing_reason"),
    ] {
        assert_eq!(street.refused(&command), code, "{command:?}");
    }
    street.all(&[signing(Party, RefusedToSign, "", "", None)]);
    assert_eq!(street.refused(&serve()), "already_served");

    let mut unable = Street::until_printed("fine");
    unable.all(&[signing(Party, Unable, "", "不识字，已宣读，捺印", None)]);
}

#[test]
fn a_childs_paper_goes_to_the_guardian() {
    let mut street = Street::until_facts("no_penalty");
    street.all(&[
        Command::IdentifyParty(Box::new(child())),
        answer("limb", Value::Choice("D".into())),
        Command::Educate { how: "当面向监护人讲解".to_owned() },
        propose(),
        notice(),
        Command::HearStatement {
            statement: StatementKind::NotMade,
            by: SignerRole::Guardian,
            words: Private::default(),
            review: String::new(),
            upheld: false,
        },
    ]);
    let decide = street.decide();
    street.all(&[decide]);
    assert_eq!(street.case.record().unwrap().slip, SlipKind::Guardian);
    street.issue_and_print();
    assert_eq!(street.refused(&serve()), "signer_may_not_take");
    let to_guardian = Command::Serve {
        how: ServiceWay::HandedOver,
        signing: Signing { role: SignerRole::Guardian, ..ink() },
    };
    street.all(&[to_guardian]);
    assert!(street.case.party_on_paper().unwrap().id_number.is_blank());
}

#[test]
fn electronic_service_needs_a_signed_consent_and_no_paper() {
    let mut street = Street::until_heard("fine");
    let decide = street.decide();
    street.all(&[decide]);
    let number = street.case.record().unwrap().number.clone();
    street.all(&[issue(SlipKind::Penalty, &number)]);
    let electronic = Command::Serve { how: ServiceWay::Electronic, signing: ink() };
    assert_eq!(street.refused(&electronic), "no_e_service_consent");
    let consent = |address: &str, evidence: &str| {
        Command::AgreeEService(EServiceConsent {
            address: Private::new(address),
            evidence: hash(evidence),
            at: at(18, 19, 0),
        })
    };
    assert_eq!(street.refused(&consent("13800138000", "stroke")), "e_service_consent_not_signed");
    street.all(&[photo("stroke", Stage::Service)]);
    assert_eq!(street.refused(&consent(" ", "stroke")), "e_service_consent_not_signed");
    street.all(&[consent("13800138000", "stroke")]);
    // 复议法 22 ②: the organ that serves electronically names where to apply online.
    street.law.rules.online_reconsideration = false;
    assert_eq!(street.refused(&electronic), "no_online_reconsideration");
    street.law.rules.online_reconsideration = true;
    street.all(&[electronic]);
    assert_eq!(street.case.phase(), Phase::Served);
}

fn mailed(reason: &str, receipt: Option<&str>) -> Command {
    let signing = Signing { reason: Private::new(reason), evidence: receipt.map(hash), ..ink() };
    Command::Serve { how: ServiceWay::Mailed, signing }
}

#[test]
fn the_post_does_not_cure_a_missing_hand_over() {
    // 处罚法 52: handed over on the spot, or refused; a party that left is for the ordinary procedure.
    let mut street = Street::until_printed("fine");
    street.all(&[photo("receipt", Stage::Service)]);
    assert_eq!(street.refused(&mailed("当事人已离开", Some("receipt"))), "gone_before_hand_over");
    street.all(&[Command::Undeliver { reason: "当事人已离开".to_owned() }]);
    assert_eq!(street.case.phase(), Phase::HandedOver);

    let mut street = Street::until_printed("fine");
    street.all(&[photo("film", Stage::Service), Command::RefuseTaking(refusal_to_take("film"))]);
    assert_eq!(street.refused(&mailed("", None)), "no_post_receipt");
    assert_eq!(
        street.refused(&mailed("", Some("receipt"))),
        "no_post_receipt",
        "the case holds no such picture"
    );
    street.now = at(22, 10, 0);
    street.all(&[photo("receipt", Stage::Service), mailed("", Some("receipt"))]);
    assert_eq!(street.case.served().unwrap().at.date(), at(22, 10, 0).date());
}

#[test]
fn an_order_may_be_posted_with_its_reason_and_its_receipt() {
    let mut street = Street::until_facts("order");
    street.all(&[Command::Propose { choice: None }]);
    let decide = street.decide();
    street.all(&[decide]);
    street.issue_and_print();
    street.all(&[photo("receipt", Stage::Service)]);
    assert_eq!(street.refused(&mailed(" ", Some("receipt"))), "no_post_receipt");
    street.all(&[mailed("店铺关门，店主在外地", Some("receipt"))]);
    assert_eq!(street.case.phase(), Phase::Served);
}

#[test]
fn what_a_later_re_check_found_undone_is_not_corrected() {
    let mut street = Street::until_facts("order");
    street.all(&[Command::Propose { choice: None }]);
    let decide = street.decide();
    street.all(&[decide]);
    street.issue_and_print();
    street.all(&[serve(), photo("after", Stage::Corrected)]);
    street.crew = crew("c", "d");
    let look = |corrected| Command::Recheck { corrected, evidence: vec![hash("after")] };
    street.all(&[look(true)]);
    let first = street.case.corrected_at();
    assert!(first.is_some());
    street.now = at(20, 9, 0);
    street.all(&[look(false)]);
    assert_eq!(street.case.corrected_at(), None);
    street.now = at(21, 9, 0);
    street.all(&[look(true)]);
    assert!(street.case.corrected_at() > first);
}

#[test]
fn the_partners_phone_goes_on_with_the_same_case() {
    let first = Street::until_heard("fine");
    // Another phone folds the same entries and goes on; the same two officers decide.
    let mut second = Street { now: first.now, ..Street::default() };
    second.case = ezhifa_casework::case::Case::fold(&first.events);
    assert_eq!(second.case, first.case);
    second.crew = crew("b", "a");
    let decide = second.decide();
    second.all(&[decide]);
}

#[test]
fn a_linked_case_names_the_first() {
    let mut street = Street::default();
    let first = CaseId("case-0".to_owned());
    street.all(&[Command::Open {
        source: Source::Patrol,
        place: place(),
        drill: false,
        continues: Some(first.clone()),
    }]);
    assert_eq!(street.case.opening().unwrap().continues, Some(first));
    assert_eq!(street.refused(&open()), "already_opened");
}

#[test]
fn a_drill_never_uses_a_real_number() {
    let mut street = Street::default();
    street.all(&[
        Command::Open { source: Source::Patrol, place: place(), drill: true, continues: None },
        Command::ShowCertificates,
        photo("f1", Stage::Fact),
        offence(),
        Command::IdentifyParty(Box::new(vendor())),
        answer("end", Value::Choice("warning".into())),
        propose(),
        notice(),
        silent(),
    ]);
    assert!(street.case.is_drill());
    let decide = street.decide();
    assert_eq!(street.refused(&decide), "drill_number_mixed");
    street.drill_numbers = true;
    let decide = street.decide();
    street.all(&[decide]);
    street.issue_and_print();
    street.all(&[serve(), Command::Close(CloseWay::Done)]);
}

#[test]
fn a_proposed_waiver_waits_for_the_head() {
    let ready = || {
        let mut street = Street::until_facts("no_penalty_proposed");
        street.all(&[
            answer("limb", Value::Choice("C".into())),
            Command::Educate { how: "讲解".to_owned() },
            propose(),
            notice(),
            silent(),
        ]);
        let decide = street.decide();
        street.all(&[decide]);
        street.issue_and_print();
        street.all(&[serve(), Command::File(FilingWay::Receipt)]);
        street
    };
    let rule = |granted, by: &str| Command::RuleWaiver { granted, by: officer(by) };
    let mut granted = ready();
    assert_eq!(granted.refused(&Command::Close(CloseWay::Done)), "close_waiver_not_ruled");
    assert_eq!(granted.refused(&rule(true, "a")), "not_head");
    granted.all(&[rule(true, "head")]);
    assert_eq!(granted.refused(&rule(false, "head")), "no_waiver_to_rule_on");
    assert_eq!(granted.case.outcome(), Some(Outcome::NoPenalty));
    // The decision itself has a number of its own series, and is served on its own: the party's time runs from that.
    assert_eq!(granted.refused(&Command::Close(CloseWay::Done)), "close_not_served");
    assert_eq!(granted.refused(&Command::Undeliver { reason: "走了".to_owned() }), "already_handed_over");
    assert_eq!(granted.refused(&issue(SlipKind::NoPenalty, "不罚1")), "paper_does_not_belong");
    assert_eq!(granted.case.remedy(), Remedy::ReconsiderationOrCourt);
    let number = granted.case.paper().unwrap().to_owned();
    assert!(number.starts_with("NoPenalty-"), "{number}");
    assert_eq!(granted.refused(&serve()), "not_printed");
    granted.all(&[
        issue(SlipKind::NoPenalty, &number),
        printed(&number, PrintState::Printed),
        serve(),
        Command::Close(CloseWay::Done),
    ]);
    assert_eq!(ezhifa_casework::audit::breaches(&granted.events, &granted.roster, &rules()), []);

    let mut refused = ready();
    let over = Command::HandOver { to: Destination::Ordinary, reason: "负责人不同意".to_owned() };
    assert_eq!(refused.refused(&over), "decision_stands");
    refused.all(&[rule(false, "head"), over]);
}

#[test]
fn facts_fit_the_rulebook() {
    let mut street = Street::until_facts("fine");
    for (name, value, code) in [
        ("heads", Value::Int(1), "unknown_fact"),
        ("yuan", Value::Bool(true), "wrong_answer_type"),
        ("yuan", Value::Int(5001), "wrong_answer_type"),
        ("yuan", Value::Int(-1), "wrong_answer_type"),
        ("end", Value::Choice("prison".into()), "wrong_answer_type"),
        ("disputed", Value::Int(1), "wrong_answer_type"),
    ] {
        assert_eq!(street.refused(&answer(name, value.clone())), code, "{name} {value:?}");
    }
    street.all(&[answer("disputed", Value::Unknown)]);
    let refusal = street.tell(&answer("yuan", Value::Int(9999))).unwrap_err();
    assert!(refusal.zh.contains("0..5000 元"), "{refusal}");
    let unknown = Command::ChooseOffence {
        offence: "murder".to_owned(),
        act_at: at(18, 18, 0),
        fact_text: Private::default(),
    };
    assert_eq!(street.refused(&unknown), "unknown_offence");
    let future = Command::ChooseOffence {
        offence: "stall".to_owned(),
        act_at: at(19, 18, 0),
        fact_text: Private::default(),
    };
    assert_eq!(street.refused(&future), "act_in_future");
}

#[test]
fn asking_the_party_comes_after_the_certificates() {
    let mut street = Street::default();
    street.all(&[open()]);
    let asked = Command::AnswerFact {
        name: "disputed".to_owned(),
        value: Value::Bool(false),
        source: FactSource::Party,
    };
    assert_eq!(street.refused(&asked), "certificates_not_shown");
    street.all(&[answer("disputed", Value::Bool(false)), Command::ShowCertificates, asked]);
}

#[test]
fn a_fine_is_paid_before_the_case_closes() {
    let mut street = Street::until_served("fine");
    street.all(&[Command::File(FilingWay::OtherPhone)]);
    assert_eq!(street.refused(&Command::Close(CloseWay::Done)), "close_not_paid");
    assert_eq!(street.refused(&Command::Close(CloseWay::NoViolation)), "close_wrong_way");
    assert_eq!(street.refused(&Command::Close(CloseWay::Advice)), "close_wrong_way");
    street.all(&[pay(50, "P1"), Command::Close(CloseWay::Done)]);
    assert_eq!(street.refused(&Command::Close(CloseWay::Done)), "case_closed");
}

#[test]
fn nothing_but_evidence_before_the_case_is_open() {
    let mut street = Street::default();
    for command in [Command::ShowCertificates, offence(), propose(), notice(), silent(), serve()] {
        assert_eq!(street.refused(&command), "not_opened", "{command:?}");
    }
    street.all(&[photo("early", Stage::Fact), open()]);
    assert_eq!(street.case.evidence().len(), 1);
}

#[test]
fn what_is_missing_is_listed_at_once() {
    let mut street = Street::default();
    street.all(&[open(), offence(), answer("end", Value::Choice("fine".into()))]);
    assert_eq!(street.missing(), ["nothing_proposed"]);
    street.all(&[propose()]);
    assert_eq!(
        street.missing(),
        ["certificates_not_shown", "no_evidence", "party_not_identified", "notice_not_given"]
    );
    street.all(&[
        Command::ShowCertificates,
        photo("f1", Stage::Fact),
        Command::IdentifyParty(Box::new(vendor())),
        propose(),
        notice(),
    ]);
    assert_eq!(street.missing(), ["statement_not_heard"]);
    street.all(&[silent()]);
    assert_eq!(street.missing(), [""; 0]);
    let decide = street.decide();
    street.all(&[decide]);
    assert_eq!(street.missing().first().copied(), Some("already_decided"));
}
