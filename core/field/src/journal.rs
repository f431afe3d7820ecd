//! The journal's kinds, and what a court or an operator asks of it: verify, show, export.

use std::io::Write;

pub use ezhifa_seal::export::{EpochReport, ExportHead, Report, verify_export};
use ezhifa_seal::{
    entry::{ChainFault, Fault, Head, SealedEntry},
    export::{BATCH, Check},
};
use serde::{Deserialize, Serialize};

use crate::store::{
    Dao, StoreError,
    error::{Result, io},
};

/// What an entry is about. A kind is never changed in meaning; a reader that does not know a kind keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A step of a case: `casework::event::CaseEvent`.
    Case,
    /// A step of a drill (演练); HQ never counts it as a case.
    Drill,
    /// A piece of evidence was sealed.
    Evidence,
    /// A number's state outside a case: lost, accounted.
    Number,
    /// A block of numbers was received.
    Lease,
    /// The phone itself: epoch, hole, clock, quarantine.
    Device,
    /// Somebody signed in, was locked out, or looked something up.
    Access,
    /// A document of HQ's feed took effect.
    Feed,
    /// HQ's signed receipt.
    Receipt,
    /// Bodies went after retention.
    Purge,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 10] = [
        Kind::Case,
        Kind::Drill,
        Kind::Evidence,
        Kind::Number,
        Kind::Lease,
        Kind::Device,
        Kind::Access,
        Kind::Feed,
        Kind::Receipt,
        Kind::Purge,
    ];

    /// Its word in headers.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Kind::Case => "case",
            Kind::Drill => "drill",
            Kind::Evidence => "evidence",
            Kind::Number => "number",
            Kind::Lease => "lease",
            Kind::Device => "device",
            Kind::Access => "access",
            Kind::Feed => "feed",
            Kind::Receipt => "receipt",
            Kind::Purge => "purge",
        }
    }
}

/// Longest body: what one message to HQ may carry.
pub const MAX_BODY: usize = ezhifa_wire::limits::ENTRY_BODY;

/// Bodies are JSON text without fractions: two programs never disagree about an integer or a string.
pub(crate) fn check_body(body: &str) -> Result<()> {
    if body.len() > MAX_BODY {
        return Err(StoreError::Body { what: "too long" });
    }
    let value: serde_json::Value =
        serde_json::from_str(body).map_err(|_| StoreError::Body { what: "not JSON" })?;
    if integers_only(&value) { Ok(()) } else { Err(StoreError::Body { what: "a fraction" }) }
}

fn integers_only(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(n) => !n.is_f64(),
        serde_json::Value::Array(items) => items.iter().all(integers_only),
        serde_json::Value::Object(fields) => fields.values().all(integers_only),
        _ => true,
    }
}

/// Verifies the whole journal of a phone, epoch by epoch.
///
/// # Errors
/// It cannot be read.
pub fn verify_all(dao: &Dao<'_>) -> Result<Report> {
    let mut verification = Verification::default();
    while !verification.step(dao, BATCH)? {}
    Ok(verification.report())
}

/// Verification that an app runs in the background, a batch at a time, over as many starts as it takes:
/// it can be written down (JSON) between two steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    done: Vec<EpochReport>,
    running: Option<Check>,
}

impl Verification {
    /// Verifies the next `most` entries. Answers whether that was all there is.
    ///
    /// # Errors
    /// It cannot be read; a break is in the report.
    pub fn step(&mut self, dao: &Dao<'_>, most: usize) -> Result<bool> {
        let epochs = dao.epochs()?;
        let Some(known) = epochs.get(self.done.len()).map(|e| &e.head) else { return Ok(true) };
        let start = || Check::new(Head::start(known.device.clone(), known.epoch));
        let mut check = self.running.take().unwrap_or_else(start);
        let rows = dao.hashed_entries(known.epoch, check.after(), most.saturating_add(1))?;
        let (entries, hashes): (Vec<SealedEntry>, Vec<_>) = rows.into_iter().unzip();
        // The hash beside a header is what the phone itself and HQ's questions rely on.
        let wrong = entries.iter().zip(&hashes).find(|(e, hash)| e.header.hash() != **hash);
        let wrong = wrong.map(|(e, _)| ChainFault { seq: e.header.seq, what: Fault::Changed });
        let whole = check.take(&entries);
        if let Some(fault) = wrong.filter(|w| check.fault().is_none_or(|f| w.seq < f.seq)) {
            check = check.blamed(fault);
        }
        if whole && check.fault().is_none() && check.seq() < known.seq && entries.len() > most {
            self.running = Some(check);
        } else {
            self.done.push(check.end(Some(known)));
        }
        Ok(self.running.is_none() && self.done.len() == epochs.len())
    }

    /// What was found so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let running = self.running.clone().map(|check| check.end(None));
        Report { epochs: self.done.iter().cloned().chain(running).collect() }
    }
}

/// Verifies the last entries only: what opening a phone does.
///
/// # Errors
/// It cannot be read, or the chain is broken there.
pub fn verify_tail(dao: &Dao<'_>, last: u64) -> Result<()> {
    let head = dao.head()?;
    let from = head.seq.saturating_sub(last);
    let start = match from {
        0 => Head::start(head.device.clone(), head.epoch),
        seq => Head {
            hash: dao.hash_at(head.epoch, seq)?.ok_or(ChainFault { seq, what: Fault::Removed })?,
            seq,
            ..head.clone()
        },
    };
    let entries = dao.entries(head.epoch, from, usize::MAX, usize::MAX)?;
    Ok(ezhifa_seal::entry::verify_to(&start, &entries, &head)?)
}

/// Writes the journal as lines of JSON: the heads, then every entry exactly as HQ gets it.
///
/// # Errors
/// Reading or writing fails.
pub fn export(dao: &Dao<'_>, out: &mut dyn Write) -> Result<u64> {
    let heads: Vec<Head> = dao.epochs()?.into_iter().map(|e| e.head).collect();
    let mut line = |value: serde_json::Result<String>| -> Result<()> {
        let text = value.map_err(|_| StoreError::Body { what: "not JSON" })?;
        writeln!(out, "{text}").map_err(io("export"))
    };
    line(serde_json::to_string(&ExportHead { ezhifa_journal: 1, heads: heads.clone() }))?;
    let mut count = 0_u64;
    for head in heads {
        let mut after = 0;
        loop {
            let batch = dao.entries(head.epoch, after, BATCH, usize::MAX)?;
            let Some(last) = batch.last() else { break };
            after = last.header.seq;
            for entry in &batch {
                line(serde_json::to_string(entry))?;
                count = count.saturating_add(1);
            }
        }
    }
    Ok(count)
}
