//! What is imposed when nothing waives: tier, amount, mitigation, defence cap, and the gate last.

use super::{
    LawError,
    judge::{Ends, Judge},
    rank,
};
use crate::{
    decision::FineRange,
    money::Fen,
    rulebook::{
        Known, OffenceRules, Verdict, fine_range,
        format::{Gain, Impose, Measure, Penalty, ProposalPoint},
    },
    terms::Outcome,
};

/// Amounts before the officers, the defence and the gate have looked at them.
struct Proposal {
    outcome: Outcome,
    range: Option<FineRange>,
    amount: Fen,
    /// Lowest amount that the officers may choose.
    lowest: Fen,
    /// Highest; below the unmitigated proposal where mitigation is mandatory.
    highest: Fen,
}

impl<'a> Judge<'a> {
    /// From the clause to the end of an offence that nothing waives.
    pub(super) fn penal(&mut self, offence: &'a OffenceRules) -> Result<Ends, LawError> {
        let Some(penalty) = offence.is.penalty.as_ref() else { return Ok(Ends::with(Outcome::Order)) };
        let unit = self.book.settings().is_unit_in_ranges(self.inquiry.party);
        let tier = match self.tier(offence, unit) {
            Ok(tier) => tier,
            Err(ends) => return Ok(ends),
        };
        let row = tier.and_then(|index| offence.tier(index));
        let mut alternatives = alternatives(penalty);
        let mut outcome = match row.and_then(|t| t.impose) {
            Some(impose) => {
                // The discretion table has decided: it leaves nothing else.
                alternatives.clear();
                imposed(impose)
            }
            None => usual(penalty),
        };
        let range = row
            .and_then(|t| if unit { t.unit } else { t.individual })
            .map(fine_range)
            .or_else(|| offence.clause_range(unit));
        let id = &offence.is.id;
        if let Some((index, tier)) = tier.zip(row) {
            let facts = self.names(&offence.tiers.table, index);
            let cite = offence.tiers.rows.get(index).map(|r| r.cite.clone()).unwrap_or_default();
            self.reason(
                &format!("offence.{id}.tier.{}", tier.id),
                format!("裁量阶次：{}", tier.name),
                &cite,
                facts,
            );
        }
        let tier_name = row.map(|t| (t.id.clone(), t.name.clone()));
        if outcome.has_fine() && range.is_none() {
            // The clause does not reach this kind of party with a fine.
            let text = format!("该规定没有对{}的罚款", if unit { "单位" } else { "个人" });
            self.reason(&format!("offence.{id}.party"), text, &offence.basis, vec!["party".into()]);
            outcome = if penalty.warning == Measure::None { Outcome::Order } else { Outcome::Warning };
            alternatives.retain(|o| !o.has_fine());
        }
        let mut proposal = self.proposal(penalty, outcome, range, row.and_then(|t| t.propose));
        self.mitigate(&mut proposal);
        self.nothing_left(&mut proposal, penalty, false);
        if proposal.amount == Fen::ZERO {
            alternatives.retain(|o| !o.has_fine());
        }
        self.choose(&mut proposal, &alternatives)?;
        let capped = self.cap(&mut proposal, penalty);
        self.nothing_left(&mut proposal, penalty, capped);
        alternatives.retain(|o| *o != proposal.outcome);
        if let Some(cap) = self.inquiry.defence_cap {
            alternatives.retain(|o| rank(*o) <= rank(cap.outcome));
        }
        let fined = proposal.outcome.has_fine();
        let ends = Ends {
            tier: tier_name,
            range: proposal.range.filter(|_| fined),
            amount: if fined { proposal.amount } else { Fen::ZERO },
            may_choose: alternatives,
            ..Ends::with(proposal.outcome)
        };
        if fined {
            let text = format!("拟处罚款{}元", proposal.amount.digits());
            self.reason(&format!("offence.{id}.amount"), text, &offence.basis, Vec::new());
        }
        Ok(self.gate(offence, ends, capped))
    }

    /// The tier that applies; `Ok(None)` where the clause has none; with unknown facts the mildest
    /// that is possible.
    fn tier(&mut self, offence: &'a OffenceRules, unit: bool) -> Result<Option<usize>, Ends> {
        if offence.is.tiers.is_empty() {
            return Ok(None);
        }
        let table = &offence.tiers.table;
        let known = self.inputs.row(table);
        let mut possible: Vec<(usize, Option<u16>)> = Vec::new();
        for index in &offence.tier_order {
            let Some(rule) = offence.tiers.rows.get(*index) else { continue };
            match table.verdict(*index, &known) {
                Verdict::Fits => {
                    possible.push((*index, None));
                    break;
                }
                Verdict::Open(open) => possible.push((*index, Some(open))),
                Verdict::Fails(cond) => self.reject(&rule.id, table, cond),
            }
        }
        let mut open: Vec<Vec<String>> =
            possible.iter().filter_map(|(_, open)| open.map(|bits| self.open(table, bits))).collect();
        open.sort_by_key(Vec::len);
        self.ask_for(&open.concat());
        let mildest = possible.iter().map(|(index, _)| *index).min_by_key(|index| {
            offence.tier(*index).map(|tier| {
                let range = if unit { tier.unit } else { tier.individual }.map(fine_range);
                let range = range.or_else(|| offence.clause_range(unit));
                let penalty = offence.is.penalty.as_ref();
                let outcome = tier.impose.map_or_else(|| penalty.map_or(Outcome::Order, usual), imposed);
                (rank(outcome), range.map_or((Fen::ZERO, Fen::ZERO), |r| (r.high, r.low)))
            })
        });
        match mildest {
            Some(index) => Ok(Some(index)),
            // A checked pack has no gap.
            None => Err(self.unclear(&table.inputs)),
        }
    }

    fn proposal(
        &mut self,
        penalty: &Penalty,
        outcome: Outcome,
        range: Option<FineRange>,
        own: Option<i64>,
    ) -> Proposal {
        let each = match &penalty.per {
            Some(name) => match self.inputs.known(name) {
                Known::Int(count) => count.max(1),
                _ => {
                    // Not known: one, the mildest.
                    self.ask_for(std::slice::from_ref(name));
                    1
                }
            },
            None => 1,
        };
        let times = |fen: Fen| Fen(fen.0.saturating_mul(each));
        let range = range.map(|r| FineRange { low: times(r.low), high: times(r.high) });
        // 29: not below the floor of the displaced provision.
        let range = range.map(|r| FineRange { low: r.low.max(self.floor.min(r.high)), high: r.high });
        let amount = range.map_or(Fen::ZERO, |r| {
            let point = match (own, self.book.settings().proposal) {
                (Some(yuan), _) => times(Fen::yuan(yuan)),
                (None, ProposalPoint::Low) => r.low,
                (None, ProposalPoint::High) => r.high,
                (None, ProposalPoint::Middle) => whole_yuan(Fen(r.low.0.saturating_add(r.high.0) / 2)),
            };
            // A clause without a floor still needs an amount.
            point.clamp(r.low, r.high).max(Fen::yuan(1).min(r.high))
        });
        let (lowest, highest) = range.map_or((Fen::ZERO, Fen::ZERO), |r| (r.low, r.high));
        Proposal { outcome, range, amount, lowest, highest }
    }

    /// 从轻、减轻: each ground that the law makes mandatory has an effect of its own, so they follow one
    /// another; the age last, so that a minor always pays less than an adult with the same other
    /// grounds (处罚法 30). A ground that is not clear counts, in favour of the party.
    fn mitigate(&mut self, proposal: &mut Proposal) {
        let rules = &self.book.mitigation_table;
        let known = self.inputs.row(&rules.table);
        let floor = proposal.range.map_or(Fen::ZERO, |r| r.low);
        let mut must: Vec<(bool, u8)> = Vec::new();
        for ((index, row), strength) in rules.rows.iter().enumerate().zip(&self.book.mitigation) {
            let open = match rules.table.verdict(index, &known) {
                Verdict::Fits => Vec::new(),
                Verdict::Open(open) => self.open(&rules.table, open),
                Verdict::Fails(cond) => {
                    self.reject(&row.id, &rules.table, cond);
                    continue;
                }
            };
            if !open.is_empty() {
                self.ask_for(&open);
                if !strength.must {
                    continue;
                }
            }
            let facts = self.names(&rules.table, index);
            let by_age = facts.iter().any(|name| name == "age_band");
            let duty = if strength.must { "应当从轻或者减轻" } else { "可以从轻或者减轻" };
            self.reason(&row.id, format!("{}，{duty}", row.text), &row.cite, facts);
            if strength.must {
                must.push((by_age, strength.percent));
            } else {
                // Left to the officers: how far down they may go.
                proposal.lowest =
                    proposal.lowest.min(lighter(proposal.amount, proposal.lowest, strength.percent));
            }
        }
        must.sort_by_key(|(by_age, _)| *by_age);
        for (_, percent) in must {
            // Strictly below what it would be without this ground, whatever the officers choose.
            proposal.highest = Fen(proposal.amount.0.saturating_sub(1)).max(Fen::ZERO);
            proposal.amount = lighter(proposal.amount, floor, percent);
            proposal.lowest = proposal.lowest.min(proposal.amount);
        }
    }

    /// A fine that mitigation or the defence has brought down to nothing is none. Not where the clause
    /// passes the gate: there the ordinary procedure sets the amount.
    fn nothing_left(&self, proposal: &mut Proposal, penalty: &Penalty, capped: bool) {
        let straddles = !capped && self.straddles(proposal.range);
        if proposal.outcome.has_fine() && proposal.amount == Fen::ZERO && !straddles {
            proposal.outcome =
                if penalty.warning == Measure::None { Outcome::Order } else { Outcome::Warning };
        }
    }

    /// Whether the range reaches beyond what may be fined on the spot.
    fn straddles(&self, range: Option<FineRange>) -> bool {
        let gate = self.procedure.gate_for(self.inquiry.party);
        range.zip(gate).is_some_and(|(range, gate)| range.high > gate)
    }

    /// The officers' choice, inside what the law leaves.
    fn choose(&self, proposal: &mut Proposal, alternatives: &[Outcome]) -> Result<(), LawError> {
        let Some(choice) = self.inquiry.choice.filter(|c| c.outcome != Outcome::OrdinaryProcedure) else {
            return Ok(());
        };
        if choice.outcome != proposal.outcome {
            if !alternatives.contains(&choice.outcome) {
                return Err(LawError::ChoiceNotOpen);
            }
            proposal.outcome = choice.outcome;
        }
        if let Some(amount) = choice.amount {
            let open = if proposal.outcome.has_fine() {
                amount > Fen::ZERO && (proposal.lowest..=proposal.highest).contains(&amount)
            } else {
                amount == Fen::ZERO
            };
            if !open {
                return Err(LawError::ChoiceNotOpen);
            }
            proposal.amount = amount;
        }
        Ok(())
    }

    /// 45 ②: a defence never makes it harsher than what was told. Says whether it lowered anything.
    fn cap(&mut self, proposal: &mut Proposal, penalty: &Penalty) -> bool {
        let Some(cap) = self.inquiry.defence_cap else { return false };
        let before = (proposal.outcome, proposal.amount);
        if rank(proposal.outcome) > rank(cap.outcome) {
            proposal.outcome = match cap.outcome {
                // 警告 only where the clause names it.
                Outcome::Warning if penalty.warning == Measure::None => Outcome::Order,
                outcome if outcome.is_penalty() => outcome,
                // Nothing was to be punished when it was told.
                _ => Outcome::Order,
            };
        }
        if cap.outcome.has_fine() && proposal.outcome.has_fine() {
            proposal.amount = proposal.amount.min(cap.amount);
        }
        let lowered = before != (proposal.outcome, proposal.amount);
        if lowered {
            let cite = self.book.principles.defence.clone();
            self.reason(
                "defence",
                "不得因当事人陈述、申辩而给予更重的处罚，按告知的内容处理".into(),
                &cite,
                Vec::new(),
            );
        }
        lowered
    }

    /// Last of all: what cannot be decided on the spot goes to the ordinary procedure as it is.
    fn gate(&mut self, offence: &'a OffenceRules, ends: Ends, capped: bool) -> Ends {
        let id = &offence.is.id;
        let ordinary = |ends: Ends| Ends {
            outcome: Outcome::OrdinaryProcedure,
            may_choose: Vec::new(),
            amount: Fen::ZERO,
            ..ends
        };
        if !ends.outcome.is_penalty() {
            return ends;
        }
        if self.too_young {
            let cite = self.book.principles.milder_law.clone();
            let text = "行为早于本规则包施行，没有更早的规则包，不能比较行为时的规定，不当场处罚";
            self.reason("milder_law", text.into(), &cite, Vec::new());
            return ordinary(ends);
        }
        if !offence.is.ordinary_because.is_empty() {
            self.reason(
                &format!("offence.{id}.ordinary"),
                offence.is.ordinary_because.clone(),
                &offence.basis,
                Vec::new(),
            );
            return ordinary(ends);
        }
        if offence.is.gain == Gain::Ask {
            match self.inputs.yes("gain") {
                Some(false) => {}
                Some(true) => {
                    let cite = self.book.principles.order.clone();
                    self.reason(
                        "gain",
                        "有违法所得，应当没收，不能当场处罚".into(),
                        &cite,
                        vec!["gain".into()],
                    );
                    return ordinary(ends);
                }
                None => {
                    let unclear = self.unclear(&["gain".into()]);
                    return ordinary(Ends { outcome: unclear.outcome, ..ends });
                }
            }
        }
        if !ends.outcome.has_fine() {
            return ends;
        }
        let Some(gate) = self.procedure.gate_for(self.inquiry.party) else {
            return ordinary(ends);
        };
        let total = ends.amount.saturating_add(self.inquiry.encounter_fines);
        let straddles = !capped && self.straddles(ends.range);
        let cite = self.procedure.gates().map(|g| g.cite.clone()).unwrap_or_default();
        let text = if straddles {
            format!("罚款幅度上限超过当场处罚限额{}元", gate.digits())
        } else if total > gate {
            format!("对同一当事人本次罚款合计{}元，超过当场处罚限额{}元", total.digits(), gate.digits())
        } else {
            return ends;
        };
        self.reason("gate", text, &cite, Vec::new());
        ordinary(ends)
    }
}

/// `percent` of the way from the floor to the proposal; below the floor by the same share when the
/// proposal is the floor. Whole yuan, strictly below the proposal.
fn lighter(proposal: Fen, floor: Fen, percent: u8) -> Fen {
    let share = |fen: Fen| whole_yuan(fen.percent(percent.into()));
    let inside = Fen(floor.0.saturating_add(share(Fen(proposal.0.saturating_sub(floor.0))).0));
    if floor < proposal && inside < proposal { inside } else { share(proposal) }
}

fn whole_yuan(fen: Fen) -> Fen {
    Fen(fen.0 / 100 * 100)
}

fn imposed(impose: Impose) -> Outcome {
    match impose {
        Impose::Order => Outcome::Order,
        Impose::Warning => Outcome::Warning,
        Impose::Fine => Outcome::Fine,
        Impose::WarningAndFine => Outcome::WarningAndFine,
        Impose::Ordinary => Outcome::OrdinaryProcedure,
    }
}

/// What a clause imposes when no tier says: what it must, else the milder of what it may.
fn usual(penalty: &Penalty) -> Outcome {
    match (penalty.warning, penalty.fine) {
        (Measure::Must, Measure::Must) if penalty.both => Outcome::WarningAndFine,
        (_, Measure::Must) | (Measure::None, Measure::May) => Outcome::Fine,
        (Measure::None, Measure::None) => Outcome::Order,
        _ => Outcome::Warning,
    }
}

/// What else a clause allows (可以), the usual outcome apart.
fn alternatives(penalty: &Penalty) -> Vec<Outcome> {
    let usual = usual(penalty);
    let warning = penalty.warning != Measure::None;
    let fine = penalty.fine != Measure::None;
    let must = [penalty.warning, penalty.fine].contains(&Measure::Must);
    [
        (Outcome::Order, !must),
        (Outcome::Warning, warning && penalty.fine != Measure::Must),
        (Outcome::Fine, fine && penalty.warning != Measure::Must),
        (Outcome::WarningAndFine, warning && fine && penalty.both),
    ]
    .into_iter()
    .filter(|(outcome, open)| *open && *outcome != usual)
    .map(|(outcome, _)| outcome)
    .collect()
}
