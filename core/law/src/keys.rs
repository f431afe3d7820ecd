//! Normal forms for keys: the same plate or number typed twice must give the same first-offence key.
//!
//! A key is not a display form: what is printed keeps every character as typed (see `names`).

/// Version of [`key_form`]. Stored beside every key: a change of form is a new number, never an edit.
pub const KEY_FORM: u16 = 1;

/// Full-width ASCII (U+FF01..U+FF5E) and the ideographic space as their half-width twins; nothing else.
#[must_use]
pub fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{3000}' => ' ',
            '\u{FF01}'..='\u{FF5E}' => u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(c),
            other => other,
        })
        .collect()
}

/// Form 1: half width, ASCII upper case, without spaces, hyphens, dots and format characters.
///
/// Hyphens and spaces carry nothing in an ID number, a credit code, a plate or a permit number.
#[must_use]
pub fn key_form(text: &str) -> String {
    half_width(text).chars().filter(|&c| !is_filler(c)).map(|c| c.to_ascii_uppercase()).collect()
}

fn is_filler(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '-' | '.' | '_' | '·' | '•' | '‧' | '・' | '‐'..='―' | '\u{2212}'
                | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}'
        )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_key_however_it_is_typed() {
        for text in ["粤S·12345", "粤 S12345", "粤ｓ１２３４５", "粤S-12345 ", "粤S•12345"] {
            assert_eq!(key_form(text), "粤S12345", "{text}");
        }
        assert_eq!(key_form("11010519491231002x"), "11010519491231002X");
    }

    proptest! {
        #[test]
        fn a_key_form_is_its_own_key_form(text in ".{0,60}") {
            let once = key_form(&text);
            prop_assert_eq!(key_form(&once), once);
        }
    }
}
