//! The paper as dots: black or white, row by row, most significant bit on the left.

use crate::EmulatorError;

/// Five metres of paper: enough for any slip, and a bound for random bytes.
const MAX_ROWS: usize = 40_000;

/// A bitmap of fixed width that grows downwards like paper out of a printer.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Dots {
    width: usize,
    stride: usize,
    bits: Vec<u8>,
}

impl std::fmt::Debug for Dots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dots {}x{}", self.width, self.height())
    }
}

impl Dots {
    /// White paper of this width and height.
    pub fn new(width: usize, height: usize) -> Self {
        let stride = width.div_ceil(8);
        let mut dots = Dots { width, stride, bits: Vec::new() };
        dots.grow(height);
        dots
    }

    /// Width in dots.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in dots.
    pub fn height(&self) -> usize {
        self.bits.len().checked_div(self.stride).unwrap_or(0)
    }

    /// Makes the paper at least this long.
    pub fn grow(&mut self, height: usize) {
        let want = height.min(MAX_ROWS).saturating_mul(self.stride);
        if self.bits.len() < want {
            self.bits.resize(want, 0);
        }
    }

    /// Is the dot black? Outside the paper nothing is.
    pub fn get(&self, x: usize, y: usize) -> bool {
        x < self.width && self.bits.get(y * self.stride + x / 8).is_some_and(|b| b & (0x80 >> (x % 8)) != 0)
    }

    /// Blackens a dot; beyond the paper's edge nothing happens.
    pub fn set(&mut self, x: usize, y: usize) {
        if x >= self.width || y >= MAX_ROWS {
            return;
        }
        self.grow(y + 1);
        if let Some(b) = self.bits.get_mut(y * self.stride + x / 8) {
            *b |= 0x80 >> (x % 8);
        }
    }

    /// Blackens a rectangle.
    pub fn fill(&mut self, x: usize, y: usize, w: usize, h: usize) {
        for dy in 0..h {
            for dx in 0..w {
                self.set(x.saturating_add(dx), y.saturating_add(dy));
            }
        }
    }

    /// Draws another bitmap, each of its dots `sx` by `sy` dots large; `invert` swaps black and white.
    pub fn draw(&mut self, from: &Dots, x: usize, y: usize, sx: usize, sy: usize, invert: bool) {
        if sx == 1 && sy == 1 && !invert && x + from.width <= self.width {
            return self.lay(from, x, y);
        }
        for fy in 0..from.height() {
            for fx in 0..from.width() {
                if from.get(fx, fy) != invert {
                    self.fill(x + fx * sx, y + fy * sy, sx, sy);
                }
            }
        }
    }

    /// The common case of `draw`, a byte at a time.
    fn lay(&mut self, from: &Dots, x: usize, y: usize) {
        let rows = from.height().min(MAX_ROWS.saturating_sub(y));
        self.grow(y + rows);
        let (first, shift) = (x / 8, x % 8);
        for row in 0..rows {
            let Some(source) = from.bits.get(row * from.stride..(row + 1) * from.stride) else { return };
            let start = (y + row) * self.stride;
            let Some(target) = self.bits.get_mut(start..start + self.stride) else { return };
            for (i, b) in source.iter().enumerate() {
                let wide = u16::from(*b) << (8 - shift);
                let [high, low] = wide.to_be_bytes();
                if let Some(t) = target.get_mut(first + i) {
                    *t |= high;
                }
                if low != 0
                    && let Some(t) = target.get_mut(first + i + 1)
                {
                    *t |= low;
                }
            }
        }
    }

    /// A bitmap from packed rows as GS v 0 carries them.
    pub fn from_rows(stride: usize, height: usize, rows: &[u8]) -> Dots {
        let mut bits = rows.to_vec();
        bits.resize(stride.saturating_mul(height), 0);
        Dots { width: stride * 8, stride, bits }
    }

    /// All rows, packed.
    pub fn rows(&self) -> &[u8] {
        &self.bits
    }

    /// How many dots are black.
    pub fn black(&self) -> usize {
        self.bits.iter().map(|b| b.count_ones() as usize).sum()
    }

    /// First and last row with a black dot (last exclusive), if there is one.
    pub fn inked_rows(&self) -> Option<(usize, usize)> {
        let first = self.bits.iter().position(|b| *b != 0)?;
        let last = self.bits.iter().rposition(|b| *b != 0)?;
        Some((first / self.stride, last / self.stride + 1))
    }

    /// The inked part only: leading and trailing white rows removed. Two slips with equal ink say the same.
    pub fn ink(&self) -> Dots {
        let Some((first, last)) = self.inked_rows() else { return Dots::new(self.width, 0) };
        let bits = self.bits.get(first * self.stride..last * self.stride).unwrap_or_default().to_vec();
        Dots { width: self.width, stride: self.stride, bits }
    }

    /// As a 1-bit grey PNG, black on white.
    pub fn png(&self) -> Result<Vec<u8>, EmulatorError> {
        let mut out = Vec::new();
        let (w, h) = (self.width.max(1) as u32, self.height().max(1) as u32);
        let mut enc = png::Encoder::new(&mut out, w, h);
        enc.set_color(png::ColorType::Grayscale);
        enc.set_depth(png::BitDepth::One);
        let mut data: Vec<u8> = self.bits.iter().map(|b| !b).collect();
        data.resize(w.div_ceil(8) as usize * h as usize, 0xFF);
        let mut writer = enc.write_header().map_err(|e| EmulatorError::Png(e.to_string()))?;
        writer.write_image_data(&data).map_err(|e| EmulatorError::Png(e.to_string()))?;
        writer.finish().map_err(|e| EmulatorError::Png(e.to_string()))?;
        Ok(out)
    }

    /// Every QR code that a camera would find in these dots, from the top down.
    pub fn qr(&self) -> Vec<String> {
        let Some((first, last)) = self.inked_rows() else { return Vec::new() };
        // A margin of paper around the print, as a camera sees it.
        const EDGE: usize = 24;
        let (w, h) = (self.width + 2 * EDGE, last - first + 2 * EDGE);
        let mut img = rqrr::PreparedImage::prepare_from_greyscale(w, h, |x, y| {
            let black = x >= EDGE && y >= EDGE && self.get(x - EDGE, y - EDGE + first);
            if black { 0 } else { 255 }
        });
        let mut found: Vec<(i32, String)> = img
            .detect_grids()
            .iter()
            .filter_map(|g| Some((g.bounds.first()?.y, g.decode().ok()?.1)))
            .collect();
        found.sort();
        found.into_iter().map(|(_, text)| text).collect()
    }
}

impl Dots {
    /// Do these rows contain the other's inked rows one after another, unbroken?
    pub fn holds(&self, other: &Dots) -> bool {
        let want = other.ink().bits;
        if want.is_empty() {
            return true;
        }
        self.stride == other.stride
            && self.stride > 0
            && self.bits.len() >= want.len()
            && (0..=self.bits.len() - want.len())
                .step_by(self.stride)
                .any(|at| self.bits.get(at..at + want.len()) == Some(want.as_slice()))
    }
}
