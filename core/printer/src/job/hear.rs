//! What the printer's answers mean to a job.

use super::{Job, Phase, Query};
use crate::answer::Answer;
use crate::profile::FenceKind;
use crate::status::{Reason, Status};

impl Job {
    /// Bytes came from the printer.
    pub fn received(&mut self, bytes: &[u8], now: u64) {
        for b in bytes {
            if let Some(answer) = self.demux.push(*b) {
                if matches!(answer, Answer::Byte(_) | Answer::ProcessId(_) | Answer::Noise) {
                    self.heard = now;
                }
                self.answer(answer, now);
            }
        }
    }

    fn answer(&mut self, answer: Answer, now: u64) {
        match answer {
            Answer::Status(b) => self.state_answer(b, now),
            Answer::Asb(a) => {
                self.status = Status::from_asb(a);
                if let Some(reason) = self.status.trouble()
                    && self.result.is_none()
                {
                    self.end(reason, now);
                }
            }
            Answer::Byte(b) => match self.profile.fence {
                FenceKind::GsR if b & 0xF0 == 0 && b & 3 != 1 && b & 3 != 2 && b & 12 != 4 && b & 12 != 8 => {
                    self.passed(now);
                    if b & 12 == 12 && self.result.is_none() {
                        self.end(Reason::PaperOut, now);
                    }
                }
                FenceKind::GsI => self.passed(now),
                _ => self.noise += 1,
            },
            Answer::ProcessId(id) => match self.fences.iter().position(|f| f.id == id) {
                Some(0) => self.passed(now),
                // A later fence was reached and this one was not: bytes were lost before or in it.
                Some(_) => self.end(Reason::BytesLost, now),
                // From an earlier job.
                None => {}
            },
            Answer::Cleared => {
                if matches!(self.phase, Phase::Clear(_)) {
                    self.phase = Phase::Clear(now);
                }
            }
            Answer::Text(_) | Answer::Noise => self.noise += 1,
        }
    }

    fn passed(&mut self, now: u64) {
        match self.fences.pop_front() {
            // An answer that nobody asked for.
            None => self.noise += 1,
            Some(fence) => {
                self.in_flight = self.in_flight.saturating_sub(fence.bytes);
                self.confirmed = self.confirmed.max(fence.units);
                self.progress = now;
            }
        }
    }

    fn state_answer(&mut self, b: u8, now: u64) {
        // Raster data may hold DLE EOT by chance: an answer without a question means nothing.
        let Some(q) = self.query.take() else { return };
        self.silent = 0;
        let mut told = Status { ..self.status };
        told.take(q.n, b);
        if let Phase::Ask(i) = self.phase {
            self.status = told;
            self.phase = Phase::Ask(i + 1);
            return;
        }
        self.status.answers = true;
        match told.trouble() {
            Some(Reason::Resting | Reason::Offline) | None => self.status = told,
            // Perhaps it was the answer to a chance question in raster data: ask once more.
            Some(_) if !q.again && self.result.is_none() => {
                if self.out_at >= self.out.len() {
                    self.asking = true;
                    self.taken = now;
                    self.put(&[0x10, 0x04, q.n]);
                    self.query = Some(Query { n: q.n, until: None, again: true });
                }
            }
            Some(reason) => {
                self.status = told;
                if self.result.is_none() {
                    self.end(reason, now);
                }
            }
        }
    }
}
