//! The pack's own examples, run like cases.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDateTime, NaiveTime};

use crate::{
    decide::{decide, questions},
    decision::{Choice, Decision, History, Inquiry, PriorOrder},
    facts::{Facts, Value},
    money::Fen,
    rulebook::{
        Domain, OffenceRules, Rulebook,
        format::{Example, ExampleHistory, ExampleOrder, ExampleValue},
        scaled,
    },
    terms::PartyKind,
};

/// An example as an inquiry. `Err` names the fact that cannot be read.
pub(super) fn inquiry(book: &Rulebook, offence: &OffenceRules, example: &Example) -> Result<Inquiry, String> {
    let party = example.party.unwrap_or(PartyKind::Citizen);
    let day = example.act_on.map_or(offence.period(&book.manifest).0, |d| d.0);
    let noon = |plus: u64| -> NaiveDateTime {
        day.checked_add_days(Days::new(plus))
            .unwrap_or(day)
            .and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default())
    };
    let order = |rechecked: Option<bool>, refused: bool| PriorOrder {
        number: "示例".to_owned(),
        offence: String::new(),
        ordered_on: day,
        due: noon(1),
        served: true,
        rechecked: rechecked.map(|_| noon(2)),
        corrected: rechecked,
        refused,
    };
    Ok(Inquiry {
        offence: offence.is.id.clone(),
        party,
        age_at_act: match party {
            PartyKind::Organisation => None,
            _ => Some(example.age.unwrap_or(30)),
        },
        act_at: noon(0),
        decided_at: noon(if example.order == ExampleOrder::None { 0 } else { 2 }),
        discovered_at: Some(noon(0)),
        facts: facts(book, &example.facts)?,
        prior_order: match example.order {
            ExampleOrder::None => None,
            ExampleOrder::Pending => Some(order(None, false)),
            ExampleOrder::NotCorrected => Some(order(Some(false), false)),
            ExampleOrder::Refused => Some(order(None, true)),
            ExampleOrder::Corrected => Some(order(Some(true), false)),
        },
        history: History {
            earlier: match example.history {
                ExampleHistory::First | ExampleHistory::Stale => Some(false),
                ExampleHistory::Earlier => Some(true),
                ExampleHistory::Unknown => None,
            },
            as_of: None,
            stale: example.history == ExampleHistory::Stale,
        },
        encounter_fines: Fen::yuan(example.encounter_yuan),
        defence_cap: None,
        choice: example.choose.map(|outcome| Choice { outcome, amount: None }),
    })
}

/// Written answers as typed ones.
pub(super) fn facts(book: &Rulebook, written: &BTreeMap<String, ExampleValue>) -> Result<Facts, String> {
    let mut facts = BTreeMap::new();
    for (name, value) in written {
        let typed = match (value, book.domain(name)) {
            (_, None) => return Err(format!("未声明的事实“{name}” / unknown fact name `{name}`")),
            (ExampleValue::Text(text), _) if text == "?" => Value::Unknown,
            (ExampleValue::Bool(yes), Some(Domain::Bool)) => Value::Bool(*yes),
            (ExampleValue::Int(value), Some(Domain::Int { decimals, .. })) => {
                Value::Int(scaled(&value.to_string(), *decimals)?)
            }
            (ExampleValue::Text(text), Some(Domain::Int { decimals, .. })) => {
                Value::Int(scaled(text, *decimals)?)
            }
            (ExampleValue::Text(text), Some(Domain::Choice(options))) if options.contains(text) => {
                Value::Choice(text.clone())
            }
            _ => {
                return Err(format!("事实“{name}”的取值类型不对 / the value of `{name}` has the wrong type"));
            }
        };
        facts.insert(name.clone(), typed);
    }
    Ok(Facts(facts))
}

/// Runs an example.
pub(super) fn run(book: &Rulebook, inquiry: &Inquiry) -> Result<Decision, String> {
    decide(book, book, inquiry).map_err(|e| e.to_string())
}

/// What differs between what came out and what was written; `None` when all agrees.
pub(super) fn differs(example: &Example, decision: &Decision) -> Option<String> {
    let expect = &example.expect;
    let mut parts = Vec::new();
    let mut compare = |what: &str, want: String, got: String| {
        if want != got {
            parts.push(format!("{what}应为 {want}，实为 {got}"));
        }
    };
    compare("结果", format!("{:?}", expect.outcome), format!("{:?}", decision.outcome));
    if let Some(limb) = expect.limb {
        compare("情形", format!("{limb:?}"), decision.limb.map_or("无".into(), |l| format!("{l:?}")));
    }
    if let Some(tier) = &expect.tier {
        compare("阶次", tier.clone(), decision.tier.clone().unwrap_or("无".into()));
    }
    if let Some(yuan) = expect.yuan {
        compare("金额", Fen::yuan(yuan).digits(), decision.amount.digits());
    }
    if let Some(offence) = &expect.offence {
        compare("案由", offence.clone(), decision.offence.clone());
    }
    if let Some(provisional) = expect.provisional {
        compare("待核查", provisional.to_string(), decision.provisional.to_string());
    }
    (!parts.is_empty()).then(|| parts.join("；"))
}

/// How many questions an app asks in each example of the pack: it asks the first one open, takes the
/// answer of the example, and goes on until none is open.
#[must_use]
pub fn question_counts(book: &Rulebook) -> Vec<(String, usize)> {
    let mut counts = Vec::new();
    for offence in book.offences.iter().filter(|o| !o.inherited) {
        for example in &offence.is.examples {
            let Ok(mut case) = inquiry(book, offence, example) else { continue };
            let answers = std::mem::take(&mut case.facts);
            let mut asked = 0;
            // No pack has more questions than facts.
            while asked < book.facts().len() {
                let Ok(open) = questions(book, book, &case) else { break };
                let Some(question) = open.into_iter().next() else { break };
                let answer = answers.get(&question.fact).clone();
                case.facts.0.insert(question.fact, answer);
                asked += 1;
            }
            counts.push((format!("{}: {}", offence.is.name, example.name), asked));
        }
    }
    counts
}
