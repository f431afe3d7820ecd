//! For a person who lost the slip: found by identity together with a place or a day, never by a name alone.
//! Each search and each copy stands in the log of acts.

use chrono::NaiveDate;
use ezhifa_casework::law::terms::Outcome;
use ezhifa_slip::{Block, BundledOnly, Document, Line, Paper, layout, pdf};
use serde::{Deserialize, Serialize};

use super::fines::FineLine;
use crate::{
    Hq,
    casefile::CaseFile,
    config::local,
    error::HqError,
    publish,
    store::{self, Write},
};

/// What the person can say.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Number of the person's document, shown at the desk.
    pub id_number: String,
    /// Part of the address.
    #[serde(default)]
    pub place: Option<String>,
    /// Day of the decision, give or take one.
    #[serde(default)]
    pub on: Option<NaiveDate>,
}

/// A decision that fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Number.
    pub number: String,
    /// Outcome.
    pub outcome: Outcome,
    /// Day.
    pub on: NaiveDate,
    /// `void`, `undelivered`, `revoked`; none while it stands.
    pub ended: Option<String>,
    /// The fine, where there is one: what is owed, how to pay, receipts.
    pub fine: Option<FineLine>,
}

/// Keeps the way from a person's keyed hash to the case.
pub(crate) fn follow(
    w: &mut dyn Write,
    file: &CaseFile,
    before: Option<&CaseFile>,
    place: &str,
) -> Result<(), HqError> {
    if let Some(old) = before.and_then(|b| b.party.as_ref()).filter(|old| Some(*old) != file.party.as_ref()) {
        w.remove_doc("party_case", &format!("{old}/{}", file.id))?;
    }
    match &file.party {
        Some(party) => store::put(w, "party_case", &format!("{party}/{}", file.id), &place),
        None => Ok(()),
    }
}

impl Hq {
    /// Looks for the decisions of a person who is at the desk.
    ///
    /// # Errors
    /// Neither place nor day was given.
    pub fn look_up(&self, search: &Search) -> Result<Vec<Found>, HqError> {
        let place = search.place.as_deref().map(str::trim).filter(|p| p.chars().count() >= 2);
        if search.id_number.trim().is_empty() || (place.is_none() && search.on.is_none()) {
            return Err(HqError::Bad("查询需要证件号码，以及地点（两字以上）或者日期 / a search needs the document number, and a place or a day".into()));
        }
        self.settle()?;
        let key = self.seen_key("party")?;
        let party = publish::tag(&key, "party", &search.id_number)?;
        let mut found = Vec::new();
        let cases: Vec<(String, String)> =
            self.read(|r| store::list(r, "party_case", &format!("{party}/")))?;
        for (key, address) in cases {
            let file = self.case_file(key.rsplit('/').next().unwrap_or_default())?;
            if file.drill || place.is_some_and(|p| !address.contains(p)) {
                continue;
            }
            for decision in &file.decisions {
                let day = decision.at.date();
                if search.on.is_some_and(|on| (day - on).num_days().abs() > 1) {
                    continue;
                }
                found.push(Found {
                    number: decision.number.clone(),
                    outcome: decision.outcome,
                    on: day,
                    ended: decision.ended.clone(),
                    fine: match self.fine(&decision.number) {
                        Ok(line) => Some(line),
                        Err(HqError::NotFound(_)) => None,
                        Err(e) => return Err(e),
                    },
                });
            }
        }
        Ok(found)
    }

    /// The slip as it was printed, marked as a copy, as PDF.
    ///
    /// # Errors
    /// HQ does not hold its words, or they cannot be set.
    pub fn copy_of(&self, number: &str, who: &str) -> Result<Vec<u8>, HqError> {
        self.settle()?;
        let file: crate::numbers::NumberFile =
            self.read(|r| store::get(r, "number", number))?.ok_or(HqError::NotFound("number"))?;
        let document = self
            .case_events(&file.case)?
            .into_iter()
            .find_map(|e| match e.event {
                ezhifa_casework::event::Event::SlipIssued { number: n, document, .. } if n == number => {
                    Some(document)
                }
                _ => None,
            })
            .ok_or(HqError::NotFound("slip"))?;
        let document: Document =
            serde_json::from_str(document.reveal()).map_err(|_| HqError::Unreadable("slip".into()))?;
        let marked = mark(
            document,
            &format!("副本 {} {}", local(self.now_ms()).format("%Y-%m-%d"), who),
            file.state == "revoked",
        );
        let set = layout(&marked, Paper::A4, &BundledOnly).map_err(|e| HqError::Law(e.to_string()))?;
        pdf::render(&set).map_err(|e| HqError::Law(e.to_string()))
    }
}

/// Marks stand where a reprint has its own: under the slip's own marks.
fn mark(mut document: Document, words: &str, revoked: bool) -> Document {
    use ezhifa_casework::law::template::{Part, Style};
    let at = document.blocks.iter().take_while(|b| b.part == Part::Mark).count();
    let mut lines = vec![Line::text(words)];
    if revoked {
        lines.push(Line::text("本决定已被撤销"));
    }
    document.blocks.insert(
        at,
        Block { part: Part::Mark, label: String::new(), style: Style::Centred, rule_above: false, lines },
    );
    document
}
