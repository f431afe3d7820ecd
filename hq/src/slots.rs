//! When a phone may push: HQ gives out its own time in `hello`, so that ten thousand phones that come back at
//! once are written one after another and nobody's request waits in a full queue.
//!
//! A slot is kept for the phone that got it: coming back at its time it goes ahead, whoever else has come
//! meanwhile. Nothing is promised across a restart; then slots are given anew.

use std::{collections::HashMap, sync::Mutex};

/// The book of slots.
#[derive(Debug, Default)]
pub struct Slots(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    /// HQ's writing time is given away up to here.
    taken_ms: i64,
    /// Whose time comes when.
    given: HashMap<String, i64>,
}

/// A shorter wait is not worth a second hello.
const AT_ONCE_MS: i64 = 2_000;
/// Nobody is sent away for longer; who comes then and finds a crowd waits again.
const LONGEST_MS: i64 = 600_000;
/// A slot that nobody came for is forgotten some time after it, when there are many.
const STALE_MS: i64 = 900_000;
const SWEEP: usize = 20_000;
/// What one phone may claim to hold, entries.
const MOST: u64 = 10_000;

impl Slots {
    /// Seconds after which `device` may push `entries`, where HQ writes `per_s` of them.
    pub fn wait_s(&self, device: &str, entries: u64, per_s: u32, now_ms: i64) -> u64 {
        let Ok(mut book) = self.0.lock() else { return 0 };
        match book.given.get(device).map(|mine| mine.saturating_sub(now_ms)) {
            Some(left @ 1..=LONGEST_MS) => return seconds(left),
            Some(_) => {
                book.given.remove(device);
                return 0;
            }
            None => {}
        }
        let work_ms = entries.min(MOST).saturating_mul(1_000).checked_div(u64::from(per_s)).unwrap_or(0);
        if work_ms == 0 {
            return 0;
        }
        let begins = book.taken_ms.max(now_ms);
        let wait_ms = begins.saturating_sub(now_ms);
        if wait_ms > LONGEST_MS {
            return seconds(LONGEST_MS);
        }
        book.taken_ms = begins.saturating_add(i64::try_from(work_ms).unwrap_or(LONGEST_MS));
        if wait_ms < AT_ONCE_MS {
            return 0;
        }
        if book.given.len() > SWEEP {
            book.given.retain(|_, at| now_ms.saturating_sub(*at) < STALE_MS);
        }
        book.given.insert(device.to_owned(), begins);
        seconds(wait_ms)
    }
}

/// Never early.
fn seconds(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0).div_ceil(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_phone_never_waits() {
        let slots = Slots::default();
        for round in 0..100 {
            assert_eq!(slots.wait_s("d-1", 1_000, 1_000, round * 10_000), 0);
        }
    }

    #[test]
    fn a_crowd_is_spread_over_the_time_that_writing_takes_and_each_gets_through_at_its_time() {
        let slots = Slots::default();
        let names: Vec<String> = (0..10_000).map(|n| format!("d-{n}")).collect();
        let waits: Vec<u64> = names.iter().map(|d| slots.wait_s(d, 30, 5_000, 0)).collect();
        assert!(waits.windows(2).all(|w| w[0] <= w[1]), "first come, first served");
        assert_eq!((waits[0], waits[9_999]), (0, 60), "300,000 entries at 5,000 a second");
        let most = (2..60).map(|s| waits.iter().filter(|w| **w == s).count()).max();
        assert!(most < Some(200), "{most:?} phones in one second");
        for (name, wait) in names.iter().zip(&waits).filter(|(_, w)| **w > 0) {
            let at = i64::try_from(*wait).unwrap_or(0) * 1_000;
            assert_eq!(slots.wait_s(name, 30, 5_000, at), 0, "{name} came when it was told to");
        }
    }

    #[test]
    fn a_phone_that_comes_early_and_a_liar_that_claims_millions_keep_nobody_away_for_long() {
        let slots = Slots::default();
        assert_eq!(slots.wait_s("liar", u64::MAX, 2_000, 0), 0);
        assert_eq!(slots.wait_s("honest", 30, 2_000, 0), 5);
        assert_eq!(slots.wait_s("next", 30, 2_000, 0), 6);
        assert_eq!(slots.wait_s("honest", 30, 2_000, 1_000), 4, "early: the same slot");
        assert_eq!(slots.wait_s("nothing to push", 0, 2_000, 0), 0);
        assert_eq!(slots.wait_s("honest", 30, 2_000, 5_000), 0);
        for n in 0..1_000 {
            assert!(slots.wait_s(&format!("liar {n}"), u64::MAX, 2_000, 0) <= 600);
        }
    }
}
