//! The command tables: how long is the command that begins with these bytes?
//!
//! Only lengths. A printer that knows a command's length can skip it without losing its place,
//! whether or not it can carry it out. (ESC/POS tables as collected in the design notes, section 4.)

/// Total length of the command at the start of `b`: `None` while more of its head is needed.
/// A byte that begins no command has length 1; an unknown ESC/FS/GS command counts as its two bytes.
pub(crate) fn length(b: &[u8]) -> Option<usize> {
    let at = |i: usize| b.get(i).copied();
    let le16 = |i: usize| Some(usize::from(at(i)?) + 256 * usize::from(at(i + 1)?));
    Some(match at(0)? {
        0x10 => match at(1)? {
            0x04 => match at(2)? {
                7 | 8 | 18 => 4,
                _ => 3,
            },
            0x05 => 3,
            0x14 => match at(2)? {
                8 => 10,
                _ => 5,
            },
            _ => 1,
        },
        0x1B => match at(1)? {
            0x40 | 0x32 | 0x69 | 0x6D | 0x4C | 0x53 | 0x0C => 2,
            0x61 | 0x45 | 0x21 | 0x2D | 0x47 | 0x4D | 0x64 | 0x65 | 0x4A | 0x4B | 0x33 | 0x20 | 0x74
            | 0x52 | 0x7B | 0x56 | 0x3D | 0x72 | 0x25 | 0x3F | 0x55 | 0x54 => 3,
            0x24 | 0x5C | 0x63 => 4,
            0x70 => 5,
            0x57 => 10,
            // Tabs end with NUL, at most 32 of them.
            0x44 => return ended(b, 2, 33),
            0x2A => {
                let bytes = if at(2)? >= 32 { 3 } else { 1 };
                5 + le16(3)? * bytes
            }
            // User-defined characters: y c1 c2, then for each: x and y*x bytes.
            0x26 => {
                let (y, c1, c2) = (usize::from(at(2)?), at(3)?, at(4)?);
                let mut pos = 5;
                for _ in c1..=c2 {
                    pos += 1 + usize::from(at(pos)?) * y;
                }
                pos
            }
            _ => 2,
        },
        0x1C => match at(1)? {
            0x26 | 0x2E => 2,
            0x21 | 0x2D | 0x57 | 0x43 => 3,
            0x53 | 0x3F | 0x70 => 4,
            0x32 => 76,
            _ => 2,
        },
        0x1D => match at(1)? {
            0x3A => 2,
            0x21 | 0x42 | 0x48 | 0x68 | 0x77 | 0x66 | 0x72 | 0x61 | 0x49 | 0x2F | 0x62 => 3,
            0x4C | 0x57 | 0x50 | 0x24 | 0x5C => 4,
            0x5E => 5,
            0x56 => match at(2)? {
                65 | 66 | 97 | 98 | 103 | 104 => 4,
                _ => 3,
            },
            0x76 => match at(2)? {
                0x30 => 8 + le16(4)? * le16(6)?,
                _ => 2,
            },
            0x28 => {
                5 + {
                    at(2)?;
                    le16(3)?
                }
            }
            0x38 => match at(2)? {
                0x4C => 7usize.saturating_add(le16(3)?).saturating_add(le16(5)?.saturating_mul(65536)),
                _ => 2,
            },
            0x2A => 4 + usize::from(at(2)?) * usize::from(at(3)?) * 8,
            0x6B => match at(2)? {
                0..=6 => return ended(b, 3, 256),
                _ => 4 + usize::from(at(3)?),
            },
            _ => 2,
        },
        _ => 1,
    })
}

/// Length of a command whose data ends with NUL.
fn ended(b: &[u8], from: usize, max: usize) -> Option<usize> {
    match b.iter().skip(from).position(|c| *c == 0) {
        Some(n) => Some(from + n + 1),
        None if b.len() >= from + max => Some(b.len()),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn lengths_follow_the_tables() {
        for (bytes, want) in [
            (&b"\x1B@"[..], 2),
            (b"\x1Ba\x01", 3),
            (b"\x1Cs", 2),
            (b"\x1C2\xFE\xA1", 76),
            (b"\x1DV\x00", 3),
            (b"\x1DV\x42\x00", 4),
            (b"\x1Dv0\x00\x30\x00\x30\x00", 8 + 48 * 48),
            (b"\x1D(H\x06\x00", 11),
            (b"\x1D8L\x04\x00\x01\x00", 7 + 4 + 65536),
            (b"\x1B*\x21\x80\x01", 5 + 384 * 3),
            (b"\x10\x04\x01", 3),
            (b"A", 1),
        ] {
            assert_eq!(length(bytes), Some(want), "{bytes:02X?}");
        }
        assert_eq!(length(b"\x1Dv0\x00\x30"), None, "the head is not complete");
    }
}
