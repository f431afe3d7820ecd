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
    rulebook::{Domain, Files, Rulebook, format::Clause},
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

/// A well-typed answer, often unknown.
fn typed(domain: &Domain) -> BoxedStrategy<Value> {
    let known = match domain {
        Domain::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Domain::Choice(options) => prop::sample::select(options.clone()).prop_map(Value::Choice).boxed(),
        Domain::Int { min, max, .. } => (*min..=*max).prop_map(Value::Int).boxed(),
    };
    prop_oneof![3 => known, 1 => Just(Value::Unknown)].boxed()
}

/// A case under one of the books, and which.
fn any_case() -> BoxedStrategy<(usize, Inquiry)> {
    with_books(|books| {
        let each =
            books.iter().enumerate().map(|(at, book)| any_inquiry(book).prop_map(move |case| (at, case)));
        // The small town has every form in a few offences: it is looked at as often as all the rest.
        let weighted = each.enumerate().map(|(at, case)| (if at == 0 { 3 } else { 1 }, case.boxed()));
        prop::strategy::Union::new_weighted(weighted.collect()).boxed()
    })
}

fn any_inquiry(book: &Rulebook) -> BoxedStrategy<Inquiry> {
    let offences: Vec<String> = book.offences().map(|o| o.id.to_owned()).collect();
    let names: Vec<String> = book.facts().iter().map(|f| f.name.clone()).collect();
    let answers: Vec<BoxedStrategy<Option<Value>>> =
        names.iter().map(|n| prop::option::of(typed(book.domain(n).unwrap())).boxed()).collect();
    (
        prop::sample::select(offences),
        prop::sample::select(vec![PartyKind::Citizen, PartyKind::SoleTrader, PartyKind::Organisation]),
        prop::option::of(0u8..90),
        answers,
        prop::option::of(prop::option::of(any::<bool>())),
        any::<(Option<bool>, bool, bool)>(),
        0i64..50_000,
        0u64..3_000,
    )
        .prop_map(move |(offence, party, age, answers, prior, (earlier, stale, refused), fines, days)| {
            let mut case = inquiry(&offence, &[]);
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
    /// The town first, then every pack of the repository that decides.
    static BOOKS: Vec<Rulebook> = {
        let national = national();
        let packs = ["dongguan-sample", "zhejiang-appearance", "jiangmen-tiers", "all-forms"];
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks");
        let load = |pack| Rulebook::load(&read_dir(&folder.join(pack)), &[&national]).unwrap();
        std::iter::once(town()).chain(packs.into_iter().map(load)).collect()
    };
}

fn with_files<T>(f: impl FnOnce(&Files, &Rulebook) -> T) -> T {
    thread_local! {
        static FILES: (Files, Rulebook) = (town_files(), national());
    }
    FILES.with(|(files, national)| f(files, national))
}

fn with_books<T>(f: impl FnOnce(&[Rulebook]) -> T) -> T {
    BOOKS.with(|books| f(books))
}

fn with_town<T>(f: impl FnOnce(&Rulebook) -> T) -> T {
    with_books(|books| f(&books[0]))
}

/// Cases of each property: enough for an afternoon's edit; `EZHIFA_NIGHTLY=1` looks far longer.
fn cases() -> u32 {
    if std::env::var_os("EZHIFA_NIGHTLY").is_some() { 200_000 } else { 4_000 }
}

proptest! {
    // Each case reads a whole pack: a twentieth of the others.
    #![proptest_config(ProptestConfig { cases: cases() / 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pack_with_any_bytes_never_panics(at in 0usize..4_000, bytes in prop::collection::vec(any::<u8>(), 0..24)) {
        with_files(|files, national| {
            let mut files = files.clone();
            let all = files.get_mut("offences/all.toml").unwrap();
            let at = at.min(all.len());
            let end = (at + bytes.len()).min(all.len());
            all.splice(at..end, bytes);
            match Rulebook::load(&files, &[national]) {
                Ok(book) => { let _ = decide(&book, &book, &inquiry("stall", &[])); }
                Err(error) => prop_assert!(!error.findings.is_empty()),
            }
            Ok(())
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

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
    fn the_law_holds_in_every_case((at, case) in any_case()) {
        with_books(|books| {
            let book = &books[at];
            let d = decide(book, book, &case).unwrap();
            let unit = case.party == PartyKind::Organisation;
            let gate = book.gate_for(case.party).unwrap();
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
            if d.outcome.is_penalty() && book.offence(&d.offence).unwrap().clause == Clause::OrderFirst {
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
    fn unknown_is_never_harsher(
        (at, case) in any_case(),
        pick in any::<prop::sample::Index>(),
        measures in prop::collection::vec(any::<prop::sample::Index>(), 6),
    ) {
        with_books(|books| {
            let book = &books[at];
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
                Domain::Int { min, max, .. } => {
                    let some = measures.iter().map(|i| min + i.index(usize::try_from(max - min + 1).unwrap()) as i64);
                    let bounds = [*min, 1, 2, 3, 5, 6, 10, 11, 19, 20, 50, 51, 55, 56, *max];
                    some.chain(bounds).filter(|v| min <= v && v <= max).map(Value::Int).collect()
                }
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
    fn a_defence_never_raises((at, case) in any_case(), told in 0i64..30_000, fine in any::<bool>()) {
        with_books(|books| {
            let book = &books[at];
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
    fn questions_end((at, case) in any_case()) {
        with_books(|books| {
            let book = &books[at];
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
