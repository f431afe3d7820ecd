//! What is not done yet, each kind on a list of keys of its own: who asks every minute (the server's own look,
//! the finance system, the monitoring) reads these and not everything there ever was. The things themselves lie
//! in their spaces; a list can be built again from them.

use serde::de::DeserializeOwned;

use super::{
    appeals,
    fines::{self, Fine},
    orders::{self, OrderFile},
    payments::{self, Payment},
};
use crate::{
    Hq,
    casefile::CaseFile,
    error::HqError,
    reviews::{self, Review},
    store::{self, Read, Write},
};

/// Fines of which something is owed, or owed back.
pub(crate) const FINES: &str = "open_fine";
/// Fines whose cash is not in the bank.
pub(crate) const CASH: &str = "open_cash";
/// Fines of which any part was taken in cash, open or not.
pub(crate) const WITH_CASH: &str = "cash_fine";
/// Notices that match nothing, or go back.
pub(crate) const PAYMENTS: &str = "open_payment";
/// Orders that wait.
pub(crate) const ORDERS: &str = "open_order";
/// Reviews that nobody has closed.
pub(crate) const REVIEWS: &str = "open_review";
/// Decisions whose case must be kept whole.
pub(crate) const HOLDS: &str = "open_hold";

/// That the lists were built.
const BUILT: &str = "open_lists";

/// Puts a key on its list, or takes it off.
pub(crate) fn mark(w: &mut dyn Write, list: &str, key: &str, open: bool) -> Result<(), HqError> {
    if open { w.put_doc(list, key, "{}") } else { w.remove_doc(list, key) }
}

/// The keys on a list that begin with `prefix`.
pub(crate) fn keys(r: &mut (impl Read + ?Sized), list: &str, prefix: &str) -> Result<Vec<String>, HqError> {
    let all: Vec<(String, serde_json::Value)> = store::list(r, list, prefix)?;
    Ok(all.into_iter().map(|(key, _)| key).collect())
}

/// What is on a list, from its space.
pub(crate) fn read<T: DeserializeOwned>(
    r: &mut (impl Read + ?Sized),
    list: &str,
    space: &str,
) -> Result<Vec<T>, HqError> {
    let mut out = Vec::new();
    for key in keys(r, list, "")? {
        out.extend(store::get(r, space, &key)?);
    }
    Ok(out)
}

/// Builds the lists of a database that was filled before there were any.
pub(crate) fn build_once(hq: &Hq) -> Result<(), HqError> {
    if hq.read(|r| r.doc("meta", BUILT))?.is_some() {
        return Ok(());
    }
    hq.write(1, |w| {
        for (_, fine) in store::list::<Fine>(w, "fine", "")? {
            fines::mark(w, &fine)?;
        }
        for (_, payment) in store::list::<Payment>(w, "payment", "")? {
            payments::mark(w, &payment)?;
        }
        for (_, order) in store::list::<OrderFile>(w, "order_file", "")? {
            orders::mark(w, &order)?;
        }
        for (_, review) in store::list::<Review>(w, "review", "")? {
            reviews::mark(w, &review)?;
        }
        for (_, file) in store::list::<CaseFile>(w, "case", "")? {
            appeals::follow(w, &file)?;
        }
        store::put(w, "meta", BUILT, &true)
    })
}
