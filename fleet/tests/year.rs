//! A small year of whole cases: every promise holds under every fault, and a seed is a seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use ezhifa_fleet::{
    faults::Faults,
    plot,
    report::Summary,
    scenario::Scenario,
    sensitivity,
    simulate::{Run, simulate},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn scenario(cases: u32, days: u32) -> Scenario {
    let mut scenario = Scenario::read(&root().join("tests/scenarios/dongguan-2023.toml")).unwrap();
    (scenario.cases, scenario.days) = (cases, days);
    scenario
}

fn run(scenario: &Scenario, phones: u32, seed: u64, faults: &str) -> Summary {
    let root = root();
    let run = Run { scenario, phones, seed, faults: Faults::parse(faults).unwrap(), rulebooks: &root };
    simulate(&run, &|_, _| {}).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_promise_holds_under_every_fault() {
    let year = run(&scenario(80, 20), 5, 11, "all");
    println!("{}", year.text());
    assert_eq!((year.silent_losses, year.duplicate_numbers, year.hq_replay_mismatches), (0, 0, 0));
    assert_eq!(year.numbers.unexplained, 0);
    assert!(year.cases + year.declared_losses + year.given_up >= 70, "{}", year.text());
    let n = &year.numbers;
    assert_eq!(n.lent, n.used + n.reserved + n.void + n.burnt + n.declared + n.free);
}

#[test]
fn without_faults_nothing_is_lost_and_nothing_waits_for_ever() {
    let year = run(&scenario(60, 15), 3, 5, "none");
    assert_eq!((year.cases, year.given_up, year.lost), (60, 0, 0), "{}", year.text());
    assert!(year.hq_replayed >= 50 && !year.reviews_by_kind.contains_key("same_act"), "{}", year.text());
    assert!(year.alarms.is_empty(), "{}", year.text());
}

#[test]
fn two_patrols_at_one_stall_are_seen_at_hq() {
    let mut scenario = scenario(120, 10);
    scenario.branches = 1;
    let year = run(&scenario, 2, 4, "same-stall");
    assert!(year.second_crews > 0, "{}", year.text());
    assert!(year.reviews_by_kind.get("same_act").copied().unwrap_or(0) > 0, "{}", year.text());
}

#[test]
fn a_year_of_a_seed_is_the_same_year() {
    let scenario = scenario(40, 12);
    let figures = |year: Summary| serde_json::to_string(&Summary { wall_s: 0, ..year }).unwrap();
    let once = figures(run(&scenario, 4, 721, "all"));
    assert_eq!(once, figures(run(&scenario, 4, 721, "all")));
    assert_ne!(once, figures(run(&scenario, 4, 722, "all")));
}

#[test]
fn the_share_without_a_penalty_comes_out_near_the_published_one_and_moves_with_the_assumptions() {
    let scenario = scenario(2_000, 486);
    let table = sensitivity::table(&scenario, 721, 2_000, &root()).unwrap();
    let base = table.first().unwrap().share;
    let published = f64::from(scenario.published_permille()) / 1000.0;
    assert!((base - published).abs() < 0.03, "calibrated to {published}, decided {base}");
    assert!(table.iter().any(|l| (l.share_high - l.share_low).abs() > 0.02), "{table:?}");
    let speaks = table.iter().find(|l| l.rate == "speaks").unwrap();
    assert!((speaks.share_high - speaks.share_low).abs() < 1e-9, "a statement changes no outcome here");
}

#[test]
fn a_stale_rulebook_is_replayed_with_the_pack_it_names() {
    let mut scenario = scenario(60, 12);
    scenario.switch.on.0 = scenario.begins.0 + chrono::TimeDelta::days(5);
    let year = run(&scenario, 3, 9, "stale-rulebook");
    assert_eq!(year.hq_replay_mismatches, 0);
    assert!(year.hq_replayed >= 45, "{}", year.text());
    assert!(plot::svg(&year, scenario.begins.0).contains("calibrated"));
}
