//! Push throughput over loopback beside the raw one-writer insert rate of the same store, in one run.
//! `cargo bench -p ezhifa-hq` (with `--features postgres` and `HQ_POSTGRES` for the other database).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use ezhifa_casework::law::facts::Value;
use ezhifa_hq::store::{EntryRow, Store, sqlite::Sqlite};
use ezhifa_wire::pack;
use support::{Phone, house};

const ENTRIES: usize = 10_000;
const BATCH: usize = 1_000;

fn body(n: usize) -> String {
    format!("{{\"n\":{n},\"text\":\"{}\"}}", "城管".repeat(150))
}

/// The store of the database that `HQ_POSTGRES` names, else SQLite.
fn raw() -> f64 {
    let dir = tempfile::tempdir().unwrap();
    #[cfg(feature = "postgres")]
    if let Some(url) = support::postgres() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let store = ezhifa_hq::store::postgres::Postgres::open(&url, runtime.handle().clone()).unwrap();
        return inserts(&store);
    }
    inserts(&Sqlite::open(&dir.path().join("raw.db")).unwrap())
}

fn inserts(store: &dyn Store) -> f64 {
    let mut w = store.writer().unwrap();
    let started = Instant::now();
    for batch in 0..ENTRIES / BATCH {
        let rows: Vec<EntryRow> = (0..BATCH)
            .map(|i| {
                let n = batch * BATCH + i;
                EntryRow {
                    pos: 0,
                    device: "d".into(),
                    epoch: "0000000000000001".into(),
                    seq: n as u64 + 1,
                    kind: "note".into(),
                    hash: format!("{n:064x}"),
                    header: "{\"a header\":\"of about three hundred bytes\"}".repeat(7),
                    salt: Some(vec![1; 16]),
                    body: Some(body(n).into_bytes()),
                    received_ms: 0,
                }
            })
            .collect();
        w.begin().unwrap();
        w.add_entries(&rows).unwrap();
        w.commit().unwrap();
    }
    ENTRIES as f64 / started.elapsed().as_secs_f64()
}

/// All entries from one phone, or shared by several that push at once as on any evening.
fn pushed(phones: u8) -> (f64, f64) {
    let house = house(false);
    let each = ENTRIES / usize::from(phones);
    let phones: Vec<Phone> = (1..=phones)
        .map(|seed| {
            let mut phone = Phone::enrolled(&house, seed);
            for n in 0..each {
                phone.write("note", &body(n));
            }
            phone
        })
        .collect();
    let started = Instant::now();
    let sent: Vec<(f64, usize)> = std::thread::scope(|scope| {
        let all: Vec<_> = phones.iter().map(|phone| scope.spawn(move || push(phone))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // Alone, what the phone itself does to make a push and to read the receipt is not HQ's time.
    let spent = if sent.len() == 1 { sent[0].0 } else { started.elapsed().as_secs_f64() };
    (ENTRIES as f64 / spent, sent.iter().map(|s| s.1).sum::<usize>() as f64 / ENTRIES as f64)
}

fn push(phone: &Phone) -> (f64, usize) {
    let (mut spent, mut bytes) = (0.0, 0_usize);
    for batch in phone.journal.chunks(BATCH) {
        let last = &batch.last().unwrap().header;
        let head = ezhifa_wire::seal::entry::Head {
            device: last.device.clone(),
            epoch: last.epoch,
            seq: last.seq,
            hash: last.hash(),
        };
        let push = ezhifa_wire::push::Push::new(batch.to_vec(), head, &phone.key).unwrap();
        let body = serde_json::to_vec(&push).unwrap();
        let started = Instant::now();
        let body = pack::pack(&body).unwrap();
        bytes += body.len();
        let packed = [(pack::HEADER, pack::ENCODING.to_owned())];
        let answer = phone.ask("POST", ezhifa_wire::paths::PUSH, &packed, &body);
        spent += started.elapsed().as_secs_f64();
        phone.receipt(&answer);
    }
    (spent, bytes)
}

/// What the journal of whole cases costs on the line, plain and packed.
fn bytes_a_case() {
    let mut street = support::street::street();
    let house = house(false);
    for files in &street.files {
        house.hq.publish_rulebook(files).unwrap();
    }
    let mut phone = Phone::enrolled(&house, 1);
    let facts = [
        ("dog_waste", Value::Bool(true)),
        ("cleaned_at_once", Value::Bool(false)),
        ("items", Value::Int(1)),
        ("minor", Value::Bool(false)),
        ("harm", Value::Choice("slight".into())),
        ("corrected", Value::Bool(false)),
    ];
    for cases in 1..=10_u64 {
        street.run(
            &mut phone,
            &support::street::Script {
                id: &format!("c-{cases}"),
                offence: "dog-waste",
                id_number: "44190019780921215X",
                facts: &facts,
                earlier: Some(true),
                choice: Some((None, "within_tier")),
                seq: cases,
                serve: true,
                lat_e7: 230_270_000,
            },
        );
        if cases == 1 || cases == 10 {
            let push = ezhifa_wire::push::Push::new(phone.journal.clone(), phone.head.clone(), &phone.key);
            let body = serde_json::to_vec(&push.unwrap()).unwrap();
            let packed = pack::pack(&body).unwrap().len();
            if let Ok(path) = std::env::var("HQ_BENCH_BODY") {
                std::fs::write(format!("{path}.{cases}"), &body).unwrap();
            }
            println!(
                "{cases} cases ({} entries): {} bytes a case plain, {} packed",
                phone.journal.len(),
                body.len() as u64 / cases,
                packed as u64 / cases
            );
        }
    }
}

fn main() {
    bytes_a_case();
    for round in 1..=3 {
        let raw = raw();
        for phones in [1, 4] {
            let (pushed, bytes) = pushed(phones);
            println!(
                "round {round}: raw one-writer inserts {raw:.0}/s, pushed over HTTP by {phones} phones {pushed:.0}/s, {:.2} x, {bytes:.0} bytes an entry on the wire",
                raw / pushed
            );
        }
    }
}
