//! 集体研判: the weekly list of cases that several people look at together, and what they decided of each.

use chrono::NaiveDate;
use ezhifa_wire::feed::{FeedBody, Verdict};
use serde::{Deserialize, Serialize};

use crate::{Hq, casefile::CaseFile, error::HqError, feed, store};

/// A conference as called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewConference {
    /// Day.
    pub on: NaiveDate,
    /// Branch, or empty for the whole organ.
    #[serde(default)]
    pub branch: String,
    /// Cases and what is asked of each.
    pub items: Vec<NewItem>,
}

/// A case on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewItem {
    /// Case.
    pub case: String,
    /// What is asked.
    pub question: String,
}

/// A conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conference {
    /// Id.
    pub id: String,
    /// Day.
    pub on: NaiveDate,
    /// Branch.
    pub branch: String,
    /// The list.
    pub items: Vec<Item>,
}

/// A case on the list, and its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Case.
    pub case: String,
    /// What is asked.
    pub question: String,
    /// What was decided; none while open.
    pub decision: Option<ItemDecision>,
}

/// What they decided, why, and who was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemDecision {
    /// What.
    pub decision: String,
    /// Why.
    pub reason: String,
    /// Who was there (officer ids); at least two.
    pub present: Vec<String>,
    /// Who thought otherwise, and what: dissent is kept.
    #[serde(default)]
    pub dissent: String,
}

impl Hq {
    /// What should be talked about: every case with an open review, with the reason.
    ///
    /// # Errors
    /// The store failed.
    pub fn agenda(&self, branch: &str) -> Result<Vec<NewItem>, HqError> {
        self.settle()?;
        let mut items: Vec<NewItem> = Vec::new();
        for review in self.reviews(true)? {
            let file = match self.case_file(&review.case) {
                Ok(file) => file,
                Err(HqError::NotFound(_)) => continue,
                Err(e) => return Err(e),
            };
            if branch.is_empty() || file.branch == branch {
                let question = format!("{}：{}", review.kind, review.hq_says);
                items.push(NewItem { case: review.case, question });
            }
        }
        Ok(items)
    }

    /// Calls a conference.
    ///
    /// # Errors
    /// No case on the list, or one that HQ does not hold.
    pub fn call_conference(&self, new: NewConference) -> Result<Conference, HqError> {
        if new.items.is_empty() {
            return Err(HqError::Bad("研判名单为空 / the list is empty".into()));
        }
        for item in &new.items {
            self.case_file(&item.case)?;
        }
        let id = format!("C{:013}{}", self.now_ms(), self.random_hex::<2>()?);
        let conference = Conference {
            id,
            on: new.on,
            branch: new.branch,
            items: new
                .items
                .into_iter()
                .map(|i| Item { case: i.case, question: i.question, decision: None })
                .collect(),
        };
        self.write(1, move |w| {
            store::put(w, "conference", &conference.id, &conference)?;
            Ok(conference)
        })
    }

    /// Writes what was decided of one case; it travels back to the phone of that case.
    ///
    /// # Errors
    /// No such conference or case, decided already, fewer than two present, no reason.
    pub fn decide_item(&self, id: &str, case: &str, decided: ItemDecision) -> Result<Conference, HqError> {
        let mut present = decided.present.clone();
        present.sort();
        present.dedup();
        if present.len() < 2 || decided.reason.trim().is_empty() || decided.decision.trim().is_empty() {
            return Err(HqError::Bad(
                "集体研判须两人以上，写明意见与理由 / two people at least, a decision and a reason".into(),
            ));
        }
        let (id, case, now) = (id.to_owned(), case.to_owned(), self.now_ms());
        self.write(1, move |w| {
            let mut conference: Conference =
                store::get(w, "conference", &id)?.ok_or(HqError::NotFound("conference"))?;
            let item =
                conference.items.iter_mut().find(|i| i.case == case).ok_or(HqError::NotFound("case"))?;
            if item.decision.is_some() {
                return Err(HqError::Conflict("已有研判意见 / it is decided".into()));
            }
            let file: CaseFile = store::get(w, "case", &case)?.ok_or(HqError::NotFound("case"))?;
            let verdict = Verdict {
                id: format!("{id}:{case}"),
                case: case.clone(),
                number: file.standing().map(|d| d.number.clone()).unwrap_or_default(),
                finding: "conference_decided".to_owned(),
                zh: format!("集体研判意见：{}（{}）", decided.decision, decided.reason),
                en: format!("Case conference: {} ({})", decided.decision, decided.reason),
            };
            if let Some(entry) = file.entries.first() {
                feed::publish(w, &feed::to_device(&entry.device), &FeedBody::Verdict(verdict), now)?;
            }
            item.decision = Some(decided);
            store::put(w, "conference", &id, &conference)?;
            Ok(conference)
        })
    }

    /// All conferences, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn conferences(&self) -> Result<Vec<Conference>, HqError> {
        Ok(self.read(|r| store::list(r, "conference", ""))?.into_iter().map(|(_, c)| c).collect())
    }
}
