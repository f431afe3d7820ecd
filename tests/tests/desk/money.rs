//! 罚缴分离: codes on papers, payments on phones, deferrals in the file, cash by its clocks.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::NaiveDate;
use ezhifa_field::{
    casework::{
        command::Command,
        deadlines::{Due, Task},
        event::CaseId,
        law::terms::SlipKind,
        people::OfficerId,
    },
    sync::Network,
    transport::{Response, Transport, TransportError},
    wire::paycode::PayCodeRequest,
};
use serde_json::{Value as Json, json};

use crate::{DAY, OTHER, common::ID, has_told, town, town_with};

#[test]
fn a_code_from_the_pool_is_on_the_paper_and_the_payment_is_on_the_phone() {
    let town = town();
    let street = &town.street;
    let codes: Vec<String> = (0..12).map(|n| format!("44190026{n:012}")).collect();
    town.finance.post("paycodes", &json!(codes));
    town.sync();
    assert_eq!(street.phone.from_hq().unwrap().pay_codes().len(), 10, "asked at hello, lent by the feed");
    let (case, number, fen) = town.fined("c-1");
    town.hand_over(&street.phone, &case);
    // Paid at once, while the phone is still offline: held by HQ until the decision arrives.
    let notice = json!({"reference": "f-1", "pay_code": codes[0], "amount_fen": fen, "paid_ms": 0, "receipt": "粤财0001"});
    assert_eq!(town.finance.post("payments", &notice)["state"], "unknown");
    town.sync();
    let line = town.desk.get("payments?state=matched");
    assert_eq!(line["items"][0]["number"], number.as_str());
    let fines = town.desk.get("fines");
    assert_eq!(
        (fines["items"][0]["state"].as_str(), fines["items"][0]["receipts"][0].as_str()),
        (Some("paid"), Some("粤财0001"))
    );
    assert_eq!(town.desk.get("paycodes?device=pool")["items"][0]["free"], 2);
    town.sync();
    let inbox = street.phone.from_hq().unwrap();
    let paid: Vec<_> = inbox.payments().iter().map(|p| (p.number.as_str(), p.receipt.as_str())).collect();
    assert_eq!(paid, [(number.as_str(), "粤财0001")]);
}

#[test]
fn a_code_made_for_the_decision_before_its_print_stands_on_the_paper_and_offline_the_slip_does_not_wait() {
    // The finance system behind HQ: one code a number, and it counts who asks.
    let asked = Arc::new(AtomicU64::new(0));
    let calls = asked.clone();
    let town = town_with(move |config| {
        config.mint = Some(Arc::new(move |wish: &PayCodeRequest| {
            calls.fetch_add(1, Ordering::SeqCst);
            Ok(Some(format!("77{:018}", wish.amount_fen)))
        }));
    });
    let street = &town.street;
    town.finance.post("paycodes", &json!(["44190026000000000001"]));
    town.sync();
    let (case, number, fen) = town.fined("c-1");
    let way = street.phone.brief_transport().unwrap();
    let code = street.phone.fetch_pay_code(&case, &way).unwrap();
    assert_eq!(code, Some(format!("77{fen:018}")));
    assert_eq!(street.phone.fetch_pay_code(&case, &way).unwrap(), code, "asked again, the same");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    town.hand_over(&street.phone, &case);
    let paper = street.phone.case(&case).unwrap().slips()[0].document.clone();
    let printed: Json = serde_json::from_str(paper.reveal()).unwrap();
    assert_eq!(printed["pay_code"].as_str(), code.as_deref(), "not the one that was lent");
    // Invariant 11: the code was made for the very sum that stands on the paper, in digits and in capitals.
    let fine = ezhifa_field::casework::law::money::Fen(fen);
    let words = paper.reveal();
    assert!(words.contains(&format!("￥{}", fine.digits())) && words.contains(&fine.capitals()), "{words}");
    assert_eq!(street.phone.fetch_pay_code(&case, &way).unwrap(), None, "the paper exists");
    // Paid at once; the phone syncs later.
    let notice =
        json!({"reference": "f-1", "pay_code": code, "amount_fen": fen, "paid_ms": 0, "receipt": "粤财0001"});
    assert_eq!(town.finance.post("payments", &notice)["state"], "unknown");
    town.sync();
    let paid = town.desk.get("payments?state=matched");
    assert_eq!(paid["items"][0]["number"], number.as_str());
    let made = town.desk.get("paycodes?device=minted");
    assert_eq!((&made["items"][0]["lent"], &made["items"][0]["used"]), (&json!(1), &json!(1)));

    // No network, then a network behind which nobody answers: no error, the lent code, then none.
    street.phone.set_network(Network::Offline);
    let (second, ..) = town.fined("c-2");
    assert_eq!(street.phone.fetch_pay_code(&second, &way).unwrap(), None);
    town.hand_over(&street.phone, &second);
    let code = |case: &CaseId| -> Json {
        let document = street.phone.case(case).unwrap().slips()[0].document.clone();
        serde_json::from_str::<Json>(document.reveal()).unwrap()["pay_code"].clone()
    };
    assert_eq!(code(&second), "44190026000000000001");
    street.phone.set_network(Network::Online);
    let (third, ..) = town.fined("c-3");
    assert_eq!(street.phone.fetch_pay_code(&third, &Dead).unwrap(), None);
    town.hand_over(&street.phone, &third);
    assert_eq!(code(&third), Json::Null, "the slip's own number becomes payable after the sync");
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
    let town = town();
    let street = &town.street;
    town.with_head();
    let (case, number, fen) = town.fined("c-1");
    town.hand_over(&street.phone, &case);
    town.sync();
    let pay_by = || {
        let open = street.phone.deadlines(&case).unwrap();
        open.into_iter().find(|d| d.task == Task::Pay).unwrap().due
    };
    let day = |m, d| NaiveDate::from_ymd_opt(2026, m, d).unwrap();
    assert_eq!(pay_by(), Due::By(day(7, 3)), "fifteen days from the service");

    let parts = json!([{"by": "2026-08-01", "amount_fen": fen / 2}, {"by": "2026-09-01", "amount_fen": fen - fen / 2}]);
    let plan = json!({"number": number, "asked_on": "2026-06-19", "granted": true, "reason": "低保证明已核",
        "until": "2026-09-01", "parts": parts});
    town.head.post("deferrals", &plan);
    town.sync();
    town.sync();
    assert_eq!(pay_by(), Due::By(day(9, 1)));
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
    let at_hq = town.desk.get("fines")["items"][0]["late_fee_fen"].clone();
    assert_eq!(street.phone.late_fee(&case).unwrap().0, fen * 30 * 5 / 1000, "6 September: five days");
    assert_eq!(at_hq, json!(fen * 30 * 5 / 1000));
    // Nobody at the phone can write one.
    let own = Command::DeferPayment(deferral.clone());
    assert_eq!(street.phone.act(&case, &own).unwrap_err().code, "own_call");
}

#[test]
fn money_for_a_decision_that_the_head_revoked_goes_back_and_a_lost_slip_is_found_again() {
    let town = town();
    let street = &town.street;
    town.with_head();
    let (case, number, fen) = town.fined("c-1");
    town.hand_over(&street.phone, &case);
    town.sync();
    // The slip is lost: with the document and the day the desk finds it, says how to pay, and gives a copy.
    assert_eq!(
        town.desk.status("POST", "lookups", &json!({"id_number": ID})),
        400,
        "identity alone is fishing"
    );
    assert_eq!(town.desk.post("lookups", &json!({"id_number": OTHER, "on": "2026-06-18"})), json!([]));
    let found = town.desk.post("lookups", &json!({"id_number": ID, "place": "东纵路88号"}));
    assert_eq!((&found[0]["number"], &found[0]["fine"]["state"]), (&json!(number), &json!("due")));
    let path = format!("decisions/{}/copy", crate::common::office::part(&number));
    let (status, kind, pdf) = town.desk.raw("GET", &path, vec![]);
    assert_eq!((status, kind.as_str(), &pdf[..5]), (200, "application/pdf", b"%PDF-".as_slice()));
    let reads = town.auditor.list("reads");
    assert_eq!(reads.iter().filter(|r| r["act"] == "readCopy" && r["about"] == number.as_str()).count(), 1);

    // Not paid in time: by the slip's own number, with a late fee that the phone counts as HQ does.
    assert_eq!(town.finance.list("payables")[0]["number"], number.as_str());
    town.pass(20 * DAY);
    let late = street.phone.late_fee(&case).unwrap().0;
    assert_eq!(late, fen * 30 * 5 / 1000, "8 July: five days after the fifteenth");
    let line = town.line("fines", &number);
    assert_eq!((&line["state"], &line["late_fee_fen"]), (&json!("overdue"), &json!(late)));
    // Two of the five days nobody took payments.
    let settings = town.desk.get("settings");
    let mut closed = settings.clone();
    closed["no_way_to_pay"] = json!([{"from": "2026-07-05", "to": "2026-07-06"}]);
    town.desk.post("settings", &closed);
    assert_eq!(town.line("fines", &number)["late_fee_fen"], json!(fen * 30 * 3 / 1000));
    town.desk.post("settings", &settings);
    let pay = |reference: &str, amount: i64, late_fee: bool| {
        let paid_ms = ezhifa_field::clock::Clock::now(street.clock.as_ref()).wall_ms;
        let notice = json!({"reference": reference, "number": number, "amount_fen": amount, "paid_ms": paid_ms,
            "receipt": format!("粤财{reference}"), "late_fee": late_fee});
        town.finance.post("payments", &notice)["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(pay("f-0", fen - 1, false), "amount", "held: another amount than decided");
    assert_eq!(pay("f-2", fen, false), "matched");
    let line = town.line("fines", &number);
    assert_eq!(
        (&line["state"], &line["late_fee_fen"]),
        (&json!("paid"), &json!(late)),
        "those days stay owed"
    );
    assert_eq!(pay("f-1", late, true), "matched");
    assert_eq!(town.line("fines", &number)["late_fee_fen"], 0);
    assert_eq!(pay("f-3", fen, false), "double");
    town.sync();
    assert_eq!(street.phone.from_hq().unwrap().payments()[0].receipt, "粤财f-2");
    assert!(town.finance.list("payables").is_empty());

    // The head revokes; the phone is told, carries it out and prints; what came in goes back, once.
    let revoke = json!({"number": number, "act": "revoke", "reason": "认定事实的证据不足"});
    assert_eq!(town.desk.status("POST", "head/orders", &revoke), 403, "the desk is not the head");
    town.head.post("head/orders", &revoke);
    town.sync();
    assert!(has_told(&street.phone, "revocation_ordered", &number));
    assert_eq!(town.desk.list("head/orders?done=false").len(), 1);
    let by = OfficerId("o-9".into());
    town.act(&street.phone, &case, Command::Revoke { reason: "认定事实的证据不足".into(), by });
    assert_eq!(street.phone.case(&case).unwrap().slips().len(), 1);
    let paper = street.phone.issue(&case).unwrap();
    assert_eq!(street.phone.case(&case).unwrap().slip(&paper.number).unwrap().slip, SlipKind::Revocation);
    town.sync();
    assert_eq!(town.desk.list("head/orders?done=true").len(), 1);
    let line = town.line("fines", &number);
    assert_eq!((&line["state"], &line["refund_fen"]), (&json!("refund_due"), &json!(fen + late)));
    assert_eq!(pay("f-4", fen, false), "not_owed", "paid after 撤销");
    let held = || -> Vec<String> {
        town.desk.list("payments/held").iter().map(|p| p["reference"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(held(), ["f-0", "f-1", "f-2", "f-3", "f-4"]);
    for reference in ["f-0", "f-1", "f-2", "f-3", "f-4"] {
        town.desk.post(&format!("payments/{reference}/refund"), &format!("退{reference}"));
    }
    assert_eq!(town.desk.status("POST", "payments/f-1/refund", &json!("退2")), 400, "once");
    assert!(held().is_empty());
    assert_eq!(town.line("fines", &number)["state"], "not_owed");
    let found = town.desk.post("lookups", &json!({"id_number": ID, "on": "2026-06-18"}));
    assert_eq!(found[0]["ended"], "revoked");
}
