//! What a journal entry says about a case. Bodies are JSON text: integers and strings, never floats.
//!
//! A kind is never changed in meaning; a new meaning is a new kind or a new version.

use chrono::{NaiveDate, NaiveDateTime};
use ezhifa_law::{
    decision::{Decision, PackRef, PriorOrder},
    facts::Value,
    money::Fen,
    terms::{Outcome, Remedy, Series, SlipKind},
};
use serde::{Deserialize, Serialize};

use crate::people::{Crew, EServiceConsent, OfficerId, Party, Place, Private, SignerRole, Signing};

pub use crate::vocabulary::{
    CashGround, CashLeg, CloseWay, ConfirmWay, FactSource, FilingWay, NoticeWay, PayWay, ServiceWay,
};

/// Case id: opaque, made by the phone from its randomness, the same for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(pub String);

/// One event of one case, with who and when. This is the body of a journal entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseEvent {
    /// Which case.
    pub case: CaseId,
    /// Local wall time (Asia/Shanghai) of the act; the entry header has the raw clocks.
    pub at: NaiveDateTime,
    /// Who was there.
    pub crew: Crew,
    /// What happened.
    pub event: Event,
}

/// How a case came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "source")]
pub enum Source {
    /// 巡查.
    Patrol,
    /// 一键找城管: reference only, the reporter's identity never reaches a phone.
    CitizenReport {
        /// Lead id.
        lead: String,
    },
    /// 智慧城市平台视频: needs a person's audit first (处罚法 41).
    VideoLead {
        /// Lead id.
        lead: String,
        /// Who audited the record.
        audited_by: String,
    },
    /// 信访.
    Petition {
        /// Lead id.
        lead: String,
    },
    /// 无人机.
    Drone {
        /// Lead id.
        lead: String,
    },
    /// 其他机关移送.
    OtherOrgan {
        /// Lead id.
        lead: String,
    },
    /// 巡查 of another crew, left to this one.
    PatrolLead {
        /// Lead id.
        lead: String,
    },
}

/// One part of a fine that is paid by instalments (分期缴纳).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    /// Last day.
    pub by: NaiveDate,
    /// Fen.
    pub amount: Fen,
}

/// 延期、分期缴纳 as the head of the organ granted it (处罚法 66 ②).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferral {
    /// HQ's id of the decision on it.
    pub reference: String,
    /// Number of the decision that is paid later.
    pub number: String,
    /// When the party asked.
    pub asked_on: NaiveDate,
    /// New last day.
    pub until: NaiveDate,
    /// The parts, together the fine; empty for one late payment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Instalment>,
    /// The head.
    pub by: OfficerId,
}

/// A piece of evidence as the case knows it: by plaintext hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceItem {
    /// Plaintext SHA-256, hex: also its id.
    pub sha256: String,
    /// `photo`, `video`, `audio`, `signature`, `document`.
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// When it was captured, local time.
    pub captured_at: NaiveDateTime,
    /// Where in the story: shows the fact, or the state after the correction.
    pub stage: Stage,
    /// What it proves (证明对象), short.
    #[serde(default)]
    pub caption: String,
}

/// Whether a picture shows the violation or its correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 违法事实.
    Fact,
    /// 改正后.
    Corrected,
    /// 送达, 签名.
    Service,
    /// Other.
    Other,
}

/// 陈述申辩.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementKind {
    /// Made.
    Made,
    /// Not made.
    NotMade,
    /// Expressly waived.
    Waived,
}

/// Where a case goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// 转普通程序.
    Ordinary,
    /// 移送: name of the organ.
    Organ(String),
}

/// The officers' choice where the law leaves one: what, how much, and why. Limb B (可以) needs a
/// reason either way: then only the reason stands here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choice {
    /// Another outcome that the rulebook allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Another amount inside the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Fen>,
    /// Reason code from the organ's list.
    pub reason: String,
}

impl Choice {
    /// A reason for the proposal as it stands.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Choice { outcome: None, amount: None, reason: reason.into() }
    }

    /// As the rulebook takes it: `None` where only a reason is given.
    #[must_use]
    pub fn for_law(&self) -> Option<ezhifa_law::decision::Choice> {
        self.outcome.map(|outcome| ezhifa_law::decision::Choice { outcome, amount: self.amount })
    }
}

/// The two rulebooks that were evaluated (从旧兼从轻, 处罚法 37).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Laws {
    /// In force at the act.
    pub at_act: PackRef,
    /// In force at the decision.
    pub at_decision: PackRef,
}

/// How the second officer confirmed (DESIGN.md 6, Officers).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Who.
    pub officer: OfficerId,
    /// PIN or authenticator.
    pub how: ConfirmWay,
    /// When.
    pub at: NaiveDateTime,
}

/// The decision as made: frozen, never edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The proposal that was adopted (amount may be lower after the defence).
    pub decision: Decision,
    /// Outcome chosen: differs from the proposal only where the law leaves a choice.
    pub outcome: Outcome,
    /// Amount decided.
    pub amount: Fen,
    /// Why, where it differs or where limb B was open.
    #[serde(default)]
    pub reason_code: Option<String>,
    /// Series and running number: exactly one, from a leased block.
    pub series: Series,
    /// The number as printed.
    pub number: String,
    /// Decision time and place as printed.
    pub at: NaiveDateTime,
    /// Place as printed.
    pub place: String,
    /// Evidence frozen in the decision: hashes in order of capture.
    pub evidence: Vec<String>,
    /// Both officers confirmed, each with their own secret.
    pub confirmations: Vec<Confirmation>,
    /// The order's due time, when there is an order.
    #[serde(default)]
    pub order_due: Option<NaiveDateTime>,
    /// Replica time the first-offence answer had.
    #[serde(default)]
    pub history_as_of: Option<NaiveDateTime>,
    /// Which paper.
    pub slip: SlipKind,
    /// Which remedy clause belongs on it.
    pub remedy: Remedy,
    /// Fines of this encounter before this one: an input of the replay.
    pub encounter_fines: Fen,
    /// The rulebooks evaluated: inputs of the replay.
    pub laws: Laws,
    /// The officers' choice as the rulebook took it: an input of the replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<ezhifa_law::decision::Choice>,
}

/// A pre-numbered paper that was filled in by hand (手写文书).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandPaper {
    /// Number pre-printed on it, of the hand-written series.
    pub number: String,
    /// Time of the decision as written on it.
    pub written_at: NaiveDateTime,
    /// Its photo: evidence id.
    pub photo: String,
}

/// Why nothing came out of the printer, or that it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum PrintState {
    /// The fence came back.
    Printed,
    /// Nothing usable came out.
    NotPrinted {
        /// `paper_out`, `cover_open`, `offline`…
        reason: String,
    },
    /// No fence: the officer must look at the paper.
    Unknown,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Event {
    /// 立案线索: the case is open.
    Opened {
        /// Where from.
        #[serde(flatten)]
        source: Source,
        /// Where.
        place: Place,
        /// 演练: own series, never pushed as a case.
        #[serde(default)]
        drill: bool,
        /// Case it goes on from (another phone, another crew).
        #[serde(default)]
        continues: Option<CaseId>,
    },
    /// 亮证.
    CertificatesShown {
        /// Certificate numbers shown.
        certificates: Vec<String>,
    },
    /// 取证.
    EvidenceAdded {
        /// The item.
        item: EvidenceItem,
    },
    /// 当事人身份.
    PartyIdentified {
        /// The party.
        party: Box<Party>,
    },
    /// 案由, act time and place.
    OffenceChosen {
        /// Offence id in the rulebook.
        offence: String,
        /// When the act happened.
        act_at: NaiveDateTime,
        /// One sentence on what happened, as printed.
        fact_text: Private,
    },
    /// An answer.
    FactAnswered {
        /// Fact name.
        name: String,
        /// Answer.
        value: Value,
        /// Where the answer comes from.
        source: FactSource,
    },
    /// First-offence look-up: also the access record.
    HistoryAsked {
        /// Found before?
        earlier: Option<bool>,
        /// Replica time.
        as_of: Option<NaiveDateTime>,
        /// Stale or partial.
        stale: bool,
    },
    /// An earlier order was attached.
    PriorOrderAttached {
        /// The order.
        order: PriorOrder,
        /// Crew that made the order: the re-check is by another crew on another day where the pack says so.
        ordered_by: Vec<OfficerId>,
    },
    /// The rulebook proposes.
    Proposed {
        /// Proposal with reasons.
        decision: Box<Decision>,
        /// The officers' choice; the decision above already follows it, and this is what the party is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        choice: Option<Choice>,
        /// Fines of this encounter before this one.
        encounter_fines: Fen,
        /// The rulebooks evaluated.
        laws: Laws,
    },
    /// 告知 (处罚法 44).
    NoticeGiven {
        /// Oral or on paper.
        how: NoticeWay,
    },
    /// 陈述申辩 (45) with the officers' 复核.
    StatementHeard {
        /// Made, not made, waived.
        statement: StatementKind,
        /// Who spoke: a clerk's words are not the shop's statement.
        by: SignerRole,
        /// The party's words.
        words: Private,
        /// What the officers found on review.
        review: String,
        /// Upheld: the proposal is made again, never higher.
        upheld: bool,
    },
    /// 回避申请 and what became of it (43).
    RecusalAsked {
        /// Against whom.
        officer: OfficerId,
        /// Head's decision; `None` while open.
        granted: Option<bool>,
        /// The head who ruled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<OfficerId>,
    },
    /// 教育 (33 ③).
    Educated {
        /// How, as printed.
        how: String,
    },
    /// 改正 seen, with its after-picture.
    CorrectionSeen {
        /// When.
        at: NaiveDateTime,
        /// Evidence ids.
        evidence: Vec<String>,
    },
    /// 改正承诺: postpones the decision until the re-check, never replaces it.
    CorrectionPromised {
        /// Until when.
        until: NaiveDateTime,
    },
    /// 决定.
    Decided {
        /// The frozen record.
        record: Box<DecisionRecord>,
    },
    /// 手写文书补录: the decision before this entry stands on a paper that was filled in by hand.
    KeyedIn {
        /// The paper.
        paper: HandPaper,
    },
    /// A further paper took its number; it is signed next.
    PaperPrepared {
        /// Which paper.
        slip: SlipKind,
        /// Its number.
        number: String,
    },
    /// The paper: signed, rendered words stored for ever.
    SlipIssued {
        /// Which paper.
        slip: SlipKind,
        /// Its number.
        number: String,
        /// Content of the verification code.
        code: String,
        /// Human check code.
        check_code: String,
        /// The document as composed (JSON of `slip::Document`), exact.
        document: Private,
    },
    /// A print attempt and what came of it.
    Printed {
        /// Which paper.
        number: String,
        /// 0 is the first print, n is 补打 n.
        copy: u32,
        /// Result.
        result: PrintState,
        /// The officer looked at an unknown print and said so.
        #[serde(default)]
        confirmed: Option<bool>,
    },
    /// 送达.
    Served {
        /// In which way.
        how: ServiceWay,
        /// Who signed.
        signing: Signing,
    },
    /// 拒绝接收: noted and filmed; a follow-up service is owed and the clocks wait for it.
    TakingRefused {
        /// Who refused, with the film.
        signing: Signing,
    },
    /// Party gone before the hand-over: number void as 未交付.
    Undelivered {
        /// The number.
        number: String,
        /// Why.
        reason: String,
    },
    /// 作废 (before the hand-over only).
    Voided {
        /// The number.
        number: String,
        /// Reason code.
        reason: String,
        /// Second officer.
        confirmation: Confirmation,
    },
    /// 复查.
    Rechecked {
        /// Corrected?
        corrected: bool,
        /// Evidence ids.
        evidence: Vec<String>,
    },
    /// 拒不改正: the party said so, before or after the due time.
    CorrectionRefused {
        /// What was said or done.
        words: Private,
        /// Evidence ids.
        evidence: Vec<String>,
    },
    /// 缴款.
    Paid {
        /// Fen.
        amount: Fen,
        /// In which way.
        how: PayWay,
        /// Receipt number.
        receipt: String,
        /// Why cash was lawful.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cash: Option<CashGround>,
        /// The reason recorded for it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// Cash handed on (71).
    CashHandedIn {
        /// To the organ, or by the organ to the bank.
        leg: CashLeg,
        /// Receipt number of the cash.
        receipt: String,
    },
    /// 退还罚款 after 撤销.
    Refunded {
        /// Fen.
        amount: Fen,
        /// Voucher.
        receipt: String,
    },
    /// 备案 (52 ③).
    Filed {
        /// By which way.
        how: FilingWay,
    },
    /// 补正: clerical, outcome unchanged.
    Corrected {
        /// What, as printed.
        what: String,
        /// Head.
        by: OfficerId,
        /// Number of the 补正通知书, when it prints one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// The party as it should have been written, where the slip of the pen was in the identity.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        party: Option<Box<Party>>,
    },
    /// 撤销 by the head.
    Revoked {
        /// Why, as printed.
        reason: String,
        /// Head.
        by: OfficerId,
        /// Number of the 撤销决定书, when it prints one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// 负责人对拟不予处罚的审查: granted, it is a waiver; refused, the case goes to the ordinary procedure.
    WaiverRuled {
        /// Granted?
        granted: bool,
        /// Head.
        by: OfficerId,
        /// Granted: the number of the decision paper (不予行政处罚决定书), which is served on its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// Its kind: to a guardian where one has a duty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slip: Option<SlipKind>,
    },
    /// 延期、分期缴纳: decided by the head of the organ, written into the case by the phone that decided.
    PaymentDeferred {
        /// What was granted.
        deferral: Deferral,
    },
    /// Electronic service agreed.
    EServiceAgreed {
        /// Consent.
        consent: EServiceConsent,
    },
    /// 劝导: not a decision; skips what the law lets it skip.
    Advised {
        /// What was said, as printed.
        text: String,
        /// Number of its paper; none where no offence was chosen: then nothing is printed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// 转普通程序, 移送: material carried over.
    HandedTo {
        /// Where to.
        to: Destination,
        /// Why.
        reason: String,
        /// Number of the notice, when one is printed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// 结案.
    Closed {
        /// In which way.
        how: CloseWay,
    },
}

impl Event {
    /// Every kind there is, as written in entries.
    pub const KINDS: &'static [&'static str] = &[
        "opened",
        "certificates_shown",
        "evidence_added",
        "party_identified",
        "offence_chosen",
        "fact_answered",
        "history_asked",
        "prior_order_attached",
        "proposed",
        "notice_given",
        "statement_heard",
        "recusal_asked",
        "educated",
        "correction_seen",
        "correction_promised",
        "decided",
        "keyed_in",
        "paper_prepared",
        "slip_issued",
        "printed",
        "served",
        "taking_refused",
        "undelivered",
        "voided",
        "rechecked",
        "correction_refused",
        "paid",
        "cash_handed_in",
        "refunded",
        "filed",
        "corrected",
        "revoked",
        "waiver_ruled",
        "payment_deferred",
        "e_service_agreed",
        "advised",
        "handed_to",
        "closed",
    ];

    /// The kind as it stands in the entry: the journal header carries the same word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Event::Opened { .. } => "opened",
            Event::CertificatesShown { .. } => "certificates_shown",
            Event::EvidenceAdded { .. } => "evidence_added",
            Event::PartyIdentified { .. } => "party_identified",
            Event::OffenceChosen { .. } => "offence_chosen",
            Event::FactAnswered { .. } => "fact_answered",
            Event::HistoryAsked { .. } => "history_asked",
            Event::PriorOrderAttached { .. } => "prior_order_attached",
            Event::Proposed { .. } => "proposed",
            Event::NoticeGiven { .. } => "notice_given",
            Event::StatementHeard { .. } => "statement_heard",
            Event::RecusalAsked { .. } => "recusal_asked",
            Event::Educated { .. } => "educated",
            Event::CorrectionSeen { .. } => "correction_seen",
            Event::CorrectionPromised { .. } => "correction_promised",
            Event::Decided { .. } => "decided",
            Event::KeyedIn { .. } => "keyed_in",
            Event::PaperPrepared { .. } => "paper_prepared",
            Event::SlipIssued { .. } => "slip_issued",
            Event::Printed { .. } => "printed",
            Event::Served { .. } => "served",
            Event::TakingRefused { .. } => "taking_refused",
            Event::Undelivered { .. } => "undelivered",
            Event::Voided { .. } => "voided",
            Event::Rechecked { .. } => "rechecked",
            Event::CorrectionRefused { .. } => "correction_refused",
            Event::Paid { .. } => "paid",
            Event::CashHandedIn { .. } => "cash_handed_in",
            Event::Refunded { .. } => "refunded",
            Event::Filed { .. } => "filed",
            Event::Corrected { .. } => "corrected",
            Event::Revoked { .. } => "revoked",
            Event::WaiverRuled { .. } => "waiver_ruled",
            Event::PaymentDeferred { .. } => "payment_deferred",
            Event::EServiceAgreed { .. } => "e_service_agreed",
            Event::Advised { .. } => "advised",
            Event::HandedTo { .. } => "handed_to",
            Event::Closed { .. } => "closed",
        }
    }
}
