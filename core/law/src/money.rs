//! Money is integer fen (分). Digits, Chinese capitals and the stored value come from this one type.

use serde::{Deserialize, Serialize};

/// An amount in fen (分), 1/100 yuan. Never a float (LAW.md 6.1 no. 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Fen = Fen(0);

    /// Whole yuan, saturating at the type's bounds.
    #[must_use]
    pub const fn yuan(yuan: i64) -> Fen {
        Fen(yuan.saturating_mul(100))
    }
}
