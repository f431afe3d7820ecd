//! The mutation pass: flip each cell and see whether an example notices.

use super::examples;
use crate::{
    decision::Inquiry,
    rulebook::{
        Domain, Files, Finding, Findings, OffenceRules, Rulebook, Table, Test,
        format::{Clause, Example, Measure, Overlap, YuanRange},
    },
};

/// Cells whose change no example would notice, as warnings. Each needs an example on its other side.
#[must_use]
pub fn mutations(files: &Files, imports: &[&Rulebook]) -> Vec<Finding> {
    let Ok(book) = Rulebook::load(files, imports) else { return super::check(files, imports) };
    let mut found = Findings::default();
    let mut changed = book.clone();
    for at in 0..book.offences.len() {
        let Some(offence) = book.offences.get(at).filter(|o| !o.inherited) else { continue };
        let runs: Vec<(&Example, Inquiry)> = offence
            .is
            .examples
            .iter()
            .filter_map(|e| examples::inquiry(&book, offence, e).ok().map(|inquiry| (e, inquiry)))
            .collect();
        for (cell, mutant, sentence) in mutants(&book, offence) {
            if let Some(place) = changed.offences.get_mut(at) {
                *place = mutant;
            }
            let noticed = runs.iter().any(|(example, inquiry)| {
                examples::run(&changed, inquiry).map_or(true, |d| examples::differs(example, &d).is_some())
            });
            if !noticed {
                let path = format!("offence[{}].{cell}", offence.index);
                found.warning(
                    &offence.file,
                    &path,
                    format!("{sentence}，没有示例会发现 / no example notices this change"),
                );
            }
        }
        if let Some(place) = changed.offences.get_mut(at) {
            *place = offence.clone();
        }
    }
    found.finish(files)
}

fn mutants(book: &Rulebook, offence: &OffenceRules) -> Vec<(String, OffenceRules, String)> {
    let mut out = Vec::new();
    for (cell, table, sentence) in table_mutants(book, &offence.elements, "elements", "", true) {
        out.push((cell, OffenceRules { elements: table, ..offence.clone() }, sentence));
    }
    for (cell, table, sentence) in table_mutants(book, &offence.tiers.table, "tier", ".when", false) {
        if offence.is.overlap == Overlap::Milder && shared_bound(&offence.tiers.table, &table) {
            continue;
        }
        let mut mutant = offence.clone();
        mutant.tiers.table = table;
        out.push((cell, mutant, sentence));
    }
    for (cell, table, sentence) in table_mutants(book, &offence.waive.table, "waive", ".when", true) {
        let mut mutant = offence.clone();
        mutant.waive.table = table;
        out.push((cell, mutant, sentence));
    }
    if let Some(penalty) = offence.is.penalty.as_ref().filter(|_| offence.is.refer_to.is_empty()) {
        let mut mutant = offence.clone();
        mutant.is.clause = match offence.is.clause {
            Clause::Direct => Clause::OrderFirst,
            Clause::OrderFirst => Clause::Direct,
        };
        out.push(("clause".into(), mutant, "是否先责令改正取反".into()));
        // The clause's own range, where no tier narrows it.
        let spot = !penalty.over_gate && offence.is.ordinary_because.is_empty();
        if offence.is.tiers.is_empty() && penalty.fine != Measure::None && spot {
            let mut mutant = offence.clone();
            if let Some(penalty) = &mut mutant.is.penalty {
                let up = |range: YuanRange| YuanRange { low: range.low + 1, high: range.high + 1 };
                penalty.individual = penalty.individual.map(up);
                penalty.unit = penalty.unit.map(up);
            }
            out.push(("penalty".into(), mutant, "罚则的金额加一元".into()));
        }
    }
    // The proposal of a tier: one yuan more must be seen by some example of some party.
    for (i, tier) in offence.is.tiers.iter().enumerate() {
        let up = |range: YuanRange| YuanRange { low: range.low + 1, high: range.high.max(range.low + 1) };
        let fined = tier.individual.is_some() || tier.unit.is_some();
        if fined && !tier.over_gate && offence.is.ordinary_because.is_empty() {
            let mut mutant = offence.clone();
            if let Some(tier) = mutant.is.tiers.get_mut(i) {
                tier.individual = tier.individual.map(up);
                tier.unit = tier.unit.map(up);
                tier.propose = tier.propose.map(|p| p + 1);
            }
            out.push((format!("tier[{i}]"), mutant, format!("阶次“{}”的金额加一元", tier.id)));
        }
    }
    out
}

/// Whether the mutant only gave up a lower bound that a neighbouring row holds too. Where the milder
/// row applies at a shared bound, nothing changes and no example could notice.
fn shared_bound(table: &Table, mutant: &Table) -> bool {
    let Some((row, changed)) = table.rows.iter().zip(&mutant.rows).find(|(a, b)| a != b) else {
        return false;
    };
    let Some((cond, now)) = row.iter().zip(changed).find(|(a, b)| a != b) else { return false };
    let (Test::Between(low, _), Test::Between(tighter, _)) = (cond.test, now.test) else { return false };
    tighter > low
        && table.rows.iter().filter(|other| *other != row).any(|other| {
            other.len() == row.len()
                && other.iter().zip(row).all(|(o, c)| match (o.test, c.test) {
                    _ if o.input != c.input => false,
                    (Test::Between(l, h), _) if c.input == cond.input => l <= low && low <= h,
                    (o, c) => o == c,
                })
        })
}

/// Every single change of a cell: the other answer, each bound moved by one. Tiers are only narrowed:
/// a wider row would overlap its neighbour, and the proof of `check` sees that.
fn table_mutants(
    book: &Rulebook,
    table: &Table,
    list: &str,
    inside: &str,
    widen: bool,
) -> Vec<(String, Table, String)> {
    let mut out = Vec::new();
    for (r, row) in table.rows.iter().enumerate() {
        for (c, cond) in row.iter().enumerate() {
            let Some(name) = table.inputs.get(cond.input) else { continue };
            let cell = if inside.is_empty() {
                format!("{list}.{name}")
            } else {
                format!("{list}[{r}]{inside}.{name}")
            };
            let mut tests: Vec<(Test, String)> = Vec::new();
            match (cond.test, book.domain(name)) {
                (Test::Between(low, high), Some(Domain::Int { min, max, .. })) => {
                    if widen && low > *min {
                        tests.push((Test::Between(low - 1, high), format!("“{name}”的下限放宽一格")));
                    }
                    if low < high {
                        tests.push((Test::Between(low + 1, high), format!("“{name}”的下限收紧一格")));
                        tests.push((Test::Between(low, high - 1), format!("“{name}”的上限收紧一格")));
                    }
                    if widen && high < *max {
                        tests.push((Test::Between(low, high + 1), format!("“{name}”的上限放宽一格")));
                    }
                    // A bound at the end of the range is not a bound.
                    tests.retain(|(test, _)| match test {
                        Test::Between(l, h) => {
                            !(*l == low + 1 && low == *min || *h == high - 1 && high == *max)
                        }
                        Test::Atoms(_) => true,
                    });
                }
                (Test::Atoms(set), Some(Domain::Bool)) => {
                    tests.push((Test::Atoms(!set & 0b11), format!("“{name}”取反")))
                }
                (Test::Atoms(set), Some(Domain::Choice(options))) => {
                    for (i, option) in options.iter().enumerate() {
                        let was = set >> i & 1 == 1;
                        let flipped =
                            if set == 1 << i { !set & ((1 << options.len()) - 1) } else { set ^ (1 << i) };
                        if was || widen {
                            tests.push((Test::Atoms(flipped), format!("“{name}”的选项“{option}”取反")));
                        }
                    }
                }
                _ => {}
            }
            for (test, sentence) in tests {
                let mut mutant = table.clone();
                if let Some(cond) = mutant.rows.get_mut(r).and_then(|row| row.get_mut(c)) {
                    cond.test = test;
                }
                out.push((cell.clone(), mutant, sentence));
            }
        }
    }
    out
}
