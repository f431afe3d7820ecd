//! Carries out commands on paper: modes, the line being filled, and the dots.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Align, Charset, Dots, Image, Line, NativeQr, Options, Paper};

/// The modes that ESC @ resets.
#[derive(Clone)]
struct Mode {
    align: Align,
    bold: bool,
    underline: bool,
    reverse: bool,
    ascii: (usize, usize),
    kanji: (usize, usize),
    kanji_underline: bool,
    kanji_gap: (usize, usize),
    gap: usize,
    spacing: usize,
    kanji_on: bool,
    left: usize,
}

enum Mark {
    Char { ch: char, cell: usize },
    Bits(Arc<Dots>),
}

struct Cell {
    mark: Mark,
    sx: usize,
    sy: usize,
    before: usize,
    width: usize,
    height: usize,
    bold: bool,
    underline: bool,
    reverse: bool,
}

/// Settings of GS ( k, kept by the printer until the next ESC @.
#[derive(Clone)]
struct QrSettings {
    model: u8,
    module: u8,
    level: u8,
    data: Vec<u8>,
}

pub(crate) struct Press {
    options: Options,
    mode: Mode,
    qr: QrSettings,
    user: BTreeMap<(u8, u8), Arc<Dots>>,
    graphics: Option<Image>,
    line: Vec<Cell>,
    x: usize,
    y: usize,
    /// Answers that are due where the command stands in the stream.
    pub answers: Vec<Vec<u8>>,
    pub asb: bool,
    paper: Paper,
}

impl Press {
    pub fn new(options: &Options) -> Press {
        let mode = Mode {
            align: Align::Left,
            bold: false,
            underline: false,
            reverse: false,
            ascii: (1, 1),
            kanji: (1, 1),
            kanji_underline: false,
            kanji_gap: (0, 0),
            gap: 0,
            spacing: 30,
            kanji_on: options.kanji_at_start,
            left: 0,
        };
        let qr = QrSettings { model: 2, module: 3, level: 48, data: Vec::new() };
        Press {
            options: options.clone(),
            mode,
            qr,
            user: BTreeMap::new(),
            graphics: None,
            line: Vec::new(),
            x: 0,
            y: 0,
            answers: Vec::new(),
            asb: false,
            paper: Paper::blank(options.dots),
        }
    }

    pub fn kanji_on(&self) -> bool {
        self.mode.kanji_on
    }

    /// Has anything been put on this paper (or fed)?
    pub fn used(&self) -> bool {
        self.y > 0 || !self.line.is_empty()
    }

    /// Tears the paper off and starts a new one; modes stay, as in the printer.
    pub fn tear(&mut self) -> Paper {
        self.paper.dots.grow(self.y);
        self.y = 0;
        std::mem::replace(&mut self.paper, Paper::blank(self.options.dots))
    }

    fn warn(&mut self, what: &str) {
        if self.paper.warnings.len() < 100 {
            self.paper.warnings.push(format!("{what} (row {})", self.y));
        }
    }

    pub fn unknown(&mut self, command: &[u8]) {
        if self.paper.unknown.len() < 100 {
            self.paper.unknown.push(command.iter().take(16).copied().collect());
        }
    }

    fn reset(&mut self) {
        let fresh = Press::new(&self.options);
        self.mode = fresh.mode;
        self.qr = fresh.qr;
        self.line.clear();
        self.x = 0;
        self.asb = false;
    }

    /// One byte or one multi-byte character of text.
    pub fn text(&mut self, bytes: &[u8]) {
        let (ch, cell) = match bytes {
            [b] if *b < 0x80 => (char::from(*b), 12),
            [b] => (char::from(*b), 12),
            // The user area of FS 2.
            [a, b] if self.user.contains_key(&(*a, *b)) => {
                if let Some(dots) = self.user.get(&(*a, *b)).cloned() {
                    let (sx, sy) = self.mode.kanji;
                    self.put(Mark::Bits(dots), 24 * sx, 24 * sy, sx, sy, true);
                }
                return;
            }
            _ => match encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
                Some(s) if self.in_rom(bytes) => (s.chars().next().unwrap_or('\u{FFFD}'), 24),
                _ => ('\u{FFFD}', 24),
            },
        };
        let kanji = cell == 24;
        let (sx, sy) = if kanji { self.mode.kanji } else { self.mode.ascii };
        self.put(Mark::Char { ch, cell }, cell * sx, 24 * sy, sx, sy, kanji);
    }

    /// Does the printer's own font have it?
    fn in_rom(&self, bytes: &[u8]) -> bool {
        match (self.options.charset, bytes) {
            (Charset::Gb18030, _) => true,
            (Charset::Gbk, [_, _]) => true,
            (Charset::Gb2312, [a, b]) => (0xA1..=0xF7).contains(a) && *b >= 0xA1,
            _ => false,
        }
    }

    fn put(&mut self, mark: Mark, width: usize, height: usize, sx: usize, sy: usize, kanji: bool) {
        let (before, after) = if kanji { self.mode.kanji_gap } else { (0, self.mode.gap) };
        let advance = (before + width + after).min(4 * self.options.dots);
        if self.x + before + width > self.options.dots.saturating_sub(self.mode.left) && !self.line.is_empty()
        {
            self.warn("line too long, the printer wrapped it");
            self.end_line(0);
        }
        let m = &self.mode;
        let underline = if kanji { m.kanji_underline } else { m.underline };
        let cell = Cell { mark, sx, sy, before, width, height, bold: m.bold, underline, reverse: m.reverse };
        self.line.push(cell);
        self.x += advance;
    }

    /// Prints the line that was filled; the paper moves by its height or `feed`, whichever is more.
    fn end_line(&mut self, feed: usize) {
        let cells = std::mem::take(&mut self.line);
        let width = std::mem::take(&mut self.x);
        let height = cells.iter().map(|c| c.height).max().unwrap_or(0);
        if !cells.is_empty() {
            let start = self.start(width);
            let mut x = start;
            let mut text = String::new();
            for c in &cells {
                x += c.before;
                let top = self.y + (height - c.height);
                match &c.mark {
                    Mark::Char { ch, cell } => {
                        text.push(*ch);
                        let glyph = self.options.font.glyph(*ch, *cell);
                        if glyph.missing || *ch == '\u{FFFD}' {
                            self.paper.holes += 1;
                        }
                        self.paper.dots.draw(&glyph.dots, x, top, c.sx, c.sy, c.reverse);
                        if c.bold {
                            self.paper.dots.draw(&glyph.dots, x + 1, top, c.sx, c.sy, c.reverse);
                        }
                    }
                    Mark::Bits(dots) => self.paper.dots.draw(dots, x, top, c.sx, c.sy, c.reverse),
                }
                if c.underline {
                    self.paper.dots.fill(x, top + c.height.saturating_sub(1), c.width, 1);
                }
                x += c.width;
            }
            if cells.iter().any(|c| matches!(c.mark, Mark::Char { .. })) {
                let sx = cells.iter().map(|c| c.sx).max().unwrap_or(1);
                let bold = cells.iter().any(|c| c.bold);
                let align = self.mode.align;
                self.paper.lines.push(text.clone());
                self.paper.details.push(Line { text, x: start, y: self.y, width, height, sx, bold, align });
            }
        }
        self.advance(feed.max(height));
    }

    fn start(&self, width: usize) -> usize {
        let room = self.options.dots.saturating_sub(self.mode.left).saturating_sub(width);
        self.mode.left
            + match self.mode.align {
                Align::Left => 0,
                Align::Centre => room / 2,
                Align::Right => room,
            }
    }

    fn advance(&mut self, rows: usize) {
        // Bounded as the paper is, so that random bytes cannot ask for kilometres.
        self.y = (self.y + rows).min(100_000);
    }

    fn image(&mut self, dots: Dots, sx: usize, sy: usize) {
        if !self.line.is_empty() {
            self.warn("image in a line that was not ended");
            self.end_line(0);
        }
        let (w, h) = (dots.width() * sx, dots.height() * sy);
        if w > self.options.dots {
            self.warn("image wider than the paper");
        }
        let x = self.start(w);
        self.paper.dots.draw(&dots, x, self.y, sx, sy, false);
        self.paper.images.push(Image { x, y: self.y, sx, sy, dots });
        self.advance(h);
    }

    /// Carries out one whole command. `paper` is the state that GS r and the like report.
    pub fn run(&mut self, c: &[u8], paper_out: bool, near_end: bool) {
        let n = c.get(2).copied().unwrap_or(0);
        let size = |n: u8| (usize::from(n >> 4 & 7) + 1, usize::from(n & 7) + 1);
        match c {
            [0x0A] => self.end_line(self.mode.spacing),
            [0x0D] | [0x00] | [0x18] | [0x0C] => {}
            [0x09] => {
                let next = (self.x / 96 + 1) * 96;
                self.x = next.min(self.options.dots);
            }
            [b] if *b >= 0x20 => self.text(c),
            [_] => self.unknown(c),
            [0x10, ..] => {}
            [0x1B, 0x40] => self.reset(),
            [0x1B, 0x61, ..] => {
                if !self.line.is_empty() {
                    self.warn("ESC a in mid-line is not obeyed");
                } else {
                    match n {
                        0 | 48 => self.mode.align = Align::Left,
                        1 | 49 => self.mode.align = Align::Centre,
                        2 | 50 => self.mode.align = Align::Right,
                        _ => self.unknown(c),
                    }
                }
            }
            [0x1B, 0x45 | 0x47, ..] => self.mode.bold = n & 1 == 1,
            [0x1B, 0x2D, ..] => self.mode.underline = matches!(n, 1 | 2 | 49 | 50),
            [0x1B, 0x21, ..] => {
                self.mode.bold = n & 8 != 0;
                self.mode.underline = n & 0x80 != 0;
                self.mode.ascii = (1 + usize::from(n >> 5 & 1), 1 + usize::from(n >> 4 & 1));
            }
            [0x1B, 0x20, ..] => self.mode.gap = usize::from(n),
            [0x1B, 0x32] => self.mode.spacing = 30,
            [0x1B, 0x33, ..] => self.mode.spacing = self.units(n),
            [0x1B, 0x4A, ..] => self.end_line(self.units(n)),
            [0x1B, 0x64, ..] => {
                let rows = self.mode.spacing * usize::from(n);
                self.end_line(rows)
            }
            [0x1B, 0x24, _, _, ..] => {
                self.x = usize::from(n) + 256 * usize::from(c.get(3).copied().unwrap_or(0));
                self.warn("ESC $ moves the print position: not drawn exactly");
            }
            [0x1B, 0x2A, m, ..] => self.columns(*m, c),
            [0x1B, 0x74 | 0x52 | 0x4D | 0x63 | 0x72 | 0x70 | 0x3D | 0x7B | 0x25 | 0x44, ..] => {}
            [0x1C, 0x26] => self.mode.kanji_on = true,
            [0x1C, 0x2E] => self.mode.kanji_on = false,
            [0x1C, 0x21, ..] => {
                self.mode.kanji = (1 + usize::from(n >> 2 & 1), 1 + usize::from(n >> 3 & 1));
                self.mode.kanji_underline = n & 0x80 != 0;
            }
            [0x1C, 0x2D, ..] => self.mode.kanji_underline = matches!(n, 1 | 2 | 49 | 50),
            [0x1C, 0x57, ..] => self.mode.kanji = if n & 1 == 1 { (2, 2) } else { (1, 1) },
            [0x1C, 0x53, l, r] => self.mode.kanji_gap = (usize::from(*l), usize::from(*r)),
            [0x1C, 0x32, a, b, data @ ..] => {
                let mut dots = Dots::new(24, 24);
                column_bits(&mut dots, data, 3, 1);
                self.user.insert((*a, *b), Arc::new(dots));
            }
            [0x1C, 0x3F, a, b] => {
                self.user.remove(&(*a, *b));
            }
            [0x1D, 0x21, ..] => {
                self.mode.ascii = size(n);
                self.mode.kanji = size(n);
            }
            [0x1D, 0x42, ..] => self.mode.reverse = n & 1 == 1,
            [0x1D, 0x4C, l, h] => {
                self.mode.left = (usize::from(*l) + 256 * usize::from(*h)).min(self.options.dots)
            }
            [0x1D, 0x76, 0x30, m, xl, xh, yl, yh, data @ ..] => {
                let (w, h) =
                    (usize::from(*xl) + 256 * usize::from(*xh), usize::from(*yl) + 256 * usize::from(*yh));
                self.image(Dots::from_rows(w, h, data), 1 + usize::from(m & 1), 1 + usize::from(m >> 1 & 1));
            }
            [0x1D, 0x28, 0x6B, _, _, 49, function, data @ ..] => self.qr(*function, data, c),
            [0x1D, 0x28, 0x4C, _, _, data @ ..] => self.graphics(data, c),
            [0x1D, 0x38, 0x4C, _, _, _, _, data @ ..] => self.graphics(data, c),
            [0x1D, 0x28, 0x48, 6, 0, 48, 48, d @ ..] if self.options.answers.process_id && d.len() == 4 => {
                let mut reply = vec![0x37, 0x22];
                reply.extend_from_slice(d);
                reply.push(0);
                self.answers.push(reply);
            }
            [0x1D, 0x72, ..] if self.options.answers.gs_r => match n {
                1 | 49 => {
                    let byte = if near_end { 0x03 } else { 0 } | if paper_out { 0x0C } else { 0 };
                    self.answers.push(vec![byte]);
                }
                2 | 50 => self.answers.push(vec![0]),
                _ => {}
            },
            [0x1D, 0x49, ..] if self.options.answers.gs_i => self.identity(n),
            [0x1D, 0x61, ..] => self.asb = n != 0 && self.options.answers.asb,
            [0x1D, 0x56, ..] => {
                if !self.line.is_empty() {
                    self.end_line(0);
                }
                self.paper.cuts.push(self.y);
            }
            [0x1D, 0x48 | 0x68 | 0x77 | 0x66 | 0x50 | 0x57 | 0x72 | 0x49, ..] => {}
            _ => self.unknown(c),
        }
    }

    fn units(&self, n: u8) -> usize {
        usize::from(n) * usize::from(self.options.feed_unit.0) / usize::from(self.options.feed_unit.1.max(1))
    }

    fn identity(&mut self, n: u8) {
        let id = &self.options.identity;
        let text = match n {
            // One byte: two-byte characters are supported, no cutter.
            1 | 49 => return self.answers.push(vec![0x20]),
            2 | 50 => return self.answers.push(vec![0x01]),
            3 | 51 => return self.answers.push(vec![0x21]),
            65 => &id.firmware,
            66 => &id.maker,
            67 => &id.model,
            68 => &id.serial,
            69 => match self.options.charset {
                Charset::Gb18030 => "CHINA GB18030",
                Charset::Gbk => "CHINA GBK",
                Charset::Gb2312 => "CHINA GB2312",
            },
            _ => return,
        };
        let mut reply = vec![0x5F];
        reply.extend_from_slice(text.as_bytes());
        reply.push(0);
        self.answers.push(reply);
    }

    /// ESC *: columns of 8 or 24 dots become part of the line.
    fn columns(&mut self, m: u8, c: &[u8]) {
        let data = c.get(5..).unwrap_or_default();
        let (bytes, sx, sy) = match m {
            0 => (1, 2, 3),
            1 => (1, 1, 3),
            32 => (3, 2, 1),
            33 => (3, 1, 1),
            _ => return self.unknown(c),
        };
        let mut dots = Dots::new(data.len() / bytes, bytes * 8);
        column_bits(&mut dots, data, bytes, 1);
        let (w, h) = (dots.width() * sx, dots.height() * sy);
        self.paper.images.push(Image { x: self.x, y: self.y, sx, sy, dots: dots.clone() });
        self.put(Mark::Bits(Arc::new(dots)), w, h, sx, sy, false);
    }

    /// GS ( L: store raster graphics (function 112), print them (2 or 50).
    fn graphics(&mut self, data: &[u8], c: &[u8]) {
        match data {
            [48, 112, 48, bx, by, _, xl, xh, yl, yh, bits @ ..] => {
                let (w, h) =
                    (usize::from(*xl) + 256 * usize::from(*xh), usize::from(*yl) + 256 * usize::from(*yh));
                let stride = w.div_ceil(8);
                let (sx, sy) = (usize::from((*bx).clamp(1, 2)), usize::from((*by).clamp(1, 2)));
                self.graphics =
                    Some(Image { x: 0, y: 0, sx, sy, dots: Dots::from_rows(stride, h.min(4096), bits) });
            }
            [48, 2 | 50] => {
                if let Some(i) = self.graphics.take() {
                    self.image(i.dots, i.sx, i.sy);
                }
            }
            _ => self.unknown(c),
        }
    }

    /// GS ( k, symbol 49: a QR code that the printer itself makes. No quiet zone, as the tables say.
    fn qr(&mut self, function: u8, data: &[u8], c: &[u8]) {
        match (function, data) {
            (65, [model, ..]) => self.qr.model = model.saturating_sub(48),
            (67, [n]) => self.qr.module = (*n).clamp(1, 16),
            (69, [n]) => self.qr.level = *n,
            (80, [48, text @ ..]) => self.qr.data = text.to_vec(),
            (81, [48]) => {
                let level = match self.qr.level {
                    49 => qrcodegen::QrCodeEcc::Medium,
                    50 => qrcodegen::QrCodeEcc::Quartile,
                    51 => qrcodegen::QrCodeEcc::High,
                    _ => qrcodegen::QrCodeEcc::Low,
                };
                let text = String::from_utf8_lossy(&self.qr.data).into_owned();
                let Ok(code) = qrcodegen::QrCode::encode_text(&text, level) else {
                    return self.warn("QR data too long, nothing printed");
                };
                let side = code.size().unsigned_abs() as usize;
                let mut dots = Dots::new(side, side);
                for y in 0..side {
                    for x in 0..side {
                        if code.get_module(x as i32, y as i32) {
                            dots.set(x, y);
                        }
                    }
                }
                let module = usize::from(self.qr.module);
                self.paper.native_qr.push(NativeQr {
                    text,
                    model: self.qr.model,
                    module: self.qr.module,
                    level: self.qr.level.wrapping_sub(48),
                    y: self.y,
                });
                self.image(dots, module, module);
            }
            _ => self.unknown(c),
        }
    }
}

fn column_bits(dots: &mut Dots, data: &[u8], bytes: usize, scale: usize) {
    for (i, b) in data.iter().enumerate() {
        for bit in 0..8 {
            if b & (0x80 >> bit) != 0 {
                dots.fill(i / bytes * scale, (i % bytes * 8 + bit) * scale, scale, scale);
            }
        }
    }
}
