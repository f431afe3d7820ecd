//! `ezhifa hq`: the reference HQ from a terminal.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand};
use ezhifa_hq::{Hq, HqConfig, serve};

use crate::{
    error::CliError,
    packs, say,
    shift::{hq::publish, scenario::Scenario, world::Clock},
    table,
};

/// The reference HQ.
#[derive(Subcommand)]
pub enum HqCommand {
    /// Serve phones, the desk and the public page until Ctrl-C.
    Serve(ServeArgs),
    /// Publish rulebooks (imports first) and the calendar to all phones.
    Publish(PublishArgs),
    /// An enrolment ticket for one phone of a branch.
    Ticket(TicketArgs),
    /// Every number that HQ lent, accounted for.
    Ledger(ShowArgs),
    /// How the replay of decisions stands.
    Replay(ShowArgs),
    /// Review tasks that are open.
    Reviews(ShowArgs),
}

/// Where HQ keeps things.
#[derive(Args)]
pub struct Place {
    /// Folder of keys, certificates, and by default of database and evidence.
    #[arg(long, default_value = "hq-data")]
    dir: PathBuf,
    /// Database: `sqlite:PATH` (default: in the folder) or `postgres://…`.
    #[arg(long)]
    db: Option<String>,
    /// Evidence: `file:PATH` (default: in the folder).
    #[arg(long)]
    blobs: Option<String>,
    /// Short code of the organ.
    #[arg(long, default_value = "DGCG")]
    organ: String,
    /// Name of the organ.
    #[arg(long, default_value = "样例执法局")]
    organ_name: String,
}

/// Arguments of `hq serve`.
#[derive(Args)]
pub struct ServeArgs {
    #[command(flatten)]
    place: Place,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Plain HTTP (loopback only).
    #[arg(long)]
    plain: bool,
    /// Enrolment ticket for one phone of this branch, written to DIR/ticket.
    #[arg(long)]
    enrol: Option<String>,
    /// Hold what a scenario's HQ holds, and keep the scenario's time: for `shift --hq`.
    #[arg(long)]
    scenario: Option<PathBuf>,
}

/// Arguments of `hq publish`.
#[derive(Args)]
pub struct PublishArgs {
    #[command(flatten)]
    place: Place,
    /// Rulebook folders, imports first.
    #[arg(required = true)]
    rulebooks: Vec<PathBuf>,
    /// Official calendar.
    #[arg(long)]
    calendar: Option<PathBuf>,
}

/// Arguments of `hq ticket`.
#[derive(Args)]
pub struct TicketArgs {
    #[command(flatten)]
    place: Place,
    /// Branch (分局) of the phone.
    #[arg(long)]
    branch: String,
    /// Address at which phones reach HQ.
    #[arg(long, default_value = "https://127.0.0.1:8443")]
    url: String,
}

/// Arguments of the commands that show something.
#[derive(Args)]
pub struct ShowArgs {
    #[command(flatten)]
    place: Place,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::new(error, "check --dir, --db and --blobs")
}

fn json(value: &impl serde::Serialize) -> Result<(), CliError> {
    say!("{}", serde_json::to_string_pretty(value).map_err(failed)?);
    Ok(())
}

impl Place {
    fn open(&self, log: bool) -> Result<Hq, CliError> {
        self.open_at(log, None)
    }

    /// With a clock that started at a scenario's beginning, where one is played.
    fn open_at(&self, log: bool, begins_ms: Option<i64>) -> Result<Hq, CliError> {
        std::fs::create_dir_all(&self.dir).map_err(failed)?;
        let mut config = HqConfig::in_dir(&self.dir, &self.organ, &self.organ_name);
        if let Some(db) = &self.db {
            config.db.clone_from(db);
        }
        if let Some(blobs) = &self.blobs {
            config.blobs.clone_from(blobs);
        }
        config.log = log;
        if let Some(begins_ms) = begins_ms {
            let started = std::time::Instant::now();
            config.clock = std::sync::Arc::new(move || {
                begins_ms.saturating_add(i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX))
            });
            config.device_rate = 10_000;
        }
        Hq::open(config).map_err(failed)
    }
}

/// Runs an HQ command.
///
/// # Errors
/// The store cannot be opened, the address is taken, a pack has faults.
pub fn run(command: &HqCommand) -> Result<(), CliError> {
    match command {
        HqCommand::Serve(args) => run_server(args),
        HqCommand::Publish(args) => {
            let hq = args.place.open(false)?;
            for dir in &args.rulebooks {
                hq.publish_rulebook(&packs::read_files(dir)?).map_err(failed)?;
                say!("published {}", dir.display());
            }
            if let Some(path) = &args.calendar {
                hq.publish_calendar(&packs::read_calendar(path)?.0).map_err(failed)?;
                say!("published {}", path.display());
            }
            Ok(())
        }
        HqCommand::Ticket(args) => {
            let ticket = args.place.open(false)?.ticket(&args.url, &args.branch).map_err(failed)?;
            say!("{}", ticket.text().map_err(failed)?);
            Ok(())
        }
        HqCommand::Ledger(args) => {
            let ledger = args.place.open(false)?.ledger().map_err(failed)?;
            if args.json {
                return json(&ledger);
            }
            const COLUMNS: [usize; 9] = [14, 14, 6, 16, 8, 8, 8, 8, 8];
            say!(
                "{}",
                table::row(
                    &COLUMNS,
                    &[
                        "series",
                        "device",
                        "year",
                        "from–to",
                        "used",
                        "void",
                        "burnt",
                        "lost",
                        "free",
                        "unexplained"
                    ]
                )
            );
            for b in &ledger.blocks {
                let cells = [
                    b.series.clone(),
                    b.device.clone(),
                    b.year.to_string(),
                    format!("{}–{}", b.from, b.to),
                    b.used.to_string(),
                    b.void.to_string(),
                    b.burnt.to_string(),
                    b.declared.to_string(),
                    b.free.to_string(),
                    b.unexplained.len().to_string(),
                ];
                say!("{}", table::row(&COLUMNS, &cells.each_ref().map(String::as_str)));
            }
            let unexplained =
                ledger.blocks.iter().map(|b| b.unexplained.len()).sum::<usize>() + ledger.foreign.len();
            if unexplained > 0 {
                Err(CliError::found(format!("{unexplained} numbers are not explained")))
            } else {
                Ok(())
            }
        }
        HqCommand::Replay(args) => {
            let report = args.place.open(false)?.replay_report().map_err(failed)?;
            if args.json {
                return json(&report);
            }
            say!(
                "{} entries, {} interpreted, {} in quarantine",
                report.entries,
                report.interpreted,
                report.quarantined
            );
            say!("{} decisions made again, {} came out differently", report.replayed, report.mismatches);
            say!(
                "{} reviews opened, {} open; {} alarms",
                report.reviews_opened,
                report.reviews_open,
                report.alarms
            );
            Ok(())
        }
        HqCommand::Reviews(args) => {
            let reviews = args.place.open(false)?.reviews(true).map_err(failed)?;
            json(&reviews)
        }
    }
}

fn run_server(args: &ServeArgs) -> Result<(), CliError> {
    let scenario = args.scenario.as_deref().map(Scenario::read).transpose()?;
    let fresh = !args.place.dir.join("hq.db").exists();
    let hq = args.place.open_at(true, scenario.as_ref().map(|s| Clock::at(s.begins).ms()))?;
    if let (Some(scenario), true) = (&scenario, fresh) {
        publish(&hq, scenario)?;
    }
    let server = serve(hq.clone(), args.listen, !args.plain).map_err(failed)?;
    let branch = args.enrol.as_ref().or(scenario.as_ref().map(|s| &s.hq.branch));
    if let Some(branch) = branch {
        let path = args.place.dir.join("ticket");
        let text =
            hq.ticket(&server.url, branch).and_then(|t| t.text().map_err(Into::into)).map_err(failed)?;
        std::fs::write(&path, text).map_err(|e| failed(format!("{}: {e}", path.display())))?;
        say!("enrolment ticket for one phone in {}", path.display());
    }
    say!("HQ on {}; stop with Ctrl-C", server.url);
    loop {
        std::thread::park();
    }
}
