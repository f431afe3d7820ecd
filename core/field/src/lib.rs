//! The phone (执法终端): store, evidence, numbers, sync, printing, behind one object, [`FieldOffice`].
//!
//! It is the one place where time, disk, keys, networks and printers come in, each through a small trait
//! that the platform, a test or the simulator supplies. What it must not know: what any law says, how a
//! paper looks, how HQ works inside.
//!
//! ```
//! use std::sync::Arc;
//! use ezhifa_field::{FieldOffice, clock::SystemClock, keys::{FixedKey, Platform}, office::Ports, store::Places};
//! use ezhifa_field::{casework::seal::sign::{Algorithm, SoftwareKey}, slip::BundledOnly};
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let phone = FieldOffice::open(
//!     Places { dir: folder.join("store"), mark: folder.join("mark") },
//!     Ports {
//!         platform: Platform::new(Arc::new(FixedKey([7; 32])), Arc::new(SystemClock::new("boot-1"))),
//!         device_key: Arc::new(SoftwareKey::from_secret(Algorithm::P256Sha256, [3; 32])?),
//!         glyphs: Arc::new(BundledOnly),
//!         app: "demo 1.0.0".into(),
//!         model: "emulator".into(),
//!     },
//! )?;
//! let error = phone.status().unwrap_err();
//! assert_eq!(error.code, "not_enrolled"); // next: phone.enrol(ticket, &transport), then phone.sync_now(..)
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod clock;
pub mod datum;
pub mod error;
pub mod feed;
pub mod journal;
pub mod keys;
pub mod mark;
pub mod numbers;
pub mod office;
pub mod officers;
pub mod printing;
pub mod readiness;
mod retention;
pub mod search;
pub mod store;
pub mod sync;
pub mod transport;
pub mod vault;

pub use ezhifa_casefile as casefile;
pub use ezhifa_casework as casework;
pub use ezhifa_printer as printer;
pub use ezhifa_slip as slip;
pub use ezhifa_wire as wire;

pub use office::FieldOffice;
