//! The desk from a terminal: at a running HQ over HTTPS, and on the database of one that stands still.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

fn ezhifa(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ezhifa")).args(args).output().unwrap()
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

fn json(args: &[&str]) -> Value {
    let out = ezhifa(args);
    assert!(out.status.success(), "{args:?}: {}", said(&out));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn the_same_lists_at_a_running_hq_and_on_its_database() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("hq");
    let dir = dir.to_str().unwrap();
    let token = |role: &str| {
        let out = ezhifa(&["hq", "desk", "token", "--dir", dir, "--role", role, "--name", role]);
        assert!(out.status.success(), "{}", said(&out));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    };
    let (desk, auditor) = (token("desk"), token("auditor"));
    let mut server = Command::new(env!("CARGO_BIN_EXE_ezhifa"))
        .args(["hq", "serve", "--dir", dir, "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let url = BufReader::new(server.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|l| l.strip_prefix("HQ on ").and_then(|l| l.split(';').next().map(str::to_owned)))
        .unwrap();
    assert!(url.starts_with("https://"));

    let lead = r#"{"reference":"r-1","source":"patrol","event_code":"0504","text":"店外经营","place":"样例路1号","at":{"lat_e7":230205000,"lon_e7":1137518000},"reporter":"李某"}"#;
    let refused = ezhifa(&[
        "hq", "desk", "act", "postLead", "--dir", dir, "--url", &url, "--token", &auditor, "--body", lead,
    ]);
    assert_eq!(refused.status.code(), Some(2), "an auditor changes nothing: {}", said(&refused));
    let posted = json(&[
        "hq", "desk", "act", "postLead", "--dir", dir, "--url", &url, "--token", &desk, "--body", lead,
    ]);
    let id = posted["id"].as_str().unwrap();
    let list = json(&["hq", "desk", "leads", "--dir", dir, "--url", &url, "--token", &auditor, "--json"]);
    assert_eq!(list["items"][0]["id"], id);
    let table = said(&ezhifa(&[
        "hq",
        "desk",
        "leads",
        "--dir",
        dir,
        "--url",
        &url,
        "--token",
        &auditor,
        "--where",
        "event_code=0504",
    ]));
    assert!(table.contains("样例路1号") && table.contains("1 rows") && !table.contains("李某"), "{table}");
    let none = said(&ezhifa(&[
        "hq",
        "desk",
        "leads",
        "--dir",
        dir,
        "--url",
        &url,
        "--token",
        &auditor,
        "--where",
        "event_code=0101",
    ]));
    assert!(none.contains("0 rows"), "{none}");
    let csv =
        said(&ezhifa(&["hq", "desk", "leads", "--dir", dir, "--url", &url, "--token", &auditor, "--csv"]));
    assert!(csv.contains("店外经营") && csv.contains("at.lat_e7"), "{csv}");

    // Page after page, until nothing is left.
    let more = lead.replace("r-1", "r-2");
    json(&["hq", "desk", "act", "postLead", "--dir", dir, "--url", &url, "--token", &desk, "--body", &more]);
    let pages = ["hq", "desk", "leads", "--dir", dir, "--url", &url, "--token", &auditor, "--json"];
    let every = json(&[&pages[..], &["--where", "all=true", "--limit", "1", "--all"]].concat());
    assert_eq!((every["items"].as_array().unwrap().len(), &every["next"]), (2, &Value::Null));
    let one = json(&[&pages[..], &["--where", "all=true", "--limit", "1"]].concat());
    assert!(one["items"].as_array().unwrap().len() == 1 && one["next"].is_string());

    // The operator of the machine needs no token; no second process writes into the database.
    assert_eq!(json(&["hq", "desk", "leads", "--dir", dir, "--json"])["items"][0]["id"], id);
    let stranger = ezhifa(&["hq", "desk", "leads", "--dir", dir, "--url", &url, "--token", "ezh_guess"]);
    assert_eq!(stranger.status.code(), Some(2));

    server.kill().unwrap();
    server.wait().unwrap();
    let closed = json(&["hq", "desk", "act", "closeLead", id, "--dir", dir, "--body", "\"已劝离\""]);
    assert_eq!(closed["state"], "closed");
    assert_eq!(json(&["hq", "desk", "leads", "--dir", dir, "--json"])["items"], serde_json::json!([]));
    let acts = json(&["hq", "desk", "acts", "--dir", dir, "--json", "--where", "act=closeLead"]);
    assert_eq!(
        (acts["items"][0]["about"].as_str(), acts["items"][0]["who"].as_str()),
        (Some(id), Some("本机终端"))
    );
    assert_eq!(json(&["hq", "desk", "broken-act", "--dir", dir, "--json"]), Value::Null);

    let waivers = folder.path().join("waivers.json");
    let row = |n: u32| serde_json::json!({"branch": "dc", "limb": "B", "case": format!("c-{n}"), "number": format!("第{n}号")});
    std::fs::write(
        &waivers,
        serde_json::to_vec(&serde_json::json!({"items": (0..9).map(row).collect::<Vec<_>>(), "next": null}))
            .unwrap(),
    )
    .unwrap();
    let draw = |seed: &str| {
        json(&["hq", "desk", "redraw", waivers.to_str().unwrap(), "--seed", seed, "--each", "3", "--json"])
    };
    assert_eq!(draw("2026-W39").as_array().unwrap().len(), 3);
    assert_eq!(draw("2026-W39"), draw("2026-W39"));
    assert_ne!(draw("2026-W39"), draw("2026-W40"));
    let routes = said(&ezhifa(&["hq", "desk", "routes"]));
    assert!(routes.contains("deferrals") && routes.contains("[desk, supervisor]"));
}
