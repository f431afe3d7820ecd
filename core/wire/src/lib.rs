//! The messages between a phone and HQ (指挥中心), and nothing else: shapes, limits, the signature on a
//! request. docs/protocol.md says how they are used.
//!
//! What it must not know: HTTP clients and servers, databases, clocks, what a case or a rulebook is.
//! Rosters, packs and calendars pass through as data that the crates above understand.
//!
//! ```
//! use ezhifa_wire::{feed::{FeedBody, FeedItem, Suspend}, Check};
//! let stop = FeedBody::Suspend(Suspend { offence: "stall".into(), from_ms: 0, until_ms: None, reason: "试行中止".into() });
//! let item = FeedItem::new(7, &stop)?;
//! item.check()?;
//! assert_eq!(item.read()?, stop);
//! # Ok::<(), ezhifa_wire::WireError>(())
//! ```

pub mod auth;
pub mod blob;
pub mod enrol;
mod error;
pub mod feed;
pub mod hello;
pub mod lease;
pub mod limits;
pub mod pack;
pub mod paycode;
pub mod problem;
pub mod push;

pub use error::{Check, WireError};
pub use ezhifa_seal as seal;
pub use problem::{Problem, ProblemCode};

/// Version of this protocol: the `v1` of every path and signing domain.
pub const VERSION: u16 = 1;

/// Where things are. One table for phone, HQ and docs.
pub mod paths {
    /// `GET`: plain `ok`, no signature; for load balancers, never for phones.
    pub const HEALTH: &str = "/v1/health";
    /// `POST` [`crate::enrol::Enrol`] -> `Signed<Enrolled>`.
    pub const ENROL: &str = "/v1/enrol";
    /// `POST` [`crate::hello::Hello`] -> `Signed<HelloReply>`.
    pub const HELLO: &str = "/v1/hello";
    /// `POST` [`crate::push::Push`] -> `Signed<Receipt>`.
    pub const PUSH: &str = "/v1/push";
    /// `GET ?incarnation=&pos=&max_bytes=` -> `Signed<FeedPage>`.
    pub const FEED: &str = "/v1/feed";
    /// `POST` [`crate::lease::LeaseRequest`] -> `Signed<LeaseReply>`.
    pub const LEASE: &str = "/v1/lease";
    /// `POST` [`crate::paycode::PayCodeRequest`] -> `Signed<PayCodeReply>`.
    pub const PAY_CODE: &str = "/v1/pay-code";
    /// `HEAD`, `PATCH`, `GET` `/v1/blobs/{sha256}`.
    pub const BLOBS: &str = "/v1/blobs/";
}

/// What each signed document is for. A signature made in one domain is worth nothing in another.
pub mod domains {
    /// [`crate::enrol::Enrolled`], by HQ.
    pub const ENROLLED: &str = "ezhifa.enrolled.v1";
    /// [`crate::hello::HelloReply`], by HQ.
    pub const HELLO: &str = "ezhifa.hello.v1";
    /// [`crate::push::Receipt`], by HQ.
    pub const RECEIPT: &str = "ezhifa.receipt.v1";
    /// [`crate::feed::FeedPage`], by HQ.
    pub const FEED: &str = "ezhifa.feed.v1";
    /// [`crate::lease::LeaseReply`], by HQ.
    pub const LEASE_REPLY: &str = "ezhifa.lease-reply.v1";
    /// `seal::lease::NumberBlock`, by HQ.
    pub const NUMBER_BLOCK: &str = ezhifa_seal::lease::DOMAIN;
    /// [`crate::paycode::PayCodeReply`], by HQ.
    pub const PAY_CODE: &str = "ezhifa.pay-code.v1";
    /// [`crate::blob::BlobReceipt`], by HQ.
    pub const BLOB: &str = "ezhifa.blob.v1";
    /// [`crate::push::HeadClaim`], by the phone.
    pub const HEAD: &str = "ezhifa.head.v1";
}
