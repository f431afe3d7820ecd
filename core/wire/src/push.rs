//! Up: the journal's tail, and HQ's signed receipt (回执). Nothing but a receipt counts as delivered.

use ezhifa_seal::{
    entry::{DeviceId, Epoch, Head, SealedEntry},
    hash::Digest,
    sign::{PublicKey, Signed, Signer},
};
use serde::{Deserialize, Serialize};

use crate::{
    Check, WireError, domains,
    error::{holds, most, name},
    hello::Floor,
    limits,
};

/// `POST /v1/push`: a contiguous run of one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// Device that wrote the run.
    pub device: DeviceId,
    /// Epoch.
    pub epoch: Epoch,
    /// Entries in order, without a gap.
    pub entries: Vec<SealedEntry>,
    /// [`HeadClaim`] about the last of them, signed by the device key.
    pub head: Signed,
}

/// "This is my journal up to here", in the domain `ezhifa.head.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadClaim {
    /// Device, epoch, seq, hash.
    pub head: Head,
}

impl Push {
    /// A push of `entries`, whose last one is `head`.
    ///
    /// # Errors
    /// The key refuses, or the run is out of bounds.
    pub fn new(entries: Vec<SealedEntry>, head: Head, key: &dyn Signer) -> Result<Push, WireError> {
        let (device, epoch) = (head.device.clone(), head.epoch);
        let head = Signed::seal(key, domains::HEAD, &HeadClaim { head })
            .map_err(|_| WireError::Signature { what: "head" })?;
        let push = Push { device, epoch, entries, head };
        push.check()?;
        Ok(push)
    }

    /// The claim, once the device key has signed it and it is about the last entry.
    ///
    /// # Errors
    /// Another key, other bytes, or another entry.
    pub fn claim(&self, key: &PublicKey) -> Result<HeadClaim, WireError> {
        let claim: HeadClaim =
            self.head.open(domains::HEAD, key).map_err(|_| WireError::Signature { what: "head" })?;
        let last = self.entries.last().ok_or(WireError::Form { field: "entries" })?;
        let same = claim.head.device == self.device
            && claim.head.epoch == self.epoch
            && claim.head.seq == last.header.seq
            && claim.head.hash == last.header.hash();
        holds("head", same)?;
        Ok(claim)
    }
}

impl Check for Push {
    fn check(&self) -> Result<(), WireError> {
        name("device", &self.device.0)?;
        holds("entries", !self.entries.is_empty())?;
        most("entries", self.entries.len(), limits::PUSH_ENTRIES)?;
        let first = self.entries.first().map_or(0, |e| e.header.seq);
        for (i, entry) in (0u64..).zip(&self.entries) {
            let header = &entry.header;
            holds("entries.device", header.device == self.device && header.epoch == self.epoch)?;
            holds("entries.seq", header.seq > 0 && Some(header.seq) == first.checked_add(i))?;
            name("entries.kind", &header.kind)?;
            most("entries.boot", header.stamp.boot.len(), limits::NAME)?;
            most("entries.body", entry.body.as_ref().map_or(0, String::len), limits::ENTRY_BODY)?;
            holds("entries.salt", entry.salt.is_some() == entry.body.is_some())?;
        }
        Ok(())
    }
}

/// Answer, `Signed` by HQ in the domain `ezhifa.receipt.v1`: everything up to `seq` is stored durably.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whose journal.
    pub device: DeviceId,
    /// Nonce of the request.
    pub nonce: String,
    /// Epoch.
    pub epoch: Epoch,
    /// Contiguous head at HQ.
    pub seq: u64,
    /// Its hash: names every entry before it.
    pub hash: Digest,
    /// Prune line.
    pub floor: Floor,
    /// Incarnation of HQ.
    pub incarnation: String,
    /// When HQ stored it.
    pub received_ms: i64,
    /// Entries that HQ stored and could not interpret; they block nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<u64>,
}

impl Check for Receipt {
    fn check(&self) -> Result<(), WireError> {
        name("nonce", &self.nonce)?;
        name("incarnation", &self.incarnation)?;
        holds("floor", self.floor.epoch == self.epoch && self.floor.seq <= self.seq)?;
        most("quarantined", self.quarantined.len(), limits::PUSH_ENTRIES)
    }
}

/// Opens a signed answer with any of HQ's keys and checks its bounds.
///
/// # Errors
/// No key of HQ signed it, or it is out of bounds.
pub fn open<T: serde::de::DeserializeOwned + Check>(
    signed: &Signed,
    domain: &str,
    what: &'static str,
    keys: &[PublicKey],
) -> Result<T, WireError> {
    most(what, signed.doc.len(), limits::REPLY_BYTES)?;
    let message: T =
        keys.iter().find_map(|key| signed.open(domain, key).ok()).ok_or(WireError::Signature { what })?;
    message.check()?;
    Ok(message)
}
