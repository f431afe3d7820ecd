//! What must hold at the moment of the decision (invariants 1, 2, 9, 10, 16, 17).

use chrono::NaiveDateTime;
use ezhifa_law::{
    decision::DefenceCap,
    money::Fen,
    terms::{Outcome, Series},
};

use crate::{
    case::Case,
    command::{Desk, NextNumber},
    event::{Confirmation, Stage},
    guards::hearing,
    refusal::{Refusal, grounds},
};

grounds! {
    ORDINARY: "needs_ordinary_procedure", "行政处罚法第五十一条、第五十四条",
        "不能当场决定，应当适用普通程序或者移送" / "this cannot be decided on the spot",
        "转普通程序或者移送，材料随案转出" / "hand the case over; the material goes with it";
    NOT_A_DECISION: "not_a_decision", "行政处罚法第三十三条、第五十二条",
        "劝导和无违法不是决定" / "advice and no violation are not decisions",
        "记录劝导，或者按无违法结案" / "record the advice, or close as no violation";
    NO_EVIDENCE: "no_evidence", "行政处罚法第四十条、第四十六条",
        "没有证明违法事实的证据" / "there is no evidence of the fact",
        "拍摄现场照片" / "take a photo of the scene";
    NOT_CONFIRMED: "not_confirmed_by_both", "行政处罚法第四十二条第一款",
        "决定须由两名执法人员各自确认" / "both officers confirm a decision, each with their own secret",
        "请两名执法人员分别输入本人口令" / "let each officer confirm";
    CONFIRMED_EARLIER: "confirmed_before_proposal", "行政处罚法第四十二条第一款",
        "确认时间不在建议之后、现在之前" / "a confirmation lies before the proposal or after now",
        "重新确认" / "confirm again";
    NO_NUMBER: "no_number", "行政处罚法第五十二条第一款",
        "没有可用的{}文书编号" / "no number of the series {} is left",
        "联网领取号段" / "go online and lease numbers";
    WRONG_SERIES: "wrong_series", "行政处罚法第五十二条第一款",
        "编号系列不符，应为{}" / "the number is of another series, {} is needed",
        "取用对应系列的编号" / "take a number of that series";
    NUMBER_USED: "number_used", "行政处罚法第五十二条第一款",
        "该编号在本案已用过" / "this case has used the number before",
        "取用下一个编号" / "take the next number";
    DRILL_MIXED: "drill_number_mixed", "行政处罚法第五十二条第一款",
        "演练与正式编号不得混用" / "drill and real numbers are never mixed",
        "演练用演练号段，正式案件用正式号段" / "use drill numbers in a drill and real ones in a case";
    FILING_OVERDUE: "filing_overdue", "行政处罚法第五十二条第三款",
        "有决定超过备案期限未备案，暂停作出新的决定" / "an earlier decision was not filed in time, no new decision until it is",
        "联网、密封导出、经另一手机或者打印报送单备案；取证、劝导、责令改正不受影响" / "sync, export, use another phone or a printed sheet; evidence, advice and orders go on";
    CLOCK: "clock_not_trusted", "行政处罚法第五十二条第二款",
        "手机时间不可信，不能作出载有时间的决定" / "the phone's clock cannot be trusted, a decision states its time",
        "联网或者定位校时；取证不受影响" / "get the time from network or GNSS; evidence goes on";
    GATE: "above_summary_gate", "行政处罚法第五十一条",
        "同一次执法中对该当事人的罚款合计超过当场处罚限额" / "the fines on this party in this encounter exceed the on-the-spot gate together",
        "转普通程序" / "use the ordinary procedure";
    BAD_DUE: "order_due_in_past", "行政处罚法第二十八条第一款",
        "责令改正期限早于现在" / "the order's due time lies in the past",
        "填写将来的期限" / "enter a time to come";
}

/// Whether 备案 and its clock concern this outcome: an order is not a penalty decision.
pub(crate) fn is_filed(outcome: Outcome) -> bool {
    hearing::needs_hearing(outcome)
}

/// Outcomes that a crew can decide on the street.
pub(crate) fn on_the_spot(outcome: Outcome) -> Result<(), Refusal> {
    match outcome {
        Outcome::OrdinaryProcedure | Outcome::Referral => Err(ORDINARY.refusal()),
        Outcome::Advice | Outcome::NoViolation => Err(NOT_A_DECISION.refusal()),
        _ => Ok(()),
    }
}

/// Clock and filing.
pub(crate) fn times(desk: &Desk, outcome: Outcome) -> Result<(), Refusal> {
    CLOCK.unless(desk.clock_trusted)?;
    FILING_OVERDUE.unless(!(desk.filing_overdue && is_filed(outcome)))
}

/// At least one piece of evidence of the fact; a monitoring lead was audited by a person.
pub(crate) fn evidence(case: &Case, now: NaiveDateTime) -> Result<(), Refusal> {
    if let Some(crate::event::Source::VideoLead { audited_by, .. }) = case.opening.as_ref().map(|o| &o.source)
    {
        super::facts::SOURCE_NOT_AUDITED.unless(!audited_by.trim().is_empty())?;
    }
    let shows = |h: &crate::case::Held| h.item.stage == Stage::Fact && h.item.captured_at <= now;
    NO_EVIDENCE.unless(case.evidence.iter().any(shows))
}

/// Hashes that the decision freezes: captured up to now, in order of capture.
pub(crate) fn frozen(case: &Case, now: NaiveDateTime) -> Vec<String> {
    let mut held: Vec<_> =
        case.evidence.iter().filter(|h| h.item.captured_at <= now).map(|h| &h.item).collect();
    held.sort_by_key(|item| item.captured_at);
    let mut hashes: Vec<String> = Vec::with_capacity(held.len());
    for item in held {
        if !hashes.contains(&item.sha256) {
            hashes.push(item.sha256.clone());
        }
    }
    hashes
}

/// Both officers of this crew confirmed, after the proposal.
pub(crate) fn confirmed(case: &Case, desk: &Desk, confirmations: &[Confirmation]) -> Result<(), Refusal> {
    let both = confirmations.len() == 2
        && desk.crew.officers().iter().all(|o| confirmations.iter().any(|c| &c.officer == *o));
    NOT_CONFIRMED.unless(both)?;
    let proposed = case.proposal.as_ref().map_or(desk.now, |p| p.at);
    CONFIRMED_EARLIER.unless(confirmations.iter().all(|c| proposed <= c.at && c.at <= desk.now))
}

/// The next number, of the right series and kind.
pub(crate) fn number(case: &Case, desk: &Desk, series: Series) -> Result<String, Refusal> {
    let name = series_name(series);
    let Some(NextNumber { series: of, text, drill }) = &desk.next_number else {
        return Err(NO_NUMBER.about(name));
    };
    if *of != series {
        return Err(WRONG_SERIES.about(name));
    }
    let used = case.ended.iter().map(|e| &e.record).chain(&case.record).any(|r| &r.number == text);
    NUMBER_USED.unless(!used)?;
    DRILL_MIXED.unless(*drill == case.is_drill())?;
    if text.trim().is_empty() {
        return Err(NO_NUMBER.about(name));
    }
    Ok(text.clone())
}

/// The gate last: this fine and those before it in the encounter, together (invariant 2).
pub(crate) fn gate(case: &Case, desk: &Desk, told: DefenceCap) -> Result<(), Refusal> {
    if !told.outcome.has_fine() {
        return Ok(());
    }
    let sum = Fen(told.amount.0.saturating_add(desk.encounter_fines.0.max(0)));
    GATE.unless(sum <= desk.books.rules().gate(case.party_kind()))
}

const fn series_name(series: Series) -> &'static str {
    match series {
        Series::Penalty => "当罚",
        Series::NoPenalty => "不罚",
        Series::Order => "责改",
        Series::Notice => "告知",
        Series::HandWritten => "手写",
    }
}
