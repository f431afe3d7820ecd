//! Money in: notices from the finance system, matched to decisions, wrong ones held for a person, nothing
//! paid twice without a refund on the list. Officers and HQ never touch the money itself (处罚法 67).

use ezhifa_wire::feed::{self as wire_feed, FeedBody};
use serde::{Deserialize, Serialize};

use crate::{
    Hq,
    casefile::CaseFile,
    error::HqError,
    feed,
    numbers::NumberFile,
    store::{self, Write},
};

/// A notice of payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Belongs to a decision that stands, amount right.
    Matched,
    /// Number or code is not known (yet): held.
    Unknown,
    /// Another amount than decided (a late fee comes as its own notice): held.
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
}

impl Hq {
    /// Takes a notice of payment in.
    ///
    /// # Errors
    /// Neither number nor pay code, no amount, or the store failed.
    pub fn post_payment(&self, new: NewPayment) -> Result<Payment, HqError> {
        if new.reference.is_empty() || new.amount_fen <= 0 || (new.number.is_none() && new.pay_code.is_none())
        {
            return Err(HqError::Bad("缴款通知需要流水号、金额与文书号或者缴款码 / a notice needs a reference, an amount, and a number or a pay code".into()));
        }
        self.settle()?;
        let now = self.now_ms();
        self.write(1, move |w| {
            if let Some(known) = store::get(w, "payment", &new.reference)? {
                return Ok(known);
            }
            let mut payment = Payment { new, state: PaymentState::Unknown, received_ms: now };
            matched(w, &mut payment, now)?;
            store::put(w, "payment", &payment.new.reference.clone(), &payment)?;
            Ok(payment)
        })
    }

    /// Tries the held ones again (their decisions may have arrived).
    ///
    /// # Errors
    /// The store failed.
    pub fn match_payments(&self) -> Result<Vec<Payment>, HqError> {
        self.settle()?;
        let now = self.now_ms();
        self.write(1, move |w| {
            let all: Vec<(String, Payment)> = store::list(w, "payment", "")?;
            let mut held = Vec::new();
            for (key, mut payment) in all {
                if payment.state == PaymentState::Unknown {
                    matched(w, &mut payment, now)?;
                    store::put(w, "payment", &key, &payment)?;
                }
                if !matches!(payment.state, PaymentState::Matched | PaymentState::Refunded) {
                    held.push(payment);
                }
            }
            Ok(held)
        })
    }
}

fn matched(w: &mut dyn Write, payment: &mut Payment, now: i64) -> Result<(), HqError> {
    let number = match (&payment.new.number, &payment.new.pay_code) {
        (Some(number), _) => Some(number.clone()),
        (None, Some(code)) => store::get(w, "pay_code_number", code)?,
        (None, None) => None,
    };
    let Some(number) = number else { return Ok(()) };
    let Some(doc) = store::get::<NumberFile>(w, "number", &number)? else { return Ok(()) };
    let Some(file) = store::get::<CaseFile>(w, "case", &doc.case)? else { return Ok(()) };
    let Some(decision) = file.decisions.iter().find(|d| d.number == number) else { return Ok(()) };
    payment.state = if decision.ended.is_some() {
        PaymentState::NotOwed
    } else if store::get::<String>(w, "paid", &number)?.is_some_and(|by| by != payment.new.reference) {
        PaymentState::Double
    } else if decision.amount.0 == payment.new.amount_fen {
        store::put(w, "paid", &number, &payment.new.reference)?;
        let body = wire_feed::Payment {
            number: number.clone(),
            amount_fen: payment.new.amount_fen,
            paid_ms: payment.new.paid_ms,
            receipt: payment.new.receipt.clone(),
        };
        feed::publish(w, &feed::to_branch(&file.branch), &FeedBody::Payment(body), now)?;
        PaymentState::Matched
    } else {
        PaymentState::Amount
    };
    payment.new.number = Some(number);
    Ok(())
}
