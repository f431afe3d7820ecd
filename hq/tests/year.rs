//! The seed's year through the real API in one run, and a thousand leads a minute to a crew's phone. A few
//! thousand in CI; `EZHIFA_NIGHTLY=1` plays the whole year (390,000 reports and 130,000 video leads) and a
//! whole minute. Seed fixed; rates are printed, losses fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ezhifa_hq::desk::{
    access::{Holder, Role},
    geo::Point,
};
use serde_json::{Value as Json, json};
use support::{House, Office, Phone, house};

const YEAR_MS: u64 = 365 * 24 * 3_600_000;
const SEED: u64 = 20_240_426;

fn nightly() -> bool {
    std::env::var("EZHIFA_NIGHTLY").is_ok()
}

/// splitmix64: the same year every time.
fn random(n: u64) -> u64 {
    let mut z = SEED.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A city of 36 branches, each three hundredths of a degree wide.
fn city(house: &House) {
    for branch in 0..36_i64 {
        let (row, column) = (branch / 6, branch % 6);
        let corner = |r: i64, c: i64| Point {
            lat_e7: 229_000_000 + (row + r) * 300_000,
            lon_e7: 1_136_000_000 + (column + c) * 300_000,
        };
        let name = if branch == 0 { "dongcheng".to_owned() } else { format!("b-{branch:02}") };
        house
            .hq
            .set_branch_area(&name, vec![corner(0, 0), corner(0, 1), corner(1, 1), corner(1, 0)])
            .unwrap();
    }
}

/// The n-th lead of the year. Some places are hot: one in eight is told of again from ten metres away.
fn lead(n: u64, video: bool) -> Json {
    const CODES: [&str; 8] = ["0501", "0504", "0506", "0104", "0201", "0507", "0508", "0511"];
    let told = if n % 8 == 7 { n - 1 } else { n };
    let r = random(told);
    let offset = i64::from(n % 8 == 7) * 900;
    json!({"reference": format!("{}-{n}", if video { "v" } else { "r" }), "source": if video { "video_lead" } else { "citizen_report" },
        "event_code": CODES[usize::try_from(r % 8).unwrap()], "text": "市民反映占道经营影响通行", "place": format!("样例路{}号", r % 900),
        "at": {"lat_e7": 229_000_000 + i64::try_from((r >> 8) % 1_790_000).unwrap() + offset, "lon_e7": 1_136_000_000 + i64::try_from((r >> 32) % 1_799_000).unwrap()}})
}

/// The same token from a connection of its own.
fn again(office: &Office) -> Office {
    Office { agent: support::agent(None), ..office.clone() }
}

#[test]
fn the_seeds_year_of_leads_loses_none() {
    let (reports, videos) = if nightly() { (390_000_u64, 130_000_u64) } else { (1_500, 500) };
    let house = house(false);
    city(&house);
    let mut phone = Phone::enrolled(&house, 1);
    let citizens = house.office(Holder::plain(Role::LeadSource, "一键找城管"));
    let camera = house.office(Holder::plain(Role::LeadSource, "视频平台"));
    let person = house.office(Holder::plain(Role::Supervisor, "审核员"));
    let all = reports + videos;
    // A short run is a short stretch of the same year: as many leads a day.
    let span_ms = YEAR_MS * all / 520_000;
    let (next, joined, busy) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let begins = house.now.load(Ordering::SeqCst);
    let lost: Mutex<Vec<String>> = Mutex::default();
    let began = Instant::now();
    std::thread::scope(|threads| {
        for _ in 0..12 {
            let (citizens, camera, person) = (again(&citizens), again(&camera), again(&person));
            let (next, joined, busy, lost, house) = (&next, &joined, &busy, &lost, &house);
            threads.spawn(move || {
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    if n >= all {
                        return;
                    }
                    // Every fourth is a camera's; the clock goes through the year with them.
                    let video = n % 4 == 3 && n / 4 < videos;
                    let at = begins + i64::try_from(span_ms * n / all).unwrap();
                    house.now.fetch_max(at, Ordering::SeqCst);
                    let body = serde_json::to_vec(&lead(n, video)).unwrap();
                    let send = |office: &Office, path: &str, body: &[u8]| loop {
                        let (status, _, answer) = office.raw("POST", path, body.to_vec());
                        match status {
                            200 => return Some(serde_json::from_slice::<Json>(&answer).unwrap()),
                            // HQ says when it is full; who asked comes again.
                            429 => {
                                busy.fetch_add(1, Ordering::SeqCst);
                                std::thread::sleep(Duration::from_millis(20));
                            }
                            _ => {
                                lost.lock().unwrap().push(format!("{path} {status}"));
                                return None;
                            }
                        }
                    };
                    let mut kept = send(if video { &camera } else { &citizens }, "leads", &body);
                    if let (true, Some(waits)) = (video, &kept) {
                        assert_eq!(waits["state"], "awaits_audit");
                        let path = format!("leads/{}/audit", waits["id"].as_str().unwrap());
                        kept = send(&person, &path, b"null");
                    }
                    if kept.is_some_and(|k| k["state"] == "joined") {
                        joined.fetch_add(1, Ordering::SeqCst);
                    }
                    if n > 0 && n % 50_000 == 0 {
                        println!("{n} leads in {:.0} s", began.elapsed().as_secs_f64());
                    }
                }
            });
        }
    });
    let took = began.elapsed().as_secs_f64();
    assert_eq!(lost.into_inner().unwrap(), Vec::<String>::new());

    // What HQ holds, through the API, page by page.
    let auditor = house.office(Holder::plain(Role::Auditor, "审计"));
    let (mut held, mut branch, mut after) = (BTreeSet::new(), 0_u64, String::new());
    loop {
        let page = auditor.get(&format!("leads?all=true&limit=1000&after={after}"));
        for item in page["items"].as_array().unwrap() {
            assert!(held.insert(item["reference"].as_str().unwrap().to_owned()), "twice: {item}");
            branch += u64::from(item["branch"] == "dongcheng" && item["state"] == "sent");
        }
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    let missing =
        (0..all).filter(|n| !held.contains(&format!("r-{n}")) && !held.contains(&format!("v-{n}"))).count();
    println!(
        "{reports} citizen reports and {videos} video leads in {took:.1} s: {:.0} leads/s ({:.0} requests/s), {} joined, {} waits, loss {missing}",
        f64::from(u32::try_from(all).unwrap()) / took,
        f64::from(u32::try_from(all + videos).unwrap()) / took,
        joined.load(Ordering::SeqCst),
        busy.load(Ordering::SeqCst)
    );
    assert_eq!((missing, held.len() as u64), (0, all));
    assert!(joined.load(Ordering::SeqCst) > 0, "neighbours were joined");

    // And a phone of one branch that was offline all the year is told each of its open leads once.
    phone.at_ms = house.hq.now_ms();
    let (mut told, mut pos, mut incarnation) = (BTreeMap::<String, u64>::new(), 0, String::new());
    let began = Instant::now();
    loop {
        let page = phone.feed(&incarnation, pos);
        for item in page.items.iter().filter(|i| i.kind == "lead") {
            *told.entry(item.key.clone()).or_default() += 1;
        }
        (pos, incarnation) = (page.next, page.incarnation);
        if !page.more {
            break;
        }
    }
    println!(
        "a phone's first page after the year: {} leads in {:.1} s",
        told.len(),
        began.elapsed().as_secs_f64()
    );
    assert_eq!((told.len() as u64, told.values().all(|n| *n == 1)), (branch, true));
}

#[test]
fn a_thousand_leads_a_minute_reach_the_crews_phone() {
    let seconds = if nightly() { 60 } else { 6 };
    let house = house(false);
    city(&house);
    let source = house.office(Holder::plain(Role::LeadSource, "一键找城管"));
    let phone = Phone::enrolled(&house, 1);
    let count = seconds * 1000 / 60;
    let posted: Mutex<BTreeMap<String, Instant>> = Mutex::default();
    let done = AtomicBool::new(false);
    let waits = std::thread::scope(|threads| {
        let (posted, done, phone) = (&posted, &done, &phone);
        let reader = threads.spawn(move || {
            // The app asks again as soon as it has its answer, five times a second at most.
            let (mut seen, mut pos, mut incarnation) = (BTreeMap::new(), 0, String::new());
            loop {
                let last = done.load(Ordering::SeqCst);
                let page = phone.feed(&incarnation, pos);
                let now = Instant::now();
                for item in page.items.iter().filter(|i| i.kind == "lead") {
                    seen.entry(item.body["text"].as_str().unwrap().to_owned()).or_insert(now);
                }
                (pos, incarnation) = (page.next, page.incarnation);
                if last && !page.more {
                    return seen;
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        let began = Instant::now();
        for n in 0..count {
            let due = Duration::from_millis(n * 60);
            std::thread::sleep(due.saturating_sub(began.elapsed()));
            let mut lead = lead(n * 8, false);
            let text = format!("第{n}条");
            lead["text"] = text.clone().into();
            lead["at"] = json!({"lat_e7": 229_001_000 + i64::try_from(n).unwrap() * 250, "lon_e7": 1_136_001_000 + i64::try_from(n % 90).unwrap() * 3_300});
            posted.lock().unwrap().insert(text, Instant::now());
            let kept = source.post("leads", &lead);
            assert_eq!(
                (kept["branch"].as_str(), kept["state"].as_str()),
                (Some("dongcheng"), Some("sent")),
                "{kept}"
            );
        }
        done.store(true, Ordering::SeqCst);
        let seen = reader.join().unwrap();
        let posted = posted.lock().unwrap();
        assert_eq!(seen.len(), posted.len(), "every lead reaches the phone");
        let mut waits: Vec<Duration> =
            posted.iter().map(|(text, at)| seen[text].saturating_duration_since(*at)).collect();
        waits.sort();
        waits
    });
    let at = |permille: usize| waits[(waits.len() - 1) * permille / 1000];
    println!(
        "{count} leads at 1,000 a minute, POST to phone: median {:?}, 99 % {:?}, longest {:?}",
        at(500),
        at(990),
        at(1000)
    );
    assert!(at(1000) < Duration::from_secs(60), "the seed's one minute");
}
