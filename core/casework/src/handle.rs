//! `handle`: a command that passes its guards becomes events. Nothing is changed here.

use ezhifa_law::{
    decision::{Decision, DefenceCap},
    terms::{Outcome, Series, SlipKind},
};

use crate::{
    case::Case,
    command::{Command, Desk},
    event::{CaseEvent, Choice, Confirmation, DecisionRecord, Destination, Event},
    guards::{
        after, closing, correction, crew, decision, facts, hearing, money, paper, party, prior, proposal,
        service, state, waiver,
    },
    people::Identity,
    refusal::Refusal,
};

impl Case {
    /// Holds `command` against the law and answers with the events to append, in order and in one
    /// transaction, or with the reason why not. Evidence is never refused.
    ///
    /// # Errors
    /// A [`Refusal`] that names what is missing, the article and the next step.
    pub fn handle(&self, command: &Command, desk: &Desk) -> Result<Vec<CaseEvent>, Refusal> {
        let events = self.events(command, desk)?;
        Ok(events
            .into_iter()
            .map(|event| CaseEvent { case: self.id.clone(), at: desk.now, crew: desk.crew.clone(), event })
            .collect())
    }

    #[allow(clippy::too_many_lines)] // One arm a command: a table, not an algorithm.
    fn events(&self, command: &Command, desk: &Desk) -> Result<Vec<Event>, Refusal> {
        let one = |event: Event| Ok(vec![event]);
        match command {
            Command::AddEvidence(item) => one(Event::EvidenceAdded { item: item.clone() }),
            Command::Open { source, place, drill, continues } => {
                state::ALREADY_OPENED.unless(self.opening.is_none())?;
                one(Event::Opened {
                    source: source.clone(),
                    place: place.clone(),
                    drill: *drill,
                    continues: continues.clone(),
                })
            }
            Command::ShowCertificates => {
                state::live(self)?;
                crew::may_act(self, desk)?;
                let number = |o| desk.roster.get(o).map(|o| o.certificate.clone());
                let certificates = desk.crew.officers().into_iter().filter_map(number).collect();
                one(Event::CertificatesShown { certificates })
            }
            Command::IdentifyParty(party) => {
                state::undecided(self)?;
                let party = party::identify(desk, party)?;
                one(Event::PartyIdentified { party: Box::new(party) })
            }
            Command::ChooseOffence { offence, act_at, fact_text } => {
                state::undecided(self)?;
                facts::offence(desk, offence, *act_at)?;
                one(Event::OffenceChosen {
                    offence: offence.clone(),
                    act_at: *act_at,
                    fact_text: fact_text.clone(),
                })
            }
            Command::AnswerFact { name, value, source } => {
                state::undecided(self)?;
                facts::answer(self, desk, name, value, *source)?;
                one(Event::FactAnswered { name: name.clone(), value: value.clone(), source: *source })
            }
            Command::AskHistory => {
                state::undecided(self)?;
                one(Event::HistoryAsked {
                    earlier: desk.history.earlier,
                    as_of: desk.history.as_of,
                    stale: desk.history.stale,
                })
            }
            Command::AttachPriorOrder { order, ordered_by } => {
                prior::attach(self, desk, order)?;
                one(Event::PriorOrderAttached { order: order.clone(), ordered_by: ordered_by.clone() })
            }
            Command::Propose { choice } => {
                let (decision, choice) = proposal::propose(self, desk, choice.as_ref())?;
                one(Event::Proposed {
                    decision: Box::new(decision),
                    choice,
                    encounter_fines: desk.encounter_fines,
                    laws: desk.books.laws(),
                })
            }
            Command::GiveNotice(how) => {
                hearing::notice(self, desk)?;
                one(Event::NoticeGiven { how: *how })
            }
            Command::HearStatement { statement, by, words, review, upheld } => {
                hearing::statement(self, desk, *statement, *by, words.reveal(), review)?;
                one(Event::StatementHeard {
                    statement: *statement,
                    by: *by,
                    words: words.clone(),
                    review: review.clone(),
                    upheld: *upheld,
                })
            }
            Command::AskRecusal { officer } => {
                state::live(self)?;
                one(Event::RecusalAsked { officer: officer.clone(), granted: None, by: None })
            }
            Command::RuleRecusal { officer, granted, by } => {
                let open = self.recusals.get(officer) == Some(&None);
                if !open {
                    return Err(hearing::NO_RECUSAL.about(&officer.0));
                }
                crew::head(by, desk)?;
                one(Event::RecusalAsked {
                    officer: officer.clone(),
                    granted: Some(*granted),
                    by: Some(by.clone()),
                })
            }
            Command::Educate { how } => {
                state::live(self)?;
                state::said("教育方式 / the education", how)?;
                one(Event::Educated { how: how.clone() })
            }
            Command::SeeCorrection { evidence } => {
                correction::seen(self, evidence)?;
                one(Event::CorrectionSeen { at: desk.now, evidence: evidence.clone() })
            }
            Command::PromiseCorrection { until } => {
                state::undecided(self)?;
                correction::PROMISE_IN_PAST.unless(desk.now < *until)?;
                one(Event::CorrectionPromised { until: *until })
            }
            Command::Decide { choice, order_due, confirmations } => {
                let record = self.decide(desk, choice.as_ref(), *order_due, confirmations)?;
                one(Event::Decided { record: Box::new(record) })
            }
            Command::IssueSlip { slip, number, code, check_code, document } => {
                paper::issue(self, *slip, number)?;
                one(Event::SlipIssued {
                    slip: *slip,
                    number: number.clone(),
                    code: code.clone(),
                    check_code: check_code.clone(),
                    document: document.clone(),
                })
            }
            Command::RecordPrint { number, result } => {
                let copy = paper::print(self, number)?;
                one(Event::Printed { number: number.clone(), copy, result: result.clone(), confirmed: None })
            }
            Command::ConfirmPrint { number, complete } => {
                let copy = paper::confirm(self, number)?;
                one(Event::Printed {
                    number: number.clone(),
                    copy,
                    result: crate::event::PrintState::Unknown,
                    confirmed: Some(*complete),
                })
            }
            Command::Serve { how, signing } => {
                service::serve(self, desk, *how, signing)?;
                one(Event::Served { how: *how, signing: signing.clone() })
            }
            Command::RefuseTaking(signing) => {
                service::refuse(self, desk, signing)?;
                one(Event::TakingRefused { signing: signing.clone() })
            }
            Command::Undeliver { reason } => self.undeliver(reason),
            Command::Void { reason, confirmation } => {
                after::void(self, desk, reason, confirmation)?;
                let number = state::decided(self)?.number.clone();
                one(Event::Voided { number, reason: reason.clone(), confirmation: confirmation.clone() })
            }
            Command::Recheck { corrected, evidence } => {
                correction::recheck(self, desk, *corrected, evidence)?;
                one(Event::Rechecked { corrected: *corrected, evidence: evidence.clone() })
            }
            Command::Pay { amount, how, receipt, cash, reason } => {
                money::pay(self, desk, *amount, *how, receipt, *cash, reason)?;
                one(Event::Paid {
                    amount: *amount,
                    how: *how,
                    receipt: receipt.clone(),
                    cash: *cash,
                    reason: reason.clone(),
                })
            }
            Command::HandInCash { leg, receipt } => {
                money::hand_in(self, *leg, receipt)?;
                one(Event::CashHandedIn { leg: *leg, receipt: receipt.clone() })
            }
            Command::Refund { amount, receipt } => {
                money::refund(self, *amount, receipt)?;
                one(Event::Refunded { amount: *amount, receipt: receipt.clone() })
            }
            Command::File(how) => {
                after::file(self)?;
                one(Event::Filed { how: *how })
            }
            Command::Correct { what, by } => {
                after::by_head(self, desk, what, by)?;
                let number = self.notice_number(desk)?;
                one(Event::Corrected { what: what.clone(), by: by.clone(), number })
            }
            Command::Revoke { reason, by } => {
                after::by_head(self, desk, reason, by)?;
                let number = self.notice_number(desk)?;
                one(Event::Revoked { reason: reason.clone(), by: by.clone(), number })
            }
            Command::RuleWaiver { granted, by } => {
                waiver::rule(self, desk, by)?;
                one(Event::WaiverRuled { granted: *granted, by: by.clone() })
            }
            Command::AgreeEService(consent) => {
                service::consent(self, desk, consent)?;
                one(Event::EServiceAgreed { consent: consent.clone() })
            }
            Command::Advise { text } => {
                closing::advise(self, desk, text)?;
                let number = self.notice_number(desk)?;
                one(Event::Advised { text: text.clone(), number })
            }
            Command::HandOver { to, reason } => {
                closing::hand_over(self, desk, reason)?;
                let number = self.notice_number(desk)?;
                one(Event::HandedTo { to: to.clone(), reason: reason.clone(), number })
            }
            Command::Close(how) => {
                closing::close(self, *how)?;
                one(Event::Closed { how: *how })
            }
        }
    }

    /// Everything that LAW.md 6.1 no. 1 asks for, in the order in which an officer would do it.
    fn decide(
        &self,
        desk: &Desk,
        choice: Option<&Choice>,
        order_due: Option<chrono::NaiveDateTime>,
        confirmations: &[Confirmation],
    ) -> Result<DecisionRecord, Refusal> {
        state::undecided(self)?;
        crew::may_act(self, desk)?;
        let standing = self.proposal.as_ref().ok_or_else(|| hearing::NOTHING_PROPOSED.refusal())?;
        proposal::current(standing)?;
        // The rulebook is asked again: nothing may have changed since the proposal.
        let again = proposal::ask(self, desk, standing.law_choice())?;
        proposal::OUTDATED.unless(proposal::says_the_same(&again, &standing.decision))?;
        let (decided, choice) = match choice {
            None => (again, standing.choice.clone()),
            Some(other) => {
                let proposed = proposal::ask(self, desk, None)?;
                let (decided, choice) = proposal::choose(self, desk, proposed, other)?;
                (decided, Some(choice))
            }
        };
        let told = DefenceCap { outcome: decided.outcome, amount: decided.amount };
        decision::on_the_spot(told.outcome)?;
        decision::times(desk, told.outcome)?;
        hearing::certificates(self, desk)?;
        decision::evidence(self, desk.now)?;
        party::for_outcome(self, desk, told.outcome)?;
        hearing::no_open_recusal(self)?;
        waiver::promise(self, desk)?;
        prior::for_penalty(self, told.outcome)?;
        if hearing::needs_hearing(told.outcome) {
            hearing::heard(self, desk, told, &decided.offence)?;
        }
        proposal::ceilings(self, &decided)?;
        waiver::decide(self, desk, told.outcome, decided.limb, choice.as_ref())?;
        if told.outcome == Outcome::OrderComplied {
            waiver::corrected(self)?;
        }
        decision::gate(self, desk, told)?;
        decision::confirmed(self, desk, confirmations)?;
        let order_due = self.due(desk, &decided, order_due)?;
        let number = decision::number(self, desk, decided.series)?;
        Ok(DecisionRecord {
            outcome: decided.outcome,
            amount: decided.amount,
            reason_code: choice.as_ref().map(|c| c.reason.clone()),
            series: decided.series,
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

    /// When the order is due: none where the correction is done.
    fn due(
        &self,
        desk: &Desk,
        decided: &Decision,
        wanted: Option<chrono::NaiveDateTime>,
    ) -> Result<Option<chrono::NaiveDateTime>, Refusal> {
        decision::BAD_DUE.unless(wanted.is_none_or(|due| desk.now <= due))?;
        let done = decided.outcome == Outcome::OrderComplied || self.corrected_at().is_some();
        if decided.order_text.is_empty() || done {
            return Ok(None);
        }
        let hours = chrono::TimeDelta::hours(i64::from(decided.order_hours));
        Ok(wanted.or_else(|| desk.now.checked_add_signed(hours)))
    }

    /// A party gone before the hand-over: nothing was decided on the spot (处罚法 52).
    fn undeliver(&self, reason: &str) -> Result<Vec<Event>, Refusal> {
        after::before_hand_over(self)?;
        state::said("未交付原因 / the reason", reason)?;
        let record = state::decided(self)?;
        let mut events =
            vec![Event::Undelivered { number: record.number.clone(), reason: reason.to_owned() }];
        if hearing::needs_hearing(record.outcome) {
            events.push(Event::HandedTo {
                to: Destination::Ordinary,
                reason: reason.to_owned(),
                number: None,
            });
        }
        Ok(events)
    }

    /// A number of the notice series, when one lies ready: these papers may also go without print.
    fn notice_number(&self, desk: &Desk) -> Result<Option<String>, Refusal> {
        match &desk.next_number {
            None => Ok(None),
            Some(_) => decision::number(self, desk, Series::Notice).map(Some),
        }
    }

    /// The series from which the next decision, order or notice takes its number, as proposed.
    #[must_use]
    pub fn needed_series(&self) -> Option<Series> {
        let decision = &self.proposal.as_ref()?.decision;
        match decision.outcome {
            Outcome::NoViolation => None,
            Outcome::Advice | Outcome::OrdinaryProcedure | Outcome::Referral => Some(Series::Notice),
            _ => Some(decision.series),
        }
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
