//! Slip wording as data (invariant 14): blocks of text with named places, filled by `slip`.
//!
//! A place is `{name}`; the closed vocabulary of names is [`PLACES`]. A block is printed when every
//! name in `when` has a value and none in `unless` has one. There is no other logic.

use serde::{Deserialize, Serialize};

use crate::terms::{Remedy, SlipKind};

/// The template of one kind of paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SlipTemplate {
    /// Which paper.
    pub kind: SlipKind,
    /// Title as printed; for a waiver it says that it is not a penalty.
    pub title: String,
    /// Which remedy clause this paper must carry; `check` holds the rights block against it.
    pub remedy: Remedy,
    /// Blocks in printing order.
    #[serde(rename = "block")]
    pub blocks: Vec<BlockTemplate>,
}

/// One labelled block, so that a court can tell order, decision, payment notice and rights apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BlockTemplate {
    /// What this block is.
    pub part: Part,
    /// Label printed in 【】; none for headings.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Lines of text with `{name}` places; a line whose every place is empty is left out.
    #[serde(default)]
    pub lines: Vec<String>,
    /// Print only when all of these have a value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<String>,
    /// Print only when none of these has a value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
    /// How it is set.
    #[serde(default)]
    pub style: Style,
    /// Draw a rule above.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rule_above: bool,
}

/// The parts a paper is made of (DESIGN.md 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Sample, drill or reprint mark.
    Mark,
    /// Organ, title, number, check code.
    Heading,
    /// 当事人.
    Party,
    /// 违法事实.
    Fact,
    /// 违反规定, 处罚依据.
    Basis,
    /// 理由, 裁量.
    Reason,
    /// 告知与陈述申辩.
    Statement,
    /// 责令改正.
    Order,
    /// 处罚决定 or 决定.
    Decision,
    /// 教育.
    Education,
    /// 缴款.
    Payment,
    /// 权利.
    Rights,
    /// 送达.
    Service,
    /// Officers and party.
    Signatures,
    /// QR codes.
    Codes,
    /// 咨询、纠错、补领; personal data.
    Contact,
    /// Anything else said to the party.
    Notice,
}

/// How a block is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// 24-dot text, left.
    #[default]
    Normal,
    /// 24-dot text, centred.
    Centred,
    /// 48-dot text, centred (title, amount).
    Large,
}

/// Every name a template may use. `rulebook check` refuses others.
pub const PLACES: &[&str] = &[
    "sample",
    "drill",
    "reprint",
    "organ",
    "branch",
    "title",
    "number",
    "check_code",
    "party",
    "party_id",
    "party_address",
    "guardian",
    "child",
    "act_time",
    "act_place",
    "fact",
    "proof",
    "violated",
    "basis",
    "reasons",
    "tier",
    "history_as_of",
    "statement",
    "statement_review",
    "order",
    "order_due",
    "order_done",
    "prior_order",
    "decision",
    "amount_digits",
    "amount_capitals",
    "education",
    "commitment",
    "pay_bank",
    "pay_bank_address",
    "pay_last_day",
    "pay_code",
    "pay_code_absent",
    "late_fee_cap",
    "cash_receipt",
    "reconsideration_organ",
    "reconsideration_address",
    "reconsideration_phone",
    "court",
    "decided_at",
    "decided_place",
    "officer_1",
    "officer_2",
    "party_sign",
    "service",
    "verify_code",
    "contact_phone",
    "complaint_phone",
    "data_purpose",
    "come_where",
    "come_when",
    "transfer_reason",
    "void_reason",
    "corrects",
    "correction",
    "revokes",
    "revocation_reason",
    "e_address",
    "head",
    "filing",
    // Flags and parts that only some papers have; rulebooks/prc-national/README.md explains each.
    "party_kind",
    "representative",
    "signer",
    "warning",
    "limb_name",
    "limb_basis",
    "limb_a",
    "limb_b",
    "limb_c",
    "limb_d",
    "limb_e",
    "discovered_on",
    "prior_order_on",
    "prior_order_due",
    "prior_order_found",
    "pay_account",
    "sign_refused",
    "sign_unable",
    "refused_to_take",
    "served_at",
    "act_ended",
    "reconsideration_online",
    "milder_law",
    "entry_hash",
    "receipt",
    "waiver_rule",
    "handed_to",
    "you",
    "cash",
    "identity_refused",
];

/// Names that earlier packs may still use and that nothing fills any more: what they say is not known before
/// the print (the record of service stands in the case file), or is set elsewhere (补打 n). An old pack stays
/// readable; `rulebook check` refuses them in a new one.
pub const RETIRED: &[&str] =
    &["reprint", "service", "served_at", "entry_hash", "refused_to_take", "cash_receipt"];
