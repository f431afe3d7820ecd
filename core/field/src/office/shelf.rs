//! The store as the sync engine reads it, and what the engine's changes do to it.

use std::{collections::BTreeSet, path::PathBuf};

use ezhifa_casework::{
    command::Command,
    event::{self, CaseId, FilingWay},
    law::money::Fen,
    people::OfficerId,
};
use ezhifa_wire::{
    feed::{Deferral, FeedBody, FeedItem, FeedPage, Hold},
    hello::{BlockUse, Cursor, Unsynced},
    lease::LeaseRequest,
    limits,
    push::Receipt,
    seal::{
        entry::{Epoch, Head, SealedEntry},
        hash::{Digest, sha256},
        sign::Signed,
    },
};

use super::{FieldOffice, Open, SyncReport, project, scope};
use crate::{
    error::{Error, Not},
    keys::Point,
    store::{Dao, Places, StoreError},
    sync::{Blob, Change, Myself, Shelf},
};

/// Where a feed file lies: named by content, keyed hashes only.
pub(super) fn feed_file(places: &Places, sha256: &Digest) -> PathBuf {
    places.dir.join("feed").join(sha256.to_string())
}

fn part_file(places: &Places, sha256: &Digest) -> PathBuf {
    places.dir.join("feed").join(format!("{sha256}.part"))
}

fn io(e: &std::io::Error) -> Error {
    StoreError::Io { what: "feed file", kind: e.kind() }.into()
}

/// The phone, for the engine.
pub(super) struct PhoneShelf<'a> {
    pub(super) office: &'a FieldOffice,
    pub(super) open: &'a Open,
}

impl Shelf for PhoneShelf<'_> {
    fn myself(&self) -> Result<Myself, Error> {
        let identity = self.open.identity();
        Ok(Myself {
            device: identity.enrolled.device,
            hq_keys: identity.enrolled.hq_keys,
            app: self.office.ports.app.clone(),
            boot: self.office.ports.platform.clock.now().boot,
        })
    }

    fn heads(&self) -> Result<Vec<Head>, Error> {
        // Only what the mark confirms may leave the phone.
        self.open.store.head()?;
        self.open.store.read(|dao| Ok(dao.epochs()?.into_iter().map(|e| e.head).collect()))
    }

    fn hash_at(&self, epoch: Epoch, seq: u64) -> Result<Option<Digest>, Error> {
        self.open.store.read(|dao| Ok(dao.hash_at(epoch, seq)?))
    }

    fn delivered(&self, epoch: Epoch) -> Result<u64, Error> {
        self.open
            .store
            .read(|dao| Ok(dao.epochs()?.iter().find(|e| e.head.epoch == epoch).map_or(0, |e| e.delivered)))
    }

    fn entries(
        &self,
        epoch: Epoch,
        after: u64,
        most: usize,
        bytes: usize,
    ) -> Result<Vec<SealedEntry>, Error> {
        self.open.store.read(|dao| Ok(dao.entries(epoch, after, most, bytes)?))
    }

    fn cursor(&self) -> Result<Cursor, Error> {
        self.open.store.read(cursor)
    }

    fn blocks(&self) -> Result<Vec<BlockUse>, Error> {
        let accounts = self.open.store.read::<_, Error>(|dao| Ok(dao.number_accounts()?))?;
        let one =
            |b: crate::numbers::BlockAccount| BlockUse { lease_id: b.lease_id, next: b.next, burnt: b.burnt };
        // The cross-check is about what is in use; old blocks are in HQ's ledger long since.
        let surplus = accounts.len().saturating_sub(500);
        Ok(accounts.into_iter().skip(surplus).map(one).collect())
    }

    fn lease_wishes(&self) -> Result<Vec<LeaseRequest>, Error> {
        let rows = self.open.store.read(|dao| dao.list(scope::WISH))?;
        Ok(rows.iter().map(|(_, b)| serde_json::from_slice(b)).collect::<Result<_, _>>()?)
    }

    fn unsynced(&self) -> Result<Unsynced, Error> {
        let unsent = self.open.store.read(|dao| dao.unsent())?;
        Ok(Unsynced {
            entries: unsent.entries,
            blobs: unsent.files,
            blob_bytes: unsent.bytes,
            oldest_ms: unsent.oldest_ms,
        })
    }

    fn next_blob(&self, skip: &[Digest]) -> Result<Option<Blob>, Error> {
        let handed = self.open.handed_in.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let most = skip.len().saturating_add(handed.len()).saturating_add(1);
        let waiting = self.open.store.read(|dao| dao.waiting_evidence(most))?;
        let next =
            waiting.into_iter().find(|e| !e.gone && !skip.contains(&e.sha256) && !handed.contains(&e.sha256));
        Ok(next.map(|e| Blob { sha256: e.sha256, length: e.size, offset: e.sent }))
    }

    fn blob_part(&self, sha256: &Digest, offset: u64, most: u64) -> Result<Vec<u8>, Error> {
        Ok(self.open.store.evidence_part(sha256, offset, most)?)
    }

    fn next_file(&self, skip: &[Digest]) -> Result<Option<Blob>, Error> {
        let inbox = self.open.inbox();
        let places = &self.office.places;
        let wanted =
            inbox.filters().find(|f| !skip.contains(&f.sha256) && !feed_file(places, &f.sha256).exists());
        Ok(wanted.map(|f| {
            let part = std::fs::metadata(part_file(places, &f.sha256)).map_or(0, |m| m.len());
            // Killed between the last byte and the name, or not this file: again from the start.
            let offset = if part < f.length { part } else { 0 };
            Blob { sha256: f.sha256, length: f.length, offset }
        }))
    }
}

/// An entry of this phone, as a key.
fn place(epoch: Epoch, seq: u64) -> String {
    format!("{epoch}/{seq}")
}

fn cursor(dao: &Dao<'_>) -> Result<Cursor, Error> {
    match dao.get(scope::OFFICE, "cursor")? {
        Some(bytes) => Ok(serde_json::from_slice(&bytes)?),
        None => Ok(Cursor::default()),
    }
}

/// Keeps HQ's word on how long a case may not be purged, where the purge looks.
fn hold_case(dao: &mut Dao<'_>, hold: &Hold) -> Result<(), StoreError> {
    let until = hold.until_ms.unwrap_or(i64::MAX);
    dao.put(scope::HOLD, &hold.case, until.to_string().as_bytes())?;
    Ok(())
}

fn read_deferral(granted: &Deferral) -> Option<event::Deferral> {
    let parts = granted
        .parts
        .iter()
        .map(|p| Some(event::Instalment { by: p.by.parse().ok()?, amount: Fen(p.amount_fen) }));
    Some(event::Deferral {
        reference: granted.id.clone(),
        number: granted.number.clone(),
        asked_on: granted.asked_on.parse().ok()?,
        until: granted.until.parse().ok()?,
        parts: parts.collect::<Option<_>>()?,
        by: OfficerId(granted.by.clone()),
    })
}

impl Dao<'_> {
    /// What HQ said about photos is void: each is asked for again, and sent again where it is missing.
    fn forget_durable(&mut self) -> Result<(), StoreError> {
        self.sql().execute("UPDATE file SET durable = 0 WHERE gone = 0", [])?;
        Ok(())
    }
}

impl Open {
    /// What an answer changes for a phone whose file only a newer app may write: nothing but the report.
    /// HQ's own word about what it has starts the next push.
    pub(super) fn note(&self, change: Change, report: &mut SyncReport) {
        match change {
            Change::Clock { server_ms, wall_ms } => report.skew_ms = Some(server_ms.saturating_sub(wall_ms)),
            Change::Delivered { receipt, .. } => {
                report.receipts = report.receipts.saturating_add(1);
                report.receipt = Some(*receipt);
            }
            Change::BlobDurable(sha256) => {
                let mut handed = self.handed_in.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                handed.insert(sha256);
                report.blobs = report.blobs.saturating_add(1);
            }
            Change::Wipe(order) => report.wipe = Some(order),
            _ => {}
        }
    }
}

impl FieldOffice {
    /// Stores what an answer changes.
    pub(super) fn apply(&self, open: &Open, change: Change, report: &mut SyncReport) -> Result<(), Error> {
        match change {
            Change::Clock { server_ms, wall_ms } => {
                self.hq_time(open, server_ms, wall_ms)?;
                report.skew_ms = Some(server_ms.saturating_sub(wall_ms));
            }
            Change::MinApp(least) => {
                // Kept, so that an app that is too old stays so when it starts again without a network.
                if self.state().min_app != least {
                    open.store.write::<_, Error>(|dao| {
                        Ok(dao.put(scope::OFFICE, "min_app", least.as_bytes())?)
                    })?;
                    self.state().min_app = least;
                }
            }
            Change::Delivered { receipt, signed, sent_to } => {
                self.delivered(open, &receipt, &signed, sent_to, report)?;
                report.receipts = report.receipts.saturating_add(1);
                report.receipt = Some(*receipt);
            }
            Change::HqHas(have) => open.store.write::<_, Error>(|dao| {
                // HQ speaks of the epochs that hello named.
                for life in dao.epochs()?.into_iter().rev().take(limits::EPOCHS) {
                    let epoch = life.head.epoch;
                    let has = have.iter().find(|h| h.epoch == epoch).map_or(0, |h| h.seq);
                    if has < life.delivered {
                        dao.set_delivered(epoch, has)?;
                    }
                }
                Ok(())
            })?,
            Change::Floors(floors) => open.store.write::<_, Error>(|dao| {
                for floor in floors {
                    dao.raise_floor(floor.epoch, floor.seq)?;
                }
                Ok(())
            })?,
            Change::Page(page) => {
                report.items = report.items.saturating_add(u64::try_from(page.items.len()).unwrap_or(0));
                let reload = !page.items.is_empty() || page.snapshot;
                let more = page.more;
                self.page(open, &page, report)?;
                report.reload |= reload;
                if !more && report.reload {
                    open.reload(&self.places)?;
                    report.reload = false;
                }
            }
            Change::Block { request_id, signed } => self.block(open, &request_id, &signed, report)?,
            Change::BlobAt { sha256, offset } => {
                open.store.write::<_, Error>(|dao| Ok(dao.evidence_sent(&sha256, offset)?))?;
            }
            Change::BlobDurable(sha256) => {
                open.store.write::<_, Error>(|dao| Ok(dao.evidence_durable(&sha256)?))?;
                report.blobs = report.blobs.saturating_add(1);
            }
            Change::FilePart { file, bytes } => self.file_part(open, &file, &bytes, report)?,
            Change::Forked { epoch, seq } => open.store.write::<_, Error>(|dao| {
                Ok(dao.put(scope::FORK, &epoch.to_string(), seq.to_string().as_bytes())?)
            })?,
            Change::Wipe(order) => {
                let bytes = serde_json::to_vec(&order)?;
                open.store.write::<_, Error>(|dao| Ok(dao.put(scope::OFFICE, "wipe", &bytes)?))?;
                report.wipe = Some(order);
            }
        }
        Ok(())
    }

    /// Nothing but a signed receipt counts; it also files (备案) the decisions that it covers, but for those
    /// that HQ holds and cannot use: they are filed another way.
    fn delivered(
        &self,
        open: &Open,
        receipt: &Receipt,
        signed: &Signed,
        sent_to: u64,
        report: &mut SyncReport,
    ) -> Result<(), Error> {
        let ours = open.store.read(|dao| dao.hash_at(receipt.epoch, receipt.seq))?;
        // Of an epoch that was rolled back HQ may hold more than this phone: then the receipt covers what was
        // sent and compared, entry by entry.
        let over = ours.is_none() && open.store.epoch()? != receipt.epoch;
        let upto = if over { sent_to.min(receipt.seq) } else { receipt.seq };
        if !over && ours != Some(receipt.hash) {
            // HQ confirms an entry that is not ours: a twin of this phone is at work.
            let seq = receipt.seq.to_string();
            return open.store.write::<_, Error>(|dao| {
                Ok(dao.put(scope::FORK, &receipt.epoch.to_string(), seq.as_bytes())?)
            });
        }
        let bytes = serde_json::to_vec(signed)?;
        open.store.write::<_, Error>(|dao| {
            dao.set_delivered(receipt.epoch, upto)?;
            dao.raise_floor(receipt.floor.epoch, receipt.floor.seq)?;
            for seq in &receipt.quarantined {
                dao.put(scope::SET_ASIDE, &place(receipt.epoch, *seq), b"")?;
            }
            Ok(dao.put(scope::RECEIPT, &receipt.epoch.to_string(), &bytes)?)
        })?;
        let aside: BTreeSet<String> =
            open.store.read(|dao| dao.list(scope::SET_ASIDE))?.into_iter().map(|(key, _)| key).collect();
        let filed = open.store.read(project::unfiled)?;
        for (case, at) in filed.iter().filter(|(_, w)| w.epoch == receipt.epoch && w.seq <= upto) {
            if aside.contains(&place(at.epoch, at.seq)) {
                continue;
            }
            // One case that cannot be filed now holds up nothing; the next receipt tries again.
            if let Err(e) = self.file(open, case) {
                report.faults.push(format!("备案 / filing: {e}"));
            }
        }
        Ok(())
    }

    fn file(&self, open: &Open, case: &CaseId) -> Result<(), Error> {
        let _turn = self.desk_lock();
        let folded = open.case(case)?;
        let mut parts = self.parts(open, &folded, None)?;
        if let Some(crew) = folded.decided_by() {
            parts.crew = crew.clone();
        }
        match parts.handle(&folded, &Command::File(FilingWay::Receipt)) {
            Ok(events) => {
                open.store.write::<_, Error>(|dao| project::append(dao, &folded, &events, None).map(drop))
            }
            // Void meanwhile, or filed on paper: nothing is owed any more.
            Err(_) => {
                open.store.write::<_, Error>(|dao| Ok(dao.drop_thing(scope::UNFILED, &case.0).map(drop)?))
            }
        }
    }

    fn page(&self, open: &Open, page: &FeedPage, report: &mut SyncReport) -> Result<(), Error> {
        let mut identity = open.identity();
        let mut keys = false;
        let before = open.store.read(cursor)?;
        let new_incarnation = !page.incarnation.is_empty() && page.incarnation != before.incarnation;
        open.store.write::<_, Error>(|dao| {
            let next = if page.incarnation.is_empty() {
                Cursor::default()
            } else {
                Cursor { incarnation: page.incarnation.clone(), pos: page.next }
            };
            let snapshot = page.snapshot && !page.incarnation.is_empty();
            if snapshot && page.after == 0 {
                for (key, _) in dao.list(scope::SNAPSHOT)? {
                    dao.drop_thing(scope::SNAPSHOT, &key)?;
                }
            }
            for item in &page.items {
                let key = format!("{}\n{}", item.kind, item.key);
                match item.read() {
                    Ok(FeedBody::HqKeys(fresh)) if !fresh.keys.is_empty() => {
                        identity.enrolled.hq_keys = fresh.keys;
                        keys = true;
                    }
                    Ok(FeedBody::Lease(_) | FeedBody::Deferral(_)) => {
                        dao.put(scope::PENDING, &key, &serde_json::to_vec(item)?)?;
                    }
                    Ok(FeedBody::Wipe(order)) => {
                        dao.put(scope::OFFICE, "wipe", &serde_json::to_vec(&order)?)?;
                        report.wipe = Some(order);
                    }
                    Ok(FeedBody::Hold(hold)) => hold_case(dao, &hold)?,
                    _ => {}
                }
                dao.put(scope::FEED, &key, &serde_json::to_vec(item)?)?;
                if snapshot {
                    dao.put(scope::SNAPSHOT, &key, b"")?;
                }
            }
            if snapshot && !page.more {
                let named: BTreeSet<String> =
                    dao.list(scope::SNAPSHOT)?.into_iter().map(|(key, _)| key).collect();
                for (key, _) in dao.list(scope::FEED)? {
                    if !named.contains(&key) {
                        dao.drop_thing(scope::FEED, &key)?;
                    }
                }
            }
            if new_incarnation && !before.incarnation.is_empty() {
                // HQ was restored: what it said about photos is void; asking again costs one HEAD each.
                dao.forget_durable()?;
            }
            if keys {
                // With the cursor: from then on HQ signs with these, and nothing else would be heard again.
                dao.put(scope::OFFICE, "identity", &serde_json::to_vec(&identity)?)?;
            }
            dao.put(scope::OFFICE, "cursor", &serde_json::to_vec(&next)?)?;
            Ok(())
        })?;
        self.ports.platform.probe.at(Point::AfterFeed)?;
        self.pending(open, report)?;
        if keys {
            *open.identity.write().unwrap_or_else(std::sync::PoisonError::into_inner) = identity;
        }
        Ok(())
    }

    /// Blocks go to the ledger and the head's deferrals into their cases, each in its own transaction. They wait
    /// beside the feed, where a crash finds them again; one that fails holds up nothing and is tried again.
    pub(super) fn pending(&self, open: &Open, report: &mut SyncReport) -> Result<(), Error> {
        for (key, bytes) in open.store.read(|dao| dao.list(scope::PENDING))? {
            let item = serde_json::from_slice::<FeedItem>(&bytes).ok().and_then(|item| item.read().ok());
            let done = match item {
                Some(FeedBody::Lease(lease)) => self.block(open, "", &lease.block, report),
                Some(FeedBody::Deferral(granted)) => self.deferred(open, &granted, report),
                _ => Ok(()),
            };
            match done {
                Ok(()) => {
                    open.store
                        .write::<_, Error>(|dao| Ok(dao.drop_thing(scope::PENDING, &key).map(|_| ())?))?;
                }
                Err(e) => report.faults.push(e.to_string()),
            }
        }
        Ok(())
    }

    /// 延期、分期 that the head granted becomes an entry of the case, by the crew that decided. What cannot be
    /// noted (paid or revoked meanwhile, noted before) is not wrong.
    fn deferred(&self, open: &Open, granted: &Deferral, report: &mut SyncReport) -> Result<(), Error> {
        let Some(deferral) = read_deferral(granted) else {
            report.faults.push(format!("deferral {}", granted.id));
            return Ok(());
        };
        let _turn = self.desk_lock();
        let case = match open.case(&CaseId(granted.case.clone())) {
            Err(Error::Not(Not::Case)) => return Ok(()),
            other => other?,
        };
        let mut parts = self.parts(open, &case, None)?;
        if let Some(crew) = case.decided_by() {
            parts.crew = crew.clone();
        }
        match parts.handle(&case, &Command::DeferPayment(deferral)) {
            Ok(events) => {
                open.store.write::<_, Error>(|dao| project::append(dao, &case, &events, None))?;
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }

    fn block(
        &self,
        open: &Open,
        request_id: &str,
        signed: &Signed,
        report: &mut SyncReport,
    ) -> Result<(), Error> {
        let keys = open.identity().enrolled.hq_keys;
        let accepted = open.store.write::<_, Error>(|dao| {
            dao.accept_block(signed, &keys)?;
            Ok(())
        });
        match accepted {
            Ok(()) => report.blocks = report.blocks.saturating_add(1),
            // For another epoch, or overlapping: HQ's ledger sees it from the next hello.
            Err(Error::Store(StoreError::Number(e))) => report.faults.push(e.to_string()),
            Err(e) => return Err(e),
        }
        if !request_id.is_empty() {
            open.store.write::<_, Error>(|dao| {
                for (key, bytes) in dao.list(scope::WISH)? {
                    if serde_json::from_slice::<LeaseRequest>(&bytes)
                        .is_ok_and(|w| w.request_id == request_id)
                    {
                        dao.drop_thing(scope::WISH, &key)?;
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn file_part(
        &self,
        open: &Open,
        file: &Blob,
        bytes: &[u8],
        report: &mut SyncReport,
    ) -> Result<(), Error> {
        use std::io::Write as _;
        let (whole, part) = (feed_file(&self.places, &file.sha256), part_file(&self.places, &file.sha256));
        if let Some(folder) = part.parent() {
            std::fs::create_dir_all(folder).map_err(|e| io(&e))?;
        }
        let mut out = std::fs::OpenOptions::new();
        let mut out = if file.offset == 0 {
            out.create(true).write(true).truncate(true).open(&part)
        } else {
            out.append(true).open(&part)
        }
        .map_err(|e| io(&e))?;
        out.write_all(bytes).map_err(|e| io(&e))?;
        let have = file.offset.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if have < file.length {
            return Ok(());
        }
        out.sync_all().map_err(|e| io(&e))?;
        let content = std::fs::read(&part).map_err(|e| io(&e))?;
        if sha256(&content) == file.sha256 {
            std::fs::rename(&part, &whole).map_err(|e| io(&e))?;
            open.reload(&self.places)?;
        } else {
            std::fs::remove_file(&part).map_err(|e| io(&e))?;
            report.faults.push(format!("feed file {}", file.sha256));
            report.bad_files.push(file.sha256);
        }
        Ok(())
    }
}
