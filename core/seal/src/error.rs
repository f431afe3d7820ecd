//! What can be wrong with a seal.

/// Why something could not be sealed, opened or verified. Never holds personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Text is not the hex or base32 it should be.
    #[error(
        "{what} 格式不对，应为{expected}，请核对原文 / {what} is malformed: expected {expected}; check the original"
    )]
    Malformed {
        /// Which thing.
        what: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A key is not a key of its algorithm.
    #[error("密钥无效（{alg}），请重新登记设备密钥 / not a valid {alg} key; enrol the device key again")]
    Key {
        /// Algorithm id.
        alg: &'static str,
    },
    /// The signature does not belong to these bytes and this key.
    #[error(
        "签名与内容不符（{what}），勿采信，请报告 / {what}: the signature does not match; do not rely on it, report it"
    )]
    Signature {
        /// What was signed.
        what: &'static str,
    },
    /// The signature names another algorithm or key.
    #[error(
        "签名使用的密钥或算法不同：{found}，请取对应公钥 / signed with another key or algorithm: {found}; fetch the matching public key"
    )]
    OtherKey {
        /// Algorithm or key id found.
        found: String,
    },
    /// Content is not the JSON it should be.
    #[error("{what} 内容无法读取：{reason} / {what} cannot be read: {reason}; the app may be too old")]
    Content {
        /// Which document.
        what: &'static str,
        /// Category from the parser, never the content.
        reason: String,
    },
    /// The slip code would not fit on the paper.
    #[error(
        "票据码过长：{bytes} 字节，上限 {limit}；请缩短机关代码或文号 / slip code too long: {bytes} bytes of {limit}; shorten organ code or number"
    )]
    CodeTooLong {
        /// Bytes needed.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A field of a record is out of its range.
    #[error("{field} 超出范围，请核对 / {field} is out of range; check it")]
    Range {
        /// Field.
        field: &'static str,
    },
    /// A sealed file was changed, cut or opened with another key.
    #[error(
        "封存文件已损坏或密钥不符（第 {chunk} 块），请从上级备份取回 / sealed file damaged or wrong key at chunk {chunk}; fetch it from HQ's copy"
    )]
    Damaged {
        /// Position of the chunk.
        chunk: u32,
    },
    /// Reading or writing failed.
    #[error("读写失败：{0:?}，请检查存储空间 / read or write failed: {0:?}; check free space")]
    Io(std::io::ErrorKind),
    /// The platform's key store refused.
    #[error(
        "设备密钥不可用：{reason}，请解锁手机后重试 / device key unavailable: {reason}; unlock the phone and try again"
    )]
    Unavailable {
        /// Short reason from the platform.
        reason: String,
    },
}

impl From<std::io::Error> for SealError {
    fn from(e: std::io::Error) -> Self {
        SealError::Io(e.kind())
    }
}
