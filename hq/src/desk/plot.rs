//! Plots of figures as SVG: bars with their numbers beside them, readable without colour and by a screen
//! reader. No script, no outside address; Chinese fonts by the names that systems give them.

use std::fmt::Write as _;

use ezhifa_casework::law::{
    rulebook::Rulebook,
    terms::{Limb, Outcome},
};

const FONTS: &str =
    "'Noto Sans CJK SC','Noto Sans SC','Microsoft YaHei','PingFang SC','Hiragino Sans GB',sans-serif";
const BAR: u32 = 22;
const LABEL: u32 = 240;
/// Widest label in halves of a Chinese character: it must fit its column.
const WIDE: usize = 34;
const WIDTH: u32 = 420;

/// The name behind the word of a figure: outcome, limb, source, or offence as the rulebook calls it. A word
/// without a name (a week, an offence of an older rulebook) stands as it is.
pub(super) fn name(word: &str, book: Option<&Rulebook>) -> String {
    let term = serde_json::Value::from(word);
    if let Ok(outcome) = serde_json::from_value::<Outcome>(term.clone()) {
        return outcome.name().to_owned();
    }
    if let Ok(limb) = serde_json::from_value::<Limb>(term) {
        return match limb {
            Limb::A => "A 轻微不罚",
            Limb::B => "B 首违不罚",
            Limb::C => "C 无主观过错",
            Limb::D => "D 无责任能力",
            Limb::E => "E 超过时效",
        }
        .to_owned();
    }
    let source = match word {
        "patrol" => "巡查",
        "citizen_report" => "群众举报",
        "video_lead" => "视频线索",
        "petition" => "信访",
        "drone" => "无人机",
        "other_organ" => "其他机关移送",
        _ => return book.and_then(|b| b.offence(word)).map_or_else(|| word.to_owned(), |o| o.name.clone()),
    };
    source.to_owned()
}

/// The largest number first, names in their order where numbers are equal.
pub(super) fn longest_first(rows: &mut [(String, u64)]) {
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
}

/// A label that fits its column.
fn fitted(label: &str) -> String {
    let wide = |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    if wide(label) <= WIDE {
        return label.to_owned();
    }
    let mut out = label.to_owned();
    while wide(&out) > WIDE - 2 {
        out.pop();
    }
    out + "…"
}

/// Horizontal bars, one a row, as long as their share of the largest.
#[must_use]
pub fn bars(title: &str, rows: &[(String, u64)]) -> String {
    let most = rows.iter().map(|(_, n)| *n).max().unwrap_or(0).max(1);
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let height = count.saturating_mul(BAR).saturating_add(50);
    let width = LABEL + WIDTH + 80;
    let title = escaped(title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\" font-family=\"{FONTS}\" font-size=\"13\"><title>{title}</title><rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/><text x=\"10\" y=\"24\" font-size=\"16\" fill=\"#111\">{title}</text>"
    );
    for (i, (label, n)) in (0_u32..).zip(rows) {
        let y = i.saturating_mul(BAR).saturating_add(40);
        let long = u64::from(WIDTH).saturating_mul(*n).checked_div(most).unwrap_or(0);
        let middle = y.saturating_add(15);
        let end = u64::from(LABEL).saturating_add(long).saturating_add(6);
        let bar = BAR - 5;
        // Writing into a String cannot fail.
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\" fill=\"#111\"><title>{}</title>{}</text><rect x=\"{LABEL}\" y=\"{y}\" width=\"{long}\" height=\"{bar}\" fill=\"#2f6f9f\"/><text x=\"{end}\" y=\"{middle}\" fill=\"#111\">{n}</text>",
            LABEL - 8,
            escaped(label),
            escaped(&fitted(label))
        );
    }
    if rows.is_empty() {
        let _ = write!(out, "<text x=\"10\" y=\"45\" fill=\"#111\">无数据 / no data</text>");
    }
    out.push_str("</svg>\n");
    out
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_is_the_largest_number_and_words_stay_words() {
        let svg = bars("按<案由>", &[("占道".into(), 10), ("a&b".into(), 5), ("零".into(), 0)]);
        assert!(
            svg.contains("width=\"420\"") && svg.contains("width=\"210\"") && svg.contains("width=\"0\"")
        );
        assert!(svg.contains("按&lt;案由&gt;") && svg.contains("a&amp;b") && !svg.contains("<案由>"));
        assert!(bars("空", &[]).contains("无数据"));
        let long = "擅自在城市道路公共广场人行天桥等公共场所摆卖";
        let svg = bars("长", &[(long.into(), 1)]);
        assert!(svg.contains(&format!("<title>{long}</title>")) && svg.contains("…</text>"));
        assert_eq!(fitted(long).chars().count(), 17, "with its dots as wide as the column");
        assert_eq!(fitted(&long[..51]), long[..51]);
    }

    #[test]
    fn a_word_has_its_name_and_a_week_is_a_week() {
        for (word, wanted) in [
            ("no_penalty", "不予行政处罚"),
            ("B", "B 首违不罚"),
            ("video_lead", "视频线索"),
            ("2026-W39", "2026-W39"),
        ] {
            assert_eq!(name(word, None), wanted);
        }
    }
}
