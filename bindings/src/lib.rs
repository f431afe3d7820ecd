//! The phone for Kotlin and Swift: [`FieldOffice`] of `ezhifa-field` through uniffi, call for call.
//!
//! It must not know anything of its own. Calls block: an app makes them on one background thread. Every
//! exported call returns a `Result`, because a panic in one that does not would kill a Swift app.
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
//! let phone = FieldOffice::open(text(store), text(mark), Arc::new(Keystore))?;
//! assert!(!phone.is_enrolled()?);
//! let error = phone.open_case("解放路 1 号".into()).unwrap_err();
//! assert!(matches!(error, PhoneError::NotReady { why } if why.code == "not_enrolled"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
// uniffi generates the C functions that the other languages call; nothing here is unsafe by hand.
#![allow(unsafe_code)]

mod error;
mod keys;
mod office;

pub use error::{PhoneError, Why};
pub use keys::PhoneKeys;
pub use office::{CaseLine, FieldOffice, Ready, Status, Synced};

uniffi::setup_scaffolding!();
