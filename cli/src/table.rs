//! Columns for a terminal where a hanzi is two cells wide.

/// Cells that `text` takes on a terminal.
pub fn width(text: &str) -> usize {
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

/// East Asian wide or fullwidth; enough for the words that this program prints.
fn wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x20000..=0x3FFFD)
}

/// One line; a cell that is too wide is kept whole and pushes the next one on.
pub fn row(columns: &[usize], cells: &[&str]) -> String {
    let mut line = String::new();
    for (index, cell) in cells.iter().enumerate() {
        line.push_str(cell);
        if index + 1 < cells.len() {
            let gap = columns.get(index).copied().unwrap_or(0).saturating_sub(width(cell)).max(1);
            line.extend(std::iter::repeat_n(' ', gap));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hanzi_and_latin_line_up() {
        assert_eq!(width("东城管2026"), 10);
        assert_eq!(row(&[10, 4], &["东城", "a", "b"]), "东城      a   b");
        assert_eq!(row(&[2], &["东城管", "x"]), "东城管 x");
    }
}
