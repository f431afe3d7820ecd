//! 线索: to the nearest phone, and back to whoever reported.

use ezhifa_field::casework::{
    command::Command,
    event::{CaseId, Source},
};
use serde_json::{Value as Json, json};

use crate::{BRANCH, HOUR, lead, place, town};

#[test]
fn a_lead_goes_to_the_nearest_phone_and_its_result_comes_back() {
    let town = town();
    let phone = &town.street.phone;
    town.ground();
    let far = town.citizens.post("leads", &lead("r-far", 230_900_000));
    let near = town.citizens.post("leads", &lead("r-near", 230_207_500));
    let id = near["id"].as_str().unwrap();
    town.sync();
    let inbox = phone.from_hq().unwrap();
    let device = phone.identity().unwrap().enrolled.device.0;
    let order: Vec<&str> =
        inbox.leads_near((230_207_000, 1_137_518_000), &device).iter().map(|l| l.lead.as_str()).collect();
    assert_eq!(order, [id, far["id"].as_str().unwrap()]);
    let on_phone = inbox.leads().find(|l| l.lead == id).unwrap();
    assert!(on_phone.offences.contains(&"stall".to_owned()));
    let seen = format!("{:?}", inbox.leads().collect::<Vec<_>>());
    assert!(!seen.contains("李某") && !seen.contains("139000"), "no reporter on a phone");

    // Taken, words of advice, closed by the desk; the citizens' system hears of it.
    let source = Source::CitizenReport { lead: id.into() };
    let case = phone.open_case_as(&CaseId("c-lead".into()), source, place(230_207_500), false, None).unwrap();
    town.act(phone, &case, Command::Advise { text: "请收回摊位".into() });
    town.sync();
    let now = town.desk.get(&format!("leads/{id}"));
    assert_eq!((now["state"].as_str(), now["result"].as_str()), (Some("handled"), Some("advised")));
    town.desk.post(&format!("leads/{id}/close"), &"已劝导，摊位已收");
    let news = town.citizens.get("leads/news");
    assert_eq!(news.as_array().unwrap().last().unwrap()["answer"], "已劝导，摊位已收");
    town.sync();
    let inbox = phone.from_hq().unwrap();
    assert_eq!(inbox.leads().map(|l| l.lead.as_str()).collect::<Vec<_>>(), [far["id"].as_str().unwrap()]);
}

#[test]
fn a_lead_that_a_patrol_leaves_to_another_crew_is_linked_to_its_case() {
    let town = town();
    let phone = &town.street.phone;
    let left = json!({"reference": "巡-1", "source": "patrol", "event_code": "0501", "text": "收摊前再看",
        "place": "东纵路", "at": {"lat_e7": 230_207_500, "lon_e7": 1_137_518_000}});
    let id = town.desk.post("leads", &left)["id"].as_str().unwrap().to_owned();
    town.desk.post(&format!("leads/{id}/route"), &BRANCH);
    town.sync();
    let inbox = phone.from_hq().unwrap();
    let on_phone = inbox.leads().find(|l| l.lead == id).unwrap();
    assert_eq!(on_phone.source, "patrol");
    let source = Source::PatrolLead { lead: on_phone.lead.clone() };
    let case =
        phone.open_case_as(&CaseId("c-patrol".into()), source, place(230_207_500), false, None).unwrap();
    town.sync();
    let taken = town.desk.get(&format!("leads/{id}"));
    assert_eq!((taken["state"].as_str(), taken["case"].as_str()), (Some("taken"), Some("c-patrol")));
    town.act(phone, &case, Command::Advise { text: "请收回摊位".into() });
    town.sync();
    assert_eq!(town.desk.get(&format!("leads/{id}"))["result"], "advised");
    let figures = town.auditor.list("figures?branch=all");
    assert_eq!(figures[0]["by_source"], json!({"patrol": 1}));
}

#[test]
fn a_video_record_reaches_no_phone_before_a_person_audited_it_and_two_reports_of_one_problem_are_one_lead() {
    let town = town();
    let phone = &town.street.phone;
    town.ground();
    let second = town.street.another_phone();
    let mut seen = lead("v-1", 230_300_000);
    seen["source"] = "video_lead".into();
    seen["audited_by"] = "平台自动审核".into();
    let seen = town.citizens.post("leads", &seen)["id"].as_str().unwrap().to_owned();
    let here = |phone: &ezhifa_field::FieldOffice| -> Vec<String> {
        crate::sync(phone);
        phone.from_hq().unwrap().leads().map(|l| l.lead.clone()).collect()
    };
    assert_eq!(here(phone), [""; 0], "a camera sends nobody (处罚法 41)");
    town.supervisor.post(&format!("leads/{seen}/audit"), &Json::Null);
    assert_eq!(here(phone), [seen.as_str()]);
    let inbox = phone.from_hq().unwrap();
    assert_eq!(inbox.leads().next().unwrap().audited_by, "督察");

    // Two neighbours report one stall; one of them by a map in GCJ-02. One lead, and both hear the end.
    let first = town.citizens.post("leads", &lead("r-1", 230_207_000))["id"].as_str().unwrap().to_owned();
    assert_eq!(town.citizens.post("leads", &lead("r-2", 230_207_900))["to"], first.as_str());
    let mut gcj = lead("r-3", 230_500_000);
    gcj["datum"] = "gcj02".into();
    let gcj = town.citizens.post("leads", &gcj);
    assert_eq!(gcj["converted"], true);
    assert_eq!(here(&second).len(), 3);
    let inbox = second.from_hq().unwrap();
    let moved = inbox.leads().find(|l| l.lead == gcj["id"].as_str().unwrap()).unwrap().lat_e7.unwrap();
    assert!((10_000..60_000).contains(&(moved - 230_500_000).abs()), "hundreds of metres: {moved}");

    // One crew takes it; on the other phone it is gone with the next sync.
    let source = Source::CitizenReport { lead: first.clone() };
    let case = phone.open_case_as(&CaseId("c-1".into()), source, place(230_207_000), false, None).unwrap();
    town.sync();
    assert!(!here(&second).contains(&first), "taken");
    town.act(phone, &case, Command::Advise { text: "请收回摊位".into() });
    town.sync();
    town.desk.post(&format!("leads/{first}/close"), &"已劝导");
    let news = town.citizens.get("leads/news");
    let of = |reference: &str| -> Vec<String> {
        let mine = news.as_array().unwrap().iter().filter(|n| n["reference"] == reference);
        mine.map(|n| n["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of("r-1"), ["taken", "handled", "closed"]);
    assert_eq!(of("r-2"), ["joined", "taken", "handled", "closed"]);

    // A petition brings its reply deadline, on the phone and as an alarm at the desk.
    let mut petition = lead("信访〔2026〕7号", 230_600_000);
    let due = town.street.hq.now_ms() + HOUR;
    petition["source"] = "petition".into();
    petition["answer_due_ms"] = due.into();
    let petition = town.desk.post("leads", &petition)["id"].clone();
    assert!(here(&second).contains(&petition.as_str().unwrap().to_owned()));
    let inbox = second.from_hq().unwrap();
    assert_eq!(inbox.leads().find(|l| l.source == "petition").unwrap().due_ms, Some(due));
    assert!(town.desk.list("alarms?kind=lead_answer_due").iter().any(|a| a["about"] == petition));
}
