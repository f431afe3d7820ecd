//! `check`: everything that can be proved about a pack before it leaves the desk.
//!
//! Exact, not sampled: gaps, overlaps and dead rows come from box subtraction (`boxes`). Each finding
//! is one sentence with file, line and the offending cell.

pub(crate) mod boxes;
mod examples;
mod mutation;
mod offences;
mod pack;
mod tables;
mod templates;

pub use examples::question_counts;
pub use mutation::mutations;

use crate::rulebook::{Files, Finding, Findings, Rulebook};

/// Checks a pack against what it imports. An empty list means that it may be signed.
#[must_use]
pub fn check(files: &Files, imports: &[&Rulebook]) -> Vec<Finding> {
    let (rulebook, mut findings) = Rulebook::build(files, imports);
    let Some(rulebook) =
        rulebook.filter(|_| findings.iter().all(|f| f.severity != crate::rulebook::Severity::Error))
    else {
        return findings;
    };
    let mut found = Findings::default();
    pack::check(&rulebook, &mut found);
    templates::check(&rulebook, files, &mut found);
    for offence in rulebook.offences.iter().filter(|o| !o.inherited) {
        offences::check(&rulebook, offence, &mut found);
        tables::tiers(&rulebook, offence, &mut found);
    }
    offences::pairs(&rulebook, &mut found);
    findings.extend(found.finish(files));
    findings.sort();
    findings
}
