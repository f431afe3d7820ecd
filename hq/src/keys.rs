//! HQ's signing keys (签名密钥): they lie beside the database, not in it, so that a stolen copy of the
//! database signs nothing. One of them may replace another while phones are away.
//!
//! Rotation: a feed item signed with the old key names the new one. HQ signs for a phone with the newest key
//! whose item that phone has taken, so a phone that was away for weeks still understands the page that tells
//! it. The old key is retired when every phone has moved on.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use ezhifa_casework::seal::{
    hash::Digest,
    sign::{Algorithm, KeyId, PublicKey, Signer as _, SoftwareKey},
};
use ezhifa_wire::feed::{FeedBody, HqKeys};
use serde::{Deserialize, Serialize};

use crate::{
    Hq,
    devices::Device,
    error::HqError,
    feed, files,
    log::Field,
    store::{self},
};

/// A key that is good and not yet told to anybody.
const PENDING: u64 = u64::MAX;

/// One key, and the feed position of the item that told of it (0: known from enrolment).
pub(crate) struct Held {
    secret: String,
    since: u64,
    pub(crate) key: Arc<SoftwareKey>,
}

/// All keys that HQ signs with, oldest first. Never empty.
pub(crate) struct Keys {
    path: PathBuf,
    held: Vec<Held>,
}

fn held(secret: &str, since: u64) -> Result<Held, HqError> {
    let bytes =
        Digest::from_hex(secret).map_err(|_| HqError::Config("hq.key 已损坏 / hq.key is damaged".into()))?;
    let key =
        SoftwareKey::from_secret(Algorithm::P256Sha256, bytes.0).map_err(|e| HqError::Seal(e.to_string()))?;
    Ok(Held { secret: secret.to_owned(), since, key: Arc::new(key) })
}

impl Keys {
    /// Reads `hq.key` (a line a key: secret, position), or makes the first one.
    pub(crate) fn open(dir: &Path, fresh: impl FnOnce() -> Result<String, HqError>) -> Result<Keys, HqError> {
        let mut keys = Keys { path: dir.join("hq.key"), held: Vec::new() };
        match files::read_text(&keys.path)? {
            Some(text) => {
                for line in text.lines().filter(|l| !l.trim().is_empty()) {
                    let (secret, since) = line.trim().split_once(' ').unwrap_or((line.trim(), "0"));
                    let since = if since == "pending" { PENDING } else { since.parse().unwrap_or(0) };
                    keys.held.push(held(secret, since)?);
                }
            }
            None => {
                keys.held.push(held(&fresh()?, 0)?);
                keys.write()?;
            }
        }
        if keys.held.is_empty() {
            return Err(HqError::Config("hq.key 已损坏 / hq.key is damaged".into()));
        }
        Ok(keys)
    }

    fn write(&self) -> Result<(), HqError> {
        let line = |h: &Held| match h.since {
            PENDING => format!("{} pending\n", h.secret),
            since => format!("{} {since}\n", h.secret),
        };
        files::write_secret(&self.path, self.held.iter().map(line).collect::<String>().as_bytes())
    }

    /// Whether an HQ has signed from this folder.
    pub(crate) fn exist(dir: &Path) -> bool {
        dir.join("hq.key").exists()
    }

    /// After a restore nobody knows which phones took which item: the newest key is told again.
    pub(crate) fn tell_again(dir: &Path) -> Result<(), HqError> {
        if files::read_text(&dir.join("hq.key"))?.is_none() {
            return Ok(());
        }
        let mut keys = Keys::open(dir, || Err(HqError::Config("hq.key".into())))?;
        if keys.held.len() > 1
            && let Some(newest) = keys.held.last_mut()
        {
            newest.since = PENDING;
            keys.write()?;
        }
        Ok(())
    }

    /// Public keys, newest first.
    pub(crate) fn public(&self) -> Vec<PublicKey> {
        self.held.iter().rev().map(|h| h.key.public_key()).collect()
    }

    /// The newest key that everybody enrolled today learns.
    pub(crate) fn newest(&self) -> Option<&Held> {
        self.held.iter().rev().find(|h| h.since != PENDING).or(self.held.first())
    }

    /// The newest key that this phone knows.
    fn known_at(&self, feed_pos: u64) -> Option<&Held> {
        self.held.iter().rev().find(|h| h.since <= feed_pos).or(self.held.first())
    }

    /// Whether a phone that moves from one position to another learns a key between them.
    pub(crate) fn between(&self, before: u64, now: u64) -> bool {
        self.held.iter().any(|h| h.since != PENDING && h.since > before && h.since <= now)
    }
}

/// A key as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyState {
    /// Its id.
    pub id: String,
    /// Phones that HQ signs for with this key now. A withdrawn one counts while it has something to hand in or
    /// to hear: it gets no feed, so it will never know another key.
    pub phones: u64,
}

/// Whether retiring a key could cut this phone off from something.
fn depends(d: &Device) -> bool {
    d.withdrawn_ms.is_none() || d.wipe.is_some() || d.unsynced.entries > 0 || d.unsynced.blobs > 0
}

impl Hq {
    /// HQ's own public key: new phones check receipts and leases with it.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.newest_key().public_key()
    }

    pub(crate) fn newest_key(&self) -> Arc<SoftwareKey> {
        let keys = self.inner.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        keys.newest().map_or_else(|| self.inner.first_key.clone(), |h| h.key.clone())
    }

    /// The key that signs for this phone.
    pub(crate) fn key_for(&self, device: &Device) -> Arc<SoftwareKey> {
        let keys = self.inner.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        keys.known_at(device.keys_pos).map_or_else(|| self.inner.first_key.clone(), |h| h.key.clone())
    }

    /// The key with this id, where HQ still holds it.
    pub(crate) fn key_by_id(&self, id: &str) -> Option<Arc<SoftwareKey>> {
        let keys = self.inner.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        keys.held.iter().map(|h| &h.key).find(|k| k.public_key().id().0 == id).cloned()
    }

    /// Every key that HQ ever signed with: for old receipts and checkpoints.
    pub(crate) fn keys_ever(&self) -> Result<Vec<PublicKey>, HqError> {
        let mut all = self.inner.keys.read().map_err(|_| HqError::Stopped)?.public();
        let retired: Vec<(String, PublicKey)> = self.read(|r| store::list(r, "hq_key", ""))?;
        all.extend(retired.into_iter().map(|(_, k)| k));
        Ok(all)
    }

    /// Makes a new signing key and tells all phones of it, signed with the key they know.
    ///
    /// # Errors
    /// The disk, the store or the randomness failed.
    pub fn rotate_key(&self) -> Result<KeyId, HqError> {
        let fresh = self.random_hex::<32>()?;
        {
            let mut keys = self.inner.keys.write().map_err(|_| HqError::Stopped)?;
            keys.held.push(held(&fresh, PENDING)?);
            keys.write()?;
        }
        self.tell_pending_key()?;
        let id = self.public_key().id();
        self.log("key_rotated", &[("key", Field::Word(&id.0))]);
        Ok(id)
    }

    /// Tells of a key that was made and not told, also when HQ stopped in between.
    pub(crate) fn tell_pending_key(&self) -> Result<(), HqError> {
        let public = {
            let keys = self.inner.keys.read().map_err(|_| HqError::Stopped)?;
            if keys.held.iter().all(|h| h.since != PENDING) {
                return Ok(());
            }
            keys.public()
        };
        let now = self.now_ms();
        let pos = self.write(1, move |w| {
            for key in &public {
                store::put(w, "hq_key", &key.id().0, key)?;
            }
            feed::publish_at(w, &feed::to_all(), &FeedBody::HqKeys(HqKeys { keys: public }), now)
        })?;
        let mut keys = self.inner.keys.write().map_err(|_| HqError::Stopped)?;
        for held in keys.held.iter_mut().filter(|h| h.since == PENDING) {
            held.since = pos;
        }
        keys.write()
    }

    /// Keys that sign now, oldest first, with the phones that each is for.
    ///
    /// # Errors
    /// The store failed.
    pub fn key_states(&self) -> Result<Vec<KeyState>, HqError> {
        let devices = self.devices()?;
        let keys = self.inner.keys.read().map_err(|_| HqError::Stopped)?;
        let id = |h: &Held| h.key.public_key().id().0;
        Ok(keys
            .held
            .iter()
            .map(|h| {
                let mine = |d: &&Device| keys.known_at(d.keys_pos).is_some_and(|k| id(k) == id(h));
                let phones = devices.iter().filter(|d| depends(d)).filter(mine).count();
                KeyState { id: id(h), phones: u64::try_from(phones).unwrap_or(u64::MAX) }
            })
            .collect())
    }

    /// Retires all keys but the newest: phones no longer believe them.
    ///
    /// # Errors
    /// A phone has not yet heard of the newest key and would be cut off (a withdrawn one: from handing in what
    /// it holds, or from its wipe order); `anyway` does it all the same.
    pub fn retire_old_keys(&self, anyway: bool) -> Result<(), HqError> {
        let mut states = self.key_states()?;
        states.pop();
        if !anyway && states.iter().any(|s| s.phones > 0) {
            return Err(HqError::Conflict(
                "还有设备没有取得新密钥（含已注销而未传完、未擦除的） / a phone has not yet heard of the new key, or is withdrawn and still has entries to hand in or a wipe order to hear".into(),
            ));
        }
        let newest = {
            let mut keys = self.inner.keys.write().map_err(|_| HqError::Stopped)?;
            let last = keys.held.len().saturating_sub(1);
            keys.held.drain(..last);
            keys.write()?;
            keys.public()
        };
        let now = self.now_ms();
        self.write(1, move |w| {
            feed::publish(w, &feed::to_all(), &FeedBody::HqKeys(HqKeys { keys: newest }), now)
        })
    }
}
