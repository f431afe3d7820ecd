//! One suite of promises, held by every database: SQLite always, PostgreSQL when `HQ_POSTGRES` names one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use ezhifa_hq::{
    HqError,
    store::{EntryRow, FeedRow, Store, sqlite::Sqlite},
};

fn row(device: &str, seq: u64) -> EntryRow {
    EntryRow {
        pos: 0,
        device: device.into(),
        epoch: "0000000000000001".into(),
        seq,
        kind: "case".into(),
        hash: format!("{seq:064x}"),
        header: "{}".into(),
        salt: Some(vec![1; 16]),
        body: Some(vec![0, 255, 34]),
        received_ms: 5,
    }
}

fn item(kind: &str, key: &str, target: &str, body: &str) -> FeedRow {
    FeedRow { pos: 0, kind: kind.into(), key: key.into(), target: target.into(), body: body.into(), at_ms: 1 }
}

fn suite(store: &dyn Store) {
    let mut w = store.writer().unwrap();

    // Positions are gap-free and in commit order; bytes come back as they were.
    w.begin().unwrap();
    w.add_entries(&[row("a", 1), row("a", 2)]).unwrap();
    w.add_entries(&[row("b", 1)]).unwrap();
    w.commit().unwrap();
    read(store, |r| {
        let all = r.arrived(0, 10).unwrap();
        assert_eq!(
            all.iter().map(|e| (e.pos, e.device.as_str(), e.seq)).collect::<Vec<_>>(),
            [(1, "a", 1), (2, "a", 2), (3, "b", 1)]
        );
        assert_eq!(all[0].body.as_deref(), Some(&[0, 255, 34][..]));
        assert_eq!(r.arrived(2, 10).unwrap().len(), 1);
        assert_eq!(r.head("a", "0000000000000001").unwrap().unwrap().0, 2);
        assert_eq!(r.head("c", "0000000000000001").unwrap(), None);
        assert_eq!(r.journal("a", "0000000000000001", 2, 9).unwrap().len(), 1);
        assert_eq!(r.entry("b", "0000000000000001", 1).unwrap().unwrap().salt, Some(vec![1; 16]));
    });

    // A place in a journal is taken once: the unique constraint is the last word, not a look before.
    w.begin().unwrap();
    w.mark().unwrap();
    assert!(matches!(w.add_entries(&[row("a", 2)]), Err(HqError::Store(_))));
    w.back().unwrap();
    // What went back to the mark leaves no hole behind.
    w.mark().unwrap();
    w.add_entries(&[row("b", 2)]).unwrap();
    w.keep().unwrap();
    w.commit().unwrap();
    read(store, |r| assert_eq!(r.arrived(3, 10).unwrap()[0].pos, 4));

    // Abandoned work was never there.
    w.begin().unwrap();
    w.add_entries(&[row("z", 1)]).unwrap();
    w.put_doc("s", "gone", "1").unwrap();
    w.abandon();
    read(store, |r| {
        assert_eq!(r.counter("entries").unwrap(), 4);
        assert_eq!(r.doc("s", "gone").unwrap(), None);
    });

    // Feed: by target, in order; a snapshot holds the newest of each kind, key and target.
    w.begin().unwrap();
    for f in [
        item("k", "1", "all", "old"),
        item("k", "1", "branch:x", "x"),
        item("k", "2", "all", "two"),
        item("k", "1", "all", "new"),
    ] {
        w.add_feed(&f).unwrap();
    }
    w.commit().unwrap();
    read(store, |r| {
        let targets = ["all".to_owned(), "branch:y".to_owned()];
        let bodies = |rows: Vec<FeedRow>| rows.into_iter().map(|f| f.body).collect::<Vec<_>>();
        assert_eq!(bodies(r.feed(0, &targets, 10).unwrap()), ["old", "two", "new"]);
        assert_eq!(bodies(r.feed(0, &targets, 2).unwrap()), ["old", "two"]);
        assert_eq!(bodies(r.feed(3, &targets, 10).unwrap()), ["new"]);
        assert_eq!(bodies(r.snapshot(&targets).unwrap()), ["two", "new"]);
    });

    // Documents: by prefix, in byte order, Chinese keys too; paging leaves nothing out.
    w.begin().unwrap();
    for key in ["a/2", "a/10", "b/1", "东/1", "a/乙"] {
        w.put_doc("s", key, "0").unwrap();
    }
    w.put_doc("s", "a/2", "1").unwrap();
    w.put_doc("t", "a/3", "other space").unwrap();
    w.remove_doc("s", "b/1").unwrap();
    assert_eq!(w.advance("n", 5).unwrap(), 5);
    assert_eq!(w.advance("n", 2).unwrap(), 7);
    w.commit().unwrap();
    read(store, |r| {
        let keys = |rows: Vec<(String, String)>| rows.into_iter().map(|d| d.0).collect::<Vec<_>>();
        assert_eq!(keys(r.docs("s", "a/", "", 10).unwrap()), ["a/10", "a/2", "a/乙"]);
        assert_eq!(keys(r.docs("s", "a/", "a/10", 1).unwrap()), ["a/2"]);
        assert_eq!(keys(r.docs("s", "", "", 10).unwrap()), ["a/10", "a/2", "a/乙", "东/1"]);
        assert_eq!(r.doc("s", "a/2").unwrap().as_deref(), Some("1"));
        assert_eq!(r.counter("n").unwrap(), 7);
    });
}

fn read(store: &dyn Store, mut f: impl FnMut(&mut dyn ezhifa_hq::store::Read)) {
    store
        .read(&mut |r| {
            f(r);
            Ok(())
        })
        .unwrap();
}

#[test]
fn sqlite_keeps_the_promises() {
    let dir = tempfile::tempdir().unwrap();
    suite(&Sqlite::open(&dir.path().join("hq.db")).unwrap());
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hq.db");
    drop(Sqlite::open(&path).unwrap());
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    assert!(conn.execute("INSERT INTO entries VALUES(1,'a','e',1,'k','h','{}',NULL,NULL,0)", []).is_ok());
    assert!(conn.execute("UPDATE entries SET seq=2", []).is_err(), "append-only");
    assert!(conn.execute("DELETE FROM entries", []).is_err(), "append-only");
    drop(conn);
    assert!(matches!(Sqlite::open(&path), Err(HqError::Config(_))));
}

#[cfg(feature = "postgres")]
#[test]
#[ignore = "needs a PostgreSQL server: tests/run databases"]
fn postgres_keeps_the_promises() {
    let url = std::env::var("HQ_POSTGRES").expect("HQ_POSTGRES names a server");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let store = ezhifa_hq::store::postgres::Postgres::open(&url, runtime.handle().clone()).unwrap();
    suite(&store);
    assert!(store.writer().is_ok(), "the first writer is gone, its lock with it");
}
