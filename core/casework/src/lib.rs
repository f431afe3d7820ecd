//! The case (案件): a pure state machine from opening to closing.
//!
//! `case.handle(command, desk)` holds a command against the law and answers with events or with a
//! [`refusal::Refusal`]; `case.apply(event)` folds. [`replay`] asks every decision again from the
//! entries, [`audit`] holds a finished list of events against the invariants.
//!
//! What it must not know: the clock, files, SQLite, the network, randomness, how paper looks.
//!
//! ```
//! use ezhifa_casework::{case::{Case, Phase}, event::{CaseEvent, CaseId}};
//!
//! // An entry as it lies in the journal; the state is the fold of such entries.
//! let entry: CaseEvent = serde_json::from_str(r#"{
//!     "case": "c-1", "at": "2026-06-18T19:00:00",
//!     "crew": {"lead": "o-017", "second": "o-021", "with": []},
//!     "event": {"kind": "opened", "source": "patrol", "drill": false, "continues": null,
//!               "place": {"address": "东城街道花园新村12号", "lat_e7": null, "lon_e7": null,
//!                         "accuracy_cm": null, "source": "typed", "branch": "DC"}}
//! }"#)?;
//! let case = Case::fold([&entry]);
//! assert_eq!(case.id(), &CaseId("c-1".into()));
//! assert_eq!(case.phase(), Phase::Gathering);
//! # Ok::<(), serde_json::Error>(())
//! ```

// A refusal is read by a person; its size on the stack is nobody's concern.
#![allow(clippy::result_large_err)]

pub mod audit;
pub mod books;
pub mod case;
pub mod command;
pub mod deadlines;
mod decide;
pub mod event;
mod fold;
mod guards;
mod handle;
pub mod harsh;
mod inquiry;
mod parts;
pub mod people;
pub mod refusal;
pub mod replay;
mod vocabulary;
pub mod words;

pub use ezhifa_law as law;
pub use ezhifa_seal as seal;
