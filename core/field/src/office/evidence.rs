//! Evidence: taken at any moment, sealed at once, never refused by a guard.

use std::{io::Read, path::PathBuf};

use ezhifa_casework::{
    case::Case,
    command::Command,
    event::{CaseId, EvidenceItem, Stage},
};
use ezhifa_wire::seal::hash::Digest;

use super::{FieldOffice, project, scope};
use crate::{
    error::{Error, FieldError, Not},
    store::StoreError,
    vault::About,
};

/// Where the bytes are.
#[derive(Debug, Clone)]
pub enum Taken {
    /// In memory: a photo, a signature.
    Bytes(Vec<u8>),
    /// In a file of the app: a film.
    Path(PathBuf),
}

/// What it is.
#[derive(Debug, Clone)]
pub struct Shot {
    /// `photo`, `video`, `audio`, `signature`, `document`.
    pub kind: String,
    /// Where in the story.
    pub stage: Stage,
    /// What it proves (证明对象).
    pub caption: String,
    /// Sealed record: EXIF, place, camera. JSON of integers and strings.
    pub record: serde_json::Value,
    /// Small picture for lists.
    pub thumbnail: Option<Vec<u8>>,
}

impl Shot {
    /// A photo without further record.
    #[must_use]
    pub fn photo(stage: Stage, caption: &str) -> Shot {
        Shot {
            kind: "photo".to_owned(),
            stage,
            caption: caption.to_owned(),
            record: serde_json::Value::Null,
            thumbnail: None,
        }
    }
}

impl FieldOffice {
    /// Seals a photo, film or signature: into a case, or for later (see [`FieldOffice::attach`]).
    ///
    /// # Errors
    /// Low space, or the bytes cannot be read.
    pub fn capture(
        &self,
        case: Option<&CaseId>,
        taken: &Taken,
        shot: &Shot,
    ) -> Result<EvidenceItem, FieldError> {
        Ok(self.seal(case, taken, shot)?)
    }

    fn seal(&self, id: Option<&CaseId>, taken: &Taken, shot: &Shot) -> Result<EvidenceItem, Error> {
        let open = self.opened()?;
        let mut file;
        let mut bytes;
        let from: &mut dyn Read = match taken {
            Taken::Bytes(b) => {
                bytes = b.as_slice();
                &mut bytes
            }
            Taken::Path(path) => {
                file = std::fs::File::open(path)
                    .map_err(|e| StoreError::Io { what: "captured file", kind: e.kind() })?;
                &mut file
            }
        };
        let captured_at = self.now();
        let item = |sha256: &Digest, size| EvidenceItem {
            sha256: sha256.to_string(),
            kind: shot.kind.clone(),
            size,
            captured_at,
            stage: shot.stage,
            caption: shot.caption.clone(),
        };
        let about = About {
            kind: &shot.kind,
            case: id.map(|c| c.0.as_str()),
            record: shot.record.clone(),
            thumbnail: shot.thumbnail.as_deref(),
        };
        let _turn = self.desk_lock();
        let before = match id {
            None => None,
            Some(id) => {
                let case = match open.case(id) {
                    Err(Error::Not(Not::Case)) => Case::new(id.clone()),
                    other => other?,
                };
                let parts = self.parts(&open, &case, None)?;
                Some((case, parts))
            }
        };
        let (_, item) = open.store.capture::<_, Error>(from, &about, |dao, evidence| {
            let item = item(&evidence.sha256, evidence.size);
            match &before {
                Some((case, parts)) => {
                    let events = parts.handle(case, &Command::AddEvidence(item.clone()))?;
                    project::append(dao, case, &events, None)?;
                }
                None => dao.put(scope::LOOSE, &item.sha256, &serde_json::to_vec(&item)?)?,
            }
            Ok(item)
        })?;
        Ok(item)
    }

    /// Evidence that was taken before there was a case.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn loose_evidence(&self) -> Result<Vec<EvidenceItem>, FieldError> {
        let list = || -> Result<Vec<EvidenceItem>, Error> {
            let rows = self.opened()?.store.read(|dao| dao.list(scope::LOOSE))?;
            Ok(rows.iter().map(|(_, b)| serde_json::from_slice(b)).collect::<Result<_, _>>()?)
        };
        Ok(list()?)
    }

    /// Puts evidence that was taken earlier into a case.
    ///
    /// # Errors
    /// Not on this phone.
    pub fn attach(&self, case: &CaseId, sha256: &str) -> Result<EvidenceItem, FieldError> {
        let attach = || -> Result<EvidenceItem, Error> {
            let open = self.opened()?;
            let bytes = open.store.read(|dao| dao.get(scope::LOOSE, sha256))?.ok_or(Not::Evidence)?;
            let item: EvidenceItem = serde_json::from_slice(&bytes)?;
            self.run(case, &Command::AddEvidence(item.clone()), &|_| Ok(()))?;
            let digest = Digest::from_hex(sha256)?;
            open.store.write::<_, Error>(|dao| {
                dao.link_evidence(&case.0, &digest)?;
                dao.drop_thing(scope::LOOSE, sha256)?;
                Ok(())
            })?;
            Ok(item)
        };
        Ok(attach()?)
    }

    /// The plain bytes of a piece of evidence, checked against its hash.
    ///
    /// # Errors
    /// Not on this phone, or damaged.
    pub fn evidence(&self, sha256: &str) -> Result<Vec<u8>, FieldError> {
        let read = || -> Result<Vec<u8>, Error> {
            let digest = Digest::from_hex(sha256)?;
            let mut out = Vec::new();
            self.opened()?.store.read_evidence(&digest, &mut out)?;
            Ok(out)
        };
        Ok(read()?)
    }
}
