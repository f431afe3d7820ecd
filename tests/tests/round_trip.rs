//! Document -> bytes -> session -> virtual printer -> paper -> words and codes: the same, for every kind of
//! paper, both rolls, every printer profile; and for documents that nobody would write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "../../core/slip/tests/samples/mod.rs"]
mod samples;

use std::cell::RefCell;

use ezhifa_emulator::{Answers, Charset as Rom, Device, Options, Paper as Printed, Typeface};
use ezhifa_field::{
    printer::{Action, Charset, Job, PrintResult, Profile, Reason},
    printing::{dialect, paper},
    slip::{BUNDLED, BundledOnly, Document, Layout, Line, escpos, layout},
};
use proptest::{
    prop_assert,
    test_runner::{Config, TestRunner},
};
use samples::{
    pack,
    random::{cases, document},
    reader::Reader,
};

/// The printer that a profile describes, with the bundled font as its ROM.
fn printer(profile: &Profile, font: &Typeface) -> Options {
    Options {
        dots: profile.dots,
        charset: if profile.charset == Charset::Gb18030 { Rom::Gb18030 } else { Rom::Gbk },
        feed_unit: profile.feed_unit.into(),
        answers: match profile.id.as_str() {
            "epson-compatible" => Answers::ALL,
            "mute-58" => Answers::NONE,
            _ => Answers::COMMON,
        },
        font: font.clone(),
        ..Options::paper(profile.paper_mm)
    }
}

/// One job in virtual time, the printer working off sixteen bytes a millisecond.
fn print(profile: &Profile, units: &[Vec<u8>], font: &Typeface) -> (PrintResult, Vec<Printed>) {
    let mut device = Device::new(printer(profile, font));
    let mut job = Job::new(profile, units, true, true, 1, 0);
    let mut now = 0;
    let result = loop {
        match job.next(now) {
            Action::Finish(result) => break result,
            Action::Send(bytes) => {
                let n = bytes.len().min(device.room());
                device.receive(&bytes[..n]);
                job.sent(n, now);
            }
            Action::Wait(_) => {
                now += 1;
                device.work(16);
            }
        }
        let replies = device.replies();
        job.received(&replies, now);
    };
    device.work(usize::MAX);
    device.tear();
    (result, device.papers())
}

/// Profiles as they come, and each on the other roll.
fn printers() -> Vec<Profile> {
    let all = Profile::all().unwrap();
    let other = all.iter().map(|p| {
        let (dots, paper_mm) = if p.dots == 384 { (576, 80) } else { (384, 58) };
        let flush_bytes = dots / 8 * p.band_rows + 100;
        Profile { dots, paper_mm, flush_bytes, ..p.clone() }
    });
    let mut all: Vec<Profile> = other.chain(all.iter().cloned()).collect();
    // Half a dot a step: some printers move finer than they print.
    all.push(Profile { feed_unit: [1, 2], ..all[4].clone() });
    all
}

fn codes(slip: &Document) -> Vec<String> {
    let code = |line: &Line| match line {
        Line::Code { code, .. } => Some(code.clone()),
        _ => None,
    };
    slip.blocks.iter().flat_map(|b| &b.lines).filter_map(code).collect()
}

struct Bench {
    reader: RefCell<Reader>,
    font: Typeface,
}

impl Bench {
    fn new() -> Bench {
        Bench { reader: RefCell::new(Reader::default()), font: Typeface::new(BUNDLED.to_vec()).unwrap() }
    }

    /// Prints it and reads it back; what differs.
    fn differs(&self, slip: &Document, profile: &Profile) -> Option<String> {
        let set: Layout = layout(slip, paper(profile), &BundledOnly).unwrap();
        let units = escpos::render(&set, &dialect(profile)).unwrap();
        let (result, papers) = print(profile, &units, &self.font);
        let honest = if profile.is_blind() {
            matches!(result, PrintResult::Unknown { reason: Reason::Blind, .. })
        } else {
            result == PrintResult::Printed
        };
        let [paper] = papers.as_slice() else { return Some(format!("{} papers", papers.len())) };
        if !honest {
            return Some(format!("{result}"));
        }
        match self.reader.borrow_mut().paper(&set, paper) {
            Err(what) => Some(what),
            Ok((words, _)) if words != slip.words() => {
                let wanted = slip.words();
                let at = words.chars().zip(wanted.chars()).take_while(|(a, b)| a == b).count();
                let near = |s: &str| s.chars().skip(at.saturating_sub(4)).take(12).collect::<String>();
                Some(format!("paper says …{}… where the document says …{}…", near(&words), near(&wanted)))
            }
            Ok((_, read)) if read != codes(slip) => {
                Some(format!("codes on paper {read:?}, in the document {:?}", codes(slip)))
            }
            Ok(_) => None,
        }
    }
}

#[test]
fn every_kind_of_paper_comes_out_of_every_printer_as_it_was_written() {
    let bench = Bench::new();
    let mut all = vec![samples::fine(true), samples::no_penalty(), samples::rare()];
    all.extend(pack::papers());
    all.push(samples::fine(false).reprint(1, "2026-09-24T20:03:00".parse().unwrap()));
    let mut runs = 0;
    for profile in printers() {
        for slip in &all {
            if let Some(what) = bench.differs(slip, &profile) {
                panic!("{:?} on {} ({} dots): {what}", slip.kind, profile.id, profile.dots);
            }
            runs += 1;
        }
    }
    eprintln!("{runs} papers read back");
}

/// One reader learns for all of them.
#[test]
fn whatever_is_written_is_what_comes_out() {
    let (bench, printers) = (Bench::new(), printers());
    let config = Config {
        cases: cases(10_000),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let run = runner.run(&(document(), 0..printers.len()), |(slip, which)| {
        let differs = bench.differs(&slip, &printers[which]);
        prop_assert!(differs.is_none(), "{}: {}", printers[which].id, differs.unwrap_or_default());
        Ok(())
    });
    if let Err(e) = run {
        panic!("{e}");
    }
}
