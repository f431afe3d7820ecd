//! A simulated year as data (tests/scenarios/dongguan-2023.toml), and the cases drawn from it. Every rate says
//! where it comes from or that it is assumed.

use std::{collections::BTreeMap, path::Path};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use ezhifa_field::casework::law::{facts::Value, terms::PartyKind};
use serde::{Deserialize, Serialize};

use crate::{FleetError, rng::Rng};

/// The file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Short name.
    pub name: String,
    /// For people.
    pub title: String,
    /// Cases in all.
    pub cases: u32,
    /// 分局.
    pub branches: u32,
    /// Length.
    pub days: u32,
    /// First day.
    pub begins: NaiveDateToml,
    /// Folders under `rulebooks/`, imports first.
    pub rulebooks: Vec<String>,
    /// File under `rulebooks/`.
    pub calendar: String,
    /// The local pack is put in force from here, so that it covers the days.
    pub local_in_force_from: NaiveDateToml,
    /// A later version of it.
    pub switch: Switch,
    /// What is known, with its source; the text of the report quotes it.
    pub published: BTreeMap<String, toml::Value>,
    /// Assumptions by name, in thousandths.
    pub rates: BTreeMap<String, Rate>,
    /// What is met.
    pub offence: Vec<Met>,
    /// Answers that nothing else settles.
    pub answers: BTreeMap<String, Value>,
}

/// A date as TOML writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NaiveDateToml(pub NaiveDate);

impl<'de> Deserialize<'de> for NaiveDateToml {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = toml::value::Datetime::deserialize(deserializer)?;
        written.to_string().parse().map(NaiveDateToml).map_err(serde::de::Error::custom)
    }
}

/// A switch of rulebooks inside the year.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// In force from here.
    pub on: NaiveDateToml,
    /// Sent ahead by so many days.
    pub published_days_before: i64,
}

/// One assumption.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Thousandths.
    pub value: u32,
    /// Lower end for the sensitivity table.
    pub low: u32,
    /// Upper end.
    pub high: u32,
    /// Nobody published it.
    #[serde(default)]
    pub assumed: bool,
    /// Who published it.
    #[serde(default)]
    pub source: String,
    /// What it is.
    pub about: String,
}

/// One kind of violation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Met {
    /// Offence id in the rulebook.
    pub id: String,
    /// Share.
    pub weight: u32,
    /// Weights of citizen, sole trader, organisation.
    pub kinds: [u32; 3],
    /// What the officers write.
    pub fact: String,
    /// Answers of this kind only.
    #[serde(default)]
    pub answers: BTreeMap<String, Value>,
    /// What makes it no violation after all.
    pub lawful: BTreeMap<String, Value>,
    /// The measured fact that sets the tier.
    #[serde(default)]
    pub size: Option<Size>,
}

/// A measured fact.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Fact name.
    pub name: String,
    /// Weight and value.
    pub sizes: Vec<(u32, i64)>,
    /// What goes beyond the on-the-spot gate.
    pub large: i64,
}

/// What the party does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// At once.
    Now,
    /// Later, as promised or not.
    Promised,
    /// Not at all.
    Refused,
}

/// One case to be met, in all that the street decides and the law does not.
#[derive(Debug, Clone)]
pub struct Draw {
    /// Its place in the year: also its name.
    pub index: u32,
    /// Branch, from 0.
    pub branch: u32,
    /// When the officers come.
    pub at: NaiveDateTime,
    /// Offence id.
    pub offence: String,
    /// Sentence on the paper.
    pub fact: String,
    /// Who.
    pub kind: PartyKind,
    /// Document number; empty for a child.
    pub id_number: String,
    /// Full years, for a natural person.
    pub age: Option<u8>,
    /// Answers by fact.
    pub facts: BTreeMap<String, Value>,
    /// What the party does.
    pub correction: Correction,
    /// Corrected when the officers come again.
    pub corrected_later: bool,
    /// Limb B is used where it may be.
    pub limb_b: bool,
    /// The party speaks.
    pub speaks: bool,
    /// 1e-7 degree.
    pub lat_e7: i64,
    /// 1e-7 degree.
    pub lon_e7: i64,
}

impl Scenario {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// No such file, or it does not fit.
    pub fn read(path: &Path) -> Result<Scenario, FleetError> {
        let text = std::fs::read_to_string(path).map_err(crate::error::disk(path))?;
        Scenario::parse(&text).map_err(|e| FleetError::Input(format!("{}: {e}", path.display())))
    }

    fn parse(text: &str) -> Result<Scenario, String> {
        let scenario: Scenario = toml::from_str(text).map_err(|e| e.to_string())?;
        for (name, rate) in &scenario.rates {
            let ordered = rate.low <= rate.value && rate.value <= rate.high && rate.high <= 1000;
            if !ordered {
                return Err(format!("rates.{name}: low, value and high must rise and end at 1000"));
            }
            if rate.assumed != rate.source.is_empty() {
                return Err(format!("rates.{name}: either a source, or assumed = true"));
            }
        }
        let missing = RATES.iter().find(|name| !scenario.rates.contains_key(**name));
        match missing {
            Some(name) => Err(format!("rates.{name} is missing")),
            None if scenario.offence.is_empty() || scenario.branches == 0 || scenario.days == 0 => {
                Err("no offence, branch or day".into())
            }
            None => Ok(scenario),
        }
    }

    /// The published share of cases without a penalty, in thousandths; 0 when the file gives none.
    #[must_use]
    pub fn published_permille(&self) -> u32 {
        let value = self.published.get("no_penalty_permille").and_then(|v| v.get("value"));
        value.and_then(toml::Value::as_integer).and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
    }

    pub(crate) fn rate(&self, name: &str) -> u32 {
        self.rates.get(name).map_or(0, |r| r.value)
    }

    /// Every case of the year, in order of time. The same seed, the same year; each question to chance has its
    /// own stream, so that another rate changes only what depends on it.
    #[must_use]
    pub fn draw(&self, seed: u64) -> Vec<Draw> {
        let mut draws: Vec<Draw> = (0..self.cases).map(|index| self.one(seed, index)).collect();
        draws.sort_by_key(|d| (d.at, d.index));
        draws
    }

    fn one(&self, seed: u64, index: u32) -> Draw {
        let mut rng = Rng::of(seed, &format!("case {index}"));
        let branch = u32::try_from(rng.below(u64::from(self.branches))).unwrap_or(0);
        let at = self.moment(&mut rng);
        let met = self.offence.get(rng.weighted(self.offence.iter().map(|o| o.weight)));
        let kind = met.map_or(0, |m| rng.weighted(m.kinds.iter().copied()));
        let kind = [PartyKind::Citizen, PartyKind::SoleTrader, PartyKind::Organisation].get(kind).copied();
        let kind = kind.unwrap_or(PartyKind::Citizen);
        // Each of these takes exactly one number from the stream, whatever the rates are.
        let mut is = |name: &str| rng.below(1000) < u64::from(self.rate(name));
        let (child, youth) = (is("child"), is("youth"));
        let age = match kind {
            PartyKind::Citizen if child => Some(11),
            PartyKind::Citizen if youth => Some(16),
            PartyKind::Citizen => Some(34),
            _ => None,
        };
        let (now, promised) = (is("corrected_on_spot"), is("correction_promised"));
        let correction = match (now, promised) {
            (true, _) => Correction::Now,
            (false, true) => Correction::Promised,
            (false, false) => Correction::Refused,
        };
        let (minor, no_harm, serious) = (is("minor"), is("no_harm"), is("serious_harm"));
        let (repeater, large, none) = (is("repeater"), is("large"), is("not_a_violation"));
        let (no_fault, disputed) = (is("proved_no_fault"), is("disputed"));
        let (corrected_later, limb_b, speaks) = (is("corrected_at_recheck"), is("limb_b_used"), is("speaks"));
        let mut facts = self.answers.clone();
        facts.insert("minor".into(), Value::Bool(minor && !serious));
        let harm = if serious {
            "serious"
        } else if no_harm {
            "none"
        } else {
            "slight"
        };
        facts.insert("harm".into(), Value::Choice(harm.into()));
        facts.insert(
            "corrected".into(),
            match correction {
                Correction::Now => Value::Bool(true),
                Correction::Promised => Value::Unknown,
                Correction::Refused => Value::Bool(false),
            },
        );
        if no_fault {
            facts.insert("no_fault".into(), Value::Bool(true));
        }
        if disputed {
            facts.insert("disputed".into(), Value::Bool(true));
            facts.insert("settled_on_spot".into(), Value::Bool(false));
        }
        if kind == PartyKind::SoleTrader {
            // A licence shows no age; the officers see one.
            facts.insert("age_band".into(), Value::Choice("adult".into()));
        }
        let (picked, spot) = (rng.next(), rng.next());
        if let Some(met) = met {
            facts.extend(met.answers.clone());
            if none {
                facts.extend(met.lawful.clone());
            }
        }
        if let Some(size) = met.and_then(|m| m.size.as_ref()) {
            let total: u64 = size.sizes.iter().map(|(w, _)| u64::from(*w)).sum();
            let mut left = picked.checked_rem(total).unwrap_or(0);
            let value = size.sizes.iter().find(|(w, _)| match left.checked_sub(u64::from(*w)) {
                Some(rest) => {
                    left = rest;
                    false
                }
                None => true,
            });
            let value = if large { size.large } else { value.map_or(1, |(_, v)| *v) };
            facts.insert(size.name.clone(), Value::Int(value));
        }
        let who = if repeater {
            u64::from(branch).saturating_mul(60).saturating_add(picked % 60)
        } else {
            100_000 + u64::from(index)
        };
        Draw {
            index,
            branch,
            at,
            offence: met.map(|m| m.id.clone()).unwrap_or_default(),
            fact: met.map(|m| m.fact.clone()).unwrap_or_default(),
            kind,
            id_number: document(kind, age, who, self.begins.0),
            age,
            facts,
            correction,
            corrected_later,
            limb_b,
            speaks,
            lat_e7: 228_000_000_i64
                .saturating_add(i64::from(branch).saturating_mul(80_000))
                .saturating_add(i64::try_from(spot % 70_000).unwrap_or(0)),
            lon_e7: 1_136_500_000_i64.saturating_add(i64::try_from((spot >> 32) % 3_000_000).unwrap_or(0)),
        }
    }

    /// Fewer cases on a weekend, none at night, more in the evening: assumed, and without weight for the shares.
    fn moment(&self, rng: &mut Rng) -> NaiveDateTime {
        use chrono::Datelike as _;
        let mut day = self.begins.0;
        for _ in 0..4 {
            let ahead = TimeDelta::days(i64::try_from(rng.below(u64::from(self.days))).unwrap_or(0));
            day = self.begins.0.checked_add_signed(ahead).unwrap_or(self.begins.0);
            if day.weekday().number_from_monday() < 6 || rng.chance(600) {
                break;
            }
        }
        let hours = [(9, 3), (10, 5), (11, 4), (14, 3), (15, 4), (16, 5), (17, 6), (18, 7), (19, 8), (20, 6)];
        let hour = hours.get(rng.weighted(hours.iter().map(|(_, w)| *w))).map_or(10, |(h, _)| *h);
        let minute = u32::try_from(rng.below(60)).unwrap_or(0);
        day.and_time(NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default())
    }
}

/// The rates that a scenario must give.
const RATES: [&str; 15] = [
    "corrected_on_spot",
    "correction_promised",
    "corrected_at_recheck",
    "minor",
    "no_harm",
    "serious_harm",
    "repeater",
    "limb_b_used",
    "large",
    "not_a_violation",
    "child",
    "youth",
    "proved_no_fault",
    "disputed",
    "speaks",
];

/// A document number that its own standard accepts. The person does not exist.
fn document(kind: PartyKind, age: Option<u8>, who: u64, begins: NaiveDate) -> String {
    use chrono::Datelike as _;
    match (kind, age) {
        (PartyKind::Citizen, Some(age)) if age < 14 => String::new(),
        (PartyKind::Citizen, age) => {
            let year = begins.year().saturating_sub(i32::from(age.unwrap_or(34)).saturating_add(1));
            let day = 1 + who % 28;
            let month = 1 + (who / 28) % 8;
            resident_id(&format!(
                "4419{:02}{year}{month:02}{day:02}{:03}",
                10 + (who / 224_000) % 80,
                (who / 224) % 1000
            ))
        }
        (kind, _) => {
            let trade = if kind == PartyKind::SoleTrader { 92 } else { 91 };
            let book = if who < 100_000 { "MA5" } else { "MA6" };
            credit_code(&format!("{trade}441900{book}{:05}", who % 100_000))
        }
    }
}

/// GB 11643: the check character.
fn resident_id(first17: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 =
        first17.bytes().zip(WEIGHTS).map(|(b, w)| u32::from(b.wrapping_sub(b'0')).saturating_mul(w)).sum();
    let check = "10X98765432".chars().nth(usize::try_from(sum % 11).unwrap_or(0)).unwrap_or('0');
    format!("{first17}{check}")
}

/// GB 32100: the organisation's own check character (GB 11714) inside, then the code's.
fn credit_code(first16: &str) -> String {
    const SIGNS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let value = |c: char| SIGNS.find(c).and_then(|v| u32::try_from(v).ok()).unwrap_or(0);
    let organ: u32 = first16
        .chars()
        .skip(8)
        .zip([3_u32, 7, 9, 10, 5, 8, 4, 2])
        .map(|(c, w)| c.to_digit(36).unwrap_or(0).saturating_mul(w))
        .sum();
    let organ = match 11 - organ % 11 {
        10 => 'X',
        11 => '0',
        n => char::from_digit(n, 10).unwrap_or('0'),
    };
    let body = format!("{first16}{organ}");
    let mut weight = 1_u32;
    let mut sum = 0_u32;
    for c in body.chars() {
        sum = sum.saturating_add(value(c).saturating_mul(weight));
        weight = weight * 3 % 31;
    }
    let check = SIGNS.chars().nth(usize::try_from((31 - sum % 31) % 31).unwrap_or(0)).unwrap_or('0');
    format!("{body}{check}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ezhifa_field::casework::law::identity;

    use super::*;

    #[test]
    fn made_up_documents_pass_their_standards() {
        let begins = NaiveDate::from_ymd_opt(2024, 9, 2).unwrap();
        for who in [0, 59, 1_979, 100_000, 149_999] {
            let adult = document(PartyKind::Citizen, Some(34), who, begins);
            assert!(identity::resident_id(&adult).is_ok(), "{adult}");
            let youth = identity::resident_id(&document(PartyKind::Citizen, Some(16), who, begins)).unwrap();
            assert!((15..=17).contains(&youth.age_at(begins)));
            for kind in [PartyKind::SoleTrader, PartyKind::Organisation] {
                let code = document(kind, None, who, begins);
                let read = identity::credit_code(&code).unwrap();
                assert_eq!(read.is_sole_trader(), kind == PartyKind::SoleTrader);
            }
        }
    }

    #[test]
    fn the_year_of_a_seed_is_the_same_year() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios/dongguan-2023.toml");
        let mut scenario = Scenario::read(&path).unwrap();
        scenario.cases = 300;
        let (once, again) = (scenario.draw(5), scenario.draw(5));
        assert_eq!(format!("{once:?}"), format!("{again:?}"));
        assert!(once.iter().zip(once.iter().skip(1)).all(|(a, b)| a.at <= b.at));
        assert!(scenario.rates.values().all(|r| r.assumed == r.source.is_empty()));
    }
}
