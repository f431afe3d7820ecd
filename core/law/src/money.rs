//! Money is integer fen (分). Digits, Chinese capitals and the stored value come from this one type.

use serde::{Deserialize, Serialize};

/// An amount in fen (分), 1/100 yuan. Never a float (LAW.md 6.1 no. 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

/// Why a text is not an amount. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// No digit at all.
    #[error("金额为空，请填写数字，例如 50.00 / the amount is empty, write digits such as 50.00")]
    Empty,
    /// Something that is neither a digit, a grouping comma nor a point.
    #[error(
        "金额只能写数字和最多两位小数，例如 1,000.50 / \
         an amount is digits with at most two decimals, such as 1,000.50"
    )]
    Malformed,
    /// Too large for fen in 64 bits.
    #[error("金额过大，请核对 / the amount is too large, check it")]
    TooLarge,
}

impl Fen {
    /// Nothing.
    pub const ZERO: Fen = Fen(0);

    /// Whole yuan, saturating at the type's bounds.
    #[must_use]
    pub const fn yuan(yuan: i64) -> Fen {
        Fen(yuan.saturating_mul(100))
    }

    /// Sum; `None` past 64 bits.
    #[must_use]
    pub const fn checked_add(self, other: Fen) -> Option<Fen> {
        match self.0.checked_add(other.0) {
            Some(fen) => Some(Fen(fen)),
            None => None,
        }
    }

    /// Difference; `None` past 64 bits.
    #[must_use]
    pub const fn checked_sub(self, other: Fen) -> Option<Fen> {
        match self.0.checked_sub(other.0) {
            Some(fen) => Some(Fen(fen)),
            None => None,
        }
    }

    /// Sum, saturating: for totals that are only compared with a gate.
    #[must_use]
    pub const fn saturating_add(self, other: Fen) -> Fen {
        Fen(self.0.saturating_add(other.0))
    }

    /// `percent` per cent of this amount, rounded down to the fen (in the party's favour), saturating.
    #[must_use]
    pub fn percent(self, percent: u64) -> Fen {
        let product = i128::from(self.0).saturating_mul(i128::from(percent)).div_euclid(100);
        Fen(i64::try_from(product).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Digits with two decimals and no grouping, as on the pay notice: `50.00`.
    #[must_use]
    pub fn digits(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        format!("{sign}{}.{:02}", fen / 100, fen % 100)
    }

    /// Capitals for a money paper (中文大写): `人民币伍拾元整`.
    ///
    /// Rules of 支付结算办法 annex 1: one 零 for a run of zeros inside; 整 after 元 and after 角,
    /// never after 分; 元零分 when the 角 is missing.
    #[must_use]
    pub fn capitals(self) -> String {
        let fen = self.0.unsigned_abs();
        let (yuan, jiao, rest) = (fen / 100, fen / 10 % 10, fen % 10);
        let mut text = String::from("人民币");
        if self.0 < 0 {
            text.push('负');
        }
        if yuan > 0 || fen == 0 {
            text.push_str(&capital_integer(yuan));
            text.push('元');
        }
        match (jiao, rest) {
            (0, 0) => text.push('整'),
            (0, fen) => {
                if yuan > 0 {
                    text.push('零');
                }
                text.push_str(capital_digit(fen));
                text.push('分');
            }
            (jiao, 0) => {
                text.push_str(capital_digit(jiao));
                text.push_str("角整");
            }
            (jiao, fen) => {
                text.push_str(capital_digit(jiao));
                text.push('角');
                text.push_str(capital_digit(fen));
                text.push('分');
            }
        }
        text
    }

    /// Reads what an officer types: `50`, `50.5`, `￥1,000.00`, `50元`, full-width digits. Never negative.
    pub fn parse(text: &str) -> Result<Fen, MoneyError> {
        let folded = crate::keys::half_width(text.trim());
        let body = folded.trim_start_matches(['¥', '￥']).trim();
        let body = body.strip_suffix('元').unwrap_or(body).trim();
        if body.is_empty() {
            return Err(MoneyError::Empty);
        }
        let (whole, decimals) = body.split_once('.').map_or((body, None), |(w, d)| (w, Some(d)));
        let yuan = parse_whole(whole)?;
        let fen = match decimals {
            None => 0,
            Some(d) if d.len() == 1 && all_digits(d) => parse_digits(d)? * 10,
            Some(d) if d.len() == 2 && all_digits(d) => parse_digits(d)?,
            Some(_) => return Err(MoneyError::Malformed),
        };
        yuan.checked_mul(100).and_then(|y| y.checked_add(fen)).map(Fen).ok_or(MoneyError::TooLarge)
    }
}

impl std::fmt::Display for Fen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.digits())
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn parse_digits(text: &str) -> Result<i64, MoneyError> {
    text.parse().map_err(|_| MoneyError::TooLarge)
}

/// Commas are allowed only where they group thousands: `1,00` is a slip of the finger, not a hundred.
fn parse_whole(text: &str) -> Result<i64, MoneyError> {
    let mut groups = text.split(',');
    let first = groups.next().unwrap_or_default();
    let grouped = text.contains(',');
    if !all_digits(first) || (grouped && first.len() > 3) {
        return Err(MoneyError::Malformed);
    }
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || !all_digits(group) {
            return Err(MoneyError::Malformed);
        }
        digits.push_str(group);
    }
    parse_digits(&digits)
}

const fn capital_digit(digit: u64) -> &'static str {
    match digit {
        1 => "壹",
        2 => "贰",
        3 => "叁",
        4 => "肆",
        5 => "伍",
        6 => "陆",
        7 => "柒",
        8 => "捌",
        9 => "玖",
        _ => "零",
    }
}

/// Splits at 亿, 万, 仟, 佰, 拾, and puts one 零 where the lower part lacks its leading place.
fn capital_integer(n: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(100_000_000, "亿"), (10_000, "万"), (1_000, "仟"), (100, "佰"), (10, "拾")];
    for (unit, name) in UNITS {
        if n >= unit {
            let (high, low) = (n / unit, n % unit);
            let mut text = capital_integer(high);
            text.push_str(name);
            if low > 0 {
                if low < unit / 10 {
                    text.push('零');
                }
                text.push_str(&capital_integer(low));
            }
            return text;
        }
    }
    capital_digit(n).to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn capitals_as_a_bank_clerk_writes_them() {
        for (fen, text) in [
            (20_000, "人民币贰佰元整"), // LAW.md 4.4
            (5_000, "人民币伍拾元整"),
            (0, "人民币零元整"),
            (1_000, "人民币壹拾元整"),
            (50, "人民币伍角整"),
            (5, "人民币伍分"),
            (140_950, "人民币壹仟肆佰零玖元伍角整"),
            (600_714, "人民币陆仟零柒元壹角肆分"),
            (168_032, "人民币壹仟陆佰捌拾元叁角贰分"),
            (1_640_902, "人民币壹万陆仟肆佰零玖元零贰分"),
            (32_504, "人民币叁佰贰拾伍元零肆分"),
            (10_050_000, "人民币壹拾万零伍佰元整"),
            (10_000_500, "人民币壹拾万零伍元整"),
            (100_000_000_000, "人民币壹拾亿元整"),
            (1_000_010_000, "人民币壹仟万零壹佰元整"),
        ] {
            assert_eq!(Fen(fen).capitals(), text);
        }
    }

    #[test]
    fn digits_have_two_decimals() {
        assert_eq!(Fen::yuan(50).digits(), "50.00");
        assert_eq!(Fen(7).digits(), "0.07");
        assert_eq!(Fen(-1_234).to_string(), "-12.34");
        assert_eq!(Fen(i64::MIN).digits(), "-92233720368547758.08");
    }

    #[test]
    fn typed_amounts() {
        for (text, fen) in [
            ("50", 5_000),
            ("50.5", 5_050),
            (" ￥1,000.00 ", 100_000),
            ("５０．００", 5_000),
            ("200元", 20_000),
        ] {
            assert_eq!(Fen::parse(text), Ok(Fen(fen)), "{text}");
        }
        for text in ["", "￥", "5O", "1.234", "1,00", "-5", "1.", ".5", "1,0000", "五十"] {
            assert!(Fen::parse(text).is_err(), "{text}");
        }
        assert_eq!(Fen::parse("92233720368547759"), Err(MoneyError::TooLarge));
    }

    /// Reads capitals back, by the rules and not by the writer's code.
    fn read(capitals: &str) -> i64 {
        let (mut fen, mut section, mut high, mut digit) = (0i64, 0i64, 0i64, 0i64);
        for c in capitals.trim_start_matches("人民币").chars() {
            if let Some(d) = "零壹贰叁肆伍陆柒捌玖".chars().position(|x| x == c) {
                digit = i64::try_from(d).unwrap();
                continue;
            }
            match c {
                '拾' => section += digit * 10,
                '佰' => section += digit * 100,
                '仟' => section += digit * 1_000,
                '万' => section = (section + digit) * 10_000,
                '亿' => {
                    high = (high + section + digit) * 100_000_000;
                    section = 0;
                }
                '元' => fen += (high + section + digit) * 100,
                '角' => fen += digit * 10,
                '分' => fen += digit,
                _ => {}
            }
            digit = 0;
        }
        fen
    }

    proptest! {
        #[test]
        fn capitals_say_the_same_amount_as_the_digits(fen in 0i64..9_999_999_999) {
            prop_assert_eq!(read(&Fen(fen).capitals()), fen);
            prop_assert_eq!(Fen::parse(&Fen(fen).digits()), Ok(Fen(fen)));
            prop_assert!(!Fen(fen).capitals().contains("零零"));
        }

        #[test]
        fn parse_never_panics(text in ".{0,40}") {
            let _ = Fen::parse(&text);
        }

        #[test]
        fn any_amount_prints(fen: i64) {
            prop_assert!(Fen(fen).capitals().starts_with("人民币"));
            prop_assert_eq!(Fen(fen).percent(100), Fen(fen));
        }
    }
}
