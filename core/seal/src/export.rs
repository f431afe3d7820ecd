//! A journal outside its phone (日志导出): lines of JSON, read and verified entry by entry by whoever
//! holds the file. Needs no store and no more memory than a batch.

use std::io::BufRead;

use serde::{Deserialize, Serialize};

use crate::{
    SealError,
    entry::{ChainFault, Epoch, Fault, Head, SealedEntry, verify},
};

/// First line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportHead {
    /// Format version.
    pub ezhifa_journal: u16,
    /// Heads of the epochs that follow, oldest first.
    pub heads: Vec<Head>,
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

/// Verification of one epoch in batches. It can be kept and gone on with later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Before the last entry that was verified: the next batch begins with that entry again, so that a
    /// break between two batches is blamed on the right one.
    anchor: Head,
    head: Head,
    purged: u64,
    declares: Option<String>,
    fault: Option<ChainFault>,
}

impl Check {
    /// From `start`, an epoch's beginning or a head that is trusted.
    #[must_use]
    pub fn new(start: Head) -> Self {
        Check { anchor: start.clone(), head: start, purged: 0, declares: None, fault: None }
    }

    /// The next batch holds the entries after this seq.
    #[must_use]
    pub fn after(&self) -> u64 {
        self.anchor.seq
    }

    /// Last entry that is known to be whole.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.head.seq
    }

    /// The break, once one was found.
    #[must_use]
    pub fn fault(&self) -> Option<&ChainFault> {
        self.fault.as_ref()
    }

    /// Verifies the entries after [`Check::after`]; whether all is well so far.
    pub fn take(&mut self, batch: &[SealedEntry]) -> bool {
        if self.fault.is_some() {
            return false;
        }
        let fresh = batch.iter().skip_while(|e| self.anchor != self.head && e.header.seq == self.head.seq);
        if self.head.seq == 0 {
            self.declares = batch.first().and_then(|e| e.body.clone());
        }
        self.purged = self.purged.saturating_add(fresh.filter(|e| e.body.is_none()).count() as u64);
        match verify(&self.anchor, batch) {
            Ok(head) => {
                if let Some(last) = batch.last() {
                    let before = &last.header;
                    self.anchor =
                        Head { seq: before.seq.saturating_sub(1), hash: before.prev, ..head.clone() };
                }
                self.head = head;
            }
            Err(fault) => self.fault = Some(fault),
        }
        self.fault.is_none()
    }

    /// With a break that the chain itself cannot show.
    #[must_use]
    pub fn blamed(self, fault: ChainFault) -> Self {
        Check { fault: Some(fault), ..self }
    }

    /// An entry that was missed at its place stands further on.
    fn found_later(&mut self, seq: u64) {
        if let Some(fault) = self.fault.as_mut().filter(|f| f.what == Fault::Removed && f.seq == seq) {
            fault.what = Fault::Reordered;
        }
    }

    /// The epoch's line of the report. `known` is its head from elsewhere: it shows a cut end.
    #[must_use]
    pub fn end(mut self, known: Option<&Head>) -> EpochReport {
        if self.fault.is_none()
            && let Some(known) = known.filter(|k| **k != self.head)
        {
            let (seq, what) = match () {
                () if known.seq > self.head.seq => (self.head.seq, Fault::Truncated),
                () if known.seq < self.head.seq => (known.seq.saturating_add(1), Fault::Inserted),
                () => (self.head.seq, Fault::Changed),
            };
            self.fault = Some(ChainFault { seq, what });
        }
        EpochReport { head: self.head, purged: self.purged, declares: self.declares, fault: self.fault }
    }
}

/// Entries verified at a time.
pub const BATCH: usize = 2_000;
/// Longest line: far above any body and its header.
const MAX_LINE: u64 = 4 << 20;

/// One epoch of an export, while its lines come in.
struct Run {
    check: Check,
    known: Head,
    waiting: Vec<SealedEntry>,
}

impl Run {
    fn of(known: &Head) -> Run {
        let check = Check::new(Head::start(known.device.clone(), known.epoch));
        Run { check, known: known.clone(), waiting: Vec::new() }
    }

    fn take(&mut self, entry: SealedEntry) {
        if self.check.fault().is_some() {
            if entry.header.epoch == self.known.epoch {
                self.check.found_later(entry.header.seq);
            }
            return;
        }
        self.waiting.push(entry);
        if self.waiting.len() > BATCH {
            self.verify();
        }
    }

    /// Verifies what waits; its last entry stays, as the next batch's first.
    fn verify(&mut self) {
        if self.check.take(&self.waiting) {
            let last = self.waiting.pop();
            self.waiting.clear();
            self.waiting.extend(last);
            return;
        }
        self.waiting.clear();
    }

    fn end(mut self) -> EpochReport {
        self.verify();
        self.check.end(Some(&self.known))
    }
}

/// Verifies an export that somebody brings.
///
/// # Errors
/// It is not an export, or cannot be read; what is wrong *in* it is in the report.
pub fn verify_export(input: &mut dyn BufRead) -> Result<Report, SealError> {
    const BAD: SealError = SealError::Malformed { what: "journal export", expected: "lines of an export" };
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| -> Result<bool, SealError> {
        line.clear();
        Ok(std::io::Read::take(&mut *input, MAX_LINE).read_until(b'\n', line)? > 0)
    };
    if !next(&mut line)? {
        return Err(BAD);
    }
    let head: ExportHead = serde_json::from_slice(&line).map_err(|_| BAD)?;
    if head.ezhifa_journal != 1 {
        return Err(BAD);
    }
    let place = |epoch: Epoch| head.heads.iter().position(|h| h.epoch == epoch);
    let mut report = Report::default();
    let mut runs = head.heads.iter();
    let mut run = runs.next().map(Run::of);
    while next(&mut line)? {
        let entry: SealedEntry = serde_json::from_slice(&line).map_err(|_| BAD)?;
        // Entries of an epoch stand together; a stranger among them is a fault of the epoch it stands in.
        let at = place(entry.header.epoch).filter(|at| *at > report.epochs.len());
        while at.is_some_and(|at| at > report.epochs.len()) {
            report.epochs.extend(run.map(Run::end));
            run = runs.next().map(Run::of);
        }
        match &mut run {
            Some(run) => run.take(entry),
            None => return Err(BAD),
        }
    }
    while let Some(done) = run {
        report.epochs.push(done.end());
        run = runs.next().map(Run::of);
    }
    Ok(report)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::entry::{DeviceId, Stamp, append};

    fn epoch(id: u64, entries: usize) -> (Vec<SealedEntry>, Head) {
        let mut head = Head::start(DeviceId("d".into()), Epoch(id));
        let mut all = Vec::new();
        for n in 0..entries {
            let stamp = Stamp { wall_ms: n as i64, mono_ms: 0, boot: "b".into() };
            let (entry, next) = append(&head, "case", 1, stamp, [7; 16], "{}").unwrap();
            all.push(entry);
            head = next;
        }
        (all, head)
    }

    fn read(heads: &[Head], entries: &[SealedEntry]) -> Report {
        let mut text =
            serde_json::to_string(&ExportHead { ezhifa_journal: 1, heads: heads.to_vec() }).unwrap();
        for entry in entries {
            text.push('\n');
            text.push_str(&serde_json::to_string(entry).unwrap());
        }
        verify_export(&mut text.as_bytes()).unwrap()
    }

    fn fault(report: &Report) -> Option<(usize, u64, Fault)> {
        let at = report.epochs.iter().position(|e| e.fault.is_some())?;
        report.epochs[at].fault.as_ref().map(|f| (at, f.seq, f.what))
    }

    /// The entry that was touched is named, wherever the batches happen to meet.
    #[test]
    fn tampering_at_the_seam_of_two_batches_is_named_by_position() {
        let n = 2 * BATCH + 50;
        let (good, head) = epoch(1, n);
        let heads = [head];
        assert!(read(&heads, &good).is_whole());
        for seq in [1, 2, BATCH - 1, BATCH, BATCH + 1, BATCH + 2, 2 * BATCH, 2 * BATCH + 1, n - 1, n] {
            let at = seq - 1;
            let named =
                |entries: &[SealedEntry]| fault(&read(&heads, entries)).map(|(_, seq, what)| (seq, what));
            let seq = seq as u64;
            let mut changed = good.clone();
            changed[at].header.stamp.wall_ms += 1;
            assert_eq!(named(&changed), Some((seq, Fault::Changed)), "{seq}");
            let mut body = good.clone();
            body[at].body = Some("{ }".into());
            assert_eq!(named(&body), Some((seq, Fault::Changed)));
            let mut gone = good.clone();
            gone.remove(at);
            let what = if at + 1 == n { (seq - 1, Fault::Truncated) } else { (seq, Fault::Removed) };
            assert_eq!(named(&gone), Some(what));
            let mut twice = good.clone();
            twice.insert(at + 1, good[at].clone());
            assert_eq!(named(&twice), Some((seq, Fault::Inserted)));
            let mut moved = good.clone();
            let one = moved.remove(at);
            moved.push(one);
            if at + 1 < n {
                assert_eq!(named(&moved), Some((seq, Fault::Reordered)), "moved to the very end");
            }
        }
    }

    #[test]
    fn epochs_stand_one_after_the_other_and_strangers_are_named() {
        let ((one, head_one), (two, head_two), (three, _)) = (epoch(1, 5), epoch(2, 5), epoch(3, 5));
        let heads = [head_one, head_two];
        let both = [one.clone(), two.clone()].concat();
        assert!(read(&heads, &both).is_whole());
        assert_eq!(fault(&read(&heads, &two)), Some((0, 0, Fault::Truncated)));
        assert_eq!(fault(&read(&heads, &one)), Some((1, 0, Fault::Truncated)));
        let mut foreign = both.clone();
        foreign.insert(2, three[2].clone());
        assert_eq!(fault(&read(&heads, &foreign)), Some((0, 3, Fault::Foreign)));
        let mut back = both;
        back.push(one[4].clone());
        assert_eq!(fault(&read(&heads, &back)), Some((1, 6, Fault::Foreign)));
    }

    #[test]
    fn a_check_can_be_kept_and_gone_on_with() {
        let (all, head) = epoch(1, 30);
        let mut check = Check::new(Head::start(head.device.clone(), head.epoch));
        while check.seq() < 30 {
            let kept = serde_json::to_string(&check).unwrap();
            check = serde_json::from_str(&kept).unwrap();
            let from = usize::try_from(check.after()).unwrap();
            assert!(check.take(&all[from..(from + 7).min(30)]));
        }
        assert_eq!(check.end(Some(&head)).fault, None);
    }
}
