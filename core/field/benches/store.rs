//! The store's budgets (DESIGN.md 10): `cargo bench -p ezhifa-field --bench store`. Prints medians.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "../tests/world/mod.rs"]
mod world;

use std::time::{Duration, Instant};

use ezhifa_field::{
    journal::{self, Kind},
    search::{CaseRow, KeyKind, Query},
    store::{Store, StoreError},
    vault::About,
};
use world::World;

fn median(times: usize, mut work: impl FnMut()) -> Duration {
    let mut all: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    all.sort();
    all[all.len() / 2]
}

/// Some 700 bytes, as a case event is.
fn event(n: i64) -> String {
    format!(r#"{{"case":"c{n}","n":{n},"text":"{}"}}"#, "占道经营".repeat(50))
}

/// 12 commits with their marks, by hand on a plain SQLCipher file.
fn by_hand(dir: &std::path::Path) -> impl FnMut() {
    use std::{fs::OpenOptions, os::unix::fs::FileExt as _};
    let conn = rusqlite::Connection::open(dir.join("hand.db")).unwrap();
    conn.pragma_update(None, "key", format!("x'{}'", "2a".repeat(32))).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 128;
         CREATE TABLE t (n INTEGER PRIMARY KEY, head BLOB, body BLOB)",
    )
    .unwrap();
    let mark =
        OpenOptions::new().create(true).truncate(false).write(true).open(dir.join("hand.mark")).unwrap();
    move || {
        for n in 0..12 {
            mark.write_all_at(&[1; 512], 0).unwrap();
            mark.sync_data().unwrap();
            conn.execute("INSERT INTO t (head, body) VALUES (?1, ?2)", (vec![7_u8; 200], event(n))).unwrap();
            mark.write_all_at(&[2; 512], 4096).unwrap();
            mark.sync_data().unwrap();
        }
    }
}

fn main() {
    let world = World::new();
    let store = world.create();
    let ours = median(60, || {
        for n in 0..12 {
            store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &event(n))).unwrap();
        }
    });
    let hand = median(60, by_hand(world.root()));
    println!(
        "one case, 12 durable commits: {ours:?}; by hand: {hand:?}; ratio {:.2}",
        ours.as_secs_f64() / hand.as_secs_f64()
    );

    let photo: Vec<u8> = (0..4_u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut n = 0_u32;
    let capture = median(15, || {
        n += 1;
        let mut fresh = photo.clone();
        fresh[..4].copy_from_slice(&n.to_be_bytes());
        let about = About { kind: "photo", case: Some("c"), ..About::default() };
        store.capture(&mut fresh.as_slice(), &about, |_, _| Ok::<_, StoreError>(())).unwrap();
    });
    println!("capture of a 4 MB photo: {capture:?}");
    let film = median(1, || {
        let mut film = std::io::Read::take(std::io::repeat(9), 200 << 20);
        let about = About { kind: "video", case: Some("c"), ..About::default() };
        store.capture(&mut film, &about, |_, _| Ok::<_, StoreError>(())).unwrap();
    });
    println!("capture of a 200 MB film, two chunks in memory: {film:?}");

    let cases = std::env::var("EZHIFA_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000_i64);
    let start = Instant::now();
    for batch in 0..cases / 1_000 {
        store
            .write(|dao| {
                for n in batch * 1_000..(batch + 1) * 1_000 {
                    let case = format!("case-{n}");
                    dao.append(Kind::Case, 1, Some(&case), &event(n))?;
                    let row = CaseRow {
                        case_id: case,
                        opened_ms: n,
                        changed_ms: n,
                        phase: if n % 100 == 0 { "open" } else { "closed" }.into(),
                        offence: format!("o{}", n % 40),
                        lat_e7: Some(230_000_000 + (n * 7919) % 4_000_000),
                        lon_e7: Some(1_137_000_000 + (n * 104_729) % 4_000_000),
                        summary: "{}".into(),
                    };
                    let (id, plate) =
                        (format!("44190019900101{:04}", n % 9_999), format!("粤S{:05}", n % 50_000));
                    dao.index_case(&row, &[(KeyKind::PartyId, &id), (KeyKind::Plate, &plate)])?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
    println!("{cases} cases made in {:?}", start.elapsed());
    store.checkpoint().unwrap();
    let searches = [
        ("party", Query::Key(KeyKind::PartyId, "441900199001010042")),
        ("plate", Query::Key(KeyKind::Plate, "粤S00042")),
        ("place, 50 m", Query::Near { lat_e7: 231_000_000, lon_e7: 1_138_000_000, metres: 50 }),
        ("offence", Query::Offence("o7")),
        ("time", Query::Opened { from_ms: 1_000, to_ms: 2_000 }),
    ];
    for (name, query) in &searches {
        let time = median(50, || drop(store.read(|dao| dao.search(query, 50)).unwrap()));
        println!("search by {name}: {time:?}");
    }
    let one = median(50, || drop(store.read(|dao| dao.case_entries("case-777")).unwrap()));
    println!("entries of one case: {one:?}");
    let start = Instant::now();
    assert!(store.read(journal::verify_all).unwrap().is_whole());
    println!("full verification: {:?}", start.elapsed());
    drop(store);
    let open = median(20, || drop(Store::open(&world.places, world.platform()).unwrap()));
    println!("open: {open:?}");
}
