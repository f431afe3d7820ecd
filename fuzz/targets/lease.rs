//! A block of numbers that claims to come from HQ.
#![no_main]

use ezhifa_seal::{
    lease::{DOMAIN, MAX, NumberBlock},
    sign::{Algorithm, PublicKey, Signed, Signer, SoftwareKey},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let key = SoftwareKey::from_secret(Algorithm::P256Sha256, [7; 32]).expect("a key");
    if let Ok(signed) = serde_json::from_slice::<Signed>(data) {
        let text = serde_json::to_string(&signed).expect("JSON");
        assert!(serde_json::from_str::<Signed>(&text).is_ok_and(|again| again == signed));
        let _ = signed.open::<NumberBlock>(DOMAIN, &key.public_key());
    }
    let _ = serde_json::from_slice::<PublicKey>(data).map(|key| key.id());
    let Ok(block) = serde_json::from_slice::<NumberBlock>(data) else { return };
    let fine = block.check().is_ok();
    if fine {
        assert!((1..=MAX).contains(&block.count()) && block.from >= 1 && block.to >= block.from);
    }
    // HQ's own signature on it opens it, word for word, in its own domain only.
    let signed = Signed::seal(&key, DOMAIN, &block).expect("signs");
    assert_eq!(signed.open::<NumberBlock>(DOMAIN, &key.public_key()), Ok(block));
    assert!(signed.open::<NumberBlock>("ezhifa.other.v1", &key.public_key()).is_err());
});
