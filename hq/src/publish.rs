//! What the desk publishes to phones: calendar, roster, open orders, first-offence lists, pay codes,
//! suspensions.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate, NaiveDateTime};
use ezhifa_casework::{
    law::{calendar::Calendar, keys, rulebook::format::Scope},
    people::{Officer, OfficerKind, Power, Private},
};
use ezhifa_wire::{
    feed::{self as wire_feed, FeedBody, ORDER_CLASS, SeenHit, SeenKey},
    seal::{
        hash::sha256,
        seen::{self, MonthKey},
    },
};
use serde::{Deserialize, Serialize};
use xorf::{BinaryFuse16, DmaSerializable};

use crate::{
    Hq,
    config::local,
    error::HqError,
    feed,
    store::{self, Write},
};

/// The current month's list is published again after this.
const SEEN_FRESH_MS: i64 = 3_600_000;
/// A list with new finds travels at most this often.
const SEEN_CALM_MS: i64 = 60_000;

/// An open order as the desk knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewOrder {
    /// Branch whose phones carry it.
    pub branch: String,
    /// Its number.
    pub number: String,
    /// Offence id.
    pub offence: String,
    /// The party's id number; only its keyed hash travels.
    pub id_number: Private,
    /// Where.
    pub place: String,
    /// When made, local time.
    pub ordered_at: NaiveDateTime,
    /// When the correction is due, local time.
    pub due: NaiveDateTime,
    /// When served, local time; none where service is not proved.
    pub served_at: Option<NaiveDateTime>,
    /// How served.
    pub served: String,
    /// Who made it.
    pub ordered_by: Vec<String>,
}

/// An earlier find (首违 look-up).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewSeen {
    /// Branch (own district, exact).
    pub branch: String,
    /// The party's id number.
    pub id_number: Private,
    /// Conduct class of the offence.
    pub conduct: String,
    /// Day.
    pub on: NaiveDate,
    /// HQ's reference.
    pub reference: String,
}

/// Unix milliseconds of a local time.
pub(crate) fn ms(t: NaiveDateTime) -> i64 {
    t.and_utc().timestamp_millis().saturating_sub(8 * 3_600_000)
}

fn month(day: NaiveDate) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

impl Hq {
    /// Publishes the working-day calendar.
    ///
    /// # Errors
    /// The document has faults, or the store failed.
    pub fn publish_calendar(&self, toml: &str) -> Result<(), HqError> {
        let calendar = Calendar::parse(toml).map_err(|e| HqError::Law(e.to_string()))?;
        let body = FeedBody::Calendar(wire_feed::Calendar {
            version: calendar.id().to_owned(),
            hash: sha256(toml.as_bytes()),
            toml: toml.to_owned(),
        });
        let (text, now) = (toml.to_owned(), self.now_ms());
        self.write(1, move |w| {
            store::put(w, "meta", "calendar", &text)?;
            feed::publish(w, &feed::to_all(), &body, now)
        })
    }

    /// The calendar in force.
    #[must_use]
    pub fn calendar(&self) -> Option<Calendar> {
        let text: String = self.read(|r| store::get(r, "meta", "calendar")).ok()??;
        Calendar::parse(&text).ok()
    }

    /// Publishes the roster of a branch: everybody at once.
    ///
    /// # Errors
    /// The store failed.
    pub fn publish_roster(&self, branch: &str, officers: &[Officer]) -> Result<(), HqError> {
        let body = FeedBody::Roster(wire_feed::Roster {
            officers: officers
                .iter()
                .map(|o| wire_feed::RosterOfficer {
                    id: o.id.0.clone(),
                    name: o.name.clone(),
                    certificate: o.certificate.clone(),
                    kind: match o.kind {
                        OfficerKind::Certified => "certified",
                        OfficerKind::Auxiliary => "auxiliary",
                    }
                    .to_owned(),
                    valid_from: o.valid_from.to_string(),
                    valid_to: o.valid_to.to_string(),
                    branch: o.branch.clone(),
                    pin_verifier: o.pin_verifier.clone(),
                    powers: o
                        .powers
                        .iter()
                        .map(|p| {
                            match p {
                                Power::Void => "void",
                                Power::Head => "head",
                                Power::Review => "review",
                            }
                            .to_owned()
                        })
                        .collect(),
                })
                .collect(),
        });
        let (branch, officers, now) = (branch.to_owned(), officers.to_vec(), self.now_ms());
        self.write(1, move |w| {
            store::put(w, "roster", &branch, &officers)?;
            feed::publish(w, &feed::to_branch(&branch), &body, now)
        })
    }

    /// The roster of a branch as published.
    ///
    /// # Errors
    /// The store failed.
    pub fn roster(&self, branch: &str) -> Result<Vec<Officer>, HqError> {
        Ok(self.read(|r| store::get(r, "roster", branch))?.unwrap_or_default())
    }

    /// Puts an open order on the phones of a branch, with its proof of service.
    ///
    /// # Errors
    /// The store failed.
    pub fn add_open_order(&self, order: &NewOrder) -> Result<(), HqError> {
        let key = self.seen_key("orders")?;
        let party = tag(&key, ORDER_CLASS, order.id_number.reveal())?;
        let body = FeedBody::OpenOrder(wire_feed::OpenOrder {
            number: order.number.clone(),
            offence: order.offence.clone(),
            party: vec![party],
            key,
            place: order.place.clone(),
            lat_e7: None,
            lon_e7: None,
            ordered_ms: ms(order.ordered_at),
            due_ms: ms(order.due),
            served_ms: order.served_at.map(ms),
            served: order.served.clone(),
            ordered_by: order.ordered_by.clone(),
            refused: false,
            rechecked: None,
            closed: false,
        });
        let (order, now) = (order.clone(), self.now_ms());
        self.write(1, move |w| {
            crate::desk::orders::from_elsewhere(w, &order)?;
            feed::publish(w, &feed::to_branch(&order.branch), &body, now)
        })
    }

    /// Adds earlier finds and publishes the exact lists of the months they fall in.
    ///
    /// # Errors
    /// The store failed.
    pub fn add_seen(&self, finds: &[NewSeen]) -> Result<(), HqError> {
        let mut lists: BTreeMap<(String, String), Vec<SeenHit>> = BTreeMap::new();
        for find in finds {
            let month = month(find.on);
            let key = self.seen_key(&month)?;
            let hit = SeenHit {
                tag: tag(&key, &find.conduct, find.id_number.reveal())?,
                on: find.on.to_string(),
                reference: find.reference.clone(),
            };
            lists.entry((find.branch.clone(), month)).or_default().push(hit);
        }
        let now = self.now_ms();
        for ((branch, month), new) in lists {
            let key = self.seen_key(&month)?;
            self.write(1, move |w| {
                note_seen(w, &branch, &month, new)?;
                publish_seen(w, &branch, &month, key, now)
            })?;
        }
        Ok(())
    }

    /// Publishes the exact lists of a branch for every month of the look-back window, empty ones too: a
    /// month without a list is a month that a phone knows nothing about. The current month is published
    /// again when it is older than an hour, so that phones can say how fresh they are.
    ///
    /// # Errors
    /// The store or the randomness failed.
    pub fn refresh_seen(&self, branch: &str) -> Result<(), HqError> {
        let now = self.now_ms();
        let today = local(now).date();
        let months = self.newest_book().map_or(12, |b| b.settings().look_back_months);
        let window: Vec<String> =
            (0..=months).filter_map(|back| today.checked_sub_months(Months::new(back))).map(month).collect();
        let current = month(today);
        let branch = branch.to_owned();
        let due: Vec<String> = self.read(|r| {
            let mut due = Vec::new();
            for month in window {
                let doc = format!("{branch}/{month}");
                let age = store::get::<i64>(r, "seen_as_of", &doc)?.map(|at| now.saturating_sub(at));
                let dirty = r.doc("seen_dirty", &doc)?.is_some();
                if age.is_none_or(|age| {
                    (month == current && age >= SEEN_FRESH_MS) || (dirty && age >= SEEN_CALM_MS)
                }) {
                    due.push(month);
                }
            }
            Ok(due)
        })?;
        for month in due {
            let (key, branch) = (self.seen_key(&month)?, branch.clone());
            self.write(1, move |w| publish_seen(w, &branch, &month, key, now))?;
        }
        Ok(())
    }

    /// Builds the whole-city filters, one `BinaryFuse16` for each month of the look-back window over every
    /// branch's finds, and publishes those that are new: a month that is over travels again only when it
    /// changed, this month's always, because it says how fresh a phone's knowledge is. Gives how many.
    ///
    /// # Errors
    /// The store failed, or a filter cannot be built.
    pub fn publish_city_filters(&self) -> Result<u64, HqError> {
        let now = self.now_ms();
        let today = local(now).date();
        let back = self.newest_book().map_or(12, |b| b.settings().look_back_months);
        // A month without finds has a filter too: without one a phone knows nothing of it.
        let mut months: BTreeMap<String, Vec<u64>> = (0..=back)
            .filter_map(|back| today.checked_sub_months(Months::new(back)))
            .map(|day| (month(day), Vec::new()))
            .collect();
        let lists: Vec<(String, Vec<SeenHit>)> = self.read(|r| store::list(r, "seen", ""))?;
        for (key, hits) in lists {
            if let Some(keys) = months.get_mut(key.rsplit('/').next().unwrap_or_default()) {
                keys.extend(hits.iter().filter_map(|h| u64::from_str_radix(h.tag.get(..16)?, 16).ok()));
            }
        }
        let mut published = 0_u64;
        for (of, mut keys) in months {
            keys.sort_unstable();
            keys.dedup();
            let filter = BinaryFuse16::try_from(&keys).map_err(|e| HqError::Store(e.to_owned()))?;
            let bytes = filter_bytes(&filter);
            let sha = sha256(&bytes);
            let told: Option<String> = self.read(|r| store::get(r, "city_filter", &of))?;
            if of != month(today) && told == Some(sha.to_string()) {
                continue;
            }
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            // From where an earlier attempt was cut short.
            let held = self.inner.blobs.progress(&sha)?;
            if !held.complete {
                let rest =
                    usize::try_from(held.offset).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
                self.inner.blobs.append(&sha, held.offset, length, rest)?;
            }
            let body = FeedBody::SeenFilter(wire_feed::SeenFilter {
                scope: self.config().organ.clone(),
                month: of.clone(),
                as_of_ms: now,
                key: self.seen_key(&of)?,
                form: keys::KEY_FORM,
                format: "binaryfuse16.v1".to_owned(),
                sha256: sha,
                length,
            });
            self.write(1, move |w| {
                w.put_doc("feed_file", &sha.to_string(), "{}")?;
                store::put(w, "city_filter", &of, &sha.to_string())?;
                feed::publish(w, &feed::to_all(), &body, now)
            })?;
            published = published.saturating_add(1);
        }
        Ok(published)
    }

    /// The same, where the rulebook looks further than the own district (首违: 区外记录).
    pub(crate) fn city_filters_if_wanted(&self) -> Result<(), HqError> {
        match self.newest_book() {
            Some(book) if book.settings().look_back_scope != Scope::District => {
                self.publish_city_filters().map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Lends pay codes to one phone.
    ///
    /// # Errors
    /// The store or the randomness failed.
    pub fn add_pay_codes(&self, device: &str, codes: &[String]) -> Result<(), HqError> {
        let batch = format!("p-{}", self.random_hex::<6>()?);
        let (target, now, codes) = (feed::to_device(device), self.now_ms(), codes.to_vec());
        let device = device.to_owned();
        self.write(1, move |w| {
            for code in &codes {
                if w.doc("pay_code", code)?.is_some() {
                    return Err(HqError::Conflict("缴款码已经借出 / a pay code is lent already".into()));
                }
                store::put(w, "pay_code", code, &device)?;
            }
            crate::desk::paycodes::lent(w, &device, codes.len())?;
            feed::publish(w, &target, &FeedBody::PayCodes(wire_feed::PayCodes { batch, codes }), now)
        })
    }

    /// 停用案由: from now on this offence is not decided on, until withdrawn (`on: false`).
    ///
    /// # Errors
    /// The store failed.
    pub fn suspend_offence(&self, offence: &str, reason: &str, on: bool) -> Result<(), HqError> {
        let now = self.now_ms();
        let suspend = wire_feed::Suspend {
            offence: offence.to_owned(),
            from_ms: now,
            until_ms: if on { None } else { Some(now) },
            reason: reason.to_owned(),
        };
        self.write(1, move |w| {
            // Every span is kept: a decision may arrive long after the suspension was lifted.
            let spans: Vec<(String, wire_feed::Suspend)> =
                store::list(w, "suspension", &format!("{}/", suspend.offence))?;
            for (key, mut span) in spans.into_iter().filter(|(_, s)| s.until_ms.is_none()) {
                span.until_ms = Some(now);
                store::put(w, "suspension", &key, &span)?;
            }
            if on {
                store::put(w, "suspension", &format!("{}/{now:015}", suspend.offence), &suspend)?;
            }
            feed::publish(w, &feed::to_all(), &FeedBody::Suspend(suspend), now)
        })
    }

    /// The key of keyed hashes for a month, made at first use and rotated with it.
    pub(crate) fn seen_key(&self, id: &str) -> Result<SeenKey, HqError> {
        if let Some(key) = self.read(|r| store::get(r, "seen_key", id))? {
            return Ok(key);
        }
        let fresh = SeenKey { id: id.to_owned(), secret: self.random_hex::<32>()? };
        self.write(1, move |w| match store::get(w, "seen_key", &fresh.id)? {
            Some(key) => Ok(key),
            None => {
                store::put(w, "seen_key", &fresh.id, &fresh)?;
                Ok(fresh)
            }
        })
    }
}

/// The suspension that held for an offence at a moment.
pub(crate) fn suspended_at(
    w: &mut dyn Write,
    offence: &str,
    at_ms: i64,
) -> Result<Option<wire_feed::Suspend>, HqError> {
    let spans: Vec<(String, wire_feed::Suspend)> = store::list(w, "suspension", &format!("{offence}/"))?;
    let holds = |s: &wire_feed::Suspend| s.from_ms <= at_ms && s.until_ms.is_none_or(|until| at_ms < until);
    Ok(spans.into_iter().map(|(_, s)| s).find(holds))
}

/// The bytes of `binaryfuse16.v1`: `xorf`'s descriptor (`DESCRIPTOR_LEN` bytes), then its fingerprints.
#[must_use]
pub fn filter_bytes(filter: &BinaryFuse16) -> Vec<u8> {
    let mut head = [0_u8; BinaryFuse16::DESCRIPTOR_LEN];
    filter.dma_copy_descriptor_to(&mut head);
    let mut bytes = head.to_vec();
    bytes.extend_from_slice(filter.dma_fingerprints());
    bytes
}

/// Keyed hash of a conduct class and a party, in normal form (docs/protocol.md).
pub(crate) fn tag(key: &SeenKey, class: &str, id_number: &str) -> Result<String, HqError> {
    let secret = MonthKey(crate::ingest::digest(&key.secret)?.0);
    Ok(seen::key(&secret, class, &keys::key_form(id_number))
        .map_err(|e| HqError::Seal(e.to_string()))?
        .to_string())
}

/// Adds finds to a month's list; phones get it with the next refresh, many finds at once.
pub(crate) fn note_seen(
    w: &mut dyn Write,
    branch: &str,
    month: &str,
    new: Vec<SeenHit>,
) -> Result<(), HqError> {
    let doc = format!("{branch}/{month}");
    let mut hits: Vec<SeenHit> = store::get(w, "seen", &doc)?.unwrap_or_default();
    for hit in new {
        if !hits.iter().any(|h| h.tag == hit.tag && h.reference == hit.reference) {
            hits.push(hit);
        }
    }
    store::put(w, "seen", &doc, &hits)?;
    store::put(w, "seen_dirty", &doc, &true)
}

/// Takes a find out of a month's list again: it was another person.
pub(crate) fn withdraw_seen(
    w: &mut dyn Write,
    branch: &str,
    month: &str,
    reference: &str,
) -> Result<(), HqError> {
    let doc = format!("{branch}/{month}");
    let mut hits: Vec<SeenHit> = store::get(w, "seen", &doc)?.unwrap_or_default();
    hits.retain(|h| h.reference != reference);
    store::put(w, "seen", &doc, &hits)?;
    store::put(w, "seen_dirty", &doc, &true)
}

fn publish_seen(w: &mut dyn Write, branch: &str, month: &str, key: SeenKey, now: i64) -> Result<(), HqError> {
    let doc = format!("{branch}/{month}");
    let hits: Vec<SeenHit> = store::get(w, "seen", &doc)?.unwrap_or_default();
    store::put(w, "seen", &doc, &hits)?;
    store::put(w, "seen_as_of", &doc, &now)?;
    w.remove_doc("seen_dirty", &doc)?;
    let body = FeedBody::Seen(wire_feed::Seen {
        scope: branch.to_owned(),
        month: month.to_owned(),
        as_of_ms: now,
        key,
        form: keys::KEY_FORM,
        hits,
    });
    feed::publish(w, &feed::to_branch(branch), &body, now)
}

/// The month that a moment falls in.
pub(crate) fn month_of(ms: i64) -> String {
    month(local(ms).date())
}
