//! Short text in few bytes, for the slip code: digits as half bytes, Chinese as two bytes a character.
//!
//! A text is one byte (two bits form, six bits length) and its content:
//! form 0: UTF-8, length in bytes; form 1: decimal digits, two a byte, length in digits;
//! form 2: ASCII as one byte below 0x80, U+2E80..U+AE7F as two bytes from 0x8000, length in bytes.

use crate::SealError;

const CJK: u32 = 0x2E80;

/// Appends `text`.
pub(crate) fn put(out: &mut Vec<u8>, field: &'static str, text: &str) -> Result<(), SealError> {
    let (form, length, bytes) = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        (1, text.len(), digits(text))
    } else {
        match compact(text) {
            Some(bytes) => (2, bytes.len(), bytes),
            None => (0, text.len(), text.as_bytes().to_vec()),
        }
    };
    let length = u8::try_from(length).ok().filter(|l| *l < 64).ok_or(SealError::Range { field })?;
    out.push((form << 6) | length);
    out.extend(bytes);
    Ok(())
}

fn digits(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            let nibble = |at: usize| pair.get(at).map_or(0xF, |d| d.saturating_sub(b'0'));
            (nibble(0) << 4) | nibble(1)
        })
        .collect()
}

fn compact(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for c in text.chars().map(u32::from) {
        match c {
            0..0x80 => out.push(u8::try_from(c).ok()?),
            _ => {
                let v = u16::try_from(c.checked_sub(CJK)?).ok().filter(|v| *v < 0x8000)?;
                out.extend((v | 0x8000).to_be_bytes());
            }
        }
    }
    Some(out)
}

/// Takes bytes off the front.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[b]| b)
    }

    /// Six bytes, big endian.
    pub(crate) fn time(&mut self) -> Option<i64> {
        self.take(6)?.iter().try_fold(0_i64, |acc, b| acc.checked_mul(256)?.checked_add(i64::from(*b)))
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        let head = self.byte()?;
        let length = usize::from(head & 0x3F);
        match head >> 6 {
            0 => String::from_utf8(self.take(length)?.to_vec()).ok(),
            1 => {
                let bytes = self.take(length.div_ceil(2))?;
                let all = bytes.iter().flat_map(|b| [b >> 4, b & 0xF]).take(length);
                all.map(|d| char::from_digit(u32::from(d), 10)).collect()
            }
            2 => {
                let mut bytes = self.take(length)?.iter();
                let mut out = String::new();
                while let Some(&b) = bytes.next() {
                    if b < 0x80 {
                        out.push(char::from(b));
                    } else {
                        let v = u32::from(u16::from_be_bytes([b & 0x7F, *bytes.next()?]));
                        out.push(char::from_u32(v.checked_add(CJK)?)?);
                    }
                }
                Some(out)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for text in ["", "0", "190012345678901", "东综执罚〔2026〕第000123号", "é", "🐕", "19A-〇"]
        {
            let mut out = Vec::new();
            put(&mut out, "t", text).unwrap();
            let mut reader = Reader(&out);
            assert_eq!(reader.text().unwrap(), text);
            assert!(reader.0.is_empty());
        }
        assert!(put(&mut Vec::new(), "t", &"中".repeat(32)).is_err());
    }
}
