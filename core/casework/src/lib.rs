//! The case (案件): a pure state machine from opening to closing.
//!
//! `case.handle(command, desk)` holds a command against the law and answers with events or with a
//! [`refusal::Refusal`]; `case.apply(event)` folds. [`replay`] asks every decision again from the
//! entries, [`audit`] holds a finished list of events against the invariants.
//!
//! What it must not know: the clock, files, SQLite, the network, randomness, how paper looks.

pub mod audit;
pub mod books;
pub mod case;
pub mod command;
pub mod event;
mod fold;
mod guards;
mod handle;
pub mod harsh;
mod inquiry;
pub mod people;
pub mod refusal;
pub mod replay;
pub mod words;

pub use ezhifa_law as law;
pub use ezhifa_seal as seal;
