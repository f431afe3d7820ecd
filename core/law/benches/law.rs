//! Budgets of DESIGN.md 10: bare match on a 64-row table under 2 µs, decided with every reason under 20 µs.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use common::*;
use criterion::{Criterion, criterion_group, criterion_main};
use ezhifa_law::{
    check::{check, mutations},
    decide::{decide, explain, questions},
    facts::Value,
    rulebook::{Cond, Files, Known, Rulebook, Table, Test},
};

/// 64 rows over six inputs; the last row fits.
fn wide() -> (Table, Vec<Known>) {
    let inputs: Vec<String> = (0..6).map(|i| format!("f{i}")).collect();
    let rows = (0..64i64)
        .map(|r| {
            vec![
                Cond { input: 0, test: Test::Atoms(0b10) },
                Cond { input: 1, test: Test::Atoms(0b0111) },
                Cond { input: 2, test: Test::Between(0, 100) },
                Cond { input: 3, test: Test::Between(r * 10, r * 10 + 9) },
                Cond { input: 4, test: Test::Atoms(0b01) },
                Cond { input: 5, test: Test::Between(1, 9) },
            ]
        })
        .collect();
    let known =
        vec![Known::Atom(1), Known::Atom(2), Known::Int(50), Known::Int(635), Known::Atom(0), Known::Int(5)];
    (Table { inputs, rows }, known)
}

/// The town pack with a stall table of 64 tiers.
fn wide_pack() -> Files {
    let mut files = town_files();
    let text = String::from_utf8(files["offences/all.toml"].clone()).unwrap();
    let start = text.find("[[offence.tier]]").unwrap();
    let end = text.find("[[offence.example]]").unwrap();
    let tiers: String = (0..64)
        .map(|i| {
            let when = if i == 63 { "6.3..".to_owned() } else { format!("{}..{}", tenth(i), tenth(i)) };
            format!("[[offence.tier]]\nid = \"t{i}\"\nname = \"第{i}档\"\nwhen = {{ area = \"{when}\" }}\nindividual = {{ low = 50, high = 200 }}\nunit = {{ low = 50, high = 200 }}\n")
        })
        .collect();
    let text = format!("{}{tiers}{}", &text[..start], &text[end..]);
    files.insert("offences/all.toml".into(), text.into_bytes());
    files
}

fn tenth(i: i64) -> String {
    format!("{}.{}", i / 10, i % 10)
}

fn benches(c: &mut Criterion) {
    let (table, known) = wide();
    assert_eq!(table.first_fit(&known), Some(63));
    c.bench_function("match/64 rows, last fits", |b| {
        b.iter(|| black_box(&table).first_fit(black_box(&known)))
    });

    let book = load(&wide_pack());
    let mut stall = inquiry(
        "stall",
        &[
            ("on_road", yes()),
            ("area", Value::Int(54)),
            ("minor", no()),
            ("harm", choice("slight")),
            ("gain", no()),
        ],
    );
    stall.prior_order = Some(order(Some(false)));
    assert_eq!(decide(&book, &book, &stall).unwrap().tier.as_deref(), Some("t54"));
    c.bench_function("decide/64 tiers, every reason", |b| {
        b.iter(|| decide(&book, &book, black_box(&stall)).unwrap())
    });
    let waived = inquiry("litter", &[("corrected", yes()), ("minor", yes()), ("harm", choice("none"))]);
    c.bench_function("decide/limb A", |b| b.iter(|| decide(&book, &book, black_box(&waived)).unwrap()));
    let decision = decide(&book, &book, &stall).unwrap();
    c.bench_function("explain", |b| b.iter(|| explain(black_box(&decision))));
    let open = inquiry("stall", &[("on_road", yes())]);
    c.bench_function("questions", |b| b.iter(|| questions(&book, &book, black_box(&open)).unwrap()));

    let national = national();
    let files = wide_pack();
    c.bench_function("load/town pack, 64 tiers", |b| {
        b.iter(|| Rulebook::load(black_box(&files), &[&national]).unwrap())
    });
    c.bench_function("check/town pack, 64 tiers", |b| b.iter(|| check(black_box(&files), &[&national])));
    let small = town_files();
    c.bench_function("check/town pack", |b| b.iter(|| check(black_box(&small), &[&national])));
    c.bench_function("mutations/town pack", |b| b.iter(|| mutations(black_box(&small), &[&national])));
}

criterion_group!(law, benches);
criterion_main!(law);
