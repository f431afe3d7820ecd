//! The desk and the street together: the real phone over HTTPS, the desk through its own routes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use chrono::NaiveDate;
use common::{BRANCH, Street, stall};
use ezhifa_field::{
    casework::{
        command::Command,
        event::{CaseId, ServiceWay, Source},
        people::{Officer, Place, SignerRole, Signing, SigningAct},
    },
    error::Kind,
    printer::Profile,
};
use ezhifa_hq::{
    Request,
    desk::access::{Holder, Role},
};
use serde_json::{Value, json};

fn ask(street: &Street, role: Role, method: &str, path: &str, body: &Value) -> Value {
    let request = Request {
        method: method.into(),
        path: format!("/v1/desk/{path}"),
        body: serde_json::to_vec(body).unwrap(),
        ..Request::default()
    };
    let answer = street.hq.answer_at_desk(&Holder::plain(role, "测试台"), &request);
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}

fn lead(reference: &str, lat_e7: i64) -> Value {
    json!({"reference": reference, "source": "citizen_report", "event_code": "0501", "text": "有人占道摆摊",
        "place": "东纵路", "at": {"lat_e7": lat_e7, "lon_e7": 1_137_518_000}, "reporter": "李某 13900000000"})
}

#[test]
fn a_lead_goes_to_the_nearest_phone_and_its_result_comes_back() {
    let street = Street::new();
    let corner = |lat, lon| json!({"lat_e7": lat, "lon_e7": lon});
    let ground = json!([
        corner(230_000_000, 1_137_000_000),
        corner(230_000_000, 1_138_000_000),
        corner(231_000_000, 1_138_000_000),
        corner(231_000_000, 1_137_000_000)
    ]);
    ask(&street, Role::Desk, "POST", &format!("areas/{BRANCH}"), &ground);
    let far = ask(&street, Role::LeadSource, "POST", "leads", &lead("r-far", 230_900_000));
    let near = ask(&street, Role::LeadSource, "POST", "leads", &lead("r-near", 230_207_500));
    street.sync();
    let inbox = street.phone.from_hq().unwrap();
    let device = street.phone.identity().unwrap().enrolled.device.0;
    let order: Vec<&str> =
        inbox.leads_near((230_207_000, 1_137_518_000), &device).iter().map(|l| l.lead.as_str()).collect();
    assert_eq!(order, [near["id"].as_str().unwrap(), far["id"].as_str().unwrap()]);
    let on_phone = inbox.leads().find(|l| l.lead == near["id"].as_str().unwrap()).unwrap();
    assert!(on_phone.offences.contains(&"stall".to_owned()));
    let seen = format!("{:?}", inbox.leads().collect::<Vec<_>>());
    assert!(!seen.contains("李某") && !seen.contains("139000"), "no reporter on a phone");

    // Taken, words of advice, closed by the desk; the citizens' system hears of it.
    let place = Place {
        address: "东纵路".into(),
        lat_e7: Some(230_207_500),
        lon_e7: Some(1_137_518_000),
        accuracy_cm: Some(500),
        source: "gnss".into(),
        branch: BRANCH.into(),
    };
    let source = Source::CitizenReport { lead: near["id"].as_str().unwrap().into() };
    let case = street.phone.open_case_as(&CaseId("c-lead".into()), source, place, false, None).unwrap();
    street.act(&case, Command::Advise { text: "请收回摊位".into() });
    street.sync();
    street.hq.settle().unwrap();
    let lead =
        ask(&street, Role::Desk, "GET", &format!("leads/{}", near["id"].as_str().unwrap()), &Value::Null);
    assert_eq!((lead["state"].as_str(), lead["result"].as_str()), (Some("handled"), Some("advised")));
    ask(
        &street,
        Role::Desk,
        "POST",
        &format!("leads/{}/close", near["id"].as_str().unwrap()),
        &json!("已劝导，摊位已收"),
    );
    let news = ask(&street, Role::LeadSource, "GET", "leads/news", &Value::Null);
    assert_eq!(news.as_array().unwrap().last().unwrap()["answer"], "已劝导，摊位已收");
    street.sync();
    let inbox = street.phone.from_hq().unwrap();
    assert_eq!(inbox.leads().map(|l| l.lead.as_str()).collect::<Vec<_>>(), [far["id"].as_str().unwrap()]);
}

#[test]
fn a_certificate_that_ended_is_refused_on_the_phone_without_a_network() {
    let street = Street::new();
    let case = stall(&street, "c-1");
    street.phone.propose(&case, None).unwrap();
    street.hear(&case);
    let roster: Vec<Officer> = street
        .hq
        .roster(BRANCH)
        .unwrap()
        .into_iter()
        .map(|mut o| {
            if o.id.0 == "o-2" {
                o.valid_to = NaiveDate::from_ymd_opt(2026, 6, 17).unwrap();
            }
            o
        })
        .collect();
    ask(&street, Role::Desk, "POST", &format!("roster/{BRANCH}"), &serde_json::to_value(&roster).unwrap());
    street.sync();
    // From here on nobody asks HQ.
    let refused = street.phone.decide(&case, None, None, &street.both(&case)).unwrap_err();
    assert_eq!(refused.kind, Kind::Refused, "{refused}");
    assert!(
        street.phone.numbers().unwrap().iter().all(|n| n.reserved == 0 && n.issued == 0),
        "no number is spent"
    );
    let list = ask(&street, Role::Auditor, "GET", "roster?may_sign=false", &Value::Null);
    assert_eq!(list["items"][0]["id"], "o-2");
}

#[test]
fn a_code_from_the_pool_is_on_the_paper_and_the_payment_is_on_the_phone() {
    let street = Street::new();
    let codes: Vec<String> = (0..12).map(|n| format!("44190026{n:012}")).collect();
    ask(&street, Role::PaymentSource, "POST", "paycodes", &json!(codes));
    street.sync();
    assert_eq!(street.phone.from_hq().unwrap().pay_codes().len(), 10, "asked at hello, lent by the feed");
    let case = stall(&street, "c-1");
    let fine = street.phone.propose(&case, None).unwrap().amount;
    street.hear(&case);
    let decided = street.phone.decide(&case, None, None, &street.both(&case)).unwrap();
    street.phone.issue(&case).unwrap();
    let profile = Profile::named("generic-58-gbk").unwrap();
    street.phone.print_at(&case, None, &street.printer_address(), &profile).unwrap();
    let signing = Signing {
        role: SignerRole::Party,
        act: SigningAct::Ink,
        name: Default::default(),
        reason: Default::default(),
        evidence: None,
    };
    street.act(&case, Command::Serve { how: ServiceWay::HandedOver, signing });
    // Paid at once, while the phone is still offline: held by HQ until the decision arrives.
    let notice = json!({"reference": "f-1", "pay_code": codes[0], "amount_fen": fine.0, "paid_ms": 0, "receipt": "粤财0001"});
    assert_eq!(ask(&street, Role::PaymentSource, "POST", "payments", &notice)["state"], "unknown");
    street.sync();
    street.hq.settle().unwrap();
    let line = ask(&street, Role::Desk, "GET", "payments?state=matched", &Value::Null);
    assert_eq!(line["items"][0]["number"], decided.number.as_str());
    let fines = ask(&street, Role::Desk, "GET", "fines", &Value::Null);
    assert_eq!(
        (fines["items"][0]["state"].as_str(), fines["items"][0]["receipts"][0].as_str()),
        (Some("paid"), Some("粤财0001"))
    );
    assert_eq!(ask(&street, Role::Desk, "GET", "paycodes?device=pool", &Value::Null)["items"][0]["free"], 2);
    street.sync();
    let inbox = street.phone.from_hq().unwrap();
    let paid: Vec<_> = inbox.payments().iter().map(|p| (p.number.as_str(), p.receipt.as_str())).collect();
    assert_eq!(paid, [(decided.number.as_str(), "粤财0001")]);
}
