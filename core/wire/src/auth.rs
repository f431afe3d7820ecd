//! The signature on a request (请求签名): proves which device asks, binds method, path and body, and is
//! good once.
//!
//! Header `ezhifa-sign: v=1;device=D;epoch=E;alg=A;key=K;at=MS;nonce=N;sig=HEX`, where `sig` signs the lines of
//! [`message`] joined by `\n`. `at` is the phone's best estimate of HQ's clock, so that a phone with a
//! wrong clock still gets through after one `clock` answer.

use ezhifa_seal::{
    SealError,
    entry::{DeviceId, Epoch},
    hash::sha256,
    sign::{self, Algorithm, KeyId, PublicKey, Signature, Signer},
};

use crate::{
    WireError,
    error::{holds, most, name},
    limits,
};

/// Name of the header.
pub const HEADER: &str = "ezhifa-sign";

/// The header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// Device; `new` at enrolment.
    pub device: DeviceId,
    /// Epoch that the phone writes.
    pub epoch: Epoch,
    /// When, as HQ's clock would show it.
    pub at_ms: i64,
    /// Random, never used twice; HQ's signed answer repeats it.
    pub nonce: String,
    /// Over [`message`].
    pub signature: Signature,
}

/// The exact text that is signed.
#[must_use]
pub fn message(
    method: &str,
    path: &str,
    device: &DeviceId,
    epoch: Epoch,
    at_ms: i64,
    nonce: &str,
    body: &[u8],
) -> String {
    let body = sha256(body);
    format!("ezhifa-request-v1\n{method}\n{path}\n{}\n{epoch}\n{at_ms}\n{nonce}\n{body}", device.0)
}

impl Auth {
    /// Signs a request. `path` includes the query.
    ///
    /// # Errors
    /// The key refuses.
    #[allow(clippy::too_many_arguments)] // These are the lines of the message.
    pub fn sign(
        key: &dyn Signer,
        method: &str,
        path: &str,
        device: &DeviceId,
        epoch: Epoch,
        at_ms: i64,
        nonce: &str,
        body: &[u8],
    ) -> Result<Auth, SealError> {
        let text = message(method, path, device, epoch, at_ms, nonce, body);
        let signature = key.sign(text.as_bytes())?;
        Ok(Auth { device: device.clone(), epoch, at_ms, nonce: nonce.to_owned(), signature })
    }

    /// Whether `key` signed exactly this request. Clock and nonce are the caller's to judge.
    ///
    /// # Errors
    /// Another key or another request.
    pub fn verify(&self, key: &PublicKey, method: &str, path: &str, body: &[u8]) -> Result<(), WireError> {
        let text = message(method, path, &self.device, self.epoch, self.at_ms, &self.nonce, body);
        sign::verify(key, text.as_bytes(), &self.signature)
            .map_err(|_| WireError::Signature { what: "request" })
    }

    /// The header's value.
    #[must_use]
    pub fn header(&self) -> String {
        let s = &self.signature;
        let hex: String = s.bytes.iter().map(|b| format!("{b:02x}")).collect();
        format!(
            "v=1;device={};epoch={};alg={};key={};at={};nonce={};sig={hex}",
            self.device.0,
            self.epoch,
            s.alg.id(),
            s.key.0,
            self.at_ms,
            self.nonce
        )
    }

    /// Reads the header's value.
    ///
    /// # Errors
    /// A part is missing, unknown, twice there or out of bounds.
    pub fn parse(value: &str) -> Result<Auth, WireError> {
        const BAD: WireError = WireError::Form { field: "ezhifa-sign" };
        most("ezhifa-sign", value.len(), 1_024)?;
        let parts: Vec<(&str, &str)> =
            value.split(';').map(|p| p.split_once('=').ok_or(BAD)).collect::<Result<_, _>>()?;
        let names = ["v", "device", "epoch", "alg", "key", "at", "nonce", "sig"];
        holds("ezhifa-sign", parts.iter().map(|p| p.0).eq(names))?;
        let get = |n: &str| parts.iter().find(|p| p.0 == n).map(|p| p.1).ok_or(BAD);
        holds("ezhifa-sign.v", get("v")? == "1")?;
        for part in ["device", "key", "nonce"] {
            name("ezhifa-sign", get(part)?)?;
        }
        holds("ezhifa-sign.nonce", (16..=limits::NAME).contains(&get("nonce")?.len()))?;
        Ok(Auth {
            device: DeviceId(get("device")?.to_owned()),
            epoch: get("epoch")?.parse().map_err(|_| BAD)?,
            at_ms: get("at")?.parse().map_err(|_| BAD)?,
            nonce: get("nonce")?.to_owned(),
            signature: Signature {
                alg: Algorithm::from_id(get("alg")?).ok_or(BAD)?,
                key: KeyId(get("key")?.to_owned()),
                bytes: hex64(get("sig")?).ok_or(BAD)?,
            },
        })
    }
}

fn hex64(text: &str) -> Option<[u8; 64]> {
    let mut out = [0u8; 64];
    if text.len() != 128 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}
