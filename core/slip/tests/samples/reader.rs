//! Reads a slip back from the virtual printer's paper, as a person would: the printer's own type by what the
//! printer says it set, drawn type by its shape, codes as a camera does.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::HashMap;

use ezhifa_emulator::{Dots, Options, Paper as Printed, decode};
use ezhifa_law::template::{Part, Style};
use ezhifa_slip::{
    BundledOnly, Document, Item, Layout, Means, Paper, TextLine,
    escpos::{self, Charset, Dialect},
    layout,
};

/// Rows of dots, leftmost dot highest.
pub type Shape = Vec<u64>;

/// The dots of one cell of type.
pub fn shape(dots: &Dots, x: usize, y: usize, width: usize, height: usize) -> Shape {
    let row =
        |y| (0..width).fold(0, |bits, dx| if dots.get(x + dx, y) { bits | 1 << (63 - dx) } else { bits });
    (y..y + height).map(row).collect()
}

/// Dots that differ.
pub fn difference(a: &[u64], b: &[u64]) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}

/// Dots a hanzi of this character takes across, in type of 24.
pub fn cell(c: char) -> usize {
    if c.is_ascii() { 12 } else { 24 }
}

/// A document of one block that says only this.
pub fn page(text: &str, part: Part, style: Style) -> Document {
    let mut slip = super::no_penalty();
    slip.keep.clear();
    slip.blocks = vec![super::block(part, "", style, false, &[text])];
    slip
}

/// The rows that a person aims a camera at: the code and its quiet zone.
fn aim(dots: &Dots, y: usize, height: u16, module: u16) -> Dots {
    let (quiet, width) = (usize::from(module) * 4, dots.width());
    let from = y.saturating_sub(quiet);
    let mut view = Dots::new(width, usize::from(height) + 2 * quiet);
    for row in from..y + usize::from(height) + quiet {
        for x in (0..width).filter(|x| dots.get(*x, row)) {
            view.set(x, row - from);
        }
    }
    view
}

/// Reads drawn type by what each character looks like when it stands alone.
#[derive(Default)]
pub struct Reader {
    known: HashMap<(char, u16, bool), Shape>,
}

impl Reader {
    /// What the character looks like; bold is the same struck twice, a dot apart.
    fn looks(&mut self, c: char, px: u16, bold: bool) -> &Shape {
        self.known.entry((c, px, bold)).or_insert_with(|| {
            let style = if px == 48 { Style::Large } else { Style::Normal };
            let set = layout(&page(&c.to_string(), Part::Party, style), Paper::Mm58, &BundledOnly).unwrap();
            let dialect = Dialect { charset: Charset::None, ..Dialect::default() };
            let paper = decode(&escpos::render(&set, &dialect).unwrap().concat(), &Options::paper(58));
            let Some(Item::Text(line)) = set.items.first() else { return Shape::new() };
            let (scale, left) = (usize::from(px / 24), usize::from(set.left(line.align, line.width())));
            let seen = shape(&paper.dots, left, 0, cell(c) * scale, 30 * scale);
            let cut = !0 << (64 - cell(c) * scale);
            seen.into_iter().map(|row| if bold { (row | row >> 1) & cut } else { row }).collect()
        })
    }

    /// A drawn line: each character if its cell looks like it, else a mark of doubt.
    pub fn line(&mut self, dots: &Dots, x: usize, y: usize, line: &TextLine) -> String {
        let scale = usize::from(line.px / 24);
        let mut at = x;
        line.text
            .char_indices()
            .map(|(byte, c)| {
                let seen = shape(dots, at, y, cell(c) * scale, 30 * scale);
                at += cell(c) * scale;
                // The encoder blackens a dot for each accidental command it breaks; bold type reaches one dot into
                // the next cell.
                let bold = byte < line.bold;
                let allowed = if line.bold > 0 { 16 } else { 4 };
                if difference(&seen, self.looks(c, line.px, bold)) <= allowed { c } else { '\u{fffd}' }
            })
            .collect()
    }

    /// The whole paper: words without white space, and codes from top to bottom. An error says what is
    /// wrong with the paper.
    pub fn paper(&mut self, set: &Layout, paper: &Printed) -> Result<(String, Vec<String>), String> {
        if !paper.unknown.is_empty() || !paper.warnings.is_empty() || paper.holes > 0 || paper.unfinished {
            return Err(format!(
                "unknown {:?}, warnings {:?}, holes {}, unfinished {}",
                paper.unknown, paper.warnings, paper.holes, paper.unfinished
            ));
        }
        let (mut words, mut codes) = (String::new(), Vec::new());
        let mut native = paper.details.iter().peekable();
        let mut y = 0;
        for item in &set.items {
            match item {
                Item::Text(line) => {
                    let x = usize::from(set.left(line.align, line.width()));
                    if let Some(own) = native.next_if(|d| d.y == y) {
                        if own.text == line.text && (own.x != x || own.height != usize::from(line.px)) {
                            return Err(format!("a line stands at {} instead of {x}", own.x));
                        }
                        words.push_str(&own.text);
                    } else {
                        words.push_str(&self.line(&paper.dots, x, y, line));
                    }
                }
                Item::Rule => {
                    let across = usize::from(set.paper.dots());
                    if !(0..across).all(|x| paper.dots.get(x, y) && paper.dots.get(x, y + 1)) {
                        return Err(format!("no rule at row {y}"));
                    }
                }
                Item::Picture(p) if p.means == Means::Signature => {
                    let (width, height) = (p.bitmap.width(), p.bitmap.height());
                    // Printers place pictures by whole bytes.
                    let left = usize::from(set.left(p.align, width.next_multiple_of(8)));
                    let differs = |x: u16, r: u16| {
                        paper.dots.get(left + usize::from(x), y + usize::from(r)) != p.bitmap.get(x, r)
                    };
                    let wrong: usize =
                        (0..height).map(|r| (0..width).filter(|x| differs(*x, r)).count()).sum();
                    if wrong > 8 {
                        return Err(format!("the signature at row {y} is not the one that was drawn"));
                    }
                }
                Item::Picture(p) => {
                    if let Means::Code { module, .. } = p.means {
                        codes.extend(aim(&paper.dots, y, p.bitmap.height(), module).qr());
                    }
                }
                Item::Gap(_) => {}
            }
            y += usize::from(item.height());
        }
        if let Some(more) = native.next() {
            return Err(format!("a line at row {} that the layout has not", more.y));
        }
        words.retain(|c| !c.is_whitespace());
        Ok((words, codes))
    }
}
