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
    keys::{FixedKey, Platform},
    store::{Places, Store},
};

use crate::{entries, error::CliError, say, table};

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

/// Opens the store of a sample phone with the key that lies in its keystore folder.
fn open(phone: &Path) -> Result<Store, CliError> {
    let key_file = phone.join("keystore/database");
    let key = std::fs::read(&key_file).map_err(|e| {
        CliError::new(
            format!("no key at {}: {e}", key_file.display()),
            "give the phone folder of a shift, for example out/phone",
        )
    })?;
    let key: [u8; 32] =
        key.try_into().map_err(|_| failed(format!("{} does not hold 32 bytes", key_file.display())))?;
    let places = Places { dir: phone.join("store"), mark: phone.join("mark") };
    let platform = Platform::new(Arc::new(FixedKey(key)), Arc::new(SystemClock::new("desk")));
    Store::open(&places, platform).map_err(failed)
}

/// Runs a journal command.
///
/// # Errors
/// No journal there, a wrong key; a broken chain (exit code 1).
pub fn run(command: &JournalCommand) -> Result<(), CliError> {
    match command {
        JournalCommand::Verify(args) => verify(args),
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
    }
}

fn verify(args: &FromArgs) -> Result<(), CliError> {
    let report = if args.from.is_file() {
        let file = std::fs::File::open(&args.from).map_err(failed)?;
        journal::verify_export(&mut BufReader::new(file)).map_err(failed)?
    } else {
        open(&args.from)?.read(journal::verify_all).map_err(failed)?
    };
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report).map_err(failed)?);
    } else {
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
    if report.is_whole() { Ok(()) } else { Err(CliError::found("the journal is not whole")) }
}

fn numbers(args: &FromArgs) -> Result<(), CliError> {
    let accounts = open(&args.from)?.read(|dao| dao.number_accounts()).map_err(failed)?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&accounts).map_err(failed)?);
        return Ok(());
    }
    const COLUMNS: [usize; 6] = [16, 6, 14, 8, 8, 20];
    say!("{}", table::row(&COLUMNS, &["series", "year", "block", "used", "free", "lease"]));
    for block in &accounts {
        let free = if block.burnt { 0 } else { block.last.saturating_add(1).saturating_sub(block.next) };
        let cells = [
            block.series.clone(),
            block.year.to_string(),
            format!("{}–{}", block.first, block.last),
            block.used.len().to_string(),
            free.to_string(),
            block.lease_id.clone(),
        ];
        say!("{}", table::row(&COLUMNS, &cells.each_ref().map(String::as_str)));
    }
    Ok(())
}
