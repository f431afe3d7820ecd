//! Names as people have them (民委发〔2016〕33号): 50 characters and more, U+00B7, no character lost.
//!
//! Only two things are changed: space around the name goes, and the look-alikes of the interpunct
//! become U+00B7. No NFC or NFKC: both replace compatibility ideographs that stand in real names.

/// The interpunct of names, `·`, GB 18030 A1A4.
pub const INTERPUNCT: char = '\u{00B7}';

/// Longest name accepted. Real ones end far below; the bound only keeps a paste of a whole page out.
pub const MAX_CHARS: usize = 200;

/// Why a text is not a name. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but space.
    #[error("姓名为空，请填写姓名或者选择“拒绝表明身份” / the name is empty, write it or choose “refused”")]
    Empty,
    /// Longer than [`MAX_CHARS`].
    #[error("姓名超过200个字符，请核对 / the name is longer than 200 characters, check it")]
    TooLong,
    /// A line break or another control character.
    #[error(
        "姓名中有换行或者控制字符，请重新输入 / the name holds a line break or control character, type it again"
    )]
    Control,
}

/// The name as it is stored and printed.
///
/// ```
/// use ezhifa_law::names::normalise;
/// assert_eq!(normalise(" 阿依古丽•买买提 ").unwrap(), "阿依古丽·买买提");
/// assert_eq!(normalise("陈志𬱖").unwrap(), "陈志𬱖");
/// ```
pub fn normalise(text: &str) -> Result<String, NameError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.chars().count() > MAX_CHARS {
        return Err(NameError::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::Control);
    }
    let chars: Vec<char> = text.chars().collect();
    let name = chars
        .iter()
        .enumerate()
        .map(|(i, &c)| {
            let before = i.checked_sub(1).and_then(|j| chars.get(j)).copied();
            let after = chars.get(i.saturating_add(1)).copied();
            if is_interpunct(c) || (c == '.' && is_han(before) && is_han(after)) { INTERPUNCT } else { c }
        })
        .collect();
    Ok(name)
}

/// Look-alikes that input methods and old systems give (LAW.md 4.3). An ASCII point is one only
/// between two Han characters: `J. Smith` keeps its point.
const fn is_interpunct(c: char) -> bool {
    matches!(c, '\u{00B7}' | '•' | '‧' | '・' | '．' | '･' | '∙' | '⋅')
}

fn is_han(c: Option<char>) -> bool {
    matches!(c, Some('\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '〇'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_look_alike_becomes_the_one_interpunct() {
        for dot in ['·', '•', '‧', '・', '．', '･', '∙', '⋅', '.'] {
            let typed = format!("阿依古丽{dot}买买提");
            assert_eq!(normalise(&typed).unwrap(), "阿依古丽·买买提", "{dot}");
        }
    }

    #[test]
    fn rare_and_foreign_names_keep_every_character() {
        for name in ["陈志𬱖", "𠮷田", "㛃䶮鋆", "John J. O'Neil", "Zoë Müller", "行\u{FA08}", "葛\u{E0100}"]
        {
            assert_eq!(normalise(name).unwrap(), name);
        }
    }

    #[test]
    fn fifty_characters_and_more_are_a_name() {
        let long = "买".repeat(60);
        assert_eq!(normalise(&long).unwrap(), long);
        assert_eq!(normalise(&"买".repeat(201)), Err(NameError::TooLong));
        assert_eq!(normalise(" \u{3000} "), Err(NameError::Empty));
        assert_eq!(normalise("张\n三"), Err(NameError::Control));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in ".{1,60}") {
            if let Ok(name) = normalise(&text) {
                prop_assert_eq!(normalise(&name).unwrap(), name.clone());
                prop_assert_eq!(name.chars().count(), text.trim().chars().count());
            }
        }
    }
}
