//! Rulebooks (规则包): a folder of TOML, read, typed and linked with what it imports.
//!
//! docs/rulebook-guide.md describes the files. Reading is strict: an unknown key, a fact that nobody declared or
//! a cell of the wrong type is an error with file, line and cell.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::{
    clocks::{ClockError, Clocks},
    decision::{FineRange, PackRef},
    facts::Value,
    money::Fen,
    template::SlipTemplate,
    terms::{Citation, Limb, PartyKind, Series, SlipKind},
};

mod build;
mod finding;
pub mod format;
mod hash;
mod imports;
mod numbers;
pub mod schema;
mod settings;
mod table;

pub use build::SEMANTICS;
pub(crate) use finding::Findings;
pub use finding::{Finding, PackError, Severity};
use format::{
    Bank, ClocksFile, Fact, FactType, GatesFile, Instrument, LimbRule, Manifest, Offence, Organ, Pair, Tier,
};
pub use hash::pack_hash;
pub use imports::pin;
pub use settings::Settings;
pub(crate) use table::scaled;
pub use table::{Cond, Domain, Known, MAX_INPUTS, MAX_ROWS, Table, Test, Verdict, written};

/// The files of a pack: path inside the pack -> bytes. Callers read the disk; this crate never does.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Engine inputs: not declared by packs, computed from the inquiry.
pub(crate) const ENGINE_INPUTS: [&str; 4] = ["party", "age_band", "earlier_find", "undiscovered_years"];

/// A typed rulebook, ready to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Rulebook {
    pub(crate) manifest: Manifest,
    pub(crate) hash: String,
    pub(crate) imports: Vec<PackRef>,
    pub(crate) instruments: BTreeMap<String, Instrument>,
    pub(crate) facts: Vec<Fact>,
    /// Name -> position in `facts`.
    pub(crate) fact_at: BTreeMap<String, usize>,
    /// Names declared by this pack itself, in the order of its file.
    pub(crate) own_facts: Vec<String>,
    pub(crate) domains: BTreeMap<String, Domain>,
    pub(crate) presumed: BTreeMap<String, bool>,
    pub(crate) settings: Settings,
    pub(crate) organ: Organ,
    pub(crate) numbers: BTreeMap<Series, String>,
    pub(crate) gates: Option<Gates>,
    pub(crate) clocks: ClocksFile,
    pub(crate) principles: Principles,
    pub(crate) ordinary: Rules,
    pub(crate) limbs: Vec<LimbRules>,
    pub(crate) mitigation: Vec<Mitigation>,
    pub(crate) mitigation_table: Rules,
    pub(crate) offences: Vec<OffenceRules>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) templates: BTreeMap<SlipKind, SlipTemplate>,
    pub(crate) signatures: Vec<format::PackSignature>,
    /// As written, for packs that import this one.
    pub(crate) written: Written,
}

/// The parts that an importing pack types again, beside its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Written {
    pub(crate) settings: format::SettingsFile,
    pub(crate) limbs: Vec<LimbRule>,
    pub(crate) limb_b_also: Option<format::LimbAlso>,
    pub(crate) ordinary: Vec<format::OrdinaryRow>,
    pub(crate) mitigation: Vec<format::MitigationRow>,
    pub(crate) gates: Option<GatesFile>,
}

/// Summary gate and cash limit, typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gates {
    /// For a citizen.
    pub citizen: Fen,
    /// For an organisation.
    pub organisation: Fen,
    /// Law.
    pub cite: Vec<Citation>,
    /// Cash without a further reason.
    pub cash: Fen,
    /// Law.
    pub cash_cite: Vec<Citation>,
}

/// Law behind the engine's own steps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Principles {
    pub(crate) clear_facts: Vec<Citation>,
    pub(crate) order: Vec<Citation>,
    pub(crate) higher_fine: Vec<Citation>,
    pub(crate) milder_law: Vec<Citation>,
    pub(crate) defence: Vec<Citation>,
    pub(crate) education: Vec<Citation>,
}

impl Principles {
    fn set(&mut self, key: &str, cites: Vec<Citation>) {
        match key {
            "clear_facts" => self.clear_facts = cites,
            "order" => self.order = cites,
            "higher_fine" => self.higher_fine = cites,
            "milder_law" => self.milder_law = cites,
            "defence" => self.defence = cites,
            _ => self.education = cites,
        }
    }
}

/// A table with what each row says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Rules {
    pub(crate) table: Table,
    pub(crate) rows: Vec<RuleRow>,
}

/// What a row says when it fits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RuleRow {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) cite: Vec<Citation>,
    pub(crate) guardian: bool,
}

/// One limb, typed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LimbRules {
    pub(crate) limb: Limb,
    pub(crate) name: String,
    pub(crate) rules: Rules,
}

/// Strength of a mitigation row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mitigation {
    pub(crate) must: bool,
    pub(crate) percent: u8,
}

/// One offence, typed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OffenceRules {
    pub(crate) is: Offence,
    /// Where it was read: file and position in it.
    pub(crate) file: String,
    pub(crate) index: usize,
    /// Taken over from an imported pack, and checked there.
    pub(crate) inherited: bool,
    pub(crate) violated: Vec<Citation>,
    pub(crate) basis: Vec<Citation>,
    pub(crate) excluded: Vec<(Limb, Vec<Citation>)>,
    /// One row.
    pub(crate) elements: Table,
    /// Waiver list; same order as `is.waive`.
    pub(crate) waive: Rules,
    /// Tiers; same order as `is.tiers`.
    pub(crate) tiers: Rules,
    /// Order in which tiers are tried: milder first.
    pub(crate) tier_order: Vec<usize>,
}

impl OffenceRules {
    /// Whether this version of the offence is in force on `day`.
    pub(crate) fn in_force(&self, day: NaiveDate, pack: &Manifest) -> bool {
        let (from, until) = self.period(pack);
        from <= day && until.is_none_or(|until| day < until)
    }

    /// First day in force and first day no longer in force.
    pub(crate) fn period(&self, pack: &Manifest) -> (NaiveDate, Option<NaiveDate>) {
        (
            self.is.effective_from.map_or(pack.effective_from.0, |d| d.0),
            self.is.repealed_on.or(pack.repealed_on).map(|d| d.0),
        )
    }

    /// Statutory range of the clause for a unit or an individual.
    pub(crate) fn clause_range(&self, unit: bool) -> Option<FineRange> {
        let penalty = self.is.penalty.as_ref()?;
        if unit { penalty.unit } else { penalty.individual }.map(fine_range)
    }

    pub(crate) fn tier(&self, index: usize) -> Option<&Tier> {
        self.is.tiers.get(index)
    }
}

/// Yuan as written to fen.
pub(crate) fn fine_range(yuan: format::YuanRange) -> FineRange {
    FineRange { low: Fen::yuan(yuan.low), high: Fen::yuan(yuan.high) }
}

/// What a list of offences shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffenceInfo<'a> {
    /// Id.
    pub id: &'a str,
    /// 案由.
    pub name: &'a str,
    /// First catalogue code, may be empty.
    pub code: &'a str,
    /// Conduct class: the first-offence look-up keys on it.
    pub conduct: &'a str,
    /// Amounts or wording not sourced.
    pub unverified: bool,
}

impl Rulebook {
    /// Reads and types a pack; `imports` holds every pack that the manifest names.
    ///
    /// # Errors
    /// Every error found, each with file, line and cell.
    pub fn load(files: &Files, imports: &[&Rulebook]) -> Result<Rulebook, PackError> {
        let (rulebook, findings) = Rulebook::build(files, imports);
        let errors: Vec<Finding> = findings.into_iter().filter(|f| f.severity == Severity::Error).collect();
        match rulebook {
            Some(rulebook) if errors.is_empty() => Ok(rulebook),
            _ => Err(PackError { findings: errors }),
        }
    }

    /// Id, version and hash.
    #[must_use]
    pub fn reference(&self) -> PackRef {
        PackRef { id: self.manifest.id.clone(), version: self.manifest.version, hash: self.hash.clone() }
    }

    /// What this pack is.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Signatures as read; verifying them needs keys, which this crate does not know.
    #[must_use]
    pub fn signatures(&self) -> &[format::PackSignature] {
        &self.signatures
    }

    /// The packs it rests on.
    #[must_use]
    pub fn imports(&self) -> &[PackRef] {
        &self.imports
    }

    /// Whether this is sample data, or rests on it only in name: printed on every slip.
    #[must_use]
    pub fn is_sample(&self) -> bool {
        self.manifest.sample
    }

    /// Whether this is a collection of clauses that an organ's pack imports: not to be deployed itself.
    #[must_use]
    pub fn is_library(&self) -> bool {
        self.manifest.library
    }

    /// Whether the pack is in force on `day`.
    #[must_use]
    pub fn in_force(&self, day: NaiveDate) -> bool {
        self.manifest.effective_from.0 <= day && self.manifest.repealed_on.is_none_or(|until| day < until.0)
    }

    /// All offences, in the order of the files. An id with several periods appears once.
    pub fn offences(&self) -> impl Iterator<Item = OffenceInfo<'_>> {
        let mut seen = std::collections::BTreeSet::new();
        self.offences.iter().filter(move |o| seen.insert(o.is.id.as_str())).map(|o| OffenceInfo {
            id: &o.is.id,
            name: &o.is.name,
            code: o.is.codes.first().map_or("", |c| c.code.as_str()),
            conduct: &o.is.conduct,
            unverified: o.is.unverified,
        })
    }

    /// An offence as written; the version in force last when there are several.
    #[must_use]
    pub fn offence(&self, id: &str) -> Option<&Offence> {
        self.offences.iter().filter(|o| o.is.id == id).max_by_key(|o| o.is.effective_from).map(|o| &o.is)
    }

    /// Whether an order on `one` may be followed by a fine on `other`: the same offence, the same conduct, or
    /// two provisions on one act (处罚法 29).
    #[must_use]
    pub fn is_same_matter(&self, one: &str, other: &str) -> bool {
        let conduct = |id| self.offence(id).map(|o| o.conduct.as_str()).filter(|c| !c.is_empty());
        let pair = |p: &Pair| {
            p.relation != format::Relation::TwoActs
                && (p.a == one && p.b == other || p.a == other && p.b == one)
        };
        one == other || conduct(one).is_some_and(|c| conduct(other) == Some(c)) || self.pairs.iter().any(pair)
    }

    /// The offence in force on `day`.
    pub(crate) fn offence_on(&self, id: &str, day: NaiveDate) -> Option<&OffenceRules> {
        if !self.in_force(day) {
            return None;
        }
        self.offences.iter().find(|o| o.is.id == id && o.in_force(day, &self.manifest))
    }

    /// Facts that may be asked.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// A declared fact.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        self.facts.get(*self.fact_at.get(name)?)
    }

    /// What answers a fact or an engine input can have.
    #[must_use]
    pub fn domain(&self, name: &str) -> Option<&Domain> {
        self.domains.get(name)
    }

    /// The template of a paper.
    #[must_use]
    pub fn template(&self, kind: SlipKind) -> Option<&SlipTemplate> {
        self.templates.get(&kind)
    }

    /// All templates.
    pub fn templates(&self) -> impl Iterator<Item = &SlipTemplate> {
        self.templates.values()
    }

    /// A number as printed: `东城管当罚〔2026〕第000123号`.
    #[must_use]
    pub fn number_text(&self, series: Series, year: i32, seq: u64) -> String {
        numbers::render(self.numbers.get(&series).map_or("{yyyy}-{seq}", String::as_str), year, seq)
    }

    /// The organ and what is printed about it.
    #[must_use]
    pub fn organ(&self) -> &Organ {
        &self.organ
    }

    /// The collecting bank.
    #[must_use]
    pub fn bank(&self) -> &Bank {
        &self.organ.bank
    }

    /// What the law leaves to the organ.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Gate and cash limit; `None` in a pack that rests on nothing national.
    #[must_use]
    pub fn gates(&self) -> Option<&Gates> {
        self.gates.as_ref()
    }

    /// The on-the-spot gate for this kind of party.
    #[must_use]
    pub fn gate_for(&self, party: PartyKind) -> Option<Fen> {
        let gates = self.gates.as_ref()?;
        Some(if self.settings.is_citizen_at_gate(party) { gates.citizen } else { gates.organisation })
    }

    /// Statutory periods as data.
    #[must_use]
    pub fn clocks_file(&self) -> &ClocksFile {
        &self.clocks
    }

    /// Statutory periods, ready to count, with this pack's roll-over setting.
    ///
    /// # Errors
    /// None for a loaded pack: `load` has tried it.
    pub fn clocks(&self) -> Result<Clocks, ClockError> {
        Clocks::new(&self.clocks, self.settings.roll_over)
    }

    /// Resolves `"cfl 第三十三条"` by the instruments of this pack and its imports.
    #[must_use]
    pub fn citation(&self, cite: &format::Cite) -> Option<Citation> {
        build::citation(&self.instruments, cite)
    }

    /// Whether `value` is an answer that the fact `name` can have.
    #[must_use]
    pub fn accepts(&self, name: &str, value: &Value) -> bool {
        match (self.domains.get(name), value) {
            (None, _) => false,
            (Some(_), Value::Unknown) | (Some(Domain::Bool), Value::Bool(_)) => true,
            (Some(Domain::Int { min, max, .. }), Value::Int(v)) => min <= v && v <= max,
            (Some(Domain::Choice(options)), Value::Choice(v)) => options.contains(v),
            _ => false,
        }
    }

    /// An answer as a Chinese phrase: `面积1.5㎡`, `已及时改正`.
    #[must_use]
    pub fn phrase(&self, name: &str, value: &Value) -> String {
        self.phrase_in(name, value, None)
    }

    /// The same where the offence is known: it may count in a unit of its own (`处`, not `件`).
    #[must_use]
    pub fn phrase_for(&self, offence: &str, name: &str, value: &Value) -> String {
        let unit = self.offence(offence).and_then(|o| o.units.get(name));
        self.phrase_in(name, value, unit.map(String::as_str))
    }

    pub(crate) fn phrase_in(&self, name: &str, value: &Value, unit: Option<&str>) -> String {
        let Some(fact) = self.fact(name) else { return self.engine_phrase(name, value) };
        match (fact.kind, value) {
            (_, Value::Unknown) => format!("{}：未查明", fact.title()),
            (FactType::Bool, Value::Bool(yes)) => fact.sentence(*yes),
            (FactType::Int, Value::Int(v)) => {
                format!("{}{}{}", fact.label, written(*v, fact.decimals), unit.unwrap_or(&fact.unit))
            }
            (FactType::Choice, Value::Choice(v)) => {
                fact.options.iter().find(|o| o.value == *v).map_or_else(|| v.clone(), |o| o.label.clone())
            }
            _ => fact.title().to_owned(),
        }
    }

    /// An answer alone, for a place in a sentence: `1.5㎡`.
    pub(crate) fn amount_phrase(&self, name: &str, value: &Value, unit: Option<&str>) -> String {
        match (self.fact(name), value) {
            (Some(fact), Value::Int(v)) => {
                format!("{}{}", written(*v, fact.decimals), unit.unwrap_or(&fact.unit))
            }
            _ => self.phrase_in(name, value, unit),
        }
    }

    fn engine_phrase(&self, name: &str, value: &Value) -> String {
        let text = match (name, value) {
            ("party", Value::Choice(v)) if v == "unit" => "当事人为单位",
            ("party", _) => "当事人为个人",
            ("age_band", Value::Choice(v)) => match v.as_str() {
                "under_14" => "当事人不满十四周岁",
                "from_14_to_17" => "当事人已满十四周岁不满十八周岁",
                "adult" => "当事人已满十八周岁",
                _ => "当事人不是自然人",
            },
            ("age_band", _) => "当事人年龄未查明",
            ("earlier_find", Value::Bool(true)) => "查有同类违法记录",
            ("earlier_find", Value::Bool(false)) => "未查到同类违法记录",
            ("earlier_find", _) => "是否初次违法未能查明",
            ("undiscovered_years", Value::Int(years)) => return format!("违法行为终了至发现满{years}年"),
            _ => name,
        };
        text.to_owned()
    }
}

impl Fact {
    /// Short title for lists.
    #[must_use]
    pub fn title(&self) -> &str {
        if self.label.is_empty() { &self.ask } else { &self.label }
    }

    /// The sentence of a `bool`.
    #[must_use]
    pub fn sentence(&self, yes: bool) -> String {
        let own = if yes { &self.yes } else { &self.no };
        if own.is_empty() { format!("{}{}", self.ask, if yes { "是" } else { "否" }) } else { own.clone() }
    }
}
