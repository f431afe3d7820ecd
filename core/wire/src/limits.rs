//! Sizes that both sides hold each other to. HQ may ask for less in `hello`, never for more.

/// Bytes of a whole push body.
pub const PUSH_BYTES: usize = 4 << 20;
/// Entries in one push.
pub const PUSH_ENTRIES: usize = 1_000;
/// Bytes of one entry's body.
pub const ENTRY_BODY: usize = 512 << 10;
/// Bytes of any other request body.
pub const SMALL_BYTES: usize = 64 << 10;
/// Bytes of one PATCH of evidence.
pub const BLOB_CHUNK: usize = 1 << 20;
/// Bytes of one piece of evidence.
pub const BLOB_BYTES: u64 = 1 << 30;
/// Bytes of one answer from HQ.
pub const REPLY_BYTES: usize = 16 << 20;
/// Items on one feed page.
pub const FEED_ITEMS: usize = 2_000;
/// Characters of an id, a kind, a code.
pub const NAME: usize = 96;
/// Characters of a free text.
pub const TEXT: usize = 4_096;
/// Epochs that one hello may report.
pub const EPOCHS: usize = 256;
/// Minutes that a request's time may differ from HQ's clock before HQ answers `clock`.
pub const SKEW_MINUTES: i64 = 10;
/// Numbers in one block.
pub const BLOCK: u64 = 10_000;
