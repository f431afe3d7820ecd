//! A case in one line: for lists, search and the status screen. Rebuilt from the case at every change.

use chrono::NaiveDateTime;
use ezhifa_casework::{
    case::{Case, Phase},
    event::CaseId,
    law::{money::Fen, terms::Outcome},
    people::Sensitivity,
};
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    feed::moment,
    search::{CaseRow, KeyKind},
    store::Dao,
};

/// One case in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLine {
    /// Case.
    pub id: CaseId,
    /// When it was opened.
    pub opened: Option<NaiveDateTime>,
    /// Where.
    pub place: String,
    /// Offence id.
    pub offence: String,
    /// How far it is.
    pub phase: String,
    /// How it ends.
    pub outcome: Option<Outcome>,
    /// Fine decided.
    pub amount: Fen,
    /// Numbers of its papers, decision first.
    pub numbers: Vec<String>,
    /// 演练.
    pub drill: bool,
    /// 已备案.
    pub filed: bool,
    /// What kind of personal data it holds: a child's case is marked in every list (个人信息保护法 28).
    #[serde(default)]
    pub sensitivity: Sensitivity,
}

impl CaseLine {
    pub(super) fn of(case: &Case) -> CaseLine {
        let record = case.record();
        let mut numbers: Vec<String> = record.map(|r| r.number.clone()).into_iter().collect();
        numbers.extend(
            case.slips().iter().map(|s| s.number.clone()).filter(|n| record.is_none_or(|r| r.number != *n)),
        );
        let place = case.place().map(|p| p.address.clone()).unwrap_or_default();
        CaseLine {
            id: case.id().clone(),
            opened: case.opening().map(|o| o.at),
            offence: case.act().map(|a| a.offence.clone()).unwrap_or_default(),
            phase: word(case.phase()).to_owned(),
            outcome: case.outcome(),
            amount: record.map_or(Fen::ZERO, |r| r.amount),
            drill: case.is_drill(),
            filed: case.filed().is_some(),
            sensitivity: case.sensitivity(),
            numbers,
            place,
        }
    }

    /// Writes the line and the keys by which the case is found.
    pub(super) fn keep(&self, dao: &mut Dao<'_>, case: &Case, changed_ms: i64) -> Result<(), Error> {
        let place = case.place();
        let row = CaseRow {
            case_id: self.id.0.clone(),
            opened_ms: self.opened.map_or(changed_ms, moment),
            changed_ms,
            phase: self.phase.clone(),
            offence: self.offence.clone(),
            lat_e7: place.and_then(|p| p.lat_e7),
            lon_e7: place.and_then(|p| p.lon_e7),
            summary: serde_json::to_string(self)?,
        };
        let mut keys: Vec<(KeyKind, &str)> =
            self.numbers.iter().map(|n| (KeyKind::Number, n.as_str())).collect();
        if let Some(party) = case.party() {
            keys.push((KeyKind::PartyId, party.id_number.reveal()));
            keys.push((KeyKind::PartyName, party.name.reveal()));
            keys.push((KeyKind::Plate, party.plate.reveal()));
        }
        Ok(dao.index_case(&row, &keys)?)
    }

    pub(super) fn read(row: &CaseRow) -> Result<CaseLine, Error> {
        Ok(serde_json::from_str(&row.summary)?)
    }
}

/// The phase as apps know it.
#[must_use]
pub fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Unopened => "unopened",
        Phase::Gathering => "gathering",
        Phase::Proposed => "proposed",
        Phase::Noticed => "noticed",
        Phase::Heard => "heard",
        Phase::Decided => "decided",
        Phase::Issued => "issued",
        Phase::Printed => "printed",
        Phase::TakingRefused => "taking_refused",
        Phase::Served => "served",
        Phase::HandedOver => "handed_over",
        Phase::Closed => "closed",
    }
}
