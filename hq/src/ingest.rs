//! Up: journal tails in, signed receipts out. Stored as opaque bytes; what they mean comes later, so that
//! nothing a phone says can block its queue.

use std::collections::{BTreeMap, BTreeSet};

use ezhifa_casework::event::{CaseEvent, Event};
use ezhifa_wire::{
    Check, domains,
    hello::Floor,
    limits,
    problem::{Fork, Have},
    push::{Push, Receipt},
    seal::{
        entry::{DeviceId, Epoch, Head, Header, SealedEntry, verify},
        hash::Digest,
        sign::Signed,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    Hq, alarms,
    casefile::CaseFile,
    devices::{self, Device, Journal, journal_key},
    error::HqError,
    interpret,
    log::Field,
    protocol::Asked,
    reviews,
    store::{self, EntryRow, Write},
};

/// An entry that HQ holds and cannot or may not use. It blocks nothing and is never thrown away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Device.
    pub device: String,
    /// Epoch.
    pub epoch: String,
    /// Place.
    pub seq: u64,
    /// Kind as the header says.
    pub kind: String,
    /// `unreadable`, `after_lost`, `not_interpreted`.
    pub why: String,
    /// When.
    pub at_ms: i64,
}

/// Written after the phone was lost.
const AFTER_LOST: &str = "after_lost";

/// Whether an entry's kind says that its body is a case event.
#[must_use]
pub fn is_case(kind: &str) -> bool {
    kind == "case" || kind == "drill" || kind.starts_with("case.")
}

/// An entry made ready on the request's own thread: the one writer only compares and inserts.
struct Sent {
    row: EntryRow,
    hash: Digest,
    prev: Digest,
    wall_ms: i64,
    readable: bool,
}

impl Sent {
    fn of(entry: SealedEntry, hash: Digest, epoch: &str, received_ms: i64) -> Result<Sent, HqError> {
        let SealedEntry { header, salt, body } = entry;
        let readable = match &body {
            Some(body) if is_case(&header.kind) => {
                serde_json::from_str::<CaseEvent>(body).is_ok_and(|event| sound(&event))
            }
            _ => true,
        };
        let text = serde_json::to_string(&header)?;
        Ok(Sent {
            hash,
            prev: header.prev,
            wall_ms: header.stamp.wall_ms,
            readable,
            row: EntryRow {
                pos: 0,
                device: header.device.0,
                epoch: epoch.to_owned(),
                seq: header.seq,
                kind: header.kind,
                hash: hash.to_string(),
                header: text,
                salt: salt.map(|s| s.0.to_vec()),
                body: body.map(String::into_bytes),
                received_ms,
            },
        })
    }

    /// The first entry after the loss takes all that follow it along: the phone's clock is in a thief's hands.
    fn unusable(&self, device: &Device, journal: &mut Journal) -> Option<&'static str> {
        if journal.lost_from.is_none() && device.lost_ms.is_some_and(|lost| self.wall_ms > lost) {
            journal.lost_from = Some(self.row.seq);
        }
        if journal.lost_from.is_some() {
            Some(AFTER_LOST)
        } else if !self.readable {
            Some("unreadable")
        } else {
            None
        }
    }
}

/// Characters that a number may have: it stands in a slip's code with one byte for its length.
const NUMBER: usize = 255;

/// Whether a case's id and numbers can be keys: what a phone of altered software makes of them must not stop
/// the feed of its branch, or the database.
pub(crate) fn sound(event: &CaseEvent) -> bool {
    let fits = |text: &str, most: usize| text.len() <= most && !text.chars().any(char::is_control);
    let number = match &event.event {
        Event::Decided { record } => Some(&record.number),
        Event::KeyedIn { paper } => Some(&paper.number),
        Event::PaperPrepared { number, .. }
        | Event::SlipIssued { number, .. }
        | Event::Printed { number, .. }
        | Event::Undelivered { number, .. }
        | Event::Voided { number, .. } => Some(number),
        _ => None,
    };
    !event.case.0.is_empty()
        && fits(&event.case.0, limits::NAME)
        && !event.case.0.contains('/')
        && number.is_none_or(|number| fits(number, NUMBER))
}

/// Puts an entry aside: kept, shown, not used.
pub(crate) fn set_aside(w: &mut dyn Write, row: &EntryRow, why: &str, now: i64) -> Result<(), HqError> {
    let q = Quarantined {
        device: row.device.clone(),
        epoch: row.epoch.clone(),
        seq: row.seq,
        kind: row.kind.clone(),
        why: why.to_owned(),
        at_ms: now,
    };
    store::put(w, "quarantine", &place(row), &q)
}

/// Where an entry lies in quarantine.
pub(crate) fn place(row: &EntryRow) -> String {
    format!("{}/{}/{:012}", row.device, row.epoch, row.seq)
}

/// A phone was lost some time ago: what it has sent since then was stored before anybody knew. What is not yet
/// interpreted is quarantined. What is, stays as it is and goes before a person: nothing is undone silently.
pub(crate) fn sweep(w: &mut dyn Write, device: &str, lost_ms: i64, now: i64) -> Result<(), HqError> {
    const PAGE: u32 = 1_000;
    let interpreted = store::get::<u64>(w, "meta", "interpreted")?.unwrap_or(0);
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let journals: Vec<(String, Journal)> = store::list(w, "journal", &format!("{device}/"))?;
    for (key, mut journal) in journals {
        let epoch = key.rsplit('/').next().unwrap_or_default();
        let (mut lost_from, mut from) = (None, 1);
        loop {
            let rows = w.journal(device, epoch, from, PAGE)?;
            let Some(last) = rows.last() else { break };
            from = last.seq.saturating_add(1);
            for row in &rows {
                // What HQ had before the loss was written before it, whatever the phone's clock said.
                let late = row.received_ms > lost_ms && written_ms(row)? > lost_ms;
                if lost_from.is_none() && (late || journal.lost_from == Some(row.seq)) {
                    lost_from = Some(row.seq);
                }
                if lost_from.is_none() || w.doc("quarantine", &place(row))?.is_some() {
                    continue;
                }
                if row.pos > interpreted {
                    set_aside(w, row, AFTER_LOST, now)?;
                } else if let Some(event) = interpret::read(row) {
                    let numbers = used.entry(event.case.0).or_default();
                    if let Event::Decided { record } = event.event {
                        numbers.insert(record.number);
                    }
                }
            }
        }
        if lost_from.is_some() {
            journal.lost_from = lost_from;
            store::put(w, "journal", &key, &journal)?;
        }
    }
    if !used.is_empty() {
        alarms::raise(
            w,
            now,
            AFTER_LOST,
            device,
            "挂失时间之后的记录在挂失前已经入卷，请逐件复核 / entries from after the loss were used before it was reported: see the reviews",
        )?;
    }
    for (case, numbers) in used {
        let Some(file) = store::get::<CaseFile>(w, "case", &case)?.filter(|f| !f.drill) else { continue };
        let standing = || file.standing().map(|d| d.number.clone()).unwrap_or_default();
        let numbers = if numbers.is_empty() { BTreeSet::from([standing()]) } else { numbers };
        for number in numbers {
            // Where nothing is decided, the case is what tells one review from another.
            let other = if number.is_empty() { case.as_str() } else { "" };
            let hq = "设备挂失时间之后的记录，请核实是否本机关人员所为";
            reviews::open(w, AFTER_LOST, &file, &number, other, "", hq, device, now)?;
        }
    }
    Ok(())
}

/// The phone's own clock when it wrote an entry.
fn written_ms(row: &EntryRow) -> Result<i64, HqError> {
    let header: Header =
        serde_json::from_str(&row.header).map_err(|_| HqError::Unreadable("header".into()))?;
    Ok(header.stamp.wall_ms)
}

impl Hq {
    pub(crate) fn push(&self, device: &Device, asked: &Asked<'_>) -> Result<Signed, HqError> {
        let push: Push = asked.read("push")?;
        push.check()?;
        if push.device.0 != device.id {
            return Err(HqError::Denied("push.device"));
        }
        push.claim(&device.key)?;
        let Some(first) = push.entries.first() else { return Err(HqError::Bad("entries".into())) };
        let start = Head {
            device: push.device.clone(),
            epoch: push.epoch,
            seq: first.header.seq.saturating_sub(1),
            hash: first.header.prev,
        };
        let end = verify(&start, push.entries.iter()).map_err(|e| HqError::Bad(e.to_string()))?;
        // In a whole chain every entry names the hash of the one before it.
        let hashes: Vec<Digest> =
            push.entries.iter().skip(1).map(|next| next.header.prev).chain([end.hash]).collect();

        let now = self.now_ms();
        let (id, epoch, named) = (device.id.clone(), push.epoch, push.epoch.to_string());
        let weight = push.entries.len();
        let sent: Vec<Sent> = push
            .entries
            .into_iter()
            .zip(hashes)
            .map(|(entry, hash)| Sent::of(entry, hash, &named, now))
            .collect::<Result<_, _>>()?;
        let stored = self.write(weight, move |w| store_run(w, &id, epoch, sent, now));
        let (journal, quarantined) = match stored {
            Err(HqError::Fork(fork)) => {
                let id = device.id.clone();
                self.write(1, move |w| alarms::raise(w, now, "fork", &id, "同一位置出现两条不同记录：设备被克隆或者恢复 / two entries for one place: cloned or restored"))?;
                self.log("fork", &[("device", Field::Word(&device.id))]);
                return Err(HqError::Fork(fork));
            }
            other => other?,
        };
        self.log(
            "push",
            &[
                ("device", Field::Word(&device.id)),
                ("entries", Field::Int(i64::try_from(weight).unwrap_or(i64::MAX))),
            ],
        );
        self.wake();
        self.sign_for(
            device,
            domains::RECEIPT,
            &Receipt {
                device: asked.auth.device.clone(),
                nonce: asked.auth.nonce.clone(),
                epoch,
                seq: journal.seq,
                hash: journal.hash,
                floor: Floor { epoch, seq: journal.floor },
                incarnation: self.incarnation().to_owned(),
                received_ms: now,
                quarantined,
            },
        )
    }

    /// Entries that HQ holds and cannot use.
    ///
    /// # Errors
    /// The store failed.
    pub fn quarantine(&self) -> Result<Vec<Quarantined>, HqError> {
        Ok(self.quarantine_by_place()?.into_iter().map(|(_, q)| q).collect())
    }

    /// The same, each with where it lies.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn quarantine_by_place(&self) -> Result<Vec<(String, Quarantined)>, HqError> {
        self.read(|r| store::list(r, "quarantine", ""))
    }
}

fn store_run(
    w: &mut dyn Write,
    id: &str,
    epoch: Epoch,
    entries: Vec<Sent>,
    now: i64,
) -> Result<(Journal, Vec<u64>), HqError> {
    let key = journal_key(id, epoch);
    let mut device = devices::get(w, id)?.ok_or(HqError::NotFound("device"))?;
    let mut journal: Journal = store::get(w, "journal", &key)?.unwrap_or(Journal {
        seq: 0,
        hash: Digest::ZERO,
        floor: 0,
        last_ms: now,
        lost_from: None,
    });
    let mut quarantined = Vec::new();
    let mut fresh = Vec::new();
    for entry in entries {
        let seq = entry.row.seq;
        if seq <= journal.seq {
            let ours =
                w.entry(id, &entry.row.epoch, seq)?.ok_or_else(|| HqError::Unreadable("journal".into()))?;
            if ours.hash != entry.row.hash {
                return Err(HqError::Fork(Fork { epoch, seq, hash: digest(&ours.hash)? }));
            }
            // Sent again because the receipt was lost: what could not be used is said again.
            if store::get::<Quarantined>(w, "quarantine", &place(&entry.row))?.is_some() {
                quarantined.push(seq);
            }
            continue;
        }
        if seq != journal.seq.saturating_add(1) {
            return Err(HqError::NeedFrom(Have { epoch, seq: journal.seq, hash: journal.hash }));
        }
        let expected =
            if journal.seq == 0 { Head::start(DeviceId(id.to_owned()), epoch).hash } else { journal.hash };
        if entry.prev != expected {
            return Err(HqError::Fork(Fork { epoch, seq: journal.seq.max(1), hash: journal.hash }));
        }
        if let Some(why) = entry.unusable(&device, &mut journal) {
            set_aside(w, &entry.row, why, now)?;
            quarantined.push(seq);
        }
        journal.seq = seq;
        journal.hash = entry.hash;
        journal.last_ms = now;
        fresh.push(entry.row);
    }
    if !fresh.is_empty() {
        w.add_entries(&fresh)?;
        if !device.epochs.contains(&epoch) {
            device.epochs.push(epoch);
            store::put(w, "device", id, &device)?;
        } else if device.epochs.last() != Some(&epoch) {
            let newest = device.epochs.last().map(|e| journal_key(id, *e)).unwrap_or_default();
            if store::get::<Journal>(w, "journal", &newest)?.is_some() {
                alarms::raise(
                    w,
                    now,
                    "two_epochs",
                    id,
                    "同一设备的两个纪元同时增长：可能被克隆 / two epochs of one phone grow at once: cloned?",
                )?;
            }
        }
        store::put(w, "journal", &key, &journal)?;
    }
    Ok((journal, quarantined))
}

pub(crate) fn digest(hex: &str) -> Result<Digest, HqError> {
    Digest::from_hex(hex).map_err(|_| HqError::Unreadable("hash".into()))
}
