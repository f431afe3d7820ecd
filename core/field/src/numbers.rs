//! Numbers (文书字号): leased in signed blocks, each used at most once, every gap explained.
//!
//! free → reserved (decided) → issued (signed slip) → void; reserved → void; a roll-back burns what was
//! free. The print result is apart: see `casework`.

use ezhifa_seal::{
    entry::Epoch,
    lease::{DOMAIN, NumberBlock},
    sign::{PublicKey, Signed},
};
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    journal::Kind,
    store::{Dao, StoreError, Written, error::Result},
};

/// Why a block or a number cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The block is for another phone.
    #[error("号段属于其他设备，不能使用 / this block is for another device")]
    OtherDevice,
    /// The block is for an earlier life of this journal.
    #[error("号段属于已作废的日志时期，请重新领取 / this block is for an earlier epoch: ask for a new one")]
    OtherEpoch,
    /// The block overlaps one that was lent before.
    #[error("号段与已领号段重叠，请报告指挥中心 / this block overlaps {lease_id}: report it to HQ")]
    Overlap {
        /// The earlier block.
        lease_id: String,
    },
    /// The same lease id came with other content.
    #[error(
        "号段编号重复而内容不同，请报告指挥中心 / lease id used twice with different content: report it to HQ"
    )]
    Reused,
    /// No free number.
    #[error(
        "{year} 年 {series} 号段已用完，请联网领取；证据仍可采集 / no {series} numbers of {year} left: go online for a block; evidence can still be taken"
    )]
    NoneLeft {
        /// Series.
        series: String,
        /// Year.
        year: i32,
    },
    /// The number is not in a state that allows this.
    #[error("文号状态不允许此操作 / the number's state does not allow this")]
    State,
    /// No reason given.
    #[error("作废文号必须说明理由 / a void needs a reason")]
    Reason,
}

/// A number that is free now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeNumber {
    /// From which block.
    pub lease_id: String,
    /// Series word.
    pub series: String,
    /// Year.
    pub year: i32,
    /// Running number.
    pub n: u64,
}

/// State of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody used it yet.
    Free,
    /// Decided, slip not yet signed.
    Reserved,
    /// On a signed slip.
    Issued,
    /// Taken out with a reason.
    Void,
    /// Free when the journal was rolled back: never used.
    Burnt,
    /// Known to be gone with a device or a file.
    Lost,
}

impl State {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            State::Free => "free",
            State::Reserved => "reserved",
            State::Issued => "issued",
            State::Void => "void",
            State::Burnt => "burnt",
            State::Lost => "lost",
        }
    }

    fn read(word: &str) -> Result<State> {
        let all = [State::Free, State::Reserved, State::Issued, State::Void, State::Burnt, State::Lost];
        all.into_iter().find(|s| s.word() == word).ok_or(StoreError::Damaged { what: "number state" })
    }
}

/// One used number in the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberLine {
    /// Running number.
    pub n: u64,
    /// As printed.
    pub text: String,
    /// Case.
    pub case_id: String,
    /// State.
    pub state: State,
    /// Why void or lost.
    pub reason: String,
}

/// Account of one block: the states of its numbers add up to its size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockAccount {
    /// Lease.
    pub lease_id: String,
    /// Series word.
    pub series: String,
    /// Year.
    pub year: i32,
    /// First number.
    pub first: u64,
    /// Last number.
    pub last: u64,
    /// Next free number; past `last` when used up.
    pub next: u64,
    /// Epoch it is bound to.
    pub epoch: Epoch,
    /// What was free is burnt.
    pub burnt: bool,
    /// Numbers that left the block, in order.
    pub used: Vec<NumberLine>,
}

impl BlockAccount {
    /// How many numbers are in `state`.
    #[must_use]
    pub fn count(&self, state: State) -> u64 {
        let rest = self.last.saturating_add(1).saturating_sub(self.next);
        match state {
            State::Free if !self.burnt => rest,
            State::Burnt if self.burnt => rest,
            _ => self.used.iter().filter(|u| u.state == state).count() as u64,
        }
    }

    /// Every number of the block is explained.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let taken = self.next.saturating_sub(self.first);
        self.used.len() as u64 == taken && self.used.iter().zip(self.first..).all(|(line, n)| line.n == n)
    }
}

/// A number that is decided and waits for its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// As printed.
    pub text: String,
    /// Case.
    pub case_id: String,
}

/// Numbers left of a series and year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supply {
    /// Series word.
    pub series: String,
    /// Year.
    pub year: i32,
    /// Free.
    pub free: u64,
    /// Size of the blocks they are in.
    pub size: u64,
}

impl Supply {
    /// Half of the block is gone: ask for the next one.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.free.saturating_mul(2) <= self.size
    }
}

impl Dao<'_> {
    /// Takes in a block that HQ signed. The same block again is fine and changes nothing.
    ///
    /// # Errors
    /// No key of HQ signed it; another device or epoch; a lease id or numbers that were lent before.
    pub fn accept_block(&mut self, signed: &Signed, hq: &[PublicKey]) -> Result<NumberBlock> {
        let bad = ezhifa_seal::SealError::Signature { what: "number block" };
        let block = hq.iter().find_map(|key| signed.open::<NumberBlock>(DOMAIN, key).ok()).ok_or(bad)?;
        block.check()?;
        let held = self
            .sql()
            .prepare_cached("SELECT doc FROM lease WHERE lease_id = ?1")?
            .query_row([&block.lease_id], |r| r.get::<_, String>(0))
            .optional()?;
        if let Some(doc) = held {
            // A lease id is used once: a repeated answer must not open the block again.
            return if doc == signed.doc { Ok(block) } else { Err(NumberError::Reused.into()) };
        }
        let head = self.head()?;
        if block.device != head.device {
            return Err(NumberError::OtherDevice.into());
        }
        if block.epoch != head.epoch {
            return Err(NumberError::OtherEpoch.into());
        }
        let (from, to) = (signed64(block.from)?, signed64(block.to)?);
        let clash = self
            .sql()
            .prepare_cached(
                "SELECT lease_id FROM lease WHERE organ = ?1 AND series = ?2 AND year = ?3 AND first <= ?5 AND last >= ?4",
            )?
            .query_row(params![block.organ, block.series, block.year, from, to], |r| r.get(0))
            .optional()?;
        if let Some(lease_id) = clash {
            return Err(NumberError::Overlap { lease_id }.into());
        }
        self.sql()
            .prepare_cached(
                "INSERT INTO lease (lease_id, organ, series, year, first, last, next, epoch, not_after_ms, doc)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?5, (SELECT id FROM epoch WHERE epoch = ?7), ?8, ?9)",
            )?
            .execute(params![
                block.lease_id,
                block.organ,
                block.series,
                block.year,
                from,
                to,
                block.epoch.to_string(),
                block.not_after_ms,
                signed.doc
            ])?;
        self.append_json(Kind::Lease, 1, None, &json!({ "event": "received", "block": block }))?;
        Ok(block)
    }

    /// The next free number of a series and year, lowest first.
    ///
    /// # Errors
    /// SQLite.
    pub fn next_number(&self, series: &str, year: i32, now_ms: i64) -> Result<Option<FreeNumber>> {
        let epoch = self.head()?.epoch.to_string();
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT l.lease_id, l.next FROM lease l JOIN epoch p ON p.id = l.epoch
                 WHERE l.series = ?1 AND l.year = ?2 AND l.burnt = 0 AND l.next <= l.last
                   AND l.not_after_ms >= ?3 AND p.epoch = ?4
                 ORDER BY l.first LIMIT 1",
            )?
            .query_row(params![series, year, now_ms, epoch], |r| {
                let n = crate::store::unsigned(r, 1)?;
                Ok(FreeNumber { lease_id: r.get(0)?, series: series.to_owned(), year, n })
            })
            .optional()?)
    }

    /// Takes the number out of its block for a decision, in the decision's own transaction.
    ///
    /// # Errors
    /// It is not the next free one any more, or its text was used before.
    pub fn reserve(&mut self, number: &FreeNumber, case: &str, text: &str) -> Result<()> {
        let n = signed64(number.n)?;
        let taken = self
            .sql()
            .prepare_cached("UPDATE lease SET next = next + 1 WHERE lease_id = ?1 AND next = ?2 AND next <= last AND burnt = 0")?
            .execute(params![number.lease_id, n])?;
        if taken != 1 {
            return Err(NumberError::State.into());
        }
        self.sql()
            .prepare_cached(
                "INSERT INTO number (lease_id, n, text, case_id, state) VALUES (?1, ?2, ?3, ?4, 'reserved')",
            )?
            .execute(params![number.lease_id, n, text, case])?;
        Ok(())
    }

    /// The slip with this number is signed.
    ///
    /// # Errors
    /// It is not reserved.
    pub fn mark_issued(&mut self, text: &str) -> Result<()> {
        self.move_number(text, State::Issued, "")
    }

    /// Takes a number out of use, with its reason (作废, 未交付).
    ///
    /// # Errors
    /// No reason; or it is neither reserved nor issued.
    pub fn mark_void(&mut self, text: &str, reason: &str) -> Result<()> {
        if reason.trim().is_empty() {
            return Err(NumberError::Reason.into());
        }
        self.move_number(text, State::Void, reason)
    }

    /// Declares a number lost (its decision is gone with a rolled-back journal), as an entry.
    ///
    /// # Errors
    /// It is neither reserved nor issued.
    pub fn mark_lost(&mut self, text: &str, reason: &str) -> Result<Written> {
        self.move_number(text, State::Lost, reason)?;
        self.append_json(Kind::Number, 1, None, &json!({ "number": text, "state": "lost", "reason": reason }))
    }

    fn move_number(&mut self, text: &str, to: State, reason: &str) -> Result<()> {
        let from = if to == State::Issued { "('reserved')" } else { "('reserved', 'issued')" };
        let moved = self
            .sql()
            .prepare_cached(&format!(
                "UPDATE number SET state = ?2, reason = ?3 WHERE text = ?1 AND state IN {from}"
            ))?
            .execute(params![text, to.word(), reason])?;
        if moved == 1 { Ok(()) } else { Err(NumberError::State.into()) }
    }

    /// State of a number; `None` when this phone never used it.
    ///
    /// # Errors
    /// SQLite.
    pub fn number_state(&self, text: &str) -> Result<Option<State>> {
        let word = self
            .sql()
            .query_row("SELECT state FROM number WHERE text = ?1", [text], |r| r.get::<_, String>(0))
            .optional()?;
        word.map(|w| State::read(&w)).transpose()
    }

    /// The case that a number of this phone was issued for.
    ///
    /// # Errors
    /// SQLite.
    pub fn issued_for(&self, text: &str) -> Result<Option<String>> {
        let mut query =
            self.sql().prepare_cached("SELECT case_id FROM number WHERE text = ?1 AND state = 'issued'")?;
        Ok(query.query_row([text], |r| r.get(0)).optional()?)
    }

    /// Decided, unsigned numbers: a crash came between the two transactions of an issue.
    ///
    /// # Errors
    /// SQLite.
    pub fn unsigned_numbers(&self) -> Result<Vec<Unsigned>> {
        let mut query = self.sql().prepare_cached(
            "SELECT text, case_id FROM number WHERE state = 'reserved' ORDER BY lease_id, n",
        )?;
        let rows = query.query_map([], |r| Ok(Unsigned { text: r.get(0)?, case_id: r.get(1)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A roll-back burns what was free: another copy of this journal may have used it.
    pub(crate) fn burn_leases(&mut self) -> Result<u64> {
        Ok(self.sql().execute("UPDATE lease SET burnt = 1 WHERE burnt = 0", [])? as u64)
    }

    /// Numbers left, of every series and year with a live block.
    ///
    /// # Errors
    /// SQLite.
    pub fn supplies(&self, now_ms: i64) -> Result<Vec<Supply>> {
        let mut query = self.sql().prepare_cached(
            "SELECT series, year, sum(last + 1 - next), sum(last + 1 - first) FROM lease
             WHERE burnt = 0 AND not_after_ms >= ?1 GROUP BY series, year ORDER BY year, series",
        )?;
        let rows = query.query_map([now_ms], |r| {
            let (free, size) = (crate::store::unsigned(r, 2)?, crate::store::unsigned(r, 3)?);
            Ok(Supply { series: r.get(0)?, year: r.get(1)?, free, size })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every number of every block, accounted for.
    ///
    /// # Errors
    /// SQLite.
    pub fn number_accounts(&self) -> Result<Vec<BlockAccount>> {
        let mut query = self.sql().prepare_cached(
            "SELECT l.lease_id, l.series, l.year, l.first, l.last, l.next, p.epoch, l.burnt
             FROM lease l JOIN epoch p ON p.id = l.epoch ORDER BY l.year, l.series, l.first",
        )?;
        let mut rows = query.query([])?;
        let mut out = Vec::new();
        while let Some(r) = rows.next()? {
            let lease_id: String = r.get(0)?;
            let used = self.used_numbers(&lease_id)?;
            out.push(BlockAccount {
                lease_id,
                series: r.get(1)?,
                year: r.get(2)?,
                first: crate::store::unsigned(r, 3)?,
                last: crate::store::unsigned(r, 4)?,
                next: crate::store::unsigned(r, 5)?,
                epoch: r.get::<_, String>(6)?.parse()?,
                burnt: r.get(7)?,
                used,
            });
        }
        Ok(out)
    }

    fn used_numbers(&self, lease_id: &str) -> Result<Vec<NumberLine>> {
        let mut query = self.sql().prepare_cached(
            "SELECT n, text, case_id, state, reason FROM number WHERE lease_id = ?1 ORDER BY n",
        )?;
        let mut rows = query.query([lease_id])?;
        let mut out = Vec::new();
        while let Some(r) = rows.next()? {
            out.push(NumberLine {
                n: crate::store::unsigned(r, 0)?,
                text: r.get(1)?,
                case_id: r.get(2)?,
                state: State::read(&r.get::<_, String>(3)?)?,
                reason: r.get(4)?,
            });
        }
        Ok(out)
    }
}

fn signed64(n: u64) -> Result<i64> {
    crate::store::signed(n)
}
