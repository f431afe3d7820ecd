//! A phone made of a temporary folder, a clock moved by hand and a key in memory.
#![allow(dead_code, clippy::unwrap_used)]

use std::{collections::BTreeMap, path::Path, sync::Arc};

use ezhifa_field::{
    clock::ManualClock,
    journal::Kind,
    keys::{DatabaseKey, Disk, FixedKey, KeyStore, Platform},
    store::{Places, Store, StoreError},
};
use ezhifa_seal::{
    entry::{DeviceId, Epoch},
    lease::{DOMAIN, NumberBlock},
    sign::{Algorithm, PublicKey, Signed, Signer, SoftwareKey},
};

pub const START: i64 = 1_795_000_000_000;
pub const KEY: [u8; 32] = [42; 32];

pub struct World {
    dir: Option<tempfile::TempDir>,
    root: std::path::PathBuf,
    pub places: Places,
    pub clock: Arc<ManualClock>,
    hq: SoftwareKey,
}

pub struct LockedKey;
impl KeyStore for LockedKey {
    fn database_key(&self) -> Result<DatabaseKey, StoreError> {
        Err(StoreError::KeyUnavailable { reason: "locked".into() })
    }
}

pub struct SmallDisk;
impl Disk for SmallDisk {
    fn free_bytes(&self) -> Option<u64> {
        Some(1 << 20)
    }
}

pub fn body(n: i64) -> String {
    format!(r#"{{"n":{n},"text":"占道经营"}}"#)
}

impl World {
    pub fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let mut world = World::at(dir.path());
        world.dir = Some(dir);
        world
    }

    /// In a folder that somebody else cleans up.
    pub fn at(root: &Path) -> World {
        let places = Places { dir: root.join("store"), mark: root.join("mark") };
        let hq = SoftwareKey::from_secret(Algorithm::P256Sha256, [1; 32]).unwrap();
        World { dir: None, root: root.to_owned(), places, clock: Arc::new(ManualClock::at(START)), hq }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn platform(&self) -> Platform {
        Platform::new(Arc::new(FixedKey(KEY)), self.clock.clone())
    }

    pub fn create(&self) -> Store {
        self.create_as(Epoch(7))
    }

    pub fn create_as(&self, epoch: Epoch) -> Store {
        Store::create(&self.places, self.platform(), DeviceId("d-1".into()), epoch).unwrap()
    }

    pub fn open(&self) -> Store {
        Store::open(&self.places, self.platform()).unwrap()
    }

    pub fn hq_key(&self) -> PublicKey {
        self.hq.public_key()
    }

    pub fn other_key(&self) -> PublicKey {
        SoftwareKey::from_secret(Algorithm::P256Sha256, [2; 32]).unwrap().public_key()
    }

    pub fn block(&self, lease_id: &str, from: u64, to: u64, epoch: Epoch) -> Signed {
        let block = NumberBlock {
            lease_id: lease_id.into(),
            organ: "441900".into(),
            series: "penalty".into(),
            year: 2026,
            from,
            to,
            device: DeviceId("d-1".into()),
            epoch,
            not_after_ms: START + 86_400_000 * 365,
        };
        Signed::seal(&self.hq, DOMAIN, &block).unwrap()
    }

    pub fn lease(&self, store: &Store, lease_id: &str, from: u64, to: u64) -> Signed {
        let block = self.block(lease_id, from, to, store.epoch().unwrap());
        store.write(|dao| dao.accept_block(&block, &[self.hq_key()])).unwrap();
        block
    }

    /// A decision: number and entry in one transaction.
    pub fn decide(&self, store: &Store, case: &str) -> String {
        store
            .write(|dao| {
                let number = dao.next_number("penalty", 2026, START)?.ok_or(StoreError::Internal("none"))?;
                let text = format!("样执〔2026〕{}号", number.n);
                dao.reserve(&number, case, &text)?;
                dao.append(Kind::Case, 1, Some(case), &format!(r#"{{"decided":"{text}"}}"#))?;
                Ok::<_, StoreError>(text)
            })
            .unwrap()
    }

    /// Every file of the phone with its content, but the mark.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut out = BTreeMap::new();
        collect(&self.places.dir, &mut out);
        out.retain(|name, _| !name.ends_with("ballast") && !name.ends_with("-shm"));
        out
    }

    pub fn incoming(&self) -> usize {
        std::fs::read_dir(self.places.incoming()).unwrap().count()
    }

    /// Every file of the vault.
    pub fn sealed(&self) -> Vec<String> {
        self.files().into_keys().filter(|name| name.contains("/evidence/")).collect()
    }

    /// What a back-up holds: the folder without the mark.
    pub fn backup(&self) -> BTreeMap<String, Vec<u8>> {
        self.files()
    }

    pub fn restore(&self, backup: &BTreeMap<String, Vec<u8>>) {
        std::fs::remove_dir_all(&self.places.dir).unwrap();
        for (path, bytes) in backup {
            std::fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        std::fs::create_dir_all(self.places.incoming()).unwrap();
    }

    /// Somebody with the key opens the file by hand.
    pub fn try_sql(&self, sql: &str) -> rusqlite::Result<()> {
        let conn = rusqlite::Connection::open(self.places.database())?;
        let hex: String = KEY.iter().map(|b| format!("{b:02x}")).collect();
        conn.pragma_update(None, "key", format!("x'{hex}'"))?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.execute_batch(sql)
    }

    pub fn schema(&self) -> Vec<String> {
        let conn = rusqlite::Connection::open(self.places.database()).unwrap();
        let hex: String = KEY.iter().map(|b| format!("{b:02x}")).collect();
        conn.pragma_update(None, "key", format!("x'{hex}'")).unwrap();
        let mut query = conn.prepare("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name").unwrap();
        query.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect()
    }

    pub fn sql(&self, sql: &str) {
        self.try_sql(sql).unwrap();
    }
}

fn collect(dir: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, out);
        } else {
            out.insert(path.to_str().unwrap().to_owned(), std::fs::read(&path).unwrap());
        }
    }
}

/// A probe made of a closure.
pub struct Hook<F>(pub F);
impl<F: Fn(ezhifa_field::keys::Point) -> Result<(), StoreError> + Send + Sync> ezhifa_field::keys::Probe
    for Hook<F>
{
    fn at(&self, point: ezhifa_field::keys::Point) -> Result<(), StoreError> {
        self.0(point)
    }
}

impl World {
    /// The two transactions of an issue, as DESIGN.md 6 orders them; what Ok answers was acknowledged.
    pub fn issue(&self, store: &Store, case: &str) -> Result<String, StoreError> {
        use ezhifa_field::keys::Point;
        let text = store.write(|dao| {
            let number = dao.next_number("penalty", 2026, START)?.ok_or(StoreError::Internal("none"))?;
            let text = format!("样执〔2026〕{}号", number.n);
            dao.reserve(&number, case, &text)?;
            dao.append(Kind::Case, 1, Some(case), &format!(r#"{{"decided":"{text}"}}"#))?;
            Ok::<_, StoreError>(text)
        })?;
        store.platform().probe.at(Point::BeforeSign)?;
        store.platform().probe.at(Point::AfterSign)?;
        sign(store, case, &text)?;
        store.platform().probe.at(Point::BeforePrint)?;
        Ok(text)
    }
}

/// Second transaction; opening a phone runs it for every decided, unsigned number.
pub fn sign(store: &Store, case: &str, text: &str) -> Result<(), StoreError> {
    store.write(|dao| {
        dao.append(Kind::Case, 1, Some(case), &format!(r#"{{"slip":"{text}"}}"#))?;
        dao.mark_issued(text)
    })
}
