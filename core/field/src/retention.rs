//! How long a case stays on the phone (保存期限), and how it goes: files first, then bodies and salts, each
//! time with an entry. Headers stay, so that the chain still verifies.

use ezhifa_seal::hash::Digest;
use rusqlite::{OptionalExtension as _, params};

use crate::store::{Dao, error::Result};

impl Dao<'_> {
    /// Until when a case is kept; `None`: for ever.
    ///
    /// # Errors
    /// SQLite.
    pub fn kept_until(&self, case: &str) -> Result<Option<i64>> {
        Ok(self
            .sql()
            .prepare_cached("SELECT keep_until_ms FROM retention WHERE case_id = ?1")?
            .query_row([case], |r| r.get(0))
            .optional()?)
    }

    /// Raises the date; an earlier one changes nothing.
    ///
    /// # Errors
    /// SQLite.
    pub fn keep_at_least(&mut self, case: &str, until_ms: i64) -> Result<()> {
        match self.kept_until(case)? {
            Some(known) if known >= until_ms => Ok(()),
            _ => self.keep_until(case, until_ms),
        }
    }

    /// Cases whose date is past, that HQ does not hold because a remedy runs, and of which HQ holds everything
    /// twice: entries below its floor, files by signed receipt. Nothing else may leave the phone, and a case whose last
    /// records another case still needs waits for that one.
    ///
    /// # Errors
    /// SQLite.
    pub fn purgeable(&self, now_ms: i64, most: usize) -> Result<Vec<String>> {
        let mut query = self.sql().prepare_cached(
            "SELECT r.case_id FROM retention r WHERE r.keep_until_ms < ?1
               AND NOT EXISTS (
                 SELECT 1 FROM thing h WHERE h.scope = 'hold' AND h.key = r.case_id
                   AND CAST(CAST(h.value AS TEXT) AS INTEGER) >= ?1)
               AND EXISTS (
                 SELECT 1 FROM case_entry c JOIN body b ON b.pos = c.pos
                 WHERE c.case_id = r.case_id AND NOT EXISTS (
                   SELECT 1 FROM case_entry o LEFT JOIN retention k ON k.case_id = o.case_id
                   WHERE o.pos = c.pos AND o.case_id <> r.case_id
                     AND (k.keep_until_ms IS NULL OR k.keep_until_ms >= ?1)))
               AND NOT EXISTS (
                 SELECT 1 FROM case_entry c JOIN entry e ON e.pos = c.pos JOIN epoch p ON p.id = e.epoch
                 WHERE c.case_id = r.case_id AND e.seq > p.floor)
               AND NOT EXISTS (
                 SELECT 1 FROM case_file c JOIN file f ON f.sha256 = c.sha256
                 WHERE c.case_id = r.case_id AND f.durable = 0)
             ORDER BY r.keep_until_ms LIMIT ?2",
        )?;
        let rows = query.query_map(params![now_ms, i64::try_from(most).unwrap_or(i64::MAX)], |r| r.get(0))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// Files of a case that no other case still needs.
    ///
    /// # Errors
    /// SQLite.
    pub fn droppable_files(&self, case: &str, now_ms: i64) -> Result<Vec<Digest>> {
        let mut query = self.sql().prepare_cached(
            "SELECT f.sha256 FROM case_file c JOIN file f ON f.sha256 = c.sha256
             WHERE c.case_id = ?1 AND f.gone = 0 AND f.durable = 1 AND NOT EXISTS (
               SELECT 1 FROM case_file o LEFT JOIN retention r ON r.case_id = o.case_id
               LEFT JOIN thing h ON h.scope = 'hold' AND h.key = o.case_id
               WHERE o.sha256 = f.sha256 AND (r.keep_until_ms IS NULL OR r.keep_until_ms >= ?2
                 OR CAST(CAST(h.value AS TEXT) AS INTEGER) >= ?2))",
        )?;
        let rows = query.query_map(params![case, now_ms], |r| r.get(0).map(Digest))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }
}
