//! Back-up and restore. A verified copy moves the prune line ([`floor`](crate::devices::Journal::floor)); a
//! restore is always a new incarnation with its own numbers, because the old one may have gone on after
//! the copy was made.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    Hq, HqConfig,
    devices::Journal,
    error::HqError,
    files,
    store::{self, Write},
};

/// What a back-up holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupReport {
    /// Where it lies.
    pub path: PathBuf,
    /// Entries in it.
    pub entries: u64,
    /// Journals whose prune line it moved.
    pub journals: u64,
}

/// See [`Hq::backup_begins`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BackupMark {
    entries: u64,
    heads: Vec<(String, Journal)>,
}

/// Remembers, outside the database, how often this HQ was restored.
const GENERATION: &str = "generation";
/// Lies in the folder while a database that was put back has not yet been opened.
const PUT_BACK: &str = "put-back";

impl Hq {
    /// What HQ holds now: taken before a back-up begins, so that any copy made later holds it.
    ///
    /// # Errors
    /// The store failed.
    pub fn backup_begins(&self) -> Result<BackupMark, HqError> {
        let (entries, heads) = self.read(|r| Ok((r.counter("entries")?, store::list(r, "journal", "")?)))?;
        Ok(BackupMark { entries, heads })
    }

    /// A back-up that began with `mark` is complete and checked (PostgreSQL: by its own tools): the prune
    /// lines move up to it.
    ///
    /// # Errors
    /// The store failed.
    pub fn backup_verified(&self, mark: BackupMark) -> Result<(), HqError> {
        self.write(mark.heads.len().max(1), move |w| {
            for (key, head) in mark.heads {
                if let Some(mut journal) = store::get::<Journal>(w, "journal", &key)? {
                    journal.floor = journal.floor.max(head.seq);
                    store::put(w, "journal", &key, &journal)?;
                }
            }
            Ok(())
        })
    }

    /// Writes a complete, checked copy to a new file and moves the prune lines to what it holds.
    ///
    /// # Errors
    /// The file exists, the copy fails its check, or the store failed.
    pub fn backup(&self, to: &Path) -> Result<BackupReport, HqError> {
        if to.exists() {
            return Err(HqError::Config(format!("{} 已存在 / exists already", to.display())));
        }
        let mark = self.backup_begins()?;
        self.inner.store.backup(to, mark.entries)?;
        files::sync_dir(to.parent())?;
        let journals = u64::try_from(mark.heads.len()).unwrap_or(u64::MAX);
        let entries = mark.entries;
        self.backup_verified(mark)?;
        Ok(BackupReport { path: to.to_owned(), entries, journals })
    }

    /// Puts a copy in the place of the database and opens it as a new incarnation. Evidence and keys stay
    /// where they are. HQ must not be running.
    ///
    /// # Errors
    /// The copy or the place cannot be used.
    pub fn restore(config: HqConfig, from: &Path) -> Result<Hq, HqError> {
        files::make_dir(&config.dir)?;
        // Not under a running HQ: it would go on writing into the file that was moved aside.
        drop(files::Lock::take(&config.dir.join("hq.lock"))?);
        let Some(db) = config.db.strip_prefix("sqlite:").map(PathBuf::from) else {
            return Err(HqError::Config(
                "请先用 PostgreSQL 自带工具恢复，再以新身份打开 / restore PostgreSQL with its own tools, then open as a new incarnation".into(),
            ));
        };
        if !from.is_file() {
            return Err(HqError::Config(format!("{} 不是文件 / is not a file", from.display())));
        }
        let generation = generation(&config.dir)?.unwrap_or(0);
        // From here on, whatever happens to this process, the next opening is another incarnation.
        files::write_secret(&config.dir.join(PUT_BACK), b"")?;
        let place = |end: &str| PathBuf::from(format!("{}{end}", db.display()));
        // Whole before it stands in the database's place.
        let fresh = place(".coming");
        std::fs::copy(from, &fresh).map_err(|e| files::error(from, e))?;
        std::fs::File::open(&fresh).and_then(|f| f.sync_all()).map_err(|e| files::error(&fresh, e))?;
        // The damaged database is set aside, never deleted.
        for end in ["", "-wal", "-shm"] {
            let old = place(end);
            if old.exists() {
                let aside =
                    PathBuf::from(format!("{}.before-{}{end}", db.display(), generation.saturating_add(1)));
                std::fs::rename(&old, &aside).map_err(|e| files::error(&old, e))?;
            }
        }
        std::fs::rename(&fresh, &db).map_err(|e| files::error(&db, e))?;
        files::sync_dir(db.parent())?;
        Hq::open(config)
    }

    /// Opens a database that was put back to an earlier state: another incarnation, other numbers.
    ///
    /// # Errors
    /// As [`Hq::open`].
    pub fn new_incarnation(config: HqConfig) -> Result<Hq, HqError> {
        files::make_dir(&config.dir)?;
        files::write_secret(&config.dir.join(PUT_BACK), b"")?;
        Hq::open(config)
    }
}

/// What the folder says of the database that is about to be opened.
pub(crate) struct Arrival {
    put_back: bool,
    worked_before: bool,
    /// None: no HQ ever worked in this folder, whatever key was carried here.
    generation: Option<u64>,
}

/// Who HQ is after it.
pub(crate) struct Arrived {
    pub(crate) incarnation: String,
    /// Another process answered phones from this folder or this database.
    pub(crate) again: bool,
    generation: u64,
    raised: bool,
}

impl Arrival {
    /// Looks, before the keys are opened.
    pub(crate) fn look(dir: &Path) -> Result<Arrival, HqError> {
        let put_back = dir.join(PUT_BACK).exists();
        if put_back {
            crate::keys::Keys::tell_again(dir)?;
        }
        let worked_before = crate::keys::Keys::exist(dir);
        Ok(Arrival { put_back, worked_before, generation: generation(dir)? })
    }

    /// The incarnation, in the database. A database that was put back, or an empty one in the folder of an HQ
    /// that has lent numbers, is another incarnation with numbers of its own.
    pub(crate) fn settle(&self, w: &mut dyn Write, fresh: String, now_ms: i64) -> Result<Arrived, HqError> {
        let known: Option<String> = store::get(w, "meta", "incarnation")?;
        if self.put_back && known.is_none() {
            // It died between setting the old database aside and putting the copy in its place.
            return Err(HqError::Config(
                "恢复没有完成；请再运行一次恢复 / the restore did not finish: run it once more".into(),
            ));
        }
        let again = known.is_some() || self.worked_before;
        let held = store::get::<u64>(w, "meta", "generation")?.unwrap_or(0);
        if let Some(incarnation) = known.filter(|_| !self.put_back) {
            return Ok(Arrived { incarnation, again, generation: held, raised: false });
        }
        store::put(w, "meta", "incarnation", &fresh)?;
        let generation = match self.generation {
            _ if !again => held,
            Some(ours) => held.max(ours).saturating_add(1),
            // One copy may be put back in many new folders, and none knows of the others: the hour tells them
            // apart.
            None => held.saturating_add(1).max(hours_since_2026(now_ms)),
        };
        if again {
            store::put(w, "meta", "generation", &generation)?;
        }
        Ok(Arrived { incarnation: fresh, again, generation, raised: again })
    }
}

impl Arrived {
    /// The database holds it: the folder follows.
    pub(crate) fn note(&self, dir: &Path) -> Result<(), HqError> {
        if !self.raised && generation(dir)?.is_some() {
            return Ok(());
        }
        files::write_secret(&dir.join(GENERATION), self.generation.to_string().as_bytes())?;
        let mark = dir.join(PUT_BACK);
        if mark.exists() {
            std::fs::remove_file(&mark).map_err(|e| files::error(&mark, e))?;
        }
        files::sync_dir(Some(dir))
    }
}

fn generation(dir: &Path) -> Result<Option<u64>, HqError> {
    Ok(files::read_text(&dir.join(GENERATION))?.and_then(|g| g.trim().parse().ok()))
}

fn hours_since_2026(now_ms: i64) -> u64 {
    const BEGINS_MS: i64 = 1_767_225_600_000;
    u64::try_from(now_ms.saturating_sub(BEGINS_MS)).unwrap_or(0) / 3_600_000
}
