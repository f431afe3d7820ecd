//! Figures about the work, never about fines per officer (处罚法 74; LAW.md 6.1 no. 19): no field here can
//! carry an officer.

use std::collections::{BTreeMap, BTreeSet};

use ezhifa_wire::seal::hash::Digest;
use serde::{Deserialize, Serialize};

use crate::{Hq, error::HqError};

/// Counts of one branch, or of all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Cases that are not drills.
    pub cases: u64,
    /// Advice without a decision (服务, 管理 beside 执法: 721).
    pub advised: u64,
    /// Decisions that stand.
    pub decisions: u64,
    /// By outcome.
    pub by_outcome: BTreeMap<String, u64>,
    /// By limb.
    pub by_limb: BTreeMap<String, u64>,
    /// By offence.
    pub by_offence: BTreeMap<String, u64>,
    /// Where cases come from.
    pub by_source: BTreeMap<String, u64>,
    /// Decisions without a penalty in tenths of a percent; none without decisions.
    pub no_penalty_permille: Option<u64>,
    /// Median seconds from opening to service.
    pub median_open_to_served_s: Option<i64>,
    /// Median seconds from notice to decision.
    pub median_notice_to_decision_s: Option<i64>,
    /// Decisions with all evidence at HQ.
    pub evidence_complete: u64,
    /// Cases in which the correction was seen.
    pub corrected: u64,
    /// Decisions void or undelivered.
    pub void: u64,
    /// Decisions revoked (撤销).
    pub revoked: u64,
    /// Clerical corrections (补正).
    pub clerical: u64,
    /// Prints of which nobody knows.
    pub unknown_prints: u64,
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

impl Hq {
    /// Figures by branch; the empty name is all of them together.
    ///
    /// # Errors
    /// The store failed.
    pub fn figures(&self) -> Result<BTreeMap<String, Figures>, HqError> {
        self.settle()?;
        let files = self.case_files()?;
        let mut whole = BTreeSet::new();
        for sha in files.iter().flat_map(|f| f.decisions.iter().flat_map(|d| &d.evidence)) {
            if Digest::from_hex(sha)
                .ok()
                .is_some_and(|d| self.inner.blobs.progress(&d).is_ok_and(|p| p.complete))
            {
                whole.insert(sha.clone());
            }
        }
        let mut names: BTreeSet<String> = files.iter().map(|f| f.branch.clone()).collect();
        names.insert(String::new());
        let mut out = BTreeMap::new();
        for name in names {
            let mut f = Figures::default();
            let (mut served, mut noticed, mut lenient) = (Vec::new(), Vec::new(), 0_u64);
            for case in files.iter().filter(|c| !c.drill && (name.is_empty() || c.branch == name)) {
                f.cases = f.cases.saturating_add(1);
                f.advised = f.advised.saturating_add(u64::from(case.advised));
                f.corrected = f.corrected.saturating_add(u64::from(case.corrected_at.is_some()));
                f.clerical = f.clerical.saturating_add(u64::from(case.corrections));
                f.unknown_prints = f
                    .unknown_prints
                    .saturating_add(case.slips.iter().map(|s| u64::from(s.unknown_prints)).sum());
                add(&mut f.by_source, case.source.clone());
                if let Some(offence) = &case.offence {
                    add(&mut f.by_offence, offence.clone());
                }
                if let (Some(open), Some(end)) = (case.opened_at, case.served_at) {
                    served.push((end - open).num_seconds());
                }
                for decision in &case.decisions {
                    match decision.ended.as_deref() {
                        Some("revoked") => f.revoked = f.revoked.saturating_add(1),
                        Some(_) => f.void = f.void.saturating_add(1),
                        None => {
                            f.decisions = f.decisions.saturating_add(1);
                            lenient = lenient.saturating_add(u64::from(!decision.outcome.is_penalty()));
                            add(&mut f.by_outcome, word(&decision.outcome));
                            if let Some(limb) = &decision.limb {
                                add(&mut f.by_limb, word(limb));
                            }
                            if decision.evidence.iter().all(|e| whole.contains(e)) {
                                f.evidence_complete = f.evidence_complete.saturating_add(1);
                            }
                            if let Some(notice) = case.noticed_at {
                                noticed.push((decision.at - notice).num_seconds());
                            }
                        }
                    }
                }
            }
            f.no_penalty_permille = lenient.saturating_mul(1000).checked_div(f.decisions);
            f.median_open_to_served_s = median(served);
            f.median_notice_to_decision_s = median(noticed);
            out.insert(name, f);
        }
        Ok(out)
    }

    /// Served decisions whose evidence is not all at HQ `days` after they were made: (number, missing).
    ///
    /// # Errors
    /// The store failed.
    pub fn evidence_missing(&self, days: i64) -> Result<Vec<(String, Vec<String>)>, HqError> {
        self.settle()?;
        let now = crate::config::local(self.now_ms());
        let mut out = Vec::new();
        for case in self.case_files()?.into_iter().filter(|c| !c.drill && c.served_at.is_some()) {
            for decision in
                case.decisions.iter().filter(|d| d.ended.is_none() && (now - d.at).num_days() >= days)
            {
                let mut missing = Vec::new();
                for sha in &decision.evidence {
                    let digest = Digest::from_hex(sha).map_err(|_| HqError::Unreadable("evidence".into()))?;
                    if !self.inner.blobs.progress(&digest)?.complete {
                        missing.push(sha.clone());
                    }
                }
                if !missing.is_empty() {
                    out.push((decision.number.clone(), missing));
                }
            }
        }
        Ok(out)
    }
}
