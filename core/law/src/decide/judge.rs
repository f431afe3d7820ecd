//! One evaluation under one rulebook: from the facts to the limbs. `penal` takes over from there.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    LawError,
    inputs::{Inputs, OrderState},
};
use crate::{
    decision::{Decision, FineRange, Inquiry, Reason, Rejected},
    money::Fen,
    rulebook::{
        OffenceRules, RuleRow, Rulebook, Rules, Table, Verdict,
        format::{Clause, Relation, WaiverAuthority},
    },
    terms::{Citation, Limb, Outcome},
};

/// A decision and what should be asked before it is taken.
pub(super) struct Ruling {
    pub(super) decision: Decision,
    /// Facts of the first step that is not settled, the most telling first; empty: nothing to ask.
    pub(super) ask: Vec<String>,
    /// Something that matters is not known.
    pub(super) unclear: bool,
}

/// What the steps found; `finish` makes the decision of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) outcome: Outcome,
    pub(super) limb: Option<Limb>,
    pub(super) guardian: bool,
    pub(super) provisional: bool,
    pub(super) tier: Option<(String, String)>,
    pub(super) range: Option<FineRange>,
    pub(super) amount: Fen,
    pub(super) may_choose: Vec<Outcome>,
}

impl Ends {
    pub(super) fn with(outcome: Outcome) -> Ends {
        Ends {
            outcome,
            limb: None,
            guardian: false,
            provisional: false,
            tier: None,
            range: None,
            amount: Fen::ZERO,
            may_choose: Vec::new(),
        }
    }
}

/// How the limbs stand.
enum Limbs<'a> {
    Fits {
        limb: Limb,
        row: &'a RuleRow,
        rules: &'a Rules,
        index: usize,
        sure: bool,
    },
    /// Only the correction is open: a promise postpones until the re-check.
    AwaitsCorrection,
    /// Facts of a limb are not clear.
    Unclear(Vec<String>),
    None,
}

pub(super) struct Judge<'a> {
    pub(super) book: &'a Rulebook,
    /// The pack in force at the decision: who may waive and what may end on the spot is procedure, which 处罚法
    /// 37 does not take from the act.
    pub(super) procedure: &'a Rulebook,
    pub(super) inquiry: &'a Inquiry,
    /// The day whose law is applied: of the act, or of the decision (处罚法 37).
    day: NaiveDate,
    /// The pack begins after the act, and no older one is at hand.
    pub(super) too_young: bool,
    pub(super) inputs: Inputs<'a>,
    pub(super) reasons: Vec<Reason>,
    pub(super) rejected: Vec<Rejected>,
    /// Floor of a displaced provision (处罚法 29).
    pub(super) floor: Fen,
    pub(super) ask: Vec<String>,
    pub(super) unclear: bool,
    /// 量词 of the offence decided on.
    pub(super) units: Option<&'a BTreeMap<String, String>>,
    /// The last failed input and its words.
    pub(super) said: (String, String),
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        book: &'a Rulebook,
        procedure: &'a Rulebook,
        inquiry: &'a Inquiry,
        day: NaiveDate,
    ) -> Judge<'a> {
        Judge {
            book,
            procedure,
            inquiry,
            day,
            too_young: false,
            inputs: Inputs::new(book, inquiry),
            reasons: Vec::new(),
            rejected: Vec::new(),
            floor: Fen::ZERO,
            ask: Vec::new(),
            unclear: false,
            units: None,
            said: Default::default(),
        }
    }

    /// Rules on the version of the offence that is in force on the day, if any is.
    pub(super) fn rule(mut self, name: &str) -> Result<Ruling, LawError> {
        let Some(offence) = self.version(&self.inquiry.offence) else {
            self.reason("in_force", "该日没有规定将此行为列为违法".into(), &[], Vec::new());
            return Ok(self.finish(None, name, Ends::with(Outcome::NoViolation)));
        };
        let (offence, ends) = self.steps(offence)?;
        Ok(self.finish(Some(offence), name, ends))
    }

    /// The version of an offence that is in force on the day.
    pub(super) fn version(&self, offence: &str) -> Option<&'a OffenceRules> {
        self.book.offence_on(offence, self.day)
    }

    fn steps(&mut self, offence: &'a OffenceRules) -> Result<(&'a OffenceRules, Ends), LawError> {
        self.units = Some(&offence.is.units);
        if let Some(ends) = self.is_violation(offence) {
            return Ok((offence, ends));
        }
        if let Some(ends) = self.is_clear() {
            return Ok((offence, ends));
        }
        let offence = self.prevailing(offence);
        self.units = Some(&offence.is.units);
        if let Some(ends) = self.referred(offence) {
            return Ok((offence, ends));
        }
        if let Some(mut ends) = self.order_first(offence) {
            ends.guardian = ends.outcome == Outcome::Order && self.has_guardian();
            return Ok((offence, ends));
        }
        if let Some(ends) = self.capacity() {
            return Ok((offence, ends));
        }
        let ends = match self.limbs(offence) {
            Limbs::Fits { limb, row, rules, index, sure } => {
                self.waived(offence, limb, row, rules, index, sure)?
            }
            Limbs::AwaitsCorrection => {
                self.reason(
                    "correction.open",
                    "改正情况待复查，复查后再作处理".into(),
                    &[],
                    vec!["corrected".into()],
                );
                Ends::with(Outcome::Order)
            }
            Limbs::Unclear(names) => self.unclear(&names),
            Limbs::None => self.penal(offence)?,
        };
        Ok((offence, ends))
    }

    // --- the steps ---

    fn is_violation(&mut self, offence: &'a OffenceRules) -> Option<Ends> {
        let id = &offence.is.id;
        let known = self.inputs.row(&offence.elements);
        match offence.elements.verdict(0, &known) {
            Verdict::Fits => {
                let text = format!("行为构成“{}”", offence.is.name);
                let facts = self.names(&offence.elements, 0);
                self.reason(&format!("offence.{id}"), text, &offence.violated, facts);
            }
            Verdict::Fails(cond) => {
                let because = self.because(&offence.elements, cond);
                self.reason(
                    &format!("offence.{id}"),
                    format!("不构成“{}”：{because}", offence.is.name),
                    &offence.violated,
                    Vec::new(),
                );
                return Some(Ends::with(Outcome::NoViolation));
            }
            Verdict::Open(open) => {
                let names = self.open(&offence.elements, open);
                return Some(self.unclear(&names));
            }
        }
        self.referred(offence)
    }

    /// 移送: the act is another organ's.
    fn referred(&mut self, offence: &'a OffenceRules) -> Option<Ends> {
        let id = &offence.is.id;
        if offence.is.refer_to.is_empty() {
            return None;
        }
        self.reason(
            &format!("offence.{id}.refer"),
            format!("该行为由{}管辖，移送处理", offence.is.refer_to),
            &offence.basis,
            Vec::new(),
        );
        Some(Ends::with(Outcome::Referral))
    }

    fn is_clear(&mut self) -> Option<Ends> {
        let rules = &self.book.ordinary;
        let known = self.inputs.row(&rules.table);
        for (index, row) in rules.rows.iter().enumerate() {
            match rules.table.verdict(index, &known) {
                Verdict::Fits => {
                    let facts = self.names(&rules.table, index);
                    self.reason(&row.id, row.text.clone(), &row.cite, facts);
                    return Some(Ends::with(Outcome::OrdinaryProcedure));
                }
                Verdict::Open(open) => {
                    let names = self.open(&rules.table, open);
                    return Some(self.unclear(&names));
                }
                Verdict::Fails(cond) => self.reject(&row.id, &rules.table, cond),
            }
        }
        None
    }

    /// Two provisions fit one act: the special one, or the one with the higher statutory ceiling for
    /// this party, then the higher floor; never the computed amount (处罚法 29).
    fn prevailing(&mut self, offence: &'a OffenceRules) -> &'a OffenceRules {
        let unit = self.book.settings().is_unit_in_ranges(self.inquiry.party);
        let mut winner = offence;
        for pair in &self.book.pairs {
            let other = match &offence.is.id {
                id if *id == pair.a => &pair.b,
                id if *id == pair.b => &pair.a,
                _ => continue,
            };
            if pair.relation == Relation::TwoActs
                || pair.relation == Relation::Special && pair.prevails != *other
            {
                continue;
            }
            let Some(other) = self.version(other) else { continue };
            if pair.relation == Relation::HigherFine
                && !(self.may_fine(other) && statutory(other, unit) > statutory(winner, unit))
            {
                continue;
            }
            let known = self.inputs.row(&other.elements);
            match other.elements.verdict(0, &known) {
                Verdict::Fits => {}
                Verdict::Open(open) => {
                    let names = self.open(&other.elements, open);
                    self.ask_for(&names);
                    continue;
                }
                Verdict::Fails(cond) => {
                    self.reject(&format!("offence.{}", other.is.id), &other.elements, cond);
                    continue;
                }
            }
            let cite: Vec<Citation> = pair.cite.iter().filter_map(|c| self.book.citation(c)).collect();
            let cite = if cite.is_empty() { self.book.principles.higher_fine.clone() } else { cite };
            self.reason(
                &format!("pair.{}.{}", pair.a, pair.b),
                format!("同一行为也构成“{}”，{}，按该规定处理", other.is.name, pair.because),
                &cite,
                self.names(&other.elements, 0),
            );
            if pair.relation == Relation::HigherFine {
                self.floor = self.floor.max(winner.clause_range(unit).map_or(Fen::ZERO, |r| r.low));
            }
            winner = other;
            if pair.relation == Relation::Special {
                break;
            }
        }
        winner
    }

    /// Whether a fine is due under this clause now (应当给予罚款处罚): not while an order must come first.
    fn may_fine(&self, offence: &OffenceRules) -> bool {
        let fine =
            offence.is.penalty.as_ref().is_some_and(|p| p.fine != crate::rulebook::format::Measure::None);
        fine && (offence.is.clause == Clause::Direct || self.inputs.order == OrderState::Ripe)
    }

    /// 责令改正；拒不改正的，处…: the order comes first, is served and re-checked (invariant 7).
    fn order_first(&mut self, offence: &'a OffenceRules) -> Option<Ends> {
        let penalty = offence.is.penalty.is_some();
        if offence.is.clause == Clause::Direct && penalty {
            return None;
        }
        let corrected = self.inputs.yes("corrected");
        let state = self.inputs.order;
        if state == OrderState::Corrected || corrected == Some(true) {
            self.reason(
                "order.complied",
                "已责令改正，当事人已经改正".into(),
                &self.cite_order(offence),
                vec!["corrected".into()],
            );
            return Some(Ends::with(Outcome::OrderComplied));
        }
        if penalty && state == OrderState::Ripe {
            let text = self.inquiry.prior_order.as_ref().map_or_else(String::new, |order| {
                let how = if order.refused { "当事人拒不改正" } else { "经复查逾期未改正" };
                format!("{}责令改正通知书（{}）已送达，{how}", order.ordered_on, order.number)
            });
            self.reason("order.ripe", text, &self.cite_order(offence), vec!["corrected".into()]);
            return None;
        }
        if corrected.is_none() {
            self.ask_for(&["corrected".into()]);
        }
        let outcome =
            if offence.is.order.text.is_empty() && !penalty { Outcome::Advice } else { Outcome::Order };
        let text = match (outcome, state) {
            (Outcome::Advice, _) => "没有可以适用的处罚规定，予以劝导",
            (_, OrderState::Pending) => "已责令改正，尚未到期复查",
            _ if !penalty => "没有可以适用的处罚规定，责令改正",
            _ => "该规定以责令改正而拒不改正（逾期不改正）为处罚前提，先责令改正",
        };
        self.reason("order.first", text.into(), &self.cite_order(offence), vec!["corrected".into()]);
        Some(Ends::with(outcome))
    }

    /// 责令监护人加以管教 (30, 31): owed beside an order too, when the person could not be punished anyway.
    fn has_guardian(&mut self) -> bool {
        let asked = self.book.settings().guardian_with_order;
        let Some(limb) = self.book.limbs.iter().find(|l| asked && l.limb == Limb::D) else { return false };
        let known = self.inputs.row(&limb.rules.table);
        let fits = |(index, row): &(usize, &RuleRow)| {
            row.guardian && limb.rules.table.verdict(*index, &known) == Verdict::Fits
        };
        let Some((index, row)) = limb.rules.rows.iter().enumerate().find(fits) else { return false };
        let facts = self.names(&limb.rules.table, index);
        self.reason(&row.id, row.text.clone(), &row.cite, facts);
        true
    }

    /// Capacity (limb D) not clear: ordinary procedure, no waiver either.
    fn capacity(&mut self) -> Option<Ends> {
        let rules = &self.book.limbs.iter().find(|l| l.limb == Limb::D)?.rules;
        let known = self.inputs.row(&rules.table);
        let verdicts: Vec<Verdict> = (0..rules.rows.len()).map(|i| rules.table.verdict(i, &known)).collect();
        if verdicts.contains(&Verdict::Fits) {
            return None;
        }
        let names: Vec<String> = verdicts
            .iter()
            .flat_map(|v| match v {
                Verdict::Open(open) => self.open(&rules.table, *open),
                _ => Vec::new(),
            })
            .collect();
        (!names.is_empty()).then(|| self.unclear(&names))
    }

    fn limbs(&mut self, offence: &'a OffenceRules) -> Limbs<'a> {
        let book = self.book;
        let mut open: Vec<Vec<String>> = Vec::new();
        let mut may: Option<Limbs<'a>> = None;
        let order = book.limbs.iter().map(|l| l.limb);
        let musts_first = order.clone().filter(|l| *l != Limb::B).chain(order.filter(|l| *l == Limb::B));
        for limb in musts_first {
            if let Some((_, cite)) = offence.excluded.iter().find(|(l, _)| *l == limb) {
                let name = cite.first().map(ToString::to_string).unwrap_or_default();
                self.rejected.push(Rejected {
                    rule: format!("limb.{limb:?}"),
                    because: format!("{name}另有规定，不适用"),
                });
                continue;
            }
            let general = book.limbs.iter().filter(|l| l.limb == limb).map(|l| (&l.rules, None));
            for (rules, only) in general.chain([(&offence.waive, Some(limb))]) {
                let known = self.row_for(limb, &rules.table);
                for (index, row) in rules.rows.iter().enumerate() {
                    if only.is_some_and(|limb| offence.is.waive.get(index).is_none_or(|w| w.limb != limb)) {
                        continue;
                    }
                    match rules.table.verdict(index, &known) {
                        Verdict::Fits if limb == Limb::B => {
                            may.get_or_insert(Limbs::Fits { limb, row, rules, index, sure: open.is_empty() });
                        }
                        Verdict::Fits => return Limbs::Fits { limb, row, rules, index, sure: true },
                        Verdict::Open(bits) => open.push(self.open(&rules.table, bits)),
                        Verdict::Fails(cond) => self.reject(&row.id, &rules.table, cond),
                    }
                }
            }
        }
        // The row with the fewest open facts settles the step soonest.
        open.sort_by_key(Vec::len);
        let only_correction = open.iter().any(|names| names.iter().all(|n| n == "corrected"));
        let names: Vec<String> = open.into_iter().flatten().collect();
        self.ask_for(&names);
        match may {
            Some(fits) => fits,
            None if only_correction => Limbs::AwaitsCorrection,
            None if names.is_empty() => Limbs::None,
            None => Limbs::Unclear(names),
        }
    }

    /// Limb B looks at the history: not known counts as first, provisionally (invariant 5).
    fn row_for(&self, limb: Limb, table: &Table) -> Vec<crate::rulebook::Known> {
        let mut known = self.inputs.row(table);
        if limb == Limb::B
            && self.inquiry.history.earlier.is_none()
            && let Some(at) = table.inputs.iter().position(|name| name == "earlier_find")
            && let Some(cell) = known.get_mut(at)
        {
            *cell = crate::rulebook::Known::Atom(0);
        }
        known
    }

    fn waived(
        &mut self,
        offence: &'a OffenceRules,
        limb: Limb,
        row: &RuleRow,
        rules: &Rules,
        index: usize,
        sure: bool,
    ) -> Result<Ends, LawError> {
        let facts = self.names(&rules.table, index);
        self.reason(&row.id, row.text.clone(), &row.cite, facts);
        let settings = self.procedure.settings();
        let outcome = match settings.waiver {
            WaiverAuthority::Delegated => Outcome::NoPenalty,
            WaiverAuthority::HeadConfirms => Outcome::NoPenaltyProposed,
        };
        let authority = match settings.waiver {
            WaiverAuthority::Delegated => "依本机关公布的规定，由执法人员当场作出",
            WaiverAuthority::HeadConfirms => "须经本机关负责人审查确认",
        };
        self.reason("waiver.authority", authority.into(), &settings.waiver_cite, Vec::new());
        let mut ends = Ends { limb: Some(limb), guardian: row.guardian, ..Ends::with(outcome) };
        if limb != Limb::B {
            return self.chosen(ends);
        }
        let history = &self.inquiry.history;
        ends.provisional = history.earlier.is_none() || history.stale;
        if !sure {
            // A mandatory limb may still apply: the law leaves no choice to punish then.
            return self.chosen(ends);
        }
        // 可以: the officers may punish instead, with a reason.
        let (reasons, rejected) = (self.reasons.clone(), self.rejected.clone());
        let (asked, unclear) = (std::mem::take(&mut self.ask), self.unclear);
        let choice = self.inquiry.choice;
        let punish = choice.is_some_and(|c| c.outcome != outcome);
        let penal = self.penal(offence)?;
        if punish {
            return Ok(penal);
        }
        (self.ask, self.unclear) = (asked, unclear);
        (self.reasons, self.rejected) = (reasons, rejected);
        ends.may_choose = std::iter::once(penal.outcome).chain(penal.may_choose).collect();
        self.chosen(ends)
    }

    /// Nothing but the proposal is open here.
    fn chosen(&self, ends: Ends) -> Result<Ends, LawError> {
        match self.inquiry.choice {
            Some(choice)
                if choice.outcome != ends.outcome || choice.amount.is_some_and(|a| a != ends.amount) =>
            {
                Err(LawError::ChoiceNotOpen)
            }
            _ => Ok(ends),
        }
    }
}

/// Ceiling, then floor, of the clause for this party.
fn statutory(offence: &OffenceRules, unit: bool) -> (Fen, Fen) {
    offence.clause_range(unit).map_or((Fen::ZERO, Fen::ZERO), |r| (r.high, r.low))
}
