//! The case file (案件卷宗) from this phone: gathered here, written by the one writer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufWriter, Seek, Write},
    path::Path,
};

use ezhifa_casefile::{
    CaseFileError, DeviceKey, Evidence, Maker, Material, OfficerLine, Run, Wishes, Written, officers_named,
    packs_named,
};
use ezhifa_casework::{
    event::{CaseEvent, CaseId},
    law::{decision::PackRef, rulebook::Files},
};
use ezhifa_wire::{
    domains,
    feed::{FeedBody, FeedItem},
    push::Receipt,
    seal::{
        entry::{Epoch, Head, SealedEntry},
        hash::Digest,
        sign::Signed,
    },
};
use serde_json::json;

use super::{FieldOffice, Open, scope};
use crate::{
    error::{Error, FieldError, Not},
    journal::Kind,
    store::{Store, StoreError},
};

/// Headers after the last entry of the case that are taken along so that HQ's receipt covers it: beyond,
/// the file ends with the case and says that no receipt is in it.
const MOST_HEADERS: u64 = 50_000;

struct Vault<'s>(&'s Store);

impl Evidence for Vault<'_> {
    fn copy(&self, sha256: &Digest, to: &mut dyn Write) -> Result<bool, CaseFileError> {
        match self.0.read_evidence(sha256, to) {
            Ok(_) => Ok(true),
            Err(StoreError::NoEvidence { .. }) => Ok(false),
            Err(e) => Err(CaseFileError::Source(e.to_string())),
        }
    }
}

impl FieldOffice {
    /// Writes the file of one case: papers, evidence, journal, rulebook, report, for whom `wishes` says.
    /// Who asked, for whom and why is an entry (个人信息保护法 55 三).
    ///
    /// # Errors
    /// No such case; evidence or journal cannot be read; writing fails.
    pub fn export_case<W: Write + Seek>(
        &self,
        id: &CaseId,
        wishes: &Wishes,
        by: &str,
        reason: &str,
        to: W,
    ) -> Result<(Written, W), FieldError> {
        let export = || -> Result<(Written, W), Error> {
            let open = self.opened()?;
            let gathered = gather(&open, id)?;
            let identity = open.identity();
            let events = &gathered.events;
            let roster = open.inbox().roster().unwrap_or_default();
            let officers = officers_named(events).into_iter().filter_map(|id| {
                let officer = roster.officers.iter().find(|o| o.id.0 == id)?;
                Some(OfficerLine { id, name: officer.name.clone(), certificate: officer.certificate.clone() })
            });
            let key = self.ports.device_key.public_key();
            let device = identity.enrolled.device.0.clone();
            let packs = packs(&open, packs_named(events))?;
            let organ =
                self.law().map_or_else(|_| identity.enrolled.organ.clone(), |l| l.organ().name.clone());
            let material = Material {
                case: id.0.clone(),
                organ,
                made_ms: self.wall_ms(),
                made_by: Maker { role: "phone".to_owned(), id: device.clone() },
                signer: self.ports.device_key.as_ref(),
                device_keys: vec![DeviceKey { device, key }],
                hq_keys: identity.enrolled.hq_keys.clone(),
                officers: officers.collect(),
                runs: gathered.runs,
                entries: gathered.entries,
                packs,
                reporter: Vec::new(),
                evidence: &Vault(&open.store),
                glyphs: self.ports.glyphs.as_ref(),
            };
            let (written, to) = ezhifa_casefile::write(material, wishes, to)?;
            open.store.write::<_, Error>(|dao| {
                let body = json!({
                    "event": "case_exported", "case": id.0, "for": wishes.audience.word(), "by": by,
                    "reason": reason, "manifest": written.manifest,
                });
                dao.append_json(Kind::Access, 1, None, &body)?;
                Ok(())
            })?;
            Ok((written, to))
        };
        Ok(export()?)
    }
}

impl FieldOffice {
    /// The same into a file: written beside it, made durable, then put in its place.
    ///
    /// # Errors
    /// As there; the file cannot be created.
    pub fn export_case_to(
        &self,
        id: &CaseId,
        wishes: &Wishes,
        by: &str,
        reason: &str,
        path: &Path,
    ) -> Result<Written, FieldError> {
        let wrong = |e: std::io::Error| FieldError::from(Error::from(CaseFileError::from(e)));
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let export = || -> Result<Written, FieldError> {
            let file = BufWriter::new(File::create(&part).map_err(wrong)?);
            let (written, file) = self.export_case(id, wishes, by, reason, file)?;
            file.into_inner().map_err(|e| wrong(e.into_error()))?.sync_all().map_err(wrong)?;
            std::fs::rename(&part, path).map_err(wrong)?;
            Ok(written)
        };
        export().inspect_err(|_| {
            let _ = std::fs::remove_file(&part);
        })
    }
}

struct Gathered {
    runs: Vec<Run>,
    entries: Vec<(usize, u64)>,
    events: Vec<CaseEvent>,
}

fn gather(open: &Open, id: &CaseId) -> Result<Gathered, Error> {
    let hq_keys = open.identity().enrolled.hq_keys;
    open.store.head()?;
    open.store.read(|dao| {
        let mut own = dao.case_entries(&id.0)?;
        if own.is_empty() {
            return Err(Not::Case.into());
        }
        // Evidence may have been sealed before there was a case: its entry belongs to it all the same.
        let known: BTreeSet<i64> = own.iter().map(|s| s.pos).collect();
        own.extend(dao.evidence_entries(&id.0)?.into_iter().filter(|s| !known.contains(&s.pos)));
        own.sort_by_key(|s| s.pos);

        let mut span: Vec<(Epoch, u64, u64)> = Vec::new();
        for header in own.iter().map(|s| &s.entry.header) {
            match span.iter_mut().find(|(epoch, ..)| *epoch == header.epoch) {
                Some((_, first, last)) => {
                    (*first, *last) = ((*first).min(header.seq), (*last).max(header.seq));
                }
                None => span.push((header.epoch, header.seq, header.seq)),
            }
        }
        let mut runs = Vec::new();
        for (epoch, first, last) in &span {
            let receipt = receipt(dao.get(scope::RECEIPT, &epoch.to_string())?, &hq_keys);
            let receipt =
                receipt.filter(|(seq, _)| *seq >= *last && seq.saturating_sub(*last) <= MOST_HEADERS);
            let end = receipt.as_ref().map_or(*last, |(seq, _)| *seq);
            let from = first.saturating_sub(1);
            let count = usize::try_from(end.saturating_sub(from)).unwrap_or(usize::MAX);
            let mut after = Head::start(dao.device()?, *epoch);
            if from > 0 {
                after.seq = from;
                after.hash = dao.hash_at(*epoch, from)?.ok_or(StoreError::Internal("entry before"))?;
            }
            let entries: Vec<SealedEntry> = dao.entries(*epoch, from, count, usize::MAX)?;
            runs.push(Run { after, entries, receipt: receipt.map(|(_, signed)| signed) });
        }
        let run = |epoch: Epoch| span.iter().position(|(e, ..)| *e == epoch).unwrap_or(0);
        let entries = own.iter().map(|s| (run(s.entry.header.epoch), s.entry.header.seq)).collect::<Vec<_>>();
        let bodies = own
            .iter()
            .filter(|s| matches!(s.entry.header.kind.as_str(), "case" | "drill"))
            .filter_map(|s| s.entry.body.as_ref());
        let events = bodies.map(|b| serde_json::from_str(b)).collect::<Result<_, _>>()?;
        Ok(Gathered { runs, entries, events })
    })
}

/// The receipt as it came, with the seq that it covers.
fn receipt(bytes: Option<Vec<u8>>, keys: &[ezhifa_wire::seal::sign::PublicKey]) -> Option<(u64, Signed)> {
    let signed: Signed = serde_json::from_slice(&bytes?).ok()?;
    let receipt = keys.iter().find_map(|key| signed.open::<Receipt>(domains::RECEIPT, key).ok())?;
    Some((receipt.seq, signed))
}

/// The packs named, each after what it imports, with the files as HQ sent them.
fn packs(open: &Open, named: Vec<PackRef>) -> Result<Vec<(PackRef, Files)>, Error> {
    let rows = open.store.read(|dao| dao.list(scope::FEED))?;
    let mut all = BTreeMap::new();
    for (_, bytes) in rows {
        let Ok(item) = serde_json::from_slice::<FeedItem>(&bytes) else { continue };
        if let Ok(FeedBody::Rulebook(pack)) = item.read() {
            all.insert(pack.hash.to_string(), pack);
        }
    }
    let mut out: Vec<(PackRef, Files)> = Vec::new();
    let mut waiting: Vec<String> = named.into_iter().map(|p| p.hash).collect();
    while let Some(hash) = waiting.pop() {
        if out.iter().any(|(p, _)| p.hash == hash) {
            continue;
        }
        let Some(pack) = all.get(&hash) else { continue };
        let missing: Vec<String> = pack
            .imports
            .iter()
            .map(ToString::to_string)
            .filter(|i| all.contains_key(i) && !out.iter().any(|(p, _)| p.hash == *i))
            .collect();
        if missing.is_empty() {
            let files = pack.files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes()));
            out.push((PackRef { id: pack.id.clone(), version: pack.version, hash }, files.collect()));
        } else {
            // A pack that imports itself cannot be loaded anywhere: its hash would have to hold itself.
            waiting.push(hash);
            waiting.extend(missing);
        }
    }
    Ok(out)
}
