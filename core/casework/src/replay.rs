//! Replay: from the entries alone, with the rulebooks they name, the same decision to the letter.

use ezhifa_law::{decision::Decision, facts::Facts};

use crate::{
    books::Books,
    case::Case,
    event::{CaseEvent, DecisionRecord, Event},
};

/// One decision asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Number of the decision.
    pub number: String,
    /// What the entry says.
    pub recorded: Decision,
    /// What the rulebooks say; the reason when they say nothing.
    pub recomputed: Result<Decision, String>,
    /// Names of the parts that differ; empty when both agree to the letter.
    pub differs: Vec<&'static str>,
}

impl Replayed {
    /// Both agree to the letter.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.differs.is_empty()
    }
}

/// Asks every decision of a case again. `books` finds the rulebooks that a record names.
pub fn replay<B: Books>(
    events: &[CaseEvent],
    mut books: impl FnMut(&DecisionRecord) -> Option<B>,
) -> Vec<Replayed> {
    let mut case = Case::default();
    let mut found = Vec::new();
    for entry in events {
        if let Event::Decided { record } = &entry.event {
            found.push(one(&case, record, books(record)));
        }
        case.apply(entry);
    }
    found
}

fn one<B: Books>(case: &Case, record: &DecisionRecord, books: Option<B>) -> Replayed {
    let recomputed = match (books, case.inquiry(record.at, record.encounter_fines, record.choice)) {
        (None, _) => Err("没有记录所称的规则包 / the rulebooks named by the record are not here".to_owned()),
        (_, None) => Err("记录之前没有案由 / no offence is chosen before the record".to_owned()),
        (Some(books), Some(inquiry)) => books.decide(&inquiry),
    };
    let differs = match &recomputed {
        Ok(again) => differences(&record.decision, again),
        Err(_) => vec!["decision"],
    };
    Replayed { number: record.number.clone(), recorded: record.decision.clone(), recomputed, differs }
}

/// Names of the parts in which two decisions differ.
#[must_use]
pub fn differences(a: &Decision, b: &Decision) -> Vec<&'static str> {
    let facts = |d: &Decision| -> Facts { d.facts.clone() };
    let pairs = [
        ("offence", a.offence == b.offence && a.offence_name == b.offence_name),
        ("outcome", a.outcome == b.outcome),
        ("limb", a.limb == b.limb && a.provisional == b.provisional),
        ("tier", a.tier == b.tier && a.tier_name == b.tier_name),
        ("amount", a.amount == b.amount && a.range == b.range),
        ("choices", a.may_choose == b.may_choose),
        ("citations", a.violated == b.violated && a.basis == b.basis),
        ("order", a.order_text == b.order_text && a.order_hours == b.order_hours),
        ("reasons", a.reasons == b.reasons && a.rejected == b.rejected),
        ("duties", a.duties == b.duties),
        ("paper", a.remedy == b.remedy && a.slip == b.slip && a.series == b.series),
        ("pack", a.pack == b.pack && a.pack_at_act == b.pack_at_act && a.semantics == b.semantics),
        ("facts", facts(a) == facts(b)),
    ];
    let mut differs: Vec<_> = pairs.into_iter().filter(|(_, same)| !same).map(|(n, _)| n).collect();
    if differs.is_empty() && a != b {
        differs.push("other");
    }
    differs
}
