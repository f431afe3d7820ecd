//! Sealed things whose bytes were touched: evidence files, escrowed keys, hashes, plates.
#![no_main]

use ezhifa_seal::{escrow, hash::Digest, seen, vault};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let key = vault::FileKey([1; 32]);
    // Nobody guesses a sealed file.
    assert!(vault::open(&key, &mut &data[..], &mut Vec::new()).is_err());
    assert!(escrow::open([1; 32], data).is_err());
    let mut sealed = Vec::new();
    let streamed = vault::seal(&key, &mut &data[..], &mut sealed).expect("seals");
    assert_eq!(sealed.len() as u64, vault::sealed_len(streamed.size));
    let mut plain = Vec::new();
    assert_eq!(vault::open(&key, &mut sealed.as_slice(), &mut plain), Ok(streamed));
    assert_eq!(plain, data);
    if let Some(at) = data.first().map(|b| usize::from(*b) % sealed.len()) {
        sealed[at] ^= 1;
        assert!(vault::open(&key, &mut sealed.as_slice(), &mut Vec::new()).is_err());
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let once = seen::normalise(text);
        assert_eq!(seen::normalise(&once), once, "normalising twice changes nothing");
        if let Ok(digest) = Digest::from_hex(text) {
            assert_eq!(digest.to_string(), text.to_ascii_lowercase());
        }
    }
});
