//! Every deadline of a case (LAW.md 1.8), from the event that set it running. The periods are data
//! of the rulebook; this file knows only which event starts which clock.

use chrono::{NaiveDate, NaiveDateTime};
use ezhifa_law::{
    calendar::Calendar,
    clocks::{ClockError, Clocks, filing_due},
    money::Fen,
};

use crate::{
    books::Rules,
    case::Case,
    event::{CashLeg, CloseWay, PayWay},
    guards::decision::is_filed,
    words::words,
};

words! {
    /// What has to be done.
    Task {
        /// 备案, from the decision and never from the sync (处罚法 52 ③).
        File = "file",
        /// 拒收后的送达 (61 ①).
        FollowUpService = "follow_up_service",
        /// 复查 after the order's due time.
        Recheck = "recheck",
        /// The party's last day to pay, from the service (67 ③), or as deferred (66 ②).
        Pay = "pay",
        /// The party's last day to ask for reconsideration, from the service (复议法 20).
        Reconsider = "reconsider",
        /// 现金交至行政机关 (71).
        CashToOrgan = "cash_to_organ",
        /// 机关缴付银行 (71).
        CashToBank = "cash_to_bank",
    }
}

/// When.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// At this moment.
    At(NaiveDateTime),
    /// By the end of this day.
    By(NaiveDate),
    /// The calendar does not reach so far: the period in words holds, the day follows when it arrives.
    Unknown {
        /// As printed.
        words: String,
    },
}

impl Due {
    /// Whether it is over at `now`; an unknown day is never over.
    #[must_use]
    pub fn passed(&self, now: NaiveDateTime) -> bool {
        match self {
            Due::At(at) => *at < now,
            Due::By(day) => *day < now.date(),
            Due::Unknown { .. } => false,
        }
    }
}

/// One thing that is still to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// What.
    pub task: Task,
    /// When.
    pub due: Due,
}

/// 加处罚款 as of `on` (72), from the last day to pay, which a deferral moves; nothing where that day is not
/// known. What an application for a remedy stops (73 ③) is HQ's to know.
#[must_use]
pub fn late_fee(case: &Case, clocks: &Clocks, calendar: &Calendar, on: NaiveDate) -> Fen {
    let (Some(record), Some(service)) = (case.record(), case.served()) else { return Fen::ZERO };
    let last = match case.deferral() {
        Some(deferral) => Some(deferral.until),
        None => clocks.last_day("pay", service.at.date(), calendar).ok(),
    };
    // What went back after a revocation does not pay this decision.
    let back = (record.at.date(), Fen(case.refunded.0.saturating_neg()));
    let paid: Vec<_> = case.payments().iter().map(|p| (p.at.date(), p.amount)).chain([back]).collect();
    last.map_or(Fen::ZERO, |last| clocks.late_fee_in_parts(record.amount, &paid, last, on, &[]))
}

/// What is still to be done in this case. A drill owes nothing.
#[must_use]
pub fn open(case: &Case, rules: &Rules, clocks: &Clocks, calendar: &Calendar) -> Vec<Deadline> {
    let mut list = Vec::new();
    if case.is_drill() {
        return list;
    }
    let by = |id: &str, start: NaiveDate| match clocks.last_day(id, start, calendar) {
        Ok(day) => Due::By(day),
        Err(ClockError::CalendarUnknown(_)) => {
            Due::Unknown { words: clocks.words(id).unwrap_or_default().to_owned() }
        }
        Err(other) => Due::Unknown { words: other.to_string() },
    };
    let mut add = |task, due| list.push(Deadline { task, due });
    if let Some(record) = case.record() {
        if is_filed(record.outcome) && case.filed().is_none() {
            add(Task::File, Due::At(filing_due(record.at, rules.filing_hours)));
        }
        match (case.served(), case.taking_refused()) {
            (None, Some((refused, _))) => {
                let day = calendar.add_working_days(refused.date(), rules.refusal_service_days);
                let words = || format!("拒收之日起{}个工作日内", rules.refusal_service_days);
                add(Task::FollowUpService, day.map_or_else(|_| Due::Unknown { words: words() }, Due::By));
            }
            (Some(service), _) => {
                let served = service.at.date();
                if case.balance_paid() < record.amount {
                    add(Task::Pay, case.deferral().map_or_else(|| by("pay", served), |d| Due::By(d.until)));
                }
                if case.remedy() != ezhifa_law::terms::Remedy::None {
                    add(Task::Reconsider, by("reconsideration", served));
                }
                let looked = case.rechecks().iter().any(|r| record.order_due.is_none_or(|due| due <= r.at));
                if let Some(due) = record.order_due
                    && !looked
                    && case.corrected_at().is_none()
                    && case.closed() != Some(CloseWay::OrderComplied)
                {
                    add(Task::Recheck, Due::At(due));
                }
            }
            (None, None) => {}
        }
    }
    for payment in case.payments().iter().filter(|p| p.how == PayWay::Cash && p.amount > Fen::ZERO) {
        let leg = |leg| payment.legs.iter().find(|(l, _)| *l == leg).map(|(_, at)| at.date());
        match (leg(CashLeg::ToOrgan), leg(CashLeg::ToBank)) {
            (None, _) => add(Task::CashToOrgan, by("cash_to_organ", payment.at.date())),
            (Some(day), None) => add(Task::CashToBank, by("cash_to_bank", day)),
            (Some(_), Some(_)) => {}
        }
    }
    list
}
