//! 手写文书: a pre-numbered paper filled in by hand while no printer worked, keyed in with its photo.

use crate::{
    case::Case,
    command::Desk,
    event::HandPaper,
    refusal::{Refusal, grounds},
};

grounds! {
    NO_PHOTO: "hand_paper_not_photographed", "行政处罚法第四十七条、第五十二条第一款",
        "案件中没有该手写文书填写后的照片" / "the case holds no photo of the paper taken after it was written",
        "拍摄填写好的手写文书并选择该照片" / "photograph the paper as it was filled in and name the photo";
    WRONG_TIME: "hand_paper_time", "行政处罚法第四十四条、第四十五条、第五十二条第二款",
        "手写时间应当在告知、听取陈述申辩之后，不晚于现在" / "the time on the paper must lie after the notice and the statement and not after now",
        "核对文书上写明的时间" / "check the time that is written on the paper";
    WRONG_SHEET: "hand_paper_number", "行政处罚法第五十二条第一款",
        "应当使用的手写文书编号是{}" / "the next sheet of the pad is {}",
        "核对编号；写坏的空白文书先登记作废" / "check the number; record a spoiled sheet as void first";
}

/// What the phone saw agrees with what the paper says.
pub(crate) fn written(case: &Case, desk: &Desk, paper: &HandPaper) -> Result<(), Refusal> {
    let steps = [
        case.opening.as_ref().map(|o| o.at),
        case.proposal.as_ref().map(|p| p.at),
        case.notice.as_ref().map(|n| n.at),
        case.statement.as_ref().map(|s| s.at),
    ];
    // A paper states minutes.
    let whole = |at: chrono::NaiveDateTime| at.and_utc().timestamp().div_euclid(60);
    let after = steps.into_iter().flatten().all(|at| whole(at) <= whole(paper.written_at));
    WRONG_TIME.unless(after && paper.written_at <= desk.now)?;
    let shows = |held: &crate::case::Held| {
        held.item.sha256 == paper.photo
            && held.item.kind == "photo"
            && whole(paper.written_at) <= whole(held.item.captured_at)
    };
    NO_PHOTO.unless(case.evidence.iter().any(shows))
}

/// The sheet is the next one of the pad: a gap would be a number that nothing explains.
pub(crate) fn sheet(paper: &HandPaper, next: &str) -> Result<(), Refusal> {
    if paper.number == next { Ok(()) } else { Err(WRONG_SHEET.about(next)) }
}
