//! A block of numbers (文号段) that HQ lends to one phone: it travels as [`crate::sign::Signed`].

use serde::{Deserialize, Serialize};

use crate::{
    SealError,
    entry::{DeviceId, Epoch},
};

/// Signing domain of a block.
pub const DOMAIN: &str = "ezhifa.number-block.v1";

/// Most numbers in one block.
pub const MAX: u64 = 100_000;

/// Numbers `from..=to` of one organ, series and year, for one device in one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberBlock {
    /// Used once, for ever.
    pub lease_id: String,
    /// Organ's short code.
    pub organ: String,
    /// Series word.
    pub series: String,
    /// Year of the decisions, Asia/Shanghai.
    pub year: i32,
    /// First number.
    pub from: u64,
    /// Last number.
    pub to: u64,
    /// To whom.
    pub device: DeviceId,
    /// In which life of its journal.
    pub epoch: Epoch,
    /// No number is taken from it after this.
    pub not_after_ms: i64,
}

impl NumberBlock {
    /// How many numbers.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.to.saturating_sub(self.from).saturating_add(1)
    }

    /// Whether the block makes sense at all.
    ///
    /// # Errors
    /// The field that does not.
    pub fn check(&self) -> Result<(), SealError> {
        let fields = [
            ("lease_id", !self.lease_id.is_empty() && self.lease_id.len() <= 64),
            ("series", !self.series.is_empty() && self.series.len() <= 64),
            ("organ", self.organ.len() <= 64),
            ("year", (2000..=2200).contains(&self.year)),
            ("from", self.from >= 1 && self.from <= self.to && self.to <= i64::MAX.unsigned_abs()),
            ("to", self.count() <= MAX),
        ];
        match fields.into_iter().find(|(_, fine)| !fine) {
            Some((field, _)) => Err(SealError::Range { field }),
            None => Ok(()),
        }
    }
}
