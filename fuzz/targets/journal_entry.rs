//! Entries as HQ, a court or another phone hands them in: JSON lines of one run.
#![no_main]

use ezhifa_seal::entry::{Head, SealedEntry, append, verify, verify_to};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut run = Vec::new();
    for line in data.split(|b| *b == b'\n') {
        let Ok(entry) = serde_json::from_slice::<SealedEntry>(line) else { continue };
        let text = serde_json::to_string(&entry).expect("an entry is JSON");
        assert!(serde_json::from_str::<SealedEntry>(&text).is_ok_and(|again| again == entry));
        if let Some(body) = entry.body.as_ref().filter(|b| b.len() > 40) {
            assert!(!format!("{entry:?}").contains(body.as_str()), "Debug shows a body");
        }
        run.push(entry);
    }
    let Some(first) = run.first() else { return };
    let start = Head::start(first.header.device.clone(), first.header.epoch);
    let Ok(head) = verify(&start, &run) else { return };
    assert_eq!(verify_to(&start, &run, &head), Ok(()));
    assert_eq!(head.seq, run.len() as u64);
    // What verifies can be gone on with, and a touched entry no longer verifies.
    let stamp = first.header.stamp.clone();
    let (next, longer) = append(&head, "case", 1, stamp, [1; 16], "{}").expect("there is room");
    run.push(next);
    assert_eq!(verify_to(&start, &run, &longer), Ok(()));
    let middle = run.len() / 2;
    run[middle].header.version ^= 1;
    assert!(verify_to(&start, &run, &longer).is_err());
});
