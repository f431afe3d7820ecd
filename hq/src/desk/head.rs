//! What only the head of the organ may order (行政机关负责人): 撤销, 补正, and the answer to a proposed waiver.
//! HQ orders, a phone carries it out through its guards and prints the paper; until then the order is open.

use ezhifa_wire::feed::{FeedBody, Verdict};
use serde::{Deserialize, Serialize};

use super::access::Holder;
use crate::{Hq, casefile::CaseFile, error::HqError, feed, numbers::NumberFile, store};

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadActs {
    /// 撤销.
    Revoke,
    /// 补正.
    Correct,
}

/// An order as given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewHeadOrder {
    /// Number of the decision.
    pub number: String,
    /// What.
    pub act: HeadActs,
    /// Why, or what reads wrongly and how it should: as it will be printed.
    pub reason: String,
}

/// An order and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadOrder {
    /// Id.
    pub id: String,
    /// Number of the decision.
    pub number: String,
    /// What.
    pub act: HeadActs,
    /// Why.
    pub reason: String,
    /// The head.
    pub by: String,
    /// When.
    pub at_ms: i64,
    /// 补正 made before it, so that its own is known.
    pub corrections_before: u32,
    /// A phone has carried it out.
    pub done: bool,
}

impl Hq {
    /// The head orders 撤销 or 补正 of a decision that was served.
    ///
    /// # Errors
    /// Not a head; no such decision, not served, or it no longer stands; no reason.
    pub fn order_by_head(&self, who: &Holder, new: NewHeadOrder) -> Result<HeadOrder, HqError> {
        let head = self.head(who)?;
        self.settle()?;
        if new.reason.trim().is_empty() {
            return Err(HqError::Bad("须写明理由或者补正内容 / say why, or what is corrected".into()));
        }
        let now = self.now_ms();
        self.write(1, move |w| {
            let number: NumberFile =
                store::get(w, "number", &new.number)?.ok_or(HqError::NotFound("number"))?;
            let file: CaseFile = store::get(w, "case", &number.case)?.ok_or(HqError::NotFound("case"))?;
            if file.served_at.is_none() || file.standing().is_none_or(|d| d.number != new.number) {
                return Err(HqError::Conflict(
                    "只有已送达且存续的决定可以撤销或者补正；送达前为作废 / only a served decision that stands; before service it is void"
                        .into(),
                ));
            }
            let order = HeadOrder {
                id: format!("{}:{}", if new.act == HeadActs::Revoke { "revoke" } else { "correct" }, w.advance("head_orders", 1)?),
                number: new.number,
                act: new.act,
                reason: new.reason,
                by: head.id.0,
                at_ms: now,
                corrections_before: file.corrections,
                done: false,
            };
            let (finding, zh, en) = match order.act {
                HeadActs::Revoke => ("revocation_ordered", "负责人决定撤销", "the head revokes"),
                HeadActs::Correct => ("correction_ordered", "负责人决定补正", "the head orders a correction"),
            };
            let verdict = Verdict {
                id: format!("head:{}", order.id),
                case: file.id,
                number: order.number.clone(),
                finding: finding.to_owned(),
                zh: format!("{zh}：{}", order.reason),
                en: format!("{en}: {}", order.reason),
            };
            store::put(w, "head_order", &order.id, &order)?;
            feed::publish(w, &feed::to_device(&number.device), &FeedBody::Verdict(verdict), now)?;
            Ok(order)
        })
    }

    /// Orders of the head; done when the journal shows it.
    ///
    /// # Errors
    /// The store failed.
    pub fn head_orders(&self) -> Result<Vec<HeadOrder>, HqError> {
        self.settle()?;
        self.read(|r| {
            let mut all: Vec<(String, HeadOrder)> = store::list(r, "head_order", "")?;
            for (_, order) in &mut all {
                let number: Option<NumberFile> = store::get(r, "number", &order.number)?;
                let Some(number) = number else { continue };
                let file: Option<CaseFile> = store::get(r, "case", &number.case)?;
                order.done = match order.act {
                    HeadActs::Revoke => number.state == "revoked",
                    HeadActs::Correct => file.is_some_and(|f| f.corrections > order.corrections_before),
                };
            }
            Ok(all.into_iter().map(|(_, o)| o).collect())
        })
    }
}
