//! What kind of printer is played.

use std::path::PathBuf;
use std::time::Duration;

use crate::{Faults, Typeface};

/// The hanzi in the printer's ROM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// 6,763 hanzi.
    Gb2312,
    /// All two-byte characters.
    Gbk,
    /// With four-byte characters.
    Gb18030,
}

/// What happens to bytes that the receive buffer has no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overrun {
    /// The cable waits (RFCOMM, TCP).
    Stall,
    /// They are lost (a serial line without flow control, BLE without response).
    Drop,
}

/// Which questions the printer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answers {
    /// DLE EOT n.
    pub dle_eot: bool,
    /// GS r n.
    pub gs_r: bool,
    /// GS I n.
    pub gs_i: bool,
    /// GS a n (automatic status back).
    pub asb: bool,
    /// GS ( H, the process id.
    pub process_id: bool,
    /// DLE DC4 8 (clear buffers).
    pub clear: bool,
}

impl Answers {
    /// What most pocket printers answer.
    pub const COMMON: Answers =
        Answers { dle_eot: true, gs_r: true, gs_i: true, asb: false, process_id: false, clear: false };
    /// Everything.
    pub const ALL: Answers =
        Answers { dle_eot: true, gs_r: true, gs_i: true, asb: true, process_id: true, clear: true };
    /// Nothing.
    pub const NONE: Answers =
        Answers { dle_eot: false, gs_r: false, gs_i: false, asb: false, process_id: false, clear: false };
}

/// Names that GS I tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// GS I 65.
    pub firmware: String,
    /// GS I 66.
    pub maker: String,
    /// GS I 67.
    pub model: String,
    /// GS I 68.
    pub serial: String,
}

/// The printer to be played.
#[derive(Debug, Clone)]
pub struct Options {
    /// Dots across: 384 (58 mm) or 576 (80 mm).
    pub dots: usize,
    /// Hanzi in ROM.
    pub charset: Charset,
    /// Is hanzi mode on at power-on and after ESC @?
    pub kanji_at_start: bool,
    /// Dots per unit of ESC J and ESC 3, as a fraction: (1, 1) on 203-dpi clones.
    pub feed_unit: (u8, u8),
    /// Are DLE EOT and DLE DC4 seen the moment they arrive, or only in their turn?
    pub realtime: bool,
    /// What it answers.
    pub answers: Answers,
    /// Is the roll nearly used up?
    pub near_end: bool,
    /// Receive buffer in bytes.
    pub buffer: usize,
    /// When it is full.
    pub overrun: Overrun,
    /// What goes wrong.
    pub faults: Faults,
    /// Font for the drawing.
    pub font: Typeface,
    /// Where finished papers are written as .png and .escpos.
    pub out_dir: Option<PathBuf>,
    /// Silence after which a paper counts as finished.
    pub quiet: Duration,
    /// For the garbage.
    pub seed: u64,
    /// Who it says it is.
    pub identity: Identity,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            dots: 384,
            charset: Charset::Gbk,
            kanji_at_start: true,
            feed_unit: (1, 1),
            realtime: true,
            answers: Answers::COMMON,
            near_end: false,
            buffer: 10 * 1024,
            overrun: Overrun::Stall,
            faults: Faults::default(),
            font: Typeface::default(),
            out_dir: None,
            quiet: Duration::from_millis(700),
            seed: 1,
            identity: Identity {
                firmware: "1.0".into(),
                maker: "EZHIFA".into(),
                model: "VIRTUAL-58".into(),
                serial: "0001".into(),
            },
        }
    }
}

impl Options {
    /// A printer for 58 or 80 mm paper; 80 mm comes with GB18030.
    pub fn paper(mm: u32) -> Options {
        if mm >= 80 {
            Options { dots: 576, charset: Charset::Gb18030, ..Options::default() }
        } else {
            Options::default()
        }
    }
}
