//! What a decision says: outcome, amounts, every reason with its rule, every row that did not fit.

use serde::{Deserialize, Serialize};

use crate::{
    facts::{Facts, Value},
    money::Fen,
    terms::{Citation, Limb, Outcome, PartyKind, Remedy, Series, SlipKind},
};

/// Which rulebook decided: stored with the case, so that HQ replays with the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackRef {
    /// Pack id, for example `dongguan-sample`.
    pub id: String,
    /// Forward-only version number.
    pub version: u32,
    /// Hex SHA-256 over sorted paths and file hashes.
    pub hash: String,
}

/// An earlier order that a conditional fine rests on (责令改正；拒不改正的，处…; invariant 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorOrder {
    /// The order's own number.
    pub number: String,
    /// Offence id that the order was made on; empty where nobody knows (a paper from before): not compared then.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub offence: String,
    /// Day it was made, `YYYY-MM-DD`.
    pub ordered_on: chrono::NaiveDate,
    /// When the correction was due, local time.
    pub due: chrono::NaiveDateTime,
    /// Whether its service is proved.
    pub served: bool,
    /// When the re-check was made (after `due`, or on a refusal), by whom it was made is the case's matter.
    pub rechecked: Option<chrono::NaiveDateTime>,
    /// The re-check's finding: corrected or not; `None` when nobody re-checked.
    pub corrected: Option<bool>,
    /// The party refused to correct before the due time.
    #[serde(default)]
    pub refused: bool,
}

/// What is known of earlier finds (初次违法 look-up). A hit alone never makes an outcome harsher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Same conduct found before within the pack's window and scope: yes, no, or unknown.
    pub earlier: Option<bool>,
    /// How fresh the replica was, local time; `None` when there is none.
    pub as_of: Option<chrono::NaiveDateTime>,
    /// Older than the pack's limit or partial coverage: limb B is provisional then (invariant 5).
    pub stale: bool,
}

/// Everything a decision may depend on. No clock inside: times are handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// Offence id in the rulebook (案由).
    pub offence: String,
    /// Kind of party.
    pub party: PartyKind,
    /// Full years at the act, for a natural person; `None` when not known.
    pub age_at_act: Option<u8>,
    /// Act time, local (Asia/Shanghai).
    pub act_at: chrono::NaiveDateTime,
    /// Decision time, local (Asia/Shanghai).
    pub decided_at: chrono::NaiveDateTime,
    /// When the act was discovered (limb E, 处罚法 36); absent: at the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovered_at: Option<chrono::NaiveDateTime>,
    /// Answers so far.
    pub facts: Facts,
    /// Earlier order, if the clause needs one.
    pub prior_order: Option<PriorOrder>,
    /// First-offence look-up.
    pub history: History,
    /// Fines already imposed on this party in this encounter; summed before the gate.
    pub encounter_fines: Fen,
    /// Ceiling that an earlier proposal set before the defence was heard: never exceeded (invariant 6).
    pub defence_cap: Option<DefenceCap>,
    /// What the officers chose where the law leaves a choice (`Decision::may_choose`, an amount inside
    /// the range); absent: the proposal. The reason for it is an entry of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
}

/// The officers' choice where the law leaves one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The proposed outcome or one of `may_choose`.
    pub outcome: Outcome,
    /// Another amount inside the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Fen>,
}

/// The proposal as it was told to the party; a defence may lower it, never raise it (处罚法 45).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefenceCap {
    /// Outcome told.
    pub outcome: Outcome,
    /// Amount told.
    pub amount: Fen,
}

/// Lower and upper bound of a fine, inclusive, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FineRange {
    /// Lower bound.
    pub low: Fen,
    /// Upper bound.
    pub high: Fen,
}

/// One step of the reasoning, as a lawyer would read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Rule id in the pack, for example `limb.A` or `offence.stall.tier.light`.
    pub rule: String,
    /// Chinese sentence, from the pack's wording with the facts filled in.
    pub text: String,
    /// Law relied on.
    pub citations: Vec<Citation>,
    /// The facts that matched.
    pub facts: Vec<(String, Value)>,
}

/// A row that did not fit, with the first condition that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Rule id.
    pub rule: String,
    /// First failed condition as a Chinese sentence.
    pub because: String,
}

/// Something the officers still owe: education, re-check, guardian notice, head's confirmation…
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// 教育 (处罚法 33 ③).
    Educate,
    /// 责令监护人加以管教 (30, 31).
    NotifyGuardian,
    /// Proof that the correction has happened (before/after pair).
    ProveCorrection,
    /// Re-check after the due time.
    Recheck,
    /// 本机关负责人审查.
    HeadConfirms,
    /// First offence is provisional: HQ re-checks.
    ConfirmHistory,
}

/// Fewest facts that are still missing before a decision can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Fact name.
    pub fact: String,
    /// Wording for the officer, Chinese.
    pub text: String,
    /// What kind of answer.
    pub answer: AnswerKind,
    /// Help line, Chinese, may be empty.
    #[serde(default)]
    pub help: String,
}

/// Type and range of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum AnswerKind {
    /// Yes, no, or unknown.
    Bool,
    /// Integer in `unit`, between the bounds, inclusive.
    Int {
        /// Unit as shown: `件`, `0.1㎡`, `dB`.
        unit: String,
        /// Digits after the point that the app shows; the answer is stored times 10^decimals.
        #[serde(default)]
        decimals: u8,
        /// Lowest allowed, stored form.
        min: i64,
        /// Highest allowed, stored form.
        max: i64,
    },
    /// One of these (value, label).
    Choice {
        /// Value stored and label shown.
        options: Vec<(String, String)>,
    },
}

/// A reasoned decision: a proposal until two officers adopt it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Offence decided on (art. 29 may move it to another provision).
    pub offence: String,
    /// Offence name as printed.
    pub offence_name: String,
    /// How it ends.
    pub outcome: Outcome,
    /// Limb of the waiver.
    pub limb: Option<Limb>,
    /// Limb B on an old or partial history.
    pub provisional: bool,
    /// Tier id (裁量阶次).
    pub tier: Option<String>,
    /// Tier name as printed.
    pub tier_name: Option<String>,
    /// Statutory or tier range.
    pub range: Option<FineRange>,
    /// Proposed amount; zero where there is no fine.
    pub amount: Fen,
    /// Outcomes the officers may choose instead, each needing a reason code; empty where the law leaves none.
    pub may_choose: Vec<Outcome>,
    /// What was done (违法事实), from the pack's wording with the measured answers filled in.
    #[serde(default)]
    pub fact_text: String,
    /// The provision broken.
    pub violated: Vec<Citation>,
    /// The provision that penalises.
    pub basis: Vec<Citation>,
    /// Order text to correct (责令改正), as printed.
    pub order_text: String,
    /// Period to correct in hours; 0 is at once (立即).
    pub order_hours: u32,
    /// Reasons in the order of thought.
    pub reasons: Vec<Reason>,
    /// Rows that did not fit.
    pub rejected: Vec<Rejected>,
    /// Duties still open.
    pub duties: Vec<Duty>,
    /// Remedy clause that belongs on the paper.
    pub remedy: Remedy,
    /// Which paper.
    pub slip: SlipKind,
    /// Which number series; `None` when the paper has no number of its own.
    pub series: Series,
    /// Pack that this rests on: of the two, the milder one, and on a tie the one at the act (处罚法 37). Papers,
    /// clocks and organ are those of the pack at the decision, which the record of the case names.
    pub pack: PackRef,
    /// Pack in force at the act.
    pub pack_at_act: PackRef,
    /// Engine semantics number.
    pub semantics: u32,
    /// The answers that this decision used.
    pub facts: Facts,
}
