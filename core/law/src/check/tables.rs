//! Tables of tiers under the proof, and how one elements row stands to another.

use super::boxes::{Block, MAX_BOXES, Space, meet};
use crate::rulebook::{Cond, Domain, Findings, OffenceRules, Rulebook, Table, Test, format::Overlap};

/// Gaps, overlaps and dead rows of the tiers of one offence.
pub(super) fn tiers(book: &Rulebook, offence: &OffenceRules, found: &mut Findings) {
    let table = &offence.tiers.table;
    if table.rows.is_empty() {
        return;
    }
    let base = format!("offence[{}]", offence.index);
    // Cut at the bounds of the elements too: only what they let through has to be covered.
    let reach = reach(offence, table);
    let mut rows = table.rows.clone();
    rows.push(reach.clone());
    let space = Space::new(&table.inputs, &rows, |name| book.domain(name).cloned());
    let start = space.block(&reach);
    let ordered: Vec<(usize, Block)> = offence
        .tier_order
        .iter()
        .filter_map(|i| table.rows.get(*i).map(|row| (*i, space.block(row))))
        .collect();
    let Ok(proof) = space.prove(start, &ordered) else {
        found.error(&offence.file, &format!("{base}.tier"), format!(
            "阶次表过于复杂，超过 {MAX_BOXES} 个区块，无法证明，请简化条件 / the table of tiers passes {MAX_BOXES} boxes: simplify the conditions"
        ));
        return;
    };
    for gap in proof.gaps.iter().take(5) {
        let text = space.phrase(gap, book);
        found.error(
            &offence.file,
            &format!("{base}.tier"),
            format!(
                "“{}”的阶次表有空白：{text}时没有适用的阶次 / gap: no tier applies there",
                offence.is.name
            ),
        );
    }
    if offence.is.overlap == Overlap::Unique {
        for (a, b, both) in proof.overlaps.iter().take(5) {
            let name = |i: &usize| offence.tier(*i).map_or("", |t| t.id.as_str());
            found.error(
                &offence.file,
                &format!("{base}.tier[{b}].when"),
                format!(
                    "阶次“{}”与“{}”重叠：{}时两者都适用 / overlap: both tiers apply there",
                    name(a),
                    name(b),
                    space.phrase(both, book)
                ),
            );
        }
    } else if proof.overlaps.is_empty() && ordered.len() > 1 {
        found.error(
            &offence.file,
            &format!("{base}.overlap"),
            "各阶次并不重叠，应写 unique / no tiers overlap: write `unique`",
        );
    }
    for row in &proof.dead {
        let id = offence.tier(*row).map_or("", |t| t.id.as_str());
        found.error(&offence.file, &format!("{base}.tier[{row}].when"), format!(
            "阶次“{id}”永远不会适用：其条件已被构成要件排除或被其他阶次覆盖 / dead row: tier `{id}` can never apply"
        ));
    }
}

/// What is certain when a tier is looked at: the elements, a party that the clause fines, an age of 14
/// or more.
fn reach(offence: &OffenceRules, table: &Table) -> Vec<Cond> {
    let mut reach = Vec::new();
    for cond in offence.elements.rows.first().map(Vec::as_slice).unwrap_or_default() {
        let name = offence.elements.inputs.get(cond.input);
        if let Some(input) = table.inputs.iter().position(|i| Some(i) == name) {
            reach.push(Cond { input, test: cond.test });
        }
    }
    for (input, name) in table.inputs.iter().enumerate() {
        let both = offence.clause_range(false).is_some() == offence.clause_range(true).is_some();
        match name.as_str() {
            "party" if !both => {
                let only = if offence.clause_range(true).is_some() { 0b10 } else { 0b01 };
                reach.push(Cond { input, test: Test::Atoms(only) });
            }
            "age_band" => reach.push(Cond { input, test: Test::Atoms(0b1110) }),
            _ => {}
        }
    }
    reach
}

/// Whether two elements rows can hold together.
pub(super) fn compatible(book: &Rulebook, a: &OffenceRules, b: &OffenceRules) -> bool {
    let mut inputs: Vec<String> = a.elements.inputs.clone();
    inputs.extend(b.elements.inputs.iter().filter(|i| !a.elements.inputs.contains(i)).cloned());
    let row = |table: &Table| -> Vec<Cond> {
        table
            .rows
            .first()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter_map(|cond| {
                let name = table.inputs.get(cond.input)?;
                Some(Cond { input: inputs.iter().position(|i| i == name)?, test: cond.test })
            })
            .collect()
    };
    let rows = [row(&a.elements), row(&b.elements)];
    let domain = |name: &str| -> Option<Domain> { book.domain(name).cloned() };
    let space = Space::new(&inputs, &rows, domain);
    let [first, second] = rows.map(|row| space.block(&row));
    meet(&first, &second).is_some()
}
