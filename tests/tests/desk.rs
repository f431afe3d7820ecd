//! The desk and the street together: the real phone over HTTPS, the desk through its own routes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::NaiveDate;
use common::{BRANCH, Street, stall};
use ezhifa_field::{
    casework::{
        command::Command,
        deadlines::{Due, Task},
        event::{CaseId, ServiceWay, Source},
        people::{Officer, OfficerId, OfficerKind, Place, Power, SignerRole, Signing, SigningAct},
    },
    error::Kind,
    printer::Profile,
    sync::Network,
    transport::{Response, Transport, TransportError},
    wire::paycode::PayCodeRequest,
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

/// The desk as a head of the organ.
fn order(street: &Street, path: &str, body: &Value) -> Value {
    let request = Request {
        method: "POST".into(),
        path: format!("/v1/desk/{path}"),
        body: serde_json::to_vec(body).unwrap(),
        ..Request::default()
    };
    let head = Holder { officer: Some("o-9".into()), ..Holder::plain(Role::Supervisor, "局长") };
    let answer = street.hq.answer_at_desk(&head, &request);
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}

/// A fine that is decided and has no paper yet.
fn fined(street: &Street, id: &str) -> (CaseId, String, i64) {
    let case = stall(street, id);
    street.phone.propose(&case, None).unwrap();
    street.hear(&case);
    let decided = street.phone.decide(&case, None, None, &street.both(&case)).unwrap();
    (case, decided.number, decided.record.amount.0)
}

fn served(street: &Street, case: &CaseId) {
    street.phone.issue(case).unwrap();
    let profile = Profile::named("generic-58-gbk").unwrap();
    street.phone.print_at(case, None, &street.printer_address(), &profile).unwrap();
    let signing = Signing {
        role: SignerRole::Party,
        act: SigningAct::Ink,
        name: Default::default(),
        reason: Default::default(),
        evidence: None,
    };
    street.act(case, Command::Serve { how: ServiceWay::HandedOver, signing });
}

#[test]
fn a_code_made_for_the_decision_before_its_print_stands_on_the_paper_and_offline_the_slip_does_not_wait() {
    // The finance system behind HQ: one code a number, and it counts who asks.
    let asked = Arc::new(AtomicU64::new(0));
    let calls = asked.clone();
    let street = Street::with(move |config| {
        config.mint = Some(Arc::new(move |wish: &PayCodeRequest| {
            calls.fetch_add(1, Ordering::SeqCst);
            Ok(Some(format!("77{:018}", wish.amount_fen)))
        }));
    });
    ask(&street, Role::PaymentSource, "POST", "paycodes", &json!(["44190026000000000001"]));
    street.sync();
    let (case, number, fen) = fined(&street, "c-1");
    let way = street.phone.brief_transport().unwrap();
    let code = street.phone.fetch_pay_code(&case, &way).unwrap();
    assert_eq!(code, Some(format!("77{fen:018}")));
    assert_eq!(street.phone.fetch_pay_code(&case, &way).unwrap(), code, "asked again, the same");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    served(&street, &case);
    let paper = street.phone.case(&case).unwrap().slips()[0].document.clone();
    let printed: Value = serde_json::from_str(paper.reveal()).unwrap();
    assert_eq!(printed["pay_code"].as_str(), code.as_deref(), "not the one that was lent");
    assert_eq!(street.phone.fetch_pay_code(&case, &way).unwrap(), None, "the paper exists");
    // Paid at once; the phone syncs later.
    let notice =
        json!({"reference": "f-1", "pay_code": code, "amount_fen": fen, "paid_ms": 0, "receipt": "粤财0001"});
    assert_eq!(ask(&street, Role::PaymentSource, "POST", "payments", &notice)["state"], "unknown");
    street.sync();
    let paid = ask(&street, Role::Desk, "GET", "payments?state=matched", &Value::Null);
    assert_eq!(paid["items"][0]["number"], number.as_str());
    let made = ask(&street, Role::Desk, "GET", "paycodes?device=minted", &Value::Null);
    assert_eq!((&made["items"][0]["lent"], &made["items"][0]["used"]), (&json!(1), &json!(1)));

    // No network, then a network behind which nobody answers: no error, the lent code, then none.
    street.phone.set_network(Network::Offline);
    let (second, ..) = fined(&street, "c-2");
    assert_eq!(street.phone.fetch_pay_code(&second, &way).unwrap(), None);
    served(&street, &second);
    let code = |case: &CaseId| -> Value {
        let document = street.phone.case(case).unwrap().slips()[0].document.clone();
        serde_json::from_str::<Value>(document.reveal()).unwrap()["pay_code"].clone()
    };
    assert_eq!(code(&second), "44190026000000000001");
    street.phone.set_network(Network::Online);
    let (third, ..) = fined(&street, "c-3");
    assert_eq!(street.phone.fetch_pay_code(&third, &Dead).unwrap(), None);
    served(&street, &third);
    assert_eq!(code(&third), Value::Null, "the slip's own number becomes payable after the sync");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// A way on which nothing comes back.
struct Dead;

impl Transport for Dead {
    fn send(&self, _: &ezhifa_field::transport::Request) -> Result<Response, TransportError> {
        Err(TransportError::Timeout)
    }
}

#[test]
fn a_deferral_by_the_head_becomes_an_entry_of_the_case_and_moves_its_clocks() {
    let street = Street::new();
    let mut roster = street.hq.roster(BRANCH).unwrap();
    roster.push(Officer { id: OfficerId("o-9".into()), powers: vec![Power::Head], ..roster[0].clone() });
    ask(&street, Role::Desk, "POST", &format!("roster/{BRANCH}"), &serde_json::to_value(&roster).unwrap());
    let (case, number, fen) = fined(&street, "c-1");
    served(&street, &case);
    street.sync();
    let pay_by = |street: &Street| {
        let open = street.phone.deadlines(&case).unwrap();
        open.into_iter().find(|d| d.task == Task::Pay).unwrap().due
    };
    let day = |m, d| NaiveDate::from_ymd_opt(2026, m, d).unwrap();
    assert_eq!(pay_by(&street), Due::By(day(7, 3)), "fifteen days from the service");

    let parts = json!([{"by": "2026-08-01", "amount_fen": fen / 2}, {"by": "2026-09-01", "amount_fen": fen - fen / 2}]);
    let plan = json!({"number": number, "asked_on": "2026-06-19", "granted": true, "reason": "低保证明已核",
        "until": "2026-09-01", "parts": parts});
    order(&street, "deferrals", &plan);
    street.sync();
    street.sync();
    assert_eq!(pay_by(&street), Due::By(day(9, 1)));
    let folded = street.phone.case(&case).unwrap();
    let deferral = folded.deferral().unwrap();
    assert_eq!((deferral.by.0.as_str(), deferral.parts.len()), ("o-9", 2));
    let entries: Vec<String> = street
        .phone
        .events(&case)
        .unwrap()
        .iter()
        .filter(|e| e.event.kind() == "payment_deferred")
        .map(|e| serde_json::to_string(e).unwrap())
        .collect();
    assert_eq!(entries.len(), 1, "one grant, one entry, however often the feed tells it");
    assert!(!entries[0].contains("低保"), "why the party is poor stays at HQ");
    // The entry is in the journal that HQ holds, and replays there.
    street.hq.settle().unwrap();
    let held = street.hq.case_events(&case.0).unwrap();
    assert!(held.iter().any(|e| e.event.kind() == "payment_deferred"));
    // The late fee waits for the new day, on the phone as at HQ.
    street.clock.pass(40 * 86_400_000);
    assert_eq!(street.phone.late_fee(&case).unwrap().0, 0, "28 July: past the fifteen days");
    street.clock.pass(40 * 86_400_000);
    let at_hq = ask(&street, Role::Desk, "GET", "fines", &Value::Null)["items"][0]["late_fee_fen"].clone();
    assert_eq!(street.phone.late_fee(&case).unwrap().0, fen * 30 * 5 / 1000, "6 September: five days");
    assert_eq!(at_hq, json!(fen * 30 * 5 / 1000));
    // Nobody at the phone can write one.
    let own = Command::DeferPayment(deferral.clone());
    assert_eq!(street.phone.act(&case, &own).unwrap_err().code, "own_call");
}

#[test]
fn a_lead_that_a_patrol_leaves_to_another_crew_is_linked_to_its_case() {
    let street = Street::new();
    let left = json!({"reference": "巡-1", "source": "patrol", "event_code": "0501", "text": "收摊前再看",
        "place": "东纵路", "at": {"lat_e7": 230_207_500, "lon_e7": 1_137_518_000}});
    let lead = ask(&street, Role::Desk, "POST", "leads", &left);
    let id = lead["id"].as_str().unwrap().to_owned();
    ask(&street, Role::Desk, "POST", &format!("leads/{id}/route"), &json!(BRANCH));
    street.sync();
    let inbox = street.phone.from_hq().unwrap();
    let on_phone = inbox.leads().find(|l| l.lead == id).unwrap();
    assert_eq!(on_phone.source, "patrol");
    let place = Place {
        address: "东纵路".into(),
        lat_e7: Some(230_207_500),
        lon_e7: Some(1_137_518_000),
        accuracy_cm: Some(500),
        source: "gnss".into(),
        branch: BRANCH.into(),
    };
    let source = Source::PatrolLead { lead: on_phone.lead.clone() };
    let case = street.phone.open_case_as(&CaseId("c-patrol".into()), source, place, false, None).unwrap();
    street.sync();
    street.hq.settle().unwrap();
    let taken = ask(&street, Role::Desk, "GET", &format!("leads/{id}"), &Value::Null);
    assert_eq!((taken["state"].as_str(), taken["case"].as_str()), (Some("taken"), Some("c-patrol")));
    street.act(&case, Command::Advise { text: "请收回摊位".into() });
    street.sync();
    street.hq.settle().unwrap();
    let done = ask(&street, Role::Desk, "GET", &format!("leads/{id}"), &Value::Null);
    assert_eq!(done["result"], "advised");
    let figures = ask(&street, Role::Auditor, "GET", "figures?branch=all", &Value::Null);
    assert_eq!(figures["items"][0]["by_source"], json!({"patrol": 1}));
}

#[test]
fn auxiliary_staff_accompany_offline_and_never_sign() {
    let street = Street::new();
    let mut roster = street.hq.roster(BRANCH).unwrap();
    roster.push(Officer {
        id: OfficerId("a-1".into()),
        kind: OfficerKind::Auxiliary,
        certificate: String::new(),
        ..roster[0].clone()
    });
    ask(&street, Role::Desk, "POST", &format!("roster/{BRANCH}"), &serde_json::to_value(&roster).unwrap());
    street.sync();
    street.phone.set_network(Network::Offline);
    // From here on nobody asks HQ: the assistant comes along, and the two officers decide.
    let aide = OfficerId("a-1".into());
    let [first, second] = &street.officers;
    street.phone.sign_in(&aide, common::PINS[0]).unwrap();
    street.phone.set_crew(first, second, std::slice::from_ref(&aide)).unwrap();
    let (case, ..) = fined(&street, "c-1");
    served(&street, &case);
    // As one of the two, they can do nothing that the law keeps for officers.
    street.phone.set_crew(first, &aide, &[]).unwrap();
    let other = street.open("c-2");
    let refused = street.phone.act(&other, &Command::ShowCertificates).unwrap_err();
    assert_eq!(refused.kind, Kind::Refused, "{refused}");
}
