//! Making, opening, setting aside.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use ezhifa_seal::{
    entry::{DeviceId, Epoch, Head},
    hash::Digest,
};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use serde_json::json;

use super::{
    Dao, Frozen, Log, Owner, Places, Store, StoreError, Writer,
    error::{Result, io},
    make_ballast, migrate,
};
use crate::{
    journal,
    keys::{DatabaseKey, Platform},
    mark::{Declared, Gone, Mark, MarkFile, Phase, Place, Verdict, judge, sync_dir},
};

/// What was found on opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What database and mark said together; `None` when the store was just made.
    pub verdict: Option<Verdict>,
    /// What the mark said before.
    pub mark: Option<Mark>,
    /// Evidence files that got their last name now.
    pub files_finished: u64,
    /// Evidence files without a row, whose key never became durable: removed.
    pub files_dropped: u64,
    /// A newer app wrote the file (reading and uploading only), or it was opened for inspection.
    pub read_only: bool,
}

/// Entries that opening verifies; the rest is for [`journal::verify_all`] in the background.
const TAIL: u64 = 100;

impl Store {
    /// Makes the store of a freshly enrolled phone. A mark from before (database lost or set aside) is
    /// declared in the first entry.
    ///
    /// # Errors
    /// There is one already, or something cannot be written.
    pub fn create(places: &Places, platform: Platform, device: DeviceId, epoch: Epoch) -> Result<Store> {
        std::fs::create_dir_all(places.incoming()).map_err(io("folder"))?;
        let owner = Owner::take(places)?;
        let key = platform.keys.database_key()?;
        if places.database().exists() {
            check_key(places, &key)?;
        } else {
            write_key_check(places, &key)?;
        }
        let mut conn = connect(&places.database(), &key, OpenFlags::default())?;
        if migrate::version(&conn)? > 0 && Log::load(&conn, &device)?.is_some() {
            return Err(StoreError::AlreadyEnrolled);
        }
        migrate::run(&mut conn)?;
        let mut mark = MarkFile::open(&places.mark)?;
        forget_unborn(&mut mark, None);
        let before = mark.last().copied();
        let log = Log::before(device.clone());
        let declared = declared(None, before.as_ref());
        let mut writer = Writer { conn, mark: Some(mark), log, declared, settled: true, lost: false };
        writer.transact::<_, StoreError>(&platform, |dao| {
            dao.set_meta("device", &device.0)?;
            dao.start_epoch(epoch, &declaration("enrolled", None, before.as_ref()))?;
            Ok(())
        })?;
        // The ballast is a help, not a need: a phone that is full on its first day still enrols.
        let _ = make_ballast(&places.ballast(), platform.disk.ballast(), 0);
        let opened =
            Opened { verdict: None, mark: before, files_finished: 0, files_dropped: 0, read_only: false };
        finish(places, platform, writer, opened, &key, None, Some(owner))
    }

    /// Opens the phone's store.
    ///
    /// # Errors
    /// [`StoreError::KeyUnavailable`], [`StoreError::WrongKey`], [`StoreError::Damaged`],
    /// [`StoreError::InUse`], [`StoreError::NotEnrolled`], a break in the chain's last entries: then nothing
    /// was changed.
    pub fn open(places: &Places, platform: Platform) -> Result<Store> {
        let key = platform.keys.database_key()?;
        if !places.database().exists() {
            return Err(StoreError::NotEnrolled);
        }
        let owner = Some(Owner::take(places)?);
        check_key(places, &key)?;
        let mut conn = connect(&places.database(), &key, OpenFlags::default())?;
        let found = migrate::version(&conn)?;
        let device = device_of(&conn, found)?.ok_or(StoreError::NotEnrolled)?;
        let log = Log::load(&conn, &device)?.ok_or(StoreError::NotEnrolled)?;
        // Before anything is changed: every schema keeps the tables of the chain as the first one has them.
        journal::verify_tail(&Dao::reading(&conn), TAIL)?;
        write_key_check(places, &key)?;
        // From here on the file is known to be good.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;

        let newer = (found > migrate::NEWEST).then_some(found);
        if let Some(found) = newer {
            let mark = if places.mark.exists() { Some(MarkFile::open(&places.mark)?) } else { None };
            let said = mark.as_ref().and_then(|m| m.last().copied());
            let (epoch, head) = (log.head.epoch, Place::of(&log.head));
            let verdict = Some(judge(said.as_ref(), epoch, head));
            // The mark's format is known: what was committed may be confirmed, so that it may leave.
            let settled = verdict != Some(Verdict::Fine) || said.is_none_or(|m| m.phase == Phase::Done);
            let declared = said.map(|m| m.declared).unwrap_or_default();
            let writer = Writer { conn, mark, log, declared, settled, lost: false };
            let opened = Opened { verdict, mark: said, files_finished: 0, files_dropped: 0, read_only: true };
            return finish(places, platform, writer, opened, &key, Some(Frozen::Newer(found)), owner);
        }
        migrate::run(&mut conn)?;
        let mark = MarkFile::open(&places.mark)?;
        let said = mark.last().copied();
        let declared = Declared::default();
        let mut writer = Writer { conn, mark: Some(mark), log, declared, settled: true, lost: false };
        let verdict = Some(writer.compare(&platform)?);
        std::fs::create_dir_all(places.incoming()).map_err(io("folder"))?;
        let (files_finished, files_dropped) = crate::vault::recover(places, &Dao::reading(&writer.conn))?;
        let opened = Opened { verdict, mark: said, files_finished, files_dropped, read_only: false };
        finish(places, platform, writer, opened, &key, None, owner)
    }

    /// Opens a store to look at it only: an auditor, a court, a desk that holds a copy. Nothing is changed,
    /// no epoch begins, no file is finished, and a broken chain does not keep it shut.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn inspect(places: &Places, platform: Platform) -> Result<Store> {
        let key = platform.keys.database_key()?;
        if !places.database().exists() {
            return Err(StoreError::NotEnrolled);
        }
        check_key(places, &key)?;
        let conn = connect(&places.database(), &key, OpenFlags::default())?;
        let found = migrate::version(&conn)?;
        let device = device_of(&conn, found)?.ok_or(StoreError::NotEnrolled)?;
        let log = Log::load(&conn, &device)?.ok_or(StoreError::NotEnrolled)?;
        let mark = MarkFile::peek(&places.mark)?;
        let verdict = Some(judge(mark.as_ref(), log.head.epoch, Place::of(&log.head)));
        let declared = Declared::default();
        let writer = Writer { conn, mark: None, log, declared, settled: true, lost: false };
        let opened = Opened { verdict, mark, files_finished: 0, files_dropped: 0, read_only: true };
        finish(places, platform, writer, opened, &key, Some(Frozen::Inspected), None)
    }

    /// Sets a damaged store aside, whole: nothing is deleted. The app then enrols afresh; the mark stays,
    /// so that the new journal declares what the old one held.
    ///
    /// # Errors
    /// [`StoreError::InUse`]; the folder cannot be renamed.
    pub fn quarantine(places: &Places, now_ms: i64) -> Result<PathBuf> {
        // A disk too full or too broken for the lock's file does not keep the folder where it is.
        let _owner = match Owner::take(places) {
            Err(StoreError::InUse) => return Err(StoreError::InUse),
            owner => owner,
        };
        let name = places.dir.file_name().and_then(|n| n.to_str()).unwrap_or("store");
        let target = places.dir.with_file_name(format!("{name}.quarantine-{now_ms}"));
        std::fs::rename(&places.dir, &target).map_err(io("quarantine"))?;
        sync_dir(places.dir.parent())?;
        Ok(target)
    }
}

impl Writer {
    /// Holds the database against its mark; after a roll-back starts a new epoch.
    fn compare(&mut self, platform: &Platform) -> Result<Verdict> {
        let (epoch, head) = (self.log.head.epoch, Place::of(&self.log.head));
        forget_unborn(self.mark()?, Some(epoch));
        let mark = self.mark()?.last().copied();
        let verdict = judge(mark.as_ref(), epoch, head);
        self.declared = match verdict {
            Verdict::RolledBack => declared(Some(&self.log.head), mark.as_ref()),
            Verdict::Fine | Verdict::NeverCommitted => mark.map(|m| m.declared).unwrap_or_default(),
        };
        match verdict {
            Verdict::Fine => {
                self.settled = mark.is_some_and(|m| m.phase == Phase::Done);
                self.settle()?;
            }
            Verdict::NeverCommitted => {}
            Verdict::RolledBack => {
                let because = if mark.is_some() { "rolled_back" } else { "mark_missing" };
                let body = declaration(because, Some(&self.log.head), mark.as_ref());
                let fresh = Epoch(u64::from_be_bytes(platform.random()?));
                self.transact::<_, StoreError>(platform, |dao| {
                    dao.burn_leases()?;
                    dao.start_epoch(fresh, &body)?;
                    Ok(())
                })?;
            }
        }
        Ok(verdict)
    }
}

/// A new epoch that was announced and never committed: the mark before it knows more.
fn forget_unborn(file: &mut MarkFile, current: Option<Epoch>) {
    while let Some(mark) = file.last() {
        if mark.base.seq > 0 || Some(mark.epoch) == current || mark.phase == Phase::Done {
            return;
        }
        file.forget_last();
    }
}

impl Log {
    /// Of a store that has no epoch yet.
    fn before(device: DeviceId) -> Log {
        Log { head: Head::start(device, Epoch(0)), epoch_id: 0, last: None }
    }
}

/// First entry of an epoch: why it began, where the old one stood, what is missing (`hole`), and what earlier
/// first entries declared (`holes`), which may be gone with them.
fn declaration(because: &str, before: Option<&Head>, mark: Option<&Mark>) -> String {
    let hole = match (before, mark) {
        (_, None) => json!({ "unknown": 1 }),
        (Some(head), Some(mark)) if mark.epoch == head.epoch && mark.head.seq > head.seq => {
            json!({ "epoch": mark.epoch, "from": head.seq.saturating_add(1), "to": mark.head.seq, "hash": mark.head.hash })
        }
        (Some(head), Some(mark)) if mark.epoch == head.epoch => {
            json!({ "epoch": mark.epoch, "at": mark.head.seq, "hash": mark.head.hash })
        }
        (_, Some(mark)) => {
            json!({ "epoch": mark.epoch, "from": 1, "to": mark.head.seq, "hash": mark.head.hash })
        }
    };
    let previous = before.map(|h| json!({ "epoch": h.epoch, "seq": h.seq, "hash": h.hash }));
    let hole = if because == "enrolled" && mark.is_none() { json!(null) } else { hole };
    let earlier: Vec<Gone> = mark.map(|m| m.declared.into()).unwrap_or_default();
    json!({ "event": "epoch_started", "because": because, "previous": previous, "hole": hole, "holes": earlier })
        .to_string()
}

/// What the new epoch's first entry says is gone: all that the mark knew of the life before it, and what that
/// life had declared itself.
fn declared(before: Option<&Head>, mark: Option<&Mark>) -> Declared {
    let Some(mark) = mark else { return Declared::default() };
    let kept = before.filter(|h| h.epoch == mark.epoch).map_or(0, |h| h.seq);
    match kept.checked_add(1).filter(|from| *from <= mark.head.seq) {
        Some(from) => mark.declared.and(Gone { epoch: mark.epoch, from, to: mark.head.seq }),
        None => mark.declared,
    }
}

fn finish(
    places: &Places,
    platform: Platform,
    writer: Writer,
    opened: Opened,
    key: &DatabaseKey,
    frozen: Option<Frozen>,
    owner: Option<Owner>,
) -> Result<Store> {
    let reader = connect(&places.database(), key, OpenFlags::default())?;
    reader.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, frozen.is_some())?;
    reader.pragma_update(None, "query_only", true)?;
    Ok(Store {
        places: places.clone(),
        platform,
        device: writer.log.head.device.clone(),
        opened,
        frozen,
        writer: Mutex::new(writer),
        reader: Mutex::new(reader),
        _owner: owner,
    })
}

/// A connection with SYNC.md 2.1's settings. The raw key skips the slow derivation of pass phrases.
pub(super) fn connect(path: &Path, key: &DatabaseKey, flags: OpenFlags) -> Result<Connection> {
    let conn = Connection::open_with_flags(path, flags)?;
    // Closing a file that turns out to be damaged must not change it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // SQLCipher writes its troubles to stderr otherwise; they come back as errors anyway.
    conn.pragma_update(None, "cipher_log_level", "NONE")?;
    let hex = zeroize::Zeroizing::new(format!("x'{}'", Digest(key.0)));
    conn.pragma_update(None, "key", hex.as_str())?;
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = 2; PRAGMA busy_timeout = 5000;
         PRAGMA wal_autocheckpoint = 128; PRAGMA journal_size_limit = 1572864;",
    )?;
    // A prepared statement stays prepared: without it, SQLite plans again at every new value of a LIMIT, or
    // of a column that a partial index names.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

fn device_of(conn: &Connection, version: i64) -> Result<Option<DeviceId>> {
    if version == 0 {
        return Ok(None);
    }
    Ok(Dao::reading(conn).meta("device")?.map(DeviceId))
}

fn check_key(places: &Places, key: &DatabaseKey) -> Result<()> {
    match std::fs::read(places.key_check()) {
        Ok(found) if found == key.check_value() => Ok(()),
        // A torn or missing check file proves nothing: the database itself will tell.
        Ok(found) if found.len() != 8 => Ok(()),
        Ok(_) => Err(StoreError::WrongKey),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(io("key check")(e)),
    }
}

fn write_key_check(places: &Places, key: &DatabaseKey) -> Result<()> {
    let value = key.check_value();
    if std::fs::read(places.key_check()).is_ok_and(|found| found == value) {
        return Ok(());
    }
    std::fs::write(places.key_check(), value).map_err(io("key check"))?;
    let file = std::fs::File::open(places.key_check()).map_err(io("key check"))?;
    file.sync_all().map_err(io("key check"))?;
    sync_dir(Some(&places.dir))
}
