//! Case files (案件卷宗) from HQ: the same format and the same writer as a phone's, gathered from the journals
//! that HQ holds. For the five working days of 行政复议法 54, also when the phone is lost.

use std::{
    collections::BTreeSet,
    io::{Seek, Write},
};

use ezhifa_casefile::{
    CaseFileError, DeviceKey, Evidence, Maker, Material, OfficerLine, Run, Wishes, Written, officers_named,
    packs_named,
};
use ezhifa_casework::{
    event::CaseEvent,
    law::{decision::PackRef, rulebook::Files},
    people::Officer,
};
use ezhifa_wire::{
    domains,
    hello::Floor,
    push::Receipt,
    seal::{
        entry::{Head, Header, Salt, SealedEntry},
        hash::Digest,
    },
};

use crate::{
    Hq,
    blobs::Blobs,
    desk::leads::Lead,
    devices,
    error::HqError,
    store::{self, EntryRow, Read},
};

struct Shelf<'b>(&'b Blobs);

/// Bytes of evidence in memory at a time.
const PART: u64 = 1 << 20;

impl Evidence for Shelf<'_> {
    fn copy(&self, sha256: &Digest, to: &mut dyn Write) -> Result<bool, CaseFileError> {
        let source = |e: HqError| CaseFileError::Source(e.to_string());
        let progress = self.0.progress(sha256).map_err(source)?;
        if !progress.complete {
            return Ok(false);
        }
        let mut from = 0;
        while from < progress.offset {
            let end = from.saturating_add(PART).min(progress.offset);
            to.write_all(&self.0.part(sha256, from, end).map_err(source)?)?;
            from = end;
        }
        Ok(true)
    }
}

impl Hq {
    /// Writes the file of one case, by its id or by the number of one of its papers. The read is noted
    /// before anything is written; who reported is never in the file.
    ///
    /// # Errors
    /// No such case; the store or the evidence cannot be read; writing fails.
    pub fn export_case<W: Write + Seek>(
        &self,
        who: &str,
        case: &str,
        wishes: &Wishes,
        to: W,
    ) -> Result<(Written, W), HqError> {
        self.settle()?;
        let id = self.case_id(case)?;
        let events = self.read_case(who, &id)?;
        let file = self.case_file(&id)?;
        let runs = self.runs(&file)?;
        let mut device_keys: Vec<DeviceKey> = Vec::new();
        for run in &runs {
            let device = run.after.device.0.clone();
            if !device_keys.iter().any(|k| k.device == device) {
                let key = self.read(|r| devices::get(r, &device))?.ok_or(HqError::NotFound("device"))?.key;
                device_keys.push(DeviceKey { device, key });
            }
        }
        let roster: Vec<Officer> = self.roster(&file.branch)?;
        let officers = officers_named(&events).into_iter().filter_map(|id| {
            let officer = roster.iter().find(|o| o.id.0 == id)?;
            Some(OfficerLine { id, name: officer.name.clone(), certificate: officer.certificate.clone() })
        });
        let reporter = match &file.lead {
            Some(lead) => self.read(|r| store::get::<Lead>(r, "lead", lead))?.and_then(|l| l.new.reporter),
            None => None,
        };
        let entries = own(&runs, &file, &events);
        let organ =
            self.newest_book().map_or_else(|| self.config().organ_name.clone(), |b| b.organ().name.clone());
        let signer = self.newest_key();
        let material = Material {
            case: id,
            organ,
            made_ms: self.now_ms(),
            made_by: Maker { role: "hq".to_owned(), id: self.config().organ.clone() },
            signer: signer.as_ref(),
            device_keys,
            hq_keys: self.keys_ever()?,
            officers: officers.collect(),
            runs,
            entries,
            packs: self.packs_of(packs_named(&events))?,
            reporter: reporter.into_iter().collect(),
            evidence: &Shelf(&self.inner.blobs),
            glyphs: &ezhifa_slip::BundledOnly,
        };
        Ok(ezhifa_casefile::write(material, wishes, to)?)
    }

    /// The case that has this id, or a paper of this number.
    fn case_id(&self, named: &str) -> Result<String, HqError> {
        if self.read(|r| r.doc("case", named))?.is_some() {
            return Ok(named.to_owned());
        }
        let number: Option<crate::numbers::NumberFile> = self.read(|r| store::get(r, "number", named))?;
        number.map(|n| n.case).filter(|c| !c.is_empty()).ok_or(HqError::NotFound("case"))
    }

    /// Of each journal the stretch from before the first entry of the case to the last, signed for.
    fn runs(&self, file: &crate::casefile::CaseFile) -> Result<Vec<Run>, HqError> {
        let mut spans: Vec<(String, String, u64, u64)> = Vec::new();
        for at in &file.entries {
            match spans.iter_mut().find(|(d, e, ..)| *d == at.device && *e == at.epoch) {
                Some((.., first, last)) => (*first, *last) = ((*first).min(at.seq), (*last).max(at.seq)),
                None => spans.push((at.device.clone(), at.epoch.clone(), at.seq, at.seq)),
            }
        }
        let mut runs = Vec::new();
        for (device, epoch, first, last) in spans {
            let rows = self.read(|r| stretch(r, &device, &epoch, first, last))?;
            let entries: Vec<SealedEntry> = rows.iter().map(sealed).collect::<Result<_, _>>()?;
            let front = entries.first().ok_or(HqError::NotFound("entry"))?;
            let back = entries.last().ok_or(HqError::NotFound("entry"))?;
            let after = Head {
                device: front.header.device.clone(),
                epoch: front.header.epoch,
                seq: first.saturating_sub(1),
                hash: front.header.prev,
            };
            let receipt = self.signed_for(&back.header, rows.last().map_or(0, |r| r.received_ms))?;
            runs.push(Run { after, entries, receipt: Some(receipt) });
        }
        Ok(runs)
    }

    /// HQ signs for the last entry of the stretch, as it did when it came.
    fn signed_for(
        &self,
        last: &Header,
        received_ms: i64,
    ) -> Result<ezhifa_wire::seal::sign::Signed, HqError> {
        self.sign_with(
            &self.newest_key(),
            domains::RECEIPT,
            &Receipt {
                device: last.device.clone(),
                nonce: "case-file".to_owned(),
                epoch: last.epoch,
                seq: last.seq,
                hash: last.hash(),
                floor: Floor { epoch: last.epoch, seq: 0 },
                incarnation: self.incarnation().to_owned(),
                received_ms,
                quarantined: Vec::new(),
            },
        )
    }

    fn packs_of(&self, named: Vec<PackRef>) -> Result<Vec<(PackRef, Files)>, HqError> {
        let mut out: Vec<(PackRef, Files)> = Vec::new();
        let mut waiting: Vec<String> = named.into_iter().map(|p| p.hash).collect();
        while let Some(hash) = waiting.pop() {
            let Some(book) = self.book(&hash).filter(|_| !out.iter().any(|(p, _)| p.hash == hash)) else {
                continue;
            };
            let missing: Vec<String> = book
                .imports()
                .iter()
                .map(|i| i.hash.clone())
                .filter(|i| self.book(i).is_some() && !out.iter().any(|(p, _)| p.hash == *i))
                .collect();
            if missing.is_empty() {
                out.push((book.reference(), self.pack_files(&hash)?));
            } else {
                waiting.push(hash);
                waiting.extend(missing);
            }
        }
        Ok(out)
    }
}

fn stretch(
    r: &mut dyn Read,
    device: &str,
    epoch: &str,
    first: u64,
    last: u64,
) -> Result<Vec<EntryRow>, HqError> {
    const PAGE: u32 = 1_000;
    let (mut rows, mut from) = (Vec::new(), first);
    while from <= last {
        let left = u32::try_from(last.saturating_sub(from).saturating_add(1)).unwrap_or(PAGE);
        let page = r.journal(device, epoch, from, left.min(PAGE))?;
        let Some(end) = page.last() else { return Err(HqError::NotFound("entry")) };
        from = end.seq.saturating_add(1);
        rows.extend(page);
    }
    Ok(rows)
}

fn sealed(row: &EntryRow) -> Result<SealedEntry, HqError> {
    let salt = match &row.salt {
        Some(bytes) => {
            Some(Salt(bytes.as_slice().try_into().map_err(|_| HqError::Unreadable("salt".to_owned()))?))
        }
        None => None,
    };
    let body = match &row.body {
        Some(bytes) => {
            Some(String::from_utf8(bytes.clone()).map_err(|_| HqError::Unreadable("body".to_owned()))?)
        }
        None => None,
    };
    Ok(SealedEntry { header: serde_json::from_str(&row.header)?, salt, body })
}

/// The entries of the case in the order in which HQ tells it, and those that sealed its evidence.
fn own(runs: &[Run], file: &crate::casefile::CaseFile, events: &[CaseEvent]) -> Vec<(usize, u64)> {
    let run = |device: &str, epoch: &str| {
        runs.iter().position(|r| r.after.device.0 == device && r.after.epoch.to_string() == epoch)
    };
    let mut out: Vec<(usize, u64)> =
        file.entries.iter().filter_map(|at| Some((run(&at.device, &at.epoch)?, at.seq))).collect();
    let wanted: BTreeSet<&str> = events
        .iter()
        .filter_map(|e| match &e.event {
            ezhifa_casework::event::Event::EvidenceAdded { item } => Some(item.sha256.as_str()),
            _ => None,
        })
        .collect();
    let known: BTreeSet<(usize, u64)> = out.iter().copied().collect();
    for (index, run) in runs.iter().enumerate() {
        for entry in run.entries.iter().filter(|e| e.header.kind == "evidence") {
            #[derive(serde::Deserialize)]
            struct Sealing<'b> {
                #[serde(borrow)]
                sha256: std::borrow::Cow<'b, str>,
            }
            let body = entry.body.as_deref().unwrap_or_default();
            let ours = serde_json::from_str::<Sealing<'_>>(body).is_ok_and(|s| wanted.contains(&*s.sha256));
            if ours && !known.contains(&(index, entry.header.seq)) {
                out.push((index, entry.header.seq));
            }
        }
    }
    out
}
