//! Packed bodies (压缩传输): one gzip member (RFC 1952), and never more bytes than the receiver is ready for.
//!
//! A request is signed over the bytes as they travel, so HQ unpacks only what a known device sent. The
//! length that the packed bytes claim is not believed: unpacking stops at the limit.

use std::io::{Read as _, Write as _};

use flate2::{Compression, bufread::GzDecoder, write::GzEncoder};

use crate::{WireError, error::most};

/// The word in `content-encoding` and `accept-encoding`.
pub const ENCODING: &str = "gzip";
/// Header of a packed body.
pub const HEADER: &str = "content-encoding";
/// Header by which a phone says that it takes packed answers.
pub const ACCEPT: &str = "accept-encoding";

/// No larger than the usual 6 on journals of cases (`cargo bench --workspace --bench ingest` prints bytes a case), and
/// less work for the phone.
const LEVEL: u32 = 5;

/// Smaller bodies travel as they are.
const WORTH: usize = 1_024;

/// The packed bytes, when that saves anything.
#[must_use]
pub fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() < WORTH {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(LEVEL));
    encoder.write_all(bytes).ok()?;
    let out = encoder.finish().ok()?;
    (out.len() < bytes.len()).then_some(out)
}

/// The bytes of one packed body, at most `limit` of them.
///
/// # Errors
/// Not exactly one gzip member with the right checksum, or more than `limit` bytes inside.
pub fn unpack(bytes: &[u8], limit: usize) -> Result<Vec<u8>, WireError> {
    const BAD: WireError = WireError::Form { field: "content-encoding" };
    let mut member = GzDecoder::new(bytes).take(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1));
    let mut out = Vec::new();
    member.read_to_end(&mut out).map_err(|_| BAD)?;
    most("body", out.len(), limit)?;
    // A second member, or rubbish behind the first, is nobody's body.
    let rest = member.into_inner().into_inner();
    if rest.is_empty() { Ok(out) } else { Err(BAD) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = pack(&vec![b' '; 64 << 20]).unwrap();
        assert!(bomb.len() < 100_000, "64 MiB in {} bytes", bomb.len());
        assert_eq!(unpack(&bomb, 4 << 20), Err(WireError::TooLarge { field: "body", limit: 4 << 20 }));
        assert_eq!(unpack(&bomb, 64 << 20).unwrap().len(), 64 << 20);
    }

    #[test]
    fn half_a_member_two_members_and_no_member_are_refused() {
        let one = pack(&vec![7; 5_000]).unwrap();
        assert_eq!(unpack(&one, 5_000).unwrap(), vec![7; 5_000]);
        assert!(unpack(&one[..one.len() - 1], 5_000).is_err());
        let mut flipped = one.clone();
        let last = flipped.len() - 5;
        flipped[last] ^= 1;
        assert!(unpack(&flipped, 5_000).is_err(), "the checksum holds");
        assert!(unpack(&[one.clone(), one].concat(), 50_000).is_err());
        assert!(unpack(b"", 10).is_err());
        assert!(unpack(b"{\"plain\":1}", 100).is_err());
    }

    #[test]
    fn what_does_not_shrink_travels_as_it_is() {
        assert_eq!(pack(b"short"), None);
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(bytes in proptest::collection::vec(0u8..4, 1_024..9_000)) {
            let packed = pack(&bytes).unwrap();
            prop_assert_eq!(unpack(&packed, bytes.len()).unwrap(), bytes);
        }

        #[test]
        fn rubbish_never_panics(bytes: Vec<u8>) {
            let _ = unpack(&bytes, 1_000);
            let framed = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &bytes].concat();
            let _ = unpack(&framed, 1_000);
        }
    }
}
