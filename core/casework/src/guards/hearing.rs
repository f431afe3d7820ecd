//! 亮证, 告知, 陈述申辩, 回避: what comes before a decision on the street (处罚法 43 to 45, 55, 62).

use crate::{
    case::{Case, Notice},
    command::Desk,
    event::StatementKind,
    guards::{crew, state},
    people::SignerRole,
    refusal::{Refusal, grounds},
};
use ezhifa_law::{
    decision::{Decision, DefenceCap},
    terms::{Limb, Outcome, PartyKind},
};

grounds! {
    CERTIFICATES_NOT_SHOWN: "certificates_not_shown", "行政处罚法第五十二条第一款、第五十五条第一款",
        "本组两名执法人员尚未出示执法证件" / "the two officers of this crew have not shown their certificates",
        "向当事人出示执法证件并记录" / "show the certificates and record it";
    NOTHING_PROPOSED: "nothing_proposed", "行政处罚法第四十四条",
        "尚无拟作出的决定" / "nothing has been proposed yet",
        "先生成处理建议" / "ask the rulebook for a proposal first";
    NOTHING_TO_NOTIFY: "nothing_to_notify", "行政处罚法第四十四条",
        "建议不是处罚或者不予处罚决定" / "the proposal is not a decision that is notified",
        "按建议直接办理：责令改正、劝导、转普通程序或者结案" / "follow the proposal: order, advice, transfer or close";
    NOTICE_NOT_GIVEN: "notice_not_given", "行政处罚法第四十四条、第六十二条",
        "尚未告知拟作出的决定及其事实、理由、依据和权利" / "the party has not been told what is proposed, why, and their rights",
        "告知后再继续" / "give notice first";
    NOTICE_OUTDATED: "notice_outdated", "行政处罚法第四十四条",
        "告知之后建议已变更" / "the proposal has changed since the notice",
        "按新的内容重新告知" / "give notice again";
    NOTICE_BY_OTHERS: "notice_by_another_crew", "行政处罚法第四十四条、第四十二条第一款",
        "告知由另一组执法人员作出" / "another crew gave the notice",
        "由作出决定的两名执法人员重新告知" / "those who decide give the notice again";
    STATEMENT_NOT_HEARD: "statement_not_heard", "行政处罚法第四十五条、第六十二条",
        "尚未听取陈述、申辩" / "the party has not been heard",
        "听取陈述申辩，或者记录未陈述、明确放弃" / "hear the party or record that nothing was said or the right was waived";
    STATEMENT_BY_OTHERS: "statement_heard_by_another_crew", "行政处罚法第四十五条、第四十二条第一款",
        "陈述申辩由另一组执法人员听取" / "another crew heard the statement",
        "由作出决定的两名执法人员重新告知并听取" / "those who decide give notice and hear it again";
    NOT_THE_PARTY: "speaker_is_not_the_party", "行政处罚法第四十五条第一款",
        "店员、收件人的话不是当事人的陈述" / "the words of a clerk or receiver are not the party's statement",
        "听取当事人、法定代表人、监护人或者代理人的意见" / "hear the party, its representative, guardian or agent";
    NO_REVIEW: "statement_not_reviewed", "行政处罚法第四十五条第一款",
        "对陈述申辩没有写明复核意见" / "the statement has not been reviewed",
        "写明复核意见及是否采纳" / "write down the review and whether it is accepted";
    RECUSAL_OPEN: "recusal_open", "行政处罚法第四十三条第三款",
        "回避申请尚未决定，不得作出处罚决定" / "a request for recusal is open, no decision may be made",
        "继续调查，等候负责人决定" / "go on gathering and wait for the head's ruling";
    NO_RECUSAL: "no_recusal_asked", "行政处罚法第四十三条",
        "没有对{}的回避申请" / "nobody asked for the recusal of {}",
        "先记录回避申请" / "record the request first";
}

/// Whether this outcome is notified and the party heard before it (44, 45, 62). An order to correct
/// is not a penalty; advice and transfers decide nothing.
pub(crate) fn needs_hearing(outcome: Outcome) -> bool {
    outcome.is_penalty() || matches!(outcome, Outcome::NoPenalty | Outcome::NoPenaltyProposed)
}

/// Both officers of this crew have shown their certificates.
pub(crate) fn certificates(case: &Case, desk: &Desk) -> Result<(), Refusal> {
    CERTIFICATES_NOT_SHOWN.unless(desk.crew.officers().into_iter().all(|o| case.shown.contains(o)))
}

/// 告知 may be given.
pub(crate) fn notice(case: &Case, desk: &Desk) -> Result<(), Refusal> {
    state::undecided(case)?;
    crew::may_act(case, desk)?;
    certificates(case, desk)?;
    let proposal = case.proposal.as_ref().ok_or_else(|| NOTHING_PROPOSED.refusal())?;
    super::proposal::current(proposal)?;
    NOTHING_TO_NOTIFY.unless(needs_hearing(proposal.told().outcome))
}

/// 陈述申辩 may be recorded.
pub(crate) fn statement(
    case: &Case,
    desk: &Desk,
    kind: StatementKind,
    by: SignerRole,
    words: &str,
    review: &str,
) -> Result<(), Refusal> {
    state::undecided(case)?;
    crew::may_act(case, desk)?;
    let notice = case.notice.as_ref().ok_or_else(|| NOTICE_NOT_GIVEN.refusal())?;
    STATEMENT_BY_OTHERS.unless(notice.crew.same_two(desk.crew))?;
    NOT_THE_PARTY.unless(speaks_for_party(case, by))?;
    if kind == StatementKind::Made {
        state::said("陈述申辩内容 / the statement", words)?;
        NO_REVIEW.unless(!review.trim().is_empty())?;
    }
    Ok(())
}

/// A receiver or a household adult may take a paper, not speak for the party; a child's guardian may.
fn speaks_for_party(case: &Case, by: SignerRole) -> bool {
    let organisation = case.party_kind() == PartyKind::Organisation;
    match by {
        SignerRole::Party => !organisation,
        SignerRole::LegalRepresentative => case.party_kind() != PartyKind::Citizen,
        SignerRole::Agent => true,
        SignerRole::Guardian => under_guardian(case),
        SignerRole::Receiver | SignerRole::HouseholdAdult => false,
    }
}

/// 未成年人, or a person without capacity (limb D).
pub(crate) fn under_guardian(case: &Case) -> bool {
    let limb_d = case.proposal.as_ref().is_some_and(|p| p.decision.limb == Some(Limb::D));
    let age = match (&case.party, &case.act) {
        (Some(p), Some(a)) => p.age_at(a.at.date()),
        _ => None,
    };
    limb_d || age.is_some_and(|age| age < 18)
}

/// Everything before the decision was done, by those who decide.
pub(crate) fn heard(case: &Case, desk: &Desk, decided: &Decision) -> Result<(), Refusal> {
    let notice = case.notice.as_ref().ok_or_else(|| NOTICE_NOT_GIVEN.refusal())?;
    NOTICE_BY_OTHERS.unless(notice.crew.same_two(desk.crew))?;
    let statement = case.statement.as_ref().ok_or_else(|| STATEMENT_NOT_HEARD.refusal())?;
    STATEMENT_BY_OTHERS.unless(statement.crew.same_two(desk.crew))?;
    NOTICE_OUTDATED.unless(to_this_party(case, notice) && covers(notice, decided))
}

/// The person who is decided on was told, of this very act. The fold drops the notice when either changes.
fn to_this_party(case: &Case, notice: &Notice) -> bool {
    let same =
        case.party.as_ref().zip(notice.party.as_ref()).is_some_and(|(now, told)| now.is_same_person(told));
    same && case.act == notice.act
}

/// The notice still covers what is milder on the same provision, nothing else. What is not milder must rest
/// on the facts and the limb that were told; under another pack it must be told again unless it is the same.
fn covers(notice: &Notice, decided: &Decision) -> bool {
    let told = &notice.told;
    let provision =
        (&told.offence, &told.violated, &told.basis) == (&decided.offence, &decided.violated, &decided.basis);
    let now = DefenceCap { outcome: decided.outcome, amount: decided.amount };
    let grounds = (told.limb, &told.fact_text) == (decided.limb, &decided.fact_text);
    let milder = crate::harsh::harsher(notice.content(), now);
    let same = now == notice.content() && grounds;
    provision
        && !crate::harsh::harsher(now, notice.content())
        && (same || milder && told.pack == decided.pack)
}

/// No request for recusal is open.
pub(crate) fn no_open_recusal(case: &Case) -> Result<(), Refusal> {
    RECUSAL_OPEN.unless(!case.recusals.values().any(Option::is_none))
}
