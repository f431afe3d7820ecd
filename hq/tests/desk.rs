//! The desk: back-up and restore, checkpoints, leads, roles.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::sync::atomic::Ordering;

use ezhifa_casework::{
    law::{facts::Value, rulebook::pack_hash},
    seal::sign::{Algorithm, Signer, SoftwareKey},
};
use ezhifa_hq::{
    Hq, Request,
    desk::{
        access::Role,
        geo::{Datum, Point},
        leads::{LeadSource, LeadState, NewLead},
    },
};
use support::{House, Phone, config, config_on_sqlite, house, house_with, street::Script};

fn house_on_sqlite() -> House {
    house_with(false, |c| c.db = format!("sqlite:{}", c.dir.join("hq.db").display()))
}

#[test]
fn a_backup_moves_the_prune_line_and_a_restore_is_another_hq() {
    // PostgreSQL is backed up with its own tools: tests/postgres.rs.
    let mut house = house_on_sqlite();
    let mut phone = Phone::enrolled(&house, 1);
    for n in 0..5 {
        phone.write("note", &format!("{{\"n\":{n}}}"));
    }
    assert_eq!(phone.receipt(&phone.push(0)).floor.seq, 0);
    let lent = phone.block(&phone.lease("r-1", "penalty", 10));
    let copy = house.dir.path().join("copy.db");
    assert_eq!(house.hq.backup(&copy).unwrap().entries, 5);
    assert_eq!(phone.hello().floors[0].seq, 5, "what a verified copy holds may be pruned");
    // After the copy: two more entries and numbers that the copy does not know.
    for n in 5..7 {
        phone.write("note", &format!("{{\"n\":{n}}}"));
    }
    assert_eq!(phone.receipt(&phone.push(5)).floor.seq, 5);
    let later = phone.block(&phone.lease("r-2", "penalty", 10));
    let before = phone.feed("", 0).incarnation;

    let old = house.hq.incarnation().to_owned();
    house.server.stop();
    drop(house.hq);
    house.hq = Hq::restore(config_on_sqlite(house.dir.path(), &house.now), &copy).unwrap();
    assert_ne!(house.hq.incarnation(), old);
    house.server = ezhifa_hq::serve(house.hq.clone(), ([127, 0, 0, 1], 0).into(), false).unwrap();
    phone.url = house.server.url.clone();
    house.now.fetch_add(10_000, Ordering::SeqCst);
    phone.at_ms += 10_000;
    let reply = phone.hello();
    assert_eq!(reply.have[0].seq, 5, "the phone learns what HQ lost");
    assert_ne!(reply.incarnation, before);
    assert_eq!(phone.receipt(&phone.push(5)).seq, 7, "and gives it again");
    let fresh = phone.block(&phone.lease("r-3", "penalty", 10));
    assert!(fresh.from > later.to && fresh.from > lent.to, "no number comes twice");
    // Restored once more from the same copy: again other numbers.
    drop(house.hq);
    house.server.stop();
    let again = Hq::restore(config_on_sqlite(house.dir.path(), &house.now), &copy).unwrap();
    house.server = ezhifa_hq::serve(again, ([127, 0, 0, 1], 0).into(), false).unwrap();
    phone.url = house.server.url.clone();
    house.now.fetch_add(10_000, Ordering::SeqCst);
    phone.at_ms += 10_000;
    assert!(phone.block(&phone.lease("r-4", "penalty", 10)).from > fresh.to);
}

#[test]
fn one_copy_put_back_in_two_new_folders_lends_no_number_twice() {
    let house = house_on_sqlite();
    let mut phone = Phone::enrolled(&house, 1);
    let copy = house.dir.path().join("copy.db");
    house.hq.backup(&copy).unwrap();
    let mut blocks = vec![phone.block(&phone.lease("r-1", "penalty", 10))];
    for name in ["first", "second"] {
        house.pass(2 * 3_600_000);
        // The key is carried along, as the back-up tells its operator to, and nothing else.
        let folder = house.dir.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(house.dir.path().join("hq.key"), folder.join("hq.key")).unwrap();
        let hq = Hq::restore(config_on_sqlite(&folder, &house.now), &copy).unwrap();
        let server = ezhifa_hq::serve(hq, ([127, 0, 0, 1], 0).into(), false).unwrap();
        house.pass(10_000);
        (phone.url, phone.at_ms) = (server.url.clone(), house.hq.now_ms());
        blocks.push(phone.block(&phone.lease(&format!("r-{name}"), "penalty", 10)));
    }
    for (n, one) in blocks.iter().enumerate() {
        for other in &blocks[n + 1..] {
            assert!(one.to < other.from || other.to < one.from, "{one:?} {other:?}");
        }
    }
}

#[test]
fn a_restore_that_dies_half_way_and_a_database_that_vanished_lend_no_number_twice() {
    let house = house(false);
    if !house.hq.config().db.starts_with("sqlite:") {
        return;
    }
    let mut phone = Phone::enrolled(&house, 1);
    let copy = house.dir.path().join("copy.db");
    house.hq.backup(&copy).unwrap();
    let lent = phone.block(&phone.lease("r-1", "penalty", 10));
    let old = house.hq.incarnation().to_owned();
    let (folder, now) = (house.dir.path().to_owned(), house.now.clone());
    house.server.stop();
    drop(house.hq);
    // The copy stands in its place, and the process is gone before it was opened.
    std::fs::write(folder.join("put-back"), b"").unwrap();
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.join(format!("hq.db{end}")));
    }
    std::fs::copy(&copy, folder.join("hq.db")).unwrap();
    let hq = Hq::open(config(&folder, &now)).unwrap();
    assert_ne!(hq.incarnation(), old);
    let ask = |hq: &Hq, phone: &mut Phone, request: &str| {
        let server = ezhifa_hq::serve(hq.clone(), ([127, 0, 0, 1], 0).into(), false).unwrap();
        phone.url = server.url.clone();
        now.fetch_add(10_000, Ordering::SeqCst);
        phone.at_ms = now.load(Ordering::SeqCst);
        let answer = phone.lease(request, "penalty", 10);
        server.stop();
        answer
    };
    let answer = ask(&hq, &mut phone, "r-2");
    let second = phone.block(&answer);
    assert!(second.from > lent.to, "{} after {}", second.from, lent.to);
    let incarnation = hq.incarnation().to_owned();
    drop(hq);
    let hq = Hq::open(config(&folder, &now)).unwrap();
    assert_eq!(hq.incarnation(), incarnation, "opened once more, it is the same HQ");
    drop(hq);
    // It died a little earlier: nothing stands in the database's place, and that is said.
    std::fs::rename(folder.join("hq.db"), folder.join("aside")).unwrap();
    std::fs::write(folder.join("put-back"), b"").unwrap();
    assert!(Hq::open(config(&folder, &now)).is_err());
    let hq = Hq::restore(config(&folder, &now), &folder.join("aside")).unwrap();
    let answer = ask(&hq, &mut phone, "r-2-again");
    let again = phone.block(&answer);
    assert!(again.from > second.to);
    drop(hq);
    // Somebody deletes the database: an empty one does not begin at number 1 again.
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.join(format!("hq.db{end}")));
    }
    let hq = Hq::open(config(&folder, &now)).unwrap();
    let ticket = hq.ticket(&phone.url, "dongcheng").unwrap();
    let server = ezhifa_hq::serve(hq.clone(), ([127, 0, 0, 1], 0).into(), false).unwrap();
    now.fetch_add(10_000, Ordering::SeqCst);
    let mut other = Phone::new(&ticket, 2);
    (other.url, other.at_ms) = (server.url.clone(), now.load(Ordering::SeqCst));
    let answer = other.enrol(&ticket.code);
    other.take(&answer);
    let third = other.block(&other.lease("r-3", "penalty", 10));
    assert!(third.from > again.to, "{} after {}", third.from, again.to);
}

#[test]
fn a_checkpoint_holds_until_somebody_rewrites_the_past() {
    // The forger of the other database is in tests/postgres.rs.
    let house = house_on_sqlite();
    let mut phone = Phone::enrolled(&house, 1);
    for n in 0..30 {
        phone.write("note", &format!("{{\"n\":{n}}}"));
    }
    phone.receipt(&phone.push(0));
    let kept = house.hq.checkpoint().unwrap();
    assert!(kept.text.contains("\n30\n"));
    phone.write("note", "{}");
    phone.receipt(&phone.push(30));
    assert!(house.hq.proves(&kept).unwrap(), "growth is no rewriting");
    let db = rusqlite::Connection::open(house.dir.path().join("hq.db")).unwrap();
    db.execute_batch(
        "DROP TRIGGER entries_fixed; UPDATE entries SET hash='00' || substr(hash, 3) WHERE seq=7",
    )
    .unwrap();
    assert!(!house.hq.proves(&kept).unwrap());
}

fn lead(reference: &str, lat_e7: i64) -> NewLead {
    NewLead {
        reference: reference.into(),
        source: LeadSource::CitizenReport,
        event_code: "0101".into(),
        text: "占道摆摊".into(),
        place: "样例路口".into(),
        at: Point { lat_e7, lon_e7: 1_137_518_000 },
        datum: Datum::Wgs84,
        reporter: Some("举报人甲 13800000000".into()),
        audited_by: None,
        answer_due_ms: None,
    }
}

#[test]
fn a_lead_reaches_the_branch_whose_ground_it_is_and_its_reporter_reaches_nobody() {
    let house = house(false);
    let phone = Phone::enrolled(&house, 1);
    let p = |lat_e7, lon_e7| Point { lat_e7, lon_e7 };
    house
        .hq
        .set_branch_area(
            "dongcheng",
            vec![
                p(230_000_000, 1_137_000_000),
                p(230_000_000, 1_138_000_000),
                p(231_000_000, 1_138_000_000),
                p(231_000_000, 1_137_000_000),
            ],
        )
        .unwrap();
    let first = house.hq.post_lead("12345", lead("r-1", 230_205_000)).unwrap();
    assert_eq!(first.branch.as_deref(), Some("dongcheng"));
    assert_eq!(
        house.hq.post_lead("12345", lead("r-1", 230_205_000)).unwrap().id,
        first.id,
        "posted twice, one lead"
    );
    let near = house.hq.post_lead("12345", lead("r-2", 230_205_900)).unwrap();
    assert_eq!(near.state, LeadState::Joined { to: first.id.clone() }, "ten metres away: one problem");
    let far = house.hq.post_lead("12345", lead("r-3", 230_305_000)).unwrap();
    assert_eq!(far.state, LeadState::Sent);
    assert_eq!(
        house.hq.post_lead("12345", lead("r-4", 250_000_000)).unwrap().branch,
        None,
        "the desk routes it"
    );
    let mut video = lead("v-1", 230_405_000);
    video.source = LeadSource::VideoLead;
    let video = house.hq.post_lead("video", video).unwrap();
    assert_eq!(video.state, LeadState::AwaitsAudit);
    let leads =
        |phone: &Phone| phone.feed("", 0).items.into_iter().filter(|i| i.kind == "lead").collect::<Vec<_>>();
    assert_eq!(leads(&phone).len(), 2, "a video record waits for a person (处罚法 41)");
    house.hq.audit_lead(&video.id, "审核员").unwrap();
    assert_eq!(leads(&phone).len(), 3);
    let text = serde_json::to_string(&leads(&phone)).unwrap();
    assert!(!text.contains("举报人") && !text.contains("138000"));
    let seen = phone.feed("", 0);
    house.hq.close_lead(&first.id, "已清理").unwrap();
    let news = phone.feed(&seen.incarnation, seen.next).items;
    assert!(
        news.iter().any(|l| l.key == first.id && l.body["closed"] == true),
        "who has it hears that it is over"
    );
    assert!(leads(&phone).iter().all(|l| l.key != first.id), "who starts anew is not told of it");
}

#[test]
fn a_token_opens_its_own_door_only() {
    let house = house(false);
    let source = house.hq.new_token(Role::LeadSource, "12345").unwrap();
    let auditor = house.hq.new_token(Role::Auditor, "审计").unwrap();
    let ask = |method: &str, path: &str, token: &str, body: Vec<u8>| {
        let mut request = Request { method: method.into(), path: path.into(), body, ..Request::default() };
        request.headers.insert("authorization".into(), format!("Bearer {token}"));
        house.hq.answer(&request).status
    };
    let body = serde_json::to_vec(&lead("r-1", 230_205_000)).unwrap();
    assert_eq!(ask("POST", "/v1/desk/leads", &source, body.clone()), 200);
    assert_eq!(ask("POST", "/v1/desk/leads", &auditor, body), 403);
    assert_eq!(ask("GET", "/v1/desk/ledger", &source, vec![]), 403);
    assert_eq!(ask("GET", "/v1/desk/ledger", &auditor, vec![]), 200);
    assert_eq!(ask("GET", "/v1/desk/figures", &auditor, vec![]), 200);
    assert_eq!(ask("GET", "/v1/desk/ledger", "guess", vec![]), 401);
    assert_eq!(
        house
            .hq
            .answer(&Request { method: "GET".into(), path: "/v1/desk/ledger".into(), ..Request::default() })
            .status,
        401
    );
}

#[test]
fn a_loud_stranger_is_slowed_down_and_told_when_to_come_again() {
    let house = house(false);
    let mut slow = config(house.dir.path(), &house.now);
    slow.public_rate = 1;
    slow.dir = house.dir.path().join("slow");
    slow.db = format!("sqlite:{}", house.dir.path().join("slow/hq.db").display());
    let hq = Hq::open(slow).unwrap();
    let ask = || {
        hq.answer(&Request {
            method: "GET".into(),
            path: "/V/AAAA".into(),
            peer: "10.0.0.1".into(),
            ..Request::default()
        })
    };
    let refused = (0..30).map(|_| ask()).find(|a| a.status == 429).unwrap();
    assert!(refused.headers.contains_key("retry-after"));
    house.now.fetch_add(60_000, Ordering::SeqCst);
    assert_eq!(ask().status, 404, "a page, not an error");
}

#[test]
fn reading_a_persons_record_leaves_a_trace() {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    let mut street = support::street::street();
    for files in &street.files {
        house.hq.publish_rulebook(files).unwrap();
    }
    let facts = [("dog_waste", true), ("cleaned_at_once", false), ("minor", false), ("corrected", false)]
        .map(|(n, v)| (n, Value::Bool(v)));
    let mut facts = facts.to_vec();
    facts.push(("items", Value::Int(1)));
    facts.push(("harm", Value::Choice("slight".into())));
    let done = street.run(
        &mut phone,
        &Script {
            id: "c-1",
            offence: "dog-waste",
            id_number: "44190019780921215X",
            facts: &facts,
            earlier: Some(true),
            choice: Some((None, "within_tier")),
            seq: 1,
            serve: true,
            lat_e7: 230_270_000,
        },
    );
    phone.receipt(&phone.push(0));
    house.hq.settle().unwrap();
    let token = house.hq.new_token(Role::Auditor, "审计甲").unwrap();
    let ask = |path: &str| {
        let mut request = Request { method: "GET".into(), path: path.into(), ..Request::default() };
        request.headers.insert("authorization".into(), format!("Bearer {token}"));
        let answer = house.hq.answer(&request);
        assert_eq!(answer.status, 200, "{path}");
        String::from_utf8(answer.body).unwrap()
    };
    assert!(!ask("/v1/desk/cases").contains("44190019780921215X"), "lists name nobody");
    assert!(house.hq.acts().unwrap().is_empty());
    assert!(ask("/v1/desk/cases/c-1/events").contains("44190019780921215X"));
    let acts = house.hq.acts().unwrap();
    assert_eq!(
        (acts.len(), acts[0].who.as_str(), acts[0].act.as_str(), acts[0].about.as_str()),
        (1, "审计甲", "readCase", "c-1")
    );
    assert!(ask("/metrics").contains("ezhifa_decisions_replayed_total 1"));

    // 复议 through the organ: five working days, from the rulebook's clock and the calendar.
    let calendar = concat!(env!("CARGO_MANIFEST_DIR"), "/../rulebooks/calendar/2024-2026.toml");
    house.hq.publish_calendar(&std::fs::read_to_string(calendar).unwrap()).unwrap();
    let appeal = house.hq.post_appeal(&done.number).unwrap();
    // 24 September 2026 is a Thursday; 25 September (中秋) is off, National Day follows.
    let due = appeal.forward_by.unwrap();
    assert!(due > ezhifa_hq::config::local(support::EVENING).date() + chrono::TimeDelta::days(5), "{due}");
    assert!(appeal.period.contains("五日"));
    assert_eq!(house.hq.draw_waivers("2026-09", 5).unwrap(), [], "a fine is no waiver");
    assert!(house.hq.patterns().unwrap().is_empty());
}

#[test]
fn a_rulebook_needs_two_people() {
    let house = house(false);
    let key = |n| SoftwareKey::from_secret(Algorithm::P256Sha256, [n; 32]).unwrap();
    let (a, b, stranger) = (key(7), key(8), key(9));
    let mut strict = config(house.dir.path(), &house.now);
    strict.dir = house.dir.path().join("strict");
    strict.db = format!("sqlite:{}", house.dir.path().join("strict/hq.db").display());
    strict.publishers = vec![a.public_key(), b.public_key()];
    let hq = Hq::open(strict).unwrap();
    let [mut pack, _] = support::street::packs();
    let message = ezhifa_hq::pack_message(&pack_hash(&pack));
    let mut publish = |signers: &[&SoftwareKey]| {
        let mut text = String::new();
        for signer in signers {
            let s = signer.sign(message.as_bytes()).unwrap();
            let hex: String = s.bytes.iter().map(|b| format!("{b:02x}")).collect();
            text += &format!(
                "[[signature]]\nsigner = \"p-{}\"\nkey = \"{}\"\nalgorithm = \"{}\"\nvalue = \"{hex}\"\n",
                text.len(),
                s.key.0,
                s.alg.id()
            );
        }
        pack.insert("signatures.toml".into(), text.into_bytes());
        hq.publish_rulebook(&pack)
    };
    assert!(publish(&[]).is_err());
    assert!(publish(&[&a]).is_err());
    assert!(publish(&[&a, &a]).is_err(), "one person twice is one person");
    assert!(publish(&[&a, &stranger]).is_err());
    publish(&[&a, &b]).unwrap();
}

/// Versions go forward, and what nobody verified does not leave the sample.
#[test]
fn a_published_version_means_one_pack() {
    let house = house(false);
    let [national, local] = support::street::packs();
    let with = |from: &str, to: &str| {
        let mut pack = local.clone();
        let text = String::from_utf8(pack["manifest.toml"].clone()).unwrap();
        assert!(text.contains(from), "{from}");
        pack.insert("manifest.toml".into(), text.replacen(from, to, 1).into_bytes());
        pack
    };
    let refused = |pack| house.hq.publish_rulebook(&pack).unwrap_err().to_string();
    house.hq.publish_rulebook(&national).unwrap();
    house.hq.publish_rulebook(&local).unwrap();
    house.hq.publish_rulebook(&local).unwrap();
    assert!(refused(with("title = \"", "title = \"新")).contains("版本号须更大"));
    let production = refused(with(
        "version = 1\nsemantics = 1\nsample = true",
        "version = 2\nsemantics = 1\nsample = false",
    ));
    assert!(production.contains("unverified"), "{production}");
    house.hq.publish_rulebook(&with("version = 1", "version = 3")).unwrap();
    assert!(refused(with("version = 1", "version = 2")).contains("版本号须更大"), "not backwards");
}
