//! A signed Merkle root a day over everything received, so that HQ cannot rewrite either: whoever keeps a
//! checkpoint can prove it (SYNC.md 6.2; the text is that of C2SP tlog-checkpoint).

use data_encoding::BASE64;
use ezhifa_wire::seal::sign::{Signature, Signer as _};
use serde::{Deserialize, Serialize};

use crate::{
    Hq,
    config::local,
    error::HqError,
    merkle::Edge,
    store::{self},
};

/// One day's root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Day it was made, local.
    pub day: String,
    /// Origin, size, root in base64: three lines, exactly these bytes are signed.
    pub text: String,
    /// HQ's signature over `text`.
    pub signature: Signature,
}

impl Hq {
    /// Signs the root over all entries that are interpreted now, and keeps it under today's date.
    ///
    /// # Errors
    /// The store or the key failed.
    pub fn checkpoint(&self) -> Result<Checkpoint, HqError> {
        self.settle()?;
        let edge: Edge = self.read(|r| store::get(r, "meta", "merkle"))?.unwrap_or_default();
        let day = local(self.now_ms()).date().to_string();
        let text = format!(
            "ezhifa-hq/{}/{}\n{}\n{}\n",
            self.config().organ,
            self.incarnation(),
            edge.size,
            BASE64.encode(&edge.root().0)
        );
        let signature = self.newest_key().sign(text.as_bytes()).map_err(|e| HqError::Seal(e.to_string()))?;
        let checkpoint = Checkpoint { day: day.clone(), text, signature };
        let kept = checkpoint.clone();
        // Two of one day are two promises: neither replaces the other.
        let name = format!("{day}/{:012}", edge.size);
        self.write(1, move |w| store::put(w, "checkpoint", &name, &kept))?;
        Ok(checkpoint)
    }

    /// What the background thread does by itself once a day: signs the root of the day that is over, looks
    /// for numbers that the wrong phone used, and tells phones of finds in the rest of the city.
    pub(crate) fn daily(&self) -> Result<(), HqError> {
        self.once_a_day(
            "checkpoint_day",
            |hq, first| if first { Ok(()) } else { hq.checkpoint().map(drop) },
        )?;
        self.once_a_day("strays_day", |hq, _| hq.look_for_strays())?;
        // Without a rulebook nobody knows yet how far phones look back.
        if self.newest_book().is_some() {
            self.once_a_day("filters_day", |hq, _| hq.city_filters_if_wanted())?;
        }
        Ok(())
    }

    /// Runs `job` unless it is done today; it is told whether it is the first time ever.
    fn once_a_day(
        &self,
        kept: &'static str,
        job: impl FnOnce(&Hq, bool) -> Result<(), HqError>,
    ) -> Result<(), HqError> {
        let today = local(self.now_ms()).date().to_string();
        let last = self.read(|r| store::get::<String>(r, "meta", kept))?;
        if last.as_ref() == Some(&today) {
            return Ok(());
        }
        job(self, last.is_none())?;
        self.write(1, move |w| store::put(w, "meta", kept, &today))
    }

    /// All checkpoints, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>, HqError> {
        Ok(self.read(|r| store::list(r, "checkpoint", ""))?.into_iter().map(|(_, c)| c).collect())
    }

    /// Recomputes the tree from the entries and says whether a checkpoint still holds.
    ///
    /// # Errors
    /// The store failed, or the checkpoint is not one.
    pub fn proves(&self, checkpoint: &Checkpoint) -> Result<bool, HqError> {
        let ours = |key| {
            ezhifa_wire::seal::sign::verify(key, checkpoint.text.as_bytes(), &checkpoint.signature).is_ok()
        };
        if !self.keys_ever()?.iter().any(ours) {
            return Err(HqError::Denied("checkpoint"));
        }
        let mut lines = checkpoint.text.lines().skip(1);
        let size: u64 =
            lines.next().and_then(|s| s.parse().ok()).ok_or_else(|| HqError::Bad("checkpoint".into()))?;
        let root = lines.next().unwrap_or_default();
        self.read(|r| {
            let mut edge = Edge::default();
            let mut after = 0;
            while edge.size < size {
                let page = r.arrived(after, 1000)?;
                if page.is_empty() {
                    return Ok(false);
                }
                for row in page {
                    if edge.size < size {
                        edge.push(&crate::ingest::digest(&row.hash)?.0);
                    }
                    after = row.pos;
                }
            }
            Ok(BASE64.encode(&edge.root().0) == root)
        })
    }
}
