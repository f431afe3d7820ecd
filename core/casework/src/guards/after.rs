//! After the decision: 作废 and 未交付 before the hand-over, 补正 and 撤销 after it (invariant 8).

use ezhifa_law::terms::SlipKind;

use crate::{
    case::Case,
    command::Desk,
    event::{Confirmation, FilingWay},
    guards::{crew, state},
    people::{OfficerId, Power},
    refusal::{Refusal, grounds},
};

grounds! {
    HANDED_TO_PARTY: "already_handed_over", "行政处罚法第七十五条第二款",
        "文书已交付或者当事人已拒收，不能作废" / "the paper was handed over or held out, it cannot be voided",
        "笔误的请负责人补正；有错误的请负责人撤销" / "ask the head for a correction or a revocation";
    NOT_SERVED: "not_served_yet", "行政处罚法第七十五条第二款",
        "文书尚未送达" / "the paper has not been served",
        "送达前的错误，作废重做" / "before service, void it and decide again";
    NOT_SECOND: "void_not_confirmed", "行政处罚法第四十二条第一款",
        "作废须由另一名执法人员本人确认" / "a void is confirmed by the other officer, with their own secret",
        "请另一名执法人员确认" / "let the other officer confirm";
    MAY_NOT_VOID: "void_not_allowed", "行政处罚法第七十五条第一款",
        "名册上本组两人均无作废权限" / "the roster lets neither of the two officers void a number",
        "请有作废权限的人员到场，或者请指挥中心更新名册后同步" / "let an officer come who may, or ask HQ to change the roster and sync";
    ALREADY_FILED: "already_filed", "行政处罚法第五十二条第三款",
        "已经备案" / "it has been filed",
        "不需要重复备案" / "there is nothing to file again";
    SHEET_NOT_PRINTED: "filing_sheet_not_printed", "行政处罚法第五十二条第三款",
        "备案报送单尚未打印" / "the filing sheet has not been printed",
        "先出具并打印报送单，送交机关" / "make the sheet, print it and bring it to the organ";
    NOTHING_TO_FILE: "nothing_to_file", "行政处罚法第五十二条第三款",
        "没有需要备案的决定" / "there is no decision to file",
        "责令改正、劝导随日志上传" / "orders and advice travel with the journal";
}

/// Not handed over and not refused.
pub(crate) fn before_hand_over(case: &Case) -> Result<(), Refusal> {
    state::decided(case)?;
    // A granted waiver followed a paper that the party holds.
    HANDED_TO_PARTY
        .unless(case.service.is_none() && case.refused_taking.is_none() && case.waiver_ruled != Some(true))
}

/// 作废: one of the two has the organ's leave, and the other officer confirms.
pub(crate) fn void(
    case: &Case,
    desk: &Desk,
    reason: &str,
    confirmation: &Confirmation,
) -> Result<(), Refusal> {
    before_hand_over(case)?;
    state::said("作废理由 / the reason", reason)?;
    crew::two_certified(desk.crew, desk.roster, desk.now.date())?;
    let leave = |id| desk.roster.may(id, Power::Void, desk.now.date());
    MAY_NOT_VOID.unless(desk.crew.officers().into_iter().any(leave))?;
    let decided = case.record.as_ref().map_or(desk.now, |r| r.at);
    let theirs =
        confirmation.officer == desk.crew.second && decided <= confirmation.at && confirmation.at <= desk.now;
    NOT_SECOND.unless(theirs)
}

/// 补正 and 撤销.
pub(crate) fn by_head(case: &Case, desk: &Desk, text: &str, by: &OfficerId) -> Result<(), Refusal> {
    state::decided(case)?;
    NOT_SERVED.unless(case.service.is_some())?;
    state::said("内容 / the text", text)?;
    crew::head(by, desk)
}

/// 备案.
pub(crate) fn file(case: &Case, how: FilingWay) -> Result<(), Refusal> {
    let record = state::decided(case)?;
    NOTHING_TO_FILE.unless(super::decision::is_filed(record.outcome))?;
    ALREADY_FILED.unless(case.filed.is_none())?;
    let sheet =
        case.slips.iter().any(|s| s.slip == SlipKind::FilingSheet && s.at >= record.at && s.printed());
    SHEET_NOT_PRINTED.unless(how != FilingWay::PrintedSheet || sheet)
}
