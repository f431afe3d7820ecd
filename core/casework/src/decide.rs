//! `Decide`: everything that LAW.md 6.1 no. 1 asks for, in the order in which an officer would do it,
//! and the list of what is still missing, for a screen that shows it before anybody presses.

use chrono::{NaiveDateTime, TimeDelta};
use ezhifa_law::{
    decision::{Decision, DefenceCap},
    terms::{Outcome, Series, SlipKind},
};

use crate::{
    case::Case,
    command::Desk,
    event::{Choice, Confirmation, DecisionRecord, HandPaper},
    guards::{crew, decision, hand, hearing, party, prior, proposal, state, waiver},
    people::Identity,
    refusal::Refusal,
};

impl Case {
    /// Everything that still stands between this case and the decision that was proposed, apart from
    /// the officers' confirmations: empty when they may confirm. Limb B asks for its reason here too.
    #[must_use]
    pub fn missing(&self, desk: &Desk) -> Vec<Refusal> {
        let mut list: Vec<Refusal> =
            [state::undecided(self), crew::may_act(self, desk)].into_iter().filter_map(Result::err).collect();
        let Some(standing) = &self.proposal else {
            list.push(hearing::NOTHING_PROPOSED.refusal());
            return list;
        };
        let fresh = proposal::current(standing).and_then(|()| self.unchanged(desk).map(|_| ()));
        list.extend(fresh.err());
        list.extend(self.hurdles(desk, &standing.decision, standing.choice.as_ref()));
        list.extend(decision::number(self, desk, standing.decision.series).err());
        list
    }

    pub(crate) fn decide(
        &self,
        desk: &Desk,
        choice: Option<&Choice>,
        order_due: Option<NaiveDateTime>,
        confirmations: &[Confirmation],
    ) -> Result<DecisionRecord, Refusal> {
        self.decided(desk, desk, None, choice, order_due, confirmations)
    }

    /// The same as it was written by hand: judged as of the time on the paper, confirmed now.
    pub(crate) fn key_in(
        &self,
        desk: &Desk,
        paper: &HandPaper,
        choice: Option<&Choice>,
        order_due: Option<NaiveDateTime>,
        confirmations: &[Confirmation],
    ) -> Result<DecisionRecord, Refusal> {
        hand::written(self, desk, paper)?;
        let then = Desk {
            now: paper.written_at,
            history: desk.history.clone(),
            next_number: desk.next_number.clone(),
            ..*desk
        };
        self.decided(&then, desk, Some(paper), choice, order_due, confirmations)
    }

    /// `desk` is that of the decision, `here` the one at which it is confirmed; they differ on paper only.
    fn decided(
        &self,
        desk: &Desk,
        here: &Desk,
        paper: Option<&HandPaper>,
        choice: Option<&Choice>,
        order_due: Option<NaiveDateTime>,
        confirmations: &[Confirmation],
    ) -> Result<DecisionRecord, Refusal> {
        state::undecided(self)?;
        crew::may_act(self, desk)?;
        let standing = self.proposal.as_ref().ok_or_else(|| hearing::NOTHING_PROPOSED.refusal())?;
        proposal::current(standing)?;
        let again = self.unchanged(desk)?;
        let (decided, choice) = match choice {
            None => (again, standing.choice.clone()),
            Some(other) => {
                let proposed = proposal::ask(self, desk, None)?;
                let (decided, choice) = proposal::choose(self, desk, proposed, other)?;
                (decided, Some(choice))
            }
        };
        if let Some(first) = self.hurdles(desk, &decided, choice.as_ref()).into_iter().next() {
            return Err(first);
        }
        decision::confirmed(self, here, confirmations)?;
        let order_due = self.due(desk, &decided, order_due)?;
        let series = if paper.is_some() { Series::HandWritten } else { decided.series };
        let number = decision::number(self, desk, series)?;
        if let Some(paper) = paper {
            hand::sheet(paper, &number)?;
        }
        Ok(DecisionRecord {
            outcome: decided.outcome,
            amount: decided.amount,
            reason_code: choice.as_ref().map(|c| c.reason.clone()),
            series,
            number,
            at: desk.now,
            place: self.place().map(|p| p.address.clone()).unwrap_or_default(),
            evidence: decision::frozen(self, desk.now),
            confirmations: confirmations.to_vec(),
            order_due,
            history_as_of: self.history.as_ref().and_then(|h| h.as_of),
            slip: self.paper_of(&decided),
            remedy: decided.remedy,
            encounter_fines: desk.encounter_fines,
            laws: desk.books.laws(),
            choice: choice.as_ref().and_then(Choice::for_law),
            decision: decided,
        })
    }

    /// The rulebook is asked again: nothing may have changed since the proposal.
    fn unchanged(&self, desk: &Desk) -> Result<Decision, Refusal> {
        let standing = self.proposal.as_ref().ok_or_else(|| hearing::NOTHING_PROPOSED.refusal())?;
        let again = proposal::ask(self, desk, standing.law_choice())?;
        proposal::OUTDATED.unless(proposal::says_the_same(&again, &standing.decision))?;
        Ok(again)
    }

    /// What the law asks for before this outcome, as refusals where it is missing.
    fn hurdles(&self, desk: &Desk, decided: &Decision, choice: Option<&Choice>) -> Vec<Refusal> {
        let outcome = decided.outcome;
        let told = DefenceCap { outcome, amount: decided.amount };
        if let Err(elsewhere) = decision::on_the_spot(outcome) {
            // Nothing else matters: this is not decided here.
            return vec![elsewhere];
        }
        let heard = || hearing::heard(self, desk, decided);
        let complied = || waiver::corrected(self);
        [
            decision::times(desk, outcome),
            hearing::certificates(self, desk),
            decision::evidence(self, desk.now),
            party::for_outcome(self, desk, outcome),
            hearing::no_open_recusal(self),
            waiver::promise(self, desk),
            prior::for_penalty(self, desk, decided),
            if hearing::needs_hearing(outcome) { heard() } else { Ok(()) },
            proposal::ceilings(self, decided),
            waiver::decide(self, desk, outcome, decided.limb, choice),
            if outcome == Outcome::OrderComplied { complied() } else { Ok(()) },
            decision::gate(self, desk, told),
        ]
        .into_iter()
        .filter_map(Result::err)
        .collect()
    }

    /// When the order is due: none where the correction is done.
    fn due(
        &self,
        desk: &Desk,
        decided: &Decision,
        wanted: Option<NaiveDateTime>,
    ) -> Result<Option<NaiveDateTime>, Refusal> {
        decision::BAD_DUE.unless(wanted.is_none_or(|due| desk.now <= due))?;
        let done = decided.outcome == Outcome::OrderComplied || self.corrected_at().is_some();
        if decided.order_text.is_empty() || done {
            return Ok(None);
        }
        let hours = TimeDelta::hours(i64::from(decided.order_hours));
        Ok(wanted.or_else(|| desk.now.checked_add_signed(hours)))
    }

    /// The rulebook's paper; an order to somebody who gives no name is the unnamed one.
    fn paper_of(&self, decision: &Decision) -> SlipKind {
        let named = self
            .party
            .as_ref()
            .is_some_and(|p| matches!(p.identity, Identity::DocumentRead | Identity::Declared));
        match decision.slip {
            SlipKind::Order if !named => SlipKind::OrderUnnamed,
            slip => slip,
        }
    }
}
