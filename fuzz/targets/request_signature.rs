//! The header that says which device asks: what is read says the same when it is written.
#![no_main]

use ezhifa_wire::auth::Auth;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(auth) = Auth::parse(text) {
        assert_eq!(Auth::parse(&auth.header()), Ok(auth));
    }
});
