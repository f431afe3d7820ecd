//! What only PostgreSQL can show. `tests/run databases` starts a server and names it in `HQ_POSTGRES`.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use ezhifa_hq::{Hq, HqError};
use support::{Phone, config, house};

#[test]
#[ignore = "needs a PostgreSQL server: tests/run databases"]
fn a_second_hq_on_the_same_database_stands_back_until_the_first_is_gone() {
    std::env::var("HQ_POSTGRES").expect("HQ_POSTGRES names a server");
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    phone.write("note", "{}");
    phone.receipt(&phone.push(0));
    let mark = house.hq.backup_begins().unwrap();
    house.hq.backup_verified(mark).unwrap();
    assert_eq!(phone.hello().floors[0].seq, 1, "the prune line follows the operator's own back-up");

    // Another machine: its own folder, the same database.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut second = config(elsewhere.path(), &house.now);
    second.db = house.hq.config().db.clone();
    assert!(matches!(Hq::open(second.clone()), Err(HqError::Config(_))));
    let before = house.hq.incarnation().to_owned();
    drop(house.server);
    drop(house.hq);
    let hq = Hq::open(second.clone()).unwrap();
    assert_eq!(hq.incarnation(), before, "a failover keeps the incarnation");
    assert_eq!(hq.replay_report().unwrap().entries, 1);
    drop(hq);
    assert_ne!(Hq::new_incarnation(second).unwrap().incarnation(), before);
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/run databases"]
fn a_checkpoint_holds_until_somebody_rewrites_the_past_in_postgresql() {
    std::env::var("HQ_POSTGRES").expect("HQ_POSTGRES names a server");
    let house = house(false);
    let url = house.hq.config().db.clone();
    assert!(url.starts_with("postgres"), "{url}");
    let mut phone = Phone::enrolled(&house, 1);
    for n in 0..30 {
        phone.write("note", &format!("{{\"n\":{n}}}"));
    }
    phone.receipt(&phone.push(0));
    let kept = house.hq.checkpoint().unwrap();
    phone.write("note", "{}");
    phone.receipt(&phone.push(30));
    assert!(house.hq.proves(&kept).unwrap(), "growth is no rewriting");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let rewrite = "UPDATE entries SET hash = '00' || substr(hash, 3) WHERE seq = 7";
        assert!(client.batch_execute(rewrite).await.is_err(), "the trigger stands in the way");
        client.batch_execute(&format!("DROP TRIGGER entries_fixed ON entries; {rewrite}")).await.unwrap();
    });
    assert!(!house.hq.proves(&kept).unwrap());
}
