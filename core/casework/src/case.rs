//! The state of one case: a fold over its events. Reading only; `fold` writes it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use ezhifa_law::{
    decision::{DefenceCap, Duty, History, PriorOrder},
    facts::Facts,
    money::Fen,
    terms::{Outcome, PartyKind, Remedy, SlipKind},
};

pub use crate::parts::{
    Act, CorrectionSeen, Ended, EndedBy, Handed, Held, Issued, Notice, Opening, Payment, Phase, Print, Prior,
    Proposal, Recheck, Service, Statement,
};
use crate::{
    event::{CaseId, CloseWay, DecisionRecord, Deferral, Destination, FilingWay, HandPaper, Stage},
    people::{Crew, EServiceConsent, OfficerId, Party, Place, Sensitivity, Signing},
};

/// One case, as its events tell it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Case {
    pub(crate) id: CaseId,
    pub(crate) opening: Option<Opening>,
    pub(crate) shown: BTreeSet<OfficerId>,
    pub(crate) evidence: Vec<Held>,
    pub(crate) party: Option<Party>,
    pub(crate) act: Option<Act>,
    pub(crate) facts: Facts,
    pub(crate) history: Option<History>,
    pub(crate) prior: Option<Prior>,
    pub(crate) proposal: Option<Proposal>,
    pub(crate) notice: Option<Notice>,
    pub(crate) statement: Option<Statement>,
    pub(crate) defence_cap: Option<DefenceCap>,
    pub(crate) recusals: BTreeMap<OfficerId, Option<bool>>,
    pub(crate) education: Option<String>,
    pub(crate) corrections_seen: Vec<CorrectionSeen>,
    pub(crate) promise: Option<NaiveDateTime>,
    pub(crate) record: Option<DecisionRecord>,
    pub(crate) decided_by: Option<Crew>,
    pub(crate) ended: Vec<Ended>,
    /// Ceiling of the decisions that were revoked, and the answers known when the last of them was.
    pub(crate) revoked: Option<(DefenceCap, Facts)>,
    pub(crate) hand_paper: Option<HandPaper>,
    pub(crate) prepared: Vec<(SlipKind, String)>,
    pub(crate) slips: Vec<Issued>,
    pub(crate) refused_taking: Option<(NaiveDateTime, Signing)>,
    pub(crate) service: Option<Service>,
    pub(crate) consent: Option<EServiceConsent>,
    pub(crate) rechecks: Vec<Recheck>,
    pub(crate) correction_refused: Option<NaiveDateTime>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) refunded: Fen,
    pub(crate) deferrals: Vec<Deferral>,
    pub(crate) filed: Option<(NaiveDateTime, FilingWay)>,
    pub(crate) clerical: Vec<(String, Option<String>)>,
    pub(crate) waiver_ruled: Option<bool>,
    pub(crate) confirmed: Option<(String, SlipKind)>,
    pub(crate) advice: Option<(String, Option<String>)>,
    pub(crate) handed: Option<Handed>,
    pub(crate) closed: Option<CloseWay>,
}

impl Case {
    /// A case of which nothing is known yet.
    #[must_use]
    pub fn new(id: CaseId) -> Self {
        Case { id, ..Case::default() }
    }

    /// Id.
    #[must_use]
    pub fn id(&self) -> &CaseId {
        &self.id
    }

    /// How far it has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.closed.is_some() {
            return Phase::Closed;
        }
        if self.handed.is_some() {
            return Phase::HandedOver;
        }
        if let Some(record) = &self.record {
            return if self.service.is_some() {
                Phase::Served
            } else if self.refused_taking.is_some() {
                Phase::TakingRefused
            } else if self.on_hand_paper().is_some() {
                Phase::Printed
            } else {
                match self.slip(self.paper().unwrap_or(&record.number)) {
                    Some(slip) if slip.printed() => Phase::Printed,
                    Some(_) => Phase::Issued,
                    None => Phase::Decided,
                }
            };
        }
        if self.opening.is_none() {
            Phase::Unopened
        } else if self.statement.is_some() {
            Phase::Heard
        } else if self.notice.is_some() {
            Phase::Noticed
        } else if self.proposal.is_some() {
            Phase::Proposed
        } else {
            Phase::Gathering
        }
    }

    /// How it was opened.
    #[must_use]
    pub fn opening(&self) -> Option<&Opening> {
        self.opening.as_ref()
    }

    /// Where it happened.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.opening.as_ref().map(|o| &o.place)
    }

    /// 演练.
    #[must_use]
    pub fn is_drill(&self) -> bool {
        self.opening.as_ref().is_some_and(|o| o.drill)
    }

    /// Officers whose certificates were shown.
    #[must_use]
    pub fn certificates_shown(&self) -> &BTreeSet<OfficerId> {
        &self.shown
    }

    /// Evidence in the order in which it came.
    #[must_use]
    pub fn evidence(&self) -> &[Held] {
        &self.evidence
    }

    /// 改正前后对照: each picture of the correction with the last picture of the fact taken before it.
    #[must_use]
    pub fn before_and_after(&self) -> Vec<(&Held, &Held)> {
        let mut before = None;
        let mut pairs = Vec::new();
        for held in &self.evidence {
            match held.item.stage {
                Stage::Fact if held.item.kind == "photo" => before = Some(held),
                Stage::Corrected if held.item.kind == "photo" => pairs.extend(before.map(|b| (b, held))),
                _ => {}
            }
        }
        pairs
    }

    /// The party, with everything that the sealed store may hold.
    #[must_use]
    pub fn party(&self) -> Option<&Party> {
        self.party.as_ref()
    }

    /// The party as a paper may show it.
    #[must_use]
    pub fn party_on_paper(&self) -> Option<Party> {
        let day = self.act.as_ref().map(|a| a.at.date());
        self.party.as_ref().map(|p| match day {
            Some(day) => p.on_paper(day),
            None => p.clone(),
        })
    }

    /// 不满十四周岁 at the act.
    #[must_use]
    pub fn is_child(&self) -> bool {
        match (&self.party, &self.act) {
            (Some(party), Some(act)) => party.is_child_at(act.at.date()),
            _ => false,
        }
    }

    /// What kind of personal data this case holds.
    #[must_use]
    pub fn sensitivity(&self) -> Sensitivity {
        match &self.party {
            _ if self.is_child() => Sensitivity::Child,
            Some(party) if !party.name.is_blank() || !party.id_number.is_blank() => Sensitivity::Personal,
            _ => Sensitivity::None,
        }
    }

    /// Kind of party; an unknown person is a citizen, which has the lower gate.
    #[must_use]
    pub fn party_kind(&self) -> PartyKind {
        self.party.as_ref().map_or(PartyKind::Citizen, |p| p.kind)
    }

    /// 案由 and act.
    #[must_use]
    pub fn act(&self) -> Option<&Act> {
        self.act.as_ref()
    }

    /// Answers so far.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// First-offence look-up, when asked.
    #[must_use]
    pub fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    /// The earlier order that this case rests on.
    #[must_use]
    pub fn prior_order(&self) -> Option<&Prior> {
        self.prior.as_ref()
    }

    /// The last proposal.
    #[must_use]
    pub fn proposal(&self) -> Option<&Proposal> {
        self.proposal.as_ref()
    }

    /// 告知.
    #[must_use]
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// 陈述申辩.
    #[must_use]
    pub fn statement(&self) -> Option<&Statement> {
        self.statement.as_ref()
    }

    /// 教育.
    #[must_use]
    pub fn education(&self) -> Option<&str> {
        self.education.as_deref()
    }

    /// When the correction was seen, by the officers at the stop or at a re-check; nothing once a later
    /// re-check found it undone.
    #[must_use]
    pub fn corrected_at(&self) -> Option<NaiveDateTime> {
        let undone = self.rechecks.iter().rev().find(|r| !r.corrected).map(|r| r.at);
        let seen = self.corrections_seen.iter().map(|c| c.at);
        let rechecked = self.rechecks.iter().filter(|r| r.corrected).map(|r| r.at);
        seen.chain(rechecked).filter(|at| undone.is_none_or(|undone| undone < *at)).min()
    }

    /// 改正承诺: until when.
    #[must_use]
    pub fn promise(&self) -> Option<NaiveDateTime> {
        self.promise
    }

    /// The decision that stands.
    #[must_use]
    pub fn record(&self) -> Option<&DecisionRecord> {
        self.record.as_ref()
    }

    /// Who decided.
    #[must_use]
    pub fn decided_by(&self) -> Option<&Crew> {
        self.decided_by.as_ref()
    }

    /// When the order is due, where the standing decision orders something.
    #[must_use]
    pub fn order_due(&self) -> Option<NaiveDateTime> {
        self.record.as_ref().and_then(|r| r.order_due)
    }

    /// Decisions that no longer stand.
    #[must_use]
    pub fn ended(&self) -> &[Ended] {
        &self.ended
    }

    /// Papers signed so far.
    #[must_use]
    pub fn slips(&self) -> &[Issued] {
        &self.slips
    }

    /// The paper with this number.
    #[must_use]
    pub fn slip(&self, number: &str) -> Option<&Issued> {
        self.slips.iter().find(|s| s.number == number)
    }

    /// Number of the paper that is to be served now: of the standing decision, or of the waiver that the
    /// head granted after it was proposed.
    #[must_use]
    pub fn paper(&self) -> Option<&str> {
        let record = self.record.as_ref()?;
        Some(self.confirmed.as_ref().map_or(record.number.as_str(), |(number, _)| number))
    }

    /// Whether the paper that is to be served now certainly exists.
    #[must_use]
    pub fn printed(&self) -> bool {
        self.on_hand_paper().is_some()
            || self.paper().and_then(|number| self.slip(number)).is_some_and(Issued::printed)
    }

    /// The paper of a waiver that the head grants: a guardian with a duty has one of their own.
    pub(crate) fn waiver_paper(&self) -> SlipKind {
        let guardian =
            self.record.as_ref().is_some_and(|r| r.decision.duties.contains(&Duty::NotifyGuardian));
        if guardian { SlipKind::Guardian } else { SlipKind::NoPenalty }
    }

    /// Which remedy clause stands on the paper that is to be served now.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match (&self.record, &self.confirmed) {
            (None, _) => Remedy::None,
            (Some(_), Some(_)) => Remedy::ReconsiderationOrCourt,
            (Some(record), None) => record.remedy,
        }
    }

    /// The hand-written paper of this case's last decision on one.
    #[must_use]
    pub fn hand_paper(&self) -> Option<&HandPaper> {
        self.hand_paper.as_ref()
    }

    /// The hand-written paper, where it is the one to be served now.
    #[must_use]
    pub fn on_hand_paper(&self) -> Option<&HandPaper> {
        self.hand_paper.as_ref().filter(|paper| self.paper() == Some(paper.number.as_str()))
    }

    /// Further papers that took a number, in order.
    #[must_use]
    pub fn prepared(&self) -> &[(SlipKind, String)] {
        &self.prepared
    }

    /// Which copy a print of this paper would be: 0 is the paper itself, n is 补打 n, which an officer asks
    /// for in so many words (`again`).
    ///
    /// # Errors
    /// No such paper; an unknown print that nobody has looked at; a second paper that nobody asked for.
    pub fn may_print(&self, number: &str, again: bool) -> Result<u32, crate::refusal::Refusal> {
        crate::guards::paper::copy(self, number, again)
    }

    /// 送达 of the standing decision.
    #[must_use]
    pub fn served(&self) -> Option<&Service> {
        self.service.as_ref()
    }

    /// 拒绝接收: when and by whom, while the follow-up service is owed.
    #[must_use]
    pub fn taking_refused(&self) -> Option<(NaiveDateTime, &Signing)> {
        self.refused_taking.as_ref().map(|(at, s)| (*at, s))
    }

    /// Signed consent to electronic service.
    #[must_use]
    pub fn e_service(&self) -> Option<&EServiceConsent> {
        self.consent.as_ref()
    }

    /// 复查.
    #[must_use]
    pub fn rechecks(&self) -> &[Recheck] {
        &self.rechecks
    }

    /// 拒不改正: when, unless a later re-check found it corrected after all.
    #[must_use]
    pub fn correction_refused(&self) -> Option<NaiveDateTime> {
        let complied = self.rechecks.last().is_some_and(|r| r.corrected);
        self.correction_refused.filter(|_| !complied)
    }

    /// 缴款.
    #[must_use]
    pub fn payments(&self) -> &[Payment] {
        &self.payments
    }

    /// Paid less refunded.
    #[must_use]
    pub fn balance_paid(&self) -> Fen {
        let paid = self.payments.iter().fold(0_i64, |sum, p| sum.saturating_add(p.amount.0));
        Fen(paid.saturating_sub(self.refunded.0))
    }

    /// 备案.
    #[must_use]
    pub fn filed(&self) -> Option<(NaiveDateTime, FilingWay)> {
        self.filed
    }

    /// 补正: what, and the number of its paper.
    #[must_use]
    pub fn clerical_corrections(&self) -> &[(String, Option<String>)] {
        &self.clerical
    }

    /// The head's ruling on a proposed waiver.
    #[must_use]
    pub fn waiver_ruled(&self) -> Option<bool> {
        self.waiver_ruled
    }

    /// 延期、分期缴纳 of the decision that stands: the last one granted.
    #[must_use]
    pub fn deferral(&self) -> Option<&Deferral> {
        let number = &self.record.as_ref()?.number;
        self.deferrals.iter().rev().find(|d| d.number == *number)
    }

    /// 劝导: what was said, and the number of its paper.
    #[must_use]
    pub fn advice(&self) -> Option<(&str, Option<&str>)> {
        self.advice.as_ref().map(|(text, number)| (text.as_str(), number.as_deref()))
    }

    /// Where it went.
    #[must_use]
    pub fn handed(&self) -> Option<&Handed> {
        self.handed.as_ref()
    }

    /// 结案.
    #[must_use]
    pub fn closed(&self) -> Option<CloseWay> {
        self.closed
    }

    /// This case's own order as a later case may attach it (责令改正 with its service and re-check).
    #[must_use]
    pub fn as_prior_order(&self) -> Option<Prior> {
        let record = self.record.as_ref()?;
        let due = record.order_due?;
        let last = self.rechecks.last();
        Some(Prior {
            order: PriorOrder {
                number: record.number.clone(),
                offence: record.decision.offence.clone(),
                ordered_on: record.at.date(),
                due,
                served: self.service.is_some(),
                rechecked: last.map(|r| r.at),
                corrected: last.map(|r| r.corrected),
                refused: self.correction_refused().is_some(),
            },
            ordered_by: self.decided_by.as_ref().map(|c| c.officers().map(Clone::clone).to_vec())?,
            party: self.party.clone().filter(Party::is_named),
        })
    }

    /// Outcome of the decision that stands: a proposed waiver that the head granted is a waiver.
    #[must_use]
    pub fn decided_outcome(&self) -> Option<Outcome> {
        self.record.as_ref().map(|record| match record.outcome {
            Outcome::NoPenaltyProposed if self.waiver_ruled == Some(true) => Outcome::NoPenalty,
            outcome => outcome,
        })
    }

    /// How the case ends as far as can be said now (LAW.md 6.2): an order that was complied with is
    /// `OrderComplied`, a proposed waiver that the head granted is `NoPenalty`.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        if let Some(handed) = &self.handed {
            return Some(match handed.to {
                Destination::Ordinary => Outcome::OrdinaryProcedure,
                Destination::Organ(_) => Outcome::Referral,
            });
        }
        if let Some(outcome) = self.decided_outcome() {
            let complied = self.rechecks.last().is_some_and(|r| r.corrected);
            return Some(if outcome == Outcome::Order && complied {
                Outcome::OrderComplied
            } else {
                outcome
            });
        }
        if self.advice.is_some() {
            return Some(Outcome::Advice);
        }
        match self.closed {
            Some(CloseWay::NoViolation | CloseWay::Withdrawn) => Some(Outcome::NoViolation),
            _ => None,
        }
    }
}
