//! The pack as a whole: limbs with their examples, organ, numbers, papers, facts that nobody uses.

use std::collections::BTreeSet;

use super::examples;
use crate::{
    facts::Value,
    rulebook::{Domain, Findings, Known, Rulebook, Verdict, format::WaiverAuthority},
    terms::{Limb, Series},
};

pub(super) fn check(book: &Rulebook, found: &mut Findings) {
    if book.manifest.published_at.trim().is_empty() {
        found.error(
            "manifest.toml",
            "published_at",
            "依据未公布的，不得作为处罚依据（处罚法第五条） / say where the basis was published",
        );
    }
    limbs(book, found);
    if book.offences.is_empty() {
        return;
    }
    for limb in [Limb::A, Limb::B, Limb::C, Limb::D, Limb::E] {
        if !book.limbs.iter().any(|l| l.limb == limb) {
            found.error("manifest.toml", "import", format!("缺少不予处罚情形 {limb:?}，请引入 prc-national / limb {limb:?} is missing: import prc-national"));
        }
    }
    if book.settings.waiver == WaiverAuthority::Delegated && book.settings.waiver_cite.is_empty() {
        found.error(
            "settings.toml",
            "waiver_cite",
            "授权当场不予处罚须引用本机关公布的规定 / `delegated` cites the organ's published rule",
        );
    }
    unused(book, found);
    if book.is_library() {
        return;
    }
    organ(book, found);
    for series in Series::ALL {
        if !book.numbers.contains_key(&series) {
            found.error(
                "numbers.toml",
                "numbers",
                format!("缺少 {series:?} 系列的字号格式 / the number format of series {series:?} is missing"),
            );
        }
    }
}

fn organ(book: &Rulebook, found: &mut Findings) {
    let organ = &book.organ;
    for (cell, value) in [
        ("name", &organ.name),
        ("code", &organ.code),
        ("phone", &organ.phone),
        ("complaint_phone", &organ.complaint_phone),
        ("come_where", &organ.come_where),
        ("come_when", &organ.come_when),
        ("data_purpose", &organ.data_purpose),
        ("bank.name", &organ.bank.name),
        ("bank.address", &organ.bank.address),
        ("reconsideration.name", &organ.reconsideration.name),
        ("court.name", &organ.court.name),
    ] {
        if value.trim().is_empty() {
            found.error(
                "organ.toml",
                cell,
                format!("文书要印的“{cell}”为空 / `{cell}` is printed and is empty"),
            );
        }
    }
}

/// Each limb has an example that fits and one that does not, and they come out as written.
fn limbs(book: &Rulebook, found: &mut Findings) {
    for (i, written) in book.written.limbs.iter().enumerate() {
        let file = "limbs.toml";
        // Inherited limbs were checked with their own pack.
        if !book.imports.is_empty() {
            return;
        }
        let Some(rules) = book.limbs.get(i).map(|l| &l.rules) else { continue };
        for (j, example) in written.examples.iter().enumerate() {
            let path = format!("limb[{i}].example[{j}]");
            let facts = match examples::facts(book, &example.facts) {
                Ok(facts) => facts,
                Err(sentence) => {
                    found.error(file, &format!("{path}.facts"), sentence);
                    continue;
                }
            };
            let known: Vec<Known> =
                rules.table.inputs.iter().map(|name| known(book.domain(name), facts.get(name))).collect();
            let fits =
                (0..rules.table.rows.len()).any(|row| rules.table.verdict(row, &known) == Verdict::Fits);
            if fits != example.fits {
                found.error(
                    file,
                    &format!("{path}.fits"),
                    "示例结果不符 / the example comes out differently",
                );
            }
        }
        for wanted in [true, false] {
            if !written.examples.iter().any(|e| e.fits == wanted) {
                let what = if wanted { "符合" } else { "不符合" };
                found.error(
                    file,
                    &format!("limb[{i}]"),
                    format!("缺少{what}的示例 / an example with fits = {wanted} is missing"),
                );
            }
        }
    }
}

fn known(domain: Option<&Domain>, value: &Value) -> Known {
    match (domain, value) {
        (Some(Domain::Choice(options)), Value::Choice(v)) => options
            .iter()
            .position(|o| o == v)
            .and_then(|p| u8::try_from(p).ok())
            .map_or(Known::Unknown, Known::Atom),
        (_, Value::Bool(yes)) => Known::Atom((*yes).into()),
        (_, Value::Int(v)) => Known::Int(*v),
        _ => Known::Unknown,
    }
}

/// A fact of this pack that no table and no text uses would only be asked for nothing.
fn unused(book: &Rulebook, found: &mut Findings) {
    let mut used: BTreeSet<&str> = ["corrected", "gain"].into();
    let tables = [&book.ordinary.table, &book.mitigation_table.table]
        .into_iter()
        .chain(book.limbs.iter().map(|l| &l.rules.table))
        .chain(book.offences.iter().flat_map(|o| [&o.elements, &o.waive.table, &o.tiers.table]));
    for table in tables {
        used.extend(table.inputs.iter().map(String::as_str));
    }
    for offence in &book.offences {
        used.extend(offence.is.penalty.as_ref().and_then(|p| p.per.as_deref()));
        used.extend(offence.is.fact_text.split("{fact:").skip(1).filter_map(|t| t.split('}').next()));
    }
    for (i, fact) in book.own_facts.iter().enumerate() {
        if !used.contains(fact.as_str()) {
            found.error(
                "facts.toml",
                &format!("fact[{i}].name"),
                format!("事实“{fact}”没有被使用，请删去 / the fact `{fact}` is never used: delete it"),
            );
        }
    }
}
