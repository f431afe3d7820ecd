//! Conditional fines rest on an earlier order, served, due and re-checked (invariant 7).

use chrono::NaiveDateTime;
use ezhifa_law::decision::{Decision, PriorOrder};

use crate::{
    case::Case,
    command::Desk,
    guards::state,
    people::OfficerId,
    refusal::{Refusal, grounds},
};

grounds! {
    NO_ORDER: "no_order_to_recheck", "行政处罚法第二十八条第一款",
        "没有可以复查的责令改正" / "there is no order to re-check",
        "先附上责令改正通知书" / "attach the order first";
    NOT_SERVED: "order_not_served", "行政处罚法第二十八条第一款、第六十一条",
        "原责令改正没有送达凭证" / "the service of the order is not proved",
        "重新送达责令改正通知书" / "serve the order again";
    NOT_DUE: "order_not_due", "行政处罚法第二十八条第一款",
        "责令改正的期限未到，当事人也未拒绝改正" / "the order is not due and the party has not refused",
        "期限届满后复查" / "re-check after the due time";
    NOT_RECHECKED: "order_not_rechecked", "行政处罚法第四十条",
        "原责令改正尚未复查，不能认定逾期不改正" / "nobody has re-checked the order",
        "先复查并拍照" / "re-check first and take pictures";
    COMPLIED: "order_complied_with", "行政处罚法第五条第二款",
        "当事人已经改正，不能按拒不改正处罚" / "the party has complied, there is no refusal to punish",
        "按已改正结案" / "close as complied with";
    SAME_CREW: "recheck_by_same_crew", "行政处罚法第三十四条",
        "本机关规定复查应当由另一组执法人员进行" / "this organ has orders re-checked by another crew",
        "由未参与责令改正的执法人员复查" / "let officers re-check who did not make the order";
    SAME_DAY: "recheck_on_same_day", "行政处罚法第三十四条",
        "本机关规定复查应当另日进行" / "this organ has orders re-checked on another day",
        "次日以后复查" / "re-check tomorrow or later";
    OTHER_PARTY: "order_of_another_party", "行政处罚法第四十条",
        "原责令改正的当事人不是本案当事人，或者尚不能确认是同一人" / "the order speaks to another party, or nobody can tell yet that it is this one",
        "先核对当事人证件；属于另一人的，附上对本案当事人的责令改正" / "read the party's document first; if the order is somebody else's, attach the one to this party";
    OTHER_OFFENCE: "order_on_another_offence", "行政处罚法第二十八条第一款、第四十条",
        "原责令改正针对另一违法行为" / "the order was made on another offence",
        "附上对同一违法行为的责令改正，或者先责令改正" / "attach the order on this offence, or make one first";
    ORDER_IN_FUTURE: "order_in_future", "行政处罚法第二十八条第一款",
        "原责令改正的日期晚于现在" / "the order's date lies in the future",
        "核对文书" / "check the paper";
}

/// The order that a re-check looks at: an attached one, or this case's own.
struct Looked<'c> {
    made_on: chrono::NaiveDate,
    due: NaiveDateTime,
    refused: bool,
    served: bool,
    by: Vec<&'c OfficerId>,
}

fn looked(case: &Case) -> Option<Looked<'_>> {
    if let Some(prior) = &case.prior {
        return Some(Looked {
            made_on: prior.order.ordered_on,
            due: prior.order.due,
            refused: prior.order.refused,
            served: prior.order.served,
            by: prior.ordered_by.iter().collect(),
        });
    }
    let record = case.record.as_ref()?;
    Some(Looked {
        made_on: record.at.date(),
        due: record.order_due?,
        refused: case.correction_refused().is_some(),
        served: case.service.is_some(),
        by: case.decided_by.as_ref().map(|c| c.officers().to_vec()).unwrap_or_default(),
    })
}

/// An earlier order may be attached.
pub(crate) fn attach(
    case: &Case,
    desk: &Desk,
    order: &PriorOrder,
    same_party: Option<bool>,
) -> Result<(), Refusal> {
    state::undecided(case)?;
    OTHER_PARTY.unless(same_party != Some(false))?;
    OTHER_OFFENCE.unless(case.act.as_ref().is_none_or(|act| on(desk, order, &act.offence)))?;
    state::said("责令改正通知书文号 / the order's number", &order.number)?;
    ORDER_IN_FUTURE.unless(order.ordered_on <= desk.now.date())
}

/// Whether the order is on this offence; one that names none is not compared.
fn on(desk: &Desk, order: &PriorOrder, offence: &str) -> bool {
    order.offence.is_empty() || desk.books.is_same_matter(&order.offence, offence)
}

/// 拒不改正 may be recorded: of a served order that nobody has found complied with.
pub(crate) fn refuse(case: &Case) -> Result<(), Refusal> {
    let Some(order) = looked(case) else { return Err(NO_ORDER.refusal()) };
    NOT_SERVED.unless(order.served)?;
    let own = case.prior.is_none() && case.rechecks.last().is_some_and(|r| r.corrected);
    let attached = case.prior.as_ref().is_some_and(|p| p.order.corrected == Some(true));
    COMPLIED.unless(!own && !attached)
}

/// A re-check may be recorded.
pub(crate) fn recheck(case: &Case, desk: &Desk, corrected: bool) -> Result<(), Refusal> {
    let Some(order) = looked(case) else {
        // A promise may be looked at without any order.
        return NO_ORDER.unless(case.promise.is_some());
    };
    NOT_SERVED.unless(order.served)?;
    // Early compliance may be seen at any time; a failure only after the time, or on a refusal.
    NOT_DUE.unless(corrected || order.refused || order.due <= desk.now)?;
    if corrected {
        return Ok(());
    }
    let rules = desk.books.rules();
    if rules.recheck_other_crew {
        SAME_CREW.unless(!desk.crew.officers().iter().any(|o| order.by.contains(o)))?;
    }
    if rules.recheck_other_day {
        SAME_DAY.unless(order.made_on < desk.now.date())?;
    }
    Ok(())
}

/// A penalty that rests on an order: number, service, due time, re-check after it.
pub(crate) fn for_penalty(case: &Case, desk: &Desk, decided: &Decision) -> Result<(), Refusal> {
    let Some(Prior { order, party, .. }) = &case.prior else { return Ok(()) };
    if !decided.outcome.is_penalty() {
        return Ok(());
    }
    let other = party.as_ref().zip(case.party.as_ref()).is_some_and(|(then, now)| !then.is_same_person(now));
    OTHER_PARTY.unless(!other)?;
    OTHER_OFFENCE.unless(on(desk, order, &decided.offence))?;
    NOT_SERVED.unless(order.served)?;
    COMPLIED.unless(order.corrected != Some(true))?;
    if order.refused {
        return Ok(());
    }
    let Some(when) = order.rechecked else { return Err(NOT_RECHECKED.refusal()) };
    NOT_DUE.unless(order.due <= when)?;
    NOT_RECHECKED.unless(order.corrected == Some(false))
}

use crate::case::Prior;
