//! Key escrow (密钥托管): the database key of every phone, sealed at enrolment to a key of HQ's own, so that a
//! phone with a dead key store can be read after all.
//!
//! `escrow.key` is needed for nothing but that: keep it in a safe, away from HQ, and bring it back for the
//! hour. `escrow.pub` stays, so that phones go on being enrolled. Every release is an alarm.

use ezhifa_wire::seal::{
    escrow,
    hash::Digest,
    sign::{Algorithm, PublicKey, Signer as _, SoftwareKey},
};
use serde::{Deserialize, Serialize};

use crate::{
    Hq, alarms,
    config::HqConfig,
    error::HqError,
    files,
    hq::random_hex,
    store::{self, EntryRow, Write},
};

/// A phone's database key, for whoever opens its database at HQ. Wiped when dropped.
pub struct DatabaseKey(zeroize::Zeroizing<Vec<u8>>);

impl DatabaseKey {
    /// The 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseKey")
    }
}

/// What a phone put into its journal at enrolment.
#[derive(Serialize, Deserialize)]
struct Escrowed {
    event: String,
    sealed: String,
}

fn damaged(what: &str) -> HqError {
    HqError::Config(format!("{what} 已损坏 / {what} is damaged"))
}

/// The public half, made with its secret when HQ is founded.
pub(crate) fn public_key(config: &HqConfig) -> Result<PublicKey, HqError> {
    let path = config.dir.join("escrow.pub");
    if let Some(hex) = files::read_text(&path)? {
        let bytes =
            data_encoding::HEXLOWER.decode(hex.trim().as_bytes()).map_err(|_| damaged("escrow.pub"))?;
        return Ok(PublicKey { alg: Algorithm::P256Sha256, bytes });
    }
    let hex = random_hex::<32>(config)?;
    let key = software_key(&hex)?.public_key();
    files::write_secret(&config.dir.join("escrow.key"), hex.as_bytes())?;
    files::write_secret(&path, data_encoding::HEXLOWER.encode(&key.bytes).as_bytes())?;
    Ok(key)
}

fn secret(hex: &str) -> Result<[u8; 32], HqError> {
    Digest::from_hex(hex.trim()).map(|d| d.0).map_err(|_| damaged("escrow.key"))
}

fn software_key(hex: &str) -> Result<SoftwareKey, HqError> {
    SoftwareKey::from_secret(Algorithm::P256Sha256, secret(hex)?).map_err(|e| HqError::Seal(e.to_string()))
}

/// Keeps what a device entry hands in; a later one (a key that was changed) takes its place.
pub(crate) fn arrived(w: &mut dyn Write, row: &EntryRow) -> Result<(), HqError> {
    let said = row.body.as_deref().and_then(|b| serde_json::from_slice::<Escrowed>(b).ok());
    match said.filter(|s| s.event == "key_escrowed") {
        Some(said) => store::put(w, "escrow", &row.device, &said.sealed),
        None => Ok(()),
    }
}

/// Writes a released key where only its owner reads it.
///
/// # Errors
/// The disk said no.
pub fn write_key(path: &std::path::Path, key: &DatabaseKey) -> Result<(), HqError> {
    files::write_secret(path, key.bytes())
}

impl Hq {
    /// The database key of a phone, from what its journal handed in, or from the file `journal.key-escrow`
    /// in its folder when it never reached HQ. An alarm says that it was released.
    ///
    /// # Errors
    /// Nothing was handed in; `escrow.key` is not here; it was sealed to another key.
    pub fn release_database_key(&self, device: &str, sealed: Option<&str>) -> Result<DatabaseKey, HqError> {
        self.settle()?;
        let sealed = match sealed {
            Some(hex) => hex.trim().to_owned(),
            None => {
                self.read(|r| store::get(r, "escrow", device))?.ok_or(HqError::NotFound("escrowed key"))?
            }
        };
        let sealed =
            data_encoding::HEXLOWER.decode(sealed.as_bytes()).map_err(|_| damaged("journal.key-escrow"))?;
        let path = self.config().dir.join("escrow.key");
        let hex = files::read_text(&path)?.ok_or(HqError::NotFound("escrow.key"))?;
        let key = escrow::open(secret(&hex)?, &sealed).map_err(|e| HqError::Seal(e.to_string()))?;
        let (device, now) = (device.to_owned(), self.now_ms());
        self.write(1, move |w| {
            alarms::raise(
                w,
                now,
                "database_key_released",
                &device,
                "取出了该设备的托管密钥 / the escrowed key of this phone was released",
            )
        })?;
        Ok(DatabaseKey(key))
    }
}
