//! The pack files as written (TOML). docs/rulebook-guide.md says the same for rule editors.
//!
//! Every table refuses unknown keys, so that a typing error is a finding and not a silent default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod offence;

pub use offence::*;

use crate::terms::{Limb, Outcome, Series};

#[cfg(test)]
impl schemars::JsonSchema for Day {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date" })
    }
}

/// A day, written as a TOML date (`2026-01-01`) or as the same text in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "WrittenDay", into = "String")]
pub struct Day(pub chrono::NaiveDate);

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenDay {
    Date(toml::value::Datetime),
    Text(String),
}

impl TryFrom<WrittenDay> for Day {
    type Error = String;

    fn try_from(written: WrittenDay) -> Result<Day, String> {
        let text = match written {
            WrittenDay::Date(date) => date.to_string(),
            WrittenDay::Text(text) => text,
        };
        chrono::NaiveDate::parse_from_str(&text, "%Y-%m-%d")
            .map(Day)
            .map_err(|_| format!("“{text}”不是 YYYY-MM-DD 形式的日期 / not a date of the form YYYY-MM-DD"))
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.0.to_string()
    }
}

/// `manifest.toml`: what this pack is and on what it rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Pack id: `dongguan-sample`.
    pub id: String,
    /// Title as shown.
    pub title: String,
    /// Forward-only version number.
    pub version: u32,
    /// Engine semantics number that this pack was written for.
    pub semantics: u32,
    /// Sample data: printed loudly on every slip.
    #[serde(default)]
    pub sample: bool,
    /// A collection of clauses for organs to import; it prints nothing itself and is not deployed.
    #[serde(default)]
    pub library: bool,
    /// First day in force.
    pub effective_from: Day,
    /// First day no longer in force.
    #[serde(default)]
    pub repealed_on: Option<Day>,
    /// Where the basis was published (处罚法 5): without it no offence goes live.
    pub published_at: String,
    /// Packs that this one rests on.
    #[serde(default, rename = "import")]
    pub imports: Vec<Import>,
}

/// One imported pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Pack id.
    pub id: String,
    /// Its hash, 64 hex digits.
    pub hash: String,
}

/// `instruments.toml`: short keys for laws, so that a citation is one line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InstrumentsFile {
    /// Key -> instrument.
    #[serde(default)]
    pub instruments: BTreeMap<String, Instrument>,
}

/// A law, regulation or rule (法律、法规、规章).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Title without brackets.
    pub title: String,
    /// Level in the hierarchy.
    pub level: Level,
    /// Version date of the text.
    #[serde(default)]
    pub version: Option<Day>,
    /// Where the text was found.
    #[serde(default)]
    pub source: String,
}

/// Level of an instrument. Only the first four may set a penalty (处罚法 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 法律.
    Law,
    /// 行政法规.
    AdministrativeRegulation,
    /// 地方性法规.
    LocalRegulation,
    /// 规章.
    Rule,
    /// 规范性文件: discretion tables and waiver lists, never a penalty of its own.
    NormativeDocument,
    /// 标准.
    Standard,
}

/// A citation: `"cfl 第三十三条第一款"` or the same with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Cite {
    /// Instrument key, a space, the article.
    Short(String),
    /// The same with the words relied on.
    Quoted(QuotedCite),
}

/// A citation with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuotedCite {
    /// Instrument key, a space, the article.
    pub at: String,
    /// The words relied on.
    pub quote: String,
}

/// `facts.toml`: what may be asked, in what words, with what answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FactsFile {
    /// Facts in the order in which an officer would look.
    #[serde(default, rename = "fact")]
    pub facts: Vec<Fact>,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Name, lower-case ASCII with underscores.
    pub name: String,
    /// The question to the officer.
    pub ask: String,
    /// Help line.
    #[serde(default)]
    pub help: String,
    /// Type of the answer.
    #[serde(rename = "type")]
    pub kind: FactType,
    /// `bool`: the sentence when yes (`已及时改正`).
    #[serde(default)]
    pub yes: String,
    /// `bool`: the sentence when no (`未及时改正`).
    #[serde(default)]
    pub no: String,
    /// `int`: unit as shown.
    #[serde(default)]
    pub unit: String,
    /// `int`: digits after the point; the fact is stored times 10^decimals (1.5㎡ with 1 is 15).
    #[serde(default)]
    pub decimals: u8,
    /// `int`: lowest answer, stored form.
    #[serde(default)]
    pub min: Option<i64>,
    /// `int`: highest answer, stored form.
    #[serde(default)]
    pub max: Option<i64>,
    /// `int`: what is measured, for sentences (`面积`).
    #[serde(default)]
    pub label: String,
    /// `choice`: value and label.
    #[serde(default)]
    pub options: Vec<FactOption>,
    /// `bool`: what holds until somebody raises it; asked only then. An explicit unknown lifts it.
    #[serde(default)]
    pub presumed: Option<bool>,
    /// Why it may be presumed (who bears the proof).
    #[serde(default)]
    pub presumed_because: String,
}

/// Type of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FactType {
    /// Yes or no.
    Bool,
    /// A count or a measure.
    Int,
    /// One of a list.
    Choice,
}

/// One answer of a `choice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FactOption {
    /// Stored value.
    pub value: String,
    /// Label shown.
    pub label: String,
}

/// Conditions, all of which must hold: fact name -> cell.
pub type When = BTreeMap<String, Cell>;

/// One cell of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Cell {
    /// `true` or `false`.
    Bool(bool),
    /// Exactly this integer (written form, without decimals).
    Int(i64),
    /// `"1..5"`, `"..5"`, `"6.."`, `"<0.5"`, `"<=2"`, `">1"`, `">=10"`, `"3"`; for a choice, the value.
    Text(String),
    /// One of these values of a choice.
    OneOf(Vec<String>),
}

/// `limbs.toml`: when nothing is punished, and what sends a case to the ordinary procedure first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LimbsFile {
    /// Facts not clear: checked before everything else.
    #[serde(default)]
    pub ordinary: Vec<OrdinaryRow>,
    /// Limbs in the order in which they are tried.
    #[serde(default, rename = "limb")]
    pub limbs: Vec<LimbRule>,
    /// Law behind the engine's own steps.
    #[serde(default)]
    pub principles: PrinciplesFile,
    /// Local packs only: further conditions for limb B (a `may` limb; A, C, D, E take none).
    #[serde(default)]
    pub limb_b_also: Option<LimbAlso>,
}

/// Law behind the engine's own steps, cited in the reasons.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PrinciplesFile {
    /// 违法事实不清的，不得给予行政处罚 (处罚法 40).
    pub clear_facts: Vec<Cite>,
    /// 责令改正 (28).
    pub order: Vec<Cite>,
    /// 按照罚款数额高的规定处罚 (29).
    pub higher_fine: Vec<Cite>,
    /// 从旧兼从轻 (37).
    pub milder_law: Vec<Cite>,
    /// 不得因陈述、申辩而给予更重的处罚 (45).
    pub defence: Vec<Cite>,
    /// 应当对当事人进行教育 (33 ③).
    pub education: Vec<Cite>,
}

/// A row that sends the case to the ordinary procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OrdinaryRow {
    /// Rule id.
    pub id: String,
    /// Conditions.
    pub when: When,
    /// Sentence.
    pub text: String,
    /// Law.
    pub cite: Vec<Cite>,
}

/// One limb.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LimbRule {
    /// Which.
    pub limb: Limb,
    /// Name as printed: `轻微不罚`.
    pub name: String,
    /// Alternatives; any of them is enough.
    pub any: Vec<LimbRow>,
    /// Law.
    pub cite: Vec<Cite>,
    /// Facts -> fits or not.
    #[serde(default, rename = "example")]
    pub examples: Vec<LimbExample>,
}

/// One alternative of a limb.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LimbRow {
    /// Conditions.
    pub when: When,
    /// Sentence.
    pub text: String,
    /// Law, when not that of the limb.
    #[serde(default)]
    pub cite: Vec<Cite>,
    /// Duty of a guardian (30, 31).
    #[serde(default)]
    pub guardian: bool,
}

/// Facts -> fits or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LimbExample {
    /// Facts and engine inputs.
    pub facts: BTreeMap<String, ExampleValue>,
    /// Whether the limb fits.
    pub fits: bool,
}

/// Further conditions for limb B.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LimbAlso {
    /// Conditions.
    pub when: When,
    /// Sentence.
    pub text: String,
    /// The published document that sets them.
    pub cite: Vec<Cite>,
}

/// `mitigation.toml`: 从轻、减轻.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MitigationFile {
    /// Rows; those that fit follow one another, the age last (处罚法 30).
    #[serde(default, rename = "mitigation")]
    pub rows: Vec<MitigationRow>,
}

/// One ground of mitigation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MitigationRow {
    /// Rule id.
    pub id: String,
    /// Conditions.
    pub when: When,
    /// Sentence.
    pub text: String,
    /// `true`: 应当; `false`: 可以, left to the officers.
    pub must: bool,
    /// Where between the floor of the range and the proposal the amount falls, percent; below the
    /// floor by the same share when the proposal is the floor (减轻).
    pub percent: u8,
    /// Law.
    pub cite: Vec<Cite>,
}

/// `gates.toml`, national pack only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GatesFile {
    /// On-the-spot gate for a citizen, yuan, inclusive (处罚法 51).
    pub citizen_yuan: i64,
    /// For an organisation.
    pub organisation_yuan: i64,
    /// Law.
    pub cite: Vec<Cite>,
    /// Cash without a further reason up to, yuan, inclusive (处罚法 68).
    pub cash_yuan: i64,
    /// Law.
    pub cash_cite: Vec<Cite>,
}

/// `clocks.toml`: statutory periods, in words and numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClocksFile {
    /// How each law counts days.
    #[serde(default, rename = "law")]
    pub laws: Vec<DayTable>,
    /// Periods.
    #[serde(default, rename = "clock")]
    pub clocks: Vec<Clock>,
    /// Late fee (处罚法 72, 强制法 45).
    #[serde(default)]
    pub late_fee: Option<LateFee>,
}

/// Which periods in days one law counts in working days (处罚法 85, 复议法 88, 强制法 69).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DayTable {
    /// Instrument key.
    pub key: String,
    /// The periods that the law lists: 二日、三日、五日、七日.
    #[serde(default)]
    pub working_days: Vec<u32>,
    /// Every period up to this many days (强制法 69: 十日以内).
    #[serde(default)]
    pub working_days_up_to: u32,
    /// Law.
    pub cite: Vec<Cite>,
}

/// Last day on a rest day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Roll {
    /// Stays.
    #[default]
    Never,
    /// Moves to the next working day by law (民诉法 85).
    Law,
    /// Moves when the setting `roll_over` says so.
    Setting,
}

/// One period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Id: `pay`, `reconsideration`, `court`, `cash_to_organ`, `cash_to_bank`, `limitation`…
    pub id: String,
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: ClockUnit,
    /// Whose days: key of the [`DayTable`] that says whether `days` are working days.
    #[serde(default)]
    pub law: Option<String>,
    /// What happens when the last day is a rest day.
    #[serde(default)]
    pub roll: Roll,
    /// In words, as printed: `自收到本决定书之日起十五日内`.
    pub text: String,
    /// Law.
    pub cite: Vec<Cite>,
}

/// Unit of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClockUnit {
    /// 小时.
    Hours,
    /// 日.
    Days,
    /// 工作日.
    WorkingDays,
    /// 个月.
    Months,
    /// 年.
    Years,
}

/// Late fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LateFee {
    /// Per day, thousandths of the fine (3 % is 30).
    pub permille_per_day: u32,
    /// Cap, percent of the fine.
    pub cap_percent: u32,
    /// In words, as printed.
    pub text: String,
    /// Law.
    pub cite: Vec<Cite>,
}

/// `organ.toml`: who decides and where a party turns. Everything is printed as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Organ {
    /// Name of the deciding organ.
    pub name: String,
    /// Short code, ASCII, in the slip code.
    pub code: String,
    /// Branch, if it is printed.
    #[serde(default)]
    pub branch: String,
    /// Address.
    #[serde(default)]
    pub address: String,
    /// Telephone.
    #[serde(default)]
    pub phone: String,
    /// Telephone for complaints about officers.
    #[serde(default)]
    pub complaint_phone: String,
    /// Collecting bank.
    #[serde(default)]
    pub bank: Bank,
    /// Reconsideration organ.
    #[serde(default)]
    pub reconsideration: Office,
    /// Court.
    #[serde(default)]
    pub court: Office,
    /// Where and when a party comes after a transfer.
    #[serde(default)]
    pub come_where: String,
    /// Hours for that.
    #[serde(default)]
    pub come_when: String,
    /// Purpose of personal data, one sentence (个人信息保护法 17).
    #[serde(default)]
    pub data_purpose: String,
}

/// Collecting bank (代收机构).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Bank {
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Address.
    #[serde(default)]
    pub address: String,
    /// Account.
    #[serde(default)]
    pub account: String,
}

/// An office that a party may turn to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Address.
    #[serde(default)]
    pub address: String,
    /// Telephone.
    #[serde(default)]
    pub phone: String,
    /// Where an application can be filed online; electronic service has to name it (行政复议法 22 ②).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub online: String,
}

/// `settings.toml`: what the law leaves to the organ. Every key may be absent; the imported pack's holds then.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SettingsFile {
    /// 备案: hours from the decision.
    pub filing_hours: Option<u32>,
    /// Last day on a rest day moves to the next working day.
    pub roll_over: Option<bool>,
    /// First-offence window.
    pub look_back_months: Option<u32>,
    /// First-offence scope.
    pub look_back_scope: Option<Scope>,
    /// Which earlier outcomes count.
    pub look_back_counts: Option<Vec<Outcome>>,
    /// Of the earlier waivers, those on which limbs count; A and B where nothing is written.
    pub look_back_limbs: Option<Vec<Limb>>,
    /// Fines on one party within so many hours are one encounter, summed before the gate; 12 where nothing is
    /// written.
    pub encounter_hours: Option<u32>,
    /// 责令监护人加以管教 (处罚法 30, 31) is owed beside an order too; not where nothing is written.
    pub guardian_with_order: Option<bool>,
    /// Who may waive on the spot.
    pub waiver: Option<WaiverAuthority>,
    /// The organ's published rule behind `delegated`.
    pub waiver_cite: Option<Vec<Cite>>,
    /// Written promise before a waiver on limb B; limb A (应当) takes no further condition.
    pub commitment_first: Option<bool>,
    /// 个体工商户 at the gate.
    pub sole_trader_gate: Option<SoleTraderGate>,
    /// 个体工商户 in 单位/个人 ranges.
    pub sole_trader_range: Option<SoleTraderRange>,
    /// First-offence replica older than this makes limb B provisional.
    pub max_replica_hours: Option<u32>,
    /// Re-check by another crew.
    pub recheck_other_crew: Option<bool>,
    /// Re-check on another day.
    pub recheck_other_day: Option<bool>,
    /// Whether cash is taken at all.
    pub cash: Option<bool>,
    /// Where in the range the proposal lies when a row does not say.
    pub proposal: Option<ProposalPoint>,
    /// A fine only on a verified identity.
    pub verified_identity_for_fine: Option<bool>,
    /// Working days for service after a refusal to take.
    pub refusal_service_days: Option<u32>,
    /// Same act (处罚法 29): minutes.
    pub same_act_minutes: Option<u32>,
    /// Same act: metres.
    pub same_act_metres: Option<u32>,
    /// Retention of cases, months.
    pub retention_months: Option<u32>,
    /// Organ's electronic seal on the slip.
    pub organ_seal: Option<bool>,
}

/// First-offence scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The same organ.
    Organ,
    /// The district.
    District,
    /// The city.
    City,
}

/// Who may waive on the spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WaiverAuthority {
    /// The officers, under the organ's published rule.
    Delegated,
    /// The head of the organ confirms; the slip says 拟不予处罚.
    HeadConfirms,
}

/// 个体工商户 at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SoleTraderGate {
    /// As a citizen (the stricter).
    Citizen,
    /// As an organisation.
    Organisation,
}

/// 个体工商户 in 单位/个人 ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SoleTraderRange {
    /// As an individual (the milder).
    Individual,
    /// As a unit.
    Unit,
}

/// Where in the range the proposal lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProposalPoint {
    /// The floor.
    Low,
    /// The middle, whole yuan, rounded down.
    Middle,
    /// The ceiling.
    High,
}

/// `numbers.toml`: number formats by series: `"东城管当罚〔{yyyy}〕第{seq:6}号"`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NumbersFile {
    /// Series -> format with `{yyyy}` and `{seq}` or `{seq:6}`.
    #[serde(default)]
    pub numbers: BTreeMap<Series, String>,
}

/// `signatures.toml`: two people stand for the pack; left out of the hash, made over it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignaturesFile {
    /// Signatures; at least two, by different people with different keys.
    #[serde(default, rename = "signature")]
    pub signatures: Vec<PackSignature>,
}

/// One signature over the domain-separated pack hash. Who holds the key is checked by HQ and phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PackSignature {
    /// Who signed: a role or a staff number.
    pub signer: String,
    /// Key id.
    pub key: String,
    /// `p256-sha256` or `sm2-sm3`.
    pub algorithm: String,
    /// Signature, hex.
    pub value: String,
}

/// `templates/*.toml`: any number of `[[template]]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TemplatesFile {
    /// Slip templates.
    #[serde(default, rename = "template")]
    pub templates: Vec<crate::template::SlipTemplate>,
}
