//! Clocks (期限): how long, counted how, ending when. The periods are data (`clocks.toml`); this file
//! knows only how days are counted.
//!
//! "二日" is two working days in one law and two calendar days in another (处罚法 85, 复议法 88,
//! 强制法 69), so the unit of a period comes from the table of the law that sets it. The day of the
//! event is never counted (民诉法 85).

use std::collections::BTreeMap;

use chrono::{Days, Months, NaiveDate, NaiveDateTime};

use crate::{
    calendar::{Calendar, CalendarUnknown},
    money::Fen,
    rulebook::format::{Clock, ClockUnit, ClocksFile, DayTable, LateFee, Roll},
    terms::Remedy,
};

/// Why a clock gave no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The calendar does not reach far enough.
    #[error(transparent)]
    CalendarUnknown(#[from] CalendarUnknown),
    /// The pack has no such clock.
    #[error(
        "规则包没有期限“{0}”，请在 clocks.toml 中补上 / the rulebook has no clock “{0}”, add it to clocks.toml"
    )]
    Missing(String),
    /// Listed twice.
    #[error("期限“{0}”写了两次，请删去一个 / the clock “{0}” is there twice, delete one")]
    Twice(String),
    /// The clock names a law without a table of days.
    #[error(
        "期限“{clock}”引用的法律“{law}”没有写日的计法，请加 [[law]] / the clock “{clock}” names the law “{law}” that has no [[law]] table of days, add one"
    )]
    NoDayTable {
        /// Clock id.
        clock: String,
        /// Instrument key.
        law: String,
    },
    /// Past the end of the calendar system.
    #[error("日期超出范围，请核对起算日 / the date is out of range, check the day from which it runs")]
    OutOfRange,
}

/// Days that do not count for the late fee, both ends included: 复议、诉讼期间 (处罚法 73 ③), and days
/// on which no way to pay existed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// First day that does not count.
    pub from: NaiveDate,
    /// Last day that does not count; `None` while it goes on.
    pub to: Option<NaiveDate>,
}

/// When the organ may ask the court to enforce (强制法 53, 54), both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CourtWindow {
    /// First day.
    pub opens: NaiveDate,
    /// Last day: three months after the remedies ran out.
    pub closes: NaiveDate,
}

/// The clocks of a rulebook, ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clocks {
    clocks: BTreeMap<String, Clock>,
    laws: BTreeMap<String, DayTable>,
    late_fee: Option<LateFee>,
    roll_over: bool,
}

impl Clocks {
    /// Takes `clocks.toml` and the organ's roll-over setting.
    pub fn new(file: &ClocksFile, roll_over: bool) -> Result<Clocks, ClockError> {
        let laws: BTreeMap<String, DayTable> = file.laws.iter().map(|l| (l.key.clone(), l.clone())).collect();
        let mut clocks = BTreeMap::new();
        for clock in &file.clocks {
            if let Some(law) = clock.law.as_ref().filter(|l| !laws.contains_key(*l)) {
                return Err(ClockError::NoDayTable { clock: clock.id.clone(), law: law.clone() });
            }
            if clocks.insert(clock.id.clone(), clock.clone()).is_some() {
                return Err(ClockError::Twice(clock.id.clone()));
            }
        }
        Ok(Clocks { clocks, laws, late_fee: file.late_fee.clone(), roll_over })
    }

    /// The period in words, as printed: always possible, also when no date is.
    pub fn words(&self, id: &str) -> Result<&str, ClockError> {
        Ok(&self.clock(id)?.text)
    }

    /// Last day of the period `id` that an event on `start` set running.
    pub fn last_day(&self, id: &str, start: NaiveDate, calendar: &Calendar) -> Result<NaiveDate, ClockError> {
        let clock = self.clock(id)?;
        if self.in_working_days(clock) {
            return Ok(calendar.add_working_days(start, clock.count)?);
        }
        let last = match clock.unit {
            ClockUnit::Hours => start.checked_add_days(Days::new(u64::from(clock.count.div_ceil(24)))),
            ClockUnit::Days | ClockUnit::WorkingDays => {
                start.checked_add_days(Days::new(u64::from(clock.count)))
            }
            // No such day in that month: the month's last day (民法典 202 ②).
            ClockUnit::Months => start.checked_add_months(Months::new(clock.count)),
            ClockUnit::Years => start.checked_add_months(Months::new(clock.count.saturating_mul(12))),
        }
        .ok_or(ClockError::OutOfRange)?;
        let rolls = match clock.roll {
            Roll::Never => false,
            Roll::Law => true,
            Roll::Setting => self.roll_over,
        };
        if rolls { Ok(calendar.roll(last)?) } else { Ok(last) }
    }

    /// Last day to pay (处罚法 67 ③), from the day of service.
    pub fn pay_last_day(&self, served: NaiveDate, calendar: &Calendar) -> Result<NaiveDate, ClockError> {
        self.last_day("pay", served, calendar)
    }

    /// Last day to ask for reconsideration (复议法 20), from the day of service.
    pub fn reconsideration_last_day(
        &self,
        served: NaiveDate,
        calendar: &Calendar,
    ) -> Result<NaiveDate, ClockError> {
        self.last_day("reconsideration", served, calendar)
    }

    /// Last day for an officer to hand cash to the organ (处罚法 71).
    pub fn cash_to_organ(&self, taken: NaiveDate, calendar: &Calendar) -> Result<NaiveDate, ClockError> {
        self.last_day("cash_to_organ", taken, calendar)
    }

    /// Last day for the organ to pay it to the bank (处罚法 71).
    pub fn cash_to_bank(&self, handed_in: NaiveDate, calendar: &Calendar) -> Result<NaiveDate, ClockError> {
        self.last_day("cash_to_bank", handed_in, calendar)
    }

    /// Last day on which an act that ended on `ended` may still be found (处罚法 36).
    pub fn limitation_last_day(
        &self,
        ended: NaiveDate,
        life_health_finance: bool,
        calendar: &Calendar,
    ) -> Result<NaiveDate, ClockError> {
        let id = if life_health_finance { "limitation_serious" } else { "limitation" };
        self.last_day(id, ended, calendar)
    }

    /// Late fee (加处罚款) due on the day `on`, for a fine whose last day to pay was `last_day`.
    ///
    /// Nothing up to and on the last day; rounded down to the fen; never above the cap. Days in
    /// `pauses` do not count, however they overlap.
    #[must_use]
    pub fn late_fee(&self, fine: Fen, last_day: NaiveDate, on: NaiveDate, pauses: &[Pause]) -> Fen {
        self.late_fee_in_parts(fine, &[], last_day, on, pauses)
    }

    /// [`Clocks::late_fee`] where parts of the fine came in: each counts up to and on its day. What was once owed
    /// for the days before a payment stays owed (6.1 no. 13: it only grows).
    #[must_use]
    pub fn late_fee_in_parts(
        &self,
        fine: Fen,
        paid: &[(NaiveDate, Fen)],
        last_day: NaiveDate,
        on: NaiveDate,
        pauses: &[Pause],
    ) -> Fen {
        let Some(rate) = &self.late_fee else { return Fen::ZERO };
        if fine <= Fen::ZERO || on <= last_day {
            return Fen::ZERO;
        }
        let mut steps: Vec<(NaiveDate, Fen)> = paid
            .iter()
            .map(|(day, part)| ((*day).clamp(last_day, on), *part))
            .chain([(on, Fen::ZERO)])
            .collect();
        steps.sort_by_key(|(day, _)| *day);
        let (mut left, mut from, mut fee) = (fine.0, last_day, 0_i128);
        for (day, part) in steps {
            let days = late_days(from, day, pauses);
            fee = fee.saturating_add(
                i128::from(left.max(0))
                    .saturating_mul(i128::from(rate.permille_per_day))
                    .saturating_mul(i128::from(days)),
            );
            from = day;
            left = left.saturating_sub(part.0);
        }
        let cap = fine.percent(u64::from(rate.cap_percent));
        Fen(i64::try_from(fee / 1_000).unwrap_or(i64::MAX)).min(cap)
    }

    /// Last day on which the party has a remedy of its own, if it uses none.
    pub fn remedies_end(
        &self,
        remedy: Remedy,
        served: NaiveDate,
        calendar: &Calendar,
    ) -> Result<Option<NaiveDate>, ClockError> {
        let reconsideration = self.reconsideration_last_day(served, calendar);
        match remedy {
            Remedy::None => Ok(None),
            Remedy::ReconsiderationFirst => reconsideration.map(Some),
            Remedy::ReconsiderationOrCourt => {
                Ok(Some(reconsideration?.max(self.last_day("court_direct", served, calendar)?)))
            }
        }
    }

    /// When the organ may apply to the court: remedies over, ten working days after the demand (催告).
    pub fn court_window(
        &self,
        remedies_end: NaiveDate,
        demand_served: NaiveDate,
        calendar: &Calendar,
    ) -> Result<CourtWindow, ClockError> {
        let demanded = self.last_day("demand", demand_served, calendar)?;
        let opens = remedies_end.max(demanded).succ_opt().ok_or(ClockError::OutOfRange)?;
        Ok(CourtWindow { opens, closes: self.last_day("court_enforcement", remedies_end, calendar)? })
    }

    fn clock(&self, id: &str) -> Result<&Clock, ClockError> {
        self.clocks.get(id).ok_or_else(|| ClockError::Missing(id.to_owned()))
    }

    /// `日` as the clock's own law counts it.
    fn in_working_days(&self, clock: &Clock) -> bool {
        match clock.unit {
            ClockUnit::WorkingDays => true,
            ClockUnit::Days => clock.law.as_ref().and_then(|law| self.laws.get(law)).is_some_and(|t| {
                t.working_days.contains(&clock.count) || clock.count <= t.working_days_up_to
            }),
            ClockUnit::Hours | ClockUnit::Months | ClockUnit::Years => false,
        }
    }
}

/// When the decision must be filed (备案, 处罚法 52 ③): hours from the decision, not from the sync.
#[must_use]
pub fn filing_due(decided_at: NaiveDateTime, hours: u32) -> NaiveDateTime {
    decided_at.checked_add_signed(chrono::Duration::hours(i64::from(hours))).unwrap_or(NaiveDateTime::MAX)
}

/// Days from the day after `last_day` to `on`, less the paused ones.
fn late_days(last_day: NaiveDate, on: NaiveDate, pauses: &[Pause]) -> i64 {
    let Some(first) = last_day.succ_opt() else { return 0 };
    let mut spans: Vec<(NaiveDate, NaiveDate)> = pauses
        .iter()
        .map(|p| (p.from.max(first), p.to.unwrap_or(on).min(on)))
        .filter(|(from, to)| from <= to)
        .collect();
    spans.sort_unstable();
    let mut counted_to = last_day;
    let mut paused = 0i64;
    for (from, to) in spans {
        let from = from.max(counted_to.succ_opt().unwrap_or(to));
        if from <= to {
            paused = paused.saturating_add(length(from, to));
            counted_to = to;
        }
    }
    length(first, on).saturating_sub(paused)
}

fn length(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from).num_days().saturating_add(1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn calendar() -> Calendar {
        Calendar::parse(include_str!("../../../rulebooks/calendar/2024-2026.toml")).unwrap()
    }

    fn clocks(roll_over: bool) -> Clocks {
        let file = include_str!("../../../rulebooks/prc-national/clocks.toml");
        Clocks::new(&toml::from_str(file).unwrap(), roll_over).unwrap()
    }

    /// LAW.md 4.7: start, 15 days, 15 days rolled, 60 days rolled.
    const TABLE: [(&str, &str, &str, &str); 7] = [
        ("2026-02-13", "2026-02-28", "2026-02-28", "2026-04-14"),
        ("2026-02-14", "2026-03-01", "2026-03-02", "2026-04-15"),
        ("2026-04-30", "2026-05-15", "2026-05-15", "2026-06-29"),
        ("2026-06-18", "2026-07-03", "2026-07-03", "2026-08-17"),
        ("2026-09-24", "2026-10-09", "2026-10-09", "2026-11-23"),
        ("2026-09-30", "2026-10-15", "2026-10-15", "2026-11-30"),
        ("2026-10-08", "2026-10-23", "2026-10-23", "2026-12-07"),
    ];

    #[test]
    fn fifteen_and_sixty_days_of_the_official_table() {
        let (rolling, plain, calendar) = (clocks(true), clocks(false), calendar());
        for (start, fifteen, rolled, sixty) in TABLE {
            assert_eq!(plain.pay_last_day(day(start), &calendar), Ok(day(fifteen)), "{start}");
            assert_eq!(rolling.pay_last_day(day(start), &calendar), Ok(day(rolled)), "{start}");
            // Reconsideration rolls by statute (复议法 88, 民诉法 85), whatever the setting.
            for clocks in [&rolling, &plain] {
                assert_eq!(clocks.reconsideration_last_day(day(start), &calendar), Ok(day(sixty)), "{start}");
            }
        }
    }

    #[test]
    fn two_days_are_working_days_in_the_penalty_law() {
        let (clocks, calendar) = (clocks(true), calendar());
        assert_eq!(clocks.cash_to_organ(day("2026-02-13"), &calendar), Ok(day("2026-02-24")));
        assert_eq!(clocks.cash_to_bank(day("2026-02-24"), &calendar), Ok(day("2026-02-26")));
        for (id, start, end) in [
            ("service_absent", "2026-09-24", "2026-10-12"), // 处 61: 7 working days
            ("forward_application", "2026-02-13", "2026-02-27"), // 议 32: 5 working days
            ("application_review", "2026-02-14", "2026-02-28"), // 议 30: 5 working days
            ("reconsideration_answer", "2026-10-08", "2026-10-14"), // 议 54: 5 working days
            ("withdraw_publication", "2026-09-30", "2026-10-10"), // 处 48: 3 working days
            ("reconsideration_decision_simple", "2026-08-27", "2026-09-28"), // 议 62: 30 days, rolled
            ("registered_goods", "2026-04-30", "2026-05-13"), // 处 56: 7 working days
            ("demand", "2026-09-24", "2026-10-15"),         // 强 54: 10 working days (强 69)
            ("court_after_reconsideration", "2026-02-14", "2026-03-02"), // 诉 45: 15 calendar days, rolled
            ("ordinary_decision", "2026-01-05", "2026-04-05"), // 处 60: 90 calendar days
        ] {
            assert_eq!(clocks.last_day(id, day(start), &calendar), Ok(day(end)), "{id}");
        }
    }

    #[test]
    fn an_unknown_calendar_leaves_the_words() {
        let (clocks, calendar) = (clocks(true), calendar());
        let answer = clocks.pay_last_day(day("2026-12-24"), &calendar);
        assert_eq!(answer, Err(ClockError::CalendarUnknown(CalendarUnknown { day: day("2027-01-08") })));
        assert!(clocks.words("pay").unwrap().contains("十五日"));
    }

    #[test]
    fn late_fee_reaches_the_principal_on_day_thirty_four() {
        let clocks = clocks(true);
        let last = day("2026-10-09");
        let fee = |days: i64| clocks.late_fee(Fen::yuan(50), last, last + chrono::Duration::days(days), &[]);
        assert_eq!(fee(0), Fen::ZERO);
        assert_eq!(fee(1), Fen(150));
        assert_eq!(fee(33), Fen(4_950));
        assert_eq!(fee(34), Fen::yuan(50));
        assert_eq!(fee(1_000), Fen::yuan(50));
    }

    #[test]
    fn no_late_fee_in_remedies_or_without_a_way_to_pay() {
        let clocks = clocks(true);
        let last = day("2026-10-09");
        let pause = |from: &str, to: Option<&str>| Pause { from: day(from), to: to.map(day) };
        let fee = |on: &str, pauses: &[Pause]| clocks.late_fee(Fen::yuan(50), last, day(on), pauses);
        assert_eq!(fee("2026-10-19", &[pause("2026-10-10", None)]), Fen::ZERO);
        assert_eq!(fee("2026-10-19", &[pause("2026-10-15", Some("2026-10-17"))]), Fen(7 * 150));
        // Two pauses over the same days count once; one before the last day counts not at all.
        let overlapping = [
            pause("2026-10-15", Some("2026-10-17")),
            pause("2026-10-16", Some("2026-10-18")),
            pause("2026-09-01", Some("2026-10-09")),
        ];
        assert_eq!(fee("2026-10-19", &overlapping), Fen(6 * 150));
    }

    #[test]
    fn the_court_may_be_asked_after_remedies_and_demand() {
        let (clocks, calendar) = (clocks(true), calendar());
        let end =
            clocks.remedies_end(Remedy::ReconsiderationFirst, day("2026-04-30"), &calendar).unwrap().unwrap();
        assert_eq!(end, day("2026-06-29"));
        let window = clocks.court_window(end, day("2026-06-22"), &calendar).unwrap();
        assert_eq!(window, CourtWindow { opens: day("2026-07-07"), closes: day("2026-09-29") });
        let order = clocks.remedies_end(Remedy::ReconsiderationOrCourt, day("2026-01-15"), &calendar);
        assert_eq!(order, Ok(Some(day("2026-07-15"))));
        assert_eq!(clocks.remedies_end(Remedy::None, day("2026-01-15"), &calendar), Ok(None));
    }

    #[test]
    fn limitation_and_filing() {
        let (clocks, calendar) = (clocks(true), calendar());
        assert_eq!(clocks.limitation_last_day(day("2024-09-24"), false, &calendar), Ok(day("2026-09-24")));
        assert_eq!(clocks.limitation_last_day(day("2024-02-29"), false, &calendar), Ok(day("2026-02-28")));
        assert_eq!(clocks.limitation_last_day(day("2024-02-29"), true, &calendar), Ok(day("2029-02-28")));
        let decided = day("2026-09-24").and_hms_opt(19, 42, 0).unwrap();
        assert_eq!(filing_due(decided, 24), day("2026-09-25").and_hms_opt(19, 42, 0).unwrap());
    }

    #[test]
    fn clocks_that_contradict_themselves_are_refused() {
        let parse = |text: &str| Clocks::new(&toml::from_str(text).unwrap(), true);
        let clock = "[[clock]]\nid = \"pay\"\nlaw = \"cfl\"\ncount = 15\nunit = \"days\"\ntext = \"十五日\"\ncite = []\n";
        assert!(matches!(parse(clock), Err(ClockError::NoDayTable { .. })));
        let law = "[[law]]\nkey = \"cfl\"\nworking_days = [2]\ncite = []\n";
        assert!(matches!(parse(&format!("{law}{clock}{clock}")), Err(ClockError::Twice(_))));
        assert!(matches!(clocks(true).words("no-such"), Err(ClockError::Missing(_))));
    }

    proptest! {
        #[test]
        fn late_fee_with_parts_only_grows(fine in 1i64..10_000_000, parts in proptest::collection::vec((-20i64..80, 1i64..5_000_000), 0..4), days in -20i64..90) {
            let clocks = clocks(true);
            let last = day("2026-03-10");
            let at = |n: i64| last + chrono::Duration::days(n);
            let came = |upto: i64| -> Vec<(NaiveDate, Fen)> {
                parts.iter().filter(|(n, _)| *n <= upto).map(|(n, part)| (at(*n), Fen(*part))).collect()
            };
            let fee = |n: i64| clocks.late_fee_in_parts(Fen(fine), &came(n), last, at(n), &[]);
            prop_assert!(fee(days) <= fee(days + 1), "a payment takes nothing back");
            prop_assert!(fee(days) <= clocks.late_fee(Fen(fine), last, at(days), &[]) && fee(days) <= Fen(fine));
        }

        #[test]
        fn late_fee_only_grows_and_never_passes_the_fine(fine in 0i64..10_000_000, days in -20i64..200) {
            let clocks = clocks(true);
            let last = day("2026-03-02");
            let on = last + chrono::Duration::days(days);
            let fee = clocks.late_fee(Fen(fine), last, on, &[]);
            let next = clocks.late_fee(Fen(fine), last, on + chrono::Duration::days(1), &[]);
            prop_assert!(fee <= next && next <= Fen(fine));
            prop_assert!(days > 0 || fee == Fen::ZERO);
        }

        #[test]
        fn a_pause_never_makes_it_dearer(from in 0i64..60, long in 0i64..60, days in 0i64..90) {
            let clocks = clocks(true);
            let last = day("2026-03-02");
            let at = |n: i64| last + chrono::Duration::days(n);
            let pause = Pause { from: at(from), to: Some(at(from + long)) };
            let with = clocks.late_fee(Fen(12_345), last, at(days), &[pause, pause]);
            prop_assert!(with <= clocks.late_fee(Fen(12_345), last, at(days), &[]));
        }

        #[test]
        fn working_days_end_on_working_days(start in 0u64..1_000, n in 1u32..12) {
            let calendar = calendar();
            let start = day("2024-01-01").checked_add_days(Days::new(start)).unwrap();
            if let Ok(end) = calendar.add_working_days(start, n) {
                prop_assert_eq!(calendar.is_working_day(end), Ok(true));
                prop_assert!(end > start);
                let between = start.iter_days().skip(1).take_while(|d| *d <= end);
                prop_assert_eq!(between.filter(|d| calendar.is_working_day(*d) == Ok(true)).count(), n as usize);
            }
        }
    }
}
