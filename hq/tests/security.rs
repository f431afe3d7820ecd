//! What docs/security.md says is defended, each line shown over HTTP with a plain client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::{net::SocketAddr, sync::atomic::Ordering};

use ezhifa_hq::{
    Hq, HqError,
    desk::access::Role,
    operator::{Order, PATH, Serving},
    serve,
};
use ezhifa_wire::{
    ProblemCode,
    auth::Auth,
    blob, domains,
    enrol::Ticket,
    feed::{FeedBody, FeedPage},
    pack, paths,
    push::Push,
    seal::hash::sha256,
};
use support::{House, Phone, code, config, house};

fn packed() -> [(&'static str, String); 1] {
    [(pack::HEADER, pack::ENCODING.to_owned())]
}

/// The same folder and database, opened again, as after a crash of the process.
fn restarted(house: House) -> House {
    let House { hq, server, now, dir } = house;
    let again = hq.config().clone();
    server.stop();
    drop(hq);
    let hq = Hq::open(again).unwrap();
    let server = serve(hq.clone(), SocketAddr::from(([127, 0, 0, 1], 0)), false).unwrap();
    House { hq, server, now, dir }
}

#[test]
fn a_packed_push_counts_and_is_a_fraction_of_the_bytes() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    for n in 0..40 {
        phone.write("note", &format!("{{\"n\":{n},\"text\":\"{}\"}}", "占道经营".repeat(20)));
    }
    let push = Push::new(phone.journal.clone(), phone.head.clone(), &phone.key).unwrap();
    let plain = serde_json::to_vec(&push).unwrap();
    let small = pack::pack(&plain).unwrap();
    assert!(small.len() * 4 < plain.len(), "{} of {}", small.len(), plain.len());
    let receipt = phone.receipt(&phone.ask("POST", paths::PUSH, &packed(), &small));
    assert_eq!((receipt.seq, receipt.hash), (40, phone.head.hash));
    // The feed comes packed to those who ask for it, signed inside.
    house.hq.suspend_offence("stall", &"试行中止".repeat(200), true).unwrap();
    let path = format!("{}?incarnation=&pos=0&max_bytes=100000", paths::FEED);
    let answer = phone.ask("GET", &path, &[(pack::ACCEPT, "br, gzip".into())], b"");
    assert_eq!(answer.headers.get(pack::HEADER).unwrap(), pack::ENCODING);
    let doc: ezhifa_wire::seal::sign::Signed =
        serde_json::from_slice(&pack::unpack(&answer.body, 1 << 20).unwrap()).unwrap();
    let page: FeedPage = doc.open(domains::FEED, &phone.hq_key).unwrap();
    assert_eq!(page.items.len(), 1);
}

#[test]
fn a_bomb_is_refused_and_a_strangers_bomb_is_not_even_opened() {
    let house = house(false);
    let phone = Phone::enrolled(&house, 1);
    let bomb = pack::pack(&vec![b' '; 200 << 20]).unwrap();
    assert!(bomb.len() < 1 << 20);
    for path in [paths::PUSH, paths::HELLO, paths::LEASE] {
        let small =
            if path == paths::PUSH { bomb.clone() } else { pack::pack(&vec![b' '; 1 << 20]).unwrap() };
        assert_eq!(code(&phone.ask("POST", path, &packed(), &small)), ProblemCode::TooLarge, "{path}");
    }
    let mut thief = Phone::enrolled(&house, 2);
    thief.device = phone.device.clone();
    assert_eq!(code(&thief.ask("POST", paths::PUSH, &packed(), &bomb)), ProblemCode::Denied);
    let half = &bomb[..bomb.len() / 2];
    assert_eq!(code(&phone.ask("POST", paths::LEASE, &packed(), half)), ProblemCode::TooLarge);
    assert_eq!(code(&phone.ask("POST", paths::LEASE, &packed(), b"{}")), ProblemCode::Malformed);
    let other = [(pack::HEADER, "br".to_owned())];
    assert_eq!(code(&phone.ask("POST", paths::LEASE, &other, b"{}")), ProblemCode::Malformed);
    assert_eq!(house.hq.replay_report().unwrap().entries, 0);
}

#[test]
fn a_request_from_before_a_restart_is_not_good_after_it() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    let path = format!("{}?incarnation=&pos=0&max_bytes=1000", paths::FEED);
    let sign = |phone: &Phone, nonce: &str| {
        let (key, device) = (&phone.key, &phone.device);
        Auth::sign(key, "GET", &path, device, phone.head.epoch, phone.at_ms, nonce, b"").unwrap().header()
    };
    let caught = sign(&phone, "a-nonce-that-was-caught");
    assert_eq!(phone.send("GET", &path, &caught, &[], b"").status, 200);
    let house = restarted(house);
    phone.url = house.server.url.clone();
    house.now.fetch_add(1_000, Ordering::SeqCst);
    let replayed = phone.send("GET", &path, &caught, &[], b"");
    assert_eq!(
        code(&replayed),
        ProblemCode::Clock,
        "HQ no longer knows the nonce, but it knows its own start"
    );
    // The refusal names a time with which the phone gets through, once.
    phone.at_ms = replayed.problem().server_ms;
    let again = sign(&phone, "another-nonce-of-the-phone");
    assert_eq!(phone.send("GET", &path, &again, &[], b"").status, 200);
    assert_eq!(code(&phone.send("GET", &path, &again, &[], b"")), ProblemCode::Replayed);
    // A time that is ahead would be good after the next restart too: it is not taken.
    phone.at_ms = house.hq.now_ms() + 60_000;
    assert_eq!(code(&phone.ask("GET", &path, &[], b"")), ProblemCode::Clock);
}

#[test]
fn a_stranger_who_knows_a_phones_name_does_not_use_up_its_requests() {
    let dir = tempfile::tempdir().unwrap();
    let now = std::sync::Arc::default();
    let mut config = config(dir.path(), &now);
    config.device_rate = 1;
    now.store(support::EVENING, Ordering::SeqCst);
    let hq = Hq::open(config).unwrap();
    let server = serve(hq.clone(), SocketAddr::from(([127, 0, 0, 1], 0)), false).unwrap();
    let ticket = hq.ticket(&server.url, "dongcheng").unwrap();
    let mut phone = Phone::new(&ticket, 1);
    let answer = phone.enrol(&ticket.code);
    phone.take(&answer);
    let mut thief = Phone::new(&ticket, 2);
    thief.device = phone.device.clone();
    let path = format!("{}?incarnation=&pos=0&max_bytes=1000", paths::FEED);
    let forged = |n: u32| ezhifa_hq::Request {
        method: "GET".into(),
        path: path.clone(),
        headers: [("ezhifa-sign".to_owned(), thief.header("GET", &path, b""))].into(),
        body: Vec::new(),
        peer: format!("198.51.100.{}", n % 2),
    };
    let refused = (0..40).filter(|n| hq.answer(&forged(*n)).status == 429).count();
    assert_eq!(refused, 20, "ten at once from each address, then it waits");
    assert_eq!(phone.ask("GET", &path, &[], b"").status, 200, "the phone itself does not");
}

#[test]
fn a_new_signing_key_reaches_phones_that_were_away() {
    let house = house(false);
    let mut at_work = Phone::enrolled(&house, 1);
    let mut away = Phone::enrolled(&house, 2);
    let ticket =
        Ticket::parse(&house.hq.ticket(&house.server.url, "dongcheng").unwrap().text().unwrap()).unwrap();
    let first = at_work.feed("", 0);
    let old = house.hq.public_key();
    let id = house.hq.rotate_key().unwrap();
    assert_ne!(old.id(), id);

    // Told with the old key, from then on signed with the new one.
    let page = at_work.feed(&first.incarnation, first.next);
    let FeedBody::HqKeys(told) = page.items[0].read().unwrap() else { panic!("{:?}", page.items) };
    assert_eq!(told.keys[0].id(), id);
    at_work.hq_key = told.keys[0].clone();
    assert!(at_work.feed(&page.incarnation, page.next).items.is_empty());
    at_work.write("note", "{}");
    assert_eq!(at_work.receipt(&at_work.push(0)).seq, 1);

    // Who was away still understands, also after HQ was restarted.
    let house = restarted(house);
    house.now.fetch_add(10_000, Ordering::SeqCst);
    for phone in [&mut at_work, &mut away] {
        phone.url = house.server.url.clone();
        phone.at_ms += 10_000;
    }
    assert_eq!(house.hq.key_states().unwrap().iter().map(|k| k.phones).collect::<Vec<_>>(), [1, 1]);
    assert!(house.hq.retire_old_keys(false).is_err(), "a phone would be cut off");
    away.write("note", "{}");
    assert_eq!(away.receipt(&away.push(0)).seq, 1, "signed with the key it knows");
    let page = away.feed("", 0);
    away.hq_key = house.hq.public_key();
    assert!(away.feed(&page.incarnation, page.next).items.is_empty());

    // A ticket from before the change still enrols, and the new phone learns both.
    let mut late = Phone::new(&ticket, 3);
    late.url = house.server.url.clone();
    late.at_ms = house.hq.now_ms();
    let answer = late.enrol(&ticket.code);
    late.take(&answer);
    assert_eq!(late.enrolled.as_ref().unwrap().hq_keys[0].id(), id);
    house.hq.retire_old_keys(false).unwrap();
    assert_eq!(house.hq.key_states().unwrap().len(), 1);
}

#[test]
fn a_withdrawn_phone_with_something_to_hand_in_or_to_hear_keeps_its_key_alive() {
    let house = house(false);
    let (plain, stolen, full) =
        (Phone::enrolled(&house, 1), Phone::enrolled(&house, 2), Phone::enrolled(&house, 3));
    full.hello_with(ezhifa_wire::hello::Unsynced { entries: 3, ..Default::default() });
    house.hq.rotate_key().unwrap();
    house.hq.withdraw_device(&plain.device.0, None, false, false).unwrap();
    let old_is_for = || house.hq.key_states().unwrap()[0].phones;
    house.hq.withdraw_device(&stolen.device.0, Some(support::EVENING), true, false).unwrap();
    house.hq.withdraw_device(&full.device.0, None, false, false).unwrap();
    assert_eq!(old_is_for(), 2, "a withdrawn phone that owes nothing needs no key");
    assert!(house.hq.retire_old_keys(false).is_err(), "one would never hear of its wipe order");
    assert!(stolen.hello().wipe.is_some());
    full.hello();
    assert_eq!(old_is_for(), 1, "it has handed in everything");
    house.hq.retire_old_keys(true).unwrap();
    assert_eq!(house.hq.key_states().unwrap().len(), 1);
}

#[test]
fn behind_a_gateway_each_citizen_has_a_limit_of_their_own_and_reads_a_page() {
    let gateway = "127.0.0.1".parse().unwrap();
    let house = support::house_with(false, |c| {
        c.public_rate = 1;
        c.trusted_proxies = vec![gateway];
    });
    let ask = |house: &House, by: &str| {
        let url = format!("{}/V/AAAA", house.server.url);
        support::agent(None).get(url).header("x-forwarded-for", by).call().unwrap()
    };
    let loud = "203.0.113.7";
    let mut refused = (0..30).map(|_| ask(&house, loud)).find(|a| a.status() == 429).unwrap();
    assert!(refused.headers().contains_key("retry-after"));
    assert!(refused.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = refused.body_mut().read_to_string().unwrap();
    assert!(page.contains("现在无法查询") && page.contains("秒后"), "{page}");
    assert_eq!(ask(&house, "203.0.113.8").status(), 404, "another citizen is not held up");
    // What the loud one writes into the header stands before what the gateway adds.
    assert_eq!(ask(&house, &format!("198.51.100.1, {loud}")).status(), 429);
    // Without a gateway that is trusted, the header says nothing.
    let house = support::house_with(false, |c| c.public_rate = 1);
    let each = (0..30).map(|n| ask(&house, &format!("203.0.113.{n}")));
    assert!(each.into_iter().any(|a| a.status() == 429));
}

#[test]
fn a_feed_file_comes_in_parts_and_no_other_file_comes_at_all() {
    let house = house(false);
    let phone = Phone::enrolled(&house, 1);
    let find = |n: u32| ezhifa_hq::publish::NewSeen {
        branch: "dongcheng".into(),
        id_number: ezhifa_casework::people::Private::new(format!("44190019900312{n:04}")),
        conduct: "dog".into(),
        on: chrono::NaiveDate::from_ymd_opt(2026, 9, 1).unwrap(),
        reference: format!("r-{n}"),
    };
    house.hq.add_seen(&(0..300).map(find).collect::<Vec<_>>()).unwrap();
    // Nothing that is shown when something fails names a person.
    assert!(!format!("{:?}", find(1)).contains("441900199003120001"));
    assert_eq!(house.hq.publish_city_filters().unwrap(), 13, "every month of the window, empty ones too");
    let page = phone.feed("", 0);
    let filters: Vec<_> = page
        .items
        .iter()
        .filter_map(|i| match i.read() {
            Ok(FeedBody::SeenFilter(f)) => Some(f),
            _ => None,
        })
        .collect();
    assert_eq!(filters.len(), 13);
    let filter = filters.into_iter().find(|f| f.month == "2026-09").unwrap();
    assert_eq!(
        house.hq.publish_city_filters().unwrap(),
        1,
        "this month's again, the others have not changed"
    );
    let path = blob::path(&filter.sha256);
    let part = |range: &str| phone.ask("GET", &path, &[("range", range.to_owned())], b"");
    let (head, rest) = (part("bytes=0-99"), part("bytes=100-"));
    assert_eq!((head.status, head.body.len(), rest.status), (206, 100, 206));
    assert_eq!(
        head.headers.get("content-range").unwrap().to_str().unwrap(),
        format!("bytes 0-99/{}", filter.length)
    );
    let whole = [head.body, rest.body].concat();
    assert_eq!(sha256(&whole), filter.sha256);
    assert_eq!(phone.ask("GET", &path, &[], b"").body, whole);
    for wrong in ["bytes=99999999-", "bytes=5-2", "bytes=x-", "lines=1-2"] {
        assert_eq!(code(&part(wrong)), ProblemCode::Malformed, "{wrong}");
    }
    let photo = b"a photo";
    phone.blob_part(&sha256(photo), photo.len(), 0, photo).signed();
    assert_eq!(phone.ask("GET", &blob::path(&sha256(photo)), &[], b"").status, 404);
}

#[test]
fn an_old_app_is_told_that_it_may_only_upload() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    assert_eq!(phone.hello().min_app, "");
    house.hq.set_min_app("1.4.0").unwrap();
    assert!(house.hq.set_min_app("1.4; rm").is_err());
    assert_eq!(phone.hello().min_app, "1.4.0");
    phone.write("note", "{}");
    assert_eq!(phone.receipt(&phone.push(0)).seq, 1, "it hands in all the same");
}

#[test]
fn one_folder_is_worked_in_by_one_hq() {
    let house = house(false);
    let second = config(house.dir.path(), &house.now);
    assert!(matches!(Hq::open(second.clone()), Err(HqError::InUse)));
    assert!(matches!(Hq::restore(second, &house.dir.path().join("hq.key")), Err(HqError::InUse)));
}

#[test]
fn the_operators_door_opens_to_who_owns_the_folder_and_to_nobody_else() {
    let house = house(false);
    house.hq.open_door(&house.server.url).unwrap();
    let door = Serving::read(house.dir.path()).unwrap().unwrap();
    let agent = support::agent(None);
    let order = serde_json::to_string(&Order::Ticket { url: door.url.clone(), branch: "dongcheng".into() });
    let ask = |token: &str| {
        let answer = agent
            .post(format!("{}{PATH}", door.url))
            .header("authorization", format!("Bearer {token}"))
            .send(order.as_ref().unwrap().as_bytes());
        let mut answer = answer.unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    assert_eq!(ask("").0, 401);
    assert_eq!(ask(&house.hq.new_token(Role::Desk, "desk").unwrap()).0, 401, "a desk is not the operator");
    let (status, text) = ask(&door.token);
    assert_eq!(status, 200, "{text}");
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ticket = Ticket::parse(answer["ticket"].as_str().unwrap()).unwrap();
    let mut phone = Phone::new(&ticket, 4);
    let answer = phone.enrol(&ticket.code);
    phone.take(&answer);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for file in ["serving.json", "hq.key"] {
            let mode = std::fs::metadata(house.dir.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{file} is for its owner alone");
        }
    }
}
