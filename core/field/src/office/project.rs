//! What changes beside the entries, in their transaction: lists, clocks, numbers, finds of this phone.

use chrono::{Months, NaiveDateTime, TimeDelta};
use ezhifa_casework::{
    case::Case,
    event::{CaseEvent, CaseId, Event},
    law::{
        clocks::filing_due,
        keys::key_form,
        money::Fen,
        rulebook::Rulebook,
        terms::{Limb, Outcome, Series},
    },
    people::Identity,
};
use ezhifa_wire::seal::{
    entry::Epoch,
    hash::{Digest, tagged},
};
use serde::{Deserialize, Serialize};

use super::{line::CaseLine, numbers, scope};
use crate::{
    error::Error,
    feed::{local, moment},
    journal::Kind,
    store::Dao,
};

/// A decision that HQ has not confirmed yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Unfiled {
    pub(super) epoch: Epoch,
    pub(super) seq: u64,
    pub(super) due_ms: i64,
}

/// A decision of this phone about a party, for the encounter and for first offences not yet in HQ's lists.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Find {
    at: NaiveDateTime,
    conduct: String,
    outcome: Outcome,
    /// Limb of a waiver: not every waiver is an earlier find.
    #[serde(default)]
    limb: Option<Limb>,
    amount: Fen,
    stands: bool,
    /// The identity was read from a document: only then may it count as an earlier find.
    #[serde(default)]
    read: bool,
}

/// Where an appended event stands in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub(super) epoch: Epoch,
    pub(super) seq: u64,
    pub(super) hash: Digest,
}

/// Appends the events of one command, with everything that follows from them.
pub(super) fn append(
    dao: &mut Dao<'_>,
    case: &Case,
    events: &[CaseEvent],
    law: Option<&Rulebook>,
) -> Result<(Case, Vec<At>), Error> {
    let mut after = case.clone();
    let mut places = Vec::new();
    for event in events {
        let drill = after.is_drill() || matches!(&event.event, Event::Opened { drill: true, .. });
        let kind = if drill { Kind::Drill } else { Kind::Case };
        let written = dao.append_json(kind, 1, Some(&event.case.0), event)?;
        let at = At { epoch: written.head.epoch, seq: written.head.seq, hash: written.head.hash };
        let before = party_scopes(&after);
        after.apply(event);
        if matches!(&event.event, Event::Corrected { party: Some(_), .. }) {
            // 补正 of the identity: what this phone found moves from the wrong person to the right one.
            for scope in before {
                dao.drop_thing(&scope, &event.case.0)?;
            }
            find(dao, &after, law, after.record().is_some())?;
        }
        follow(dao, &after, event, at, law)?;
        super::keeping::date(dao, &after, event, law)?;
        places.push(at);
    }
    CaseLine::of(&after).keep(dao, &after, events.last().map_or(0, |e| moment(e.at)))?;
    Ok((after, places))
}

fn follow(
    dao: &mut Dao<'_>,
    case: &Case,
    event: &CaseEvent,
    at: At,
    law: Option<&Rulebook>,
) -> Result<(), Error> {
    let id = &event.case;
    match &event.event {
        Event::Decided { record } => {
            numbers::reserve(dao, law, record.series, record.at, event, case.is_drill(), &record.number)?;
            if !case.is_drill() {
                let hours = law.map_or(24, |l| l.settings().filing_hours);
                // From the decision: the time on a hand-written paper, not that of keying it in.
                let due_ms = moment(filing_due(record.at, hours));
                let waits = Unfiled { epoch: at.epoch, seq: at.seq, due_ms };
                dao.put(scope::UNFILED, &id.0, &serde_json::to_vec(&waits)?)?;
            }
            find(dao, case, law, true)?;
        }
        Event::Advised { number: Some(number), .. }
        | Event::HandedTo { number: Some(number), .. }
        | Event::Corrected { number: Some(number), .. }
        | Event::Revoked { number: Some(number), .. } => {
            numbers::reserve(dao, law, Series::Notice, event.at, event, case.is_drill(), number)?;
            if matches!(event.event, Event::Revoked { .. }) {
                find(dao, case, law, false)?;
            }
        }
        Event::WaiverRuled { number, granted, .. } => {
            if let Some(number) = number {
                numbers::reserve(dao, law, Series::NoPenalty, event.at, event, case.is_drill(), number)?;
            }
            // Granted, it is a waiver: the next act is no first one. Refused, it goes elsewhere.
            find(dao, case, law, *granted)?;
        }
        Event::PaperPrepared { number, .. } => {
            numbers::reserve(dao, law, Series::Notice, event.at, event, case.is_drill(), number)?;
        }
        Event::KeyedIn { paper } => numbers::issued(dao, &paper.number)?,
        Event::SlipIssued { number, .. } => numbers::issued(dao, number)?,
        Event::Voided { number, reason, .. } | Event::Undelivered { number, reason } => {
            dao.mark_void(number, reason)?;
            find(dao, case, law, false)?;
        }
        Event::Filed { .. } => {
            dao.drop_thing(scope::UNFILED, &id.0)?;
        }
        _ => {}
    }
    Ok(())
}

/// Names of the party inside the store, where a document or a plate tells who it is.
fn party_scopes(case: &Case) -> Vec<String> {
    let Some(party) = case.party() else { return Vec::new() };
    [&party.id_number, &party.plate]
        .iter()
        .map(|id| key_form(id.reveal()))
        .filter(|id| !id.is_empty())
        .map(|id| format!("party:{}", tagged("ezhifa.field.party.v1", &[id.as_bytes()])))
        .collect()
}

fn find(dao: &mut Dao<'_>, case: &Case, law: Option<&Rulebook>, stands: bool) -> Result<(), Error> {
    let ended = case.ended().last().map(|e| &e.record);
    let Some(record) = case.record().or(ended) else { return Ok(()) };
    if case.is_drill() {
        return Ok(());
    }
    let offence = &record.decision.offence;
    let conduct = law.and_then(|l| l.offence(offence)).map_or_else(|| offence.clone(), |o| o.conduct.clone());
    let read = case.party().is_some_and(|p| p.identity == Identity::DocumentRead);
    // What the head ruled on a proposed waiver is the outcome, not the proposal.
    let outcome = case.decided_outcome().unwrap_or(record.outcome);
    let limb = record.decision.limb;
    let find = Find { at: record.at, conduct, outcome, limb, amount: record.amount, stands, read };
    for scope in party_scopes(case) {
        dao.put(&scope, &case.id().0, &serde_json::to_vec(&find)?)?;
    }
    Ok(())
}

fn finds(dao: &Dao<'_>, case: &Case) -> Result<Vec<Find>, Error> {
    let mut out = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for scope in party_scopes(case) {
        for (id, bytes) in dao.list(&scope)? {
            if id != case.id().0 && seen.insert(id) {
                out.push(serde_json::from_slice::<Find>(&bytes)?);
            }
        }
    }
    out.retain(|f| f.stands);
    Ok(out)
}

/// Fines already decided on this party in this encounter: it is not split to slip under the gate, nor by
/// midnight.
pub(super) fn encounter_fines(
    dao: &Dao<'_>,
    case: &Case,
    law: Option<&Rulebook>,
    now: NaiveDateTime,
) -> Result<Fen, Error> {
    // Without a pack nothing is decided.
    let Some(law) = law else { return Ok(Fen::ZERO) };
    let window = TimeDelta::hours(law.settings().encounter_hours.into());
    let sum = finds(dao, case)?
        .iter()
        .filter(|f| now.signed_duration_since(f.at).abs() <= window)
        .fold(0i64, |sum, f| sum.saturating_add(f.amount.0));
    Ok(Fen(sum))
}

/// Whether this phone itself found the same conduct before, within the window.
pub(super) fn found_here(
    dao: &Dao<'_>,
    case: &Case,
    law: &Rulebook,
    conduct: &str,
    now: NaiveDateTime,
) -> Result<bool, Error> {
    let settings = law.settings();
    let from = now.checked_sub_months(Months::new(settings.look_back_months)).unwrap_or(now);
    let counts = |f: &Find| settings.counts_as_earlier(f.outcome, f.limb);
    Ok(finds(dao, case)?.iter().any(|f| f.read && f.conduct == conduct && f.at >= from && counts(f)))
}

/// Decisions that HQ has not confirmed, oldest due first.
pub(super) fn unfiled(dao: &Dao<'_>) -> Result<Vec<(CaseId, Unfiled)>, Error> {
    let mut out = Vec::new();
    for (id, bytes) in dao.list(scope::UNFILED)? {
        out.push((CaseId(id), serde_json::from_slice::<Unfiled>(&bytes)?));
    }
    out.sort_by_key(|(_, u)| u.due_ms);
    Ok(out)
}

/// Whether one of them is late (invariant 16).
pub(super) fn filing_overdue(dao: &Dao<'_>, wall_ms: i64) -> Result<bool, Error> {
    Ok(unfiled(dao)?.first().is_some_and(|(_, u)| u.due_ms < wall_ms))
}

/// For the status screen.
pub(super) fn filing_clock(dao: &Dao<'_>) -> Result<(u64, Option<NaiveDateTime>), Error> {
    let waiting = unfiled(dao)?;
    let count = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
    Ok((count, waiting.first().map(|(_, u)| local(u.due_ms))))
}
