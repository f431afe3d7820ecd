//! SQLite: one file, WAL, `synchronous=FULL`, one writing connection, a few reading ones.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, config::DbConfig, params};

use super::{Batch, EntryRow, FeedRow, Read, Store, Write};
use crate::error::HqError;

/// Forward-only steps; `user_version` is how many were taken. A newer file is refused.
const STEPS: &[&str] = &["
CREATE TABLE entries(
  pos INTEGER PRIMARY KEY, device TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL,
  hash TEXT NOT NULL, header TEXT NOT NULL, salt BLOB, body BLOB, received_ms INTEGER NOT NULL,
  UNIQUE(device, epoch, seq)) STRICT;
CREATE TRIGGER entries_kept BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER entries_fixed BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TABLE feed(
  pos INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, target TEXT NOT NULL, body TEXT NOT NULL,
  at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX feed_by_target ON feed(target, pos);
CREATE INDEX feed_by_key ON feed(kind, key, target, pos);
CREATE TRIGGER feed_kept BEFORE DELETE ON feed BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER feed_fixed BEFORE UPDATE ON feed BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TABLE docs(space TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY(space, key)) STRICT, WITHOUT ROWID;
CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"];

const ENTRY: &str = "pos, device, epoch, seq, kind, hash, header, salt, body, received_ms";

/// The SQLite store.
pub struct Sqlite {
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
}

struct Conn(Connection);

impl Conn {
    /// A statement without parameters, prepared once.
    fn now(&self, sql: &str) -> Result<(), HqError> {
        self.0.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

fn int(n: u64) -> Result<i64, HqError> {
    i64::try_from(n).map_err(|_| HqError::Store("number out of range".into()))
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, HqError> {
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_secs(10))?;
    conn.execute_batch("PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA mmap_size=0; PRAGMA temp_store=2; PRAGMA cache_size=-16000;")?;
    // A prepared statement stays prepared, whatever its LIMIT is bound to.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

impl Sqlite {
    /// Opens or makes the file and brings its schema up to date.
    ///
    /// # Errors
    /// The file cannot be opened, is damaged, or was written by a newer version.
    pub fn open(path: &Path) -> Result<Sqlite, HqError> {
        let mut conn = open(path, OpenFlags::default())?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        let done: usize = conn
            .query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0))?
            .try_into()
            .unwrap_or(usize::MAX);
        if done > STEPS.len() {
            return Err(HqError::Config(
                "数据库由更新的版本写成 / the database was written by a newer version".into(),
            ));
        }
        for (i, step) in STEPS.iter().enumerate().skip(done) {
            let tx = conn.transaction()?;
            tx.execute_batch(step)?;
            tx.pragma_update(None, "user_version", i64::try_from(i).unwrap_or(0).saturating_add(1))?;
            tx.commit()?;
        }
        Ok(Sqlite { path: path.to_owned(), readers: Mutex::new(Vec::new()) })
    }
}

impl Store for Sqlite {
    fn writer(&self) -> Result<Box<dyn Batch>, HqError> {
        let conn = open(&self.path, OpenFlags::default())?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "wal_autocheckpoint", 1000)?;
        Ok(Box::new(Conn(conn)))
    }

    fn read(&self, f: &mut dyn FnMut(&mut dyn Read) -> Result<(), HqError>) -> Result<(), HqError> {
        let spare = self.readers.lock().ok().and_then(|mut pool| pool.pop());
        let conn = match spare {
            Some(conn) => conn,
            None => open(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?,
        };
        let mut conn = Conn(conn);
        conn.now("BEGIN")?;
        let result = f(&mut conn);
        conn.now("COMMIT")?;
        if let Ok(mut pool) = self.readers.lock()
            && pool.len() < 16
        {
            pool.push(conn.0);
        }
        result
    }

    fn backup(&self, to: &Path, entries: u64) -> Result<(), HqError> {
        let conn = open(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        conn.execute("VACUUM INTO ?1", params![to.to_string_lossy()])?;
        let copy = open(to, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let verdict: String = copy.query_row("PRAGMA integrity_check", [], |r| r.get(0))?;
        if verdict != "ok" {
            return Err(HqError::Store(format!("备份校验未通过 / the copy failed its check: {verdict}")));
        }
        let held: i64 = copy.query_row("SELECT count(*) FROM entries", [], |r| r.get(0))?;
        if held.unsigned_abs() < entries {
            return Err(HqError::Store(format!("备份缺少记录 / the copy lacks entries: {held} < {entries}")));
        }
        std::fs::File::open(to).and_then(|f| f.sync_all()).map_err(|e| crate::files::error(to, e))
    }
}

fn entry(r: &rusqlite::Row<'_>) -> rusqlite::Result<EntryRow> {
    Ok(EntryRow {
        pos: r.get::<_, i64>(0)?.unsigned_abs(),
        device: r.get(1)?,
        epoch: r.get(2)?,
        seq: r.get::<_, i64>(3)?.unsigned_abs(),
        kind: r.get(4)?,
        hash: r.get(5)?,
        header: r.get(6)?,
        salt: r.get(7)?,
        body: r.get(8)?,
        received_ms: r.get(9)?,
    })
}

fn feed(r: &rusqlite::Row<'_>) -> rusqlite::Result<FeedRow> {
    Ok(FeedRow {
        pos: r.get::<_, i64>(0)?.unsigned_abs(),
        kind: r.get(1)?,
        key: r.get(2)?,
        target: r.get(3)?,
        body: r.get(4)?,
        at_ms: r.get(5)?,
    })
}

/// The end of a prefix range in byte order.
fn beyond(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

impl Read for Conn {
    fn entry(&mut self, device: &str, epoch: &str, seq: u64) -> Result<Option<EntryRow>, HqError> {
        let mut q = self.0.prepare_cached(&format!(
            "SELECT {ENTRY} FROM entries WHERE device=?1 AND epoch=?2 AND seq=?3"
        ))?;
        Ok(q.query_row(params![device, epoch, int(seq)?], entry).optional()?)
    }

    fn head(&mut self, device: &str, epoch: &str) -> Result<Option<(u64, String)>, HqError> {
        let mut q = self.0.prepare_cached(
            "SELECT seq, hash FROM entries WHERE device=?1 AND epoch=?2 ORDER BY seq DESC LIMIT 1",
        )?;
        Ok(q.query_row(params![device, epoch], |r| Ok((r.get::<_, i64>(0)?.unsigned_abs(), r.get(1)?)))
            .optional()?)
    }

    fn arrived(&mut self, after: u64, limit: u32) -> Result<Vec<EntryRow>, HqError> {
        let mut q = self
            .0
            .prepare_cached(&format!("SELECT {ENTRY} FROM entries WHERE pos>?1 ORDER BY pos LIMIT ?2"))?;
        let rows = q.query_map(params![int(after)?, limit], entry)?.collect::<Result<_, _>>()?;
        Ok(rows)
    }

    fn journal(
        &mut self,
        device: &str,
        epoch: &str,
        from: u64,
        limit: u32,
    ) -> Result<Vec<EntryRow>, HqError> {
        let mut q = self.0.prepare_cached(&format!(
            "SELECT {ENTRY} FROM entries WHERE device=?1 AND epoch=?2 AND seq>=?3 ORDER BY seq LIMIT ?4"
        ))?;
        let rows =
            q.query_map(params![device, epoch, int(from)?, limit], entry)?.collect::<Result<_, _>>()?;
        Ok(rows)
    }

    fn feed(&mut self, after: u64, targets: &[String], limit: u32) -> Result<Vec<FeedRow>, HqError> {
        let mut out = Vec::new();
        let mut q = self.0.prepare_cached("SELECT pos, kind, key, target, body, at_ms FROM feed WHERE target=?1 AND pos>?2 ORDER BY pos LIMIT ?3")?;
        for target in targets {
            for row in q.query_map(params![target, int(after)?, limit], feed)? {
                out.push(row?);
            }
        }
        out.sort_by_key(|f| f.pos);
        out.truncate(limit as usize);
        Ok(out)
    }

    fn snapshot(&mut self, targets: &[String]) -> Result<Vec<FeedRow>, HqError> {
        let mut out = Vec::new();
        let mut q = self.0.prepare_cached(
            "SELECT pos, kind, key, target, body, at_ms FROM feed f WHERE target=?1 AND NOT EXISTS
             (SELECT 1 FROM feed n WHERE n.kind=f.kind AND n.key=f.key AND n.target=f.target AND n.pos>f.pos)",
        )?;
        for target in targets {
            for row in q.query_map(params![target], feed)? {
                out.push(row?);
            }
        }
        out.sort_by_key(|f| f.pos);
        Ok(out)
    }

    fn doc(&mut self, space: &str, key: &str) -> Result<Option<String>, HqError> {
        let mut q = self.0.prepare_cached("SELECT body FROM docs WHERE space=?1 AND key=?2")?;
        Ok(q.query_row(params![space, key], |r| r.get(0)).optional()?)
    }

    fn docs(
        &mut self,
        space: &str,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, String)>, HqError> {
        let mut q = self.0.prepare_cached("SELECT key, body FROM docs WHERE space=?1 AND key>=?2 AND key<?3 AND key>?4 ORDER BY key LIMIT ?5")?;
        let rows = q
            .query_map(params![space, prefix, beyond(prefix), after, limit], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<Result<_, _>>()?;
        Ok(rows)
    }

    fn counter(&mut self, name: &str) -> Result<u64, HqError> {
        let mut q = self.0.prepare_cached("SELECT value FROM counters WHERE name=?1")?;
        Ok(q.query_row(params![name], |r| r.get::<_, i64>(0)).optional()?.unwrap_or(0).unsigned_abs())
    }
}

impl Write for Conn {
    fn add_entries(&mut self, rows: &[EntryRow]) -> Result<(), HqError> {
        let n = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let before = self.advance("entries", n)?.saturating_sub(n);
        let mut q = self.0.prepare_cached(&format!(
            "INSERT INTO entries({ENTRY}) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
        ))?;
        for (pos, row) in (before.saturating_add(1)..).zip(rows) {
            q.execute(params![
                int(pos)?,
                row.device,
                row.epoch,
                int(row.seq)?,
                row.kind,
                row.hash,
                row.header,
                row.salt,
                row.body,
                row.received_ms
            ])?;
        }
        Ok(())
    }

    fn add_feed(&mut self, row: &FeedRow) -> Result<u64, HqError> {
        let pos = self.advance("feed", 1)?;
        let mut q = self.0.prepare_cached(
            "INSERT INTO feed(pos, kind, key, target, body, at_ms) VALUES(?1,?2,?3,?4,?5,?6)",
        )?;
        q.execute(params![int(pos)?, row.kind, row.key, row.target, row.body, row.at_ms])?;
        Ok(pos)
    }

    fn put_doc(&mut self, space: &str, key: &str, body: &str) -> Result<(), HqError> {
        let mut q = self.0.prepare_cached("INSERT INTO docs(space, key, body) VALUES(?1,?2,?3) ON CONFLICT(space, key) DO UPDATE SET body=excluded.body")?;
        q.execute(params![space, key, body])?;
        Ok(())
    }

    fn remove_doc(&mut self, space: &str, key: &str) -> Result<(), HqError> {
        let mut q = self.0.prepare_cached("DELETE FROM docs WHERE space=?1 AND key=?2")?;
        q.execute(params![space, key])?;
        Ok(())
    }

    fn advance(&mut self, name: &str, by: u64) -> Result<u64, HqError> {
        let mut q = self.0.prepare_cached("INSERT INTO counters(name, value) VALUES(?1,?2) ON CONFLICT(name) DO UPDATE SET value=value+excluded.value RETURNING value")?;
        Ok(q.query_row(params![name, int(by)?], |r| r.get::<_, i64>(0))?.unsigned_abs())
    }
}

impl Batch for Conn {
    fn begin(&mut self) -> Result<(), HqError> {
        self.now("BEGIN IMMEDIATE")
    }
    fn mark(&mut self) -> Result<(), HqError> {
        self.now("SAVEPOINT m")
    }
    fn keep(&mut self) -> Result<(), HqError> {
        self.now("RELEASE m")
    }
    fn back(&mut self) -> Result<(), HqError> {
        Ok(self.0.execute_batch("ROLLBACK TO m; RELEASE m")?)
    }
    fn commit(&mut self) -> Result<(), HqError> {
        self.now("COMMIT")
    }
    fn abandon(&mut self) {
        // Nothing to report to: the caller already has the error that led here.
        let _ = self.0.execute_batch("ROLLBACK");
    }
    fn as_write(&mut self) -> &mut dyn Write {
        self
    }
}
