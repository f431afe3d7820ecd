//! The case (案件): a pure state machine from opening to closing.
//!
//! `Case::handle(command, desk) -> Result<Vec<Event>, Refusal>` guards, `Case::apply(event)` folds.
//! What it must not know: the clock, files, SQLite, the network, randomness, how paper looks.

/// .
pub mod case;
/// .
pub mod command;
pub mod event;
pub mod people;
pub mod refusal;

pub use ezhifa_law as law;
pub use ezhifa_seal as seal;
