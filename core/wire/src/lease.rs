//! Numbers (文书字号) are lent in signed blocks: one organ, series, year, device and epoch each.

use ezhifa_seal::{
    entry::{DeviceId, Epoch},
    sign::Signed,
};
use serde::{Deserialize, Serialize};

use crate::{
    Check, WireError,
    error::{holds, name},
    limits,
};

/// `POST /v1/lease`. The same `request_id` always gets the same block (a lost answer costs no numbers).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRequest {
    /// Made by the phone and kept until the answer is stored.
    pub request_id: String,
    /// Series word: `penalty`, `no_penalty`, `order`, `notice`, and `drill-` before one for drills.
    pub series: String,
    /// Year of the decisions, Asia/Shanghai.
    pub year: i32,
    /// How many are wanted; HQ may lend fewer.
    pub want: u64,
    /// Epoch that will use them.
    pub epoch: Epoch,
}

impl Check for LeaseRequest {
    fn check(&self) -> Result<(), WireError> {
        name("request_id", &self.request_id)?;
        name("series", &self.series)?;
        holds("year", (2000..=2200).contains(&self.year))?;
        holds("want", self.want > 0 && self.want <= limits::BLOCK)
    }
}

/// Answer, `Signed` by HQ in the domain `ezhifa.lease-reply.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseReply {
    /// To whom.
    pub device: DeviceId,
    /// Nonce of the request.
    pub nonce: String,
    /// Which request.
    pub request_id: String,
    /// `seal::lease::NumberBlock`, `Signed` by HQ in the domain `ezhifa.number-block.v1`: kept as it is,
    /// because it proves later that the number was lent.
    pub block: Signed,
}

impl Check for LeaseReply {
    fn check(&self) -> Result<(), WireError> {
        name("nonce", &self.nonce)?;
        name("request_id", &self.request_id)
    }
}
