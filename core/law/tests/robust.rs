//! Hostile packs and facts: an error with place and reason, never a panic, never a silent default.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use ezhifa_law::{
    check::check,
    decide::{decide, explain, questions},
    decision::{Choice, Decision, DefenceCap, Inquiry},
    facts::Value,
    money::Fen,
    rulebook::{Domain, Files, Rulebook},
    terms::{Limb, Outcome, PartyKind},
};
use proptest::prelude::*;

#[track_caller]
fn refused(files: &Files) -> String {
    let national = national();
    let error = Rulebook::load(files, &[&national]).unwrap_err();
    assert!(!check(files, &[&national]).is_empty());
    let finding = &error.findings[0];
    assert!(finding.line >= 1 && !finding.sentence.is_empty());
    error.to_string()
}

#[test]
fn oversized_deep_and_foreign_files_are_refused() {
    let with = |name: &str, bytes: Vec<u8>| {
        let mut files = town_files();
        files.insert(name.into(), bytes);
        files
    };
    assert!(refused(&with("facts.toml", vec![b'#'; 10 << 20])).contains("过大"));
    let nested = format!("a = {}1{}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(refused(&with("facts.toml", nested.into_bytes())).contains("facts.toml:1"));
    let tables = format!("a = {}1{}", "{ a = ".repeat(100_000), " }".repeat(100_000));
    assert!(refused(&with("facts.toml", tables.into_bytes())).contains("facts.toml:1"));
    assert!(refused(&with("facts.toml", vec![0xff, 0xfe])).contains("UTF-8"));
    assert!(
        refused(&with("../evil.toml", Vec::new())).contains("没有")
            || refused(&with("../evil.toml", Vec::new())).contains("不应有")
    );
    assert!(refused(&with("offences/a/b.toml", Vec::new())).contains("不应有"));
    let many: Files = (0..500).map(|i| (format!("offences/{i}.toml"), Vec::new())).collect();
    assert!(refused(&many).contains("过大"));
    assert!(refused(&Files::new()).contains("manifest.toml"));
}

#[test]
fn an_unknown_key_names_its_line() {
    let error = refused(&edited("offences/all.toml", "clause = \"order_first\"", "claus = \"order_first\""));
    assert!(error.contains("offences/all.toml:") && error.contains("claus"), "{error}");
}

/// Any answers to any of the facts, right types or not.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Unknown),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (0i64..120).prop_map(Value::Int),
        prop::sample::select(vec!["none", "slight", "serious", "adult", "under_14", ""]).prop_map(choice),
    ]
}

const OFFENCES: [&str; 6] = ["stall", "litter", "dog", "poultry", "advice", "stall-city"];

/// A well-typed answer, often unknown.
fn typed(domain: &Domain) -> BoxedStrategy<Value> {
    let known = match domain {
        Domain::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Domain::Choice(options) => prop::sample::select(options.clone()).prop_map(Value::Choice).boxed(),
        Domain::Int { min, max, .. } => (*min..=*max).prop_map(Value::Int).boxed(),
    };
    prop_oneof![3 => known, 1 => Just(Value::Unknown)].boxed()
}

fn any_inquiry(book: &Rulebook) -> BoxedStrategy<Inquiry> {
    let names: Vec<String> = book.facts().iter().map(|f| f.name.clone()).collect();
    let answers: Vec<BoxedStrategy<Option<Value>>> =
        names.iter().map(|n| prop::option::of(typed(book.domain(n).unwrap())).boxed()).collect();
    (
        prop::sample::select(OFFENCES.to_vec()),
        prop::sample::select(vec![PartyKind::Citizen, PartyKind::SoleTrader, PartyKind::Organisation]),
        prop::option::of(0u8..90),
        answers,
        prop::option::of(prop::option::of(any::<bool>())),
        any::<(Option<bool>, bool, bool)>(),
        0i64..50_000,
        0u64..3_000,
    )
        .prop_map(move |(offence, party, age, answers, prior, (earlier, stale, refused), fines, days)| {
            let mut case = inquiry(offence, &[]);
            case.party = party;
            case.age_at_act = age;
            case.facts.0 =
                names.iter().cloned().zip(answers).filter_map(|(n, a)| a.map(|a| (n, a))).collect();
            case.prior_order = prior.map(order).map(|mut o| {
                o.refused = refused;
                o
            });
            case.history.earlier = earlier;
            case.history.stale = stale;
            case.encounter_fines = Fen(fines);
            case.decided_at = case.act_at + chrono::Days::new(days);
            case
        })
        .boxed()
}

/// Mild to harsh; the ordinary procedure is review by people, not an outcome.
fn harshness(d: &Decision) -> (u8, Fen) {
    let rank = match d.outcome {
        Outcome::NoViolation | Outcome::Advice | Outcome::OrdinaryProcedure | Outcome::Referral => 0,
        Outcome::Order | Outcome::OrderComplied => 1,
        Outcome::NoPenalty | Outcome::NoPenaltyProposed => 2,
        Outcome::Warning => 3,
        Outcome::Fine => 4,
        Outcome::WarningAndFine => 5,
    };
    (rank, d.amount)
}

thread_local! {
    static TOWN: Rulebook = town();
}

fn with_town<T>(f: impl FnOnce(&Rulebook) -> T) -> T {
    TOWN.with(f)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn facts_of_any_type_never_panic(
        offence in "[a-z-]{0,12}",
        facts in prop::collection::btree_map("[a-z_]{1,12}|on_road|area|harm|corrected|age_band|gain", any_value(), 0..8),
    ) {
        with_town(|book| {
            for offence in [offence.as_str(), "stall", "dog"] {
                let mut case = inquiry(offence, &[]);
                case.facts.0 = facts.clone();
                if let Ok(decision) = decide(book, book, &case) {
                    let _ = explain(&decision);
                }
                let _ = questions(book, book, &case);
            }
        });
    }

    #[test]
    fn a_pack_with_any_bytes_never_panics(at in 0usize..4_000, bytes in prop::collection::vec(any::<u8>(), 0..24)) {
        let national = national();
        let mut files = town_files();
        let all = files.get_mut("offences/all.toml").unwrap();
        let at = at.min(all.len());
        let end = (at + bytes.len()).min(all.len());
        all.splice(at..end, bytes);
        match Rulebook::load(&files, &[&national]) {
            Ok(book) => { let _ = decide(&book, &book, &inquiry("stall", &[])); }
            Err(error) => prop_assert!(!error.findings.is_empty()),
        }
    }

    #[test]
    fn the_law_holds_in_every_case(case in with_town(any_inquiry)) {
        with_town(|book| {
            let d = decide(book, book, &case).unwrap();
            let unit = case.party == PartyKind::Organisation;
            let gate = if unit { Fen::yuan(3000) } else { Fen::yuan(200) };
            // 51: at most the gate, with what this encounter has brought already.
            if d.outcome.has_fine() {
                prop_assert!(d.amount > Fen::ZERO && d.amount.0 + case.encounter_fines.0 <= gate.0);
            } else {
                prop_assert_eq!(d.amount, Fen::ZERO);
            }
            // 30: never under 14; below the proposal from 14 to 17.
            if !unit && case.age_at_act.is_some_and(|a| a < 14) {
                prop_assert!(!d.outcome.is_penalty());
            }
            if !unit && case.age_at_act.is_some_and(|a| (14..18).contains(&a)) && d.outcome.has_fine() {
                let adult = decide(book, book, &Inquiry { age_at_act: Some(18), ..case.clone() }).unwrap();
                prop_assert!(!adult.outcome.has_fine() || d.amount < adult.amount);
            }
            // Mandatory limbs leave nothing else.
            if d.limb.is_some_and(|l| l != Limb::B) {
                prop_assert!(d.may_choose.is_empty());
            }
            // A conditional clause is never punished without its order.
            if d.offence == "stall" && d.outcome.is_penalty() {
                let order = case.prior_order.as_ref().unwrap();
                prop_assert!(order.served && (order.refused || order.corrected == Some(false)));
            }
            // Whatever may be chosen can be chosen, and nothing else can.
            for outcome in [Outcome::Order, Outcome::Warning, Outcome::Fine, Outcome::WarningAndFine, Outcome::NoPenalty] {
                let chosen = decide(book, book, &Inquiry { choice: Some(Choice { outcome, amount: None }), ..case.clone() });
                let open = outcome == d.outcome || d.may_choose.contains(&outcome);
                if open {
                    prop_assert!(chosen.is_ok());
                } else {
                    prop_assert!(chosen.is_err());
                }
            }
            Ok(())
        })?;
    }

    /// Unknown never makes it harsher than any answer would.
    #[test]
    fn unknown_is_never_harsher(case in with_town(any_inquiry), pick in any::<prop::sample::Index>()) {
        with_town(|book| {
            let names: Vec<&str> = book.facts().iter().map(|f| f.name.as_str()).collect();
            let name = names[pick.index(names.len())];
            let with = |value: Value| {
                let mut case = case.clone();
                case.facts.0.insert(name.into(), value);
                decide(book, book, &case).unwrap()
            };
            let unknown = with(Value::Unknown);
            let answers: Vec<Value> = match book.domain(name).unwrap() {
                Domain::Bool => vec![Value::Bool(false), Value::Bool(true)],
                Domain::Choice(options) => options.iter().cloned().map(Value::Choice).collect(),
                Domain::Int { min, max, .. } => [*min, 19, 20, 50, 51, 55, 56, *max].into_iter().filter(|v| min <= v && v <= max).map(Value::Int).collect(),
            };
            if unknown.outcome.is_penalty() {
                for value in answers {
                    let known = with(value.clone());
                    let review = known.outcome == Outcome::OrdinaryProcedure;
                    prop_assert!(review || harshness(&unknown) <= harshness(&known), "{} = {:?}: {:?} > {:?}", name, value, harshness(&unknown), harshness(&known));
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_defence_never_raises(case in with_town(any_inquiry), told in 0i64..30_000, fine in any::<bool>()) {
        with_town(|book| {
            let cap = DefenceCap { outcome: if fine { Outcome::Fine } else { Outcome::Warning }, amount: Fen(if fine { told } else { 0 }) };
            let d = decide(book, book, &Inquiry { defence_cap: Some(cap), ..case.clone() }).unwrap();
            if d.outcome.is_penalty() {
                prop_assert!(d.outcome == Outcome::Warning || fine && d.outcome == Outcome::Fine);
                prop_assert!(d.amount <= cap.amount);
            }
            Ok(())
        })?;
    }

    /// Asking ends: answering what is asked leads to a decision without questions.
    #[test]
    fn questions_end(case in with_town(any_inquiry)) {
        with_town(|book| {
            let mut case = case;
            for _ in 0..40 {
                let open = questions(book, book, &case).unwrap();
                let Some(first) = open.first() else { return Ok(()) };
                prop_assert!(!case.facts.0.contains_key(&first.fact), "asked twice: {}", first.fact);
                case.facts.0.insert(first.fact.clone(), Value::Unknown);
            }
            prop_assert!(false, "still asking");
            Ok(())
        })?;
    }
}
