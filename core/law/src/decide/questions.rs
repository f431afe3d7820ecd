//! What an app should ask next: the facts of the first step that is not settled, the most telling first.

use super::{LawError, inputs::AGE_BANDS, rulings};
use crate::{
    decision::{AnswerKind, Inquiry, Question},
    rulebook::{Rulebook, format::FactType},
};

/// The facts still needed before the next step of the decision, fewest first; empty when it can be
/// taken. Presumed facts and answers of "unknown" are not asked.
///
/// # Errors
/// As [`super::decide`].
pub fn questions(
    at_act: &Rulebook,
    at_decision: &Rulebook,
    inquiry: &Inquiry,
) -> Result<Vec<Question>, LawError> {
    let (then, now) = rulings(at_act, at_decision, inquiry)?;
    let mut names = then?.ask;
    if let Some(now) = now {
        for name in now?.ask {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let units =
        [at_decision, at_act].into_iter().find_map(|book| book.offence(&inquiry.offence)).map(|o| &o.units);
    let question = |name: &String| {
        let mut question = at_decision.question(name).or_else(|| at_act.question(name))?;
        if let (AnswerKind::Int { unit, .. }, Some(own)) =
            (&mut question.answer, units.and_then(|u| u.get(name)))
        {
            unit.clone_from(own);
        }
        Some(question)
    };
    Ok(names.iter().filter_map(question).collect())
}

impl Rulebook {
    /// The question behind a fact name, with its type and range.
    #[must_use]
    pub fn question(&self, name: &str) -> Option<Question> {
        if name == "age_band" {
            let options = AGE_BANDS.iter().take(3).map(|(v, l)| ((*v).to_owned(), (*l).to_owned())).collect();
            return Some(Question {
                fact: name.to_owned(),
                text: "当事人行为时的年龄段？".to_owned(),
                answer: AnswerKind::Choice { options },
                help: "无证件时按外貌和陈述判断；拿不准的选未查明".to_owned(),
            });
        }
        let fact = self.fact(name)?;
        let answer = match fact.kind {
            FactType::Bool => AnswerKind::Bool,
            FactType::Int => AnswerKind::Int {
                unit: fact.unit.clone(),
                decimals: fact.decimals,
                min: fact.min.unwrap_or(0),
                max: fact.max.unwrap_or(0),
            },
            FactType::Choice => AnswerKind::Choice {
                options: fact.options.iter().map(|o| (o.value.clone(), o.label.clone())).collect(),
            },
        };
        Some(Question { fact: name.to_owned(), text: fact.ask.clone(), answer, help: fact.help.clone() })
    }
}
