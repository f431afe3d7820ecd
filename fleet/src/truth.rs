//! What really happened, kept by the simulator outside every phone and HQ, and the promises held against it.
//!
//! | | promise |
//! |---|---|
//! | I1 | every paper is at HQ once, or its loss is declared |
//! | I2 | a number stands on at most one paper |
//! | I3 | HQ's copy of a journal is a prefix of what the phone wrote, entry by entry |
//! | I4 | receipts never run ahead of the journal, prune lines never ahead of receipts |
//! | I5 | nothing above the prune line is gone from the phone |
//! | I6 | the numbers of every block add up to its size, at the phone and at HQ |
//! | I7 | HQ decides every case again and comes to the same decision |
//! | I8 | every piece of evidence at HQ hashes to its name |

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use ezhifa_field::{
    casework::{
        event::{CaseEvent, Event},
        seal::{
            entry::{Epoch, SealedEntry},
            hash::{Digest, sha256},
        },
    },
    store::{EpochInfo, StoreError},
};
use ezhifa_hq::numbers::Ledger;
use serde::{Deserialize, Serialize};

use crate::{FleetError, error::at, house::House, phone::Phone};

/// A broken promise, with everything that is needed to see it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("seed {seed}, step {step}: {invariant} is broken: {what}")]
pub struct Violation {
    /// Seed of the world.
    pub seed: u64,
    /// Step at which it was seen.
    pub step: u64,
    /// `I1` to `I8`, or `live` when things do not come to rest.
    pub invariant: &'static str,
    /// What was found.
    pub what: String,
}

/// Where an entry stands.
pub(crate) type Place = (String, Epoch, u64);

/// A paper with a number.
#[derive(Debug, Clone)]
pub(crate) struct Paper {
    pub(crate) place: Place,
    pub(crate) hash: Digest,
    /// What it is about: one number, one text.
    pub(crate) body: Digest,
}

/// What became of every paper, at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Fates {
    /// Papers signed, anywhere.
    pub papers: u64,
    /// At HQ.
    pub arrived: u64,
    /// Not at HQ, and declared.
    pub declared: u64,
    /// Not at HQ, and nobody knows: must be 0.
    pub silent: u64,
}

/// The simulator's own memory.
#[derive(Default)]
pub(crate) struct Truth {
    pub(crate) seed: u64,
    pub(crate) step: u64,
    entries: BTreeMap<(String, Epoch), Vec<Digest>>,
    pub(crate) papers: BTreeMap<String, Paper>,
    pub(crate) duplicates: u64,
    /// Devices that were lost with what they held.
    pub(crate) lost: BTreeSet<String>,
}

/// First entry of an epoch, as far as it tells what is missing.
#[derive(Debug, Deserialize)]
struct Started {
    #[serde(default)]
    previous: Option<Previous>,
    #[serde(default)]
    hole: Option<Hole>,
    #[serde(default)]
    holes: Vec<Hole>,
}

#[derive(Debug, Deserialize)]
struct Previous {
    epoch: Epoch,
    seq: u64,
}

#[derive(Debug, Deserialize)]
struct Hole {
    epoch: Option<Epoch>,
    #[serde(default)]
    from: u64,
    #[serde(default)]
    to: u64,
}

impl Started {
    /// Whether it says that this entry is not on the phone any more.
    fn covers(&self, epoch: Epoch, seq: u64) -> bool {
        let by_hole = self
            .hole
            .iter()
            .chain(&self.holes)
            .any(|h| h.epoch == Some(epoch) && h.from <= seq && seq <= h.to);
        // "The journal that I found ended there": whatever came after it is not here.
        let by_end = self.previous.as_ref().is_some_and(|p| p.epoch == epoch && seq > p.seq);
        by_hole || by_end
    }
}

impl Truth {
    pub(crate) fn of(seed: u64) -> Truth {
        Truth { seed, ..Truth::default() }
    }

    pub(crate) fn broken(&self, invariant: &'static str, what: impl Into<String>) -> FleetError {
        Violation { seed: self.seed, step: self.step, invariant, what: what.into() }.into()
    }

    /// Reads what a phone wrote since the last look, and holds the phone against I2 to I6.
    pub(crate) fn look_at(&mut self, phone: &Phone) -> Result<(), FleetError> {
        let device = phone.device()?;
        let (epochs, accounts) = phone
            .office()?
            .with_store(|s| s.read::<_, StoreError>(|dao| Ok((dao.epochs()?, dao.number_accounts()?))))
            .map_err(at(&phone.name))?;
        let Some(writing) = epochs.last() else { return Ok(()) };
        self.chain(phone, &device, writing)?;
        self.lines(&phone.name, writing)?;
        let floor = writing.floor;
        for account in &accounts {
            let size = account.last.saturating_add(1).saturating_sub(account.first);
            use ezhifa_field::numbers::State as S;
            let sum: u64 = [S::Free, S::Reserved, S::Issued, S::Void, S::Burnt, S::Lost]
                .iter()
                .map(|s| account.count(*s))
                .sum();
            if !account.adds_up() || sum != size {
                return Err(self.broken(
                    "I6",
                    format!("{}: block {} holds {size} and accounts for {sum}", phone.name, account.lease_id),
                ));
            }
        }
        // The newest ones above the line; all of them are looked at when they are written.
        let after = writing.head.seq.saturating_sub(20).max(floor);
        let kept: Vec<SealedEntry> = phone
            .office()?
            .with_store(|s| s.read(|dao| dao.entries(writing.head.epoch, after, 20, usize::MAX)))
            .map_err(at(&phone.name))?;
        if let Some(gone) = kept.iter().find(|e| e.body.is_none()) {
            return Err(self.broken(
                "I5",
                format!(
                    "{}: entry {} is above the prune line {floor} and its body is gone",
                    phone.name, gone.header.seq
                ),
            ));
        }
        Ok(())
    }

    fn chain(&mut self, phone: &Phone, device: &str, writing: &EpochInfo) -> Result<(), FleetError> {
        let (epoch, head) = (writing.head.epoch, writing.head.seq);
        let key = (device.to_owned(), epoch);
        let known = u64::try_from(self.entries.get(&key).map_or(0, Vec::len)).unwrap_or(u64::MAX);
        if head < known {
            return Err(self.broken(
                "I3",
                format!("{}: epoch {epoch} had {known} entries and goes on with {head}", phone.name),
            ));
        }
        let fresh: Vec<SealedEntry> = phone
            .office()?
            .with_store(|s| s.read(|dao| dao.entries(epoch, known, usize::MAX >> 1, usize::MAX)))
            .map_err(at(&phone.name))?;
        for entry in fresh {
            let hash = entry.header.hash();
            let list = self.entries.entry(key.clone()).or_default();
            let before = list.last().copied();
            let seq = u64::try_from(list.len()).unwrap_or(u64::MAX).saturating_add(1);
            if entry.header.seq != seq || before.is_some_and(|b| b != entry.header.prev) {
                return Err(self.broken(
                    "I3",
                    format!(
                        "{}: entry {} of epoch {epoch} does not follow {seq}",
                        phone.name, entry.header.seq
                    ),
                ));
            }
            list.push(hash);
            self.paper(&phone.name, device, &entry, hash)?;
        }
        Ok(())
    }

    /// A paper with a number: a `slip_issued` event, or the small form of the protocol layer.
    fn paper(
        &mut self,
        name: &str,
        device: &str,
        entry: &SealedEntry,
        hash: Digest,
    ) -> Result<(), FleetError> {
        let Some(body) = &entry.body else { return Ok(()) };
        let number = match entry.header.kind.as_str() {
            "case" => match serde_json::from_str::<CaseEvent>(body).map(|e| e.event) {
                Ok(Event::SlipIssued { number, .. }) => number,
                _ => return Ok(()),
            },
            "number" => {
                let value: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
                match (
                    value.get("state").and_then(|s| s.as_str()),
                    value.get("number").and_then(|n| n.as_str()),
                ) {
                    (Some("issued"), Some(number)) => number.to_owned(),
                    _ => return Ok(()),
                }
            }
            _ => return Ok(()),
        };
        let paper = Paper {
            place: (device.to_owned(), entry.header.epoch, entry.header.seq),
            hash,
            body: sha256(body.as_bytes()),
        };
        if let Some(other) = self.papers.get(&number)
            && (other.place != paper.place || other.body != paper.body)
        {
            self.duplicates = self.duplicates.saturating_add(1);
            let (d, e, s) = &other.place;
            return Err(self.broken(
                "I2",
                format!(
                    "{name}: {number} stands on entry {} of epoch {} and on {d} {e} {s}",
                    paper.place.2, paper.place.1
                ),
            ));
        }
        self.papers.insert(number, paper);
        Ok(())
    }

    fn lines(&self, name: &str, writing: &EpochInfo) -> Result<(), FleetError> {
        let (head, delivered, floor) = (writing.head.seq, writing.delivered, writing.floor);
        if delivered > head || floor > delivered {
            return Err(
                self.broken("I4", format!("{name}: head {head}, receipts {delivered}, prune line {floor}"))
            );
        }
        Ok(())
    }

    /// Holds HQ's copy of a device's journals against what the phones wrote (I3, I4).
    pub(crate) fn look_at_hq(&self, house: &House, device: &str) -> Result<(), FleetError> {
        if !house.is_up() {
            return Ok(());
        }
        for ((_, epoch), written) in
            self.entries.range((device.to_owned(), Epoch(0))..=(device.to_owned(), Epoch(u64::MAX)))
        {
            let Some(journal) = house.desk(|hq| hq.journal(device, *epoch))? else { continue };
            if journal.floor > journal.seq {
                return Err(self.broken(
                    "I4",
                    format!("HQ: {device} {epoch}: prune line {} beyond {}", journal.floor, journal.seq),
                ));
            }
            let at = usize::try_from(journal.seq).unwrap_or(usize::MAX).checked_sub(1);
            let ours = at.and_then(|at| written.get(at));
            if journal.seq > 0 && ours != Some(&journal.hash) {
                return Err(self.broken(
                    "I3",
                    format!("HQ: {device} {epoch}: entry {} is not the phone's", journal.seq),
                ));
            }
        }
        Ok(())
    }

    /// I1: what became of every paper, once everything that can arrive has arrived.
    pub(crate) fn fates(&self, house: &House) -> Result<Fates, FleetError> {
        let mut fates = Fates::default();
        let mut started: BTreeMap<String, Vec<Started>> = BTreeMap::new();
        // Lives of a journal that HQ lent numbers to and never heard again, because the phone was rolled back
        // before it sent: the ledger counts those numbers as burnt.
        let mut unheard: BTreeSet<(String, Epoch)> = BTreeSet::new();
        for device in house.desk(|hq| hq.devices())? {
            let list = started.entry(device.id.clone()).or_default();
            for epoch in &device.epochs {
                let first = house.desk(|hq| hq.read(|r| r.entry(&device.id, &epoch.to_string(), 1)))?;
                if first.is_none() && device.epochs.last() != Some(epoch) {
                    unheard.insert((device.id.clone(), *epoch));
                }
                let body = first.and_then(|row| row.body);
                list.extend(body.and_then(|b| serde_json::from_slice::<Started>(&b).ok()));
            }
        }
        for (number, paper) in &self.papers {
            fates.papers = fates.papers.saturating_add(1);
            let (device, epoch, seq) = &paper.place;
            let row = house.desk(|hq| hq.read(|r| r.entry(device, &epoch.to_string(), *seq)))?;
            if row.is_some_and(|row| row.hash == paper.hash.to_string()) {
                fates.arrived = fates.arrived.saturating_add(1);
            } else if self.lost.contains(device)
                || unheard.contains(&(device.clone(), *epoch))
                || started.get(device).is_some_and(|list| list.iter().any(|s| s.covers(*epoch, *seq)))
            {
                fates.declared = fates.declared.saturating_add(1);
            } else {
                return Err(self.broken(
                    "I1",
                    format!(
                        "{number}: entry {seq} of {device} epoch {epoch} is not at HQ, and nobody declared it"
                    ),
                ));
            }
        }
        Ok(fates)
    }

    /// I6 at HQ: every block adds up, nothing is unexplained, no paper has a number that was never lent.
    pub(crate) fn ledger(&self, house: &House) -> Result<Ledger, FleetError> {
        let ledger = house.desk(|hq| hq.ledger())?;
        for line in &ledger.blocks {
            let size = line.to.saturating_add(1).saturating_sub(line.from);
            let sum = [line.used, line.reserved, line.void, line.burnt, line.declared, line.free]
                .iter()
                .fold(u64::try_from(line.unexplained.len()).unwrap_or(u64::MAX), |a, b| a.saturating_add(*b));
            if sum != size {
                return Err(self.broken(
                    "I6",
                    format!("HQ: block {} holds {size} and accounts for {sum}", line.lease_id),
                ));
            }
            if let Some(number) = line.unexplained.first() {
                return Err(
                    self.broken("I6", format!("HQ: {number} of block {} is unexplained", line.lease_id))
                );
            }
        }
        if let Some(number) = ledger.foreign.first() {
            return Err(
                self.broken("I6", format!("HQ: {number} is on a paper and in no block that was lent"))
            );
        }
        Ok(ledger)
    }

    /// I8: every whole piece of evidence at HQ hashes to its name.
    pub(crate) fn evidence(&self, house: &House) -> Result<u64, FleetError> {
        let mut pieces = 0_u64;
        self.evidence_in(&house.blobs(), &mut pieces)?;
        Ok(pieces)
    }

    fn evidence_in(&self, dir: &Path, pieces: &mut u64) -> Result<(), FleetError> {
        let Ok(entries) = std::fs::read_dir(dir) else { return Ok(()) };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.evidence_in(&path, pieces)?;
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(named) = Digest::from_hex(&name) else { continue };
            let bytes = std::fs::read(&path).map_err(crate::error::disk(&path))?;
            if sha256(&bytes) != named {
                return Err(
                    self.broken("I8", format!("HQ holds {name}, and its bytes hash to something else"))
                );
            }
            *pieces = pieces.saturating_add(1);
        }
        Ok(())
    }
}
