//! What a supervisor looks at: a sample of waivers that anybody can draw again, and patterns. The share of
//! waivers is never a target; a pattern is a question, not a finding (LAW.md 5.4).

use std::collections::BTreeMap;

use ezhifa_casework::law::terms::Limb;
use ezhifa_wire::seal::hash::tagged;
use serde::{Deserialize, Serialize};

use crate::{
    Hq,
    casefile::{CaseFile, DecisionFile},
    error::HqError,
};

/// A waiver drawn for review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// Branch and limb: the stratum.
    pub branch: String,
    /// Limb.
    pub limb: String,
    /// Case.
    pub case: String,
    /// Number.
    pub number: String,
}

/// Something that repeats, or is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// `waived_without_correction`, `party_waived_often`, `officer_party_pair`, `device_voids`,
    /// `unknown_prints`, `advised_often`, `hasty_decision`.
    pub kind: String,
    /// What it is about: a number, a keyed hash, an officer and a keyed hash, a branch.
    pub about: String,
    /// How often, or how many seconds.
    pub count: u64,
    /// Cases behind it.
    pub cases: Vec<String>,
}

/// Repeats from this on are shown.
const OFTEN: usize = 3;
/// Seconds from notice to decision below which a statement can hardly have been heard.
const HASTY_S: i64 = 20;

fn waivers(files: &[CaseFile]) -> impl Iterator<Item = (&CaseFile, &DecisionFile, Limb)> {
    files.iter().filter(|f| !f.drill).filter_map(|f| {
        let decision = f.standing()?;
        Some((f, decision, decision.limb?))
    })
}

impl Hq {
    /// Draws `each` waivers from every branch and limb. The same seed and the same cases give the same
    /// draw, so that anybody can check that nobody chose.
    ///
    /// # Errors
    /// The store failed.
    pub fn draw_waivers(&self, seed: &str, each: usize) -> Result<Vec<Drawn>, HqError> {
        self.settle()?;
        let files = self.case_files()?;
        let mut strata: BTreeMap<(String, Limb), Vec<(String, Drawn)>> = BTreeMap::new();
        for (file, decision, limb) in waivers(&files) {
            let lot = tagged("ezhifa.sample.v1", &[seed.as_bytes(), decision.number.as_bytes()]).to_string();
            let drawn = Drawn {
                branch: file.branch.clone(),
                limb: format!("{limb:?}"),
                case: file.id.clone(),
                number: decision.number.clone(),
            };
            strata.entry((file.branch.clone(), limb)).or_default().push((lot, drawn));
        }
        let mut out = Vec::new();
        for mut lots in strata.into_values() {
            lots.sort_by(|a, b| a.0.cmp(&b.0));
            out.extend(lots.into_iter().take(each).map(|(_, d)| d));
        }
        Ok(out)
    }

    /// Patterns over all cases.
    ///
    /// # Errors
    /// The store failed.
    pub fn patterns(&self) -> Result<Vec<Pattern>, HqError> {
        self.settle()?;
        let files = self.case_files()?;
        let mut found = Vec::new();
        let mut groups: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
        let mut add =
            |kind, about: String, case: &str| groups.entry((kind, about)).or_default().push(case.to_owned());
        for (file, decision, limb) in waivers(&files) {
            if matches!(limb, Limb::A | Limb::B) && file.corrected_at.is_none() {
                found.push(Pattern {
                    kind: "waived_without_correction".into(),
                    about: decision.number.clone(),
                    count: 1,
                    cases: vec![file.id.clone()],
                });
            }
            if let Some(party) = &file.party {
                add("party_waived_often", party.clone(), &file.id);
                for officer in &decision.officers {
                    add("officer_party_pair", format!("{officer}/{party}"), &file.id);
                }
            }
        }
        for file in files.iter().filter(|f| !f.drill) {
            if let (true, Some(party)) = (file.advised, &file.party) {
                add("advised_often", party.clone(), &file.id);
            }
            if file.slips.iter().any(|s| s.unknown_prints > 0) {
                add("unknown_prints", file.branch.clone(), &file.id);
            }
            for decision in &file.decisions {
                if matches!(decision.ended.as_deref(), Some("void" | "undelivered")) {
                    let device = file.entries.first().map(|e| e.device.clone()).unwrap_or_default();
                    add("device_voids", device, &file.id);
                }
                if let Some(notice) = file.noticed_at {
                    let seconds = (decision.at - notice).num_seconds();
                    if seconds < HASTY_S {
                        found.push(Pattern {
                            kind: "hasty_decision".into(),
                            about: decision.number.clone(),
                            count: u64::try_from(seconds).unwrap_or(0),
                            cases: vec![file.id.clone()],
                        });
                    }
                }
            }
        }
        found.extend(groups.into_iter().filter(|(_, cases)| cases.len() >= OFTEN).map(
            |((kind, about), cases)| Pattern {
                kind: kind.to_owned(),
                about,
                count: u64::try_from(cases.len()).unwrap_or(u64::MAX),
                cases,
            },
        ));
        Ok(found)
    }
}
