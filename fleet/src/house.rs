//! HQ in the simulated world: the real one, opened, killed, backed up and put back.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use ezhifa_hq::{Hq, HqConfig, HqError, Request, Response};

use crate::{FleetError, rng::Rng};

/// What everybody's clock would say if it were right, Unix milliseconds.
#[derive(Clone)]
pub(crate) struct Time(Arc<AtomicI64>);

impl Time {
    pub(crate) fn at(ms: i64) -> Time {
        Time(Arc::new(AtomicI64::new(ms)))
    }

    pub(crate) fn ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::SeqCst);
    }

    pub(crate) fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

/// The HQ of the world.
pub(crate) struct House {
    config: HqConfig,
    hq: Mutex<Option<Hq>>,
    copies: Mutex<Vec<PathBuf>>,
    dir: PathBuf,
}

impl House {
    /// Founds it in a folder.
    pub(crate) fn found(dir: &Path, time: &Time, seed: u64) -> Result<House, FleetError> {
        let mut config = HqConfig::in_dir(dir.join("hq"), "DGCG", "东莞市城市管理和综合执法局（样例）");
        let clock = time.clone();
        config.clock = Arc::new(move || clock.ms());
        let chance = Mutex::new(Rng::of(seed, "hq"));
        config.entropy = Arc::new(move |buffer| {
            chance.lock().unwrap_or_else(PoisonError::into_inner).fill(buffer);
            Ok(())
        });
        // Interpreted when the simulation says so, never by a thread of its own: that keeps a seed a seed.
        config.background = false;
        config.device_rate = 100_000;
        config.public_rate = 100_000;
        // Simulated time stands still while entries are written: there is no queue to spread.
        config.ingest_rate = 0;
        let hq = Hq::open(config.clone())?;
        std::fs::create_dir_all(dir.join("copies")).map_err(crate::error::disk(dir))?;
        Ok(House { config, hq: Mutex::new(Some(hq)), copies: Mutex::default(), dir: dir.to_owned() })
    }

    fn hq(&self) -> MutexGuard<'_, Option<Hq>> {
        self.hq.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks it, if it is up.
    pub(crate) fn answer(&self, request: &Request) -> Option<Response> {
        let hq = self.hq().clone()?;
        Some(hq.answer(request))
    }

    /// The desk at HQ.
    pub(crate) fn desk<T>(&self, f: impl FnOnce(&Hq) -> Result<T, HqError>) -> Result<T, FleetError> {
        let hq = self.hq().clone().ok_or_else(|| FleetError::Hq("down".into()))?;
        Ok(f(&hq)?)
    }

    /// Power cut.
    pub(crate) fn stop(&self) {
        *self.hq() = None;
    }

    pub(crate) fn is_up(&self) -> bool {
        self.hq().is_some()
    }

    /// Power is back.
    pub(crate) fn start(&self) -> Result<(), FleetError> {
        let mut hq = self.hq();
        if hq.is_none() {
            *hq = Some(Hq::open(self.config.clone())?);
        }
        Ok(())
    }

    /// A verified back-up.
    pub(crate) fn back_up(&self) -> Result<(), FleetError> {
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        let to = self.dir.join("copies").join(format!("{}.db", copies.len()));
        self.desk(|hq| hq.backup(&to))?;
        copies.push(to);
        Ok(())
    }

    /// Whether there is a back-up to go back to.
    pub(crate) fn has_copy(&self) -> bool {
        !self.copies.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Put back from the last back-up: what arrived since then is gone here. Evidence stays, as it does with
    /// an object store. The copy may be older than a phone's loss, so the desk reports every loss again, as a
    /// real one must after a restore.
    pub(crate) fn restore(&self, lost: &BTreeSet<String>) -> Result<(), FleetError> {
        let copy = self.copies.lock().unwrap_or_else(PoisonError::into_inner).last().cloned();
        let copy = copy.ok_or_else(|| FleetError::Hq("no back-up".into()))?;
        let mut hq = self.hq();
        *hq = None;
        let restored = Hq::restore(self.config.clone(), &copy)?;
        let now = restored.now_ms();
        for device in restored.devices()?.iter().filter(|d| lost.contains(&d.id) && d.lost_ms.is_none()) {
            restored.withdraw_device(&device.id, Some(now), true, true)?;
        }
        *hq = Some(restored);
        Ok(())
    }

    /// Folder of the evidence.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.dir.join("hq").join("blobs")
    }
}
