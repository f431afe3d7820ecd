//! `offences/*.toml`: each offence typed, each pair resolved.

use std::collections::BTreeMap;

use super::{Builder, MAX_OFFENCES, MAX_YUAN, Names, add_new};
use crate::{
    rulebook::{
        OffenceRules, RuleRow, Rulebook, Rules, fine_range,
        format::{Day, Impose, Manifest, Offence, OffencesFile, Overlap, Pair, Relation, Tier, YuanRange},
        table::Domain,
    },
    terms::Limb,
};

impl Builder<'_> {
    pub(super) fn offences(
        &mut self,
        manifest: &Manifest,
        below: &[&Rulebook],
        names: &Names,
    ) -> (Vec<OffenceRules>, Vec<Pair>) {
        let mut offences: Vec<OffenceRules> = Vec::new();
        for import in below {
            for offence in &import.offences {
                let (from, until) = offence.period(&import.manifest);
                let mut offence = OffenceRules { inherited: true, ..offence.clone() };
                offence.is.effective_from = Some(Day(from.max(manifest.effective_from.0)));
                offence.is.repealed_on = until.map(Day).into_iter().chain(manifest.repealed_on).min();
                if !offences.iter().any(|o| o.is == offence.is) {
                    offences.push(offence);
                }
            }
        }
        let mut pairs = Vec::new();
        for file in self.in_folder("offences/") {
            let read: OffencesFile = self.read(&file).unwrap_or_default();
            for (index, offence) in read.offences.into_iter().enumerate() {
                if offences.len() >= MAX_OFFENCES {
                    self.found.error(
                        &file,
                        "",
                        format!("案由过多，最多 {MAX_OFFENCES} 个 / too many offences"),
                    );
                    return (offences, Vec::new());
                }
                offences.push(self.offence(&file, index, offence, names));
            }
            for (i, pair) in read.pairs.into_iter().enumerate() {
                pairs.push((file.clone(), i, pair));
            }
        }
        let mut periods: BTreeMap<&str, Vec<&OffenceRules>> = BTreeMap::new();
        for offence in &offences {
            periods.entry(&offence.is.id).or_default().push(offence);
        }
        let mut doubles = Vec::new();
        for versions in periods.values_mut() {
            versions.sort_by_key(|o| o.period(manifest).0);
            for pair in versions.windows(2) {
                if let [first, second] = pair
                    && first.period(manifest).1.is_none_or(|until| second.period(manifest).0 < until)
                {
                    doubles.push((second.file.clone(), format!("offence[{}].id", second.index)));
                }
            }
        }
        for (file, path) in doubles {
            self.found.error(
                &file,
                &path,
                "同一案由在同一时期写了两次 / the offence is written twice for the same days",
            );
        }
        for (file, i, pair) in &pairs {
            for (key, id) in [("a", &pair.a), ("b", &pair.b)] {
                if !offences.iter().any(|o| o.is.id == *id) {
                    let sentence = format!("没有案由“{id}” / there is no offence `{id}`");
                    self.found.error(file, &format!("pair[{i}].{key}"), sentence);
                }
            }
            let special = pair.relation == Relation::Special;
            if special && pair.prevails != pair.a && pair.prevails != pair.b
                || !special && !pair.prevails.is_empty()
            {
                self.found.error(file, &format!("pair[{i}].prevails"), "特别规定须写明 a、b 中何者优先，其他关系不写 / `special` names the one of a, b that prevails; other relations name none");
            }
            self.cites(file, &format!("pair[{i}].cite"), &pair.cite, names, false);
        }
        let mut all = Vec::new();
        for import in below {
            add_new(&mut all, &import.pairs);
        }
        all.extend(pairs.into_iter().map(|(_, _, pair)| pair));
        (offences, all)
    }

    fn offence(&mut self, file: &str, index: usize, is: Offence, names: &Names) -> OffenceRules {
        let path = format!("offence[{index}]");
        let at = |key: &str| format!("{path}.{key}");
        self.id(file, &at("id"), &is.id);
        self.id(file, &at("conduct"), &is.conduct);
        let violated = self.cites(file, &at("violated"), &is.violated, names, true);
        let basis = self.cites(file, &at("basis"), &is.basis, names, is.penalty.is_some());
        let excluded = is
            .excludes
            .iter()
            .enumerate()
            .map(|(i, e)| {
                (e.limb, self.cites(file, &at(&format!("excludes[{i}].cite")), &e.cite, names, true))
            })
            .collect();
        for (name, unit) in &is.units {
            let measure = matches!(names.domains.get(name), Some(Domain::Int { .. }));
            if !measure || unit.trim().is_empty() {
                self.found.error(
                    file,
                    &at(&format!("units.{name}")),
                    "量词只能写给数值事实，且不能为空 / a unit is given to a measure, and is not empty",
                );
            }
        }
        let mut elements = Rules::default();
        self.push(&mut elements, file, &at("elements"), &is.elements, RuleRow::default(), names);
        let mut waive = Rules::default();
        for (i, row) in is.waive.iter().enumerate() {
            let path = at(&format!("waive[{i}]"));
            if !matches!(row.limb, Limb::A | Limb::B) {
                self.found.error(
                    file,
                    &format!("{path}.limb"),
                    "清单项目只能对应 A 或 B / an item of a list belongs to A or B",
                );
            }
            let cite = self.cites(file, &format!("{path}.cite"), &row.cite, names, true);
            let says = RuleRow {
                id: format!("offence.{}.waive.{}", is.id, row.id),
                text: row.text.clone(),
                cite,
                guardian: false,
            };
            self.push(&mut waive, file, &format!("{path}.when"), &row.when, says, names);
        }
        let mut tiers = Rules::default();
        for (i, tier) in is.tiers.iter().enumerate() {
            let path = at(&format!("tier[{i}]"));
            self.id(file, &format!("{path}.id"), &tier.id);
            if is.tiers.iter().take(i).any(|t| t.id == tier.id) {
                self.found.error(file, &format!("{path}.id"), "阶次编号重复 / the tier id is used twice");
            }
            let own = self.cites(file, &format!("{path}.cite"), &tier.cite, names, false);
            let cite = if own.is_empty() { basis.clone() } else { own };
            let says = RuleRow {
                id: format!("offence.{}.tier.{}", is.id, tier.id),
                text: tier.name.clone(),
                cite,
                guardian: false,
            };
            self.push(&mut tiers, file, &format!("{path}.when"), &tier.when, says, names);
            for (key, range) in [("individual", tier.individual), ("unit", tier.unit)] {
                self.yuan(file, &format!("{path}.{key}"), range);
            }
            if tier.propose.is_some_and(|yuan| !(0..=MAX_YUAN).contains(&yuan)) {
                self.found.error(
                    file,
                    &format!("{path}.propose"),
                    "金额超出范围 / the amount is out of range",
                );
            }
        }
        if let Some(penalty) = &is.penalty {
            self.yuan(file, &at("penalty.individual"), penalty.individual);
            self.yuan(file, &at("penalty.unit"), penalty.unit);
            if let Some(per) = &penalty.per
                && !matches!(names.domains.get(per), Some(Domain::Int { min, decimals: 0, .. }) if *min >= 0)
            {
                self.found.error(
                    file,
                    &at("penalty.per"),
                    "计罚数量须为不带小数、不小于零的数值事实 / `per` names a whole, non-negative measure",
                );
            }
        }
        let mut tier_order: Vec<usize> = (0..is.tiers.len()).collect();
        if is.overlap == Overlap::Milder {
            tier_order.sort_by_key(|i| is.tiers.get(*i).map(mildness));
        }
        OffenceRules {
            file: file.to_owned(),
            index,
            inherited: false,
            violated,
            basis,
            excluded,
            elements: elements.table,
            waive,
            tiers,
            tier_order,
            is,
        }
    }

    fn yuan(&mut self, file: &str, path: &str, range: Option<YuanRange>) {
        if let Some(range) = range
            && !(0 <= range.low && range.low <= range.high && range.high <= MAX_YUAN)
        {
            let sentence = format!(
                "金额区间应满足 0 ≤ 下限 ≤ 上限 ≤ {MAX_YUAN} 元 / a range is 0 ≤ low ≤ high ≤ {MAX_YUAN} yuan"
            );
            self.found.error(file, path, sentence);
        }
    }
}

/// Order of tiers from mild to severe: what is imposed, ceiling, floor.
fn mildness(tier: &Tier) -> (u8, i64, i64, i64, i64) {
    let rank = match tier.impose {
        Some(Impose::Order) => 0,
        Some(Impose::Warning) => 1,
        Some(Impose::Fine) | None => 2,
        Some(Impose::WarningAndFine) => 3,
        Some(Impose::Ordinary) => 4,
    };
    let bounds = |range: Option<YuanRange>| range.map(fine_range).map_or((0, 0), |r| (r.high.0, r.low.0));
    let (individual, unit) = (bounds(tier.individual), bounds(tier.unit));
    (rank, individual.0, individual.1, unit.0, unit.1)
}
