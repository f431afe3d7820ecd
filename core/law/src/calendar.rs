//! The official calendar (法定节假日安排): which days are working days, and up to where that is known.
//!
//! The State Council announces a year's days off and make-up working days in the November before.
//! Past the last announced day the answer is [`CalendarUnknown`], never a guess (LAW.md 4.7).

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The calendar does not reach this day: periods are then given in words only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "工作日历未公布到{day}，不能推算日期，只写期限；请更新日历 / \
     the official calendar is not known for {day}: state the period in words and update the calendar"
)]
pub struct CalendarUnknown {
    /// First day that is not known.
    pub day: NaiveDate,
}

/// Why a calendar document was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not TOML of this shape.
    #[error("日历文件格式不对：{0} / the calendar file is malformed: {0}")]
    Malformed(String),
    /// A date or a range that is not one.
    #[error(
        "日历文件中“{0}”不是日期或者日期段，应为 2026-10-01 或 2026-10-01..2026-10-07 / “{0}” in the calendar file is no date or range of dates"
    )]
    BadDay(String),
    /// Years must follow one another without a hole.
    #[error("日历文件的年份不连续：{0}年之后缺一年 / the calendar file has a hole after {0}")]
    Hole(i32),
    /// A day outside the year under which it stands, or twice.
    #[error("日历文件中{0}重复或者不属于该年 / {0} in the calendar file is listed twice or not in its year")]
    Misplaced(NaiveDate),
    /// A make-up working day must fall on a weekend, or it says nothing.
    #[error("日历文件中补班日{0}不是周末 / the make-up working day {0} is no weekend day")]
    NotWeekend(NaiveDate),
}

/// A working-day calendar, from its own signed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    id: String,
    from: NaiveDate,
    until: NaiveDate,
    /// Days that differ from the plain week: `true` is a working weekend day.
    marked: BTreeMap<NaiveDate, bool>,
    hash: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    id: String,
    year: Vec<Year>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    year: i32,
    /// The State Council notice: for people; the engine does not read it.
    #[serde(rename = "notice")]
    _notice: String,
    #[serde(rename = "source")]
    _source: String,
    off: Vec<String>,
    work: Vec<String>,
}

impl Calendar {
    /// Reads a calendar document (`rulebooks/calendar/*.toml`).
    pub fn parse(text: &str) -> Result<Calendar, CalendarError> {
        let document: Document =
            toml::from_str(text).map_err(|e| CalendarError::Malformed(e.message().to_owned()))?;
        let malformed = || CalendarError::Malformed("缺少年份 / no year".to_owned());
        let first = document.year.first().ok_or_else(malformed)?.year;
        let last = document.year.last().ok_or_else(malformed)?.year;
        let mut marked = BTreeMap::new();
        let mut expected = first;
        for year in &document.year {
            if year.year != expected {
                return Err(CalendarError::Hole(expected.saturating_sub(1)));
            }
            expected = expected.saturating_add(1);
            for (texts, works) in [(&year.off, false), (&year.work, true)] {
                for day in days(texts)? {
                    if day.year() != year.year || marked.insert(day, works).is_some() {
                        return Err(CalendarError::Misplaced(day));
                    }
                    if works && !is_weekend(day) {
                        return Err(CalendarError::NotWeekend(day));
                    }
                }
            }
        }
        Ok(Calendar {
            id: document.id,
            from: NaiveDate::from_ymd_opt(first, 1, 1).ok_or_else(malformed)?,
            until: NaiveDate::from_ymd_opt(last, 12, 31).ok_or_else(malformed)?,
            marked,
            hash: data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes())),
        })
    }

    /// Id of the document, for example `cn-2024-2026`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Hex SHA-256 of the document's bytes: an entry that used the calendar names it.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Last day that is known.
    #[must_use]
    pub const fn known_until(&self) -> NaiveDate {
        self.until
    }

    /// Whether people work on `day`.
    pub fn is_working_day(&self, day: NaiveDate) -> Result<bool, CalendarUnknown> {
        if day < self.from || day > self.until {
            return Err(CalendarUnknown { day });
        }
        Ok(self.marked.get(&day).copied().unwrap_or_else(|| !is_weekend(day)))
    }

    /// The `n`th working day after `start`; the day of the event is not counted.
    pub fn add_working_days(&self, start: NaiveDate, n: u32) -> Result<NaiveDate, CalendarUnknown> {
        let mut day = start;
        let mut left = n;
        while left > 0 {
            day = next(day)?;
            if self.is_working_day(day)? {
                left = left.saturating_sub(1);
            }
        }
        Ok(day)
    }

    /// `day` itself when it is a working day, else the first one after it.
    pub fn roll(&self, day: NaiveDate) -> Result<NaiveDate, CalendarUnknown> {
        let mut day = day;
        while !self.is_working_day(day)? {
            day = next(day)?;
        }
        Ok(day)
    }
}

fn next(day: NaiveDate) -> Result<NaiveDate, CalendarUnknown> {
    day.succ_opt().ok_or(CalendarUnknown { day })
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// Single days and inclusive ranges; a range is at most a year, so that a typing error stays small.
fn days(texts: &[String]) -> Result<Vec<NaiveDate>, CalendarError> {
    let mut all = Vec::new();
    for text in texts {
        let bad = || CalendarError::BadDay(text.chars().take(40).collect());
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let first: NaiveDate = first.parse().map_err(|_| bad())?;
        let last: NaiveDate = last.parse().map_err(|_| bad())?;
        let span = last.signed_duration_since(first).num_days();
        if !(0..=366).contains(&span) {
            return Err(bad());
        }
        let mut day = first;
        while day <= last {
            all.push(day);
            day = day.checked_add_days(Days::new(1)).ok_or_else(bad)?;
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn official() -> Calendar {
        Calendar::parse(include_str!("../../../rulebooks/calendar/2024-2026.toml")).unwrap()
    }

    #[test]
    fn working_days_of_the_official_table() {
        // LAW.md 4.7, computed from the notices.
        let calendar = official();
        for (start, two, five, seven) in [
            ("2026-02-13", "2026-02-24", "2026-02-27", "2026-03-02"),
            ("2026-02-14", "2026-02-25", "2026-02-28", "2026-03-03"),
            ("2026-04-30", "2026-05-07", "2026-05-11", "2026-05-13"),
            ("2026-06-18", "2026-06-23", "2026-06-26", "2026-06-30"),
            ("2026-09-24", "2026-09-29", "2026-10-09", "2026-10-12"),
            ("2026-09-30", "2026-10-09", "2026-10-13", "2026-10-15"),
            ("2026-10-08", "2026-10-10", "2026-10-14", "2026-10-16"),
        ] {
            for (n, end) in [(2, two), (5, five), (7, seven)] {
                assert_eq!(calendar.add_working_days(day(start), n), Ok(day(end)), "{start} + {n}");
            }
        }
    }

    #[test]
    fn days_off_and_make_up_days_of_three_years() {
        let calendar = official();
        let count = |year: i32, works: bool| {
            (0..366u64)
                .filter_map(|n| NaiveDate::from_ymd_opt(year, 1, 1)?.checked_add_days(Days::new(n)))
                .filter(|d| d.year() == year && is_weekend(*d) == works)
                .filter(|d| calendar.is_working_day(*d) == Ok(works))
                .count()
        };
        // Make-up working days on weekends, and days off on weekdays.
        assert_eq!((count(2024, true), count(2025, true), count(2026, true)), (8, 5, 6));
        // Weekdays off less make-up days = statutory holidays: 11 in 2024, 13 from 2025 on.
        assert_eq!((count(2024, false), count(2025, false), count(2026, false)), (19, 18, 19));
        for (text, works) in [
            ("2024-02-10", false),
            ("2024-02-18", true),
            ("2025-01-26", true),
            ("2025-10-08", false),
            ("2026-01-04", true),
            ("2026-02-23", false),
            ("2026-10-10", true),
            ("2026-11-24", true),
        ] {
            assert_eq!(calendar.is_working_day(day(text)), Ok(works), "{text}");
        }
    }

    #[test]
    fn past_the_horizon_it_says_so_and_does_not_guess() {
        let calendar = official();
        assert_eq!(calendar.known_until(), day("2026-12-31"));
        let unknown = calendar.add_working_days(day("2026-12-30"), 2).unwrap_err();
        assert_eq!(unknown.day, day("2027-01-01"));
        assert!(calendar.is_working_day(day("2023-12-31")).is_err());
        assert_eq!(calendar.add_working_days(day("2026-12-30"), 1), Ok(day("2026-12-31")));
    }

    #[test]
    fn a_new_document_moves_the_horizon_and_the_hash() {
        let old = official();
        let text = include_str!("../../../rulebooks/calendar/2024-2026.toml");
        let more = format!(
            "{text}\n[[year]]\nyear = 2027\nnotice = \"test\"\nsource = \"test\"\noff = [\"2027-01-01..2027-01-03\"]\nwork = []\n"
        );
        let new = Calendar::parse(&more).unwrap();
        assert_eq!(new.add_working_days(day("2026-12-30"), 2), Ok(day("2027-01-04")));
        assert_ne!(old.hash(), new.hash());
    }

    #[test]
    fn broken_documents_name_the_fault() {
        let year = |n: i32, off: &str, work: &str| {
            format!("[[year]]\nyear = {n}\nnotice = \"n\"\nsource = \"s\"\noff = [{off}]\nwork = [{work}]\n")
        };
        let parse = |body: &str| Calendar::parse(&format!("id = \"t\"\n{body}")).unwrap_err();
        assert!(matches!(Calendar::parse("id ="), Err(CalendarError::Malformed(_))));
        assert!(matches!(parse("year = []"), CalendarError::Malformed(_)));
        assert!(matches!(parse(&year(2026, "\"2026-02-30\"", "")), CalendarError::BadDay(_)));
        assert!(matches!(parse(&year(2026, "\"2026-05-05..2026-05-01\"", "")), CalendarError::BadDay(_)));
        assert!(matches!(parse(&year(2026, "\"2025-05-01\"", "")), CalendarError::Misplaced(_)));
        assert!(matches!(
            parse(&year(2026, "\"2026-05-01\", \"2026-05-01\"", "")),
            CalendarError::Misplaced(_)
        ));
        assert!(matches!(parse(&year(2026, "", "\"2026-05-06\"")), CalendarError::NotWeekend(_)));
        assert_eq!(
            parse(&format!("{}{}", year(2024, "", ""), year(2026, "", ""))),
            CalendarError::Hole(2024)
        );
    }
}
