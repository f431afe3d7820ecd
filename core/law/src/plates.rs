//! Vehicle plates (号牌, GA 36): motor vehicles with 7 or 8 places, and local plates of electric bicycles.

use crate::keys::key_form;

/// What a plate belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlateKind {
    /// 普通汽车, 摩托车: seven places.
    Ordinary,
    /// 新能源汽车: eight places.
    NewEnergy,
    /// 挂车, 教练车, 警车, 粤港澳, 领馆, 使馆, 试车, 超限.
    Special,
    /// 电动自行车: local design, only its shape is held.
    ElectricBicycle,
}

/// Why a text is not a plate. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlateError {
    /// Nothing typed.
    #[error("号牌为空，请填写或者选择“无号牌” / the plate is empty, write it or choose “no plate”")]
    Empty,
    /// No known plate looks like this.
    #[error(
        "号牌第{place}位不符合任何号牌的编排，请核对（号牌中没有字母I和O） / \
         character {place} fits no kind of plate, check it (plates have no letters I and O)"
    )]
    Shape {
        /// Place, from 1; one past the end when characters are missing.
        place: usize,
    },
}

/// A plate in its normal form: upper case, half width, no dot, space or hyphen.
#[derive(Clone, PartialEq, Eq)]
pub struct Plate {
    text: String,
    kind: PlateKind,
}

impl Plate {
    /// The plate's characters.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What it belongs to.
    #[must_use]
    pub const fn kind(&self) -> PlateKind {
        self.kind
    }
}

impl std::fmt::Debug for Plate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plate({:?}, ‹{} 字›)", self.kind, self.text.chars().count())
    }
}

const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
const SUFFIXES: &str = "挂学警港澳领试超";

/// A motor vehicle's plate.
///
/// ```
/// use ezhifa_law::plates::{PlateKind, plate};
/// assert_eq!(plate("粤S·12345").unwrap().kind(), PlateKind::Ordinary);
/// assert_eq!(plate("粤SD12345").unwrap().kind(), PlateKind::NewEnergy);
/// ```
pub fn plate(text: &str) -> Result<Plate, PlateError> {
    let text = key_form(text);
    let chars: Vec<char> = text.chars().collect();
    if chars.is_empty() {
        return Err(PlateError::Empty);
    }
    // 使馆: three digits of the country, three of the car, then 使 (2017 design) or 使 first.
    if chars.len() == 7 && (chars.first() == Some(&'使') || chars.last() == Some(&'使')) {
        let digits = text.trim_matches('使');
        if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Plate { text, kind: PlateKind::Special });
        }
    }
    let head = |place: usize, c: Option<&char>, ok: &dyn Fn(char) -> bool| match c {
        Some(&c) if ok(c) => Ok(()),
        _ => Err(PlateError::Shape { place }),
    };
    head(1, chars.first(), &|c| PROVINCES.contains(c))?;
    head(2, chars.get(1), &letter)?;
    let tail = chars.get(2..).unwrap_or_default();
    let kind = match tail.len() {
        5 => ordinary(tail)?,
        6 => new_energy(tail)?,
        n if n < 5 => return Err(PlateError::Shape { place: chars.len().saturating_add(1) }),
        _ => return Err(PlateError::Shape { place: 9 }),
    };
    Ok(Plate { text, kind })
}

/// An electric bicycle's plate (电动自行车): up to three Han characters, then 5 to 8 letters and digits.
/// The design is the city's own, so the shape is all that can be held.
pub fn electric_bicycle(text: &str) -> Result<Plate, PlateError> {
    let text = key_form(text);
    let han = text.chars().take_while(|c| matches!(c, '\u{4E00}'..='\u{9FFF}')).count();
    let tail: Vec<char> = text.chars().skip(han).collect();
    if text.is_empty() {
        return Err(PlateError::Empty);
    }
    if han > 3 {
        return Err(PlateError::Shape { place: 4 });
    }
    if let Some(place) = tail.iter().position(|c| !c.is_ascii_alphanumeric()) {
        return Err(PlateError::Shape { place: han.saturating_add(place).saturating_add(1) });
    }
    if !(5..=8).contains(&tail.len()) {
        return Err(PlateError::Shape { place: han.saturating_add(tail.len()).saturating_add(1) });
    }
    Ok(Plate { text, kind: PlateKind::ElectricBicycle })
}

/// Either kind. What begins as a motor vehicle's plate (a province, then a letter) is held to that form,
/// so that a mistyped one does not pass as a bicycle's.
pub fn any(text: &str) -> Result<Plate, PlateError> {
    let mut chars = key_form(text).chars().collect::<Vec<_>>().into_iter();
    let motor = chars.next().is_some_and(|c| PROVINCES.contains(c))
        && chars.next().is_some_and(|c| c.is_ascii_alphabetic());
    match plate(text) {
        Err(error) if !motor => electric_bicycle(text).map_err(|_| error),
        done => done,
    }
}

fn letter(c: char) -> bool {
    c.is_ascii_uppercase() && c != 'I' && c != 'O'
}

fn alnum(c: char) -> bool {
    c.is_ascii_digit() || letter(c)
}

fn ordinary(tail: &[char]) -> Result<PlateKind, PlateError> {
    let special = tail.last().is_some_and(|&c| SUFFIXES.contains(c));
    let free = if special { tail.split_last().map(|(_, rest)| rest).unwrap_or_default() } else { tail };
    match free.iter().position(|&c| !alnum(c)) {
        Some(place) => Err(PlateError::Shape { place: place.saturating_add(3) }),
        None if special => Ok(PlateKind::Special),
        None => Ok(PlateKind::Ordinary),
    }
}

/// GA 36-2018: small cars carry the energy letter first, large ones last; A to E (and D) pure electric,
/// F to K others. The remaining places are digits, for small cars the second may be a letter.
fn new_energy(tail: &[char]) -> Result<PlateKind, PlateError> {
    let energy = |c: &char| matches!(c, 'A'..='H' | 'J' | 'K');
    let digits = |part: &[char]| part.iter().all(char::is_ascii_digit);
    let small = match tail {
        [first, second, rest @ ..] => energy(first) && alnum(*second) && digits(rest),
        _ => false,
    };
    let large = tail.split_last().is_some_and(|(last, rest)| energy(last) && digits(rest));
    if small || large {
        return Ok(PlateKind::NewEnergy);
    }
    let place = tail.iter().skip(2).position(|c| !c.is_ascii_digit()).map_or(3, |p| p.saturating_add(5));
    Err(PlateError::Shape { place })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plates_of_the_street() {
        for (text, kind) in [
            ("粤S12345", PlateKind::Ordinary),
            ("粤s·a1b23", PlateKind::Ordinary),
            ("京A00001", PlateKind::Ordinary),
            ("粤SD12345", PlateKind::NewEnergy),
            ("粤SF1234５", PlateKind::NewEnergy),
            ("粤B12345D", PlateKind::NewEnergy),
            ("粤ZA123港", PlateKind::Special),
            ("粤S1234挂", PlateKind::Special),
            ("粤S1234学", PlateKind::Special),
            ("粤A1234警", PlateKind::Special),
            ("224578使", PlateKind::Special),
        ] {
            assert_eq!(plate(text).unwrap().kind(), kind, "{text}");
        }
    }

    #[test]
    fn wrong_plates_name_the_place() {
        for (text, place) in [
            ("东S12345", 1),
            ("粤112345", 2),
            ("粤SI2345", 3),
            ("粤S1234O", 7),
            ("粤S1234", 7),
            ("粤SZ12345", 3),
            ("粤SD123456", 9),
        ] {
            assert_eq!(plate(text), Err(PlateError::Shape { place }), "{text}");
        }
        assert_eq!(plate(" · "), Err(PlateError::Empty));
    }

    #[test]
    fn electric_bicycles_have_local_plates() {
        assert_eq!(electric_bicycle("东莞 a12345").unwrap().reveal(), "东莞A12345");
        assert!(electric_bicycle("东莞").is_err());
        assert!(electric_bicycle("东莞电动A12345").is_err());
    }

    #[test]
    fn a_mistyped_plate_of_a_car_is_no_bicycle() {
        assert_eq!(super::any("粤SI2345"), Err(PlateError::Shape { place: 3 }));
        assert_eq!(super::any("粤SD12345").unwrap().kind(), PlateKind::NewEnergy);
        assert_eq!(super::any("东莞 a12345").unwrap().kind(), PlateKind::ElectricBicycle);
        assert_eq!(super::any("224578使").unwrap().kind(), PlateKind::Special);
        assert!(super::any("东莞").is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,20}") {
            let _ = (plate(&text), electric_bicycle(&text), super::any(&text));
        }

        #[test]
        fn a_plate_reads_back(text in "[粤京沪][A-HJ-NP-Z][A-HJ-NP-Z0-9]{5}") {
            let read = plate(&text).unwrap();
            prop_assert_eq!(read.reveal(), text);
            prop_assert_eq!(plate(read.reveal()).unwrap(), read);
        }
    }
}
