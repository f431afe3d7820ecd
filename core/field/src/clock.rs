//! Three clocks: wall, monotonic, boot. Wall time is what people read; it is never trusted alone.

use std::sync::{
    Mutex,
    atomic::{AtomicI64, Ordering},
};

use ezhifa_seal::entry::Stamp;
use serde::{Deserialize, Serialize};

/// The platform's clocks.
pub trait Clock: Send + Sync {
    /// Now, by all three.
    fn now(&self) -> Stamp;
}

/// Smaller steps back are the network's time service at work, not a jump.
pub const JUMP_MS: i64 = 2_000;

/// Whether the wall clock went back between two stamps.
#[must_use]
pub fn jumped_back(before: &Stamp, now: &Stamp) -> bool {
    now.wall_ms < before.wall_ms.saturating_sub(JUMP_MS)
}

/// Wall clock and a trusted source may differ by so much before a decision, which states its time, waits.
pub const LIMIT_MS: i64 = 300_000;

/// Who says what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// HQ's signed answer.
    Hq,
    /// 卫星授时.
    Satellite,
    /// Both officers, each with their own secret.
    Officers,
}

/// A moment at which the time was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// By whom.
    pub by: Source,
    /// The right time, Unix milliseconds.
    pub true_ms: i64,
    /// Monotonic clock at that moment.
    pub mono_ms: i64,
    /// Boot it was measured in.
    pub boot: String,
}

impl Anchor {
    /// The right time now minus the wall clock; `None` after a restart, when the monotonic clock began anew.
    #[must_use]
    pub fn skew_ms(&self, now: &Stamp) -> Option<i64> {
        let since = now.mono_ms.saturating_sub(self.mono_ms);
        (self.boot == now.boot && since >= 0)
            .then(|| self.true_ms.saturating_add(since).saturating_sub(now.wall_ms))
    }
}

/// Whether a decision may state the wall clock's time (invariant 17): it agrees with what was measured since
/// the phone started; without that it lies at least not before `known_ms`, the newest time that HQ, a pack or
/// a list of HQ's named.
#[must_use]
pub fn trusted(now: &Stamp, anchor: Option<&Anchor>, known_ms: Option<i64>) -> bool {
    match anchor.and_then(|a| a.skew_ms(now)) {
        Some(skew) => skew.saturating_abs() <= LIMIT_MS,
        None => known_ms.is_none_or(|known| now.wall_ms >= known.saturating_sub(LIMIT_MS)),
    }
}

/// The system's clocks. Phones hand in their own boot id; here it is made at the start of the process.
pub struct SystemClock {
    started: std::time::Instant,
    boot: String,
}

impl SystemClock {
    /// Clocks with the platform's boot id.
    #[must_use]
    pub fn new(boot: impl Into<String>) -> Self {
        SystemClock { started: std::time::Instant::now(), boot: boot.into() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Stamp {
        let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Stamp {
            wall_ms: i64::try_from(wall.as_millis()).unwrap_or(i64::MAX),
            mono_ms: i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX),
            boot: self.boot.clone(),
        }
    }
}

/// Clocks that a test or the simulator moves by hand.
pub struct ManualClock {
    wall: AtomicI64,
    mono: AtomicI64,
    boot: Mutex<String>,
}

impl ManualClock {
    /// Starts at a wall time.
    #[must_use]
    pub fn at(wall_ms: i64) -> Self {
        ManualClock {
            wall: AtomicI64::new(wall_ms),
            mono: AtomicI64::new(0),
            boot: Mutex::new("boot-1".into()),
        }
    }

    /// Lets time pass.
    pub fn pass(&self, ms: i64) {
        self.wall.fetch_add(ms, Ordering::SeqCst);
        self.mono.fetch_add(ms, Ordering::SeqCst);
    }

    /// Somebody sets the wall clock.
    pub fn set_wall(&self, wall_ms: i64) {
        self.wall.store(wall_ms, Ordering::SeqCst);
    }

    /// The phone starts again.
    pub fn reboot(&self, boot: &str) {
        self.mono.store(0, Ordering::SeqCst);
        *self.boot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = boot.to_owned();
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Stamp {
        Stamp {
            wall_ms: self.wall.load(Ordering::SeqCst),
            mono_ms: self.mono.load(Ordering::SeqCst),
            boot: self.boot.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall_ms: i64, mono_ms: i64, boot: &str) -> Stamp {
        Stamp { wall_ms, mono_ms, boot: boot.into() }
    }

    #[test]
    fn a_clock_is_trusted_while_it_runs_with_its_source() {
        let hour = 3_600_000;
        let hq = Anchor { by: Source::Hq, true_ms: 10 * hour, mono_ms: hour, boot: "a".into() };
        assert!(trusted(&at(12 * hour, 3 * hour, "a"), Some(&hq), None));
        assert!(!trusted(&at(12 * hour - LIMIT_MS - 1, 3 * hour, "a"), Some(&hq), None), "set back since");
        assert!(!trusted(&at(12 * hour + LIMIT_MS + 1, 3 * hour, "a"), Some(&hq), None), "set forward since");
        assert_eq!(hq.skew_ms(&at(11 * hour, 3 * hour, "a")), Some(hour));
    }

    #[test]
    fn after_a_restart_only_a_time_before_the_last_known_one_is_impossible() {
        let known = Some(1_000_000_000);
        let old = Anchor { by: Source::Hq, true_ms: 1_000_000_000, mono_ms: 5, boot: "a".into() };
        assert!(trusted(&at(1_000_000_001, 0, "b"), Some(&old), known));
        assert!(!trusted(&at(1_000_000_000 - LIMIT_MS - 1, 0, "b"), Some(&old), known));
        assert!(trusted(&at(0, 0, "b"), None, None), "nothing is known");
        let seen = Anchor { by: Source::Satellite, true_ms: 5, mono_ms: 0, boot: "b".into() };
        assert!(trusted(&at(5, 0, "b"), Some(&seen), known), "the satellite knows better than an old list");
    }
}
