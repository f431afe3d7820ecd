//! One owner a phone folder. Journal, mark and numbers stand in the owner's memory: a second process, or a
//! second store in this one, would write from an end of the journal that is no longer the end.

use std::{
    fs::{File, OpenOptions},
    time::Duration,
};

use fs4::{FileExt, TryLockError};

use super::{
    Places, StoreError,
    error::{Result, io},
};

/// The operating system's lock on the folder. It goes with the process, however that ends. Who only inspects
/// takes none.
pub(super) struct Owner(#[allow(dead_code)] File);

/// How often, and how far apart, a taken folder is tried before it counts as taken: a program that starts
/// another one hands its lock on for the moment until that one runs, even after it gave the folder up.
const PATIENCE: u32 = 25;
const TURN: Duration = Duration::from_millis(20);

impl Owner {
    /// Takes the folder.
    ///
    /// # Errors
    /// [`StoreError::InUse`]; the file system cannot lock.
    pub(super) fn take(places: &Places) -> Result<Owner> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(places.owner())
            .map_err(io("owner lock"))?;
        // Named in full: the standard library's method of that name refuses to work on Android.
        for _ in 0..PATIENCE {
            match FileExt::try_lock(&file) {
                Ok(()) => return Ok(Owner(file)),
                Err(TryLockError::WouldBlock) => std::thread::sleep(TURN),
                Err(TryLockError::Error(e)) => return Err(io("owner lock")(e)),
            }
        }
        Err(StoreError::InUse)
    }
}
