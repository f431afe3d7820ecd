//! A phone of the fleet: the real `FieldOffice` over its real encrypted store in a folder, with keys,
//! clocks and chance of the simulated world, and everything that can happen to the device.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI32, Ordering},
    },
};

use ezhifa_field::{
    FieldOffice,
    casework::seal::{
        hash::tagged,
        sign::{Algorithm, SoftwareKey},
    },
    clock::ManualClock,
    keys::{Disk, FixedKey, Platform, Point, Probe},
    office::{Ports, SyncReport},
    slip::BundledOnly,
    store::{Places, StoreError},
    sync::Network,
};

use crate::{
    FleetError,
    error::{at, disk},
    line::Line,
    rng::{Rng, SeedEntropy},
};

/// A fail point that lets so many moments pass and then stops the phone: every call after it fails too,
/// as in a process that is gone.
pub(crate) struct Trap(AtomicI32);

const OFF: i32 = i32::MAX;

impl Trap {
    pub(crate) fn arm(&self, moments: i32) {
        self.0.store(moments, Ordering::SeqCst);
    }

    pub(crate) fn disarm(&self) {
        self.0.store(OFF, Ordering::SeqCst);
    }

    /// The phone is dead.
    pub(crate) fn sprung(&self) -> bool {
        self.0.load(Ordering::SeqCst) <= 0
    }
}

impl Probe for Trap {
    fn at(&self, _: Point) -> Result<(), StoreError> {
        let left = self.0.load(Ordering::SeqCst);
        if left == OFF {
            return Ok(());
        }
        self.0.store(left.saturating_sub(1), Ordering::SeqCst);
        if left <= 1 { Err(StoreError::Internal("simulated crash")) } else { Ok(()) }
    }
}

/// One phone.
pub(crate) struct Phone {
    /// Name in the simulation; HQ gives another.
    pub(crate) name: String,
    pub(crate) branch: String,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) trap: Arc<Trap>,
    pub(crate) line: Line,
    /// Gone for good.
    pub(crate) lost: bool,
    /// A copy of the store's folder lies beside it.
    pub(crate) has_backup: bool,
    dir: PathBuf,
    ports: Ports,
    office: Option<FieldOffice>,
    boots: u32,
}

/// A simulated disk never fills: what is kept back for that day would only be copied about.
struct Roomy;

impl Disk for Roomy {
    fn free_bytes(&self) -> Option<u64> {
        None
    }

    fn ballast(&self) -> u64 {
        0
    }
}

/// What the platform lets take to the next life.
fn copy_folder(from: &Path, to: &Path) -> Result<(), FleetError> {
    std::fs::create_dir_all(to).map_err(disk(to))?;
    for entry in std::fs::read_dir(from).map_err(disk(from))? {
        let entry = entry.map_err(disk(from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else if entry.file_name() != "ballast" {
            std::fs::copy(&path, &target).map_err(disk(&path))?;
        }
    }
    Ok(())
}

impl Phone {
    /// A phone out of its box, in its folder.
    pub(crate) fn new(
        dir: &Path,
        name: &str,
        branch: &str,
        now_ms: i64,
        seed: u64,
        line: Line,
    ) -> Result<Phone, FleetError> {
        std::fs::create_dir_all(dir).map_err(disk(dir))?;
        // A clone carries the same device key: the worst case, hardware keys stay behind.
        let owner = name.split('+').next().unwrap_or(name);
        let secret = |what: &str| {
            tagged("ezhifa.fleet.key.v1", &[&seed.to_be_bytes(), what.as_bytes(), owner.as_bytes()]).0
        };
        let clock = Arc::new(ManualClock::at(now_ms));
        let trap = Arc::new(Trap(AtomicI32::new(OFF)));
        let mut platform = Platform::new(Arc::new(FixedKey(secret("database"))), clock.clone());
        platform.entropy = Arc::new(SeedEntropy(Mutex::new(Rng::of(seed, &format!("phone {name}")))));
        platform.disk = Arc::new(Roomy);
        platform.probe = trap.clone();
        let key = SoftwareKey::from_secret(Algorithm::P256Sha256, secret("device"))
            .map_err(|e| FleetError::Input(e.to_string()))?;
        let ports = Ports {
            platform,
            device_key: Arc::new(key),
            glyphs: Arc::new(BundledOnly),
            app: concat!("fleet ", env!("CARGO_PKG_VERSION")).to_owned(),
            model: "simulated phone".to_owned(),
        };
        let mut phone = Phone {
            name: name.to_owned(),
            branch: branch.to_owned(),
            clock,
            trap,
            line,
            lost: false,
            has_backup: false,
            dir: dir.to_owned(),
            ports,
            office: None,
            boots: 0,
        };
        phone.open()?;
        Ok(phone)
    }

    fn places(&self) -> Places {
        Places { dir: self.dir.join("store"), mark: self.dir.join("mark") }
    }

    fn open(&mut self) -> Result<(), FleetError> {
        self.trap.disarm();
        let place = format!("{} opens", self.name);
        let office = FieldOffice::open(self.places(), self.ports.clone()).map_err(at(&place))?;
        office.set_network(Network::Online);
        office.allow_photos_on_metered(true);
        self.office = Some(office);
        Ok(())
    }

    /// The app.
    pub(crate) fn office(&self) -> Result<&FieldOffice, FleetError> {
        self.office.as_ref().ok_or_else(|| FleetError::Input(format!("{} is off", self.name)))
    }

    /// The name that HQ gave.
    pub(crate) fn device(&self) -> Result<String, FleetError> {
        Ok(self.office()?.identity().map_err(at(&self.name))?.enrolled.device.0)
    }

    /// The process is gone; a new one starts. Whether it died or was closed makes no difference to the files.
    pub(crate) fn reboot(&mut self) -> Result<(), FleetError> {
        self.office = None;
        self.boots = self.boots.saturating_add(1);
        self.clock.reboot(&format!("boot-{}", self.boots));
        self.open()
    }

    /// The platform's back-up: the store's folder, not the mark.
    pub(crate) fn back_up(&mut self) -> Result<(), FleetError> {
        self.office()?.with_store(|s| s.checkpoint()).map_err(at(&self.name))?;
        let to = self.dir.join("backup");
        if to.exists() {
            std::fs::remove_dir_all(&to).map_err(disk(&to))?;
        }
        copy_folder(&self.places().dir, &to)?;
        self.has_backup = true;
        Ok(())
    }

    /// The back-up is put back; the mark stays, it is outside every back-up.
    pub(crate) fn restore(&mut self) -> Result<(), FleetError> {
        self.office = None;
        let store = self.places().dir;
        std::fs::remove_dir_all(&store).map_err(disk(&store))?;
        copy_folder(&self.dir.join("backup"), &store)?;
        self.reboot()
    }

    /// Another phone gets a copy of this one's folder, without the mark.
    pub(crate) fn copy_to(&mut self, dir: &Path) -> Result<(), FleetError> {
        self.office()?.with_store(|s| s.checkpoint()).map_err(at(&self.name))?;
        copy_folder(&self.places().dir, &dir.join("store"))
    }

    /// Stolen, drowned, run over.
    pub(crate) fn lose(&mut self) {
        self.office = None;
        self.lost = true;
        // Best effort: what stays behind in the simulated gutter is never read again.
        let _ = std::fs::remove_dir_all(&self.dir);
    }

    /// As far as it gets. `None`: the phone died in it and was started again.
    pub(crate) fn sync(&mut self, now: bool) -> Result<Option<SyncReport>, FleetError> {
        let office = self.office()?;
        let done = if now { office.sync_now(&self.line, &()) } else { office.sync(&self.line, &()) };
        match done {
            Ok(report) => Ok(Some(report)),
            Err(_) if self.trap.sprung() => {
                self.reboot()?;
                Ok(None)
            }
            Err(e) => Err(at(&format!("{} syncs", self.name))(e)),
        }
    }
}
