//! `ezhifa journal`: verify, show and export a phone's journal, or an export of one; account for numbers.

use std::{
    io::{BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, Subcommand};
use ezhifa_field::{
    clock::SystemClock,
    journal,
    keys::{DatabaseKey, FixedKey, Platform},
    numbers::State,
    store::{Store, salvage::salvage},
};

use crate::{
    entries,
    error::CliError,
    say,
    source::{places, secret},
    table,
};

/// A phone's journal.
#[derive(Subcommand)]
pub enum JournalCommand {
    /// Verify every entry; a change, a hole, an insertion is named by its position; exit code 1.
    Verify(FromArgs),
    /// List the entries; bodies only with --bodies.
    Show(entries::ShowArgs),
    /// Write the journal as lines of JSON, exactly as HQ gets it.
    Export(ExportArgs),
    /// Account for every number of every block.
    Numbers(FromArgs),
    /// Save what can still be read of a damaged phone's store: entries as an export, evidence as files.
    Salvage(ExportArgs),
}

/// Where the journal is.
#[derive(Args)]
pub struct FromArgs {
    /// Folder of a shift's phone (out/phone), or a file made by `journal export`.
    from: PathBuf,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `journal export`.
#[derive(Args)]
pub struct ExportArgs {
    /// Folder of a shift's phone (out/phone).
    from: PathBuf,
    /// File to write.
    #[arg(long)]
    out: PathBuf,
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::new(error, "nothing on the phone was changed")
}

/// Opens the store of a sample phone, to look at it, with the key that lies in its keystore folder.
fn open(phone: &Path) -> Result<Store, CliError> {
    let (key, places) = (secret(phone, "database")?, places(phone));
    let platform = Platform::new(Arc::new(FixedKey(key)), Arc::new(SystemClock::new("desk")));
    Store::inspect(&places, platform).map_err(failed)
}

/// Runs a journal command.
///
/// # Errors
/// No journal there, a wrong key; a broken chain (exit code 1).
pub fn run(command: &JournalCommand) -> Result<(), CliError> {
    match command {
        JournalCommand::Verify(args) => verify(args),
        JournalCommand::Show(args) if args.from.is_file() => entries::show_export(args),
        JournalCommand::Show(args) => entries::show(&open(&args.from)?, args),
        JournalCommand::Export(args) => {
            let store = open(&args.from)?;
            let file = std::fs::File::create(&args.out)
                .map_err(|e| failed(format!("{}: {e}", args.out.display())))?;
            let mut out = BufWriter::new(file);
            let count = store.read(|dao| journal::export(dao, &mut out)).map_err(failed)?;
            out.flush().map_err(failed)?;
            say!("{count} entries in {}", args.out.display());
            Ok(())
        }
        JournalCommand::Numbers(args) => numbers(args),
        JournalCommand::Salvage(args) => {
            let key = DatabaseKey(secret(&args.from, "database")?);
            let saved = salvage(&places(&args.from), &key, &args.out).map_err(failed)?;
            say!("{} entries in {}", saved.entries, saved.export.display());
            say!("  of them {} without their words", saved.without_body);
            say!("  {} could not be read", saved.unreadable);
            say!("{} pieces of evidence saved, {} lost", saved.evidence, saved.evidence_lost);
            print(&saved.report);
            Ok(())
        }
    }
}

fn verify(args: &FromArgs) -> Result<(), CliError> {
    let report = if args.from.is_file() {
        let file = std::fs::File::open(&args.from).map_err(failed)?;
        journal::verify_export(&mut BufReader::new(file)).map_err(failed)?
    } else {
        open(&args.from)?.verify().map_err(failed)?
    };
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report).map_err(failed)?);
    } else {
        print(&report);
    }
    if report.is_whole() { Ok(()) } else { Err(CliError::found("the journal is not whole")) }
}

fn print(report: &journal::Report) {
    for epoch in &report.epochs {
        say!("epoch {}: {} entries, head {}", epoch.head.epoch, epoch.head.seq, epoch.head.hash);
        if let Some(declares) = &epoch.declares {
            say!("  declares: {declares}");
        }
        if let Some(fault) = &epoch.fault {
            say!("  {fault}");
        }
    }
}

fn numbers(args: &FromArgs) -> Result<(), CliError> {
    let accounts = open(&args.from)?.read(|dao| dao.number_accounts()).map_err(failed)?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&accounts).map_err(failed)?);
        return Ok(());
    }
    const COLUMNS: [usize; 10] = [16, 6, 14, 8, 9, 8, 6, 7, 6, 20];
    let heads = ["series", "year", "block", "issued", "reserved", "free", "void", "burnt", "lost", "lease"];
    say!("{}", table::row(&COLUMNS, &heads));
    let mut unexplained = 0_usize;
    for block in &accounts {
        let count = |state| block.count(state).to_string();
        let cells = [
            block.series.clone(),
            block.year.to_string(),
            format!("{}–{}", block.first, block.last),
            count(State::Issued),
            count(State::Reserved),
            count(State::Free),
            count(State::Void),
            count(State::Burnt),
            count(State::Lost),
            block.lease_id.clone(),
        ];
        say!("{}", table::row(&COLUMNS, &cells.each_ref().map(String::as_str)));
        for line in block.used.iter().filter(|u| !u.reason.is_empty()) {
            say!("  {} {}: {}", line.text, line.state.word(), line.reason);
        }
        unexplained = unexplained.saturating_add(usize::from(!block.adds_up()));
    }
    if unexplained == 0 {
        Ok(())
    } else {
        Err(CliError::found(format!("{unexplained} blocks hold numbers that nothing explains")))
    }
}
