//! What a desk has in front of it: a phone's folder, or HQ's.

use std::{path::Path, sync::Arc};

use ezhifa_field::{
    FieldOffice,
    casework::seal::sign::{Algorithm, SoftwareKey},
    clock::SystemClock,
    keys::{FixedKey, Platform},
    office::Ports,
    slip::BundledOnly,
    store::Places,
};
use ezhifa_hq::{Hq, HqConfig};

use crate::error::CliError;

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::new(error, "nothing on the phone was changed")
}

/// A key of a sample phone, from its keystore folder.
///
/// # Errors
/// None there, or not one.
pub fn secret(phone: &Path, name: &str) -> Result<[u8; 32], CliError> {
    let file = phone.join("keystore").join(name);
    let key = std::fs::read(&file).map_err(|e| {
        CliError::new(
            format!("no key at {}: {e}", file.display()),
            "give the phone folder of a shift, for example out/phone",
        )
    })?;
    key.try_into().map_err(|_| failed(format!("{} does not hold 32 bytes", file.display())))
}

/// Where a sample phone keeps things.
pub fn places(phone: &Path) -> Places {
    Places { dir: phone.join("store"), mark: phone.join("mark") }
}

fn platform(phone: &Path) -> Result<Platform, CliError> {
    Ok(Platform::new(Arc::new(FixedKey(secret(phone, "database")?)), Arc::new(SystemClock::new("desk"))))
}

/// Opens the whole sample phone, with its signing key.
///
/// # Errors
/// No keys there, or the wrong ones.
pub fn office(phone: &Path) -> Result<FieldOffice, CliError> {
    let key = SoftwareKey::from_secret(Algorithm::P256Sha256, secret(phone, "device")?).map_err(failed)?;
    let ports = Ports {
        platform: platform(phone)?,
        device_key: Arc::new(key),
        glyphs: Arc::new(BundledOnly),
        app: concat!("ezhifa ", env!("CARGO_PKG_VERSION")).to_owned(),
        model: "sample phone".to_owned(),
    };
    Ok(FieldOffice::open(places(phone), ports)?)
}

/// A phone's folder or HQ's.
pub enum Desk {
    /// `out/phone`.
    Phone(Box<FieldOffice>),
    /// `out/hq`, `hq-data`.
    Hq(Box<Hq>),
}

/// Opens whichever the folder is.
///
/// # Errors
/// Neither, or it cannot be opened.
pub fn open(folder: &Path) -> Result<Desk, CliError> {
    if folder.join("keystore").is_dir() {
        return Ok(Desk::Phone(Box::new(office(folder)?)));
    }
    if folder.join("hq.key").is_file() {
        let config = HqConfig::in_dir(folder, "DGCG", "样例执法局");
        let hq = Hq::open(config).map_err(|e| CliError::new(e, "is another HQ running on this folder?"))?;
        return Ok(Desk::Hq(Box::new(hq)));
    }
    Err(CliError::new(
        format!("{} is neither a phone's folder nor HQ's", folder.display()),
        "give out/phone or out/hq of a shift, or the folder of `hq serve`",
    ))
}
