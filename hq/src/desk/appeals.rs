//! 行政复议 through the organ that decided (复议法 32): a clock that runs from the day it came in; and how
//! long a remedy can still run, because nothing about that case may be purged before.

use chrono::{Days, Months, NaiveDate};
use ezhifa_casework::law::{clocks::Clocks, terms::Series};
use ezhifa_wire::feed::{self as wire_feed, FeedBody};
use serde::{Deserialize, Serialize};

use super::{fines::Desk, open};
use crate::{
    Hq,
    casefile::{CaseFile, DecisionFile},
    config::local,
    error::HqError,
    feed,
    numbers::NumberFile,
    store::{self, Read, Write},
};

/// An application as it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appeal {
    /// Number of the decision.
    pub number: String,
    /// Case.
    pub case: String,
    /// When it came in.
    pub received_ms: i64,
    /// Last day to hand it on, where the calendar is known; the period in words stands in `period`.
    pub forward_by: Option<NaiveDate>,
    /// The period in words.
    pub period: String,
    /// What the organ did with it.
    pub done: Option<String>,
    /// When: handed on after `forward_by` is late.
    #[serde(default)]
    pub done_ms: Option<i64>,
    /// How the remedy ended: `maintained`, `changed`, `revoked`, `withdrawn`…
    #[serde(default)]
    pub outcome: Option<String>,
    /// When it ended: late fees count again from the day after.
    #[serde(default)]
    pub ended_ms: Option<i64>,
}

/// How a remedy can end.
pub const OUTCOMES: [&str; 5] = ["maintained", "changed", "revoked", "unlawful", "withdrawn"];

/// A case that must be kept whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Number of the decision.
    pub number: String,
    /// Case.
    pub case: String,
    /// `remedy_period`: may still be asked for; `remedy_runs`: was asked for and has not ended;
    /// `not_served`: the period has not begun.
    pub why: String,
    /// Last day, where it is known.
    pub until: Option<NaiveDate>,
}

impl Hq {
    /// Takes an application in. The same number again gives the same record.
    ///
    /// # Errors
    /// HQ does not hold the decision.
    pub fn post_appeal(&self, number: &str) -> Result<Appeal, HqError> {
        self.settle()?;
        let now = self.now_ms();
        let doc: NumberFile =
            self.read(|r| store::get(r, "number", number))?.ok_or(HqError::NotFound("number"))?;
        let clocks =
            self.newest_book().and_then(|b| Clocks::new(b.clocks_file(), b.settings().roll_over).ok());
        let forward_by = self.calendar().and_then(|calendar| {
            clocks.as_ref()?.last_day("forward_application", local(now).date(), &calendar).ok()
        });
        let period =
            clocks.and_then(|c| c.words("forward_application").map(str::to_owned).ok()).unwrap_or_default();
        let appeal = Appeal {
            number: number.to_owned(),
            case: doc.case,
            received_ms: now,
            forward_by,
            period,
            done: None,
            done_ms: None,
            outcome: None,
            ended_ms: None,
        };
        let phone = doc.device;
        self.write(1, move |w| match store::get(w, "appeal", &appeal.number)? {
            Some(known) => Ok(known),
            None => {
                store::put(w, "appeal", &appeal.number.clone(), &appeal)?;
                open::mark(w, open::HOLDS, &appeal.number, true)?;
                tell_hold(w, &phone, &appeal.case, now)?;
                Ok(appeal)
            }
        })
    }

    fn change_appeal(
        &self,
        number: &str,
        change: impl FnOnce(&mut Appeal) -> Result<(), HqError> + Send + 'static,
    ) -> Result<Appeal, HqError> {
        let (number, now) = (number.to_owned(), self.now_ms());
        self.write(1, move |w| {
            let mut appeal: Appeal = store::get(w, "appeal", &number)?.ok_or(HqError::NotFound("appeal"))?;
            change(&mut appeal)?;
            store::put(w, "appeal", &number, &appeal)?;
            if appeal.ended_ms.is_some()
                && let Some(number) = store::get::<NumberFile>(w, "number", &number)?
            {
                tell_hold(w, &number.device, &appeal.case, now)?;
            }
            Ok(appeal)
        })
    }

    /// Says what the organ did: handed on, or changed its decision itself.
    ///
    /// # Errors
    /// No such application, or it was done.
    pub fn close_appeal(&self, number: &str, done: &str) -> Result<Appeal, HqError> {
        let (done, now) = (done.to_owned(), self.now_ms());
        self.change_appeal(number, move |appeal| {
            if done.trim().is_empty() || appeal.done.is_some() {
                return Err(HqError::Conflict(
                    "已经办理，或者没有写明 / done already, or nothing said".into(),
                ));
            }
            appeal.done = Some(done);
            appeal.done_ms = Some(now);
            Ok(())
        })
    }

    /// Says how the remedy ended (复议决定、判决、撤回).
    ///
    /// # Errors
    /// No such application, it has ended, or a word that is not in [`OUTCOMES`].
    pub fn end_appeal(&self, number: &str, outcome: &str) -> Result<Appeal, HqError> {
        if !OUTCOMES.contains(&outcome) {
            return Err(HqError::Bad(format!(
                "结果须为 {} 之一 / one of {}",
                OUTCOMES.join("、"),
                OUTCOMES.join(", ")
            )));
        }
        let (outcome, now) = (outcome.to_owned(), self.now_ms());
        self.change_appeal(number, move |appeal| {
            if appeal.outcome.is_some() {
                return Err(HqError::Conflict("已有结果 / it has ended".into()));
            }
            appeal.outcome = Some(outcome);
            appeal.ended_ms = Some(now);
            Ok(())
        })
    }

    /// All applications; the open ones with the nearest last day first.
    ///
    /// # Errors
    /// The store failed.
    pub fn appeals(&self) -> Result<Vec<Appeal>, HqError> {
        let mut all: Vec<Appeal> =
            self.read(|r| store::list(r, "appeal", ""))?.into_iter().map(|(_, a)| a).collect();
        all.sort_by_key(|a| (a.done.is_some(), a.forward_by, a.received_ms));
        Ok(all)
    }

    /// Decisions whose case must be kept whole: a remedy can still run, or runs.
    ///
    /// # Errors
    /// The store failed.
    pub fn holds(&self) -> Result<Vec<Hold>, HqError> {
        self.settle()?;
        let desk = Desk::of(self)?;
        let (held, over) = self.read(|r| {
            let (mut held, mut over) = (Vec::new(), Vec::new());
            for number in open::keys(r, open::HOLDS, "")? {
                match hold(r, &desk, &number)? {
                    Some(hold) => held.push(hold),
                    None => over.push(number),
                }
            }
            Ok((held, over))
        })?;
        if !over.is_empty() {
            self.write(over.len(), move |w| {
                over.iter().try_for_each(|n| open::mark(w, open::HOLDS, n, false))
            })?;
        }
        Ok(held)
    }
}

/// Every decision that was not void begins on the list; [`Hq::holds`] takes it off when its time is over.
pub(crate) fn follow(w: &mut dyn Write, file: &CaseFile) -> Result<(), HqError> {
    file.decisions.iter().try_for_each(|d| open::mark(w, open::HOLDS, &d.number, may_be_fought(d)))
}

fn may_be_fought(decision: &DecisionFile) -> bool {
    !matches!(decision.ended.as_deref(), Some("void" | "undelivered"))
}

/// The last day on which the court may still be asked after a remedy ended (行政诉讼法 45).
fn court_until(appeal: &Appeal) -> Option<NaiveDate> {
    local(appeal.ended_ms?).date().checked_add_days(Days::new(15))
}

/// The phone keeps the case whole until then as well, or until the remedy has ended.
fn tell_hold(w: &mut dyn Write, device: &str, case: &str, now: i64) -> Result<(), HqError> {
    // Several decisions of one case may be fought over: the longest counts.
    let all: Vec<(String, Appeal)> = store::list(w, "appeal", "")?;
    let mine = all.iter().map(|(_, a)| a).filter(|a| a.case == case);
    let until = mine.map(|a| court_until(a).and_then(|d| d.succ_opt())).try_fold(None, |last, day| {
        day.map(|day: NaiveDate| Some(last.map_or(day, |l: NaiveDate| l.max(day))))
    });
    let until_ms = until.flatten().and_then(|d| d.and_hms_opt(0, 0, 0)).map(crate::publish::ms);
    let hold = wire_feed::Hold { case: case.to_owned(), until_ms };
    feed::publish(w, &feed::to_device(device), &FeedBody::Hold(hold), now)
}

/// Why the case of a decision must be kept whole today; none when its time is over.
fn hold(r: &mut dyn Read, desk: &Desk, number: &str) -> Result<Option<Hold>, HqError> {
    let Some(doc) = store::get::<NumberFile>(r, "number", number)? else { return Ok(None) };
    let Some(file) = store::get::<CaseFile>(r, "case", &doc.case)? else { return Ok(None) };
    let decision = file.decisions.iter().find(|d| d.number == number).filter(|d| may_be_fought(d));
    let Some(decision) = decision else { return Ok(None) };
    let appeal: Option<Appeal> = store::get(r, "appeal", number)?;
    let (why, until) = match (&appeal, file.served_at) {
        (Some(appeal), _) if appeal.ended_ms.is_none() => ("remedy_runs", None),
        (Some(appeal), _) => ("remedy_period", court_until(appeal)),
        (None, None) => ("not_served", None),
        (None, Some(served)) => {
            let served = served.date();
            // Sixty days for a penalty made on the spot; the court's six months for what may go there
            // directly (行政诉讼法 46). The longer of what the calendar cannot tell.
            let first = desk
                .last_day(&decision.pack.hash, "reconsideration", served)
                .or_else(|| served.checked_add_days(Days::new(75)));
            let court = served.checked_add_months(Months::new(6));
            ("remedy_period", if decision.series == Series::Penalty { first } else { first.max(court) })
        }
    };
    let hold = Hold { number: number.to_owned(), case: file.id, why: why.to_owned(), until };
    Ok(until.is_none_or(|u| desk.today <= u).then_some(hold))
}
