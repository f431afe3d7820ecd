//! The phone for Kotlin, Swift and Python: `ezhifa-field` through uniffi, call for call. [`FieldOffice`] is
//! the phone, [`FieldCase`] a case in hand; the rest are records, words, and the traits by which a platform
//! hands in its keys, clock, printer and screens.
//!
//! It must not know anything of its own. Calls block: an app makes them on one background thread. Every
//! exported call returns a `Result`, because a panic in one that does not would kill a Swift app. No lock
//! is held while an app's trait is called.
//!
//! ```
//! use std::sync::Arc;
//! use ezhifa_bindings::{FieldOffice, PhoneError, PhoneKeys};
//!
//! struct Keystore;
//! impl PhoneKeys for Keystore {
//!     fn database_key(&self) -> Result<Vec<u8>, PhoneError> { Ok(vec![7; 32]) }
//!     fn device_public_key(&self) -> Result<Vec<u8>, PhoneError> { Ok(vec![4; 65]) }
//!     fn sign(&self, _: Vec<u8>) -> Result<Vec<u8>, PhoneError> { Ok(Vec::new()) }
//! }
//!
//! # let folder = tempfile::tempdir()?;
//! # let (store, mark) = (folder.path().join("store"), folder.path().join("mark"));
//! # let text = |path: std::path::PathBuf| path.display().to_string();
//! let phone = FieldOffice::open(text(store), text(mark), Arc::new(Keystore), None)?;
//! assert!(!phone.is_enrolled()?);
//! let error = phone.open_case("解放路 1 号".into(), None, false, None).err().expect("not enrolled");
//! assert!(matches!(error, PhoneError::NotReady { why } if why.code == "not_enrolled"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
// uniffi generates the C functions that the other languages call; nothing here is unsafe by hand.
#![allow(unsafe_code)]

mod case;
mod error;
mod keys;
mod office;
mod ports;
mod records;
mod words;

pub use case::FieldCase;
pub use error::{PhoneError, Why};
pub use keys::PhoneKeys;
pub use office::{FieldOffice, PrinterKind, ResidentId, printer_kinds, read_resident_id, set_store_aside};
pub use ports::*;
pub use records::*;
pub use words::*;

uniffi::setup_scaffolding!();
