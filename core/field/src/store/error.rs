//! What can go wrong on the phone. Messages say what, where, and what to do; never anything about people.

use ezhifa_seal::{SealError, entry::ChainFault};

/// Why the phone could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The platform's key store did not give the key now.
    #[error(
        "密钥暂不可用（{reason}），请解锁手机后重试；数据未动 / key unavailable ({reason}): unlock the phone and try again; nothing was changed"
    )]
    KeyUnavailable {
        /// Short reason from the platform.
        reason: String,
    },
    /// The key is not the one this database was made with.
    #[error(
        "密钥与数据库不符，请联系指挥中心取回托管密钥；数据未动 / this key does not open this database: ask HQ for the escrowed key; nothing was changed"
    )]
    WrongKey,
    /// The database cannot be read although the key is right.
    #[error(
        "数据库已损坏（{what}），请先隔离再重新开始，切勿删除 / database damaged ({what}): quarantine it and start afresh, never delete it"
    )]
    Damaged {
        /// Where it shows.
        what: &'static str,
    },
    /// There is no database here yet.
    #[error("本机尚未登记，请扫描指挥中心的登记码 / this phone is not enrolled: scan HQ's ticket")]
    NotEnrolled,
    /// There is one already.
    #[error("本机已登记，不能重复登记 / this phone is enrolled already")]
    AlreadyEnrolled,
    /// A newer app wrote this file: it can be read and uploaded, not written.
    #[error(
        "数据由更新版本（{found}）写入，本版本（{known}）只能读取和上传，请升级 / written by a newer app (schema {found}, this one knows {known}): reading and uploading only; upgrade"
    )]
    NewerFile {
        /// Schema of the file.
        found: i64,
        /// Newest schema this app knows.
        known: i64,
    },
    /// Another process, or another store in this one, has the folder.
    #[error(
        "本机数据正由另一个程序使用，请先关闭它再打开；数据未动 / this phone's folder is open in another process: close that one first; nothing was changed"
    )]
    InUse,
    /// Opened by somebody who looks only.
    #[error("仅供查验，不可写入 / opened for inspection: nothing is written")]
    Inspection,
    /// No space. The ballast was given up, so that the running case can be finished.
    #[error(
        "存储空间已满，已释放预留空间，请重试并尽快清理 / storage full: reserve released, try again, then free space"
    )]
    Full,
    /// Little space: captures wait, decisions go on.
    #[error(
        "存储空间不足，暂不能采集影像，请清理；当前案件可以办完 / low on space: no captures until some is freed; the running case can be finished"
    )]
    LowSpace,
    /// SQLite said no. Holds its code only: its text may quote values.
    #[error(
        "数据库操作失败（{code}），请重试，仍失败请重启应用 / database error ({code}): try again, then restart the app"
    )]
    Sql {
        /// SQLite's result code.
        code: String,
    },
    /// A file could not be read or written.
    #[error("{what}读写失败（{kind:?}），请检查存储 / {what}: {kind:?}; check the storage")]
    Io {
        /// Which file.
        what: &'static str,
        /// Kind of failure.
        kind: std::io::ErrorKind,
    },
    /// Hash, signature or sealed file.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The journal's chain.
    #[error(transparent)]
    Chain(#[from] ChainFault),
    /// Number blocks.
    #[error(transparent)]
    Number(#[from] crate::numbers::NumberError),
    /// Sign-in.
    #[error(transparent)]
    Pin(#[from] crate::officers::PinError),
    /// Evidence that is not on this phone.
    #[error(
        "本机没有该证据（{sha256}），请从指挥中心取回 / this evidence is not on this phone ({sha256}): fetch it from HQ"
    )]
    NoEvidence {
        /// Its hash.
        sha256: String,
    },
    /// A body that is not JSON of integers and strings, or an unknown kind.
    #[error("日志内容不合规范（{what}）/ not a journal body: {what}")]
    Body {
        /// What is wrong.
        what: &'static str,
    },
    /// Two finds under one name, a missing row and the like: a fault of the app.
    #[error("内部错误（{0}），请报告 / internal error ({0}): report it")]
    Internal(&'static str),
}

/// Shorthand.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as C;
        match e.sqlite_error_code() {
            Some(C::DiskFull) => StoreError::Full,
            Some(C::NotADatabase) => StoreError::Damaged { what: "not a database" },
            Some(C::DatabaseCorrupt) => StoreError::Damaged { what: "page" },
            Some(code) => {
                let extended = e.sqlite_error().map_or(0, |e| e.extended_code);
                StoreError::Sql { code: format!("{code:?} {extended}") }
            }
            None => StoreError::Sql { code: kind(&e).into() },
        }
    }
}

fn kind(e: &rusqlite::Error) -> &'static str {
    match e {
        rusqlite::Error::QueryReturnedNoRows => "no row",
        rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => {
            "column type"
        }
        rusqlite::Error::IntegralValueOutOfRange(..) => "integer range",
        _ => "statement",
    }
}

/// Names the file of an I/O error.
pub(crate) fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
    move |e| match e.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => StoreError::Full,
        kind => StoreError::Io { what, kind },
    }
}
