//! Numbers (文书字号): lent in signed blocks, and a ledger that closes each block: every gap explained.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use ezhifa_casework::law::{rulebook::Rulebook, terms::Series};
use ezhifa_wire::{
    Check, domains,
    feed::{self as wire_feed, FeedBody},
    hello::BlockUse,
    lease::{LeaseReply, LeaseRequest},
    seal::{
        entry::{DeviceId, Epoch},
        lease::NumberBlock,
        sign::{Signed, Signer as _},
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    Hq, alarms,
    config::local,
    devices::{self, Device},
    error::HqError,
    feed,
    protocol::Asked,
    store::{self, EntryRow, Write},
};

/// Drills have their own numbers.
pub const DRILL: &str = "drill-";
/// A restore starts its numbers this far up, so that no number lent after the back-up can come again.
const GENERATION: u64 = 1_000_000;
/// A block that is not used in this time is closed.
const BLOCK_DAYS: i64 = 45;

/// What HQ knows of one lent block.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Block {
    /// The block.
    pub block: NumberBlock,
    /// When it was lent.
    pub lent_ms: i64,
    /// What the phone last said of it.
    pub reported: Option<BlockUse>,
    /// Numbers before this one were once said to be used: a phone that was rolled back says less again.
    #[serde(default)]
    pub passed: u64,
}

/// What became of one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberFile {
    /// `reserved`, `issued`, `void`, `undelivered`, `revoked`, `lost`.
    pub state: String,
    /// Why, for void and its like.
    pub because: String,
    /// Case.
    pub case: String,
    /// Device.
    pub device: String,
    /// Drill paper.
    pub drill: bool,
    /// From a sample rulebook, or a drill.
    pub sample: bool,
    /// Check code on the paper; empty before it is signed.
    pub check_code: String,
    /// 补正 was made.
    pub corrected: bool,
}

/// One block, closed: used + void + burnt + declared + free = size, or something is unexplained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// Lease.
    pub lease_id: String,
    /// Series word.
    pub series: String,
    /// Year.
    pub year: i32,
    /// First number.
    pub from: u64,
    /// Last number.
    pub to: u64,
    /// Device.
    pub device: String,
    /// On papers that stand or were revoked.
    pub used: u64,
    /// Reserved by a decision that is not yet a paper.
    pub reserved: u64,
    /// Void or undelivered, each with its reason.
    pub void: u64,
    /// Burnt by a roll-back.
    pub burnt: u64,
    /// Lost with a phone or a roll-back, declared.
    pub declared: u64,
    /// Not used: still lent, or run out.
    pub free: u64,
    /// Passed by the phone with no paper at HQ and no reason: must be 0 once everything is synced.
    pub unexplained: Vec<String>,
    /// Whether nothing of it can be used any more.
    pub closed: bool,
}

/// Sums over all blocks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// One line a block.
    pub blocks: Vec<LedgerLine>,
    /// Numbers on papers that are not in any block HQ lent: must be empty.
    pub foreign: Vec<String>,
    /// Numbers on papers of another phone than the one their block was lent to: must be empty.
    #[serde(default)]
    pub elsewhere: Vec<String>,
}

/// How numbers are written: a phone uses the format of the pack it decides with, and a block outlives a pack.
/// So a number of a block may have the text of any pack that was ever published.
struct Formats(Vec<Arc<Rulebook>>);

impl Formats {
    /// Never empty; the text of the newest pack comes first.
    fn texts(&self, block: &NumberBlock, seq: u64) -> Vec<String> {
        let mut texts = match series_of(&block.series) {
            None => vec![seq.to_string()],
            // Without a rulebook too, no two series share a text.
            Some(_) if self.0.is_empty() => vec![format!("{}-{}-{seq}", block.series, block.year)],
            Some(series) => self.0.iter().map(|book| book.number_text(series, block.year, seq)).collect(),
        };
        if block.series.starts_with(DRILL) {
            texts.iter_mut().for_each(|text| text.insert_str(0, "演练"));
        }
        texts
    }
}

/// The series behind its word; drills share the words.
#[must_use]
pub fn series_of(word: &str) -> Option<Series> {
    serde_json::from_value(serde_json::Value::from(word.strip_prefix(DRILL).unwrap_or(word))).ok()
}

impl Hq {
    pub(crate) fn lease(&self, device: &Device, asked: &Asked<'_>) -> Result<Signed, HqError> {
        let request: LeaseRequest = asked.read("lease")?;
        request.check()?;
        let this_year = local(self.now_ms()).year();
        if request.year < this_year || request.year > this_year.saturating_add(1) {
            return Err(HqError::NoNumbers("year"));
        }
        series_of(&request.series).ok_or(HqError::NoNumbers("series"))?;
        let block = self.lend(
            device,
            request.epoch,
            &request.series,
            request.year,
            request.want,
            &request.request_id,
        )?;
        self.sign_for(
            device,
            domains::LEASE_REPLY,
            &LeaseReply {
                device: asked.auth.device.clone(),
                nonce: asked.auth.nonce.clone(),
                request_id: request.request_id,
                block,
            },
        )
    }

    /// Lends numbers and sends the block by the feed, unasked.
    ///
    /// # Errors
    /// Unknown series, or the store failed.
    pub fn lend_by_feed(
        &self,
        device: &str,
        epoch: Epoch,
        series: &str,
        year: i32,
        want: u64,
    ) -> Result<(), HqError> {
        series_of(series).ok_or(HqError::NoNumbers("series"))?;
        let request = format!("hq-{}", self.random_hex::<8>()?);
        let known = self.device(device)?;
        let block = self.lend(&known, epoch, series, year, want, &request)?;
        let inner: NumberBlock = block
            .open(domains::NUMBER_BLOCK, &self.key_for(&known).public_key())
            .map_err(|e| HqError::Seal(e.to_string()))?;
        let (target, now) = (feed::to_device(device), self.now_ms());
        let body = FeedBody::Lease(wire_feed::Lease { lease_id: inner.lease_id, block });
        self.write(1, move |w| feed::publish(w, &target, &body, now))
    }

    fn lend(
        &self,
        device: &Device,
        epoch: Epoch,
        series: &str,
        year: i32,
        want: u64,
        request_id: &str,
    ) -> Result<Signed, HqError> {
        let signer = self.key_for(device);
        let device = device.id.as_str();
        let key = format!("{device}/{request_id}");
        let want = want.clamp(1, ezhifa_wire::limits::BLOCK);
        let lease_id = format!("n-{}", self.random_hex::<8>()?);
        let now = self.now_ms();
        let year_end = shanghai_ms(NaiveDate::from_ymd_opt(year.saturating_add(1), 1, 1));
        let not_after_ms = now
            .saturating_add(BLOCK_DAYS * 86_400_000)
            .max(shanghai_ms(NaiveDate::from_ymd_opt(year, 1, 1)).saturating_add(BLOCK_DAYS * 86_400_000))
            .min(year_end);
        let (organ, device, series) = (self.config().organ.clone(), device.to_owned(), series.to_owned());
        let hq = self.clone();
        self.write(1, move |w| {
            // The same request gets the same block: a lost answer costs no numbers, a doubled one makes none.
            if let Some(known) = store::get::<Signed>(w, "lease_request", &key)? {
                return Ok(known);
            }
            let generation = store::get::<u64>(w, "meta", "generation")?.unwrap_or(0);
            let last = w.advance(&format!("number/{generation}/{series}/{year}"), want)?;
            let base = generation.saturating_mul(GENERATION);
            let block = NumberBlock {
                lease_id: lease_id.clone(),
                organ,
                series,
                year,
                from: base.saturating_add(last).saturating_sub(want).saturating_add(1),
                to: base.saturating_add(last),
                device: DeviceId(device),
                epoch,
                not_after_ms,
            };
            let signed = hq.sign_with(&signer, domains::NUMBER_BLOCK, &block)?;
            // From now on this life of the journal is known, even if it never sends an entry: should the phone
            // be rolled back before it does, the numbers lent to it count as burnt, not as free.
            let owner = block.device.0.clone();
            if let Some(mut device) = devices::get(w, &owner)?
                && !device.epochs.contains(&epoch)
            {
                device.epochs.push(epoch);
                store::put(w, "device", &owner, &device)?;
            }
            store::put(w, "block", &lease_id, &Block { block, lent_ms: now, reported: None, passed: 0 })?;
            store::put(w, "lease_request", &key, &signed)?;
            Ok(signed)
        })
    }

    /// The ledger: every number of every block, accounted for from the journals.
    ///
    /// # Errors
    /// The store failed.
    pub fn ledger(&self) -> Result<Ledger, HqError> {
        self.settle()?;
        let (now, formats) = (self.now_ms(), self.formats()?);
        self.read(|r| {
            let blocks: Vec<(String, Block)> = store::list(r, "block", "")?;
            let numbers: BTreeMap<String, NumberFile> = store::list(r, "number", "")?.into_iter().collect();
            let devices: BTreeMap<String, Device> = store::list(r, "device", "")?.into_iter().collect();
            let mut known = std::collections::BTreeSet::new();
            let mut ledger = Ledger::default();
            for (_, Block { block, reported, passed, .. }) in blocks {
                let device = devices.get(&block.device.0);
                let later_epoch = device.is_some_and(|d| {
                    d.epochs.last() != Some(&block.epoch) && d.epochs.contains(&block.epoch)
                });
                let burnt_block = later_epoch || reported.as_ref().is_some_and(|u| u.burnt);
                let lost = device.is_some_and(|d| d.lost_ms.is_some());
                let next = reported.as_ref().map_or(block.from, |u| u.next).max(passed);
                let mut line = LedgerLine {
                    lease_id: block.lease_id.clone(),
                    series: block.series.clone(),
                    year: block.year,
                    from: block.from,
                    to: block.to,
                    device: block.device.0.clone(),
                    used: 0,
                    reserved: 0,
                    void: 0,
                    burnt: 0,
                    declared: 0,
                    free: 0,
                    unexplained: Vec::new(),
                    closed: burnt_block || lost || now > block.not_after_ms,
                };
                for seq in block.from..=block.to {
                    let mut texts = formats.texts(&block, seq);
                    let written = texts.iter().position(|text| numbers.contains_key(text)).unwrap_or(0);
                    let text = texts.swap_remove(written);
                    if numbers.get(&text).is_some_and(|n| n.device != block.device.0) {
                        ledger.elsewhere.push(text.clone());
                    }
                    let count = match numbers.get(&text).map(|n| n.state.as_str()) {
                        Some("issued" | "revoked") => &mut line.used,
                        Some("reserved") => &mut line.reserved,
                        Some("lost" | "burnt") => &mut line.declared,
                        Some(_) => &mut line.void,
                        None if lost => &mut line.declared,
                        // On a paper that went with the roll-back: handed to somebody, perhaps.
                        None if burnt_block && seq < passed => &mut line.declared,
                        None if burnt_block => &mut line.burnt,
                        None if seq >= next => &mut line.free,
                        None => {
                            line.unexplained.push(text);
                            continue;
                        }
                    };
                    *count = count.saturating_add(1);
                    known.insert(text);
                }
                ledger.blocks.push(line);
            }
            ledger.foreign = numbers
                .iter()
                .filter(|(text, n)| !n.drill && !known.contains(*text))
                .map(|(text, _)| text.clone())
                .collect();
            Ok(ledger)
        })
    }

    /// Whether a number of the penalty series stands in a block that this phone may still use.
    pub(crate) fn lent_to(&self, device: &str, number: &str) -> Result<bool, HqError> {
        let (now, formats) = (self.now_ms(), self.formats()?);
        let blocks: Vec<(String, Block)> = self.read(|r| store::list(r, "block", ""))?;
        Ok(blocks
            .iter()
            .map(|(_, b)| &b.block)
            .filter(|b| {
                b.device.0 == device
                    && series_of(&b.series) == Some(Series::Penalty)
                    && !b.series.starts_with(DRILL)
                    && now <= b.not_after_ms
            })
            .any(|b| (b.from..=b.to).any(|seq| formats.texts(b, seq).iter().any(|text| text == number))))
    }

    /// One pack for each way to write numbers, the newest pack first.
    fn formats(&self) -> Result<Formats, HqError> {
        let mut seen = std::collections::BTreeSet::new();
        let mut books: Vec<Arc<Rulebook>> = self.newest_book().into_iter().collect();
        books.extend(self.books()?.deciding());
        books.retain(|book| seen.insert(Series::ALL.map(|series| book.number_text(series, 2000, 7))));
        Ok(Formats(books))
    }

    /// Looks once a day for numbers that the wrong phone used.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn look_for_strays(&self) -> Result<(), HqError> {
        let (strays, now) = (self.ledger()?.elsewhere, self.now_ms());
        if strays.is_empty() {
            return Ok(());
        }
        self.write(strays.len(), move |w| {
            strays.iter().try_for_each(|number| {
                alarms::raise_once(
                    w,
                    now,
                    "number_elsewhere",
                    number,
                    "字号借给了另一设备 / this number was lent to another phone",
                )
            })
        })
    }
}

fn shanghai_ms(day: Option<NaiveDate>) -> i64 {
    day.and_then(|d| d.and_hms_opt(0, 0, 0))
        .map_or(i64::MAX, |t: NaiveDateTime| t.and_utc().timestamp_millis().saturating_sub(8 * 3_600_000))
}

/// A block that the phone's journal says it received (`{event: "received", block}`). An HQ that was put back
/// from a back-up learns here what it lent after the copy was made; one that never was takes nobody's word.
pub(crate) fn learned(w: &mut dyn Write, row: &EntryRow) -> Result<(), HqError> {
    #[derive(Deserialize)]
    struct Received {
        block: NumberBlock,
    }
    let restored = store::get::<u64>(w, "meta", "generation")?.unwrap_or(0) > 0;
    let Some(said) = row.body.as_deref().and_then(|b| serde_json::from_slice::<Received>(b).ok()) else {
        return Ok(());
    };
    let block = said.block;
    let mine = block.device.0 == row.device && block.check().is_ok();
    if !restored || !mine || store::get::<Block>(w, "block", &block.lease_id)?.is_some() {
        return Ok(());
    }
    let key = block.lease_id.clone();
    store::put(w, "block", &key, &Block { block, lent_ms: row.received_ms, reported: None, passed: 0 })
}

/// The phone's own word on a block, as a cross-check; a block that HQ does not know was lent by an HQ
/// that was lost between back-up and restore.
pub(crate) fn reported(w: &mut dyn Write, device: &str, used: &BlockUse, now: i64) -> Result<(), HqError> {
    match store::get::<Block>(w, "block", &used.lease_id)? {
        Some(mut block) if block.block.device.0 == device => {
            if block.reported.as_ref() != Some(used) {
                block.passed = block.passed.max(used.next);
                block.reported = Some(used.clone());
                store::put(w, "block", &used.lease_id, &block)?;
            }
            Ok(())
        }
        Some(_) => alarms::raise(
            w,
            now,
            "block_elsewhere",
            device,
            "设备持有借给另一设备的号段 / the phone holds a block lent to another",
        ),
        None => alarms::raise(
            w,
            now,
            "block_unknown",
            device,
            "设备持有本库没有记录的号段（恢复前借出）/ the phone holds a block this database does not know",
        ),
    }
}
