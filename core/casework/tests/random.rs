//! Random command sequences: nothing panics, and whatever is accepted keeps every invariant, as a
//! second reader ([`ezhifa_casework::audit`]) sees it. The fold of the events is the state.
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
use ezhifa_casework::{
    audit::breaches,
    case::{Case, Phase},
    command::Command,
    event::*,
    people::*,
    replay::replay,
};
use ezhifa_law::{facts::Value, money::Fen, terms::*};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

/// One step of a random evening: a command, another crew, or time that passes.
#[derive(Debug, Clone)]
enum Step {
    Tell(Command),
    Decide {
        choice: Option<Choice>,
        confirmed_by: (usize, usize),
    },
    /// The head lets the fine be paid later; without a name it is nobody's word.
    Defer(&'static str),
    /// Written by hand so many minutes ago, keyed in with or without its photo.
    ByHand {
        ago: i64,
        photo: bool,
    },
    Issue,
    Print(PrintState),
    Look(bool),
    Crew(usize, usize),
    Wait(i64),
    Clock(bool),
    Filing(bool),
    Numbers(bool),
    Spent(i64),
    Pack,
}

const PEOPLE: [&str; 8] = ["a", "b", "c", "d", "aux", "head", "lapsed", "stranger"];

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![
        Outcome::Warning,
        Outcome::Fine,
        Outcome::WarningAndFine,
        Outcome::NoPenalty,
        Outcome::Order,
        Outcome::OrdinaryProcedure,
    ])
}

fn choices() -> impl Strategy<Value = Option<Choice>> {
    prop::option::of(
        (prop::option::of(outcomes()), prop::option::of(0i64..300), "[r]?")
            .prop_map(|(outcome, yuan, reason)| Choice { outcome, amount: yuan.map(Fen::yuan), reason }),
    )
}

fn parties() -> impl Strategy<Value = Party> {
    let identity = prop::sample::select(vec![
        Identity::DocumentRead,
        Identity::Declared,
        Identity::Refused,
        Identity::Unknown,
    ]);
    (prop::sample::select(vec![vendor(), shop(), child()]), identity)
        .prop_map(|(party, identity)| Party { identity, ..party })
}

fn evidence() -> impl Strategy<Value = EvidenceItem> {
    let stage = prop::sample::select(vec![Stage::Fact, Stage::Corrected, Stage::Service, Stage::Other]);
    (prop::sample::select(vec!["f1", "f2", "after", "film"]), stage, 17u32..21)
        .prop_map(|(name, stage, day)| item(name, stage, at(day, 12, 0)))
}

fn signings() -> impl Strategy<Value = Signing> {
    let role = prop::sample::select(vec![
        SignerRole::Party,
        SignerRole::LegalRepresentative,
        SignerRole::Receiver,
        SignerRole::HouseholdAdult,
        SignerRole::Guardian,
        SignerRole::Agent,
    ]);
    let act = prop::sample::select(vec![
        SigningAct::Signed,
        SigningAct::Ink,
        SigningAct::RefusedToSign,
        SigningAct::Unable,
        SigningAct::RefusedToTake,
    ]);
    let film = prop::option::of(prop::sample::select(vec!["film", "f1"]));
    (role, act, "[n]?", "[r]?", film).prop_map(|(role, act, name, reason, film)| Signing {
        role,
        act,
        name: Private::new(name),
        reason: Private::new(reason),
        evidence: film.map(hash),
    })
}

fn answers() -> impl Strategy<Value = Command> {
    prop_oneof![
        prop::sample::select(ENDS.to_vec())
            .prop_map(|(word, _)| answer("end", Value::Choice(word.to_owned()))),
        prop::sample::select(LIMBS.to_vec())
            .prop_map(|(word, _)| answer("limb", Value::Choice(word.to_owned()))),
        (0i64..400).prop_map(|n| answer("yuan", Value::Int(n))),
        any::<bool>().prop_map(|b| answer("disputed", Value::Bool(b))),
        Just(answer("nonsense", Value::Unknown)),
    ]
}

fn speech() -> impl Strategy<Value = Command> {
    let kind = prop::sample::select(vec![StatementKind::Made, StatementKind::NotMade, StatementKind::Waived]);
    let by = prop::sample::select(vec![
        SignerRole::Party,
        SignerRole::LegalRepresentative,
        SignerRole::Guardian,
        SignerRole::Receiver,
    ]);
    (kind, by, "[w]?", "[r]?", any::<bool>()).prop_map(|(statement, by, words, review, upheld)| {
        Command::HearStatement { statement, by, words: Private::new(words), review, upheld }
    })
}

fn orders() -> impl Strategy<Value = Command> {
    (10u32..19, 11u32..21, any::<bool>(), any::<bool>()).prop_map(|(day, due, served, refused)| {
        Command::AttachPriorOrder {
            order: ezhifa_law::decision::PriorOrder {
                number: "责改1".to_owned(),
                offence: String::new(),
                ordered_on: at(day, 0, 0).date(),
                due: at(due, 12, 0),
                served,
                rechecked: None,
                corrected: None,
                refused,
            },
            ordered_by: vec![officer("c"), officer("d")],
            same_party: None,
        }
    })
}

fn early() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Tell(open())),
        2 => Just(Step::Tell(Command::ShowCertificates)),
        2 => Just(Step::Tell(offence())),
        3 => evidence().prop_map(|e| Step::Tell(Command::AddEvidence(e))),
        3 => parties().prop_map(|p| Step::Tell(Command::IdentifyParty(Box::new(p)))),
        4 => answers().prop_map(Step::Tell),
        1 => Just(Step::Tell(Command::AskHistory)),
        1 => orders().prop_map(Step::Tell),
        3 => choices().prop_map(|choice| Step::Tell(Command::Propose { choice })),
        3 => Just(Step::Tell(notice())),
        3 => speech().prop_map(Step::Tell),
        1 => Just(Step::Tell(Command::Educate { how: "讲解".to_owned() })),
        1 => Just(Step::Tell(Command::SeeCorrection { evidence: vec![hash("after")] })),
        1 => (18u32..22).prop_map(|d| Step::Tell(Command::PromiseCorrection { until: at(d, 12, 0) })),
        1 => any::<bool>().prop_map(|corrected| Step::Tell(Command::Recheck { corrected, evidence: vec![hash("after")] })),
        1 => Just(Step::Tell(Command::RefuseCorrection { words: Private::new("不"), evidence: vec![hash("after")] })),
        1 => prop::sample::select(PEOPLE.to_vec()).prop_map(|o| Step::Tell(Command::AskRecusal { officer: officer(o) })),
        1 => (prop::sample::select(PEOPLE.to_vec()), any::<bool>()).prop_map(|(o, granted)| Step::Tell(Command::RuleRecusal { officer: officer(o), granted, by: officer("head") })),
        6 => (choices(), Just((0, 1))).prop_map(|(choice, confirmed_by)| Step::Decide { choice, confirmed_by }),
        1 => (choices(), (0usize..8, 0usize..8)).prop_map(|(choice, confirmed_by)| Step::Decide { choice, confirmed_by }),
    ]
}

/// Mostly amounts that a decision of these tests can ask for.
fn money() -> impl Strategy<Value = i64> {
    prop_oneof![3 => prop::sample::select(vec![20i64, 30, 50]), 1 => 0i64..300]
}

fn late() -> impl Strategy<Value = Step> {
    let who = prop::sample::select(vec!["head", "a"]);
    prop_oneof![
        4 => Just(Step::Issue),
        1 => prop::sample::select(vec![
            SlipKind::Void, SlipKind::EServiceConsent, SlipKind::Commitment, SlipKind::PaymentReference,
            SlipKind::FilingSheet, SlipKind::Penalty,
        ]).prop_map(|slip| Step::Tell(Command::PreparePaper { slip })),
        1 => (0i64..120, any::<bool>()).prop_map(|(ago, photo)| Step::ByHand { ago, photo }),
        1 => prop::sample::select(vec!["head", ""]).prop_map(Step::Defer),
        4 => prop::sample::select(vec![
            PrintState::Printed,
            PrintState::Unknown,
            PrintState::NotPrinted { reason: "paper_out".to_owned() },
        ]).prop_map(Step::Print),
        2 => any::<bool>().prop_map(Step::Look),
        2 => Just(Step::Tell(serve())),
        2 => (prop::sample::select(ServiceWay::ALL.to_vec()), signings())
            .prop_map(|(how, signing)| Step::Tell(Command::Serve { how, signing })),
        1 => signings().prop_map(|s| Step::Tell(Command::RefuseTaking(s))),
        1 => Just(Step::Tell(Command::Undeliver { reason: "走了".to_owned() })),
        2 => (money(), "P[0-9]").prop_map(|(y, r)| Step::Tell(pay(y, &r))),
        2 => (money(), "GD10[0-2]", prop::option::of(prop::sample::select(CashGround::ALL.to_vec())), "[r]?")
            .prop_map(|(y, r, g, why)| Step::Tell(pay_cash(y, &r, g, &why))),
        2 => money().prop_map(|y| Step::Tell(Command::Refund { amount: Fen::yuan(y), receipt: "T".to_owned() })),
        1 => (prop::sample::select(CashLeg::ALL.to_vec()), "GD10[0-2]")
            .prop_map(|(leg, receipt)| Step::Tell(Command::HandInCash { leg, receipt })),
        1 => Just(Step::Tell(Command::File(FilingWay::Receipt))),
        1 => who.clone().prop_map(|by| Step::Tell(Command::Revoke { reason: "错".to_owned(), by: officer(by) })),
        1 => who.clone().prop_map(|by| Step::Tell(Command::Correct { what: "字".to_owned(), by: officer(by), party: None })),
        1 => (any::<bool>(), who).prop_map(|(granted, by)| Step::Tell(Command::RuleWaiver { granted, by: officer(by) })),
        1 => (1u32..20, money()).prop_map(|(day, y)| Step::Tell(Command::DeferPayment(Deferral {
            reference: "d".to_owned(), number: "Penalty-1".to_owned(), asked_on: at(18, 0, 0).date(),
            until: at(18 + day % 10, 0, 0).date(), parts: vec![Instalment { by: at(18, 0, 0).date(), amount: Fen::yuan(y) }],
            by: officer("head") }))),
        1 => Just(Step::Tell(Command::Advise { text: "请收".to_owned() })),
        1 => Just(Step::Tell(Command::HandOver { to: Destination::Ordinary, reason: "复杂".to_owned() })),
        1 => prop::sample::select(CloseWay::ALL.to_vec()).prop_map(|w| Step::Tell(Command::Close(w))),
        1 => Just(Step::Tell(Command::AgreeEService(EServiceConsent {
            address: Private::new("x"), evidence: hash("film"), at: at(18, 19, 0) }))),
        1 => ("[r]?", prop::sample::select(vec!["a", "b"])).prop_map(|(reason, o)| Step::Tell(Command::Void {
            reason, confirmation: Confirmation { officer: officer(o), how: ConfirmWay::Pin, at: at(18, 23, 0) } })),
    ]
}

fn world() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0usize..8, 0usize..8).prop_map(|(a, b)| Step::Crew(a, b)),
        3 => Just(Step::Crew(0, 1)),
        1 => (0i64..80).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Clock),
        1 => any::<bool>().prop_map(Step::Filing),
        1 => any::<bool>().prop_map(Step::Numbers),
        1 => (0i64..250).prop_map(Step::Spent),
        1 => Just(Step::Pack),
    ]
}

fn take(street: &mut Street, step: &Step) {
    let number = street.case.record().map(|r| (r.slip, r.number.clone()));
    let _ = match step {
        Step::Tell(command) => street.tell(command),
        Step::Decide { choice, confirmed_by: (x, y) } => {
            let mut decide = street.decide_with(choice.clone());
            if let Command::Decide { confirmations, .. } = &mut decide
                && (*x, *y) != (0, 1)
            {
                confirmations[0].officer = officer(PEOPLE[*x]);
                confirmations[1].officer = officer(PEOPLE[*y]);
            }
            street.tell(&decide)
        }
        Step::Defer(by) => match number {
            Some((_, number)) => street.tell(&Command::DeferPayment(Deferral {
                reference: format!("deferral:{}", street.events.len()),
                number,
                asked_on: street.now.date(),
                until: street.now.date() + chrono::TimeDelta::days(10),
                parts: Vec::new(),
                by: officer(by),
            })),
            None => Ok(()),
        },
        Step::ByHand { ago, photo } => {
            let written = street.now - chrono::TimeDelta::minutes(*ago);
            if *photo {
                let _ = street.tell(&Command::AddEvidence(item("sheet", Stage::Service, street.now)));
            }
            let key_in = street.key_in(written, "sheet");
            street.tell(&key_in)
        }
        Step::Issue => match number {
            Some((slip, number)) => street.tell(&issue(slip, &number)),
            None => Ok(()),
        },
        Step::Print(state) => match number {
            Some((_, number)) => street.tell(&printed(&number, state.clone())),
            None => Ok(()),
        },
        Step::Look(complete) => match number {
            Some((_, number)) => street.tell(&Command::ConfirmPrint { number, complete: *complete }),
            None => Ok(()),
        },
        Step::Crew(a, b) => {
            street.crew = crew(PEOPLE[*a], PEOPLE[*b]);
            Ok(())
        }
        Step::Wait(hours) => {
            street.now += chrono::TimeDelta::hours(*hours);
            Ok(())
        }
        Step::Clock(on) => {
            street.clock_trusted = *on;
            Ok(())
        }
        Step::Filing(late) => {
            street.filing_overdue = *late;
            Ok(())
        }
        Step::Numbers(on) => {
            street.numbers = *on;
            Ok(())
        }
        Step::Spent(yuan) => {
            street.encounter_fines = Fen::yuan(*yuan);
            Ok(())
        }
        Step::Pack => {
            street.law.version += 1;
            Ok(())
        }
    };
}

fn holds(street: &Street) {
    let found = breaches(&street.events, &street.roster, &rules());
    assert_eq!(found, [], "breaches in {:#?}", street.events);
    // The state is the fold of the entries, on this phone and on any other.
    assert_eq!(Case::fold(&street.events), {
        let mut same = Case::new(street.case.id().clone());
        street.events.iter().for_each(|e| same.apply(e));
        if street.events.is_empty() { Case::default() } else { same }
    });
    // Every decision can be asked again from the entries alone, to the letter.
    for again in replay(&street.events, |record| {
        Some(Plain { rules: rules(), version: record.laws.at_decision.version, amended: false, rogue: false })
    }) {
        assert!(again.agrees(), "{:?}", again.differs);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// From nothing: most sequences are refused early; what is accepted is lawful.
    #[test]
    fn any_sequence_keeps_the_law(steps in prop::collection::vec(prop_oneof![6 => early(), 2 => late(), 1 => world()], 1..60)) {
        let mut street = Street::default();
        for step in &steps {
            take(&mut street, step);
        }
        holds(&street);
    }

    /// From a case that is ready to be decided: reaches decisions, prints, service, voids, revocations.
    #[test]
    fn any_sequence_after_the_hearing_keeps_the_law(
        end in prop::sample::select(vec!["fine", "warning", "no_penalty", "order", "no_penalty_proposed"]),
        steps in prop::collection::vec(prop_oneof![2 => early(), 4 => late(), 1 => world()], 1..60),
    ) {
        let mut street = Street::until_facts(end);
        street.all(&[
            photo("after", Stage::Corrected),
            photo("film", Stage::Service),
            Command::Propose { choice: None },
        ]);
        if end != "order" {
            street.all(&[notice(), silent()]);
        }
        let decide = street.decide();
        let decided = street.tell(&decide).is_ok();
        prop_assert!(decided || end.starts_with("no_penalty"));
        for step in &steps {
            take(&mut street, step);
        }
        holds(&street);
    }

    /// Events in any order, from a hostile phone: the fold and the audit never panic.
    #[test]
    fn the_fold_takes_anything(picks in prop::collection::vec(0usize..200, 0..80)) {
        let street = Street::until_served("fine");
        let shuffled: Vec<CaseEvent> =
            picks.iter().filter_map(|p| street.events.get(p % street.events.len()).cloned()).collect();
        let case = Case::fold(&shuffled);
        let _ = breaches(&shuffled, &street.roster, &rules());
        let _ = replay(&shuffled, |_| Some(Plain { rules: rules(), version: 1, amended: false, rogue: false }));
        prop_assert!(case.phase() <= Phase::Closed);
    }
}

/// The sequences above are worth something only if they get far: every kind of event but the few that
/// need a long lawful run by chance is reached.
#[test]
fn random_evenings_reach_every_kind_of_event() {
    let ends = prop::sample::select(vec!["fine", "warning", "no_penalty", "no_penalty_proposed", "order"]);
    let steps = prop::collection::vec(prop_oneof![2 => early(), 5 => late(), 1 => world()], 20..80);
    let evening = (ends, steps);
    let mut runner = TestRunner::deterministic();
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..4000 {
        let (end, steps) = evening.new_tree(&mut runner).unwrap().current();
        let mut street = if end == "fine" {
            Street::until_served("fine")
        } else {
            let mut street = Street::until_heard(if end == "order" { "warning" } else { end });
            street.all(&[
                answer("end", Value::Choice(end.to_owned())),
                answer("limb", Value::Choice("C".to_owned())),
                photo("after", Stage::Corrected),
                photo("film", Stage::Service),
                Command::Educate { how: "讲解".to_owned() },
                Command::Propose { choice: None },
            ]);
            // Told again with the limb; an order has nothing to tell.
            let _ = street.tell(&notice());
            let _ = street.tell(&silent());
            street
        };
        for step in &steps {
            take(&mut street, step);
        }
        reached.extend(street.events.iter().map(|e| e.event.kind()));
    }
    let missing: Vec<_> = Event::KINDS.iter().filter(|k| !reached.contains(**k)).collect();
    assert!(missing.is_empty(), "never reached: {missing:?}");
}
