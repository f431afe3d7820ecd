//! A folder for the simulated world, in memory where the system has such a place: then a sync to disk costs
//! what the code costs, and nothing of the simulation wears out a disk.

use std::path::{Path, PathBuf};

use crate::{FleetError, error::disk};

/// Gone when it is dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Best effort: the name holds the process id, nobody else uses it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes one.
pub(crate) fn scratch(what: &str) -> Result<Scratch, FleetError> {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let memory = PathBuf::from("/dev/shm");
    let root = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let dir = root.join(format!("ezhifa-fleet-{what}-{}-{n}", std::process::id()));
    std::fs::create_dir_all(&dir).map_err(disk(&dir))?;
    Ok(Scratch(dir))
}
