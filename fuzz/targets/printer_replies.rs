//! Whatever a printer answers, and whatever the link does with our bytes, a print job ends: never a panic, and
//! never `Printed` by a printer that cannot know.
#![no_main]

use ezhifa_printer::{Action, Demux, Job, PrintResult, Profile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [which, how, replies @ ..] = data else { return };
    let mut demux = Demux::new(how & 1 == 1);
    for byte in replies {
        demux.push(*byte);
    }
    let profiles = Profile::all().expect("built-in profiles are well formed");
    let profile = &profiles[usize::from(*which) % profiles.len()];
    let (lossless, doubtful) = (how & 2 == 0, how & 4 == 0);
    let units = [b"\x1C&\x1B3\x1E".to_vec(), vec![b'x'; 300], b"3F8R-6T2W\n".to_vec()];
    let mut job = Job::new(profile, &units, lossless, doubtful, 7, 0);
    let (mut now, mut at) = (0, 0);
    let result = (0..200_000).find_map(|_| {
        match job.next(now) {
            Action::Finish(result) => return Some(result),
            Action::Send(bytes) => {
                // Some of the answers say how many bytes the link takes.
                let taken = if how & 8 == 0 { bytes.len() } else { usize::from(*replies.get(at).unwrap_or(&255)) };
                let sent = taken.min(bytes.len());
                job.sent(sent, now);
                now += 1;
            }
            Action::Wait(until) => {
                assert!(until > now, "waits for the past");
                now = until.min(now + 25);
                let end = replies.len().min(at + 1 + usize::from(how >> 4));
                job.received(&replies[at.min(end)..end], now);
                at = end;
            }
        }
        None
    });
    let result = result.expect("the job never ended");
    if profile.is_blind() || !lossless {
        assert_ne!(result, PrintResult::Printed);
    }
    let (confirmed, of) = job.progress();
    assert!(confirmed <= of);
});
