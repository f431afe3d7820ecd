//! Answers fit the questions of the rulebook: known name, right type, inside the range.

use ezhifa_law::{decision::AnswerKind, facts::Value};

use crate::{
    case::Case,
    command::Desk,
    event::FactSource,
    guards::hearing,
    refusal::{Refusal, grounds},
};

grounds! {
    UNKNOWN_OFFENCE: "unknown_offence", "行政处罚法第五条第三款",
        "规则包中没有案由“{}”" / "the rulebook has no offence \"{}\"",
        "从案由清单中选择，或者同步规则包" / "choose from the list or sync the rulebook";
    UNKNOWN_FACT: "unknown_fact", "行政处罚法第四十条",
        "规则包中没有事实“{}”" / "the rulebook asks for no fact \"{}\"",
        "只回答规则包提出的问题" / "answer only what the rulebook asks";
    WRONG_TYPE: "wrong_answer_type", "行政处罚法第四十条",
        "答案不符合要求：{}" / "the answer does not fit: {}",
        "按提示的类型和范围重新回答" / "answer again with the type and range shown";
    ACT_IN_FUTURE: "act_in_future", "行政处罚法第三十六条",
        "违法行为时间晚于现在" / "the act lies in the future",
        "核对行为时间" / "check the time of the act";
    SOURCE_NOT_AUDITED: "monitoring_not_audited", "行政处罚法第四十一条第二款",
        "监控线索未经人工审核，不得作为证据" / "a monitoring record that no person audited proves nothing",
        "先由审核人员确认记录" / "have the record audited first";
}

/// 案由 exists and the act is not in the future.
pub(crate) fn offence(desk: &Desk, offence: &str, act_at: chrono::NaiveDateTime) -> Result<(), Refusal> {
    if !desk.books.has_offence(offence) {
        return Err(UNKNOWN_OFFENCE.about(offence));
    }
    ACT_IN_FUTURE.unless(act_at <= desk.now)
}

/// One answer.
pub(crate) fn answer(
    case: &Case,
    desk: &Desk,
    name: &str,
    value: &Value,
    source: FactSource,
) -> Result<(), Refusal> {
    let Some(kind) = desk.books.answer_kind(name) else { return Err(UNKNOWN_FACT.about(name)) };
    if !fits(&kind, value) {
        return Err(WRONG_TYPE.about(&format!("{name} = {}", wanted(&kind))));
    }
    if source == FactSource::Party {
        // Asking the party is an inquiry (询问): certificates come first.
        hearing::certificates(case, desk)?;
    }
    Ok(())
}

fn fits(kind: &AnswerKind, value: &Value) -> bool {
    match (kind, value) {
        (_, Value::Unknown) | (AnswerKind::Bool, Value::Bool(_)) => true,
        (AnswerKind::Int { min, max, .. }, Value::Int(n)) => min <= n && n <= max,
        (AnswerKind::Choice { options }, Value::Choice(c)) => options.iter().any(|(v, _)| v == c),
        _ => false,
    }
}

fn wanted(kind: &AnswerKind) -> String {
    match kind {
        AnswerKind::Bool => "true | false | null".to_owned(),
        AnswerKind::Int { unit, min, max, .. } => format!("{min}..{max} {unit}"),
        AnswerKind::Choice { options } => {
            options.iter().map(|(v, _)| v.as_str()).collect::<Vec<_>>().join(" | ")
        }
    }
}
