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
    open,
    payments::{LATE_PAID, PAID, Part},
};
use crate::{
    Hq,
    casefile::CaseFile,
    config::local,
    error::HqError,
    store::{self, Read, Write},
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
        mark(w, &fine)?;
        if !standing {
            super::payments::not_owed(w, &fine.number)?;
        }
    }
    Ok(())
}

/// Keeps a fine on the lists of what is open.
pub(crate) fn mark(w: &mut dyn Write, fine: &Fine) -> Result<(), HqError> {
    let owed = Beside::of(w, &fine.number)?.is_open(fine);
    open::mark(w, open::FINES, &fine.number, owed)?;
    open::mark(w, open::WITH_CASH, &fine.number, !fine.cash.is_empty())?;
    open::mark(w, open::CASH, &fine.number, fine.cash.iter().any(|c| c.to_bank.is_none()))
}

/// What HQ knows of one fine beside the journal.
pub(crate) struct Beside {
    pub(super) paid: Vec<Part>,
    pub(super) late_paid: Vec<Part>,
    deferral: Option<Deferral>,
    appeal: Option<Appeal>,
}

impl Beside {
    pub(crate) fn of(r: &mut (impl Read + ?Sized), number: &str) -> Result<Beside, HqError> {
        let deferrals: Vec<(String, Deferral)> = store::list(r, "deferral", &format!("{number}/"))?;
        Ok(Beside {
            paid: store::get(r, PAID, number)?.unwrap_or_default(),
            late_paid: store::get(r, LATE_PAID, number)?.unwrap_or_default(),
            // The last grant counts.
            deferral: deferrals.into_iter().map(|(_, d)| d).rfind(|d| d.granted),
            appeal: store::get(r, "appeal", number)?,
        })
    }

    /// 复议、诉讼期间 do not count for the late fee (处罚法 73 ③).
    fn pauses(&self) -> Vec<Pause> {
        self.appeal
            .iter()
            .map(|a| Pause { from: local(a.received_ms).date(), to: a.ended_ms.map(|ms| local(ms).date()) })
            .collect()
    }

    /// Came in for the fine, cash on the spot included.
    pub(super) fn paid(&self, fine: &Fine) -> i64 {
        let cash = fine.cash.iter().fold(0_i64, |sum, c| sum.saturating_add(c.amount.0));
        self.paid.iter().fold(cash, |sum, p| sum.saturating_add(p.amount_fen))
    }

    pub(super) fn late_paid(&self) -> i64 {
        self.late_paid.iter().fold(0_i64, |sum, p| sum.saturating_add(p.amount_fen))
    }

    /// To be given back: all that came in for a decision that has ended and has not gone back.
    fn refund(&self, fine: &Fine) -> i64 {
        match fine.ended {
            Some(_) => self.paid(fine).saturating_add(self.late_paid()).saturating_sub(fine.refunded.0),
            None => 0,
        }
    }

    fn is_open(&self, fine: &Fine) -> bool {
        if fine.ended.is_some() { self.refund(fine) > 0 } else { self.paid(fine) < fine.amount.0 }
    }
}

/// The clocks that fines run by.
pub(crate) struct Desk {
    calendar: Option<Calendar>,
    clocks: BTreeMap<String, Option<Clocks>>,
    no_way_to_pay: Vec<Pause>,
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
        let no_way_to_pay =
            hq.desk_settings()?.no_way_to_pay.into_iter().map(|n| Pause { from: n.from, to: n.to }).collect();
        Ok(Desk { calendar: hq.calendar(), clocks, no_way_to_pay, today: local(hq.now_ms()).date() })
    }

    pub(crate) fn clocks(&self, pack: &str) -> Option<&Clocks> {
        self.clocks.get(pack)?.as_ref()
    }

    pub(crate) fn last_day(&self, pack: &str, clock: &str, from: NaiveDate) -> Option<NaiveDate> {
        self.clocks(pack)?.last_day(clock, from, self.calendar.as_ref()?).ok()
    }

    /// The last day to pay as it stands: deferred, or by the clock from the service.
    pub(crate) fn pay_by(&self, fine: &Fine, beside: &Beside) -> Option<NaiveDate> {
        let served_on = fine.served_at.map(|s| s.date());
        beside
            .deferral
            .as_ref()
            .map(|d| d.until)
            .or_else(|| served_on.and_then(|day| self.last_day(&fine.pack, "pay", day)))
    }

    /// 加处罚款 as of today on what was left of a fine day by day; what came in for the late fee itself is not taken
    /// off. Days in remedies and days on which nobody took payments do not count.
    pub(crate) fn late_fee(&self, fine: &Fine, beside: &Beside) -> i64 {
        match (self.pay_by(fine, beside), self.clocks(&fine.pack)) {
            (Some(last), Some(clocks)) => {
                let cash = fine.cash.iter().map(|c| (c.taken_at.date(), c.amount));
                let paid: Vec<_> = beside
                    .paid
                    .iter()
                    .map(|p| (local(p.paid_ms).date(), Fen(p.amount_fen)))
                    .chain(cash)
                    .collect();
                let pauses: Vec<_> =
                    beside.pauses().into_iter().chain(self.no_way_to_pay.iter().copied()).collect();
                clocks.late_fee_in_parts(fine.amount, &paid, last, self.today, &pauses).0
            }
            _ => 0,
        }
    }

    pub(crate) fn line(&self, fine: &Fine, beside: &Beside) -> FineLine {
        let (paid, late_paid, refund) = (beside.paid(fine), beside.late_paid(), beside.refund(fine));
        let served_on = fine.served_at.map(|s| s.date());
        let pay_by = self.pay_by(fine, beside);
        let full = paid >= fine.amount.0;
        let state = match (&fine.ended, served_on) {
            (Some(_), _) if refund > 0 => FineState::RefundDue,
            (Some(_), _) => FineState::NotOwed,
            (None, _) if full => FineState::Paid,
            (None, None) => FineState::NotServed,
            (None, Some(_)) if pay_by.is_some_and(|last| last < self.today) => FineState::Overdue,
            (None, Some(_)) if beside.deferral.is_some() => FineState::Deferred,
            (None, Some(_)) => FineState::Due,
        };
        let late = match state {
            FineState::Overdue | FineState::Paid => {
                self.late_fee(fine, beside).saturating_sub(late_paid).max(0)
            }
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
            receipts: beside
                .paid
                .iter()
                .chain(&beside.late_paid)
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
    /// Fines of which something is owed, or owed back, as they stand today, by number.
    ///
    /// # Errors
    /// The store failed.
    pub fn open_fines(&self) -> Result<Vec<FineLine>, HqError> {
        self.settle()?;
        let desk = Desk::of(self)?;
        self.read(|r| {
            let fines: Vec<Fine> = open::read(r, open::FINES, "fine")?;
            fines.iter().map(|f| Ok(desk.line(f, &Beside::of(r, &f.number)?))).collect()
        })
    }

    /// One fine as it stands today.
    ///
    /// # Errors
    /// HQ holds no fine under this number.
    pub fn fine(&self, number: &str) -> Result<FineLine, HqError> {
        self.settle()?;
        let desk = Desk::of(self)?;
        self.read(|r| {
            let fine: Fine = store::get(r, "fine", number)?.ok_or(HqError::NotFound("fine"))?;
            Ok(desk.line(&fine, &Beside::of(r, number)?))
        })
    }

    /// Cash taken on the spot, with the clocks of its two legs (处罚法 71); only what is not in the bank, where
    /// `open`.
    ///
    /// # Errors
    /// The store failed.
    pub fn cash(&self, open: bool) -> Result<Vec<CashLine>, HqError> {
        self.settle()?;
        let desk = Desk::of(self)?;
        let list = if open { open::CASH } else { open::WITH_CASH };
        let fines: Vec<Fine> = self.read(|r| open::read(r, list, "fine"))?;
        Ok(fines.iter().flat_map(|f| desk.cash(f)).filter(|c| !open || c.state != "in_bank").collect())
    }
}
