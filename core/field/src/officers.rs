//! Sign-in of officers by PIN, offline, with an attempt limit that outlives a restart.

use ezhifa_seal::pin;
use rusqlite::{OptionalExtension as _, params};
use serde_json::json;

use crate::{
    journal::Kind,
    store::{Store, StoreError, error::Result},
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
    /// Blocked until HQ's desk lifts it.
    #[error("口令已锁定，请联系指挥中心解锁 / PIN blocked: ask HQ's desk to unblock it")]
    Blocked,
    /// The roster has no PIN for this officer.
    #[error("名册中没有该执法人员的口令，请同步名册 / the roster has no PIN for this officer: sync it")]
    NoPin,
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
        let now = self.platform().clock.now().wall_ms;
        let failures = self.write::<_, StoreError>(|dao| {
            let (failures, until) = dao
                .sql()
                .query_row("SELECT failures, locked_until_ms FROM pin WHERE officer = ?1", [officer], |r| {
                    Ok((r.get::<_, u32>(0)?, r.get::<_, i64>(1)?))
                })
                .optional()?
                .unwrap_or((0, i64::MIN));
            if failures >= LAST_TRY {
                return Err(PinError::Blocked.into());
            }
            if now < until {
                let seconds = u64::try_from(until.saturating_sub(now)).unwrap_or(0).div_ceil(1000);
                return Err(PinError::Locked { seconds }.into());
            }
            let failures = failures.saturating_add(1);
            let over = failures.saturating_sub(FREE_TRIES);
            let until = match over {
                0 => i64::MIN,
                n => now.saturating_add(FIRST_WAIT_MS.saturating_mul(1 << n.min(20).saturating_sub(1))),
            };
            dao.sql().execute(
                "INSERT INTO pin (officer, failures, locked_until_ms) VALUES (?1, ?2, ?3)
                 ON CONFLICT (officer) DO UPDATE SET failures = ?2, locked_until_ms = ?3",
                params![officer, failures, until],
            )?;
            Ok(failures)
        })?;
        if pin::verify(verifier, pin)? {
            return self.unblock_pin(officer);
        }
        if failures >= FREE_TRIES {
            self.write::<_, StoreError>(|dao| {
                let body = json!({ "event": "pin_failed", "officer": officer, "failures": failures });
                dao.append_json(Kind::Access, 1, None, &body).map(|_| ())
            })?;
        }
        Err(PinError::Wrong { left: FREE_TRIES.saturating_sub(failures) }.into())
    }

    /// Forgets wrong tries: after the right PIN, or when HQ sent a new verifier.
    ///
    /// # Errors
    /// SQLite.
    pub fn unblock_pin(&self, officer: &str) -> Result<()> {
        self.write(|dao| {
            dao.sql().execute("DELETE FROM pin WHERE officer = ?1", [officer])?;
            Ok(())
        })
    }
}
