//! What is the same for every offence: limbs, mitigation, gate, periods, and the law behind each step.

use std::collections::BTreeSet;

use super::{Builder, MAX_YUAN, Names, add_new};
use crate::{
    money::Fen,
    rulebook::{
        Gates, LimbRules, Mitigation, Principles, RuleRow, Rulebook, Rules, Written,
        format::{ClocksFile, GatesFile, LimbAlso, PrinciplesFile},
    },
    terms::Limb,
};

impl Builder<'_> {
    pub(super) fn gates(&mut self, gates: &GatesFile, names: &Names) -> Gates {
        let file = "gates.toml";
        for (path, yuan) in [
            ("citizen_yuan", gates.citizen_yuan),
            ("organisation_yuan", gates.organisation_yuan),
            ("cash_yuan", gates.cash_yuan),
        ] {
            if !(0..=MAX_YUAN).contains(&yuan) {
                self.found.error(file, path, "金额超出范围 / the amount is out of range");
            }
        }
        Gates {
            citizen: Fen::yuan(gates.citizen_yuan),
            organisation: Fen::yuan(gates.organisation_yuan),
            cite: self.cites(file, "cite", &gates.cite, names, true),
            cash: Fen::yuan(gates.cash_yuan),
            cash_cite: self.cites(file, "cash_cite", &gates.cash_cite, names, true),
        }
    }

    pub(super) fn principles(
        &mut self,
        below: &[&Rulebook],
        own: &PrinciplesFile,
        names: &Names,
    ) -> Principles {
        let mut all = below.first().map(|b| b.principles.clone()).unwrap_or_default();
        for (key, cites) in [
            ("clear_facts", &own.clear_facts),
            ("order", &own.order),
            ("higher_fine", &own.higher_fine),
            ("milder_law", &own.milder_law),
            ("defence", &own.defence),
            ("education", &own.education),
        ] {
            let cites = self.cites("limbs.toml", &format!("principles.{key}"), cites, names, false);
            if !cites.is_empty() {
                all.set(key, cites);
            }
        }
        all
    }

    pub(super) fn ordinary(&mut self, written: &Written, names: &Names) -> Rules {
        let mut rules = Rules::default();
        for (i, row) in written.ordinary.iter().enumerate() {
            let path = format!("ordinary[{i}]");
            let cite = self.cites("limbs.toml", &format!("{path}.cite"), &row.cite, names, true);
            let says =
                RuleRow { id: format!("ordinary.{}", row.id), text: row.text.clone(), cite, guardian: false };
            self.push(&mut rules, "limbs.toml", &format!("{path}.when"), &row.when, says, names);
        }
        rules
    }

    pub(super) fn limbs(
        &mut self,
        written: &Written,
        also: Option<&LimbAlso>,
        names: &Names,
    ) -> Vec<LimbRules> {
        let file = "limbs.toml";
        let mut limbs = Vec::new();
        let mut seen = BTreeSet::new();
        for (i, limb) in written.limbs.iter().enumerate() {
            let path = format!("limb[{i}]");
            if !seen.insert(limb.limb) {
                self.found.error(file, &path, "同一情形写了两次 / the limb is written twice");
            }
            let cite = self.cites(file, &format!("{path}.cite"), &limb.cite, names, true);
            let mut rules = Rules::default();
            for (j, row) in limb.any.iter().enumerate() {
                let path = format!("{path}.any[{j}]");
                let own = self.cites(file, &format!("{path}.cite"), &row.cite, names, false);
                let mut when = row.when.clone();
                let mut says = RuleRow {
                    id: format!("limb.{:?}", limb.limb),
                    text: row.text.clone(),
                    cite: if own.is_empty() { cite.clone() } else { own },
                    guardian: row.guardian,
                };
                if let Some(also) = also.filter(|_| limb.limb == Limb::B) {
                    for (name, cell) in &also.when {
                        if when.insert(name.clone(), cell.clone()).is_some() {
                            self.found.error(file, &format!("limb_b_also.when.{name}"), "此条件已在国家规定中，不能改写 / the national limb has this condition already");
                        }
                    }
                    says.text = format!("{}；{}", says.text, also.text);
                    says.cite.extend(self.cites(file, "limb_b_also.cite", &also.cite, names, true));
                }
                self.push(&mut rules, file, &format!("{path}.when"), &when, says, names);
            }
            if limb.any.is_empty() {
                self.found.error(file, &path, "没有任何条件 / no alternative is written");
            }
            limbs.push(LimbRules { limb: limb.limb, name: limb.name.clone(), rules });
        }
        limbs
    }

    pub(super) fn mitigation(
        &mut self,
        written: &Written,
        inherited: usize,
        names: &Names,
    ) -> (Vec<Mitigation>, Rules) {
        let mut strengths = Vec::new();
        let mut rules = Rules::default();
        for (i, row) in written.mitigation.iter().enumerate() {
            let path = format!("mitigation[{}]", i.saturating_sub(inherited));
            let file = "mitigation.toml";
            if row.percent >= 100 {
                self.found.error(
                    file,
                    &format!("{path}.percent"),
                    "比例须小于 100 / the percentage is below 100",
                );
            }
            let cite = self.cites(file, &format!("{path}.cite"), &row.cite, names, true);
            let says = RuleRow {
                id: format!("mitigation.{}", row.id),
                text: row.text.clone(),
                cite,
                guardian: false,
            };
            let before = rules.rows.len();
            self.push(&mut rules, file, &format!("{path}.when"), &row.when, says, names);
            if rules.rows.len() > before {
                strengths.push(Mitigation { must: row.must, percent: row.percent.min(99) });
            }
        }
        (strengths, rules)
    }

    pub(super) fn clocks(&mut self, below: &[&Rulebook], names: &Names) -> ClocksFile {
        let mut all = ClocksFile::default();
        for import in below {
            add_new(&mut all.laws, &import.clocks.laws);
            add_new(&mut all.clocks, &import.clocks.clocks);
            all.late_fee = all.late_fee.or_else(|| import.clocks.late_fee.clone());
        }
        let file = "clocks.toml";
        let own: ClocksFile = self.read(file).unwrap_or_default();
        for (i, law) in own.laws.iter().enumerate() {
            self.cites(file, &format!("law[{i}].cite"), &law.cite, names, true);
        }
        for (i, clock) in own.clocks.iter().enumerate() {
            self.id(file, &format!("clock[{i}].id"), &clock.id);
            self.cites(file, &format!("clock[{i}].cite"), &clock.cite, names, true);
        }
        if let Some(fee) = &own.late_fee {
            self.cites(file, "late_fee.cite", &fee.cite, names, true);
        }
        all.laws.extend(own.laws);
        all.clocks.extend(own.clocks);
        all.late_fee = own.late_fee.or(all.late_fee);
        if let Err(error) = crate::clocks::Clocks::new(&all, true) {
            self.found.error(file, "clock", error.to_string());
        }
        all
    }
}
