//! 责令改正 that wait for their re-check (复查): by due time, by age, by distance; a reminder (温馨提示) to
//! the branch before the time runs out, so that a friendly word comes before a fine.

use chrono::{NaiveDateTime, TimeDelta};
use ezhifa_casework::{case::Case, law::terms::Outcome};
use ezhifa_wire::feed::{FeedBody, Message};
use serde::{Deserialize, Serialize};

use super::{
    geo::{self, Point},
    open,
    settings::DeskSettings,
};
use crate::{
    Hq,
    casefile::CaseFile,
    config::local,
    error::HqError,
    feed,
    store::{self, Write},
};

/// An order as the desk keeps it: no word about the party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFile {
    /// Number.
    pub number: String,
    /// Case; empty for an order that came from elsewhere.
    pub case: String,
    /// Branch.
    pub branch: String,
    /// Offence.
    pub offence: String,
    /// Where, in words.
    pub place: String,
    /// Where.
    pub at: Option<Point>,
    /// When made, local time.
    pub ordered_at: NaiveDateTime,
    /// When due, local time.
    pub due: NaiveDateTime,
    /// When served, local time; none where service is not proved.
    pub served_at: Option<NaiveDateTime>,
    /// Last re-check: when and whether corrected.
    pub rechecked: Option<(NaiveDateTime, bool)>,
    /// Nothing more to do.
    pub closed: bool,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The order.
    #[serde(flatten)]
    pub order: OrderFile,
    /// `open`, `due_soon`, `overdue`, `not_corrected`, `closed`.
    pub state: String,
    /// Hours since it was made.
    pub age_h: i64,
    /// Metres from the place that was asked about.
    pub metres: Option<i64>,
}

impl OrderFile {
    fn state(&self, now: NaiveDateTime, soon_h: i64) -> &'static str {
        if self.closed {
            "closed"
        } else if self.rechecked.is_some_and(|(at, corrected)| at >= self.due && !corrected) {
            "not_corrected"
        } else if self.due < now {
            "overdue"
        } else if self.due - now <= TimeDelta::hours(soon_h) {
            "due_soon"
        } else {
            "open"
        }
    }
}

/// Keeps the order of a case.
pub(crate) fn follow(w: &mut dyn Write, case: &Case, file: &CaseFile) -> Result<(), HqError> {
    for decision in &file.decisions {
        let Some(due) = decision.order_due.filter(|_| decision.outcome == Outcome::Order) else { continue };
        let last = case.rechecks().last().map(|r| (r.at, r.corrected));
        let order = OrderFile {
            number: decision.number.clone(),
            case: file.id.clone(),
            branch: file.branch.clone(),
            offence: decision.offence.clone(),
            place: case.place().map(|p| p.address.clone()).unwrap_or_default(),
            at: file.lat_e7.zip(file.lon_e7).map(|(lat_e7, lon_e7)| Point { lat_e7, lon_e7 }),
            ordered_at: decision.at,
            due,
            served_at: file.served_at,
            rechecked: last,
            closed: decision.ended.is_some() || file.closed || last.is_some_and(|(_, corrected)| corrected),
        };
        keep(w, &order)?;
    }
    Ok(())
}

fn keep(w: &mut dyn Write, order: &OrderFile) -> Result<(), HqError> {
    store::put(w, "order_file", &order.number, order)?;
    mark(w, order)
}

/// Keeps an order on the list of those that wait.
pub(crate) fn mark(w: &mut dyn Write, order: &OrderFile) -> Result<(), HqError> {
    open::mark(w, open::ORDERS, &order.number, !order.closed)
}

/// An order that was told to HQ, not made on one of its phones.
pub(crate) fn from_elsewhere(w: &mut dyn Write, order: &crate::publish::NewOrder) -> Result<(), HqError> {
    let file = OrderFile {
        number: order.number.clone(),
        case: String::new(),
        branch: order.branch.clone(),
        offence: order.offence.clone(),
        place: order.place.clone(),
        at: None,
        ordered_at: order.ordered_at,
        due: order.due,
        served_at: order.served_at,
        rechecked: None,
        closed: false,
    };
    keep(w, &file)
}

impl Hq {
    /// Orders by due time; with a place, by distance first and age second. Only those that wait, where `open`.
    ///
    /// # Errors
    /// The store failed.
    pub fn orders(&self, near: Option<Point>, open: bool) -> Result<Vec<OrderLine>, HqError> {
        self.settle()?;
        let now = local(self.now_ms());
        let soon = self.desk_settings()?.remind_hours;
        let all: Vec<OrderFile> = self.read(|r| {
            if open {
                return open::read(r, open::ORDERS, "order_file");
            }
            Ok(store::list(r, "order_file", "")?.into_iter().map(|(_, o)| o).collect())
        })?;
        let mut lines: Vec<OrderLine> = all
            .into_iter()
            .map(|order| OrderLine {
                state: order.state(now, soon).to_owned(),
                age_h: (now - order.ordered_at).num_hours(),
                metres: near.zip(order.at).map(|(a, b)| whole(geo::metres(a, b))),
                order,
            })
            .collect();
        lines.sort_by_key(|l| (l.metres.unwrap_or(i64::MAX), l.order.due, l.order.number.clone()));
        Ok(lines)
    }

    /// Tells the phones of each branch of orders that fall due soon, once for each order. Gives how many.
    ///
    /// # Errors
    /// The store failed.
    pub fn remind(&self) -> Result<u64, HqError> {
        let DeskSettings { remind_hours, .. } = self.desk_settings()?;
        let due: Vec<OrderFile> =
            self.orders(None, true)?.into_iter().filter(|l| l.state == "due_soon").map(|l| l.order).collect();
        if due.is_empty() {
            return Ok(0);
        }
        let now = self.now_ms();
        self.write(1, move |w| {
            let mut told = 0_u64;
            for order in due {
                let key = format!("{}/{remind_hours}", order.number);
                if w.doc("reminded", &key)?.is_some() {
                    continue;
                }
                store::put(w, "reminded", &key, &now)?;
                let when = order.due.format("%Y-%m-%d %H:%M");
                let message = Message {
                    id: format!("remind:{}", order.number),
                    zh: format!(
                        "温馨提示：{}，{} 将于 {when} 到期，请提醒当事人改正，到期后复查",
                        order.place, order.number
                    ),
                    en: format!(
                        "Reminder: {} at {} is due {when}; remind the party, re-check afterwards",
                        order.number, order.place
                    ),
                };
                feed::publish(w, &feed::to_branch(&order.branch), &FeedBody::Message(message), now)?;
                told = told.saturating_add(1);
            }
            Ok(told)
        })
    }
}

#[allow(clippy::cast_possible_truncation)] // Metres within a city.
fn whole(metres: f64) -> i64 {
    metres.round() as i64
}
