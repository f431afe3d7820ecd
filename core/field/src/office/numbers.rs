//! Numbers between rulebook, case and store: the words on paper and the block they come from.

use chrono::{Datelike, NaiveDateTime};
use ezhifa_casework::{
    event::CaseEvent,
    law::{rulebook::Rulebook, terms::Series},
};
use serde::Serialize;
use serde_json::json;

use super::FieldOffice;
use crate::{
    error::{Error, FieldError, Not},
    feed::moment,
    journal::Kind,
    numbers::{FreeNumber, NumberError, State},
    store::{Dao, StoreError},
};

/// Numbers of one series and year on this phone: they add up to what was lent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeriesNumbers {
    /// Series word, `drill-…` for drills.
    pub series: String,
    /// Year.
    pub year: i32,
    /// Ready.
    pub free: u64,
    /// Decided, not yet signed.
    pub reserved: u64,
    /// On a signed paper.
    pub issued: u64,
    /// Taken out with a reason.
    pub void: u64,
    /// Free when the journal was rolled back.
    pub burnt: u64,
    /// Declared lost.
    pub lost: u64,
    /// Lent in all.
    pub lent: u64,
    /// Half of what is live is gone: go online before it runs out.
    pub low: bool,
}

/// The word of a series in blocks and messages.
pub(super) fn word(series: Series, drill: bool) -> String {
    let word = match series {
        Series::Penalty => "penalty",
        Series::NoPenalty => "no_penalty",
        Series::Order => "order",
        Series::Notice => "notice",
        Series::HandWritten => "hand_written",
    };
    if drill { format!("drill-{word}") } else { word.to_owned() }
}

/// As printed. A drill's number can never be taken for a real one.
pub(super) fn text(law: &Rulebook, series: Series, year: i32, n: u64, drill: bool) -> String {
    let text = law.number_text(series, year, n);
    if drill { format!("演练{text}") } else { text }
}

fn free(
    dao: &Dao<'_>,
    series: Series,
    year: i32,
    drill: bool,
    now_ms: i64,
) -> Result<Option<FreeNumber>, Error> {
    Ok(dao.next_number(&word(series, drill), year, now_ms)?)
}

/// The next free one.
pub(super) fn next(
    dao: &Dao<'_>,
    series: Series,
    year: i32,
    drill: bool,
    now_ms: i64,
) -> Result<Option<u64>, Error> {
    Ok(free(dao, series, year, drill, now_ms)?.map(|f| f.n))
}

/// Takes the number that the event already names (of the year of `at`, the decision) out of its block, in the event's own transaction.
pub(super) fn reserve(
    dao: &mut Dao<'_>,
    law: Option<&Rulebook>,
    series: Series,
    at: NaiveDateTime,
    event: &CaseEvent,
    drill: bool,
    number: &str,
) -> Result<(), Error> {
    let state = || Error::from(StoreError::from(NumberError::State));
    let next = free(dao, series, at.year(), drill, moment(event.at))?.ok_or_else(state)?;
    let law = law.ok_or_else(state)?;
    if text(law, series, next.year, next.n, drill) != number {
        return Err(state());
    }
    Ok(dao.reserve(&next, &event.case.0, number)?)
}

/// The paper with this number is signed. Papers without a number of their own leave no trace here.
pub(super) fn issued(dao: &mut Dao<'_>, number: &str) -> Result<(), Error> {
    match dao.number_state(number)? {
        Some(State::Reserved) => Ok(dao.mark_issued(number)?),
        _ => Ok(()),
    }
}

impl FieldOffice {
    /// The number that the next sheet of the pad of hand-written papers carries; `None` when the pad is used
    /// up or was never lent.
    ///
    /// # Errors
    /// Not enrolled, no rulebook, or the store.
    pub fn next_sheet(&self, drill: bool) -> Result<Option<String>, FieldError> {
        let next = || -> Result<Option<String>, Error> {
            let (inbox, now) = self.inbox_now()?;
            let law = inbox.law_on(now.date())?;
            let n = self
                .opened()?
                .store
                .read(|dao| next(dao, Series::HandWritten, now.year(), drill, moment(now)))?;
            Ok(n.map(|n| text(&law, Series::HandWritten, now.year(), n, drill)))
        };
        Ok(next()?)
    }

    /// The next sheet of the pad was spoiled or lost before it was handed over: its number is void, as an
    /// entry, and the sheet after it is the next one. The other officer confirms with their own PIN.
    ///
    /// # Errors
    /// No crew, wrong PIN, no reason, no sheet left, the store.
    pub fn spoil_sheet(&self, reason: &str, second_pin: &str, drill: bool) -> Result<String, FieldError> {
        let crew = self.crew().ok_or(Not::Crew).map_err(Error::from)?;
        self.check_pin(&crew.second, second_pin)?;
        let spoil = || -> Result<String, Error> {
            let (inbox, now) = self.inbox_now()?;
            let law = inbox.law_on(now.date())?;
            self.opened()?.store.write(|dao| {
                let sheet =
                    free(dao, Series::HandWritten, now.year(), drill, moment(now))?.ok_or_else(|| {
                        Error::from(StoreError::from(NumberError::NoneLeft {
                            series: word(Series::HandWritten, drill),
                            year: now.year(),
                        }))
                    })?;
                let number = text(&law, Series::HandWritten, sheet.year, sheet.n, drill);
                dao.reserve(&sheet, "", &number)?;
                dao.mark_void(&number, reason)?;
                let body = json!({
                    "number": number, "state": "void", "reason": reason,
                    "by": crew.lead.0, "confirmed_by": crew.second.0,
                });
                dao.append_json(Kind::Number, 1, None, &body)?;
                Ok(number)
            })
        };
        Ok(spoil()?)
    }

    /// Every number that was ever lent to this phone, by series and year.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn numbers(&self) -> Result<Vec<SeriesNumbers>, FieldError> {
        let now_ms = self.wall_ms();
        let (accounts, supplies) = self
            .opened()?
            .store
            .read::<_, Error>(|dao| Ok((dao.number_accounts()?, dao.supplies(now_ms)?)))?;
        let mut out: Vec<SeriesNumbers> = Vec::new();
        for block in accounts {
            let at = match out.iter().position(|s| s.series == block.series && s.year == block.year) {
                Some(at) => at,
                None => {
                    out.push(SeriesNumbers {
                        series: block.series.clone(),
                        year: block.year,
                        free: 0,
                        reserved: 0,
                        issued: 0,
                        void: 0,
                        burnt: 0,
                        lost: 0,
                        lent: 0,
                        low: false,
                    });
                    out.len().saturating_sub(1)
                }
            };
            let Some(sum) = out.get_mut(at) else { continue };
            let add = |to: &mut u64, state| *to = to.saturating_add(block.count(state));
            add(&mut sum.free, State::Free);
            add(&mut sum.reserved, State::Reserved);
            add(&mut sum.issued, State::Issued);
            add(&mut sum.void, State::Void);
            add(&mut sum.burnt, State::Burnt);
            add(&mut sum.lost, State::Lost);
            sum.lent = sum.lent.saturating_add(block.last.saturating_sub(block.first).saturating_add(1));
        }
        for sum in &mut out {
            let supply = supplies.iter().find(|s| s.series == sum.series && s.year == sum.year);
            sum.low = supply.is_none_or(|s| s.is_low());
        }
        Ok(out)
    }
}
