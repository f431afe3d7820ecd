//! What lies on the desk when a command is asked: law by date, roster, lists, clocks, the next number.

use std::sync::Arc;

use chrono::{Datelike, NaiveDateTime};
use ezhifa_casework::{
    books::{Books, InForce, Rules},
    case::Case,
    command::{Command, Desk, NextNumber, ReceiptBlock},
    event::{CaseEvent, Laws},
    law::{
        decision::{AnswerKind, Decision, History, Inquiry, PackRef, Question},
        money::Fen,
        rulebook::Rulebook,
        terms::Series,
    },
    people::{Crew, OfficerId, Roster},
    refusal::Refusal,
};

use super::{FieldOffice, Open, numbers, project};
use crate::error::{Error, Not};

/// Everything on the desk, owned: the case borrows it for one command.
pub(super) struct Parts {
    pub(super) now: NaiveDateTime,
    pub(super) crew: Crew,
    pub(super) roster: Arc<Roster>,
    /// Rulebooks at the act and now; `None` while HQ sent none: evidence can be taken all the same.
    pub(super) law: Option<(Arc<Rulebook>, Arc<Rulebook>)>,
    pub(super) history: History,
    pub(super) numbers: Vec<NextNumber>,
    filing_overdue: bool,
    clock_trusted: bool,
    encounter_fines: Fen,
    receipts: Vec<ReceiptBlock>,
}

/// Nobody asked HQ yet.
pub(super) const NEVER_ASKED: History = History { earlier: None, as_of: None, stale: true };

impl Parts {
    /// Asks the case. A decision may turn out to need another series than the proposal did: then the
    /// number of that series is laid out and the same command asked again.
    pub(super) fn handle(&self, case: &Case, command: &Command) -> Result<Vec<CaseEvent>, Refusal> {
        for next_number in &self.numbers {
            match self.ask(case, command, Some(next_number.clone())) {
                Err(refusal) if refusal.code == "wrong_series" => {}
                answer => return answer,
            }
        }
        self.ask(case, command, None)
    }

    fn ask(
        &self,
        case: &Case,
        command: &Command,
        next_number: Option<NextNumber>,
    ) -> Result<Vec<CaseEvent>, Refusal> {
        let in_force = self.law.as_ref().map(|(at_act, now)| InForce { at_act, at_decision: now });
        let books: &dyn Books = match &in_force {
            Some(books) => books,
            None => &NoBooks,
        };
        case.handle(
            command,
            &Desk {
                now: self.now,
                crew: &self.crew,
                roster: &self.roster,
                books,
                history: self.history.clone(),
                next_number,
                filing_overdue: self.filing_overdue,
                clock_trusted: self.clock_trusted,
                encounter_fines: self.encounter_fines,
                receipts: &self.receipts,
            },
        )
    }

    /// Rulebooks, or why there are none.
    pub(super) fn books(&self) -> Result<InForce<'_>, Error> {
        let (at_act, now) = self.law.as_ref().ok_or_else(|| Not::Rulebook(self.now.date().to_string()))?;
        Ok(InForce { at_act, at_decision: now })
    }

    pub(super) fn encounter_fines(&self) -> Fen {
        self.encounter_fines
    }
}

impl FieldOffice {
    /// Lays out the desk for a command on a case.
    pub(super) fn parts(&self, open: &Open, case: &Case, command: Option<&Command>) -> Result<Parts, Error> {
        let stamp = self.ports.platform.clock.now();
        let now = crate::feed::local(stamp.wall_ms);
        let inbox = open.inbox();
        // A paper written by hand was decided when it was written.
        let decided = match command {
            Some(Command::KeyInPaper { paper, .. }) => paper.written_at,
            _ => now,
        };
        let act_day = match command {
            Some(Command::ChooseOffence { act_at, .. }) => act_at.date(),
            _ => case.act().map_or(decided.date(), |a| a.at.date()),
        };
        let law = match (inbox.law_on(act_day), inbox.law_on(decided.date())) {
            (Ok(at_act), Ok(at_decision)) => Some((at_act, at_decision)),
            // The organ's first pack may be younger than the act: what is in force now then stands for both.
            (Err(_), Ok(at_decision)) => Some((at_decision.clone(), at_decision)),
            _ => None,
        };
        let crew = {
            let state = self.state();
            state.crew.clone().unwrap_or_else(|| Crew {
                lead: state.signed_in.keys().next().cloned().unwrap_or_else(|| OfficerId(String::new())),
                second: OfficerId(String::new()),
                with: Vec::new(),
            })
        };
        let clock_trusted = open.clock_trusted(&stamp)?;
        let (filing_overdue, encounter_fines) = open.store.read::<_, Error>(|dao| {
            let book = law.as_ref().map(|(_, now)| now.as_ref());
            let fines = project::encounter_fines(dao, case, book, decided)?;
            Ok((project::filing_overdue(dao, stamp.wall_ms)?, fines))
        })?;
        let mut numbers = Vec::new();
        // A paper names two officers: without a crew none is numbered, and what is said goes without one.
        let named = !crew.second.0.is_empty() || matches!(command, Some(Command::RuleWaiver { .. }));
        if let (Some(command), Some((_, law)), true) = (command, &law, named) {
            for series in wanted(case, command) {
                let next = open.store.read::<_, Error>(|dao| {
                    numbers::next(dao, series, decided.year(), case.is_drill(), stamp.wall_ms)
                })?;
                if let Some(n) = next {
                    let text = numbers::text(law, series, decided.year(), n, case.is_drill());
                    numbers.push(NextNumber { series, text, drill: case.is_drill() });
                }
            }
        }
        Ok(Parts {
            now,
            crew,
            roster: inbox.roster().unwrap_or_default(),
            law,
            history: NEVER_ASKED,
            numbers,
            filing_overdue,
            clock_trusted,
            encounter_fines,
            receipts: inbox.receipts().to_vec(),
        })
    }
}

/// Series from which a command may take a number, likeliest first.
pub(super) fn wanted(case: &Case, command: &Command) -> Vec<Series> {
    match command {
        Command::KeyInPaper { .. } => vec![Series::HandWritten],
        Command::Decide { .. } => {
            let mut all: Vec<Series> = case.needed_series().into_iter().collect();
            for series in [Series::Penalty, Series::NoPenalty, Series::Order] {
                if !all.contains(&series) {
                    all.push(series);
                }
            }
            all
        }
        Command::Advise { .. }
        | Command::HandOver { .. }
        | Command::Correct { .. }
        | Command::Revoke { .. }
        | Command::PreparePaper { .. } => {
            vec![Series::Notice]
        }
        Command::RuleWaiver { granted: true, .. } => vec![Series::NoPenalty],
        _ => Vec::new(),
    }
}

/// Before the first sync: nothing can be decided, everything can be recorded.
struct NoBooks;

const NONE: &str = "本机没有规则包，请联网同步 / no rulebook on this phone: sync first";

impl Books for NoBooks {
    fn is_same_matter(&self, one: &str, other: &str) -> bool {
        one == other
    }

    fn decide(&self, _: &Inquiry) -> Result<Decision, String> {
        Err(NONE.to_owned())
    }

    fn questions(&self, _: &Inquiry) -> Result<Vec<Question>, String> {
        Err(NONE.to_owned())
    }

    fn has_offence(&self, _: &str) -> bool {
        false
    }

    fn answer_kind(&self, _: &str) -> Option<AnswerKind> {
        None
    }

    fn rules(&self) -> Rules {
        Rules {
            filing_hours: 0,
            gate_citizen: Fen::ZERO,
            gate_sole_trader: Fen::ZERO,
            gate_organisation: Fen::ZERO,
            cash: false,
            cash_limit: Fen::ZERO,
            verified_identity_for_fine: true,
            recheck_other_crew: true,
            recheck_other_day: true,
            refusal_service_days: 0,
            commitment_first: true,
            online_reconsideration: false,
        }
    }

    fn laws(&self) -> Laws {
        let none = PackRef { id: String::new(), version: 0, hash: String::new() };
        Laws { at_act: none.clone(), at_decision: none }
    }
}
