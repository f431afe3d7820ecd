//! HQ's storage in twelve verbs, so that SQLite and PostgreSQL keep one set of promises.
//!
//! Three shelves: `entries` (journals as received, never changed), `feed` (what phones pull, in commit
//! order) and `docs` (everything derived or administrative, JSON text by space and key). Positions come
//! from counter rows inside the committing transaction: a sequence would lose rows to pollers (SYNC.md 1.3).

#[cfg(feature = "postgres")]
pub mod postgres;
pub mod sqlite;

use serde::{Serialize, de::DeserializeOwned};

use crate::error::HqError;

/// One journal entry as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// Arrival position at this HQ; 0 before it is stored.
    pub pos: u64,
    /// Device.
    pub device: String,
    /// Epoch, 16 hex digits.
    pub epoch: String,
    /// Place in the journal, from 1.
    pub seq: u64,
    /// Kind as the header says.
    pub kind: String,
    /// Entry hash, hex.
    pub hash: String,
    /// Header, JSON.
    pub header: String,
    /// Salt of the body digest; none when purged.
    pub salt: Option<Vec<u8>>,
    /// Exact body bytes; none when purged.
    pub body: Option<Vec<u8>>,
    /// When it arrived.
    pub received_ms: i64,
}

/// One item of the change feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// Position, gap-free; 0 before it is stored.
    pub pos: u64,
    /// Kind of item.
    pub kind: String,
    /// A newer item with the same kind, key and target replaces this one in a snapshot.
    pub key: String,
    /// `all`, `branch:<code>` or `device:<id>`.
    pub target: String,
    /// JSON.
    pub body: String,
    /// When it was published.
    pub at_ms: i64,
}

/// Reading.
pub trait Read {
    /// One entry.
    fn entry(&mut self, device: &str, epoch: &str, seq: u64) -> Result<Option<EntryRow>, HqError>;
    /// Last (seq, hash) of a journal.
    fn head(&mut self, device: &str, epoch: &str) -> Result<Option<(u64, String)>, HqError>;
    /// Entries after an arrival position, in order of arrival.
    fn arrived(&mut self, after: u64, limit: u32) -> Result<Vec<EntryRow>, HqError>;
    /// A stretch of one journal.
    fn journal(&mut self, device: &str, epoch: &str, from: u64, limit: u32)
    -> Result<Vec<EntryRow>, HqError>;
    /// Feed items after a position for these targets.
    fn feed(&mut self, after: u64, targets: &[String], limit: u32) -> Result<Vec<FeedRow>, HqError>;
    /// Newest feed item of each (kind, key, target) for these targets.
    fn snapshot(&mut self, targets: &[String]) -> Result<Vec<FeedRow>, HqError>;
    /// One document.
    fn doc(&mut self, space: &str, key: &str) -> Result<Option<String>, HqError>;
    /// Documents whose key starts with `prefix` and comes after `after`, by key.
    fn docs(
        &mut self,
        space: &str,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, String)>, HqError>;
    /// A counter's value, 0 when it was never used.
    fn counter(&mut self, name: &str) -> Result<u64, HqError>;
}

/// Writing, inside the one open transaction.
pub trait Write: Read {
    /// Stores entries in order and gives them their arrival positions. Each (journal, seq) must be new.
    fn add_entries(&mut self, rows: &[EntryRow]) -> Result<(), HqError>;
    /// Publishes a feed item, gives its position.
    fn add_feed(&mut self, row: &FeedRow) -> Result<u64, HqError>;
    /// Writes a document.
    fn put_doc(&mut self, space: &str, key: &str, body: &str) -> Result<(), HqError>;
    /// Removes a document.
    fn remove_doc(&mut self, space: &str, key: &str) -> Result<(), HqError>;
    /// Adds to a counter and gives the value after.
    fn advance(&mut self, name: &str, by: u64) -> Result<u64, HqError>;
}

/// The writing end: transactions with one level of savepoint, so that one bad request in a group
/// commit does not spoil its neighbours.
pub trait Batch: Write + Send {
    /// Opens the transaction.
    fn begin(&mut self) -> Result<(), HqError>;
    /// Marks the place to come back to.
    fn mark(&mut self) -> Result<(), HqError>;
    /// Lets what was written since the mark stand.
    fn keep(&mut self) -> Result<(), HqError>;
    /// Goes back to the mark.
    fn back(&mut self) -> Result<(), HqError>;
    /// Makes everything durable.
    fn commit(&mut self) -> Result<(), HqError>;
    /// Forgets everything since `begin`.
    fn abandon(&mut self);
    /// This batch as a plain writer.
    fn as_write(&mut self) -> &mut dyn Write;
}

/// A database.
pub trait Store: Send + Sync {
    /// The one writing end. Only the writer task calls it, once.
    fn writer(&self) -> Result<Box<dyn Batch>, HqError>;
    /// Runs `f` on a consistent view.
    fn read(&self, f: &mut dyn FnMut(&mut dyn Read) -> Result<(), HqError>) -> Result<(), HqError>;
    /// Writes a complete copy to a new file, reads it back, and finds at least so many entries in it.
    fn backup(&self, to: &std::path::Path, entries: u64) -> Result<(), HqError>;
}

/// A typed document.
///
/// # Errors
/// The store failed, or the document is not what it should be.
pub fn get<T: DeserializeOwned>(
    r: &mut (impl Read + ?Sized),
    space: &str,
    key: &str,
) -> Result<Option<T>, HqError> {
    r.doc(space, key)?
        .map(|body| serde_json::from_str(&body).map_err(|_| HqError::Unreadable(space.to_owned())))
        .transpose()
}

/// Writes a typed document.
///
/// # Errors
/// The store failed.
pub fn put<T: Serialize>(
    w: &mut (impl Write + ?Sized),
    space: &str,
    key: &str,
    value: &T,
) -> Result<(), HqError> {
    w.put_doc(space, key, &serde_json::to_string(value)?)
}

/// Typed documents under a prefix: (key, value).
///
/// # Errors
/// The store failed, or a document is not what it should be.
pub fn list<T: DeserializeOwned>(
    r: &mut (impl Read + ?Sized),
    space: &str,
    prefix: &str,
) -> Result<Vec<(String, T)>, HqError> {
    const PAGE: u32 = 1000;
    let mut out = Vec::new();
    let mut after = String::new();
    loop {
        let page = r.docs(space, prefix, &after, PAGE)?;
        let full = page.len() >= PAGE as usize;
        for (key, body) in page {
            let value = serde_json::from_str(&body).map_err(|_| HqError::Unreadable(space.to_owned()))?;
            after.clone_from(&key);
            out.push((key, value));
        }
        if !full {
            return Ok(out);
        }
    }
}
