//! Reasons, rejected rows, what to ask, and the decision put together.

use super::judge::{Ends, Judge, Ruling};
use crate::{
    decision::{Decision, Duty, Reason, Rejected},
    facts::Value,
    rulebook::{Cond, OffenceRules, SEMANTICS, Table},
    terms::{Citation, Limb, Outcome, Remedy, Series, SlipKind},
};

impl Judge<'_> {
    pub(super) fn reason(&mut self, rule: &str, text: String, cite: &[Citation], facts: Vec<String>) {
        let facts = facts.into_iter().map(|name| (name.clone(), self.inputs.value(&name))).collect();
        self.reasons.push(Reason { rule: rule.to_owned(), text, citations: cite.to_vec(), facts });
    }

    pub(super) fn reject(&mut self, rule: &str, table: &Table, cond: Cond) {
        // Rows of one table often fail on the same input: its words are put together once.
        let name = table.inputs.get(cond.input).map_or("", String::as_str);
        if self.said.0 != name || name.is_empty() {
            self.said = (name.to_owned(), self.because(table, cond));
        }
        self.rejected.push(Rejected { rule: rule.to_owned(), because: self.said.1.clone() });
    }

    pub(super) fn because(&self, table: &Table, cond: Cond) -> String {
        let name = table.inputs.get(cond.input).map_or("", String::as_str);
        self.book.phrase_in(name, &self.inputs.value(name), self.unit(name))
    }

    fn unit(&self, name: &str) -> Option<&str> {
        self.units.and_then(|units| units.get(name)).map(String::as_str)
    }

    pub(super) fn names(&self, table: &Table, row: usize) -> Vec<String> {
        let conds = table.rows.get(row).map(Vec::as_slice).unwrap_or_default();
        conds.iter().filter_map(|c| table.inputs.get(c.input).cloned()).collect()
    }

    pub(super) fn open(&self, table: &Table, open: u16) -> Vec<String> {
        table.names(open).map(str::to_owned).collect()
    }

    /// Remembers what to ask; the first step that is not settled wins.
    pub(super) fn ask_for(&mut self, names: &[String]) {
        if self.ask.is_empty() {
            for name in names.iter().filter(|n| self.inputs.may_ask(n)) {
                if !self.ask.contains(name) {
                    self.ask.push(name.clone());
                }
            }
        }
    }

    /// 违法事实不清: no penalty and no waiver on the spot (处罚法 40, 51).
    pub(super) fn unclear(&mut self, names: &[String]) -> Ends {
        self.unclear = true;
        self.ask_for(names);
        let mut names = names.to_vec();
        names.sort();
        names.dedup();
        let list: Vec<String> = names
            .iter()
            .map(|n| {
                self.book
                    .fact(n)
                    .map_or_else(|| self.book.phrase(n, &Value::Unknown), |f| f.title().to_owned())
            })
            .collect();
        let cite = self.book.principles.clear_facts.clone();
        self.reason("facts.unclear", format!("事实尚未查明：{}", list.join("；")), &cite, names);
        Ends::with(Outcome::OrdinaryProcedure)
    }

    pub(super) fn cite_order(&self, offence: &OffenceRules) -> Vec<Citation> {
        if offence.basis.is_empty() { self.book.principles.order.clone() } else { offence.basis.clone() }
    }

    fn fact_text(&self, template: &str) -> String {
        super::explain::fill(template, &|name| {
            let value = self.inputs.value(name);
            (value != Value::Unknown).then(|| self.book.amount_phrase(name, &value, self.unit(name)))
        })
    }

    pub(super) fn finish(mut self, offence: Option<&OffenceRules>, name: &str, ends: Ends) -> Ruling {
        let outcome = ends.outcome;
        let waived = matches!(outcome, Outcome::NoPenalty | Outcome::NoPenaltyProposed);
        let mut duties = Vec::new();
        if waived {
            duties.push(Duty::Educate);
            let cite = self.book.principles.education.clone();
            self.reason("education", "应当对当事人进行教育".into(), &cite, Vec::new());
        }
        if ends.guardian {
            duties.push(Duty::NotifyGuardian);
        }
        if outcome == Outcome::OrderComplied || waived && matches!(ends.limb, Some(Limb::A | Limb::B)) {
            duties.push(Duty::ProveCorrection);
        }
        if outcome == Outcome::Order || outcome.is_penalty() && self.inputs.yes("corrected") != Some(true) {
            duties.push(Duty::Recheck);
        }
        if outcome == Outcome::NoPenaltyProposed {
            duties.push(Duty::HeadConfirms);
        }
        if ends.provisional {
            duties.push(Duty::ConfirmHistory);
        }
        let (slip, series, remedy) = paper(outcome, ends.guardian);
        let pack = self.book.reference();
        let (tier, tier_name) = ends.tier.map_or((None, None), |(id, name)| (Some(id), Some(name)));
        let decision = Decision {
            offence: offence.map_or_else(|| self.inquiry.offence.clone(), |o| o.is.id.clone()),
            offence_name: offence.map_or_else(|| name.to_owned(), |o| o.is.name.clone()),
            outcome,
            limb: ends.limb,
            provisional: ends.provisional,
            tier,
            tier_name,
            range: ends.range,
            amount: ends.amount,
            may_choose: ends.may_choose,
            fact_text: offence.map(|o| self.fact_text(&o.is.fact_text)).unwrap_or_default(),
            violated: offence.map(|o| o.violated.clone()).unwrap_or_default(),
            basis: offence.map(|o| o.basis.clone()).unwrap_or_default(),
            order_text: offence.map(|o| o.is.order.text.clone()).unwrap_or_default(),
            order_hours: offence.map_or(0, |o| o.is.order.hours),
            reasons: self.reasons,
            rejected: self.rejected,
            duties,
            remedy,
            slip,
            series,
            pack_at_act: pack.clone(),
            pack,
            semantics: SEMANTICS,
            facts: self.inquiry.facts.clone(),
        };
        Ruling { decision, ask: self.ask, unclear: self.unclear }
    }
}

/// Paper, number series and remedy clause of each outcome (LAW.md 1.7, 6.2).
fn paper(outcome: Outcome, guardian: bool) -> (SlipKind, Series, Remedy) {
    match outcome {
        Outcome::NoViolation | Outcome::Advice => (SlipKind::Advice, Series::Notice, Remedy::None),
        Outcome::Order | Outcome::OrderComplied => {
            (SlipKind::Order, Series::Order, Remedy::ReconsiderationOrCourt)
        }
        Outcome::NoPenalty if guardian => {
            (SlipKind::Guardian, Series::NoPenalty, Remedy::ReconsiderationOrCourt)
        }
        Outcome::NoPenalty => (SlipKind::NoPenalty, Series::NoPenalty, Remedy::ReconsiderationOrCourt),
        Outcome::NoPenaltyProposed => (SlipKind::NoPenaltyProposed, Series::Notice, Remedy::None),
        Outcome::Warning | Outcome::Fine | Outcome::WarningAndFine => {
            (SlipKind::Penalty, Series::Penalty, Remedy::ReconsiderationFirst)
        }
        Outcome::OrdinaryProcedure | Outcome::Referral => (SlipKind::Transfer, Series::Notice, Remedy::None),
    }
}
