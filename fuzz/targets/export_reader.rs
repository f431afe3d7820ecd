//! A file that somebody brings and calls an export of a phone's journal.
#![no_main]

use ezhifa_seal::export::verify_export;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(report) = verify_export(&mut &data[..]) else { return };
    let faults = report.epochs.iter().filter(|e| e.fault.is_some()).count();
    assert_eq!(report.is_whole(), faults == 0);
    // Who cuts off the last line of a whole export cuts off an entry, and that is seen.
    let end = data.strip_suffix(b"\n").unwrap_or(data);
    let entries: u64 = report.epochs.iter().map(|e| e.head.seq).sum();
    if let Some(cut) = end.iter().rposition(|b| *b == b'\n').filter(|_| report.is_whole() && entries > 0) {
        assert!(verify_export(&mut &data[..cut]).is_ok_and(|r| !r.is_whole()));
    }
});
