//! A pay code made for one decision (LAW.md 4.5): a phone that has a signal between the decision and its
//! paper asks, HQ asks the finance system or takes one from the pool, and the slip carries a code that is
//! good for exactly this fine. The same number always gets the same code.

use std::sync::Arc;

use ezhifa_wire::{
    Check as _, domains,
    paycode::{PayCodeReply, PayCodeRequest, printable},
    seal::sign::Signed,
};
use serde::{Deserialize, Serialize};

use crate::{Hq, alarms, casefile::CaseFile, devices::Device, error::HqError, protocol::Asked, store};

/// The way to a finance system that makes codes: asked with the organ's decision, answers with its code or
/// with none. Asked again for a number, it must give the same code. It is called with no lock held and keeps
/// an officer waiting: seconds, not more.
pub type Mint = Arc<dyn Fn(&PayCodeRequest) -> Result<Option<String>, HqError> + Send + Sync>;

/// A code made for one decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Minted {
    pub(crate) code: String,
    pub(crate) device: String,
    pub(crate) amount_fen: i64,
    pub(crate) at_ms: i64,
}

/// Spaces: what was made, by number; and the number of each code.
pub(crate) const MADE: &str = "pay_mint";
pub(crate) const MADE_CODE: &str = "pay_mint_code";

impl Hq {
    /// A phone asks for the code of the decision that it is about to print.
    pub(crate) fn pay_code(&self, device: &Device, asked: &Asked<'_>) -> Result<Signed, HqError> {
        let wish: PayCodeRequest = asked.read("pay code")?;
        wish.check()?;
        let code = self.minted(device, &wish)?;
        let reply = PayCodeReply {
            device: asked.auth.device.clone(),
            nonce: asked.auth.nonce.clone(),
            number: wish.number,
            code,
        };
        self.sign_for(device, domains::PAY_CODE, &reply)
    }

    fn minted(&self, device: &Device, wish: &PayCodeRequest) -> Result<String, HqError> {
        if let Some(known) = self.read(|r| store::get(r, MADE, &wish.number))? {
            return same(&known, &device.id, wish);
        }
        // A number of its own, or one phone could empty the pool or name another's decision.
        if !self.lent_to(&device.id, &wish.number)? {
            return Err(HqError::Denied("number"));
        }
        let made = match &self.config().mint {
            Some(mint) => mint(wish)?,
            None => None,
        };
        if made.as_deref().is_some_and(|code| !printable(code)) {
            return Err(HqError::Bad(
                "财政系统给出的缴款码不能印制 / the finance system's code cannot be printed".into(),
            ));
        }
        let (device, wish, now) = (device.id.clone(), wish.clone(), self.now_ms());
        self.write(1, move |w| {
            // Somebody may have asked the same meanwhile.
            if let Some(known) = store::get(w, MADE, &wish.number)? {
                return same(&known, &device, &wish);
            }
            let code = match made {
                Some(code) => code,
                None => {
                    let (code, _) =
                        w.docs("pay_pool", "", "", 1)?.pop().ok_or(HqError::NotFound("pay code"))?;
                    w.remove_doc("pay_pool", &code)?;
                    code
                }
            };
            if w.doc("pay_code", &code)?.is_some() || w.doc(MADE_CODE, &code)?.is_some() {
                return Err(HqError::Conflict("缴款码重复 / a pay code is known already".into()));
            }
            let minted = Minted { code: code.clone(), device, amount_fen: wish.amount_fen, at_ms: now };
            store::put(w, MADE, &wish.number, &minted)?;
            store::put(w, MADE_CODE, &code, &wish.number)?;
            // Paid before the phone has synced: the notice waits under this number.
            store::put(w, "pay_code_number", &code, &wish.number)?;
            Ok(code)
        })
    }
}

fn same(known: &Minted, device: &str, wish: &PayCodeRequest) -> Result<String, HqError> {
    if known.device != device {
        return Err(HqError::Denied("number"));
    }
    if known.amount_fen != wish.amount_fen {
        return Err(HqError::Bad(
            "该文书已有另一数额的缴款码 / this number has a code for another amount".into(),
        ));
    }
    Ok(known.code.clone())
}

/// A decision has arrived whose code was made for another amount: paid by that code, the sum would be wrong.
pub(crate) fn follow(w: &mut dyn store::Write, file: &CaseFile, now: i64) -> Result<(), HqError> {
    for decision in file.decisions.iter().filter(|d| d.ended.is_none() && d.amount.0 > 0) {
        if let Some(minted) = store::get::<Minted>(w, MADE, &decision.number)?
            && minted.amount_fen != decision.amount.0
        {
            alarms::raise_once(
                w,
                now,
                "pay_code_amount",
                &decision.number,
                "缴款码的数额与决定不符 / the pay code was made for another amount than decided",
            )?;
        }
    }
    Ok(())
}
