//! The proposal and the officers' choice: only where the law leaves one, with a reason, never
//! harsher because somebody spoke (处罚法 45 ②, invariant 6).

use ezhifa_law::{
    decision::{Decision, DefenceCap},
    money::Fen,
    terms::Limb,
};

use crate::{
    case::{Case, Proposal},
    command::Desk,
    event::Choice,
    guards::state,
    harsh::harsher,
    refusal::{Refusal, grounds},
};

grounds! {
    NO_OFFENCE: "no_offence_chosen", "行政处罚法第五条第三款",
        "尚未选择案由" / "no offence is chosen",
        "选择案由并写明行为时间" / "choose the offence and the time of the act";
    LAW_SAYS_NO: "law_cannot_decide", "行政处罚法第四十条",
        "规则包不能得出处理建议：{}" / "the rulebook cannot decide: {}",
        "按提示补充，或者转普通程序" / "complete what is missing or use the ordinary procedure";
    OUTDATED: "proposal_outdated", "行政处罚法第四十四条、第四十五条第一款",
        "事实、规则或者申辩结论已变化，原建议不再适用" / "facts, rulebook or the review of the statement have changed since the proposal",
        "重新生成处理建议" / "ask the rulebook again";
    NO_CHOICE: "law_leaves_no_choice", "行政处罚法第三十三条、第三十四条",
        "法律没有留下这种选择" / "the law leaves no such choice",
        "按建议办理；有不同意见的提交法制审核" / "follow the proposal or ask the legal desk";
    NO_REASON: "choice_without_reason", "行政处罚法第三十三条第一款、第三十四条",
        "变更建议或者适用首违不罚的，应当注明理由" / "another choice, and limb B either way, needs a reason code",
        "选择理由代码" / "choose a reason code";
    AMOUNT_OUTSIDE: "amount_outside_range", "行政处罚法第五条第二款、第三十四条",
        "金额不在裁量幅度内" / "the amount lies outside the range",
        "在幅度内确定金额，且不高于已告知的金额" / "choose inside the range and not above what was told";
    HARSHER: "harsher_after_defence", "行政处罚法第四十五条第二款",
        "不得因陈述、申辩而给予更重的处罚" / "a statement may not make the outcome harsher",
        "维持或者减轻原建议；确需更重的转普通程序" / "keep the proposal or lower it; otherwise use the ordinary procedure";
    HARSHER_AFTER_REVOCATION: "harsher_after_revocation", "行政处罚法第七十五条第二款",
        "撤销后没有新的事实，不得作出更重的决定" / "after a revocation, without new facts, nothing harsher may follow",
        "记录新的事实，或者维持、减轻" / "record the new fact or decide no harsher";
}

/// The rulebook decides, with the officers' choice where it leaves one. Answers with the decision
/// and the choice as it is recorded.
pub(crate) fn propose(
    case: &Case,
    desk: &Desk,
    choice: Option<&Choice>,
) -> Result<(Decision, Option<Choice>), Refusal> {
    state::undecided(case)?;
    let proposal = ask(case, desk, None)?;
    let Some(choice) = choice else {
        ceilings(case, &proposal)?;
        return Ok((proposal, None));
    };
    let (decision, choice) = choose(case, desk, proposal, choice)?;
    ceilings(case, &decision)?;
    Ok((decision, Some(choice)))
}

/// What the rulebook says now.
pub(crate) fn ask(
    case: &Case,
    desk: &Desk,
    choice: Option<ezhifa_law::decision::Choice>,
) -> Result<Decision, Refusal> {
    let inquiry = case.inquiry(desk.now, desk.encounter_fines, choice).ok_or_else(|| NO_OFFENCE.refusal())?;
    desk.books.decide(&inquiry).map_err(|e| LAW_SAYS_NO.about(&e))
}

/// The proposal with the choice in it: allowed by the law, with its reason.
pub(crate) fn choose(
    case: &Case,
    desk: &Desk,
    proposal: Decision,
    choice: &Choice,
) -> Result<(Decision, Choice), Refusal> {
    NO_REASON.unless(!choice.reason.trim().is_empty())?;
    let outcome = choice.outcome.unwrap_or(proposal.outcome);
    let amount = choice.amount.filter(|a| *a != proposal.amount);
    if outcome == proposal.outcome && amount.is_none() {
        return Ok((proposal, Choice::because(choice.reason.clone())));
    }
    // Mandatory limbs leave nothing to choose (invariant 4), whatever a pack may list.
    let mandatory = matches!(proposal.limb, Some(Limb::A | Limb::C | Limb::D | Limb::E));
    let open = outcome == proposal.outcome || proposal.may_choose.contains(&outcome);
    NO_CHOICE.unless(open && !mandatory)?;
    if let Some(amount) = choice.amount {
        let fits = outcome.has_fine() && amount_fits(&proposal, amount);
        AMOUNT_OUTSIDE.unless(fits || (!outcome.has_fine() && amount == Fen::ZERO))?;
    }
    let chosen = Choice { outcome: Some(outcome), amount, reason: choice.reason.clone() };
    let decision = ask(case, desk, chosen.for_law())?;
    // The rulebook carries the choice out; it never adds to it.
    let as_chosen = decision.outcome == outcome && amount.is_none_or(|a| a == decision.amount);
    NO_CHOICE.unless(as_chosen)?;
    Ok((decision, chosen))
}

fn amount_fits(proposal: &Decision, amount: Fen) -> bool {
    let inside = proposal.range.is_none_or(|r| r.low <= amount && amount <= r.high);
    amount > Fen::ZERO && inside
}

/// Neither a defence nor a revocation may be followed by something harsher.
pub(crate) fn ceilings(case: &Case, decision: &Decision) -> Result<(), Refusal> {
    let told = DefenceCap { outcome: decision.outcome, amount: decision.amount };
    HARSHER.unless(case.defence_cap.is_none_or(|cap| !harsher(told, cap)))?;
    HARSHER_AFTER_REVOCATION.unless(case.revocation_cap().is_none_or(|cap| !harsher(told, cap)))
}

/// Whether the party was told this very thing. The words of a reason may have grown meanwhile (a
/// statement that was heard is a reason more), the result may not.
pub(crate) fn says_the_same(now: &Decision, told: &Decision) -> bool {
    let result = |d: &Decision| {
        (
            d.offence.clone(),
            d.outcome,
            d.limb,
            d.tier.clone(),
            d.amount,
            d.fact_text.clone(),
            d.violated.clone(),
            d.basis.clone(),
            d.pack.clone(),
        )
    };
    result(now) == result(told)
}

/// Nothing happened since that makes the proposal worthless.
pub(crate) fn current(proposal: &Proposal) -> Result<(), Refusal> {
    OUTDATED.unless(!proposal.outdated)
}
