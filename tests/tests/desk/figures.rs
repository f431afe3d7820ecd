//! 统计: one evening of the real phone, counted by place, outcome and time and never by officer.

use ezhifa_field::casework::{
    command::Command,
    event::{CaseId, Source},
};
use serde_json::json;

use crate::{OTHER, THIRD, dog, laundry, lead, place, town};

#[test]
fn an_evening_is_counted_as_it_was_and_nobody_is_in_it() {
    let town = town();
    let phone = &town.street.phone;
    town.ground();
    let report = town.citizens.post("leads", &lead("r-1", 230_207_500))["id"].as_str().unwrap().to_owned();
    let answered = town.citizens.post("leads", &lead("r-2", 230_300_000))["id"].as_str().unwrap().to_owned();
    town.desk.post(&format!("leads/{answered}/close"), &"已清理");
    let source = Source::CitizenReport { lead: report };
    let advised = phone.open_case_as(&CaseId("a-1".into()), source, place(230_207_500), false, None).unwrap();
    town.act(phone, &advised, Command::Advise { text: "请收回摊位".into() });
    town.waive("w-1", OTHER);
    town.sync();
    town.pass(crate::DAY);
    town.waive("w-2", OTHER);
    let (case, _) = town.meet(phone, &dog("f-1", THIRD, false));
    let fine = town.finish(phone, &case, None, None);
    let (case, _) = town.meet(phone, &laundry("o-1", 230_400_000));
    let due = town.now() + chrono::TimeDelta::days(3);
    town.finish(phone, &case, None, Some(due));
    // A practice case is in no figure.
    phone.open_case_as(&CaseId("d-1".into()), Source::Patrol, place(230_207_500), true, None).unwrap();
    town.sync();

    let all = town.auditor.list("figures?branch=all").remove(0);
    assert_eq!(all["by_outcome"], json!({"fine": 1, "no_penalty": 2, "order": 1}));
    assert_eq!(all["by_limb"], json!({"A": 2}));
    assert_eq!(all["by_offence"], json!({"dog-waste": 3, "laundry": 1}));
    assert_eq!(all["by_source"], json!({"citizen_report": 1, "patrol": 4}));
    assert_eq!(all["contacts"], json!({"service": 2, "management": 3, "enforcement": 1}), "721");
    assert_eq!((&all["cases"], &all["decisions"], &all["advised"]), (&json!(5), &json!(4), &json!(1)));
    assert_eq!(all["completeness_permille"], 1000, "every picture is at HQ");
    assert_eq!(all["correction_permille"], 666, "two waivers corrected, the order not yet");
    assert_eq!((&all["repeat_after_waiver"], &all["overturned"]), (&json!(1), &json!(0)));
    // Each of the four took as long as its steps: five seconds a command.
    let seconds = all["median_open_to_served_s"].as_i64().unwrap();
    assert!((60..300).contains(&seconds), "{seconds}");
    assert_eq!(all["median_notice_to_decision_s"], 45, "thirty seconds of listening and three steps");
    let first_day = town.auditor.list("figures?branch=all&to=2026-06-18").remove(0);
    assert_eq!((&first_day["cases"], &first_day["by_limb"]), (&json!(2), &json!({"A": 1})));
    let hot = town.auditor.list("hot");
    assert_eq!(
        (hot.len(), hot[0]["week"].as_str(), hot[0]["branch"].as_str()),
        (2, Some("2026-W25"), Some("DC"))
    );

    // As a table, as a picture, and in no form with an officer or an amount (处罚法 74).
    let (_, kind, csv) = town.auditor.raw("GET", "figures?format=csv", vec![]);
    let csv = String::from_utf8(csv).unwrap();
    assert!(
        kind.starts_with("text/csv") && csv.contains("by_outcome.fine") && csv.lines().count() == 3,
        "{csv}"
    );
    let (_, _, svg) = town.auditor.raw("GET", "figures/offence.svg", vec![]);
    let svg = String::from_utf8(svg).unwrap();
    assert!(svg.contains("携犬外出未立即清除犬只粪便"), "{svg}");
    let shown = csv + &svg + &town.auditor.get("figures").to_string() + &town.auditor.get("hot").to_string();
    for word in ["o-1\"", "o-2\"", "王建国", "李梅", "19S00123", "_fen", fine.as_str()] {
        assert!(!shown.contains(word), "{word}");
    }
}
