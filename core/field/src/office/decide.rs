//! Decide and issue (决定与签发), in two transactions: number, decision and evidence hashes first; then the
//! device key signs, outside every lock; then the paper. A crash between the two leaves a decided,
//! unsigned case, which opening the phone signs.

use chrono::NaiveDateTime;
use ezhifa_casework::{
    case::Case,
    command::Command,
    event::{CaseEvent, CaseId, Choice, Confirmation, DecisionRecord, Event, HandPaper},
    law::{
        rulebook::Rulebook,
        terms::{CodeSays, Outcome, SlipKind},
    },
    people::{Crew, Officer, Private},
};
use ezhifa_slip::{Document, Extras, Mark, Marks, Strokes, compose, layout};
use ezhifa_wire::seal::{
    code::{SlipCode, SlipRecord},
    hash::Digest,
};
use std::sync::Arc;

use super::{
    FieldOffice, Open, Slip,
    desk::wanted,
    project::{self, At},
    scope,
};
use crate::{
    error::{Error, FieldError, Not},
    feed::moment,
    keys::Point,
    numbers::State,
};

/// A decision as it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Number as printed.
    pub number: String,
    /// The record.
    pub record: DecisionRecord,
    /// Its place in the journal: epoch, seq, hash.
    pub entry: (String, u64, String),
}

/// What people drew on the glass, where they did not sign in ink.
#[derive(Clone, Default)]
pub struct Drawn {
    /// The two officers.
    pub officers: [Option<Strokes>; 2],
    /// The party.
    pub party: Option<Strokes>,
    /// The party signs nothing (refused, unable, gone): the line stays off the paper.
    pub no_party_line: bool,
    /// How the party signed, where it is known before the print.
    pub signing: Option<ezhifa_casework::people::Signing>,
}

/// What a paper is made from.
struct Ground {
    event: CaseEvent,
    entry: Digest,
    kind: SlipKind,
}

impl FieldOffice {
    /// The two officers decide. Before a number is used the paper is composed and laid out once, so that a
    /// name that cannot be printed is refused here.
    ///
    /// # Errors
    /// A refusal with its article; no numbers; a paper that cannot be printed.
    pub fn decide(
        &self,
        id: &CaseId,
        choice: Option<Choice>,
        order_due: Option<NaiveDateTime>,
        confirmations: &[Confirmation],
    ) -> Result<Decided, FieldError> {
        let command = Command::Decide { choice, order_due, confirmations: confirmations.to_vec() };
        Ok(self.decide_by(id, &command, confirmations)?)
    }

    /// 手写文书补录: what both officers decided on a pre-numbered sheet while no printer worked, keyed in with
    /// the photo of the sheet. Number, decision and paper are one transaction: nothing is left to sign.
    ///
    /// # Errors
    /// A refusal with its article: no photo, a time before the hearing, not the next sheet of the pad.
    pub fn key_in(
        &self,
        id: &CaseId,
        paper: HandPaper,
        choice: Option<Choice>,
        order_due: Option<NaiveDateTime>,
        confirmations: &[Confirmation],
    ) -> Result<Decided, FieldError> {
        let command = Command::KeyInPaper { paper, choice, order_due, confirmations: confirmations.to_vec() };
        Ok(self.decide_by(id, &command, confirmations)?)
    }

    fn decide_by(
        &self,
        id: &CaseId,
        command: &Command,
        confirmations: &[Confirmation],
    ) -> Result<Decided, Error> {
        // A sheet is written already: an app or an offence that HQ stopped since is no reason to hide it.
        if matches!(command, Command::Decide { .. }) {
            self.may_decide(id)?;
        }
        self.taken_here(id, confirmations)?;
        self.try_paper(id, command)?;
        let (acted, at) = self.run(id, command, &|_| Ok(()))?;
        self.state().confirmations.retain(|(case, ..)| case != id);
        let record = acted.case.record().cloned().ok_or(Not::Paper)?;
        let at = at.first().copied().unwrap_or(At { epoch: Default::default(), seq: 0, hash: Digest::ZERO });
        let entry = (at.epoch.to_string(), at.seq, at.hash.to_string());
        Ok(Decided { number: record.number.clone(), record, entry })
    }

    fn may_decide(&self, id: &CaseId) -> Result<(), Error> {
        let least = self.state().min_app.clone();
        if !least.is_empty() && older(&self.ports.app, &least) {
            return Err(Not::AppTooOld(least).into());
        }
        self.not_suspended(id)
    }

    /// Composes and lays out the paper that a command would lead to; nothing is kept.
    pub(super) fn try_paper(&self, id: &CaseId, command: &Command) -> Result<(), Error> {
        let open = self.opened()?;
        if wanted(&Case::new(id.clone()), command).is_empty() {
            return Ok(());
        }
        let case = open.case(id)?;
        let parts = self.parts(&open, &case, Some(command))?;
        let events = parts.handle(&case, command)?;
        let Some((_, law)) = &parts.law else { return Ok(()) };
        let mut after = case.clone();
        for event in &events {
            after.apply(event);
        }
        for event in &events {
            let Some((number, kind)) = paper_of(&event.event) else { continue };
            if after.slip(number).is_some() || after.on_hand_paper().is_some_and(|p| p.number == number) {
                continue; // Nothing is printed any more.
            }
            let document = self.document(&open, &after, law, event, kind, number, None, &Drawn::default())?;
            let paper = self.state().paper;
            layout(&document, paper, self.ports.glyphs.as_ref())?;
        }
        Ok(())
    }

    /// Signs and stores the papers of a case that are decided and not yet signed; asked again, it answers
    /// with the newest paper that is there.
    ///
    /// # Errors
    /// Nothing is decided; the key or the store refuses.
    pub fn issue(&self, id: &CaseId) -> Result<Slip, FieldError> {
        self.issue_drawn(id, &Drawn::default())
    }

    /// [`FieldOffice::issue`] with signatures from the glass.
    ///
    /// # Errors
    /// As there.
    pub fn issue_drawn(&self, id: &CaseId, drawn: &Drawn) -> Result<Slip, FieldError> {
        let issue = || -> Result<Slip, Error> {
            let open = self.opened()?;
            let waiting = open.store.read(|dao| dao.unsigned_numbers())?;
            for number in waiting.iter().filter(|u| u.case_id == id.0) {
                self.sign(&open, id, &number.text, drawn)?;
            }
            let case = open.case(id)?;
            Ok(Slip::of(case.slips().last().ok_or(Not::Paper)?))
        };
        Ok(issue()?)
    }

    /// What a crash left: decided and unsigned cases are signed, prints without a result become unknown.
    pub(super) fn sign_what_is_left(&self) -> Result<(), Error> {
        let open = self.opened()?;
        for number in open.store.read(|dao| dao.unsigned_numbers())? {
            // One that cannot be signed now (its pack or officer is missing) must not keep the phone shut:
            // readiness shows it, and the next opening tries again.
            let _ = self.sign(&open, &CaseId(number.case_id), &number.text, &Drawn::default());
        }
        for (number, case) in open.store.read(|dao| dao.list(scope::PRINTING))? {
            self.print_ended(&CaseId(String::from_utf8_lossy(&case).into_owned()), &number, None)?;
        }
        Ok(())
    }

    fn sign(&self, open: &Open, id: &CaseId, number: &str, drawn: &Drawn) -> Result<(), Error> {
        let case = open.case(id)?;
        let ground = ground(open, id, number)?;
        let inbox = open.inbox();
        let record = case.record().filter(|r| r.number == number);
        // Organ, bank, remedy clause and clocks are those at the decision; what was decided, and by which pack
        // (处罚法 37), stands in the record.
        let named = record.and_then(|r| inbox.pack(&r.laws.at_decision));
        let law = match named {
            Some(law) => law,
            None => inbox.law_on(ground.event.at.date())?,
        };
        let identity = open.identity();
        let officers = officers(open, &ground.event.crew)?;
        let says = SlipRecord {
            number: number.to_owned(),
            organ: identity.enrolled.organ.clone(),
            officers: [officers.0.certificate.clone(), officers.1.certificate.clone()],
            decided_ms: moment(ground.event.at),
            clause: clause(&case, number),
            outcome: CodeSays::of(
                ground.kind,
                record.map_or(case.outcome().unwrap_or(Outcome::Advice), |r| r.outcome),
            )
            .code(),
            order_due_ms: record.and_then(|r| r.order_due).map(moment),
            entry_prefix: ground.entry.prefix(),
        };
        self.ports.platform.probe.at(Point::BeforeSign)?;
        // The device key: a foreign call, no lock held.
        let code = SlipCode::encode(&says, &identity.enrolled.slip_url, self.ports.device_key.as_ref())?;
        self.ports.platform.probe.at(Point::AfterSign)?;
        let document =
            self.document(open, &case, &law, &ground.event, ground.kind, number, Some(&code), drawn)?;
        let command = Command::IssueSlip {
            slip: ground.kind,
            number: number.to_owned(),
            code: code.text(),
            check_code: code.check_code(),
            document: Private::new(serde_json::to_string(&document)?),
        };
        let _turn = self.desk_lock();
        // Somebody else may have signed it meanwhile.
        if open.store.read(|dao| dao.number_state(number))? != Some(State::Reserved) {
            return Ok(());
        }
        let case = open.case(id)?;
        let mut parts = self.parts(open, &case, Some(&command))?;
        if parts.crew.second.0.is_empty() {
            // After a crash nobody is signed in yet: the paper belongs to those who decided.
            parts.crew = ground.event.crew.clone();
        }
        let events = parts.handle(&case, &command)?;
        open.store.write::<_, Error>(|dao| {
            project::append(dao, &case, &events, Some(&law))?;
            if let Some(pay_code) = &document.pay_code {
                dao.put(scope::PAY_CODE, pay_code, number.as_bytes())?;
            }
            Ok(())
        })?;
        self.ports.platform.probe.at(Point::BeforePrint)?;
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // What a paper is made of.
    pub(super) fn document(
        &self,
        open: &Open,
        case: &Case,
        law: &Arc<Rulebook>,
        event: &CaseEvent,
        kind: SlipKind,
        number: &str,
        code: Option<&SlipCode>,
        drawn: &Drawn,
    ) -> Result<Document, Error> {
        let (first, second) = officers(open, &event.crew)?;
        let mut extras = Extras::new(kind, number, [&first, &second], event.at);
        let ink = |strokes: &Option<Strokes>| {
            Some(strokes.clone().map_or(Mark::Ink, |strokes| Mark::Strokes { strokes }))
        };
        let [a, b] = &drawn.officers;
        extras.marks = Marks {
            officers: [ink(a), ink(b)],
            party: if drawn.no_party_line { None } else { ink(&drawn.party) },
        };
        extras.signing = drawn.signing.clone();
        if let Some(code) = code {
            extras.code = Some(code.text());
            extras.check_code = code.check_code();
        }
        if case.outcome().is_some_and(Outcome::has_fine) && kind == SlipKind::Penalty {
            let inbox = open.inbox();
            extras.pay_last_day = inbox
                .calendar()
                .and_then(|calendar| law.clocks().ok()?.pay_last_day(event.at.date(), &calendar).ok());
            if !case.is_drill() {
                // Made for this very decision, or lent before, or none.
                extras.pay_code = match open.minted(number)? {
                    Some(code) => Some(code),
                    None => self.free_pay_code(open)?,
                };
            }
        }
        if let Event::Corrected { by, .. } | Event::Revoked { by, .. } = &event.event
            && let Some(head) = open.inbox().roster()?.get(by)
        {
            extras.more.insert("head", head.name.clone());
        }
        Ok(compose(case, law, &extras)?)
    }

    /// Pay codes lent to this phone: (free, lent).
    pub(crate) fn pay_codes(&self) -> Result<(usize, usize), Error> {
        let open = self.opened()?;
        let inbox = open.inbox();
        let used = open.store.read(|dao| dao.list(scope::PAY_CODE))?.len();
        let lent = inbox.pay_codes().len();
        Ok((lent.saturating_sub(used), lent))
    }

    fn free_pay_code(&self, open: &Open) -> Result<Option<String>, Error> {
        let inbox = open.inbox();
        open.store.read(|dao| {
            for code in inbox.pay_codes() {
                if dao.get(scope::PAY_CODE, code)?.is_none() {
                    return Ok(Some(code.clone()));
                }
            }
            Ok(None)
        })
    }
}

/// The number and kind of paper that an event calls for.
pub(super) fn paper_of(event: &Event) -> Option<(&str, SlipKind)> {
    match event {
        Event::Decided { record } => Some((record.number.as_str(), record.slip)),
        Event::PaperPrepared { slip, number } => Some((number, *slip)),
        Event::Advised { number: Some(n), .. } => Some((n, SlipKind::Advice)),
        Event::HandedTo { number: Some(n), .. } => Some((n, SlipKind::Transfer)),
        Event::Corrected { number: Some(n), .. } => Some((n, SlipKind::Correction)),
        Event::Revoked { number: Some(n), .. } => Some((n, SlipKind::Revocation)),
        Event::WaiverRuled { number: Some(n), slip: Some(slip), .. } => Some((n, *slip)),
        _ => None,
    }
}

/// The entry that a number was taken for.
fn ground(open: &Open, id: &CaseId, number: &str) -> Result<Ground, Error> {
    for stored in open.store.read(|dao| dao.case_entries(&id.0))? {
        let Some(body) = stored
            .entry
            .body
            .as_ref()
            .filter(|_| matches!(stored.entry.header.kind.as_str(), "case" | "drill"))
        else {
            continue;
        };
        let event: CaseEvent = serde_json::from_str(body)?;
        if let Some((n, kind)) = paper_of(&event.event)
            && n == number
        {
            return Ok(Ground { entry: stored.entry.header.hash(), kind, event });
        }
    }
    Err(Not::Paper.into())
}

fn officers(open: &Open, crew: &Crew) -> Result<(Officer, Officer), Error> {
    let roster = open.inbox().roster()?;
    let get = |id| roster.get(id).cloned().ok_or(Not::Crew);
    Ok((get(&crew.lead)?, get(&crew.second)?))
}

/// What was decided on, short enough for the code.
fn clause(case: &Case, number: &str) -> String {
    case.record()
        .filter(|r| r.number == number)
        .map(|r| r.decision.offence.clone())
        .or_else(|| case.act().map(|a| a.offence.clone()))
        .unwrap_or_default()
}

/// Compares the versions at the end of `name 1.2.3`.
fn older(app: &str, least: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        let version = text.rsplit(' ').next().unwrap_or(text);
        version
            .split('.')
            .map(|p| p.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0))
            .collect()
    };
    numbers(app) < numbers(least)
}

#[cfg(test)]
mod tests {
    use super::older;

    #[test]
    fn versions_are_numbers() {
        assert!(older("demo 1.9.0", "1.10.0"));
        assert!(!older("demo 1.10.0", "1.10.0"));
        assert!(!older("demo 2.0", "1.10.0"));
    }
}
