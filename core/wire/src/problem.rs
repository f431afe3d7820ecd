//! How HQ says no: an HTTP status and this body. A status without this body is not HQ's.

use ezhifa_seal::{entry::Epoch, hash::Digest};
use serde::{Deserialize, Serialize};

/// Body of every 4xx and 5xx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What, for the machine.
    pub code: ProblemCode,
    /// What, where, what to do; Chinese. No personal data.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// HQ's clock.
    pub server_ms: i64,
    /// HQ's incarnation now.
    pub incarnation: String,
    /// Come again after so many seconds; the header `Retry-After` says the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// With `need_from`: what HQ has, so that the phone starts right after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub have: Option<Have>,
    /// With `fork`: the first entry that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<Fork>,
    /// With `blob_offset`: bytes that HQ already has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// Closed list of codes; a new one is a new protocol version. The HTTP status in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// 400: malformed; sending it again will not help.
    Malformed,
    /// 401: signature missing or wrong, key unknown or withdrawn.
    Denied,
    /// 401: the request's time is too far from HQ's; sign again with `server_ms`.
    Clock,
    /// 401: this nonce was used.
    Replayed,
    /// 403: device withdrawn or wiped. Entries are still taken (quarantined when after `lost_at`).
    Withdrawn,
    /// 403: enrolment code unknown, used or expired.
    EnrolCode,
    /// 404.
    NotFound,
    /// 409: a gap; see `have`.
    NeedFrom,
    /// 409: another entry stands there; see `fork`.
    Fork,
    /// 409: wrong offset; see `offset`.
    BlobOffset,
    /// 410: the cursor is of another incarnation or too old: start at position 0 of `incarnation`.
    Snapshot,
    /// 413.
    TooLarge,
    /// 422: the bytes do not have the hash that names them.
    BlobHash,
    /// 422: no numbers left to lend, or not in this series or year.
    NoNumbers,
    /// 426: this protocol version is not spoken here.
    Version,
    /// 429: come again after `retry_after_s`.
    Busy,
    /// 500, 503.
    Unavailable,
}

impl ProblemCode {
    /// The HTTP status it travels with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            ProblemCode::Malformed => 400,
            ProblemCode::Denied | ProblemCode::Clock | ProblemCode::Replayed => 401,
            ProblemCode::Withdrawn | ProblemCode::EnrolCode => 403,
            ProblemCode::NotFound => 404,
            ProblemCode::NeedFrom | ProblemCode::Fork | ProblemCode::BlobOffset => 409,
            ProblemCode::Snapshot => 410,
            ProblemCode::TooLarge => 413,
            ProblemCode::BlobHash | ProblemCode::NoNumbers => 422,
            ProblemCode::Version => 426,
            ProblemCode::Busy => 429,
            ProblemCode::Unavailable => 503,
        }
    }
}

/// Head of one epoch as HQ has it. `seq` 0 and hash zero: nothing yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Have {
    /// Epoch.
    pub epoch: Epoch,
    /// Last contiguous entry.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
}

/// Two entries for one place: the journal was rolled back or cloned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// Epoch.
    pub epoch: Epoch,
    /// First place that differs.
    pub seq: u64,
    /// HQ's hash there.
    pub hash: Digest,
}
