//! Where a line of Chinese may break: no closing mark at a line start, no opening mark at a line end,
//! numbers with their unit, Latin words and protected words in one piece.

use std::ops::Range;

use crate::font::columns;

/// Cuts `text` into pieces of at most `width` columns, `hang` fewer from the second on. `keep` are words that
/// stay whole where they fit on a line. Pieces have no space at their ends.
pub(crate) fn wrap(text: &str, width: u16, hang: u16, keep: &[String]) -> Vec<Range<usize>> {
    let width = width.max(2);
    let rest = width.saturating_sub(hang).max(2);
    let mut whole: Vec<Range<usize>> = Vec::new();
    for word in keep.iter().filter(|w| !w.is_empty() && word_columns(w) <= width) {
        whole.extend(text.match_indices(word.as_str()).map(|(at, found)| at..at.saturating_add(found.len())));
    }
    let mut lines = Vec::new();
    let mut start = 0; // of the line
    let mut used = 0u16;
    // The last place a break is allowed, and the columns from there on.
    let mut place: Option<(usize, u16)> = None;
    let mut places: Vec<usize> = Vec::with_capacity(text.len() / 3);
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        let wide = columns(c);
        if at > start && may_break(before, c) && !whole.iter().any(|w| w.start < at && at < w.end) {
            place = Some((at, 0));
            places.push(at);
        }
        let room = if lines.is_empty() { width } else { rest };
        if used.saturating_add(wide) > room && c != ' ' {
            let (cut, carried) = place.unwrap_or((at, 0));
            push(&mut lines, text, start..cut);
            start = cut;
            used = carried;
            place = None;
        }
        used = used.saturating_add(wide);
        if let Some((_, carried)) = &mut place {
            *carried = carried.saturating_add(wide);
        }
        // A line does not begin with the space that it broke at.
        if c == ' ' && text.get(start..at).is_some_and(|s| s.trim().is_empty()) && !lines.is_empty() {
            start = at.saturating_add(1);
            used = 0;
            place = None;
        }
        before = Some(c);
    }
    push(&mut lines, text, start..text.len());
    avoid_widow(&mut lines, text, rest, &places);
    if lines.is_empty() {
        lines.push(0..0);
    }
    lines
}

/// A last line of one or two characters gets company from the line before: 决定书 stays together in a
/// heading, and no lone 证。 hangs under a paragraph.
fn avoid_widow(lines: &mut [Range<usize>], text: &str, width: u16, places: &[usize]) {
    const FEW: u16 = 6;
    let [.., before, last] = lines else { return };
    let columns = |from: usize| text.get(from..last.end).map_or(u16::MAX, word_columns);
    if before.end != last.start || columns(last.start) >= FEW {
        return;
    }
    let better = places.iter().rev().skip_while(|p| **p >= last.start).take_while(|p| **p > before.start);
    if let Some(cut) = better.copied().find(|p| columns(*p) >= FEW).filter(|p| columns(*p) <= width) {
        before.end = cut;
        last.start = cut;
    }
}

fn push(lines: &mut Vec<Range<usize>>, text: &str, range: Range<usize>) {
    if let Some(piece) = text.get(range.clone()) {
        let end = range.start.saturating_add(piece.trim_end_matches(' ').len());
        if end > range.start {
            lines.push(range.start..end);
        }
    }
}

/// Columns of a piece of text.
pub(crate) fn word_columns(text: &str) -> u16 {
    text.chars().fold(0u16, |sum, c| sum.saturating_add(columns(c)))
}

fn may_break(before: Option<char>, c: char) -> bool {
    let Some(a) = before else { return false };
    if a == ' ' {
        return true;
    }
    if c == ' ' {
        return false;
    }
    // Two ASCII characters: a word, a number, an address.
    if a.is_ascii() && c.is_ascii() {
        return false;
    }
    if is_closing(c) || is_opening(a) {
        return false;
    }
    if a.is_ascii_digit() && is_unit(c) {
        return false;
    }
    // A day or a time of day stays in one piece; between the two a line may end.
    if matches!(a, '年' | '月' | '时' | '第') && c.is_ascii_digit() {
        return false;
    }
    // 第二十七条第一款: not within a numeral, nor between it and what it counts.
    !((a == '第' || is_numeral(a)) && is_numeral(c)
        || is_numeral(a) && matches!(c, '章' | '条' | '款' | '项'))
}

fn is_numeral(c: char) -> bool {
    matches!(c, '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '零')
}

/// Columns by which the further lines of a paragraph stand in, so that the eye finds the next entry:
/// under the value of `地点 东城街道…`, and behind the number of `1.初次违法…`. None where that would break
/// a word that is to stay whole.
pub(crate) fn hang(text: &str, width: u16, keep: &[String]) -> u16 {
    let key = |(key, value): &(&str, &str)| {
        (2..=6).contains(&key.chars().count())
            && key.chars().all(|c| !c.is_ascii() && !is_closing(c) && !is_opening(c))
            && !value.is_empty()
    };
    let number = |(n, words): &(&str, &str)| {
        (1..=2).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()) && !words.is_empty()
    };
    let start = match (text.split_once(' ').filter(key), text.split_once('.').filter(number)) {
        (Some((key, _)), _) => word_columns(key).saturating_add(1),
        (_, Some((n, _))) => word_columns(n).saturating_add(1),
        _ => 0,
    };
    let room = width.saturating_sub(start);
    let latin = text.split(|c: char| !c.is_ascii() || c == ' ').map(word_columns).max().unwrap_or(0);
    let fits = latin <= room && keep.iter().all(|k| word_columns(k) <= room || !text.contains(k.as_str()));
    if start <= width / 3 && fits { start } else { 0 }
}

// Marks that do not begin a line.
fn is_closing(c: char) -> bool {
    matches!(
        c,
        '，' | '。'
            | '、'
            | '；'
            | '：'
            | '？'
            | '！'
            | '）'
            | '〕'
            | '】'
            | '》'
            | '〉'
            | '」'
            | '』'
            | '〗'
            | '”'
            | '’'
            | '…'
            | '—'
            | '·'
            | '％'
            | '℃'
            | '‰'
            | '!'
            | ')'
            | ','
            | '.'
            | ':'
            | ';'
            | '?'
            | ']'
            | '}'
            | '%'
    )
}

// Marks that do not end a line.
fn is_opening(c: char) -> bool {
    matches!(
        c,
        '（' | '〔'
            | '【'
            | '《'
            | '〈'
            | '「'
            | '『'
            | '〖'
            | '“'
            | '‘'
            | '￥'
            | '¥'
            | '№'
            | '('
            | '['
            | '{'
    )
}

// Units and counters that belong to the number before them.
fn is_unit(c: char) -> bool {
    matches!(
        c,
        '年' | '月'
            | '日'
            | '时'
            | '分'
            | '秒'
            | '元'
            | '角'
            | '万'
            | '亿'
            | '天'
            | '个'
            | '张'
            | '段'
            | '件'
            | '号'
            | '条'
            | '款'
            | '项'
            | '次'
            | '人'
            | '名'
            | '户'
            | '处'
            | '米'
            | '平'
            | '㎡'
            | '里'
            | '斤'
            | '克'
            | '吨'
            | '台'
            | '辆'
            | '把'
            | '只'
            | '块'
            | '间'
            | '室'
            | '栋'
            | '楼'
            | '房'
            | '街'
            | '岁'
            | '周'
            | '点'
            | '倍'
            | '份'
            | '页'
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn lines(text: &str, width: u16) -> Vec<&str> {
        wrap(text, width, 0, &[]).into_iter().map(|r| &text[r]).collect()
    }

    #[test]
    fn no_closing_mark_at_a_line_start_and_no_opening_at_its_end() {
        let text = "你在（东城）街道，未经批准占用《城市道路管理条例》第二十七条规定的道路。";
        for width in 6..40 {
            let lines = lines(text, width);
            assert_eq!(lines.concat(), text, "width {width}");
            for line in &lines {
                assert!(word_columns(line) <= width, "{line} at {width}");
                assert!(!is_closing(line.chars().next().unwrap()), "{line} at {width}");
                assert!(!is_opening(line.chars().last().unwrap()), "{line} at {width}");
            }
        }
    }

    #[test]
    fn numbers_stay_with_their_unit_and_words_whole() {
        for width in 14..40 {
            for line in lines("至2026年10月9日（含当日）缴纳￥50.00元，电话0769-00000000，第000456号", width)
            {
                assert!(
                    !line.ends_with(|c: char| c.is_ascii_digit()) || line.ends_with("00000000"),
                    "{line} at {width}"
                );
                assert!(!line.starts_with("00元") && !line.ends_with('￥'), "{line} at {width}");
            }
        }
    }

    #[test]
    fn a_heading_ends_in_its_own_word_and_no_lone_character_hangs() {
        assert_eq!(lines("当场行政处罚决定书", 16), ["当场行政处罚", "决定书"]);
        assert_eq!(
            lines("有照片4张、录像1段、你的陈述为证。", 31),
            ["有照片4张、录像1段、你的陈述", "为证。"]
        );
    }

    #[test]
    fn dates_times_and_articles_stay_in_one_piece() {
        let text = "于2026年9月24日19时05分，违反《城市道路管理条例》第二十七条第一款第十二项的规定";
        for width in 24..60 {
            let lines = lines(text, width);
            for whole in ["2026年9月24日", "19时05分", "第二十七条", "第十二项"] {
                assert!(lines.iter().any(|l| l.contains(whole)), "{whole} at {width}: {lines:?}");
            }
        }
    }

    #[test]
    fn further_lines_stand_under_the_value_or_behind_the_number() {
        assert_eq!(hang("地点 东城街道××路88号门前人行道", 32, &[]), 5);
        assert_eq!(hang("1.初次违法：截至当日17时58分", 32, &[]), 2);
        assert_eq!(hang("东城街道，门前 人行道", 32, &[]), 0, "no key");
        assert_eq!(hang("法定代表人或者主要负责人 张三", 32, &[]), 0, "too wide a key");
        let number = "东城管当罚字〔2026〕第000123号".to_owned();
        assert_eq!(hang(&format!("文书编号 {number}"), 32, &[number]), 0, "the number must stay whole");
        let text = "地点 东城街道××路88号门前人行道的东侧和西侧，距离路口约10米处";
        let pieces: Vec<&str> = wrap(text, 32, 5, &[]).into_iter().map(|r| &text[r]).collect();
        assert!(pieces.iter().skip(1).all(|p| word_columns(p) <= 27), "{pieces:?}");
        assert_eq!(pieces.concat(), text);
    }

    #[test]
    fn kept_words_are_not_broken_where_they_fit() {
        let keep = ["阿依古丽·买买提".to_owned()];
        let text = "当事人为阿依古丽·买买提（公民）";
        for width in 16..34 {
            assert!(
                wrap(text, width, 0, &keep).into_iter().any(|r| text[r].contains("阿依古丽·买买提")),
                "{width}"
            );
        }
    }

    #[test]
    fn a_word_longer_than_the_line_is_cut_and_nothing_is_lost() {
        let text = "x".repeat(100);
        assert_eq!(lines(&text, 32).concat(), text);
        assert_eq!(lines("", 32), [""]);
        assert_eq!(lines("甲 乙", 2), ["甲", "乙"]);
    }
}
