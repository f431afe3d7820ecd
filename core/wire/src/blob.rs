//! Evidence (证据) goes up in its own lane: named by content, resumable at any byte, never before its
//! entry's turn and never in its way.
//!
//! `HEAD /v1/blobs/{sha256}` answers 200 with `ezhifa-offset`, `ezhifa-length` and `ezhifa-durable: yes|no`
//! (404: nothing yet). `PATCH /v1/blobs/{sha256}?length=N` with `ezhifa-offset: O` and at most
//! [`crate::limits::BLOB_CHUNK`] bytes answers `Signed<BlobReceipt>`; a wrong offset is 409 `blob_offset`;
//! bytes that do not add up to the name are 422 `blob_hash` and dropped, so the phone starts again at 0.
//! `GET /v1/blobs/{sha256}` with `Range: bytes=O-` serves large feed files (first-offence filters).

use ezhifa_seal::{entry::DeviceId, hash::Digest};
use serde::{Deserialize, Serialize};

use crate::{
    Check, WireError,
    error::{holds, name},
    limits, paths,
};

/// Bytes that HQ has.
pub const OFFSET: &str = "ezhifa-offset";
/// Bytes in all.
pub const LENGTH: &str = "ezhifa-length";
/// `yes` once whole, checked and on disk.
pub const DURABLE: &str = "ezhifa-durable";

/// Path of a blob.
#[must_use]
pub fn path(sha256: &Digest) -> String {
    format!("{}{sha256}", paths::BLOBS)
}

/// Answer to PATCH, `Signed` by HQ in the domain `ezhifa.blob.v1`. Only `durable` counts as delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobReceipt {
    /// To whom.
    pub device: DeviceId,
    /// Nonce of the request.
    pub nonce: String,
    /// Which.
    pub sha256: Digest,
    /// Bytes that HQ has.
    pub offset: u64,
    /// Bytes in all.
    pub length: u64,
    /// Whole, hash checked, on disk.
    pub durable: bool,
    /// HQ's clock.
    pub server_ms: i64,
}

impl Check for BlobReceipt {
    fn check(&self) -> Result<(), WireError> {
        name("nonce", &self.nonce)?;
        holds("length", self.length <= limits::BLOB_BYTES && self.offset <= self.length)?;
        holds("durable", !self.durable || self.offset == self.length)
    }
}
