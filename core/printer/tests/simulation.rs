//! Thousands of jobs against the virtual printer in virtual time: whatever goes wrong and wherever,
//! the result is true of the paper, and the next job is not hurt by the last one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Dice, band, printer, slip};
use ezhifa_emulator::{Device, Options, Overrun, Paper, decode};
use ezhifa_printer::{Action, Job, PrintResult, Profile, Reason, StatusKind};

/// One job against a device; bytes a millisecond is the speed at which the paper moves.
fn run(
    device: &mut Device,
    job: &mut Job,
    now: &mut u64,
    rate: usize,
    mend_after: Option<u64>,
) -> PrintResult {
    let mut alive = true;
    let mut stopped = None;
    for _ in 0..2_000_000 {
        match job.next(*now) {
            Action::Finish(result) => return result,
            Action::Send(bytes) => {
                if !alive {
                    job.link_lost(*now);
                    continue;
                }
                let n = bytes.len().min(device.room());
                if device.receive(&bytes[..n]) {
                    alive = false;
                }
                job.sent(n, *now);
            }
            Action::Wait(until) => {
                assert!(until > *now, "waits for the past");
                if !alive {
                    job.link_lost(*now);
                    continue;
                }
                *now += 1;
                device.work(rate);
                if device.stopped() {
                    let since = *stopped.get_or_insert(*now);
                    if mend_after.is_some_and(|after| *now >= since + after) {
                        device.mend();
                    }
                } else {
                    stopped = None;
                }
            }
        }
        let replies = device.replies();
        if alive {
            job.received(&replies, *now);
        }
    }
    panic!("the job never ended");
}

fn finish(device: &mut Device) -> Vec<Paper> {
    device.work(usize::MAX);
    device.mend();
    device.work(usize::MAX);
    device.tear();
    device.replies();
    device.papers()
}

fn clean(units: &[Vec<u8>], options: &Options) -> Paper {
    decode(&[b"\x1B@".to_vec(), units.concat()].concat(), options)
}

#[test]
fn without_faults_every_profile_prints() {
    for profile in Profile::all().unwrap() {
        for seed in 0..40 {
            let mut dice = Dice::new(seed);
            let units = slip(&mut dice, &profile);
            let options = printer(&profile, "");
            let mut device = Device::new(options.clone());
            let mut job = Job::new(&profile, &units, true, true, seed as u32, 0);
            let mut now = 0;
            let rate = [2, 10, 30][dice.roll(3)];
            let result = run(&mut device, &mut job, &mut now, rate, None);
            if profile.is_blind() {
                assert!(matches!(result, PrintResult::Unknown { reason: Reason::Blind, .. }), "{result}");
            } else {
                assert_eq!(result, PrintResult::Printed, "{} seed {seed}", profile.id);
            }
            let papers = finish(&mut device);
            assert!(
                papers.iter().any(|p| p.same_ink(&clean(&units, &options))),
                "{} seed {seed}",
                profile.id
            );
            assert!(papers.iter().all(|p| p.unknown.is_empty()));
        }
    }
}

#[test]
fn every_result_is_true_of_the_paper() {
    let mut profiles = Profile::all().unwrap();
    // A printer that has a fence and tells nothing else.
    profiles.push(Profile { status: StatusKind::None, ..profiles[0].clone() });
    let runs = if std::env::var("EZHIFA_NIGHTLY").is_ok() { 20_000 } else { 2_000 };
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..runs {
        let mut dice = Dice::new(seed);
        let profile = &profiles[dice.roll(profiles.len())];
        let units = slip(&mut dice, profile);
        let total = units.concat().len() + profile.flush_bytes + 200;
        let at = dice.roll(total + total / 8);
        let kind = dice.roll(6);
        let faults = match kind {
            0 => format!("paper-out@{at}"),
            1 => format!("cover-open@{at}"),
            2 => format!("disconnect@{at}"),
            3 => format!("drop@{at}:{}", 1 + dice.roll(40)),
            4 => "mute".to_owned(),
            _ => "garbage".to_owned(),
        };
        let mut options = printer(profile, &faults);
        options.seed = seed;
        options.realtime = dice.roll(4) != 0;
        // A printer that tells its state only in its turn cannot be caught by hands quicker than 3 s.
        let seen_at_once = options.realtime && profile.status == StatusKind::DleEot;
        let quickest = if seen_at_once { 900 } else { 3_600 };
        let mend = (dice.roll(2) == 0).then(|| quickest + dice.roll(9000) as u64);
        let mut device = Device::new(options.clone());
        // Only a lossy link loses bytes; a lossless one that does breaks its promise.
        let lossless = kind != 3;
        let mut job = Job::new(profile, &units, lossless, true, seed as u32, 0);
        let mut now = 0;
        let rate = [2, 10, 30][dice.roll(3)];
        let result = run(&mut device, &mut job, &mut now, rate, mend);
        let papers = finish(&mut device);
        let whole = papers.iter().any(|p| p.holds(&clean(&units, &options)));
        let almost = papers.iter().any(|p| p.holds(&clean(&units[..units.len() - 1], &options)));
        let what = format!("seed {seed} {} {faults} mend {mend:?}: {result}, whole {whole}", profile.id);
        match result {
            PrintResult::Printed => assert!(whole, "{what}"),
            PrintResult::NotPrinted(_) => assert!(!whole, "{what}"),
            // Not knowing is only allowed where nobody could know: everything but the last line was
            // out, or the printer (or the link) cannot be a witness.
            PrintResult::Unknown { .. } => {
                assert!(profile.is_blind() || almost || kind == 3 || kind == 5, "{what}")
            }
        }
        *seen
            .entry((kind, format!("{result:?}").split(['(', ' ']).next().unwrap().to_owned()))
            .or_insert(0) += 1;

        // The next slip, on new paper, comes out whole whatever the printer was in the middle of.
        if kind < 4 && !profile.is_blind() {
            let next = slip(&mut dice, profile);
            let mut job = Job::new(profile, &next, true, true, seed as u32 + 77, now);
            let result = run(&mut device, &mut job, &mut now, 10, None);
            // What is left of this fault may hit the second slip.
            if result == PrintResult::Printed {
                let papers = finish(&mut device);
                let spared = kind != 3 && kind != 0 && kind != 1;
                let held = papers.iter().any(|p| p.holds(&clean(&next, &options)));
                assert!(held || !spared, "second slip, {what}");
            }
        }
    }
    println_seen(&seen);
    for kind in 0..3 {
        assert!(seen.contains_key(&(kind, "NotPrinted".to_owned())), "fault {kind} never bit");
    }
}

fn println_seen(seen: &std::collections::BTreeMap<(usize, String), i32>) {
    eprintln!("{seen:?}");
}

#[test]
fn a_printer_with_a_small_buffer_and_no_flow_control_loses_nothing() {
    for profile in Profile::all().unwrap().iter().filter(|p| !p.is_blind()) {
        for seed in 0..20 {
            let mut dice = Dice::new(seed);
            let options = Options {
                buffer: profile.window_bytes + 128,
                overrun: Overrun::Drop,
                ..printer(profile, "")
            };
            let mut units: Vec<Vec<u8>> = (0..6).map(|_| band(&mut dice, profile)).collect();
            units.extend(slip(&mut dice, profile));
            let mut device = Device::new(options.clone());
            let mut job = Job::new(profile, &units, true, true, seed as u32, 0);
            assert_eq!(run(&mut device, &mut job, &mut 0, 2, None), PrintResult::Printed, "{}", profile.id);
            let papers = finish(&mut device);
            assert!(papers.iter().all(|p| p.lost == 0), "{} overran the buffer", profile.id);
            assert!(papers.iter().any(|p| p.holds(&clean(&units, &options))));
        }
    }
}

#[test]
fn a_job_cut_off_anywhere_does_not_hurt_the_next() {
    for profile in Profile::all().unwrap().iter().filter(|p| !p.is_blind()) {
        for seed in 0..60 {
            let mut dice = Dice::new(seed);
            // Every third one answers DLE EOT only in its turn, as some clones do.
            let options = Options { realtime: seed % 3 != 0, ..printer(profile, "") };
            let mut device = Device::new(options.clone());
            // Somebody's bytes, cut off inside a band (or anywhere).
            let mut rubbish = slip(&mut dice, profile).concat();
            rubbish.extend(band(&mut dice, profile));
            rubbish.truncate(rubbish.len() - dice.roll(rubbish.len()));
            device.receive(&rubbish);
            device.work(usize::MAX);
            device.tear();
            device.papers();
            device.replies();
            let units = slip(&mut dice, profile);
            let mut job = Job::new(profile, &units, true, true, seed as u32, 0);
            // Down to 3 KB a second.
            let rate = [3, 20][dice.roll(2)];
            let result = run(&mut device, &mut job, &mut 0, rate, None);
            assert_eq!(result, PrintResult::Printed, "{} seed {seed} {rate} bytes/ms", profile.id);
            let papers = finish(&mut device);
            assert!(papers.iter().any(|p| p.holds(&clean(&units, &options))), "{} seed {seed}", profile.id);
        }
    }
}

#[test]
fn a_byte_lost_in_a_raster_band_is_noticed() {
    for id in ["generic-58-gbk", "epson-compatible"] {
        let profile = Profile::named(id).unwrap();
        for seed in 0..40 {
            let mut dice = Dice::new(seed);
            let mut units: Vec<Vec<u8>> = (0..4).map(|_| band(&mut dice, &profile)).collect();
            units.push(b"3F8R-6T2W\n".to_vec());
            // After flush, ESC @, automatic status and fence: inside the dots of the first band.
            let at = profile.flush_bytes + 120 + dice.roll(200);
            let mut device = Device::new(printer(&profile, &format!("drop@{at}:1")));
            let mut job = Job::new(&profile, &units, true, true, seed as u32, 0);
            let result = run(&mut device, &mut job, &mut 0, 20, None);
            assert!(matches!(result, PrintResult::NotPrinted(_)), "{id} seed {seed}: {result}");
        }
    }
}

#[test]
fn trouble_is_told_before_anything_is_sent() {
    for (fault, reason) in [("paper-out@1", Reason::PaperOut), ("cover-open@1", Reason::CoverOpen)] {
        for profile in Profile::all().unwrap().iter().filter(|p| !p.is_blind()) {
            let mut device = Device::new(printer(profile, fault));
            device.receive(b"\0");
            device.work(1);
            let units = slip(&mut Dice::new(3), profile);
            let mut job = Job::new(profile, &units, true, true, 1, 0);
            let result = run(&mut device, &mut job, &mut 0, 20, None);
            assert_eq!(result, PrintResult::NotPrinted(reason), "{}", profile.id);
            assert!(finish(&mut device).iter().all(|p| p.lines.is_empty()), "something was printed");
        }
    }
}

#[test]
fn paper_changed_in_mid_slip_is_never_printed_on() {
    // The officer is quick: new paper after 0.9 s, and the printer goes on by itself.
    for profile in Profile::all().unwrap().iter().filter(|p| !p.is_blind()) {
        let mut dice = Dice::new(5);
        let units: Vec<Vec<u8>> =
            (0..6).map(|_| band(&mut dice, profile)).chain([b"END\n".to_vec()]).collect();
        let at = profile.flush_bytes + 4000;
        let mut device = Device::new(printer(profile, &format!("paper-out@{at}")));
        let mut job = Job::new(profile, &units, true, true, 1, 0);
        let result = run(&mut device, &mut job, &mut 0, 20, Some(900));
        assert_eq!(result, PrintResult::NotPrinted(Reason::PaperOut), "{}", profile.id);
        let papers = finish(&mut device);
        assert!(papers[0].torn);
        assert!(papers.iter().all(|p| !p.text().contains("END")), "it went on: {}", profile.id);
        if profile.clear {
            assert!(papers.iter().skip(1).all(|p| p.dots.black() == 0), "the rest came out on new paper");
        }
    }
}
