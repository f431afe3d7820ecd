//! Queries. `&self` reads, `&mut self` changes; only [`super::Store::write`] hands out a `&mut Dao`.

use ezhifa_seal::{
    entry::{DeviceId, Epoch, Head, Header, Salt, SealedEntry, Stamp, append},
    hash::Digest,
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::error::{Result, StoreError};
use crate::{
    clock::jumped_back,
    journal::{Kind, check_body},
    keys::Platform,
    mark::Place,
};

/// Where the journal stands, in memory.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) head: Head,
    pub(super) epoch_id: i64,
    pub(super) last: Option<Stamp>,
}

impl Log {
    /// Reads it from the file; `None` before the first epoch.
    pub(super) fn load(conn: &Connection, device: &DeviceId) -> Result<Option<Log>> {
        let epoch = conn
            .query_row("SELECT id, epoch FROM epoch ORDER BY id DESC LIMIT 1", [], |r| {
                Ok((r.get(0)?, r.get::<_, String>(1)?))
            })
            .optional()?;
        let Some((epoch_id, epoch)) = epoch else { return Ok(None) };
        let mut head = Head::start(device.clone(), epoch.parse()?);
        let last = conn
            .query_row(
                "SELECT seq, hash FROM entry WHERE epoch = ?1 ORDER BY seq DESC LIMIT 1",
                [epoch_id],
                |r| Ok((unsigned(r, 0)?, digest(r, 1)?)),
            )
            .optional()?;
        if let Some((seq, hash)) = last {
            (head.seq, head.hash) = (seq, hash);
        }
        let last = conn
            .query_row("SELECT wall_ms, mono_ms, boot FROM entry ORDER BY pos DESC LIMIT 1", [], |r| {
                stamp(r, 0)
            })
            .optional()?;
        Ok(Some(Log { head, epoch_id, last }))
    }

    /// Before the first entry of this epoch.
    pub(super) fn start(&self) -> Place {
        Place { seq: 0, hash: Digest::ZERO }
    }
}

/// An entry that was just appended.
#[derive(Debug, Clone)]
pub struct Written {
    /// Local position over all epochs.
    pub pos: i64,
    /// Journal up to and including it.
    pub head: Head,
    /// Its clocks.
    pub stamp: Stamp,
}

/// An entry with its local position.
#[derive(Debug, Clone)]
pub struct StoredEntry {
    /// Local position over all epochs.
    pub pos: i64,
    /// The entry.
    pub entry: SealedEntry,
}

/// One life of this journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochInfo {
    /// End of it.
    pub head: Head,
    /// Covered by HQ's signed receipts.
    pub delivered: u64,
    /// Also in HQ's verified back-up.
    pub floor: u64,
}

/// What HQ does not have yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unsent {
    /// Entries.
    pub entries: u64,
    /// Pieces of evidence.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Wall time of the oldest entry that waits.
    pub oldest_ms: Option<i64>,
}

/// One transaction.
pub struct Dao<'c> {
    conn: &'c Connection,
    writing: Option<Writing<'c>>,
}

struct Writing<'c> {
    platform: &'c Platform,
    log: Log,
}

impl<'c> Dao<'c> {
    pub(super) fn reading(conn: &'c Connection) -> Self {
        Dao { conn, writing: None }
    }

    pub(super) fn writing(conn: &'c Connection, platform: &'c Platform, log: Log) -> Self {
        Dao { conn, writing: Some(Writing { platform, log }) }
    }

    pub(super) fn into_log(self) -> Result<Log> {
        self.writing.map(|w| w.log).ok_or(StoreError::Internal("read-only dao"))
    }

    /// The connection, for queries of this crate's other files.
    pub(crate) fn sql(&self) -> &'c Connection {
        self.conn
    }

    // --- journal -----------------------------------------------------------------------------------

    /// Appends an entry. `body` is JSON text of integers and strings, kept byte for byte. A wall clock that
    /// went back since the last entry is declared in an entry of its own first.
    ///
    /// # Errors
    /// Not such a body, or SQLite refuses.
    pub fn append(&mut self, kind: Kind, version: u16, case: Option<&str>, body: &str) -> Result<Written> {
        check_body(body)?;
        let writing = self.writing.as_ref().ok_or(StoreError::Internal("read-only dao"))?;
        let now = writing.platform.clock.now();
        if let Some(before) = writing.log.last.clone().filter(|before| jumped_back(before, &now)) {
            let jump = serde_json::json!({
                "event": "clock_back", "from_ms": before.wall_ms, "to_ms": now.wall_ms,
                "same_boot": u8::from(before.boot == now.boot),
            });
            self.push(Kind::Device, 1, None, now.clone(), &jump.to_string())?;
        }
        self.push(kind, version, case, now, body)
    }

    /// [`Dao::append`] of a value.
    ///
    /// # Errors
    /// As [`Dao::append`].
    pub fn append_json<T: Serialize + ?Sized>(
        &mut self,
        kind: Kind,
        version: u16,
        case: Option<&str>,
        body: &T,
    ) -> Result<Written> {
        let body = serde_json::to_string(body).map_err(|_| StoreError::Body { what: "not JSON" })?;
        self.append(kind, version, case, &body)
    }

    fn push(
        &mut self,
        kind: Kind,
        version: u16,
        case: Option<&str>,
        now: Stamp,
        body: &str,
    ) -> Result<Written> {
        let Writing { platform, log } = self.writing.as_mut().ok_or(StoreError::Internal("read-only dao"))?;
        let salt = platform.random()?;
        let (entry, head) = append(&log.head, kind.id(), version, now.clone(), salt, body)?;
        let h = &entry.header;
        self.conn
            .prepare_cached(
                "INSERT INTO entry (epoch, seq, kind, version, wall_ms, mono_ms, boot, prev, body, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                log.epoch_id,
                signed(h.seq)?,
                h.kind,
                h.version,
                h.stamp.wall_ms,
                h.stamp.mono_ms,
                h.stamp.boot,
                h.prev.0,
                h.body.0,
                head.hash.0
            ])?;
        let pos = self.conn.last_insert_rowid();
        self.conn
            .prepare_cached("INSERT INTO body (pos, salt, body) VALUES (?1, ?2, ?3)")?
            .execute(params![pos, salt, body.as_bytes()])?;
        if let Some(case) = case {
            self.conn
                .prepare_cached("INSERT INTO case_entry (case_id, pos) VALUES (?1, ?2)")?
                .execute(params![case, pos])?;
        }
        log.head = head.clone();
        log.last = Some(now.clone());
        Ok(Written { pos, head, stamp: now })
    }

    /// Starts another life of the journal with its first entry.
    pub(super) fn start_epoch(&mut self, epoch: Epoch, body: &str) -> Result<Written> {
        check_body(body)?;
        self.conn.execute("INSERT INTO epoch (epoch) VALUES (?1)", [epoch.to_string()])?;
        let id = self.conn.last_insert_rowid();
        let writing = self.writing.as_mut().ok_or(StoreError::Internal("read-only dao"))?;
        let device = writing.log.head.device.clone();
        (writing.log.head, writing.log.epoch_id) = (Head::start(device, epoch), id);
        let now = writing.platform.clock.now();
        self.push(Kind::Device, 1, None, now, body)
    }

    /// End of the journal inside this transaction.
    ///
    /// # Errors
    /// No epoch yet.
    pub fn head(&self) -> Result<Head> {
        match &self.writing {
            Some(w) => Ok(w.log.head.clone()),
            None => Ok(Log::load(self.conn, &self.device()?)?.ok_or(StoreError::NotEnrolled)?.head),
        }
    }

    /// This device.
    ///
    /// # Errors
    /// Not enrolled.
    pub fn device(&self) -> Result<DeviceId> {
        self.meta("device")?.map(DeviceId).ok_or(StoreError::NotEnrolled)
    }

    /// Every epoch, oldest first; the last is being written.
    ///
    /// # Errors
    /// SQLite.
    pub fn epochs(&self) -> Result<Vec<EpochInfo>> {
        let device = self.device()?;
        let mut query = self.conn.prepare_cached(
            "SELECT p.epoch, p.delivered, p.floor, e.seq, e.hash FROM epoch p
             LEFT JOIN entry e ON e.epoch = p.id AND e.seq = (SELECT max(seq) FROM entry WHERE epoch = p.id)
             ORDER BY p.id",
        )?;
        let rows = query.query_map([], |r| {
            let head = match r.get::<_, Option<i64>>(3)? {
                Some(_) => Some((unsigned(r, 3)?, digest(r, 4)?)),
                None => None,
            };
            Ok((r.get::<_, String>(0)?, unsigned(r, 1)?, unsigned(r, 2)?, head))
        })?;
        let mut out = Vec::new();
        for row in rows {
            let (epoch, delivered, floor, found) = row?;
            let mut head = Head::start(device.clone(), epoch.parse()?);
            if let Some((seq, hash)) = found {
                (head.seq, head.hash) = (seq, hash);
            }
            out.push(EpochInfo { head, delivered, floor });
        }
        Ok(out)
    }

    /// Hash of the entry at `seq`.
    ///
    /// # Errors
    /// SQLite.
    pub fn hash_at(&self, epoch: Epoch, seq: u64) -> Result<Option<Digest>> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT e.hash FROM entry e JOIN epoch p ON p.id = e.epoch WHERE p.epoch = ?1 AND e.seq = ?2",
            )?
            .query_row(params![epoch.to_string(), signed(seq)?], |r| digest(r, 0))
            .optional()?)
    }

    /// Entries of an epoch after `seq`, at most `most` and (after the first) `bytes` of bodies. For a push,
    /// first call [`super::Store::head`]: only what the mark confirms may leave.
    ///
    /// # Errors
    /// SQLite.
    pub fn entries(&self, epoch: Epoch, after: u64, most: usize, bytes: usize) -> Result<Vec<SealedEntry>> {
        let sql = format!("{SELECT} WHERE p.epoch = ?1 AND e.seq > ?2 ORDER BY e.seq LIMIT ?3");
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let device = self.device()?;
        let mut query = self.conn.prepare_cached(&sql)?;
        let mut rows = query.query(params![epoch.to_string(), signed(after)?, most])?;
        let (mut out, mut total) = (Vec::new(), 0_usize);
        while let Some(row) = rows.next()? {
            let StoredEntry { entry, .. } = stored(row, &device)?;
            total = total.saturating_add(entry.body.as_ref().map_or(0, String::len));
            if total > bytes && !out.is_empty() {
                break;
            }
            out.push(entry);
        }
        Ok(out)
    }

    /// Entries with the hash that lies beside each, for verification.
    pub(crate) fn hashed_entries(
        &self,
        epoch: Epoch,
        after: u64,
        most: usize,
    ) -> Result<Vec<(SealedEntry, Digest)>> {
        let sql = format!("{SELECT} WHERE p.epoch = ?1 AND e.seq > ?2 ORDER BY e.seq LIMIT ?3");
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let device = self.device()?;
        let mut query = self.conn.prepare_cached(&sql)?;
        let mut rows = query.query(params![epoch.to_string(), signed(after)?, most])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push((stored(row, &device)?.entry, digest(row, 12)?));
        }
        Ok(out)
    }

    /// Every entry of a case, in the order it was written.
    ///
    /// # Errors
    /// SQLite.
    pub fn case_entries(&self, case: &str) -> Result<Vec<StoredEntry>> {
        let sql = format!("{SELECT} JOIN case_entry c ON c.pos = e.pos WHERE c.case_id = ?1 ORDER BY e.pos");
        self.stored(&sql, params![case])
    }

    /// Entries by local position, for `show`, export and background verification.
    ///
    /// # Errors
    /// SQLite.
    pub fn entries_from(&self, pos: i64, most: usize) -> Result<Vec<StoredEntry>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.stored(&format!("{SELECT} WHERE e.pos >= ?1 ORDER BY e.pos LIMIT ?2"), params![pos, most])
    }

    /// Entries by a condition of another table: `e` is the entry.
    pub(crate) fn stored_where(
        &self,
        rest: &str,
        params: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<StoredEntry>> {
        self.stored(&format!("{SELECT} {rest}"), params)
    }

    fn stored(&self, sql: &str, params: &[&dyn rusqlite::ToSql]) -> Result<Vec<StoredEntry>> {
        let device = self.device()?;
        let mut query = self.conn.prepare_cached(sql)?;
        let mut rows = query.query(params)?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(stored(row, &device)?);
        }
        Ok(out)
    }

    // --- what HQ has -------------------------------------------------------------------------------

    /// A signed receipt covers the epoch up to `seq`; lower after HQ lost something.
    ///
    /// # Errors
    /// SQLite.
    pub fn set_delivered(&mut self, epoch: Epoch, seq: u64) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE epoch SET delivered = ?2, floor = min(floor, ?2) WHERE epoch = ?1")?
            .execute(params![epoch.to_string(), signed(seq)?])?;
        Ok(())
    }

    /// HQ's verified back-up covers the epoch up to `seq`: as far as HQ's receipts go. Falls only with them, when HQ
    /// itself was restored to less.
    ///
    /// # Errors
    /// SQLite.
    pub fn raise_floor(&mut self, epoch: Epoch, seq: u64) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE epoch SET floor = max(floor, min(?2, delivered)) WHERE epoch = ?1")?
            .execute(params![epoch.to_string(), signed(seq)?])?;
        Ok(())
    }

    /// What waits.
    ///
    /// # Errors
    /// SQLite.
    pub fn unsent(&self) -> Result<Unsent> {
        let mut out = Unsent::default();
        for epoch in self.epochs()? {
            let waits = epoch.head.seq.saturating_sub(epoch.delivered);
            out.entries = out.entries.saturating_add(waits);
            if waits > 0 && out.oldest_ms.is_none() {
                let next = signed(epoch.delivered.saturating_add(1))?;
                out.oldest_ms = self
                    .conn
                    .prepare_cached(
                        "SELECT e.wall_ms FROM entry e JOIN epoch p ON p.id = e.epoch WHERE p.epoch = ?1 AND e.seq = ?2",
                    )?
                    .query_row(params![epoch.head.epoch.to_string(), next], |r| r.get(0))
                    .optional()?;
            }
        }
        (out.files, out.bytes) = self
            .conn
            .prepare_cached("SELECT count(*), coalesce(sum(size - sent), 0) FROM file WHERE durable = 0")?
            .query_row([], |r| Ok((unsigned(r, 0)?, unsigned(r, 1)?)))?;
        Ok(out)
    }

    // --- retention ---------------------------------------------------------------------------------

    /// Keeps a case until then. A case without a date is kept for ever; a date is never brought forward.
    ///
    /// # Errors
    /// The date would be earlier than before.
    pub fn keep_until(&mut self, case: &str, until_ms: i64) -> Result<()> {
        self.conn.execute(
            "INSERT INTO retention (case_id, keep_until_ms) VALUES (?1, ?2)
             ON CONFLICT (case_id) DO UPDATE SET keep_until_ms = excluded.keep_until_ms",
            params![case, until_ms],
        )?;
        Ok(())
    }

    /// Lets the bodies of a case go, once HQ holds them twice and its date is past. The headers stay, the
    /// chain still verifies, and the purge is itself an entry. Answers how many bodies went.
    ///
    /// # Errors
    /// Something of the case is still needed: then nothing goes.
    pub fn purge_case(&mut self, case: &str, now_ms: i64) -> Result<u64> {
        self.conn.execute("INSERT INTO purge_gate VALUES (?1)", [now_ms])?;
        // What another case still needs (a photo in both) stays with it.
        let gone = self.conn.execute(
            "DELETE FROM body WHERE pos IN (SELECT pos FROM case_entry WHERE case_id = ?1)
               AND pos NOT IN (
                 SELECT o.pos FROM case_entry o LEFT JOIN retention r ON r.case_id = o.case_id
                 WHERE o.case_id <> ?1 AND (r.keep_until_ms IS NULL OR r.keep_until_ms >= ?2)
                   AND o.pos IN (SELECT pos FROM case_entry WHERE case_id = ?1))",
            params![case, now_ms],
        )?;
        self.conn.execute("DELETE FROM purge_gate", [])?;
        // Finds of this phone are keyed by the party's hash: they go with the case.
        self.conn.execute("DELETE FROM thing WHERE key = ?1 AND scope LIKE 'party:%'", [case])?;
        for table in ["case_index", "case_key"] {
            self.conn.execute(&format!("DELETE FROM {table} WHERE case_id = ?1"), [case])?;
        }
        let gone = gone as u64;
        let body = serde_json::json!({ "case": case, "bodies": gone });
        self.append(Kind::Purge, 1, None, &body.to_string())?;
        Ok(gone)
    }

    // --- small things ------------------------------------------------------------------------------

    pub(crate) fn meta(&self, key: &str) -> Result<Option<String>> {
        Ok(self
            .conn
            .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
            .query_row([key], |r| r.get(0))
            .optional()?)
    }

    pub(crate) fn set_meta(&mut self, key: &str, value: &str) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )?
            .execute([key, value])?;
        Ok(())
    }

    /// A document or queue item of the layers above (feed, roster, packs, settings).
    ///
    /// # Errors
    /// SQLite.
    pub fn put(&mut self, scope: &str, key: &str, value: &[u8]) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT INTO thing (scope, key, value) VALUES (?1, ?2, ?3)
                 ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![scope, key, value])?;
        Ok(())
    }

    /// Reads one.
    ///
    /// # Errors
    /// SQLite.
    pub fn get(&self, scope: &str, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self
            .conn
            .prepare_cached("SELECT value FROM thing WHERE scope = ?1 AND key = ?2")?
            .query_row([scope, key], |r| r.get(0))
            .optional()?)
    }

    /// All of a scope, by key.
    ///
    /// # Errors
    /// SQLite.
    pub fn list(&self, scope: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let mut query =
            self.conn.prepare_cached("SELECT key, value FROM thing WHERE scope = ?1 ORDER BY key")?;
        let rows = query.query_map([scope], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Drops one; whether it was there.
    ///
    /// # Errors
    /// SQLite.
    pub fn drop_thing(&mut self, scope: &str, key: &str) -> Result<bool> {
        let gone = self
            .conn
            .prepare_cached("DELETE FROM thing WHERE scope = ?1 AND key = ?2")?
            .execute([scope, key])?;
        Ok(gone > 0)
    }
}

pub(super) const SELECT: &str = "SELECT e.pos, p.epoch, e.seq, e.kind, e.version, e.wall_ms, e.mono_ms, e.boot, e.prev, e.body, \
                      b.salt, b.body, e.hash, e.epoch FROM entry e JOIN epoch p ON p.id = e.epoch LEFT JOIN body b ON b.pos = e.pos";

pub(super) fn stored(r: &Row<'_>, device: &DeviceId) -> Result<StoredEntry> {
    let header = Header {
        device: device.clone(),
        epoch: r.get::<_, String>(1)?.parse()?,
        seq: unsigned(r, 2)?,
        kind: r.get(3)?,
        version: r.get(4)?,
        stamp: stamp(r, 5)?,
        prev: digest(r, 8)?,
        body: digest(r, 9)?,
    };
    let body = match r.get::<_, Option<Vec<u8>>>(11)? {
        Some(bytes) => Some(String::from_utf8(bytes).map_err(|_| StoreError::Damaged { what: "body" })?),
        None => None,
    };
    let entry = SealedEntry { header, salt: r.get::<_, Option<[u8; 16]>>(10)?.map(Salt), body };
    Ok(StoredEntry { pos: r.get(0)?, entry })
}

fn stamp(r: &Row<'_>, at: usize) -> rusqlite::Result<Stamp> {
    let (mono, boot) = (at.saturating_add(1), at.saturating_add(2));
    Ok(Stamp { wall_ms: r.get(at)?, mono_ms: r.get(mono)?, boot: r.get(boot)? })
}

pub(crate) fn digest(r: &Row<'_>, at: usize) -> rusqlite::Result<Digest> {
    r.get(at).map(Digest)
}

pub(crate) fn unsigned(r: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    let found: i64 = r.get(at)?;
    u64::try_from(found).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(at, found))
}

pub(crate) fn signed(n: u64) -> Result<i64> {
    i64::try_from(n).map_err(|_| StoreError::Internal("number range"))
}
