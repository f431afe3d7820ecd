//! 不予处罚: education always, proof of the correction for A and B, a reason for B (invariant 4).

use ezhifa_law::terms::{Limb, Outcome};

use crate::{
    case::Case,
    command::Desk,
    event::Choice,
    guards::{crew, party, state},
    people::OfficerId,
    refusal::{Refusal, grounds},
};

grounds! {
    NOT_EDUCATED: "not_educated", "行政处罚法第三十三条第三款",
        "依法不予处罚的，应当对当事人进行教育" / "a waiver comes with education",
        "教育当事人并记录方式" / "educate the party and record how";
    NOT_CORRECTED: "correction_not_proved", "行政处罚法第三十三条第一款",
        "尚无改正证据；承诺不能代替改正" / "there is no evidence of the correction; a promise does not replace it",
        "拍摄改正后的照片并记录，或者等复查后再决定" / "take the after-picture and record it, or decide after the re-check";
    PROMISE_PENDING: "promise_pending", "行政处罚法第三十三条第一款",
        "当事人承诺改正，期限未到，尚未复查" / "the party promised to correct; the time has not come and nobody re-checked",
        "期限届满复查后再决定" / "re-check after the promised time, then decide";
    NO_B_REASON: "limb_b_without_reason", "行政处罚法第三十三条第一款",
        "首违不罚是“可以”，适用或者不适用都应当注明理由" / "limb B is a may: either way it needs a reason code",
        "选择理由代码" / "choose a reason code";
    NO_COMMITMENT: "commitment_not_signed", "行政处罚法第三十三条",
        "本机关规定作出不予处罚前应当有改正承诺" / "this organ asks for a promise before a waiver",
        "请当事人签署改正承诺并记录" / "have the promise signed and record it";
    PENALTY_ON_LIMB: "penalty_on_mandatory_limb", "行政处罚法第三十条至第三十三条、第三十六条",
        "法定不予处罚的情形，不得给予任何处罚" / "on a mandatory limb no penalty of any kind is possible",
        "按不予处罚办理" / "decide no penalty";
    NOT_PROPOSED_WAIVER: "no_waiver_to_rule_on", "行政处罚法第五十七条",
        "本案没有待审查的拟不予处罚" / "there is no proposed waiver to rule on",
        "核对案件" / "check the case";
}

/// What a waiver needs before it is decided.
pub(crate) fn decide(
    case: &Case,
    desk: &Desk,
    outcome: Outcome,
    limb: Option<Limb>,
    choice: Option<&Choice>,
) -> Result<(), Refusal> {
    let waives = matches!(outcome, Outcome::NoPenalty | Outcome::NoPenaltyProposed);
    let mandatory = matches!(limb, Some(Limb::A | Limb::C | Limb::D | Limb::E));
    PENALTY_ON_LIMB.unless(!(mandatory && outcome.is_penalty()))?;
    if limb == Some(Limb::B) {
        NO_B_REASON.unless(choice.is_some_and(|c| !c.reason.trim().is_empty()))?;
    }
    if !waives {
        return Ok(());
    }
    // A promise may be asked for where the law says 可以; limb A takes no further condition (33 ①).
    if limb == Some(Limb::B) && desk.books.rules().commitment_first {
        NO_COMMITMENT.unless(case.promise.is_some())?;
    }
    if matches!(limb, Some(Limb::A | Limb::B)) {
        corrected(case)?;
    }
    if limb == Some(Limb::D) {
        party::guardian(case)?;
    }
    NOT_EDUCATED.unless(case.education.is_some())
}

/// The correction is proved by an after-picture, and the last look did not find the opposite.
pub(crate) fn corrected(case: &Case) -> Result<(), Refusal> {
    let seen = case.corrected_at().is_some();
    let undone = case.rechecks.last().is_some_and(|r| !r.corrected);
    NOT_CORRECTED.unless(seen && !undone)
}

/// A promise only postpones: until its time or a look at the place, nothing is decided.
pub(crate) fn promise(case: &Case, desk: &Desk) -> Result<(), Refusal> {
    let looked = case.corrected_at().is_some() || !case.rechecks.is_empty();
    PROMISE_PENDING.unless(case.promise.is_none_or(|until| looked || until <= desk.now))
}

/// The head rules on a proposed waiver, once.
pub(crate) fn rule(case: &Case, desk: &Desk, by: &OfficerId) -> Result<(), Refusal> {
    let record = state::decided(case)?;
    NOT_PROPOSED_WAIVER
        .unless(record.outcome == Outcome::NoPenaltyProposed && case.waiver_ruled.is_none())?;
    crew::head(by, desk)
}
