//! First-offence lists (首违): keyed hashes of who was seen before.
//!
//! A keyed hash does not make a person anonymous (SYNC.md 5.3): with the key all plates of a city are
//! counted through in seconds. The key is personal data and changes every month.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{SealError, hash::Digest};

/// Key of one month's list.
#[derive(Clone, zeroize::ZeroizeOnDrop)]
pub struct MonthKey(pub [u8; 32]);

impl std::fmt::Debug for MonthKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MonthKey")
    }
}

/// Version of [`normalise`]: another rule means that every list is built again.
pub const RULES: u16 = 1;

/// The one spelling of an id or plate that is hashed: half width, upper case, without spaces and the
/// separators people write into plates.
#[must_use]
pub fn normalise(id: &str) -> String {
    id.chars()
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            c => c,
        })
        .filter(|c| !c.is_whitespace() && !matches!(c, '·' | '•' | '・' | '．' | '.' | '-' | '—'))
        .flat_map(char::to_uppercase)
        .collect()
}

/// Hash of a conduct class and a normalised id.
///
/// # Errors
/// Never with a 32-byte key; kept so that nothing panics.
pub fn key(month: &MonthKey, class: &str, normalised: &str) -> Result<Digest, SealError> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&month.0).map_err(|_| SealError::Key { alg: "hmac-sha256" })?;
    for part in ["ezhifa.seen.v1", class, normalised] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    Ok(Digest(mac.finalize().into_bytes().into()))
}

/// The 64 bits that go into a filter.
#[must_use]
pub fn short(digest: &Digest) -> u64 {
    u64::from_be_bytes(digest.prefix())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn one_plate_has_one_spelling() {
        for plate in ["粤S·12345", "粤Ｓ 12345", "粤s-１２３４５"] {
            assert_eq!(normalise(plate), "粤S12345");
        }
    }

    #[test]
    fn class_and_month_keep_finds_apart() {
        let (a, b) = (MonthKey([1; 32]), MonthKey([2; 32]));
        let k = key(&a, "stall", "X").unwrap();
        assert_ne!(k, key(&a, "ads", "X").unwrap());
        assert_ne!(k, key(&b, "stall", "X").unwrap());
        assert_ne!(key(&a, "ab", "c").unwrap(), key(&a, "a", "bc").unwrap());
    }
}
