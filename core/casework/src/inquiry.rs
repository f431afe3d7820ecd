//! What the case asks the rulebook: every input stands in its entries, so that HQ can ask again.

use chrono::NaiveDateTime;
use ezhifa_law::{
    decision::{Choice, DefenceCap, History, Inquiry},
    facts::Value,
    money::Fen,
};

use crate::{case::Case, harsh::milder};

impl Case {
    /// The inquiry at `decided_at`; `None` while no offence is chosen.
    #[must_use]
    pub fn inquiry(
        &self,
        decided_at: NaiveDateTime,
        encounter_fines: Fen,
        choice: Option<Choice>,
    ) -> Option<Inquiry> {
        let act = self.act.as_ref()?;
        let never_asked = History { earlier: None, as_of: None, stale: true };
        Some(Inquiry {
            offence: act.offence.clone(),
            party: self.party_kind(),
            age_at_act: self.party.as_ref().and_then(|p| p.age_at(act.at.date())),
            act_at: act.at,
            decided_at,
            facts: self.facts.clone(),
            prior_order: self.prior.as_ref().map(|p| p.order.clone()),
            history: self.history.clone().unwrap_or(never_asked),
            encounter_fines,
            defence_cap: self.cap(),
            discovered_at: self.opening.as_ref().map(|o| o.at),
            choice,
        })
    }

    /// What nothing may be harsher than: the defence, and a revoked decision without new facts.
    #[must_use]
    pub fn cap(&self) -> Option<DefenceCap> {
        match (self.defence_cap, self.revocation_cap()) {
            (cap, Some(other)) => Some(milder(cap, other)),
            (cap, None) => cap,
        }
    }

    /// The ceiling that a revoked decision set (DESIGN.md 4). It is lifted while what is known now makes an
    /// answer false that was known at the revocation; an answer to what nobody had asked, and one that only says
    /// what was presumed, lifts nothing. The ceiling that a defence set (处罚法 45) is never lifted.
    pub(crate) fn revocation_cap(&self) -> Option<DefenceCap> {
        let (cap, then) = self.revoked.as_ref()?;
        let known = |value: &Value| *value != Value::Unknown;
        let false_now = then.0.iter().any(|(name, was)| {
            let now = self.facts.get(name);
            known(was) && known(now) && was != now
        });
        (!false_now).then_some(*cap)
    }
}
