//! The store's budgets (DESIGN: one case within 1.5 x of the same commits by hand, open < 50 ms and search
//! < 10 ms with 100,000 cases): `cargo bench -p ezhifa-field --bench store`. `EZHIFA_CASES` sets how many cases.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "../tests/world/mod.rs"]
mod world;

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use ezhifa_field::{
    journal::Kind,
    search::{CaseRow, KeyKind, Query},
    store::{Store, StoreError},
    vault::About,
};
use world::World;

/// Some 700 bytes, as a case event is.
fn event(n: i64) -> String {
    format!(r#"{{"case":"c{n}","n":{n},"text":"{}"}}"#, "占道经营".repeat(50))
}

/// 12 commits with their marks, by hand: on SQLCipher, or on plain SQLite.
fn by_hand(dir: &std::path::Path, cipher: bool) -> impl FnMut() {
    use std::{fs::OpenOptions, os::unix::fs::FileExt as _};
    let conn = rusqlite::Connection::open(dir.join(format!("hand-{cipher}.db"))).unwrap();
    if cipher {
        conn.pragma_update(None, "key", format!("x'{}'", "2a".repeat(32))).unwrap();
    }
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 128;
         CREATE TABLE t (n INTEGER PRIMARY KEY, head BLOB, body BLOB)",
    )
    .unwrap();
    let mark = dir.join(format!("hand-{cipher}.mark"));
    let mark = OpenOptions::new().create(true).truncate(false).write(true).open(mark).unwrap();
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

fn one_case(c: &mut Criterion) {
    let world = World::new();
    let store = world.create();
    let mut group = c.benchmark_group("case of 12 durable commits");
    group.bench_function("store", |b| {
        b.iter(|| {
            for n in 0..12 {
                store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &event(n))).unwrap();
            }
        });
    });
    let (mut on, mut off) = (by_hand(world.root(), true), by_hand(world.root(), false));
    group.bench_function("by hand, cipher on", |b| b.iter(&mut on));
    group.bench_function("by hand, cipher off", |b| b.iter(&mut off));
    group.finish();
}

/// Highest memory of this process so far, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// Bytes that never repeat, without holding them.
struct Film(u64, u64);

impl std::io::Read for Film {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let n = to.len().min(usize::try_from(self.1).unwrap_or(usize::MAX));
        for chunk in to[..n].chunks_mut(8) {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            chunk.copy_from_slice(&self.0.to_le_bytes()[..chunk.len()]);
        }
        self.1 -= n as u64;
        Ok(n)
    }
}

fn capture(c: &mut Criterion) {
    let world = World::new();
    let store = world.create();
    let mut seed = 0;
    let mut take = |bytes: u64, kind: &str| {
        seed += 1;
        let about = About { kind, case: Some("c"), ..About::default() };
        store.capture(&mut Film(seed, bytes), &about, |_, _| Ok::<_, StoreError>(())).unwrap();
    };
    let mut group = c.benchmark_group("capture");
    group.sample_size(10);
    group.bench_function("photo of 4 MB", |b| b.iter(|| take(4 << 20, "photo")));
    let before = peak_kib();
    group.measurement_time(Duration::from_secs(10));
    group.bench_function("film of 200 MB", |b| b.iter(|| take(200 << 20, "video")));
    group.finish();
    println!("peak memory before the films {before} KiB, after {} KiB", peak_kib());
}

fn fill(store: &Store, cases: i64) {
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
                    let number = format!("样执〔2026〕{n}号");
                    let keys =
                        [(KeyKind::PartyId, &*id), (KeyKind::Plate, &*plate), (KeyKind::Number, &*number)];
                    dao.index_case(&row, &keys)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
    store.checkpoint().unwrap();
}

fn large(c: &mut Criterion) {
    let cases = std::env::var("EZHIFA_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000_i64);
    let world = World::new();
    let store = world.create();
    let start = Instant::now();
    fill(&store, cases);
    println!("{cases} cases made in {:?}", start.elapsed());
    let mut group = c.benchmark_group(format!("{cases} cases"));
    let searches = [
        ("party", Query::Key(KeyKind::PartyId, "441900199001010042")),
        ("plate", Query::Key(KeyKind::Plate, "粤S00042")),
        ("number", Query::Key(KeyKind::Number, "样执〔2026〕4242号")),
        ("place, 50 m", Query::Near { lat_e7: 231_000_000, lon_e7: 1_138_000_000, metres: 50 }),
        ("offence", Query::Offence("o7")),
        ("time", Query::Opened { from_ms: 1_000, to_ms: 2_000 }),
    ];
    for (name, query) in &searches {
        group.bench_function(format!("search by {name}"), |b| {
            b.iter(|| store.read(|dao| dao.search(query, 50)).unwrap());
        });
    }
    group.bench_function("entries of one case", |b| {
        b.iter(|| store.read(|dao| dao.case_entries("case-777")).unwrap());
    });
    group.sample_size(10);
    group.bench_function("full verification", |b| b.iter(|| assert!(store.verify().unwrap().is_whole())));
    drop(store);
    group.sample_size(20);
    group.bench_function("open", |b| b.iter(|| drop(Store::open(&world.places, world.platform()).unwrap())));
    group.finish();
}

criterion_group!(benches, one_case, capture, large);
criterion_main!(benches);
