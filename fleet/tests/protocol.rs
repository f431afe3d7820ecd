//! A seed of the protocol is a whole small world; thousands of them are the proof. `EZHIFA_FLEET_SEEDS`
//! sets how many, `EZHIFA_FLEET_SEED` the first: a seed that failed is run again by itself with
//! `EZHIFA_FLEET_SEED=n EZHIFA_FLEET_SEEDS=1 cargo test --release -p ezhifa-fleet --test protocol`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use ezhifa_fleet::{
    faults::Faults,
    protocol::{self, Plan, Report},
};

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn nothing_is_lost_silently_and_no_number_stands_on_two_papers() {
    let plan = Plan { phones: 2, steps: 60, faults: Faults::all() };
    let (first, seeds) = (number("EZHIFA_FLEET_SEED", 1), number("EZHIFA_FLEET_SEEDS", 40));
    let began = std::time::Instant::now();
    let sum = protocol::sweep(&plan, first, seeds, &|_| {}).unwrap_or_else(|e| panic!("{e}"));
    println!("{sum:?} in {:.1} s", began.elapsed().as_secs_f64());
    assert_eq!((sum.silent_losses, sum.duplicate_numbers), (0, 0));
    assert!(seeds < 40 || (sum.declared_losses > 0 && sum.crashes > 0 && sum.hq_restores > 0), "{sum:?}");
}

#[test]
fn a_seed_is_the_same_world_every_time() {
    let plan = Plan { phones: 2, steps: 40, faults: Faults::all() };
    let dir = tempfile::tempdir().unwrap();
    let once = protocol::run(&plan, 721, dir.path()).unwrap();
    assert_eq!(once, protocol::run(&plan, 721, dir.path()).unwrap());
    assert_ne!(once, Report::default());
}

#[test]
fn without_faults_every_paper_arrives() {
    let plan = Plan { phones: 2, steps: 60, faults: Faults::default() };
    let dir = tempfile::tempdir().unwrap();
    let report = protocol::run(&plan, 7, dir.path()).unwrap();
    assert!(report.papers > 5, "{report:?}");
    assert_eq!((report.arrived, report.declared_losses), (report.papers, 0));
}
