//! Search over cases: a projection that the office fills as it folds, rebuilt from the journal at will.

use ezhifa_seal::{hash::tagged, seen::normalise};
use rusqlite::{ToSql, params};
use serde_json::json;

use crate::{
    journal::Kind,
    store::{Dao, Store, StoreError, error::Result},
};

/// What is kept of a case for lists and search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaseRow {
    /// Case id.
    pub case_id: String,
    /// Opened, Unix milliseconds.
    pub opened_ms: i64,
    /// Last change.
    pub changed_ms: i64,
    /// Phase word.
    pub phase: String,
    /// Offence id.
    pub offence: String,
    /// Latitude, 1e-7 degree, WGS-84.
    pub lat_e7: Option<i64>,
    /// Longitude.
    pub lon_e7: Option<i64>,
    /// What a list shows (JSON), without asking the journal.
    pub summary: String,
}

/// What a key finds a case by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// ID or credit number of the party.
    PartyId,
    /// Name of the party.
    PartyName,
    /// Plate.
    Plate,
    /// Number of a paper.
    Number,
}

impl KeyKind {
    fn word(self) -> &'static str {
        match self {
            KeyKind::PartyId => "id",
            KeyKind::PartyName => "name",
            KeyKind::Plate => "plate",
            KeyKind::Number => "number",
        }
    }
}

/// A question.
#[derive(Debug, Clone)]
pub enum Query<'a> {
    /// By party, plate or number, exact after normalisation.
    Key(KeyKind, &'a str),
    /// Within metres of a place (WGS-84, 1e-7 degree), nearest first.
    Near {
        /// Latitude.
        lat_e7: i64,
        /// Longitude.
        lon_e7: i64,
        /// Metres.
        metres: u32,
    },
    /// By offence, newest first.
    Offence(&'a str),
    /// By phase, last changed first.
    Phase(&'a str),
    /// Opened in `from..to`, newest first.
    Opened {
        /// From, Unix milliseconds.
        from_ms: i64,
        /// Before.
        to_ms: i64,
    },
}

/// 1e-7 degree of latitude in a metre, rounded up.
const E7_PER_METRE: i64 = 90;

impl Dao<'_> {
    /// Writes or replaces a case's row and keys. Keys are hashed with the store's own salt.
    ///
    /// # Errors
    /// SQLite.
    pub fn index_case(&mut self, row: &CaseRow, keys: &[(KeyKind, &str)]) -> Result<()> {
        self.sql()
            .prepare_cached(
                "INSERT INTO case_index (case_id, opened_ms, changed_ms, phase, offence, lat_e7, lon_e7, summary)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (case_id) DO UPDATE SET
                 changed_ms = ?3, phase = ?4, offence = ?5, lat_e7 = ?6, lon_e7 = ?7, summary = ?8",
            )?
            .execute(params![
                row.case_id,
                row.opened_ms,
                row.changed_ms,
                row.phase,
                row.offence,
                row.lat_e7,
                row.lon_e7,
                row.summary
            ])?;
        // A corrected identity must not leave the old one findable.
        self.sql().prepare_cached("DELETE FROM case_key WHERE case_id = ?1")?.execute([&row.case_id])?;
        for (kind, text) in keys.iter().filter(|(_, text)| !text.trim().is_empty()) {
            let key = self.search_key(*kind, text)?;
            self.sql()
                .prepare_cached(
                    "INSERT INTO case_key (kind, key, case_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                )?
                .execute(params![kind.word(), key, row.case_id])?;
        }
        Ok(())
    }

    fn search_key(&self, kind: KeyKind, text: &str) -> Result<[u8; 16]> {
        let device = self.device()?;
        let digest = tagged(
            "ezhifa.search.v1",
            &[device.0.as_bytes(), kind.word().as_bytes(), normalise(text).as_bytes()],
        );
        let mut key = [0; 16];
        key.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
        Ok(key)
    }

    /// Answers a question, at most `most` cases.
    ///
    /// # Errors
    /// SQLite.
    pub fn search(&self, query: &Query<'_>, most: usize) -> Result<Vec<CaseRow>> {
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        match query {
            Query::Key(kind, text) => {
                let key = self.search_key(*kind, text)?;
                self.rows(
                    "JOIN case_key k ON k.case_id = c.case_id WHERE k.kind = ?1 AND k.key = ?2 ORDER BY c.opened_ms DESC LIMIT ?3",
                    params![kind.word(), key, limit],
                )
            }
            Query::Offence(id) => {
                self.rows("WHERE c.offence = ?1 ORDER BY c.opened_ms DESC LIMIT ?2", params![id, limit])
            }
            Query::Phase(word) => {
                self.rows("WHERE c.phase = ?1 ORDER BY c.changed_ms DESC LIMIT ?2", params![word, limit])
            }
            Query::Opened { from_ms, to_ms } => self.rows(
                "WHERE c.opened_ms >= ?1 AND c.opened_ms < ?2 ORDER BY c.opened_ms DESC LIMIT ?3",
                params![from_ms, to_ms, limit],
            ),
            Query::Near { lat_e7, lon_e7, metres } => self.near(*lat_e7, *lon_e7, *metres, most),
        }
    }

    fn near(&self, lat_e7: i64, lon_e7: i64, metres: u32, most: usize) -> Result<Vec<CaseRow>> {
        let reach = i64::from(metres).saturating_mul(E7_PER_METRE).saturating_add(1);
        // Degrees of longitude shrink with latitude; beyond 80 degrees there is no city.
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // metres, not money
        let shrink = |e7: i64| (e7 as f64 / 1e7).to_radians().cos().max(0.17);
        let cos = shrink(lat_e7);
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        let wide = (reach as f64 / cos).ceil() as i64;
        let found = self.rows(
            "WHERE c.lat_e7 BETWEEN ?1 AND ?2 AND c.lon_e7 BETWEEN ?3 AND ?4",
            params![
                lat_e7.saturating_sub(reach),
                lat_e7.saturating_add(reach),
                lon_e7.saturating_sub(wide),
                lon_e7.saturating_add(wide)
            ],
        )?;
        #[allow(clippy::cast_precision_loss)]
        let distance = |row: &CaseRow| {
            let north = row.lat_e7.unwrap_or(i64::MAX).saturating_sub(lat_e7) as f64;
            let east = row.lon_e7.unwrap_or(i64::MAX).saturating_sub(lon_e7) as f64 * cos;
            north.hypot(east) * 0.011_132
        };
        let mut found: Vec<(f64, CaseRow)> =
            found.into_iter().map(|r| (distance(&r), r)).filter(|(d, _)| *d <= f64::from(metres)).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found.truncate(most);
        Ok(found.into_iter().map(|(_, row)| row).collect())
    }

    fn rows(&self, rest: &str, params: &[&dyn ToSql]) -> Result<Vec<CaseRow>> {
        let sql = format!(
            "SELECT c.case_id, c.opened_ms, c.changed_ms, c.phase, c.offence, c.lat_e7, c.lon_e7, c.summary FROM case_index c {rest}"
        );
        let mut query = self.sql().prepare_cached(&sql)?;
        let rows = query.query_map(params, |r| {
            Ok(CaseRow {
                case_id: r.get(0)?,
                opened_ms: r.get(1)?,
                changed_ms: r.get(2)?,
                phase: r.get(3)?,
                offence: r.get(4)?,
                lat_e7: r.get(5)?,
                lon_e7: r.get(6)?,
                summary: r.get(7)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Store {
    /// A look-up outside one's own open cases: who asked by what, and how many answers, is an entry before
    /// the answer is shown (invariant 21). What was asked is kept as a hash.
    ///
    /// # Errors
    /// SQLite.
    pub fn look_up(
        &self,
        officer: &str,
        reason: &str,
        kind: KeyKind,
        text: &str,
        most: usize,
    ) -> Result<Vec<CaseRow>> {
        self.write::<_, StoreError>(|dao| {
            let found = dao.search(&Query::Key(kind, text), most)?;
            let asked = ezhifa_seal::hash::Digest({
                let mut wide = [0; 32];
                wide.iter_mut().zip(dao.search_key(kind, text)?).for_each(|(to, from)| *to = from);
                wide
            });
            let body = json!({
                "event": "look_up", "officer": officer, "reason": reason, "by": kind.word(),
                "asked": asked.to_string().get(..32), "found": found.len(),
            });
            dao.append_json(Kind::Access, 1, None, &body)?;
            Ok(found)
        })
    }
}
