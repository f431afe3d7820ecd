//! Rulebooks at HQ: published once, kept for ever, so that an old decision is replayed with its own pack.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use data_encoding::HEXLOWER;
use ezhifa_casework::{
    law::{
        check::check,
        rulebook::{
            Files, PackError, Rulebook, Severity,
            format::{PackSignature, SignaturesFile},
            pack_hash,
        },
    },
    seal::sign::{Algorithm, KeyId, PublicKey, Signature, verify},
};
use ezhifa_wire::feed::{self as wire_feed, FeedBody};
use serde::{Deserialize, Serialize};

use crate::{
    Hq,
    config::local,
    error::HqError,
    feed,
    store::{self},
};

/// All published packs by hash, and the order of publication.
#[derive(Default)]
pub(crate) struct Books {
    by_hash: BTreeMap<String, Arc<Rulebook>>,
    /// Hashes of packs that decide (not only imported), oldest first.
    deciding: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Pack {
    order: u64,
    files: BTreeMap<String, String>,
}

impl Books {
    fn add(&mut self, files: &BTreeMap<String, String>) -> Result<Arc<Rulebook>, HqError> {
        let book = self.read(files)?;
        self.keep(&book);
        Ok(book)
    }

    fn keep(&mut self, book: &Arc<Rulebook>) {
        let hash = book.reference().hash;
        if !book.organ().name.is_empty() && !self.deciding.contains(&hash) {
            self.deciding.push(hash.clone());
        }
        self.by_hash.insert(hash, book.clone());
    }

    /// Reads a pack with what it imports.
    fn read(&self, files: &BTreeMap<String, String>) -> Result<Arc<Rulebook>, HqError> {
        let files: Files =
            files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
        let law = |e: PackError| HqError::Law(e.to_string());
        let mut imports = Vec::new();
        for import in Rulebook::named_imports(&files).map_err(law)? {
            imports.push(self.by_hash.get(&import.hash).cloned().ok_or_else(|| {
                HqError::Law("所引用的规则包尚未发布 / an imported pack is not published yet".into())
            })?);
        }
        let refs: Vec<&Rulebook> = imports.iter().map(|b| &**b).collect();
        Rulebook::load(&files, &refs).map(Arc::new).map_err(law)
    }

    /// A pack for production passes its whole check before it is published: an amount that nobody
    /// could verify does not leave the sample.
    fn proved(&self, files: &Files, book: &Rulebook) -> Result<(), HqError> {
        let imports: Vec<_> =
            book.imports().iter().filter_map(|i| self.by_hash.get(&i.hash).cloned()).collect();
        let refs: Vec<&Rulebook> = imports.iter().map(|b| &**b).collect();
        let faults = if book.is_sample() { Vec::new() } else { check(files, &refs) };
        match faults.into_iter().find(|f| f.severity == Severity::Error) {
            Some(fault) => Err(HqError::Law(fault.to_string())),
            None => Ok(()),
        }
    }

    /// Versions only go forward: a decision names id and version, and they mean one pack.
    fn moves_forward(&self, book: &Rulebook) -> Result<(), HqError> {
        let new = book.reference();
        let stands = self.by_hash.values().map(|b| b.reference());
        match stands.filter(|old| old.id == new.id && old.hash != new.hash).max_by_key(|old| old.version) {
            Some(old) if old.version >= new.version => Err(HqError::Law(format!(
                "规则包“{}”已发布第{}版，新版的版本号须更大 / version {} of `{}` is published: the next needs a higher number",
                new.id, old.version, old.version, new.id
            ))),
            _ => Ok(()),
        }
    }

    pub(crate) fn all(&self) -> BTreeMap<String, Arc<Rulebook>> {
        self.by_hash.clone()
    }

    /// Packs that decide, the one published last first.
    pub(crate) fn deciding(&self) -> impl Iterator<Item = Arc<Rulebook>> {
        self.deciding.iter().rev().filter_map(|hash| self.get(hash))
    }

    pub(crate) fn get(&self, hash: &str) -> Option<Arc<Rulebook>> {
        self.by_hash.get(hash).cloned()
    }
}

/// What a publisher signs: the pack's hash, in a sentence of its own so that it is worth nothing elsewhere.
#[must_use]
pub fn pack_message(hash: &str) -> String {
    format!("ezhifa.rulebook.v1\n{hash}")
}

fn signature(written: &PackSignature) -> Option<Signature> {
    Some(Signature {
        alg: Algorithm::from_id(&written.algorithm)?,
        key: KeyId(written.key.clone()),
        bytes: HEXLOWER.decode(written.value.as_bytes()).ok()?.try_into().ok()?,
    })
}

impl Hq {
    /// Publishes a pack to all phones. Packs that it imports come first. Publishing twice changes nothing.
    ///
    /// # Errors
    /// The pack has faults, an import is missing, or the store failed.
    pub fn publish_rulebook(&self, files: &Files) -> Result<(), HqError> {
        let mut text = BTreeMap::new();
        for (path, bytes) in files {
            let words = String::from_utf8(bytes.clone())
                .map_err(|_| HqError::Law(format!("{path} 不是 UTF-8 / is not UTF-8")))?;
            text.insert(path.clone(), words);
        }
        self.signed_by_two(files)?;
        let book = {
            let mut books = self.books()?;
            let book = books.read(&text)?;
            books.moves_forward(&book)?;
            books.proved(files, &book)?;
            books.keep(&book);
            book
        };
        let reference = book.reference();
        let deciding = !book.organ().name.is_empty();
        let manifest = book.manifest();
        let now = self.now_ms();
        let body = FeedBody::Rulebook(wire_feed::Rulebook {
            id: reference.id,
            version: reference.version,
            hash: crate::ingest::digest(&reference.hash)?,
            from: if deciding { manifest.effective_from.0.to_string() } else { String::new() },
            until: manifest.repealed_on.map(|d| d.0.to_string()),
            published_ms: Some(now),
            imports: book
                .imports()
                .iter()
                .map(|i| crate::ingest::digest(&i.hash))
                .collect::<Result<_, _>>()?,
            files: text.clone(),
        });
        let hash = reference.hash;
        self.write(1, move |w| {
            if w.doc("pack", &hash)?.is_none() {
                let order = w.advance("packs", 1)?;
                store::put(w, "pack", &hash, &Pack { order, files: text })?;
                feed::publish(w, &feed::to_all(), &body, now)?;
            }
            Ok(())
        })
    }

    /// Four eyes: `signatures.toml` must hold two publishers' signatures over [`pack_message`].
    fn signed_by_two(&self, files: &Files) -> Result<(), HqError> {
        let publishers = &self.config().publishers;
        if publishers.is_empty() {
            return Ok(());
        }
        let text = files.get("signatures.toml").and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default();
        let found: SignaturesFile = toml::from_str(text).map_err(|e| HqError::Law(e.message().to_owned()))?;
        let message = pack_message(&pack_hash(files));
        let signers: BTreeSet<KeyId> = publishers
            .iter()
            .filter(|key| {
                let mine = |s: &PackSignature| {
                    signature(s).is_some_and(|s| verify(key, message.as_bytes(), &s).is_ok())
                };
                found.signatures.iter().any(mine)
            })
            .map(PublicKey::id)
            .collect();
        if signers.len() < 2 {
            return Err(HqError::Law(
                "规则包须由两名发布人签名 / a pack needs the signatures of two publishers".into(),
            ));
        }
        Ok(())
    }

    /// Reads all packs back after a start.
    pub(crate) fn load_books(&self) -> Result<(), HqError> {
        let mut packs: Vec<(String, Pack)> = self.read(|r| store::list(r, "pack", ""))?;
        packs.sort_by_key(|(_, p)| p.order);
        let mut books = self.books()?;
        for (_, pack) in packs {
            // A pack that this version cannot read does not stop HQ: decisions made with it raise an alarm.
            let _ = books.add(&pack.files);
        }
        Ok(())
    }

    pub(crate) fn books(&self) -> Result<std::sync::MutexGuard<'_, Books>, HqError> {
        self.inner.books.lock().map_err(|_| HqError::Stopped)
    }

    /// A published pack.
    #[must_use]
    pub fn book(&self, hash: &str) -> Option<Arc<Rulebook>> {
        self.books().ok()?.get(hash)
    }

    /// The files of a published pack, to the byte.
    pub(crate) fn pack_files(&self, hash: &str) -> Result<Files, HqError> {
        let pack: Pack = self.read(|r| store::get(r, "pack", hash))?.ok_or(HqError::NotFound("pack"))?;
        Ok(pack.files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect())
    }

    /// The deciding pack published last that is in force today; the last one at all where none is.
    #[must_use]
    pub fn newest_book(&self) -> Option<Arc<Rulebook>> {
        let today = local(self.now_ms()).date();
        let books = self.books().ok()?;
        let newest = |wanted: &dyn Fn(&Rulebook) -> bool| {
            books.deciding.iter().rev().filter_map(|h| books.by_hash.get(h)).find(|b| wanted(b)).cloned()
        };
        newest(&|b| b.in_force(today)).or_else(|| newest(&|_| true))
    }
}
