//! PostgreSQL behind the same verbs. An advisory lock on the very connection that writes keeps a second
//! HQ on the same database standing by.

use std::{collections::HashMap, path::Path, sync::Mutex};

use tokio::runtime::Handle;
use tokio_postgres::{Client, NoTls, Row, Statement, types::ToSql};

use super::{Batch, EntryRow, FeedRow, Read, Store, Write};
use crate::error::HqError;

const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS entries(
  pos BIGINT PRIMARY KEY, device TEXT COLLATE "C" NOT NULL, epoch TEXT COLLATE "C" NOT NULL, seq BIGINT NOT NULL, kind TEXT NOT NULL,
  hash TEXT NOT NULL, header TEXT NOT NULL, salt BYTEA, body BYTEA, received_ms BIGINT NOT NULL, UNIQUE(device, epoch, seq));
CREATE TABLE IF NOT EXISTS feed(
  pos BIGINT PRIMARY KEY, kind TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL, target TEXT COLLATE "C" NOT NULL, body TEXT NOT NULL, at_ms BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS feed_by_target ON feed(target, pos);
CREATE INDEX IF NOT EXISTS feed_by_key ON feed(kind, key, target, pos);
CREATE TABLE IF NOT EXISTS docs(space TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL, body TEXT NOT NULL, PRIMARY KEY(space, key));
CREATE TABLE IF NOT EXISTS counters(name TEXT COLLATE "C" PRIMARY KEY, value BIGINT NOT NULL);
CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append-only'; END $$;
CREATE OR REPLACE TRIGGER entries_fixed BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE OR REPLACE TRIGGER feed_fixed BEFORE UPDATE OR DELETE ON feed FOR EACH ROW EXECUTE FUNCTION append_only();
"#;

/// With the schema's name: the one writer of it.
const WRITER_LOCK: i32 = 0x657a_6869;
/// Tenths of a second that a new writer waits for the old one's lock.
const PATIENCE: u32 = 30;
const ENTRY: &str = "pos, device, epoch, seq, kind, hash, header, salt, body, received_ms";

/// The PostgreSQL store.
pub struct Postgres {
    url: String,
    runtime: Handle,
    readers: Mutex<Vec<Conn>>,
}

struct Conn {
    client: Client,
    runtime: Handle,
    statements: HashMap<String, Statement>,
}

fn failed(e: &tokio_postgres::Error) -> HqError {
    // The server's own words about data (values in a violated constraint) stay out of our logs.
    HqError::Store(
        e.as_db_error().map_or_else(|| e.to_string(), |d| format!("{} {}", d.code().code(), d.message())),
    )
}

fn int(n: u64) -> Result<i64, HqError> {
    i64::try_from(n).map_err(|_| HqError::Store("number out of range".into()))
}

impl Postgres {
    /// Connects and brings the schema up to date.
    ///
    /// # Errors
    /// The server does not answer or refuses.
    pub fn open(url: &str, runtime: Handle) -> Result<Postgres, HqError> {
        let store = Postgres { url: url.to_owned(), runtime, readers: Mutex::default() };
        let conn = store.connect()?;
        // Two servers that start together must not both make the tables.
        conn.batch(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock(1, hashtext(current_schema()::text)); {SCHEMA} COMMIT"
        ))?;
        Ok(store)
    }

    fn connect(&self) -> Result<Conn, HqError> {
        let (client, connection) =
            self.runtime.block_on(tokio_postgres::connect(&self.url, NoTls)).map_err(|e| failed(&e))?;
        // Ends with its client; a broken connection shows at the next statement.
        drop(self.runtime.spawn(async move { drop(connection.await) }));
        Ok(Conn { client, runtime: self.runtime.clone(), statements: HashMap::new() })
    }
}

impl Store for Postgres {
    fn writer(&self) -> Result<Box<dyn Batch>, HqError> {
        let mut conn = self.connect()?;
        // A predecessor that is just going away is waited for; one that works keeps its place.
        for _ in 0..PATIENCE {
            let rows = conn.query(
                "SELECT pg_try_advisory_lock($1, hashtext(current_schema()::text))",
                &[&WRITER_LOCK],
            )?;
            if rows.first().is_some_and(|r| r.get::<_, bool>(0)) {
                return Ok(Box::new(conn));
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Err(HqError::Config("另一指挥中心正在写入此数据库 / another HQ is writing to this database".into()))
    }

    fn read(&self, f: &mut dyn FnMut(&mut dyn Read) -> Result<(), HqError>) -> Result<(), HqError> {
        let spare =
            self.readers.lock().ok().and_then(|mut pool| pool.pop()).filter(|c| !c.client.is_closed());
        let mut conn = match spare {
            Some(conn) => conn,
            None => self.connect()?,
        };
        conn.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        let result = f(&mut conn);
        conn.batch("COMMIT")?;
        if let Ok(mut pool) = self.readers.lock()
            && pool.len() < 16
        {
            pool.push(conn);
        }
        result
    }

    fn backup(&self, _to: &Path, _entries: u64) -> Result<(), HqError> {
        Err(HqError::Config(
            "PostgreSQL 请用 pg_basebackup 或 pg_dump 备份 / back PostgreSQL up with its own tools".into(),
        ))
    }
}

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Conn {
    fn batch(&self, sql: &str) -> Result<(), HqError> {
        self.runtime.block_on(self.client.batch_execute(sql)).map_err(|e| failed(&e))
    }

    fn statement(&mut self, sql: &str) -> Result<Statement, HqError> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let made = self.runtime.block_on(self.client.prepare(sql)).map_err(|e| failed(&e))?;
        self.statements.insert(sql.to_owned(), made.clone());
        Ok(made)
    }

    fn query(&mut self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, HqError> {
        let statement = self.statement(sql)?;
        self.runtime.block_on(self.client.query(&statement, params)).map_err(|e| failed(&e))
    }
}

fn entry(r: &Row) -> EntryRow {
    EntryRow {
        pos: r.get::<_, i64>(0).unsigned_abs(),
        device: r.get(1),
        epoch: r.get(2),
        seq: r.get::<_, i64>(3).unsigned_abs(),
        kind: r.get(4),
        hash: r.get(5),
        header: r.get(6),
        salt: r.get(7),
        body: r.get(8),
        received_ms: r.get(9),
    }
}

fn feed(r: &Row) -> FeedRow {
    FeedRow {
        pos: r.get::<_, i64>(0).unsigned_abs(),
        kind: r.get(1),
        key: r.get(2),
        target: r.get(3),
        body: r.get(4),
        at_ms: r.get(5),
    }
}

impl Read for Conn {
    fn entry(&mut self, device: &str, epoch: &str, seq: u64) -> Result<Option<EntryRow>, HqError> {
        let rows = self.query(
            &format!("SELECT {ENTRY} FROM entries WHERE device=$1 AND epoch=$2 AND seq=$3"),
            &[&device, &epoch, &int(seq)?],
        )?;
        Ok(rows.first().map(entry))
    }

    fn head(&mut self, device: &str, epoch: &str) -> Result<Option<(u64, String)>, HqError> {
        let rows = self.query(
            "SELECT seq, hash FROM entries WHERE device=$1 AND epoch=$2 ORDER BY seq DESC LIMIT 1",
            &[&device, &epoch],
        )?;
        Ok(rows.first().map(|r| (r.get::<_, i64>(0).unsigned_abs(), r.get(1))))
    }

    fn arrived(&mut self, after: u64, limit: u32) -> Result<Vec<EntryRow>, HqError> {
        let rows = self.query(
            &format!("SELECT {ENTRY} FROM entries WHERE pos>$1 ORDER BY pos LIMIT $2"),
            &[&int(after)?, &i64::from(limit)],
        )?;
        Ok(rows.iter().map(entry).collect())
    }

    fn journal(
        &mut self,
        device: &str,
        epoch: &str,
        from: u64,
        limit: u32,
    ) -> Result<Vec<EntryRow>, HqError> {
        let sql = format!(
            "SELECT {ENTRY} FROM entries WHERE device=$1 AND epoch=$2 AND seq>=$3 ORDER BY seq LIMIT $4"
        );
        Ok(self.query(&sql, &[&device, &epoch, &int(from)?, &i64::from(limit)])?.iter().map(entry).collect())
    }

    fn feed(&mut self, after: u64, targets: &[String], limit: u32) -> Result<Vec<FeedRow>, HqError> {
        let sql = "SELECT pos, kind, key, target, body, at_ms FROM feed WHERE target=ANY($1) AND pos>$2 ORDER BY pos LIMIT $3";
        Ok(self.query(sql, &[&targets, &int(after)?, &i64::from(limit)])?.iter().map(feed).collect())
    }

    fn snapshot(&mut self, targets: &[String]) -> Result<Vec<FeedRow>, HqError> {
        let sql = "SELECT pos, kind, key, target, body, at_ms FROM feed f WHERE target=ANY($1) AND NOT EXISTS
                   (SELECT 1 FROM feed n WHERE n.kind=f.kind AND n.key=f.key AND n.target=f.target AND n.pos>f.pos) ORDER BY pos";
        Ok(self.query(sql, &[&targets])?.iter().map(feed).collect())
    }

    fn doc(&mut self, space: &str, key: &str) -> Result<Option<String>, HqError> {
        Ok(self
            .query("SELECT body FROM docs WHERE space=$1 AND key=$2", &[&space, &key])?
            .first()
            .map(|r| r.get(0)))
    }

    fn docs(
        &mut self,
        space: &str,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, String)>, HqError> {
        let end = format!("{prefix}\u{10FFFF}");
        let sql = "SELECT key, body FROM docs WHERE space=$1 AND key>=$2 AND key<$3 AND key>$4 ORDER BY key LIMIT $5";
        Ok(self
            .query(sql, &[&space, &prefix, &end, &after, &i64::from(limit)])?
            .iter()
            .map(|r| (r.get(0), r.get(1)))
            .collect())
    }

    fn counter(&mut self, name: &str) -> Result<u64, HqError> {
        Ok(self
            .query("SELECT value FROM counters WHERE name=$1", &[&name])?
            .first()
            .map_or(0, |r| r.get::<_, i64>(0).unsigned_abs()))
    }
}

impl Write for Conn {
    fn add_entries(&mut self, rows: &[EntryRow]) -> Result<(), HqError> {
        let n = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let before = self.advance("entries", n)?.saturating_sub(n);
        let positions: Vec<i64> =
            (before.saturating_add(1)..).take(rows.len()).map(int).collect::<Result<_, _>>()?;
        let seqs: Vec<i64> = rows.iter().map(|r| int(r.seq)).collect::<Result<_, _>>()?;
        let text = |f: fn(&EntryRow) -> &str| -> Vec<&str> { rows.iter().map(f).collect() };
        let salts: Vec<Option<&[u8]>> = rows.iter().map(|r| r.salt.as_deref()).collect();
        let bodies: Vec<Option<&[u8]>> = rows.iter().map(|r| r.body.as_deref()).collect();
        let received: Vec<i64> = rows.iter().map(|r| r.received_ms).collect();
        let sql = format!(
            "INSERT INTO entries({ENTRY}) SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::bytea[], $10::bigint[])"
        );
        self.query(
            &sql,
            &[
                &positions,
                &text(|r| &r.device),
                &text(|r| &r.epoch),
                &seqs,
                &text(|r| &r.kind),
                &text(|r| &r.hash),
                &text(|r| &r.header),
                &salts,
                &bodies,
                &received,
            ],
        )?;
        Ok(())
    }

    fn add_feed(&mut self, row: &FeedRow) -> Result<u64, HqError> {
        let pos = self.advance("feed", 1)?;
        self.query(
            "INSERT INTO feed(pos, kind, key, target, body, at_ms) VALUES($1,$2,$3,$4,$5,$6)",
            &[&int(pos)?, &row.kind, &row.key, &row.target, &row.body, &row.at_ms],
        )?;
        Ok(pos)
    }

    fn put_doc(&mut self, space: &str, key: &str, body: &str) -> Result<(), HqError> {
        self.query("INSERT INTO docs(space, key, body) VALUES($1,$2,$3) ON CONFLICT(space, key) DO UPDATE SET body=excluded.body", &[&space, &key, &body])?;
        Ok(())
    }

    fn remove_doc(&mut self, space: &str, key: &str) -> Result<(), HqError> {
        self.query("DELETE FROM docs WHERE space=$1 AND key=$2", &[&space, &key])?;
        Ok(())
    }

    fn advance(&mut self, name: &str, by: u64) -> Result<u64, HqError> {
        let sql = "INSERT INTO counters(name, value) VALUES($1,$2) ON CONFLICT(name) DO UPDATE SET value=counters.value+excluded.value RETURNING value";
        Ok(self.query(sql, &[&name, &int(by)?])?.first().map_or(0, |r| r.get::<_, i64>(0).unsigned_abs()))
    }
}

impl Batch for Conn {
    fn begin(&mut self) -> Result<(), HqError> {
        self.batch("BEGIN")
    }
    fn mark(&mut self) -> Result<(), HqError> {
        self.batch("SAVEPOINT m")
    }
    fn keep(&mut self) -> Result<(), HqError> {
        self.batch("RELEASE m")
    }
    fn back(&mut self) -> Result<(), HqError> {
        self.batch("ROLLBACK TO m; RELEASE m")
    }
    fn commit(&mut self) -> Result<(), HqError> {
        self.batch("COMMIT")
    }
    fn abandon(&mut self) {
        let _ = self.batch("ROLLBACK");
    }
    fn as_write(&mut self) -> &mut dyn Write {
        self
    }
}
