//! Pay codes (缴款识别码) are born in the finance system (LAW.md 4.5). Three ways to the slip: lent to a phone
//! from a pool as numbers are; made for the one decision before its print, see [`super::minting`]; or none at
//! all, and the slip's own number becomes payable once HQ knows the decision.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use ezhifa_wire::{
    feed::{self as wire_feed, FeedBody},
    paycode::printable,
};
use serde::{Deserialize, Serialize};

use super::{
    fines::{Fine, FineState},
    minting::{MADE, MADE_CODE, Minted},
};
use crate::{
    Hq,
    casefile::CaseFile,
    error::HqError,
    feed,
    store::{self, Write},
};

/// A phone with fewer free codes than this gets more from the pool.
const LOW: u64 = 5;
/// Codes lent at once.
const LENT: u32 = 10;
/// Codes of a pool delivery at most.
const DELIVERY: usize = 10_000;

/// What a phone was lent and has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stock {
    /// Lent.
    pub lent: u64,
    /// On papers that HQ knows.
    pub used: u64,
}

/// One line of the pay code account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLine {
    /// Phone; `pool` for codes that nobody has; `minted` for codes made for one decision each.
    pub device: String,
    /// Lent, or lying in the pool.
    pub lent: u64,
    /// On papers.
    pub used: u64,
    /// Lent and not used.
    pub free: u64,
}

/// A decision that may be paid: what the finance system needs to make the slip's own number payable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payable {
    /// Number.
    pub number: String,
    /// Check code on the slip.
    pub check_code: String,
    /// Still owed, fen.
    pub owed_fen: i64,
    /// Late fee as of today, fen.
    pub late_fee_fen: i64,
    /// Last day.
    pub pay_by: Option<NaiveDate>,
    /// Code on the slip, where there is one.
    pub pay_code: Option<String>,
}

impl Hq {
    /// The finance system delivers codes into the pool.
    ///
    /// # Errors
    /// A code that is too long, known already, or too many at once.
    pub fn deliver_pay_codes(&self, codes: &[String]) -> Result<u64, HqError> {
        if codes.len() > DELIVERY || codes.iter().any(|c| !printable(c)) {
            return Err(HqError::Bad(
                "缴款码为空、过长或者一次过多 / a code is empty, too long, or they are too many".into(),
            ));
        }
        let codes = codes.to_vec();
        self.write(1, move |w| {
            for code in &codes {
                if w.doc("pay_code", code)?.is_some()
                    || w.doc("pay_pool", code)?.is_some()
                    || w.doc(MADE_CODE, code)?.is_some()
                {
                    return Err(HqError::Conflict("缴款码重复 / a pay code is known already".into()));
                }
                w.put_doc("pay_pool", code, "{}")?;
            }
            Ok(u64::try_from(codes.len()).unwrap_or(u64::MAX))
        })
    }

    /// Lends codes from the pool to a phone; gives how many there were.
    ///
    /// # Errors
    /// No such phone, or the store failed.
    pub fn lend_pay_codes(&self, device: &str, want: u32) -> Result<u64, HqError> {
        let now = self.now_ms();
        let device = device.to_owned();
        self.write(1, move |w| {
            crate::devices::get(w, &device)?.ok_or(HqError::NotFound("device"))?;
            lend(w, &device, want, now)
        })
    }

    /// The account of all codes.
    ///
    /// # Errors
    /// The store failed.
    pub fn pay_code_stock(&self) -> Result<Vec<StockLine>, HqError> {
        self.settle()?;
        self.read(|r| {
            let mut lent: BTreeMap<String, Stock> = BTreeMap::new();
            for (code, device) in store::list::<String>(r, "pay_code", "")? {
                let stock = lent.entry(device).or_default();
                stock.lent = stock.lent.saturating_add(1);
                if r.doc("pay_code_number", &code)?.is_some() {
                    stock.used = stock.used.saturating_add(1);
                }
            }
            let pool = store::list::<serde_json::Value>(r, "pay_pool", "")?.len();
            let pool = u64::try_from(pool).unwrap_or(u64::MAX);
            let mut made = Stock::default();
            for (number, minted) in store::list::<Minted>(r, MADE, "")? {
                let fine: Option<Fine> = store::get(r, "fine", &number)?;
                made.lent = made.lent.saturating_add(1);
                let printed = fine.is_some_and(|f| f.pay_code.as_ref() == Some(&minted.code));
                made.used = made.used.saturating_add(u64::from(printed));
            }
            let mut out = vec![StockLine { device: "pool".into(), lent: pool, used: 0, free: pool }];
            lent.insert("minted".into(), made);
            out.extend(lent.into_iter().map(|(device, s)| StockLine {
                device,
                lent: s.lent,
                used: s.used,
                free: s.lent.saturating_sub(s.used),
            }));
            Ok(out)
        })
    }

    /// Everything that may be paid today.
    ///
    /// # Errors
    /// The store failed.
    pub fn payables(&self) -> Result<Vec<Payable>, HqError> {
        let open = [FineState::NotServed, FineState::Due, FineState::Deferred, FineState::Overdue];
        Ok(self
            .open_fines()?
            .into_iter()
            .filter(|f| open.contains(&f.state))
            .map(|f| Payable {
                owed_fen: f.amount_fen.saturating_sub(f.paid_fen),
                number: f.number,
                check_code: f.check_code,
                late_fee_fen: f.late_fee_fen,
                pay_by: f.pay_by,
                pay_code: f.pay_code,
            })
            .collect())
    }
}

/// Codes went to a phone.
pub(crate) fn lent(w: &mut dyn Write, device: &str, count: usize) -> Result<(), HqError> {
    let mut stock: Stock = store::get(w, "pay_stock", device)?.unwrap_or_default();
    stock.lent = stock.lent.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    store::put(w, "pay_stock", device, &stock)
}

fn lend(w: &mut dyn Write, device: &str, want: u32, now: i64) -> Result<u64, HqError> {
    let codes: Vec<String> = w.docs("pay_pool", "", "", want)?.into_iter().map(|(code, _)| code).collect();
    if codes.is_empty() {
        return Ok(0);
    }
    let count = u64::try_from(codes.len()).unwrap_or(u64::MAX);
    for code in &codes {
        w.remove_doc("pay_pool", code)?;
        store::put(w, "pay_code", code, &device)?;
    }
    lent(w, device, codes.len())?;
    let batch = format!("p-{}", w.advance("pay_batches", 1)?);
    feed::publish(
        w,
        &feed::to_device(device),
        &FeedBody::PayCodes(wire_feed::PayCodes { batch, codes }),
        now,
    )?;
    Ok(count)
}

/// A phone whose stock runs low gets more, if the pool has any: at every hello and after every paper.
pub(crate) fn top_up(w: &mut dyn Write, device: &str, now: i64) -> Result<(), HqError> {
    let stock: Stock = store::get(w, "pay_stock", device)?.unwrap_or_default();
    if stock.lent.saturating_sub(stock.used) < LOW {
        lend(w, device, LENT, now)?;
    }
    Ok(())
}

/// A paper with a code has arrived.
pub(crate) fn follow(
    w: &mut dyn Write,
    file: &CaseFile,
    before: Option<&CaseFile>,
    codes: &[String],
    device: &str,
    now: i64,
) -> Result<(), HqError> {
    if codes.is_empty() || before.is_some_and(|b| b.slips.len() == file.slips.len()) {
        return Ok(());
    }
    let mut stock: Stock = store::get(w, "pay_stock", device)?.unwrap_or_default();
    let mut used = 0_u64;
    for code in codes {
        if w.doc("pay_code", code)?.is_some() && w.doc("pay_code_used", code)?.is_none() {
            w.put_doc("pay_code_used", code, "{}")?;
            used = used.saturating_add(1);
        }
    }
    if used == 0 {
        return Ok(());
    }
    stock.used = stock.used.saturating_add(used);
    store::put(w, "pay_stock", device, &stock)?;
    top_up(w, device, now)
}
