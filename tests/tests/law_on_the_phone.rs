//! What the law asks of a phone between its cases: who counts as found before, whose order it is, which fines
//! are one encounter, and whose bank stands on the paper.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use chrono::{NaiveDate, NaiveDateTime};
use common::{ID, Street, evening, ink, ms, pack, person, rewrite, stall, with_head};
use ezhifa_field::{
    casework::{
        command::Command,
        event::{CaseId, Choice, FactSource, ServiceWay, Stage},
        law::{
            decision::PriorOrder,
            facts::Value,
            terms::{Limb, Outcome},
        },
        people::Private,
    },
    clock::Clock as _,
    office::{Looked, Shot, Taken},
    printer::Profile,
};

/// Somebody whom no list knows.
const OTHER: &str = "110105194912310054";

/// A case on this offence and person, as far as the look-up.
fn case_of(street: &Street, id: &str, offence: &str, who: &str) -> (CaseId, Looked) {
    let case = street.open(id);
    street.act(&case, Command::ShowCertificates);
    let photo = Taken::Bytes(format!("jpeg of {id}").into_bytes());
    street.phone.capture(Some(&case), &photo, &Shot::photo(Stage::Fact, "现场")).unwrap();
    let name = if who == ID { "张三" } else { "李四" };
    street.act(&case, Command::IdentifyParty(Box::new(person(name, who))));
    let choose = Command::ChooseOffence {
        offence: offence.into(),
        act_at: evening(),
        fact_text: Private::new("样例违法事实"),
    };
    street.act(&case, choose);
    let looked = street.phone.history(&case).unwrap();
    (case, looked)
}

fn answer(street: &Street, case: &CaseId, answers: &[(&str, Value)]) {
    for (name, value) in answers {
        let (name, value) = ((*name).into(), value.clone());
        street.act(case, Command::AnswerFact { name, value, source: FactSource::Officer });
    }
}

fn go_to(street: &Street, at: NaiveDateTime) {
    let now = street.clock.now().wall_ms;
    street.clock.pass(ms(at) - now);
}

/// A proposed waiver on limb `limb`, decided by the officers.
fn proposed_waiver(street: &Street, id: &str, limb: Limb) -> CaseId {
    let (case, looked) = case_of(street, id, "stall", OTHER);
    assert_ne!(looked.history.earlier, Some(true), "{limb:?}");
    answer(
        street,
        &case,
        &[
            ("on_road", Value::Bool(true)),
            ("approved", Value::Bool(false)),
            ("area", Value::Int(19)),
            ("minor", Value::Bool(false)),
            ("harm", Value::Choice("slight".into())),
            ("corrected", Value::Bool(true)),
        ],
    );
    if limb == Limb::C {
        answer(street, &case, &[("no_fault", Value::Bool(true))]);
    }
    let after = Taken::Bytes(format!("after {id}").into_bytes());
    let after = street.phone.capture(Some(&case), &after, &Shot::photo(Stage::Corrected, "改正后")).unwrap();
    street.act(&case, Command::SeeCorrection { evidence: vec![after.sha256] });
    street.act(&case, Command::Educate { how: "当场讲解".into() });
    let reason = (limb == Limb::B).then(|| Choice::because("首次且已改正"));
    let proposal = street.phone.propose(&case, reason).unwrap();
    assert_eq!((proposal.outcome, proposal.limb), (Outcome::NoPenaltyProposed, Some(limb)));
    street.hear(&case);
    street.phone.decide(&case, None, None, &street.both(&case)).unwrap();
    street.phone.issue(&case).unwrap();
    case
}

/// Under the national default the head grants a waiver: from then on the next act is no first one, on this
/// phone at once and in HQ's lists for all others. A person without fault has not offended before (33 ②).
#[test]
fn invariant_05_a_waiver_that_the_head_granted_ends_the_first_offence() {
    let strict = |files: &mut _| {
        rewrite(files, "settings.toml", "waiver = \"delegated\"", "waiver = \"head_confirms\"");
    };
    for (limb, counts) in [(Limb::B, true), (Limb::C, false)] {
        let street = Street::ruled(strict);
        let head = with_head(&street);
        let case = proposed_waiver(&street, "c-1", limb);
        let (_, looked) = case_of(&street, "c-2", "stall", OTHER);
        assert_ne!(looked.history.earlier, Some(true), "nobody has ruled yet");
        assert!(street.sync().done);
        street.hq.settle().unwrap();
        street.act(&case, Command::RuleWaiver { granted: true, by: head });
        let (_, looked) = case_of(&street, "c-3", "stall", OTHER);
        assert_eq!(looked.history.earlier == Some(true), counts, "{limb:?} on this phone");
        street.phone.issue(&case).unwrap();
        assert!(street.sync().done);
        street.hq.settle().unwrap();
        // HQ sends a list that changed once it is calm.
        street.clock.pass(120_000);
        street.sync();
        let (_, looked) = case_of(&street, "c-4", "stall", OTHER);
        let listed = looked.references.iter().any(|r| r.starts_with("c-1/"));
        assert_eq!(listed, counts, "{limb:?} in HQ's lists: {:?}", looked.references);
    }
}

#[test]
fn invariant_02_midnight_does_not_split_an_encounter() {
    let street = Street::new();
    let night = NaiveDate::from_ymd_opt(2026, 6, 18).unwrap();
    go_to(&street, night.and_hms_opt(23, 50, 0).unwrap());
    let fined = |id: &str| {
        let case = stall(&street, id);
        street.phone.propose(&case, None).unwrap();
        street.hear(&case);
        street.phone.decide(&case, None, None, &street.both(&case)).unwrap().record
    };
    let first = fined("c-1");
    assert!(first.outcome.has_fine(), "{:?}", first.outcome);
    go_to(&street, night.succ_opt().unwrap().and_hms_opt(0, 5, 0).unwrap());
    let second = fined("c-2");
    assert_ne!(first.at.date(), second.at.date());
    assert_eq!(second.encounter_fines, first.amount, "ten minutes later it is the same encounter");
    go_to(&street, night.succ_opt().unwrap().and_hms_opt(14, 0, 0).unwrap());
    let third = stall(&street, "c-3");
    assert_eq!(street.phone.propose(&third, None).unwrap().outcome, first.outcome);
}

#[test]
fn invariant_07_the_phone_knows_whose_order_it_is_and_on_what() {
    let street = Street::new();
    let phone = &street.phone;
    let (first, _) = case_of(&street, "c-1", "loudspeaker", ID);
    answer(
        &street,
        &first,
        &["loudspeaker", "sensitive_area", "emergency_use", "commercial", "night"]
            .map(|name| (name, Value::Bool(matches!(name, "loudspeaker" | "sensitive_area")))),
    );
    assert_eq!(phone.propose(&first, None).unwrap().outcome, Outcome::Order);
    let number = phone.decide(&first, None, None, &street.both(&first)).unwrap().number;
    phone.issue(&first).unwrap();
    let profile = Profile::named("generic-58-gbk").unwrap();
    phone.print_at(&first, None, &street.printer_address(), &profile).unwrap();
    street.act(&first, Command::Serve { how: ServiceWay::HandedOver, signing: ink() });

    let (theirs, _) = case_of(&street, "c-2", "loudspeaker", OTHER);
    let (stall, _) = case_of(&street, "c-3", "stall", ID);
    let (again, _) = case_of(&street, "c-4", "loudspeaker", ID);
    let nobody = street.open("c-5");
    for heard in [false, true] {
        let refused = |case| phone.attach_order(case, &number).unwrap_err().code;
        assert_eq!(refused(&theirs), "order_of_another_party", "HQ has heard of it: {heard}");
        assert_eq!(refused(&nobody), "order_of_another_party", "HQ has heard of it: {heard}");
        assert_eq!(refused(&stall), "order_on_another_offence", "HQ has heard of it: {heard}");
        // What an app claims about an order that the phone knows is not asked for.
        let claimed = PriorOrder {
            number: number.clone(),
            offence: String::new(),
            ordered_on: evening().date(),
            due: evening(),
            served: true,
            rechecked: Some(evening()),
            corrected: Some(false),
            refused: true,
        };
        let claim = Command::AttachPriorOrder { order: claimed, ordered_by: vec![], same_party: None };
        assert!(phone.act(&theirs, &claim).is_err());
        assert!(phone.attach_order(&again, &number).unwrap().served);
        street.sync();
        street.hq.settle().unwrap();
        street.sync();
    }
}

/// Two packs, the same result under both: the one at the act decides, and the paper shows the bank that takes
/// the money today.
#[test]
fn the_paper_has_the_organ_and_the_bank_of_the_day_of_the_decision() {
    let street = Street::new();
    let mut files = pack("dongguan-sample");
    rewrite(&mut files, "manifest.toml", "version = 1\n", "version = 2\n");
    rewrite(&mut files, "manifest.toml", "effective_from = 2026-01-01", "effective_from = 2026-06-19");
    rewrite(&mut files, "organ.toml", "account = \"4419000000000000\"", "account = \"4419000000009999\"");
    street.hq.publish_rulebook(&files).unwrap();
    street.sync();
    let next_day = NaiveDate::from_ymd_opt(2026, 6, 19).unwrap();
    go_to(&street, next_day.and_hms_opt(9, 0, 0).unwrap());
    let case = stall(&street, "c-1");
    street.phone.propose(&case, None).unwrap();
    street.hear(&case);
    let record = street.phone.decide(&case, None, None, &street.both(&case)).unwrap().record;
    assert_eq!((record.decision.pack.version, record.laws.at_decision.version), (1, 2));
    let slip = street.phone.issue(&case).unwrap();
    assert!(slip.document.reveal().contains("9999"), "the new bank");
    assert!(!slip.document.reveal().contains("4419000000000000"), "not the old one");
    // HQ counts by the same pack.
    assert!(street.sync().done);
    street.hq.settle().unwrap();
    let file = street.hq.case_file("c-1").unwrap();
    assert_eq!(file.decisions[0].pack.version, 2);
    assert_eq!(street.hq.replay_report().unwrap().mismatches, 0);
}
