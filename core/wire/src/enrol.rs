//! Enrolment (设备注册): a one-time ticket from HQ's desk turns a phone into a known device.

use ezhifa_seal::{
    entry::{DeviceId, Epoch},
    sign::PublicKey,
};
use serde::{Deserialize, Serialize};

use crate::{
    Check, VERSION, WireError,
    error::{holds, most, name, text},
    limits,
};

/// What the desk hands to the phone (QR or text): where HQ is, how to know it, and the one-time code.
/// From here on the phone trusts `ca` and `hq_key` only, so no public authority is asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Protocol version.
    pub v: u16,
    /// `https://host:port`; `http://127.0.0.1:port` in tests only.
    pub url: String,
    /// One-time code.
    pub code: String,
    /// HQ's own certificate authority, PEM; absent only with `http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// The key that signs everything HQ says.
    pub hq_key: PublicKey,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ticket({}, code withheld)", self.url)
    }
}

impl Ticket {
    /// `ezhifa:` and JSON: what the desk shows.
    ///
    /// # Errors
    /// The ticket is out of bounds.
    pub fn text(&self) -> Result<String, WireError> {
        self.check()?;
        let json = serde_json::to_string(self).map_err(|e| WireError::json("ticket", &e))?;
        Ok(format!("ezhifa:{json}"))
    }

    /// Reads what the desk shows.
    ///
    /// # Errors
    /// Not a ticket of this version.
    pub fn parse(text: &str) -> Result<Ticket, WireError> {
        most("ticket", text.len(), limits::SMALL_BYTES)?;
        let json = text.trim().strip_prefix("ezhifa:").ok_or(WireError::Form { field: "ticket" })?;
        let ticket: Ticket = serde_json::from_str(json).map_err(|e| WireError::json("ticket", &e))?;
        ticket.check()?;
        Ok(ticket)
    }
}

impl Check for Ticket {
    fn check(&self) -> Result<(), WireError> {
        holds("ticket.v", self.v == VERSION)?;
        text("ticket.url", &self.url)?;
        let safe = self.url.starts_with("https://") && self.ca.is_some();
        let test = ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"]
            .iter()
            .any(|p| self.url.starts_with(p));
        holds("ticket.url", safe || test)?;
        name("ticket.code", &self.code)?;
        most("ticket.ca", self.ca.as_ref().map_or(0, String::len), 16 << 10)
    }
}

/// `POST /v1/enrol`, signed with `key` (device `new` in the signature header).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrol {
    /// One-time code.
    pub code: String,
    /// The key made in the phone's keystore; never leaves it.
    pub key: PublicKey,
    /// First epoch.
    pub epoch: Epoch,
    /// Maker and model, for HQ's list.
    pub model: String,
    /// App and version.
    pub app: String,
    /// The phone's clock.
    pub wall_ms: i64,
}

impl std::fmt::Debug for Enrol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Enrol({}, code withheld)", self.model)
    }
}

impl Check for Enrol {
    fn check(&self) -> Result<(), WireError> {
        name("code", &self.code)?;
        text("model", &self.model)?;
        text("app", &self.app)
    }
}

/// Answer, `Signed` by HQ in the domain `ezhifa.enrolled.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// The name HQ gives this device, for ever.
    pub device: DeviceId,
    /// Nonce of the request: an old answer is not an answer.
    pub nonce: String,
    /// Organ code, as in number blocks and slip codes.
    pub organ: String,
    /// Branch (分局) code.
    pub branch: String,
    /// Base of the slip code: `HTTPS://HOST` in capitals, no path.
    pub slip_url: String,
    /// Keys that sign HQ's documents from now on.
    pub hq_keys: Vec<PublicKey>,
    /// Incarnation of HQ.
    pub incarnation: String,
    /// HQ's clock.
    pub server_ms: i64,
    /// The phone seals its database key to this one (密钥托管) and hands it in with its journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escrow: Option<PublicKey>,
}

impl Check for Enrolled {
    fn check(&self) -> Result<(), WireError> {
        name("device", &self.device.0)?;
        name("nonce", &self.nonce)?;
        name("organ", &self.organ)?;
        name("branch", &self.branch)?;
        name("incarnation", &self.incarnation)?;
        text("slip_url", &self.slip_url)?;
        holds("hq_keys", !self.hq_keys.is_empty() && self.hq_keys.len() <= 8)
    }
}
