//! Milder and harsher: no violation < no penalty < warning < fine by amount (DESIGN.md 5).

use ezhifa_law::{decision::DefenceCap, money::Fen, terms::Outcome};

/// The rung of an outcome; a transfer decides nothing and stands on none.
const fn rung(outcome: Outcome) -> Option<u8> {
    match outcome {
        Outcome::NoViolation => Some(0),
        Outcome::Advice
        | Outcome::Order
        | Outcome::OrderComplied
        | Outcome::NoPenalty
        | Outcome::NoPenaltyProposed => Some(1),
        Outcome::Warning => Some(2),
        Outcome::Fine => Some(3),
        Outcome::WarningAndFine => Some(4),
        Outcome::OrdinaryProcedure | Outcome::Referral => None,
    }
}

/// Whether `new` weighs more on the party than `old`.
#[must_use]
pub fn harsher(new: DefenceCap, old: DefenceCap) -> bool {
    match (rung(new.outcome), rung(old.outcome)) {
        (Some(n), Some(o)) => n > o || amount(new) > amount(old),
        _ => false,
    }
}

/// The milder of a ceiling that may exist and another one.
#[must_use]
pub fn milder(ceiling: Option<DefenceCap>, other: DefenceCap) -> DefenceCap {
    match ceiling {
        Some(cap) if !harsher(cap, other) => cap,
        _ => other,
    }
}

fn amount(of: DefenceCap) -> Fen {
    if of.outcome.has_fine() { of.amount } else { Fen::ZERO }
}
