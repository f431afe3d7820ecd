//! What the desk asks for: how far replay is, what a device's receipt says, how HQ is.

use ezhifa_wire::seal::entry::Epoch;
use serde::{Deserialize, Serialize};

use crate::{
    Hq,
    desk::open,
    devices::{Journal, journal_key},
    error::HqError,
    store,
};

/// Replay in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayReport {
    /// Entries held.
    pub entries: u64,
    /// Entries interpreted.
    pub interpreted: u64,
    /// Decisions recomputed.
    pub replayed: u64,
    /// Of these, not the same to the letter.
    pub mismatches: u64,
    /// Review tasks ever opened.
    pub reviews_opened: u64,
    /// Review tasks open now.
    pub reviews_open: u64,
    /// Entries in quarantine.
    pub quarantined: u64,
    /// Alarms that stand.
    pub alarms: u64,
}

impl Hq {
    /// Interprets what is left and says how replay stands.
    ///
    /// # Errors
    /// The store failed.
    pub fn replay_report(&self) -> Result<ReplayReport, HqError> {
        self.settle()?;
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let open = count(self.reviews(true)?.len());
        let (quarantined, alarms) = (count(self.quarantine()?.len()), count(self.alarms()?.len()));
        self.read(|r| {
            Ok(ReplayReport {
                entries: r.counter("entries")?,
                interpreted: store::get(r, "meta", "interpreted")?.unwrap_or(0),
                replayed: r.counter("replayed")?,
                mismatches: r.counter("replay_mismatches")?,
                reviews_opened: r.counter("reviews")?,
                reviews_open: open,
                quarantined,
                alarms,
            })
        })
    }

    /// What HQ holds of one journal.
    ///
    /// # Errors
    /// The store failed.
    pub fn journal(&self, device: &str, epoch: Epoch) -> Result<Option<Journal>, HqError> {
        self.read(|r| store::get(r, "journal", &journal_key(device, epoch)))
    }

    /// Counters for Prometheus: numbers of work, none of persons.
    ///
    /// # Errors
    /// The store failed.
    pub fn metrics(&self) -> Result<String, HqError> {
        let names = [
            ("ezhifa_entries_total", "entries", "journal entries stored"),
            ("ezhifa_feed_items_total", "feed", "feed items published"),
            ("ezhifa_decisions_replayed_total", "replayed", "decisions recomputed"),
            ("ezhifa_replay_mismatches_total", "replay_mismatches", "decisions that differ when recomputed"),
            ("ezhifa_reviews_opened_total", "reviews", "review tasks opened"),
            ("ezhifa_record_reads_total", "reads", "reads of a person's record at the desk"),
            ("ezhifa_desk_acts_total", "acts", "acts at the desk, in its own log"),
            ("ezhifa_leads_total", "leads", "leads taken in"),
            ("ezhifa_leads_closed_total", "leads_closed", "leads answered"),
            ("ezhifa_payments_total", "payments", "notices of payment taken in"),
        ];
        self.read(|r| {
            let mut out = String::new();
            for (name, counter, help) in names {
                let value = r.counter(counter)?;
                out.push_str(&format!("# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n"));
            }
            let lag =
                r.counter("entries")?.saturating_sub(store::get(r, "meta", "interpreted")?.unwrap_or(0));
            out.push_str(&format!(
                "# TYPE ezhifa_entries_uninterpreted gauge\nezhifa_entries_uninterpreted {lag}\n"
            ));
            let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            let alarms = store::list::<crate::alarms::Alarm>(r, "alarm", "")?;
            let alarms = count(alarms.iter().filter(|(_, a)| !a.closed).count());
            out.push_str(&format!("# TYPE ezhifa_alarms_open gauge\nezhifa_alarms_open {alarms}\n"));
            let reviews = count(open::keys(r, open::REVIEWS, "")?.len());
            out.push_str(&format!("# TYPE ezhifa_reviews_open gauge\nezhifa_reviews_open {reviews}\n"));
            let now = self.now_ms();
            let quiet = store::list::<crate::devices::Device>(r, "device", "")?
                .into_iter()
                .filter(|(_, d)| d.withdrawn_ms.is_none())
                .map(|(_, d)| now.saturating_sub(d.seen_ms).max(0) / 1000)
                .max()
                .unwrap_or(0);
            out.push_str(&format!(
                "# TYPE ezhifa_phone_quiet_seconds gauge\nezhifa_phone_quiet_seconds {quiet}\n"
            ));
            Ok(out)
        })
    }
}
