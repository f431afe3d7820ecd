//! What can be wrong with a message.

use crate::limits;

/// A message that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Longer, larger or more than allowed.
    #[error(
        "{field} 超出上限 {limit}；请拆分后重试 / {field} is over the limit of {limit}; split it and send again"
    )]
    TooLarge {
        /// Which field.
        field: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Not in the form that the protocol gives.
    #[error(
        "{field} 格式不符；请按协议文档核对 / {field} is not in the form of the protocol; compare docs/protocol.md"
    )]
    Form {
        /// Which field.
        field: &'static str,
    },
    /// Not JSON of this shape.
    #[error(
        "{what} 不能解析（第 {line} 行第 {column} 列）；请核对版本 / {what} cannot be read at {line}:{column}; compare versions"
    )]
    Json {
        /// Which message.
        what: &'static str,
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// A signature that is missing or wrong.
    #[error("{what} 的签名无效；不予采用 / the signature on {what} is not valid; it is not used")]
    Signature {
        /// On what.
        what: &'static str,
    },
}

impl WireError {
    /// A JSON error without the text around it, which may be personal.
    #[must_use]
    pub fn json(what: &'static str, e: &serde_json::Error) -> WireError {
        WireError::Json { what, line: e.line(), column: e.column() }
    }
}

/// A message that knows its own bounds. Both sides check before they believe.
pub trait Check {
    /// # Errors
    /// The first field that is out of bounds.
    fn check(&self) -> Result<(), WireError>;
}

/// Ids, kinds, codes: printable ASCII without spaces, quotes, slashes: safe in a header, a URL and a log.
pub(crate) fn name(field: &'static str, text: &str) -> Result<(), WireError> {
    most(field, text.len(), limits::NAME)?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'@' | b'+');
    if text.is_empty() || !text.bytes().all(fits) { Err(WireError::Form { field }) } else { Ok(()) }
}

/// Free text: no control characters but line breaks.
pub(crate) fn text(field: &'static str, text: &str) -> Result<(), WireError> {
    most(field, text.len(), limits::TEXT)?;
    if text.chars().any(|c| c.is_control() && c != '\n') { Err(WireError::Form { field }) } else { Ok(()) }
}

/// A count or a length.
pub(crate) fn most(field: &'static str, is: usize, limit: usize) -> Result<(), WireError> {
    if is > limit { Err(WireError::TooLarge { field, limit: limit as u64 }) } else { Ok(()) }
}

/// What must hold, else the form is wrong.
pub(crate) fn holds(field: &'static str, held: bool) -> Result<(), WireError> {
    if held { Ok(()) } else { Err(WireError::Form { field }) }
}
