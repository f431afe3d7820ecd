//! What a case is made of: the opening, the hearing, papers, service, payments.

use chrono::NaiveDateTime;
use ezhifa_law::{
    decision::{Decision, DefenceCap, PriorOrder},
    money::Fen,
    terms::SlipKind,
};

use crate::{
    event::{
        CaseId, CashGround, CashLeg, Choice, DecisionRecord, Destination, EvidenceItem, Laws, PayWay,
        PrintState, ServiceWay, Source, StatementKind,
    },
    people::{Crew, OfficerId, Party, Place, Private, SignerRole, Signing},
};

/// How the case was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// When.
    pub at: NaiveDateTime,
    /// Where from.
    pub source: Source,
    /// Where.
    pub place: Place,
    /// 演练.
    pub drill: bool,
    /// Case it goes on from.
    pub continues: Option<CaseId>,
}

/// Evidence as the case holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The item.
    pub item: EvidenceItem,
    /// Came after the decision: never part of its basis (证据规定 60).
    pub after_decision: bool,
}

/// 案由 and act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Offence id.
    pub offence: String,
    /// When.
    pub at: NaiveDateTime,
    /// As printed.
    pub text: Private,
}

/// An earlier order that this case rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prior {
    /// The order, with this case's own re-check where there is one.
    pub order: PriorOrder,
    /// Who made it.
    pub ordered_by: Vec<OfficerId>,
    /// The party of the case when it was attached, found to be the one that the order speaks to.
    pub party: Option<Party>,
}

/// The last proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What the rulebook says, with the officers' choice in it.
    pub decision: Decision,
    /// The officers' choice and its reason.
    pub choice: Option<Choice>,
    /// When.
    pub at: NaiveDateTime,
    /// Rulebooks.
    pub laws: Laws,
    /// A statement was upheld after it: it must be made again.
    pub outdated: bool,
}

impl Proposal {
    /// Outcome and amount that the party is told.
    #[must_use]
    pub fn told(&self) -> DefenceCap {
        DefenceCap { outcome: self.decision.outcome, amount: self.decision.amount }
    }

    /// The choice as the rulebook takes it; the reason for it stays here.
    #[must_use]
    pub fn law_choice(&self) -> Option<ezhifa_law::decision::Choice> {
        self.choice.as_ref().and_then(Choice::for_law)
    }
}

/// 告知 as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub at: NaiveDateTime,
    /// By whom.
    pub crew: Crew,
    /// Who was told; nobody where nobody was identified.
    pub party: Option<Party>,
    /// 违法事实 told: offence, time and the officers' sentence.
    pub act: Option<Act>,
    /// Outcome, reasons, provisions and amount told, with the pack that they came from.
    pub told: Decision,
}

impl Notice {
    /// Outcome and amount told.
    #[must_use]
    pub fn content(&self) -> DefenceCap {
        DefenceCap { outcome: self.told.outcome, amount: self.told.amount }
    }
}

/// 陈述申辩 as heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// When.
    pub at: NaiveDateTime,
    /// By whom heard.
    pub crew: Crew,
    /// Made, not made, waived.
    pub kind: StatementKind,
    /// Who spoke.
    pub by: SignerRole,
    /// Words.
    pub words: Private,
    /// 复核.
    pub review: String,
    /// Accepted.
    pub upheld: bool,
}

/// 改正 as seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionSeen {
    /// When.
    pub at: NaiveDateTime,
    /// Evidence ids.
    pub evidence: Vec<String>,
}

/// Why a decision no longer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// 作废 before the hand-over.
    Void,
    /// 未交付.
    Undelivered,
    /// 撤销.
    Revoked,
}

/// A decision that no longer stands; its number stays explained for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The record as it was.
    pub record: DecisionRecord,
    /// Why it ended.
    pub by: EndedBy,
    /// Reason as recorded.
    pub reason: String,
    /// When.
    pub at: NaiveDateTime,
    /// Number of the paper that says so, when there is one.
    pub paper: Option<String>,
}

/// A paper that was signed, and what came of its prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Kind.
    pub slip: SlipKind,
    /// Number.
    pub number: String,
    /// Code.
    pub code: String,
    /// Check code.
    pub check_code: String,
    /// Document, exact.
    pub document: Private,
    /// When.
    pub at: NaiveDateTime,
    /// Print attempts in order.
    pub prints: Vec<Print>,
}

/// One print attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    /// 补打 n.
    pub copy: u32,
    /// Result.
    pub result: PrintState,
    /// What the officer saw, where the result is unknown.
    pub confirmed: Option<bool>,
}

impl Print {
    /// A whole paper is certainly in somebody's hand.
    #[must_use]
    pub fn complete(&self) -> bool {
        match self.result {
            PrintState::Printed => true,
            PrintState::Unknown => self.confirmed == Some(true),
            PrintState::NotPrinted { .. } => false,
        }
    }

    /// The end is unknown and nobody has looked yet.
    #[must_use]
    pub fn open(&self) -> bool {
        self.result == PrintState::Unknown && self.confirmed.is_none()
    }
}

impl Issued {
    /// A whole paper exists.
    #[must_use]
    pub fn printed(&self) -> bool {
        self.prints.iter().any(Print::complete)
    }

    /// 0 for the first paper, n for 补打 n: a print that may have come out counts.
    #[must_use]
    pub fn next_copy(&self) -> u32 {
        let out = self.prints.iter().filter(|p| p.complete() || p.open()).count();
        u32::try_from(out).unwrap_or(u32::MAX)
    }
}

/// 送达 as done: every clock of the party starts here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// When.
    pub at: NaiveDateTime,
    /// How.
    pub how: ServiceWay,
    /// Who signed.
    pub signing: Signing,
    /// By whom.
    pub crew: Crew,
}

/// 复查 as made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recheck {
    /// When.
    pub at: NaiveDateTime,
    /// By whom.
    pub crew: Crew,
    /// Corrected?
    pub corrected: bool,
    /// Evidence ids.
    pub evidence: Vec<String>,
}

/// 缴款 as made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// When.
    pub at: NaiveDateTime,
    /// Fen.
    pub amount: Fen,
    /// How.
    pub how: PayWay,
    /// Receipt.
    pub receipt: String,
    /// Why cash.
    pub cash: Option<CashGround>,
    /// Handed on, when cash.
    pub legs: Vec<(CashLeg, NaiveDateTime)>,
}

/// Where the case went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// Where to.
    pub to: Destination,
    /// Why.
    pub reason: String,
    /// When.
    pub at: NaiveDateTime,
    /// Number of the notice.
    pub number: Option<String>,
}

/// How far a case has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Nothing but perhaps evidence.
    Unopened,
    /// 调查取证.
    Gathering,
    /// The rulebook has proposed.
    Proposed,
    /// 已告知.
    Noticed,
    /// 已听取陈述申辩.
    Heard,
    /// 已决定, not yet signed as a paper.
    Decided,
    /// Signed, not certainly printed.
    Issued,
    /// A whole paper exists.
    Printed,
    /// 拒绝接收, follow-up service owed.
    TakingRefused,
    /// 已送达.
    Served,
    /// 已转出.
    HandedOver,
    /// 已结案.
    Closed,
}
