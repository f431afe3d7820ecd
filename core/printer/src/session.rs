//! Drives jobs over a link with the real clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::answer::{Answer, Demux};
use crate::job::{Action, Job};
use crate::link::{Link, LinkError};
use crate::profile::{FenceKind, Profile, StatusKind};
use crate::status::{PaperState, PrintResult, Reason, Status};

/// What a printer answered when it was asked everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probe {
    /// Its state.
    pub status: Status,
    /// DLE EOT is answered.
    pub dle_eot: bool,
    /// GS r 1 is answered.
    pub gs_r: bool,
    /// GS I 1 is answered.
    pub gs_i: bool,
    /// GS ( H is answered with our number.
    pub process_id: bool,
    /// GS I 66: maker.
    pub maker: Option<String>,
    /// GS I 67: model.
    pub model: Option<String>,
    /// GS I 69: hanzi in ROM, such as "CHINA GB18030".
    pub font: Option<String>,
    /// The built-in profile that fits, by what is answered; its width must be chosen by looking.
    pub suggestion: String,
}

/// A printer in use: a link, a profile, and what is known of the printer's state of mind.
pub struct Session<L: Link> {
    link: L,
    profile: Profile,
    started: Instant,
    doubtful: bool,
    jobs: u32,
    stop: Arc<AtomicBool>,
}

impl<L: Link> Session<L> {
    /// Takes a link into use. Nobody knows what the printer was sent before.
    pub fn new(link: L, profile: Profile) -> Session<L> {
        let stop = Arc::new(AtomicBool::new(false));
        Session { link, profile, started: Instant::now(), doubtful: true, jobs: 0, stop }
    }

    /// The profile in use.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Set it to true from another thread and the running job ends as cancelled.
    pub fn canceller(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// Gives the link back.
    pub fn into_link(self) -> L {
        self.link
    }

    /// Ends the connection. Not before a job's result is there: closing early cuts its tail.
    pub fn close(&mut self) {
        self.link.close();
    }

    /// Prints one slip, given as units of whole commands; the last unit must put ink on the paper.
    ///
    /// The session itself sends ESC @ before and the feed and cut after. It never sends anything
    /// twice: a reprint is a second call, made by a person.
    pub fn print(&mut self, units: &[Vec<u8>]) -> PrintResult {
        self.print_with(units, |_, _| {})
    }

    /// Like [`Session::print`], telling confirmed units and their number for a progress bar.
    pub fn print_with(&mut self, units: &[Vec<u8>], mut tell: impl FnMut(usize, usize)) -> PrintResult {
        self.drain();
        self.stop.store(false, Ordering::Relaxed);
        self.jobs = self.jobs.wrapping_add(1);
        // Different in every job and every session, so that a late answer is not taken for a new one.
        let nonce = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.subsec_nanos())
            .wrapping_add(self.jobs);
        let mut job = Job::new(&self.profile, units, self.link.lossless(), self.doubtful, nonce, self.now());
        let mut shown = (0, 0);
        let result = loop {
            if job.progress() != shown {
                shown = job.progress();
                tell(shown.0, shown.1);
            }
            let now = self.now();
            if self.stop.load(Ordering::Relaxed) {
                job.cancel(now);
            }
            match job.next(now) {
                Action::Finish(result) => break result,
                Action::Send(bytes) => match self.link.write(bytes) {
                    Ok(n) => {
                        let now = self.now();
                        job.sent(n, now);
                        if self.listen(&mut job, Duration::ZERO).is_err() {
                            job.link_lost(self.now());
                        }
                    }
                    Err(_) => {
                        // The last answers may still be readable.
                        for _ in 0..64 {
                            if !matches!(self.listen(&mut job, Duration::from_millis(20)), Ok(n) if n > 0) {
                                break;
                            }
                        }
                        job.link_lost(self.now());
                    }
                },
                Action::Wait(until) => {
                    let wait = Duration::from_millis(until.saturating_sub(now).clamp(1, 50));
                    if self.listen(&mut job, wait).is_err() {
                        job.link_lost(self.now());
                    }
                }
            }
        };
        self.doubtful = result != PrintResult::Printed;
        result
    }

    /// Asks for the printer's state; nothing is printed. A blind printer gives an empty state.
    pub fn status(&mut self) -> Result<Status, LinkError> {
        let mut status = Status::default();
        self.drain();
        if self.profile.status == StatusKind::DleEot {
            let is_status = |a: &Answer| matches!(a, Answer::Status(_));
            let mut first = self.ask(&[0x10, 0x04, 2], is_status)?;
            if first.is_none() && self.doubtful {
                // Perhaps the question was swallowed by a command cut in half.
                self.flush()?;
                let within = self.profile.answer_ms.saturating_add(self.profile.flush_bytes as u64 / 2);
                first = self.ask_within(within, &[0x10, 0x04, 2], is_status)?;
            }
            if let Some(Answer::Status(b)) = first {
                status.take(2, b);
                for n in [4, 1, 3] {
                    if let Some(Answer::Status(b)) = self.ask(&[0x10, 0x04, n], is_status)? {
                        status.take(n, b);
                    }
                }
            }
        } else if self.profile.fence == FenceKind::GsR
            && let Some(Answer::Byte(b)) = self.ask(b"\x1Dr\x01", |a| matches!(a, Answer::Byte(_)))?
        {
            status.answers = true;
            status.paper = match b {
                b if b & 0x0C != 0 => PaperState::Out,
                b if b & 0x03 != 0 => PaperState::NearEnd,
                _ => PaperState::Ok,
            };
        }
        Ok(status)
    }

    /// Asks everything that a printer might answer and says which profile fits.
    pub fn probe(&mut self) -> Result<Probe, LinkError> {
        let mut p = Probe::default();
        self.drain();
        if self.doubtful {
            self.flush()?;
        }
        for n in [2, 4, 1, 3] {
            if let Some(Answer::Status(b)) = self.ask(&[0x10, 0x04, n], |a| matches!(a, Answer::Status(_)))? {
                p.dle_eot = true;
                p.status.take(n, b);
            } else if n == 2 {
                break;
            }
        }
        p.gs_r = self.ask(b"\x1Dr\x01", |a| matches!(a, Answer::Byte(_)))?.is_some();
        p.gs_i = self.ask(b"\x1DI\x01", |a| matches!(a, Answer::Byte(_)))?.is_some();
        let mine = *b"eZ01";
        let reply = self.ask(b"\x1D(H\x06\x0000eZ01", |a| matches!(a, Answer::ProcessId(_)))?;
        p.process_id = reply == Some(Answer::ProcessId(mine));
        for (n, slot) in [(66, &mut p.maker), (67, &mut p.model), (69, &mut p.font)] {
            if let Some(Answer::Text(text)) = self.ask(&[0x1D, 0x49, n], |a| matches!(a, Answer::Text(_)))? {
                *slot = Some(text);
            }
        }
        let wide = p.font.as_deref().is_some_and(|f| f.contains("GB18030"));
        p.suggestion = match (p.process_id, p.gs_r, p.gs_i) {
            // Every profile with a fence asks for the state first.
            _ if !p.dle_eot => "mute-58",
            (true, _, _) => "epson-compatible",
            (_, _, true) if wide => "generic-80-gb18030",
            (_, true, _) => "generic-58-gbk",
            (_, _, true) => "generic-80-gb18030",
            _ => "mute-58",
        }
        .to_owned();
        Ok(p)
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    fn listen(&mut self, job: &mut Job, wait: Duration) -> Result<usize, LinkError> {
        let mut buf = [0u8; 256];
        let n = self.link.read(&mut buf, wait)?;
        let now = self.now();
        job.received(buf.get(..n).unwrap_or_default(), now);
        Ok(n)
    }

    /// Completes whatever command may be half-sent; nothing comes on paper.
    fn flush(&mut self) -> Result<(), LinkError> {
        let mut bytes = vec![0; self.profile.flush_bytes];
        bytes.extend_from_slice(b"\x1B@");
        let deadline = self.now().saturating_add(self.profile.stall_ms);
        self.write_all(&bytes, deadline).map(|_| ())
    }

    /// False: the time was over before everything was taken.
    fn write_all(&mut self, bytes: &[u8], deadline: u64) -> Result<bool, LinkError> {
        let mut at = 0usize;
        while let Some(rest) = bytes.get(at..).filter(|r| !r.is_empty()) {
            at = at.saturating_add(self.link.write(rest)?);
            if self.now() > deadline {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Throws away answers to questions of the past.
    fn drain(&mut self) {
        let mut buf = [0u8; 256];
        for _ in 0..64 {
            if !matches!(self.link.read(&mut buf, Duration::from_millis(2)), Ok(n) if n > 0) {
                return;
            }
        }
    }

    fn ask(&mut self, question: &[u8], fits: impl Fn(&Answer) -> bool) -> Result<Option<Answer>, LinkError> {
        self.ask_within(self.profile.answer_ms, question, fits)
    }

    fn ask_within(
        &mut self,
        within: u64,
        question: &[u8],
        fits: impl Fn(&Answer) -> bool,
    ) -> Result<Option<Answer>, LinkError> {
        let deadline = self.now().saturating_add(within);
        if !self.write_all(question, deadline)? {
            return Ok(None);
        }
        let mut demux = Demux::default();
        let mut buf = [0u8; 256];
        while self.now() < deadline {
            let n = self.link.read(&mut buf, Duration::from_millis(10))?;
            for b in buf.get(..n).unwrap_or_default() {
                if let Some(answer) = demux.push(*b).filter(|a| fits(a)) {
                    return Ok(Some(answer));
                }
            }
        }
        Ok(None)
    }

    /// The reason a printer cannot be used now, if there is one: to be shown before a number is used.
    pub fn ready(&mut self) -> Result<Option<Reason>, LinkError> {
        let status = self.status()?;
        if self.profile.status == StatusKind::DleEot && !status.answers {
            return Ok(Some(Reason::NoAnswer));
        }
        Ok(status.trouble())
    }
}
