//! 送达: after a whole paper exists, to somebody who may take it, with the act of signing recorded.

use ezhifa_law::terms::{PartyKind, Remedy};

use crate::{
    case::Case,
    command::Desk,
    event::ServiceWay,
    guards::{correction, crew, hearing, state},
    people::{EServiceConsent, SignerRole, Signing, SigningAct},
    refusal::{Refusal, grounds},
};

grounds! {
    NOT_PRINTED: "not_printed", "行政处罚法第五十二条第一款、第六十一条第一款",
        "没有打印完整的文书，不能送达" / "no whole paper exists, nothing can be handed over",
        "打印；结果不明的先查看纸张并确认" / "print it; if the end is unknown look at the paper and confirm";
    ALREADY_SERVED: "already_served", "行政处罚法第六十一条",
        "已经送达" / "it has been served",
        "需要时补打" / "reprint if needed";
    NO_CONSENT: "no_e_service_consent", "行政处罚法第六十一条第二款",
        "当事人没有签订电子送达确认书" / "the party has not signed a consent to electronic service",
        "签订确认书，或者当场交付纸质文书" / "have the consent signed or hand over the paper";
    NO_ONLINE_REMEDY: "no_online_reconsideration", "行政复议法第二十二条第二款",
        "本机关没有公布提交行政复议申请的互联网渠道，不能电子送达" / "the organ names no online channel for reconsideration, so nothing is served electronically",
        "交付纸质文书；渠道由规则包的 organ.toml 写明" / "hand over the paper; the channel belongs into the rulebook's organ.toml";
    GONE: "gone_before_hand_over", "行政处罚法第五十二条第一款",
        "当场处罚决定书没有当场交付，也没有拒收记录，不能邮寄补救" / "the on-the-spot decision was neither handed over nor refused: the post cures nothing",
        "当事人已离开的，记录未交付，转普通程序；拒收的先记录拒收" / "if the party is gone, record it as undelivered and use the ordinary procedure; record a refusal first";
    NO_POST_RECEIPT: "no_post_receipt", "民事诉讼法第九十一条",
        "没有邮寄送达的回执或者没有注明直接送达的困难" / "the return receipt is missing, or why it could not be handed over",
        "拍摄回执并选择该证据，注明原因" / "photograph the receipt, name it, and note the reason";
    CONSENT_NOT_SIGNED: "e_service_consent_not_signed", "行政处罚法第六十一条第二款",
        "电子送达确认书没有签名或者地址" / "the consent lacks its signature or address",
        "写明地址并签名" / "enter the address and have it signed";
    MUST_FOLLOW_UP: "follow_up_service_owed", "行政处罚法第六十一条第一款、民事诉讼法第八十九条",
        "当事人已拒绝接收，应当留置、交有权签收的人或者邮寄" / "the party refused to take it: leave and film it, give it to a receiver, or post it",
        "选择留置、转交或者邮寄" / "choose one of these ways";
    NOT_REFUSED: "taking_not_refused", "民事诉讼法第八十九条",
        "没有拒收记录，不能留置送达" / "nobody refused to take it, it cannot be left behind",
        "先当场交付；拒收的记录拒收" / "hand it over; record a refusal first";
    NOT_FILMED: "not_filmed", "民事诉讼法第八十九条",
        "没有拍照或者录像" / "it was not filmed or photographed",
        "拍照或者录像并选择该证据" / "film it and name the evidence";
    NO_SIGNATURE: "no_signature_image", "行政处罚法第五十二条第一款",
        "签名没有随案保存" / "the signature is not held by the case",
        "重新签名，或者在纸上签名" / "sign again, or sign in ink";
    NO_REASON: "no_signing_reason", "行政处罚法第五十二条第一款",
        "没有注明不能签名或者拒收的原因" / "the reason is not noted",
        "注明原因" / "note the reason";
    WRONG_ROLE: "signer_may_not_take", "民事诉讼法第八十八条",
        "该人无权签收" / "this person may not sign for it",
        "由当事人、法定代表人或者负责收件的人、同住成年家属、监护人、代理人签收" / "let the party or somebody entitled sign";
    NO_SIGNER_NAME: "signer_not_named", "民事诉讼法第八十八条",
        "没有写明签收人姓名" / "the signer's name is missing",
        "写明签收人姓名" / "enter it";
}

/// Service may be recorded.
pub(crate) fn serve(case: &Case, desk: &Desk, how: ServiceWay, signing: &Signing) -> Result<(), Refusal> {
    state::decided(case)?;
    ALREADY_SERVED.unless(case.service.is_none())?;
    crew::two_certified(desk.crew, desk.roster, desk.now.date())?;
    if how == ServiceWay::Electronic {
        // Signed electronic service needs no paper; the signed document must exist.
        NO_CONSENT.unless(case.consent.is_some())?;
        let channel = case.remedy() == Remedy::None || desk.books.rules().online_reconsideration;
        NO_ONLINE_REMEDY.unless(channel)?;
        let issued = case.paper().is_some_and(|number| case.slip(number).is_some());
        return super::paper::NOT_ISSUED.unless(issued);
    }
    NOT_PRINTED.unless(case.printed())?;
    match how {
        ServiceWay::HandedOver => {
            MUST_FOLLOW_UP.unless(case.refused_taking.is_none())?;
            role(case, signing)?;
            act(case, signing)
        }
        ServiceWay::LeftAndFilmed => {
            NOT_REFUSED.unless(case.refused_taking.is_some())?;
            filmed(case, signing)
        }
        ServiceWay::ToReceiver => {
            role(case, signing)?;
            act(case, signing)
        }
        ServiceWay::Mailed => mailed(case, signing),
        ServiceWay::Electronic => Ok(()),
    }
}

/// 邮寄送达: of a penalty decided on the spot only after a recorded refusal (处罚法 52 ①), of other papers where
/// they could not be handed over; proved by the return receipt (民诉法 91).
fn mailed(case: &Case, signing: &Signing) -> Result<(), Refusal> {
    let on_the_spot = case.record.as_ref().is_some_and(|r| r.outcome.is_penalty());
    let refused = case.refused_taking.is_some();
    GONE.unless(refused || !on_the_spot)?;
    let receipt = signing.evidence.as_ref().is_some_and(|id| correction::holds(case, id));
    NO_POST_RECEIPT.unless(receipt && (refused || !signing.reason.is_blank()))
}

/// 拒绝接收 may be recorded: a whole paper was held out, the refusal is filmed and noted.
pub(crate) fn refuse(case: &Case, desk: &Desk, signing: &Signing) -> Result<(), Refusal> {
    state::decided(case)?;
    ALREADY_SERVED.unless(case.service.is_none())?;
    crew::may_act(case, desk)?;
    NOT_PRINTED.unless(case.printed())?;
    NO_REASON.unless(!signing.reason.is_blank())?;
    filmed(case, signing)
}

fn filmed(case: &Case, signing: &Signing) -> Result<(), Refusal> {
    NOT_FILMED.unless(signing.evidence.as_ref().is_some_and(|id| correction::holds(case, id)))
}

fn act(case: &Case, signing: &Signing) -> Result<(), Refusal> {
    match signing.act {
        SigningAct::Signed => {
            NO_SIGNATURE.unless(signing.evidence.as_ref().is_some_and(|id| correction::holds(case, id)))
        }
        SigningAct::Ink | SigningAct::RefusedToSign => Ok(()),
        SigningAct::Unable => NO_REASON.unless(!signing.reason.is_blank()),
        SigningAct::RefusedToTake => Err(MUST_FOLLOW_UP.refusal()),
    }
}

/// Who may take a paper (民诉法 88); a child's paper goes to the guardian (处罚法 30).
fn role(case: &Case, signing: &Signing) -> Result<(), Refusal> {
    let kind = case.party_kind();
    let may = match signing.role {
        SignerRole::Party => kind != PartyKind::Organisation && !case.is_child(),
        SignerRole::LegalRepresentative | SignerRole::Receiver => kind != PartyKind::Citizen,
        SignerRole::HouseholdAdult => kind != PartyKind::Organisation,
        SignerRole::Guardian => hearing::under_guardian(case),
        SignerRole::Agent => true,
    };
    WRONG_ROLE.unless(may)?;
    let signs = matches!(signing.act, SigningAct::Signed | SigningAct::Ink);
    let known = signing.role == SignerRole::Party
        || (signing.role == SignerRole::Guardian
            && case.party.as_ref().is_some_and(|p| !p.guardian.is_blank()))
        || (signing.role == SignerRole::LegalRepresentative
            && case.party.as_ref().is_some_and(|p| !p.representative.is_blank()));
    NO_SIGNER_NAME.unless(!signs || known || !signing.name.is_blank())
}

/// Consent to electronic service, with its own signature.
pub(crate) fn consent(case: &Case, desk: &Desk, consent: &EServiceConsent) -> Result<(), Refusal> {
    state::NOT_OPENED.unless(case.opening.is_some())?;
    hearing::certificates(case, desk)?;
    let signed = correction::holds(case, &consent.evidence) && !consent.address.is_blank();
    CONSENT_NOT_SIGNED.unless(signed)
}
