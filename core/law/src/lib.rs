//! Law as data (法规): load a rulebook, check it, decide a case by it, explain the decision.
//!
//! What it must not know: the clock, files, the network, randomness, the journal, paper.
//! It knows the *forms* of law (a limb, a tier, a gate, a clock); the contents live in `rulebooks/`.

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
