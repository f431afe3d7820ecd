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
    store::{self},
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

/// Remembers, outside the database, how often this HQ was restored.
const GENERATION: &str = "generation";

impl Hq {
    /// Writes a complete, checked copy to a new file and moves the prune lines to what it holds.
    ///
    /// # Errors
    /// The file exists, the copy fails its check, or the store failed.
    pub fn backup(&self, to: &Path) -> Result<BackupReport, HqError> {
        if to.exists() {
            return Err(HqError::Config(format!("{} 已存在 / exists already", to.display())));
        }
        // Heads first: whatever they name is inside any copy that starts later.
        let (entries, heads): (u64, Vec<(String, Journal)>) =
            self.read(|r| Ok((r.counter("entries")?, store::list(r, "journal", "")?)))?;
        self.inner.store.backup(to)?;
        files::sync_dir(to.parent())?;
        let journals = u64::try_from(heads.len()).unwrap_or(u64::MAX);
        self.write(heads.len().max(1), move |w| {
            for (key, head) in heads {
                if let Some(mut journal) = store::get::<Journal>(w, "journal", &key)? {
                    journal.floor = journal.floor.max(head.seq);
                    store::put(w, "journal", &key, &journal)?;
                }
            }
            Ok(())
        })?;
        Ok(BackupReport { path: to.to_owned(), entries, journals })
    }

    /// Puts a copy in the place of the database and opens it as a new incarnation. Evidence and keys stay
    /// where they are. HQ must not be running.
    ///
    /// # Errors
    /// The copy or the place cannot be used.
    pub fn restore(config: HqConfig, from: &Path) -> Result<Hq, HqError> {
        let Some(db) = config.db.strip_prefix("sqlite:").map(PathBuf::from) else {
            return Err(HqError::Config("PostgreSQL 请用其自带工具恢复，再以 new_incarnation 打开 / restore PostgreSQL with its own tools".into()));
        };
        files::make_dir(&config.dir)?;
        let generation = files::read_text(&config.dir.join(GENERATION))?
            .and_then(|g| g.trim().parse::<u64>().ok())
            .unwrap_or(0);
        // The damaged database is set aside, never deleted.
        for end in ["", "-wal", "-shm"] {
            let old = PathBuf::from(format!("{}{end}", db.display()));
            if old.exists() {
                let aside =
                    PathBuf::from(format!("{}.before-{}{end}", db.display(), generation.saturating_add(1)));
                std::fs::rename(&old, &aside).map_err(|e| files::error(&old, e))?;
            }
        }
        std::fs::copy(from, &db).map_err(|e| files::error(from, e))?;
        let dir = config.dir.clone();
        let (incarnation, fresh) = {
            let quiet = HqConfig { background: false, ..config.clone() };
            let hq = Hq::open(quiet)?;
            let fresh = hq.random_hex::<8>()?;
            let next = fresh.clone();
            let known = hq.write(1, move |w| {
                let generation = store::get::<u64>(w, "meta", "generation")?
                    .unwrap_or(0)
                    .max(generation)
                    .saturating_add(1);
                store::put(w, "meta", "generation", &generation)?;
                store::put(w, "meta", "incarnation", &next)?;
                Ok(generation)
            })?;
            (known, fresh)
        };
        files::write_secret(&dir.join(GENERATION), incarnation.to_string().as_bytes())?;
        let hq = Hq::open(config)?;
        if hq.incarnation() != fresh {
            return Err(HqError::Config(
                "恢复后身份未更新 / the restore did not take a new incarnation".into(),
            ));
        }
        Ok(hq)
    }
}
