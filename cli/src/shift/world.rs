//! The world around the phone: the scenario's clock, keys in files, the printer.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chrono::NaiveDateTime;
use ezhifa_emulator::{Emulator, Handle, Paper};
use ezhifa_field::{
    clock::{Clock as _, ManualClock},
    printer::{Link, open_link},
};

use crate::{error::CliError, printer::virtual_options};

/// Asia/Shanghai is UTC+8 and has had no summer time since 1991.
const SHANGHAI_MS: i64 = 8 * 3_600_000;

/// The scenario's clock: it moves when a step moves it, never by itself.
#[derive(Clone)]
pub struct Clock(pub Arc<ManualClock>);

impl Clock {
    /// Starts at a local time.
    pub fn at(local: NaiveDateTime) -> Clock {
        Clock(Arc::new(ManualClock::at(local.and_utc().timestamp_millis().saturating_sub(SHANGHAI_MS))))
    }

    /// Lets seconds pass.
    pub fn advance(&self, seconds: i64) {
        self.0.pass(seconds.saturating_mul(1000));
    }

    /// UTC milliseconds.
    pub fn ms(&self) -> i64 {
        self.0.now().wall_ms
    }

    /// Local time.
    pub fn local(&self) -> NaiveDateTime {
        chrono::DateTime::from_timestamp_millis(self.ms().saturating_add(SHANGHAI_MS))
            .unwrap_or_default()
            .naive_utc()
    }
}

/// 32 bytes that a phone would keep in its keystore; a demonstration keeps them in a file of its own.
///
/// # Errors
/// The file cannot be written, or holds something else.
pub fn secret(path: &Path, fresh: impl FnOnce() -> Result<[u8; 32], CliError>) -> Result<[u8; 32], CliError> {
    let hint = "this file is the phone's key; without it the phone's store cannot be opened";
    if path.exists() {
        let bytes = std::fs::read(path)
            .map_err(|e| CliError::new(format!("cannot read {}: {e}", path.display()), hint))?;
        return bytes
            .try_into()
            .map_err(|_| CliError::new(format!("{} does not hold 32 bytes", path.display()), hint));
    }
    let key = fresh()?;
    std::fs::write(path, key)
        .map_err(|e| CliError::new(format!("cannot write {}: {e}", path.display()), hint))?;
    Ok(key)
}

/// The printer of the shift: the virtual one unless an address was given.
pub struct Printer {
    /// Address for `open_link`.
    pub address: String,
    emulator: Option<Handle>,
}

impl Printer {
    /// The virtual printer on a free port of the loopback.
    ///
    /// # Errors
    /// The loopback gives no port.
    pub fn emulated(paper: u32) -> Result<Printer, CliError> {
        let handle = Emulator::start("127.0.0.1:0", virtual_options(paper, "", None)?)
            .map_err(|e| CliError::new(e, "no free port on the loopback?"))?;
        Ok(Printer { address: format!("tcp://{}", handle.address()), emulator: Some(handle) })
    }

    /// A printer elsewhere.
    pub fn elsewhere(address: &str) -> Printer {
        Printer { address: address.to_owned(), emulator: None }
    }

    /// Opens the link.
    ///
    /// # Errors
    /// Nobody answers at the address.
    pub fn link(&self) -> Result<Box<dyn Link>, CliError> {
        open_link(&self.address).map_err(|e| {
            CliError::new(e, "--printer takes tcp://HOST:PORT, serial:/dev/rfcomm0 or file:PATH; without it the virtual printer is used")
        })
    }

    /// The paper that came out of the virtual printer, if this is one.
    pub fn paper(&self) -> Option<Paper> {
        self.emulator
            .as_ref()
            .and_then(|handle| handle.wait_papers(Duration::from_secs(5)).into_iter().last())
    }
}

/// The folder of a shift.
pub struct Folder(pub PathBuf);

impl Folder {
    /// A path inside, its folder made.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn path(&self, inside: &str) -> Result<PathBuf, CliError> {
        let path = self.0.join(inside);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|e| {
                CliError::new(format!("cannot make {}: {e}", parent.display()), "choose another --out")
            })?;
        }
        Ok(path)
    }

    /// Writes a file whole: beside it first, then in its place.
    ///
    /// # Errors
    /// The disk says no.
    pub fn write(&self, inside: &str, bytes: &[u8]) -> Result<(), CliError> {
        let path = self.path(inside)?;
        let draft = path.with_extension("part");
        std::fs::write(&draft, bytes).and_then(|()| std::fs::rename(&draft, &path)).map_err(|e| {
            CliError::new(
                format!("cannot write {}: {e}", path.display()),
                "choose another --out, or make room",
            )
        })
    }
}
