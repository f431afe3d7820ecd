//! `facts.toml`: what may be asked.

use std::collections::BTreeSet;

use super::{Builder, MAX_FACTS, Names};
use crate::rulebook::{
    ENGINE_INPUTS, Rulebook,
    format::{Fact, FactType, FactsFile},
    table::{Domain, MAX_OPTIONS},
};

impl Builder<'_> {
    pub(super) fn facts(&mut self, below: &[&Rulebook], names: &mut Names) -> Vec<Fact> {
        let mut facts: Vec<Fact> = Vec::new();
        for fact in below.iter().flat_map(|import| &import.facts) {
            match facts.iter().find(|f| f.name == fact.name) {
                None => {
                    names.domains.insert(fact.name.clone(), Domain::of(fact));
                    facts.push(fact.clone());
                }
                Some(there) if there == fact => {}
                Some(_) => {
                    let sentence = format!(
                        "两个引入的规则包对事实“{0}”的定义不同 / two imports define the fact `{0}` differently",
                        fact.name
                    );
                    self.found.error("manifest.toml", "import", sentence);
                }
            }
        }
        let own: FactsFile = self.read("facts.toml").unwrap_or_default();
        for (i, fact) in own.facts.into_iter().enumerate() {
            let path = format!("fact[{i}]");
            if ENGINE_INPUTS.contains(&fact.name.as_str()) {
                self.found.error(
                    "facts.toml",
                    &format!("{path}.name"),
                    "这是引擎自有的输入名，不能声明 / this name belongs to the engine",
                );
            } else if names.domains.contains_key(&fact.name) {
                self.found.error(
                    "facts.toml",
                    &format!("{path}.name"),
                    "事实名重复 / the fact is declared twice",
                );
            }
            self.fact(&path, &fact);
            if facts.len() >= MAX_FACTS {
                self.found.error(
                    "facts.toml",
                    &path,
                    format!("事实过多，最多 {MAX_FACTS} 个 / too many facts"),
                );
                break;
            }
            names.domains.insert(fact.name.clone(), Domain::of(&fact));
            facts.push(fact);
        }
        facts
    }

    fn fact(&mut self, path: &str, fact: &Fact) {
        let file = "facts.toml";
        self.id(file, &format!("{path}.name"), &fact.name);
        if fact.ask.trim().is_empty() {
            self.found.error(file, &format!("{path}.ask"), "缺少提问 / the question is empty");
        }
        let (int, choice, boolean) =
            (fact.kind == FactType::Int, fact.kind == FactType::Choice, fact.kind == FactType::Bool);
        match (fact.min, fact.max) {
            (Some(min), Some(max)) if int && min <= max => {}
            (None, None) if !int => {}
            _ if int => self.found.error(
                file,
                path,
                "数值事实须写 min 和 max，且 min 不大于 max / a measure needs min and max, min not above max",
            ),
            _ => self.found.error(file, path, "只有数值事实才有 min、max / only a measure has min and max"),
        }
        if fact.decimals > 4 || (!int && fact.decimals > 0) {
            self.found.error(
                file,
                &format!("{path}.decimals"),
                "小数位最多 4，且只用于数值事实 / at most 4 decimals, measures only",
            );
        }
        let values: BTreeSet<&str> = fact.options.iter().map(|o| o.value.as_str()).collect();
        let listed = fact.options.len();
        if choice && (!(2..=MAX_OPTIONS).contains(&listed) || values.len() != listed) {
            self.found.error(file, &format!("{path}.options"), format!("选项须为 2 至 {MAX_OPTIONS} 个且不重复 / a choice has 2 to {MAX_OPTIONS} different options"));
        }
        if !choice && listed > 0 {
            self.found.error(
                file,
                &format!("{path}.options"),
                "只有选择事实才有选项 / only a choice has options",
            );
        }
        if !boolean && fact.presumed.is_some() {
            self.found.error(
                file,
                &format!("{path}.presumed"),
                "只有是非事实才能推定 / only a yes-or-no fact is presumed",
            );
        }
        if fact.presumed.is_some() && fact.presumed_because.trim().is_empty() {
            self.found.error(
                file,
                &format!("{path}.presumed_because"),
                "推定须说明理由 / say why it is presumed",
            );
        }
    }
}
