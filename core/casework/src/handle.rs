//! `handle`: a command that passes its guards becomes events. Nothing is changed here.

use ezhifa_law::terms::{Outcome, Series};

use crate::{
    case::Case,
    command::{Command, Desk},
    event::{CaseEvent, Destination, Event},
    guards::{
        after, closing, correction, crew, decision, facts, hearing, money, paper, party, prior, proposal,
        service, state, waiver,
    },
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
                let party = party::identify(self, desk, party)?;
                one(Event::PartyIdentified { party: Box::new(party) })
            }
            Command::ChooseOffence { offence, act_at, fact_text } => {
                state::undecided(self)?;
                facts::offence(desk, offence, *act_at)?;
                let mut events = vec![Event::OffenceChosen {
                    offence: offence.clone(),
                    act_at: *act_at,
                    fact_text: fact_text.clone(),
                }];
                // On that day the party was a child: its number goes (invariant 21).
                let child = self.party.as_ref().filter(|p| p.is_child_at(act_at.date()));
                if let Some(party) = child.filter(|p| !p.id_number.is_blank()) {
                    let party = Box::new(party.on_paper(act_at.date()));
                    events.push(Event::PartyIdentified { party });
                }
                Ok(events)
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
            Command::AttachPriorOrder { order, ordered_by, same_party } => {
                prior::attach(self, desk, order, *same_party)?;
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
            Command::KeyInPaper { paper, choice, order_due, confirmations } => {
                let record = self.key_in(desk, paper, choice.as_ref(), *order_due, confirmations)?;
                Ok(vec![Event::Decided { record: Box::new(record) }, Event::KeyedIn { paper: paper.clone() }])
            }
            Command::PreparePaper { slip } => {
                let number = paper::prepare(self, desk, *slip)?;
                one(Event::PaperPrepared { slip: *slip, number })
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
            Command::RefuseCorrection { words, evidence } => {
                correction::refused(self, desk, words.reveal(), evidence)?;
                one(Event::CorrectionRefused { words: words.clone(), evidence: evidence.clone() })
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
                after::file(self, *how)?;
                one(Event::Filed { how: *how })
            }
            Command::Correct { what, by, party } => {
                after::by_head(self, desk, what, by)?;
                let party = party.as_deref().map(|p| party::corrected(self, desk, p)).transpose()?;
                let number = self.notice_number(desk)?;
                one(Event::Corrected {
                    what: what.clone(),
                    by: by.clone(),
                    number,
                    party: party.map(Box::new),
                })
            }
            Command::Revoke { reason, by } => {
                after::by_head(self, desk, reason, by)?;
                let number = self.notice_number(desk)?;
                one(Event::Revoked { reason: reason.clone(), by: by.clone(), number })
            }
            Command::RuleWaiver { granted, by } => {
                waiver::rule(self, desk, by)?;
                let number = granted.then(|| decision::number(self, desk, Series::NoPenalty)).transpose()?;
                let slip = granted.then(|| self.waiver_paper());
                one(Event::WaiverRuled { granted: *granted, by: by.clone(), number, slip })
            }
            Command::DeferPayment(deferral) => {
                money::defer(self, deferral)?;
                one(Event::PaymentDeferred { deferral: deferral.clone() })
            }
            Command::AgreeEService(consent) => {
                service::consent(self, desk, consent)?;
                one(Event::EServiceAgreed { consent: consent.clone() })
            }
            Command::Advise { text } => {
                closing::advise(self, desk, text)?;
                // A few words in passing print nothing: only advice on an offence has a paper, with its number.
                let number = if self.act.is_some() { self.notice_number(desk)? } else { None };
                one(Event::Advised { text: text.clone(), number })
            }
            Command::HandOver { to, reason } => {
                closing::hand_over(self, desk, reason)?;
                if let Destination::Organ(name) = to {
                    state::said("受移送机关 / the organ", name)?;
                }
                let number = self.notice_number(desk)?;
                one(Event::HandedTo { to: to.clone(), reason: reason.clone(), number })
            }
            Command::Close(how) => {
                closing::close(self, *how)?;
                one(Event::Closed { how: *how })
            }
        }
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
}
