//! What a journal entry says about a case. Bodies are JSON text: integers and strings, never floats.
//!
//! A kind is never changed in meaning; a new meaning is a new kind or a new version.

use chrono::NaiveDateTime;
use ezhifa_law::{decision::Decision, facts::Value, money::Fen, terms::{Outcome, Series, SlipKind}};
use serde::{Deserialize, Serialize};

use crate::people::{Crew, EServiceConsent, OfficerId, Party, Place, Private, Signing};

/// Case id: opaque, made by the phone from its randomness, the same for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// How the second officer confirmed (DESIGN.md 6, Officers).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Who.
    pub officer: OfficerId,
    /// `pin` or `authenticator`.
    pub how: String,
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
        party: Party,
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
        /// `officer`, `party`, `photo`, `replica`.
        source: String,
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
        order: ezhifa_law::decision::PriorOrder,
        /// Crew that made the order: the re-check is by another crew on another day where the pack says so.
        ordered_by: Vec<OfficerId>,
    },
    /// The rulebook proposes.
    Proposed {
        /// Proposal with reasons.
        decision: Box<Decision>,
    },
    /// 告知 (处罚法 44).
    NoticeGiven {
        /// `oral` or `paper`.
        how: String,
    },
    /// 陈述申辩 (45) with the officers' 复核.
    StatementHeard {
        /// Made, not made, waived.
        statement: StatementKind,
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
    /// 决定.
    Decided {
        /// The frozen record.
        record: Box<DecisionRecord>,
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
        document: String,
    },
    /// A print attempt and what came of it.
    Printed {
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
        /// `handed_over`, `electronic`, `left_and_filmed`, `to_receiver`…
        how: String,
        /// Who signed.
        signing: Signing,
    },
    /// Party gone before the hand-over: number void as 未交付.
    Undelivered {
        /// Why.
        reason: String,
    },
    /// 作废 (before the hand-over only).
    Voided {
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
    /// 缴款.
    Paid {
        /// Fen.
        amount: Fen,
        /// `pay_code`, `bank`, `cash`.
        how: String,
        /// Receipt number.
        receipt: String,
    },
    /// 备案 (52 ③).
    Filed {
        /// `receipt`, `sealed_export`, `other_phone`, `printed_sheet`.
        how: String,
    },
    /// 补正: clerical, outcome unchanged.
    Corrected {
        /// What, as printed.
        what: String,
        /// Head.
        by: OfficerId,
    },
    /// 撤销 by the head.
    Revoked {
        /// Why, as printed.
        reason: String,
        /// Head.
        by: OfficerId,
    },
    /// Electronic service agreed.
    EServiceAgreed {
        /// Consent.
        consent: EServiceConsent,
    },
    /// 转普通程序, 移送: material carried over.
    HandedTo {
        /// `ordinary` or the organ.
        to: String,
        /// Why.
        reason: String,
    },
    /// 结案.
    Closed {
        /// `served`, `advice`, `transferred`, `withdrawn`, `void`…
        how: String,
    },
}
