//! One owner a phone folder. Journal, mark and numbers stand in the owner's memory: a second process, or a
//! second store in this one, would write from an end of the journal that is no longer the end.

use std::fs::{File, OpenOptions};

use fs4::{FileExt, TryLockError};

use super::{
    Places, StoreError,
    error::{Result, io},
};

/// The operating system's lock on the folder. It goes with the process, however that ends. Who only inspects
/// takes none.
pub(super) struct Owner(#[allow(dead_code)] File);

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
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Owner(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
            Err(TryLockError::Error(e)) => Err(io("owner lock")(e)),
        }
    }
}
