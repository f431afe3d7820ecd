//! HQ's log of a whole day, read by somebody who looks for people in it. The day runs in a process of its own
//! (this test, started again), because the log is what a real server writes: lines on stderr.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command as Process,
};

use common::{BRANCH, ID, PINS, Street, stall};
use ezhifa_field::casework::{
    command::Command,
    event::ServiceWay,
    people::{SignerRole, Signing, SigningAct},
};
use ezhifa_hq::{desk::access::Role, operator::Serving, serve};

/// Set for the process that lives the day: where it writes down what must not be found.
const DAY: &str = "EZHIFA_LOG_DAY";

/// A request as anybody may write one.
fn raw(address: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
    let mut line = TcpStream::connect(address).unwrap();
    write!(
        line,
        "{method} {path} HTTP/1.1\r\nHost: hq\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    answer
}

/// Enrolment, a fine, its service, evidence, the public page, the desk, the operator, a phone lost; and people
/// who write names, numbers and secrets where they do not belong.
fn live_the_day(secrets: &str) {
    let street = Street::logged();
    let phone = &street.phone;
    let case = stall(&street, "c-1");
    phone.propose(&case, None).unwrap();
    street.hear(&case);
    let number = phone.decide(&case, None, None, &street.both(&case)).unwrap().number;
    let slip = phone.issue(&case).unwrap();
    let signing = Signing {
        role: SignerRole::Party,
        act: SigningAct::Ink,
        name: Default::default(),
        reason: Default::default(),
        evidence: None,
    };
    let _ = phone.act(&case, &Command::Serve { how: ServiceWay::HandedOver, signing });
    assert!(street.sync().done);
    street.hq.settle().unwrap();
    street.hq.rotate_key().unwrap();
    street.sync();

    // The same HQ on a plain port, for those who write requests by hand.
    let server = serve(street.hq.clone(), ([127, 0, 0, 1], 0).into(), false).unwrap();
    let address = server.url.strip_prefix("http://").unwrap();
    street.hq.open_door(&server.url).unwrap();
    let folder = street.folder.path().join("hq");
    let operator = Serving::read(&folder).unwrap().unwrap().token;
    let desk = street.hq.new_token(Role::Desk, "desk").unwrap();
    let code = slip.code.rsplit('/').next().unwrap().to_owned();
    let mut answered = String::new();
    for (method, path, headers, body) in [
        ("GET", format!("/V/{code}"), String::new(), ""),
        ("GET", format!("/V/{ID}"), String::new(), ""),
        ("GET", format!("/people/{ID}?name=%E5%BC%A0%E4%B8%89"), String::new(), ""),
        (ID, "/v1/hello".to_owned(), String::new(), ""),
        ("GET", "/v1/desk/cases/c-1/events".to_owned(), format!("Authorization: Bearer {desk}\r\n"), ""),
        ("GET", format!("/v1/desk/leads/{ID}?q={ID}"), format!("Authorization: Bearer {desk}\r\n"), ""),
        (
            "POST",
            "/v1/desk/leads".to_owned(),
            format!("Authorization: Bearer {desk}\r\n"),
            "{\"name\": \"张三\"",
        ),
        ("GET", "/v1/desk/devices".to_owned(), format!("Authorization: Bearer {ID}\r\n"), ""),
        ("POST", "/v1/operator".to_owned(), format!("Authorization: Bearer {operator}\r\n"), "{\"张三\": 1}"),
        ("POST", "/v1/push".to_owned(), format!("Ezhifa-Sign: {ID}\r\n"), "{\"name\": \"张三\"}"),
        ("POST", "/v1/enrol".to_owned(), format!("Ezhifa-Sign: v1 d {ID}\r\n"), "张三"),
    ] {
        answered += &raw(address, method, &path, &headers, body);
    }
    assert!(
        answered.contains("200 OK") && answered.contains("张三"),
        "the desk's reader does see the person"
    );
    let device = phone.identity().unwrap().enrolled.device.0;
    street.hq.withdraw_device(&device, Some(1), true, true).unwrap();
    street.sync();
    let ticket = street.hq.ticket(&server.url, BRANCH).unwrap();

    let mut planted: Vec<String> =
        ["张三", ID, "11010519491231", "302房", "马上收", "王建国", "李梅", "19S00123", "摆设摊点"]
            .map(str::to_owned)
            .to_vec();
    planted.extend(PINS.map(str::to_owned));
    planted.extend(["09".repeat(32), "03".repeat(32), operator, desk, code, number, ticket.code]);
    for file in ["hq.key", "escrow.key"] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        planted.extend(text.split_whitespace().filter(|w| w.len() >= 32).map(str::to_owned));
    }
    std::fs::write(secrets, planted.join("\n")).unwrap();
}

#[test]
fn a_whole_day_of_hqs_log_names_nobody_and_no_secret() {
    if let Ok(secrets) = std::env::var(DAY) {
        return live_the_day(&secrets);
    }
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("planted");
    let day = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_whole_day_of_hqs_log_names_nobody_and_no_secret", "--nocapture"])
        .env(DAY, &secrets)
        .output()
        .unwrap();
    let log = String::from_utf8(day.stderr).unwrap();
    assert!(day.status.success(), "{log}\n{}", String::from_utf8_lossy(&day.stdout));

    let lines: Vec<serde_json::Value> =
        log.lines().filter(|l| l.starts_with('{')).map(|l| serde_json::from_str(l).unwrap()).collect();
    let routes =
        |route: &str| lines.iter().filter(|l| l["event"] == "request" && l["route"] == route).count();
    for route in ["/v1/enrol", "/v1/hello", "/v1/push", "/v1/feed", "/v1/lease", "/v1/blobs/", "/V/", "other"]
    {
        assert!(routes(route) > 0, "the day must have {route}:\n{log}");
    }
    assert!(routes("cases/{id}/events") == 1 && lines.iter().any(|l| l["event"] == "enrolled"), "{log}");
    let planted = std::fs::read_to_string(&secrets).unwrap();
    assert!(planted.lines().count() > 18);
    for secret in planted.lines() {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
