//! The pocket printer of the simulated world: it takes what a slip is made of, answers what a real one
//! answers, and runs out of paper when it is told to. What the paper looks like is the emulator's matter.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ezhifa_field::printer::{Link, LinkError, Profile};

use crate::FleetError;

/// One printer. Slips come out one after the other.
#[derive(Clone, Default)]
pub(crate) struct Printer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Bytes until the paper ends; `None`: there is enough.
    paper_left: Option<usize>,
    /// Bytes of a raster or of a command that are still to come.
    skip: usize,
    /// A command that is not complete yet.
    head: Vec<u8>,
    answers: VecDeque<u8>,
    taken: usize,
}

/// What begins here.
enum Token {
    /// So many bytes without an answer.
    Skip(usize),
    /// DLE EOT n.
    Status(u8),
    /// GS r n, answered in its turn.
    Fence,
    /// More bytes are needed to tell.
    Open,
}

fn token(bytes: &[u8]) -> Token {
    match bytes {
        [0x10] | [0x10, 0x04] | [0x1D] | [0x1D, b'r' | b'v' | b'('] | [0x1B] | [0x1C] => Token::Open,
        [0x10, 0x04, n, ..] => Token::Status(*n),
        [0x1D, b'r', _, ..] => Token::Fence,
        [0x1D, b'v', b'0', _, xl, xh, yl, yh, ..] => {
            let wide = usize::from(*xl) | usize::from(*xh) << 8;
            let high = usize::from(*yl) | usize::from(*yh) << 8;
            Token::Skip(8_usize.saturating_add(wide.saturating_mul(high)))
        }
        [0x1D, b'v', ..] => Token::Open,
        [0x1B, b'@', ..] | [0x1C, b'&' | b'.', ..] => Token::Skip(2),
        [0x1B, _] | [0x1D, _] | [0x1C, _] => Token::Open,
        [0x1B..=0x1D, _, _, ..] => Token::Skip(3),
        _ => Token::Skip(1),
    }
}

impl State {
    fn out(&self) -> bool {
        self.paper_left == Some(0)
    }

    fn byte(&mut self, byte: u8) {
        self.taken = self.taken.saturating_add(1);
        if let Some(left) = &mut self.paper_left {
            *left = left.saturating_sub(1);
        }
        if self.skip > 0 {
            self.skip = self.skip.saturating_sub(1);
            return;
        }
        self.head.push(byte);
        match token(&self.head) {
            Token::Open => return,
            Token::Skip(n) => self.skip = n.saturating_sub(self.head.len()),
            Token::Status(n) => {
                let trouble = match n {
                    1 => 0x08,
                    2 => 0x20,
                    4 => 0x60,
                    _ => 0,
                };
                self.answers.push_back(0x12 | if self.out() { trouble } else { 0 });
            }
            // A printer without paper comes to no fence.
            Token::Fence if self.out() => {}
            Token::Fence => self.answers.push_back(0),
        }
        self.head.clear();
    }
}

impl Printer {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A fresh roll.
    pub(crate) fn load(&self) {
        let mut state = self.state();
        *state = State::default();
    }

    /// The roll ends after so many bytes.
    pub(crate) fn ends_after(&self, bytes: usize) {
        self.state().paper_left = Some(bytes);
    }

    /// A connection to it.
    pub(crate) fn link(&self) -> Box<dyn Link> {
        Box::new(Wire(self.clone()))
    }
}

struct Wire(Printer);

impl Link for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        let mut state = self.0.state();
        for byte in bytes {
            state.byte(*byte);
        }
        Ok(bytes.len())
    }

    fn read(&mut self, into: &mut [u8], _within: Duration) -> Result<usize, LinkError> {
        let mut state = self.0.state();
        let n = state.answers.len().min(into.len());
        for (to, from) in into.iter_mut().zip(state.answers.drain(..n)) {
            *to = from;
        }
        Ok(n)
    }

    fn close(&mut self) {}
}

/// The profile of it: the usual 58 mm printer, only as fast as memory, so that a year fits into an hour.
pub(crate) fn profile() -> Result<Profile, FleetError> {
    let usual = Profile::named("generic-58-gbk").map_err(|e| FleetError::Input(e.to_string()))?;
    Ok(Profile {
        id: "simulated-58".to_owned(),
        bytes_per_second: 1_000_000_000,
        // Longer than the state is asked for: why a print ended must not depend on how busy this machine is.
        stall_ms: 8_000,
        settle_ms: 0,
        ..usual
    })
}
