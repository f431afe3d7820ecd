//! What an officer can ask of a case, and what lies on the desk when it is asked.

use chrono::NaiveDateTime;
use ezhifa_law::{
    decision::{History, PriorOrder},
    facts::Value,
    money::Fen,
    terms::{Series, SlipKind},
};

use crate::{
    books::Books,
    event::{
        CaseId, CashGround, CashLeg, Choice, CloseWay, Confirmation, Deferral, Destination, EvidenceItem,
        FactSource, FilingWay, HandPaper, NoticeWay, PayWay, PrintState, ServiceWay, Source, StatementKind,
    },
    people::{Crew, EServiceConsent, OfficerId, Party, Place, Private, Roster, SignerRole, Signing},
};

/// A number that the phone holds ready from a leased block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextNumber {
    /// Series of the block.
    pub series: Series,
    /// As printed.
    pub text: String,
    /// From the drill series (演练).
    pub drill: bool,
}

/// A block of finance receipts (专用票据) that the crew was allotted (处罚法 70).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptBlock {
    /// What stands before the digits.
    pub prefix: String,
    /// First number.
    pub from: u64,
    /// Last number.
    pub to: u64,
}

impl ReceiptBlock {
    /// Whether `receipt` is one of this block.
    #[must_use]
    pub fn holds(&self, receipt: &str) -> bool {
        receipt
            .strip_prefix(self.prefix.as_str())
            .filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse::<u64>().ok())
            .is_some_and(|n| (self.from..=self.to).contains(&n))
    }
}

/// Everything outside the case that a command may depend on. The shell fills it; the case has no clock.
pub struct Desk<'a> {
    /// Local time (Asia/Shanghai).
    pub now: NaiveDateTime,
    /// Who is there.
    pub crew: &'a Crew,
    /// The signed roster.
    pub roster: &'a Roster,
    /// The rulebooks at the act and now.
    pub books: &'a dyn Books,
    /// First-offence answer for `AskHistory`.
    pub history: History,
    /// The next number of the series that the decision or notice needs.
    pub next_number: Option<NextNumber>,
    /// An earlier decision of this phone was not filed in time (invariant 16).
    pub filing_overdue: bool,
    /// The clock agrees with its other sources (invariant 17).
    pub clock_trusted: bool,
    /// Fines already decided on this party in this encounter.
    pub encounter_fines: Fen,
    /// Receipt blocks of the crew.
    pub receipts: &'a [ReceiptBlock],
}

/// What an officer asks. Each mirrors an event; the desk supplies time, crew, law and numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Open the case.
    Open {
        /// Where from.
        source: Source,
        /// Where.
        place: Place,
        /// 演练.
        drill: bool,
        /// Case it goes on from.
        continues: Option<CaseId>,
    },
    /// 亮证.
    ShowCertificates,
    /// 取证: never refused.
    AddEvidence(EvidenceItem),
    /// 当事人.
    IdentifyParty(Box<Party>),
    /// 案由.
    ChooseOffence {
        /// Offence id.
        offence: String,
        /// Act time.
        act_at: NaiveDateTime,
        /// One sentence, as printed.
        fact_text: Private,
    },
    /// One answer.
    AnswerFact {
        /// Fact name.
        name: String,
        /// Answer.
        value: Value,
        /// From where.
        source: FactSource,
    },
    /// Record the first-offence look-up that lies on the desk.
    AskHistory,
    /// Attach an earlier order.
    AttachPriorOrder {
        /// The order.
        order: PriorOrder,
        /// Who made it.
        ordered_by: Vec<OfficerId>,
        /// Whether it speaks to the party of this case; `None` where the order names nobody or nobody can tell.
        same_party: Option<bool>,
    },
    /// Ask the rulebook; the officers may choose otherwise where it leaves a choice.
    Propose {
        /// Their choice, with its reason code.
        choice: Option<Choice>,
    },
    /// 告知.
    GiveNotice(NoticeWay),
    /// 陈述申辩.
    HearStatement {
        /// Made, not made, waived.
        statement: StatementKind,
        /// Who spoke.
        by: SignerRole,
        /// Words.
        words: Private,
        /// 复核.
        review: String,
        /// Accepted.
        upheld: bool,
    },
    /// 回避申请.
    AskRecusal {
        /// Against whom.
        officer: OfficerId,
    },
    /// The head rules on it.
    RuleRecusal {
        /// Against whom.
        officer: OfficerId,
        /// Granted?
        granted: bool,
        /// Head.
        by: OfficerId,
    },
    /// 教育.
    Educate {
        /// How.
        how: String,
    },
    /// 改正 seen.
    SeeCorrection {
        /// Evidence ids of the after-pictures.
        evidence: Vec<String>,
    },
    /// 改正承诺.
    PromiseCorrection {
        /// Until when.
        until: NaiveDateTime,
    },
    /// 决定.
    Decide {
        /// Milder than told, or the reason code for limb B; `None` adopts what the party was told.
        choice: Option<Choice>,
        /// Due time of the order; the rulebook's hours when absent.
        order_due: Option<NaiveDateTime>,
        /// Both officers, each with their own secret.
        confirmations: Vec<Confirmation>,
    },
    /// 手写文书补录: what both officers wrote on a pre-numbered paper while no printer worked. Time and
    /// number are those on the paper, everything else is held against the law as it was then.
    KeyInPaper {
        /// The paper.
        paper: HandPaper,
        /// As with `Decide`.
        choice: Option<Choice>,
        /// As with `Decide`.
        order_due: Option<NaiveDateTime>,
        /// Both officers, each with their own secret, now.
        confirmations: Vec<Confirmation>,
    },
    /// A further paper of the case takes its number: void notice, e-service confirmation, promise, payment
    /// reference, filing sheet.
    PreparePaper {
        /// Which paper.
        slip: SlipKind,
    },
    /// The signed paper exists.
    IssueSlip {
        /// Which paper.
        slip: SlipKind,
        /// Its number.
        number: String,
        /// Code.
        code: String,
        /// Check code.
        check_code: String,
        /// Document, exact.
        document: Private,
    },
    /// What came of a print attempt.
    RecordPrint {
        /// Which paper.
        number: String,
        /// Result.
        result: PrintState,
    },
    /// The officer looked at a print whose end is unknown.
    ConfirmPrint {
        /// Which paper.
        number: String,
        /// The paper is whole and legible.
        complete: bool,
    },
    /// 送达.
    Serve {
        /// How.
        how: ServiceWay,
        /// Who signed.
        signing: Signing,
    },
    /// 拒绝接收.
    RefuseTaking(Signing),
    /// Party gone before the hand-over.
    Undeliver {
        /// Why.
        reason: String,
    },
    /// 作废, before the hand-over.
    Void {
        /// Reason code.
        reason: String,
        /// Second officer.
        confirmation: Confirmation,
    },
    /// 复查.
    Recheck {
        /// Corrected?
        corrected: bool,
        /// Evidence ids.
        evidence: Vec<String>,
    },
    /// 拒不改正: the party refuses what a served order asks, and the case holds the proof of it.
    RefuseCorrection {
        /// What was said or done.
        words: Private,
        /// Evidence ids.
        evidence: Vec<String>,
    },
    /// 缴款.
    Pay {
        /// Fen.
        amount: Fen,
        /// How.
        how: PayWay,
        /// Receipt number.
        receipt: String,
        /// Why cash.
        cash: Option<CashGround>,
        /// Reason recorded for cash under 68 二 or 69.
        reason: String,
    },
    /// Cash handed on.
    HandInCash {
        /// Which leg.
        leg: CashLeg,
        /// Receipt number of the cash.
        receipt: String,
    },
    /// 退还.
    Refund {
        /// Fen.
        amount: Fen,
        /// Voucher.
        receipt: String,
    },
    /// 备案.
    File(FilingWay),
    /// 补正.
    Correct {
        /// What, as printed.
        what: String,
        /// Head.
        by: OfficerId,
        /// The party as it should have been written, where the slip of the pen was in the identity.
        party: Option<Box<Party>>,
    },
    /// 撤销.
    Revoke {
        /// Why, as printed.
        reason: String,
        /// Head.
        by: OfficerId,
    },
    /// The head rules on a proposed waiver.
    RuleWaiver {
        /// Granted?
        granted: bool,
        /// Head.
        by: OfficerId,
    },
    /// 延期、分期缴纳, as HQ's feed says that the head granted it.
    DeferPayment(Deferral),
    /// Signed consent to electronic service.
    AgreeEService(EServiceConsent),
    /// 劝导.
    Advise {
        /// What was said.
        text: String,
    },
    /// 转普通程序, 移送.
    HandOver {
        /// Where to.
        to: Destination,
        /// Why.
        reason: String,
    },
    /// 结案.
    Close(CloseWay),
}
