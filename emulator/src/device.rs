//! The printer without a cable: bytes in, answers out, paper. Knows no clock and no socket.

use std::collections::VecDeque;
use std::time::Duration;

use crate::press::Press;
use crate::table::length;
use crate::{Charset, Faults, Options, Overrun, Paper};

/// A printer that is switched on. Its state outlives connections, as a real one's does:
/// a command cut in half by one caller swallows the first bytes of the next.
pub struct Device {
    options: Options,
    press: Press,
    received: VecDeque<u8>,
    command: Vec<u8>,
    /// Last bytes seen by the real-time scanner.
    recent: [u8; 10],
    replies: VecDeque<u8>,
    in_total: usize,
    done: usize,
    paper_out: bool,
    cover_open: bool,
    reported: [u8; 4],
    finished: Vec<Paper>,
    bytes: Vec<u8>,
    lost: usize,
    dice: u64,
}

impl Device {
    /// Switches the printer on.
    pub fn new(options: Options) -> Device {
        Device {
            press: Press::new(&options),
            dice: options.seed | 1,
            options,
            received: VecDeque::new(),
            command: Vec::new(),
            recent: [0; 10],
            replies: VecDeque::new(),
            in_total: 0,
            done: 0,
            paper_out: false,
            cover_open: false,
            reported: [0; 4],
            finished: Vec::new(),
            bytes: Vec::new(),
            lost: 0,
        }
    }

    /// Room in the receive buffer. In `Stall` mode a caller gives no more than this.
    pub fn room(&self) -> usize {
        match self.options.overrun {
            Overrun::Stall => self.options.buffer.saturating_sub(self.received.len()),
            Overrun::Drop => usize::MAX,
        }
    }

    /// Takes bytes off the cable. True: the fault "disconnect" is due, hang up now.
    pub fn receive(&mut self, bytes: &[u8]) -> bool {
        for b in bytes {
            let at = self.in_total;
            self.in_total += 1;
            if self.options.faults.drop.iter().any(|r| r.contains(&at)) {
                self.lost += 1;
            } else {
                // The scanner stands before the buffer: status is answered even when it is full.
                self.scan(*b);
                if self.received.len() < self.options.buffer {
                    self.received.push_back(*b);
                } else {
                    self.lost += 1;
                }
            }
            if self.options.faults.disconnect == Some(self.in_total) {
                self.options.faults.disconnect = None;
                return true;
            }
        }
        false
    }

    /// Works off at most so many received bytes; returns how many it did.
    pub fn work(&mut self, at_most: usize) -> usize {
        let mut did = 0;
        while did < at_most && !self.stopped() {
            let Some(b) = self.received.pop_front() else { break };
            did += 1;
            self.done += 1;
            self.bytes.push(b);
            self.command.push(b);
            self.try_command();
            if self.options.faults.paper_out == Some(self.done) {
                self.options.faults.paper_out = None;
                self.paper_out = true;
                self.torn();
            }
            if self.options.faults.cover_open == Some(self.done) {
                self.options.faults.cover_open = None;
                self.cover_open = true;
                self.torn();
            }
        }
        self.report_changes();
        did
    }

    /// Waiting for paper or for the cover?
    pub fn stopped(&self) -> bool {
        self.paper_out || self.cover_open
    }

    /// Nothing left to do now?
    pub fn idle(&self) -> bool {
        self.received.is_empty() || self.stopped()
    }

    /// New paper in, cover closed. What is in the buffer comes out on the new paper, as with a real one.
    pub fn mend(&mut self) {
        self.paper_out = false;
        self.cover_open = false;
        self.report_changes();
    }

    /// Takes the paper away by hand.
    pub fn take_paper_out(&mut self) {
        self.paper_out = true;
        self.report_changes();
    }

    /// Opens the cover by hand.
    pub fn open_cover(&mut self) {
        self.cover_open = true;
        self.report_changes();
    }

    /// New faults, their byte counts beginning now.
    pub fn inject(&mut self, faults: Faults) {
        let (done, got) = (self.done, self.in_total);
        self.options.faults = Faults {
            paper_out: faults.paper_out.map(|n| done.saturating_add(n)),
            cover_open: faults.cover_open.map(|n| done.saturating_add(n)),
            disconnect: faults.disconnect.map(|n| got.saturating_add(n)),
            drop: faults
                .drop
                .iter()
                .map(|r| got.saturating_add(r.start)..got.saturating_add(r.end))
                .collect(),
            ..faults
        };
    }

    /// Bytes a second, and how long until somebody puts paper in.
    pub(crate) fn pace(&self) -> (Option<usize>, Option<Duration>) {
        (self.options.faults.slow, self.options.faults.mend)
    }

    /// Answers to be sent to the caller.
    pub fn replies(&mut self) -> Vec<u8> {
        self.replies.drain(..).collect()
    }

    /// The officer tears off what has come out.
    pub fn tear(&mut self) {
        if self.press.used() || !self.bytes.is_empty() {
            let mut paper = self.press.tear();
            paper.bytes = std::mem::take(&mut self.bytes);
            paper.unfinished = !self.command.is_empty();
            paper.lost = std::mem::take(&mut self.lost);
            self.finished.push(paper);
        }
    }

    /// Papers torn off since the last call.
    pub fn papers(&mut self) -> Vec<Paper> {
        std::mem::take(&mut self.finished)
    }

    /// Paper that is still in the printer and has ink or feed on it?
    pub fn has_paper(&self) -> bool {
        self.press.used()
    }

    fn torn(&mut self) {
        let before = self.finished.len();
        self.tear();
        if let Some(p) = self.finished.get_mut(before) {
            p.torn = true;
        }
    }

    fn try_command(&mut self) {
        let Some(first) = self.command.first().copied() else { return };
        if first >= 0x80 && self.press.kanji_on() {
            return self.try_character(first);
        }
        match length(&self.command) {
            None => {}
            Some(n) if self.command.len() < n => {}
            Some(_) => {
                let command = std::mem::take(&mut self.command);
                self.carry_out(&command);
            }
        }
    }

    /// A hanzi of two bytes, or of four where the ROM knows them.
    fn try_character(&mut self, first: u8) {
        let valid_lead = (0x81..=0xFE).contains(&first);
        match self.command.as_slice() {
            [_] if valid_lead => {}
            [_, second] => match second {
                0x30..=0x39 if self.options.charset == Charset::Gb18030 => {}
                0x40..=0x7E | 0x80..=0xFE => {
                    let c = std::mem::take(&mut self.command);
                    self.press.text(&c);
                }
                // Not a character: the lead is lost, the second byte stands for itself.
                b => {
                    let b = *b;
                    self.press.text(&[0xFF, 0xFF]);
                    self.command = vec![b];
                    self.try_command();
                }
            },
            [_, _, _] => {}
            _ => {
                let c = std::mem::take(&mut self.command);
                self.press.text(&c);
            }
        }
    }

    fn carry_out(&mut self, command: &[u8]) {
        let (out, near) = (self.paper_out, self.options.near_end);
        if !self.options.realtime
            && let [0x10, 0x04, n] = command
        {
            return self.status(*n);
        }
        let asb = self.press.asb;
        self.press.run(command, out, near);
        for a in std::mem::take(&mut self.press.answers) {
            self.reply(&a);
        }
        if self.press.asb && !asb {
            let now = self.asb();
            self.reported = now;
            self.reply(&now);
        }
    }

    /// Real-time commands are looked for in every byte that arrives, raster data included.
    fn scan(&mut self, b: u8) {
        if !self.options.realtime {
            return;
        }
        self.recent.rotate_left(1);
        self.recent[9] = b;
        if let [.., 0x10, 0x04, n @ 1..=4] = self.recent {
            self.status(n);
        } else if self.recent == [0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8] && self.options.answers.clear {
            self.received.clear();
            self.command.clear();
            self.press.run(b"\x1B@", false, false);
            self.reply(&[0x37, 0x25, 0]);
        }
    }

    fn status(&mut self, n: u8) {
        if !self.options.answers.dle_eot {
            return;
        }
        let offline = self.stopped();
        let bit = |on: bool, b: u8| if on { 1 << b } else { 0 };
        let byte = 0x12
            | match n {
                1 => bit(offline, 3),
                2 => bit(self.cover_open, 2) | bit(self.paper_out, 5),
                4 => {
                    let (near, out) = (self.options.near_end || self.paper_out, self.paper_out);
                    bit(near, 2) | bit(near, 3) | bit(out, 5) | bit(out, 6)
                }
                _ => 0,
            };
        self.reply(&[byte]);
    }

    fn asb(&self) -> [u8; 4] {
        let bit = |on: bool, b: u8| if on { 1 << b } else { 0 };
        [
            0x10 | bit(self.stopped(), 3) | bit(self.cover_open, 5),
            0,
            if self.options.near_end || self.paper_out { 0x03 } else { 0 }
                | if self.paper_out { 0x0C } else { 0 },
            0,
        ]
    }

    fn report_changes(&mut self) {
        let now = self.asb();
        if self.press.asb && now != self.reported {
            self.reported = now;
            self.reply(&now);
        }
    }

    fn reply(&mut self, bytes: &[u8]) {
        if self.options.faults.mute {
            return;
        }
        if self.options.faults.garbage {
            for _ in 0..1 + self.roll() % 6 {
                let b = self.roll();
                self.replies.push_back(b);
            }
        } else {
            self.replies.extend(bytes);
        }
    }

    /// xorshift: nonsense that a seed repeats.
    fn roll(&mut self) -> u8 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 24) as u8
    }
}
