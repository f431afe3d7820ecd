//! `apply`: how each event changes the state. Never fails: an unlawful event is a matter for the
//! guards before it and for [`crate::audit`] after it, not for the fold.

use ezhifa_law::decision::DefenceCap;

use crate::{
    case::{
        Act, Case, CorrectionSeen, Ended, EndedBy, Handed, Held, Issued, Notice, Opening, Payment, Print,
        Prior, Proposal, Recheck, Service, Statement,
    },
    event::{CaseEvent, Event, ServiceWay, StatementKind},
    harsh::milder,
    people::Party,
};

impl Case {
    /// Folds the events of one case in journal order.
    #[must_use]
    pub fn fold<'e>(events: impl IntoIterator<Item = &'e CaseEvent>) -> Case {
        let mut case = Case::default();
        for event in events {
            case.apply(event);
        }
        case
    }

    /// Folds one event in.
    pub fn apply(&mut self, entry: &CaseEvent) {
        let at = entry.at;
        if self.id.0.is_empty() {
            self.id = entry.case.clone();
        }
        match &entry.event {
            Event::Opened { source, place, drill, continues } => {
                self.opening = Some(Opening {
                    at,
                    source: source.clone(),
                    place: place.clone(),
                    drill: *drill,
                    continues: continues.clone(),
                });
            }
            Event::CertificatesShown { .. } => {
                self.shown.extend(entry.crew.officers().map(Clone::clone));
            }
            Event::EvidenceAdded { item } => {
                let after_decision = self.record.is_some();
                self.evidence.push(Held { item: item.clone(), after_decision });
            }
            Event::PartyIdentified { party } => {
                if self.party.as_ref().is_some_and(|before| !before.is_same_person(party)) {
                    // What one person was told, said, was taught and had in the lists is not another's.
                    self.forget_hearing();
                    self.education = None;
                    self.history = None;
                }
                self.party = Some((**party).clone());
            }
            Event::OffenceChosen { offence, act_at, fact_text } => {
                let act = Act { offence: offence.clone(), at: *act_at, text: fact_text.clone() };
                if self.act.as_ref() != Some(&act) {
                    self.forget_hearing();
                }
                self.act = Some(act);
            }
            Event::FactAnswered { name, value, .. } => {
                self.facts.0.insert(name.clone(), value.clone());
            }
            Event::HistoryAsked { earlier, as_of, stale } => {
                self.history =
                    Some(ezhifa_law::decision::History { earlier: *earlier, as_of: *as_of, stale: *stale });
            }
            Event::PriorOrderAttached { order, ordered_by } => {
                let (order, party) = (order.clone(), self.party.clone().filter(Party::is_named));
                self.prior = Some(Prior { order, ordered_by: ordered_by.clone(), party });
            }
            Event::Proposed { decision, choice, laws, .. } => {
                self.proposal = Some(Proposal {
                    decision: (**decision).clone(),
                    choice: choice.clone(),
                    at,
                    laws: laws.clone(),
                    outdated: false,
                });
            }
            Event::NoticeGiven { .. } => {
                if let Some(proposal) = &self.proposal {
                    self.notice = Some(Notice {
                        at,
                        crew: entry.crew.clone(),
                        party: self.party.clone(),
                        act: self.act.clone(),
                        told: proposal.decision.clone(),
                    });
                    self.statement = None;
                }
            }
            Event::StatementHeard { statement, by, words, review, upheld } => {
                self.statement = Some(Statement {
                    at,
                    crew: entry.crew.clone(),
                    kind: *statement,
                    by: *by,
                    words: words.clone(),
                    review: review.clone(),
                    upheld: *upheld,
                });
                if *statement == StatementKind::Made
                    && let Some(notice) = &self.notice
                {
                    self.defence_cap = Some(milder(self.defence_cap, notice.content()));
                }
                if *upheld && let Some(proposal) = &mut self.proposal {
                    proposal.outdated = true;
                }
            }
            Event::RecusalAsked { officer, granted, .. } => {
                self.recusals.insert(officer.clone(), *granted);
            }
            Event::Educated { how } => self.education = Some(how.clone()),
            Event::CorrectionSeen { at, evidence } => {
                self.corrections_seen.push(CorrectionSeen { at: *at, evidence: evidence.clone() });
            }
            Event::CorrectionPromised { until } => self.promise = Some(*until),
            Event::Decided { record } => {
                for held in &mut self.evidence {
                    held.after_decision = !record.evidence.contains(&held.item.sha256);
                }
                self.record = Some((**record).clone());
                self.decided_by = Some(entry.crew.clone());
                self.refused_taking = None;
                self.service = None;
                self.filed = None;
                self.waiver_ruled = None;
                self.confirmed = None;
            }
            Event::KeyedIn { paper } => self.hand_paper = Some(paper.clone()),
            Event::PaperPrepared { slip, number } => self.prepared.push((*slip, number.clone())),
            Event::SlipIssued { slip, number, code, check_code, document } => {
                self.slips.push(Issued {
                    slip: *slip,
                    number: number.clone(),
                    code: code.clone(),
                    check_code: check_code.clone(),
                    document: document.clone(),
                    at,
                    prints: Vec::new(),
                });
            }
            Event::Printed { number, copy, result, confirmed } => {
                self.apply_print(number, *copy, result, *confirmed);
            }
            Event::Served { how, signing } => {
                // A paper written on the street is handed over there (处罚法 52 ①): its clocks start with the
                // time on it, whenever it was keyed in.
                let by_hand = self.on_hand_paper().filter(|_| *how == ServiceWay::HandedOver);
                self.service = Some(Service {
                    at: by_hand.map_or(at, |paper| paper.written_at),
                    how: *how,
                    signing: signing.clone(),
                    crew: entry.crew.clone(),
                });
            }
            Event::TakingRefused { signing } => self.refused_taking = Some((at, signing.clone())),
            Event::Undelivered { reason, .. } => {
                self.end_decision(EndedBy::Undelivered, reason, entry, None);
            }
            Event::Voided { reason, .. } => self.end_decision(EndedBy::Void, reason, entry, None),
            Event::Revoked { reason, number, .. } => {
                if let Some(record) = &self.record {
                    let cap = DefenceCap { outcome: record.outcome, amount: record.amount };
                    let cap = milder(self.revocation_cap(), cap);
                    self.revoked = Some((cap, self.facts.clone()));
                }
                self.end_decision(EndedBy::Revoked, reason, entry, number.clone());
                self.proposal = None;
                self.forget_hearing();
            }
            Event::Rechecked { corrected, evidence } => self.apply_recheck(entry, *corrected, evidence),
            Event::CorrectionRefused { .. } => {
                self.correction_refused = Some(at);
                if let Some(prior) = &mut self.prior {
                    prior.order.refused = true;
                }
            }
            Event::Paid { amount, how, receipt, cash, .. } => self.payments.push(Payment {
                at,
                amount: *amount,
                how: *how,
                receipt: receipt.clone(),
                cash: *cash,
                legs: Vec::new(),
            }),
            Event::CashHandedIn { leg, receipt } => {
                if let Some(p) = self.payments.iter_mut().find(|p| &p.receipt == receipt) {
                    p.legs.push((*leg, at));
                }
            }
            Event::Refunded { amount, .. } => {
                self.refunded.0 = self.refunded.0.saturating_add(amount.0);
            }
            Event::Filed { how } => self.filed = Some((at, *how)),
            Event::Corrected { what, number, party, .. } => {
                self.clerical.push((what.clone(), number.clone()));
                if let Some(party) = party {
                    self.party = Some(party.as_ref().clone());
                }
            }
            Event::WaiverRuled { granted, number, slip, .. } => {
                self.waiver_ruled = Some(*granted);
                if let Some((number, slip)) = number.clone().zip(*slip) {
                    // What was handed over proposed; the decision itself is yet to be served.
                    self.confirmed = Some((number, slip));
                    self.service = None;
                    self.refused_taking = None;
                }
            }
            Event::PaymentDeferred { deferral } => self.deferrals.push(deferral.clone()),
            Event::EServiceAgreed { consent } => self.consent = Some(consent.clone()),
            Event::Advised { text, number } => self.advice = Some((text.clone(), number.clone())),
            Event::HandedTo { to, reason, number } => {
                self.handed =
                    Some(Handed { to: to.clone(), reason: reason.clone(), at, number: number.clone() });
            }
            Event::Closed { how } => self.closed = Some(*how),
        }
    }

    /// Somebody else, or another act: the party of this decision was not told and has not spoken (44, 45, 62).
    fn forget_hearing(&mut self) {
        self.notice = None;
        self.statement = None;
    }

    fn apply_print(
        &mut self,
        number: &str,
        copy: u32,
        result: &crate::event::PrintState,
        confirmed: Option<bool>,
    ) {
        let Some(slip) = self.slips.iter_mut().find(|s| s.number == number) else { return };
        match (confirmed, slip.prints.last_mut()) {
            // The officer's look at an unknown print belongs to that print.
            (Some(_), Some(last)) if last.open() && last.copy == copy => last.confirmed = confirmed,
            _ => slip.prints.push(Print { copy, result: result.clone(), confirmed }),
        }
    }

    fn apply_recheck(&mut self, entry: &CaseEvent, corrected: bool, evidence: &[String]) {
        self.rechecks.push(Recheck {
            at: entry.at,
            crew: entry.crew.clone(),
            corrected,
            evidence: evidence.to_vec(),
        });
        if let Some(prior) = &mut self.prior {
            prior.order.rechecked = Some(entry.at);
            prior.order.corrected = Some(corrected);
        }
    }

    fn end_decision(&mut self, by: EndedBy, reason: &str, entry: &CaseEvent, paper: Option<String>) {
        if let Some(record) = self.record.take() {
            self.ended.push(Ended { record, by, reason: reason.to_owned(), at: entry.at, paper });
        }
        for held in &mut self.evidence {
            held.after_decision = false;
        }
        self.decided_by = None;
        self.refused_taking = None;
        self.service = None;
        self.filed = None;
        self.waiver_ruled = None;
        self.confirmed = None;
        if let Some(proposal) = &mut self.proposal {
            proposal.outdated = true;
        }
    }
}
