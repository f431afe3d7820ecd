//! From facts to a reasoned decision, and the questions on the way.
//!
//! Order of thought (docs/rulebook-guide.md): is the fact clear, which provision fits, is an order needed first,
//! is anything punished at all (limbs), which tier, mitigation, defence, and the gate last. Nothing
//! is lowered to fit the gate, and nothing unknown makes an outcome harsher.

mod explain;
mod inputs;
mod judge;
mod penal;
mod questions;
mod words;

pub use explain::explain;
pub use questions::questions;

use crate::{
    decision::{Decision, Inquiry, Reason},
    money::Fen,
    rulebook::Rulebook,
    terms::Outcome,
};
use judge::{Judge, Ruling};

/// Why no decision could be made. No personal data inside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LawError {
    /// Neither rulebook knows the offence.
    #[error(
        "规则包没有案由“{offence}”，请更新规则包或另选案由 / no rulebook has the offence `{offence}`: update it or choose another"
    )]
    UnknownOffence {
        /// Offence id.
        offence: String,
    },
    /// A fact that neither rulebook declares.
    #[error(
        "规则包没有事实“{fact}”，请更新应用或规则包 / no rulebook declares the fact `{fact}`: update the app or the rulebook"
    )]
    UnknownFact {
        /// Fact name.
        fact: String,
    },
    /// An answer of the wrong type or out of range.
    #[error(
        "事实“{fact}”的回答类型不对或超出范围，请重新填写 / the answer to `{fact}` has the wrong type or is out of range: answer again"
    )]
    WrongAnswer {
        /// Fact name.
        fact: String,
    },
    /// The officers chose what the law does not leave open.
    #[error(
        "法律在此不允许选择该结果或金额，请按建议或列出的选项处理 / the law does not leave this outcome or amount open: take the proposal or a listed choice"
    )]
    ChoiceNotOpen,
}

/// Decides one case by the rulebook in force at the act and the one in force at the decision, and
/// takes the milder result (从旧兼从轻, 处罚法 37).
///
/// # Errors
/// Unknown offence or fact, an answer of the wrong type, a choice that the law does not leave.
pub fn decide(at_act: &Rulebook, at_decision: &Rulebook, inquiry: &Inquiry) -> Result<Decision, LawError> {
    let Some(choice) = inquiry.choice else { return Ok(propose(at_act, at_decision, inquiry)?.0) };
    // Which law is milder is settled on the proposals; the choice is then made under that law.
    let (proposal, by_new) = propose(at_act, at_decision, &Inquiry { choice: None, ..inquiry.clone() })?;
    if choice.outcome == proposal.outcome && choice.amount.is_none_or(|a| a == proposal.amount) {
        return Ok(proposal);
    }
    if choice.outcome != proposal.outcome && !proposal.may_choose.contains(&choice.outcome) {
        return Err(LawError::ChoiceNotOpen);
    }
    let judge = if by_new { now(at_decision, inquiry) } else { then(at_act, at_decision, inquiry) };
    let mut decision = judge.rule(&proposal.offence_name)?.decision;
    // A chosen penalty may still meet the gate; anything else was not open.
    if ![choice.outcome, Outcome::OrdinaryProcedure].contains(&decision.outcome) {
        return Err(LawError::ChoiceNotOpen);
    }
    decision.pack_at_act = at_act.reference();
    decision.reasons.extend(proposal.reasons.into_iter().filter(|r| r.rule == MILDER_LAW));
    Ok(decision)
}

const MILDER_LAW: &str = "milder_law";

/// The proposal, and whether it rests on the law at the decision.
fn propose(
    at_act: &Rulebook,
    at_decision: &Rulebook,
    inquiry: &Inquiry,
) -> Result<(Decision, bool), LawError> {
    let (then, now) = rulings(at_act, at_decision, inquiry)?;
    let mut then = then?;
    then.decision.pack_at_act = at_act.reference();
    let Some(now) = now else { return Ok((then.decision, false)) };
    let mut now = now?;
    now.decision.pack_at_act = at_act.reference();
    // Which law is milder is not known while facts that one of them asks for are not: nobody is punished on that.
    let stuck = |one: &Ruling, other: &Ruling| one.unclear && other.decision.outcome.is_penalty();
    let open = stuck(&then, &now) || stuck(&now, &then);
    // Which organ acts is procedure too: what is another organ's at the decision is not decided here, whoever it
    // was at the act (38). What was no violation then is nobody's.
    let no_more = now.decision.outcome == Outcome::Referral
        && !matches!(then.decision.outcome, Outcome::NoViolation | Outcome::Advice | Outcome::Referral);
    if no_more {
        now.decision.reasons.push(Reason {
            rule: MILDER_LAW.into(),
            text: "决定时该行为已由其他机关管辖，从旧兼从轻只比较处罚规定，不移转管辖".into(),
            citations: at_decision.principles.milder_law.clone(),
            facts: Vec::new(),
        });
        return Ok((now.decision, true));
    }
    let by_new = if open { now.unclear } else { severity(&now.decision) < severity(&then.decision) };
    let (chosen, other, which, law) =
        if by_new { (now, then, "决定时", at_decision) } else { (then, now, "行为时", at_act) };
    let unclear = other.unclear;
    let (mut chosen, other) = (chosen.decision, other.decision);
    if unclear {
        chosen.may_choose.retain(|outcome| !outcome.is_penalty());
    }
    let (this, that) = (chosen.outcome.name(), other.outcome.name());
    let compared = if open {
        format!("适用{which}的规定，事实尚未查明；另一规定为“{that}”；尚不能判断哪一规定较轻，不当场处罚")
    } else {
        format!("适用{which}的规定为“{this}”，另一规定为“{that}”，从旧兼从轻，适用{which}的规定")
    };
    chosen.reasons.push(Reason {
        rule: MILDER_LAW.into(),
        text: format!("行为时与决定时的规定不同，分别适用后比较：{compared}"),
        citations: law.principles.milder_law.clone(),
        facts: Vec::new(),
    });
    Ok((chosen, by_new))
}

type Pair = (Result<Ruling, LawError>, Option<Result<Ruling, LawError>>);

/// One ruling for each law that has to be looked at: the second only where pack, offence or the other
/// provision of a pair differ.
fn rulings(at_act: &Rulebook, at_decision: &Rulebook, inquiry: &Inquiry) -> Result<Pair, LawError> {
    inputs::validate([at_act, at_decision], inquiry)?;
    let id = &inquiry.offence;
    if ![at_act, at_decision].iter().any(|book| book.offence(id).is_some()) {
        return Err(LawError::UnknownOffence { offence: id.chars().take(64).collect() });
    }
    let (then, now) = (then(at_act, at_decision, inquiry), now(at_decision, inquiry));
    let name = now.version(id).or(then.version(id)).map_or("", |o| o.is.name.as_str());
    let place = |judge: &Judge<'_>, id: &str| judge.version(id).map(|o| (o.file.clone(), o.index));
    let others = at_act.pairs.iter().filter(|p| [&p.a, &p.b].contains(&id)).flat_map(|p| [&p.a, &p.b]);
    let one =
        at_act.hash == at_decision.hash && others.chain([id]).all(|id| place(&then, id) == place(&now, id));
    let second = (!one).then(|| now.rule(name));
    Ok((then.rule(name), second))
}

/// The law at the act. A pack says nothing about the time before it: where nothing older is at hand, what is in
/// force now is looked at, and no penalty is based on that.
fn then<'a>(at_act: &'a Rulebook, at_decision: &'a Rulebook, inquiry: &'a Inquiry) -> Judge<'a> {
    let (act, decided) = (inquiry.act_at.date(), inquiry.decided_at.date());
    let too_young = at_act.hash == at_decision.hash && !at_act.in_force(act) && at_act.in_force(decided);
    let mut judge = Judge::new(at_act, at_decision, inquiry, if too_young { decided } else { act });
    judge.too_young = too_young;
    judge
}

/// The law at the decision.
fn now<'a>(at_decision: &'a Rulebook, inquiry: &'a Inquiry) -> Judge<'a> {
    Judge::new(at_decision, at_decision, inquiry, inquiry.decided_at.date())
}

/// Order of 处罚法 37: no violation, no penalty, warning, fine by its upper bound, then by the proposal.
/// The ordinary procedure stands last: it is where the harsher clauses go.
fn severity(decision: &Decision) -> (u8, Fen, Fen) {
    let high = decision.range.map_or(Fen::ZERO, |r| r.high);
    (rank(decision.outcome), high, decision.amount)
}

/// Position of an outcome between mild and harsh.
pub(crate) fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::NoViolation => 0,
        Outcome::Advice => 1,
        Outcome::OrderComplied => 2,
        Outcome::Order => 3,
        Outcome::NoPenalty | Outcome::NoPenaltyProposed => 4,
        Outcome::Warning => 5,
        Outcome::Fine => 6,
        Outcome::WarningAndFine => 7,
        Outcome::OrdinaryProcedure => 8,
        Outcome::Referral => 9,
    }
}
