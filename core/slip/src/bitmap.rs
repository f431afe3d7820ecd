//! 1-bit pictures on the dot grid: glyphs, text lines, signatures, QR codes.

use crate::document::Strokes;

/// A picture of dots; a set bit is black, the leftmost dot is the highest bit of its byte.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Bitmap {
    width: u16,
    height: u16,
    stride: usize,
    data: Vec<u8>,
}

impl std::fmt::Debug for Bitmap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bitmap({}x{})", self.width, self.height)
    }
}

impl Bitmap {
    /// All white.
    #[must_use]
    pub fn new(width: u16, height: u16) -> Bitmap {
        let stride = usize::from(width).div_ceil(8);
        Bitmap { width, height, stride, data: vec![0; stride.saturating_mul(usize::from(height))] }
    }

    /// From rows of bytes, leftmost dot in the highest bit, each row filled up to a whole byte.
    /// `None` when there are not enough bytes.
    #[must_use]
    pub fn from_rows(width: u16, height: u16, rows: &[u8]) -> Option<Bitmap> {
        let mut out = Bitmap::new(width, height);
        let spare = u32::from(width % 8);
        for (row, target) in rows.chunks(out.stride.max(1)).zip(out.data.chunks_mut(out.stride.max(1))) {
            target.get_mut(..row.len())?.copy_from_slice(row);
            if let (Some(last), true) = (target.last_mut(), spare > 0) {
                *last &= 0xffu8.checked_shl(8u32.saturating_sub(spare)).unwrap_or(0);
            }
        }
        (rows.len() >= out.data.len()).then_some(out)
    }

    /// Width in dots.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Height in dots.
    #[must_use]
    pub fn height(&self) -> u16 {
        self.height
    }

    /// Bytes of one row.
    #[must_use]
    pub fn row(&self, y: u16) -> &[u8] {
        let start = usize::from(y).saturating_mul(self.stride);
        self.data.get(start..start.saturating_add(self.stride)).unwrap_or(&[])
    }

    /// Whether the dot is black; outside is white.
    #[must_use]
    pub fn get(&self, x: u16, y: u16) -> bool {
        x < self.width && self.row(y).get(usize::from(x / 8)).is_some_and(|b| b & (0x80 >> (x % 8)) != 0)
    }

    /// Makes a dot black; outside is ignored.
    pub fn set(&mut self, x: u16, y: u16) {
        if x >= self.width || y >= self.height {
            return;
        }
        let at = usize::from(y).saturating_mul(self.stride).saturating_add(usize::from(x / 8));
        if let Some(byte) = self.data.get_mut(at) {
            *byte |= 0x80 >> (x % 8);
        }
    }

    /// Makes a rectangle black, clipped to the picture.
    pub fn fill(&mut self, x: u16, y: u16, width: u16, height: u16) {
        for row in y..y.saturating_add(height).min(self.height) {
            for column in x..x.saturating_add(width).min(self.width) {
                self.set(column, row);
            }
        }
    }

    /// Puts the highest bits of `bits` (64 dots) at `x`, row `y`: how glyph rows are drawn.
    pub fn or_bits(&mut self, x: u16, y: u16, bits: u64) {
        if bits == 0 || y >= self.height {
            return;
        }
        let row = usize::from(y).saturating_mul(self.stride);
        let shift = u32::from(x % 8);
        let first = usize::from(x / 8);
        // 72 bits hold 64 dots at any bit offset.
        let wide = u128::from(bits) << (64 - shift);
        for (i, byte) in wide.to_be_bytes().iter().enumerate().take(9) {
            if *byte != 0
                && first.saturating_add(i) < self.stride
                && let Some(target) = self.data.get_mut(row.saturating_add(first).saturating_add(i))
            {
                *target |= byte;
            }
        }
    }

    /// Copies another picture onto this one.
    pub fn draw(&mut self, x: u16, y: u16, other: &Bitmap) {
        for row in 0..other.height {
            for (i, byte) in other.row(row).iter().enumerate() {
                let left = u16::try_from(i.saturating_mul(8)).unwrap_or(u16::MAX);
                self.or_bits(x.saturating_add(left), y.saturating_add(row), u64::from(*byte) << 56);
            }
        }
    }

    /// Cut to the black dots: `None` when there are none.
    #[must_use]
    pub fn cropped(&self) -> Option<Bitmap> {
        let ink = |y: &u16| self.row(*y).iter().any(|b| *b != 0);
        let top = (0..self.height).find(ink)?;
        let bottom = (0..self.height).rev().find(ink)?;
        let column = |x: &u16| (top..=bottom).any(|y| self.get(*x, y));
        let left = (0..self.width).find(column)?;
        let right = (0..self.width).rev().find(column)?;
        let mut out = Bitmap::new(
            right.saturating_sub(left).saturating_add(1),
            bottom.saturating_sub(top).saturating_add(1),
        );
        for y in 0..out.height {
            for x in 0..out.width {
                if self.get(x.saturating_add(left), y.saturating_add(top)) {
                    out.set(x, y);
                }
            }
        }
        Some(out)
    }

    /// A signature drawn with a pen of three dots, fitted into `max_width` x `max_height`, cut to its ink.
    /// `None` when nothing was drawn.
    #[must_use]
    pub fn from_strokes(strokes: &Strokes, max_width: u16, max_height: u16) -> Option<Bitmap> {
        const PEN: u16 = 3;
        let points = || strokes.lines.iter().flatten();
        let (left, right) = (points().map(|p| p[0]).min()?, points().map(|p| p[0]).max()?);
        let (top, bottom) = (points().map(|p| p[1]).min()?, points().map(|p| p[1]).max()?);
        let room_x = u32::from(max_width.saturating_sub(PEN)).max(1);
        let room_y = u32::from(max_height.saturating_sub(PEN)).max(1);
        let (w, h) = (u32::from(right.saturating_sub(left)), u32::from(bottom.saturating_sub(top)));
        // One scale for both axes, as numerator and denominator; a small signature is not blown up.
        let (num, den) =
            if w.saturating_mul(room_y) > h.saturating_mul(room_x) { (room_x, w) } else { (room_y, h) };
        let (num, den) = if den <= num { (1, 1) } else { (num, den) };
        let fit = |v: u16, from: u16| {
            let scaled = u32::from(v.saturating_sub(from)).saturating_mul(num).checked_div(den).unwrap_or(0);
            i32::try_from(scaled).unwrap_or(0)
        };
        let mut out = Bitmap::new(max_width, max_height);
        let mut pen = |x: i32, y: i32| {
            out.fill(u16::try_from(x).unwrap_or(0), u16::try_from(y).unwrap_or(0), PEN, PEN);
        };
        for line in &strokes.lines {
            let at = |p: &[u16; 2]| (fit(p[0], left), fit(p[1], top));
            if let Some(first) = line.first() {
                let (x, y) = at(first);
                pen(x, y);
            }
            for pair in line.windows(2) {
                if let [a, b] = pair {
                    let ((x0, y0), (x1, y1)) = (at(a), at(b));
                    let steps = (x1.saturating_sub(x0)).abs().max((y1.saturating_sub(y0)).abs()).max(1);
                    for i in 0..=steps {
                        let along = |from: i32, to: i32| {
                            from.saturating_add(
                                to.saturating_sub(from).saturating_mul(i).checked_div(steps).unwrap_or(0),
                            )
                        };
                        pen(along(x0, x1), along(y0, y1));
                    }
                }
            }
        }
        out.cropped()
    }
}
