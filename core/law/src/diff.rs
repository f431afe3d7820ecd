//! What changes between two versions of a pack, in sentences: for whom, from what, to what.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::boxes::{Block, MAX_BOXES, Space, meet, subtract},
    decision::FineRange,
    rulebook::{Cond, OffenceRules, Rulebook, Table, fine_range, format::Impose},
    terms::Outcome,
};

/// Sentences in Chinese, each saying what changes from `old` to `new`; empty when nothing does.
#[must_use]
pub fn diff(old: &Rulebook, new: &Rulebook) -> Vec<String> {
    let mut out = Vec::new();
    manifest(old, new, &mut out);
    named("设置", &json_map(&old.written.settings), &json_map(&new.written.settings), &mut out);
    named("机关信息", &json_map(&old.organ), &json_map(&new.organ), &mut out);
    named("字号格式", &json_map(&old.numbers), &json_map(&new.numbers), &mut out);
    named("当场处罚限额", &json_map(&old.written.gates), &json_map(&new.written.gates), &mut out);
    let facts = |book: &Rulebook| book.facts().iter().map(|f| (f.name.clone(), json(f))).collect();
    named("事实", &facts(old), &facts(new), &mut out);
    let limbs = |book: &Rulebook| {
        book.written.limbs.iter().map(|l| (format!("{:?} {}", l.limb, l.name), json(&l.any))).collect()
    };
    named("不予处罚情形", &limbs(old), &limbs(new), &mut out);
    let also =
        |book: &Rulebook| book.written.limb_b_also.iter().map(|a| ("首违不罚".to_owned(), json(a))).collect();
    named("另加条件", &also(old), &also(new), &mut out);
    let ordinary = |book: &Rulebook| book.written.ordinary.iter().map(|o| (o.id.clone(), json(o))).collect();
    named("转普通程序情形", &ordinary(old), &ordinary(new), &mut out);
    let mitigation =
        |book: &Rulebook| book.written.mitigation.iter().map(|m| (m.id.clone(), json(m))).collect();
    named("从轻减轻情形", &mitigation(old), &mitigation(new), &mut out);
    let clocks = |book: &Rulebook| book.clocks.clocks.iter().map(|c| (c.id.clone(), json(c))).collect();
    named("期限", &clocks(old), &clocks(new), &mut out);
    let fee =
        |book: &Rulebook| book.clocks.late_fee.iter().map(|f| ("加处罚款".to_owned(), json(f))).collect();
    named("规定", &fee(old), &fee(new), &mut out);
    let papers = |book: &Rulebook| book.templates().map(|t| (t.title.clone(), json(t))).collect();
    named("文书", &papers(old), &papers(new), &mut out);
    offences(old, new, &mut out);
    let pairs = |book: &Rulebook| book.pairs.iter().map(|p| (format!("{}与{}", p.a, p.b), json(p))).collect();
    named("竞合关系", &pairs(old), &pairs(new), &mut out);
    out
}

fn manifest(old: &Rulebook, new: &Rulebook, out: &mut Vec<String>) {
    let (a, b) = (&old.manifest, &new.manifest);
    if a.id != b.id {
        out.push(format!("不是同一规则包：{} 与 {}", a.id, b.id));
    }
    if a.version != b.version {
        let note = if b.version < a.version { "（版本号后退，不能发布）" } else { "" };
        out.push(format!("版本由 {} 改为 {}{note}", a.version, b.version));
    } else if old.hash != new.hash {
        out.push(format!("内容有变而版本号仍为 {}，不能发布", a.version));
    }
    if a.effective_from != b.effective_from {
        out.push(format!("施行日期由 {} 改为 {}", a.effective_from.0, b.effective_from.0));
    }
    if a.sample != b.sample {
        out.push(format!("由{}改为{}", sample(a.sample), sample(b.sample)));
    }
}

fn sample(sample: bool) -> &'static str {
    if sample { "样例" } else { "正式" }
}

type Named = BTreeMap<String, String>;

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Top-level keys of a table and their values.
fn json_map<T: serde::Serialize>(value: &T) -> Named {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(map)) => map.into_iter().map(|(k, v)| (k, v.to_string())).collect(),
        _ => Named::new(),
    }
}

fn named(what: &str, old: &Named, new: &Named, out: &mut Vec<String>) {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        match (old.get(key), new.get(key)) {
            (Some(a), Some(b)) if a == b => {}
            // Long values would not be read: the name is enough.
            (Some(a), Some(b)) if a.len() + b.len() < 160 => {
                out.push(format!("{what}“{key}”由 {a} 改为 {b}"))
            }
            (Some(_), Some(_)) => out.push(format!("{what}“{key}”有修改")),
            (None, Some(_)) => out.push(format!("新增{what}“{key}”")),
            (Some(_), None) => out.push(format!("删去{what}“{key}”")),
            (None, None) => {}
        }
    }
}

fn offences(old: &Rulebook, new: &Rulebook, out: &mut Vec<String>) {
    let key = |o: &OffenceRules| (o.is.id.clone(), o.is.effective_from);
    let before: BTreeMap<_, _> = old.offences.iter().map(|o| (key(o), o)).collect();
    let after: BTreeMap<_, _> = new.offences.iter().map(|o| (key(o), o)).collect();
    for (key, offence) in &after {
        match before.get(key) {
            None => out.push(format!("新增案由“{}”（{}）", offence.is.name, offence.is.id)),
            Some(was) => changed(old, new, was, offence, out),
        }
    }
    for (key, offence) in &before {
        if !after.contains_key(key) {
            out.push(format!("删去案由“{}”（{}）：不再视为违法", offence.is.name, offence.is.id));
        }
    }
}

fn changed(old: &Rulebook, new: &Rulebook, a: &OffenceRules, b: &OffenceRules, out: &mut Vec<String>) {
    let name = &b.is.name;
    let mut say = |text: String| out.push(format!("“{name}”：{text}"));
    if a.is.name != b.is.name {
        say(format!("案由名称由“{}”改为“{name}”", a.is.name));
    }
    if a.is.clause != b.is.clause {
        say(match b.is.clause {
            crate::rulebook::format::Clause::OrderFirst => "改为先责令改正、拒不改正才处罚，变轻".to_owned(),
            crate::rulebook::format::Clause::Direct => "改为可以直接处罚，变重".to_owned(),
        });
    }
    // Every other key as it is written, so that none is forgotten when the format grows.
    let (was, is) = (json_map(&a.is), json_map(&b.is));
    for (key, y) in is.iter().filter(|(key, _)| !SAID.contains(&key.as_str())) {
        let x = was.get(key).map_or("null", String::as_str);
        if x != y {
            let what = LABELS.iter().find(|(k, _)| k == key).map_or(key.as_str(), |(_, label)| *label);
            say(format!("{what}由 {x} 改为 {y}"));
        }
    }
    if let (Some(was), Some(is)) = (&a.is.penalty, &b.is.penalty) {
        for (what, x, y) in [
            ("警告", json(&was.warning), json(&is.warning)),
            ("罚款", json(&was.fine), json(&is.fine)),
            ("并处", json(&was.both), json(&is.both)),
            ("计罚数量", json(&was.per), json(&is.per)),
        ] {
            if x != y {
                say(format!("罚则中的{what}由 {x} 改为 {y}"));
            }
        }
    } else if a.is.penalty.is_some() != b.is.penalty.is_some() {
        let (text, trend) =
            if b.is.penalty.is_some() { ("新设罚则", "变重") } else { ("不再有罚则", "变轻") };
        say(format!("{text}，{trend}"));
    }
    for (unit, who) in [(false, "个人"), (true, "单位")] {
        let (was, is) = (a.clause_range(unit), b.clause_range(unit));
        if was != is {
            say(format!("对{who}的法定幅度由{}改为{}{}", words(was), words(is), trend(was, is)));
        }
        for sentence in tiers(old, new, a, b, unit) {
            say(format!("{who}{sentence}"));
        }
    }
}

/// Keys that have sentences of their own, or that change nothing for anybody.
const SAID: [&str; 8] = ["id", "name", "clause", "effective_from", "penalty", "tier", "example", "note"];

/// What a key is called on the desk.
const LABELS: [(&str, &str); 19] = [
    ("elements", "构成要件"),
    ("violated", "违反规定"),
    ("basis", "处罚依据"),
    ("order", "责令改正"),
    ("waive", "免罚清单"),
    ("excludes", "排除的不予处罚情形"),
    ("fact_text", "违法事实文字"),
    ("units", "量词"),
    ("codes", "编码"),
    ("conduct", "行为类别"),
    ("gain", "违法所得"),
    ("gain_reason", "没有违法所得的理由"),
    ("ordinary_because", "转普通程序的理由"),
    ("refer_to", "移送机关"),
    ("overlap", "阶次重叠时的处理"),
    ("boundary", "界限说明"),
    ("repealed_on", "废止日期"),
    ("unverified", "未核实标记"),
    ("unverified_because", "未核实的说明"),
];

/// What a tier does to one kind of party.
fn effect(offence: &OffenceRules, tier: usize, unit: bool) -> (Option<Outcome>, Option<FineRange>) {
    let Some(row) = offence.tier(tier) else { return (None, None) };
    let outcome = row.impose.map(|impose| match impose {
        Impose::Order => Outcome::Order,
        Impose::Warning => Outcome::Warning,
        Impose::Fine => Outcome::Fine,
        Impose::WarningAndFine => Outcome::WarningAndFine,
        Impose::Ordinary => Outcome::OrdinaryProcedure,
    });
    let own = if unit { row.unit } else { row.individual }.map(fine_range);
    let fined = !matches!(row.impose, Some(Impose::Order | Impose::Warning));
    (outcome, own.or_else(|| offence.clause_range(unit)).filter(|_| fined))
}

/// Cuts both tables at the bounds of both, and says where the effect differs.
fn tiers(old: &Rulebook, new: &Rulebook, a: &OffenceRules, b: &OffenceRules, unit: bool) -> Vec<String> {
    let mut inputs = a.tiers.table.inputs.clone();
    inputs.extend(b.tiers.table.inputs.iter().filter(|i| !a.tiers.table.inputs.contains(i)).cloned());
    let row = |table: &Table, row: usize| -> Vec<Cond> {
        let cells = table.rows.get(row).map(Vec::as_slice).unwrap_or_default();
        cells
            .iter()
            .filter_map(|c| {
                let name = table.inputs.get(c.input)?;
                Some(Cond { input: inputs.iter().position(|i| i == name)?, test: c.test })
            })
            .collect()
    };
    let rows_a: Vec<Vec<Cond>> = (0..a.tiers.table.rows.len()).map(|r| row(&a.tiers.table, r)).collect();
    let rows_b: Vec<Vec<Cond>> = (0..b.tiers.table.rows.len()).map(|r| row(&b.tiers.table, r)).collect();
    let all: Vec<Vec<Cond>> = rows_a.iter().chain(&rows_b).cloned().collect();
    let space = Space::new(&inputs, &all, |name| new.domain(name).or_else(|| old.domain(name)).cloned());
    let mut sentences = Vec::new();
    let after = applies(&space, b, &rows_b);
    for (i, x) in applies(&space, a, &rows_a) {
        for (j, y) in &after {
            let (Some(both), j) = (meet(&x, y), *j) else { continue };
            let (was, is) = (effect(a, i, unit), effect(b, j, unit));
            if was == is {
                continue;
            }
            let name = |o: &OffenceRules, t: usize| o.tier(t).map_or(String::new(), |t| t.name.clone());
            let result = |(outcome, range): (Option<Outcome>, Option<FineRange>)| match (outcome, range) {
                (Some(outcome), None) => outcome.name().to_owned(),
                (_, range) => words(range),
            };
            sentences.push(format!(
                "，{}时由“{}”{}改为“{}”{}{}",
                space.phrase(&both, new),
                name(a, i),
                result(was),
                name(b, j),
                result(is),
                trend(was.1, is.1)
            ));
        }
    }
    sentences
}

/// Where each tier is the one that applies: its own boxes without what an earlier one takes, by tier.
fn applies(space: &Space, offence: &OffenceRules, rows: &[Vec<Cond>]) -> Vec<(usize, Block)> {
    let mut out = Vec::new();
    for (at, tier) in offence.tier_order.iter().enumerate() {
        let Some(row) = rows.get(*tier) else { continue };
        let mut pieces = vec![space.block(row)];
        for earlier in offence.tier_order.iter().take(at).filter_map(|t| rows.get(*t)) {
            let earlier = space.block(earlier);
            let mut rest = Vec::new();
            for piece in pieces {
                if meet(&piece, &earlier).is_none() {
                    rest.push(piece);
                } else if rest.len() < MAX_BOXES {
                    subtract(piece, &earlier, &mut rest);
                }
            }
            pieces = rest;
        }
        out.extend(pieces.into_iter().map(|piece| (*tier, piece)));
    }
    out.sort_by_key(|(tier, _)| *tier);
    out
}

fn words(range: Option<FineRange>) -> String {
    range.map_or_else(|| "不罚款".to_owned(), |r| format!("{}至{}元", r.low.digits(), r.high.digits()))
}

fn trend(was: Option<FineRange>, is: Option<FineRange>) -> &'static str {
    let key = |range: Option<FineRange>| range.map(|r| (r.high, r.low));
    match key(is).cmp(&key(was)) {
        std::cmp::Ordering::Less => "，变轻",
        std::cmp::Ordering::Equal => "",
        std::cmp::Ordering::Greater => "，变重",
    }
}
