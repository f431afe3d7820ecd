//! Fines as the desk sees them: due, paid, late, deferred, to be given back. Computed from what the journal
//! says and what finance says, by the clocks of the rulebook that the decision names. No officer is in it.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use ezhifa_casework::{
    case::Case,
    event::{CashLeg, PayWay},
    law::{
        calendar::Calendar,
        clocks::{Clocks, Pause},
        money::Fen,
    },
};
use ezhifa_slip::Document;
use serde::{Deserialize, Serialize};

use super::{
    appeals::Appeal,
    deferrals::Deferral,
    payments::{LATE_PAID, PAID, Part},
};
use crate::{
    Hq,
    casefile::CaseFile,
    config::local,
    error::HqError,
    store::{self, Write},
};

/// A fine as the journal tells it: kept beside the case file at every change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fine {
    /// Number of the decision.
    pub number: String,
    /// Case.
    pub case: String,
    /// Branch.
    pub branch: String,
    /// Phone that decided.
    pub device: String,
    /// Fine.
    pub amount: Fen,
    /// When decided, local time.
    pub decided_at: NaiveDateTime,
    /// When served, local time.
    pub served_at: Option<NaiveDateTime>,
    /// `void`, `undelivered`, `revoked`; none while it stands.
    pub ended: Option<String>,
    /// Rulebook of the decision.
    pub pack: String,
    /// Check code: what the slip's own code is looked up by.
    pub check_code: String,
    /// Pay code on the paper.
    pub pay_code: Option<String>,
    /// Cash taken on the spot (处罚法 68, 69).
    pub cash: Vec<Cash>,
    /// Given back, by the journal.
    pub refunded: Fen,
}

/// Cash taken on the spot and its way to the bank (处罚法 71).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cash {
    /// Number of the receipt (专用票据).
    pub receipt: String,
    /// How much.
    pub amount: Fen,
    /// When taken.
    pub taken_at: NaiveDateTime,
    /// Handed to the organ.
    pub to_organ: Option<NaiveDateTime>,
    /// Paid to the bank.
    pub to_bank: Option<NaiveDateTime>,
}

/// How a fine stands today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FineState {
    /// The clock has not begun.
    NotServed,
    /// Within its days.
    Due,
    /// Deferred or by instalments (处罚法 66 ②), within the days granted.
    Deferred,
    /// The last day has passed.
    Overdue,
    /// Paid in full, the late fee apart.
    Paid,
    /// Nothing is owed any more: revoked, void, undelivered.
    NotOwed,
    /// Nothing is owed and money came in: it goes back.
    RefundDue,
}

/// One fine, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FineLine {
    /// Number.
    pub number: String,
    /// Case.
    pub case: String,
    /// Branch.
    pub branch: String,
    /// How it stands.
    pub state: FineState,
    /// Fine in fen.
    pub amount_fen: i64,
    /// Paid in fen, cash on the spot included.
    pub paid_fen: i64,
    /// Late fee in fen as of today (处罚法 72: the organ may ask for it) that has not come in; paused in remedies.
    pub late_fee_fen: i64,
    /// To be given back in fen.
    pub refund_fen: i64,
    /// Served on.
    pub served_on: Option<NaiveDate>,
    /// Last day to pay; none before the service or where the calendar does not reach.
    pub pay_by: Option<NaiveDate>,
    /// Code to pay with: the finance system's, or none while only the slip's own number is known.
    pub pay_code: Option<String>,
    /// Check code on the slip.
    pub check_code: String,
    /// Finance receipts (财政电子票据).
    pub receipts: Vec<String>,
}

/// Cash that is or was on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashLine {
    /// Number of the receipt.
    pub receipt: String,
    /// Number of the decision.
    pub number: String,
    /// Branch.
    pub branch: String,
    /// Fen.
    pub amount_fen: i64,
    /// Taken on.
    pub taken_on: NaiveDate,
    /// `with_crew`, `with_organ`, `in_bank`.
    pub state: String,
    /// Last day of the leg that is open.
    pub due: Option<NaiveDate>,
    /// That day has passed.
    pub late: bool,
}

/// Keeps what the journal says of the fines of a case.
pub(crate) fn follow(w: &mut dyn Write, case: &Case, file: &CaseFile, device: &str) -> Result<(), HqError> {
    for decision in file.decisions.iter().filter(|d| d.amount > Fen::ZERO) {
        let slip = case.slip(&decision.number);
        let standing = decision.ended.is_none();
        // Payments are the case's: they belong to the decision that stands, or to the last one that did.
        let last = file.decisions.last().is_some_and(|d| d.number == decision.number);
        let payments = if last { case.payments() } else { &[] };
        let cash = payments
            .iter()
            .filter(|p| p.how == PayWay::Cash && p.amount > Fen::ZERO)
            .map(|p| {
                let leg = |leg| p.legs.iter().find(|(l, _)| *l == leg).map(|(_, at)| *at);
                Cash {
                    receipt: p.receipt.clone(),
                    amount: p.amount,
                    taken_at: p.at,
                    to_organ: leg(CashLeg::ToOrgan),
                    to_bank: leg(CashLeg::ToBank),
                }
            })
            .collect();
        let taken = payments.iter().fold(0_i64, |sum, p| sum.saturating_add(p.amount.0));
        let fine = Fine {
            number: decision.number.clone(),
            case: file.id.clone(),
            branch: file.branch.clone(),
            device: device.to_owned(),
            amount: decision.amount,
            decided_at: decision.at,
            served_at: if standing { file.served_at } else { None },
            ended: decision.ended.clone(),
            pack: decision.pack.hash.clone(),
            check_code: slip.map(|s| s.check_code.clone()).unwrap_or_default(),
            pay_code: slip
                .and_then(|s| serde_json::from_str::<Document>(s.document.reveal()).ok())
                .and_then(|d| d.pay_code),
            cash,
            refunded: Fen(if last { taken.saturating_sub(case.balance_paid().0) } else { 0 }),
        };
        store::put(w, "fine", &fine.number, &fine)?;
        if !standing {
            super::payments::not_owed(w, &fine.number)?;
        }
    }
    Ok(())
}

/// What a list of fines needs beside the fines.
pub(crate) struct Desk {
    pub(crate) calendar: Option<Calendar>,
    clocks: BTreeMap<String, Option<Clocks>>,
    paid: BTreeMap<String, Vec<Part>>,
    late_paid: BTreeMap<String, Vec<Part>>,
    deferrals: BTreeMap<String, Deferral>,
    appeals: BTreeMap<String, Appeal>,
    pub(crate) today: NaiveDate,
}

impl Desk {
    pub(crate) fn of(hq: &Hq) -> Result<Desk, HqError> {
        let clocks = hq
            .books()?
            .all()
            .into_iter()
            .map(|(hash, b)| (hash, Clocks::new(b.clocks_file(), b.settings().roll_over).ok()))
            .collect();
        let (calendar, today) = (hq.calendar(), local(hq.now_ms()).date());
        hq.read(|r| {
            let deferrals: Vec<(String, Deferral)> = store::list(r, "deferral", "")?;
            Ok(Desk {
                calendar,
                clocks,
                paid: store::list(r, PAID, "")?.into_iter().collect(),
                late_paid: store::list(r, LATE_PAID, "")?.into_iter().collect(),
                deferrals: deferrals
                    .into_iter()
                    .filter(|(_, d)| d.granted)
                    .map(|(_, d)| (d.number.clone(), d))
                    .collect(),
                appeals: store::list(r, "appeal", "")?.into_iter().collect(),
                today,
            })
        })
    }

    pub(crate) fn clocks(&self, pack: &str) -> Option<&Clocks> {
        self.clocks.get(pack)?.as_ref()
    }

    pub(crate) fn last_day(&self, pack: &str, clock: &str, from: NaiveDate) -> Option<NaiveDate> {
        self.clocks(pack)?.last_day(clock, from, self.calendar.as_ref()?).ok()
    }

    /// 复议、诉讼期间 do not count for the late fee (处罚法 73 ③).
    fn pauses(&self, number: &str) -> Vec<Pause> {
        self.appeals
            .get(number)
            .map(|a| Pause { from: local(a.received_ms).date(), to: a.ended_ms.map(|ms| local(ms).date()) })
            .into_iter()
            .collect()
    }

    /// The last day to pay as it stands: deferred, or by the clock from the service.
    pub(crate) fn pay_by(&self, fine: &Fine) -> Option<NaiveDate> {
        let served_on = fine.served_at.map(|s| s.date());
        self.deferrals
            .get(&fine.number)
            .map(|d| d.until)
            .or_else(|| served_on.and_then(|day| self.last_day(&fine.pack, "pay", day)))
    }

    /// 加处罚款 as of today on what is left of a fine of which `paid` fen came in; what came in for the late
    /// fee itself is not taken off.
    pub(crate) fn late_fee(&self, fine: &Fine, paid: i64) -> i64 {
        match (self.pay_by(fine), self.clocks(&fine.pack)) {
            (Some(last), Some(clocks)) => {
                let owed = Fen(fine.amount.0.saturating_sub(paid));
                clocks.late_fee(owed, last, self.today, &self.pauses(&fine.number)).0
            }
            _ => 0,
        }
    }

    pub(crate) fn line(&self, fine: &Fine) -> FineLine {
        let parts = self.paid.get(&fine.number).map_or(&[][..], Vec::as_slice);
        let add = |sum: i64, more: i64| sum.saturating_add(more);
        let cash = fine.cash.iter().map(|c| c.amount.0).fold(0, add);
        let paid = parts.iter().map(|p| p.amount_fen).fold(cash, add);
        let late_parts = self.late_paid.get(&fine.number).map_or(&[][..], Vec::as_slice);
        let late_paid = late_parts.iter().map(|p| p.amount_fen).fold(0, add);
        let served_on = fine.served_at.map(|s| s.date());
        let deferral = self.deferrals.get(&fine.number);
        let pay_by = self.pay_by(fine);
        let full = paid >= fine.amount.0;
        let refund = if fine.ended.is_some() {
            paid.saturating_add(late_paid).saturating_sub(fine.refunded.0)
        } else {
            0
        };
        let state = match (&fine.ended, served_on) {
            (Some(_), _) if refund > 0 => FineState::RefundDue,
            (Some(_), _) => FineState::NotOwed,
            (None, _) if full => FineState::Paid,
            (None, None) => FineState::NotServed,
            (None, Some(_)) if pay_by.is_some_and(|last| last < self.today) => FineState::Overdue,
            (None, Some(_)) if deferral.is_some() => FineState::Deferred,
            (None, Some(_)) => FineState::Due,
        };
        let late = match state {
            FineState::Overdue => self.late_fee(fine, paid).saturating_sub(late_paid).max(0),
            _ => 0,
        };
        FineLine {
            number: fine.number.clone(),
            case: fine.case.clone(),
            branch: fine.branch.clone(),
            state,
            amount_fen: fine.amount.0,
            paid_fen: paid,
            late_fee_fen: late,
            refund_fen: refund,
            served_on,
            pay_by,
            pay_code: fine.pay_code.clone(),
            check_code: fine.check_code.clone(),
            receipts: parts
                .iter()
                .chain(late_parts)
                .map(|p| p.receipt.clone())
                .chain(fine.cash.iter().map(|c| c.receipt.clone()))
                .collect(),
        }
    }

    fn cash(&self, fine: &Fine) -> Vec<CashLine> {
        fine.cash
            .iter()
            .map(|c| {
                let (state, due) = match (c.to_organ, c.to_bank) {
                    (_, Some(_)) => ("in_bank", None),
                    (Some(at), None) => ("with_organ", self.last_day(&fine.pack, "cash_to_bank", at.date())),
                    (None, None) => {
                        ("with_crew", self.last_day(&fine.pack, "cash_to_organ", c.taken_at.date()))
                    }
                };
                CashLine {
                    receipt: c.receipt.clone(),
                    number: fine.number.clone(),
                    branch: fine.branch.clone(),
                    amount_fen: c.amount.0,
                    taken_on: c.taken_at.date(),
                    state: state.to_owned(),
                    due,
                    late: due.is_some_and(|d| d < self.today),
                }
            })
            .collect()
    }
}

impl Hq {
    /// Every fine as it stands today, by number.
    ///
    /// # Errors
    /// The store failed.
    pub fn fines(&self) -> Result<Vec<FineLine>, HqError> {
        self.settle()?;
        let desk = Desk::of(self)?;
        let fines: Vec<(String, Fine)> = self.read(|r| store::list(r, "fine", ""))?;
        Ok(fines.iter().map(|(_, f)| desk.line(f)).collect())
    }

    /// One fine as it stands today.
    ///
    /// # Errors
    /// HQ holds no fine under this number.
    pub fn fine(&self, number: &str) -> Result<FineLine, HqError> {
        self.settle()?;
        let fine: Fine = self.read(|r| store::get(r, "fine", number))?.ok_or(HqError::NotFound("fine"))?;
        Ok(Desk::of(self)?.line(&fine))
    }

    /// Cash taken on the spot, with the clocks of its two legs (处罚法 71).
    ///
    /// # Errors
    /// The store failed.
    pub fn cash(&self) -> Result<Vec<CashLine>, HqError> {
        self.settle()?;
        let desk = Desk::of(self)?;
        let fines: Vec<(String, Fine)> = self.read(|r| store::list(r, "fine", ""))?;
        Ok(fines.iter().flat_map(|(_, f)| desk.cash(f)).collect())
    }
}
