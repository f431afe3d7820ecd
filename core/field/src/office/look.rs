//! Looking up HQ's lists: first offences and open orders. Each look-up about a party is an entry.

use ezhifa_casework::{
    case::{Case, Prior},
    command::Command,
    event::CaseId,
    law::decision::{History, PriorOrder},
};
use ezhifa_wire::feed::OpenOrder;

use super::{FieldOffice, Open, project};
use crate::{
    error::{Error, FieldError, Not},
    feed::prior_order,
};

/// What a first-offence look-up gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// As recorded in the case.
    pub history: History,
    /// HQ's references of exact hits.
    pub references: Vec<String>,
    /// Months that no list covers.
    pub missing_months: Vec<String>,
}

/// The party's document number and plate, where there are any.
fn ids(case: &Case) -> Vec<&str> {
    case.party().map_or_else(Vec::new, |p| vec![p.id_number.reveal(), p.plate.reveal()])
}

/// An order that stands in this phone's own journal, signed and not ended.
fn own_order(open: &Open, number: &str) -> Result<Option<Prior>, Error> {
    let Some(case) = open.store.read(|dao| dao.issued_for(number))? else { return Ok(None) };
    let case = open.case(&CaseId(case))?;
    Ok(case.as_prior_order().filter(|prior| prior.order.number == number))
}

impl FieldOffice {
    /// Whether this phone knows an order of this number, from HQ's list or its own journal.
    pub(super) fn knows_order(&self, number: &str) -> Result<bool, Error> {
        let open = self.opened()?;
        Ok(open.inbox().order(number).is_some() || own_order(&open, number)?.is_some())
    }

    /// First-offence look-up (初次违法), recorded in the case. A hit alone makes nothing harsher.
    ///
    /// # Errors
    /// No offence chosen, no rulebook.
    pub fn history(&self, id: &CaseId) -> Result<Looked, FieldError> {
        let look = || -> Result<Looked, Error> {
            let open = self.opened()?;
            let case = open.case(id)?;
            let inbox = open.inbox();
            let now = self.now();
            let law = inbox.law_on(now.date())?;
            let offence = case.act().map(|a| a.offence.clone()).unwrap_or_default();
            let conduct = law.offence(&offence).map_or_else(|| offence.clone(), |o| o.conduct.clone());
            let mut found = inbox.history(&law, &conduct, &ids(&case), now);
            // What this phone decided itself is newer than any list.
            if open.store.read(|dao| project::found_here(dao, &case, &law, &conduct, now))? {
                found.history.earlier = Some(true);
            }
            let history = found.history.clone();
            self.run(id, &Command::AskHistory, &|parts| {
                parts.history = history.clone();
                Ok(())
            })?;
            Ok(Looked {
                history: found.history,
                references: found.references,
                missing_months: found.missing_months,
            })
        };
        Ok(look()?)
    }

    /// Open orders of the branch, oldest due first.
    ///
    /// # Errors
    /// Not enrolled.
    pub fn open_orders(&self) -> Result<Vec<OpenOrder>, FieldError> {
        Ok(self.inbox()?.orders().into_iter().cloned().collect())
    }

    /// Open orders of the party of this case.
    ///
    /// # Errors
    /// No such case.
    pub fn orders_of(&self, id: &CaseId) -> Result<Vec<OpenOrder>, FieldError> {
        let open = self.opened()?;
        let case = open.case(id)?;
        Ok(open.inbox().orders_of(&ids(&case)).into_iter().cloned().collect())
    }

    /// Attaches an order, by its number, to the case whose fine rests on it (invariant 7): one of the branch's
    /// open ones, or one that this phone made and HQ has not heard of yet.
    ///
    /// # Errors
    /// No such order; a refusal: an order to another party or on another offence.
    pub fn attach_order(&self, id: &CaseId, number: &str) -> Result<PriorOrder, FieldError> {
        let attach = || -> Result<PriorOrder, Error> {
            let open = self.opened()?;
            let case = open.case(id)?;
            let inbox = open.inbox();
            let told = inbox.order(number);
            let own = own_order(&open, number)?;
            // HQ's list names the party by its document; this phone's own order as it was written then.
            let same_party = match (&own, told) {
                (Some(own), _) => {
                    own.party.as_ref().map(|then| case.party().is_some_and(|now| then.is_same_person(now)))
                }
                (None, Some(told)) => (!told.party.is_empty())
                    .then(|| inbox.orders_of(&ids(&case)).iter().any(|order| order.number == told.number)),
                (None, None) => return Err(Not::Order.into()),
            };
            // This phone's own record is newer than the list, unless another crew has re-checked since.
            let (order, ordered_by) = match (told.map(prior_order), own) {
                (Some((told, by)), Some(own)) if told.rechecked > own.order.rechecked => (told, by),
                (_, Some(own)) => (own.order, own.ordered_by),
                (Some(told), None) => told,
                (None, None) => return Err(Not::Order.into()),
            };
            let command = Command::AttachPriorOrder { order: order.clone(), ordered_by, same_party };
            self.run(id, &command, &|_| Ok(()))?;
            Ok(order)
        };
        Ok(attach()?)
    }
}
