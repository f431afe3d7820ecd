//! Number formats (文书字号): `东城管当罚〔{yyyy}〕第{seq:6}号`.

/// One piece of a format.
enum Piece<'a> {
    Text(&'a str),
    Year,
    Seq(usize),
}

/// Splits a format; `None` when a brace does not open a known place.
fn pieces(format: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(open) = rest.find('{') {
        let (text, tail) = rest.split_at(open);
        let (place, after) = tail.get(1..)?.split_once('}')?;
        if text.contains('}') {
            return None;
        }
        pieces.push(Piece::Text(text));
        pieces.push(match place.split_once(':') {
            None if place == "yyyy" => Piece::Year,
            None if place == "seq" => Piece::Seq(0),
            Some(("seq", width)) => Piece::Seq(width.parse().ok().filter(|w| (1..=12).contains(w))?),
            _ => return None,
        });
        rest = after;
    }
    if rest.contains('}') {
        return None;
    }
    pieces.push(Piece::Text(rest));
    Some(pieces)
}

/// What is wrong with a format, if anything.
pub(super) fn fault(format: &str) -> Option<&'static str> {
    let Some(pieces) = pieces(format) else {
        return Some("只能使用 {yyyy}、{seq} 或 {seq:6} / only {yyyy}, {seq} or {seq:6} may be used");
    };
    let years = pieces.iter().filter(|p| matches!(p, Piece::Year)).count();
    let seqs = pieces.iter().filter(|p| matches!(p, Piece::Seq(_))).count();
    (years != 1 || seqs != 1).then_some(
        "字号格式须各含一个年份 {yyyy} 和序号 {seq} / a number format has one {yyyy} and one {seq}",
    )
}

/// A number as printed.
pub(super) fn render(format: &str, year: i32, seq: u64) -> String {
    let Some(pieces) = pieces(format) else { return format!("{year}-{seq}") };
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => (*text).to_owned(),
            Piece::Year => year.to_string(),
            Piece::Seq(width) => format!("{seq:0>width$}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_the_organ_writes_them() {
        assert_eq!(render("东城管当罚〔{yyyy}〕第{seq:6}号", 2026, 123), "东城管当罚〔2026〕第000123号");
        assert_eq!(render("〔{yyyy}〕{seq}号", 2026, 1_234_567), "〔2026〕1234567号");
        assert!(fault("{yyyy}{seq}").is_none());
        for bad in [
            "{seq}",
            "{yyyy}",
            "{yyyy}{seq}{seq}",
            "{year}{seq}",
            "{yyyy}{seq",
            "{yyyy}{seq:0}",
            "}{yyyy}{seq}",
        ] {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }
}
