//! 运行: who may ask, what is written down, and what the monitoring sees, with a real case behind it.

use serde_json::{Value as Json, json};

use crate::{common::ID, town};

#[test]
fn each_role_opens_its_own_doors_and_every_read_of_a_person_is_written_down() {
    let town = town();
    let (case, number, _) = town.fined("c-1");
    town.hand_over(&town.street.phone, &case);
    town.sync();
    for (path, may) in [("cases", false), ("fines", false), ("payables", true), ("figures", false)] {
        assert_eq!(town.finance.status("GET", path, &Json::Null) == 200, may, "{path}");
        assert_eq!(town.citizens.status("GET", path, &Json::Null), 403, "{path}");
    }
    for list in ["cases", "fines", "payables", "orders", "reviews", "figures", "holds", "alarms"] {
        let shown = town.auditor.get(list).to_string();
        assert!(!shown.contains(ID) && !shown.contains("张三"), "{list} names nobody");
    }
    assert_eq!(town.auditor.list("reads"), [Json::Null; 0]);
    // The record names the party, and whoever reads it stands in the log before it is shown.
    assert!(town.auditor.get("cases/c-1/events").to_string().contains("张三"));
    town.desk.post("lookups", &json!({"id_number": ID, "on": "2026-06-18"}));
    town.supervisor.raw("GET", "cases/c-1/file?for=court", vec![]);
    let reads: Vec<(String, String)> = town
        .auditor
        .list("reads")
        .iter()
        .map(|r| (r["who"].as_str().unwrap().to_owned(), r["act"].as_str().unwrap().to_owned()))
        .collect();
    // Who searched, what was found; the file is asked for, and opened.
    let wanted = [
        ("审计", "readCase"),
        ("值班台", "readByIdentity"),
        ("值班台", "readFound"),
        ("督察", "readFile"),
        ("督察", "readCase"),
    ];
    assert_eq!(reads, wanted.map(|(w, a)| (w.to_owned(), a.to_owned())));
    assert!(!town.auditor.get("acts?limit=1000").to_string().contains(ID), "digests, nobody's data");
    assert_eq!(town.auditor.get("acts/broken"), Json::Null);

    // Every number that the phone was lent is accounted for, and the monitoring names nobody.
    let ledger = town.auditor.get("ledger").to_string();
    assert!(ledger.contains("penalty"), "{ledger}");
    let metrics = town.street.hq.metrics().unwrap();
    assert!(metrics.contains("\nezhifa_decisions_replayed_total 1\n"), "{metrics}");
    assert!(metrics.contains("\nezhifa_replay_mismatches_total 0\n"));
    assert!(!metrics.contains(&number) && !metrics.contains(ID));
}
