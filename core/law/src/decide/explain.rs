//! A decision in words, as a lawyer would read it.

use std::fmt::Write as _;

use crate::{
    decision::{Decision, Duty},
    terms::{Citation, Outcome},
};

/// The decision as Chinese text: result, law, reasons, what did not apply, what is still owed.
#[must_use]
pub fn explain(decision: &Decision) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_all(&mut out, decision);
    out
}

fn write_all(out: &mut String, decision: &Decision) -> std::fmt::Result {
    writeln!(out, "【结论】{}：{}", decision.offence_name, decision.outcome.name())?;
    if decision.outcome.has_fine() {
        writeln!(out, "　罚款{}元（{}）", decision.amount.digits(), decision.amount.capitals())?;
    }
    if let Some(range) = decision.range {
        writeln!(out, "　幅度{}元至{}元", range.low.digits(), range.high.digits())?;
    }
    if decision.provisional {
        writeln!(out, "　是否初次违法待核查，核查结果不使本次决定变重")?;
    }
    if !decision.fact_text.is_empty() {
        writeln!(out, "【违法事实】{}", decision.fact_text)?;
    }
    if !decision.violated.is_empty() {
        writeln!(out, "【违反规定】{}", list(&decision.violated))?;
    }
    let ends_early = matches!(decision.outcome, Outcome::NoViolation | Outcome::Advice);
    if !decision.basis.is_empty() && !ends_early {
        writeln!(out, "【处罚依据】{}", list(&decision.basis))?;
    }
    if !decision.order_text.is_empty() && decision.outcome != Outcome::NoViolation {
        let when = match decision.order_hours {
            0 => "立即".to_owned(),
            hours => format!("{hours}小时内"),
        };
        writeln!(out, "【责令改正】{when}：{}", decision.order_text)?;
    }
    writeln!(out, "【理由】")?;
    for (i, reason) in decision.reasons.iter().enumerate() {
        write!(out, "　{}. {}", i + 1, reason.text)?;
        if !reason.citations.is_empty() {
            write!(out, "（{}）", list(&reason.citations))?;
        }
        writeln!(out)?;
    }
    if !decision.rejected.is_empty() {
        writeln!(out, "【未适用】")?;
        for rejected in &decision.rejected {
            writeln!(out, "　{}：{}", rejected.rule, rejected.because)?;
        }
    }
    if !decision.may_choose.is_empty() {
        let names: Vec<&str> = decision.may_choose.iter().map(|o| o.name()).collect();
        writeln!(out, "【可另选】{}（须说明理由）", names.join("、"))?;
    }
    if !decision.duties.is_empty() {
        let names: Vec<&str> = decision.duties.iter().map(|d| duty(*d)).collect();
        writeln!(out, "【仍须完成】{}", names.join("、"))?;
    }
    write!(
        out,
        "【规则包】{} 第{}版 {}；行为时 {} 第{}版；引擎语义 {}",
        decision.pack.id,
        decision.pack.version,
        decision.pack.hash.get(..12).unwrap_or_default(),
        decision.pack_at_act.id,
        decision.pack_at_act.version,
        decision.semantics
    )
}

fn list(citations: &[Citation]) -> String {
    let texts: Vec<String> = citations.iter().map(ToString::to_string).collect();
    texts.join("、")
}

fn duty(duty: Duty) -> &'static str {
    match duty {
        Duty::Educate => "教育当事人",
        Duty::NotifyGuardian => "责令监护人管教",
        Duty::ProveCorrection => "留存改正前后对比证据",
        Duty::Recheck => "复查改正情况",
        Duty::HeadConfirms => "报本机关负责人审查",
        Duty::ConfirmHistory => "核查是否初次违法",
    }
}

/// Fills `{fact:name}`; a `[…]` part is left out when an answer in it is not known.
pub(super) fn fill(template: &str, answer: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find(['[', '{']) {
        let (text, tail) = rest.split_at(open);
        out.push_str(text);
        let optional = tail.starts_with('[');
        let close = tail.find(if optional { ']' } else { '}' });
        let Some(close) = close else { break };
        let inside = tail.get(1..close).unwrap_or_default();
        if optional {
            let missing = std::cell::Cell::new(false);
            let part = fill(inside, &|name| {
                let value = answer(name);
                missing.set(missing.get() || value.is_none());
                value
            });
            if !missing.get() {
                out.push_str(&part);
            }
        } else if let Some(name) = inside.strip_prefix("fact:") {
            out.push_str(answer(name).as_deref().unwrap_or("（未查明）"));
        }
        rest = tail.get(close + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out_of_the_fact() {
        let answer = |name: &str| (name == "area").then(|| "1.5㎡".to_owned());
        assert_eq!(fill("摆摊[，占用{fact:area}][，共{fact:count}]。", &answer), "摆摊，占用1.5㎡。");
        assert_eq!(fill("面积{fact:count}", &answer), "面积（未查明）");
    }
}
