//! Hot problems: where the same thing is reported week after week. Places and codes only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    figures::{Days, week},
    geo::Point,
};
use crate::{Hq, config::local, error::HqError};

/// Edge of a cell in 1e-7 degree: about 500 m.
const CELL_E7: i64 = 45_000;

/// One problem in one place in one week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hot {
    /// ISO week.
    pub week: String,
    /// Branch; empty where nobody's.
    pub branch: String,
    /// Event code.
    pub event_code: String,
    /// Its name, where the code is known.
    pub name: String,
    /// Middle of the cell of about 500 m.
    pub at: Point,
    /// Words for the place, from the newest lead.
    pub place: String,
    /// Leads, joined ones too.
    pub leads: u64,
}

impl Hq {
    /// Cells by week and code, most leads first.
    ///
    /// # Errors
    /// The store failed.
    pub fn hot(&self, days: Days) -> Result<Vec<Hot>, HqError> {
        let codes = self.event_codes()?;
        let mut cells: BTreeMap<(String, String, i64, i64), Hot> = BTreeMap::new();
        self.each_lead(days, |lead| {
            let (row, column) =
                (lead.new.at.lat_e7.div_euclid(CELL_E7), lead.new.at.lon_e7.div_euclid(CELL_E7));
            let week = week(local(lead.received_ms).date());
            let key = (week.clone(), lead.new.event_code.clone(), row, column);
            let middle = |n: i64| n.saturating_mul(CELL_E7).saturating_add(CELL_E7 / 2);
            let hot = cells.entry(key).or_insert_with(|| Hot {
                week,
                branch: lead.branch.clone().unwrap_or_default(),
                event_code: lead.new.event_code.clone(),
                name: codes.get(&lead.new.event_code).map(|e| e.name.clone()).unwrap_or_default(),
                at: Point { lat_e7: middle(row), lon_e7: middle(column) },
                place: String::new(),
                leads: 0,
            });
            hot.leads = hot.leads.saturating_add(1);
            hot.place.clone_from(&lead.new.place);
        })?;
        let mut out: Vec<Hot> = cells.into_values().collect();
        out.sort_by(|a, b| b.leads.cmp(&a.leads).then_with(|| a.week.cmp(&b.week)));
        Ok(out)
    }
}
