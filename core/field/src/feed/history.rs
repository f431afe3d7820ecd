//! First-offence look-up (初次违法): exact for the own district, filters for the whole city. A miss lets the
//! party off as of a known time; a hit alone never makes an outcome harsher (invariant 5).

use chrono::{Datelike, Months, NaiveDate, NaiveDateTime, TimeDelta};
use ezhifa_casework::law::{
    decision::History,
    keys::{KEY_FORM, key_form},
    rulebook::{Rulebook, format::Scope},
};
use ezhifa_wire::{
    feed::{ORDER_CLASS, OpenOrder, SeenKey},
    seal::{hash::Digest, seen},
};

use super::{Inbox, local};

/// What the look-up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What the decision may use.
    pub history: History,
    /// HQ's references of exact hits: what the officer may ask HQ about.
    pub references: Vec<String>,
    /// Months of the window that no list covers.
    pub missing_months: Vec<String>,
}

impl Inbox {
    /// Looks a party up. `ids` are the document number, plate and the like, as typed.
    #[must_use]
    pub fn history(&self, law: &Rulebook, conduct: &str, ids: &[&str], now: NaiveDateTime) -> Found {
        let settings = law.settings();
        let ids: Vec<String> = ids.iter().map(|id| key_form(id)).filter(|id| !id.is_empty()).collect();
        let whole_city = settings.look_back_scope == Scope::City;
        let first_day =
            now.date().checked_sub_months(Months::new(settings.look_back_months)).unwrap_or(now.date());
        let (mut hit, mut possible) = (false, false);
        let (mut references, mut missing_months) = (Vec::new(), Vec::new());
        let mut as_of: Option<NaiveDateTime> = None;
        for month in months(first_day, now.date()) {
            let mut covered = false;
            for list in self.seen.iter().filter(|l| l.month == month && l.form == KEY_FORM) {
                covered = true;
                if !whole_city {
                    as_of = as_of.max(Some(local(list.as_of_ms)));
                }
                for tag in tags(&list.key, conduct, &ids) {
                    for found in list.hits.iter().filter(|h| h.tag == tag.to_string()) {
                        // The window may begin within a month.
                        if found.on.parse::<NaiveDate>().is_ok_and(|on| on >= first_day) {
                            hit = true;
                            references.push(found.reference.clone());
                        }
                    }
                }
            }
            let mut city = false;
            for (item, filter) in self.filters.iter().filter(|(f, _)| f.month == month && f.form == KEY_FORM)
            {
                let Some(filter) = filter else { continue };
                city = true;
                as_of = as_of.max(Some(local(item.as_of_ms)));
                possible |=
                    tags(&item.key, conduct, &ids).iter().any(|tag| filter.may_hold(seen::short(tag)));
            }
            if !(if whole_city { city } else { covered || city }) {
                missing_months.push(month);
            }
        }
        let limit = TimeDelta::hours(i64::from(settings.max_replica_hours));
        let old = as_of.is_none_or(|as_of| now.signed_duration_since(as_of) > limit);
        let known = !ids.is_empty() && as_of.is_some();
        let history = History {
            earlier: if !known {
                None
            } else if hit {
                Some(true)
            } else if possible {
                // A filter may be wrong: not known, and so never harsher.
                None
            } else {
                Some(false)
            },
            as_of,
            stale: !known || old || !missing_months.is_empty(),
        };
        Found { history, references, missing_months }
    }

    /// Open orders of a party.
    #[must_use]
    pub fn orders_of(&self, ids: &[&str]) -> Vec<&OpenOrder> {
        let ids: Vec<String> = ids.iter().map(|id| key_form(id)).filter(|id| !id.is_empty()).collect();
        self.orders
            .values()
            .filter(|o| tags(&o.key, ORDER_CLASS, &ids).iter().any(|tag| o.party.contains(&tag.to_string())))
            .collect()
    }
}

fn tags(key: &SeenKey, class: &str, ids: &[String]) -> Vec<Digest> {
    let Ok(secret) = Digest::from_hex(&key.secret) else { return Vec::new() };
    let key = seen::MonthKey(secret.0);
    ids.iter().filter_map(|id| seen::key(&key, class, id).ok()).collect()
}

/// `YYYY-MM` of every month that the window touches.
fn months(from: NaiveDate, to: NaiveDate) -> Vec<String> {
    let mut out = Vec::new();
    let mut day = from.with_day(1).unwrap_or(from);
    while day <= to {
        out.push(format!("{:04}-{:02}", day.year(), day.month()));
        match day.checked_add_months(Months::new(1)) {
            Some(next) => day = next,
            None => break,
        }
    }
    out
}
