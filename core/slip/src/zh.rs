//! Dates, times and lists as they stand on Chinese papers.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

/// 2026年9月24日.
pub(crate) fn day(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// 19时05分.
pub(crate) fn clock(at: NaiveDateTime) -> String {
    format!("{}时{:02}分", at.hour(), at.minute())
}

/// 2026年9月24日19时05分.
pub(crate) fn moment(at: NaiveDateTime) -> String {
    format!("{}{}", day(at.date()), clock(at))
}
