//! Law as data (法规): load a rulebook, check it, decide a case by it, explain the decision.
//!
//! What it must not know: the clock, files, the network, randomness, the journal, paper.
//! It knows the *forms* of law (a limb, a tier, a gate, a clock); the contents live in `rulebooks/`.
//!
//! `rulebook` reads and types a pack, `decide` reasons from facts, `check` proves a pack before it may
//! leave the desk, `diff` says what changes between two, `scaffold` starts a new one.
//!
//! ```
//! use ezhifa_law::{check::check, rulebook::{Files, Rulebook}};
//!
//! let mut files = Files::new();
//! files.insert("manifest.toml".into(), br#"
//!     id = "town"
//!     title = "Sample"
//!     version = 1
//!     semantics = 1
//!     sample = true
//!     effective_from = 2026-01-01
//!     published_at = "sample"
//! "#.to_vec());
//! files.insert("facts.toml".into(), "[[fact]]\nname = \"area\"\nask = \"面积？\"\ntype = \"int\"\n".into());
//!
//! // A measure without bounds is refused, with its line.
//! let error = Rulebook::load(&files, &[]).unwrap_err();
//! assert!(error.to_string().starts_with("facts.toml:1: fact[0]: "));
//!
//! files.remove("facts.toml");
//! assert!(check(&files, &[]).is_empty());
//! assert!(Rulebook::load(&files, &[])?.is_sample());
//! # Ok::<(), ezhifa_law::rulebook::PackError>(())
//! ```

pub mod calendar;
pub mod check;
pub mod clocks;
pub mod decide;
pub mod decision;
pub mod diff;
pub mod facts;
pub mod identity;
pub mod keys;
pub mod money;
pub mod names;
pub mod plates;
pub mod rulebook;
pub mod scaffold;
pub mod template;
pub mod terms;
