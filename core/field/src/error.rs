//! Two kinds of errors: many inside, few outside. An app acts on the kind; an officer reads the rest.
//! No personal data in either.

use ezhifa_casework::refusal::Refusal;
use ezhifa_printer::PrinterError;
use ezhifa_slip::SlipError;
use ezhifa_wire::WireError;
use ezhifa_wire::seal::SealError;

use crate::{store::StoreError, transport::TransportError};

/// What an app does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The law or a guard says no: show the article and the next step.
    Refused,
    /// The phone lacks something that HQ gives: rulebook, roster, numbers, enrolment.
    NotReady,
    /// The input cannot be used: ask again.
    Input,
    /// Who is it? PIN wrong, not signed in, locked.
    Locked,
    /// The printer.
    Printer,
    /// The way to HQ. Nothing is lost.
    Network,
    /// The store or its key: see [`crate::store`] for what the app may do.
    Store,
    /// A fault of this program: report it.
    Internal,
}

/// The public error: at most eight kinds, each with a stable code, a reason and the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} / {}", sentence(&[&self.zh, &self.article, &self.next_zh], "，"), sentence(&[&self.en, &self.next_en], "; "))]
pub struct FieldError {
    /// What to do about it.
    pub kind: Kind,
    /// Stable code.
    pub code: String,
    /// What is wrong, Chinese.
    pub zh: String,
    /// What is wrong, English.
    pub en: String,
    /// Article behind it, when the law says no.
    pub article: String,
    /// What the officer can do next, Chinese.
    pub next_zh: String,
    /// What the officer can do next, English.
    pub next_en: String,
}

fn sentence(parts: &[&str], between: &str) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|p| !p.is_empty()).collect();
    parts.join(between)
}

/// Everything that can go wrong inside.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A guard of the case.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// A condition of the phone.
    #[error("{}", .0.text().zh)]
    Not(Not),
    /// The rulebook engine.
    #[error("{0}")]
    Law(String),
    /// The paper.
    #[error(transparent)]
    Slip(#[from] SlipError),
    /// The printer.
    #[error(transparent)]
    Printer(#[from] PrinterError),
    /// A message.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A key, signature or seal.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The way to HQ.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Store, mark, vault, numbers.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The case file.
    #[error(transparent)]
    CaseFile(#[from] ezhifa_casefile::CaseFileError),
    /// Own data that cannot be read back.
    #[error("本机数据第 {line} 行第 {column} 列无法读取 / own data cannot be read at {line}:{column}")]
    Json {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
}

impl From<serde_json::Error> for Error {
    /// The text around the fault may be about a person, so only the place is kept.
    fn from(e: serde_json::Error) -> Self {
        Error::Json { line: e.line(), column: e.column() }
    }
}

impl From<Refusal> for Error {
    fn from(r: Refusal) -> Self {
        Error::Refused(Box::new(r))
    }
}

impl From<Not> for Error {
    fn from(n: Not) -> Self {
        Error::Not(n)
    }
}

/// Conditions of the phone that an officer or the app can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Not {
    /// No enrolment yet.
    Enrolled,
    /// Enrolled already.
    EnrolledTwice,
    /// HQ refused the ticket.
    Ticket(String),
    /// No rulebook in force on that day.
    Rulebook(String),
    /// No roster.
    Roster,
    /// Nobody, or not the two, are signed in.
    Crew,
    /// Officer not on the roster, or without a PIN.
    Officer(String),
    /// No such case.
    Case,
    /// No such paper in this case.
    Paper,
    /// HQ suspended the offence.
    Suspended(String),
    /// No such order among the open ones.
    Order,
    /// A command that has a call of its own.
    OwnCall(&'static str),
    /// The app is too old to decide.
    AppTooOld(String),
    /// The evidence is not on this phone.
    Evidence,
    /// HQ or a satellite showed that the clock is wrong.
    Clock,
}

/// How a condition is told.
pub struct Told {
    kind: Kind,
    code: &'static str,
    zh: String,
    en: String,
    next_zh: &'static str,
    next_en: &'static str,
}

impl Not {
    fn text(&self) -> Told {
        let told = |kind, code, zh: &str, en: &str, next_zh, next_en| Told {
            kind,
            code,
            zh: zh.to_owned(),
            en: en.to_owned(),
            next_zh,
            next_en,
        };
        match self {
            Not::Enrolled => told(
                Kind::NotReady,
                "not_enrolled",
                "本机尚未在指挥中心注册",
                "this phone is not enrolled at HQ",
                "请扫描注册票据",
                "Scan an enrolment ticket.",
            ),
            Not::EnrolledTwice => told(
                Kind::Input,
                "already_enrolled",
                "本机已注册",
                "this phone is enrolled already",
                "无需再次注册",
                "Nothing to do.",
            ),
            Not::Ticket(why) => told(
                Kind::Input,
                "ticket_refused",
                &format!("指挥中心未接受注册（{why}）"),
                &format!("HQ refused the enrolment ({why})"),
                "请向指挥中心重新领取票据",
                "Ask HQ for a new ticket.",
            ),
            Not::Rulebook(day) => told(
                Kind::NotReady,
                "no_rulebook",
                &format!("本机没有{day}有效的规则包"),
                &format!("no rulebook in force on {day} is on this phone"),
                "请联网同步后再决定；证据可先采集",
                "Sync first; evidence can be taken meanwhile.",
            ),
            Not::Roster => told(
                Kind::NotReady,
                "no_roster",
                "本机没有执法人员名册",
                "there is no roster on this phone",
                "请联网同步",
                "Sync first.",
            ),
            Not::Crew => told(
                Kind::Locked,
                "no_crew",
                "两名执法人员尚未分别登录",
                "the two officers have not both signed in",
                "请两人各用本人口令登录",
                "Both sign in, each with their own PIN.",
            ),
            Not::Officer(id) => told(
                Kind::Locked,
                "unknown_officer",
                &format!("名册中没有可登录的人员 {id}"),
                &format!("{id} is not on the roster or has no PIN"),
                "请核对编号或联网更新名册",
                "Check the id, or sync the roster.",
            ),
            Not::Case => told(
                Kind::Input,
                "no_such_case",
                "没有这个案件",
                "there is no such case",
                "请从案件列表选择",
                "Choose one from the list.",
            ),
            Not::Paper => told(
                Kind::Input,
                "no_such_paper",
                "本案还没有这份文书",
                "this case has no such paper yet",
                "请先作出决定并签发",
                "Decide and issue first.",
            ),
            Not::Suspended(name) => told(
                Kind::Refused,
                "offence_suspended",
                &format!("指挥中心已停用该案由（{name}）"),
                &format!("HQ suspended this offence ({name})"),
                "可以劝导、取证或转普通程序",
                "Advise, take evidence, or hand over to the ordinary procedure.",
            ),
            Not::Order => told(
                Kind::Input,
                "no_such_order",
                "本辖区未结责令改正中没有这一份",
                "no such open order in this branch",
                "请核对编号，或扫描原文书上的二维码",
                "Check the number, or scan the code on the paper.",
            ),
            Not::OwnCall(call) => told(
                Kind::Input,
                "own_call",
                &format!("该操作请用 {call}"),
                &format!("use {call} for this"),
                "它会一并处理编号、签名、打印和登记",
                "It also takes care of number, signature, print and records.",
            ),
            Not::AppTooOld(least) => told(
                Kind::NotReady,
                "app_too_old",
                &format!("应用版本过旧，低于 {least}"),
                &format!("this app is older than {least}"),
                "请更新后再决定；取证和上传照常",
                "Update before deciding; evidence and upload go on.",
            ),
            Not::Clock => told(
                Kind::Input,
                "clock_is_wrong",
                "手机时间与指挥中心或者卫星时间不符，不能确认为准确",
                "HQ or a satellite showed another time: the phone's cannot be confirmed",
                "请先在系统设置中校准时间",
                "Set the clock in the system's settings first.",
            ),
            Not::Evidence => told(
                Kind::Input,
                "no_such_evidence",
                "本机没有这份证据",
                "this evidence is not on this phone",
                "请重新采集",
                "Take it again.",
            ),
        }
    }
}

/// The cases in which an app offers something of its own: unlock, fetch the key, set aside, free space.
fn store_code(e: &StoreError) -> &'static str {
    match e {
        StoreError::KeyUnavailable { .. } => "key_unavailable",
        StoreError::WrongKey => "wrong_key",
        StoreError::Damaged { .. } => "damaged",
        StoreError::NewerFile { .. } => "newer_file",
        StoreError::InUse => "in_use",
        StoreError::Full => "full",
        _ => "store",
    }
}

impl From<Error> for FieldError {
    fn from(e: Error) -> Self {
        let plain = |kind, code: &str, text: String, next_zh: &str, next_en: &str| {
            let (zh, en) =
                text.split_once(" / ").map_or((text.clone(), text.clone()), |(a, b)| (a.into(), b.into()));
            FieldError {
                kind,
                code: code.to_owned(),
                zh,
                en,
                article: String::new(),
                next_zh: next_zh.to_owned(),
                next_en: next_en.to_owned(),
            }
        };
        match e {
            Error::Refused(r) => FieldError {
                kind: Kind::Refused,
                code: r.code.to_owned(),
                zh: r.zh,
                en: r.en,
                article: r.article.to_owned(),
                next_zh: r.next_zh,
                next_en: r.next_en,
            },
            Error::Not(not) => {
                let t = not.text();
                FieldError {
                    kind: t.kind,
                    code: t.code.to_owned(),
                    zh: t.zh,
                    en: t.en,
                    article: String::new(),
                    next_zh: t.next_zh.to_owned(),
                    next_en: t.next_en.to_owned(),
                }
            }
            Error::Law(text) => {
                plain(Kind::Refused, "law", text, "请核对案由与事实", "Check offence and facts.")
            }
            Error::Slip(e) => plain(Kind::Input, "slip", e.to_string(), "", ""),
            Error::Printer(e) => plain(Kind::Printer, "printer", e.to_string(), "", ""),
            Error::Wire(e) => {
                plain(Kind::Internal, "message", e.to_string(), "请联系技术人员", "Tell the developers.")
            }
            Error::Seal(e @ SealError::Unavailable { .. }) => {
                plain(Kind::Store, "device_key", e.to_string(), "", "")
            }
            Error::Seal(e) => {
                plain(Kind::Internal, "seal", e.to_string(), "请联系技术人员", "Tell the developers.")
            }
            Error::Transport(e) => plain(Kind::Network, "network", e.to_string(), "", ""),
            Error::CaseFile(e) => plain(
                Kind::Store,
                "case_file",
                e.to_string(),
                "请检查剩余空间后重试",
                "Look at free space and try again.",
            ),
            Error::Store(StoreError::Pin(e)) => plain(Kind::Locked, "pin", e.to_string(), "", ""),
            Error::Store(StoreError::Number(e)) => plain(Kind::NotReady, "number", e.to_string(), "", ""),
            Error::Store(e @ (StoreError::NotEnrolled | StoreError::LowSpace)) => {
                plain(Kind::NotReady, "store", e.to_string(), "", "")
            }
            Error::Store(e) => plain(Kind::Store, store_code(&e), e.to_string(), "", ""),
            e @ Error::Json { .. } => {
                plain(Kind::Internal, "unreadable", e.to_string(), "请联系技术人员", "Tell the developers.")
            }
        }
    }
}
