//! What a photo carries besides its picture (EXIF, XMP, IPTC, text): read for the sealed record, removed
//! from the copy that goes to a party. Nothing is decoded: the picture's own bytes stay as they are.

use serde_json::{Map, Value, json};

/// Longest photo that is looked into.
pub const MOST_BYTES: usize = 64 << 20;
/// Most fields kept in a record: a photo of a phone has about fifty.
const MOST_FIELDS: usize = 200;
/// Longest value kept, characters.
const MOST_VALUE: usize = 200;

/// The EXIF of a photo as a sealed record takes it: integers and strings only, bounded, never failing.
/// `None` where there is none or it cannot be read.
///
/// `taken` is the camera's own word; `lat_e7` and `lon_e7` are WGS-84, as the EXIF standard has them.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Value> {
    let head = bytes.get(..bytes.len().min(MOST_BYTES))?;
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    let found = match reader.read_from_container(&mut std::io::Cursor::new(head)) {
        Ok(found) => found,
        Err(e) => e.distill_partial_result(|_| ()).ok()?,
    };
    let mut fields = Map::new();
    for field in found.fields().filter(|f| f.ifd_num == exif::In::PRIMARY).take(MOST_FIELDS) {
        // A maker's note is a maker's secret, a megabyte long at times; thumbnails are pictures.
        if field.tag == exif::Tag::MakerNote || field.tag.number() == 0xFFFF {
            continue;
        }
        let text: String = field.display_value().to_string().chars().take(MOST_VALUE).collect();
        fields.insert(field.tag.to_string(), Value::String(text));
    }
    if fields.is_empty() {
        return None;
    }
    let mut record = Map::new();
    let text = |tag| {
        found
            .get_field(tag, exif::In::PRIMARY)
            .map(|f| f.display_value().to_string().chars().take(MOST_VALUE).collect::<String>())
    };
    if let Some(taken) = text(exif::Tag::DateTimeOriginal) {
        record.insert("taken".to_owned(), json!(taken));
    }
    let place = |tag, reference, negative| degrees_e7(&found, tag, reference, negative);
    if let (Some(lat), Some(lon)) = (
        place(exif::Tag::GPSLatitude, exif::Tag::GPSLatitudeRef, 'S'),
        place(exif::Tag::GPSLongitude, exif::Tag::GPSLongitudeRef, 'W'),
    ) {
        record.insert("lat_e7".to_owned(), json!(lat));
        record.insert("lon_e7".to_owned(), json!(lon));
    }
    record.insert("fields".to_owned(), Value::Object(fields));
    Some(Value::Object(record))
}

fn degrees_e7(found: &exif::Exif, tag: exif::Tag, reference: exif::Tag, negative: char) -> Option<i64> {
    let exif::Value::Rational(parts) = &found.get_field(tag, exif::In::PRIMARY)?.value else { return None };
    let mut sum = 0_i128;
    for (part, unit) in parts.iter().zip([1_i128, 60, 3_600]) {
        let scaled = i128::from(part.num).checked_mul(10_000_000)?;
        sum = sum.checked_add(scaled.checked_div(i128::from(part.denom).checked_mul(unit)?)?)?;
    }
    let mirrored = match &found.get_field(reference, exif::In::PRIMARY)?.value {
        exif::Value::Ascii(text) => text.first()?.first().copied().map(char::from) == Some(negative),
        _ => return None,
    };
    let degrees = i64::try_from(sum).ok().filter(|d| *d <= 1_800_000_000)?;
    Some(if mirrored { degrees.checked_neg()? } else { degrees })
}

/// The same picture without what the camera noted. `None` for a format of which that is not known.
#[must_use]
pub fn without_device_data(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > MOST_BYTES {
        None
    } else if bytes.starts_with(&[0xFF, 0xD8]) {
        jpeg(bytes)
    } else if bytes.starts_with(PNG) {
        png(bytes)
    } else {
        None
    }
}

/// Whether the bytes are a photo that carries data of its own in a form we cannot remove.
#[must_use]
pub fn is_other_photo(bytes: &[u8]) -> bool {
    let boxed = bytes.get(4..12).unwrap_or_default();
    let heif = [&b"ftypheic"[..], b"ftypheix", b"ftypmif1", b"ftyphevc", b"ftypavif"].contains(&boxed);
    let tiff = bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*");
    heif || tiff || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"))
}

/// Keeps what a decoder needs: tables, frames, scans, JFIF, the colour profile and Adobe's transform.
/// What lies behind the end of the picture (a film, a second picture) goes too.
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0xFF, 0xD8];
    if let Some(turned) = orientation(bytes) {
        out.extend(turned);
    }
    let mut at = 2_usize;
    loop {
        // Fill bytes may stand before a marker.
        while bytes.get(at) == Some(&0xFF) && bytes.get(at.checked_add(1)?) == Some(&0xFF) {
            at = at.checked_add(1)?;
        }
        let (Some(0xFF), Some(marker)) = (bytes.get(at), bytes.get(at.checked_add(1)?)) else { return None };
        if *marker == 0xD9 {
            out.extend([0xFF, 0xD9]);
            return Some(out);
        }
        let body = at.checked_add(2)?;
        let [high, low] = [*bytes.get(body)?, *bytes.get(body.checked_add(1)?)?];
        let end = body.checked_add(usize::from(u16::from_be_bytes([high, low])))?;
        let segment = bytes.get(at..end)?;
        let keep = match marker {
            0xE0 | 0xEE => true,
            0xE2 => segment.get(4..).is_some_and(|s| s.starts_with(b"ICC_PROFILE\0")),
            0xE1..=0xEF | 0xFE => false,
            _ => true,
        };
        if keep {
            out.extend(segment);
        }
        at = end;
        if *marker == 0xDA {
            // Entropy-coded data up to the next marker that is neither stuffing nor a restart.
            let data = bytes.get(at..)?;
            let next = data.windows(2).position(
                |w| matches!(w, [0xFF, m] if *m != 0 && !(0xD0..=0xD7).contains(m) && *m != 0xFF),
            )?;
            out.extend(data.get(..next)?);
            at = at.checked_add(next)?;
        }
    }
}

/// A turned picture stays turned: an EXIF block with nothing but the orientation.
fn orientation(bytes: &[u8]) -> Option<Vec<u8>> {
    let found = exif::Reader::new().read_from_container(&mut std::io::Cursor::new(bytes)).ok()?;
    let turn = found.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?.value.get_uint(0)?;
    let turn = u8::try_from(turn).ok().filter(|t| (2..=8).contains(t))?;
    let mut out = vec![0xFF, 0xE1, 0, 34];
    out.extend(b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0");
    out.extend([turn, 0, 0, 0, 0, 0, 0]);
    Some(out)
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = PNG.to_vec();
    let mut rest = bytes.get(PNG.len()..)?;
    loop {
        let length = usize::try_from(u32::from_be_bytes(rest.get(..4)?.try_into().ok()?)).ok()?;
        let chunk = rest.get(..length.checked_add(12)?)?;
        let kind = chunk.get(4..8)?;
        if !matches!(kind, b"eXIf" | b"tEXt" | b"zTXt" | b"iTXt" | b"tIME") {
            out.extend(chunk);
        }
        if kind == b"IEND" {
            return Some(out);
        }
        rest = rest.get(chunk.len()..)?;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    /// A JPEG as a phone writes it: EXIF with model, owner, orientation and place; XMP; a comment; a film
    /// behind the end.
    fn phone_photo() -> Vec<u8> {
        let mut tiff = b"MM\0*\0\0\0\x08".to_vec();
        let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
            [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
        };
        let at = |n: u32| n.to_be_bytes();
        // IFD0 at 8: four entries, ends at 8 + 2 + 48 + 4 = 62.
        tiff.extend(4_u16.to_be_bytes());
        tiff.extend(entry(0x0110, 2, 10, at(62))); // Model
        tiff.extend(entry(0x0112, 3, 1, [0, 6, 0, 0])); // Orientation 6
        tiff.extend(entry(0x013B, 2, 8, at(72))); // Artist
        tiff.extend(entry(0x8825, 4, 1, at(80))); // GPS IFD
        tiff.extend(at(0));
        tiff.extend(b"OwnPhone1\0");
        tiff.extend(b"WangWu1\0");
        assert_eq!(tiff.len(), 80);
        // GPS IFD at 80: four entries, ends at 80 + 2 + 48 + 4 = 134.
        tiff.extend(4_u16.to_be_bytes());
        tiff.extend(entry(1, 2, 2, [b'N', 0, 0, 0]));
        tiff.extend(entry(2, 5, 3, at(134)));
        tiff.extend(entry(3, 2, 2, [b'E', 0, 0, 0]));
        tiff.extend(entry(4, 5, 3, at(158)));
        tiff.extend(at(0));
        for (n, d) in [(23_u32, 1_u32), (1, 1), (3_720, 100), (113, 1), (47, 1), (600, 100)] {
            tiff.extend([n.to_be_bytes(), d.to_be_bytes()].concat());
        }
        let segment = |marker: u8, body: &[u8]| {
            let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
            [&[0xFF, marker][..], &length, body].concat()
        };
        [
            vec![0xFF, 0xD8],
            segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            segment(0xE1, &[b"Exif\0\0", tiff.as_slice()].concat()),
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>WangWu1</x>"),
            segment(0xFE, b"WangWu1 was here"),
            segment(0xDB, &[7; 65]),
            segment(0xDA, &[1, 1, 0, 0, 63, 0]),
            vec![0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56],
            segment(0xC4, &[9; 20]),
            segment(0xDA, &[1, 1, 0, 0, 63, 0]),
            vec![0x78, 0x9A],
            vec![0xFF, 0xD9],
            b"\0\0\0\x18ftypmp42 WangWu1".to_vec(),
        ]
        .concat()
    }

    #[test]
    fn the_record_tells_camera_and_place_in_integers_and_strings() {
        let record = read(&phone_photo()).unwrap();
        // 23° 1' 37.2" N, 113° 47' 6" E; each part is cut, never rounded up.
        assert_eq!(record["lat_e7"], 230_269_999);
        assert_eq!(record["lon_e7"], 1_137_849_999);
        assert_eq!(record["fields"]["Model"], "\"OwnPhone1\"");
    }

    #[test]
    fn a_partys_copy_keeps_the_picture_and_its_turn_and_loses_the_rest() {
        let photo = phone_photo();
        let copy = without_device_data(&photo).unwrap();
        for gone in ["WangWu1", "OwnPhone1", "GPS", "ftyp", "adobe"] {
            assert!(!copy.windows(gone.len()).any(|w| w == gone.as_bytes()), "{gone}");
        }
        let left = read(&copy).unwrap();
        assert_eq!(left["fields"].as_object().unwrap().len(), 1, "{left}");
        assert_eq!(left["fields"]["Orientation"], read(&photo).unwrap()["fields"]["Orientation"]);
        // From the first table to the end every byte is the camera's.
        let table = |b: &[u8]| b.windows(2).position(|w| w == [0xFF, 0xDB]).unwrap();
        let end = photo.windows(2).rposition(|w| w == [0xFF, 0xD9]).unwrap() + 2;
        assert_eq!(copy[table(&copy)..], photo[table(&photo)..end]);
        assert_eq!(without_device_data(&copy).unwrap(), copy, "nothing more to remove");
    }

    #[test]
    fn cut_or_foreign_bytes_are_not_guessed_at() {
        let photo = phone_photo();
        let end = photo.windows(2).rposition(|w| w == [0xFF, 0xD9]).unwrap();
        for cut in 0..=end {
            assert_eq!(without_device_data(&photo[..cut]), None, "{cut}");
            let _ = read(&photo[..cut]);
        }
        assert_eq!(without_device_data(b"GIF89a"), None);
        assert!(is_other_photo(b"\0\0\0\x18ftypheic\0\0"));
        assert!(!is_other_photo(&photo));
    }

    #[test]
    fn text_chunks_of_a_png_go() {
        let chunk = |kind: &[u8], body: &[u8]| {
            [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], kind, body, &[0; 4]].concat()
        };
        let (head, data, end) = (chunk(b"IHDR", &[1; 13]), chunk(b"IDAT", b"xyz"), chunk(b"IEND", b""));
        let full =
            [PNG, &head, &chunk(b"tEXt", b"Author\0WangWu"), &chunk(b"eXIf", b"MM"), &data, &end].concat();
        assert_eq!(without_device_data(&full).unwrap(), [PNG, &head, &data, &end].concat());
    }
}
