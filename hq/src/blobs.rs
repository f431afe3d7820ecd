//! Evidence by content: resumable upload at an offset, hash verified before anything is called durable.
//!
//! A part lies in a staging folder until its last byte; only what hashes to its name goes to the store.
//! The content address makes every retry free and every name harmless.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use ezhifa_casework::seal::hash::{Digest, Hasher};
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem};

use crate::{error::HqError, files};

/// Bytes of one upload that lie in memory at a time.
const PIECE: usize = 1 << 20;

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes held.
    pub offset: u64,
    /// Verified and durable.
    pub complete: bool,
}

/// The evidence store.
pub struct Blobs {
    staging: PathBuf,
    store: Arc<dyn ObjectStore>,
    runtime: tokio::runtime::Handle,
    busy: Mutex<HashSet<Digest>>,
    limit: u64,
}

/// Keeps a second upload of the same content out while one is writing.
struct Turn<'a>(&'a Blobs, Digest);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Ok(mut busy) = self.0.busy.lock() {
            busy.remove(&self.1);
        }
    }
}

fn failed(e: impl std::fmt::Display) -> HqError {
    HqError::Store(format!("证据库 / evidence store: {e}"))
}

impl Blobs {
    /// Opens `file:PATH` (or a plain path).
    ///
    /// # Errors
    /// The folder cannot be used, or the scheme is not known.
    pub fn open(url: &str, limit: u64, runtime: tokio::runtime::Handle) -> Result<Blobs, HqError> {
        let path = url.strip_prefix("file:").unwrap_or(url);
        if path.contains("://") {
            return Err(HqError::Config(
                "证据库只支持 file: / evidence store: only file: is built in".into(),
            ));
        }
        let root = Path::new(path);
        files::make_dir(&root.join("staging"))?;
        files::make_dir(&root.join("sha256"))?;
        let store = LocalFileSystem::new_with_prefix(root.join("sha256")).map_err(failed)?.with_fsync(true);
        Ok(Blobs {
            staging: root.join("staging"),
            store: Arc::new(store),
            runtime,
            busy: Mutex::new(HashSet::new()),
            limit,
        })
    }

    fn name(sha256: &Digest) -> object_store::path::Path {
        let hex = sha256.to_string();
        let (shelf, _) = hex.split_at(2.min(hex.len()));
        object_store::path::Path::from(format!("{shelf}/{hex}"))
    }

    fn turn(&self, sha256: Digest) -> Result<Turn<'_>, HqError> {
        let mut busy = self.busy.lock().map_err(|_| HqError::Stopped)?;
        if busy.insert(sha256) { Ok(Turn(self, sha256)) } else { Err(HqError::Busy { retry_after_s: 1 }) }
    }

    /// How far the upload of this content is.
    ///
    /// # Errors
    /// The store failed.
    pub fn progress(&self, sha256: &Digest) -> Result<Progress, HqError> {
        match self.runtime.block_on(self.store.head(&Self::name(sha256))) {
            Ok(meta) => Ok(Progress { offset: meta.size, complete: true }),
            Err(object_store::Error::NotFound { .. }) => {
                let offset =
                    std::fs::metadata(self.staging.join(sha256.to_string())).map(|m| m.len()).unwrap_or(0);
                Ok(Progress { offset, complete: false })
            }
            Err(e) => Err(failed(e)),
        }
    }

    /// Adds bytes at `offset` of a content of `total` bytes.
    ///
    /// # Errors
    /// 409 where HQ is elsewhere, 400 where the whole does not hash to its name (the part is thrown away), 413.
    pub fn append(
        &self,
        sha256: &Digest,
        offset: u64,
        total: u64,
        bytes: &[u8],
    ) -> Result<Progress, HqError> {
        if total > self.limit {
            return Err(HqError::TooLarge { limit: self.limit });
        }
        let _turn = self.turn(*sha256)?;
        let now = self.progress(sha256)?;
        if now.complete {
            return Ok(now);
        }
        let end = offset.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if offset != now.offset {
            return Err(HqError::BlobOffset(now.offset));
        }
        if end > total {
            return Err(HqError::Bad(format!("{end} > {total}")));
        }
        let path = self.staging.join(sha256.to_string());
        let wrap = |e| files::error(&path, e);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(wrap)?;
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.write_all(bytes))
            .and_then(|()| file.sync_data())
            .map_err(wrap)?;
        if end < total {
            return Ok(Progress { offset: end, complete: false });
        }
        file.seek(SeekFrom::Start(0)).map_err(wrap)?;
        let name = Self::name(sha256);
        let mut upload = self.runtime.block_on(self.store.put_multipart(&name)).map_err(failed)?;
        match self.shelve(&mut file, &path, &mut *upload) {
            Ok(found) if found == *sha256 => {
                self.runtime.block_on(upload.complete()).map_err(failed)?;
            }
            other => {
                // What was copied so far stands under no name.
                let _ = self.runtime.block_on(upload.abort());
                other?;
                std::fs::remove_file(&path).map_err(wrap)?;
                return Err(HqError::BlobHash);
            }
        }
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(wrap(e)),
            _ => {}
        }
        Ok(Progress { offset: total, complete: true })
    }

    /// Copies a staged part into the store and hashes it on the way, a piece at a time: a film must not lie in
    /// memory, and many may end at once. Nothing has a name before the upload is completed.
    fn shelve(
        &self,
        file: &mut File,
        path: &Path,
        upload: &mut dyn MultipartUpload,
    ) -> Result<Digest, HqError> {
        let mut hasher = Hasher::new();
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let read = (&mut *file).take(PIECE as u64).read_to_end(&mut piece);
            if read.map_err(|e| files::error(path, e))? == 0 {
                return Ok(hasher.finish());
            }
            hasher.update(&piece);
            self.runtime.block_on(upload.put_part(PutPayload::from(piece))).map_err(failed)?;
        }
    }

    /// Bytes `from..to` of a complete content.
    ///
    /// # Errors
    /// The store failed.
    pub fn part(&self, sha256: &Digest, from: u64, to: u64) -> Result<Vec<u8>, HqError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let got = self.runtime.block_on(self.store.get_range(&Self::name(sha256), from..to));
        Ok(got.map_err(failed)?.to_vec())
    }
}
