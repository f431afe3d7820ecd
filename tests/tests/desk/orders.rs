//! 责令改正: on every phone of the branch until somebody has seen it corrected.

use chrono::TimeDelta;
use ezhifa_field::casework::{command::Command, event::Stage, law::terms::Outcome};
use serde_json::json;

use crate::{BRANCH, DAY, HOUR, OTHER, dog, laundry, sync, told, town, words};

#[test]
fn an_order_is_on_the_branchs_phones_reminded_handed_over_and_gone_when_it_was_seen_corrected() {
    let town = town();
    let (first, second) = (&town.street.phone, town.street.another_phone());
    let due = town.now() + TimeDelta::days(3);
    let mut made = Vec::new();
    for (id, lat_e7) in [("c-far", 230_400_000), ("c-near", 230_208_000)] {
        let (case, outcome) = town.meet(first, &laundry(id, lat_e7));
        assert_eq!(outcome, Outcome::Order);
        made.push((case.clone(), town.finish(first, &case, None, Some(due))));
        town.pass(60_000);
    }
    let [(far_case, far), (near_case, near)] = &made[..] else { panic!() };
    town.sync();
    assert!(
        town.street.phone.deadlines(near_case).unwrap().iter().any(|d| format!("{:?}", d.task) == "Recheck")
    );

    // The other crew has both, nearest first, with the due time; so has the desk.
    sync(&second);
    let inbox = second.from_hq().unwrap();
    let here = (230_207_000, 1_137_518_000);
    let on_phone: Vec<_> = inbox.orders_near(here).iter().map(|o| (o.number.as_str(), o.due_ms)).collect();
    let due_ms = crate::common::ms(due);
    assert_eq!(on_phone, [(near.as_str(), due_ms), (far.as_str(), due_ms)]);
    let at_desk = town.desk.list("orders?lat_e7=230207000&lon_e7=1137518000&state=open");
    assert_eq!((&at_desk[0]["number"], at_desk[0]["metres"].as_i64()), (&json!(near), Some(11)));
    assert_eq!(at_desk[1]["number"], far.as_str());

    // 温馨提示 a day before, once, to every phone of the branch.
    town.pass(2 * DAY + HOUR);
    assert_eq!(town.desk.list("orders?state=due_soon").len(), 2);
    for _ in 0..2 {
        town.desk.get("alarms");
        sync(&second);
    }
    let reminders = words(&second);
    assert_eq!(reminders.iter().filter(|w| w.starts_with("温馨提示")).count(), 2, "{reminders:?}");
    assert!(reminders.iter().any(|w| w.contains(near.as_str())));

    // The shift ends: what is left stands on a list that the next crew reads on its phone and takes.
    let over = json!({"branch": BRANCH, "from": "甲组", "to": "乙组", "note": "先看护栏"});
    let over = town.desk.post("handovers", &over);
    assert_eq!(over["orders"].as_array().unwrap().len(), 2);
    sync(&second);
    assert!(words(&second).iter().any(|w| w.starts_with("交接班") && w.contains("先看护栏")));
    let accept = format!("handovers/{}/accept", over["id"].as_str().unwrap());
    assert_eq!(town.desk.post(&accept, &"乙组")["accepted"][0], "乙组");

    // Looked at when due: one is corrected and leaves every phone, the other is not and says so.
    town.pass(DAY);
    for (case, corrected, stage) in [(near_case, true, Stage::Corrected), (far_case, false, Stage::Fact)] {
        let evidence = vec![town.photo(first, case, stage)];
        town.act(first, case, Command::Recheck { corrected, evidence });
    }
    town.sync();
    assert_eq!(town.desk.list("orders?state=closed")[0]["number"], near.as_str());
    assert_eq!(town.desk.list("orders?state=not_corrected")[0]["number"], far.as_str());
    sync(&second);
    let left = second.open_orders().unwrap();
    assert_eq!(left.iter().map(|o| o.number.as_str()).collect::<Vec<_>>(), [far.as_str()]);
    assert!(left[0].rechecked.is_some_and(|r| !r.corrected));
    // Met again by the other crew, by identity: the order that was not followed is found on their phone.
    let (again, _) = town.meet(&second, &dog("c-again", OTHER, false));
    assert_eq!(second.orders_of(&again).unwrap()[0].number, *far);
    assert!(told(first).iter().all(|(finding, _)| finding != "replay_differs"));
}
