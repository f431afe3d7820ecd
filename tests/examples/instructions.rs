//! One piece of work, so many times, for a counter of instructions: `tests/run instructions` runs it under
//! valgrind with two counts and takes the difference, so that loading costs nothing. A timed test would
//! measure the machine; this measures the code.
//!
//! `instructions WORK TIMES`; without arguments, the names of the works.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../../core/law/tests/common/mod.rs"]
mod pack;
#[path = "../../core/slip/tests/samples/mod.rs"]
mod samples;

use std::hint::black_box;

use ezhifa_field::wire::seal::entry::{DeviceId, Epoch, Head, SealedEntry, Stamp, append, verify};
use ezhifa_law::decide::{decide, questions};
use ezhifa_slip::{
    BundledOnly, Document, Paper,
    escpos::{self, Charset, Dialect},
    layout, pdf, png,
};

fn chain(length: u8) -> (Head, Vec<SealedEntry>) {
    let start = Head::start(DeviceId("phone-1".into()), Epoch(7));
    let mut head = start.clone();
    let entries = (0..length).map(|n| {
        let stamp =
            Stamp { wall_ms: 1_790_000_000_000 + i64::from(n), mono_ms: i64::from(n), boot: "b".into() };
        let body = format!(r#"{{"n":{n},"text":"{}"}}"#, "占道经营".repeat(50));
        let (entry, next) = append(&head, "case", 1, stamp, [n; 16], &body).unwrap();
        head = next;
        entry
    });
    let entries = entries.collect();
    (start, entries)
}

fn bytes(slip: &Document) -> usize {
    let dialect = Dialect { charset: Charset::Gb18030, ..Dialect::default() };
    let set = layout(slip, Paper::Mm58, &BundledOnly).unwrap();
    escpos::render(&set, &dialect).unwrap().iter().map(Vec::len).sum()
}

/// What a work needs is made before the first turn.
fn work(name: &str) -> Option<Box<dyn FnMut()>> {
    let facts = [("corrected", pack::yes()), ("minor", pack::yes()), ("harm", pack::choice("none"))];
    Some(match name {
        "decide" => {
            let (book, case) = (pack::load(&pack::town_files()), pack::inquiry("litter", &facts));
            Box::new(move || drop(black_box(decide(&book, &book, black_box(&case)).unwrap())))
        }
        "questions" => {
            let (book, case) = (pack::load(&pack::town_files()), pack::inquiry("litter", &facts[..1]));
            Box::new(move || drop(black_box(questions(&book, &book, black_box(&case)).unwrap())))
        }
        "verify 100 entries" => {
            let (start, entries) = chain(100);
            Box::new(move || drop(black_box(verify(&start, black_box(&entries)).unwrap())))
        }
        "text-only slip" => {
            let slip = samples::text_only();
            Box::new(move || {
                black_box(bytes(black_box(&slip)));
            })
        }
        "whole slip" => {
            let slip = samples::whole();
            Box::new(move || {
                black_box(bytes(black_box(&slip)));
            })
        }
        "slip to PDF" => {
            let set = layout(&samples::fine(true), Paper::Mm58, &BundledOnly).unwrap();
            Box::new(move || drop(black_box(pdf::render(black_box(&set)).unwrap())))
        }
        "slip to PNG" => {
            let set = layout(&samples::fine(true), Paper::Mm58, &BundledOnly).unwrap();
            Box::new(move || drop(black_box(png::render(black_box(&set)).unwrap())))
        }
        _ => return None,
    })
}

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(times)) = (args.next(), args.next().and_then(|n| n.parse::<u32>().ok())) else {
        for name in [
            "decide",
            "questions",
            "verify 100 entries",
            "text-only slip",
            "whole slip",
            "slip to PDF",
            "slip to PNG",
        ] {
            println!("{name}");
        }
        return;
    };
    let mut turn = work(&name).unwrap_or_else(|| panic!("no work is called {name}"));
    for _ in 0..times {
        turn();
    }
}
