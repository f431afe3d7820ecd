//! When to try again: full jitter, no attempt limit, and every hint of HQ is kept as a maximum.

/// First ceiling.
const BASE_MS: u64 = 2_000;
/// Last ceiling: a phone that was away for days still tries every quarter of an hour.
const CAP_MS: u64 = 900_000;
/// Spread of ten thousand phones that get their network back at the same moment.
const REGAIN_MS: u64 = 120_000;

/// Waiting of one lane, on the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backoff {
    failures: u32,
    jitter_until_ms: i64,
    told_until_ms: i64,
}

fn after(now_ms: i64, delay_ms: u64) -> i64 {
    now_ms.saturating_add(i64::try_from(delay_ms).unwrap_or(i64::MAX))
}

impl Backoff {
    /// A failure. `random` is any random number; `told_s` what HQ asked for.
    pub fn failed(&mut self, now_ms: i64, random: u64, told_s: Option<u64>) {
        let ceiling = BASE_MS.saturating_mul(1 << self.failures.min(20)).min(CAP_MS);
        self.failures = self.failures.saturating_add(1);
        self.jitter_until_ms = after(now_ms, random % ceiling.saturating_add(1));
        if let Some(seconds) = told_s {
            self.told_until_ms =
                self.told_until_ms.max(after(now_ms, seconds.min(86_400).saturating_mul(1_000)));
        }
    }

    /// HQ wants this phone later, without any failure.
    pub fn told(&mut self, now_ms: i64, seconds: u64) {
        self.told_until_ms = self.told_until_ms.max(after(now_ms, seconds.min(86_400).saturating_mul(1_000)));
    }

    /// It went through.
    pub fn worked(&mut self) {
        *self = Backoff::default();
    }

    /// The network is back: everybody starts at another moment.
    pub fn regained(&mut self, now_ms: i64, random: u64) {
        self.failures = 0;
        self.jitter_until_ms = after(now_ms, random % REGAIN_MS);
    }

    /// The officer asked: the dice do not count, HQ's word does.
    pub fn nudged(&mut self) {
        self.jitter_until_ms = i64::MIN;
    }

    /// Not before.
    #[must_use]
    pub fn until_ms(&self) -> i64 {
        self.jitter_until_ms.max(self.told_until_ms)
    }

    /// Failures in a row.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn retry_after_outlives_the_officers_tap() {
        let mut lane = Backoff::default();
        lane.failed(1_000, 5, Some(60));
        lane.nudged();
        assert_eq!(lane.until_ms(), 61_000);
        lane.failed(2_000, 0, Some(1));
        assert_eq!(lane.until_ms(), 61_000, "the longest hint counts");
    }

    proptest! {
        #[test]
        fn waits_stay_within_the_ceiling_for_ever(tries in 1u32..200, random: u64) {
            let mut lane = Backoff::default();
            for _ in 0..tries {
                lane.failed(0, random, None);
                prop_assert!((0..=900_000).contains(&lane.until_ms()));
            }
            prop_assert_eq!(lane.failures(), tries);
        }
    }
}
