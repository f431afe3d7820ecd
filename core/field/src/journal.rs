//! The journal's kinds, and what a court or an operator asks of it: verify, show, export.

use std::io::{BufRead, Write};

use ezhifa_seal::entry::{ChainFault, Fault, Head, SealedEntry, verify};
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

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// One line for each epoch, oldest first.
    pub epochs: Vec<EpochReport>,
}

/// One epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochReport {
    /// End of the part that is whole.
    pub head: Head,
    /// Bodies that were purged.
    pub purged: u64,
    /// What its first entry declares: why it began, and what is missing.
    pub declares: Option<String>,
    /// First break, named by position.
    pub fault: Option<ChainFault>,
}

impl Report {
    /// No break anywhere.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.epochs.iter().all(|e| e.fault.is_none())
    }

    /// First break.
    #[must_use]
    pub fn first_fault(&self) -> Option<&EpochReport> {
        self.epochs.iter().find(|e| e.fault.is_some())
    }
}

const BATCH: usize = 2_000;

/// Verifies the whole journal of a phone, epoch by epoch.
///
/// # Errors
/// It cannot be read.
pub fn verify_all(dao: &Dao<'_>) -> Result<Report> {
    let mut report = Report::default();
    for epoch in dao.epochs()? {
        let known = epoch.head;
        let mut check = Check::new(Head::start(known.device.clone(), known.epoch));
        loop {
            let batch = dao.entries(known.epoch, check.head.seq, BATCH, usize::MAX)?;
            if batch.is_empty() || !check.take(&batch) {
                break;
            }
        }
        report.epochs.push(check.end(Some(&known)));
    }
    Ok(report)
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

struct Check {
    head: Head,
    purged: u64,
    declares: Option<String>,
    fault: Option<ChainFault>,
}

impl Check {
    fn new(head: Head) -> Self {
        Check { head, purged: 0, declares: None, fault: None }
    }

    fn take(&mut self, batch: &[SealedEntry]) -> bool {
        if self.head.seq == 0 {
            self.declares = batch.first().and_then(|e| e.body.clone());
        }
        self.purged = self.purged.saturating_add(batch.iter().filter(|e| e.body.is_none()).count() as u64);
        match verify(&self.head, batch) {
            Ok(head) => self.head = head,
            Err(fault) => self.fault = Some(fault),
        }
        self.fault.is_none()
    }

    fn end(mut self, known: Option<&Head>) -> EpochReport {
        if self.fault.is_none() && known.is_some_and(|k| *k != self.head) {
            let truncated = known.is_some_and(|k| k.seq > self.head.seq);
            let what = if truncated { Fault::Truncated } else { Fault::Changed };
            self.fault = Some(ChainFault { seq: self.head.seq, what });
        }
        EpochReport { head: self.head, purged: self.purged, declares: self.declares, fault: self.fault }
    }
}

/// First line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportHead {
    /// Format version.
    pub ezhifa_journal: u16,
    /// Heads of the epochs that follow, oldest first.
    pub heads: Vec<Head>,
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

/// Longest line of an export: a body and its header, with room for escapes.
const MAX_LINE: u64 = 4 * MAX_BODY as u64;

/// Verifies an export that somebody brings.
///
/// # Errors
/// It is not an export; what is wrong *in* it is in the report.
pub fn verify_export(input: &mut dyn BufRead) -> Result<Report> {
    let bad = || StoreError::Body { what: "export line" };
    let mut line = Vec::new();
    let mut next = || -> Result<Option<Vec<u8>>> {
        line.clear();
        let n =
            std::io::Read::take(&mut *input, MAX_LINE).read_until(b'\n', &mut line).map_err(io("export"))?;
        Ok((n > 0).then(|| line.clone()))
    };
    let head: ExportHead = serde_json::from_slice(&next()?.ok_or_else(bad)?).map_err(|_| bad())?;
    if head.ezhifa_journal != 1 {
        return Err(bad());
    }
    let mut entries = Vec::new();
    while let Some(line) = next()? {
        entries.push(serde_json::from_slice::<SealedEntry>(&line).map_err(|_| bad())?);
    }
    let mut report = Report::default();
    let mut rest = entries.as_slice();
    for known in &head.heads {
        // Entries of an epoch stand together; a stranger among them is a fault of the epoch it stands in.
        let own =
            rest.iter().take_while(|e| !head.heads.iter().any(|h| h.epoch == e.header.epoch && h != known));
        let (run, after) = rest.split_at(own.count());
        rest = after;
        let mut check = Check::new(Head::start(known.device.clone(), known.epoch));
        check.take(run);
        report.epochs.push(check.end(Some(known)));
    }
    if let (Some(stray), Some(last)) = (rest.first(), report.epochs.last_mut()) {
        last.fault.get_or_insert(ChainFault { seq: stray.header.seq, what: Fault::Foreign });
    }
    Ok(report)
}
