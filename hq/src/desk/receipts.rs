//! 专用票据 (处罚法 70): blocks of finance receipts allotted to phones. Cash without one of them may be refused
//! by the party, and the phone takes none.

use ezhifa_casework::command::ReceiptBlock;
use ezhifa_wire::feed::{self as wire_feed, FeedBody};
use serde::{Deserialize, Serialize};

use super::{fines::Fine, open};
use crate::{
    Hq, devices,
    error::HqError,
    feed,
    store::{self, Read},
};

/// Receipts in one block at most.
const MOST: u64 = 1_000;

/// A block to allot: what stands before the digits, first and last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewReceipts {
    /// What stands before the digits.
    pub prefix: String,
    /// First.
    pub from: u64,
    /// Last.
    pub to: u64,
}

/// A block with its phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allotted {
    /// Batch.
    pub batch: String,
    /// Phone.
    pub device: String,
    /// The block.
    #[serde(flatten)]
    pub block: NewReceipts,
    /// When.
    pub at_ms: i64,
    /// Receipts of it that cases name.
    #[serde(default)]
    pub used: u64,
}

impl Allotted {
    fn holds(&self, receipt: &str) -> bool {
        let NewReceipts { prefix, from, to } = &self.block;
        ReceiptBlock { prefix: prefix.clone(), from: *from, to: *to }.holds(receipt)
    }
}

impl Hq {
    /// Allots a block to a phone, by its feed.
    ///
    /// # Errors
    /// No such phone, an empty or too large block, or one that was allotted before.
    pub fn allot_receipts(&self, device: &str, new: NewReceipts) -> Result<Allotted, HqError> {
        let size = new.to.checked_sub(new.from);
        if new.prefix.len() > 64 || new.from == 0 || size.is_none_or(|n| n >= MOST) {
            return Err(HqError::Bad(format!(
                "票据号段为空或者超过 {MOST} 张 / the block is empty or has more than {MOST} receipts"
            )));
        }
        let (device, now) = (device.to_owned(), self.now_ms());
        self.write(1, move |w| {
            devices::get(w, &device)?.ok_or(HqError::NotFound("device"))?;
            let all: Vec<(String, Allotted)> = store::list(w, "receipts", "")?;
            let again = all.iter().any(|(_, a)| {
                a.block.prefix == new.prefix && a.block.from <= new.to && new.from <= a.block.to
            });
            if again {
                return Err(HqError::Conflict(
                    "票据号段已经发放 / these receipts are allotted already".into(),
                ));
            }
            let batch = format!("z-{}", w.advance("receipt_batches", 1)?);
            let body = wire_feed::Receipts {
                batch: batch.clone(),
                prefix: new.prefix.clone(),
                from: new.from,
                to: new.to,
            };
            let allotted = Allotted { batch, device, block: new, at_ms: now, used: 0 };
            store::put(w, "receipts", &allotted.batch, &allotted)?;
            feed::publish(w, &feed::to_device(&allotted.device), &FeedBody::Receipts(body), now)?;
            Ok(allotted)
        })
    }

    /// Every block and how much of it is used.
    ///
    /// # Errors
    /// The store failed.
    pub fn receipts(&self) -> Result<Vec<Allotted>, HqError> {
        self.settle()?;
        self.read(|r| {
            let taken = taken(r)?;
            let all: Vec<(String, Allotted)> = store::list(r, "receipts", "")?;
            Ok(all
                .into_iter()
                .map(|(_, mut a)| {
                    let used = taken.iter().filter(|receipt| a.holds(receipt)).count();
                    a.used = u64::try_from(used).unwrap_or(u64::MAX);
                    a
                })
                .collect())
        })
    }
}

/// Receipts of cash that cases name.
fn taken(r: &mut dyn Read) -> Result<Vec<String>, HqError> {
    let fines: Vec<Fine> = open::read(r, open::WITH_CASH, "fine")?;
    Ok(fines.into_iter().flat_map(|f| f.cash).map(|c| c.receipt).collect())
}
