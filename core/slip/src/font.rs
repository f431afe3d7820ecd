//! Where glyphs come from: the bundled font first, then whatever else the phone offers.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, RwLock},
};

use ab_glyph::{Font, FontRef, PxScale, point};

use crate::bitmap::Bitmap;

/// The bundled font: 通用规范汉字表, GB 2312 and symbols (assets/make-font.sh, licence in assets/OFL.txt).
pub const BUNDLED: &[u8] = include_bytes!("../assets/slip-font.ttf");

/// Dots of a hanzi in body text; headings are twice that.
pub const BODY: u16 = 24;

/// Rows of a line for each 24 dots of type: room below for the tails of g, j, p, q, y.
pub(crate) const PITCH: u16 = 30;

/// A further source of glyphs: the phone's own fonts. Asked only for what the bundled font lacks, so that
/// a rare name never blocks a lawful act and never prints with a hole.
pub trait GlyphSource: Send + Sync {
    /// The character in a square of `px` dots, standing on the same baseline as Noto (88 % down), or `None`.
    fn glyph(&self, c: char, px: u16) -> Option<Bitmap>;
}

/// No further source.
#[derive(Debug, Clone, Copy, Default)]
pub struct BundledOnly;

impl GlyphSource for BundledOnly {
    fn glyph(&self, _: char, _: u16) -> Option<Bitmap> {
        None
    }
}

/// Half-width columns a character takes on the grid: as many as a GB printer gives it.
#[must_use]
pub fn columns(c: char) -> u16 {
    if c.is_ascii() { 1 } else { 2 }
}

/// Whether the bundled font has the character.
#[must_use]
pub fn bundled_has(c: char) -> bool {
    // A bit per code point of the two planes that hold everything: one look-up a character.
    static HAS: OnceLock<Vec<u64>> = OnceLock::new();
    let bits = HAS.get_or_init(|| {
        let mut bits = vec![0u64; 0x30000 / 64];
        if let Some(font) = bundled() {
            for (glyph, c) in font.codepoint_ids() {
                let code = u32::from(c);
                let word = usize::try_from(code / 64).unwrap_or(usize::MAX);
                if let (true, Some(word)) = (glyph.0 != 0, bits.get_mut(word)) {
                    *word |= 1 << (code % 64);
                }
            }
        }
        bits
    });
    let code = u32::from(c);
    let word = usize::try_from(code / 64).unwrap_or(usize::MAX);
    bits.get(word).is_some_and(|w| w >> (code % 64) & 1 == 1)
}

pub(crate) fn bundled() -> Option<&'static FontRef<'static>> {
    static FONT: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    FONT.get_or_init(|| FontRef::try_from_slice(BUNDLED).ok()).as_ref()
}

/// Rows of one glyph, highest bit leftmost.
pub(crate) type Rows = Arc<[u64]>;

/// The bundled glyph at `px` dots (24 or 48), kept once drawn. `None` when the font lacks it.
pub(crate) fn bundled_rows(c: char, px: u16) -> Option<Rows> {
    static CACHE: OnceLock<RwLock<HashMap<(char, u16), Rows>>> = OnceLock::new();
    let cache = CACHE.get_or_init(RwLock::default);
    if let Some(rows) = cache.read().ok().and_then(|c_| c_.get(&(c, px)).cloned()) {
        return Some(rows);
    }
    let rows: Rows = draw(c, px)?.into();
    if let Ok(mut cache) = cache.write() {
        cache.insert((c, px), rows.clone());
    }
    Some(rows)
}

/// Rows of a line of type of `px` dots.
pub(crate) fn pitch(px: u16) -> u16 {
    px.saturating_mul(PITCH) / BODY
}

// Where the baseline lies in the square: Noto's ideographs reach from -120 to 880 thousandths.
pub(crate) const BASELINE: f32 = 0.88;
// Ink where more than this share of a dot is covered; a little under half keeps thin strokes.
const COVERED: f32 = 0.42;

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn draw(c: char, px: u16) -> Option<Vec<u64>> {
    let font = bundled()?;
    let id = font.glyph_id(c);
    if id.0 == 0 {
        return None;
    }
    let upem = font.units_per_em()?;
    let em = f32::from(px);
    // ab_glyph scales by ascent minus descent, not by the em.
    let scale = PxScale::from(em * font.height_unscaled() / upem);
    let cell = em / 2.0 * f32::from(columns(c));
    let left = (cell - font.h_advance_unscaled(id) / upem * em) / 2.0;
    let height = usize::from(pitch(px));
    let width = cell as usize;
    let mut best: Option<(f32, Vec<f32>)> = None;
    // An outline that falls between dots comes out grey; of nine places within half a dot the crispest is
    // taken. This stands in for hinting. Latin keeps its baseline so that a number does not dance.
    let shifts: &[f32] = if columns(c) == 2 { &[0.0, -0.33, 0.33] } else { &[0.0] };
    for dy in shifts {
        for dx in &[0.0f32, -0.33, 0.33] {
            let glyph = id.with_scale_and_position(scale, point(left + dx, em * BASELINE + dy));
            let mut grey = vec![0f32; width * height];
            if let Some(outline) = font.outline_glyph(glyph) {
                let bounds = outline.px_bounds();
                outline.draw(|x, y, cover| {
                    let (x, y) = (x as f32 + bounds.min.x, y as f32 + bounds.min.y);
                    if x >= 0.0
                        && y >= 0.0
                        && (x as usize) < width
                        && (y as usize) < height
                        && let Some(dot) = grey.get_mut(y as usize * width + x as usize)
                    {
                        *dot = cover;
                    }
                });
            }
            let crisp: f32 = grey.iter().map(|g| (g - 0.5) * (g - 0.5)).sum();
            if best.as_ref().is_none_or(|(score, _)| crisp > *score + 0.5) {
                best = Some((crisp, grey));
            }
        }
    }
    let (_, grey) = best?;
    Some(
        grey.chunks(width)
            .map(|row| {
                row.iter().enumerate().fold(
                    0u64,
                    |bits, (x, g)| {
                        if *g > COVERED { bits | (1 << 63) >> x } else { bits }
                    },
                )
            })
            .collect(),
    )
}
