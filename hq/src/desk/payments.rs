//! Money in: notices from the finance system, matched to decisions, wrong ones held for a person, nothing
//! paid twice without a refund on the list. Officers and HQ never touch the money itself (处罚法 67).

use ezhifa_wire::{
    feed::{self as wire_feed, FeedBody},
    seal::sign::Signed,
};
use serde::{Deserialize, Serialize};

use super::{
    access::Holder,
    deferrals::Deferral,
    fines::{self, Beside, Desk, Fine},
    open,
};
use crate::{
    Hq,
    error::HqError,
    feed,
    store::{self, Write},
};

/// Domain of a notice that a payment source signs.
pub const DOMAIN: &str = "ezhifa.payment.v1";

/// A notice of payment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPayment {
    /// The finance system's own reference: the same one again changes nothing.
    pub reference: String,
    /// Number of the decision, or
    #[serde(default)]
    pub number: Option<String>,
    /// the pay code.
    #[serde(default)]
    pub pay_code: Option<String>,
    /// Fen.
    pub amount_fen: i64,
    /// When it was paid.
    pub paid_ms: i64,
    /// Finance receipt (财政电子票据) number.
    pub receipt: String,
    /// 加处罚款: a late fee comes as its own notice.
    #[serde(default)]
    pub late_fee: bool,
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Belongs to a decision that stands, amount right.
    Matched,
    /// Number or code is not known (yet): held.
    Unknown,
    /// Another amount than decided: held.
    Amount,
    /// Paid before: to be refunded.
    Double,
    /// The decision was revoked or void: to be refunded.
    NotOwed,
    /// Refunded.
    Refunded,
}

/// A payment as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The notice.
    #[serde(flatten)]
    pub new: NewPayment,
    /// What became of it.
    pub state: PaymentState,
    /// When the notice came.
    pub received_ms: i64,
    /// Who sent it.
    #[serde(default)]
    pub posted_by: String,
    /// It was signed by the source's key.
    #[serde(default)]
    pub signed: bool,
    /// Voucher of the refund.
    #[serde(default)]
    pub refund: Option<String>,
}

/// A part of a fine that is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The notice.
    pub reference: String,
    /// Fen.
    pub amount_fen: i64,
    /// Finance receipt.
    pub receipt: String,
    /// When.
    pub paid_ms: i64,
}

/// Spaces: what came in for a fine, and for its late fee (加处罚款), by number.
pub(crate) const PAID: &str = "paid";
pub(crate) const LATE_PAID: &str = "late_paid";

impl Payment {
    fn is_held(&self) -> bool {
        !matches!(self.state, PaymentState::Matched | PaymentState::Refunded)
    }
}

impl Part {
    fn of(new: &NewPayment) -> Part {
        Part {
            reference: new.reference.clone(),
            amount_fen: new.amount_fen,
            receipt: new.receipt.clone(),
            paid_ms: new.paid_ms,
        }
    }
}

impl Hq {
    /// Takes a notice of payment in, unsigned, from a source without a key.
    ///
    /// # Errors
    /// Neither number nor pay code, no amount, or the store failed.
    pub fn post_payment(&self, new: NewPayment) -> Result<Payment, HqError> {
        self.take_payment("desk", new, false)
    }

    /// Takes what a payment source sent: signed, where the source has a key.
    ///
    /// # Errors
    /// Not signed by its key, or as [`Hq::post_payment`].
    pub fn post_notice(&self, who: &Holder, body: &[u8]) -> Result<Payment, HqError> {
        let bad = |e: serde_json::Error| HqError::Bad(format!("JSON {}:{}", e.line(), e.column()));
        match &who.key {
            None => self.take_payment(&who.name, serde_json::from_slice(body).map_err(bad)?, false),
            Some(key) => {
                let signed: Signed = serde_json::from_slice(body).map_err(bad)?;
                let new = signed.open(DOMAIN, key).map_err(|_| HqError::Denied("payment"))?;
                self.take_payment(&who.name, new, true)
            }
        }
    }

    fn take_payment(&self, by: &str, new: NewPayment, signed: bool) -> Result<Payment, HqError> {
        if new.reference.is_empty() || new.amount_fen <= 0 || (new.number.is_none() && new.pay_code.is_none())
        {
            return Err(HqError::Bad("缴款通知需要流水号、金额与文书号或者缴款码 / a notice needs a reference, an amount, and a number or a pay code".into()));
        }
        self.settle()?;
        let (now, desk, by) = (self.now_ms(), Desk::of(self)?, by.to_owned());
        self.write(1, move |w| {
            if let Some(known) = store::get(w, "payment", &new.reference)? {
                return Ok(known);
            }
            let mut payment = Payment {
                new,
                state: PaymentState::Unknown,
                received_ms: now,
                posted_by: by,
                signed,
                refund: None,
            };
            w.advance("payments", 1)?;
            matched(w, &desk, &mut payment, now)?;
            keep(w, &payment)?;
            Ok(payment)
        })
    }

    /// Tries the held ones again (their decisions may have arrived); gives all that are not settled.
    ///
    /// # Errors
    /// The store failed.
    pub fn match_payments(&self) -> Result<Vec<Payment>, HqError> {
        self.settle()?;
        let (now, desk) = (self.now_ms(), Desk::of(self)?);
        self.write(1, move |w| {
            let mut held = Vec::new();
            for mut payment in open::read::<Payment>(w, open::PAYMENTS, "payment")? {
                if payment.state == PaymentState::Unknown {
                    matched(w, &desk, &mut payment, now)?;
                    if payment.state != PaymentState::Unknown {
                        keep(w, &payment)?;
                    }
                }
                if payment.is_held() {
                    held.push(payment);
                }
            }
            Ok(held)
        })
    }

    /// Says that a payment went back, with the voucher of the finance system.
    ///
    /// # Errors
    /// No such payment, nothing to give back, no voucher.
    pub fn refund(&self, reference: &str, voucher: &str) -> Result<Payment, HqError> {
        if voucher.trim().is_empty() {
            return Err(HqError::Bad("退款需要凭证号 / a refund needs its voucher".into()));
        }
        let (reference, voucher) = (reference.to_owned(), voucher.to_owned());
        self.write(1, move |w| {
            let mut payment: Payment =
                store::get(w, "payment", &reference)?.ok_or(HqError::NotFound("payment"))?;
            if matches!(payment.state, PaymentState::Matched | PaymentState::Refunded) {
                return Err(HqError::Conflict(
                    "该笔缴款无须退还 / this payment is not to be given back".into(),
                ));
            }
            payment.state = PaymentState::Refunded;
            payment.refund = Some(voucher);
            keep(w, &payment)?;
            if let Some(number) = &payment.new.number {
                for space in [PAID, LATE_PAID] {
                    let mut parts: Vec<Part> = store::get(w, space, number)?.unwrap_or_default();
                    parts.retain(|p| p.reference != reference);
                    store::put(w, space, number, &parts)?;
                }
                if let Some(fine) = store::get::<Fine>(w, "fine", number)? {
                    fines::mark(w, &fine)?;
                }
            }
            Ok(payment)
        })
    }
}

/// A decision that was paid no longer stands: what came in for it goes back, its late fee as well.
pub(crate) fn not_owed(w: &mut dyn Write, number: &str) -> Result<(), HqError> {
    let mut parts: Vec<Part> = store::get(w, PAID, number)?.unwrap_or_default();
    parts.extend(store::get::<Vec<Part>>(w, LATE_PAID, number)?.unwrap_or_default());
    for part in parts {
        if let Some(mut payment) = store::get::<Payment>(w, "payment", &part.reference)?
            && payment.state == PaymentState::Matched
        {
            payment.state = PaymentState::NotOwed;
            keep(w, &payment)?;
        }
    }
    Ok(())
}

fn keep(w: &mut dyn Write, payment: &Payment) -> Result<(), HqError> {
    store::put(w, "payment", &payment.new.reference, payment)?;
    mark(w, payment)
}

/// Keeps a notice on the list of those that wait for somebody.
pub(crate) fn mark(w: &mut dyn Write, payment: &Payment) -> Result<(), HqError> {
    open::mark(w, open::PAYMENTS, &payment.new.reference, payment.is_held())
}

fn matched(w: &mut dyn Write, desk: &Desk, payment: &mut Payment, now: i64) -> Result<(), HqError> {
    let number = match (&payment.new.number, &payment.new.pay_code) {
        (Some(number), _) => Some(number.clone()),
        (None, Some(code)) => store::get(w, "pay_code_number", code)?,
        (None, None) => None,
    };
    let Some(number) = number else { return Ok(()) };
    let Some(fine) = store::get::<Fine>(w, "fine", &number)? else { return Ok(()) };
    payment.new.number = Some(number.clone());
    let beside = Beside::of(w, &number)?;
    let paid = beside.paid(&fine);
    let owed = fine.amount.0.saturating_sub(paid);
    let amount = payment.new.amount_fen;
    payment.state = if fine.ended.is_some() {
        PaymentState::NotOwed
    } else if payment.new.late_fee {
        // Counted to today, which is not before the day it was paid: never less than was owed then.
        let (asked, came) = (desk.late_fee(&fine, &beside), beside.late_paid());
        if asked > 0 && came >= asked {
            PaymentState::Double
        } else if amount <= asked.saturating_sub(came) {
            let late: Vec<Part> = beside.late_paid.into_iter().chain([Part::of(&payment.new)]).collect();
            store::put(w, LATE_PAID, &number, &late)?;
            PaymentState::Matched
        } else {
            PaymentState::Amount
        }
    } else if owed <= 0 {
        PaymentState::Double
    } else if amount == owed || (amount < owed && instalment(w, &number, amount)?) {
        let parts: Vec<Part> = beside.paid.into_iter().chain([Part::of(&payment.new)]).collect();
        store::put(w, PAID, &number, &parts)?;
        fines::mark(w, &fine)?;
        let body = wire_feed::Payment {
            number: number.clone(),
            amount_fen: paid.saturating_add(amount),
            paid_ms: payment.new.paid_ms,
            receipt: payment.new.receipt.clone(),
        };
        feed::publish(w, &feed::to_branch(&fine.branch), &FeedBody::Payment(body), now)?;
        PaymentState::Matched
    } else {
        PaymentState::Amount
    };
    Ok(())
}

/// Whether an approved plan has a part of this amount.
fn instalment(w: &mut dyn Write, number: &str, amount: i64) -> Result<bool, HqError> {
    let all: Vec<(String, Deferral)> = store::list(w, "deferral", &format!("{number}/"))?;
    Ok(all.iter().any(|(_, d)| d.granted && d.parts.iter().any(|p| p.amount_fen == amount)))
}
