//! The store against a plain model: whatever officers, crashes and restores do in whatever order, both
//! agree on what was acknowledged, and no number is ever handed out twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use std::collections::{BTreeMap, BTreeSet};

use ezhifa_field::{
    journal::{self, Kind},
    numbers::State,
    store::{Store, StoreError},
};
use proptest::prelude::*;
use world::{World, body, sign};

#[derive(Debug, Clone)]
enum Step {
    Append(u8),
    Lease,
    Decide(u8),
    Sign,
    Void,
    Refused,
    Reopen,
    Backup,
    Restore,
    Deliver,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<u8>().prop_map(Step::Append),
        2 => Just(Step::Lease),
        6 => any::<u8>().prop_map(Step::Decide),
        4 => Just(Step::Sign),
        2 => Just(Step::Void),
        1 => Just(Step::Refused),
        2 => Just(Step::Reopen),
        1 => Just(Step::Backup),
        1 => Just(Step::Restore),
        1 => Just(Step::Deliver),
    ];
    proptest::collection::vec(step, 1..60)
}

/// What the phone should hold.
#[derive(Clone, Default)]
struct Model {
    entries: u64,
    delivered: u64,
    bodies: BTreeMap<String, Vec<String>>,
    numbers: BTreeMap<String, State>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn store_and_model_agree(steps in steps()) {
        let world = World::new();
        let mut store = world.create();
        let mut model = Model { entries: 1, ..Model::default() };
        let mut backup: Option<(BTreeMap<String, Vec<u8>>, Model, u64)> = None;
        let mut ever: BTreeSet<String> = BTreeSet::new();
        let (mut leases, mut restores) = (0_u64, 0_u64);
        for step in steps {
            match step {
                Step::Append(n) => {
                    let case = format!("c{}", n % 3);
                    store.write(|dao| dao.append(Kind::Case, 1, Some(&case), &body(n.into()))).unwrap();
                    model.bodies.entry(case).or_default().push(body(n.into()));
                    model.entries += 1;
                }
                Step::Lease => {
                    leases += 1;
                    world.lease(&store, &format!("l{leases}"), leases * 10, leases * 10 + 2);
                    model.entries += 1;
                }
                Step::Decide(n) => {
                    let case = format!("c{}", n % 3);
                    let free = store.read(|dao| dao.next_number("penalty", 2026, world::START)).unwrap();
                    if free.is_some() {
                        let text = world.decide(&store, &case);
                        prop_assert!(ever.insert(text.clone()), "{} was handed out twice", text);
                        model.bodies.entry(case).or_default().push(format!(r#"{{"decided":"{text}"}}"#));
                        model.numbers.insert(text, State::Reserved);
                        model.entries += 1;
                    }
                }
                Step::Sign => {
                    let waits = store.read(|dao| dao.unsigned_numbers()).unwrap();
                    let expected = model.numbers.values().filter(|s| **s == State::Reserved).count();
                    prop_assert_eq!(waits.len(), expected);
                    for left in waits {
                        sign(&store, &left.case_id, &left.text).unwrap();
                        model.bodies.entry(left.case_id).or_default().push(format!(r#"{{"slip":"{}"}}"#, left.text));
                        model.numbers.insert(left.text, State::Issued);
                        model.entries += 1;
                    }
                }
                Step::Void => {
                    let first = model.numbers.iter().find(|(_, s)| **s != State::Void).map(|(t, _)| t.clone());
                    if let Some(text) = first {
                        store.write(|dao| dao.mark_void(&text, "测试")).unwrap();
                        model.numbers.insert(text, State::Void);
                    }
                }
                Step::Refused => {
                    let no: Result<(), StoreError> = store.write(|dao| {
                        dao.append(Kind::Case, 1, Some("c0"), &body(0))?;
                        if let Some(n) = dao.next_number("penalty", 2026, world::START)? {
                            dao.reserve(&n, "c0", "never")?;
                        }
                        Err(StoreError::Internal("no"))
                    });
                    prop_assert!(no.is_err());
                }
                Step::Reopen => {
                    drop(store);
                    store = world.open();
                }
                Step::Backup => {
                    store.checkpoint().unwrap();
                    backup = Some((world.backup(), model.clone(), store.head().unwrap().seq));
                }
                Step::Restore => {
                    if let Some((files, then, seq)) = &backup {
                        let before = store.head().unwrap();
                        drop(store);
                        world.restore(files);
                        store = world.open();
                        if before.epoch != store.epoch().unwrap() {
                            restores += 1;
                            model = then.clone();
                            model.entries += 1;
                            prop_assert_eq!(store.read(|dao| dao.next_number("penalty", 2026, 0)).unwrap(), None);
                            backup = None;
                        } else {
                            prop_assert_eq!(before.seq, *seq, "nothing was written since the back-up");
                            model = then.clone();
                        }
                    }
                }
                Step::Deliver => {
                    let head = store.head().unwrap();
                    store.write(|dao| dao.set_delivered(head.epoch, head.seq)).unwrap();
                    model.delivered = model.entries;
                }
            }
        }
        agree(&store, &model)?;
        let _ = restores;
    }
}

fn agree(store: &Store, model: &Model) -> Result<(), TestCaseError> {
    let report = store.read(journal::verify_all).unwrap();
    prop_assert!(report.is_whole());
    let entries: u64 = report.epochs.iter().map(|e| e.head.seq).sum();
    prop_assert_eq!(entries, model.entries);
    for (case, bodies) in &model.bodies {
        let found = store.read(|dao| dao.case_entries(case)).unwrap();
        let found: Vec<String> = found.into_iter().map(|e| e.entry.body.unwrap()).collect();
        prop_assert_eq!(&found, bodies);
    }
    let accounts = store.read(|dao| dao.number_accounts()).unwrap();
    prop_assert!(accounts.iter().all(|a| a.adds_up()));
    let found: BTreeMap<String, State> =
        accounts.iter().flat_map(|a| &a.used).map(|u| (u.text.clone(), u.state)).collect();
    prop_assert_eq!(&found, &model.numbers);
    let sizes: u64 = [State::Free, State::Reserved, State::Issued, State::Void, State::Burnt, State::Lost]
        .iter()
        .flat_map(|s| accounts.iter().map(|a| a.count(*s)))
        .sum();
    prop_assert_eq!(sizes, accounts.len() as u64 * 3, "every number of every block is explained");
    Ok(())
}
