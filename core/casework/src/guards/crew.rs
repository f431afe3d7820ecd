//! Two certified officers, never auxiliaries, with certificates valid on the day (invariant 1).

use chrono::NaiveDate;

use crate::{
    case::Case,
    command::Desk,
    people::{Crew, OfficerId, OfficerKind, Power, Roster},
    refusal::{Refusal, grounds},
};

grounds! {
    NOT_TWO: "crew_not_two", "行政处罚法第四十二条第一款",
        "执法人员不足两人" / "there are not two different officers",
        "请第二名执法人员登录" / "let the second officer sign in";
    NOT_ON_ROSTER: "officer_not_on_roster", "行政处罚法第四十二条第一款",
        "{}不在执法人员名册上" / "{} is not on the roster",
        "同步名册或者更换执法人员" / "sync the roster or change the crew";
    AUXILIARY: "auxiliary_cannot_act", "行政处罚法第四十二条第一款",
        "{}是辅助人员，不得实施行政处罚" / "{} is auxiliary staff and may not act as an officer",
        "更换为具有行政执法资格的人员" / "let a certified officer take this place";
    CERTIFICATE_NOT_VALID: "certificate_not_valid", "行政处罚法第四十二条第一款",
        "{}的执法证当日无效" / "the certificate of {} is not valid today",
        "更换执法人员或者同步名册" / "change the crew or sync the roster";
    RECUSED: "officer_recused", "行政处罚法第四十三条第一款",
        "{}已被决定回避" / "{} has been recused from this case",
        "由其他执法人员继续办理" / "let another officer go on";
    NOT_HEAD: "not_head", "行政处罚法第四十三条第三款、第七十五条第二款",
        "{}不是行政机关负责人" / "{} is not a head of the organ",
        "请提交负责人决定" / "submit it to the head of the organ";
}

/// Both officers of the crew may act on this case today.
pub(crate) fn may_act(case: &Case, desk: &Desk) -> Result<(), Refusal> {
    two_certified(desk.crew, desk.roster, desk.now.date())?;
    for id in desk.crew.officers() {
        if case.recusals.get(id) == Some(&Some(true)) {
            return Err(RECUSED.about(&id.0));
        }
    }
    Ok(())
}

/// Two different certified officers with certificates valid on `day`.
pub(crate) fn two_certified(crew: &Crew, roster: &Roster, day: NaiveDate) -> Result<(), Refusal> {
    NOT_TWO.unless(crew.lead != crew.second)?;
    for id in crew.officers() {
        certified(id, roster, day)?;
    }
    Ok(())
}

/// One certified officer with a certificate valid on `day`.
pub(crate) fn certified(id: &OfficerId, roster: &Roster, day: NaiveDate) -> Result<(), Refusal> {
    let Some(officer) = roster.get(id) else { return Err(NOT_ON_ROSTER.about(&id.0)) };
    if officer.kind == OfficerKind::Auxiliary {
        return Err(AUXILIARY.about(&id.0));
    }
    if !officer.certified_on(day) {
        return Err(CERTIFICATE_NOT_VALID.about(&id.0));
    }
    Ok(())
}

/// 行政机关负责人.
pub(crate) fn head(by: &OfficerId, desk: &Desk) -> Result<(), Refusal> {
    if desk.roster.may(by, Power::Head, desk.now.date()) { Ok(()) } else { Err(NOT_HEAD.about(&by.0)) }
}
