//! What nobody should have to look for: deadlines of the organ, evidence that does not come, leads that
//! wait. Looked at once a minute by the server, and whenever somebody asks for the alarms.

use std::sync::atomic::Ordering;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use serde::{Deserialize, Serialize};

use super::leads::{Lead, LeadState};
use crate::{
    Hq, alarms,
    casefile::CaseFile,
    config::local,
    error::HqError,
    store::{self, Write},
};

/// Served decisions whose evidence was not all here when last looked at, by number: so that the minute's look
/// reads these and not every case there ever was.
const OPEN: &str = "evidence_open";

#[derive(Serialize, Deserialize)]
struct Waits {
    decided_at: NaiveDateTime,
    evidence: Vec<String>,
}

/// A decision that is served owes its evidence; one that has ended owes nothing.
pub(crate) fn follow(w: &mut dyn Write, file: &CaseFile, before: Option<&CaseFile>) -> Result<(), HqError> {
    let owes = |file: &CaseFile, number: &str| {
        file.served_at.is_some() && file.standing().is_some_and(|d| d.number == number)
    };
    for d in &file.decisions {
        match (owes(file, &d.number), before.is_some_and(|b| owes(b, &d.number))) {
            (true, false) => {
                let waits = Waits { decided_at: d.at, evidence: d.evidence.clone() };
                store::put(w, OPEN, &d.number, &waits)?;
            }
            (false, true) => w.remove_doc(OPEN, &d.number)?,
            _ => {}
        }
    }
    Ok(())
}

impl Hq {
    /// Raises what is due and puts patterns into the review queue. Says how many reminders went out.
    ///
    /// # Errors
    /// The store failed.
    pub fn watch(&self) -> Result<u64, HqError> {
        let reminded = self.remind()?;
        let settings = self.desk_settings()?;
        let now = self.now_ms();
        let mut found: Vec<(&'static str, String, &'static str)> = Vec::new();
        for (number, _) in self.evidence_missing(settings.evidence_days)? {
            found.push((
                "evidence_missing",
                number,
                "已送达的决定缺少证据材料 / a served decision lacks evidence at HQ",
            ));
        }
        let near: Option<NaiveDate> =
            local(now).date().checked_add_signed(TimeDelta::days(settings.deadline_days));
        let soon = |day: Option<NaiveDate>| day.zip(near).is_some_and(|(d, n)| d <= n);
        for appeal in self.appeals()?.into_iter().filter(|a| a.done.is_none() && soon(a.forward_by)) {
            found.push((
                "appeal_due",
                appeal.number,
                "复议申请须转送（复议法三十二条）/ an application must be handed on",
            ));
        }
        for cash in self.cash(true)?.into_iter().filter(|c| c.late) {
            found.push((
                "cash_late",
                cash.receipt,
                "当场收缴的罚款逾期未缴（处罚法七十一条）/ cash was not handed in",
            ));
        }
        let waiting = now.saturating_sub(settings.lead_minutes.saturating_mul(60_000));
        let answer = now.saturating_add(settings.deadline_days.saturating_mul(86_400_000));
        self.read(|r| {
            for (key, _) in store::list::<serde_json::Value>(r, "lead_open", "")? {
                let id = key.rsplit('/').next().unwrap_or_default();
                let Some(lead) = store::get::<Lead>(r, "lead", id)? else { continue };
                if lead.new.answer_due_ms.is_some_and(|due| due <= answer) {
                    found.push((
                        "lead_answer_due",
                        lead.id.clone(),
                        "线索答复将到期 / the answer to a lead is due",
                    ));
                }
                if lead.state == LeadState::Sent && lead.received_ms < waiting {
                    found.push(("lead_waiting", lead.id, "线索无人承办 / no crew has taken a lead"));
                }
            }
            Ok(())
        })?;
        // Nothing new in the journals, nothing new to see in them.
        let read_to = self.read(|r| store::get::<u64>(r, "meta", "interpreted"))?.unwrap_or(0);
        if self.inner.patterns_at.load(Ordering::SeqCst) != read_to {
            self.queue_patterns()?;
            self.inner.patterns_at.store(read_to, Ordering::SeqCst);
        }
        let fresh: Vec<_> = self.read(|r| {
            let mut fresh = Vec::new();
            for (kind, about, text) in found {
                // Raised once: a deadline that stands is one alarm, not one a minute.
                if r.doc("alarm", &format!("{kind}/{about}"))?.is_none() {
                    fresh.push((kind, about, text));
                }
            }
            Ok(fresh)
        })?;
        if !fresh.is_empty() {
            self.write(fresh.len(), move |w| {
                fresh.iter().try_for_each(|(kind, about, text)| alarms::raise(w, now, kind, about, text))
            })?;
        }
        Ok(reminded)
    }

    /// Served decisions whose evidence is not all at HQ `days` after they were made: (number, missing).
    ///
    /// # Errors
    /// The store failed.
    pub fn evidence_missing(&self, days: i64) -> Result<Vec<(String, Vec<String>)>, HqError> {
        self.settle()?;
        let now = local(self.now_ms());
        let waits: Vec<(String, Waits)> = self.read(|r| store::list(r, OPEN, ""))?;
        let (mut out, mut whole) = (Vec::new(), Vec::new());
        for (number, Waits { decided_at, evidence }) in waits {
            let mut missing = Vec::new();
            for sha in evidence {
                // A name that is no hash names nothing that could come.
                let complete = match crate::ingest::digest(&sha) {
                    Ok(sha) => self.inner.blobs.progress(&sha)?.complete,
                    Err(_) => false,
                };
                if !complete {
                    missing.push(sha);
                }
            }
            if missing.is_empty() {
                whole.push(number);
            } else if (now - decided_at).num_days() >= days {
                out.push((number, missing));
            }
        }
        if !whole.is_empty() {
            self.write(whole.len(), move |w| whole.iter().try_for_each(|number| w.remove_doc(OPEN, number)))?;
        }
        Ok(out)
    }
}
