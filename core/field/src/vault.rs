//! The evidence vault (证据库): files sealed one by one, named in the journal by their plain hash.
//!
//! A file is sealed and synced in `evidence/in` before its row and its journal entry are committed, and
//! gets its last name after. Whatever the moment of a crash, opening finishes or drops it: a row without
//! a file or a file without a row does not outlive the next opening. (A database that was restored from a copy is
//! another matter: files that it does not know yet lie there unread, for their keys went with their rows.)

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

use ezhifa_seal::{
    hash::Digest,
    vault::{self, FileKey},
};
use rusqlite::{OptionalExtension as _, params};
use serde_json::{Value, json};

use crate::{
    journal::Kind,
    keys::Point,
    mark::sync_dir,
    store::{
        Dao, Places, Store, StoreError, StoredEntry, Written,
        error::{Result, io},
    },
};

/// What belongs to a file.
#[derive(Debug, Clone, Default)]
pub struct About<'a> {
    /// `photo`, `video`, `audio`, `signature`, `document`.
    pub kind: &'a str,
    /// Case, when there is one already.
    pub case: Option<&'a str>,
    /// Sealed record: EXIF, location (WGS-84, accuracy, source), camera. JSON of integers and strings.
    pub record: Value,
    /// Small picture for lists, made by the platform.
    pub thumbnail: Option<&'a [u8]>,
}

/// A file in the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Plain hash: its name in the journal.
    pub sha256: Digest,
    /// Plain bytes.
    pub size: u64,
    /// Kind.
    pub kind: String,
    /// Bytes HQ has.
    pub sent: u64,
    /// HQ has all of it, signed.
    pub durable: bool,
    /// Removed from this phone after retention.
    pub gone: bool,
}

struct Row {
    name: String,
    key: FileKey,
    size: u64,
    gone: bool,
}

impl Store {
    /// Seals a photo, film or signature from any reader, one chunk in memory at a time, then commits its
    /// row, its journal entry and whatever `with` adds. The same content twice is one file.
    ///
    /// # Errors
    /// Low space, reading fails, or `with` refuses: then nothing stays.
    pub fn capture<T, E: From<StoreError>>(
        &self,
        from: &mut dyn Read,
        about: &About<'_>,
        with: impl FnOnce(&mut Dao<'_>, &Evidence) -> Result<T, E>,
    ) -> Result<(Evidence, T), E> {
        self.room_for_captures()?;
        let sealed = self.seal_file(from)?;
        let outcome = self.write(|dao| {
            let evidence = sealed.keep(dao, about)?;
            let value = with(dao, &evidence)?;
            Ok::<_, E>((evidence, value))
        });
        match outcome {
            Ok(done) => {
                self.platform.probe.at(Point::BeforeRename)?;
                settle(&self.places, &sealed.name, self.read(|dao| named(dao, &sealed.name))?)?;
                Ok(done)
            }
            Err(e) => {
                // Whether the row stayed is the file's to say: opening again finishes or drops it.
                if matches!(self.read(|dao| row(dao, &sealed.sha256)), Ok(None)) {
                    let _ = std::fs::remove_file(self.places.incoming().join(&sealed.name));
                }
                Err(e)
            }
        }
    }

    fn seal_file(&self, from: &mut dyn Read) -> Result<Sealed> {
        let name = Digest(self.platform.random()?).to_string();
        let key = FileKey(self.platform.random()?);
        let path = self.places.incoming().join(&name);
        let sealed = (|| {
            let mut file = File::create_new(&path).map_err(io("evidence"))?;
            let streamed = vault::seal(&key, from, &mut file).map_err(full)?;
            file.sync_all().map_err(io("evidence"))?;
            sync_dir(path.parent())?;
            Ok(streamed)
        })();
        match sealed {
            Ok(streamed) => {
                self.platform.probe.at(Point::FileWritten)?;
                Ok(Sealed { name, key, sha256: streamed.sha256, size: streamed.size })
            }
            Err(e) => {
                let _ = std::fs::remove_file(&path);
                Err(e)
            }
        }
    }

    /// Decrypts a piece of evidence into `to`, and checks that it is what the journal names.
    ///
    /// # Errors
    /// Not on this phone; damaged; writing fails.
    pub fn read_evidence(&self, sha256: &Digest, to: &mut dyn Write) -> Result<u64> {
        let (mut file, row) = self.evidence_file(sha256)?;
        let streamed = vault::open(&row.key, &mut file, to)?;
        if streamed.sha256 != *sha256 || streamed.size != row.size {
            return Err(StoreError::Damaged { what: "evidence" });
        }
        Ok(streamed.size)
    }

    /// A part of the plain bytes: what an upload sends.
    ///
    /// # Errors
    /// Not on this phone; damaged.
    pub fn evidence_part(&self, sha256: &Digest, offset: u64, most: u64) -> Result<Vec<u8>> {
        let (mut file, row) = self.evidence_file(sha256)?;
        let most = most.min(row.size.saturating_sub(offset));
        Ok(vault::open_part(&row.key, &mut file, row.size, offset, most)?)
    }

    fn evidence_file(&self, sha256: &Digest) -> Result<(File, Row)> {
        let missing = || StoreError::NoEvidence { sha256: sha256.to_string() };
        let row = self.read(|dao| row(dao, sha256))?.filter(|r| !r.gone).ok_or_else(missing)?;
        let file = sealed_file(&self.places, &row.name).ok_or_else(missing)?;
        Ok((file, row))
    }

    /// Removes a file from this phone. The row, the hash in the journal and HQ's copy stay.
    ///
    /// # Errors
    /// HQ does not hold it by signed receipt, or its case must be kept longer.
    pub fn drop_evidence(&self, sha256: &Digest, now_ms: i64) -> Result<()> {
        let row = self
            .read(|dao| row(dao, sha256))?
            .ok_or(StoreError::NoEvidence { sha256: sha256.to_string() })?;
        self.write::<_, StoreError>(|dao| {
            let free = dao.sql().execute(
                "UPDATE file SET gone = 1 WHERE sha256 = ?1 AND durable = 1
                   AND EXISTS (SELECT 1 FROM case_file WHERE sha256 = ?1)
                   AND NOT EXISTS (
                     SELECT 1 FROM case_file c LEFT JOIN retention r ON r.case_id = c.case_id
                     WHERE c.sha256 = ?1 AND (r.keep_until_ms IS NULL OR r.keep_until_ms >= ?2))",
                params![sha256.0, now_ms],
            )?;
            if free != 1 {
                return Err(StoreError::Body {
                    what: "evidence still needed / 证据尚在保存期内或未入库"
                });
            }
            // Nothing of it is needed any more: not its key, not its small picture.
            dao.sql().execute(
                "UPDATE file SET key = zeroblob(32), thumbnail = NULL WHERE sha256 = ?1",
                [sha256.0],
            )?;
            dao.append_json(Kind::Purge, 1, None, &json!({ "evidence": sha256 })).map(|_| ())
        })?;
        // Killed here: the next opening removes it.
        remove(&final_path(&self.places, &row.name))
    }
}

struct Sealed {
    name: String,
    key: FileKey,
    sha256: Digest,
    size: u64,
}

impl Sealed {
    fn keep(&self, dao: &mut Dao<'_>, about: &About<'_>) -> Result<Evidence> {
        let held = dao.evidence(&self.sha256)?;
        if held.is_none() {
            let Written { pos, .. } = dao.append_json(
                Kind::Evidence,
                1,
                about.case,
                &json!({ "sha256": self.sha256, "size": self.size, "kind": about.kind, "record": about.record }),
            )?;
            dao.sql().execute(
                "INSERT INTO file (sha256, name, key, size, kind, pos, thumbnail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    self.sha256.0,
                    self.name,
                    self.key.0,
                    crate::store::signed(self.size)?,
                    about.kind,
                    pos,
                    about.thumbnail
                ],
            )?;
        } else if held.is_some_and(|h| h.gone) {
            // Taken again after it went: the row gets the new file; the entry that named it stands.
            dao.sql().execute(
                "UPDATE file SET name = ?2, key = ?3, gone = 0, durable = 0, sent = 0, thumbnail = ?4 WHERE sha256 = ?1",
                params![self.sha256.0, self.name, self.key.0, about.thumbnail],
            )?;
        }
        if let Some(case) = about.case {
            dao.link_evidence(case, &self.sha256)?;
        }
        dao.evidence(&self.sha256)?.ok_or(StoreError::Internal("evidence row"))
    }
}

impl Dao<'_> {
    /// What is known about a file.
    ///
    /// # Errors
    /// SQLite.
    pub fn evidence(&self, sha256: &Digest) -> Result<Option<Evidence>> {
        Ok(self
            .sql()
            .prepare_cached("SELECT sha256, size, kind, sent, durable, gone FROM file WHERE sha256 = ?1")?
            .query_row([sha256.0], evidence)
            .optional()?)
    }

    /// Evidence of a case, in order of capture.
    ///
    /// # Errors
    /// SQLite.
    pub fn case_evidence(&self, case: &str) -> Result<Vec<Evidence>> {
        let mut query = self.sql().prepare_cached(
            "SELECT f.sha256, f.size, f.kind, f.sent, f.durable, f.gone FROM case_file c
             JOIN file f ON f.sha256 = c.sha256 WHERE c.case_id = ?1 ORDER BY f.pos",
        )?;
        let rows = query.query_map([case], evidence)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The entries that sealed the evidence of a case, wherever in the journal they stand.
    ///
    /// # Errors
    /// SQLite.
    pub fn evidence_entries(&self, case: &str) -> Result<Vec<StoredEntry>> {
        self.stored_where(
            "JOIN file f ON f.pos = e.pos JOIN case_file c ON c.sha256 = f.sha256 WHERE c.case_id = ?1 ORDER BY e.pos",
            params![case],
        )
    }

    /// Puts a file that is in the vault into a case (capture may come before the case).
    ///
    /// # Errors
    /// No such file.
    pub fn link_evidence(&mut self, case: &str, sha256: &Digest) -> Result<()> {
        self.sql().execute(
            "INSERT INTO case_file (case_id, sha256) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![case, sha256.0],
        )?;
        // The entry that sealed it belongs to the case from now on: shown with it, and purged with it.
        self.sql().execute(
            "INSERT INTO case_entry (case_id, pos) SELECT ?1, pos FROM file WHERE sha256 = ?2 ON CONFLICT DO NOTHING",
            params![case, sha256.0],
        )?;
        Ok(())
    }

    /// The small picture.
    ///
    /// # Errors
    /// SQLite.
    pub fn thumbnail(&self, sha256: &Digest) -> Result<Option<Vec<u8>>> {
        Ok(self
            .sql()
            .query_row("SELECT thumbnail FROM file WHERE sha256 = ?1", [sha256.0], |r| r.get(0))
            .optional()?
            .flatten())
    }

    /// Files that HQ lacks, newest first.
    ///
    /// # Errors
    /// SQLite.
    pub fn waiting_evidence(&self, most: usize) -> Result<Vec<Evidence>> {
        let mut query = self.sql().prepare_cached(
            "SELECT sha256, size, kind, sent, durable, gone FROM file WHERE durable = 0 ORDER BY pos DESC LIMIT ?1",
        )?;
        let rows = query.query_map([i64::try_from(most).unwrap_or(i64::MAX)], evidence)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// HQ has so many bytes.
    ///
    /// # Errors
    /// SQLite.
    pub fn evidence_sent(&mut self, sha256: &Digest, bytes: u64) -> Result<()> {
        let bytes = crate::store::signed(bytes)?;
        self.sql()
            .prepare_cached("UPDATE file SET sent = min(size, ?2) WHERE sha256 = ?1")?
            .execute(params![sha256.0, bytes])?;
        Ok(())
    }

    /// HQ holds it by signed receipt.
    ///
    /// # Errors
    /// SQLite.
    pub fn evidence_durable(&mut self, sha256: &Digest) -> Result<()> {
        self.sql().execute("UPDATE file SET durable = 1, sent = size WHERE sha256 = ?1", [sha256.0])?;
        Ok(())
    }
}

fn evidence(r: &rusqlite::Row<'_>) -> rusqlite::Result<Evidence> {
    Ok(Evidence {
        sha256: Digest(r.get(0)?),
        size: crate::store::unsigned(r, 1)?,
        kind: r.get(2)?,
        sent: crate::store::unsigned(r, 3)?,
        durable: r.get(4)?,
        gone: r.get(5)?,
    })
}

fn row(dao: &Dao<'_>, sha256: &Digest) -> Result<Option<Row>> {
    Ok(dao
        .sql()
        .query_row("SELECT name, key, size, gone FROM file WHERE sha256 = ?1", [sha256.0], |r| {
            Ok(Row {
                name: r.get(0)?,
                key: FileKey(r.get(1)?),
                size: crate::store::unsigned(r, 2)?,
                gone: r.get(3)?,
            })
        })
        .optional()?)
}

/// 256 folders keep listings short.
fn final_path(places: &Places, name: &str) -> PathBuf {
    places.evidence().join(name.get(..2).unwrap_or("xx")).join(name)
}

/// The sealed file, wherever a crash left it.
pub(crate) fn sealed_file(places: &Places, name: &str) -> Option<File> {
    [final_path(places, name), places.incoming().join(name)].iter().find_map(|path| File::open(path).ok())
}

fn finish(places: &Places, name: &str) -> Result<()> {
    let to = final_path(places, name);
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(io("evidence"))?;
    }
    let from = places.incoming().join(name);
    if !from.exists() {
        // The same content was in the vault already, under another name.
        return Ok(());
    }
    std::fs::rename(&from, &to).map_err(io("evidence"))?;
    sync_dir(to.parent())?;
    sync_dir(to.parent().and_then(|p| p.parent()))?;
    sync_dir(from.parent())
}

/// A sealed file whose transaction is done: its last name where a row names it; else (the same content was
/// there already) nobody will ever open it.
fn settle(places: &Places, name: &str, known: bool) -> Result<()> {
    if known { finish(places, name) } else { remove(&places.incoming().join(name)) }
}

fn named(dao: &Dao<'_>, name: &str) -> Result<bool> {
    let found = dao.sql().query_row("SELECT 1 FROM file WHERE name = ?1", [name], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

/// Gone is gone, whoever removed it.
fn remove(path: &std::path::Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io("evidence")(e)),
        _ => Ok(()),
    }
}

/// Finishes or drops what a crash left in `evidence/in`, and removes what was purged and whose file a crash
/// left. Answers (finished, dropped).
pub(crate) fn recover(places: &Places, dao: &Dao<'_>) -> Result<(u64, u64)> {
    let (mut finished, mut dropped) = (0_u64, 0_u64);
    for entry in std::fs::read_dir(places.incoming()).map_err(io("evidence"))? {
        let entry = entry.map_err(io("evidence"))?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if named(dao, &name)? {
            finish(places, &name)?;
            finished = finished.saturating_add(1);
        } else {
            // Its key never became durable: nobody can ever read it.
            std::fs::remove_file(entry.path()).map_err(io("evidence"))?;
            dropped = dropped.saturating_add(1);
        }
    }
    let mut query = dao.sql().prepare("SELECT name FROM file WHERE gone = 1")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        remove(&final_path(places, &row.get::<_, String>(0)?))?;
    }
    Ok((finished, dropped))
}

fn full(e: ezhifa_seal::SealError) -> StoreError {
    match e {
        ezhifa_seal::SealError::Io(std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) => {
            StoreError::Full
        }
        other => other.into(),
    }
}

/// Length of the file on disk against its row: cheap check of the whole vault. Answers the hashes whose
/// file is missing or has another length.
///
/// # Errors
/// SQLite.
pub fn missing(store: &Store) -> Result<Vec<Digest>> {
    store.read(|dao| {
        let mut query = dao.sql().prepare("SELECT sha256, name, size FROM file WHERE gone = 0")?;
        let mut rows = query.query([])?;
        let mut out = Vec::new();
        while let Some(r) = rows.next()? {
            let (name, size): (String, u64) = (r.get(1)?, crate::store::unsigned(r, 2)?);
            let found = sealed_file(&store.places, &name).and_then(|mut f| f.seek(SeekFrom::End(0)).ok());
            if found != Some(vault::sealed_len(size)) {
                out.push(Digest(r.get(0)?));
            }
        }
        Ok(out)
    })
}
