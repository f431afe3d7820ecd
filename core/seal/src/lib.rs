//! Seals (封存): hashes, the journal's chain, signatures behind a provider trait, the slip code, number
//! blocks, the crypto of the evidence vault and of PINs.
//!
//! What it must not know: clocks, files, networks, randomness (callers pass salts, keys and times), what
//! a case or a rulebook is. Every format here is fixed by golden vectors in `tests/vectors`.
//!
//! ```
//! use ezhifa_seal::entry::{DeviceId, Epoch, Head, Stamp, append, verify};
//! let start = Head::start(DeviceId("phone-1".into()), Epoch(7));
//! let stamp = Stamp { wall_ms: 1_790_000_000_000, mono_ms: 12, boot: "b1".into() };
//! let (first, head) = append(&start, "case", 1, stamp.clone(), [1; 16], r#"{"a":1}"#)?;
//! let (second, head) = append(&head, "case", 1, stamp, [2; 16], r#"{"a":2}"#)?;
//! assert_eq!(verify(&start, [&first, &second])?, head);
//!
//! let mut forged = first.clone();
//! forged.body = Some(r#"{"a":9}"#.into());
//! assert_eq!(verify(&start, [&forged, &second]).map_err(|fault| fault.seq), Err(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod code;
pub mod entry;
mod error;
pub mod escrow;
pub mod export;
pub mod hash;
pub mod lease;
mod packed;
pub mod pin;
pub mod seen;
pub mod sign;
pub mod vault;

pub use error::SealError;
