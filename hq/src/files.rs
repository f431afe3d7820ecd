//! The few files beside the database: written whole, synced, readable by their owner alone.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Write as _},
    path::Path,
};

use crate::error::HqError;

/// Names the file in an error.
pub fn error(path: &Path, source: std::io::Error) -> HqError {
    HqError::File { path: path.display().to_string(), source }
}

/// A text file, `None` when there is none.
///
/// # Errors
/// The file is there and cannot be read.
pub fn read_text(path: &Path) -> Result<Option<String>, HqError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(error(path, e)),
    }
}

/// Writes a file through a temporary neighbour, synced, mode 0600.
///
/// # Errors
/// The disk said no.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), HqError> {
    let next = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&next).map_err(|e| error(&next, e))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| error(&next, e))?;
    std::fs::rename(&next, path).map_err(|e| error(path, e))?;
    sync_dir(path.parent())
}

/// Makes a rename durable.
///
/// # Errors
/// The disk said no.
pub fn sync_dir(dir: Option<&Path>) -> Result<(), HqError> {
    let dir = dir.filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir).and_then(|d| d.sync_all()).map_err(|e| error(dir, e))
}

/// One process at a time works in a folder. Given back when dropped, also by a crash.
pub struct Lock(#[allow(dead_code)] File);

/// Tenths of a second that a new holder waits for one that is just going away.
const PATIENCE: u32 = 30;

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    /// Another process holds it, or the disk said no.
    pub fn take(path: &Path) -> Result<Lock, HqError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|e| error(path, e))?;
        for _ in 0..PATIENCE {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(std::fs::TryLockError::Error(e)) => return Err(error(path, e)),
                Err(std::fs::TryLockError::WouldBlock) => {
                    std::thread::sleep(std::time::Duration::from_millis(100));
                }
            }
        }
        Err(HqError::InUse)
    }
}

/// Makes a directory and its parents.
///
/// # Errors
/// The disk said no.
pub fn make_dir(dir: &Path) -> Result<(), HqError> {
    std::fs::create_dir_all(dir).map_err(|e| error(dir, e))
}
