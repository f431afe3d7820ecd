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
    reviews,
};

/// A waiver, by number and stratum: all that a draw needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// `unknown_prints`, `advised_often`, `advised_often_here`, `hasty_decision`.
    pub kind: String,
    /// What it is about: a number, a keyed hash, an officer and a keyed hash, a branch, a place.
    pub about: String,
    /// How often, or how many seconds.
    pub count: u64,
    /// Cases behind it.
    pub cases: Vec<String>,
}

/// Kinds that a person must answer.
const QUEUED: [&str; 3] = ["waived_without_correction", "party_waived_often", "officer_party_pair"];

fn waivers(files: &[CaseFile]) -> impl Iterator<Item = (&CaseFile, &DecisionFile, Limb)> {
    files.iter().filter(|f| !f.drill).filter_map(|f| {
        let decision = f.standing()?;
        Some((f, decision, decision.limb?))
    })
}

/// Draws `each` from every stratum. Pure: who has the seed and the list of waivers can draw again and see
/// that nobody chose. The order of the list does not matter.
#[must_use]
pub fn draw(population: &[Drawn], seed: &str, each: usize) -> Vec<Drawn> {
    let mut strata: BTreeMap<(&str, &str), Vec<(String, &Drawn)>> = BTreeMap::new();
    for waiver in population {
        let lot = tagged("ezhifa.sample.v1", &[seed.as_bytes(), waiver.number.as_bytes()]).to_string();
        strata.entry((&waiver.branch, &waiver.limb)).or_default().push((lot, waiver));
    }
    let mut out = Vec::new();
    for mut lots in strata.into_values() {
        lots.sort_by(|a, b| a.0.cmp(&b.0));
        out.extend(lots.into_iter().take(each).map(|(_, d)| d.clone()));
    }
    out
}

impl Hq {
    /// Every waiver that stands: what a sample is drawn from.
    ///
    /// # Errors
    /// The store failed.
    pub fn waivers(&self) -> Result<Vec<Drawn>, HqError> {
        self.settle()?;
        let files = self.case_files()?;
        let mut all: Vec<Drawn> = waivers(&files)
            .map(|(file, decision, limb)| Drawn {
                branch: file.branch.clone(),
                limb: format!("{limb:?}"),
                case: file.id.clone(),
                number: decision.number.clone(),
            })
            .collect();
        all.sort();
        Ok(all)
    }

    /// Draws `each` waivers from every branch and limb, see [`draw`].
    ///
    /// # Errors
    /// The store failed.
    pub fn draw_waivers(&self, seed: &str, each: usize) -> Result<Vec<Drawn>, HqError> {
        Ok(draw(&self.waivers()?, seed, each))
    }

    /// Patterns over all cases.
    ///
    /// # Errors
    /// The store failed.
    pub fn patterns(&self) -> Result<Vec<Pattern>, HqError> {
        self.settle()?;
        let settings = self.desk_settings()?;
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
            if file.advised {
                if let Some(party) = &file.party {
                    add("advised_often", party.clone(), &file.id);
                }
                if let (Some(lat), Some(lon)) = (file.lat_e7, file.lon_e7) {
                    // Cells of about 111 m.
                    let cell = format!("{}/{}", lat.div_euclid(10_000), lon.div_euclid(10_000));
                    add("advised_often_here", cell, &file.id);
                }
            }
            if file.slips.iter().any(|s| s.unknown_prints > 0) {
                add("unknown_prints", file.branch.clone(), &file.id);
            }
            for decision in &file.decisions {
                if matches!(decision.ended.as_deref(), Some("void" | "undelivered")) {
                    let device = file.entries.first().map(|e| e.device.clone()).unwrap_or_default();
                    add("device_voids", device, &file.id);
                }
                if let Some(notice) = file.noticed_at.filter(|n| *n <= decision.at) {
                    let seconds = (decision.at - notice).num_seconds();
                    if seconds < settings.hasty_s {
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
        let often = usize::try_from(settings.often).unwrap_or(usize::MAX);
        found.extend(groups.into_iter().filter(|(_, cases)| cases.len() >= often).map(
            |((kind, about), cases)| Pattern {
                kind: kind.to_owned(),
                about,
                count: u64::try_from(cases.len()).unwrap_or(u64::MAX),
                cases,
            },
        ));
        Ok(found)
    }

    /// Puts patterns that a person must answer into the review queue, once each; each further repeat of
    /// the k-th asks again. The phone is not told: a question about a crew is not the crew's to see first.
    ///
    /// # Errors
    /// The store failed.
    pub fn queue_patterns(&self) -> Result<u64, HqError> {
        let patterns: Vec<Pattern> =
            self.patterns()?.into_iter().filter(|p| QUEUED.contains(&p.kind.as_str())).collect();
        let mut fresh = Vec::new();
        for pattern in patterns {
            let id = reviews::pattern_id(&pattern);
            if self.read(|r| r.doc("review", &id))?.is_none() {
                fresh.push(pattern);
            }
        }
        if fresh.is_empty() {
            return Ok(0);
        }
        let now = self.now_ms();
        self.write(fresh.len(), move |w| {
            for pattern in &fresh {
                reviews::open_pattern(w, pattern, now)?;
            }
            Ok(u64::try_from(fresh.len()).unwrap_or(u64::MAX))
        })
    }
}
