//! From an inquiry to typed inputs: answers, presumptions and what the engine computes itself.

use chrono::{Datelike, NaiveDateTime};

use super::LawError;
use crate::{
    decision::{Inquiry, PriorOrder},
    facts::{Facts, Value},
    rulebook::{Domain, Known, Rulebook, Table},
    terms::PartyKind,
};

/// `age_band` as the officer may answer it when no document shows the age.
pub(super) const AGE_BANDS: [(&str, &str); 4] = [
    ("under_14", "不满十四周岁"),
    ("from_14_to_17", "已满十四周岁不满十八周岁"),
    ("adult", "已满十八周岁"),
    ("not_person", "不是自然人"),
];

/// How far an earlier order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderState {
    /// None, or its service is not proved.
    None,
    /// Served; neither re-checked after the due time nor refused.
    Pending,
    /// Re-checked: corrected.
    Corrected,
    /// Re-checked after the due time and not corrected, or refused.
    Ripe,
}

impl OrderState {
    fn of(order: Option<&PriorOrder>) -> OrderState {
        match order {
            Some(order) if order.served => match (order.rechecked, order.corrected) {
                (Some(_), Some(true)) => OrderState::Corrected,
                _ if order.refused => OrderState::Ripe,
                (Some(at), Some(false)) if at >= order.due => OrderState::Ripe,
                _ => OrderState::Pending,
            },
            _ => OrderState::None,
        }
    }
}

/// Typed inputs of one inquiry under one rulebook.
pub(super) struct Inputs<'a> {
    book: &'a Rulebook,
    facts: &'a Facts,
    party: Known,
    age: Known,
    earlier: Known,
    years: i64,
    pub(super) order: OrderState,
    /// A re-check settles `corrected`, whatever was answered before.
    corrected: Option<bool>,
}

impl<'a> Inputs<'a> {
    pub(super) fn new(book: &'a Rulebook, inquiry: &'a Inquiry) -> Inputs<'a> {
        // An order on another matter says nothing about this one (invariant 7).
        let about_this =
            |o: &&PriorOrder| o.offence.is_empty() || book.is_same_matter(&o.offence, &inquiry.offence);
        let order = OrderState::of(inquiry.prior_order.as_ref().filter(about_this));
        let unit = book.settings().is_unit_in_ranges(inquiry.party);
        Inputs {
            book,
            facts: &inquiry.facts,
            party: Known::Atom(u8::from(unit)),
            age: age(inquiry),
            earlier: inquiry.history.earlier.map_or(Known::Unknown, |yes| Known::Atom(yes.into())),
            years: full_years(inquiry.act_at, inquiry.discovered_at.unwrap_or(inquiry.decided_at)),
            order,
            corrected: match order {
                OrderState::Corrected => Some(true),
                OrderState::Ripe => Some(false),
                OrderState::None | OrderState::Pending => None,
            },
        }
    }

    /// The answer to `name`, typed; a presumption holds until somebody answers.
    pub(super) fn known(&self, name: &str) -> Known {
        match name {
            "party" => self.party,
            "age_band" => self.age,
            "earlier_find" => self.earlier,
            "undiscovered_years" => Known::Int(self.years),
            "corrected" if self.corrected.is_some() => {
                self.corrected.map_or(Known::Unknown, |c| Known::Atom(c.into()))
            }
            _ => match (self.facts.0.get(name), self.book.domains.get(name)) {
                (None, _) => {
                    self.book.presumed.get(name).map_or(Known::Unknown, |yes| Known::Atom((*yes).into()))
                }
                (Some(Value::Bool(yes)), Some(Domain::Bool)) => Known::Atom((*yes).into()),
                (Some(Value::Int(value)), Some(Domain::Int { .. })) => Known::Int(*value),
                (Some(Value::Choice(value)), Some(Domain::Choice(options))) => options
                    .iter()
                    .position(|o| o == value)
                    .and_then(|p| u8::try_from(p).ok())
                    .map_or(Known::Unknown, Known::Atom),
                _ => Known::Unknown,
            },
        }
    }

    /// `Some` only for a `bool` that is known.
    pub(super) fn yes(&self, name: &str) -> Option<bool> {
        match self.known(name) {
            Known::Atom(atom) => Some(atom == 1),
            _ => None,
        }
    }

    /// Answers for the inputs of a table.
    pub(super) fn row(&self, table: &Table) -> Vec<Known> {
        table.inputs.iter().map(|name| self.known(name)).collect()
    }

    /// The answer as it goes into a reason.
    pub(super) fn value(&self, name: &str) -> Value {
        match (self.known(name), self.book.domains.get(name)) {
            (Known::Int(value), _) => Value::Int(value),
            (Known::Atom(atom), Some(Domain::Choice(options))) => {
                options.get(usize::from(atom)).map_or(Value::Unknown, |o| Value::Choice(o.clone()))
            }
            (Known::Atom(atom), _) => Value::Bool(atom == 1),
            (Known::Unknown, _) => Value::Unknown,
        }
    }

    /// Whether an app may still ask: nobody has answered, not even "unknown".
    pub(super) fn may_ask(&self, name: &str) -> bool {
        !matches!(name, "party" | "earlier_find" | "undiscovered_years") && !self.facts.0.contains_key(name)
    }
}

fn age(inquiry: &Inquiry) -> Known {
    if inquiry.party == PartyKind::Organisation {
        return Known::Atom(3);
    }
    match (inquiry.age_at_act, inquiry.facts.get("age_band")) {
        (Some(..14), _) => Known::Atom(0),
        (Some(14..18), _) => Known::Atom(1),
        (Some(18..), _) => Known::Atom(2),
        (None, Value::Choice(band)) => AGE_BANDS
            .iter()
            .position(|(value, _)| value == band)
            .and_then(|p| u8::try_from(p).ok())
            .map_or(Known::Unknown, Known::Atom),
        (None, _) => Known::Unknown,
    }
}

/// Full years between two days. The anniversary itself still lies within the period (民法典 201, 202).
fn full_years(from: NaiveDateTime, to: NaiveDateTime) -> i64 {
    let years = i64::from(to.year()) - i64::from(from.year());
    let past = (to.month(), to.day()) > (from.month(), from.day());
    (years - i64::from(!past)).clamp(0, 99)
}

/// Every answer must be one that a rulebook of this inquiry declares, of its type and in its range.
pub(super) fn validate(books: [&Rulebook; 2], inquiry: &Inquiry) -> Result<(), LawError> {
    for (name, value) in &inquiry.facts.0 {
        if name == "age_band" {
            let good = match value {
                Value::Choice(band) => AGE_BANDS.iter().any(|(v, _)| v == band),
                Value::Unknown => true,
                _ => false,
            };
            if !good {
                return Err(LawError::WrongAnswer { fact: name.clone() });
            }
            continue;
        }
        let declared: Vec<&&Rulebook> = books.iter().filter(|b| b.fact(name).is_some()).collect();
        if declared.is_empty() {
            return Err(LawError::UnknownFact { fact: short(name) });
        }
        if declared.iter().any(|book| !book.accepts(name, value)) {
            return Err(LawError::WrongAnswer { fact: short(name) });
        }
    }
    Ok(())
}

/// A hostile name must not fill the screen.
fn short(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn two_years_are_over_only_after_the_anniversary() {
        let at =
            |s: &str| chrono::NaiveDate::parse_from_str(s, "%Y-%m-%d").unwrap().and_hms_opt(9, 0, 0).unwrap();
        for (from, to, years) in [
            ("2024-03-01", "2026-03-01", 1),
            ("2024-03-01", "2026-03-02", 2),
            ("2024-02-29", "2026-02-28", 1),
            ("2024-02-29", "2026-03-01", 2),
            ("2026-03-01", "2026-02-01", 0),
        ] {
            assert_eq!(full_years(at(from), at(to)), years, "{from} {to}");
        }
    }
}
