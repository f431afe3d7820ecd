//! From document to lines on the dot grid, once: every renderer sets the same lines.

use std::collections::BTreeMap;

use ezhifa_law::template::{Part, Style};
use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, Version};

use crate::{
    bitmap::Bitmap,
    document::{Block, Document, Line, Mark, is_inkless},
    error::SlipError,
    font::{BODY, GlyphSource, bundled_has, columns, pitch},
    wrap::{hang, word_columns, wrap},
};

/// Width of the paper, or rather of what the head can print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Paper {
    /// 58 mm roll: 384 dots, 16 hanzi.
    Mm58,
    /// 80 mm roll: 576 dots, 24 hanzi.
    Mm80,
    /// A4 archive page: 960 dots, 40 hanzi. PDF only.
    A4,
}

impl Paper {
    /// Dots across.
    #[must_use]
    pub const fn dots(self) -> u16 {
        match self {
            Paper::Mm58 => 384,
            Paper::Mm80 => 576,
            Paper::A4 => 960,
        }
    }

    /// Half-width columns across.
    #[must_use]
    pub const fn columns(self) -> u16 {
        self.dots() / (BODY / 2)
    }
}

/// The slip set on its paper.
#[derive(Clone, PartialEq, Eq)]
pub struct Layout {
    /// Paper.
    pub paper: Paper,
    /// Title, for the file's own name.
    pub title: String,
    /// Everything from top to bottom.
    pub items: Vec<Item>,
    /// Where blocks begin among the items: a page of the file does not end inside one that fits the next.
    pub(crate) starts: Vec<usize>,
    /// Glyphs that the bundled font lacks, from the [`GlyphSource`]: by character and dots.
    pub(crate) foreign: BTreeMap<(char, u16), Bitmap>,
}

impl std::fmt::Debug for Layout {
    /// Size only: rare characters are from somebody's name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Layout({:?}, {} items, {} dots high)", self.paper, self.items.len(), self.height())
    }
}

/// One thing across the paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A line of type.
    Text(TextLine),
    /// A line across.
    Rule,
    /// White dots.
    Gap(u16),
    /// Signature or code.
    Picture(Picture),
}

/// How a line stands between the margins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Left.
    Left,
    /// Centre.
    Centre,
    /// Right.
    Right,
}

/// A line of type that fits the paper.
#[derive(Clone, PartialEq, Eq)]
pub struct TextLine {
    /// Words.
    pub text: String,
    /// The first so many bytes are bold.
    pub bold: usize,
    /// Dots of a hanzi: 24 or 48.
    pub px: u16,
    /// Where.
    pub align: Align,
}

impl std::fmt::Debug for TextLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TextLine({} columns, {} dots)", word_columns(&self.text), self.px)
    }
}

impl TextLine {
    /// Width in dots.
    #[must_use]
    pub fn width(&self) -> u16 {
        word_columns(&self.text).saturating_mul(self.px / 2)
    }
}

/// A picture and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its dots.
    pub bitmap: Bitmap,
    /// Where.
    pub align: Align,
    /// What it is.
    pub means: Means,
}

/// What a picture stands for, for renderers without pictures and printers with a QR of their own.
#[derive(Clone, PartialEq, Eq)]
pub enum Means {
    /// A signature drawn on the glass.
    Signature,
    /// The line to sign on in ink.
    InkLine,
    /// A QR code.
    Code {
        /// Its content.
        text: String,
        /// Dots a module.
        module: u16,
    },
}

impl std::fmt::Debug for Means {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Means::Signature => "Signature",
            Means::InkLine => "InkLine",
            Means::Code { .. } => "Code",
        })
    }
}

/// Dots of a rule.
pub(crate) const RULE: u16 = 2;
const GAP: u16 = 8;
const GAP_AT_RULE: u16 = 10;
const SIGNATURE: (u16, u16) = (160, 64);
// Smallest module that phones read from worn thermal paper, and the quiet zone (ISO/IEC 18004).
const MODULE_MIN: u16 = 5;
const MODULE_MAX: u16 = 6;
const QUIET: u16 = 4;
// Six is half again what it must be; larger pay codes cost kilobytes on the air and read no better.
// A code this wide is easy to aim at; smaller symbols get larger modules up to it.
const CODE_DOTS: u16 = 300;
// Codes longer than this are signed records; up to it, pay codes and the like, which may repeat one digit.
const SEARCHED: usize = 100;
/// Two metres of paper: nobody reads more, and a pocket printer's roll is ten.
const LIMIT_DOTS: u32 = 16_000;
/// Room for two codes with captions, strokes instead of ink lines and the reprint mark.
const SIGNED_DOTS: u32 = 1_600;

/// Sets a document on a paper. `more` is asked for the characters that the bundled font lacks.
///
/// # Errors
/// Everything that would spoil the paper, found before a number is used: a character that no source has,
/// a control character, a number wider than the paper, a code that does not fit, a slip that is too long.
pub fn layout(document: &Document, paper: Paper, more: &dyn GlyphSource) -> Result<Layout, SlipError> {
    let number = word_columns(&document.number);
    if number > paper.columns() {
        return Err(SlipError::NumberTooWide { columns: number, paper: paper.columns() });
    }
    let mut keep = document.keep.clone();
    keep.push(document.number.clone());
    keep.push(document.check_code.clone());
    let mut setter = Setter {
        layout: Layout {
            paper,
            title: document.title.clone(),
            items: Vec::with_capacity(128),
            starts: Vec::with_capacity(32),
            foreign: BTreeMap::new(),
        },
        more,
        keep,
    };
    for (i, block) in document.blocks.iter().enumerate() {
        setter.block(block, i == 0)?;
    }
    let dots = setter.layout.height();
    // A draft has no codes yet, and a signed paper must come out for ever, with 补打 on it: what passed as a
    // draft passes always.
    let limit = if document.code.is_empty() { LIMIT_DOTS } else { LIMIT_DOTS.saturating_add(SIGNED_DOTS) };
    if paper != Paper::A4 && dots > limit {
        return Err(SlipError::TooLong { millimetres: dots / 8, limit: LIMIT_DOTS / 8 });
    }
    Ok(setter.layout)
}

impl Layout {
    /// Where the block that begins at this item ends, and its height; `None` when none does.
    pub(crate) fn block_at(&self, item: usize) -> Option<(usize, u32)> {
        let block = self.starts.binary_search(&item).ok()?;
        let end = self.starts.get(block.saturating_add(1)).copied().unwrap_or(self.items.len());
        let items = self.items.get(item..end).unwrap_or_default();
        Some((end, items.iter().map(|i| u32::from(i.height())).sum()))
    }

    /// Height in dots.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.items.iter().fold(0u32, |sum, item| sum.saturating_add(u32::from(item.height())))
    }

    /// Dots to the left of something `width` dots wide.
    #[must_use]
    pub fn left(&self, align: Align, width: u16) -> u16 {
        let room = self.paper.dots().saturating_sub(width);
        match align {
            Align::Left => 0,
            Align::Centre => room / 2,
            Align::Right => room,
        }
    }
}

impl Item {
    /// Height in dots.
    #[must_use]
    pub fn height(&self) -> u16 {
        match self {
            Item::Text(line) => pitch(line.px),
            Item::Rule => RULE,
            Item::Gap(dots) => *dots,
            Item::Picture(picture) => picture.bitmap.height(),
        }
    }
}

struct Setter<'a> {
    layout: Layout,
    more: &'a dyn GlyphSource,
    keep: Vec<String>,
}

impl Setter<'_> {
    fn block(&mut self, block: &Block, first: bool) -> Result<(), SlipError> {
        self.layout.starts.push(self.layout.items.len());
        if block.rule_above {
            self.layout.items.push(Item::Gap(GAP_AT_RULE));
            self.layout.items.push(Item::Rule);
            self.layout.items.push(Item::Gap(GAP_AT_RULE));
        } else if !first {
            self.layout.items.push(Item::Gap(GAP));
        }
        let mut label = block.label.as_str();
        // A code has no line of its own for the label to stand on, and a list begins below its name.
        let own_line = match block.lines.first() {
            Some(Line::Text { text }) => block.lines.len() > 1 && text.starts_with("1."),
            Some(Line::Signature { .. }) => false,
            Some(Line::Code { .. }) | None => true,
        };
        if !label.is_empty() && own_line {
            self.text(block, label, "")?;
            label = "";
        }
        for line in &block.lines {
            let label = std::mem::take(&mut label);
            match line {
                Line::Text { text } => self.text(block, label, text)?,
                Line::Signature { text, mark } => {
                    self.text(block, label, text)?;
                    self.signature(mark);
                }
                Line::Code { code, caption } => {
                    self.code(code)?;
                    if !caption.is_empty() {
                        self.set(block.part, "", caption, BODY, Align::Centre, false)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn text(&mut self, block: &Block, label: &str, text: &str) -> Result<(), SlipError> {
        match block.style {
            Style::Normal => self.set(block.part, label, text, BODY, Align::Left, false),
            Style::Centred => {
                let bold = matches!(block.part, Part::Heading | Part::Mark | Part::Decision);
                self.set(block.part, label, text, BODY, Align::Centre, bold)
            }
            Style::Large => {
                // A number, an amount or a name that is too wide in large type is set in body type: never broken.
                let room = self.layout.paper.columns() / 2;
                let broken = self.keep.iter().any(|k| word_columns(k) > room && text.contains(k.as_str()));
                let px = if broken { BODY } else { BODY * 2 };
                self.set(block.part, label, text, px, Align::Centre, broken)
            }
        }
    }

    fn set(
        &mut self,
        part: Part,
        label: &str,
        text: &str,
        px: u16,
        align: Align,
        bold: bool,
    ) -> Result<(), SlipError> {
        let label_bytes = if label.is_empty() { 0 } else { label.len().saturating_add("【】".len()) };
        let whole;
        let text = if label.is_empty() {
            text
        } else {
            whole = format!("【{label}】{text}");
            &whole
        };
        self.check(part, text, px)?;
        let width = self.layout.paper.columns().saturating_mul(BODY) / px;
        let hang = if align == Align::Left { hang(text, width, &self.keep) } else { 0 };
        for piece in wrap(text, width, hang, &self.keep) {
            let Some(words) = text.get(piece.clone()) else { continue };
            let bold =
                if bold { words.len() } else { label_bytes.saturating_sub(piece.start).min(words.len()) };
            let stand_in = if piece.start > 0 { usize::from(hang) } else { 0 };
            let text = format!("{}{words}", " ".repeat(stand_in));
            self.layout.items.push(Item::Text(TextLine { text, bold, px, align }));
        }
        Ok(())
    }

    /// Every character has a glyph and none is a command.
    fn check(&mut self, part: Part, text: &str, px: u16) -> Result<(), SlipError> {
        for c in text.chars() {
            if c == ' ' || (!c.is_ascii_control() && bundled_has(c)) {
                continue;
            }
            let code = u32::from(c);
            if is_inkless(c) {
                return Err(SlipError::Control { part, code });
            }
            for px in [px, PDF_PX] {
                if self.layout.foreign.contains_key(&(c, px)) {
                    continue;
                }
                match self
                    .more
                    .glyph(c, px)
                    .filter(|g| g.width() == px && g.height() == px && g.cropped().is_some())
                {
                    Some(glyph) => {
                        self.layout.foreign.insert((c, px), glyph);
                    }
                    None if px == PDF_PX => {}
                    None => return Err(SlipError::MissingGlyph { part, code }),
                }
            }
        }
        Ok(())
    }

    fn signature(&mut self, mark: &Mark) {
        let (width, height) = SIGNATURE;
        let strokes = match mark {
            Mark::Strokes { strokes } => Bitmap::from_strokes(strokes, width, height),
            Mark::Ink => None,
        };
        let picture = match strokes {
            Some(bitmap) => Picture { bitmap, align: Align::Right, means: Means::Signature },
            None => {
                self.layout.items.push(Item::Gap(height.saturating_sub(24)));
                let mut line = Bitmap::new(width.saturating_add(32), RULE);
                line.fill(0, 0, line.width(), RULE);
                Picture { bitmap: line, align: Align::Right, means: Means::InkLine }
            }
        };
        self.layout.items.push(Item::Picture(picture));
        self.layout.items.push(Item::Gap(GAP));
    }

    fn code(&mut self, text: &str) -> Result<(), SlipError> {
        let dots = self.layout.paper.dots();
        let highest = version_limit(dots);
        let too_long = SlipError::CodeTooLong { bytes: text.len(), version_limit: highest };
        let segments = QrSegment::make_segments(text);
        // The search for the handsomest of eight masks costs most of a slip's time. A signature looks random, so
        // any mask leaves it as even as the next (tests/codes.rs); short codes are few modules and searched.
        let mask = (text.len() > SEARCHED).then(|| Mask::new(0));
        let code = QrCode::encode_segments_advanced(
            &segments,
            QrCodeEcc::Medium,
            Version::MIN,
            Version::new(highest),
            mask,
            true,
        )
        .map_err(|_| too_long)?;
        let size = u16::try_from(code.size()).unwrap_or(u16::MAX);
        let module = (CODE_DOTS / size).clamp(MODULE_MIN, MODULE_MAX);
        let mut bitmap = Bitmap::new(size.saturating_mul(module), size.saturating_mul(module));
        for y in 0..size {
            for x in 0..size {
                if code.get_module(i32::from(x), i32::from(y)) {
                    bitmap.fill(x.saturating_mul(module), y.saturating_mul(module), module, module);
                }
            }
        }
        // The paper's margins are the quiet zone at the sides; above and below it is laid out.
        let quiet = QUIET.saturating_mul(module);
        self.layout.items.push(Item::Gap(quiet));
        self.layout.items.push(Item::Picture(Picture {
            bitmap,
            align: Align::Centre,
            means: Means::Code { text: text.to_owned(), module },
        }));
        self.layout.items.push(Item::Gap(quiet));
        Ok(())
    }
}

/// Dots of a foreign glyph in the PDF, where it is a picture.
pub(crate) const PDF_PX: u16 = 96;

/// Highest QR version at five dots a module with its quiet zone: 12 on 58 mm (DESIGN 8 plans for 10).
fn version_limit(dots: u16) -> u8 {
    let modules = (dots / MODULE_MIN).saturating_sub(QUIET * 2);
    u8::try_from(modules.saturating_sub(17) / 4).unwrap_or(40).clamp(1, 40)
}

/// Half-width columns to dots.
pub(crate) fn advance(c: char, px: u16) -> u16 {
    columns(c).saturating_mul(px / 2)
}
