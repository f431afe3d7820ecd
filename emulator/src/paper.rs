//! What came out of the printer.

use crate::{Dots, EmulatorError};

/// Where a line stands (ESC a).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// To the left edge.
    Left,
    /// In the middle.
    Centre,
    /// To the right edge.
    Right,
}

/// One printed line of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The words.
    pub text: String,
    /// Left edge in dots.
    pub x: usize,
    /// Top row.
    pub y: usize,
    /// Width in dots.
    pub width: usize,
    /// Height in dots: 24, 48...
    pub height: usize,
    /// Widest magnification in the line.
    pub sx: usize,
    /// Is any of it bold?
    pub bold: bool,
    /// Alignment in force.
    pub align: Align,
}

/// One image command's dots and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Left edge.
    pub x: usize,
    /// Top row.
    pub y: usize,
    /// Dots of paper per dot of image, across.
    pub sx: usize,
    /// Dots of paper per dot of image, down.
    pub sy: usize,
    /// The dots.
    pub dots: Dots,
}

/// A QR code that the printer made itself (GS ( k).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeQr {
    /// Its data.
    pub text: String,
    /// 1 or 2; many scanners refuse model 1.
    pub model: u8,
    /// Dots a module.
    pub module: u8,
    /// Error correction, 0 to 3 for L, M, Q, H.
    pub level: u8,
    /// Top row.
    pub y: usize,
}

/// A piece of paper that left the printer, and what is known of how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// Text lines from the top, words only.
    pub lines: Vec<String>,
    /// The same lines with place and size.
    pub details: Vec<Line>,
    /// Images from the top; native QR codes too.
    pub images: Vec<Image>,
    /// QR codes that the printer made itself.
    pub native_qr: Vec<NativeQr>,
    /// All dots.
    pub dots: Dots,
    /// Commands that no table knows (first bytes, at most 100).
    pub unknown: Vec<Vec<u8>>,
    /// What a careful printer would complain about: wrapped lines, images too wide.
    pub warnings: Vec<String>,
    /// Characters the printer has no glyph for: boxes on the paper.
    pub holes: usize,
    /// Rows at which the paper was cut.
    pub cuts: Vec<usize>,
    /// Bytes carried out on this paper.
    pub bytes: Vec<u8>,
    /// The paper ran out or the cover was opened in the middle of it.
    pub torn: bool,
    /// It ends inside a command (or a character) that was never completed.
    pub unfinished: bool,
    /// Bytes of the stream that the fault injection lost while this paper was printed.
    pub lost: usize,
}

impl Paper {
    pub(crate) fn blank(dots: usize) -> Paper {
        Paper {
            lines: Vec::new(),
            details: Vec::new(),
            images: Vec::new(),
            native_qr: Vec::new(),
            dots: Dots::new(dots, 0),
            unknown: Vec::new(),
            warnings: Vec::new(),
            holes: 0,
            cuts: Vec::new(),
            bytes: Vec::new(),
            torn: false,
            unfinished: false,
            lost: 0,
        }
    }

    /// All words, one line each.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Every QR code on the paper, read from its dots as a camera would.
    pub fn qr(&self) -> Vec<String> {
        self.dots.qr()
    }

    /// A picture of the paper.
    pub fn png(&self) -> Result<Vec<u8>, EmulatorError> {
        self.dots.png()
    }

    /// Does this paper carry exactly the ink of the other one? The test of "the slip came out whole".
    pub fn same_ink(&self, other: &Paper) -> bool {
        self.dots.ink() == other.dots.ink()
    }

    /// Does it contain the other's ink as one unbroken piece (perhaps with more before or after)?
    pub fn holds(&self, other: &Paper) -> bool {
        self.dots.holds(&other.dots)
    }
}
