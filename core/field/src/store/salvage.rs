//! What is left of a damaged database (抢救). The ladder: database with its WAL, database alone, the second
//! copy; from each what can still be read, entry by entry, into an export that verifies, and the evidence
//! whose keys survive. Works on copies: the folder that was set aside is evidence itself and stays as it is.
//!
//! Afterwards the phone begins a new life (enrol again: the mark declares the hole), and HQ, which has the
//! journal up to the last receipt, compares the rest with this export.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use ezhifa_seal::{
    entry::{DeviceId, Epoch, Head, SealedEntry},
    export::{ExportHead, Report, verify_export},
    hash::Digest,
    vault,
};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use serde::Serialize;

use super::{
    Dao, Places, StoreError,
    dao::{SELECT, digest, stored},
    error::{Result, io},
    open::connect,
};
use crate::{keys::DatabaseKey, vault::sealed_file};

/// What was saved, and what was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Salvaged {
    /// The export.
    pub export: PathBuf,
    /// Entries in it.
    pub entries: u64,
    /// Entries of which only the header could be read: the chain holds, the words are gone.
    pub without_body: u64,
    /// Places before the last entry at which nothing could be read.
    pub unreadable: u64,
    /// Pieces of evidence saved, decrypted, under their hashes.
    pub evidence: u64,
    /// Pieces of evidence that are named and could not be read.
    pub evidence_lost: u64,
    /// Verification of the export: up to where each epoch is whole.
    pub report: Report,
}

/// What one rung of the ladder gave.
#[derive(Default)]
struct Found {
    device: Option<DeviceId>,
    /// Epochs by their order in the journal.
    epochs: BTreeMap<i64, Epoch>,
    entries: BTreeMap<(i64, u64), SealedEntry>,
    /// Something could not be read.
    broken: bool,
    files: BTreeMap<Digest, (String, [u8; 32])>,
}

/// Reads what can be read of the store at `places` (usually one that was set aside) into the new folder
/// `out`: `journal.jsonl` and `evidence/`. Nothing in `places` is changed. The output is not encrypted: it is
/// for the desk that holds the phone, not for the phone.
///
/// # Errors
/// `out` exists or cannot be written; nothing at all can be read.
pub fn salvage(places: &Places, key: &DatabaseKey, out: &Path) -> Result<Salvaged> {
    std::fs::create_dir(out).map_err(io("salvage folder"))?;
    let mut found = Found::default();
    let database = places.database();
    let second = places.second_copy();
    let with_log = |path: &Path| path.with_extension("db-wal");
    for (rung, path, log) in [("1", &database, true), ("2", &database, false), ("3", &second, true)] {
        if !path.exists() || found.is_whole() {
            continue;
        }
        let work = out.join(format!("work-{rung}"));
        std::fs::create_dir(&work).map_err(io("salvage folder"))?;
        let copy = work.join("journal.db");
        std::fs::copy(path, &copy).map_err(io("salvage copy"))?;
        if log && with_log(path).exists() {
            std::fs::copy(with_log(path), with_log(&copy)).map_err(io("salvage copy"))?;
        }
        // A rung that cannot be opened gives nothing; the next one may.
        if let Ok(rung) = Rung::open(&copy, key) {
            found.add(rung);
        }
        std::fs::remove_dir_all(&work).map_err(io("salvage folder"))?;
    }
    let device = found.device.clone().ok_or(StoreError::Damaged { what: "nothing readable" })?;
    let export = out.join("journal.jsonl");
    write_export(&export, &device, &found)?;
    let report = verify_export(&mut BufReader::new(File::open(&export).map_err(io("export"))?))?;
    let (evidence, evidence_lost) = found.evidence(places, &out.join("evidence"))?;
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Ok(Salvaged {
        export,
        entries: count(found.entries.len()),
        without_body: count(found.entries.values().filter(|e| e.body.is_none()).count()),
        unreadable: found.missing(),
        evidence,
        evidence_lost,
        report,
    })
}

fn write_export(path: &Path, device: &DeviceId, found: &Found) -> Result<()> {
    let mut heads = Vec::new();
    for (id, epoch) in &found.epochs {
        let mut head = Head::start(device.clone(), *epoch);
        if let Some(last) = found.entries.range((*id, 0)..=(*id, u64::MAX)).next_back() {
            (head.seq, head.hash) = (last.1.header.seq, last.1.header.hash());
        }
        heads.push(head);
    }
    let mut out = BufWriter::new(File::create_new(path).map_err(io("export"))?);
    let mut line = |text: serde_json::Result<String>| -> Result<()> {
        let text = text.map_err(|_| StoreError::Body { what: "not JSON" })?;
        writeln!(out, "{text}").map_err(io("export"))
    };
    line(serde_json::to_string(&ExportHead { ezhifa_journal: 1, heads }))?;
    for entry in found.entries.values() {
        line(serde_json::to_string(entry))?;
    }
    let file = out.into_inner().map_err(|e| io("export")(e.into_error()))?;
    file.sync_all().map_err(io("export"))
}

impl Found {
    /// Takes over what earlier rungs lack; a body is never given up for a bare header.
    fn add(&mut self, rung: Found) {
        self.device = self.device.take().or(rung.device);
        self.epochs.extend(rung.epochs);
        for (at, entry) in rung.entries {
            match self.entries.get(&at) {
                Some(known) if known.body.is_some() || entry.body.is_none() => {}
                _ => {
                    self.entries.insert(at, entry);
                }
            }
        }
        self.files.extend(rung.files);
        self.broken |= rung.broken;
    }

    /// Places before the last entry of an epoch at which nothing could be read.
    fn missing(&self) -> u64 {
        let holes = self.epochs.keys().map(|id| {
            let epoch = || self.entries.range((*id, 0)..=(*id, u64::MAX));
            let last = epoch().next_back().map_or(0, |(at, _)| at.1);
            last.saturating_sub(u64::try_from(epoch().count()).unwrap_or(u64::MAX))
        });
        holes.sum()
    }

    fn is_whole(&self) -> bool {
        let bodies = self.entries.values().all(|e| e.body.is_some());
        !self.entries.is_empty() && !self.broken && bodies && self.missing() == 0
    }

    fn evidence(&self, places: &Places, to: &Path) -> Result<(u64, u64)> {
        let (mut saved, mut lost) = (0_u64, 0_u64);
        std::fs::create_dir(to).map_err(io("salvage folder"))?;
        for (sha256, (name, key)) in &self.files {
            let target = to.join(sha256.to_string());
            let read = || -> Option<()> {
                let mut sealed = sealed_file(places, name)?;
                let mut plain = File::create_new(&target).ok()?;
                let streamed = vault::open(&vault::FileKey(*key), &mut sealed, &mut plain).ok()?;
                plain.sync_all().ok()?;
                (streamed.sha256 == *sha256).then_some(())
            };
            match read() {
                Some(()) => saved = saved.saturating_add(1),
                None => {
                    // Half a photo under a whole photo's name would be a lie.
                    let _ = std::fs::remove_file(&target);
                    lost = lost.saturating_add(1);
                }
            }
        }
        Ok((saved, lost))
    }
}

/// One copy, read piece by piece. A page that cannot be decrypted ends the connection's use.
struct Rung<'a> {
    path: &'a Path,
    key: &'a DatabaseKey,
    conn: Connection,
}

impl<'a> Rung<'a> {
    fn open(path: &'a Path, key: &'a DatabaseKey) -> Result<Found> {
        let mut rung = Rung { path, key, conn: connect(path, key, OpenFlags::default())? };
        let mut found = Found {
            device: rung.ask(|c| Ok(Dao::reading(c).meta("device")?.map(DeviceId))).flatten(),
            ..Found::default()
        };
        let Some(device) = found.device.clone() else { return Ok(found) };
        found.epochs = rung
            .ask(|c| {
                let mut query = c.prepare("SELECT id, epoch FROM epoch")?;
                let rows = query.query_map([], |r| Ok((r.get(0)?, r.get::<_, String>(1)?)))?;
                let mut out = BTreeMap::new();
                for row in rows {
                    let (id, epoch) = row?;
                    out.insert(id, epoch.parse()?);
                }
                Ok(out)
            })
            .unwrap_or_default();
        let last = |c: &Connection, table: &str| -> Result<i64> {
            Ok(c.query_row(&format!("SELECT coalesce(max(pos), 0) FROM {table}"), [], |r| r.get(0))?)
        };
        // Either table may have lost its end.
        let last = ["entry", "body"].map(|table| rung.ask(|c| last(c, table)).unwrap_or(0)).into_iter().max();
        rung.entries(&device, 1, last.unwrap_or(0), &mut found);
        rung.files(&mut found);
        Ok(found)
    }

    /// Asks; on failure opens the copy afresh, because SQLCipher refuses everything after a broken page.
    fn ask<T>(&mut self, f: impl Fn(&Connection) -> Result<T>) -> Option<T> {
        match f(&self.conn) {
            Ok(value) => Some(value),
            Err(_) => {
                if let Ok(fresh) = connect(self.path, self.key, OpenFlags::default()) {
                    self.conn = fresh;
                }
                None
            }
        }
    }

    /// Reads a stretch; where it breaks, its halves, down to single entries and then to bare headers.
    fn entries(&mut self, device: &DeviceId, from: i64, to: i64, found: &mut Found) {
        let mut todo = vec![(from, to)];
        while let Some((from, to)) = todo.pop() {
            if from > to {
                continue;
            }
            let full = format!("{SELECT} WHERE e.pos BETWEEN ?1 AND ?2");
            if let Some(read) = self.ask(|c| read_entries(c, &full, device, from, to)) {
                found.entries.extend(read);
                continue;
            }
            if from < to {
                let middle = from.saturating_add(to) / 2;
                todo.push((middle.saturating_add(1), to));
                todo.push((from, middle));
                continue;
            }
            let bare = SELECT.replace("b.salt, b.body", "NULL, NULL");
            let bare = bare.replace("LEFT JOIN body b ON b.pos = e.pos", "WHERE e.pos BETWEEN ?1 AND ?2");
            match self.ask(|c| read_entries(c, &bare, device, from, to)) {
                Some(read) if !read.is_empty() => found.entries.extend(read),
                _ => found.broken = true,
            }
        }
    }

    fn files(&mut self, found: &mut Found) {
        let read = |c: &Connection, sql: &str, at: &Digest| -> Result<Option<(Digest, String, [u8; 32])>> {
            let row = |r: &rusqlite::Row<'_>| Ok((digest(r, 0)?, r.get(1)?, r.get(2)?));
            Ok(c.prepare_cached(sql)?.query_row([at.0], row).optional()?)
        };
        // From both ends, up to whatever is broken between them.
        for (start, side, order) in [(Digest::ZERO, ">", "ASC"), (Digest([0xFF; 32]), "<", "DESC")] {
            let sql = format!(
                "SELECT sha256, name, key FROM file WHERE sha256 {side} ?1 AND gone = 0 ORDER BY sha256 {order} LIMIT 1"
            );
            let mut at = start;
            loop {
                match self.ask(|c| read(c, &sql, &at)) {
                    Some(Some((sha256, name, key))) if !found.files.contains_key(&sha256) => {
                        found.files.insert(sha256, (name, key));
                        at = sha256;
                    }
                    Some(_) => break,
                    None => {
                        found.broken = true;
                        break;
                    }
                }
            }
        }
    }
}

fn read_entries(
    conn: &Connection,
    sql: &str,
    device: &DeviceId,
    from: i64,
    to: i64,
) -> Result<Vec<((i64, u64), SealedEntry)>> {
    let mut query = conn.prepare_cached(sql)?;
    let mut rows = query.query([from, to])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let read = stored(row, device)?;
        out.push(((row.get(13)?, read.entry.header.seq), read.entry));
    }
    Ok(out)
}
