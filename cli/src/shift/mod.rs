//! `ezhifa shift`: the main job, from the street to HQ.
//!
//! One crew, one evening: enrol, fetch, cut the line, handle every case offline, print each slip,
//! reconnect, push, show HQ's receipt. A killed shift goes on with `--resume`.

pub mod hq;
mod phone;
mod play;
mod report;
pub mod scenario;
pub mod world;

use std::path::PathBuf;

use clap::Args;
use ezhifa_field::{
    casework::{case::Case, event::PrintState, law::terms::Outcome},
    office::FieldOffice,
    printer::Profile,
    slip::Paper,
};

use self::{
    play::{Played, Player},
    report::{NumberLine, SlipLine, Summary},
    scenario::Scenario,
    world::{Clock, Folder, Printer},
};
use crate::{error::CliError, packs, say};

/// Arguments of `shift`.
#[derive(Args)]
pub struct ShiftArgs {
    /// Scenario file.
    #[arg(long, default_value = "tests/scenarios/dongguan-evening.json")]
    scenario: PathBuf,
    /// Folder for everything that is written.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// Paper width in millimetres.
    #[arg(long, default_value = "58", value_parser = ["58", "80"])]
    paper: String,
    /// Seed of what is random in the run (keys and salts of the sample phone).
    #[arg(long, default_value_t = 721)]
    seed: u64,
    /// Another HQ instead of the one started here: its base URL.
    #[arg(long)]
    hq: Option<String>,
    /// Enrolment ticket of that HQ, from `ezhifa hq ticket` (text, or @FILE).
    #[arg(long, requires = "hq")]
    ticket: Option<String>,
    /// Printer: tcp://HOST:PORT, serial:/dev/rfcomm0 or file:PATH. Default: the virtual printer.
    #[arg(long)]
    printer: Option<String>,
    /// Go on with a shift that was killed.
    #[arg(long)]
    resume: bool,
}

/// Runs the shift.
///
/// # Errors
/// Bad input or a world that does not answer; what was written before is kept.
pub fn run(args: &ShiftArgs) -> Result<(), CliError> {
    let scenario_path = packs::project_file(&args.scenario.to_string_lossy());
    let scenario = Scenario::read(&scenario_path)?;
    let folder = Folder(args.out.clone());
    prepare(&folder, args.resume)?;
    let clock = Clock::at(scenario.begins);
    say!("{}", scenario.title);
    say!("{}", scenario.about);
    say!("");

    let mut hq = hq::Side::start(args.hq.as_deref(), args.ticket.as_deref(), &scenario, &folder, &clock)?;
    let phone = phone::open(&folder, &clock, args.seed)?;
    phone::ready(&phone, &mut hq, &scenario)?;
    hq.cut();
    say!("connection cut; the rest of the evening is offline 断网，以下离线");
    say!("");

    let mut printer = match &args.printer {
        Some(address) => Printer::elsewhere(address),
        None => Printer::emulated(if args.paper == "80" { 80 } else { 58 })?,
    };
    drop(printer.link()?);
    let profile = profile(&args.paper)?;
    let mut player = Player {
        phone: &phone,
        photos: scenario_path.parent().unwrap_or(&scenario_path).join("photos"),
        clock: &clock,
        printer: &mut printer,
        profile: &profile,
        paper: if args.paper == "80" { Paper::Mm80 } else { Paper::Mm58 },
        device: phone::device(&phone)?,
        folder: &folder,
        pins: scenario.hq.officers.iter().map(|o| (o.officer.id.0.clone(), o.pin.clone())).collect(),
        scenario: &scenario,
    };
    let mut played = Vec::with_capacity(scenario.cases.len());
    report::heading();
    for (index, script) in scenario.cases.iter().enumerate() {
        let one = player.play(index, script)?;
        let case = phone.case(&one.id)?;
        report::progress(&script.title, &case, &one);
        expected(script, &case)?;
        played.push(one);
    }

    say!("");
    hq.reconnect()?;
    let report = phone::sync(&phone)?;
    phone::receipt(&report);
    let summary = summary(args, &scenario, &phone, &played, &hq)?;
    report::end(&summary);
    let json = serde_json::to_string_pretty(&summary)
        .map_err(|e| CliError::new(e, "this is a fault of the program, please report it"))?;
    folder.write("summary.json", json.as_bytes())?;
    say!("");
    say!(
        "slips in {}, figures in {}",
        args.out.join("slips").display(),
        args.out.join("summary.json").display()
    );
    promised(&scenario, &json)
}

/// A fresh shift starts in a fresh folder; an older one is moved aside, never deleted.
fn prepare(folder: &Folder, resume: bool) -> Result<(), CliError> {
    let phone = folder.0.join("phone");
    if resume {
        return if phone.exists() {
            Ok(())
        } else {
            Err(CliError::new(format!("nothing to resume in {}", folder.0.display()), "run without --resume"))
        };
    }
    if folder.0.join("phone").exists() || folder.0.join("hq").exists() {
        let mut n = 1_u32;
        while folder.0.with_extension(format!("before-{n}")).exists() {
            n = n.saturating_add(1);
        }
        let aside = folder.0.with_extension(format!("before-{n}"));
        std::fs::rename(&folder.0, &aside).map_err(|e| {
            CliError::new(format!("cannot move {} aside: {e}", folder.0.display()), "choose another --out")
        })?;
        say!("the shift before lies in {}", aside.display());
    }
    std::fs::create_dir_all(&folder.0).map_err(|e| {
        CliError::new(format!("cannot make {}: {e}", folder.0.display()), "choose another --out")
    })
}

fn profile(paper: &str) -> Result<Profile, CliError> {
    let name = if paper == "80" { "generic-80-gb18030" } else { "generic-58-gbk" };
    Profile::named(name).map_err(|e| CliError::new(e, "core/printer/profiles/ lists the profiles"))
}

/// A scenario that says how a case ends is held to it.
fn expected(script: &scenario::CaseScript, case: &Case) -> Result<(), CliError> {
    let wrong = |what: &str, want: String, got: String| {
        CliError::found(format!("case {}: {what} should be {want} and is {got}", script.name))
    };
    if let Some(want) = script.expect.outcome
        && case.outcome() != Some(want)
    {
        return Err(wrong("outcome", format!("{want:?}"), format!("{:?}", case.outcome())));
    }
    if script.expect.limb.is_some() && report::limb_of(case) != script.expect.limb {
        return Err(wrong(
            "limb",
            format!("{:?}", script.expect.limb),
            format!("{:?}", report::limb_of(case)),
        ));
    }
    if let Some(want) = script.expect.amount_fen {
        let got = case.record().map_or(0, |r| r.amount.0);
        if got != want {
            return Err(wrong("amount", want.to_string(), got.to_string()));
        }
    }
    Ok(())
}

/// A scenario that says which figures come out is held to them.
fn promised(scenario: &Scenario, json: &str) -> Result<(), CliError> {
    let figures: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    for (name, want) in &scenario.expect {
        let got = figures.get(name).cloned().unwrap_or_default();
        // Replay figures are another HQ's to show.
        if got != *want && !got.is_null() {
            return Err(CliError::found(format!("summary: {name} should be {want} and is {got}")));
        }
    }
    Ok(())
}

fn summary(
    args: &ShiftArgs,
    scenario: &Scenario,
    phone: &FieldOffice,
    played: &[Played],
    hq: &hq::Side,
) -> Result<Summary, CliError> {
    let mut summary = Summary {
        scenario: scenario.name.clone(),
        seed: args.seed,
        cases: played.len(),
        ..Summary::default()
    };
    let mut numbers_seen = std::collections::BTreeSet::new();
    let mut quiet = 0_usize;
    let mut waived = 0_usize;
    for one in played {
        let case = phone.case(&one.id)?;
        if let Some(outcome) = case.outcome() {
            *summary.by_outcome.entry(report::outcome_word(outcome)).or_default() += 1;
            if matches!(outcome, Outcome::Advice | Outcome::OrderComplied) {
                quiet += 1;
            }
        }
        if let Some(limb) = report::limb_of(&case) {
            *summary.by_limb.entry(format!("{limb:?}")).or_default() += 1;
            waived += 1;
        }
        for slip in case.slips() {
            if !numbers_seen.insert(slip.number.clone()) {
                summary.duplicate_numbers += 1;
            }
            if slip.printed() {
                summary.slips_printed += 1;
            }
            let prepared = case.prepared().iter().any(|(_, number)| *number == slip.number);
            summary.slips.push(SlipLine {
                file: if prepared { play::beside(&one.file, slip.slip) } else { one.file.clone() },
                number: slip.number.clone(),
                check_code: slip.check_code.clone(),
                code: slip.code.clone(),
                bytes: one.bytes,
                print: slip.prints.last().map_or("none".to_owned(), |p| match &p.result {
                    PrintState::Printed => "printed".to_owned(),
                    PrintState::NotPrinted { reason } => format!("not_printed {reason}"),
                    PrintState::Unknown => "unknown".to_owned(),
                }),
            });
        }
    }
    let share = |n: usize| if played.is_empty() { 0.0 } else { round(n as f64 / played.len() as f64) };
    summary.waived_share = share(waived);
    summary.no_penalty_share = share(waived + quiet);
    for series in phone.numbers()? {
        summary.numbers.insert(
            series.series.clone(),
            NumberLine {
                used: series.issued,
                left: series.free,
                void: series.void.saturating_add(series.burnt),
            },
        );
    }
    let status = phone.status()?;
    summary.unsynced = status.unsynced_entries.saturating_add(status.unsynced_photos);
    let held = hq.held(phone)?;
    summary.lost = held.lost;
    summary.journal_verified = phone.verify_journal()?.is_whole() && held.same_head;
    summary.hq_replayed = held.replayed;
    summary.hq_replay_mismatches = held.mismatches;
    let printed: Vec<usize> = played.iter().map(|p| p.bytes).filter(|b| *b > 0).collect();
    summary.bytes_per_slip = printed.iter().sum::<usize>().checked_div(printed.len()).unwrap_or(0);
    let core: f64 = played.iter().map(|p| p.core.as_secs_f64()).sum();
    summary.core_ms_per_case = round(core * 1000.0 / played.len().max(1) as f64);
    let asked: usize = played.iter().map(|p| p.questions).sum();
    summary.questions_per_case = round(asked as f64 / played.len().max(1) as f64);
    Ok(summary)
}

fn round(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
