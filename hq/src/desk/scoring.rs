//! 案卷评查: a file scores itself against a table, so that a branch sees its gaps before a reviewer does. The
//! table is data and a sample; breaches come from the audit that shares no code with the guards.

use std::collections::BTreeSet;

use ezhifa_casework::{audit, books::Books as _, books::InForce, people::Roster};
use serde::{Deserialize, Serialize};

use crate::{Hq, casefile::CaseFile, error::HqError, store};

const TABLE: &str = include_str!("scoring.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    source: String,
    sample: bool,
    full: i64,
    item: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    zh: String,
    #[serde(default)]
    fatal: bool,
    #[serde(default)]
    points: i64,
    #[serde(default)]
    invariant: Option<u8>,
    #[serde(default)]
    check: Option<String>,
}

/// What a file scores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Case.
    pub case: String,
    /// Number of the decision.
    pub number: String,
    /// Points of the table's full number; 0 when something fails the file outright.
    pub points: i64,
    /// Failed outright (一票否决).
    pub failed: bool,
    /// Where points were lost.
    pub lost: Vec<Loss>,
    /// Which table.
    pub table: String,
    /// The table is a sample.
    pub sample: bool,
}

/// One gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Row of the table.
    pub id: String,
    /// What it asks for.
    pub zh: String,
    /// Points.
    pub points: i64,
    /// Fails the file.
    pub fatal: bool,
}

impl Hq {
    /// Scores the file of a case that has a decision.
    ///
    /// # Errors
    /// No such case, or no decision in it.
    pub fn score(&self, case: &str) -> Result<Score, HqError> {
        self.settle()?;
        let file = self.case_file(case)?;
        let table: Table = toml::from_str(TABLE).map_err(|e| HqError::Config(e.to_string()))?;
        let decision = file.decisions.last().ok_or(HqError::NotFound("decision"))?;
        let breaches = self.breaches(&file)?;
        let differs =
            self.read(|r| r.doc("review", &format!("replay_differs:{}:", decision.number)))?.is_some();
        let complete = self.evidence_complete(&file)?;
        let mut score = Score {
            case: file.id.clone(),
            number: decision.number.clone(),
            points: table.full,
            failed: false,
            lost: Vec::new(),
            table: table.source,
            sample: table.sample,
        };
        for row in table.item {
            let held = match (row.invariant, row.check.as_deref()) {
                (Some(n), _) => !breaches.contains(&n),
                (None, Some("replay")) => !differs,
                (None, Some("evidence")) => !decision.evidence.is_empty(),
                (None, Some("served")) => file.served_at.is_some(),
                (None, Some("evidence_complete")) => complete,
                (None, Some("paper")) => file.slips.iter().all(|s| s.printed && s.unknown_prints == 0),
                (None, Some("place")) => file.lat_e7.is_some(),
                _ => return Err(HqError::Config(format!("评查表 {} / scoring table {}", row.id, row.id))),
            };
            if !held {
                score.failed |= row.fatal;
                score.points = score.points.saturating_sub(row.points);
                score.lost.push(Loss { id: row.id, zh: row.zh, points: row.points, fatal: row.fatal });
            }
        }
        if score.failed {
            score.points = 0;
        }
        Ok(score)
    }

    fn breaches(&self, file: &CaseFile) -> Result<BTreeSet<u8>, HqError> {
        let Some(book) = file.decisions.last().and_then(|d| self.book(&d.pack.hash)) else {
            return Ok(BTreeSet::new());
        };
        let officers = self.read(|r| store::get(r, "roster", &file.branch))?.unwrap_or_default();
        let rules = InForce { at_act: &book, at_decision: &book }.rules();
        let events = self.case_events(&file.id)?;
        Ok(audit::breaches(&events, &Roster { officers }, &rules).into_iter().map(|b| b.invariant).collect())
    }

    /// Whether all evidence of every decision of a case is durable here.
    pub(crate) fn evidence_complete(&self, file: &CaseFile) -> Result<bool, HqError> {
        for sha in file.decisions.iter().flat_map(|d| &d.evidence) {
            let digest = crate::ingest::digest(sha)?;
            if !self.inner.blobs.progress(&digest)?.complete {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_table_adds_up_and_says_that_it_is_a_sample() {
        let table: Table = toml::from_str(TABLE).unwrap();
        assert!(table.sample);
        assert_eq!(table.item.iter().map(|r| r.points).sum::<i64>(), table.full);
        assert!(
            table.item.iter().all(|r| r.fatal == (r.points == 0)),
            "a row fails the file or costs points"
        );
        assert!(table.item.iter().all(|r| r.invariant.is_some() != r.check.is_some()));
    }
}
