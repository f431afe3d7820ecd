//! What a scanner reads from a slip, or from something that pretends to be one.
#![no_main]

use ezhifa_seal::{
    code::{HARD_STOP, SlipCode},
    sign::{Algorithm, Signer, SoftwareKey},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = match std::str::from_utf8(data) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("HTTPS://H/V/{}", base32(data)),
    };
    for text in [text, format!("HTTPS://H/V/{}", base32(data))] {
        let Ok(code) = SlipCode::parse(&text) else { continue };
        assert!(text.len() <= 2 * HARD_STOP);
        let record = code.unverified().expect("parse read the record");
        assert_eq!(SlipCode::parse(&code.text()).as_ref(), Ok(&code), "a code reads again the same");
        assert_eq!(code.check_code().len(), 9);
        let key = SoftwareKey::from_secret(Algorithm::P256Sha256, [7; 32]).expect("a key");
        assert!(code.verify(&key.public_key()).is_err() || code.key() == &key.public_key().id());
        // What the paper says can be signed by us and comes back word for word.
        if let Ok(ours) = SlipCode::encode(&record, "https://h", &key) {
            assert_eq!(ours.verify(&key.public_key()), Ok(record));
        }
    }
});

fn base32(data: &[u8]) -> String {
    let mut out = String::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in data {
        (bits, held) = ((bits << 8) | u32::from(*byte), held + 8);
        while held >= 5 {
            held -= 5;
            out.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(bits >> held & 31) as usize]));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        out.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(bits << (5 - held) & 31) as usize]));
    }
    out
}
