//! Identity numbers (证件号码): checked as typed, kept whole, never repeated in an error or a log.
//!
//! A number that passes here is well formed; whether it is the person's own is for the officer to say.
//! Sex and region digits are not evidence and are not read.

use chrono::{Datelike, NaiveDate};

use crate::keys::half_width;

/// Why a number was not accepted. Carries no part of the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Nothing typed.
    #[error("号码为空，请填写或者选择“无证件” / the number is empty, write it or choose “no document”")]
    Empty,
    /// Wrong number of characters.
    #[error(
        "{what}应为{want}位，现为{got}位，请核对 / {what}: {want} characters expected, {got} found, check it"
    )]
    Length {
        /// Which document.
        what: &'static str,
        /// Lengths that exist.
        want: &'static str,
        /// Characters found.
        got: usize,
    },
    /// A character that cannot stand at this place.
    #[error(
        "{what}第{place}位的字符不可能出现，请核对 / {what}: character {place} cannot stand there, check it"
    )]
    Character {
        /// Which document.
        what: &'static str,
        /// Place, from 1.
        place: usize,
    },
    /// The check character does not fit the others: one character is wrong or two are swapped.
    #[error(
        "{what}校验码不符，请逐位核对 / {what}: the check character does not fit, compare digit by digit"
    )]
    Check {
        /// Which document.
        what: &'static str,
    },
    /// A birth date that is not in the calendar.
    #[error("证件号码中的出生日期不存在，请核对 / the birth date inside the number does not exist, check it")]
    BirthDate,
    /// A number of another kind of document.
    #[error("这不是{what}的号码，请重选证件种类 / this is not a number of {what}, choose the document again")]
    OtherKind {
        /// Document that was asked for.
        what: &'static str,
    },
}

/// Whose card an 18-digit personal number is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CardHolder {
    /// 居民身份证.
    Resident,
    /// 港澳居民居住证, Hong Kong (81).
    HongKong,
    /// 港澳居民居住证, Macao (82).
    Macao,
    /// 台湾居民居住证 (83).
    Taiwan,
    /// 外国人永久居留身份证, 2023 design (starts with 9).
    PermanentResident,
}

/// An 18-character personal number (公民身份号码, GB 11643) with its birth date.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonNumber {
    number: String,
    born: NaiveDate,
    holder: CardHolder,
}

impl PersonNumber {
    /// The number, upper case and half width.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.number
    }

    /// Birth date.
    #[must_use]
    pub const fn born(&self) -> NaiveDate {
        self.born
    }

    /// Whose card it is.
    #[must_use]
    pub const fn holder(&self) -> CardHolder {
        self.holder
    }

    /// Full years at the act, see [`full_years`].
    #[must_use]
    pub fn age_at(&self, act: NaiveDate) -> u8 {
        full_years(self.born, act)
    }
}

impl std::fmt::Debug for PersonNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PersonNumber(‹18 字›)")
    }
}

/// Full years (周岁) on `day`: a person is 14 or 18 from the day *after* the birthday
/// (法释〔2006〕1号 2 by analogy, LAW.md 6.1 no. 3). A birth date in the future gives 0.
///
/// Who was born on 29 February has the birthday on 1 March in a common year: the later day is the
/// milder reading.
#[must_use]
pub fn full_years(born: NaiveDate, day: NaiveDate) -> u8 {
    let years = day.year().saturating_sub(born.year());
    let birthday = NaiveDate::from_ymd_opt(day.year(), born.month(), born.day())
        .or_else(|| NaiveDate::from_ymd_opt(day.year(), 3, 1));
    let passed = birthday.is_some_and(|b| day > b);
    let full = if passed { years } else { years.saturating_sub(1) };
    u8::try_from(full.max(0)).unwrap_or(u8::MAX)
}

/// 居民身份证 (GB 11643-1999).
pub fn resident_id(text: &str) -> Result<PersonNumber, IdentityError> {
    person_number(text, "居民身份证", |h| h == CardHolder::Resident)
}

/// 港澳台居民居住证: 81, 82, 83.
pub fn residence_permit(text: &str) -> Result<PersonNumber, IdentityError> {
    person_number(text, "港澳台居民居住证", |h| {
        matches!(h, CardHolder::HongKong | CardHolder::Macao | CardHolder::Taiwan)
    })
}

fn person_number(
    text: &str,
    what: &'static str,
    wanted: impl Fn(CardHolder) -> bool,
) -> Result<PersonNumber, IdentityError> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    let number = tidy(text)?;
    let chars: Vec<char> = number.chars().collect();
    if chars.len() != 18 {
        return Err(IdentityError::Length { what, want: "18", got: chars.len() });
    }
    let mut sum = 0u32;
    for (i, (c, weight)) in chars.iter().zip(WEIGHTS).enumerate() {
        let digit = c.to_digit(10).ok_or(IdentityError::Character { what, place: i.saturating_add(1) })?;
        sum = sum.saturating_add(digit.saturating_mul(weight));
    }
    let last = chars.last().copied().unwrap_or_default();
    if !(last.is_ascii_digit() || last == 'X') {
        return Err(IdentityError::Character { what, place: 18 });
    }
    let check = usize::try_from(sum % 11).ok().and_then(|i| CHECKS.get(i)).copied();
    if check != Some(last) {
        return Err(IdentityError::Check { what });
    }
    let holder = match (chars.first(), chars.get(1)) {
        (Some('8'), Some('1')) => CardHolder::HongKong,
        (Some('8'), Some('2')) => CardHolder::Macao,
        (Some('8'), Some('3')) => CardHolder::Taiwan,
        (Some('9'), _) => CardHolder::PermanentResident,
        (Some('1'..='7'), _) => CardHolder::Resident,
        _ => return Err(IdentityError::Character { what, place: 1 }),
    };
    if !wanted(holder) {
        return Err(IdentityError::OtherKind { what });
    }
    let born = birth_date(&chars).ok_or(IdentityError::BirthDate)?;
    Ok(PersonNumber { number, born, holder })
}

fn birth_date(chars: &[char]) -> Option<NaiveDate> {
    let digits: String = chars.get(6..14)?.iter().collect();
    let born = NaiveDate::from_ymd_opt(
        digits.get(0..4)?.parse().ok()?,
        digits.get(4..6)?.parse().ok()?,
        digits.get(6..8)?.parse().ok()?,
    )?;
    (born.year() >= 1850).then_some(born)
}

/// A permanent residence card (外国人永久居留身份证).
#[derive(Clone, PartialEq, Eq)]
pub enum PermanentResidence {
    /// 2023 design: 18 digits that start with 9, checked like GB 11643.
    Card2023(PersonNumber),
    /// Earlier design: three letters and twelve digits, without a check rule that is published.
    Earlier(String),
}

impl PermanentResidence {
    /// The number, upper case and half width.
    #[must_use]
    pub fn reveal(&self) -> &str {
        match self {
            PermanentResidence::Card2023(number) => number.reveal(),
            PermanentResidence::Earlier(number) => number,
        }
    }
}

impl std::fmt::Debug for PermanentResidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PermanentResidence(‹{} 字›)", self.reveal().len())
    }
}

/// 外国人永久居留身份证, both designs.
pub fn permanent_residence(text: &str) -> Result<PermanentResidence, IdentityError> {
    let what = "外国人永久居留身份证";
    let number = tidy(text)?;
    if number.chars().count() == 18 {
        return person_number(&number, what, |h| h == CardHolder::PermanentResident)
            .map(PermanentResidence::Card2023);
    }
    shape(&number, what, &["AAADDDDDDDDDDDD"], "15或者18")?;
    Ok(PermanentResidence::Earlier(number))
}

/// 统一社会信用代码 (GB 32100-2015). Holds no personal data except for a sole trader's.
#[derive(Clone, PartialEq, Eq)]
pub struct CreditCode(String);

impl CreditCode {
    /// The code, upper case and half width.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// 个体工商户: registered by market supervision (9) as an individual business (2).
    #[must_use]
    pub fn is_sole_trader(&self) -> bool {
        self.0.starts_with("92")
    }
}

impl std::fmt::Debug for CreditCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CreditCode(‹18 字›)")
    }
}

/// 统一社会信用代码 (GB 32100-2015).
pub fn credit_code(text: &str) -> Result<CreditCode, IdentityError> {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let what = "统一社会信用代码";
    let code = tidy(text)?;
    let got = code.chars().count();
    if got != 18 {
        return Err(IdentityError::Length { what, want: "18", got });
    }
    let mut values = [0usize; 18];
    for (i, (c, slot)) in code.chars().zip(values.iter_mut()).enumerate() {
        *slot = ALPHABET.find(c).ok_or(IdentityError::Character { what, place: i.saturating_add(1) })?;
    }
    let sum = values.iter().zip(WEIGHTS).fold(0usize, |sum, (v, w)| sum.saturating_add(v.saturating_mul(w)));
    let check = 31usize.saturating_sub(sum % 31) % 31;
    if values.last() != Some(&check) {
        return Err(IdentityError::Check { what });
    }
    Ok(CreditCode(code))
}

/// 护照: Chinese or foreign. Countries differ, so only the shape is held: 5 to 20 letters and digits
/// with at least one digit.
pub fn passport(text: &str) -> Result<String, IdentityError> {
    let what = "护照";
    let number = tidy(text)?;
    let got = number.chars().count();
    if !(5..=20).contains(&got) {
        return Err(IdentityError::Length { what, want: "5至20", got });
    }
    if let Some(place) = number.chars().position(|c| !c.is_ascii_alphanumeric()) {
        return Err(IdentityError::Character { what, place: place.saturating_add(1) });
    }
    if !number.bytes().any(|b| b.is_ascii_digit()) {
        return Err(IdentityError::OtherKind { what });
    }
    Ok(number)
}

/// 港澳居民来往内地通行证 (H or M, 8 digits, with 2 more on old cards) or 台湾居民来往大陆通行证
/// (8 digits, or 10 and a letter on old books).
pub fn travel_permit(text: &str) -> Result<String, IdentityError> {
    let what = "港澳居民来往内地通行证、台湾居民来往大陆通行证";
    let number = tidy(text)?;
    shape(
        &number,
        what,
        &["HDDDDDDDD", "MDDDDDDDD", "HDDDDDDDDDD", "MDDDDDDDDDD", "DDDDDDDD", "DDDDDDDDDD", "DDDDDDDDDDA"],
        "8至11",
    )?;
    Ok(number)
}

/// Phone (电话): a mainland mobile, a mainland landline with area code, or `+` and 7 to 15 digits.
pub fn phone(text: &str) -> Result<String, IdentityError> {
    let what = "电话";
    let tidy: String =
        half_width(text).chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '(' | ')')).collect();
    if tidy.is_empty() {
        return Err(IdentityError::Empty);
    }
    let (abroad, digits) = match tidy.strip_prefix("+86").or_else(|| tidy.strip_prefix("0086")) {
        Some(rest) => (false, rest),
        None => tidy.strip_prefix('+').map_or((false, tidy.as_str()), |rest| (true, rest)),
    };
    if let Some(place) = digits.chars().position(|c| !c.is_ascii_digit()) {
        return Err(IdentityError::Character { what, place: place.saturating_add(1) });
    }
    let got = digits.len();
    let mobile = got == 11 && matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..]);
    let landline = (10..=12).contains(&got) && matches!(digits.as_bytes(), [b'0', b'1'..=b'9', ..]);
    match (abroad, mobile, landline) {
        (true, ..) if (7..=15).contains(&got) => Ok(format!("+{digits}")),
        (false, true, _) | (false, _, true) => Ok(digits.to_owned()),
        (false, ..) if got == 11 => Err(IdentityError::Character { what, place: 2 }),
        _ => Err(IdentityError::Length { what, want: "11", got }),
    }
}

/// Half width, upper case, no space or hyphen: nothing else is dropped, so that a wrong sign is found.
fn tidy(text: &str) -> Result<String, IdentityError> {
    let tidy: String = half_width(text)
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if tidy.is_empty() { Err(IdentityError::Empty) } else { Ok(tidy) }
}

/// `D` a digit, `A` a letter, any other letter itself.
fn shape(number: &str, what: &'static str, shapes: &[&str], want: &'static str) -> Result<(), IdentityError> {
    let got = number.chars().count();
    let fits = |c: char, s: char| match s {
        'D' => c.is_ascii_digit(),
        'A' => c.is_ascii_alphabetic(),
        other => c == other,
    };
    let same_length: Vec<&&str> = shapes.iter().filter(|s| s.len() == got).collect();
    if same_length.is_empty() {
        return Err(IdentityError::Length { what, want, got });
    }
    // The place shown is the furthest that any shape of this length reaches.
    let mut furthest = 0usize;
    for s in same_length {
        match number.chars().zip(s.chars()).position(|(c, s)| !fits(c, s)) {
            None => return Ok(()),
            Some(place) => furthest = furthest.max(place),
        }
    }
    Err(IdentityError::Character { what, place: furthest.saturating_add(1) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Check character by ISO 7064 MOD 11-2, another way than the weights.
    fn card(first17: &str) -> String {
        let mut p = 0u32;
        for d in first17.chars().map(|c| c.to_digit(10).unwrap()) {
            p = (p + d) * 2 % 11;
        }
        let check = (12 - p) % 11;
        format!("{first17}{}", if check == 10 { 'X' } else { char::from_digit(check, 10).unwrap() })
    }

    #[test]
    fn resident_ids_of_the_standard() {
        let id = resident_id("11010519491231002X").unwrap();
        assert_eq!(id.born(), day("1949-12-31"));
        assert_eq!(id.holder(), CardHolder::Resident);
        assert_eq!(resident_id("440524188001010014").unwrap().born(), day("1880-01-01"));
        assert_eq!(resident_id(" 110105 19491231 002x ").unwrap().reveal(), "11010519491231002X");
        assert_eq!(resident_id("１１０１０５１９４９１２３１００２Ｘ").unwrap(), id);
    }

    #[test]
    fn wrong_resident_ids_say_what_is_wrong() {
        assert_eq!(resident_id("110105194912310021"), Err(IdentityError::Check { what: "居民身份证" }));
        assert_eq!(resident_id(&card("11010520230229001")), Err(IdentityError::BirthDate));
        assert!(matches!(resident_id("1101051949123100"), Err(IdentityError::Length { got: 16, .. })));
        assert!(matches!(resident_id("11010519A91231002X"), Err(IdentityError::Character { place: 9, .. })));
        assert_eq!(resident_id("  "), Err(IdentityError::Empty));
        assert!(matches!(resident_id(&card("81000019990101001")), Err(IdentityError::OtherKind { .. })));
    }

    #[test]
    fn errors_and_debug_never_repeat_the_number() {
        let id = resident_id("11010519491231002X").unwrap();
        assert!(!format!("{id:?}").contains("1949"));
        let error = resident_id("110105194912310021").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("110105"));
    }

    #[test]
    fn permits_and_permanent_residence() {
        for (head, holder) in
            [("81", CardHolder::HongKong), ("82", CardHolder::Macao), ("83", CardHolder::Taiwan)]
        {
            let number = card(&format!("{head}000019990101001"));
            assert_eq!(residence_permit(&number).unwrap().holder(), holder);
        }
        assert!(matches!(residence_permit("11010519491231002X"), Err(IdentityError::OtherKind { .. })));
        let new = card("91110119850315001");
        assert!(matches!(permanent_residence(&new), Ok(PermanentResidence::Card2023(_))));
        assert!(matches!(permanent_residence("USA110085031501"), Ok(PermanentResidence::Earlier(_))));
        assert!(permanent_residence("USA11008503150X").is_err());
        for ok in ["H01234567", "M0123456701", "01234567", "1234567890A"] {
            assert!(travel_permit(ok).is_ok(), "{ok}");
        }
        for bad in ["K01234567", "H0123456", "H0123456A"] {
            assert!(travel_permit(bad).is_err(), "{bad}");
        }
        assert_eq!(passport("e 1234-5678").unwrap(), "E12345678");
        assert!(passport("ABCDEFG").is_err());
        assert!(passport("12").is_err());
    }

    #[test]
    fn credit_codes_of_the_standard() {
        assert!(credit_code("91350100M000100Y43").is_ok());
        assert_eq!(
            credit_code("91350100M000100Y4Z"),
            Err(IdentityError::Character { what: "统一社会信用代码", place: 18 })
        );
        assert_eq!(credit_code("91350100M000100Y44"), Err(IdentityError::Check { what: "统一社会信用代码" }));
        assert!(!credit_code("91110000600037341L").unwrap().is_sole_trader());
        assert!(matches!(credit_code("9111000O600037341L"), Err(IdentityError::Character { place: 8, .. })));
    }

    #[test]
    fn fourteen_from_the_day_after_the_birthday() {
        let born = day("2012-09-24");
        assert_eq!(full_years(born, day("2026-09-23")), 13);
        assert_eq!(full_years(born, day("2026-09-24")), 13);
        assert_eq!(full_years(born, day("2026-09-25")), 14);
        let leap = day("2008-02-29");
        assert_eq!(full_years(leap, day("2026-03-01")), 17);
        assert_eq!(full_years(leap, day("2026-03-02")), 18);
        assert_eq!(full_years(day("2026-09-24"), day("2020-01-01")), 0);
    }

    #[test]
    fn phones() {
        for (text, kept) in [
            ("138 0013 8000", "13800138000"),
            ("+86-13800138000", "13800138000"),
            ("0769-22112233", "076922112233"),
            ("+852 9123 4567", "+85291234567"),
        ] {
            assert_eq!(phone(text).unwrap(), kept);
        }
        for text in ["", "12800138000", "1380013800", "abc", "110"] {
            assert!(phone(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_found(year in 1900i32..2026, seq in 0u32..1000, place in 0usize..17, add in 1u32..10) {
            let good = card(&format!("441900{year}0115{seq:03}"));
            prop_assert!(resident_id(&good).is_ok());
            let mut chars: Vec<char> = good.chars().collect();
            let digit = chars[place].to_digit(10).unwrap();
            chars[place] = char::from_digit((digit + add) % 10, 10).unwrap();
            prop_assert!(resident_id(&chars.iter().collect::<String>()).is_err());
        }

        #[test]
        fn two_swapped_digits_are_always_found(seq in 0u32..1000, place in 0usize..16) {
            let good = card(&format!("44190019880715{seq:03}"));
            let mut chars: Vec<char> = good.chars().collect();
            chars.swap(place, place + 1);
            let swapped: String = chars.iter().collect();
            prop_assert!(swapped == good || resident_id(&swapped).is_err());
        }

        #[test]
        fn nothing_panics(text in ".{0,30}") {
            let _ = (resident_id(&text), residence_permit(&text), credit_code(&text), passport(&text));
            let _ = (travel_permit(&text), permanent_residence(&text), phone(&text));
        }

        #[test]
        fn age_never_falls_as_days_pass(offset in 0i64..40_000, later in 0i64..5_000) {
            let born = day("1930-02-28");
            let first = born + chrono::Duration::days(offset);
            prop_assert!(full_years(born, first) <= full_years(born, first + chrono::Duration::days(later)));
        }
    }
}
