//! What the session itself costs, the cable and the paper apart: virtual time, answers at once.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ezhifa_emulator::{Answers, Device, Options, decode};
use ezhifa_printer::{Action, Job, PrintResult, Profile};

/// Sixty lines of text, a QR code's worth of bands, a last line: about 17 KB.
fn slip(profile: &Profile) -> Vec<Vec<u8>> {
    let mut line = encoding_rs::GB18030.encode("责令改正通知书 占道经营 人民币贰佰元整").0.into_owned();
    line.push(b'\n');
    let mut units = vec![line; 60];
    for _ in 0..7 {
        let mut band = vec![0x1D, 0x76, 0x30, 0, (profile.dots / 8) as u8, 0, 40, 0];
        band.resize(8 + profile.dots / 8 * 40, 0x5A);
        units.push(band);
    }
    units.push(b"3F8R-6T2W\n".to_vec());
    units
}

fn answers(profile: &Profile) -> Answers {
    if profile.id == "epson-compatible" { Answers::ALL } else { Answers::COMMON }
}

/// A printer that is done with everything the moment it arrives.
fn run(profile: &Profile, units: &[Vec<u8>], device: &mut Device) -> PrintResult {
    let mut job = Job::new(profile, units, true, false, 1, 0);
    let mut now = 0;
    loop {
        match job.next(now) {
            Action::Finish(result) => return result,
            Action::Send(bytes) => {
                let n = bytes.len();
                device.receive(bytes);
                job.sent(n, now);
            }
            Action::Wait(until) => {
                now = until;
                device.work(usize::MAX);
            }
        }
        let replies = device.replies();
        job.received(&replies, now);
    }
}

fn session(c: &mut Criterion) {
    for id in ["generic-58-gbk", "epson-compatible"] {
        let profile = Profile::named(id).unwrap();
        let units = slip(&profile);
        let bytes = units.concat();
        let mut group = c.benchmark_group(id);
        group.bench_function("first byte out", |b| {
            b.iter(|| {
                let mut job = Job::new(&profile, black_box(&units), true, false, 1, 0);
                matches!(job.next(0), Action::Send(bytes) if !bytes.is_empty())
            })
        });
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("whole job with the virtual printer drawing", |b| {
            b.iter_batched(
                || Device::new(Options { answers: answers(&profile), ..Options::paper(profile.paper_mm) }),
                |mut device| assert_eq!(run(&profile, &units, &mut device), PrintResult::Printed),
                criterion::BatchSize::SmallInput,
            )
        });
        group.bench_function("the virtual printer alone", |b| {
            let options = Options::paper(profile.paper_mm);
            b.iter(|| decode(black_box(&bytes), &options).dots.height())
        });
        group.finish();
    }
}

criterion_group!(benches, session);
criterion_main!(benches);
