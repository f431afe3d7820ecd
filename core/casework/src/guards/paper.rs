//! The signed paper and its prints: one paper a decision, an unknown print is looked at by a person.

use ezhifa_law::terms::{Series, SlipKind};

use crate::{
    case::{Case, EndedBy},
    command::Desk,
    guards::{crew, decision, state},
    refusal::{Refusal, grounds},
};

grounds! {
    NOT_THIS_PAPER: "paper_does_not_belong", "行政处罚法第五十二条",
        "文书种类或者编号与案件不符" / "this kind of paper or this number does not belong to the case",
        "按决定记录重新生成文书" / "compose the paper from the decision again";
    ALREADY_ISSUED: "already_issued", "行政处罚法第五十二条第一款",
        "该编号的文书已经生成，只能补打" / "the paper with this number exists, it can only be reprinted",
        "补打，编号不变" / "reprint it, the number stays";
    NOT_ISSUED: "paper_not_issued", "行政处罚法第五十二条第一款",
        "没有这份文书" / "there is no such paper",
        "先生成文书" / "issue it first";
    LOOK_FIRST: "look_at_the_paper", "行政处罚法第五十二条第一款",
        "上次打印结果不明" / "nobody knows how the last print ended",
        "查看纸张是否完整并确认" / "look whether the paper is whole and say so";
    REPRINT: "reprint_not_asked", "行政处罚法第五十二条第一款",
        "该文书已经打印" / "this paper has been printed",
        "确需再打印的，由执法人员另行选择补打，编号不变，注明补打次数和时间" / "if another copy is needed an officer asks for a reprint: the number stays, the copy and its time are printed";
    NO_OCCASION: "paper_has_no_occasion", "行政处罚法第五十二条",
        "案件中没有这种文书所要记载的事" / "nothing happened in this case that such a paper would record",
        "先办理并记录该事项，再出具文书" / "do and record it first, then make the paper";
    NOTHING_UNKNOWN: "print_not_unknown", "行政处罚法第五十二条第一款",
        "没有结果不明的打印" / "no print has an unknown end",
        "不需要确认" / "there is nothing to confirm";
}

/// A paper may be issued: it belongs to the standing decision or to what happened since.
pub(crate) fn issue(case: &Case, slip: SlipKind, number: &str) -> Result<(), Refusal> {
    state::NOT_OPENED.unless(case.opening.is_some())?;
    let by_hand = case.hand_paper().is_some_and(|paper| paper.number == number);
    ALREADY_ISSUED.unless(case.slip(number).is_none() && !by_hand)?;
    state::said("编号 / the number", number)?;
    NOT_THIS_PAPER.unless(belongs(case, slip, number))
}

fn belongs(case: &Case, slip: SlipKind, number: &str) -> bool {
    let is = |text: Option<&str>| text == Some(number);
    match slip {
        SlipKind::Order
        | SlipKind::OrderUnnamed
        | SlipKind::NoPenalty
        | SlipKind::NoPenaltyProposed
        | SlipKind::Guardian
        | SlipKind::Penalty => {
            let decided = case.record.as_ref().is_some_and(|r| r.slip == slip && r.number == number);
            // A granted waiver is confirmed on its own paper.
            decided || case.confirmed.as_ref().is_some_and(|(n, kind)| *kind == slip && n == number)
        }
        SlipKind::Advice => case.advice.as_ref().is_some_and(|(_, n)| is(n.as_deref())),
        SlipKind::Transfer => case.handed.as_ref().is_some_and(|h| is(h.number.as_deref())),
        SlipKind::Correction => case.clerical.iter().any(|(_, n)| is(n.as_deref())),
        SlipKind::Revocation => case.ended.iter().any(|e| is(e.paper.as_deref())),
        SlipKind::Void
        | SlipKind::EServiceConsent
        | SlipKind::Commitment
        | SlipKind::PaymentReference
        | SlipKind::FilingSheet => prepared(case, slip, number),
    }
}

fn prepared(case: &Case, slip: SlipKind, number: &str) -> bool {
    case.prepared.iter().any(|(kind, n)| *kind == slip && n == number)
}

/// A further paper takes a number: two officers are there, and what it records has happened.
pub(crate) fn prepare(case: &Case, desk: &Desk, slip: SlipKind) -> Result<String, Refusal> {
    state::NOT_OPENED.unless(case.opening.is_some())?;
    let occasion = match slip {
        SlipKind::Void => {
            matches!(case.ended.last().map(|e| e.by), Some(EndedBy::Void | EndedBy::Undelivered))
        }
        SlipKind::EServiceConsent => case.consent.is_some() && case.party.is_some(),
        SlipKind::Commitment => case.promise.is_some() && case.act.is_some(),
        SlipKind::PaymentReference => !case.payments.is_empty() && case.record.is_some(),
        SlipKind::FilingSheet => {
            case.filed.is_none() && case.record.as_ref().is_some_and(|r| decision::is_filed(r.outcome))
        }
        _ => return Err(NOT_THIS_PAPER.refusal()),
    };
    NO_OCCASION.unless(occasion)?;
    crew::two_certified(desk.crew, desk.roster, desk.now.date())?;
    decision::number(case, desk, Series::Notice)
}

/// Which copy a print would be; a second one is asked for in so many words.
pub(crate) fn copy(case: &Case, number: &str, again: bool) -> Result<u32, Refusal> {
    let copy = print(case, number)?;
    REPRINT.unless(copy == 0 || again)?;
    Ok(copy)
}

/// A print attempt may be recorded.
pub(crate) fn print(case: &Case, number: &str) -> Result<u32, Refusal> {
    let slip = case.slip(number).ok_or_else(|| NOT_ISSUED.refusal())?;
    LOOK_FIRST.unless(!slip.prints.last().is_some_and(crate::case::Print::open))?;
    Ok(slip.next_copy())
}

/// The officer says what an unknown print looks like: which copy that is.
pub(crate) fn confirm(case: &Case, number: &str) -> Result<u32, Refusal> {
    let slip = case.slip(number).ok_or_else(|| NOT_ISSUED.refusal())?;
    slip.prints.last().filter(|p| p.open()).map(|p| p.copy).ok_or_else(|| NOTHING_UNKNOWN.refusal())
}
