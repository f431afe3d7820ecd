//! 结案, 劝导, 转出: nothing that is owed may be left open.

use ezhifa_law::{money::Fen, terms::Outcome};

use crate::{
    case::Case,
    command::Desk,
    event::{CashLeg, CloseWay, PayWay},
    guards::{crew, decision, money, state},
    refusal::{Refusal, grounds},
};

grounds! {
    NOT_SERVED: "close_not_served", "行政处罚法第六十一条第一款",
        "决定书尚未送达" / "the decision has not been served",
        "送达；拒收的在期限内补充送达" / "serve it; after a refusal within the period";
    NOT_FILED: "close_not_filed", "行政处罚法第五十二条第三款",
        "决定尚未备案" / "the decision has not been filed",
        "联网、密封导出、经另一手机或者打印报送单备案" / "file it: sync, export, another phone or a printed sheet";
    NOT_PAID: "close_not_paid", "行政处罚法第六十六条第一款、第七十二条",
        "罚款尚未缴清" / "the fine is not paid",
        "等候缴款；逾期的由机关催告、申请执行" / "wait for the payment; the organ goes on when it is late";
    NOT_RECHECKED: "close_not_rechecked", "行政处罚法第二十八条第一款",
        "责令改正尚未复查为已改正" / "no re-check has found the order complied with",
        "复查并拍照；逾期不改正的另案处理" / "re-check with pictures; a refusal is a case of its own";
    WAIVER_OPEN: "close_waiver_not_ruled", "行政处罚法第五十七条",
        "拟不予处罚尚未经负责人审查" / "the head has not ruled on the proposed waiver",
        "等候负责人审查" / "wait for the ruling";
    REFUND_OPEN: "close_refund_owed", "行政处罚法第七十五条第二款",
        "撤销后应退罚款尚未退还" / "the refund after the revocation is still owed",
        "退还后结案" / "refund it first";
    CASH_OPEN: "close_cash_not_handed_in", "行政处罚法第七十一条",
        "当场收缴的罚款尚未交至机关" / "cash has not been handed in",
        "在二个工作日内交至机关" / "hand it in within two working days";
    WRONG_WAY: "close_wrong_way", "行政处罚法第四十七条",
        "案件的状态与结案方式不符" / "the case cannot be closed in this way",
        "选择与案件相符的结案方式" / "choose the way that fits";
    NOT_ADVISED_HERE: "advice_after_decision", "行政处罚法第五十二条",
        "已有决定，不再记录劝导" / "a decision stands, advice is not recorded any more",
        "按决定继续办理" / "go on with the decision";
    STANDS: "decision_stands", "行政处罚法第五十二条、第五十四条",
        "已有有效的决定，不能转出" / "a decision stands, the case cannot go elsewhere",
        "送达前先作废或者记录未交付" / "void it or record it as undelivered before the hand-over";
}

/// 劝导: open, and somebody of the roster is there. Certificates, party and hearing are not asked.
pub(crate) fn advise(case: &Case, desk: &Desk, text: &str) -> Result<(), Refusal> {
    state::live(case)?;
    NOT_ADVISED_HERE.unless(case.record.is_none())?;
    state::said("劝导内容 / the advice", text)?;
    let lead = &desk.crew.lead;
    if desk.roster.get(lead).is_none() {
        return Err(crew::NOT_ON_ROSTER.about(&lead.0));
    }
    Ok(())
}

/// 转普通程序, 移送: nothing stands, except a proposed waiver that the head refused.
pub(crate) fn hand_over(case: &Case, desk: &Desk, reason: &str) -> Result<(), Refusal> {
    state::live(case)?;
    let refused_waiver = case.waiver_ruled == Some(false);
    STANDS.unless(case.record.is_none() || refused_waiver)?;
    crew::two_certified(desk.crew, desk.roster, desk.now.date())?;
    state::said("转出理由 / the reason", reason)
}

/// 结案.
pub(crate) fn close(case: &Case, how: CloseWay) -> Result<(), Refusal> {
    state::NOT_OPENED.unless(case.opening.is_some())?;
    state::CLOSED.unless(case.closed.is_none())?;
    REFUND_OPEN.unless(money::owed_back(case) == Fen::ZERO)?;
    let untouched = case.record.is_none() && case.handed.is_none();
    match how {
        CloseWay::Advice => WRONG_WAY.unless(untouched && case.advice.is_some()),
        CloseWay::NoViolation | CloseWay::Withdrawn => WRONG_WAY.unless(untouched),
        CloseWay::Transferred => {
            let order_goes_on = case.record.as_ref().is_some_and(|r| r.outcome == Outcome::Order)
                && (case.rechecks.last().is_some_and(|r| !r.corrected)
                    || case.correction_refused().is_some());
            WRONG_WAY.unless(case.handed.is_some() || order_goes_on)
        }
        CloseWay::OrderComplied => match case.outcome() {
            Some(Outcome::OrderComplied) => Ok(()),
            Some(Outcome::Order) => Err(NOT_RECHECKED.refusal()),
            _ => Err(WRONG_WAY.refusal()),
        },
        CloseWay::Done => done(case),
    }
}

fn done(case: &Case) -> Result<(), Refusal> {
    WRONG_WAY.unless(case.handed.is_none())?;
    let Some(record) = &case.record else { return Err(WRONG_WAY.refusal()) };
    NOT_SERVED.unless(case.service.is_some())?;
    if decision::is_filed(record.outcome) && !case.is_drill() {
        NOT_FILED.unless(case.filed.is_some())?;
    }
    if record.outcome == Outcome::NoPenaltyProposed {
        WAIVER_OPEN.unless(case.waiver_ruled == Some(true))?;
    }
    if record.outcome == Outcome::Order {
        NOT_RECHECKED.unless(case.outcome() == Some(Outcome::OrderComplied))?;
    }
    NOT_PAID.unless(case.balance_paid() >= record.amount)?;
    let handed_in = |p: &crate::case::Payment| {
        p.how != PayWay::Cash || p.legs.iter().any(|(leg, _)| *leg == CashLeg::ToOrgan)
    };
    CASH_OPEN.unless(case.payments.iter().all(handed_in))
}
