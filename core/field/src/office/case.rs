//! Cases: open, look, act, search.

use chrono::NaiveDate;
use ezhifa_casework::{
    books::{Books as _, InForce, Rules},
    case::{Case, Phase},
    command::Command,
    deadlines::{self, Deadline},
    event::{CaseEvent, CaseId, Choice, Source},
    law::{
        calendar::Calendar,
        clocks::Clocks,
        decision::{Decision, Question},
        money::Fen,
    },
    people::Place,
};
use serde_json::json;

use super::{
    CaseLine, FieldOffice, Open,
    desk::Parts,
    line,
    project::{self, At},
};
use crate::{
    error::{Error, FieldError, Not},
    journal::Kind,
    search::{KeyKind, Query},
};

const NO_CALENDAR: &str =
    "指挥中心尚未下发工作日历，先同步 / HQ has sent no working-day calendar yet: sync first";

/// What a command did.
#[derive(Debug, Clone, PartialEq)]
pub struct Acted {
    /// The events, as they stand in the journal.
    pub events: Vec<CaseEvent>,
    /// How far the case is now.
    pub phase: Phase,
    /// The case after it.
    pub case: Case,
}

impl Open {
    /// Folds a case from the journal.
    pub(super) fn case(&self, id: &CaseId) -> Result<Case, Error> {
        let entries = self.store.read(|dao| dao.case_entries(&id.0))?;
        let mut case = Case::new(id.clone());
        for stored in entries.iter().filter(|s| matches!(s.entry.header.kind.as_str(), "case" | "drill")) {
            // A purged body is past its retention: the case is then only its headers.
            if let Some(body) = &stored.entry.body {
                case.apply(&serde_json::from_str::<CaseEvent>(body)?);
            }
        }
        if entries.is_empty() { Err(Not::Case.into()) } else { Ok(case) }
    }
}

impl FieldOffice {
    /// Opens a case (立案线索). The id is the same for ever.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn open_case(
        &self,
        source: Source,
        place: Place,
        drill: bool,
        continues: Option<CaseId>,
    ) -> Result<CaseId, FieldError> {
        let random: [u8; 10] = self.ports.platform.random().map_err(Error::from)?;
        self.open_case_as(
            &CaseId(format!("c-{}", data_encoding::BASE32_NOPAD.encode(&random).to_lowercase())),
            source,
            place,
            drill,
            continues,
        )
    }

    /// [`FieldOffice::open_case`] with an id that the caller made: scenarios and tests.
    ///
    /// # Errors
    /// As there; the case is open already.
    pub fn open_case_as(
        &self,
        id: &CaseId,
        source: Source,
        place: Place,
        drill: bool,
        continues: Option<CaseId>,
    ) -> Result<CaseId, FieldError> {
        let command = Command::Open { source, place, drill, continues };
        self.run(id, &command, &|_| Ok(()))?;
        Ok(id.clone())
    }

    /// Does what the officers ask, if the law lets them. Deciding, issuing and printing have calls of
    /// their own.
    ///
    /// # Errors
    /// A refusal with its article and the next step; a condition of the phone; the store.
    pub fn act(&self, case: &CaseId, command: &Command) -> Result<Acted, FieldError> {
        let own = match command {
            Command::Decide { .. } => Some("decide"),
            Command::KeyInPaper { .. } => Some("key_in"),
            Command::IssueSlip { .. } => Some("issue"),
            Command::RecordPrint { .. } => Some("print"),
            Command::AskHistory => Some("history"),
            Command::AddEvidence(_) => Some("capture"),
            Command::DeferPayment(_) => Some("sync"),
            // What the phone knows of an order is not an app's to say; a paper from elsewhere is.
            Command::AttachPriorOrder { order, .. } if self.knows_order(&order.number)? => {
                Some("attach_order")
            }
            _ => None,
        };
        if let Some(call) = own {
            return Err(Error::from(Not::OwnCall(call)).into());
        }
        if let Command::Void { confirmation, .. } = command {
            self.taken_here(case, std::slice::from_ref(confirmation))?;
        }
        // A paper that could not be printed is refused here, before it takes a number.
        self.try_paper(case, command)?;
        Ok(self.run(case, command, &|_| Ok(()))?.0)
    }

    /// Handles a command and appends its events in one transaction. `prepare` may change the desk.
    pub(super) fn run(
        &self,
        id: &CaseId,
        command: &Command,
        prepare: &dyn Fn(&mut Parts) -> Result<(), Error>,
    ) -> Result<(Acted, Vec<At>), Error> {
        let open = self.opened()?;
        let _turn = self.desk_lock();
        let case = match open.case(id) {
            Err(Error::Not(Not::Case)) if matches!(command, Command::Open { .. }) => Case::new(id.clone()),
            other => other?,
        };
        let mut parts = self.parts(&open, &case, Some(command))?;
        prepare(&mut parts)?;
        let events = parts.handle(&case, command)?;
        let law = parts.law.as_ref().map(|(_, now)| now.as_ref());
        let (after, at) = open.store.write::<_, Error>(|dao| project::append(dao, &case, &events, law))?;
        Ok((Acted { events, phase: after.phase(), case: after }, at))
    }

    /// A case as it stands.
    ///
    /// # Errors
    /// No such case.
    pub fn case(&self, id: &CaseId) -> Result<Case, FieldError> {
        Ok(self.opened()?.case(id)?)
    }

    /// Every event of a case, in order: what a supervisor reads. Outside the crew's own open cases the
    /// read is itself an entry, before anything is shown (invariant 21).
    ///
    /// # Errors
    /// No such case.
    pub fn events(&self, id: &CaseId) -> Result<Vec<CaseEvent>, FieldError> {
        let read = || -> Result<Vec<CaseEvent>, Error> {
            let open = self.opened()?;
            let entries = open.store.read(|dao| dao.case_entries(&id.0))?;
            let bodies = entries
                .iter()
                .filter(|s| matches!(s.entry.header.kind.as_str(), "case" | "drill"))
                .filter_map(|s| s.entry.body.as_ref());
            let events: Vec<CaseEvent> = bodies.map(|b| serde_json::from_str(b)).collect::<Result<_, _>>()?;
            let crew = self.state().crew.clone();
            let own = crew.as_ref().is_some_and(|c| events.iter().any(|e| e.crew.same_two(c)));
            if !own || Case::fold(&events).closed().is_some() {
                let officer = crew.map(|c| c.lead.0).unwrap_or_default();
                open.store.write::<_, Error>(|dao| {
                    let body = json!({ "event": "case_read", "officer": officer, "case": id.0 });
                    dao.append_json(Kind::Access, 1, None, &body)?;
                    Ok(())
                })?;
            }
            Ok(events)
        };
        Ok(read()?)
    }

    /// The newest cases, at most `most`.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn cases(&self, most: usize) -> Result<Vec<CaseLine>, FieldError> {
        self.find(&Query::Opened { from_ms: i64::MIN, to_ms: i64::MAX }, most)
    }

    /// Cases by number, offence, phase, place or time. Looking for people is [`FieldOffice::look_up`].
    ///
    /// # Errors
    /// A question about a person; not enrolled; the store.
    pub fn find(&self, query: &Query<'_>, most: usize) -> Result<Vec<CaseLine>, FieldError> {
        let find = || -> Result<Vec<CaseLine>, Error> {
            if matches!(query, Query::Key(KeyKind::PartyId | KeyKind::PartyName | KeyKind::Plate, _)) {
                return Err(Not::OwnCall("look_up").into());
            }
            let rows = self.opened()?.store.read(|dao| dao.search(query, most))?;
            rows.iter().map(line::CaseLine::read).collect()
        };
        Ok(find()?)
    }

    /// Cases of this phone by party, plate or number. Who asked, why and how many were found is an entry.
    ///
    /// # Errors
    /// Nobody is signed in; the store.
    pub fn look_up(
        &self,
        reason: &str,
        kind: KeyKind,
        text: &str,
        most: usize,
    ) -> Result<Vec<CaseLine>, FieldError> {
        let look = || -> Result<Vec<CaseLine>, Error> {
            let officer = self.state().signed_in.keys().next().cloned().ok_or(Not::Crew)?;
            let rows = self.opened()?.store.look_up(&officer.0, reason, kind, text, most)?;
            rows.iter().map(line::CaseLine::read).collect()
        };
        Ok(look()?)
    }

    /// What the law still needs to know of this case, fewest first.
    ///
    /// # Errors
    /// No rulebook, no offence chosen.
    pub fn questions(&self, id: &CaseId) -> Result<Vec<Question>, FieldError> {
        let ask = || -> Result<Vec<Question>, Error> {
            let open = self.opened()?;
            let case = open.case(id)?;
            let parts = self.parts(&open, &case, None)?;
            let Some(inquiry) = case.inquiry(parts.now, parts.encounter_fines(), None) else {
                return Ok(Vec::new());
            };
            ezhifa_casework::books::Books::questions(&parts.books()?, &inquiry).map_err(Error::Law)
        };
        Ok(ask()?)
    }

    /// What is still to be done in this case and until when: 备案, payment (as deferred), 复查, cash.
    ///
    /// # Errors
    /// No such case, no rulebook, no calendar from HQ yet.
    pub fn deadlines(&self, id: &CaseId) -> Result<Vec<Deadline>, FieldError> {
        Ok(self.by_the_clocks(id, |case, rules, clocks, calendar, _| {
            deadlines::open(case, rules, clocks, calendar)
        })?)
    }

    /// 加处罚款 as of today (处罚法 72), counted from the last day to pay as it stands in the case: a deferral
    /// moves it. Zero before; what a remedy stops is HQ's to know.
    ///
    /// # Errors
    /// As [`FieldOffice::deadlines`].
    pub fn late_fee(&self, id: &CaseId) -> Result<Fen, FieldError> {
        Ok(self.by_the_clocks(id, |case, _, clocks, calendar, today| {
            deadlines::late_fee(case, clocks, calendar, today)
        })?)
    }

    fn by_the_clocks<T>(
        &self,
        id: &CaseId,
        count: impl FnOnce(&Case, &Rules, &Clocks, &Calendar, NaiveDate) -> T,
    ) -> Result<T, Error> {
        let open = self.opened()?;
        let case = open.case(id)?;
        let today = self.now().date();
        let inbox = open.inbox();
        let decided = case.record().and_then(|r| inbox.pack(&r.laws.at_decision));
        let law = decided.map_or_else(|| inbox.law_on(today), Ok)?;
        let clocks = law.clocks().map_err(|e| Error::Law(e.to_string()))?;
        let calendar = inbox.calendar().ok_or_else(|| Error::Law(NO_CALENDAR.to_owned()))?;
        let rules = InForce { at_act: &law, at_decision: &law }.rules();
        Ok(count(&case, &rules, &clocks, &calendar, today))
    }

    /// Asks the rulebook; the officers may choose otherwise where it leaves a choice.
    ///
    /// # Errors
    /// A refusal; the offence is suspended.
    pub fn propose(&self, id: &CaseId, choice: Option<Choice>) -> Result<Decision, FieldError> {
        self.not_suspended(id)?;
        let (acted, _) = self.run(id, &Command::Propose { choice }, &|_| Ok(()))?;
        let proposal = acted.case.proposal().map(|p| p.decision.clone());
        Ok(proposal.ok_or_else(|| Error::Law("没有建议 / nothing was proposed".into()))?)
    }

    /// HQ may stop an offence at any moment; what is under way may still go elsewhere.
    pub(super) fn not_suspended(&self, id: &CaseId) -> Result<(), Error> {
        let open = self.opened()?;
        let case = open.case(id)?;
        let Some(act) = case.act() else { return Ok(()) };
        match open.inbox().suspended(&act.offence, self.wall_ms()) {
            Some(reason) => Err(Not::Suspended(format!("{}：{reason}", act.offence)).into()),
            None => Ok(()),
        }
    }
}
