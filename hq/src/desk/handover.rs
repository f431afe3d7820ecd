//! 交接班: what one crew leaves to the next. HQ writes the list, the receiving crew says that it has it.

use ezhifa_wire::feed::{FeedBody, Message};
use serde::{Deserialize, Serialize};

use super::leads::{Lead, LeadState};
use crate::{Hq, error::HqError, feed, store};

/// What is handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewHandover {
    /// Branch.
    pub branch: String,
    /// Crew that goes.
    pub from: String,
    /// Crew that comes.
    pub to: String,
    /// Words between them; nothing about a party.
    #[serde(default)]
    pub note: String,
}

/// A hand-over as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Id.
    pub id: String,
    /// Branch.
    pub branch: String,
    /// Crew that goes.
    pub from: String,
    /// Crew that comes.
    pub to: String,
    /// Words.
    pub note: String,
    /// Orders that are due or overdue.
    pub orders: Vec<String>,
    /// Leads that are not done.
    pub leads: Vec<String>,
    /// Cases that are decided and not served, or open.
    pub cases: Vec<String>,
    /// When.
    pub at_ms: i64,
    /// Taken over by, and when.
    pub accepted: Option<(String, i64)>,
}

impl Hq {
    /// Writes the list and tells the branch's phones.
    ///
    /// # Errors
    /// One crew to itself, or the store failed.
    pub fn hand_over(&self, new: NewHandover) -> Result<Handover, HqError> {
        if new.from == new.to {
            return Err(HqError::Bad("交接须在两组之间 / a hand-over is between two crews".into()));
        }
        let orders = self
            .orders(None, true)?
            .into_iter()
            .filter(|l| l.order.branch == new.branch && l.state != "open")
            .map(|l| l.order.number)
            .collect();
        let cases = self
            .case_files()?
            .into_iter()
            .filter(|c| c.branch == new.branch && !c.drill && !c.closed && !c.handed && !c.advised)
            .filter(|c| c.served_at.is_none())
            .map(|c| c.id)
            .collect();
        let leads = self.read(|r| {
            let open: Vec<(String, serde_json::Value)> =
                store::list(r, "lead_open", &format!("{}/", new.branch))?;
            let mut ids = Vec::new();
            for (key, _) in open {
                let id = key.rsplit('/').next().unwrap_or_default().to_owned();
                let lead: Option<Lead> = store::get(r, "lead", &id)?;
                if lead.is_some_and(|l| matches!(l.state, LeadState::Sent | LeadState::Taken { .. })) {
                    ids.push(id);
                }
            }
            Ok(ids)
        })?;
        let now = self.now_ms();
        let handover = Handover {
            id: format!("H{now:013}{}", self.random_hex::<2>()?),
            branch: new.branch,
            from: new.from,
            to: new.to,
            note: new.note,
            orders,
            leads,
            cases,
            at_ms: now,
            accepted: None,
        };
        self.write(1, move |w| {
            let h = &handover;
            let message = Message {
                id: h.id.clone(),
                zh: format!(
                    "交接班：{} → {}，待复查 {} 件，线索 {} 条，未办结案件 {} 件。{}",
                    h.from,
                    h.to,
                    h.orders.len(),
                    h.leads.len(),
                    h.cases.len(),
                    h.note
                ),
                en: format!(
                    "Hand-over {} → {}: {} orders, {} leads, {} cases",
                    h.from,
                    h.to,
                    h.orders.len(),
                    h.leads.len(),
                    h.cases.len()
                ),
            };
            feed::publish(w, &feed::to_branch(&h.branch), &FeedBody::Message(message), now)?;
            store::put(w, "handover", &h.id, h)?;
            Ok(handover)
        })
    }

    /// The receiving crew has it.
    ///
    /// # Errors
    /// No such hand-over, taken already, or by another crew.
    pub fn accept_handover(&self, id: &str, crew: &str) -> Result<Handover, HqError> {
        let (id, crew, now) = (id.to_owned(), crew.to_owned(), self.now_ms());
        self.write(1, move |w| {
            let mut h: Handover = store::get(w, "handover", &id)?.ok_or(HqError::NotFound("handover"))?;
            if h.accepted.is_some() || h.to != crew {
                return Err(HqError::Conflict(
                    "已交接，或者不是接班组 / taken already, or another crew".into(),
                ));
            }
            h.accepted = Some((crew, now));
            store::put(w, "handover", &id, &h)?;
            Ok(h)
        })
    }

    /// All hand-overs, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn handovers(&self) -> Result<Vec<Handover>, HqError> {
        Ok(self.read(|r| store::list(r, "handover", ""))?.into_iter().map(|(_, h)| h).collect())
    }
}
