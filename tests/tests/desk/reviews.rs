//! 复核、研判、救济: HQ asks, a person answers, the phone hears of it.

use std::io::Cursor;

use ezhifa_field::{
    casefile::verify,
    casework::{command::Command, law::terms::Limb},
    sync::Network,
};
use ezhifa_hq::desk::{
    access::{Holder, Role},
    supervision::{Drawn, draw},
};
use serde_json::{Value as Json, json};

use crate::{DAY, HOUR, OTHER, THIRD, common::office::part, dog, has_told, sync, told, town};

#[test]
fn what_hq_knows_better_becomes_a_review_and_its_verdict_is_on_the_phone() {
    let town = town();
    let (first, second) = (&town.street.phone, town.street.another_phone());
    // Two phones without a network waive the same first offence, the second two hours after the first.
    let mut numbers = Vec::new();
    for (phone, id) in [(first, "c-1"), (&second, "c-2")] {
        let mut met = dog(id, OTHER, true);
        met.facts.iter_mut().find(|(n, _)| *n == "minor").unwrap().1 =
            ezhifa_field::casework::law::facts::Value::Bool(false);
        met.facts.iter_mut().find(|(n, _)| *n == "harm").unwrap().1 =
            ezhifa_field::casework::law::facts::Value::Choice("slight".into());
        let (case, _) = town.meet(phone, &met);
        assert_eq!(phone.case(&case).unwrap().proposal().unwrap().decision.limb, Some(Limb::B));
        numbers.push(town.finish(phone, &case, Some("first_offence_corrected"), None));
        town.pass(2 * HOUR);
    }
    // And the two fine one act, minutes apart.
    for (phone, id) in [(first, "c-3"), (&second, "c-4")] {
        let (case, _) = town.meet(phone, &dog(id, THIRD, false));
        numbers.push(town.finish(phone, &case, None, None));
    }
    town.sync();
    sync(&second);
    town.street.hq.settle().unwrap();
    let open = |kind: &str| town.supervisor.list(&format!("reviews?kind={kind}"));
    let late = open("first_offence_hit");
    assert_eq!(
        (late.len(), &late[0]["number"], &late[0]["other"]),
        (1, &json!(numbers[1]), &json!(numbers[0]))
    );
    let pair = open("same_act");
    assert!(
        pair.iter().any(|r| r["number"] == numbers[3].as_str() && r["other"] == numbers[2].as_str()),
        "{pair:?}"
    );
    assert!(open("replay_differs").is_empty());
    sync(&second);
    assert!(
        has_told(&second, "review_opened", &numbers[1]) && has_told(&second, "review_opened", &numbers[3])
    );
    assert!(has_told(&second, "filed", &numbers[1]), "recomputed, the same");

    // A person answers, with reasons, and the crew reads them; the waiver stands as it was made.
    let path = format!("reviews/{}/close", part(late[0]["id"].as_str().unwrap()));
    assert_eq!(town.desk.status("POST", &path, &json!("维持")), 403);
    assert_eq!(town.supervisor.status("POST", &path, &json!(" ")), 400);
    let street =
        town.street.office(Holder { officer: Some("o-1".into()), ..Holder::plain(Role::Supervisor, "王") });
    assert_eq!(
        street.status("POST", &path, &json!("维持")),
        403,
        "the roster does not let this officer review"
    );
    town.supervisor.post(&path, &"离线时无从得知，维持");
    sync(&second);
    let inbox = second.from_hq().unwrap();
    let verdict = inbox.verdicts().iter().rfind(|v| v.finding == "review_closed").unwrap();
    assert!(verdict.zh.contains("离线时无从得知") && verdict.number == numbers[1]);
    assert!(open("first_offence_hit").is_empty());
    assert_eq!(town.supervisor.list("reviews?kind=first_offence_hit&all=true")[0]["closed_by"], "督察");
    assert_eq!(town.auditor.list(&format!("waivers?number={}", part(&numbers[1]))).len(), 1);

    // 集体研判 of the pair: on the agenda, decided by two, dissent kept, told to the phone.
    assert!(town.desk.list("conferences/agenda").iter().any(|i| i["case"] == "c-4"));
    let call = json!({"on": "2026-06-22", "items": [{"case": "c-4", "question": "是否同一行为"}]});
    let called = town.supervisor.post("conferences", &call);
    let decided = json!({"decision": "同一行为，撤销后一处罚", "reason": "相隔数分钟", "present": ["o-9", "o-1"], "dissent": "o-1：两处"});
    town.supervisor.post(&format!("conferences/{}/c-4", called["id"].as_str().unwrap()), &decided);
    assert_eq!(town.auditor.list("conferences")[0]["items"][0]["decision"]["dissent"], "o-1：两处");
    sync(&second);
    assert!(has_told(&second, "conference_decided", &numbers[3]));
}

#[test]
fn a_pattern_is_the_supervisors_question_and_anybody_can_draw_the_sample_again() {
    let town = town();
    let phone = &town.street.phone;
    let mut numbers = Vec::new();
    for n in 1..=3 {
        numbers.push(town.waive(&format!("w-{n}"), OTHER));
        town.pass(3 * HOUR);
    }
    town.sync();
    town.supervisor.get("alarms");
    let open = |kind: &str| town.supervisor.list(&format!("reviews?kind={kind}"));
    assert_eq!(open("party_waived_often").len(), 1, "the third waiver of one party asks");
    assert_eq!(open("officer_party_pair").len(), 2, "each of the two officers with that party");
    assert!(open("waived_without_correction").is_empty(), "each has its picture");
    assert!(town.auditor.list("patterns?kind=hasty_decision").is_empty(), "half a minute was listened");
    sync(phone);
    assert!(
        told(phone).iter().all(|(finding, _)| finding == "filed"),
        "no crew hears of a question about it"
    );

    let sample = town.supervisor.list("sample/2026-W25/2");
    let population: Vec<Drawn> =
        town.auditor.list("waivers").into_iter().map(|w| serde_json::from_value(w).unwrap()).collect();
    assert_eq!(population.len(), 3);
    let mut again: Vec<String> = draw(&population, "2026-W25", 2).into_iter().map(|d| d.number).collect();
    again.sort();
    let drawn: Vec<&str> = sample.iter().map(|s| s["number"].as_str().unwrap()).collect();
    assert_eq!(drawn, again);
    assert!(sample.iter().all(|s| s["points"] == 100 && s["failed"] == false), "案卷评查: {sample:?}");
    assert_eq!(town.desk.status("GET", "sample/2026-W25/2", &Json::Null), 403, "the supervisor draws");
}

#[test]
fn a_remedy_has_its_clock_its_file_and_keeps_the_case_and_missing_evidence_is_an_alarm() {
    let town = town();
    let phone = &town.street.phone;
    // Pictures wait for a free network: the decision is at HQ, its evidence is not.
    phone.set_network(Network::Metered);
    phone.allow_photos_on_metered(false);
    let (case, number, _) = town.fined("c-1");
    town.hand_over(phone, &case);
    phone.sync_now(&phone.transport().unwrap(), &()).unwrap();
    town.street.hq.settle().unwrap();
    let missing = || town.desk.list("alarms?kind=evidence_missing");
    assert!(missing().is_empty(), "three days are given");
    town.pass(3 * DAY + HOUR);
    assert_eq!(missing()[0]["about"], number.as_str());
    let score = town.supervisor.get("cases/c-1/score");
    assert!(score["points"].as_i64().unwrap() < 100, "{score}");
    phone.set_network(Network::Online);
    town.sync();
    assert_eq!(town.supervisor.get("cases/c-1/score")["points"], 100);

    // 复议 through the organ, on a Sunday: five working days from Monday, an alarm before they end.
    let hold = || town.desk.list(&format!("holds?number={}", part(&number))).pop();
    assert_eq!(hold().unwrap()["why"], "remedy_period");
    let appeal = town.desk.post("appeals", &number);
    assert_eq!(appeal["forward_by"], "2026-06-26", "{appeal}");
    assert!(town.desk.list("alarms?kind=appeal_due").is_empty());
    town.pass(4 * DAY);
    assert_eq!(town.desk.list("alarms?kind=appeal_due")[0]["about"], number.as_str());
    let (status, kind, zip) = town.desk.raw("GET", "cases/c-1/file?for=organ", vec![]);
    assert_eq!((status, kind.as_str()), (200, "application/zip"));
    let verdict = verify(Cursor::new(zip), &[town.street.hq.public_key()]).unwrap();
    assert!(verdict.is_whole() && verdict.trusted == Some(true), "{:?}", verdict.findings);
    town.desk.post(&format!("appeals/{}/close", part(&number)), &"已转送");
    town.pass(400 * DAY);
    assert_eq!(hold().unwrap()["why"], "remedy_runs", "nothing is purged while it runs");
    town.desk.post(&format!("appeals/{}/end", part(&number)), &"revoked");
    assert_eq!(hold().unwrap()["why"], "remedy_period", "the court may still be asked");
    town.pass(17 * DAY);
    assert_eq!(hold(), None);
    let figures = town.auditor.list("figures?branch=all").remove(0);
    assert_eq!(figures["overturned"], 1);
    // Nobody at the phone revokes or re-opens anything for it: that is the head's.
    let by = town.street.officers[0].clone();
    let own = Command::Revoke { reason: "复议".into(), by };
    assert!(phone.act(&case, &own).is_err());
}
