//! A pay code (缴款识别码) for one decision, asked for between the decision and its paper by a phone that has
//! a signal at that moment. The finance system makes it; HQ passes it on.

use ezhifa_seal::entry::DeviceId;
use serde::{Deserialize, Serialize};

use crate::{
    Check, WireError,
    error::{holds, most, name, text},
};

/// Bytes of a pay code.
pub const CODE_BYTES: usize = 128;

/// Whether a code can stand on a slip: its form is the finance system's own, so only what no paper and no
/// QR can carry is refused.
#[must_use]
pub fn printable(code: &str) -> bool {
    !code.is_empty() && code.len() <= CODE_BYTES && code.bytes().all(|b| b.is_ascii_graphic())
}

/// `POST /v1/pay-code`. The same number always gets the same code: a lost answer costs none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayCodeRequest {
    /// Number of the decision, from a block that was lent to this phone.
    pub number: String,
    /// The fine in fen: the code is good for this amount only.
    pub amount_fen: i64,
}

impl Check for PayCodeRequest {
    fn check(&self) -> Result<(), WireError> {
        text("number", &self.number)?;
        most("number", self.number.len(), crate::limits::NAME)?;
        holds("number", !self.number.is_empty())?;
        holds("amount_fen", self.amount_fen > 0)
    }
}

/// Answer, `Signed` by HQ in the domain `ezhifa.pay-code.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayCodeReply {
    /// To whom.
    pub device: DeviceId,
    /// Nonce of the request.
    pub nonce: String,
    /// For which decision.
    pub number: String,
    /// The code.
    pub code: String,
}

impl Check for PayCodeReply {
    fn check(&self) -> Result<(), WireError> {
        name("nonce", &self.nonce)?;
        text("number", &self.number)?;
        holds("code", printable(&self.code))
    }
}
