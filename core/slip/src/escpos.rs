//! The slip as printer commands (ESC/POS with the FS commands of Chinese printers).
//!
//! The answer is a list of atomic units: a line, a band of dots, a feed. A session may stop, ask and go on
//! between units, never inside one.

use std::cell::OnceCell;

use crate::{
    bitmap::Bitmap,
    commands::{Commands, CrateCommands},
    document::is_inkless,
    error::SlipError,
    font::{BODY, PITCH},
    layout::{Align, Item, Layout, Means, Picture, TextLine},
    raster,
};

/// Which hanzi the printer's own font has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Charset {
    /// None, or nobody knows: everything is drawn as dots.
    None,
    /// GB 2312: 6,763 hanzi.
    Gb2312,
    /// GBK, two bytes.
    Gbk,
    /// GB 18030 with its four-byte part.
    Gb18030,
}

/// What of ESC/POS a printer speaks. Built from its profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Dots of the head: 384 or 576.
    pub dots: u16,
    /// Its own Chinese font.
    pub charset: Charset,
    /// Draws QR codes itself (`GS ( k`).
    pub native_qr: bool,
    /// Rows of a band of dots: at most 48, so that a lost byte costs six millimetres.
    pub band_rows: u16,
    /// Dots that the paper moves per unit of `ESC J` and `ESC 3`, as a fraction: (1, 1) on 203-dpi printers.
    pub feed_unit: (u8, u8),
    /// NUL bytes after each band: what a band swallows when bytes before it were lost.
    pub guard: u8,
    /// Dots fed at the end so that the last line clears the tear bar.
    pub tail: u16,
    /// Cuts the paper.
    pub cutter: bool,
}

impl Default for Dialect {
    /// A 58 mm pocket printer with a GBK font.
    fn default() -> Self {
        Dialect {
            dots: 384,
            charset: Charset::Gbk,
            native_qr: false,
            band_rows: 48,
            feed_unit: (1, 1),
            guard: 4,
            tail: 96,
            cutter: false,
        }
    }
}

/// Highest band that any caller may ask for.
const BAND_MAX: u16 = 48;
const HANZI_ON: [u8; 2] = [0x1c, 0x26]; // FS &
const HANZI_OFF: [u8; 2] = [0x1c, 0x2e]; // FS .
const HANZI_DOUBLE: [u8; 3] = [0x1c, 0x21, 0x0c]; // FS ! width and height
const HANZI_SINGLE: [u8; 3] = [0x1c, 0x21, 0x00];
const LF: u8 = 0x0a;

/// The slip as atomic units of bytes.
///
/// # Errors
/// When the layout is wider than the head, when it holds a control character, or the command library fails.
pub fn render(layout: &Layout, dialect: &Dialect) -> Result<Vec<Vec<u8>>, SlipError> {
    thread_local! {
        static COMMANDS: OnceCell<CrateCommands> = const { OnceCell::new() };
    }
    COMMANDS.with(|cell| {
        let commands = match cell.get() {
            Some(commands) => commands,
            None => {
                let made = CrateCommands::new()?;
                cell.get_or_init(|| made)
            }
        };
        render_with(layout, dialect, commands)
    })
}

fn render_with(
    layout: &Layout,
    dialect: &Dialect,
    commands: &dyn Commands,
) -> Result<Vec<Vec<u8>>, SlipError> {
    if layout.paper.dots() > dialect.dots {
        let cause = format!("layout {} dots, head {}", layout.paper.dots(), dialect.dots);
        return Err(SlipError::Render { what: "ESC/POS", cause });
    }
    let mut out = Writer {
        layout,
        dialect,
        commands,
        spacing: [commands.spacing(dialect.spacing(PITCH))?, commands.spacing(dialect.spacing(PITCH * 2))?],
        units: Vec::with_capacity(layout.items.len().saturating_add(8)),
        unit: Vec::with_capacity(96),
        align: Align::Left,
        gap: 0,
    };
    out.begin();
    for item in &layout.items {
        match item {
            Item::Text(line) => out.line(line)?,
            Item::Rule => out.rule(),
            Item::Gap(dots) => out.gap = out.gap.saturating_add(*dots),
            Item::Picture(picture) => out.figure(picture)?,
        }
    }
    out.end();
    Ok(out.units)
}

impl Dialect {
    /// Motion units of so many dots, to the nearest.
    fn units(&self, dots: u16) -> u32 {
        let (dots_of, per) = (u32::from(self.feed_unit.0.max(1)), u32::from(self.feed_unit.1.max(1)));
        u32::from(dots).saturating_mul(per).saturating_add(dots_of / 2) / dots_of
    }

    fn spacing(&self, dots: u16) -> u8 {
        u8::try_from(self.units(dots)).unwrap_or(u8::MAX)
    }
}

struct Writer<'a> {
    layout: &'a Layout,
    dialect: &'a Dialect,
    commands: &'a dyn Commands,
    /// Line spacing for body and for large type.
    spacing: [Vec<u8>; 2],
    units: Vec<Vec<u8>>,
    unit: Vec<u8>,
    align: Align,
    gap: u16,
}

impl Writer<'_> {
    fn begin(&mut self) {
        self.unit.extend_from_slice(self.commands.initialise());
        self.settle();
        self.close();
    }

    /// Puts the printer into the state every line expects, whatever came before.
    fn settle(&mut self) {
        self.unit.extend_from_slice(&HANZI_ON);
        let [body, _] = &self.spacing;
        self.unit.extend_from_slice(body);
        self.align = Align::Left;
        self.unit.extend_from_slice(self.commands.align(Align::Left));
    }

    fn close(&mut self) {
        if !self.unit.is_empty() {
            self.units.push(std::mem::replace(&mut self.unit, Vec::with_capacity(96)));
        }
    }

    fn feed(&mut self) {
        let mut units = self.dialect.units(self.gap);
        self.gap = 0;
        while units > 0 {
            let step = u8::try_from(units).unwrap_or(u8::MAX);
            self.unit.extend_from_slice(&[0x1b, 0x4a, step]); // ESC J
            units = units.saturating_sub(u32::from(step));
        }
    }

    fn turn(&mut self, align: Align) {
        if self.align != align {
            self.unit.extend_from_slice(self.commands.align(align));
            self.align = align;
        }
    }

    fn line(&mut self, line: &TextLine) -> Result<(), SlipError> {
        if let Some(c) = line.text.chars().find(|c| is_inkless(*c)) {
            return Err(SlipError::Control { part: ezhifa_law::template::Part::Notice, code: u32::from(c) });
        }
        let Some((bold, plain)) = self.encode(line) else {
            return self.drawn_line(line);
        };
        self.feed();
        self.turn(line.align);
        let large = line.px > BODY;
        if large {
            self.unit.extend_from_slice(self.commands.double(true));
            self.unit.extend_from_slice(&HANZI_DOUBLE);
            let [_, spacing] = &self.spacing;
            self.unit.extend_from_slice(spacing);
        }
        if !bold.is_empty() {
            self.unit.extend_from_slice(self.commands.bold(true));
            self.unit.extend_from_slice(&bold);
            self.unit.extend_from_slice(self.commands.bold(false));
        }
        self.unit.extend_from_slice(&plain);
        self.unit.push(LF);
        if large {
            self.unit.extend_from_slice(self.commands.double(false));
            self.unit.extend_from_slice(&HANZI_SINGLE);
            let [spacing, _] = &self.spacing;
            self.unit.extend_from_slice(spacing);
        }
        self.close();
        Ok(())
    }

    /// Bytes of the bold part and of the rest, or `None` when the printer's font lacks a character.
    fn encode(&self, line: &TextLine) -> Option<(Vec<u8>, Vec<u8>)> {
        let (bold, plain) = line.text.split_at_checked(line.bold)?;
        Some((self.bytes(bold)?, self.bytes(plain)?))
    }

    fn bytes(&self, text: &str) -> Option<Vec<u8>> {
        if text.is_empty() {
            return Some(Vec::new());
        }
        if self.dialect.charset == Charset::None {
            return None;
        }
        let (bytes, _, _) = encoding_rs::GB18030.encode(text);
        covered(&bytes, self.dialect.charset).then(|| bytes.into_owned())
    }

    /// A line the printer's font cannot set: the bundled font's dots at the same place and height.
    fn drawn_line(&mut self, line: &TextLine) -> Result<(), SlipError> {
        let dots = raster::text_line(self.layout, line);
        let left = self.layout.left(line.align, line.width());
        // Bold type at the right edge reaches a dot beyond it: cut, or the picture is wider than the head.
        let width = dots.width().saturating_add(left).min(self.layout.paper.dots());
        let mut placed = Bitmap::new(width, dots.height());
        placed.draw(left, 0, &dots);
        self.picture(&placed, Align::Left);
        Ok(())
    }

    fn figure(&mut self, picture: &Picture) -> Result<(), SlipError> {
        if let (Means::Code { text, module }, true) = (&picture.means, self.dialect.native_qr) {
            self.feed();
            self.turn(picture.align);
            // Some printers lose a QR command in hanzi mode (escpos-php#941).
            self.unit.extend_from_slice(&HANZI_OFF);
            let module = u8::try_from(*module).unwrap_or(8);
            self.unit.extend_from_slice(&self.commands.qr(text, module)?);
            self.settle();
            self.close();
            return Ok(());
        }
        self.picture(&picture.bitmap, picture.align);
        Ok(())
    }

    /// A picture in bands, each a unit of its own; white rows are fed, not sent.
    fn picture(&mut self, bitmap: &Bitmap, align: Align) {
        let rows = self.dialect.band_rows.clamp(1, BAND_MAX);
        let trim = align == Align::Left;
        let blank = |y: u16| bitmap.row(y).iter().all(|b| *b == 0);
        let mut y = 0u16;
        while y < bitmap.height() {
            if blank(y) {
                self.gap = self.gap.saturating_add(1);
                y = y.saturating_add(1);
                continue;
            }
            let end = (y..bitmap.height().min(y.saturating_add(rows)))
                .take_while(|r| !blank(*r))
                .last()
                .unwrap_or(y);
            self.feed();
            self.turn(align);
            self.band(bitmap, y, end, trim);
            self.close();
            y = end.saturating_add(1);
        }
    }

    /// A rule across: one row at double width and height (GS v 0, mode 3), a quarter of the bytes.
    /// A printer that ignores the mode draws half a rule, no more.
    fn rule(&mut self) {
        self.feed();
        self.turn(Align::Left);
        let bytes = self.layout.paper.dots() / 16;
        let [low, high] = bytes.to_le_bytes();
        self.unit.extend_from_slice(&[0x1d, 0x76, 0x30, 3, low, high, 1, 0]);
        self.unit.extend(std::iter::repeat_n(0xffu8, usize::from(bytes)));
        self.close();
    }

    fn band(&mut self, bitmap: &Bitmap, from: u16, to: u16, trim: bool) {
        let ink = |y: u16| bitmap.row(y).iter().rposition(|b| *b != 0).map_or(0, |at| at.saturating_add(1));
        let bytes =
            if trim { (from..=to).map(ink).max().unwrap_or(0).max(1) } else { bitmap.row(from).len() };
        let [x_low, x_high] = u16::try_from(bytes).unwrap_or(u16::MAX).to_le_bytes();
        let [y_low, y_high] = to.saturating_sub(from).saturating_add(1).to_le_bytes();
        self.unit.extend_from_slice(&[0x1d, 0x76, 0x30, 0, x_low, x_high, y_low, y_high]); // GS v 0
        let start = self.unit.len();
        for y in from..=to {
            self.unit.extend_from_slice(bitmap.row(y).get(..bytes).unwrap_or_default());
        }
        if let Some(data) = self.unit.get_mut(start..) {
            hush(data);
        }
        self.unit.extend(std::iter::repeat_n(0u8, usize::from(self.dialect.guard)));
        if self.dialect.guard > 0 {
            // After lost bytes the modes are in doubt; the next line must not pay for it.
            self.unit.extend_from_slice(&HANZI_ON);
        }
    }

    fn end(&mut self) {
        self.turn(Align::Left);
        self.gap = self.gap.saturating_add(self.dialect.tail);
        self.feed();
        if self.dialect.cutter {
            // GS V 66 0: partial cut. The crate's own sends a full cut (PRINTING 1).
            self.unit.extend_from_slice(&[0x1d, 0x56, 0x42, 0x00]);
        }
        self.close();
    }
}

/// Whether the printer's font has every character of these GB 18030 bytes.
fn covered(bytes: &[u8], charset: Charset) -> bool {
    let mut rest = bytes;
    while let [lead, tail @ ..] = rest {
        if *lead < 0x80 {
            if *lead < 0x20 || *lead == 0x7f {
                return false;
            }
            rest = tail;
            continue;
        }
        let [second, after @ ..] = tail else { return false };
        if (0x30..=0x39).contains(second) {
            if charset != Charset::Gb18030 {
                return false;
            }
            let [_, _, after @ ..] = after else { return false };
            rest = after;
            continue;
        }
        let fits = match charset {
            Charset::None => false,
            Charset::Gb2312 => (0xa1..=0xf7).contains(lead) && *second >= 0xa1,
            // A2E3 (€), A6D9.. and FE50.. came after GBK 1.0: old fonts have something else there, or nothing.
            Charset::Gbk => !matches!(
                (lead, second),
                (0xa2, 0xe3) | (0xa6, 0xd9..=0xf5) | (0xa8, 0xbf) | (0xfe, 0x50..=0xa0)
            ),
            Charset::Gb18030 => true,
        };
        if !fits {
            return false;
        }
        rest = after;
    }
    true
}

/// Printers act on `DLE EOT n`, `DLE ENQ n` and `DLE DC4 n` even inside picture data. One dot more in the
/// second byte breaks the command; nobody sees it.
fn hush(data: &mut [u8]) {
    for at in 1..data.len() {
        if let Some([0x10, second @ (0x04 | 0x05 | 0x14)]) = data.get_mut(at.saturating_sub(1)..=at) {
            *second |= 0x02;
        }
    }
}
