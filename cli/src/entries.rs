//! `ezhifa journal show`: a phone's journal as a list. Bodies are about people: only when asked for.

use std::{
    io::{BufRead as _, Read as _},
    path::PathBuf,
};

use clap::Args;
use ezhifa_field::{
    casework::seal::entry::SealedEntry,
    feed::local,
    store::{Store, StoreError, StoredEntry},
};

use crate::{error::CliError, say, table};

/// Arguments of `journal show`.
#[derive(Args)]
pub struct ShowArgs {
    /// Folder of a shift's phone (out/phone), or a file made by `journal export`.
    pub from: PathBuf,
    /// Only entries of this case.
    #[arg(long)]
    case: Option<String>,
    /// Only entries of this kind (case, evidence, access, device, lease, purge…).
    #[arg(long)]
    kind: Option<String>,
    /// Begin at this local position.
    #[arg(long, default_value_t = 1)]
    after: i64,
    /// At most so many.
    #[arg(long, default_value_t = 200)]
    most: usize,
    /// Bodies too: they are about people.
    #[arg(long)]
    bodies: bool,
    /// As JSON, one entry a line, exactly as HQ gets it (without bodies unless asked for).
    #[arg(long)]
    json: bool,
}

const COLUMNS: [usize; 6] = [8, 8, 7, 21, 10, 24];

/// Shows the entries.
///
/// # Errors
/// The journal cannot be read.
pub fn show(store: &Store, args: &ShowArgs) -> Result<(), CliError> {
    if !args.json {
        say!("{}", table::row(&COLUMNS, &["pos", "epoch", "seq", "time", "kind", "what"]));
    }
    let (mut next, mut shown) = (args.after, 0_usize);
    while shown < args.most {
        let batch = batch(store, args, next)?;
        let Some(last) = batch.last() else { break };
        next = last.pos.saturating_add(1);
        for stored in batch {
            let wanted = args.kind.as_ref().is_none_or(|k| *k == stored.entry.header.kind);
            if wanted && shown < args.most {
                one(stored, args)?;
                shown = shown.saturating_add(1);
            }
        }
        if args.case.is_some() {
            break;
        }
    }
    Ok(())
}

/// Shows the entries of an export; `pos` is the line.
///
/// # Errors
/// A line that is no entry.
pub fn show_export(args: &ShowArgs) -> Result<(), CliError> {
    const LONGEST: u64 = 4 << 20;
    let wrong = |line: i64, e: &dyn std::fmt::Display| {
        CliError::new(
            format!("{} line {line}: {e}", args.from.display()),
            "`ezhifa journal verify` says more",
        )
    };
    let mut input = std::io::BufReader::new(std::fs::File::open(&args.from).map_err(|e| wrong(0, &e))?);
    if !args.json {
        say!("{}", table::row(&COLUMNS, &["line", "epoch", "seq", "time", "kind", "what"]));
    }
    let (mut pos, mut shown) = (0_i64, 0_usize);
    while shown < args.most {
        pos = pos.saturating_add(1);
        let mut line = Vec::new();
        let read = (&mut input).take(LONGEST).read_until(b'\n', &mut line).map_err(|e| wrong(pos, &e))?;
        if read == 0 {
            break;
        }
        // The first line names the heads.
        if pos == 1 || pos < args.after {
            continue;
        }
        let entry: SealedEntry =
            serde_json::from_slice(&line).map_err(|_| wrong(pos, &"not a journal entry"))?;
        let kind = args.kind.as_ref().is_none_or(|k| *k == entry.header.kind);
        let case = args.case.as_ref().is_none_or(|id| of_case(&entry, id));
        if kind && case {
            one(StoredEntry { pos, entry }, args)?;
            shown = shown.saturating_add(1);
        }
    }
    Ok(())
}

fn of_case(entry: &SealedEntry, id: &str) -> bool {
    let body: serde_json::Value =
        entry.body.as_deref().and_then(|b| serde_json::from_str(b).ok()).unwrap_or_default();
    body.get("case").and_then(|c| c.as_str()) == Some(id)
}

fn batch(store: &Store, args: &ShowArgs, next: i64) -> Result<Vec<StoredEntry>, CliError> {
    let read = store.read::<_, StoreError>(|dao| match &args.case {
        Some(case) => dao.case_entries(case),
        None => dao.entries_from(next, 1_000),
    });
    read.map_err(|e| CliError::new(e, "nothing on the phone was changed"))
}

fn one(stored: StoredEntry, args: &ShowArgs) -> Result<(), CliError> {
    let (pos, mut entry) = (stored.pos, stored.entry);
    let what = entry.body.as_deref().map_or_else(|| "(purged)".to_owned(), event);
    if !args.bodies {
        (entry.salt, entry.body) = (None, None);
    }
    if args.json {
        let line = serde_json::to_string(&entry)
            .map_err(|e| CliError::new(e, "this is a fault of the program, please report it"))?;
        say!("{line}");
        return Ok(());
    }
    let header = &entry.header;
    let epoch: String = header.epoch.to_string().chars().take(6).collect();
    let time = local(header.stamp.wall_ms).format("%Y-%m-%d %H:%M:%S").to_string();
    let cells = [pos.to_string(), epoch, header.seq.to_string(), time, header.kind.clone(), what];
    say!("{}", table::row(&COLUMNS, &cells.each_ref().map(String::as_str)));
    if let Some(body) = &entry.body {
        say!("         {body}");
    }
    Ok(())
}

/// The word of what happened, never its content.
fn event(body: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let event = value.get("event");
    let word = event.and_then(|e| e.get("kind")).or(event).or(value.get("kind"));
    word.and_then(|w| w.as_str()).unwrap_or_default().to_owned()
}
