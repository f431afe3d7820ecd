//! The sync engine: a state machine without input or output. It says what to send and what an answer
//! changes; `FieldOffice::sync` and the fleet simulator do the sending and the storing.
//!
//! The rules it stands on (docs/protocol.md): only what HQ signed counts; sending anything twice is
//! harmless; HQ's word about what it has decides where the push starts; a stuck item blocks nothing else;
//! there is no last attempt.

mod backoff;
mod engine;
mod reply;
#[cfg(test)]
mod tests;

pub use backoff::Backoff;
pub use engine::Engine;
use ezhifa_wire::{
    feed::FeedPage,
    hello::{BlockUse, Cursor, Floor, Unsynced, WipeOrder},
    lease::LeaseRequest,
    problem::Have,
    push::Receipt,
    seal::{
        entry::{DeviceId, Epoch, Head, SealedEntry},
        hash::Digest,
        sign::{PublicKey, Signed},
    },
};
pub(crate) use reply::{Reply, answered};

use crate::{error::Error, transport::Request};

/// What the platform says about the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Network {
    /// None.
    Offline,
    /// Behind a sign-in page, or not validated by the platform.
    Captive,
    /// Costs money.
    Metered,
    /// Free.
    #[default]
    Online,
}

/// Time and network of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Wall clock.
    pub wall_ms: i64,
    /// Monotonic clock.
    pub mono_ms: i64,
    /// Network.
    pub network: Network,
    /// Photos may cost money.
    pub photos_on_metered: bool,
    /// Any random number: jitter.
    pub random: u64,
    /// Random, used once: names the request.
    pub nonce: [u8; 16],
}

/// Who this phone is to HQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Myself {
    /// Device.
    pub device: DeviceId,
    /// Keys that sign HQ's answers.
    pub hq_keys: Vec<PublicKey>,
    /// App and version.
    pub app: String,
    /// Boot id.
    pub boot: String,
}

/// What the engine reads of the phone. The store implements it; the simulator may too.
pub trait Shelf {
    /// Device and keys.
    fn myself(&self) -> Result<Myself, Error>;
    /// Head of every epoch, oldest first; the last one is being written.
    fn heads(&self) -> Result<Vec<Head>, Error>;
    /// The entry hash at `seq`, `None` where there is none (or it was pruned).
    fn hash_at(&self, epoch: Epoch, seq: u64) -> Result<Option<Digest>, Error>;
    /// What signed receipts cover.
    fn delivered(&self, epoch: Epoch) -> Result<u64, Error>;
    /// Entries after `seq`, in order, at most so many and so many body bytes (at least one).
    fn entries(&self, epoch: Epoch, after: u64, most: usize, bytes: usize)
    -> Result<Vec<SealedEntry>, Error>;
    /// Where the feed stands.
    fn cursor(&self) -> Result<Cursor, Error>;
    /// How number blocks are used.
    fn blocks(&self) -> Result<Vec<BlockUse>, Error>;
    /// Blocks to ask for.
    fn lease_wishes(&self) -> Result<Vec<LeaseRequest>, Error>;
    /// What waits.
    fn unsynced(&self) -> Result<Unsynced, Error>;
    /// The next piece of evidence to send, newest slip first, none of `skip`.
    fn next_blob(&self, skip: &[Digest]) -> Result<Option<Blob>, Error>;
    /// A part of it, decrypted.
    fn blob_part(&self, sha256: &Digest, offset: u64, most: u64) -> Result<Vec<u8>, Error>;
    /// The next file that the feed named and the phone lacks.
    fn next_file(&self, skip: &[Digest]) -> Result<Option<Blob>, Error>;
}

/// A file on its way, up or down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Content hash.
    pub sha256: Digest,
    /// Length.
    pub length: u64,
    /// How much is there already.
    pub offset: u64,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send this, give the answer to [`Engine::receive`].
    Send(Box<Ask>),
    /// Nothing before this moment of the monotonic clock, and why.
    Wait {
        /// Monotonic clock.
        until_ms: i64,
        /// Why.
        why: Why,
    },
    /// Everything that can be sent is sent and everything there is was fetched.
    Done,
}

/// A request with what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// For the transport.
    pub request: Request,
    /// For the engine.
    pub purpose: Purpose,
    /// HQ's signed answer repeats it.
    pub nonce: String,
}

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Say where both stand.
    Hello,
    /// Entries of an epoch up to `to`.
    Push {
        /// Epoch.
        epoch: Epoch,
        /// First entry sent.
        from: u64,
        /// Last entry sent.
        to: u64,
    },
    /// A page of the feed.
    Feed {
        /// The position asked from.
        after: u64,
    },
    /// A number block.
    Lease {
        /// Which request.
        request_id: String,
    },
    /// How much HQ has of a piece of evidence.
    BlobAsk(Digest),
    /// A part of it.
    BlobSend {
        /// Which.
        sha256: Digest,
        /// From.
        offset: u64,
        /// Bytes sent.
        sent: u64,
    },
    /// A part of a file that the feed named.
    File(Blob),
}

/// Why nothing happens now; `status()` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// No network.
    Offline,
    /// Sign-in page, or an answer that HQ did not sign.
    NotHq,
    /// HQ asked to come later.
    HqAsked,
    /// The last attempt failed.
    Failed(String),
    /// Photos wait for a free network.
    PhotosOnMetered,
}

/// What an answer changes on the phone. The caller stores it before the next step.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// HQ's clock against the phone's.
    Clock {
        /// HQ's.
        server_ms: i64,
        /// The phone's at that moment.
        wall_ms: i64,
    },
    /// A signed receipt, kept as it is: it proves 备案.
    Delivered {
        /// What it says.
        receipt: Box<Receipt>,
        /// The very document.
        signed: Box<Signed>,
        /// Last entry of the push that it answers: up to here HQ compared every hash.
        sent_to: u64,
    },
    /// All that HQ has of this phone's journals; of an epoch that it does not name, nothing. Where that is less
    /// than its receipts said, HQ was restored, and the phone sends again from there.
    HqHas(Vec<Have>),
    /// Prune lines.
    Floors(Vec<Floor>),
    /// A page of the feed, to be stored with its cursor in one transaction.
    Page(Box<FeedPage>),
    /// A number block.
    Block {
        /// For which request.
        request_id: String,
        /// The very document.
        signed: Box<Signed>,
    },
    /// HQ has so much of a piece of evidence.
    BlobAt {
        /// Which.
        sha256: Digest,
        /// Bytes.
        offset: u64,
    },
    /// HQ has all of it, signed.
    BlobDurable(Digest),
    /// A part of a feed file.
    FilePart {
        /// Which.
        file: Blob,
        /// Bytes from `file.offset`.
        bytes: Vec<u8>,
    },
    /// HQ holds another entry in this place: this journal or another one was rolled back or cloned.
    Forked {
        /// Epoch.
        epoch: Epoch,
        /// Place.
        seq: u64,
    },
    /// Wipe order.
    Wipe(WipeOrder),
    /// The oldest app that may still decide.
    MinApp(String),
}
