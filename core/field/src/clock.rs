//! Three clocks: wall, monotonic, boot. Wall time is what people read; it is never trusted alone.

use std::sync::{
    Mutex,
    atomic::{AtomicI64, Ordering},
};

use ezhifa_seal::entry::Stamp;

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
