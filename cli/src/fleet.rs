//! `ezhifa fleet`: the real phones and the real HQ in a simulated city.

use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
};

use clap::{Args, Subcommand};
use ezhifa_fleet::{
    FleetError,
    faults::Faults,
    plot,
    protocol::{self, Plan},
    scenario::Scenario,
    sensitivity, simulate,
};

use crate::{error::CliError, packs, say};

/// What to simulate.
#[derive(Subcommand)]
pub enum FleetCommand {
    /// Play a year of whole cases: real questions, decisions, numbers, slips, sync and replay.
    Simulate(SimulateArgs),
    /// Play many small worlds of the protocol, one a seed, with far more trouble than a street has.
    Protocol(ProtocolArgs),
}

/// Arguments of `fleet simulate`.
#[derive(Args)]
#[command(after_help = "\
Every run prints its seed; the same seed gives the same figures, wall_s apart.
A broken promise stops the run with its name (I1 to I8), the seed and the day.

  ezhifa fleet simulate --phones 6 --cases 300 --days 30 --seed 7 --faults all
  ezhifa fleet simulate --scenario dongguan-2023 --out out/fleet      the whole year: about 50,000 cases

Faults: all, none, or names with commas: drop, duplicate, reorder, delay, captive, crash, restore, clone,
lost, hq-crash, hq-restore, skew, same-stall, stale-rulebook, paper-out. docs/fleet.md says what each does.")]
pub struct SimulateArgs {
    /// Scenario: a name under tests/scenarios/, or a file.
    #[arg(long, default_value = "dongguan-2023")]
    scenario: String,
    /// Phones; the scenario's branches by default.
    #[arg(long)]
    phones: Option<u32>,
    /// Cases met; the scenario's number by default.
    #[arg(long)]
    cases: Option<u32>,
    /// Days; the scenario's number by default.
    #[arg(long)]
    days: Option<u32>,
    /// Seed.
    #[arg(long, default_value_t = 721)]
    seed: u64,
    /// What may go wrong.
    #[arg(long, default_value = "all")]
    faults: String,
    /// Figures as JSON on standard output.
    #[arg(long)]
    json: bool,
    /// Folder for summary.json and year.svg.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Cases decided for each line of the sensitivity table; 0 leaves the table out.
    #[arg(long, default_value_t = 4000)]
    sensitivity: u32,
}

/// Arguments of `fleet protocol`.
#[derive(Args)]
pub struct ProtocolArgs {
    /// Seeds to run.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first of them: a seed that failed is run again with --first SEED --seeds 1.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Phones at the start of each.
    #[arg(long, default_value_t = 2)]
    phones: u32,
    /// Random steps of each.
    #[arg(long, default_value_t = 60)]
    steps: u32,
    /// What may go wrong.
    #[arg(long, default_value = "all")]
    faults: String,
    /// Figures as JSON on standard output.
    #[arg(long)]
    json: bool,
}

fn failed(error: FleetError) -> CliError {
    match error {
        FleetError::Violation(v) => CliError::found(format!(
            "{v}; to see it again: `fleet protocol --first {0} --seeds 1`, or `fleet simulate --seed {0}` with the same flags",
            v.seed
        )),
        FleetError::Input(what) => CliError::new(what, "ezhifa fleet simulate --help; docs/fleet.md"),
        other => CliError::new(
            other,
            "the simulated world failed: if it does so again with the same seed, please report it",
        ),
    }
}

/// Runs a simulation.
///
/// # Errors
/// Bad arguments (2), or a broken promise (1).
pub fn run(command: &FleetCommand) -> Result<(), CliError> {
    match command {
        FleetCommand::Simulate(args) => year(args),
        FleetCommand::Protocol(args) => seeds(args),
    }
}

/// Progress on standard error, on one line where somebody looks.
fn progress(text: &str) {
    let mut err = std::io::stderr().lock();
    let end = if err.is_terminal() { "\r" } else { "\n" };
    let _ = write!(err, "{text}{end}");
    let _ = err.flush();
}

fn year(args: &SimulateArgs) -> Result<(), CliError> {
    let named = PathBuf::from(&args.scenario);
    let path = if named.extension().is_some() {
        named
    } else {
        packs::project_file(&format!("tests/scenarios/{}.toml", args.scenario))
    };
    let mut scenario = Scenario::read(&path).map_err(failed)?;
    scenario.cases = args.cases.unwrap_or(scenario.cases);
    scenario.days = args.days.unwrap_or(scenario.days).max(1);
    let root = packs::project_file("rulebooks").join("..");
    let run = simulate::Run {
        scenario: &scenario,
        phones: args.phones.unwrap_or(scenario.branches),
        seed: args.seed,
        faults: Faults::parse(&args.faults).map_err(failed)?,
        rulebooks: &root,
    };
    let began = std::time::Instant::now();
    let (days, every) = (scenario.days, (scenario.days / 60).max(1));
    progress(&format!("seed {}: {} cases, {} phones, {days} days", run.seed, scenario.cases, run.phones));
    let mut summary = simulate::simulate(&run, &|day, met| {
        if day.is_multiple_of(every) {
            let took = began.elapsed().as_secs();
            progress(&format!("day {day} of {days}, {met} cases met, {took} s        "));
        }
    })
    .map_err(failed)?;
    if args.sensitivity > 0 {
        summary.sensitivity =
            sensitivity::table(&scenario, args.seed, args.sensitivity, &root).map_err(failed)?;
    }
    let json = serde_json::to_string_pretty(&summary)
        .map_err(|e| CliError::new(e, "this is a fault of the program, please report it"))?;
    if let Some(out) = &args.out {
        let unwritable = |e: std::io::Error| {
            CliError::new(format!("cannot write to {}: {e}", out.display()), "choose another --out")
        };
        std::fs::create_dir_all(out).map_err(unwritable)?;
        std::fs::write(out.join("summary.json"), &json).map_err(unwritable)?;
        std::fs::write(out.join("year.svg"), plot::svg(&summary, scenario.begins.0)).map_err(unwritable)?;
    }
    if args.json {
        say!("{json}");
    } else {
        say!("{}", scenario.title);
        say!("{}", summary.text());
        if let Some(out) = &args.out {
            say!(
                "figures in {}, the year in {}",
                out.join("summary.json").display(),
                out.join("year.svg").display()
            );
        }
    }
    Ok(())
}

fn seeds(args: &ProtocolArgs) -> Result<(), CliError> {
    let plan = Plan {
        phones: args.phones.max(1),
        steps: args.steps,
        faults: Faults::parse(&args.faults).map_err(failed)?,
    };
    let began = std::time::Instant::now();
    let every = (args.seeds / 50).max(1);
    let report = protocol::sweep(&plan, args.first, args.seeds, &|done| {
        if done.is_multiple_of(every) {
            progress(&format!("{done} of {} seeds, {} s        ", args.seeds, began.elapsed().as_secs()));
        }
    })
    .map_err(failed)?;
    if args.json {
        let json = serde_json::to_string_pretty(&report)
            .map_err(|e| CliError::new(e, "this is a fault of the program, please report it"))?;
        say!("{json}");
    } else {
        say!("{} seeds from {}, {} steps: no promise broken", report.seeds, args.first, report.steps);
        say!(
            "{} papers: {} at HQ, {} lost and declared, {} lost silently; {} duplicate numbers; {} pieces of evidence",
            report.papers,
            report.arrived,
            report.declared_losses,
            report.silent_losses,
            report.duplicate_numbers,
            report.evidence
        );
        say!(
            "phones: {} crashes, {} put back, {} copied, {} lost; HQ: {} crashes, {} put back; {:.0} s",
            report.crashes,
            report.restores,
            report.clones,
            report.lost,
            report.hq_crashes,
            report.hq_restores,
            began.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
