//! SHA-256, plain and domain-separated.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};

use crate::SealError;

/// A SHA-256 value. Shown as 64 lower-case hex digits everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Predecessor of the first entry.
    pub const ZERO: Digest = Digest([0; 32]);

    /// Reads 64 hex digits, upper or lower case.
    ///
    /// # Errors
    /// Other length or other characters.
    pub fn from_hex(text: &str) -> Result<Digest, SealError> {
        let bad = SealError::Malformed { what: "hash", expected: "64 hex digits" };
        if text.len() != 64 {
            return Err(bad);
        }
        let bytes = HEXLOWER.decode(text.to_ascii_lowercase().as_bytes()).map_err(|_| bad.clone())?;
        bytes.try_into().map(Digest).map_err(|_| bad)
    }

    /// The first eight bytes: enough for a code on paper to name an entry.
    #[must_use]
    pub fn prefix(&self) -> [u8; 8] {
        let mut out = [0; 8];
        out.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        out
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Digest {
    type Err = SealError;
    fn from_str(text: &str) -> Result<Self, SealError> {
        Digest::from_hex(text)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Digest::from_hex(&text).map_err(D::Error::custom)
    }
}

/// SHA-256 over a stream.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The value.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// SHA-256 of bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// SHA-256 of `domain` and `parts`, each with its length (8 bytes, big endian) before it, so that no two
/// different lists have the same input.
#[must_use]
pub fn tagged(domain: &str, parts: &[&[u8]]) -> Digest {
    let mut hasher = Hasher::new();
    for part in std::iter::once(domain.as_bytes()).chain(parts.iter().copied()) {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finish()
}

/// Bytes of a fixed length as lower-case hex in JSON.
pub(crate) mod hex {
    use data_encoding::HEXLOWER;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(bytes: impl AsRef<[u8]>, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&HEXLOWER.encode(bytes.as_ref()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(d: D) -> Result<T, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| D::Error::custom("not lower-case hex"))?;
        T::try_from(bytes).map_err(|_| D::Error::custom("wrong length"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn lengths_keep_lists_apart() {
        assert_ne!(tagged("d", &[b"ab", b"c"]), tagged("d", &[b"a", b"bc"]));
        assert_ne!(tagged("d", &[b"a"]), tagged("da", &[]));
        assert_ne!(tagged("d", &[]), tagged("d", &[b""]));
    }

    #[test]
    fn hex_goes_both_ways_and_refuses_other_text() {
        let d = sha256(b"abc");
        assert_eq!(d.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Digest::from_hex(&d.to_string().to_uppercase()).unwrap(), d);
        for bad in ["", "xx", &"g".repeat(64), &"中".repeat(22), &"0".repeat(63)] {
            assert!(Digest::from_hex(bad).is_err());
        }
    }
}
