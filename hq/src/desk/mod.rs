//! The desk beside the street: leads in, roster, orders, money, reviews, figures. docs/hq-desk.md is the
//! operator's page of it.

pub mod access;
pub mod acts;
pub mod appeals;
pub mod conference;
pub mod deferrals;
pub mod events;
pub mod figures;
pub mod fines;
pub mod geo;
pub mod handover;
pub mod head;
pub mod hot;
pub mod http;
pub mod leads;
pub(crate) mod list;
pub mod lookup;
pub mod minting;
pub(crate) mod open;
pub mod orders;
pub mod paycodes;
pub mod payments;
pub mod plot;
pub mod receipts;
pub mod roster;
mod routes;
pub mod routing;
pub mod scoring;
pub mod settings;
pub mod supervision;
pub mod watch;

use ezhifa_casework::case::Case;
use ezhifa_slip::Document;

use crate::{casefile::CaseFile, error::HqError, store::Write};

/// A case has changed: what the desk keeps beside its file follows.
pub(crate) fn follow(
    w: &mut dyn Write,
    case: &Case,
    file: &CaseFile,
    before: Option<&CaseFile>,
    device: &str,
    now: i64,
) -> Result<(), HqError> {
    if file.drill {
        return Ok(());
    }
    if let Some(lead) = &file.lead {
        leads::follow(w, lead, file, now)?;
    }
    if let (None, Some((lat_e7, lon_e7))) = (before, file.lat_e7.zip(file.lon_e7)) {
        routing::moved(w, &file.branch, device, geo::Point { lat_e7, lon_e7 })?;
    }
    orders::follow(w, case, file)?;
    fines::follow(w, case, file, device)?;
    appeals::follow(w, file)?;
    let codes: Vec<String> = case
        .slips()
        .iter()
        .filter_map(|s| serde_json::from_str::<Document>(s.document.reveal()).ok()?.pay_code)
        .collect();
    paycodes::follow(w, file, before, &codes, device, now)?;
    minting::follow(w, file, now)?;
    watch::follow(w, file, before)?;
    lookup::follow(w, file, before, case.place().map_or("", |p| p.address.as_str()))
}
