//! Figures about the work, never about fines per officer (处罚法 74; LAW.md 6.1 no. 19): no field here can
//! carry an officer.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use ezhifa_casework::law::terms::{Limb, Outcome};
use ezhifa_wire::seal::hash::Digest;
use serde::{Deserialize, Serialize};

use super::{
    appeals::Appeal,
    leads::{Lead, LeadState},
};
use crate::{Hq, casefile::CaseFile, config::local, error::HqError, store};

/// Counts of one branch, or of all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Cases that are not drills.
    pub cases: u64,
    /// Advice without a decision (服务, 管理 beside 执法: 721).
    pub advised: u64,
    /// Decisions that stand.
    pub decisions: u64,
    /// 721: what was done with service, with management, with enforcement.
    pub contacts: Contacts,
    /// By outcome.
    pub by_outcome: BTreeMap<String, u64>,
    /// By limb.
    pub by_limb: BTreeMap<String, u64>,
    /// By offence.
    pub by_offence: BTreeMap<String, u64>,
    /// Where cases come from.
    pub by_source: BTreeMap<String, u64>,
    /// Decisions a week, `2026-W39`.
    pub by_week: BTreeMap<String, u64>,
    /// Decisions without a penalty in tenths of a percent; none without decisions. Never a target.
    pub no_penalty_permille: Option<u64>,
    /// Median seconds from opening to service.
    pub median_open_to_served_s: Option<i64>,
    /// Median seconds from notice to decision.
    pub median_notice_to_decision_s: Option<i64>,
    /// Decisions with all evidence at HQ.
    pub evidence_complete: u64,
    /// The same in tenths of a percent of decisions.
    pub completeness_permille: Option<u64>,
    /// Cases in which the correction was seen.
    pub corrected: u64,
    /// Of the cases that ask for a correction (orders, waivers A and B), those where it was seen, in tenths
    /// of a percent.
    pub correction_permille: Option<u64>,
    /// Waivers whose party was found again for the same offence afterwards.
    pub repeat_after_waiver: u64,
    /// The same in tenths of a percent of waivers of identified parties.
    pub repeat_permille: Option<u64>,
    /// Decisions void or undelivered.
    pub void: u64,
    /// Decisions revoked (撤销).
    pub revoked: u64,
    /// Decisions that reconsideration or court changed, revoked or found unlawful.
    pub overturned: u64,
    /// Clerical corrections (补正).
    pub clerical: u64,
    /// Prints of which nobody knows.
    pub unknown_prints: u64,
}

/// 721 工作法: 七分服务、二分管理、一分执法. Which outcome counts as what is this table and no law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contacts {
    /// Advice (劝导), and leads answered without a case.
    pub service: u64,
    /// Orders to correct, orders complied with, no penalty.
    pub management: u64,
    /// Warning, fine, ordinary procedure.
    pub enforcement: u64,
}

/// Days that figures are about; both ends included, open where none is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Days {
    /// First.
    pub from: Option<NaiveDate>,
    /// Last.
    pub to: Option<NaiveDate>,
}

impl Days {
    fn hold(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|f| f <= day) && self.to.is_none_or(|t| day <= t)
    }

    /// As it stands in a title; none for all days.
    pub(crate) fn words(self) -> Option<String> {
        let day = |d: Option<NaiveDate>| d.map(|d| d.to_string()).unwrap_or_default();
        (self != Days::default()).then(|| format!("{}–{}", day(self.from), day(self.to)))
    }
}

fn add(map: &mut BTreeMap<String, u64>, key: String) {
    let n = map.entry(key).or_default();
    *n = n.saturating_add(1);
}

fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn median(mut all: Vec<i64>) -> Option<i64> {
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}

fn permille(part: u64, whole: u64) -> Option<u64> {
    part.saturating_mul(1000).checked_div(whole)
}

/// ISO week of a day.
pub(crate) fn week(day: NaiveDate) -> String {
    let week = day.iso_week();
    format!("{:04}-W{:02}", week.year(), week.week())
}

/// The weeks between the first and the last as well: a week in which nothing was decided is no gap in a plot.
pub(crate) fn every_week(mut counted: BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let monday = |week: &String| NaiveDate::parse_from_str(&format!("{week}-1"), "%G-W%V-%u").ok();
    let ends = counted.keys().next().and_then(monday).zip(counted.keys().next_back().and_then(monday));
    if let Some((first, last)) = ends {
        for day in first.iter_weeks().take_while(|day| *day <= last) {
            counted.entry(week(day)).or_default();
        }
    }
    counted
}

/// What is counted beside the files themselves.
struct Beside {
    /// Evidence that is durable here.
    whole: BTreeSet<String>,
    /// Numbers that a remedy overturned.
    overturned: BTreeSet<String>,
    /// Waivers whose party was found again.
    again: BTreeSet<String>,
    /// Leads answered without a case, by branch.
    answered: BTreeMap<String, u64>,
}

impl Hq {
    /// Figures by branch over everything; the empty name is all of them together.
    ///
    /// # Errors
    /// The store failed.
    pub fn figures(&self) -> Result<BTreeMap<String, Figures>, HqError> {
        self.figures_between(Days::default())
    }

    /// Figures by branch of the cases opened on these days.
    ///
    /// # Errors
    /// The store failed.
    pub fn figures_between(&self, days: Days) -> Result<BTreeMap<String, Figures>, HqError> {
        self.settle()?;
        let all = self.case_files()?;
        let again = found_again(&all);
        let files: Vec<CaseFile> = all
            .into_iter()
            .filter(|f| !f.drill && f.opened_at.is_none_or(|at| days.hold(at.date())))
            .collect();
        let mut whole = BTreeSet::new();
        for sha in files.iter().flat_map(|f| f.decisions.iter().flat_map(|d| &d.evidence)) {
            if Digest::from_hex(sha)
                .ok()
                .is_some_and(|d| self.inner.blobs.progress(&d).is_ok_and(|p| p.complete))
            {
                whole.insert(sha.clone());
            }
        }
        let appeals: Vec<(String, Appeal)> = self.read(|r| store::list(r, "appeal", ""))?;
        let overturned = appeals
            .into_iter()
            .filter(|(_, a)| matches!(a.outcome.as_deref(), Some("changed" | "revoked" | "unlawful")))
            .map(|(number, _)| number)
            .collect();
        let beside = Beside { whole, overturned, again, answered: self.answered_leads(days)? };
        let mut names: BTreeSet<String> = files.iter().map(|f| f.branch.clone()).collect();
        names.extend(beside.answered.keys().cloned());
        names.insert(String::new());
        Ok(names
            .into_iter()
            .map(|name| {
                let mine = files.iter().filter(|c| name.is_empty() || c.branch == name);
                let f = count(mine, &name, &beside);
                (name, f)
            })
            .collect())
    }

    /// Leads answered without a case (服务), by branch.
    fn answered_leads(&self, days: Days) -> Result<BTreeMap<String, u64>, HqError> {
        let mut out = BTreeMap::new();
        self.each_lead(days, |lead| {
            if matches!(lead.state, LeadState::Closed { .. }) && lead.case().is_none() {
                add(&mut out, lead.branch.clone().unwrap_or_default());
            }
        })?;
        Ok(out)
    }

    /// Every lead that came in on these days, in the order of time, without holding them all.
    pub(crate) fn each_lead(&self, days: Days, mut see: impl FnMut(&Lead)) -> Result<(), HqError> {
        // Lead ids begin with their time.
        let start = days.from.and_then(|d| d.and_hms_opt(0, 0, 0)).map_or(0, crate::publish::ms).max(0);
        let mut after = format!("L{start:013}");
        self.read(|r| {
            loop {
                let page = r.docs("lead", "L", &after, 1000)?;
                let end = page.len() < 1000;
                for (key, body) in page {
                    let lead: Lead =
                        serde_json::from_str(&body).map_err(|_| HqError::Unreadable("lead".into()))?;
                    let day = local(lead.received_ms).date();
                    if days.to.is_some_and(|to| to < day) {
                        return Ok(());
                    }
                    see(&lead);
                    after = key;
                }
                if end {
                    return Ok(());
                }
            }
        })
    }
}

/// Waivers whose party was found later for the same offence.
fn found_again(files: &[CaseFile]) -> BTreeSet<String> {
    let mut last: BTreeMap<(&str, &str), chrono::NaiveDateTime> = BTreeMap::new();
    let acts = files.iter().filter(|f| !f.drill).filter_map(|f| {
        let decision = f.standing()?;
        Some((f.party.as_deref()?, decision, f.act_at.unwrap_or(decision.at)))
    });
    for (party, decision, at) in acts.clone() {
        let newest = last.entry((party, decision.offence.as_str())).or_insert(at);
        *newest = (*newest).max(at);
    }
    acts.filter(|(party, d, at)| {
        d.limb.is_some() && last.get(&(*party, d.offence.as_str())).is_some_and(|l| l > at)
    })
    .map(|(_, d, _)| d.number.clone())
    .collect()
}

fn count<'a>(cases: impl Iterator<Item = &'a CaseFile>, name: &str, beside: &Beside) -> Figures {
    let mut f = Figures::default();
    let (mut served, mut noticed, mut lenient) = (Vec::new(), Vec::new(), 0_u64);
    let (mut asked, mut did, mut known_waivers) = (0_u64, 0_u64, 0_u64);
    let plus = |n: &mut u64, by: u64| *n = n.saturating_add(by);
    for case in cases {
        plus(&mut f.cases, 1);
        plus(&mut f.advised, u64::from(case.advised));
        plus(&mut f.contacts.service, u64::from(case.advised));
        plus(&mut f.corrected, u64::from(case.corrected_at.is_some()));
        plus(&mut f.clerical, u64::from(case.corrections));
        plus(&mut f.unknown_prints, case.slips.iter().map(|s| u64::from(s.unknown_prints)).sum());
        add(&mut f.by_source, case.source.clone());
        if let Some(offence) = &case.offence {
            add(&mut f.by_offence, offence.clone());
        }
        if let (Some(open), Some(end)) = (case.opened_at, case.served_at) {
            served.push((end - open).num_seconds());
        }
        for decision in &case.decisions {
            plus(&mut f.overturned, u64::from(beside.overturned.contains(&decision.number)));
            match decision.ended.as_deref() {
                Some("revoked") => plus(&mut f.revoked, 1),
                Some(_) => plus(&mut f.void, 1),
                None => {
                    plus(&mut f.decisions, 1);
                    plus(&mut lenient, u64::from(!decision.outcome.is_penalty()));
                    add(&mut f.by_outcome, word(&decision.outcome));
                    add(&mut f.by_week, week(decision.at.date()));
                    match decision.outcome {
                        Outcome::NoViolation | Outcome::Advice => plus(&mut f.contacts.service, 1),
                        Outcome::Order
                        | Outcome::OrderComplied
                        | Outcome::NoPenalty
                        | Outcome::NoPenaltyProposed => plus(&mut f.contacts.management, 1),
                        _ => plus(&mut f.contacts.enforcement, 1),
                    }
                    if let Some(limb) = &decision.limb {
                        add(&mut f.by_limb, word(limb));
                        plus(&mut known_waivers, u64::from(case.party.is_some()));
                    }
                    if decision.outcome == Outcome::Order || matches!(decision.limb, Some(Limb::A | Limb::B))
                    {
                        plus(&mut asked, 1);
                        plus(&mut did, u64::from(case.corrected_at.is_some()));
                    }
                    plus(&mut f.repeat_after_waiver, u64::from(beside.again.contains(&decision.number)));
                    if decision.evidence.iter().all(|e| beside.whole.contains(e)) {
                        plus(&mut f.evidence_complete, 1);
                    }
                    if let Some(notice) = case.noticed_at {
                        noticed.push((decision.at - notice).num_seconds());
                    }
                }
            }
        }
    }
    let answered = beside.answered.iter().filter(|(b, _)| name.is_empty() || *b == name).map(|(_, n)| *n);
    plus(&mut f.contacts.service, answered.sum());
    f.no_penalty_permille = permille(lenient, f.decisions);
    f.completeness_permille = permille(f.evidence_complete, f.decisions);
    f.correction_permille = permille(did, asked);
    f.repeat_permille = permille(f.repeat_after_waiver, known_waivers);
    f.median_open_to_served_s = median(served);
    f.median_notice_to_decision_s = median(noticed);
    f
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_week_is_shown_also_over_new_year() {
        let counted = [("2026-W52", 3), ("2027-W01", 1)].map(|(w, n)| (w.to_owned(), n));
        let shown: Vec<(String, u64)> = every_week(counted.into()).into_iter().collect();
        assert_eq!(
            shown,
            [("2026-W52", 3), ("2026-W53", 0), ("2027-W01", 1)].map(|(w, n)| (w.to_owned(), n))
        );
        assert!(every_week(BTreeMap::new()).is_empty());
    }
}
