//! What the case asks of the law: one narrow door to the rulebooks, so that guards can be tested
//! with any law and HQ can replay with the very packs that an entry names.

use ezhifa_law::{
    decide,
    decision::{AnswerKind, Decision, Inquiry, Question},
    money::Fen,
    rulebook::Rulebook,
    terms::PartyKind,
};

use crate::event::Laws;

/// The rulebooks in force for one case.
pub trait Books {
    /// Decides; both packs are evaluated and the milder applies (处罚法 37).
    fn decide(&self, inquiry: &Inquiry) -> Result<Decision, String>;
    /// The facts still missing, fewest first.
    fn questions(&self, inquiry: &Inquiry) -> Result<Vec<Question>, String>;
    /// Whether the offence exists in either pack.
    fn has_offence(&self, offence: &str) -> bool;
    /// Whether an order on `one` may be followed by a fine on `other` (invariant 7).
    fn is_same_matter(&self, one: &str, other: &str) -> bool;
    /// What kind of answer a fact takes; `None` when no pack knows the name.
    fn answer_kind(&self, fact: &str) -> Option<AnswerKind>;
    /// What the law and the organ set for the guards.
    fn rules(&self) -> Rules;
    /// Which packs these are.
    fn laws(&self) -> Laws;
}

/// Limits and settings that the guards hold a case against. All of it is rulebook data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// 备案 period in hours, from the decision.
    pub filing_hours: u32,
    /// On-the-spot gate for a citizen, in force at the decision (处罚法 51).
    pub gate_citizen: Fen,
    /// The same for a 个体工商户, as the organ sets it.
    pub gate_sole_trader: Fen,
    /// The same for an organisation.
    pub gate_organisation: Fen,
    /// Whether the organ takes cash at all.
    pub cash: bool,
    /// Cash without a further reason up to (68 一).
    pub cash_limit: Fen,
    /// A fine only on a verified identity.
    pub verified_identity_for_fine: bool,
    /// A re-check by another crew.
    pub recheck_other_crew: bool,
    /// A re-check on another day.
    pub recheck_other_day: bool,
    /// Working days for service after a refusal to take.
    pub refusal_service_days: u32,
    /// A written promise before a waiver on limb A or B.
    pub commitment_first: bool,
    /// The organ names an online channel for reconsideration (行政复议法 22 ②).
    pub online_reconsideration: bool,
}

impl Rules {
    /// The gate for this kind of party.
    #[must_use]
    pub fn gate(&self, party: PartyKind) -> Fen {
        match party {
            PartyKind::Citizen => self.gate_citizen,
            PartyKind::SoleTrader => self.gate_sole_trader,
            PartyKind::Organisation => self.gate_organisation,
        }
    }
}

/// The rulebook in force at the act and the one in force at the decision.
#[derive(Debug, Clone, Copy)]
pub struct InForce<'a> {
    /// At the act.
    pub at_act: &'a Rulebook,
    /// At the decision.
    pub at_decision: &'a Rulebook,
}

impl Books for InForce<'_> {
    fn decide(&self, inquiry: &Inquiry) -> Result<Decision, String> {
        decide::decide(self.at_act, self.at_decision, inquiry).map_err(|e| e.to_string())
    }

    fn questions(&self, inquiry: &Inquiry) -> Result<Vec<Question>, String> {
        decide::questions(self.at_act, self.at_decision, inquiry).map_err(|e| e.to_string())
    }

    fn has_offence(&self, offence: &str) -> bool {
        self.at_decision.offence(offence).is_some() || self.at_act.offence(offence).is_some()
    }

    fn is_same_matter(&self, one: &str, other: &str) -> bool {
        self.at_decision.is_same_matter(one, other) || self.at_act.is_same_matter(one, other)
    }

    fn answer_kind(&self, fact: &str) -> Option<AnswerKind> {
        self.at_decision.question(fact).or_else(|| self.at_act.question(fact)).map(|q| q.answer)
    }

    fn rules(&self) -> Rules {
        let settings = self.at_decision.settings();
        // A pack without gates lets nothing through: every fine then needs the ordinary procedure.
        let gate = |party| self.at_decision.gate_for(party).unwrap_or(Fen::ZERO);
        Rules {
            filing_hours: settings.filing_hours,
            gate_citizen: gate(PartyKind::Citizen),
            gate_sole_trader: gate(PartyKind::SoleTrader),
            gate_organisation: gate(PartyKind::Organisation),
            cash: settings.cash,
            cash_limit: self.at_decision.gates().map_or(Fen::ZERO, |g| g.cash),
            verified_identity_for_fine: settings.verified_identity_for_fine,
            recheck_other_crew: settings.recheck_other_crew,
            recheck_other_day: settings.recheck_other_day,
            refusal_service_days: settings.refusal_service_days,
            commitment_first: settings.commitment_first,
            online_reconsideration: !self.at_decision.organ().reconsideration.online.trim().is_empty(),
        }
    }

    fn laws(&self) -> Laws {
        Laws { at_act: self.at_act.reference(), at_decision: self.at_decision.reference() }
    }
}
