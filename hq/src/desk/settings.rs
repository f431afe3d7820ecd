//! What the desk of an organ sets for itself (LAW.md 6.4). Defaults are samples, not law.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Hq, error::HqError, store};

/// Settings of the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeskSettings {
    /// Repeats from this on are shown as a pattern.
    pub often: u64,
    /// Seconds from notice to decision below which a statement can hardly have been heard.
    pub hasty_s: i64,
    /// Hours before an order's due time at which the branch is reminded.
    pub remind_hours: i64,
    /// Days after which a served decision without all its evidence at HQ is an alarm.
    pub evidence_days: i64,
    /// Minutes after which a lead that no crew has taken is shown as waiting.
    pub lead_minutes: i64,
    /// Days before a deadline of the organ at which it becomes an alarm.
    pub deadline_days: i64,
    /// Days on which neither bank nor finance system took payments (停收日): no late fee is counted for them.
    pub no_way_to_pay: Vec<NoWayToPay>,
}

/// From the first to the last day on which nobody took payments; no last day: still so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoWayToPay {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: Option<NaiveDate>,
}

impl Default for DeskSettings {
    fn default() -> Self {
        DeskSettings {
            often: 3,
            hasty_s: 20,
            remind_hours: 24,
            evidence_days: 3,
            lead_minutes: 30,
            deadline_days: 1,
            no_way_to_pay: Vec::new(),
        }
    }
}

impl Hq {
    /// The settings in force.
    ///
    /// # Errors
    /// The store failed.
    pub fn desk_settings(&self) -> Result<DeskSettings, HqError> {
        Ok(self.read(|r| store::get(r, "meta", "desk_settings"))?.unwrap_or_default())
    }

    /// Sets them, all at once.
    ///
    /// # Errors
    /// A value that makes no sense, or the store failed.
    pub fn set_desk_settings(&self, new: DeskSettings) -> Result<DeskSettings, HqError> {
        let sane = new.often >= 2
            && [new.hasty_s, new.remind_hours, new.evidence_days, new.lead_minutes, new.deadline_days]
                .iter()
                .all(|n| (0..=100_000).contains(n))
            && new.no_way_to_pay.len() <= 1_000
            && new.no_way_to_pay.iter().all(|n| n.to.is_none_or(|to| to >= n.from));
        if !sane {
            return Err(HqError::Bad("设置超出合理范围 / a setting makes no sense".into()));
        }
        let set = self.write(1, move |w| {
            store::put(w, "meta", "desk_settings", &new)?;
            Ok(new)
        })?;
        // What is often now may be another number.
        self.inner.patterns_at.store(u64::MAX, std::sync::atomic::Ordering::SeqCst);
        Ok(set)
    }
}
