//! 暂缓、分期缴纳 (处罚法 66 ②): asked for by the party, decided by the organ, never by the crew. Each
//! decision stays as it was made, a later one stands beside it. A grant travels by the feed and becomes an
//! entry of the case on the phone that decided, so that journal, file and the phone's clocks know of it.

use chrono::NaiveDate;
use ezhifa_wire::feed::{self as wire_feed, FeedBody, Verdict};
use serde::{Deserialize, Serialize};

use super::{
    access::Holder,
    fines::{Beside, Desk, Fine},
};
use crate::{Hq, config::local, error::HqError, feed, store};

/// What the party asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDeferral {
    /// Number of the decision.
    pub number: String,
    /// When the party asked.
    pub asked_on: NaiveDate,
    /// Granted?
    pub granted: bool,
    /// Why: the hardship and what shows it, or why not. No medical or family detail belongs here.
    pub reason: String,
    /// New last day, where granted.
    pub until: NaiveDate,
    /// 分期: the parts, together the fine; empty for one late payment.
    #[serde(default)]
    pub parts: Vec<Instalment>,
}

/// One part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instalment {
    /// Last day.
    pub by: NaiveDate,
    /// Fen.
    pub amount_fen: i64,
}

/// The organ's decision on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferral {
    /// Number of the decision.
    pub number: String,
    /// When the party asked.
    pub asked_on: NaiveDate,
    /// Granted?
    pub granted: bool,
    /// Why.
    pub reason: String,
    /// New last day.
    pub until: NaiveDate,
    /// Parts.
    pub parts: Vec<Instalment>,
    /// The head who decided.
    pub by: String,
    /// When decided.
    pub at_ms: i64,
}

impl Hq {
    /// The head decides on a deferral; the phone that made the decision hears of it.
    ///
    /// # Errors
    /// Not a head; no such fine, or it no longer stands; parts that are not the fine; a day in the past, or not
    /// after the last day as it stands.
    pub fn defer_fine(&self, who: &Holder, new: NewDeferral) -> Result<Deferral, HqError> {
        let head = self.head(who)?;
        self.settle()?;
        let now = self.now_ms();
        let today = local(now).date();
        if new.reason.trim().is_empty() {
            return Err(HqError::Bad("批准与否都要写明理由 / a reason is needed either way".into()));
        }
        if new.granted && new.until < today {
            return Err(HqError::Bad("期限不得早于今天 / the new last day has passed".into()));
        }
        let desk = Desk::of(self)?;
        self.write(1, move |w| {
            let fine: Fine = store::get(w, "fine", &new.number)?.ok_or(HqError::NotFound("fine"))?;
            let beside = Beside::of(w, &new.number)?;
            if new.granted && desk.pay_by(&fine, &beside).is_some_and(|last| new.until <= last) {
                return Err(HqError::Bad(
                    "延期不得早于现在的期限 / a deferral ends after the last day as it stands".into(),
                ));
            }
            if fine.ended.is_some() {
                return Err(HqError::Conflict("决定已不存续 / the decision no longer stands".into()));
            }
            let sum = new.parts.iter().fold(0_i64, |s, p| s.saturating_add(p.amount_fen));
            let fits = new.parts.iter().all(|p| p.amount_fen > 0 && p.by <= new.until);
            if !new.parts.is_empty() && (sum != fine.amount.0 || !fits) {
                return Err(HqError::Bad("各期之和应等于罚款，且不晚于最后期限 / the parts must make the fine and end by the last day".into()));
            }
            let deferral = Deferral {
                number: new.number,
                asked_on: new.asked_on,
                granted: new.granted,
                reason: new.reason,
                until: new.until,
                parts: new.parts,
                by: head.id.0,
                at_ms: now,
            };
            let n = w.advance("deferrals", 1)?;
            store::put(w, "deferral", &format!("{}/{n:08}", deferral.number), &deferral)?;
            let (finding, zh, en) = if deferral.granted {
                ("payment_deferred", format!("准予延期（分期）缴纳，至 {}", deferral.until), format!("payment is deferred until {}", deferral.until))
            } else {
                ("payment_not_deferred", "不予延期缴纳".to_owned(), "payment is not deferred".to_owned())
            };
            let verdict = Verdict {
                id: format!("deferral:{n}"),
                case: fine.case,
                number: deferral.number.clone(),
                finding: finding.to_owned(),
                zh,
                en,
            };
            let phone = feed::to_device(&fine.device);
            if deferral.granted {
                // What the phone writes into the case; the reason for it stays here.
                let entry = wire_feed::Deferral {
                    id: verdict.id.clone(),
                    case: verdict.case.clone(),
                    number: deferral.number.clone(),
                    asked_on: deferral.asked_on.to_string(),
                    until: deferral.until.to_string(),
                    parts: deferral
                        .parts
                        .iter()
                        .map(|p| wire_feed::DeferralPart { by: p.by.to_string(), amount_fen: p.amount_fen })
                        .collect(),
                    by: deferral.by.clone(),
                    at_ms: now,
                };
                feed::publish(w, &phone, &FeedBody::Deferral(entry), now)?;
            }
            feed::publish(w, &phone, &FeedBody::Verdict(verdict), now)?;
            Ok(deferral)
        })
    }

    /// Every decision on a deferral, by number and in order.
    ///
    /// # Errors
    /// The store failed.
    pub fn deferrals(&self) -> Result<Vec<Deferral>, HqError> {
        Ok(self.read(|r| store::list(r, "deferral", ""))?.into_iter().map(|(_, d)| d).collect())
    }
}
