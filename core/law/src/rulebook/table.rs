//! Typed conditions: a row is a conjunction of cells over typed inputs, evaluated three-valued.
//!
//! One form for everything that a pack may ask: elements, limbs, mitigation, tiers. Closed and
//! finite, so that `check` can prove it (DESIGN.md 5).

use super::format::{Cell, Fact, FactType, When};

/// Most inputs that one table may use; beyond it `check` could not always end.
pub const MAX_INPUTS: usize = 12;
/// Most rows of one table.
pub const MAX_ROWS: usize = 64;
/// Most values of a choice.
pub const MAX_OPTIONS: usize = 60;

/// What answers an input can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domain {
    /// Yes or no; atom 0 is no, atom 1 is yes.
    Bool,
    /// One of these; the atom is the position.
    Choice(Vec<String>),
    /// An integer in stored form.
    Int {
        /// Lowest.
        min: i64,
        /// Highest.
        max: i64,
        /// Digits after the point in written form.
        decimals: u8,
    },
}

impl Domain {
    /// The domain of a declared fact.
    #[must_use]
    pub fn of(fact: &Fact) -> Domain {
        match fact.kind {
            FactType::Bool => Domain::Bool,
            FactType::Choice => Domain::Choice(fact.options.iter().map(|o| o.value.clone()).collect()),
            FactType::Int => Domain::Int {
                min: fact.min.unwrap_or(0),
                max: fact.max.unwrap_or(0),
                decimals: fact.decimals,
            },
        }
    }
}

/// An answer as the table sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Not known.
    Unknown,
    /// Position in a `Bool` or `Choice` domain.
    Atom(u8),
    /// Integer in stored form.
    Int(i64),
}

/// A typed cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// Allowed atoms as a bit set.
    Atoms(u64),
    /// Allowed interval, both ends included.
    Between(i64, i64),
}

impl Test {
    /// Whether `known` satisfies the cell; `None` when it is not known.
    #[must_use]
    pub fn holds(self, known: Known) -> Option<bool> {
        match (self, known) {
            (_, Known::Unknown) => None,
            (Test::Atoms(set), Known::Atom(atom)) => Some(set.checked_shr(atom.into()).unwrap_or(0) & 1 == 1),
            (Test::Between(low, high), Known::Int(value)) => Some(low <= value && value <= high),
            // Typed at load and at the inquiry: cannot meet. If it did, the cell is not met.
            _ => Some(false),
        }
    }
}

/// One cell of a row: which input, what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cond {
    /// Position in [`Table::inputs`].
    pub input: usize,
    /// What is allowed.
    pub test: Test,
}

/// How a row stands to what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All cells hold.
    Fits,
    /// This cell, the first, does not hold.
    Fails(Cond),
    /// No cell fails, and these inputs (bit set) are not known.
    Open(u16),
}

/// Rows over shared inputs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// Rows in order of the file.
    pub rows: Vec<Vec<Cond>>,
}

impl Table {
    /// Three-valued verdict of one row; `known` holds an answer for each input.
    #[must_use]
    pub fn verdict(&self, row: usize, known: &[Known]) -> Verdict {
        let mut open = 0u16;
        for cond in self.rows.get(row).map(Vec::as_slice).unwrap_or_default() {
            match cond.test.holds(known.get(cond.input).copied().unwrap_or(Known::Unknown)) {
                Some(true) => {}
                Some(false) => return Verdict::Fails(*cond),
                None => open |= 1u16.checked_shl(u32::try_from(cond.input).unwrap_or(0)).unwrap_or(0),
            }
        }
        if open == 0 { Verdict::Fits } else { Verdict::Open(open) }
    }

    /// The first row that fits, nothing else: the bare match that is benchmarked.
    #[must_use]
    pub fn first_fit(&self, known: &[Known]) -> Option<usize> {
        (0..self.rows.len()).find(|row| self.verdict(*row, known) == Verdict::Fits)
    }

    /// Names behind the bit set of [`Verdict::Open`].
    pub fn names(&self, open: u16) -> impl Iterator<Item = &str> {
        self.inputs.iter().enumerate().filter(move |(i, _)| open >> i & 1 == 1).map(|(_, name)| name.as_str())
    }

    /// Adds a row; `domain_of` gives the domain of an input. `Err((input, sentence))` names the bad cell.
    pub fn push<'a>(
        &mut self,
        when: &When,
        domain_of: impl Fn(&str) -> Option<&'a Domain>,
    ) -> Result<(), (String, String)> {
        if self.rows.len() >= MAX_ROWS {
            return Err((
                String::new(),
                format!("一张表最多 {MAX_ROWS} 行 / a table has at most {MAX_ROWS} rows"),
            ));
        }
        let mut row = Vec::with_capacity(when.len());
        for (name, cell) in when {
            let domain = domain_of(name).ok_or_else(|| {
                (name.clone(), format!("未声明的事实“{name}”，请在 facts.toml 中声明 / unknown fact name `{name}`: declare it in facts.toml"))
            })?;
            let test = typed(cell, domain).map_err(|sentence| (name.clone(), sentence))?;
            let input = match self.inputs.iter().position(|i| i == name) {
                Some(input) => input,
                None if self.inputs.len() >= MAX_INPUTS => {
                    return Err((
                        name.clone(),
                        format!("一张表最多 {MAX_INPUTS} 个输入 / a table has at most {MAX_INPUTS} inputs"),
                    ));
                }
                None => {
                    self.inputs.push(name.clone());
                    self.inputs.len() - 1
                }
            };
            row.push(Cond { input, test });
        }
        self.rows.push(row);
        Ok(())
    }
}

/// Gives a written cell its type, or says why it has none.
fn typed(cell: &Cell, domain: &Domain) -> Result<Test, String> {
    match (cell, domain) {
        (Cell::Bool(yes), Domain::Bool) => Ok(Test::Atoms(if *yes { 0b10 } else { 0b01 })),
        (Cell::Text(value), Domain::Choice(options)) => one_of(std::slice::from_ref(value), options),
        (Cell::OneOf(values), Domain::Choice(options)) => one_of(values, options),
        (Cell::Int(value), Domain::Int { min, max, decimals }) => {
            let value = scaled(&value.to_string(), *decimals)?;
            interval(value, value, *min, *max)
        }
        (Cell::Text(text), Domain::Int { min, max, decimals }) => {
            let (low, high) = bounds(text, *min, *max, *decimals)?;
            interval(low, high, *min, *max)
        }
        (_, Domain::Bool) => Err("是非事实只能写 true 或 false / a yes-or-no fact takes true or false".into()),
        (_, Domain::Choice(options)) => {
            Err(format!("选择事实只能写：{} / a choice takes one of these", options.join("、")))
        }
        (_, Domain::Int { .. }) => {
            Err("数值事实写 3、\"1..5\"、\"..5\"、\"6..\"、\"<5\" 等 / a measure takes 3, \"1..5\", \"..5\", \"6..\", \"<5\"".into())
        }
    }
}

fn one_of(values: &[String], options: &[String]) -> Result<Test, String> {
    let mut set = 0u64;
    for value in values {
        let atom = options.iter().position(|o| o == value).filter(|a| *a < MAX_OPTIONS).ok_or_else(|| {
            format!("没有“{value}”这个选项，可选：{} / no such choice `{value}`", options.join("、"))
        })?;
        set |= 1 << atom;
    }
    if set == 0 { Err("选项为空 / no choice is listed".into()) } else { Ok(Test::Atoms(set)) }
}

fn interval(low: i64, high: i64, min: i64, max: i64) -> Result<Test, String> {
    if low > high {
        return Err("区间为空：下限大于上限 / the interval is empty: its floor is above its ceiling".into());
    }
    if high < min || low > max {
        return Err(format!(
            "区间在该事实的取值范围（{min} 至 {max}，存储单位）之外 / the interval lies outside the fact's range"
        ));
    }
    Ok(Test::Between(low, high))
}

fn bounds(text: &str, min: i64, max: i64, decimals: u8) -> Result<(i64, i64), String> {
    let text = text.trim();
    let number = |s: &str| scaled(s.trim(), decimals);
    if let Some(rest) = text.strip_prefix("<=") {
        return Ok((min, number(rest)?));
    }
    if let Some(rest) = text.strip_prefix(">=") {
        return Ok((number(rest)?, max));
    }
    if let Some(rest) = text.strip_prefix('<') {
        return Ok((min, number(rest)?.saturating_sub(1)));
    }
    if let Some(rest) = text.strip_prefix('>') {
        return Ok((number(rest)?.saturating_add(1), max));
    }
    if let Some((low, high)) = text.split_once("..") {
        let low = if low.trim().is_empty() { min } else { number(low)? };
        let high = if high.trim().is_empty() { max } else { number(high)? };
        return Ok((low, high));
    }
    let value = number(text)?;
    Ok((value, value))
}

/// Written form (`1.5`) to stored form (15 with one decimal).
pub(crate) fn scaled(text: &str, decimals: u8) -> Result<i64, String> {
    let bad = || {
        format!(
            "“{text}”不是最多 {decimals} 位小数的数 / `{text}` is not a number with at most {decimals} decimals"
        )
    };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty()
        || !all_digits(whole)
        || !all_digits(fraction)
        || fraction.len() > usize::from(decimals)
    {
        return Err(bad());
    }
    let padded = format!("{whole}{fraction:0<width$}", width = usize::from(decimals));
    let value: i64 = padded.parse().map_err(|_| bad())?;
    Ok(if negative { -value } else { value })
}

/// Stored form to written form: 15 with one decimal is `1.5`.
#[must_use]
pub fn written(value: i64, decimals: u8) -> String {
    if decimals == 0 {
        return value.to_string();
    }
    let width = usize::from(decimals);
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = width + 1);
    let (whole, fraction) = digits.split_at(digits.len() - width);
    let fraction = fraction.trim_end_matches('0');
    let sign = if value < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn written_and_stored_form_agree() {
        for (text, decimals, stored) in [("1.5", 1, 15), ("0.05", 2, 5), ("12", 1, 120), ("-3", 0, -3)] {
            assert_eq!(scaled(text, decimals).unwrap(), stored);
            assert_eq!(written(stored, decimals), text);
        }
        for bad in ["", ".", "1.55", "一", "1e3", "99999999999999999999"] {
            assert!(scaled(bad, 1).is_err(), "{bad}");
        }
    }

    #[test]
    fn shared_bounds_are_exact() {
        let area = Domain::Int { min: 0, max: 1000, decimals: 1 };
        let cell = |s: &str| typed(&Cell::Text(s.into()), &area).unwrap();
        assert_eq!(cell("<0.5"), Test::Between(0, 4));
        assert_eq!(cell("0.5..1"), Test::Between(5, 10));
        assert_eq!(cell(">1"), Test::Between(11, 1000));
        assert!(typed(&Cell::Text("5..1".into()), &area).is_err());
        assert!(typed(&Cell::Bool(true), &area).is_err());
    }
}
