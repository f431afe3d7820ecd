//! Hello: both sides say where they stand, so that either may have been restored from a back-up.

use ezhifa_seal::entry::{DeviceId, Epoch, Head};
use serde::{Deserialize, Serialize};

use crate::{
    Check, WireError,
    error::{holds, most, name, text},
    limits,
    problem::Have,
};

/// `POST /v1/hello`: first request of every sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Protocol versions that the phone speaks, newest first.
    pub versions: Vec<u16>,
    /// App and version.
    pub app: String,
    /// Head of every epoch on the phone, oldest first; the last one is being written.
    pub heads: Vec<Head>,
    /// Where the feed stands.
    pub cursor: Cursor,
    /// What became of the number blocks; HQ's ledger follows the journal, this is the cross-check.
    pub blocks: Vec<BlockUse>,
    /// Entries and photos that wait.
    pub unsynced: Unsynced,
    /// The phone's clocks.
    pub wall_ms: i64,
    /// Milliseconds since boot.
    pub mono_ms: i64,
    /// Boot id.
    pub boot: String,
}

/// Position in HQ's feed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// Incarnation; empty before the first page.
    pub incarnation: String,
    /// Last position taken.
    pub pos: u64,
}

/// How far a block is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockUse {
    /// Lease.
    pub lease_id: String,
    /// Next free number; past `to` when used up.
    pub next: u64,
    /// Burnt by a roll-back.
    pub burnt: bool,
}

/// What waits on the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unsynced {
    /// Journal entries.
    pub entries: u64,
    /// Pieces of evidence.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
    /// When the oldest was written.
    pub oldest_ms: Option<i64>,
}

impl Check for Hello {
    fn check(&self) -> Result<(), WireError> {
        holds("versions", !self.versions.is_empty() && self.versions.len() <= 16)?;
        text("app", &self.app)?;
        most("heads", self.heads.len(), limits::EPOCHS)?;
        most("blocks", self.blocks.len(), 1_000)?;
        for block in &self.blocks {
            name("blocks.lease_id", &block.lease_id)?;
        }
        most("boot", self.boot.len(), limits::NAME)?;
        most("cursor", self.cursor.incarnation.len(), limits::NAME)
    }
}

/// Answer, `Signed` by HQ in the domain `ezhifa.hello.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloReply {
    /// To whom.
    pub device: DeviceId,
    /// Nonce of the request.
    pub nonce: String,
    /// Version that both will speak.
    pub version: u16,
    /// Incarnation of HQ; a new one means a restored HQ: offer everything above the floor again.
    pub incarnation: String,
    /// HQ's clock.
    pub server_ms: i64,
    /// What HQ has of this device, one head for each epoch.
    pub have: Vec<Have>,
    /// What HQ also has in a verified back-up: the phone may prune up to here, never beyond.
    pub floors: Vec<Floor>,
    /// Sizes HQ wants, at most those of [`crate::limits`].
    pub limits: Limits,
    /// Start pushing after so many seconds (many phones at once).
    pub come_after_s: u64,
    /// The oldest app that may still decide; older ones may only record and upload.
    #[serde(default)]
    pub min_app: String,
    /// Wipe order (远程擦除), once an authorised person at HQ gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wipe: Option<WipeOrder>,
}

/// Prune line of one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    /// Epoch.
    pub epoch: Epoch,
    /// Entries up to this one are safe twice.
    pub seq: u64,
}

/// Sizes for this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of a push.
    pub push_bytes: u64,
    /// Entries of a push.
    pub push_entries: u64,
    /// Bytes of a PATCH.
    pub blob_chunk: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            push_bytes: limits::PUSH_BYTES as u64,
            push_entries: limits::PUSH_ENTRIES as u64,
            blob_chunk: limits::BLOB_CHUNK as u64,
        }
    }
}

/// Order to push what is left and then destroy the keys. Travels inside a signed reply or feed page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WipeOrder {
    /// Its id, for the journal.
    pub id: String,
    /// Since when the phone counts as lost: later entries are quarantined.
    pub lost_at_ms: i64,
    /// Destroy at once, entries unsent or not; the loss is declared.
    pub force: bool,
}

impl Check for HelloReply {
    fn check(&self) -> Result<(), WireError> {
        name("nonce", &self.nonce)?;
        name("incarnation", &self.incarnation)?;
        most("have", self.have.len(), limits::EPOCHS)?;
        most("floors", self.floors.len(), limits::EPOCHS)?;
        text("min_app", &self.min_app)?;
        holds(
            "limits",
            self.limits.push_entries > 0 && self.limits.push_bytes > 0 && self.limits.blob_chunk > 0,
        )
    }
}
