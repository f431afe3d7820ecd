//! A packed body never grows past the limit, and what we pack comes back.
#![no_main]

use ezhifa_wire::pack;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    const LIMIT: usize = 64 << 10;
    if let Ok(bytes) = pack::unpack(data, LIMIT) {
        assert!(bytes.len() <= LIMIT);
    }
    if let Some(packed) = pack::pack(data) {
        assert_eq!(pack::unpack(&packed, data.len()).as_deref(), Ok(data));
        assert!(pack::unpack(&packed, data.len() - 1).is_err());
    }
});
