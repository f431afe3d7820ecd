//! What the stored entries mean: case files, numbers, first-offence finds, replay. Runs behind the receipts,
//! in order of arrival, each batch in one transaction; it may start over from nothing at any time.

use std::collections::{BTreeMap, BTreeSet};

use ezhifa_casework::{
    audit,
    books::{Books as _, InForce},
    case::Case,
    event::{CaseEvent, Event},
    law::{rulebook::Rulebook, terms::Outcome},
    people::{Identity, Party, Roster},
    replay,
};
use ezhifa_slip::Document;
use ezhifa_wire::feed::{FeedBody, ORDER_CLASS, OpenOrder, SeenHit, SeenKey, Verdict};

use crate::{
    Hq, alarms,
    casefile::{CaseFile, EntryRef},
    desk,
    error::HqError,
    feed, ingest,
    merkle::Edge,
    numbers::{self, NumberFile},
    publish,
    reviews::{self, Find},
    store::{self, EntryRow, Write},
};

/// Entries that are interpreted in one transaction.
const BATCH: u32 = 200;

/// What one round needs from outside the database.
struct Round {
    books: BTreeMap<String, std::sync::Arc<Rulebook>>,
    /// Keys for months that have none yet.
    fresh: String,
    now: i64,
}

impl Hq {
    /// Interprets everything that has arrived; returns when nothing is left.
    ///
    /// # Errors
    /// The store failed.
    pub fn settle(&self) -> Result<(), HqError> {
        // Phones come first: while their requests fill the writer's queue, meaning waits.
        let mut patience = 500_u32;
        loop {
            match self.interpret_batch() {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(HqError::Busy { .. }) if patience > 0 => {
                    patience = patience.saturating_sub(1);
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                Err(e) => return Err(e),
            }
        }
    }

    fn interpret_batch(&self) -> Result<bool, HqError> {
        let _one_at_a_time = self.inner.interpreting.lock().map_err(|_| HqError::Stopped)?;
        let (from, upto) = self.read(|r| {
            Ok((store::get::<u64>(r, "meta", "interpreted")?.unwrap_or(0), r.counter("entries")?))
        })?;
        if from >= upto {
            return Ok(false);
        }
        match self.round(from, BATCH) {
            Err(HqError::Busy { retry_after_s }) => Err(HqError::Busy { retry_after_s }),
            Err(_) => self.one_by_one(from, upto.min(from.saturating_add(u64::from(BATCH)))).map(|()| true),
            Ok(()) => Ok(true),
        }
    }

    fn round(&self, from: u64, entries: u32) -> Result<(), HqError> {
        let round = Round { books: self.books()?.all(), fresh: self.random_hex::<32>()?, now: self.now_ms() };
        self.write(entries as usize, move |w| batch(w, &round, from, entries))
    }

    /// Something in this batch cannot be interpreted: it is put aside, and everything else goes on. An entry
    /// is tried twice, and put aside through the same database: one that is away for a moment blames nobody.
    fn one_by_one(&self, from: u64, upto: u64) -> Result<(), HqError> {
        for at in from..upto {
            match self.round(at, 1).or_else(|e| if busy(&e) { Err(e) } else { self.round(at, 1) }) {
                Ok(()) => {}
                Err(e) if busy(&e) => return Err(e),
                Err(_) => {
                    let now = self.now_ms();
                    self.write(1, move |w| pass_over(w, at, now))?;
                }
            }
        }
        Ok(())
    }

    /// A case file.
    ///
    /// # Errors
    /// No such case.
    pub fn case_file(&self, id: &str) -> Result<CaseFile, HqError> {
        self.read(|r| store::get(r, "case", id))?.ok_or(HqError::NotFound("case"))
    }

    /// All case files.
    ///
    /// # Errors
    /// The store failed.
    pub fn case_files(&self) -> Result<Vec<CaseFile>, HqError> {
        Ok(self.read(|r| store::list(r, "case", ""))?.into_iter().map(|(_, c)| c).collect())
    }

    /// The events of a case, in order.
    ///
    /// # Errors
    /// No such case, or an entry is gone.
    pub fn case_events(&self, id: &str) -> Result<Vec<CaseEvent>, HqError> {
        let file = self.case_file(id)?;
        self.read(|r| {
            let mut out = Vec::new();
            for at in &file.entries {
                if let Some(event) = r.entry(&at.device, &at.epoch, at.seq)?.as_ref().and_then(read) {
                    out.push(event);
                }
            }
            Ok(out)
        })
    }
}

fn busy(e: &HqError) -> bool {
    matches!(e, HqError::Busy { .. } | HqError::Stopped)
}

/// The case event in an entry, if it is one that HQ can use.
pub(crate) fn read(row: &EntryRow) -> Option<CaseEvent> {
    if !ingest::is_case(&row.kind) {
        return None;
    }
    serde_json::from_slice(row.body.as_deref()?).ok().filter(ingest::sound)
}

/// Leaves the entry behind `from` uninterpreted, for a person to look at. It stays a leaf of the day's root.
fn pass_over(w: &mut dyn Write, from: u64, now: i64) -> Result<(), HqError> {
    let Some(row) = w.arrived(from, 1)?.pop() else { return Ok(()) };
    let mut edge: Edge = store::get(w, "meta", "merkle")?.unwrap_or_default();
    edge.push(&ingest::digest(&row.hash)?.0);
    store::put(w, "meta", "merkle", &edge)?;
    ingest::set_aside(w, &row, "not_interpreted", now)?;
    alarms::raise(
        w,
        now,
        "not_interpreted",
        &row.device,
        "有记录无法入卷，已隔离 / an entry cannot be interpreted; it is in quarantine",
    )?;
    store::put(w, "meta", "interpreted", &row.pos)
}

fn batch(w: &mut dyn Write, round: &Round, from: u64, entries: u32) -> Result<(), HqError> {
    let rows = w.arrived(from, entries)?;
    let mut edge: Edge = store::get(w, "meta", "merkle")?.unwrap_or_default();
    let mut touched: BTreeMap<String, Vec<EntryRef>> = BTreeMap::new();
    let mut last = from;
    for row in &rows {
        last = row.pos;
        edge.push(&ingest::digest(&row.hash)?.0);
        if w.doc("quarantine", &ingest::place(row))?.is_some() {
            continue;
        }
        if row.kind == "number" {
            declared(w, row)?;
        }
        if row.kind == "device" {
            crate::escrow::arrived(w, row)?;
        }
        if row.kind == "lease" {
            numbers::learned(w, row)?;
        }
        if let Some(event) = read(row) {
            touched.entry(event.case.0).or_default().push(EntryRef {
                device: row.device.clone(),
                epoch: row.epoch.clone(),
                seq: row.seq,
            });
        }
    }
    for (id, new) in touched {
        case(w, round, &id, new)?;
    }
    store::put(w, "meta", "merkle", &edge)?;
    store::put(w, "meta", "interpreted", &last)
}

/// A number that the phone declares outside any case: `{number, state: "lost", reason}`.
fn declared(w: &mut dyn Write, row: &EntryRow) -> Result<(), HqError> {
    #[derive(serde::Deserialize)]
    struct Declared {
        number: String,
        state: String,
        reason: String,
    }
    let Some(said) = row.body.as_deref().and_then(|b| serde_json::from_slice::<Declared>(b).ok()) else {
        return Ok(());
    };
    if w.doc("number", &said.number)?.is_some() {
        return Ok(());
    }
    let doc = NumberFile {
        state: said.state,
        because: said.reason,
        case: String::new(),
        device: row.device.clone(),
        drill: false,
        sample: false,
        check_code: String::new(),
        corrected: false,
    };
    store::put(w, "number", &said.number, &doc)
}

fn case(w: &mut dyn Write, round: &Round, id: &str, new: Vec<EntryRef>) -> Result<(), HqError> {
    let before: Option<CaseFile> = store::get(w, "case", id)?;
    let mut entries = before.as_ref().map(|c| c.entries.clone()).unwrap_or_default();
    let old = entries.len();
    for at in new {
        if !entries.contains(&at) {
            entries.push(at);
        }
    }
    let mut events = Vec::new();
    let mut hashes = Vec::new();
    for at in &entries {
        if let Some(row) = w.entry(&at.device, &at.epoch, at.seq)?
            && let Some(event) = read(&row)
        {
            events.push(event);
            hashes.push(row.hash);
        }
    }
    // No phone goes on with another's case: what one crew leaves to the next is a case of its own (`continues`).
    if let Some(first) = entries.first()
        && let Some(other) = entries.iter().find(|e| e.device != first.device)
    {
        alarms::raise_once(
            w,
            round.now,
            "case_two_devices",
            id,
            &format!("另一设备 {0} 写入了本案 / another phone, {0}, wrote into this case", other.device),
        )?;
    }
    let folded = Case::fold(&events);
    let party = party_tag(w, round, &folded, "party", "party")?;
    let device = entries.first().map(|e| e.device.clone()).unwrap_or_default();
    let file = CaseFile::of(&folded, entries, party);
    if before.as_ref() == Some(&file) {
        return Ok(());
    }
    store::put(w, "case", id, &file)?;
    let twice = number_files(w, round, &folded, &file, &device)?;
    // What stands under a number that is another case's stays in this case's file and counts nowhere else.
    let mut own = file.clone();
    own.decisions.retain(|d| !twice.contains(&d.number));
    own.slips.retain(|s| !twice.contains(&s.number));
    desk::follow(w, &folded, &own, before.as_ref(), &device, round.now)?;
    let fresh: BTreeSet<String> = events
        .iter()
        .skip(old)
        .filter_map(|e| match &e.event {
            Event::Decided { record } => Some(record.number.clone()),
            _ => None,
        })
        .filter(|number| !twice.contains(number))
        .collect();
    decision_hashes(w, &events, &hashes, &fresh)?;
    if !file.drill {
        replayed(w, round, &file, &events, &fresh, &device)?;
        audited(w, round, &file, &events)?;
        finds(w, round, &folded, &own, &fresh, &device)?;
        open_order(w, round, &folded, &own)?;
    }
    Ok(())
}

/// The keyed hash of an identified party; nobody identified, no hash.
fn party_tag(
    w: &mut dyn Write,
    round: &Round,
    case: &Case,
    key_id: &str,
    class: &str,
) -> Result<Option<String>, HqError> {
    let Some(party) = read_from_document(case) else { return Ok(None) };
    let key = key(w, round, key_id)?;
    Ok(Some(publish::tag(&key, class, party.id_number.reveal())?))
}

/// A party whose number was read from a document: only such a find may count against anybody later.
fn read_from_document(case: &Case) -> Option<&Party> {
    case.party().filter(|p| p.identity == Identity::DocumentRead && !p.id_number.reveal().is_empty())
}

fn key(w: &mut dyn Write, round: &Round, id: &str) -> Result<SeenKey, HqError> {
    if let Some(key) = store::get(w, "seen_key", id)? {
        return Ok(key);
    }
    // One fresh secret a round serves one new key; ids are hashed in so that two never share it.
    let secret =
        ezhifa_wire::seal::hash::tagged("ezhifa.seen-key.v1", &[round.fresh.as_bytes(), id.as_bytes()])
            .to_string();
    let key = SeenKey { id: id.to_owned(), secret };
    store::put(w, "seen_key", id, &key)?;
    Ok(key)
}

/// What became of each number of the case. Gives those that another case has already: the first paper keeps a
/// number, and a person looks at the second.
fn number_files(
    w: &mut dyn Write,
    round: &Round,
    case: &Case,
    file: &CaseFile,
    device: &str,
) -> Result<BTreeSet<String>, HqError> {
    let mut twice = BTreeSet::new();
    let numbers = file.slips.iter().map(|s| &s.number).chain(file.decisions.iter().map(|d| &d.number));
    for number in numbers {
        let Some(known) = store::get::<NumberFile>(w, "number", number)? else { continue };
        // A number that was only declared, outside any case, is the paper's when it comes.
        let taken = !known.case.is_empty() && known.case != file.id;
        if taken || known.device != device {
            issued_twice(w, round, file, number, &known, device)?;
        }
        if taken {
            twice.insert(number.clone());
        }
    }
    let sample = file.drill
        || file.decisions.iter().any(|d| round.books.get(&d.pack.hash).is_some_and(|b| b.is_sample()));
    let mut put = |number: &str, state: &str, because: &str| {
        let doc = NumberFile {
            state: state.to_owned(),
            because: because.to_owned(),
            case: file.id.clone(),
            device: device.to_owned(),
            drill: file.drill,
            sample,
            check_code: case.slip(number).map(|s| s.check_code.clone()).unwrap_or_default(),
            corrected: file.corrections > 0,
        };
        store::put(w, "number", number, &doc)
    };
    for slip in file.slips.iter().filter(|s| !twice.contains(&s.number)) {
        put(&slip.number, "issued", "")?;
    }
    for decision in file.decisions.iter().filter(|d| !twice.contains(&d.number)) {
        let by_hand = case.hand_paper().is_some_and(|paper| paper.number == decision.number);
        let issued = by_hand || file.slips.iter().any(|s| s.number == decision.number);
        let state = decision.ended.as_deref().unwrap_or(if issued { "issued" } else { "reserved" });
        put(&decision.number, state, &decision.ended_because)?;
    }
    // The finance system may name the pay code only.
    for slip in case.slips().iter().filter(|s| !twice.contains(&s.number)) {
        if let Some(code) =
            serde_json::from_str::<Document>(slip.document.reveal()).ok().and_then(|d| d.pay_code)
        {
            let known: Option<String> = store::get(w, "pay_code_number", &code)?;
            if known.as_ref().is_some_and(|number| *number != slip.number) {
                // The first paper keeps it: money must not move to another decision by a phone's word.
                alarms::raise_once(
                    w,
                    round.now,
                    "pay_code_twice",
                    &slip.number,
                    "缴款码已在另一文书上 / the pay code stands on another paper",
                )?;
            } else if known.is_none() {
                store::put(w, "pay_code_number", &code, &slip.number)?;
            }
        }
    }
    Ok(twice)
}

/// Two cases, or two phones, under one number: one of them had no right to it.
fn issued_twice(
    w: &mut dyn Write,
    round: &Round,
    file: &CaseFile,
    number: &str,
    known: &NumberFile,
    device: &str,
) -> Result<(), HqError> {
    alarms::raise_once(
        w,
        round.now,
        "number_twice",
        number,
        "同一文书字号出现在两件案件或者两台设备上 / one number on two cases or two phones",
    )?;
    if file.drill || known.case.is_empty() {
        return Ok(());
    }
    let hq = format!("字号已由案件 {}（设备 {}）使用，以先到的为准", known.case, known.device);
    reviews::open(w, "number_twice", file, number, &known.case, "", &hq, device, round.now)
}

/// The hash of each decision entry by number: the paper carries its first bytes.
fn decision_hashes(
    w: &mut dyn Write,
    events: &[CaseEvent],
    hashes: &[String],
    fresh: &BTreeSet<String>,
) -> Result<(), HqError> {
    for (event, hash) in events.iter().zip(hashes) {
        if let Event::Decided { record } = &event.event
            && fresh.contains(&record.number)
        {
            store::put(w, "decision_hash", &record.number, hash)?;
        }
    }
    Ok(())
}

fn replayed(
    w: &mut dyn Write,
    round: &Round,
    file: &CaseFile,
    events: &[CaseEvent],
    fresh: &BTreeSet<String>,
    device: &str,
) -> Result<(), HqError> {
    let results = replay::replay(events, |record| {
        let at_act = round.books.get(&record.laws.at_act.hash)?;
        let at_decision = round.books.get(&record.laws.at_decision.hash)?;
        Some(InForce { at_act, at_decision })
    });
    for result in results.iter().filter(|r| fresh.contains(&r.number)) {
        w.advance("replayed", 1)?;
        let verdict = if result.agrees() {
            Verdict {
                id: format!("filed:{}", result.number),
                case: file.id.clone(),
                number: result.number.clone(),
                finding: "filed".to_owned(),
                zh: "指挥中心已收到并复算一致".to_owned(),
                en: "HQ holds it and recomputed the same decision".to_owned(),
            }
        } else {
            w.advance("replay_mismatches", 1)?;
            alarms::raise(
                w,
                round.now,
                "replay_differs",
                &result.number,
                "复算结果与记录不一致 / the recomputed decision differs from the record",
            )?;
            let theirs = format!(
                "{:?} {:?} {}",
                result.recorded.outcome, result.recorded.limb, result.recorded.amount.0
            );
            let ours = match &result.recomputed {
                Ok(d) => {
                    format!("{:?} {:?} {}（{}）", d.outcome, d.limb, d.amount.0, result.differs.join(", "))
                }
                Err(e) => e.clone(),
            };
            reviews::open(w, "replay_differs", file, &result.number, "", &theirs, &ours, device, round.now)?;
            continue;
        };
        feed::publish(w, &feed::to_device(device), &FeedBody::Verdict(verdict), round.now)?;
    }
    Ok(())
}

/// Was the case lawful, whatever the phone said? Each breach is an alarm with the invariant's number.
fn audited(w: &mut dyn Write, round: &Round, file: &CaseFile, events: &[CaseEvent]) -> Result<(), HqError> {
    let Some(decision) = file.decisions.last() else { return Ok(()) };
    let Some(book) = round.books.get(&decision.pack.hash) else { return Ok(()) };
    let Some(officers) = store::get(w, "roster", &file.branch)? else { return Ok(()) };
    let rules = InForce { at_act: book, at_decision: book }.rules();
    for breach in audit::breaches(events, &Roster { officers }, &rules) {
        alarms::raise(w, round.now, &format!("invariant_{}", breach.invariant), &file.id, breach.what)?;
    }
    Ok(())
}

/// Finds for the first-offence look-up and for art. 29, and what the fuller history says of each.
fn finds(
    w: &mut dyn Write,
    round: &Round,
    case: &Case,
    file: &CaseFile,
    fresh: &BTreeSet<String>,
    device: &str,
) -> Result<(), HqError> {
    for decision in &file.decisions {
        let find_key = format!("{}/{}", file.id, decision.number);
        let Some(book) = round.books.get(&decision.pack.hash) else { continue };
        let conduct = book
            .offence(&decision.offence)
            .map_or(decision.offence.as_str(), |o| o.conduct.as_str())
            .to_owned();
        let find = Find {
            case: file.id.clone(),
            number: decision.number.clone(),
            offence: decision.offence.clone(),
            conduct: conduct.clone(),
            party: file.party.clone(),
            act_at: file.act_at.unwrap_or(decision.at),
            decided_at: decision.at,
            // The head may have granted what was proposed.
            outcome: case
                .record()
                .filter(|r| r.number == decision.number)
                .and_then(|_| case.decided_outcome())
                .unwrap_or(decision.outcome),
            limb: decision.limb,
            asked: case.history().and_then(|h| h.earlier),
            lat_e7: file.lat_e7,
            lon_e7: file.lon_e7,
            device: device.to_owned(),
        };
        if decision.ended.is_some() {
            reviews::forget(w, &find)?;
            continue;
        }
        // 补正 of the identity: the find moves from the wrong person to the right one.
        let known = reviews::known(w, &find)?;
        // A ruling came in after the decision: the first of its kind, from now on (初次违法).
        let ruled = known.as_ref().is_some_and(|known| known.outcome != find.outcome);
        let moved = known.filter(|known| known.party != find.party);
        if let Some(known) = &moved {
            reviews::forget(w, known)?;
            publish::withdraw_seen(w, &file.branch, &publish::month_of(publish::ms(decision.at)), &find_key)?;
        }
        if !fresh.contains(&decision.number) && moved.is_none() && !ruled {
            continue;
        }
        let counts = book.settings().counts_as_earlier(find.outcome, find.limb);
        reviews::compare(w, file, &find, counts, book, round.now)?;
        if let Some(suspended) = publish::suspended_at(w, &decision.offence, publish::ms(decision.at))? {
            reviews::open(
                w,
                "suspended_offence",
                file,
                &decision.number,
                "",
                "",
                &suspended.reason,
                device,
                round.now,
            )?;
        }
        if counts && let Some(party) = read_from_document(case) {
            let month = publish::month_of(publish::ms(decision.at));
            let key = key(w, round, &month)?;
            let hit = SeenHit {
                tag: publish::tag(&key, &conduct, party.id_number.reveal())?,
                on: decision.at.date().to_string(),
                reference: find_key,
            };
            publish::note_seen(w, &file.branch, &month, vec![hit])?;
        }
    }
    Ok(())
}

/// An order that waits for its re-check goes to every phone of the branch; one that is done leaves them.
fn open_order(w: &mut dyn Write, round: &Round, case: &Case, file: &CaseFile) -> Result<(), HqError> {
    let Some(decision) =
        file.decisions.last().filter(|d| d.outcome == Outcome::Order && d.order_due.is_some())
    else {
        return Ok(());
    };
    let Some(party) = party_tag(w, round, case, "orders", ORDER_CLASS)? else { return Ok(()) };
    let recheck = case.rechecks().last();
    let order = OpenOrder {
        number: decision.number.clone(),
        offence: decision.offence.clone(),
        party: vec![party],
        key: key(w, round, "orders")?,
        place: case.place().map(|p| p.address.clone()).unwrap_or_default(),
        lat_e7: file.lat_e7,
        lon_e7: file.lon_e7,
        ordered_ms: publish::ms(decision.at),
        due_ms: decision.order_due.map_or(0, publish::ms),
        served_ms: file.served_at.map(publish::ms),
        served: case.served().map(|s| s.how.word().to_owned()).unwrap_or_default(),
        ordered_by: decision.officers.clone(),
        refused: case.correction_refused().is_some(),
        rechecked: recheck
            .map(|r| ezhifa_wire::feed::Rechecked { at_ms: publish::ms(r.at), corrected: r.corrected }),
        closed: decision.ended.is_some() || file.closed || recheck.is_some_and(|r| r.corrected),
    };
    let known: Option<OpenOrder> = store::get(w, "order", &order.number)?;
    if known.as_ref() == Some(&order) {
        return Ok(());
    }
    store::put(w, "order", &order.number.clone(), &order)?;
    feed::publish(w, &feed::to_branch(&file.branch), &FeedBody::OpenOrder(order), round.now)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::HqConfig;

    fn row(seq: u64, case: &str) -> EntryRow {
        let place = serde_json::json!({"address": "样例路1号", "source": "gnss", "branch": "dongcheng"});
        let event = serde_json::json!({"kind": "opened", "source": "patrol", "place": place});
        let body = serde_json::json!({"case": case, "at": "2026-09-24T18:00:00",
            "crew": {"lead": "o-1", "second": "o-2", "with": []}, "event": event});
        assert!(serde_json::from_value::<CaseEvent>(body.clone()).is_ok());
        EntryRow {
            pos: 0,
            device: "d-1".into(),
            epoch: "0000000000000001".into(),
            seq,
            kind: "case".into(),
            hash: format!("{seq:064x}"),
            header: "{}".into(),
            salt: None,
            body: Some(body.to_string().into_bytes()),
            received_ms: 0,
        }
    }

    #[test]
    fn an_entry_that_cannot_be_interpreted_is_set_aside_and_the_rest_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let hq =
            Hq::open(HqConfig { background: false, ..HqConfig::in_dir(dir.path(), "DGCG", "样本局") })
                .unwrap();
        // A case file that is damaged, under the second of three entries.
        let rows = [row(1, "c-1"), row(2, "c-damaged"), row(3, "c-3")];
        hq.write(1, move |w| {
            w.put_doc("case", "c-damaged", "{")?;
            w.add_entries(&rows)
        })
        .unwrap();
        hq.settle().unwrap();
        assert!(hq.case_file("c-1").is_ok() && hq.case_file("c-3").is_ok());
        let aside = hq.quarantine().unwrap();
        assert_eq!(aside.len(), 1);
        assert_eq!((aside[0].seq, aside[0].why.as_str()), (2, "not_interpreted"));
        assert!(hq.alarms().unwrap().iter().any(|a| a.kind == "not_interpreted" && a.about == "d-1"));
        // Nothing that waits for the interpreter stands still, and the root still covers every entry.
        hq.ledger().unwrap();
        let checkpoint = hq.checkpoint().unwrap();
        assert!(checkpoint.text.contains("\n3\n") && hq.proves(&checkpoint).unwrap());
    }
}
