//! Up: journal tails in, signed receipts out. Stored as opaque bytes; what they mean comes later, so that
//! nothing a phone says can block its queue.

use ezhifa_casework::event::CaseEvent;
use ezhifa_wire::{
    Check, domains,
    hello::Floor,
    problem::{Fork, Have},
    push::{Push, Receipt},
    seal::{
        entry::{DeviceId, Epoch, Head, SealedEntry, verify},
        hash::Digest,
        sign::Signed,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    Hq, alarms,
    devices::{self, Device, Journal, journal_key},
    error::HqError,
    log::Field,
    protocol::Asked,
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
    /// `unreadable`, `after_lost`.
    pub why: String,
    /// When.
    pub at_ms: i64,
}

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
            Some(body) if is_case(&header.kind) => serde_json::from_str::<CaseEvent>(body).is_ok(),
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

    fn unusable(&self, device: &Device) -> Option<&'static str> {
        if device.lost_ms.is_some_and(|lost| self.wall_ms > lost) {
            Some("after_lost")
        } else if !self.readable {
            Some("unreadable")
        } else {
            None
        }
    }
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
        Ok(self.read(|r| store::list(r, "quarantine", ""))?.into_iter().map(|(_, q)| q).collect())
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
        if let Some(why) = entry.unusable(&device) {
            let q = Quarantined {
                device: id.to_owned(),
                epoch: entry.row.epoch.clone(),
                seq,
                kind: entry.row.kind.clone(),
                why: why.to_owned(),
                at_ms: now,
            };
            store::put(w, "quarantine", &format!("{key}/{seq:012}"), &q)?;
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
