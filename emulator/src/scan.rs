//! Reads the codes off a picture of paper, as a camera would: for pictures that this program did not draw.

use crate::EmulatorError;

/// Most pixels of a picture: a metre of 80 mm paper at twice the printer's resolution has twenty million.
const MOST_PIXELS: u64 = 100_000_000;

/// The text of every QR code in a PNG, from the top down.
///
/// # Errors
/// Not a PNG, or too large.
pub fn scan(png: &[u8]) -> Result<Vec<String>, EmulatorError> {
    let wrong = |e: &dyn std::fmt::Display| EmulatorError::Png(e.to_string());
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|e| wrong(&e))?;
    let (w, h) = (reader.info().width, reader.info().height);
    if u64::from(w).saturating_mul(u64::from(h)) > MOST_PIXELS {
        return Err(wrong(&"too large"));
    }
    let size = reader.output_buffer_size().ok_or_else(|| wrong(&"too large"))?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(|e| wrong(&e))?;
    let samples = frame.color_type.samples();
    let colours = if samples >= 3 { 3 } else { 1 };
    let grey = |x: usize, y: usize| {
        let at = y * frame.line_size + x * samples;
        let sum: u32 = pixels.get(at..at + colours).unwrap_or(&[255]).iter().map(|p| u32::from(*p)).sum();
        u8::try_from(sum / colours as u32).unwrap_or(255)
    };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(w as usize, h as usize, grey);
    let mut found: Vec<(i32, String)> =
        image.detect_grids().iter().filter_map(|g| Some((g.bounds.first()?.y, g.decode().ok()?.1))).collect();
    found.sort();
    Ok(found.into_iter().map(|(_, text)| text).collect())
}
