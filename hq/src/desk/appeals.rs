//! 行政复议 through the organ that decided (复议法 32): a clock that runs from the day it came in.

use chrono::NaiveDate;
use ezhifa_casework::law::clocks::Clocks;
use serde::{Deserialize, Serialize};

use crate::{Hq, config::local, error::HqError, numbers::NumberFile, store};

/// An application as it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appeal {
    /// Number of the decision.
    pub number: String,
    /// Case.
    pub case: String,
    /// When it came in.
    pub received_ms: i64,
    /// Last day to hand it on, where the calendar is known; the period in words stands in `period`.
    pub forward_by: Option<NaiveDate>,
    /// The period in words.
    pub period: String,
    /// Handed on, or the decision was changed.
    pub done: Option<String>,
}

impl Hq {
    /// Takes an application in. The same number again gives the same record.
    ///
    /// # Errors
    /// HQ does not hold the decision.
    pub fn post_appeal(&self, number: &str) -> Result<Appeal, HqError> {
        self.settle()?;
        let now = self.now_ms();
        let doc: NumberFile =
            self.read(|r| store::get(r, "number", number))?.ok_or(HqError::NotFound("number"))?;
        let clocks =
            self.newest_book().and_then(|b| Clocks::new(b.clocks_file(), b.settings().roll_over).ok());
        let forward_by = self.calendar().and_then(|calendar| {
            clocks.as_ref()?.last_day("forward_application", local(now).date(), &calendar).ok()
        });
        let period =
            clocks.and_then(|c| c.words("forward_application").map(str::to_owned).ok()).unwrap_or_default();
        let appeal = Appeal {
            number: number.to_owned(),
            case: doc.case,
            received_ms: now,
            forward_by,
            period,
            done: None,
        };
        self.write(1, move |w| match store::get(w, "appeal", &appeal.number)? {
            Some(known) => Ok(known),
            None => {
                store::put(w, "appeal", &appeal.number.clone(), &appeal)?;
                Ok(appeal)
            }
        })
    }

    /// Says how an application ended here.
    ///
    /// # Errors
    /// No such application.
    pub fn close_appeal(&self, number: &str, done: &str) -> Result<Appeal, HqError> {
        let (number, done) = (number.to_owned(), done.to_owned());
        self.write(1, move |w| {
            let mut appeal: Appeal = store::get(w, "appeal", &number)?.ok_or(HqError::NotFound("appeal"))?;
            appeal.done = Some(done);
            store::put(w, "appeal", &number, &appeal)?;
            Ok(appeal)
        })
    }

    /// All applications; the open ones with the nearest last day first.
    ///
    /// # Errors
    /// The store failed.
    pub fn appeals(&self) -> Result<Vec<Appeal>, HqError> {
        let mut all: Vec<Appeal> =
            self.read(|r| store::list(r, "appeal", ""))?.into_iter().map(|(_, a)| a).collect();
        all.sort_by_key(|a| (a.done.is_some(), a.forward_by, a.received_ms));
        Ok(all)
    }
}
