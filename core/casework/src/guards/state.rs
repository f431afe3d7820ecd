//! Where in its life a case must be.

use crate::{
    case::Case,
    event::DecisionRecord,
    refusal::{Refusal, grounds},
};

grounds! {
    NOT_OPENED: "not_opened", "行政处罚法第四十七条",
        "案件尚未开启" / "the case is not open",
        "先开启案件；证据可随时采集" / "open the case first; evidence may be taken at any time";
    ALREADY_OPENED: "already_opened", "行政处罚法第四十七条",
        "案件已经开启" / "the case is already open",
        "请在本案继续，或者另开新案" / "go on in this case or open another";
    CLOSED: "case_closed", "行政处罚法第四十七条",
        "案件已经结案" / "the case is closed",
        "如需更正，请负责人作补正或者撤销" / "for an error ask the head for a correction or a revocation";
    HANDED_OVER: "case_handed_over", "行政处罚法第五十四条",
        "案件已经转出" / "the case has gone to another procedure or organ",
        "后续在普通程序或者受移送机关办理" / "it goes on there";
    ALREADY_DECIDED: "already_decided", "行政处罚法第二十九条",
        "本案已有决定" / "this case already has a decision",
        "送达前可以作废重做；送达后只能补正或者撤销" / "void it before the hand-over; afterwards only correct or revoke";
    NOT_DECIDED: "not_decided", "行政处罚法第五十二条第一款",
        "本案没有有效的决定" / "no decision stands in this case",
        "先作出决定" / "decide first";
    BLANK: "blank_text", "行政处罚法第四十七条",
        "{}不能为空" / "{} must not be empty",
        "请写明后再提交" / "write it down and try again";
}

/// Open, not closed, not gone elsewhere.
pub(crate) fn live(case: &Case) -> Result<(), Refusal> {
    NOT_OPENED.unless(case.opening.is_some())?;
    CLOSED.unless(case.closed.is_none())?;
    HANDED_OVER.unless(case.handed.is_none())
}

/// Live and undecided.
pub(crate) fn undecided(case: &Case) -> Result<(), Refusal> {
    live(case)?;
    ALREADY_DECIDED.unless(case.record.is_none())
}

/// The decision that stands. Closing a case does not end its duties, so a closed case passes.
pub(crate) fn decided(case: &Case) -> Result<&DecisionRecord, Refusal> {
    NOT_OPENED.unless(case.opening.is_some())?;
    case.record.as_ref().ok_or_else(|| NOT_DECIDED.refusal())
}

/// A text that must say something.
pub(crate) fn said(what: &str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() { Err(BLANK.about(what)) } else { Ok(()) }
}
