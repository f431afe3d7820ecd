//! Phones: enrolment with a one-time code, withdrawal, wipe orders, and what they said of themselves.

use ezhifa_wire::{
    Check, VERSION, domains,
    enrol::{Enrol, Enrolled, Ticket},
    hello::{Floor, Hello, HelloReply, Limits, Unsynced, WipeOrder},
    problem::Have,
    seal::{
        entry::{DeviceId, Epoch},
        hash::{Digest, sha256},
        sign::{PublicKey, Signed},
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    Hq, alarms,
    error::HqError,
    ingest,
    log::Field,
    protocol::Asked,
    store::{self, Read, Write},
};

/// A phone as HQ knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Device {
    /// Id, for ever.
    pub id: String,
    /// Branch.
    pub branch: String,
    /// Its key.
    pub key: PublicKey,
    /// Maker and model.
    pub model: String,
    /// App and version.
    pub app: String,
    /// When it was enrolled.
    pub enrolled_ms: i64,
    /// Last hello.
    pub seen_ms: i64,
    /// Its clock minus HQ's, at the last hello.
    pub skew_ms: i64,
    /// What waits on it, by its own word.
    pub unsynced: Unsynced,
    /// Epochs in order of appearance.
    pub epochs: Vec<Epoch>,
    /// Withdrawn since.
    pub withdrawn_ms: Option<i64>,
    /// Entries after this are quarantined.
    pub lost_ms: Option<i64>,
    /// Wipe order.
    pub wipe: Option<WipeOrder>,
    /// Feed position up to which it has heard of HQ's keys.
    #[serde(default)]
    pub keys_pos: u64,
}

#[derive(Serialize, Deserialize)]
struct Code {
    branch: String,
    expires_ms: i64,
    used_by: Option<String>,
    /// The key that its ticket names.
    #[serde(default)]
    key: String,
}

/// The head of one journal, and the prune line that a verified back-up gave it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Journal {
    /// Last contiguous entry.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
    /// Safe twice up to here.
    pub floor: u64,
    /// When the last entry arrived.
    pub last_ms: i64,
    /// The first entry that was written after the phone was lost: it and everything behind it is quarantined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_from: Option<u64>,
}

/// Key of a journal's document.
#[must_use]
pub fn journal_key(device: &str, epoch: Epoch) -> String {
    format!("{device}/{epoch}")
}

/// An enrolment code is good for this long.
const CODE_MS: i64 = 24 * 3_600_000;

pub(crate) fn get(r: &mut (impl Read + ?Sized), id: &str) -> Result<Option<Device>, HqError> {
    store::get(r, "device", id)
}

impl Hq {
    /// A one-time code that puts one phone into `branch`.
    ///
    /// # Errors
    /// The store or the randomness failed.
    pub fn new_enrol_code(&self, branch: &str) -> Result<String, HqError> {
        let code = self.random_hex::<12>()?;
        let key = sha256(code.as_bytes()).to_string();
        let doc = Code {
            branch: branch.to_owned(),
            expires_ms: self.now_ms().saturating_add(CODE_MS),
            used_by: None,
            key: self.public_key().id().0,
        };
        self.write(1, move |w| store::put(w, "enrol_code", &key, &doc))?;
        Ok(code)
    }

    /// What the desk shows to the phone: address, trust, one-time code.
    ///
    /// # Errors
    /// As [`Hq::new_enrol_code`], or the authority is missing.
    pub fn ticket(&self, url: &str, branch: &str) -> Result<Ticket, HqError> {
        let ca = if url.starts_with("https://") { Some(self.ca_pem()?) } else { None };
        Ok(Ticket {
            v: VERSION,
            url: url.to_owned(),
            code: self.new_enrol_code(branch)?,
            ca,
            hq_key: self.public_key(),
        })
    }

    /// The oldest app that may still decide; older ones may only record and upload. Empty: any.
    ///
    /// # Errors
    /// Not a version, or the store failed.
    pub fn set_min_app(&self, version: &str) -> Result<(), HqError> {
        if version.len() > 32 || !version.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(HqError::Bad("min_app".into()));
        }
        let version = version.to_owned();
        self.write(1, move |w| store::put(w, "meta", "min_app", &version))
    }

    /// A phone by id.
    ///
    /// # Errors
    /// No such phone.
    pub fn device(&self, id: &str) -> Result<Device, HqError> {
        self.read(|r| get(r, id))?.ok_or(HqError::NotFound("device"))
    }

    /// All phones.
    ///
    /// # Errors
    /// The store failed.
    pub fn devices(&self) -> Result<Vec<Device>, HqError> {
        Ok(self.read(|r| store::list(r, "device", ""))?.into_iter().map(|(_, d)| d).collect())
    }

    /// Withdraws a phone. It may still upload; what it wrote after `lost_ms` is quarantined, and what HQ took
    /// in and used before it knew of the loss is put before a person. With `wipe` it is told to push and then
    /// destroy its keys; `force` does not wait for the push.
    ///
    /// # Errors
    /// No such phone.
    pub fn withdraw_device(
        &self,
        id: &str,
        lost_ms: Option<i64>,
        wipe: bool,
        force: bool,
    ) -> Result<(), HqError> {
        let (id, now) = (id.to_owned(), self.now_ms());
        let order = format!("w-{}", self.random_hex::<6>()?);
        self.write(1, move |w| {
            let mut device = get(w, &id)?.ok_or(HqError::NotFound("device"))?;
            device.withdrawn_ms = device.withdrawn_ms.or(Some(now));
            device.lost_ms = lost_ms.or(device.lost_ms);
            if wipe {
                device.wipe = Some(WipeOrder { id: order, lost_at_ms: device.lost_ms.unwrap_or(now), force });
                if force {
                    alarms::raise(
                        w,
                        now,
                        "forced_wipe",
                        &id,
                        "强制擦除；未上传的记录将声明为丢失 / forced wipe; unsent entries are declared lost",
                    )?;
                }
            }
            if let Some(lost_ms) = device.lost_ms {
                ingest::sweep(w, &id, lost_ms, now)?;
            }
            store::put(w, "device", &id, &device)
        })
    }

    pub(crate) fn enrol(&self, asked: &Asked<'_>) -> Result<Signed, HqError> {
        let message: Enrol = asked.read("enrol")?;
        message.check()?;
        asked.auth.verify(&message.key, asked.method, asked.path, &asked.body)?;
        let now = self.now_ms();
        let fresh = format!("d-{}", self.random_hex::<5>()?);
        let code_key = sha256(message.code.as_bytes()).to_string();
        let keys_pos = self.read(|r| r.counter("feed"))?;
        let (device, known_key) = self.write(1, move |w| {
            let mut code: Code = store::get(w, "enrol_code", &code_key)?.ok_or(HqError::EnrolCode)?;
            if let Some(known) = &code.used_by {
                // The answer may have been lost on the way: the same key gets it again, nobody else.
                let device = get(w, known)?.ok_or(HqError::EnrolCode)?;
                return if device.key == message.key {
                    Ok((device, code.key))
                } else {
                    Err(HqError::EnrolCode)
                };
            }
            if code.expires_ms < now {
                return Err(HqError::EnrolCode);
            }
            let device = Device {
                id: fresh.clone(),
                branch: code.branch.clone(),
                key: message.key,
                model: message.model,
                app: message.app,
                enrolled_ms: now,
                seen_ms: now,
                skew_ms: message.wall_ms.saturating_sub(now),
                unsynced: Unsynced::default(),
                epochs: vec![message.epoch],
                withdrawn_ms: None,
                lost_ms: None,
                wipe: None,
                keys_pos,
            };
            store::put(w, "device", &fresh, &device)?;
            store::put(w, "device_key", &device.key.id().0, &fresh)?;
            code.used_by = Some(fresh);
            store::put(w, "enrol_code", &code_key, &code)?;
            Ok((device, code.key))
        })?;
        self.log("enrolled", &[("device", Field::Word(&device.id))]);
        // The ticket may be older than the newest key.
        let key = self.key_by_id(&known_key).unwrap_or_else(|| self.newest_key());
        let hq_keys = self.inner.keys.read().map_err(|_| HqError::Stopped)?.public();
        self.sign_with(
            &key,
            domains::ENROLLED,
            &Enrolled {
                device: DeviceId(device.id),
                nonce: asked.auth.nonce.clone(),
                organ: self.config().organ.clone(),
                branch: device.branch,
                slip_url: self.config().slip_url.clone(),
                hq_keys,
                incarnation: self.incarnation().to_owned(),
                server_ms: now,
                escrow: Some(self.inner.escrow.clone()),
            },
        )
    }

    pub(crate) fn hello(&self, device: &Device, asked: &Asked<'_>) -> Result<Signed, HqError> {
        let hello: Hello = asked.read("hello")?;
        hello.check()?;
        if !hello.versions.contains(&VERSION) {
            return Err(HqError::Version);
        }
        self.refresh_seen(&device.branch)?;
        let (now, signed_ms) = (self.now_ms(), asked.auth.at_ms);
        let named: Vec<Epoch> = hello.heads.iter().map(|h| h.epoch).collect();
        let come_after_s =
            self.inner.slots.wait_s(&device.id, hello.unsynced.entries, self.config().ingest_rate, now);
        let id = device.id.clone();
        let device = &if hello.cursor.incarnation == self.incarnation() {
            self.heard_of_keys(device, hello.cursor.pos)?
        } else {
            device.clone()
        };
        let journals = self.write(1, move |w| {
            let journals: Vec<(String, Journal)> = store::list(w, "journal", &format!("{id}/"))?;
            let mut device = get(w, &id)?.ok_or(HqError::NotFound("device"))?;
            look_for_rollback(w, &device, &hello, &journals, signed_ms, now)?;
            for used in &hello.blocks {
                crate::numbers::reported(w, &id, used, now)?;
            }
            device.seen_ms = now;
            device.skew_ms = hello.wall_ms.saturating_sub(now);
            device.app = hello.app;
            device.unsynced = hello.unsynced;
            store::put(w, "device", &id, &device)?;
            crate::desk::paycodes::top_up(w, &id, now)?;
            Ok(journals)
        })?;
        let min_app = self.read(|r| store::get(r, "meta", "min_app"))?.unwrap_or_default();
        let mut have = Vec::new();
        let mut floors = Vec::new();
        for (key, journal) in journals {
            // Of the epochs that the phone named only: it may have had more lives than an answer has room for.
            if let Some(epoch) = key.rsplit('/').next().and_then(|e| e.parse::<Epoch>().ok())
                && named.contains(&epoch)
            {
                have.push(Have { epoch, seq: journal.seq, hash: journal.hash });
                floors.push(Floor { epoch, seq: journal.floor });
            }
        }
        self.sign_for(
            device,
            domains::HELLO,
            &HelloReply {
                device: asked.auth.device.clone(),
                nonce: asked.auth.nonce.clone(),
                version: VERSION,
                incarnation: self.incarnation().to_owned(),
                server_ms: now,
                have,
                floors,
                limits: Limits::default(),
                come_after_s,
                min_app,
                wipe: device.wipe.clone(),
            },
        )
    }
}

impl Hq {
    /// The phone says that it took the feed up to here: HQ may sign with a key that was told before that.
    pub(crate) fn heard_of_keys(&self, device: &Device, pos: u64) -> Result<Device, HqError> {
        let mut known = device.clone();
        let learns = self.inner.keys.read().map_err(|_| HqError::Stopped)?.between(device.keys_pos, pos);
        if learns {
            known.keys_pos = pos;
            let id = device.id.clone();
            self.write(1, move |w| {
                let mut device = get(w, &id)?.ok_or(HqError::NotFound("device"))?;
                device.keys_pos = device.keys_pos.max(pos);
                store::put(w, "device", &id, &device)
            })?;
        }
        Ok(known)
    }
}

/// A phone that has less than HQ of the epoch it is still writing was put back to an earlier state. Not so
/// when its hello may have been signed before the last entries came: it was late on the way, the next one tells.
fn look_for_rollback(
    w: &mut dyn Write,
    device: &Device,
    hello: &Hello,
    journals: &[(String, Journal)],
    signed_ms: i64,
    now: i64,
) -> Result<(), HqError> {
    let Some(writing) = hello.heads.last() else { return Ok(()) };
    let key = journal_key(&device.id, writing.epoch);
    if let Some((_, ours)) = journals.iter().find(|(k, _)| *k == key) {
        let late = signed_ms <= ours.last_ms.saturating_add(crate::protocol::AHEAD_MS);
        if writing.seq < ours.seq {
            if late {
                return Ok(());
            }
            alarms::raise(
                w,
                now,
                "rolled_back",
                &device.id,
                "设备日志比指挥中心的短，可能从备份恢复 / the phone has less than HQ: restored from a back-up?",
            )?;
        } else if writing.seq == ours.seq && writing.hash != ours.hash {
            alarms::raise(
                w,
                now,
                "fork",
                &device.id,
                "设备日志与指挥中心分叉 / the phone's journal differs from HQ's",
            )?;
        }
    }
    Ok(())
}
