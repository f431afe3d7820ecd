//! HQ at work: one walk a paragraph of what the desk does, through HTTP with tokens, and phones that speak
//! the real protocol with cases made by the real guards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::TimeDelta;
use ezhifa_casework::{
    command::{Command, ReceiptBlock},
    event::{CashGround, CashLeg, PayWay},
    law::facts::Value,
    people::{Officer, OfficerId, OfficerKind},
    seal::sign::{Algorithm, Signed, Signer, SoftwareKey},
};
use ezhifa_hq::{
    desk::{
        access::{Holder, Role},
        http::routes,
        minting::Mint,
        payments,
        supervision::{Drawn, draw},
    },
    openapi,
};
use ezhifa_wire::{
    ProblemCode, domains,
    feed::FeedItem,
    paths,
    paycode::{PayCodeReply, PayCodeRequest},
};
use serde_json::{Value as Json, json};
use support::{
    EVENING, House, Office, Phone, house, house_with,
    office::part,
    street::{Done, Script, Street, street},
};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const PERSON: &str = "44190019780921215X";

struct Town {
    house: House,
    street: Street,
    phone: Phone,
    desk: Office,
    supervisor: Office,
    auditor: Office,
    head: Office,
}

fn town() -> Town {
    town_with(house(false))
}

fn town_with(house: House) -> Town {
    let street = street();
    for files in &street.files {
        house.hq.publish_rulebook(files).unwrap();
    }
    let read = |p: &str| {
        std::fs::read_to_string(format!("{}/../rulebooks/{p}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    house.hq.publish_calendar(&read("calendar/2024-2026.toml")).unwrap();
    let desk = house.office(Holder::plain(Role::Desk, "值班台"));
    assert_eq!(desk.raw("POST", "events", read("events/gbt30428-sample.toml").into_bytes()).0, 200);
    desk.post("roster/dongcheng", &street.roster.officers);
    let phone = Phone::enrolled(&house, 1);
    for series in ["penalty", "no_penalty", "order", "notice"] {
        phone.block(&phone.lease(&format!("r-{series}"), series, 40));
    }
    let supervisor = house.office(Holder::plain(Role::Supervisor, "督察"));
    let auditor = house.office(Holder::plain(Role::Auditor, "审计"));
    let head =
        house.office(Holder { officer: Some("o-9".into()), ..Holder::plain(Role::Supervisor, "局长") });
    Town { house, street, phone, desk, supervisor, auditor, head }
}

impl Town {
    /// Every feed item that the phone would take now.
    fn feed(&self, phone: &Phone) -> Vec<FeedItem> {
        phone.feed("", 0).items
    }
    fn push(&self) {
        self.phone.receipt(&self.phone.push(0));
        self.house.hq.settle().unwrap();
    }
    /// Lets time pass for everybody.
    fn pass(&mut self, ms: i64) {
        self.house.pass(ms);
        self.phone.at_ms += ms;
        self.street.now += TimeDelta::milliseconds(ms);
    }
    fn fine(&mut self, id: &str, seq: u64, id_number: &str) -> Done {
        let facts = dog(false);
        let script = Script {
            id,
            offence: "dog-waste",
            id_number,
            facts: &facts,
            earlier: Some(true),
            choice: Some((None, "within_tier")),
            seq,
            serve: true,
            lat_e7: 230_270_000,
        };
        self.street.run(&mut self.phone, &script)
    }
    fn waive(&mut self, id: &str, seq: u64, lat_e7: i64) -> Done {
        let facts = dog(true);
        let script = Script {
            id,
            offence: "dog-waste",
            id_number: "441900199003121012",
            facts: &facts,
            earlier: Some(false),
            choice: Some((None, "first_offence_corrected")),
            seq,
            serve: true,
            lat_e7,
        };
        self.street.run(&mut self.phone, &script)
    }
    fn order(&mut self, id: &str, seq: u64, lat_e7: i64) -> Done {
        let facts = [("hung_out", Value::Bool(true)), ("unsightly", Value::Bool(true))];
        let script = Script {
            id,
            offence: "laundry",
            id_number: PERSON,
            facts: &facts,
            earlier: Some(true),
            choice: None,
            seq,
            serve: true,
            lat_e7,
        };
        self.street.run(&mut self.phone, &script)
    }
}

fn dog(corrected: bool) -> Vec<(&'static str, Value)> {
    vec![
        ("dog_waste", Value::Bool(true)),
        ("cleaned_at_once", Value::Bool(false)),
        ("items", Value::Int(1)),
        ("minor", Value::Bool(false)),
        ("harm", Value::Choice("slight".into())),
        ("corrected", Value::Bool(corrected)),
    ]
}

fn lead(reference: &str, source: &str, lat_e7: i64) -> Json {
    json!({"reference": reference, "source": source, "event_code": "0104", "text": "有人不清理犬粪",
        "place": "样例路1号", "at": {"lat_e7": lat_e7, "lon_e7": 1_137_850_000},
        "reporter": "举报人甲 13800000000"})
}

fn of_kind<'a>(items: &'a [FeedItem], kind: &'a str) -> impl Iterator<Item = &'a FeedItem> {
    items.iter().filter(move |i| i.kind == kind)
}

#[test]
fn leads_in_and_what_became_of_them_out() {
    let mut town = town();
    let citizens = town.house.office(Holder::plain(Role::LeadSource, "一键找城管"));
    let video = town.house.office(Holder::plain(Role::LeadSource, "视频平台"));
    let area = [
        (230_000_000, 1_137_000_000),
        (230_000_000, 1_138_000_000),
        (231_000_000, 1_138_000_000),
        (231_000_000, 1_137_000_000),
    ]
    .map(|(lat, lon)| json!({"lat_e7": lat, "lon_e7": lon}));
    town.desk.post("areas/dongcheng", &area);
    // Two crews on duty: the second stands next door.
    let other = Phone::enrolled(&town.house, 2);
    let officers: Vec<Officer> = ["o-3", "o-4"]
        .map(|id| Officer { id: OfficerId(id.into()), ..town.street.roster.officers[0].clone() })
        .into_iter()
        .chain(town.street.roster.officers.clone())
        .collect();
    town.desk.post("roster/dongcheng", &officers);
    for (crew, pair, device, lat_e7) in [
        ("甲组", ["o-1", "o-2"], &town.phone.device, 230_100_000),
        ("乙组", ["o-3", "o-4"], &other.device, 230_268_000),
    ] {
        town.desk
            .post("crews", &json!({"id": crew, "branch": "dongcheng", "officers": pair, "device": device.0}));
        town.desk.post("shifts/dongcheng", &json!({"crew": crew, "from_ms": EVENING - HOUR, "until_ms": EVENING + 8 * HOUR, "at": {"lat_e7": lat_e7, "lon_e7": 1_137_850_000}}));
    }

    let first = citizens.post("leads", &lead("r-1", "citizen_report", 230_270_000));
    assert_eq!(first["branch"], "dongcheng");
    assert_eq!(first["offences"], json!(["litter", "dog-waste"]), "what the code may turn out to be");
    assert_eq!(citizens.post("leads", &lead("r-1", "citizen_report", 230_270_000))["id"], first["id"]);
    let joined = citizens.post("leads", &lead("r-2", "citizen_report", 230_270_900));
    assert_eq!((joined["state"].as_str(), &joined["to"]), (Some("joined"), &first["id"]), "ten metres away");
    let feed = town.feed(&other);
    let on_phone = of_kind(&feed, "lead").next().unwrap();
    assert_eq!(
        on_phone.body["offered"],
        json!([other.device.0, town.phone.device.0]),
        "the nearest crew first"
    );
    assert_eq!(on_phone.body["lat_e7"], 230_270_000);

    // A map app's point is turned back and marked.
    let mut gcj = lead("r-3", "citizen_report", 230_241_000);
    gcj["datum"] = "gcj02".into();
    let gcj = citizens.post("leads", &gcj);
    assert_eq!(gcj["converted"], true);
    let moved = gcj["at"]["lat_e7"].as_i64().unwrap() - 230_241_000;
    assert!((10_000..60_000).contains(&moved.abs()), "hundreds of metres: {moved}");

    // A camera decides nothing, and cannot say itself that a person looked (处罚法 41).
    let mut seen = lead("v-1", "video_lead", 230_500_000);
    seen["audited_by"] = "平台自动审核".into();
    let seen = video.post("leads", &seen);
    assert_eq!(seen["state"], "awaits_audit");
    let id = seen["id"].as_str().unwrap();
    assert!(!of_kind(&town.feed(&town.phone), "lead").any(|l| l.key == id));
    assert_eq!(video.status("POST", &format!("leads/{id}/audit"), &json!(null)), 403);
    assert_eq!(town.supervisor.post(&format!("leads/{id}/audit"), &json!(null))["audited_by"], "督察");
    assert!(of_kind(&town.feed(&town.phone), "lead").any(|l| l.key == id && l.body["audited_by"] == "督察"));

    // A petition with its reply deadline is an alarm the day before.
    let mut petition = lead("信访〔2026〕7号", "petition", 230_600_000);
    petition["answer_due_ms"] = (EVENING + HOUR).into();
    let petition = town.desk.post("leads", &petition);
    assert!(town.desk.list("alarms?kind=lead_answer_due").iter().any(|a| a["about"] == petition["id"]));

    // A crew takes the first lead: the others see it gone, the source hears of both reports.
    let facts = dog(true);
    town.street.source =
        Some(ezhifa_casework::event::Source::CitizenReport { lead: first["id"].as_str().unwrap().into() });
    let script = Script {
        id: "c-1",
        offence: "dog-waste",
        id_number: PERSON,
        facts: &facts,
        earlier: Some(false),
        choice: Some((None, "first_offence_corrected")),
        seq: 1,
        serve: true,
        lat_e7: 230_270_000,
    };
    town.street.run(&mut town.phone, &script);
    town.push();
    let now = town.desk.get(&format!("leads/{}", first["id"].as_str().unwrap()));
    assert_eq!(
        (now["state"].as_str(), now["result"].as_str(), now["case"].as_str()),
        (Some("handled"), Some("no_penalty"), Some("c-1"))
    );
    town.desk.post(&format!("leads/{}/close", first["id"].as_str().unwrap()), &"已清理，当事人受到教育");
    let news = citizens.get("leads/news?after=0");
    let told: Vec<(&str, &str)> = news
        .as_array()
        .unwrap()
        .iter()
        .map(|n| (n["reference"].as_str().unwrap(), n["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [("r-2", "joined"), ("r-1", "handled"), ("r-2", "handled"), ("r-1", "closed"), ("r-2", "closed")]
    );
    assert_eq!(news[4]["answer"], "已清理，当事人受到教育");
    assert_eq!(citizens.get("leads/news?after=5"), json!([]));
    assert_eq!(video.get("leads/news?after=0"), json!([]), "other people's leads are not its business");

    // The reporter: on no phone, on no list, and for the desk only with a line in the log.
    let everything = serde_json::to_string(&town.feed(&other)).unwrap()
        + &town.desk.get("leads?all=true").to_string()
        + &news.to_string();
    assert!(!everything.contains("举报人") && !everything.contains("13800000000"));
    let path = format!("leads/{}/reporter", first["id"].as_str().unwrap());
    assert_eq!(town.auditor.status("GET", &path, &json!(null)), 403);
    assert_eq!(town.desk.get(&path), "举报人甲 13800000000");
    assert_eq!(town.auditor.list("reads").last().unwrap()["act"], "readReporter");

    // Nobody's ground: the desk routes it.
    let far = citizens.post("leads", &lead("r-9", "citizen_report", 250_000_000));
    assert_eq!(far["branch"], Json::Null);
    assert_eq!(
        town.desk.post(&format!("leads/{}/route", far["id"].as_str().unwrap()), &"dongcheng")["branch"],
        "dongcheng"
    );
    assert!(of_kind(&town.feed(&town.phone), "lead").any(|l| l.key == far["id"].as_str().unwrap()));
    assert_eq!(town.desk.list("leads?branch=dongcheng&source=petition").len(), 1);
}

#[test]
fn the_roster_says_who_may_sign_and_reaches_the_phones() {
    let town = town();
    town.desk.post("units", &json!({"id": "dg", "kind": "organ", "name": "样本局"}));
    for (id, kind) in [
        ("dongcheng", "branch"),
        ("dc-w", "womens_squad"),
        ("dc-d", "drone_squad"),
        ("dc-s", "service_station"),
    ] {
        let parent = if kind == "branch" { "dg" } else { "dongcheng" };
        town.desk.post("units", &json!({"id": id, "kind": kind, "name": id, "parent": parent}));
    }
    assert_eq!(
        town.desk.status(
            "POST",
            "units",
            &json!({"id": "x", "kind": "beat", "name": "x", "parent": "nowhere"})
        ),
        404
    );
    assert_eq!(town.auditor.list("units?kind=drone_squad").len(), 1);

    let mut officers = town.street.roster.officers.clone();
    officers.push(Officer {
        id: OfficerId("a-1".into()),
        kind: OfficerKind::Auxiliary,
        certificate: String::new(),
        ..officers[0].clone()
    });
    let ends = chrono::NaiveDate::from_ymd_opt(2026, 9, 20).unwrap();
    officers.push(Officer { id: OfficerId("o-7".into()), valid_to: ends, ..officers[0].clone() });
    town.desk.post("roster/dongcheng", &officers);
    let crew = |pair: [&str; 2], with: &str| json!({"id": "k", "branch": "dongcheng", "officers": pair, "with": [with], "device": town.phone.device.0});
    assert_eq!(town.desk.status("POST", "crews", &crew(["o-1", "a-1"], "o-2")), 400, "辅助人员 never sign");
    assert_eq!(
        town.desk.status("POST", "crews", &crew(["o-1", "o-7"], "a-1")),
        400,
        "the certificate has ended"
    );
    assert_eq!(town.desk.status("POST", "crews", &crew(["o-1", "o-1"], "a-1")), 400, "one person is not two");
    town.desk.post("crews", &crew(["o-1", "o-2"], "a-1"));
    let ended = &town.desk.list("roster?days_left.max=0")[0];
    assert_eq!(
        (ended["id"].as_str(), ended["days_left"].as_i64(), ended["may_sign"].as_bool()),
        (Some("o-7"), Some(-4), Some(false))
    );
    assert!(
        town.desk.list("roster").iter().all(|o| o.get("pin_verifier").is_none()),
        "no verifier on a list"
    );
    let feed = town.feed(&town.phone);
    let roster = of_kind(&feed, "roster").last().unwrap();
    assert_eq!(roster.body["officers"].as_array().unwrap().len(), 5);
    assert!(roster.body.to_string().contains("auxiliary"));
}

#[test]
fn orders_are_rechecked_by_distance_and_handed_from_shift_to_shift() {
    let mut town = town();
    let near = town.order("c-1", 1, 230_271_000);
    town.pass(HOUR);
    let far = town.order("c-2", 2, 230_900_000);
    town.push();
    let lines = town.desk.list("orders?lat_e7=230270000&lon_e7=1137850000&branch=dongcheng");
    let order: Vec<&str> = lines.iter().map(|l| l["number"].as_str().unwrap()).collect();
    assert_eq!(order, [near.number.as_str(), far.number.as_str()]);
    assert_eq!((lines[0]["metres"].as_i64(), lines[0]["state"].as_str()), (Some(11), Some("open")));
    assert!(of_kind(&town.feed(&town.phone), "open_order").all(|o| o.body["lat_e7"].is_i64()));

    // 温馨提示: a day before the due time, once.
    town.pass(2 * DAY + 2 * HOUR);
    assert_eq!(town.desk.list("orders?state=due_soon").len(), 2);
    assert_eq!(town.house.hq.watch().unwrap(), 2);
    assert_eq!(town.house.hq.watch().unwrap(), 0, "once is kind, twice is a nuisance");
    let words: Vec<String> = of_kind(&town.feed(&town.phone), "message")
        .map(|m| m.body["zh"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        words.iter().all(|w| w.starts_with("温馨提示")) && words.iter().any(|w| w.contains(&near.number)),
        "{words:?}"
    );

    // The next shift takes over what is left, and says so.
    let over = town.desk.post(
        "handovers",
        &json!({"branch": "dongcheng", "from": "甲组", "to": "乙组", "note": "请先看菜市场"}),
    );
    assert_eq!(over["orders"].as_array().unwrap().len(), 2);
    let id = over["id"].as_str().unwrap();
    assert_eq!(town.desk.status("POST", &format!("handovers/{id}/accept"), &json!("丙组")), 400);
    assert_eq!(town.desk.post(&format!("handovers/{id}/accept"), &"乙组")["accepted"][0], "乙组");
    assert!(
        of_kind(&town.feed(&town.phone), "message")
            .any(|m| m.body["zh"].as_str().unwrap().contains("请先看菜市场"))
    );

    // Overdue; then a crew looks and the order leaves the list.
    town.pass(2 * DAY);
    assert_eq!(town.desk.list("orders?state=overdue").len(), 2);
    let from = town.phone.journal.len();
    let mut case = near.case;
    let seen = ezhifa_casework::event::EvidenceItem {
        sha256: ezhifa_wire::seal::hash::sha256(b"clear").to_string(),
        kind: "photo".into(),
        size: 5,
        captured_at: town.street.now,
        stage: ezhifa_casework::event::Stage::Corrected,
        caption: "已收".into(),
    };
    let evidence = vec![seen.sha256.clone()];
    let before = town.phone.feed("", 0);
    town.street.step(&mut town.phone, &mut case, Some(true), 1, Command::AddEvidence(seen));
    town.street.step(
        &mut town.phone,
        &mut case,
        Some(true),
        1,
        Command::Recheck { corrected: true, evidence },
    );
    town.phone.receipt(&town.phone.push(from));
    town.house.hq.settle().unwrap();
    assert_eq!(town.desk.list("orders?state=overdue").len(), 1);
    assert_eq!(town.desk.list("orders?state=closed")[0]["number"], near.number.as_str());
    let news = town.phone.feed(&before.incarnation, before.next).items;
    assert!(
        of_kind(&news, "open_order").any(|o| o.key == near.number && o.body["closed"] == true),
        "the phones that carry it hear that it is done"
    );
    let open: Vec<String> = of_kind(&town.feed(&town.phone), "open_order").map(|o| o.key.clone()).collect();
    assert_eq!(open, [far.number], "a phone that starts anew carries open ones only");
}

#[test]
fn money_comes_in_three_ways_and_wrong_money_goes_back() {
    let mut town = town();
    let key = SoftwareKey::from_secret(Algorithm::P256Sha256, [42; 32]).unwrap();
    let finance = town
        .house
        .office(Holder { key: Some(key.public_key()), ..Holder::plain(Role::PaymentSource, "非税系统") });
    let pay = |reference: &str, number: Option<&str>, code: Option<&str>, fen: i64, late: bool| {
        let new = payments::NewPayment {
            reference: reference.into(),
            number: number.map(Into::into),
            pay_code: code.map(Into::into),
            amount_fen: fen,
            paid_ms: EVENING,
            receipt: format!("粤财{reference}"),
            late_fee: late,
        };
        let signed = Signed::seal(&key, payments::DOMAIN, &new).unwrap();
        finance.post("payments", &signed)["state"].as_str().unwrap().to_owned()
    };
    // A pool, lent as numbers are: at hello, because the phone has none.
    let codes: Vec<String> = (0..14).map(|n| format!("4419{n:016}")).collect();
    finance.post("paycodes", &codes);
    assert_eq!(finance.status("POST", "paycodes", &json!([codes[0]])), 400, "a code comes once");
    town.phone.hello();
    let feed = town.feed(&town.phone);
    let lent: Vec<String> =
        serde_json::from_value(of_kind(&feed, "pay_codes").next().unwrap().body["codes"].clone()).unwrap();
    assert_eq!(lent, codes[..10]);
    town.phone.hello();
    assert_eq!(of_kind(&town.feed(&town.phone), "pay_codes").count(), 1, "ten are enough");
    let desk = town.desk.clone();
    let stock = |device: &str| desk.list(&format!("paycodes?device={device}"))[0]["free"].as_u64().unwrap();
    assert_eq!((stock("pool"), stock(&town.phone.device.0)), (4, 10));

    town.street.pay_code = Some(lent[0].clone());
    let coded = town.fine("c-1", 1, PERSON);
    town.street.pay_code = None;
    town.pass(2 * HOUR);
    let plain = town.fine("c-2", 2, "441900199003121012");
    town.pass(2 * HOUR);
    let poor = town.fine("c-3", 3, "11010519491231002X");
    let amount = plain.amount.0;

    // Unsigned or forged: nothing is taken from a source that has a key.
    assert_eq!(finance.status("POST", "payments", &json!({"reference": "x", "number": plain.number, "amount_fen": amount, "paid_ms": 0, "receipt": "x"})), 400);
    let other = SoftwareKey::from_secret(Algorithm::P256Sha256, [43; 32]).unwrap();
    let forged = Signed::seal(&other, payments::DOMAIN, &json!({})).unwrap();
    assert_eq!(finance.status("POST", "payments", &serde_json::to_value(forged).unwrap()), 401);

    // Paid before the phone was online: held, then matched by code; the slip's own number after sync.
    assert_eq!(pay("f-1", None, Some(&lent[0]), coded.amount.0, false), "unknown");
    assert_eq!(pay("f-2", Some(&plain.number), None, amount, false), "unknown");
    assert_eq!(town.desk.list("payments/held").len(), 2);
    town.push();
    assert_eq!(town.desk.list("payments?state=matched").len(), 2);
    assert_eq!(stock(&town.phone.device.0), 9);
    let receipts: Vec<String> = of_kind(&town.feed(&town.phone), "payment")
        .map(|p| p.body["receipt"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(receipts.len(), 2);
    let payable = finance.list("payables");
    assert_eq!(
        (payable.len(), payable[0]["number"].as_str()),
        (1, Some(poor.number.as_str())),
        "what is still owed"
    );
    assert_eq!(payable[0]["check_code"], poor.code.check_code().as_str());
    assert_eq!(pay("f-3", Some(&plain.number), None, amount, false), "double");
    assert_eq!(pay("f-4", Some(&poor.number), None, amount / 2, false), "amount");

    // Hardship: the party asks, the head grants two parts; a desk clerk cannot.
    let half = amount / 2;
    let plan = json!({"number": poor.number, "asked_on": "2026-09-25", "granted": true, "reason": "低保证明已核", "until": "2026-12-01",
        "parts": [{"by": "2026-11-01", "amount_fen": half}, {"by": "2026-12-01", "amount_fen": amount - half}]});
    assert_eq!(town.desk.status("POST", "deferrals", &plan), 403);
    let mut sooner = plan.clone();
    (sooner["until"], sooner["parts"]) = (json!("2026-10-01"), json!([]));
    assert_eq!(town.head.status("POST", "deferrals", &sooner), 400, "a deferral shortens nothing");
    town.head.post("deferrals", &plan);
    let feed = town.feed(&town.phone);
    assert!(of_kind(&feed, "verdict").any(|v| v.body["finding"] == "payment_deferred"));
    let granted = of_kind(&feed, "deferral").next().unwrap();
    assert_eq!(
        (&granted.body["number"], &granted.body["until"], &granted.body["parts"][1]["amount_fen"]),
        (&json!(poor.number), &json!("2026-12-01"), &json!(amount - half))
    );
    assert!(!granted.body.to_string().contains("低保"), "why the party is poor stays at HQ");
    let fine = |number: &str| desk.list(&format!("fines?number={}", part(number))).remove(0);
    assert_eq!(
        (fine(&poor.number)["state"].as_str(), fine(&poor.number)["pay_by"].as_str()),
        (Some("deferred"), Some("2026-12-01"))
    );
    assert_eq!(pay("f-5", Some(&poor.number), None, half, false), "matched");
    assert_eq!(fine(&poor.number)["paid_fen"], half);

    // Overdue: the late fee grows by the rulebook's clock and stands still while a remedy runs.
    town.house.pass(78 * DAY);
    town.phone.at_ms = town.house.hq.now_ms();
    let late = fine(&poor.number);
    let owed = amount - half;
    assert_eq!(late["state"], "overdue");
    assert_eq!(
        late["late_fee_fen"].as_i64().unwrap(),
        owed * 30 * 10 / 1000,
        "ten days at three percent: {late}"
    );
    town.desk.post("appeals", &poor.number);
    town.house.pass(3 * DAY);
    town.phone.at_ms = town.house.hq.now_ms();
    assert_eq!(
        fine(&poor.number)["late_fee_fen"].as_i64().unwrap(),
        owed * 30 * 9 / 1000,
        "the day it came in does not count either"
    );
    assert_eq!(pay("f-6", Some(&poor.number), None, owed * 30 * 9 / 1000, true), "matched");
    assert_eq!(fine(&poor.number)["late_fee_fen"], 0, "it came in");
    assert_eq!(pay("f-6b", Some(&poor.number), None, 1, true), "double", "a late fee is paid once");

    // The head revokes a paid fine: the phone carries it out, the money is on the list and goes back once.
    let order = json!({"number": coded.number, "act": "revoke", "reason": "事实不清"});
    assert_eq!(town.supervisor.status("POST", "head/orders", &order), 403, "a supervisor is not the head");
    town.head.post("head/orders", &order);
    assert_eq!(town.desk.list("head/orders?done=false").len(), 1);
    assert!(of_kind(&town.feed(&town.phone), "verdict").any(|v| v.body["finding"] == "revocation_ordered"));
    let from = town.phone.journal.len();
    let mut case = coded.case;
    town.street.step(
        &mut town.phone,
        &mut case,
        Some(true),
        4,
        Command::Revoke { reason: "事实不清".into(), by: OfficerId("o-9".into()) },
    );
    town.phone.receipt(&town.phone.push(from));
    town.house.hq.settle().unwrap();
    assert_eq!(town.desk.list("head/orders?done=true").len(), 1);
    assert_eq!(
        (fine(&coded.number)["state"].as_str(), fine(&coded.number)["refund_fen"].as_i64()),
        (Some("refund_due"), Some(coded.amount.0))
    );
    assert_eq!(pay("f-7", Some(&coded.number), None, coded.amount.0, false), "not_owed", "paid after 撤销");
    let back: Vec<Json> = town
        .desk
        .list("payments/held")
        .iter()
        .filter(|p| p["state"] != "amount")
        .map(|p| p["reference"].clone())
        .collect();
    assert_eq!(back, [json!("f-1"), json!("f-3"), json!("f-6b"), json!("f-7")]);
    town.desk.post("payments/f-1/refund", &"退2026-01");
    assert_eq!(town.desk.status("POST", "payments/f-1/refund", &json!("退2026-02")), 400, "once");
    assert_eq!(fine(&coded.number)["state"], "not_owed");

    // A lost slip: identity with a day or a place, and the search stands in the log.
    assert_eq!(
        town.desk.status("POST", "lookups", &json!({"id_number": PERSON})),
        400,
        "identity alone is fishing"
    );
    assert_eq!(town.desk.post("lookups", &json!({"id_number": PERSON, "place": "别处"})), json!([]));
    let found = town.desk.post("lookups", &json!({"id_number": "441900 19900312 1012", "on": "2026-09-24"}));
    assert_eq!(found[0]["number"], plain.number.as_str(), "{found}");
    assert_eq!(
        (found[0]["fine"]["state"].as_str(), found[0]["fine"]["receipts"][0].as_str()),
        (Some("paid"), Some("粤财f-2"))
    );
    let (status, kind, pdf) =
        town.desk.raw("GET", &format!("decisions/{}/copy", part(&plain.number)), vec![]);
    assert_eq!((status, kind.as_str()), (200, "application/pdf"));
    let text = pdf_text(&pdf);
    assert!(text.as_deref().is_none_or(|t| t.contains("副本") && t.contains("行政复议")), "{text:?}");
    let reads: Vec<Json> = town.auditor.list("reads").iter().map(|r| r["act"].clone()).collect();
    assert_eq!(reads, ["readByIdentity", "readByIdentity", "readByIdentity", "readFound", "readCopy"]);
    let seen = town.auditor.list(&format!("reads?about={}", part(&plain.number)));
    assert_eq!(seen.len(), 2, "the log says whose record was found, and copied");
}

#[test]
fn a_code_is_made_for_one_decision_once_and_for_nobody_else() {
    // With the finance system behind HQ, and without it from the pool.
    for system in [true, false] {
        let calls = Arc::new(AtomicU64::new(0));
        let seen = calls.clone();
        let mint: Mint = Arc::new(move |wish: &PayCodeRequest| {
            seen.fetch_add(1, Ordering::SeqCst);
            Ok(Some(format!("9{:019}", wish.amount_fen)))
        });
        let mut town = town_with(house_with(false, |c| c.mint = system.then_some(mint)));
        town.desk.post("paycodes", &["44190026000000000001", "44190026000000000002"]);
        let ask = |phone: &Phone, number: &str, fen: i64| {
            let wish = PayCodeRequest { number: number.into(), amount_fen: fen };
            phone.ask("POST", paths::PAY_CODE, &[], &serde_json::to_vec(&wish).unwrap())
        };
        let read = |phone: &Phone, answer: &support::Answer| -> PayCodeReply {
            answer.signed().open(domains::PAY_CODE, &phone.hq_key).unwrap()
        };
        let decided = town.fine("c-1", 1, PERSON);
        let (number, fen) = (decided.number.clone(), decided.amount.0);
        let first = read(&town.phone, &ask(&town.phone, &number, fen));
        assert_eq!((first.device.0.as_str(), &first.number), (town.phone.device.0.as_str(), &number));
        let wanted = if system { format!("9{fen:019}") } else { "44190026000000000001".to_owned() };
        assert_eq!(first.code, wanted);
        // A lost answer costs no code, another amount and other people's numbers get none.
        assert_eq!(read(&town.phone, &ask(&town.phone, &number, fen)).code, wanted);
        assert_eq!(calls.load(Ordering::SeqCst), u64::from(system));
        assert_eq!(support::code(&ask(&town.phone, &number, fen + 1)), ProblemCode::Malformed);
        let other = Phone::enrolled(&town.house, 2);
        other.block(&other.lease("r-o", "penalty", 5));
        assert_eq!(support::code(&ask(&other, &number, fen)), ProblemCode::Denied);
        assert_eq!(support::code(&ask(&town.phone, "样本简罚字〔2026〕第999号", fen)), ProblemCode::Denied);

        // Paid by that code before the phone has synced: it waits under its number, then it is matched.
        let notice = json!({"reference": "f-1", "pay_code": wanted, "amount_fen": fen, "paid_ms": EVENING, "receipt": "粤财1"});
        let finance = town.house.office(Holder::plain(Role::PaymentSource, "非税系统"));
        assert_eq!(finance.post("payments", &notice)["state"], "unknown");
        town.push();
        assert_eq!(town.desk.list("payments?state=matched")[0]["number"], number.as_str());
        let made = town.desk.list("paycodes?device=minted").remove(0);
        assert_eq!((&made["lent"], &made["used"]), (&json!(1), &json!(0)), "made, and not on the paper");
    }
    // Neither a system nor a code in the pool: a plain no, and the slip does without.
    let mut town = town();
    let decided = town.fine("c-1", 1, PERSON);
    let wish = PayCodeRequest { number: decided.number, amount_fen: decided.amount.0 };
    let answer = town.phone.ask("POST", paths::PAY_CODE, &[], &serde_json::to_vec(&wish).unwrap());
    assert_eq!(support::code(&answer), ProblemCode::NotFound);
}

#[test]
fn a_code_on_two_papers_pays_the_first_and_is_an_alarm() {
    let mut town = town();
    town.street.pay_code = Some("44190026000000000009".into());
    let first = town.fine("c-1", 1, PERSON);
    town.pass(2 * HOUR);
    let second = town.fine("c-2", 2, "441900199003121012");
    town.push();
    let notice = json!({"reference": "f-1", "pay_code": "44190026000000000009", "amount_fen": first.amount.0, "paid_ms": EVENING, "receipt": "粤财1"});
    let paid = town.house.office(Holder::plain(Role::PaymentSource, "非税系统")).post("payments", &notice);
    assert_eq!(paid["number"], first.number.as_str());
    assert_eq!(town.desk.list("alarms?kind=pay_code_twice")[0]["about"], second.number.as_str());
}

#[test]
fn cash_goes_to_the_bank_by_its_clocks_and_the_head_corrects_what_was_served() {
    let mut town = town();
    let device = town.phone.device.0.clone();
    let block = json!({"prefix": "粤罚", "from": 101, "to": 150});
    town.desk.post(&format!("receipts/{device}"), &block);
    assert_eq!(
        town.desk.status(
            "POST",
            &format!("receipts/{device}"),
            &json!({"prefix": "粤罚", "from": 150, "to": 160})
        ),
        400,
        "once"
    );
    assert_eq!(town.desk.status("POST", "receipts/nobody", &block), 404);
    assert!(of_kind(&town.feed(&town.phone), "receipts").any(|r| r.body["from"] == 101));

    // Twice cash on a Thursday evening before the Mid-Autumn holiday (25 to 27 September).
    let mut done = vec![town.fine("c-1", 1, PERSON)];
    town.pass(2 * HOUR);
    done.push(town.fine("c-2", 2, "441900199003121012"));
    town.street.receipts = vec![ReceiptBlock { prefix: "粤罚".into(), from: 101, to: 150 }];
    for (n, d) in done.iter_mut().enumerate() {
        let cash = Command::Pay {
            amount: d.amount,
            how: PayWay::Cash,
            receipt: format!("粤罚{}", 101 + n),
            cash: Some(CashGround::HardToEnforce),
            reason: "无固定住所".into(),
        };
        town.street.step(&mut town.phone, &mut d.case, Some(true), 3, cash);
    }
    town.push();
    let cash = |town: &Town, n: u32| {
        town.desk.list(&format!("cash?receipt={}", part(&format!("粤罚{n}")))).remove(0)
    };
    let line = cash(&town, 101);
    assert_eq!(
        (&line["state"], &line["due"], &line["late"], &line["number"]),
        (&json!("with_crew"), &json!("2026-09-29"), &json!(false), &json!(done[0].number)),
        "two days (处罚法 71), and a holiday is no day to hand in"
    );
    assert_eq!(town.desk.list("fines?state=paid").len(), 2, "cash on the spot pays");
    assert_eq!(town.desk.list("receipts")[0]["used"], 2);

    // One is handed in to the organ and then to the bank, the other is forgotten.
    let leg = |town: &mut Town, d: &mut Done, leg: CashLeg| {
        let from = town.phone.journal.len();
        let hand = Command::HandInCash { leg, receipt: "粤罚101".into() };
        town.street.step(&mut town.phone, &mut d.case, Some(true), 3, hand);
        town.phone.receipt(&town.phone.push(from));
        town.house.hq.settle().unwrap();
    };
    town.pass(4 * DAY);
    leg(&mut town, &mut done[0], CashLeg::ToOrgan);
    let line = cash(&town, 101);
    assert_eq!((&line["state"], &line["due"]), (&json!("with_organ"), &json!("2026-09-30")), "{line}");
    town.pass(2 * DAY);
    assert_eq!(cash(&town, 101)["late"], false);
    let late: Vec<Json> = town.desk.list("cash?late=true").iter().map(|c| c["receipt"].clone()).collect();
    assert_eq!(late, ["粤罚102"]);
    assert_eq!(town.desk.list("alarms?kind=cash_late")[0]["about"], "粤罚102");
    leg(&mut town, &mut done[0], CashLeg::ToBank);
    let line = cash(&town, 101);
    assert_eq!(
        (&line["state"], &line["due"], &line["late"]),
        (&json!("in_bank"), &Json::Null, &json!(false))
    );

    // 补正 by the head: ordered here, made and printed by the phone, then it is done; the fine stands.
    let order = json!({"number": done[0].number, "act": "correct", "reason": "门牌号更正为13号"});
    assert_eq!(town.desk.status("POST", "head/orders", &order), 403, "the desk is not the head");
    town.head.post("head/orders", &order);
    assert!(
        of_kind(&town.feed(&town.phone), "verdict").any(|v| v.body["finding"] == "correction_ordered"
            && v.body["number"] == done[0].number.as_str())
    );
    assert_eq!(town.desk.list("head/orders?done=false").len(), 1);
    let from = town.phone.journal.len();
    let correct =
        Command::Correct { what: "门牌号更正为13号".into(), by: OfficerId("o-9".into()), party: None };
    town.street.step(&mut town.phone, &mut done[0].case, Some(true), 3, correct);
    town.phone.receipt(&town.phone.push(from));
    town.house.hq.settle().unwrap();
    assert_eq!(town.desk.list("head/orders?done=true")[0]["act"], "correct");
    assert_eq!(town.desk.list("fines?state=paid").len(), 2, "outcome and amount are as they were");
    assert_eq!(town.desk.get("cases/c-1")["corrections"], 1);
    // 撤销 of what was paid in cash: the organ owes it back, and the journal's refund settles it.
    town.head.post("head/orders", &json!({"number": done[1].number, "act": "revoke", "reason": "事实不清"}));
    let from = town.phone.journal.len();
    let (amount, number) = (done[1].amount, done[1].number.clone());
    let case = &mut done[1].case;
    for command in [
        Command::Revoke { reason: "事实不清".into(), by: OfficerId("o-9".into()) },
        Command::Refund { amount, receipt: "退2026-07".into() },
    ] {
        town.street.step(&mut town.phone, case, Some(true), 5, command);
        town.phone.receipt(&town.phone.push(from));
        town.house.hq.settle().unwrap();
        let state = town.desk.list(&format!("fines?number={}", part(&number))).remove(0)["state"].clone();
        let refunded = case.balance_paid().0 == 0;
        assert_eq!(state, if refunded { "not_owed" } else { "refund_due" });
    }
}

/// What another program reads in a PDF; none where it is not installed.
fn pdf_text(pdf: &[u8]) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("copy.pdf");
    std::fs::write(&path, pdf).unwrap();
    let done = std::process::Command::new("pdftotext").arg(&path).arg("-").output().ok()?;
    Some(String::from_utf8_lossy(&done.stdout).replace([' ', '\n'], ""))
}

#[test]
fn the_lists_of_what_is_open_say_what_the_whole_says_and_are_built_again_where_there_are_none() {
    let mut town =
        town_with(house_with(false, |c| c.db = format!("sqlite:{}", c.dir.join("hq.db").display())));
    let finance = town.house.office(Holder::plain(Role::PaymentSource, "非税系统"));
    let mut fines = Vec::new();
    for n in 1..=4 {
        fines.push(town.fine(&format!("c-{n}"), n, if n % 2 == 0 { PERSON } else { "441900199003121012" }));
        town.pass(60_000);
    }
    let order = town.order("c-9", 1, 230_400_000);
    town.push();
    let pay = |reference: &str, number: &str, fen: i64| {
        let notice = json!({"reference": reference, "number": number, "amount_fen": fen, "paid_ms": EVENING, "receipt": reference});
        finance.post("payments", &notice)["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(pay("f-1", &fines[0].number, fines[0].amount.0), "matched");
    assert_eq!(pay("f-2", &fines[0].number, fines[0].amount.0), "double");
    assert_eq!(pay("f-3", &fines[1].number, 1), "amount");
    town.desk.post("payments/f-2/refund", &"退1");
    let asked = |office: &Office| -> Vec<Json> {
        [
            "payables",
            "payments/held",
            "payments?state=matched",
            "fines?state=due",
            "fines?state=paid",
            "orders?state=open",
            "orders",
            "holds",
            "reviews",
            "fines?limit=2",
        ]
        .map(|path| office.get(path))
        .to_vec()
    };
    let before = asked(&town.desk);
    let count = |n: usize| before[n]["items"].as_array().unwrap().len();
    assert_eq!((count(0), count(1), count(2), count(3), count(4)), (3, 1, 1, 3, 1));
    assert_eq!((count(5), count(6), count(7), count(9)), (1, 1, 5, 2));
    assert_eq!(before[5]["items"][0]["number"], order.number.as_str());
    assert_eq!(before[9]["next"], before[9]["items"][1]["number"]);
    assert!(count(8) > 0, "two on one party, minutes apart");
    assert_eq!(town.desk.list(&format!("fines?number={}", part(&fines[2].number))).len(), 1);

    // A database from before there were such lists.
    let (folder, now, token) = (town.house.dir, town.house.now, town.desk.token.clone());
    town.house.server.stop();
    drop(town.house.hq);
    let db = rusqlite::Connection::open(folder.path().join("hq.db")).unwrap();
    let gone = db
        .execute("DELETE FROM docs WHERE space LIKE 'open\\_%' ESCAPE '\\' OR space = 'cash_fine' OR key = 'open_lists'", [])
        .unwrap();
    assert!(gone > 10, "{gone}");
    drop(db);
    let hq = ezhifa_hq::Hq::open(support::config_on_sqlite(folder.path(), &now)).unwrap();
    let server = ezhifa_hq::serve(hq.clone(), ([127, 0, 0, 1], 0).into(), false).unwrap();
    let desk = Office { url: server.url.clone(), agent: support::agent(None), token };
    assert_eq!(asked(&desk), before);
    assert!(hq.metrics().unwrap().contains(&format!("\nezhifa_reviews_open {}\n", count(8))));
}

#[test]
fn reviews_ask_and_a_person_answers() {
    let mut town = town();
    let mut waived = Vec::new();
    for n in 1..=3 {
        waived.push(town.waive(&format!("w-{n}"), n, 230_200_000 + 200_000 * i64::try_from(n).unwrap()));
        town.pass(3 * HOUR);
    }
    let fined = town.fine("f-1", 1, PERSON);
    town.push();
    town.house.hq.watch().unwrap();

    let open = |kind: &str| town.supervisor.list(&format!("reviews?kind={kind}"));
    assert_eq!(open("party_waived_often").len(), 1, "the third waiver of one party asks");
    assert_eq!(open("officer_party_pair").len(), 2, "each of the two officers with that party");
    assert_eq!(open("first_offence_hit").len(), 3, "the phones did not know of the earlier ones; HQ does");
    town.house.hq.watch().unwrap();
    assert_eq!(open("party_waived_often").len(), 1, "asked once");
    assert!(
        !of_kind(&town.feed(&town.phone), "verdict").any(|v| v.body["zh"].as_str().unwrap().contains("w-1")),
        "the crew is not told before a person has looked"
    );
    assert!(town.auditor.list("patterns?kind=hasty_decision").is_empty());

    // The sample: anybody with the seed and the list of waivers draws the same.
    let sample = town.supervisor.list("sample/2026-W39/2");
    let population: Vec<Drawn> =
        town.auditor.list("waivers").into_iter().map(|w| serde_json::from_value(w).unwrap()).collect();
    let again = draw(&population, "2026-W39", 2);
    assert_eq!(population.len(), 3);
    let numbers = |l: &[Json]| {
        let mut n: Vec<String> = l.iter().map(|s| s["number"].as_str().unwrap().to_owned()).collect();
        n.sort();
        n
    };
    let mut redrawn: Vec<String> = again.iter().map(|d| d.number.clone()).collect();
    redrawn.sort();
    assert_eq!(numbers(&sample), redrawn);
    assert!(
        sample.iter().all(|s| s["points"].as_i64().unwrap() < 100 && s["failed"] == false),
        "the photos are not here yet: {sample:?}"
    );
    for done in &waived {
        for photo in &done.evidence {
            town.phone.blob_part(&ezhifa_wire::seal::hash::sha256(photo), photo.len(), 0, photo).signed();
        }
    }
    assert!(town.supervisor.list("sample/2026-W39/2").iter().all(|s| s["points"] == 100));

    // A verdict needs reasons, is given by a supervisor, and travels back.
    let review = open("party_waived_often").remove(0);
    let path = format!("reviews/{}/close", part(review["id"].as_str().unwrap()));
    assert_eq!(town.desk.status("POST", &path, &json!("合法")), 403);
    assert_eq!(town.supervisor.status("POST", &path, &json!(" ")), 400);
    town.supervisor.post(&path, &"三次均有改正照片，仍应转为从重教育");
    assert!(
        of_kind(&town.feed(&town.phone), "verdict")
            .any(|v| v.body["finding"] == "review_closed"
                && v.body["zh"].as_str().unwrap().contains("从重教育"))
    );

    // 集体研判.
    assert!(!town.desk.list("conferences/agenda?branch=dongcheng").is_empty());
    let called = town.supervisor.post("conferences", &json!({"on": "2026-09-28", "branch": "dongcheng", "items": [{"case": "w-1", "question": "同一人三次"}]}));
    let path = format!("conferences/{}/w-1", called["id"].as_str().unwrap());
    assert_eq!(
        town.supervisor.status(
            "POST",
            &path,
            &json!({"decision": "维持", "reason": "轻微", "present": ["o-9", "o-9"]})
        ),
        400,
        "one person is no conference"
    );
    town.supervisor.post(
        &path,
        &json!({"decision": "维持", "reason": "轻微", "present": ["o-9", "o-1"], "dissent": "o-1：应当警告"}),
    );
    assert!(of_kind(&town.feed(&town.phone), "verdict").any(|v| v.body["finding"] == "conference_decided"));

    // 复议 through the organ: five working days, over the holidays; the case is kept whole meanwhile.
    let appeal = town.desk.post("appeals", &fined.number);
    let held = |phone: &Phone| -> Option<Json> {
        of_kind(&phone.feed("", 0).items, "hold").find(|h| h.key == "f-1").map(|h| h.body["until_ms"].clone())
    };
    assert_eq!(held(&town.phone), Some(Json::Null), "the phone keeps it until HQ says otherwise");
    assert_eq!(appeal["forward_by"], "2026-10-09", "{appeal}");
    town.house.pass(13 * DAY);
    assert!(town.desk.list("alarms?kind=appeal_due").iter().any(|a| a["about"] == fined.number.as_str()));
    town.desk.post(&format!("appeals/{}/close", part(&fined.number)), &"维持，已转送复议机关");
    let (status, kind, zip) =
        town.desk.raw("GET", &format!("cases/{}/file?for=organ", part(&fined.number)), vec![]);
    assert_eq!(
        (status, kind.as_str(), &zip[..2]),
        (200, "application/zip", b"PK".as_slice()),
        "the file of the case goes with it"
    );
    let hold = |number: &str| town.desk.list(&format!("holds?number={}", part(number))).pop();
    town.house.pass(400 * DAY);
    assert_eq!(hold(&fined.number).unwrap()["why"], "remedy_runs", "nothing is purged while it runs");
    assert!(hold(&waived[0].number).is_none(), "the others' time is over");
    town.desk.post(&format!("appeals/{}/end", part(&fined.number)), &"maintained");
    assert_eq!(hold(&fined.number).unwrap()["why"], "remedy_period", "the court may still be asked");
    town.phone.at_ms = town.house.hq.now_ms();
    let until = held(&town.phone).and_then(|u| u.as_i64()).unwrap() - town.house.hq.now_ms();
    assert!((15 * DAY..=16 * DAY).contains(&until), "to the end of the fifteenth day: {until}");
    town.house.pass(17 * DAY);
    assert!(hold(&fined.number).is_none());

    // A served decision whose pictures never came.
    let missing = town.desk.list("alarms?kind=evidence_missing");
    assert_eq!(
        missing.iter().map(|a| a["about"].as_str().unwrap()).collect::<Vec<_>>(),
        [fined.number.as_str()]
    );
}

#[test]
fn invariant_19_no_figure_in_any_form_knows_an_officer_or_an_amount() {
    let mut town = town();
    let citizens = town.house.office(Holder::plain(Role::LeadSource, "一键找城管"));
    for n in 0..3 {
        let lead =
            citizens.post("leads", &lead(&format!("r-{n}"), "citizen_report", 230_000_000 + n * 5_000_000));
        town.desk.post(&format!("leads/{}/close", lead["id"].as_str().unwrap()), &"已劝离");
    }
    let fine = town.fine("f-1", 1, PERSON);
    town.waive("w-1", 1, 230_400_000);
    town.pass(30 * DAY);
    town.waive("w-2", 2, 230_600_000);
    town.order("l-1", 1, 230_800_000);
    town.push();
    town.desk.post("appeals", &fine.number);
    town.desk.post(&format!("appeals/{}/end", part(&fine.number)), &"revoked");

    let all = town.desk.list("figures?branch=all").remove(0);
    assert_eq!((all["cases"].as_i64(), all["decisions"].as_i64()), (Some(4), Some(4)));
    assert_eq!(all["contacts"], json!({"service": 3, "management": 3, "enforcement": 1}), "721");
    assert_eq!((all["repeat_after_waiver"].as_i64(), all["repeat_permille"].as_i64()), (Some(1), Some(500)));
    assert_eq!(all["correction_permille"], 666, "two waivers corrected, the order not");
    assert_eq!((all["overturned"].as_i64(), all["no_penalty_permille"].as_i64()), (Some(1), Some(750)));
    assert_eq!(all["by_week"].as_object().unwrap().len(), 2);
    let later = town.desk.list("figures?branch=all&from=2026-10-01").remove(0);
    assert_eq!(later["cases"], 2);
    let hot = town.desk.list("hot");
    assert_eq!(
        (hot.len(), hot[0]["name"].as_str(), hot[0]["week"].as_str()),
        (3, Some("道路不洁"), Some("2026-W39"))
    );

    let (_, kind, csv) = town.desk.raw("GET", "figures?format=csv", vec![]);
    let csv = String::from_utf8(csv).unwrap();
    assert!(
        kind.starts_with("text/csv") && csv.contains("by_outcome.fine") && csv.lines().count() == 3,
        "{csv}"
    );
    let mut shown = town.desk.get("figures").to_string() + &csv + &town.desk.get("hot").to_string();
    for chart in ["outcome", "limb", "offence", "source", "week", "721", "branch", "hot"] {
        let (status, kind, svg) = town.desk.raw("GET", &format!("figures/{chart}.svg"), vec![]);
        assert_eq!((status, kind.as_str()), (200, "image/svg+xml"));
        let svg = String::from_utf8(svg).unwrap();
        assert!(svg.contains("<rect") && svg.ends_with("</svg>\n"));
        if let Ok(dir) = std::env::var("HQ_PLOTS") {
            std::fs::write(format!("{dir}/{chart}.svg"), &svg).unwrap();
        }
        shown += &svg;
    }
    for o in &town.street.roster.officers {
        for word in [&o.id.0, &o.name, &o.certificate] {
            assert!(
                !shown.contains(&format!("\"{word}\"")) && !shown.contains(&format!(">{word}<")),
                "{word}"
            );
        }
    }
    assert!(!shown.contains("officer") && !shown.contains("amount") && !shown.contains("_fen"));
    // And no list can be asked to sum fines by officer: none of money names one.
    for path in ["fines", "payments", "cash", "payables", "deferrals"] {
        let list = town.desk.get(path).to_string();
        assert!(!list.contains("o-1") && !list.contains("o-2"), "{path}");
    }
}

#[test]
fn every_door_opens_for_its_own_roles_and_every_act_is_written_down() {
    let mut town = town();
    town.fine("c-1", 1, PERSON);
    town.push();
    let roles = [Role::Desk, Role::Supervisor, Role::Auditor, Role::LeadSource, Role::PaymentSource];
    let offices = roles.map(|r| (r, town.house.office(Holder::plain(r, "x"))));
    for route in routes() {
        let path = route
            .path
            .split('/')
            .map(|p| if p.starts_with('{') { "none" } else { p })
            .collect::<Vec<_>>()
            .join("/");
        for (role, office) in &offices {
            let status = office.raw(route.method, &path, b"!".to_vec()).0;
            if route.roles.contains(role) {
                assert!(
                    ![401, 403].contains(&status) || route.id == "ruleWaiver",
                    "{} {role:?} {status}",
                    route.id
                );
            } else {
                assert_eq!(status, 403, "{} {role:?}", route.id);
            }
        }
        let stranger = Office {
            token: "ezh_guess".into(),
            url: offices[0].1.url.clone(),
            agent: offices[0].1.agent.clone(),
        };
        assert_eq!(stranger.raw(route.method, &path, vec![]).0, 401, "{}", route.id);
    }
    // The log: what people did is in it, chained; a system's stream is not; changing it shows.
    assert_eq!(town.auditor.get("acts/broken"), Json::Null);
    let acts = town.auditor.list("acts?limit=1000");
    assert!(acts.iter().any(|a| a["act"] == "publishRoster" && a["who"] == "值班台" && a["role"] == "desk"));
    assert!(acts.iter().all(|a| a["act"] != "postLead"));
    assert_eq!(town.desk.status("GET", "acts", &json!(null)), 403);
    town.auditor.get("cases/c-1/events");
    assert_eq!(town.auditor.list("reads?about=c-1")[0]["who"], "审计");
    assert!(
        !town.auditor.get("acts?limit=1000").to_string().contains(PERSON),
        "digests and ids, nobody's data"
    );

    // Pages and filters over HTTP.
    let first = town.auditor.get("acts?limit=7&act=publishRoster");
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let page = town.auditor.get("acts?limit=7");
    let next = town.auditor.get(&format!("acts?limit=7&after={}", page["next"].as_str().unwrap()));
    assert_eq!(next["items"][0]["n"], 8);

    // OpenAPI knows every door, Prometheus every counter.
    let api = openapi::document();
    for route in routes() {
        let at = &api["paths"][format!("/v1/desk/{}", route.path)][route.method.to_lowercase()];
        assert_eq!(at["operationId"], route.id);
    }
    let metrics = town.house.hq.metrics().unwrap();
    for name in [
        "ezhifa_desk_acts_total",
        "ezhifa_leads_total",
        "ezhifa_payments_total",
        "ezhifa_alarms_open",
        "ezhifa_reviews_open",
        "ezhifa_phone_quiet_seconds",
    ] {
        assert!(metrics.contains(&format!("\n{name} ")), "{name}");
    }
    // A withdrawn token is a stranger's.
    let hash = town.desk.list("tokens?name=x&role=auditor")[0]["hash"].as_str().unwrap().to_owned();
    town.desk.post(&format!("tokens/{hash}/withdraw"), &json!(null));
    assert_eq!(offices[2].1.raw("GET", "cases", vec![]).0, 401);
}
