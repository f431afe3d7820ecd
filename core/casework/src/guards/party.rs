//! Who the party is: shape of the identity, and how sure it must be for what is decided.

use ezhifa_law::{
    identity, names, plates,
    terms::{Outcome, PartyKind},
};

use crate::{
    case::Case,
    command::Desk,
    people::{IdKind, Identity, Party, Private},
    refusal::{Refusal, grounds},
};

grounds! {
    NO_PARTY: "party_not_identified", "行政处罚法第四十条",
        "尚未查明当事人" / "the party is not identified",
        "核对证件或者记录其拒绝表明身份" / "check a document or record that the person refuses";
    NOT_VERIFIED: "identity_not_verified", "行政处罚法第四十条",
        "罚款需要已核验的身份" / "a fine needs a verified identity",
        "读取证件；不能核验的，可以责令改正、劝导或者转普通程序" / "read a document; otherwise order, advise or use the ordinary procedure";
    NOT_NAMED: "party_not_named", "行政处罚法第四十条、第五十二条第二款",
        "当事人拒绝表明身份或者身份不明，不能当场作出处罚或者不予处罚决定" / "a person who is not named cannot be the party of this decision",
        "可以责令改正或者劝导；需要处罚的转普通程序" / "order or advise; for a penalty use the ordinary procedure";
    BAD_ID: "id_number_invalid", "行政处罚法第四十条",
        "证件号码不正确：{}" / "the ID number is not valid: {}",
        "重新读取证件，或者改为自报未核验" / "read the document again or mark it as declared";
    NO_NAME: "party_has_no_name", "行政处罚法第四十条",
        "缺少当事人姓名或者名称" / "the party's name is missing",
        "填写姓名、名称，或者记录拒绝表明身份" / "enter the name or record that the person refuses";
    BAD_NAME: "party_name_invalid", "行政处罚法第五十二条第二款",
        "姓名或者名称不能照此印在文书上：{}" / "the name cannot be printed as it is: {}",
        "按证件重新填写" / "write it again as on the document";
    BAD_PLATE: "plate_invalid", "行政处罚法第四十条",
        "号牌不正确：{}" / "the plate is not valid: {}",
        "核对号牌；没有号牌的留空" / "compare the plate; leave it empty where there is none";
    BAD_PHONE: "phone_invalid", "行政处罚法第六十一条",
        "电话号码不正确：{}" / "the phone number is not valid: {}",
        "核对电话；不愿留电话的留空" / "compare the number; leave it empty where none is given";
    CHILD_ID: "child_id_not_kept", "个人信息保护法第二十八条、第三十一条",
        "不满十四周岁的，不采集其证件号码" / "the ID number of a child under 14 is not kept",
        "删除证件号码，填写监护人" / "remove the number and enter the guardian";
    NO_GUARDIAN: "guardian_not_named", "行政处罚法第三十条、第三十一条",
        "不满十四周岁或者不能辨认、控制自己行为的，应当通知监护人" / "the guardian has to be told",
        "填写监护人" / "enter the guardian";
    BORN_DIFFERS: "born_differs_from_document", "行政处罚法第三十条",
        "出生日期与证件号码不一致" / "the birth date is not the one in the ID number",
        "以证件为准，重新填写" / "take it from the document";
    OTHER_PARTY: "correction_changes_party", "行政处罚法第四十条、第七十五条第二款",
        "补正只改写错的字，不能换成另一类当事人、另一年龄段或者更不确定的身份" / "a correction rewrites what was miswritten; it never makes the party of another kind or age, or less sure",
        "应当撤销原决定，重新作出" / "revoke the decision and decide again";
    BORN_IN_FUTURE: "born_after_act", "行政处罚法第三十条",
        "出生日期晚于现在" / "the birth date lies in the future",
        "核对出生日期" / "check the birth date";
}

/// What is typed about a party has the right shape. Answers with the party as it is recorded: names
/// with the one interpunct, plate and phone in their normal form, the birth date from the document
/// where the document has one.
pub(crate) fn identify(case: &Case, desk: &Desk, party: &Party) -> Result<Party, Refusal> {
    let mut party = party.clone();
    // Age counts at the act (处罚法 30); before the act is entered, today stands in for it.
    let day = case.act.as_ref().map_or(desk.now, |act| act.at).date();
    let named = matches!(party.identity, Identity::DocumentRead | Identity::Declared);
    NO_NAME.unless(!named || !party.name.is_blank())?;
    if party.kind == PartyKind::Organisation {
        // A point in the name of a firm is a point.
        names::normalise(party.name.reveal()).map(drop).or_else(blank_name)?;
    } else {
        party.name = name(&party.name)?;
    }
    party.representative = name(&party.representative)?;
    party.guardian = name(&party.guardian)?;
    party.plate = plate(&party.plate)?;
    party.phone = phone(&party.phone)?;
    let read = born_in_number(&party);
    BORN_DIFFERS.unless(read.is_none() || party.born.is_none() || read == party.born)?;
    party.born = party.born.or(read);
    BORN_IN_FUTURE.unless(party.born.is_none_or(|b| b <= desk.now.date()))?;
    if party.is_child_at(day) {
        CHILD_ID.unless(party.id_number.is_blank())?;
    } else if party.identity == Identity::DocumentRead {
        id_number(&party)?;
    }
    Ok(party)
}

/// The sentence of a checking function says what is wrong and never repeats what was typed.
fn blank_name(error: names::NameError) -> Result<(), Refusal> {
    match error {
        names::NameError::Empty => Ok(()),
        error => Err(BAD_NAME.because(&error)),
    }
}

fn name(typed: &Private) -> Result<Private, Refusal> {
    match names::normalise(typed.reveal()) {
        Ok(name) => Ok(Private::new(name)),
        Err(error) => blank_name(error).map(|()| Private::default()),
    }
}

/// A motor vehicle's plate, else the local one of an electric bicycle.
fn plate(typed: &Private) -> Result<Private, Refusal> {
    if typed.is_blank() {
        return Ok(Private::default());
    }
    match plates::any(typed.reveal()) {
        Ok(plate) => Ok(Private::new(plate.reveal())),
        Err(error) => Err(BAD_PLATE.because(&error)),
    }
}

fn phone(typed: &Private) -> Result<Private, Refusal> {
    if typed.is_blank() {
        return Ok(Private::default());
    }
    identity::phone(typed.reveal()).map(Private::new).map_err(|error| BAD_PHONE.because(&error))
}

/// The party after a 补正: the same person written rightly, never another kind of party, for whom another
/// gate or outcome would hold (invariant 8).
pub(crate) fn corrected(case: &Case, desk: &Desk, party: &Party) -> Result<Party, Refusal> {
    let party = identify(case, desk, party)?;
    let day = case.act.as_ref().map_or(desk.now, |act| act.at).date();
    // 14 and 18 years: another outcome holds on the other side (30, 31).
    let ages = |p: &Party| p.age_at(day).map(|age| (age < 14, age < 18));
    let same = case.party.as_ref().is_some_and(|before| {
        before.kind == party.kind
            && party.identity <= before.identity
            && (ages(before).is_none() || ages(before) == ages(&party))
    });
    OTHER_PARTY.unless(same)?;
    Ok(party)
}

fn born_in_number(party: &Party) -> Option<chrono::NaiveDate> {
    let text = party.id_number.reveal();
    match (party.kind, party.id_kind) {
        (PartyKind::Organisation, _) => None,
        (_, IdKind::ResidentId) => identity::resident_id(text).ok().map(|n| n.born()),
        (_, IdKind::ResidencePermit) => identity::residence_permit(text).ok().map(|n| n.born()),
        _ => None,
    }
}

fn id_number(party: &Party) -> Result<(), Refusal> {
    let text = party.id_number.reveal();
    let fault = match party.id_kind {
        IdKind::ResidentId => identity::resident_id(text).err(),
        IdKind::CreditCode => identity::credit_code(text).err(),
        IdKind::Passport => identity::passport(text).err(),
        IdKind::TravelPermit => identity::travel_permit(text).err(),
        IdKind::ResidencePermit => identity::residence_permit(text).err(),
        IdKind::PermanentResidence => identity::permanent_residence(text).err(),
        IdKind::None => return Err(BAD_ID.because(&"未读取证件 / no document was read")),
    };
    fault.map_or(Ok(()), |fault| Err(BAD_ID.because(&fault)))
}

/// The identity is sure enough for what is decided, and a child's number is not kept, whatever the day of
/// the act has become since the document was read.
pub(crate) fn for_outcome(case: &Case, desk: &Desk, outcome: Outcome) -> Result<(), Refusal> {
    let number = case.party.as_ref().is_some_and(|p| !p.id_number.is_blank());
    CHILD_ID.unless(!(number && case.is_child()))?;
    if !super::hearing::needs_hearing(outcome) {
        // 责令改正 and advice go to whoever is there; the paper then names nobody.
        return Ok(());
    }
    let party = case.party.as_ref().ok_or_else(|| NO_PARTY.refusal())?;
    NOT_NAMED.unless(matches!(party.identity, Identity::DocumentRead | Identity::Declared))?;
    if outcome.has_fine() && desk.books.rules().verified_identity_for_fine {
        NOT_VERIFIED.unless(party.identity == Identity::DocumentRead)?;
    }
    Ok(())
}

/// A guardian is named where the law speaks to one.
pub(crate) fn guardian(case: &Case) -> Result<(), Refusal> {
    let named = case.party.as_ref().is_some_and(|p| !p.guardian.is_blank());
    let natural = case.party_kind() != PartyKind::Organisation;
    NO_GUARDIAN.unless(!natural || named)
}
