//! `offences/*.toml` as written: clauses, tiers, waiver lists, pairs, examples.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Cite, Day, When};
use crate::terms::{Limb, Outcome};

/// `offences/*.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OffencesFile {
    /// Offences.
    #[serde(default, rename = "offence")]
    pub offences: Vec<Offence>,
    /// Pairs that may fit one act (处罚法 29).
    #[serde(default, rename = "pair")]
    pub pairs: Vec<Pair>,
}

/// One offence (案由) in one period of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Offence {
    /// Id, lower-case ASCII with hyphens.
    pub id: String,
    /// 案由 as printed.
    pub name: String,
    /// Codes, for example `{ system = "GB/T 30428.2", code = "…" }`.
    #[serde(default)]
    pub codes: Vec<Code>,
    /// Conduct class: offences of one class can fit one act; the first-offence look-up uses it too.
    pub conduct: String,
    /// First day in force, when not that of the pack.
    #[serde(default)]
    pub effective_from: Option<Day>,
    /// First day no longer in force.
    #[serde(default)]
    pub repealed_on: Option<Day>,
    /// 违法事实 as printed, with `{fact:name}` for an answer.
    pub fact_text: String,
    /// 量词 of a measure in this offence, where it is not the fact's own: `{ items = "处" }`.
    #[serde(default)]
    pub units: BTreeMap<String, String>,
    /// What must be the case for a violation; `false` ends as no violation.
    #[serde(default)]
    pub elements: When,
    /// Provision broken.
    pub violated: Vec<Cite>,
    /// Provision that penalises; empty where there is none.
    #[serde(default)]
    pub basis: Vec<Cite>,
    /// 责令改正.
    pub order: OrderRule,
    /// `order_first`: 责令改正；拒不改正（逾期不改正）的，处…. `direct`: no order needed first.
    pub clause: Clause,
    /// What may be imposed; absent where nothing may.
    #[serde(default)]
    pub penalty: Option<Penalty>,
    /// 违法所得.
    #[serde(default)]
    pub gain: Gain,
    /// Why there is none by nature.
    #[serde(default)]
    pub gain_reason: String,
    /// Always the ordinary procedure once a penalty is due (没收, 暂扣…), with the reason.
    #[serde(default)]
    pub ordinary_because: String,
    /// Belongs to another organ (移送), with its name.
    #[serde(default)]
    pub refer_to: String,
    /// Alternatives for limb A or B from a published waiver list, only milder.
    #[serde(default, rename = "waive")]
    pub waive: Vec<WaiveRow>,
    /// Limbs that a law excludes for this offence (33 ②: 法律、行政法规另有规定的).
    #[serde(default)]
    pub excludes: Vec<ExcludedLimb>,
    /// 裁量阶次.
    #[serde(default, rename = "tier")]
    pub tiers: Vec<Tier>,
    /// What happens where tiers overlap.
    #[serde(default)]
    pub overlap: Overlap,
    /// Boundary rule in words, needed where a tier uses a measure: `“以上”“以下”包括本数`.
    #[serde(default)]
    pub boundary: String,
    /// Amounts or wording not sourced: shown as such, not for production.
    #[serde(default)]
    pub unverified: bool,
    /// What is not sourced.
    #[serde(default)]
    pub unverified_because: String,
    /// Remark for readers.
    #[serde(default)]
    pub note: String,
    /// Cases with their outcome.
    #[serde(default, rename = "example")]
    pub examples: Vec<Example>,
}

/// A code in some catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Catalogue.
    pub system: String,
    /// Code.
    pub code: String,
}

/// 责令改正.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OrderRule {
    /// Text as printed.
    pub text: String,
    /// Hours; 0 is at once (立即).
    pub hours: u32,
}

/// Direct or conditional on an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Clause {
    /// No order needed first.
    Direct,
    /// 责令改正；拒不改正的，处….
    OrderFirst,
}

/// What may be imposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Penalty {
    /// 警告.
    #[serde(default)]
    pub warning: Measure,
    /// 罚款.
    #[serde(default)]
    pub fine: Measure,
    /// 并处: warning and fine together are allowed.
    #[serde(default)]
    pub both: bool,
    /// Fine on a 个人, yuan.
    #[serde(default)]
    pub individual: Option<YuanRange>,
    /// Fine on a 单位, yuan.
    #[serde(default)]
    pub unit: Option<YuanRange>,
    /// Amounts are for each of this `int` fact (每只、每平方米).
    #[serde(default)]
    pub per: Option<String>,
    /// The author knows that this clause, where no tier says otherwise, can pass the on-the-spot gate.
    #[serde(default)]
    pub over_gate: bool,
}

/// Whether a measure is named by the clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Not named.
    #[default]
    None,
    /// 可以.
    May,
    /// 处, 给予.
    Must,
}

/// Range in whole yuan, both ends included (以上、以下包括本数).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct YuanRange {
    /// Floor; absent where the clause names none.
    #[serde(default)]
    pub low: i64,
    /// Ceiling.
    pub high: i64,
}

/// 违法所得.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Gain {
    /// Ask the fact `gain`; yes goes to the ordinary procedure (没收).
    #[default]
    Ask,
    /// None by nature; `gain_reason` says why.
    None,
}

/// An item of a waiver list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WaiveRow {
    /// Rule id within the offence.
    pub id: String,
    /// A or B.
    pub limb: Limb,
    /// Conditions.
    pub when: When,
    /// Sentence.
    pub text: String,
    /// The published list.
    pub cite: Vec<Cite>,
}

/// A limb that a law excludes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExcludedLimb {
    /// Which.
    pub limb: Limb,
    /// The law or administrative regulation.
    pub cite: Vec<Cite>,
}

/// 裁量阶次: one row of the decision table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Id within the offence.
    pub id: String,
    /// Name as printed: `从轻`.
    pub name: String,
    /// Conditions; empty fits all.
    #[serde(default)]
    pub when: When,
    /// What this row imposes; absent: what the clause says.
    #[serde(default)]
    pub impose: Option<Impose>,
    /// Range for a 个人, yuan, inside the clause's.
    #[serde(default)]
    pub individual: Option<YuanRange>,
    /// Range for a 单位.
    #[serde(default)]
    pub unit: Option<YuanRange>,
    /// Proposal in yuan; absent: by the setting `proposal`.
    #[serde(default)]
    pub propose: Option<i64>,
    /// The author knows that this row can pass the on-the-spot gate and goes to the ordinary procedure then.
    #[serde(default)]
    pub over_gate: bool,
    /// Law or discretion table; absent: the clause's basis.
    #[serde(default)]
    pub cite: Vec<Cite>,
}

/// What a tier imposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Impose {
    /// Order only (the clause says 可以).
    Order,
    /// 警告.
    Warning,
    /// 罚款.
    Fine,
    /// 警告并处罚款.
    WarningAndFine,
    /// 转普通程序.
    Ordinary,
}

/// What happens where tiers overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Rows exclude each other; an overlap is an error.
    #[default]
    Unique,
    /// The milder row applies (as published tables with shared bounds).
    Milder,
}

/// Two offences that may fit one act (处罚法 29).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// One.
    pub a: String,
    /// The other.
    pub b: String,
    /// How they stand to each other.
    pub relation: Relation,
    /// `special`: which prevails.
    #[serde(default)]
    pub prevails: String,
    /// Why.
    pub because: String,
    /// Law.
    #[serde(default)]
    pub cite: Vec<Cite>,
}

/// How two offences stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// 特别规定优于一般规定.
    Special,
    /// 按照罚款数额高的规定处罚.
    HigherFine,
    /// Two acts, each decided for itself.
    TwoActs,
}

/// A case with its outcome, run by `check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Party; absent: citizen.
    #[serde(default)]
    pub party: Option<crate::terms::PartyKind>,
    /// Age at the act; absent: 30 for a citizen or sole trader.
    #[serde(default)]
    pub age: Option<u8>,
    /// Facts.
    #[serde(default)]
    pub facts: BTreeMap<String, ExampleValue>,
    /// First-offence look-up; absent: first.
    #[serde(default)]
    pub history: ExampleHistory,
    /// The earlier order; absent: none.
    #[serde(default)]
    pub order: ExampleOrder,
    /// Day of the act; absent: first day in force.
    #[serde(default)]
    pub act_on: Option<Day>,
    /// Fines already imposed in this encounter, yuan.
    #[serde(default)]
    pub encounter_yuan: i64,
    /// Officers' choice where the law leaves one.
    #[serde(default)]
    pub choose: Option<Outcome>,
    /// What comes out.
    pub expect: Expect,
}

/// A fact in an example: `true`, `15`, `"value"`, `"1.5"` for a measure, `"?"` for asked and unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ExampleValue {
    /// Yes or no.
    Bool(bool),
    /// Written form, without decimals.
    Int(i64),
    /// Choice, decimal measure, or `?`.
    Text(String),
}

/// First-offence look-up in an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExampleHistory {
    /// Nothing found, fresh.
    #[default]
    First,
    /// Found before.
    Earlier,
    /// Not known.
    Unknown,
    /// Nothing found, but the replica is old.
    Stale,
}

/// The earlier order in an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExampleOrder {
    /// None.
    #[default]
    None,
    /// Served, not yet re-checked.
    Pending,
    /// Re-checked after the due time: not corrected.
    NotCorrected,
    /// Refused before the due time.
    Refused,
    /// Re-checked: corrected.
    Corrected,
}

/// What comes out of an example; only what is written is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Outcome.
    pub outcome: Outcome,
    /// Limb.
    #[serde(default)]
    pub limb: Option<Limb>,
    /// Tier id.
    #[serde(default)]
    pub tier: Option<String>,
    /// Amount in yuan.
    #[serde(default)]
    pub yuan: Option<i64>,
    /// Offence that art. 29 moved it to.
    #[serde(default)]
    pub offence: Option<String>,
    /// Provisional.
    #[serde(default)]
    pub provisional: Option<bool>,
}
