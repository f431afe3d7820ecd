//! The fleet (机队仿真): the real field engine and the real HQ in a simulated world, deterministic by seed.
//!
//! Two layers. [`protocol`] drives real stores, real sync and the real HQ with small entries and high fault
//! rates, thousands of seeds at a time. [`simulate`] plays whole cases: real questions, decisions, numbers,
//! slips and printing. Time, network, printers and randomness are the only things that are made up; every
//! step is held against the invariants I1 to I8 ([`truth`]). docs/fleet.md says how to read and replay it.
//!
//! It drives `field::FieldOffice` through its own transport into `hq::Hq::answer`, with no network and no
//! wall clock. What it must not know: the insides of either side.
//!
//! ```
//! use ezhifa_fleet::{faults::Faults, protocol};
//! let dir = std::env::temp_dir().join(format!("ezhifa-fleet-doc-{}", std::process::id()));
//! let plan = protocol::Plan { phones: 2, steps: 12, faults: Faults::parse("drop,crash")? };
//! let report = protocol::run(&plan, 721, &dir)?;
//! assert_eq!((report.silent_losses, report.duplicate_numbers), (0, 0));
//! # std::fs::remove_dir_all(&dir).ok();
//! # Ok::<(), ezhifa_fleet::FleetError>(())
//! ```

mod error;
pub mod faults;
mod house;
mod line;
mod phone;
pub mod plot;
mod printer;
pub mod protocol;
pub mod report;
mod rng;
pub mod scenario;
mod scratch;
pub mod sensitivity;
pub mod simulate;
mod street;
pub mod truth;

pub use error::FleetError;
pub(crate) use scratch::scratch;
