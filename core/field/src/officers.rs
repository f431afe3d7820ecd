//! Sign-in of officers by PIN, offline, with an attempt limit that outlives a restart.

use ezhifa_seal::{entry::Stamp, hash::sha256, pin};
use rusqlite::{OptionalExtension as _, params};
use serde_json::json;

use crate::{
    journal::Kind,
    store::{Dao, Store, StoreError, error::Result},
};

/// Wrong PINs before the first wait.
const FREE_TRIES: u32 = 5;
/// Wrong PINs after which only HQ's desk helps.
const LAST_TRY: u32 = 15;
/// First wait; doubles with every further wrong PIN.
const FIRST_WAIT_MS: i64 = 60_000;

/// Why an officer is not signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// Wrong.
    #[error("口令错误，还可尝试 {left} 次 / wrong PIN, {left} tries before a wait")]
    Wrong {
        /// Tries before the next wait.
        left: u32,
    },
    /// Too many wrong tries.
    #[error("尝试过多，请 {seconds} 秒后再试 / too many tries: wait {seconds} seconds")]
    Locked {
        /// How long.
        seconds: u64,
    },
    /// Blocked until HQ's desk gives a new PIN.
    #[error("口令已锁定，请联系指挥中心重置口令后同步 / PIN blocked: ask HQ's desk for a new one, then sync")]
    Blocked,
    /// The roster has no PIN for this officer.
    #[error("名册中没有该执法人员的口令，请同步名册 / the roster has no PIN for this officer: sync it")]
    NoPin,
}

/// Wrong tries of an officer, and what is left of the wait. It runs on the monotonic clock: the wall clock
/// is in the hands of whoever tries. After a restart, which that clock does not survive, all that was left
/// begins again. Tries against an earlier PIN count no more: HQ's desk gave a new one.
fn waiting(dao: &Dao<'_>, officer: &str, verifier: &str, now: &Stamp) -> Result<(u32, i64)> {
    let found = dao
        .sql()
        .query_row(
            "SELECT failures, wait_ms, mono_ms, boot FROM pin WHERE officer = ?1 AND verifier IN (?2, '')",
            [officer, verifier],
            |r| Ok((r.get::<_, u32>(0)?, r.get::<_, i64>(1)?, r.get::<_, i64>(2)?, r.get::<_, String>(3)?)),
        )
        .optional()?;
    let Some((failures, wait, since, boot)) = found else { return Ok((0, 0)) };
    let waited = if boot == now.boot { now.mono_ms.saturating_sub(since).max(0) } else { 0 };
    Ok((failures, wait.saturating_sub(waited).max(0)))
}

impl Store {
    /// Checks the PIN of `officer` against the roster's `verifier`. The try is counted durably before the
    /// PIN is looked at, so that pulling the battery gives no free tries.
    ///
    /// # Errors
    /// [`PinError`], as [`StoreError::Pin`].
    pub fn check_pin(&self, officer: &str, verifier: &str, pin: &str) -> Result<()> {
        if verifier.is_empty() {
            return Err(PinError::NoPin.into());
        }
        let now = self.platform().clock.now();
        let about = sha256(verifier.as_bytes()).to_string();
        let counted = self.write::<_, StoreError>(|dao| {
            let (failures, left) = waiting(dao, officer, &about, &now)?;
            let keep = |failures: u32, wait_ms: i64| {
                dao.sql().execute(
                    "INSERT OR REPLACE INTO pin (officer, failures, wait_ms, mono_ms, boot, verifier)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![officer, failures, wait_ms, now.mono_ms, now.boot, about],
                )
            };
            if failures >= LAST_TRY {
                return Ok(Err(PinError::Blocked));
            }
            if left > 0 {
                // Kept, so that a restart takes away only what was waited since the last try.
                keep(failures, left)?;
                return Ok(Err(PinError::Locked { seconds: left.unsigned_abs().div_ceil(1000) }));
            }
            let failures = failures.saturating_add(1);
            let wait = match failures.saturating_sub(FREE_TRIES) {
                0 => 0,
                over => FIRST_WAIT_MS.saturating_mul(1 << over.min(20).saturating_sub(1)),
            };
            keep(failures, wait)?;
            Ok(Ok(failures))
        })?;
        let failures = counted?;
        if pin::verify(verifier, pin)? {
            return self.write(|dao| {
                dao.sql().execute("DELETE FROM pin WHERE officer = ?1", [officer])?;
                Ok(())
            });
        }
        if failures >= FREE_TRIES {
            self.write::<_, StoreError>(|dao| {
                let body = json!({ "event": "pin_failed", "officer": officer, "failures": failures });
                dao.append_json(Kind::Access, 1, None, &body).map(|_| ())
            })?;
        }
        Err(PinError::Wrong { left: FREE_TRIES.saturating_sub(failures) }.into())
    }
}
