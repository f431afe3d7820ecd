//! Evidence: taken at any moment, sealed at once, never refused by a guard.

use std::{io::Read, path::PathBuf};

use ezhifa_casework::{
    case::Case,
    command::Command,
    event::{CaseId, EvidenceItem, Stage},
};
use ezhifa_wire::seal::hash::Digest;

use super::{FieldOffice, Open, desk::Parts, project, scope};
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

/// Where the phone stood: raw WGS-84, never a display datum.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fix {
    /// Latitude, 1e-7 degree.
    pub lat_e7: i64,
    /// Longitude, 1e-7 degree.
    pub lon_e7: i64,
    /// Accuracy in centimetres; `None` when the platform does not say.
    pub accuracy_cm: Option<i64>,
    /// `gnss`, `network`, `typed`.
    pub source: String,
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
    /// Where it was taken, as the platform measured it; the photo's own word stands beside it.
    pub place: Option<Fix>,
    /// What else the platform knows (camera, recorder, watermark): JSON of integers and strings. A photo's
    /// EXIF is read here and need not be handed in.
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
            place: None,
            record: serde_json::Value::Null,
            thumbnail: None,
        }
    }
}

/// EXIF lies at the beginning of a photo.
const EXIF_WITHIN: u64 = 1 << 20;

/// What is sealed beside the bytes: the platform's word, the place, and of a photo what it says itself.
fn record(shot: &Shot, taken: &Taken) -> Result<serde_json::Value, Error> {
    let mut sealed = match &shot.record {
        serde_json::Value::Null => serde_json::Map::new(),
        serde_json::Value::Object(fields) => fields.clone(),
        other => serde_json::Map::from_iter([("platform".to_owned(), other.clone())]),
    };
    if let Some(place) = &shot.place {
        sealed.insert("place".to_owned(), serde_json::to_value(place)?);
    }
    if shot.kind == "photo" {
        let mut head = Vec::new();
        match taken {
            Taken::Bytes(bytes) => {
                head.extend(bytes.iter().take(usize::try_from(EXIF_WITHIN).unwrap_or(usize::MAX)));
            }
            Taken::Path(path) => {
                let file = std::fs::File::open(path)
                    .map_err(|e| StoreError::Io { what: "captured file", kind: e.kind() })?;
                file.take(EXIF_WITHIN)
                    .read_to_end(&mut head)
                    .map_err(|e| StoreError::Io { what: "captured file", kind: e.kind() })?;
            }
        }
        if let Some(exif) = ezhifa_casefile::photo::read(&head) {
            sealed.insert("exif".to_owned(), exif);
        }
    }
    Ok(if sealed.is_empty() { serde_json::Value::Null } else { serde_json::Value::Object(sealed) })
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
            record: record(shot, taken)?,
            thumbnail: shot.thumbnail.as_deref(),
        };
        let _turn = self.desk_lock();
        let before = match id {
            None => None,
            Some(id) => Some(self.case_or_new(&open, id)?),
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

    /// Evidence may come before everything else.
    fn case_or_new(&self, open: &Open, id: &CaseId) -> Result<(Case, Parts), Error> {
        let case = match open.case(id) {
            Err(Error::Not(Not::Case)) => Case::new(id.clone()),
            other => other?,
        };
        let parts = self.parts(open, &case, None)?;
        Ok((case, parts))
    }

    /// The sealed record of a piece of evidence: place, EXIF, what the platform told.
    ///
    /// # Errors
    /// Not on this phone, or purged.
    pub fn evidence_record(&self, case: &CaseId, sha256: &str) -> Result<serde_json::Value, FieldError> {
        let read = || -> Result<serde_json::Value, Error> {
            let entries = self.opened()?.store.read(|dao| dao.evidence_entries(&case.0))?;
            for body in entries.iter().filter_map(|s| s.entry.body.as_ref()) {
                let mut sealed: serde_json::Value = serde_json::from_str(body)?;
                if sealed.get("sha256").and_then(|s| s.as_str()) == Some(sha256) {
                    return Ok(sealed.get_mut("record").map(serde_json::Value::take).unwrap_or_default());
                }
            }
            Err(Not::Evidence.into())
        };
        Ok(read()?)
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
            let digest = Digest::from_hex(sha256)?;
            let _turn = self.desk_lock();
            let (case, parts) = self.case_or_new(&open, case)?;
            let events = parts.handle(&case, &Command::AddEvidence(item.clone()))?;
            open.store.write::<_, Error>(|dao| {
                project::append(dao, &case, &events, None)?;
                dao.link_evidence(&case.id().0, &digest)?;
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
