//! Type as dots: for printers without Chinese, for rare characters, and for the preview.

use crate::{
    bitmap::Bitmap,
    font::{bundled_rows, pitch},
    layout::{Item, Layout, RULE, TextLine, advance},
};

/// A line of type as a picture as wide as the type and one pitch high.
pub(crate) fn text_line(layout: &Layout, line: &TextLine) -> Bitmap {
    let mut out = Bitmap::new(line.width().saturating_add(1), pitch(line.px));
    let mut x = 0u16;
    for (at, c) in line.text.char_indices() {
        let bold = at < line.bold;
        if let Some(rows) = bundled_rows(c, line.px) {
            for (y, bits) in rows.iter().enumerate() {
                // Bold is the glyph struck twice, one dot apart, as a printer does it.
                let bits = if bold { bits | bits >> 1 } else { *bits };
                out.or_bits(x, u16::try_from(y).unwrap_or(u16::MAX), bits);
            }
        } else if let Some(glyph) = layout.foreign.get(&(c, line.px)) {
            out.draw(x, 0, glyph);
            if bold {
                out.draw(x.saturating_add(1), 0, glyph);
            }
        }
        x = x.saturating_add(advance(c, line.px));
    }
    out
}

/// The whole slip as one picture.
pub(crate) fn page(layout: &Layout) -> Bitmap {
    let height = u16::try_from(layout.height()).unwrap_or(u16::MAX);
    let mut page = Bitmap::new(layout.paper.dots(), height);
    let mut y = 0u16;
    for item in &layout.items {
        match item {
            Item::Text(line) => page.draw(layout.left(line.align, line.width()), y, &text_line(layout, line)),
            Item::Rule => page.fill(0, y, layout.paper.dots(), RULE),
            Item::Gap(_) => {}
            Item::Picture(p) => page.draw(layout.left(p.align, p.bitmap.width()), y, &p.bitmap),
        }
        y = y.saturating_add(item.height());
    }
    page
}
