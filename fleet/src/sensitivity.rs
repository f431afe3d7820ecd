//! How far the share without a penalty moves with each assumption: the same drawn cases, decided by the same
//! rulebook without phones, papers and HQ, one assumption at a time at its low and its high end.

use std::{collections::BTreeMap, path::Path};

use chrono::{Months, NaiveDateTime};
use ezhifa_field::casework::law::{
    decide::decide,
    decision::{Choice, Decision, History, Inquiry, PriorOrder},
    facts::{Facts, Value},
    money::Fen,
    rulebook::Rulebook,
    terms::{Limb, Outcome},
};
use serde::Serialize;

use crate::{
    FleetError,
    report::share,
    scenario::{Draw, Scenario},
};

/// One assumption.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Its name in the scenario.
    pub rate: String,
    /// Low end, thousandths.
    pub low: u32,
    /// Share with it.
    pub share_low: f64,
    /// What the run uses.
    pub value: u32,
    /// Share with it.
    pub share: f64,
    /// High end.
    pub high: u32,
    /// Share with it.
    pub share_high: f64,
    /// `assumed`, or the source.
    pub basis: String,
}

/// The table, the assumption that moves most first.
///
/// # Errors
/// The packs cannot be read, or a drawn case cannot be decided.
pub fn table(scenario: &Scenario, seed: u64, cases: u32, root: &Path) -> Result<Vec<Line>, FleetError> {
    let book = crate::simulate::law(scenario, root)?;
    let small = Scenario { cases, ..scenario.clone() };
    let base = no_penalty(&small, seed, &book)?;
    let with = |name: &str, value: u32| {
        let mut other = small.clone();
        if let Some(rate) = other.rates.get_mut(name) {
            rate.value = value;
        }
        no_penalty(&other, seed, &book)
    };
    let mut lines = Vec::new();
    for (name, rate) in &scenario.rates {
        lines.push(Line {
            rate: name.clone(),
            low: rate.low,
            share_low: with(name, rate.low)?,
            value: rate.value,
            share: base,
            high: rate.high,
            share_high: with(name, rate.high)?,
            basis: if rate.assumed { "assumed".into() } else { rate.source.clone() },
        });
    }
    lines.sort_by(|a, b| {
        let swing = |l: &Line| (l.share_high - l.share_low).abs();
        swing(b).total_cmp(&swing(a)).then_with(|| a.rate.cmp(&b.rate))
    });
    Ok(lines)
}

/// Share without a penalty when these cases are only decided.
///
/// # Errors
/// A drawn case cannot be decided.
pub(crate) fn no_penalty(scenario: &Scenario, seed: u64, book: &Rulebook) -> Result<f64, FleetError> {
    let mut finds: BTreeMap<(String, String), NaiveDateTime> = BTreeMap::new();
    let (mut none, mut all) = (0_u64, 0_u64);
    for draw in scenario.draw(seed) {
        let conduct = book.offence(&draw.offence).map_or(draw.offence.as_str(), |o| o.conduct.as_str());
        let who = (draw.id_number.clone(), conduct.to_owned());
        let months = book.settings().look_back_months;
        let from = draw.at.checked_sub_months(Months::new(months)).unwrap_or(draw.at);
        let earlier = !draw.id_number.is_empty() && finds.get(&who).is_some_and(|at| *at >= from);
        let outcome = ends(book, &draw, earlier)?;
        if book.settings().look_back_counts.contains(&outcome) {
            finds.insert(who, draw.at);
        }
        all = all.saturating_add(1);
        none = none.saturating_add(u64::from(matches!(outcome, Outcome::NoPenalty | Outcome::OrderComplied)));
    }
    Ok(share(none, all))
}

/// How a drawn case ends, with its re-check.
fn ends(book: &Rulebook, draw: &Draw, earlier: bool) -> Result<Outcome, FleetError> {
    let mut inquiry = Inquiry {
        offence: draw.offence.clone(),
        party: draw.kind,
        age_at_act: draw.age,
        act_at: draw.at,
        decided_at: draw.at,
        discovered_at: None,
        facts: Facts(
            draw.facts
                .iter()
                .filter(|(name, _)| book.fact(name).is_some() || *name == "age_band")
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect(),
        ),
        prior_order: None,
        history: History { earlier: Some(earlier), as_of: Some(draw.at), stale: false },
        encounter_fines: Fen::ZERO,
        defence_cap: None,
        choice: None,
    };
    let ask = |inquiry: &Inquiry| {
        decide(book, book, inquiry).map_err(|e| FleetError::Input(format!("case {}: {e}", draw.index)))
    };
    let first = chosen(ask(&inquiry)?, draw, |choice| {
        inquiry.choice = Some(choice);
        ask(&inquiry)
    })?;
    if first.outcome != Outcome::Order {
        return Ok(first.outcome);
    }
    if draw.corrected_later {
        return Ok(Outcome::OrderComplied);
    }
    inquiry.choice = None;
    inquiry.facts.0.insert("corrected".into(), Value::Bool(false));
    inquiry.prior_order = Some(PriorOrder {
        number: "earlier".into(),
        offence: String::new(),
        ordered_on: draw.at.date(),
        due: draw.at,
        served: true,
        rechecked: Some(draw.at),
        corrected: Some(false),
        refused: false,
    });
    Ok(ask(&inquiry)?.outcome)
}

fn chosen(
    decision: Decision,
    draw: &Draw,
    choose: impl FnOnce(Choice) -> Result<Decision, FleetError>,
) -> Result<Decision, FleetError> {
    let fine = decision.may_choose.iter().copied().find(|o| o.is_penalty());
    match (decision.limb, draw.limb_b, fine) {
        (Some(Limb::B), false, Some(outcome)) => choose(Choice { outcome, amount: None }),
        _ => Ok(decision),
    }
}
