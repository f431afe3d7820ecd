//! Whatever a printer answers, the job ends, and nothing panics.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use ezhifa_printer::{Action, Demux, Job, PrintResult, Profile};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var("EZHIFA_NIGHTLY").is_ok() { 20_000 } else { 300 }))]

    #[test]
    fn the_demultiplexer_takes_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400), asb in any::<bool>()) {
        let mut demux = Demux::new(asb);
        for b in bytes {
            demux.push(b);
        }
    }

    /// A mad printer: at each step it may answer anything, take any share of the bytes, or hang up.
    #[test]
    fn a_mad_printer_cannot_hold_up_or_crash_a_job(
        which in 0usize..4,
        units in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..12),
        answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 1..40),
        takes in prop::collection::vec(0usize..700, 1..20),
        hang_up in prop::option::of(0usize..400),
        lossless in any::<bool>(),
        doubtful in any::<bool>(),
    ) {
        let profile = Profile::all().unwrap().swap_remove(which);
        let mut job = Job::new(&profile, &units, lossless, doubtful, 7, 0);
        let mut now = 0;
        let mut result = None;
        for step in 0..200_000 {
            if hang_up == Some(step) {
                job.link_lost(now);
            }
            match job.next(now) {
                Action::Finish(r) => {
                    result = Some(r);
                    break;
                }
                Action::Send(bytes) => {
                    let n = bytes.len().min(takes[step % takes.len()]);
                    job.sent(n, now);
                    now += 1;
                }
                Action::Wait(until) => {
                    prop_assert!(until > now);
                    now = until.min(now + 25);
                    job.received(&answers[step % answers.len()], now);
                }
            }
        }
        let result = result.expect("the job never ended");
        if profile.is_blind() || !lossless {
            prop_assert_ne!(result, PrintResult::Printed);
        }
        let (done, of) = job.progress();
        prop_assert!(done <= of);
    }
}
