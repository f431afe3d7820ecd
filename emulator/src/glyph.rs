//! Letters as dots: 24 x 24 for a hanzi, 12 x 24 for ASCII, from a TrueType font given as bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ab_glyph::{Font, FontArc, PxScale, point};

use crate::{Dots, EmulatorError};

/// A shared font with the bitmaps made so far. Without a font every character becomes a pattern
/// of its own, so that different words still make different dots.
#[derive(Clone, Default)]
pub struct Typeface {
    font: Option<FontArc>,
    cache: Arc<Mutex<Cache>>,
}

impl std::fmt::Debug for Typeface {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Typeface({})", if self.font.is_some() { "font" } else { "patterns" })
    }
}

/// By character and cell width.
type Cache = HashMap<(char, usize), Arc<Glyph>>;

/// One character's dots.
#[derive(Debug)]
pub(crate) struct Glyph {
    pub dots: Dots,
    pub missing: bool,
}

impl Typeface {
    /// Reads a TTF or OTF file's bytes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, EmulatorError> {
        let font = FontArc::try_from_vec(bytes).map_err(|_| EmulatorError::Font)?;
        Ok(Typeface { font: Some(font), cache: Arc::default() })
    }

    /// The character in a cell `width` dots wide and 24 high.
    pub(crate) fn glyph(&self, ch: char, width: usize) -> Arc<Glyph> {
        let Ok(mut cache) = self.cache.lock() else { return Arc::new(pattern(ch, width)) };
        cache.entry((ch, width)).or_insert_with(|| Arc::new(self.make(ch, width))).clone()
    }

    fn make(&self, ch: char, width: usize) -> Glyph {
        let Some(font) = &self.font else { return pattern(ch, width) };
        let id = font.glyph_id(ch);
        if ch == ' ' || ch == '\u{3000}' {
            return Glyph { dots: Dots::new(width, 24), missing: false };
        }
        if id.0 == 0 {
            let mut dots = Dots::new(width, 24);
            dots.fill(1, 2, width.saturating_sub(2), 1);
            dots.fill(1, 21, width.saturating_sub(2), 1);
            dots.fill(1, 2, 1, 20);
            dots.fill(width.saturating_sub(2), 2, 1, 20);
            return Glyph { dots, missing: true };
        }
        // PxScale is the height from ascender to descender: scale so that one em is 24 dots.
        let upem = font.units_per_em().unwrap_or(1000.0);
        let y = 24.0 * font.height_unscaled() / upem;
        // A letter that is wider than its cell is squeezed into it.
        let advance = 24.0 * font.h_advance_unscaled(id) / upem;
        let x = if advance > width as f32 { y * width as f32 / advance } else { y };
        let left = ((width as f32 - advance.min(width as f32)) / 2.0).max(0.0);
        // 0.88 em above the line is the East Asian ideographic em box.
        let glyph = id.with_scale_and_position(PxScale { x, y }, point(left, 21.0));
        let mut dots = Dots::new(width, 24);
        if let Some(outline) = font.outline_glyph(glyph) {
            let at = outline.px_bounds().min;
            outline.draw(|dx, dy, cover| {
                let (px, py) = (at.x + dx as f32, at.y + dy as f32);
                if cover > 0.43 && px >= 0.0 && (0.0..24.0).contains(&py) {
                    dots.set(px as usize, py as usize);
                }
            });
        }
        Glyph { dots, missing: false }
    }
}

fn pattern(ch: char, width: usize) -> Glyph {
    let mut dots = Dots::new(width, 24);
    if ch != ' ' && ch != '\u{3000}' {
        dots.fill(1, 22, width.saturating_sub(2), 1);
        for bit in 0..21 {
            if (ch as u32) >> bit & 1 == 1 {
                dots.fill(2 + bit % 4 * 2, 2 + bit / 4 * 3, 2, 2);
            }
        }
    }
    Glyph { dots, missing: false }
}
