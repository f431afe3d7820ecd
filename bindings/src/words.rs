//! The field's closed vocabularies and newtypes, as the core has them: nothing is converted, only declared.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use ezhifa_field::feed::{local, moment};

pub use ezhifa_field::{
    casefile::Audience,
    casework::{
        case::Phase,
        event::{
            CaseId, CashGround, CashLeg, CloseWay, ConfirmWay, Destination, FactSource, FilingWay, NoticeWay,
            PayWay, PrintState, ServiceWay, Source, Stage, StatementKind,
        },
        law::{
            decision::Duty,
            facts::Value,
            money::Fen,
            terms::{Limb, Outcome, PartyKind, Remedy, Series, SlipKind},
        },
        people::{IdKind, Identity, OfficerId, OfficerKind, Power, Private, SignerRole, SigningAct},
    },
    printer::PaperState,
    search::KeyKind,
    slip::Paper,
    sync::Network,
};

/// A moment; the core counts in local time (Asia/Shanghai), apps in their platform's instants.
pub type Moment = NaiveDateTime;
/// A day of the calendar, without a time.
pub type Day = NaiveDate;

const DAY_OF_EPOCH: i32 = 719_163;

uniffi::custom_type!(Moment, SystemTime, {
    remote,
    lower: |at| {
        let ms = moment(at);
        let apart = Duration::from_millis(ms.unsigned_abs());
        let at = if ms < 0 { UNIX_EPOCH.checked_sub(apart) } else { UNIX_EPOCH.checked_add(apart) };
        at.unwrap_or(UNIX_EPOCH)
    },
    try_lift: |at| {
        // A platform that counts seconds in a double (Swift) gives back a hair less than it got: to the nearest,
        // or a confirmation would no longer be the one that this phone took.
        let ms = |apart: Duration| i64::try_from(apart.saturating_add(Duration::from_micros(500)).as_millis());
        let ms = match at.duration_since(UNIX_EPOCH) {
            Ok(after) => ms(after)?,
            Err(before) => ms(before.duration())?.saturating_neg(),
        };
        Ok(local(ms))
    },
});
uniffi::custom_type!(Day, i32, {
    remote,
    lower: |day| day.num_days_from_ce().saturating_sub(DAY_OF_EPOCH),
    try_lift: |days| {
        NaiveDate::from_num_days_from_ce_opt(days.saturating_add(DAY_OF_EPOCH))
            .ok_or_else(|| uniffi::deps::anyhow::anyhow!("no such day"))
    },
});
uniffi::custom_type!(CaseId, String, { remote, lower: |id| id.0, try_lift: |id| Ok(CaseId(id)) });
uniffi::custom_type!(OfficerId, String, { remote, lower: |id| id.0, try_lift: |id| Ok(OfficerId(id)) });
uniffi::custom_type!(Fen, i64, { remote, lower: |fen| fen.0, try_lift: |fen| Ok(Fen(fen)) });
uniffi::custom_type!(Private, String, {
    remote,
    lower: |text| text.reveal().to_owned(),
    try_lift: |text| Ok(Private::new(text)),
});

/// How far a case has come.
#[uniffi::remote(Enum)]
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

/// How a case came in.
#[uniffi::remote(Enum)]
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

/// What a picture shows.
#[uniffi::remote(Enum)]
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
#[uniffi::remote(Enum)]
pub enum StatementKind {
    /// Made.
    Made,
    /// Not made.
    NotMade,
    /// Expressly waived.
    Waived,
}

/// Where a case goes on.
#[uniffi::remote(Enum)]
pub enum Destination {
    /// 转普通程序.
    Ordinary,
    /// 移送: name of the organ.
    Organ(String),
}

/// What came of a print.
#[uniffi::remote(Enum)]
pub enum PrintState {
    /// The fence came back: a whole paper exists.
    Printed,
    /// Nothing usable came out.
    NotPrinted {
        /// `paper_out`, `cover_open`, `offline`…
        reason: String,
    },
    /// Nobody knows: the officer looks at the paper and says so with `confirm_print`.
    Unknown,
}

/// One answer. Measured facts are integers in the unit that the question states.
#[uniffi::remote(Enum)]
pub enum Value {
    /// Not known. Never makes an outcome harsher.
    Unknown,
    /// Yes or no.
    Bool(bool),
    /// A count or a measure.
    Int(i64),
    /// One of the choices that the question lists.
    Choice(String),
}

/// Where an answer comes from.
#[uniffi::remote(Enum)]
pub enum FactSource {
    /// The officer saw or measured it.
    Officer,
    /// The party said so: an inquiry, so certificates come first (处罚法 55).
    Party,
    /// Read from a photo or a document.
    Photo,
    /// From HQ's lists on the phone.
    Replica,
}

/// How the party was told (处罚法 44).
#[uniffi::remote(Enum)]
pub enum NoticeWay {
    /// 口头告知.
    Oral,
    /// 书面告知.
    Paper,
}

/// How an officer confirmed with a secret of their own.
#[uniffi::remote(Enum)]
pub enum ConfirmWay {
    /// PIN.
    Pin,
    /// The platform's authenticator.
    Authenticator,
}

/// 送达方式.
#[uniffi::remote(Enum)]
pub enum ServiceWay {
    /// 当场交付.
    HandedOver,
    /// 电子送达: only with signed consent (处罚法 61 ②).
    Electronic,
    /// 留置送达, photographed or filmed (民诉法 89).
    LeftAndFilmed,
    /// 交有权签收的人 (民诉法 88).
    ToReceiver,
    /// 邮寄送达.
    Mailed,
}

/// 缴款方式 (处罚法 67 to 69).
#[uniffi::remote(Enum)]
pub enum PayWay {
    /// 电子缴款码.
    PayCode,
    /// 银行.
    Bank,
    /// 当场收缴.
    Cash,
}

/// Why cash may be taken.
#[uniffi::remote(Enum)]
pub enum CashGround {
    /// 一百元以下 (处罚法 68 一).
    SmallFine,
    /// 不当场收缴事后难以执行 (处罚法 68 二): with a recorded reason.
    HardToEnforce,
    /// 边远、水上、交通不便, at the party's request (处罚法 69).
    Remote,
}

/// Where cash went on its two legs (处罚法 71).
#[uniffi::remote(Enum)]
pub enum CashLeg {
    /// 交至行政机关.
    ToOrgan,
    /// 缴付指定的银行.
    ToBank,
}

/// How the decision reached the organ (备案, 处罚法 52 ③).
#[uniffi::remote(Enum)]
pub enum FilingWay {
    /// HQ's signed receipt.
    Receipt,
    /// 密封导出.
    SealedExport,
    /// Another phone carried it.
    OtherPhone,
    /// 备案报送单 on paper.
    PrintedSheet,
}

/// 结案方式.
#[uniffi::remote(Enum)]
pub enum CloseWay {
    /// 劝导.
    Advice,
    /// 无违法.
    NoViolation,
    /// The decision is served and everything owed is done.
    Done,
    /// 责令改正 and done: no penalty, no 不予处罚决定书.
    OrderComplied,
    /// Goes on elsewhere: ordinary procedure, another organ, a follow-up case.
    Transferred,
    /// Nothing could be established: 撤案.
    Withdrawn,
}

/// Who the party is (当事人): sets the summary gate of 处罚法 51.
#[uniffi::remote(Enum)]
pub enum PartyKind {
    /// 公民.
    Citizen,
    /// 个体工商户.
    SoleTrader,
    /// 法人或者其他组织.
    Organisation,
}

/// How a case ends.
#[uniffi::remote(Enum)]
pub enum Outcome {
    /// 无违法.
    NoViolation,
    /// 劝导: advice only, not a decision.
    Advice,
    /// 责令改正: an order with a due time; not a penalty.
    Order,
    /// 责令改正 and done.
    OrderComplied,
    /// 不予行政处罚.
    NoPenalty,
    /// 拟不予行政处罚: waits for the head of the organ.
    NoPenaltyProposed,
    /// 警告.
    Warning,
    /// 罚款.
    Fine,
    /// 警告并处罚款.
    WarningAndFine,
    /// 转普通程序.
    OrdinaryProcedure,
    /// 移送.
    Referral,
}

/// Why nothing is punished (不予处罚的情形).
#[uniffi::remote(Enum)]
pub enum Limb {
    /// 轻微不罚, 处罚法 33 ① first sentence: must.
    A,
    /// 首违不罚, 处罚法 33 ① second sentence: may, with a reason either way.
    B,
    /// 无主观过错, 处罚法 33 ②: must, the party bears the proof.
    C,
    /// 无责任能力, 处罚法 30 and 31: must, duty of the guardian.
    D,
    /// 超过时效, 处罚法 36: must.
    E,
}

/// Which remedy clause belongs on the paper.
#[uniffi::remote(Enum)]
pub enum Remedy {
    /// 应当先申请行政复议 (复议法 23).
    ReconsiderationFirst,
    /// 六十日复议或者六个月诉讼.
    ReconsiderationOrCourt,
    /// Nothing decided, nothing to contest.
    None,
}

/// Which paper is handed over.
#[uniffi::remote(Enum)]
pub enum SlipKind {
    /// 劝导告知单.
    Advice,
    /// 责令改正通知书.
    Order,
    /// 责令改正通知书 to a person who was not named.
    OrderUnnamed,
    /// 不予行政处罚决定书.
    NoPenalty,
    /// 轻微违法告知教育单.
    NoPenaltyProposed,
    /// 责令管教通知书.
    Guardian,
    /// 当场行政处罚决定书.
    Penalty,
    /// 转普通程序告知书.
    Transfer,
    /// 作废通知.
    Void,
    /// 补正通知书.
    Correction,
    /// 撤销决定书.
    Revocation,
    /// 电子送达确认书.
    EServiceConsent,
    /// 改正承诺书.
    Commitment,
    /// 缴款收据登记.
    PaymentReference,
    /// 备案报送单.
    FilingSheet,
}

/// A number series (文书字号系列).
#[uniffi::remote(Enum)]
pub enum Series {
    /// 当罚.
    Penalty,
    /// 不罚.
    NoPenalty,
    /// 责改.
    Order,
    /// 告知.
    Notice,
    /// Hand-written pre-numbered paper, keyed in later with its photo.
    HandWritten,
}

/// Something the officers still owe.
#[uniffi::remote(Enum)]
pub enum Duty {
    /// 教育 (处罚法 33 ③).
    Educate,
    /// 责令监护人加以管教 (30, 31).
    NotifyGuardian,
    /// Proof that the correction has happened.
    ProveCorrection,
    /// Re-check after the due time.
    Recheck,
    /// 本机关负责人审查.
    HeadConfirms,
    /// First offence is provisional: HQ re-checks.
    ConfirmHistory,
}

/// Kind of document that an identity was read from.
#[uniffi::remote(Enum)]
pub enum IdKind {
    /// 居民身份证 (GB 11643).
    ResidentId,
    /// 统一社会信用代码 (GB 32100).
    CreditCode,
    /// 护照.
    Passport,
    /// 港澳居民来往内地通行证, 台湾居民来往大陆通行证.
    TravelPermit,
    /// 港澳台居民居住证.
    ResidencePermit,
    /// 外国人永久居留身份证.
    PermanentResidence,
    /// 无证件.
    None,
}

/// How sure the identity is.
#[uniffi::remote(Enum)]
pub enum Identity {
    /// 已核验: read from a document.
    DocumentRead,
    /// 自报未核验.
    Declared,
    /// 拒绝表明身份.
    Refused,
    /// 不明: gone or not there.
    Unknown,
}

/// Certified officer or auxiliary staff (辅助人员), who may accompany and never sign.
#[uniffi::remote(Enum)]
pub enum OfficerKind {
    /// 具有行政执法资格.
    Certified,
    /// 辅助人员.
    Auxiliary,
}

/// What an officer may do beyond street work.
#[uniffi::remote(Enum)]
pub enum Power {
    /// Void an unissued or undelivered number.
    Void,
    /// Head of the organ (行政机关负责人).
    Head,
    /// Review queues.
    Review,
}

/// Role of the person who signs.
#[uniffi::remote(Enum)]
pub enum SignerRole {
    /// 本人.
    Party,
    /// 法定代表人, 主要负责人.
    LegalRepresentative,
    /// 负责收件的人.
    Receiver,
    /// 同住成年家属.
    HouseholdAdult,
    /// 监护人.
    Guardian,
    /// 委托代理人.
    Agent,
}

/// What the signer did.
#[uniffi::remote(Enum)]
pub enum SigningAct {
    /// Signed on the glass.
    Signed,
    /// Signs in ink on the paper.
    Ink,
    /// 看过后拒绝签名.
    RefusedToSign,
    /// 不能签名, 已宣读, 捺印.
    Unable,
    /// 拒绝接收.
    RefusedToTake,
}

/// By what a case is looked up.
#[uniffi::remote(Enum)]
pub enum KeyKind {
    /// ID or credit number of the party.
    PartyId,
    /// Name of the party.
    PartyName,
    /// Plate.
    Plate,
    /// Number of a paper.
    Number,
}

/// The roll or page.
#[uniffi::remote(Enum)]
pub enum Paper {
    /// 58 mm roll: 384 dots, 16 hanzi.
    Mm58,
    /// 80 mm roll: 576 dots, 24 hanzi.
    Mm80,
    /// A4 archive page. PDF only.
    A4,
}

/// How much paper a printer says it has.
#[uniffi::remote(Enum)]
pub enum PaperState {
    /// It does not tell.
    Unknown,
    /// Enough.
    Ok,
    /// Nearly used up; this slip will still come out.
    NearEnd,
    /// Used up.
    Out,
}

/// What the platform knows of the network.
#[uniffi::remote(Enum)]
pub enum Network {
    /// None.
    Offline,
    /// Behind a sign-in page, or not validated by the platform.
    Captive,
    /// Costs money.
    Metered,
    /// Free.
    Online,
}

/// For whom a case file (案件卷宗) is.
#[uniffi::remote(Enum)]
pub enum Audience {
    /// 当事人: third parties, the reporter and the cameras' own data are withheld.
    Party,
    /// 复议机关、上级机关: the reporter is withheld, nothing else.
    Organ,
    /// 人民法院: third parties and the reporter are withheld; photos are the originals.
    Court,
}
