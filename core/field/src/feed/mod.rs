//! What HQ sent, as the phone uses it: packs by date, roster, orders, lists. Rebuilt from the stored feed
//! items; holds nothing that is not there.

mod filter;
mod history;
mod near;

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta};
use ezhifa_casework::{
    command::ReceiptBlock,
    law::{
        calendar::Calendar,
        decision::{PackRef, PriorOrder},
        rulebook::Rulebook,
    },
    people::{OfficerId, Roster},
};
use ezhifa_wire::{
    feed::{self, FeedBody, FeedItem, Lead, OpenOrder, Payment, Verdict},
    seal::hash::Digest,
};

pub use filter::CityFilter;
pub use history::Found;
pub use near::Here;

use crate::error::Not;

/// A pack with the days it is in force for this branch.
#[derive(Debug, Clone)]
struct Pack {
    from: NaiveDate,
    until: Option<NaiveDate>,
    book: Arc<Rulebook>,
}

/// Everything from HQ that decisions, screens and papers need.
#[derive(Default)]
pub struct Inbox {
    packs: Vec<Pack>,
    books: BTreeMap<String, Arc<Rulebook>>,
    /// What could not be used, and why: shown by `readiness()`.
    pub faults: Vec<String>,
    calendar: Option<Arc<Calendar>>,
    calendar_version: String,
    roster: Option<Arc<Roster>>,
    orders: BTreeMap<String, OpenOrder>,
    seen: Vec<feed::Seen>,
    filters: Vec<(feed::SeenFilter, Option<Arc<CityFilter>>)>,
    pay_codes: Vec<String>,
    receipts: Vec<ReceiptBlock>,
    leads: BTreeMap<String, Lead>,
    verdicts: Vec<Verdict>,
    payments: Vec<Payment>,
    suspended: Vec<feed::Suspend>,
    messages: Vec<feed::Message>,
    /// When HQ published its newest pack.
    pack_ms: Option<i64>,
}

/// Local time (Asia/Shanghai: no summer time since 1991) of a moment.
#[must_use]
pub fn local(ms: i64) -> NaiveDateTime {
    let utc = DateTime::from_timestamp_millis(ms).unwrap_or_default().naive_utc();
    utc.checked_add_signed(TimeDelta::hours(8)).unwrap_or(utc)
}

/// The moment of a local time.
#[must_use]
pub fn moment(at: NaiveDateTime) -> i64 {
    at.and_utc().timestamp_millis().saturating_sub(8 * 3_600_000)
}

impl Inbox {
    /// Builds the view. `files` gives the bytes of a file that an item names, when the phone has it.
    /// An item that cannot be used is told, and blocks nothing.
    #[must_use]
    pub fn build(
        items: &[FeedItem],
        earlier: Option<&Inbox>,
        files: &dyn Fn(&Digest) -> Option<Vec<u8>>,
    ) -> Inbox {
        let mut inbox = Inbox::default();
        let mut rulebooks = Vec::new();
        for item in items {
            match item.read() {
                Ok(FeedBody::Rulebook(pack)) => rulebooks.push(pack),
                Ok(body) => inbox.take(body, earlier, files),
                Err(e) => inbox.faults.push(e.to_string()),
            }
        }
        inbox.pack_ms = rulebooks.iter().filter_map(|p| p.published_ms).max();
        inbox.load(rulebooks, earlier);
        inbox
    }

    fn take(&mut self, body: FeedBody, earlier: Option<&Inbox>, files: &dyn Fn(&Digest) -> Option<Vec<u8>>) {
        match body {
            FeedBody::Calendar(calendar) if calendar.version >= self.calendar_version => {
                match Calendar::parse(&calendar.toml) {
                    Ok(read) => {
                        self.calendar = Some(Arc::new(read));
                        self.calendar_version = calendar.version;
                    }
                    Err(e) => self.faults.push(format!("calendar {}: {e}", calendar.version)),
                }
            }
            FeedBody::Roster(roster) => {
                let read = serde_json::to_value(&roster).and_then(serde_json::from_value::<Roster>);
                match read {
                    Ok(read) => self.roster = Some(Arc::new(read)),
                    // The text may name people: only the place is told.
                    Err(e) => self.faults.push(format!("roster {}:{}", e.line(), e.column())),
                }
            }
            FeedBody::PayCodes(batch) => self.pay_codes.extend(batch.codes),
            FeedBody::Receipts(batch) => {
                self.receipts.push(ReceiptBlock { prefix: batch.prefix, from: batch.from, to: batch.to });
            }
            FeedBody::OpenOrder(order) if !order.closed => {
                self.orders.insert(order.number.clone(), order);
            }
            FeedBody::Seen(list) => self.seen.push(list),
            FeedBody::SeenFilter(item) => {
                let known = earlier.and_then(|e| e.filters.iter().find(|(f, _)| f.sha256 == item.sha256));
                let filter = match known {
                    Some((_, Some(filter))) => Some(filter.clone()),
                    _ => files(&item.sha256).and_then(|bytes| {
                        let filter = CityFilter::parse(&bytes).map(Arc::new);
                        if filter.is_none() {
                            self.faults.push(format!("seen_filter {}", item.month));
                        }
                        filter
                    }),
                };
                self.filters.push((item, filter));
            }
            FeedBody::Lead(lead) if !lead.closed => {
                self.leads.insert(lead.lead.clone(), lead);
            }
            FeedBody::Verdict(verdict) => self.verdicts.push(verdict),
            FeedBody::Payment(payment) => self.payments.push(payment),
            FeedBody::Suspend(suspend) => self.suspended.push(suspend),
            FeedBody::Message(message) => self.messages.push(message),
            _ => {}
        }
    }

    /// Loads packs after what they import, however they arrived.
    fn load(&mut self, mut waiting: Vec<feed::Rulebook>, earlier: Option<&Inbox>) {
        loop {
            let ready = |p: &feed::Rulebook, books: &BTreeMap<String, Arc<Rulebook>>| {
                p.imports.iter().all(|hash| books.contains_key(&hash.to_string()))
            };
            let Some(at) = waiting.iter().position(|p| ready(p, &self.books)) else { break };
            let pack = waiting.swap_remove(at);
            let hash = pack.hash.to_string();
            let book = match earlier.and_then(|e| e.books.get(&hash)) {
                Some(book) => book.clone(),
                None => {
                    let imports: Vec<Arc<Rulebook>> =
                        pack.imports.iter().filter_map(|h| self.books.get(&h.to_string()).cloned()).collect();
                    let borrowed: Vec<&Rulebook> = imports.iter().map(AsRef::as_ref).collect();
                    let files = pack
                        .files
                        .iter()
                        .map(|(path, text)| (path.clone(), text.clone().into_bytes()))
                        .collect();
                    match Rulebook::load(&files, &borrowed) {
                        Ok(book) if book.reference().hash == hash => Arc::new(book),
                        Ok(_) => {
                            self.faults.push(format!("rulebook {} {}: hash", pack.id, pack.version));
                            continue;
                        }
                        Err(e) => {
                            self.faults.push(format!("rulebook {} {}: {e}", pack.id, pack.version));
                            continue;
                        }
                    }
                }
            };
            if !pack.from.is_empty() {
                match (pack.from.parse(), pack.until.as_deref().map(str::parse).transpose()) {
                    (Ok(from), Ok(until)) => self.packs.push(Pack { from, until, book: book.clone() }),
                    _ => self.faults.push(format!("rulebook {} {}: dates", pack.id, pack.version)),
                }
            }
            self.books.insert(hash, book);
        }
        for pack in waiting {
            self.faults.push(format!("rulebook {} {}: imports missing", pack.id, pack.version));
        }
    }

    /// The pack in force on a day: of those whose time has come, the one that came last.
    ///
    /// # Errors
    /// None is.
    pub fn law_on(&self, day: NaiveDate) -> Result<Arc<Rulebook>, Not> {
        self.packs
            .iter()
            .filter(|p| p.from <= day && p.until.is_none_or(|until| day < until) && p.book.in_force(day))
            .max_by_key(|p| (p.from, p.book.reference().version))
            .map(|p| p.book.clone())
            .ok_or_else(|| Not::Rulebook(day.to_string()))
    }

    /// The pack that an entry names.
    #[must_use]
    pub fn pack(&self, named: &PackRef) -> Option<Arc<Rulebook>> {
        self.books.get(&named.hash).cloned()
    }

    /// Packs with their days, newest first: also those that will switch by themselves.
    #[must_use]
    pub fn packs(&self) -> Vec<(PackRef, NaiveDate, Option<NaiveDate>)> {
        let mut packs: Vec<_> = self.packs.iter().map(|p| (p.book.reference(), p.from, p.until)).collect();
        packs.sort_by_key(|p| std::cmp::Reverse(p.1));
        packs
    }

    /// 工作日历.
    #[must_use]
    pub fn calendar(&self) -> Option<Arc<Calendar>> {
        self.calendar.clone()
    }

    /// 名册.
    ///
    /// # Errors
    /// None yet.
    pub fn roster(&self) -> Result<Arc<Roster>, Not> {
        self.roster.clone().ok_or(Not::Roster)
    }

    /// 专用票据.
    #[must_use]
    pub fn receipts(&self) -> &[ReceiptBlock] {
        &self.receipts
    }

    /// Pay codes lent to this phone, used ones among them.
    #[must_use]
    pub fn pay_codes(&self) -> &[String] {
        &self.pay_codes
    }

    /// 线索.
    pub fn leads(&self) -> impl Iterator<Item = &Lead> {
        self.leads.values()
    }

    /// HQ's findings about this phone's cases.
    #[must_use]
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// Payments that HQ knows.
    #[must_use]
    pub fn payments(&self) -> &[Payment] {
        &self.payments
    }

    /// Words from HQ.
    #[must_use]
    pub fn messages(&self) -> &[feed::Message] {
        &self.messages
    }

    /// Why an offence may not be decided on now.
    #[must_use]
    pub fn suspended(&self, offence: &str, now_ms: i64) -> Option<&str> {
        self.suspended
            .iter()
            .find(|s| {
                s.offence == offence && s.from_ms <= now_ms && s.until_ms.is_none_or(|until| now_ms < until)
            })
            .map(|s| s.reason.as_str())
    }

    /// The newest moment that one of HQ's packs or lists names: it cannot be earlier than that.
    #[must_use]
    pub fn newest_known_ms(&self) -> Option<i64> {
        let lists = self.seen.iter().map(|l| l.as_of_ms);
        lists.chain(self.filters.iter().map(|(f, _)| f.as_of_ms)).chain(self.pack_ms).max()
    }

    /// Feed files that the phone should have.
    pub fn filters(&self) -> impl Iterator<Item = &feed::SeenFilter> {
        self.filters.iter().map(|(f, _)| f)
    }

    /// An open order by its number.
    #[must_use]
    pub fn order(&self, number: &str) -> Option<&OpenOrder> {
        self.orders.get(number)
    }

    /// Open orders, oldest due first.
    #[must_use]
    pub fn orders(&self) -> Vec<&OpenOrder> {
        let mut all: Vec<_> = self.orders.values().collect();
        all.sort_by_key(|o| o.due_ms);
        all
    }
}

/// An open order as the case takes it, with those who made it.
#[must_use]
pub fn prior_order(order: &OpenOrder) -> (PriorOrder, Vec<OfficerId>) {
    let prior = PriorOrder {
        number: order.number.clone(),
        offence: order.offence.clone(),
        ordered_on: local(order.ordered_ms).date(),
        due: local(order.due_ms),
        served: order.served_ms.is_some(),
        rechecked: order.rechecked.map(|r| local(r.at_ms)),
        corrected: order.rechecked.map(|r| r.corrected),
        refused: order.refused,
    };
    (prior, order.ordered_by.iter().cloned().map(OfficerId).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn no_clock_is_right_before_the_newest_pack_was_published() {
        let pack = |pos, published_ms| {
            let body = feed::Rulebook {
                id: "p".into(),
                version: 1,
                hash: Digest([u8::try_from(pos).unwrap(); 32]),
                from: "2026-01-01".into(),
                until: None,
                published_ms,
                imports: Vec::new(),
                files: BTreeMap::new(),
            };
            FeedItem::new(pos, &FeedBody::Rulebook(body)).unwrap()
        };
        let known = |items: &[FeedItem]| Inbox::build(items, None, &|_| None).newest_known_ms();
        assert_eq!(known(&[pack(1, Some(7)), pack(2, Some(9)), pack(3, None)]), Some(9));
        assert_eq!(known(&[pack(1, None)]), None, "an older HQ does not say");
    }
}
