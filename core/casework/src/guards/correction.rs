//! 改正 and 复查: a correction is proved by pictures that the case holds.

use crate::{
    case::Case,
    command::Desk,
    event::Stage,
    guards::{crew, prior, state},
    refusal::{Refusal, grounds},
};

grounds! {
    NO_AFTER_PICTURE: "no_after_picture", "行政处罚法第四十条、第四十六条",
        "没有改正后的证据" / "no evidence of the state after the correction is named",
        "拍摄改正后的照片并选择" / "take the after-picture and name it";
    UNKNOWN_EVIDENCE: "unknown_evidence", "行政处罚法第四十六条",
        "案件中没有这件证据" / "the case holds no such evidence",
        "先采集证据" / "take the evidence first";
    REFUSAL_NOT_PROVED: "refusal_to_correct_not_proved", "行政处罚法第四十条、第四十六条",
        "拒不改正没有证据" / "nothing proves that the party refuses to correct",
        "录像、录音或者拍照，并选择该证据" / "film, record or photograph it and name the evidence";
    PROMISE_IN_PAST: "promise_in_past", "行政处罚法第三十三条第一款",
        "承诺改正的期限早于现在" / "the promised time lies in the past",
        "填写将来的期限" / "enter a time to come";
}

/// 改正 was seen.
pub(crate) fn seen(case: &Case, evidence: &[String]) -> Result<(), Refusal> {
    state::undecided(case)?;
    after_picture(case, evidence)
}

/// 复查, of an attached order or of this case's own.
pub(crate) fn recheck(case: &Case, desk: &Desk, corrected: bool, evidence: &[String]) -> Result<(), Refusal> {
    state::live(case)?;
    crew::may_act(case, desk)?;
    prior::recheck(case, desk, corrected)?;
    if corrected {
        return after_picture(case, evidence);
    }
    UNKNOWN_EVIDENCE.unless(evidence.iter().all(|id| holds(case, id)))
}

/// 拒不改正, of an attached order or of this case's own.
pub(crate) fn refused(case: &Case, desk: &Desk, words: &str, evidence: &[String]) -> Result<(), Refusal> {
    state::live(case)?;
    crew::may_act(case, desk)?;
    prior::refuse(case)?;
    state::said("拒不改正的情形 / how the party refused", words)?;
    REFUSAL_NOT_PROVED.unless(!evidence.is_empty() && evidence.iter().all(|id| holds(case, id)))
}

fn after_picture(case: &Case, evidence: &[String]) -> Result<(), Refusal> {
    UNKNOWN_EVIDENCE.unless(evidence.iter().all(|id| holds(case, id)))?;
    let shows =
        |id: &String| case.evidence.iter().any(|h| &h.item.sha256 == id && h.item.stage == Stage::Corrected);
    NO_AFTER_PICTURE.unless(evidence.iter().any(shows))
}

/// Whether the case holds this evidence.
pub(crate) fn holds(case: &Case, id: &str) -> bool {
    case.evidence.iter().any(|h| h.item.sha256 == id)
}
