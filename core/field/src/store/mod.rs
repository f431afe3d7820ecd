//! The store: one encrypted SQLite file with the journal and everything derived from it, the mark beside
//! it, one writer and one reader.
//!
//! [`Store::write`] is the only way to change anything. Entries that its closure appends are announced in
//! the mark before the commit and confirmed after it; the call answers only then. Rows that belong to the
//! entries (numbers, search, queues) change in the same transaction.

mod dao;
pub mod error;
pub mod migrate;
mod open;
mod owner;
pub mod salvage;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
};

use dao::Log;
pub use dao::{Dao, EpochInfo, StoredEntry, Unsent, Written};
pub(crate) use dao::{signed, unsigned};
pub use error::StoreError;
use error::{Result, io};
use ezhifa_seal::entry::{ChainFault, DeviceId, Epoch, Fault, Head};
pub use open::Opened;
use owner::Owner;
use rusqlite::{Connection, TransactionBehavior};

use crate::{
    journal,
    keys::{Platform, Point},
    mark::{Declared, Mark, MarkFile, Phase, Place},
};

/// Where things lie. `mark` is outside every back-up (Android `noBackupFilesDir`, iOS excluded + ThisDeviceOnly).
#[derive(Debug, Clone)]
pub struct Places {
    /// Folder of database and evidence.
    pub dir: PathBuf,
    /// The mark's file.
    pub mark: PathBuf,
}

impl Places {
    /// Database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.dir.join("journal.db")
    }

    pub(crate) fn key_check(&self) -> PathBuf {
        self.dir.join("journal.key-check")
    }

    /// The daily second copy of the database: a rung of the ladder after damage.
    #[must_use]
    pub fn second_copy(&self) -> PathBuf {
        self.dir.join("journal.copy.db")
    }

    /// The database key, sealed to HQ: for a phone whose key store is dead.
    #[must_use]
    pub fn key_escrow(&self) -> PathBuf {
        self.dir.join("journal.key-escrow")
    }

    pub(crate) fn keep_escrow(&self, sealed: &str) -> Result<()> {
        use std::io::Write as _;
        let mut file = std::fs::File::create(self.key_escrow()).map_err(io("key escrow"))?;
        file.write_all(sealed.as_bytes()).and_then(|()| file.sync_all()).map_err(io("key escrow"))?;
        crate::mark::sync_dir(Some(&self.dir))
    }

    pub(crate) fn ballast(&self) -> PathBuf {
        self.dir.join("ballast")
    }

    fn owner(&self) -> PathBuf {
        self.dir.join("owner.lock")
    }

    /// Sealed evidence.
    #[must_use]
    pub fn evidence(&self) -> PathBuf {
        self.dir.join("evidence")
    }

    /// Sealed evidence whose row may not be committed yet.
    #[must_use]
    pub fn incoming(&self) -> PathBuf {
        self.dir.join("evidence").join("in")
    }
}

/// The open store. Share it behind an `Arc`.
pub struct Store {
    pub(crate) places: Places,
    pub(crate) platform: Platform,
    device: DeviceId,
    opened: Opened,
    frozen: Option<Frozen>,
    writer: Mutex<Writer>,
    reader: Mutex<Connection>,
    /// Given back after the connections are closed: fields are dropped in this order.
    _owner: Option<Owner>,
}

/// Why nothing may be written.
#[derive(Debug, Clone, Copy)]
enum Frozen {
    /// A newer app wrote the file: reading and uploading only.
    Newer(i64),
    /// An auditor looks.
    Inspected,
}

struct Writer {
    conn: Connection,
    /// None where only reading is allowed and no mark is there.
    mark: Option<MarkFile>,
    log: Log,
    /// What this epoch declared as gone: every mark repeats it.
    declared: Declared,
    /// The mark says done for the last commit.
    settled: bool,
    /// What is in the file is not known any more: open again.
    lost: bool,
}

/// Bytes kept back so that the running case can be finished on a full phone.
pub const BALLAST: u64 = 8 << 20;
/// Below this nothing new is captured.
pub const LOW_SPACE: u64 = 100 << 20;

impl Store {
    /// This device.
    #[must_use]
    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    /// What was found on opening.
    #[must_use]
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Platform services.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Epoch being written.
    ///
    /// # Errors
    /// The store must be opened again.
    pub fn epoch(&self) -> Result<Epoch> {
        Ok(self.head()?.epoch)
    }

    /// End of the journal, confirmed by the mark.
    ///
    /// # Errors
    /// The mark cannot be written.
    pub fn head(&self) -> Result<Head> {
        let mut writer = self.lock()?;
        writer.settle()?;
        Ok(writer.log.head.clone())
    }

    /// Reads a consistent state, beside a running write.
    ///
    /// # Errors
    /// What the closure answers, or the reader is lost.
    pub fn read<T, E: From<StoreError>>(&self, f: impl FnOnce(&Dao<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.reader.lock().map_err(|_| StoreError::Internal("reader"))?;
        let tx = conn.transaction().map_err(StoreError::from)?;
        f(&Dao::reading(&tx))
    }

    /// Verifies the whole journal, and holds its end against the mark where it was opened for inspection.
    ///
    /// # Errors
    /// It cannot be read; breaks are in the report.
    pub fn verify(&self) -> Result<journal::Report> {
        let mut report = self.read(journal::verify_all)?;
        if let (Some(last), Some(mark)) = (report.epochs.last_mut(), self.opened.mark)
            && self.opened.read_only
            && mark.epoch == last.head.epoch
            && mark.phase == Phase::Done
            && mark.head.seq > last.head.seq
        {
            let cut = ChainFault { seq: last.head.seq, what: Fault::Truncated };
            last.fault.get_or_insert(cut);
        }
        Ok(report)
    }

    /// Changes things in one transaction; answers after the mark says done. An error of the closure rolls
    /// everything back.
    ///
    /// # Errors
    /// What the closure answers; [`StoreError::Full`]; a failed commit. An error does not prove that
    /// nothing was kept: a commit whose mark could not be written stays, and is confirmed by the next call.
    pub fn write<T, E: From<StoreError>>(
        &self,
        f: impl FnOnce(&mut Dao<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.frozen {
            Some(Frozen::Newer(found)) => {
                return Err(StoreError::NewerFile { found, known: migrate::NEWEST }.into());
            }
            Some(Frozen::Inspected) => return Err(StoreError::Inspection.into()),
            None => {}
        }
        let mut writer = self.lock()?;
        writer.settle()?;
        let answer = writer.transact(&self.platform, f);
        if answer.is_err() {
            writer.reload();
            self.give_up_ballast();
        }
        answer
    }

    fn lock(&self) -> Result<MutexGuard<'_, Writer>> {
        let writer = self.writer.lock().map_err(|_| StoreError::Internal("writer"))?;
        if writer.lost { Err(StoreError::Internal("store must be opened again")) } else { Ok(writer) }
    }

    /// On a full disk the ballast goes, so that the next try works.
    fn give_up_ballast(&self) {
        let test = self.places.dir.join("space-test");
        let full =
            std::fs::write(&test, [0; 4096]).is_err_and(|e| matches!(io("space")(e), StoreError::Full));
        // Best effort: a left-over test file of 4 KiB harms nothing.
        let _ = std::fs::remove_file(&test);
        if full {
            let _ = std::fs::remove_file(self.places.ballast());
        }
    }

    /// Whether new captures must wait. Makes the ballast again when there is room.
    ///
    /// # Errors
    /// [`StoreError::LowSpace`].
    pub fn room_for_captures(&self) -> Result<()> {
        let low = self.platform.disk.free_bytes().is_some_and(|free| free < LOW_SPACE);
        // Given up once, it comes back only where as much again is left: the running case lives on what it freed.
        let (path, size) = (self.places.ballast(), self.platform.disk.ballast());
        if low || !path.exists() && make_ballast(&path, size, size).is_err() {
            return Err(StoreError::LowSpace);
        }
        Ok(())
    }

    /// Makes the second copy anew, where the last one is older than a day; whether it did.
    ///
    /// # Errors
    /// No space; the old copy stays then.
    pub fn copy_daily(&self) -> Result<bool> {
        const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
        let second = self.places.second_copy();
        let age = std::fs::metadata(&second).and_then(|m| m.modified()).ok().map(|at| at.elapsed());
        if age.is_some_and(|age| age.is_ok_and(|age| age < DAY)) {
            return Ok(false);
        }
        let fresh = second.with_extension("db-new");
        // One that a crash left half-made is worth nothing.
        let _ = std::fs::remove_file(&fresh);
        self.copy_to(&fresh)?;
        std::fs::File::open(&fresh).and_then(|f| f.sync_all()).map_err(io("second copy"))?;
        std::fs::rename(&fresh, &second).map_err(io("second copy"))?;
        crate::mark::sync_dir(Some(&self.places.dir))?;
        Ok(true)
    }

    /// A consistent copy, encrypted with the same key.
    ///
    /// # Errors
    /// No space, or the target exists.
    pub fn copy_to(&self, target: &Path) -> Result<()> {
        let mut writer = self.lock()?;
        writer.settle()?;
        let target = target.to_str().ok_or(StoreError::Internal("path"))?;
        writer.conn.execute("VACUUM INTO ?1", [target])?;
        Ok(())
    }

    /// Stops the file from growing beyond so many pages: how tests fill a disk.
    #[doc(hidden)]
    pub fn limit_pages(&self, pages: u32) {
        if let Ok(writer) = self.writer.lock() {
            let _ = writer.conn.pragma_update(None, "max_page_count", pages);
        }
    }

    /// Before the app goes to the background: the WAL is folded into the file.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn checkpoint(&self) -> Result<()> {
        let writer = self.lock()?;
        writer.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}

impl Writer {
    fn transact<T, E: From<StoreError>>(
        &mut self,
        platform: &Platform,
        f: impl FnOnce(&mut Dao<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let tx =
            self.conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let base = self.log.head.clone();
        let mut dao = Dao::writing(&tx, platform, self.log.clone());
        let value = f(&mut dao)?;
        let log = dao.into_log()?;
        if log.head == base {
            tx.commit().map_err(StoreError::from)?;
            return Ok(value);
        }
        // A new epoch starts at nothing, whatever the old one's head was.
        let base = if log.head.epoch == base.epoch { Place::of(&base) } else { log.start() };
        let mark = Mark {
            epoch: log.head.epoch,
            head: Place::of(&log.head),
            base,
            phase: Phase::Intent,
            declared: self.declared,
        };
        self.mark.as_mut().ok_or(StoreError::Inspection)?.set(mark)?;
        platform.probe.at(Point::AfterIntent)?;
        tx.commit().map_err(StoreError::from)?;
        self.log = log;
        self.settled = false;
        platform.probe.at(Point::AfterCommit)?;
        self.settle()?;
        platform.probe.at(Point::AfterDone)?;
        Ok(value)
    }

    fn mark(&mut self) -> Result<&mut MarkFile> {
        self.mark.as_mut().ok_or(StoreError::Inspection)
    }

    /// Says done for the last commit, if that was not said.
    fn settle(&mut self) -> Result<()> {
        if self.settled {
            return Ok(());
        }
        let head = Place::of(&self.log.head);
        let epoch = self.log.head.epoch;
        let declared = self.declared;
        self.mark()?.set(Mark { epoch, head, base: head, phase: Phase::Done, declared })?;
        self.settled = true;
        Ok(())
    }

    /// After a failure the file is asked where the journal stands.
    fn reload(&mut self) {
        match Log::load(&self.conn, &self.log.head.device) {
            Ok(Some(log)) => {
                self.settled &= log.head == self.log.head;
                self.log = log;
            }
            Ok(None) | Err(_) => self.lost = true,
        }
    }
}

/// Writes real bytes: a sparse file reserves nothing. `spare` bytes more must fit while it is made.
pub(crate) fn make_ballast(path: &Path, size: u64, spare: u64) -> Result<()> {
    use std::io::Write as _;
    let partial = path.with_extension("partial");
    let make = || {
        let mut file = std::fs::File::create(&partial)?;
        let block = vec![0xA5_u8; 1 << 20];
        for _ in 0..size.saturating_add(spare) >> 20 {
            file.write_all(&block)?;
        }
        file.sync_all()?;
        file.set_len(size)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)
    };
    make().map_err(|e| {
        // Half a reserve would only eat what is left.
        let _ = std::fs::remove_file(&partial);
        io("ballast")(e)
    })
}
