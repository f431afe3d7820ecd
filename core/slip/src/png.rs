//! The preview: the paper as the printer would draw it, one bit a dot.

use crate::{bitmap::Bitmap, error::SlipError, layout::Layout, raster};

/// White margin of the paper beside the printed dots: (58 mm - 48 mm) / 2 at 8 dots a millimetre.
const MARGIN: u16 = 40;

/// The slip as a PNG in the size of the paper.
///
/// # Errors
/// When the PNG library fails.
pub fn render(layout: &Layout) -> Result<Vec<u8>, SlipError> {
    let page = raster::page(layout);
    let mut sheet =
        Bitmap::new(page.width().saturating_add(MARGIN * 2), page.height().saturating_add(MARGIN * 2));
    sheet.draw(MARGIN, MARGIN, &page);
    encode(&sheet)
}

fn encode(sheet: &Bitmap) -> Result<Vec<u8>, SlipError> {
    let failed = |e: png::EncodingError| SlipError::Render { what: "PNG", cause: e.to_string() };
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, u32::from(sheet.width()), u32::from(sheet.height()));
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().map_err(failed)?;
    let mut data = Vec::new();
    for y in 0..sheet.height() {
        data.extend(sheet.row(y).iter().map(|b| !b)); // in a PNG, 1 is white
    }
    writer.write_image_data(&data).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}
