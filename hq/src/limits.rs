//! A token bucket per caller, so that one loud phone or one curious stranger cannot crowd out the rest.

use std::{collections::HashMap, sync::Mutex};

use crate::error::HqError;

/// Buckets by caller. Callers that have been quiet long enough to be full again are forgotten.
pub struct Rates {
    per_s: u32,
    burst: u32,
    buckets: Mutex<HashMap<String, Bucket>>,
}

struct Bucket {
    milli: u64,
    at_ms: i64,
}

/// More callers than this and the full buckets are swept out.
const SWEEP: usize = 20_000;

impl Rates {
    /// `per_s` requests a second in the long run, `burst` at once.
    #[must_use]
    pub fn new(per_s: u32, burst: u32) -> Rates {
        Rates { per_s, burst, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes one token, or says when to come again: spread, so that those refused do not come back together.
    ///
    /// # Errors
    /// [`HqError::Busy`].
    pub fn take(&self, caller: &str, now_ms: i64) -> Result<(), HqError> {
        let full = u64::from(self.burst).saturating_mul(1000);
        let mut buckets = self.buckets.lock().map_err(|_| HqError::Stopped)?;
        if buckets.len() > SWEEP {
            let refill = i64::from(self.burst.checked_div(self.per_s).unwrap_or(1)).saturating_mul(1000);
            buckets.retain(|_, b| now_ms.saturating_sub(b.at_ms) < refill);
        }
        let bucket = buckets.entry(caller.to_owned()).or_insert(Bucket { milli: full, at_ms: now_ms });
        let passed = u64::try_from(now_ms.saturating_sub(bucket.at_ms)).unwrap_or(0);
        bucket.milli = bucket.milli.saturating_add(passed.saturating_mul(u64::from(self.per_s))).min(full);
        bucket.at_ms = now_ms;
        if bucket.milli < 1000 {
            let spread = caller.bytes().fold(0_u64, |a, b| a.wrapping_mul(31).wrapping_add(u64::from(b))) % 5;
            return Err(HqError::Busy { retry_after_s: spread.saturating_add(1) });
        }
        bucket.milli = bucket.milli.saturating_sub(1000);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_loud_caller_waits_and_a_quiet_one_does_not() {
        let rates = Rates::new(2, 3);
        for _ in 0..3 {
            rates.take("loud", 0).unwrap();
        }
        assert!(matches!(rates.take("loud", 0), Err(HqError::Busy { .. })));
        rates.take("quiet", 0).unwrap();
        rates.take("loud", 500).unwrap();
        assert!(rates.take("loud", 500).is_err());
    }
}
