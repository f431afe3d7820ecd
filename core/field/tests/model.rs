//! Store, leases and outbox against a plain model: whatever officers, HQ, crashes, back-ups and clones do in
//! whatever order, both agree on what is there, what waits and which number comes next.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use std::collections::{BTreeMap, BTreeSet};

use ezhifa_field::{
    journal::Kind,
    numbers::State,
    store::{Store, StoreError},
    vault::About,
};
use ezhifa_seal::{entry::Head, hash::sha256};
use proptest::{prelude::*, test_runner::Config};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use world::{START, World, body, sign};

/// What somebody does.
#[derive(Debug, Clone)]
enum Step {
    Append(u8),
    Photo(u8),
    Lease,
    /// HQ's answer comes a second time.
    LeaseAgain,
    Decide(u8),
    Sign,
    Void,
    Refused,
    Reopen,
    Backup,
    Restore,
    /// HQ's signed receipt for everything.
    Receipt,
    /// HQ was restored and has less.
    HqLost,
    /// HQ's verified back-up covers what was delivered.
    Floor,
    PhotoAtHq,
}

/// A block of three numbers.
#[derive(Debug, Clone)]
struct Block {
    first: u64,
    next: u64,
    burnt: bool,
}

/// One epoch.
#[derive(Debug, Clone, Default)]
struct Life {
    entries: u64,
    delivered: u64,
    floor: u64,
}

/// What the phone should hold: plain lists, no journal.
#[derive(Debug, Clone, Default)]
struct Model {
    lives: Vec<Life>,
    bodies: BTreeMap<String, Vec<String>>,
    blocks: Vec<Block>,
    /// Number, its case and state.
    numbers: BTreeMap<u64, (String, State)>,
    photos: BTreeMap<u8, bool>,
    /// How often HQ lent: outside the phone, never rolled back.
    lent: u64,
    backup: Option<Box<Model>>,
}

fn text(n: u64) -> String {
    format!("样执〔2026〕{n}号")
}

impl Model {
    fn life(&mut self) -> &mut Life {
        self.lives.last_mut().unwrap()
    }

    fn append(&mut self, case: &str, body: String) {
        self.life().entries += 1;
        self.bodies.entry(case.to_owned()).or_default().push(body);
    }

    fn free(&self) -> Option<usize> {
        let live = |b: &Block| !b.burnt && b.next < b.first + 3;
        self.blocks.iter().position(live)
    }

    fn unsigned(&self) -> Vec<(u64, String)> {
        let waits = self.numbers.iter().filter(|(_, (_, s))| *s == State::Reserved);
        waits.map(|(n, (case, _))| (*n, case.clone())).collect()
    }

    fn voidable(&self) -> Option<u64> {
        self.numbers.iter().find(|(_, (_, s))| *s != State::Void).map(|(n, _)| *n)
    }

    /// Something was written since the back-up.
    fn moved_on(&self) -> bool {
        let seq = |m: &Model| (m.lives.len(), m.lives.last().map(|l| l.entries));
        self.backup.as_ref().is_some_and(|then| seq(then) != seq(self))
    }
}

fn case_of(n: u8) -> String {
    format!("c{}", n % 3)
}

struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model { lives: vec![Life { entries: 1, ..Life::default() }], ..Model::default() }).boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Step> {
        prop_oneof![
            4 => any::<u8>().prop_map(Step::Append),
            3 => (0..12_u8).prop_map(Step::Photo),
            2 => Just(Step::Lease),
            1 => Just(Step::LeaseAgain),
            6 => any::<u8>().prop_map(Step::Decide),
            4 => Just(Step::Sign),
            2 => Just(Step::Void),
            1 => Just(Step::Refused),
            2 => Just(Step::Reopen),
            1 => Just(Step::Backup),
            1 => Just(Step::Restore),
            2 => Just(Step::Receipt),
            1 => Just(Step::HqLost),
            1 => Just(Step::Floor),
            1 => Just(Step::PhotoAtHq),
        ]
        .boxed()
    }

    fn preconditions(model: &Model, step: &Step) -> bool {
        match step {
            Step::LeaseAgain => model.blocks.last().is_some_and(|b| !b.burnt),
            Step::Decide(_) => model.free().is_some(),
            Step::Void => model.voidable().is_some(),
            Step::Restore => model.backup.is_some(),
            Step::PhotoAtHq => model.photos.values().any(|durable| !durable),
            _ => true,
        }
    }

    fn apply(mut model: Model, step: &Step) -> Model {
        match step {
            Step::Append(n) => model.append(&case_of(*n), body((*n).into())),
            Step::Photo(n) => {
                if !model.photos.contains_key(n) {
                    model.photos.insert(*n, false);
                    // Its entry belongs to no case here.
                    model.life().entries += 1;
                }
            }
            Step::Lease => {
                model.lent += 1;
                let first = model.lent * 10;
                model.blocks.push(Block { first, next: first, burnt: false });
                model.life().entries += 1;
            }
            Step::Decide(n) => {
                let at = model.free().unwrap();
                let number = model.blocks[at].next;
                model.blocks[at].next += 1;
                model.append(&case_of(*n), format!(r#"{{"decided":"{}"}}"#, text(number)));
                model.numbers.insert(number, (case_of(*n), State::Reserved));
            }
            Step::Sign => {
                for (number, case) in model.unsigned() {
                    model.append(&case, format!(r#"{{"slip":"{}"}}"#, text(number)));
                    model.numbers.insert(number, (case, State::Issued));
                }
            }
            Step::Void => {
                let number = model.voidable().unwrap();
                model.numbers.get_mut(&number).unwrap().1 = State::Void;
            }
            Step::Backup => {
                model.backup = None;
                model.backup = Some(Box::new(model.clone()));
            }
            Step::Restore => {
                let moved = model.moved_on();
                let then = model.backup.clone().unwrap();
                let lent = model.lent;
                model = Model { lent, backup: (!moved).then(|| then.clone()), ..*then };
                if moved {
                    model.blocks.iter_mut().for_each(|b| b.burnt = true);
                    model.lives.push(Life { entries: 1, ..Life::default() });
                }
            }
            Step::Receipt => model.lives.iter_mut().for_each(|l| l.delivered = l.entries),
            Step::HqLost => model.lives.iter_mut().for_each(|l| l.delivered = l.delivered.min(l.floor)),
            Step::Floor => model.lives.iter_mut().for_each(|l| l.floor = l.floor.max(l.delivered)),
            Step::PhotoAtHq => {
                *model.photos.values_mut().find(|durable| !**durable).unwrap() = true;
            }
            Step::LeaseAgain | Step::Refused | Step::Reopen => {}
        }
        model
    }
}

struct Phone {
    world: World,
    store: Option<Store>,
    backup: BTreeMap<String, Vec<u8>>,
    lent: u64,
    ever: BTreeSet<String>,
}

impl Phone {
    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(self.world.open());
    }

    fn heads(&self) -> Vec<Head> {
        self.store().read(|dao| dao.epochs()).unwrap().into_iter().map(|e| e.head).collect()
    }
}

fn photo(n: u8) -> Vec<u8> {
    vec![n; 300]
}

impl StateMachineTest for Machine {
    type SystemUnderTest = Phone;
    type Reference = Machine;

    fn init_test(_: &Model) -> Phone {
        let world = World::new();
        let store = Some(world.create());
        Phone { world, store, backup: BTreeMap::new(), lent: 0, ever: BTreeSet::new() }
    }

    fn apply(mut phone: Phone, after: &Model, step: Step) -> Phone {
        let epochs = phone.heads().len();
        match step {
            Step::Append(n) => {
                let write = |dao: &mut ezhifa_field::store::Dao<'_>| {
                    dao.append(Kind::Case, 1, Some(&case_of(n)), &body(n.into()))
                };
                phone.store().write(write).unwrap();
            }
            Step::Photo(n) => {
                let about = About { kind: "photo", ..About::default() };
                phone
                    .store()
                    .capture(&mut photo(n).as_slice(), &about, |_, _| Ok::<_, StoreError>(()))
                    .unwrap();
            }
            Step::Lease => {
                phone.lent += 1;
                let n = phone.lent;
                phone.world.lease(phone.store(), &format!("l{n:04}"), n * 10, n * 10 + 2);
            }
            Step::LeaseAgain => {
                let n = after.blocks.last().unwrap().first / 10;
                phone.world.lease(phone.store(), &format!("l{n:04}"), n * 10, n * 10 + 2);
            }
            Step::Decide(n) => {
                let text = phone.world.decide(phone.store(), &case_of(n));
                assert!(phone.ever.insert(text.clone()), "{text} was handed out twice");
            }
            Step::Sign => {
                for left in phone.store().read(|dao| dao.unsigned_numbers()).unwrap() {
                    sign(phone.store(), &left.case_id, &left.text).unwrap();
                }
            }
            Step::Void => {
                let void = |t: &str| phone.store().write(|dao| dao.mark_void(t, "测试"));
                let accounts = phone.store().read(|dao| dao.number_accounts()).unwrap();
                let mut used: Vec<_> = accounts.iter().flat_map(|a| &a.used).collect();
                used.sort_by_key(|u| u.n);
                let first = used.into_iter().find(|u| u.state != State::Void).unwrap();
                void(&first.text).unwrap();
                assert!(void(&first.text).is_err(), "a void is final");
            }
            Step::Refused => {
                let no: Result<(), StoreError> = phone.store().write(|dao| {
                    dao.append(Kind::Case, 1, Some("c0"), &body(0))?;
                    if let Some(n) = dao.next_number("penalty", 2026, START)? {
                        dao.reserve(&n, "c0", "never")?;
                    }
                    Err(StoreError::Internal("no"))
                });
                assert!(no.is_err());
            }
            Step::Reopen => phone.reopen(),
            Step::Backup => {
                phone.store().checkpoint().unwrap();
                phone.backup = phone.world.backup();
            }
            Step::Restore => {
                phone.store = None;
                phone.world.restore(&phone.backup);
                phone.reopen();
                // Photos that were taken after the back-up lie in no row any more.
                assert!(phone.heads().len() >= epochs.min(after.lives.len()));
            }
            Step::Receipt => phone
                .store()
                .write::<_, StoreError>(|dao| {
                    for epoch in dao.epochs()? {
                        dao.set_delivered(epoch.head.epoch, epoch.head.seq)?;
                    }
                    Ok(())
                })
                .unwrap(),
            Step::HqLost => phone
                .store()
                .write::<_, StoreError>(|dao| {
                    for epoch in dao.epochs()? {
                        dao.set_delivered(epoch.head.epoch, epoch.delivered.min(epoch.floor))?;
                    }
                    Ok(())
                })
                .unwrap(),
            Step::Floor => phone
                .store()
                .write::<_, StoreError>(|dao| {
                    for epoch in dao.epochs()? {
                        dao.raise_floor(epoch.head.epoch, epoch.delivered)?;
                    }
                    Ok(())
                })
                .unwrap(),
            Step::PhotoAtHq => {
                let waits = phone.store().read(|dao| dao.waiting_evidence(100)).unwrap();
                let first = (0..12)
                    .map(|n| sha256(&photo(n)))
                    .find(|sha| waits.iter().any(|w| w.sha256 == *sha))
                    .unwrap();
                phone.store().write(|dao| dao.evidence_durable(&first)).unwrap();
            }
        }
        phone
    }

    fn check_invariants(phone: &Phone, model: &Model) {
        let store = phone.store();
        let report = store.verify().unwrap();
        assert!(report.is_whole());
        let epochs = store.read(|dao| dao.epochs()).unwrap();
        let lives: Vec<_> = epochs.iter().map(|e| (e.head.seq, e.delivered, e.floor)).collect();
        let expected: Vec<_> = model.lives.iter().map(|l| (l.entries, l.delivered, l.floor)).collect();
        assert_eq!(lives, expected, "entries, delivered, floor");
        for (case, bodies) in &model.bodies {
            let found = store.read(|dao| dao.case_entries(case)).unwrap();
            let found: Vec<String> = found.into_iter().map(|e| e.entry.body.unwrap()).collect();
            assert_eq!(&found, bodies);
        }
        let unsent = store.read(|dao| dao.unsent()).unwrap();
        assert_eq!(unsent.entries, model.lives.iter().map(|l| l.entries - l.delivered).sum::<u64>());
        assert_eq!(unsent.files, model.photos.values().filter(|durable| !**durable).count() as u64);

        let next = store.read(|dao| dao.next_number("penalty", 2026, START)).unwrap();
        assert_eq!(next.map(|f| f.n), model.free().map(|at| model.blocks[at].next), "the next number");
        let accounts = store.read(|dao| dao.number_accounts()).unwrap();
        assert!(accounts.iter().all(|a| a.adds_up()));
        let found: BTreeMap<u64, State> =
            accounts.iter().flat_map(|a| &a.used).map(|u| (u.n, u.state)).collect();
        let expected: BTreeMap<u64, State> = model.numbers.iter().map(|(n, (_, s))| (*n, *s)).collect();
        assert_eq!(found, expected);
        let states = [State::Free, State::Reserved, State::Issued, State::Void, State::Burnt, State::Lost];
        let explained: u64 = states.iter().flat_map(|s| accounts.iter().map(|a| a.count(*s))).sum();
        assert_eq!(explained, accounts.len() as u64 * 3, "every number of every block is explained");
    }
}

fn cases() -> u32 {
    let rounds = std::env::var("EZHIFA_ROUNDS").ok().and_then(|n| n.parse::<u32>().ok());
    rounds.map_or(24, |n| n / 4)
}

prop_state_machine! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, max_shrink_iters: 400, ..Config::default() })]
    #[test]
    fn store_leases_and_outbox_do_what_the_model_says(sequential 1..60 => Machine);
}
