//! `ezhifa hq`: the reference HQ from a terminal. Every command but `serve` and `restore` is an order that
//! works beside a running HQ as well (`operate.rs`).

use std::{net::SocketAddr, path::PathBuf};

use chrono::NaiveDateTime;
use clap::{Args, Subcommand};
use ezhifa_hq::{
    Hq, HqConfig, KeyState,
    alarms::Alarm,
    backup::{BackupMark, BackupReport},
    checkpoints::Checkpoint,
    desk::minting::Mint,
    devices::Device,
    numbers::Ledger,
    operator::Order,
    reports::ReplayReport,
    reviews::Review,
    serve,
};
use serde_json::Value;

use crate::{
    error::CliError,
    hq_mint,
    operate::order,
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
    /// Phones: when seen, what waits on them, withdrawn or not.
    Devices(ShowArgs),
    /// Withdraw a phone: lost, stolen, replaced.
    Withdraw(WithdrawArgs),
    /// Suspend an offence (停用案由) on all phones at once, or let it go on.
    Suspend(SuspendArgs),
    /// A checked copy of the database; phones may then prune what is in it.
    Backup(BackupArgs),
    /// Put a copy in the database's place: a new incarnation with its own numbers. HQ must not run.
    Restore(RestoreArgs),
    /// Signing keys; make a new one, retire old ones.
    Keys(KeysArgs),
    /// Sign the Merkle root over everything received, now (HQ does so by itself every day).
    Checkpoint(ShowArgs),
    /// Publish the whole-city first-offence filters now (HQ does so by itself every day, where the rulebook
    /// looks beyond the own district).
    CityFilters(ShowArgs),
    /// Every number that HQ lent, accounted for.
    Ledger(ShowArgs),
    /// How the replay of decisions stands.
    Replay(ShowArgs),
    /// Review tasks that are open.
    Reviews(ShowArgs),
    /// Alarms that stand: forks, roll-backs, replay differences.
    Alarms(ShowArgs),
    /// Release the escrowed database key of a phone whose key store is dead (an alarm says so).
    ReleaseKey(ReleaseArgs),
    /// The desk: its lists and acts, with roles and log (docs/hq-desk.md).
    #[command(subcommand)]
    Desk(Box<crate::hq_desk::DeskCommand>),
}

/// Where HQ keeps things.
#[derive(Args)]
pub struct Place {
    /// Folder of keys, certificates, and by default of database and evidence.
    #[arg(long, default_value = "hq-data")]
    pub dir: PathBuf,
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
    /// Finance system that makes a pay code for one decision: POST {"number", "amount_fen"}, answer {"code"}. Its
    /// token, if it wants one, in the environment's EZHIFA_MINT_TOKEN. Without it the pool gives codes.
    #[arg(long, value_name = "URL")]
    mint: Option<String>,
    /// Authority of its certificate (PEM).
    #[arg(long, requires = "mint")]
    mint_ca: Option<PathBuf>,
    /// Address of a gateway in front of HQ (may be given more than once): its X-Forwarded-For says who asks, so
    /// that citizens behind it do not share one limit. No other sender of that header is believed.
    #[arg(long, value_name = "ADDRESS")]
    trusted_proxy: Vec<std::net::IpAddr>,
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

/// Arguments of `hq release-key`.
#[derive(Args)]
pub struct ReleaseArgs {
    #[command(flatten)]
    place: Place,
    /// Device id.
    #[arg(long)]
    device: String,
    /// The phone's `journal.key-escrow`, when its journal never reached HQ.
    #[arg(long)]
    sealed: Option<PathBuf>,
    /// File for the 32 bytes; as PHONE/keystore/database it opens the folder for `ezhifa journal`.
    #[arg(long)]
    out: PathBuf,
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

/// Arguments of `hq withdraw`.
#[derive(Args)]
pub struct WithdrawArgs {
    #[command(flatten)]
    place: Place,
    /// Device id, as `hq devices` shows it.
    device: String,
    /// Since when it counts as lost, local time `YYYY-MM-DDTHH:MM:SS`: later entries are quarantined.
    #[arg(long)]
    lost_at: Option<NaiveDateTime>,
    /// Tell it to push what it holds and then to destroy its keys.
    #[arg(long)]
    wipe: bool,
    /// With --wipe: do not wait for the push; what is lost is declared.
    #[arg(long, requires = "wipe")]
    force: bool,
}

/// Arguments of `hq suspend`.
#[derive(Args)]
pub struct SuspendArgs {
    #[command(flatten)]
    place: Place,
    /// Offence id, as in the rulebook.
    offence: String,
    /// Why, for the officers.
    #[arg(long)]
    reason: String,
    /// Withdraw the suspension.
    #[arg(long)]
    lift: bool,
}

/// Arguments of `hq backup`.
#[derive(Args)]
pub struct BackupArgs {
    #[command(flatten)]
    place: Place,
    /// New file for the copy (SQLite).
    #[arg(required_unless_present_any = ["begin", "verified"])]
    to: Option<PathBuf>,
    /// PostgreSQL: note what is there before pg_basebackup or pg_dump begins, in this file.
    #[arg(long, conflicts_with_all = ["to", "verified"])]
    begin: Option<PathBuf>,
    /// PostgreSQL: the copy that began with this file is complete and was read back.
    #[arg(long, conflicts_with = "to")]
    verified: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `hq restore`.
#[derive(Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    place: Place,
    /// The copy (SQLite).
    #[arg(required_unless_present = "already_put_back")]
    from: Option<PathBuf>,
    /// PostgreSQL: its own tools have put the database back already.
    #[arg(long, conflicts_with = "from")]
    already_put_back: bool,
}

/// Arguments of `hq keys`.
#[derive(Args)]
pub struct KeysArgs {
    #[command(flatten)]
    place: Place,
    /// Make a new signing key; phones hear of it by their feed.
    #[arg(long)]
    rotate: bool,
    /// Believe the newest key only.
    #[arg(long, conflicts_with = "rotate")]
    retire: bool,
    /// With --retire: cut off phones that have not heard of the newest key.
    #[arg(long, requires = "retire")]
    anyway: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// An error of HQ's, with what to look at.
pub fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::new(error, "check --dir, --db and --blobs")
}

/// Prints JSON.
///
/// # Errors
/// It cannot be written.
pub fn json(value: &impl serde::Serialize) -> Result<(), CliError> {
    say!("{}", serde_json::to_string_pretty(value).map_err(failed)?);
    Ok(())
}

impl Place {
    fn config(&self) -> Result<HqConfig, CliError> {
        std::fs::create_dir_all(&self.dir).map_err(failed)?;
        let mut config = HqConfig::in_dir(&self.dir, &self.organ, &self.organ_name);
        if let Some(db) = &self.db {
            config.db.clone_from(db);
        }
        if let Some(blobs) = &self.blobs {
            config.blobs.clone_from(blobs);
        }
        Ok(config)
    }

    /// Gives an order to HQ, whether it serves or stands still.
    ///
    /// # Errors
    /// As `operate::order`.
    pub fn order<T: serde::de::DeserializeOwned>(&self, what: Order) -> Result<T, CliError> {
        order(&self.config()?, what)
    }

    /// With a clock that started at a scenario's beginning, where one is played.
    fn serve_at(
        &self,
        begins_ms: Option<i64>,
        mint: Option<Mint>,
        trusted_proxies: &[std::net::IpAddr],
    ) -> Result<Hq, CliError> {
        let mut config = self.config()?;
        config.trusted_proxies = trusted_proxies.iter().map(std::net::IpAddr::to_canonical).collect();
        config.log = true;
        config.mint = mint;
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

fn text_of(
    files: ezhifa_field::casework::law::rulebook::Files,
) -> Result<std::collections::BTreeMap<String, String>, CliError> {
    files.into_iter().map(|(path, bytes)| Ok((path, String::from_utf8(bytes).map_err(failed)?))).collect()
}

/// A path that the HQ which serves understands as well.
fn absolute(path: &std::path::Path) -> Result<PathBuf, CliError> {
    std::path::absolute(path).map_err(failed)
}

/// Runs an HQ command.
///
/// # Errors
/// The store cannot be opened, the address is taken, a pack has faults.
pub fn run(command: &HqCommand) -> Result<(), CliError> {
    match command {
        HqCommand::Serve(args) => run_server(args),
        HqCommand::Desk(command) => crate::hq_desk::run(command),
        HqCommand::Publish(args) => {
            for dir in &args.rulebooks {
                let files = text_of(packs::read_files(dir)?)?;
                args.place.order::<Value>(Order::Rulebook { files })?;
                say!("published {}", dir.display());
            }
            if let Some(path) = &args.calendar {
                let toml = packs::read_calendar(path)?.0;
                args.place.order::<Value>(Order::Calendar { toml })?;
                say!("published {}", path.display());
            }
            Ok(())
        }
        HqCommand::Ticket(args) => {
            let (url, branch) = (args.url.clone(), args.branch.clone());
            let answer: Value = args.place.order(Order::Ticket { url, branch })?;
            say!("{}", answer.get("ticket").and_then(Value::as_str).unwrap_or_default());
            Ok(())
        }
        HqCommand::Devices(args) => devices(args),
        HqCommand::Withdraw(args) => {
            let lost_ms =
                args.lost_at.map(|at| at.and_utc().timestamp_millis().saturating_sub(8 * 3_600_000));
            let (device, wipe, force) = (args.device.clone(), args.wipe, args.force);
            args.place.order::<Value>(Order::Withdraw { device, lost_ms, wipe, force })?;
            say!("{} withdrawn", args.device);
            Ok(())
        }
        HqCommand::Suspend(args) => {
            let (offence, reason, on) = (args.offence.clone(), args.reason.clone(), !args.lift);
            args.place.order::<Value>(Order::Suspend { offence, reason, on })?;
            say!("{} {}", args.offence, if on { "suspended" } else { "goes on" });
            Ok(())
        }
        HqCommand::Backup(args) => backup(args),
        HqCommand::Restore(args) => {
            let config = args.place.config()?;
            let hq = match &args.from {
                Some(from) => Hq::restore(config, from),
                None => Hq::new_incarnation(config),
            }
            .map_err(failed)?;
            say!("restored as incarnation {}; phones send again what is missing", hq.incarnation());
            Ok(())
        }
        HqCommand::Keys(args) => {
            if args.rotate {
                args.place.order::<Value>(Order::RotateKey)?;
            }
            if args.retire {
                args.place.order::<Value>(Order::RetireKeys { anyway: args.anyway })?;
            }
            let keys: Vec<KeyState> = args.place.order(Order::Keys)?;
            if args.json {
                return json(&keys);
            }
            for key in keys {
                say!("{}  signs for {} phones", key.id, key.phones);
            }
            Ok(())
        }
        HqCommand::Checkpoint(args) => {
            let checkpoint: Checkpoint = args.place.order(Order::Checkpoint)?;
            if args.json {
                return json(&checkpoint);
            }
            say!("{}", checkpoint.text.trim_end());
            Ok(())
        }
        HqCommand::CityFilters(args) => {
            let answer: Value = args.place.order(Order::CityFilters)?;
            if args.json {
                return json(&answer);
            }
            say!(
                "{} monthly filters published",
                answer.get("published").and_then(Value::as_u64).unwrap_or(0)
            );
            Ok(())
        }
        HqCommand::Ledger(args) => ledger(args),
        HqCommand::Replay(args) => {
            let report: ReplayReport = args.place.order(Order::Replay)?;
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
        HqCommand::ReleaseKey(args) => {
            let read = |path: &PathBuf| {
                std::fs::read_to_string(path).map_err(|e| failed(format!("{}: {e}", path.display())))
            };
            let sealed = args.sealed.as_ref().map(read).transpose()?;
            let hq = Hq::open(args.place.config()?).map_err(failed)?;
            let key = hq.release_database_key(&args.device, sealed.as_deref()).map_err(failed)?;
            ezhifa_hq::escrow::write_key(&args.out, &key).map_err(failed)?;
            say!("key of {} in {}; delete it when the phone is read", args.device, args.out.display());
            Ok(())
        }
        HqCommand::Reviews(args) => {
            let reviews: Vec<Review> = args.place.order(Order::Reviews { all: false })?;
            if args.json {
                return json(&reviews);
            }
            for r in reviews {
                say!("{}  {}  {}", r.kind, r.number, r.hq_says);
            }
            Ok(())
        }
        HqCommand::Alarms(args) => {
            let alarms: Vec<Alarm> = args.place.order(Order::Alarms)?;
            if args.json {
                return json(&alarms);
            }
            for a in alarms {
                say!("{}  {}  {} x  {}", a.kind, a.about, a.count, a.text);
            }
            Ok(())
        }
    }
}

fn devices(args: &ShowArgs) -> Result<(), CliError> {
    let devices: Vec<Device> = args.place.order(Order::Devices)?;
    if args.json {
        return json(&devices);
    }
    const COLUMNS: [usize; 6] = [14, 12, 20, 8, 8, 12];
    say!("{}", table::row(&COLUMNS, &["device", "branch", "seen", "entries", "photos", "state"]));
    for d in devices {
        let state = match (d.withdrawn_ms, d.lost_ms) {
            (_, Some(_)) => "lost",
            (Some(_), _) => "withdrawn",
            _ => "in use",
        };
        let cells = [
            d.id,
            d.branch,
            ezhifa_hq::config::local(d.seen_ms).format("%Y-%m-%d %H:%M").to_string(),
            d.unsynced.entries.to_string(),
            d.unsynced.blobs.to_string(),
            state.to_owned(),
        ];
        say!("{}", table::row(&COLUMNS, &cells.each_ref().map(String::as_str)));
    }
    Ok(())
}

fn backup(args: &BackupArgs) -> Result<(), CliError> {
    if let Some(path) = &args.begin {
        let mark: BackupMark = args.place.order(Order::BackupBegins)?;
        let text = serde_json::to_string(&mark).map_err(failed)?;
        std::fs::write(path, text).map_err(|e| failed(format!("{}: {e}", path.display())))?;
        say!("noted in {}; now make and read back the copy, then: hq backup --verified", path.display());
        return Ok(());
    }
    if let Some(path) = &args.verified {
        let text = std::fs::read_to_string(path).map_err(|e| failed(format!("{}: {e}", path.display())))?;
        let mark: BackupMark = serde_json::from_str(&text).map_err(failed)?;
        args.place.order::<Value>(Order::BackupVerified { mark })?;
        say!("phones may prune what that copy holds");
        return Ok(());
    }
    let to = absolute(args.to.as_deref().unwrap_or(std::path::Path::new("hq.backup")))?;
    let report: BackupReport = args.place.order(Order::Backup { to })?;
    if args.json {
        return json(&report);
    }
    say!("{}: {} entries of {} journals, read back", report.path.display(), report.entries, report.journals);
    say!("keep hq.key, ca.key and the evidence folder with it");
    Ok(())
}

fn ledger(args: &ShowArgs) -> Result<(), CliError> {
    let ledger: Ledger = args.place.order(Order::Ledger)?;
    if args.json {
        return json(&ledger);
    }
    const COLUMNS: [usize; 9] = [14, 14, 6, 16, 8, 8, 8, 8, 8];
    say!(
        "{}",
        table::row(
            &COLUMNS,
            &["series", "device", "year", "from–to", "used", "void", "burnt", "lost", "free", "unexplained"]
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
    let unexplained = ledger.blocks.iter().map(|b| b.unexplained.len()).sum::<usize>()
        + ledger.foreign.len()
        + ledger.elsewhere.len();
    if unexplained > 0 {
        Err(CliError::found(format!("{unexplained} numbers are not explained")))
    } else {
        Ok(())
    }
}

fn run_server(args: &ServeArgs) -> Result<(), CliError> {
    let scenario = args.scenario.as_deref().map(Scenario::read).transpose()?;
    let fresh = !args.place.dir.join("hq.db").exists();
    let mint = hq_mint::of_args(args.mint.as_deref(), args.mint_ca.as_deref())?;
    let hq = args.place.serve_at(
        scenario.as_ref().map(|s| Clock::at(s.begins).ms()),
        mint,
        &args.trusted_proxy,
    )?;
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
    hq.open_door(&server.url).map_err(failed)?;
    watch(&hq)?;
    say!("HQ on {}; stop with Ctrl-C", server.url);
    let done = server.until_told().map_err(failed);
    hq.close_door();
    done
}

/// Looks once a minute at what is due; ends with the process.
fn watch(hq: &Hq) -> Result<(), CliError> {
    let hq = hq.clone();
    std::thread::Builder::new()
        .name("hq-watch".into())
        .spawn(move || {
            loop {
                std::thread::sleep(std::time::Duration::from_secs(60));
                // A fault here comes again in a minute; serving goes on.
                if let Err(e) = hq.watch() {
                    say!("{}", failed(e));
                }
            }
        })
        .map(drop)
        .map_err(failed)
}
