//! What can go wrong at HQ, and how a phone is told ([`Problem`]). No message carries personal data.

use ezhifa_wire::{
    Problem, ProblemCode, WireError,
    problem::{Fork, Have},
};

/// An HQ failure or a refusal.
#[derive(Debug, thiserror::Error)]
pub enum HqError {
    /// The database said no.
    #[error(
        "数据库出错（{0}）；请检查磁盘空间与数据库文件 / the database failed ({0}); look at disk space and the database"
    )]
    Store(String),
    /// Files beside the database.
    #[error(
        "读写 {path} 失败（{source}）；请检查路径与权限 / cannot use {path} ({source}); look at path and rights"
    )]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another HQ runs in this folder.
    #[error(
        "另一指挥中心正在使用这个目录；请先停止它，或者在它运行时使用 ezhifa hq 命令 / another HQ runs in this folder; stop it first, or use the ezhifa hq commands, which talk to it"
    )]
    InUse,
    /// A configuration that cannot work.
    #[error("配置不可用：{0} / the configuration cannot work: {0}")]
    Config(String),
    /// A request that is wrong in itself.
    #[error("请求有误：{0} / bad request: {0}")]
    Bad(String),
    /// Not known, or not who it says.
    #[error("未通过身份校验：{0} / not authenticated: {0}")]
    Denied(&'static str),
    /// The request's time is too far from HQ's.
    #[error(
        "请求时间与指挥中心相差过大；请按 server_ms 重新签名 / the request's time is too far off; sign again with server_ms"
    )]
    Clock,
    /// The nonce was used.
    #[error("请求被重复发送；请重新签名 / the request was sent before; sign again")]
    Replayed,
    /// Device withdrawn.
    #[error("设备已注销；只能上传记录 / the device is withdrawn; it may only upload")]
    Withdrawn,
    /// Enrolment code unknown, used or expired.
    #[error(
        "注册码不明、已用或者过期；请向指挥中心领取新码 / the enrolment code is unknown, used or expired; ask the desk for a new one"
    )]
    EnrolCode,
    /// The token has not this role.
    #[error("令牌没有这项权限 / the token has not this role")]
    Forbidden,
    /// No such thing.
    #[error("没有找到：{0} / not found: {0}")]
    NotFound(&'static str),
    /// The state says otherwise.
    #[error("状态冲突：{0} / conflict: {0}")]
    Conflict(String),
    /// A gap in a journal.
    #[error("日志有缺口；请从 have 之后重新发送 / there is a gap; send from after have")]
    NeedFrom(Have),
    /// Another entry stands there.
    #[error(
        "日志出现分叉；设备可能被恢复或者克隆，请换用新的纪元并联系指挥中心 / the journal forked: restored or cloned; start a new epoch and tell the desk"
    )]
    Fork(Fork),
    /// Wrong offset of an upload.
    #[error("上传位置不符；请从 {0} 继续 / wrong offset; go on from {0}")]
    BlobOffset(u64),
    /// Wrong content of an upload.
    #[error("内容与摘要不符；请从头上传 / the content does not hash to its name; start again")]
    BlobHash,
    /// No numbers to lend.
    #[error("没有可借用的文书号：{0} / no numbers to lend: {0}")]
    NoNumbers(&'static str),
    /// No common protocol version.
    #[error("协议版本不符；请升级应用 / no common protocol version; update the app")]
    Version,
    /// The cursor is of another incarnation.
    #[error("推送位置已失效；请从位置 0 重新拉取 / the cursor is void; start at position 0")]
    Snapshot,
    /// Too big.
    #[error("内容过大（上限 {limit} 字节）；请拆分 / too large (at most {limit} bytes); split it")]
    TooLarge {
        /// Limit in bytes.
        limit: u64,
    },
    /// Come again later.
    #[error("服务繁忙；请在 {retry_after_s} 秒后重试 / busy; come again in {retry_after_s} s")]
    Busy {
        /// Seconds to wait, already spread.
        retry_after_s: u64,
    },
    /// HQ is going down.
    #[error("服务正在停止；请稍后重试 / shutting down; come again later")]
    Stopped,
    /// Stored data that should be readable is not.
    #[error("存储的数据无法读取（{0}）/ stored data cannot be read ({0})")]
    Unreadable(String),
    /// A key or signature failed.
    #[error("签名处理失败（{0}）/ signing failed ({0})")]
    Seal(String),
    /// A case file cannot be put together.
    #[error("{0}")]
    CaseFile(#[from] ezhifa_casefile::CaseFileError),
    /// A rulebook or the law engine failed.
    #[error("法规包不可用：{0} / the rulebook cannot be used: {0}")]
    Law(String),
}

impl HqError {
    /// The code on the wire.
    #[must_use]
    pub fn code(&self) -> ProblemCode {
        match self {
            HqError::Bad(_) | HqError::Conflict(_) | HqError::Law(_) => ProblemCode::Malformed,
            HqError::Denied(_) => ProblemCode::Denied,
            HqError::Clock => ProblemCode::Clock,
            HqError::Replayed => ProblemCode::Replayed,
            HqError::Withdrawn | HqError::Forbidden => ProblemCode::Withdrawn,
            HqError::EnrolCode => ProblemCode::EnrolCode,
            HqError::NotFound(_) => ProblemCode::NotFound,
            HqError::NeedFrom(_) => ProblemCode::NeedFrom,
            HqError::Fork(_) => ProblemCode::Fork,
            HqError::BlobOffset(_) => ProblemCode::BlobOffset,
            HqError::BlobHash => ProblemCode::BlobHash,
            HqError::NoNumbers(_) => ProblemCode::NoNumbers,
            HqError::Version => ProblemCode::Version,
            HqError::Snapshot => ProblemCode::Snapshot,
            HqError::TooLarge { .. } => ProblemCode::TooLarge,
            HqError::Busy { .. } => ProblemCode::Busy,
            HqError::Store(_)
            | HqError::File { .. }
            | HqError::Config(_)
            | HqError::InUse
            | HqError::Stopped
            | HqError::Unreadable(_)
            | HqError::CaseFile(_)
            | HqError::Seal(_) => ProblemCode::Unavailable,
        }
    }

    /// What the caller is told. Inner failures keep their detail for the log.
    #[must_use]
    pub fn problem(&self, server_ms: i64, incarnation: &str) -> Problem {
        let text = if self.code() == ProblemCode::Unavailable {
            HqError::Stopped.to_string()
        } else {
            self.to_string()
        };
        let (zh, en) = text.split_once(" / ").unwrap_or((&text, &text));
        Problem {
            code: self.code(),
            zh: zh.to_owned(),
            en: en.to_owned(),
            server_ms,
            incarnation: incarnation.to_owned(),
            retry_after_s: match self {
                HqError::Busy { retry_after_s } => Some(*retry_after_s),
                _ if self.code() == ProblemCode::Unavailable => Some(30),
                _ => None,
            },
            have: if let HqError::NeedFrom(have) = self { Some(have.clone()) } else { None },
            fork: if let HqError::Fork(fork) = self { Some(fork.clone()) } else { None },
            offset: if let HqError::BlobOffset(offset) = self { Some(*offset) } else { None },
        }
    }
}

impl From<rusqlite::Error> for HqError {
    fn from(e: rusqlite::Error) -> Self {
        HqError::Store(e.to_string())
    }
}

impl From<serde_json::Error> for HqError {
    fn from(e: serde_json::Error) -> Self {
        HqError::Unreadable(format!("JSON {}:{}", e.line(), e.column()))
    }
}

impl From<WireError> for HqError {
    fn from(e: WireError) -> Self {
        match e {
            WireError::TooLarge { limit, .. } => HqError::TooLarge { limit },
            WireError::Signature { what } => HqError::Denied(what),
            other => HqError::Bad(other.to_string()),
        }
    }
}
