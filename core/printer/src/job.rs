//! One print job as a state machine without clock or cable: the caller tells the time in
//! milliseconds, hands over bytes and brings back answers.
//!
//! 1. *Ask*: DLE EOT 2, 4, 1, 3. Trouble is told before anything is sent.
//! 2. *Verify*: NUL bytes end any command that an earlier job left half-sent, ESC @, then a fence.
//!    Only when it is answered does the slip begin.
//! 3. *Send*: whole units in a window closed by fences. A raster band is followed by its fence at
//!    once, so that a lost byte swallows the fence and is noticed. The last unit is held back until
//!    all others are confirmed: whatever goes wrong before that, the paper is surely no whole slip.
//! 4. *Trailer*: feed, cut, fence.
//!
//! Nothing is ever sent twice, and after trouble nothing more of the slip is sent.

mod hear;
mod units;

use std::collections::VecDeque;

use crate::answer::Demux;
use crate::profile::{FenceKind, Profile, StatusKind};
use crate::status::{PrintResult, Reason, Status};

/// NULs that free even a printer stuck in somebody else's large image (what receiptio sends).
const LONG_FLUSH: usize = 8192;
/// While a fence is late the state is asked so often: nobody changes the paper faster.
const POLL_MS: u64 = 250;
/// So many times `answer_ms` without an answer to anything is the end: 3 s usually.
const SILENCE: u64 = 6;
/// Order of the state questions: the two that matter first.
const QUESTIONS: [u8; 4] = [2, 4, 1, 3];
const CLEAR: [u8; 10] = [0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8];

/// What the caller shall do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Hand over (some of) these bytes, then tell [`Job::sent`].
    Send(&'a [u8]),
    /// Read answers until this time, then ask again.
    Wait(u64),
    /// The job is over.
    Finish(PrintResult),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Ask(usize),
    Verify,
    Settle,
    Send,
    Trailer,
    BlindEnd(u64),
    Clear(u64),
}

#[derive(Debug)]
struct Fence {
    /// Units that are confirmed by its answer.
    units: usize,
    bytes: usize,
    id: [u8; 4],
}

#[derive(Debug)]
struct Query {
    n: u8,
    /// Set when the question has left.
    until: Option<u64>,
    /// The first answer told of trouble; this is the second asking.
    again: bool,
}

/// A print job.
#[derive(Debug)]
pub struct Job {
    profile: Profile,
    units: Vec<Vec<u8>>,
    lossless: bool,
    doubtful_start: bool,
    phase: Phase,
    out: Vec<u8>,
    out_at: usize,
    enqueued: u64,
    handed: u64,
    /// Stream position of the end of the last unit, once it is queued.
    content_end: Option<u64>,
    next_unit: usize,
    confirmed: usize,
    fences: VecDeque<Fence>,
    in_flight: usize,
    serial: u32,
    query: Option<Query>,
    question: usize,
    next_poll: u64,
    silent: u32,
    tries: u32,
    noise: u32,
    status: Status,
    demux: Demux,
    ready_us: u64,
    /// Last time that the slip got on: its bytes left or a fence was answered.
    progress: u64,
    /// Last time that the link took anything.
    taken: u64,
    /// Only a state question is being sent, which is no progress.
    asking: bool,
    /// Last answer that may belong to an older fence.
    heard: u64,
    result: Option<PrintResult>,
}

impl Job {
    /// Prepares a job. `doubtful_start`: nobody knows what the printer was sent before.
    /// `nonce` makes this job's process ids its own.
    pub fn new(
        profile: &Profile,
        units: &[Vec<u8>],
        lossless: bool,
        doubtful_start: bool,
        nonce: u32,
        now: u64,
    ) -> Job {
        let units = units::prepare(units);
        let too_big = units.iter().any(|u| u.len() > profile.window_bytes);
        let bad = units.is_empty() || too_big;
        let mut job = Job {
            phase: Phase::Ask(0),
            lossless,
            doubtful_start,
            out: Vec::new(),
            out_at: 0,
            enqueued: 0,
            handed: 0,
            content_end: None,
            next_unit: 0,
            confirmed: 0,
            fences: VecDeque::new(),
            in_flight: 0,
            serial: nonce.wrapping_mul(0x9E37_79B9),
            query: None,
            question: 0,
            next_poll: 0,
            silent: 0,
            tries: 0,
            noise: 0,
            status: Status::default(),
            demux: Demux::default(),
            ready_us: 0,
            progress: now,
            taken: now,
            asking: false,
            heard: now,
            result: bad.then_some(PrintResult::NotPrinted(Reason::BadUnits)),
            units,
            profile: profile.clone(),
        };
        if job.profile.status == StatusKind::None {
            job.begin();
        }
        job
    }

    /// What is to be done at this time?
    pub fn next(&mut self, now: u64) -> Action<'_> {
        // Every turn either leaves or moves on; the bound only guards against a mistake here.
        for _ in 0..64 {
            if let Phase::Clear(until) = self.phase
                && self.out_at >= self.out.len()
                && now >= until
            {
                break;
            }
            if let Some(result) = self.result
                && !matches!(self.phase, Phase::Clear(_))
            {
                return Action::Finish(result);
            }
            if self.out_at < self.out.len() {
                if now.saturating_mul(1000) < self.ready_us {
                    return Action::Wait(self.ready_us.div_ceil(1000));
                }
                if now.saturating_sub(self.taken) <= self.profile.stall_ms {
                    let end = self.out.len().min(self.out_at + self.profile.chunk_bytes);
                    return Action::Send(self.out.get(self.out_at..end).unwrap_or_default());
                }
                // The link took nothing for a long time.
                if matches!(self.phase, Phase::Clear(_)) {
                    break;
                }
                self.end(Reason::Stalled, now);
                continue;
            }
            if let Some(wait) = self.turn(now) {
                return Action::Wait(wait.max(now.saturating_add(1)));
            }
            // Whatever was queued, the link had nothing to do until now.
            self.taken = now;
        }
        Action::Finish(self.result.unwrap_or(PrintResult::NotPrinted(Reason::Stalled)))
    }

    /// The link took so many of the bytes offered.
    pub fn sent(&mut self, n: usize, now: u64) {
        // A link's word is not trusted: it cannot have taken more than it was given.
        let n = n.min(self.out.len().saturating_sub(self.out_at));
        self.out_at += n;
        self.handed += n as u64;
        if n == 0 {
            self.ready_us = now.saturating_add(10).saturating_mul(1000);
        } else {
            self.taken = now;
            if !self.asking {
                self.progress = now;
            }
            let pace = (n as u64).saturating_mul(1_000_000) / self.profile.bytes_per_second.max(1) as u64;
            self.ready_us = self.ready_us.max(now.saturating_mul(1000)).saturating_add(pace);
        }
        if self.out_at >= self.out.len() {
            self.out.clear();
            self.out_at = 0;
            self.asking = false;
            self.next_poll = now.saturating_add(POLL_MS);
            let mut within = self.profile.answer_ms;
            if self.phase == Phase::Ask(0) && self.tries > 0 {
                within = within.saturating_add(self.flush_time());
            }
            if let Some(q) = &mut self.query {
                q.until.get_or_insert(now.saturating_add(within));
            }
        }
    }

    /// The link is broken.
    pub fn link_lost(&mut self, now: u64) {
        self.out.clear();
        self.out_at = 0;
        if self.result.is_none() {
            self.end(Reason::LinkLost, now);
        }
        self.phase = Phase::Send;
    }

    /// The officer stops it.
    pub fn cancel(&mut self, now: u64) {
        if self.result.is_none() {
            self.end(Reason::Cancelled, now);
        }
    }

    /// Units confirmed so far, and of how many: for a progress bar.
    pub fn progress(&self) -> (usize, usize) {
        (self.confirmed, self.units.len())
    }

    /// The printer's state as last told.
    pub fn status(&self) -> Status {
        self.status
    }

    /// A slow printer needs its time for the NULs: it does 2 KB/s at least.
    fn flush_time(&self) -> u64 {
        self.profile.flush_bytes as u64 / 2
    }

    fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.enqueued += bytes.len() as u64;
    }

    /// One step with nothing left to send: `Some(time)` to wait, `None` to go on.
    fn turn(&mut self, now: u64) -> Option<u64> {
        match self.phase {
            Phase::Ask(i) => self.ask(i, now),
            Phase::Settle => {
                let until = self.heard.max(self.progress).saturating_add(self.profile.settle_ms);
                if now >= self.progress.saturating_add(self.profile.stall_ms) {
                    // It never falls silent.
                    self.end(Reason::StrangeAnswers, now);
                    return None;
                }
                if now < until {
                    return Some(until);
                }
                self.noise = 0;
                self.phase = Phase::Send;
                None
            }
            Phase::Verify => match self.watch(now) {
                None if self.fences.is_empty() => {
                    self.phase = if self.doubtful_start { Phase::Settle } else { Phase::Send };
                    None
                }
                wait => wait,
            },
            Phase::Send => {
                if self.fill(now) {
                    return None;
                }
                if self.phase != Phase::Send { None } else { self.watch(now) }
            }
            Phase::Trailer => match self.watch(now) {
                None if self.fences.is_empty() => {
                    self.end(Reason::Blind, now);
                    None
                }
                wait => wait,
            },
            Phase::BlindEnd(until) => {
                if now < until {
                    return Some(until);
                }
                self.end(Reason::Blind, now);
                None
            }
            Phase::Clear(until) => (now < until).then_some(until),
        }
    }

    fn ask(&mut self, i: usize, now: u64) -> Option<u64> {
        let Some(n) = QUESTIONS.get(i).copied() else {
            if let Some(reason) = self.status.trouble() {
                self.end(reason, now);
            } else {
                self.begin();
            }
            return None;
        };
        match &self.query {
            None => {
                self.put(&[0x10, 0x04, n]);
                self.query = Some(Query { n, until: None, again: false });
                None
            }
            Some(Query { until: Some(until), .. }) if now >= *until => {
                self.query = None;
                if i > 0 {
                    // Many printers leave out 1 or 3.
                    self.phase = Phase::Ask(i + 1);
                } else if self.tries == 0 {
                    // Perhaps the question was swallowed by a command cut in half.
                    self.tries = 1;
                    let flush = vec![0; self.profile.flush_bytes];
                    self.put(&flush);
                    self.put(b"\x1B@");
                } else {
                    self.end(Reason::NoAnswer, now);
                }
                None
            }
            Some(q) => Some(q.until.unwrap_or(now.saturating_add(1))),
        }
    }

    /// Makes sure that the printer stands at the start of a command, and proves it.
    fn begin(&mut self) {
        self.tries = 0;
        if self.doubtful_start {
            let flush = vec![0; self.profile.flush_bytes];
            self.put(&flush);
        }
        self.put(b"\x1B@");
        if self.profile.asb {
            self.put(b"\x1Da\xFF");
            self.demux.asb = true;
        }
        if self.profile.is_blind() {
            self.phase = Phase::Send;
        } else {
            self.fence(0, self.profile.flush_bytes);
            self.phase = Phase::Verify;
        }
    }

    fn fence(&mut self, units: usize, bytes: usize) {
        self.serial = self.serial.wrapping_add(1);
        let digit = |shift: u32| 0x21 + ((self.serial >> shift) % 90) as u8;
        let id = [digit(21), digit(14), digit(7), digit(0)];
        let before = self.enqueued;
        match self.profile.fence {
            FenceKind::None => return,
            FenceKind::GsR => self.put(b"\x1Dr\x01"),
            FenceKind::GsI => self.put(b"\x1DI\x01"),
            FenceKind::ProcessId => {
                self.put(b"\x1D(H\x06\x0000");
                self.put(&id);
            }
        }
        let bytes = bytes + (self.enqueued - before) as usize;
        self.in_flight += bytes;
        self.fences.push_back(Fence { units, bytes, id });
    }

    /// Queues the next batch if the window has room. True: something was queued.
    fn fill(&mut self, now: u64) -> bool {
        let n = self.units.len();
        if self.next_unit >= n {
            if self.fences.is_empty() {
                self.trailer(now);
                return true;
            }
            return false;
        }
        let blind = self.profile.is_blind();
        let last = n - 1;
        if self.next_unit == last {
            if !blind && self.confirmed < last {
                return false;
            }
            let unit = self.units.get(last).cloned().unwrap_or_default();
            self.put(&unit);
            self.content_end = Some(self.enqueued);
            self.next_unit = n;
            self.fence(n, unit.len());
            return true;
        }
        if !blind && self.fences.len() >= self.profile.fences_in_flight {
            return false;
        }
        let (batch, upto) = units::batch(&self.units, self.next_unit, self.profile.window_bytes / 2);
        if !self.fences.is_empty() && self.in_flight + batch.len() + 16 > self.profile.window_bytes {
            return false;
        }
        self.put(&batch);
        self.next_unit = upto;
        self.fence(upto, batch.len());
        true
    }

    fn trailer(&mut self, now: u64) {
        let end = units::trailer(&self.profile);
        self.put(&end);
        if self.profile.is_blind() {
            self.phase =
                Phase::BlindEnd(now.max(self.ready_us / 1000).saturating_add(self.profile.settle_ms));
        } else {
            self.phase = Phase::Trailer;
            self.fence(self.units.len(), end.len());
        }
    }

    /// Waits for fences; asks for the state when they are late. `None`: nothing to wait for, or
    /// something was queued or ended.
    fn watch(&mut self, now: u64) -> Option<u64> {
        if self.fences.is_empty() {
            return None;
        }
        let mut patience = self.profile.stall_ms;
        if self.status.resting {
            patience = patience.saturating_mul(4);
        }
        if self.phase == Phase::Verify {
            patience = patience.min(self.profile.answer_ms.saturating_add(self.flush_time()));
        }
        if self.silent > 0 || self.profile.status == StatusKind::None {
            // It told its state before and does not now, or never does. A clone that answers only in its turn is as
            // silent as this while its cover is open: better to give up than to go on on new paper.
            patience = patience.min(self.profile.answer_ms.saturating_mul(SILENCE));
        }
        let stalled_at = self.progress.saturating_add(patience);
        if now >= stalled_at {
            self.stalled(now);
            return None;
        }
        if self.profile.status == StatusKind::DleEot {
            match &self.query {
                Some(Query { until: Some(until), .. }) if now >= *until => {
                    self.query = None;
                    self.silent += 1;
                }
                Some(q) => return Some(q.until.unwrap_or(now.saturating_add(1)).min(stalled_at)),
                None => {}
            }
            if now >= self.next_poll {
                let n = if self.question % 4 == 3 { 3 } else { [2, 4][self.question % 2] };
                self.question += 1;
                self.asking = true;
                self.put(&[0x10, 0x04, n]);
                self.query = Some(Query { n, until: None, again: false });
                return None;
            }
            return Some(self.next_poll.min(stalled_at));
        }
        Some(stalled_at)
    }

    fn stalled(&mut self, now: u64) {
        if self.phase == Phase::Verify {
            if self.doubtful_start && self.tries == 0 {
                self.tries = 1;
                self.fences.clear();
                self.in_flight = 0;
                self.put(&[0; LONG_FLUSH]);
                self.put(b"\x1B@");
                self.fence(0, 0);
                self.progress = now;
                return;
            }
            return self.end(if self.status.answers { Reason::NoFence } else { Reason::NoAnswer }, now);
        }
        let reason = if self.status.resting {
            Reason::Resting
        } else if self.silent > 0 || self.profile.status == StatusKind::None {
            Reason::NoAnswer
        } else {
            Reason::Stalled
        };
        self.end(reason, now);
    }

    /// Ends the job with what is known.
    fn end(&mut self, reason: Reason, now: u64) {
        let (confirmed, of) = (self.confirmed, self.units.len());
        let unknown = |reason| PrintResult::Unknown { confirmed, of, reason };
        let all_left = self.content_end.is_some_and(|end| self.handed >= end);
        let result = if confirmed == of && !self.profile.is_blind() {
            if !self.lossless {
                unknown(Reason::LossyLink)
            } else if self.noise > 0 && self.profile.fence != FenceKind::ProcessId {
                unknown(Reason::StrangeAnswers)
            } else {
                PrintResult::Printed
            }
        } else if all_left {
            unknown(reason)
        } else {
            PrintResult::NotPrinted(reason)
        };
        self.result = Some(result);
        self.query = None;
        self.fences.clear();
        // What was not sent stays unsent; where the printer can, what it holds is thrown away too.
        self.out.clear();
        self.out_at = 0;
        let started = self.handed > 0 && result != PrintResult::Printed && confirmed < of;
        if self.profile.clear && started && reason != Reason::LinkLost {
            self.put(&CLEAR);
            self.ready_us = 0;
            self.taken = now;
            self.phase = Phase::Clear(now.saturating_add(self.profile.answer_ms));
        }
    }
}
