//! 收缴分离: money goes to the treasury; cash only under 68 and 69, with a finance receipt (invariant 12).

use ezhifa_law::money::Fen;

use crate::{
    case::Case,
    command::{Desk, ReceiptBlock},
    event::{CashGround, CashLeg, Deferral, PayWay},
    guards::{crew, state},
    refusal::{Refusal, grounds},
};

grounds! {
    NO_FINE: "no_fine_to_pay", "行政处罚法第六十七条",
        "本案没有罚款" / "there is no fine in this case",
        "不得收取任何款项" / "take no money";
    NOT_SERVED: "pay_before_service", "行政处罚法第六十七条第三款",
        "决定书尚未送达" / "the decision has not been served",
        "先送达" / "serve it first";
    WRONG_AMOUNT: "wrong_amount", "行政处罚法第六十六条第一款",
        "金额与决定书尚欠的罚款不符" / "the amount is not what the decision still asks for",
        "按决定书载明的数额缴纳" / "pay the amount of the decision";
    NO_RECEIPT: "no_receipt", "行政处罚法第七十条",
        "没有票据号码" / "the receipt number is missing",
        "填写票据号码；没有专用票据的，当事人有权拒绝缴纳" / "enter it; without a finance receipt the party may refuse to pay";
    CASH_OFF: "cash_not_taken_here", "行政处罚法第六十七条第二款",
        "本机关不当场收缴罚款" / "this organ takes no cash",
        "用缴款码或者到银行缴纳" / "use the pay code or the bank";
    CASH_NO_GROUND: "cash_without_ground", "行政处罚法第六十八条、第六十九条",
        "没有当场收缴的法定情形" / "no lawful ground for cash is given",
        "用缴款码或者到银行缴纳" / "use the pay code or the bank";
    CASH_TOO_MUCH: "cash_above_limit", "行政处罚法第六十八条第一项",
        "罚款超过当场收缴限额" / "the fine is above the limit for cash",
        "用缴款码或者到银行缴纳，或者注明第二项理由" / "use the pay code, or give the reason under item 2";
    CASH_NO_REASON: "cash_without_reason", "行政处罚法第六十八条第二项、第六十九条",
        "没有注明当场收缴的理由或者当事人的请求" / "the reason, or the party's request, is not noted",
        "注明理由" / "note it";
    CASH_BAD_RECEIPT: "cash_receipt_not_allotted", "行政处罚法第七十条",
        "票据号码不在领用的专用票据号段内" / "the receipt is not from a block allotted to this crew",
        "使用领用的专用票据" / "use an allotted receipt";
    CASH_RECEIPT_USED: "cash_receipt_used", "行政处罚法第七十条",
        "票据号码已使用" / "this receipt is used",
        "使用下一张专用票据" / "use the next one";
    NO_CASH: "no_such_cash", "行政处罚法第七十一条",
        "没有这笔当场收缴的罚款，或者该环节已登记" / "there is no such cash, or this leg is recorded",
        "核对票据号码" / "check the receipt number";
    NOT_DEFERRED: "nothing_to_defer", "行政处罚法第六十六条第二款",
        "没有可以延期、分期缴纳的罚款，或者已经登记" / "no fine of this number may be paid later, or it is noted already",
        "核对文书号" / "check the number";
    NO_REFUND: "nothing_to_refund", "行政处罚法第七十五条第二款",
        "没有应当退还的罚款，或者金额不符" / "nothing is to be refunded, or not this much",
        "核对撤销决定和已缴金额" / "check the revocation and what was paid";
}

/// A payment may be recorded.
pub(crate) fn pay(
    case: &Case,
    desk: &Desk,
    amount: Fen,
    how: PayWay,
    receipt: &str,
    cash: Option<CashGround>,
    reason: &str,
) -> Result<(), Refusal> {
    let record = state::decided(case)?;
    NO_FINE.unless(record.amount > Fen::ZERO)?;
    NOT_SERVED.unless(case.service.is_some())?;
    NO_RECEIPT.unless(!receipt.trim().is_empty())?;
    CASH_RECEIPT_USED.unless(!case.payments.iter().any(|p| p.receipt == receipt))?;
    let owed = record.amount.0.saturating_sub(case.balance_paid().0);
    WRONG_AMOUNT.unless(amount > Fen::ZERO && amount.0 <= owed)?;
    if how != PayWay::Cash {
        return Ok(());
    }
    let rules = desk.books.rules();
    CASH_OFF.unless(rules.cash)?;
    crew::two_certified(desk.crew, desk.roster, desk.now.date())?;
    match cash {
        None => return Err(CASH_NO_GROUND.refusal()),
        // "依法给予一百元以下罚款": the fine decided counts, not the part paid.
        Some(CashGround::SmallFine) => CASH_TOO_MUCH.unless(record.amount <= rules.cash_limit)?,
        Some(CashGround::HardToEnforce | CashGround::Remote) => {
            CASH_NO_REASON.unless(!reason.trim().is_empty())?;
        }
    }
    CASH_BAD_RECEIPT.unless(desk.receipts.iter().any(|b: &ReceiptBlock| b.holds(receipt)))
}

/// Cash may be handed on: first to the organ, then to the bank.
pub(crate) fn hand_in(case: &Case, leg: CashLeg, receipt: &str) -> Result<(), Refusal> {
    let cash = case.payments.iter().find(|p| p.how == PayWay::Cash && p.receipt == receipt);
    let done = |l: CashLeg| cash.is_some_and(|p| p.legs.iter().any(|(x, _)| *x == l));
    let next = match leg {
        CashLeg::ToOrgan => !done(CashLeg::ToOrgan),
        CashLeg::ToBank => done(CashLeg::ToOrgan) && !done(CashLeg::ToBank),
    };
    NO_CASH.unless(cash.is_some() && next)
}

/// 延期、分期: the fine of this very number stands, is not paid, and this grant is not noted yet. Who granted
/// it was checked by HQ, whose signed feed brings it: the head may belong to another branch.
pub(crate) fn defer(case: &Case, deferral: &Deferral) -> Result<(), Refusal> {
    let record = state::decided(case)?;
    let parts = deferral.parts.iter().fold(0_i64, |sum, p| sum.saturating_add(p.amount.0));
    let fits = record.number == deferral.number
        && case.balance_paid() < record.amount
        && !deferral.by.0.is_empty()
        && (deferral.parts.is_empty() || parts == record.amount.0)
        && !case.deferrals.iter().any(|d| d.reference == deferral.reference);
    NOT_DEFERRED.unless(fits)
}

/// 退还: after a revocation, up to what was paid beyond what a new decision asks.
pub(crate) fn refund(case: &Case, amount: Fen, receipt: &str) -> Result<(), Refusal> {
    NO_RECEIPT.unless(!receipt.trim().is_empty())?;
    NO_REFUND.unless(amount > Fen::ZERO && amount <= owed_back(case))
}

/// What the organ holds without a decision behind it.
pub(crate) fn owed_back(case: &Case) -> Fen {
    let stands = case.record.as_ref().map_or(0, |r| r.amount.0);
    Fen(case.balance_paid().0.saturating_sub(stands).max(0))
}
