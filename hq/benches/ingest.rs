//! Push throughput over loopback beside the raw one-writer insert rate of the same store, in one run.
//! `cargo bench -p ezhifa-hq` (with `--features postgres` and `HQ_POSTGRES` for the other database).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use ezhifa_hq::store::{EntryRow, Store, sqlite::Sqlite};
use support::{Phone, house};

const ENTRIES: usize = 10_000;
const BATCH: usize = 1_000;

fn body(n: usize) -> String {
    format!("{{\"n\":{n},\"text\":\"{}\"}}", "城管".repeat(150))
}

fn raw() -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&dir.path().join("raw.db")).unwrap();
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

fn pushed() -> (f64, f64) {
    let house = house(false);
    let mut phone = Phone::enrolled(&house, 1);
    for n in 0..ENTRIES {
        phone.write("note", &body(n));
    }
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
        bytes += body.len();
        let started = Instant::now();
        let answer = phone.ask("POST", ezhifa_wire::paths::PUSH, &[], &body);
        spent += started.elapsed().as_secs_f64();
        phone.receipt(&answer);
    }
    (ENTRIES as f64 / spent, bytes as f64 / ENTRIES as f64)
}

fn main() {
    for round in 1..=3 {
        let raw = raw();
        let (pushed, bytes) = pushed();
        println!(
            "round {round}: raw one-writer inserts {raw:.0}/s, pushed over HTTP {pushed:.0}/s, {:.2} x, {bytes:.0} bytes an entry on the wire",
            raw / pushed
        );
    }
}
