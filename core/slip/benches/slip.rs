//! Budgets of DESIGN 10: text-only slip < 100 µs and < 1.5 KB, whole slip < 1 ms and < 17 KB (< 7 KB with the
//! printer's own QR), PDF < 15 ms and < 60 KB. Sizes are asserted in tests/budget.rs; times are measured here.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ezhifa_slip::{
    BundledOnly, Document, Paper,
    escpos::{self, Charset, Dialect},
    layout, pdf, png, text,
};

fn bytes(slip: &Document, dialect: &Dialect) -> usize {
    let set = layout(slip, Paper::Mm58, &BundledOnly).unwrap();
    escpos::render(&set, dialect).unwrap().iter().map(Vec::len).sum()
}

/// Kilobytes of the process: now (`VmRSS`) or at its height (`VmHWM`).
fn resident(which: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(which))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What making the first PDF adds to the process at its height, font pages and all: Linux tells, elsewhere
/// nothing is printed. Only the first is told: later ones reuse what the allocator kept.
fn memory(make: impl Fn() -> Vec<u8>) {
    // 5: the height so far is forgotten.
    let told = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = resident("VmRSS");
    let size = make().len();
    if let (true, Some(before), Some(height)) = (told, before, resident("VmHWM")) {
        println!(
            "first PDF: {size} bytes, peak memory {} kB above the process",
            height.saturating_sub(before)
        );
    }
}

fn slips(c: &mut Criterion) {
    let gb = Dialect { charset: Charset::Gb18030, ..Dialect::default() };
    let native = Dialect { native_qr: true, ..gb.clone() };
    let dots = Dialect { charset: Charset::None, ..gb.clone() };
    let (text_only, whole, real) = (samples::text_only(), samples::whole(), samples::fine(true));
    c.bench_function("text-only slip to ESC/POS, 58 mm", |b| b.iter(|| bytes(black_box(&text_only), &gb)));
    c.bench_function("whole slip to ESC/POS, 58 mm, raster QR", |b| b.iter(|| bytes(black_box(&whole), &gb)));
    c.bench_function("whole slip to ESC/POS, 58 mm, native QR", |b| {
        b.iter(|| bytes(black_box(&whole), &native))
    });
    c.bench_function("fine of SLIP.md, full raster, warm glyphs", |b| {
        b.iter(|| bytes(black_box(&real), &dots))
    });
    let set = layout(&real, Paper::Mm58, &BundledOnly).unwrap();
    c.bench_function("layout of the fine", |b| {
        b.iter(|| layout(black_box(&real), Paper::Mm58, &BundledOnly).unwrap())
    });
    memory(|| pdf::render(&set).unwrap());
    c.bench_function("fine to PDF", |b| b.iter(|| pdf::render(black_box(&set)).unwrap()));
    c.bench_function("fine to PNG", |b| b.iter(|| png::render(black_box(&set)).unwrap()));
    c.bench_function("fine to text", |b| b.iter(|| text::render(black_box(&set))));
}

criterion_group!(benches, slips);
criterion_main!(benches);
