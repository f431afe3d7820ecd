//! One offence: citations, ranges, outcomes, the gate, its examples; and the pairs of art. 29.

use std::collections::BTreeSet;

use super::{examples, tables};
use crate::{
    decision::FineRange,
    money::Fen,
    rulebook::{
        Domain, Findings, OffenceRules, Rulebook, Test, fine_range,
        format::{Cite, Clause, Gain, Impose, Level, Measure, Relation, YuanRange},
    },
    terms::{Limb, PartyKind},
};

pub(super) fn check(book: &Rulebook, offence: &OffenceRules, found: &mut Findings) {
    let mut at = Spot { book, offence, found };
    at.words();
    at.clause();
    at.basis_level();
    at.tiers();
    at.gate();
    at.waivers();
    at.period();
    at.examples();
}

/// One offence under the lamp.
struct Spot<'a> {
    book: &'a Rulebook,
    offence: &'a OffenceRules,
    found: &'a mut Findings,
}

impl Spot<'_> {
    fn error(&mut self, cell: &str, sentence: impl Into<String>) {
        let path = format!("offence[{}].{cell}", self.offence.index);
        self.found.error(&self.offence.file, &path, sentence);
    }

    fn words(&mut self) {
        let is = &self.offence.is;
        if is.name.trim().is_empty() {
            self.error("name", "案由名称为空 / the name is empty");
        }
        if is.fact_text.trim().is_empty() {
            self.error("fact_text", "违法事实文字为空 / the text of the fact is empty");
        }
        if is.fact_text.matches('[').count() != is.fact_text.matches(']').count() {
            self.error("fact_text", "方括号不成对 / the brackets do not match");
        }
        for place in is.fact_text.split('{').skip(1) {
            let inside = place.split('}').next().unwrap_or_default();
            let known = inside.strip_prefix("fact:").is_some_and(|name| self.book.fact(name).is_some());
            if !known {
                self.error("fact_text", format!("“{{{inside}}}”不是已声明的事实，应写 {{fact:名称}} / `{{{inside}}}` is no declared fact: write {{fact:name}}"));
            }
        }
        let measured = self
            .offence
            .tiers
            .table
            .inputs
            .iter()
            .any(|name| matches!(self.book.domain(name), Some(Domain::Int { .. })));
        if measured && is.boundary.trim().is_empty() {
            self.error("boundary", "阶次使用了数值，须写明“以上”“以下”是否包括本数 / tiers use a measure: state the boundary rule");
        }
        if is.unverified == is.unverified_because.is_empty() {
            self.error("unverified", "unverified 与其说明须同时写 / `unverified` and its reason go together");
        }
        if is.unverified && !self.book.is_sample() {
            self.error("unverified", "含未核实的金额或文字，不能作为正式规则包发布 / an unverified row cannot be published for production");
        }
    }

    fn clause(&mut self) {
        let is = &self.offence.is;
        if is.clause == Clause::OrderFirst && is.order.text.trim().is_empty() {
            self.error(
                "order.text",
                "以责令改正为前提的规定须写责令内容 / a conditional clause needs the text of its order",
            );
        }
        match is.gain {
            Gain::None if is.gain_reason.trim().is_empty() => {
                self.error("gain_reason", "须说明为何没有违法所得 / say why there is no gain by nature")
            }
            Gain::Ask if !is.gain_reason.is_empty() => {
                self.error("gain_reason", "gain = \"none\" 才写理由 / a reason goes with gain = \"none\"")
            }
            Gain::Ask if is.penalty.is_some() && !matches!(self.book.domain("gain"), Some(Domain::Bool)) => {
                self.error(
                    "gain",
                    "facts.toml 未声明是非事实 gain / the yes-or-no fact `gain` is not declared",
                );
            }
            _ => {}
        }
        if !matches!(self.book.domain("corrected"), Some(Domain::Bool)) {
            self.error(
                "order",
                "facts.toml 未声明是非事实 corrected / the yes-or-no fact `corrected` is not declared",
            );
        }
        let Some(penalty) = is.penalty.clone() else {
            for (cell, there) in [
                ("tier", !is.tiers.is_empty()),
                ("clause", is.clause == Clause::OrderFirst),
                ("ordinary_because", !is.ordinary_because.is_empty()),
            ] {
                if there {
                    self.error(
                        cell,
                        "没有 [offence.penalty]，此项无意义 / without a penalty this has no meaning",
                    );
                }
            }
            return;
        };
        let fine = penalty.fine != Measure::None;
        let ranges = penalty.individual.is_some() || penalty.unit.is_some();
        if fine != ranges {
            self.error("penalty.fine", "罚款与其幅度须同时写 / a fine and its range go together");
        }
        if !fine && penalty.warning == Measure::None {
            self.error("penalty", "既无警告也无罚款 / neither warning nor fine");
        }
        if penalty.both && !(fine && penalty.warning != Measure::None) {
            self.error("penalty.both", "并处须同时有警告和罚款 / `both` needs warning and fine");
        }
        if penalty.warning == Measure::Must && penalty.fine == Measure::Must && !penalty.both {
            self.error("penalty.both", "警告和罚款都应当处的，须写 both = true / warning and fine that both must be imposed need both = true");
        }
    }

    /// 处罚法 16: only laws, regulations and rules set a penalty.
    fn basis_level(&mut self) {
        let keys = |cites: &[Cite]| -> Vec<String> {
            cites
                .iter()
                .map(|cite| match cite {
                    Cite::Short(at) => at,
                    Cite::Quoted(quoted) => &quoted.at,
                })
                .filter_map(|at| at.split_once(' ').map(|(key, _)| key.to_owned()))
                .collect()
        };
        for (i, key) in keys(&self.offence.is.basis).into_iter().enumerate() {
            let level = self.book.instruments.get(&key).map(|i| i.level);
            if matches!(level, Some(Level::NormativeDocument | Level::Standard)) {
                self.error(&format!("basis[{i}]"), "规范性文件和标准不得设定行政处罚（处罚法第十六条） / a normative document or standard sets no penalty");
            }
        }
        for (i, excluded) in self.offence.is.excludes.clone().iter().enumerate() {
            let by_law = keys(&excluded.cite).iter().any(|key| {
                matches!(
                    self.book.instruments.get(key).map(|i| i.level),
                    Some(Level::Law | Level::AdministrativeRegulation)
                )
            });
            if excluded.limb != Limb::C || !by_law {
                self.error(&format!("excludes[{i}]"), "只有法律、行政法规可以排除 C 项（处罚法第三十三条第二款） / only a law or administrative regulation may exclude, and only limb C");
            }
        }
    }

    fn tiers(&mut self) {
        let Some(penalty) = self.offence.is.penalty.clone() else { return };
        let mut fines = false;
        for (i, tier) in self.offence.is.tiers.clone().iter().enumerate() {
            let allowed = match tier.impose {
                // 责令改正；情节严重的，处…: an order is milder than any clause.
                None | Some(Impose::Ordinary | Impose::Order) => true,
                Some(Impose::Warning) => penalty.warning != Measure::None && penalty.fine != Measure::Must,
                Some(Impose::Fine) => penalty.fine != Measure::None && penalty.warning != Measure::Must,
                Some(Impose::WarningAndFine) => penalty.both,
            };
            if !allowed {
                self.error(
                    &format!("tier[{i}].impose"),
                    "罚则没有规定可以这样处理 / the clause does not allow this",
                );
            }
            let no_fine = matches!(tier.impose, Some(Impose::Order | Impose::Warning));
            fines |= !no_fine;
            for (key, own, clause) in
                [("individual", tier.individual, penalty.individual), ("unit", tier.unit, penalty.unit)]
            {
                self.tier_range(i, key, own, clause, no_fine, tier.propose);
            }
        }
        if penalty.fine != Measure::None && !self.offence.is.tiers.is_empty() && !fines {
            self.error(
                "tier",
                "罚则有罚款，但没有任何阶次会处罚款 / unreachable outcome: no tier ever imposes the fine",
            );
        }
    }

    fn tier_range(
        &mut self,
        i: usize,
        key: &str,
        own: Option<YuanRange>,
        clause: Option<YuanRange>,
        no_fine: bool,
        propose: Option<i64>,
    ) {
        let cell = format!("tier[{i}].{key}");
        match (own, clause) {
            (Some(_), _) if no_fine => {
                self.error(&cell, "此阶次不处罚款，不应写幅度 / this row imposes no fine: it has no range")
            }
            (Some(_), None) => {
                self.error(&cell, "罚则没有对这类当事人的罚款 / the clause has no fine for this party")
            }
            (Some(own), Some(clause)) => {
                if own.low < clause.low || own.high > clause.high {
                    self.error(&cell, format!(
                        "阶次幅度 {} 至 {} 元超出法定幅度 {} 至 {} 元 / the tier lies outside the statutory range",
                        own.low, own.high, clause.low, clause.high
                    ));
                }
                if propose.is_some_and(|p| p < own.low || p > own.high) {
                    self.error(
                        &format!("tier[{i}].propose"),
                        "建议金额在阶次幅度之外 / the proposal lies outside the range of the tier",
                    );
                }
            }
            (None, Some(_)) if !no_fine && (own.is_none() && self.other_has(i, key)) => {
                self.error(
                    &cell,
                    "另一类当事人有幅度，这一类没有 / the other kind of party has a range, this one has none",
                );
            }
            (None, _) => {}
        }
    }

    fn other_has(&self, i: usize, key: &str) -> bool {
        self.offence
            .tier(i)
            .is_some_and(|t| if key == "unit" { t.individual.is_some() } else { t.unit.is_some() })
    }

    /// Amounts beyond the summary gate must be known to the author.
    fn gate(&mut self) {
        let Some(penalty) = self.offence.is.penalty.clone() else { return };
        let (Some(citizen), Some(organisation)) =
            (self.book.gate_for(PartyKind::Citizen), self.book.gate_for(PartyKind::Organisation))
        else {
            return;
        };
        let waits = !self.offence.is.ordinary_because.is_empty();
        let most = match penalty.per.as_ref().and_then(|per| self.book.domain(per)) {
            Some(Domain::Int { max, .. }) => *max,
            _ => 1,
        };
        let over = |individual: Option<FineRange>, unit: Option<FineRange>| {
            let past = |range: Option<FineRange>, gate: Fen| {
                range.is_some_and(|r| r.high.0.saturating_mul(most) > gate.0)
            };
            past(individual, citizen) || past(unit, organisation)
        };
        let said = |over: bool, mark: bool| match (over, mark) {
            (true, false) => Some(
                "罚款上限超过当场处罚限额，将转普通程序：请写 over_gate = true 表明知悉 / the ceiling passes the on-the-spot gate: write over_gate = true",
            ),
            (false, true) => Some(
                "罚款上限没有超过当场处罚限额，不应写 over_gate / the ceiling does not pass the gate: remove over_gate",
            ),
            _ => None,
        };
        if self.offence.is.tiers.is_empty() {
            let past = !waits && over(penalty.individual.map(fine_range), penalty.unit.map(fine_range));
            if let Some(sentence) = said(past, penalty.over_gate) {
                self.error("penalty.over_gate", sentence);
            }
            return;
        }
        if penalty.over_gate {
            self.error("penalty.over_gate", "有阶次时写在阶次上 / with tiers it is written on the tier");
        }
        for (i, tier) in self.offence.is.tiers.clone().iter().enumerate() {
            let fined = !matches!(tier.impose, Some(Impose::Order | Impose::Warning | Impose::Ordinary));
            let reach = self.parties(i);
            let range = |own: Option<YuanRange>, clause: Option<YuanRange>, reached: bool| {
                own.or(clause).filter(|_| reached).map(fine_range)
            };
            let past = fined
                && !waits
                && over(
                    range(tier.individual, penalty.individual, reach.0),
                    range(tier.unit, penalty.unit, reach.1),
                );
            if let Some(sentence) = said(past, tier.over_gate) {
                self.error(&format!("tier[{i}].over_gate"), sentence);
            }
        }
    }

    /// Whether a tier reaches individuals and units.
    fn parties(&self, tier: usize) -> (bool, bool) {
        let table = &self.offence.tiers.table;
        let cell = table.rows.get(tier).and_then(|row| {
            row.iter().find(|c| table.inputs.get(c.input).is_some_and(|name| name == "party"))
        });
        match cell.map(|c| c.test) {
            Some(Test::Atoms(set)) => (set & 1 == 1, set >> 1 & 1 == 1),
            _ => (true, true),
        }
    }

    /// A list may be milder than the national limb, never beyond its bounds: 及时改正, 初次.
    fn waivers(&mut self) {
        for (i, row) in self.offence.is.waive.clone().iter().enumerate() {
            let yes =
                |name: &str, yes: bool| row.when.get(name) == Some(&crate::rulebook::format::Cell::Bool(yes));
            if !yes("corrected", true) {
                self.error(&format!("waive[{i}].when"), "免罚清单项目须以及时改正（corrected = true）为条件 / an item of a waiver list needs corrected = true");
            }
            if row.limb == Limb::B && !yes("earlier_find", false) {
                self.error(
                    &format!("waive[{i}].when"),
                    "首违不罚须以初次违法（earlier_find = false）为条件 / limb B needs earlier_find = false",
                );
            }
        }
    }

    fn period(&mut self) {
        let pack = &self.book.manifest;
        let (from, until) = self.offence.period(pack);
        if from < pack.effective_from.0 || pack.repealed_on.is_some_and(|end| until.is_none_or(|u| u > end.0))
        {
            self.error(
                "effective_from",
                "案由的有效期超出规则包的有效期 / the offence is in force outside the pack's own period",
            );
        }
        if until.is_some_and(|until| until <= from) {
            self.error("repealed_on", "废止日期不晚于施行日期 / repealed before it is in force");
        }
        let next = self
            .book
            .offences
            .iter()
            .filter(|o| o.is.id == self.offence.is.id)
            .map(|o| o.period(pack).0)
            .filter(|start| *start > from)
            .min();
        let ours_before =
            self.book.offences.iter().any(|o| {
                o.is.id == self.offence.is.id && o.period(pack).0 < from && o.is.refer_to.is_empty()
            });
        if ours_before && !self.offence.is.refer_to.is_empty() {
            let path = format!("offence[{}].refer_to", self.offence.index);
            let said = format!(
                "自 {from} 起移送：此前发生、此后处理的行为也一律移送，不再由本机关处罚 / referred from {from} on: acts from before that are decided later are referred too and not fined here"
            );
            self.found.warning(&self.offence.file, &path, said);
        }
        if let (Some(until), Some(next)) = (until, next)
            && until < next
        {
            self.error("repealed_on", format!("有效期有空档：{until} 至 {next} 没有有效规定 / hole: nothing is in force from {until} to {next}"));
        }
    }

    fn examples(&mut self) {
        let mut reached = BTreeSet::new();
        for (i, example) in self.offence.is.examples.clone().iter().enumerate() {
            let cell = format!("example[{i}]");
            let run = examples::inquiry(self.book, self.offence, example)
                .and_then(|inquiry| examples::run(self.book, &inquiry));
            match run {
                Err(sentence) => self.error(&format!("{cell}.facts"), sentence),
                Ok(decision) => {
                    if let Some(difference) = examples::differs(example, &decision) {
                        self.error(
                            &format!("{cell}.expect"),
                            format!(
                                "示例“{}”不符：{difference} / the example comes out differently",
                                example.name
                            ),
                        );
                    }
                    if decision.offence == self.offence.is.id {
                        reached.extend(decision.tier);
                    }
                }
            }
        }
        if self.offence.is.examples.is_empty() {
            self.error("id", "没有示例 / no example");
            return;
        }
        for (i, tier) in self.offence.is.tiers.clone().iter().enumerate() {
            if !reached.contains(&tier.id) {
                self.error(
                    &format!("tier[{i}].id"),
                    format!("没有示例到达阶次“{}” / no example reaches this tier", tier.id),
                );
            }
        }
    }
}

/// 处罚法 29: offences of one conduct class that can fit one act say how they stand to each other.
pub(super) fn pairs(book: &Rulebook, found: &mut Findings) {
    for (i, a) in book.offences.iter().enumerate() {
        for b in book.offences.iter().skip(i + 1) {
            if a.is.conduct != b.is.conduct
                || a.inherited && b.inherited
                || a.is.id == b.is.id
                || a.is.penalty.is_none()
                || b.is.penalty.is_none()
            {
                continue;
            }
            let (from_a, until_a) = a.period(&book.manifest);
            let (from_b, until_b) = b.period(&book.manifest);
            if until_a.is_some_and(|u| u <= from_b)
                || until_b.is_some_and(|u| u <= from_a)
                || !tables::compatible(book, a, b)
            {
                continue;
            }
            let pair = book
                .pairs
                .iter()
                .find(|p| (&p.a, &p.b) == (&a.is.id, &b.is.id) || (&p.b, &p.a) == (&a.is.id, &b.is.id));
            let path = format!("offence[{}].conduct", b.index);
            match pair {
                None => found.error(&b.file, &path, format!(
                    "“{}”与“{}”可能适用于同一行为，须用 [[pair]] 写明关系 / `{}` and `{}` can fit one act: declare a [[pair]]",
                    a.is.name, b.is.name, a.is.id, b.is.id
                )),
                Some(pair) if pair.relation != Relation::TwoActs && (a.is.elements.is_empty() || b.is.elements.is_empty()) => {
                    found.error(&b.file, &path, "存在竞合关系的两个案由都须写构成要件 elements / both offences of such a pair need `elements`");
                }
                Some(_) => {}
            }
        }
    }
}
