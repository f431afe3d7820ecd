//! Signatures behind a provider trait. P-256 is the default (hardware keys of both phone systems); SM2 is
//! the second profile (GM/T 0003.2). Where certified products are required (密评), a certified module
//! implements [`Signer`], and every envelope names its algorithm.

use std::borrow::Cow;

use p256::ecdsa::signature::{Signer as _, Verifier as _};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    SealError,
    hash::{hex, tagged},
};

/// Distinguishing identifier of GM/T 0009 7.
const SM2_ID: &str = "1234567812345678";

/// Signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256.
    #[serde(rename = "p256-sha256")]
    P256Sha256,
    /// SM2 with SM3 (国密).
    #[serde(rename = "sm2-sm3")]
    Sm2Sm3,
}

impl Algorithm {
    /// Id in envelopes.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Algorithm::P256Sha256 => "p256-sha256",
            Algorithm::Sm2Sm3 => "sm2-sm3",
        }
    }

    /// From its id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Algorithm> {
        [Algorithm::P256Sha256, Algorithm::Sm2Sm3].into_iter().find(|a| a.id() == id)
    }
}

/// Name of a public key: 16 hex digits of its hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

/// Public key, SEC1 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// Algorithm.
    pub alg: Algorithm,
    /// SEC1, compressed or not.
    #[serde(with = "hex")]
    pub bytes: Vec<u8>,
}

impl PublicKey {
    /// Name of this key; the same for both SEC1 forms only if the platform keeps to one.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let digest = tagged("ezhifa.key.v1", &[self.alg.id().as_bytes(), &self.bytes]);
        KeyId(digest.to_string().chars().take(16).collect())
    }
}

/// Signature: r and s, 32 bytes each, big endian.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Algorithm.
    pub alg: Algorithm,
    /// Which key.
    pub key: KeyId,
    /// r and s.
    #[serde(with = "hex")]
    pub bytes: [u8; 64],
}

impl Signature {
    /// From the DER form that key stores of phones answer with.
    ///
    /// # Errors
    /// Not a DER signature.
    pub fn from_der(key: &PublicKey, der: &[u8]) -> Result<Signature, SealError> {
        // Both algorithms encode SEQUENCE { r INTEGER, s INTEGER } with 256-bit orders.
        let parsed =
            p256::ecdsa::Signature::from_der(der).map_err(|_| SealError::Signature { what: "DER" })?;
        Ok(Signature { alg: key.alg, key: key.id(), bytes: parsed.to_bytes().into() })
    }
}

/// Whoever holds a secret key: software, the platform's key store, a certified module.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public_key(&self) -> PublicKey;
    /// Signs bytes (hashing is part of the algorithm).
    ///
    /// # Errors
    /// The key store refuses.
    fn sign(&self, message: &[u8]) -> Result<Signature, SealError>;
}

/// A key in memory: for HQ, for tests, for phones without a hardware key.
pub struct SoftwareKey {
    secret: Secret,
    public: PublicKey,
    id: KeyId,
}

enum Secret {
    P256(Box<p256::ecdsa::SigningKey>),
    Sm2(Box<sm2::dsa::SigningKey>),
}

impl std::fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SoftwareKey").field(&self.id.0).finish()
    }
}

impl SoftwareKey {
    /// From 32 secret bytes.
    ///
    /// # Errors
    /// Zero, or not below the group order.
    pub fn from_secret(alg: Algorithm, secret: [u8; 32]) -> Result<SoftwareKey, SealError> {
        let secret = zeroize::Zeroizing::new(secret);
        let bad = SealError::Key { alg: alg.id() };
        let (secret, bytes) = match alg {
            Algorithm::P256Sha256 => {
                let key = p256::ecdsa::SigningKey::from_slice(&*secret).map_err(|_| bad)?;
                let bytes = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
                (Secret::P256(Box::new(key)), bytes)
            }
            Algorithm::Sm2Sm3 => {
                let key = sm2::dsa::SigningKey::from_slice(SM2_ID, &*secret).map_err(|_| bad)?;
                let bytes = key.verifying_key().to_sec1_bytes().into_vec();
                (Secret::Sm2(Box::new(key)), bytes)
            }
        };
        let public = PublicKey { alg, bytes };
        let id = public.id();
        Ok(SoftwareKey { secret, public, id })
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SealError> {
        let refused = |_| SealError::Unavailable { reason: "software key".into() };
        let bytes: [u8; 64] = match &self.secret {
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = key.try_sign(message).map_err(refused)?;
                signature.to_bytes().into()
            }
            Secret::Sm2(key) => key.try_sign(message).map_err(refused)?.to_bytes().into(),
        };
        Ok(Signature { alg: self.public.alg, key: self.id.clone(), bytes })
    }
}

/// Checks a signature.
///
/// # Errors
/// Another algorithm or key, an invalid key, other bytes.
pub fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), SealError> {
    if signature.alg != key.alg || signature.key != key.id() {
        return Err(SealError::OtherKey {
            found: format!("{} {}", signature.alg.id(), short(&signature.key.0)),
        });
    }
    let bad_key = |_| SealError::Key { alg: key.alg.id() };
    let bad = |_| SealError::Signature { what: "signature" };
    match key.alg {
        Algorithm::P256Sha256 => {
            // ring checks in a fifth of the time (HQ checks two signatures a push) but reads one form only.
            let read = || p256::ecdsa::VerifyingKey::from_sec1_bytes(&key.bytes).map_err(bad_key);
            let point = match key.bytes.first() {
                Some(4) => Cow::Borrowed(key.bytes.as_slice()),
                _ => Cow::Owned(read()?.to_sec1_point(false).as_bytes().to_vec()),
            };
            let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point);
            public.verify(message, &signature.bytes).or_else(|_| {
                read()?;
                Err(SealError::Signature { what: "signature" })
            })
        }
        Algorithm::Sm2Sm3 => {
            let public = sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_ID, &key.bytes).map_err(bad_key)?;
            let signature = sm2::dsa::Signature::from_slice(&signature.bytes).map_err(bad)?;
            public.verify(message, &signature).map_err(bad)
        }
    }
}

/// A foreign key id in a message, never longer than a real one.
fn short(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).take(16).collect()
}

/// A signed document: the exact JSON text and a signature over domain and text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Exact JSON; never re-serialised.
    pub doc: String,
    /// Over the domain and `doc`.
    pub signature: Signature,
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed")
            .field("doc_bytes", &self.doc.len())
            .field("key", &self.signature.key)
            .finish_non_exhaustive()
    }
}

/// Domains are constants without a newline, so that the first two lines are unambiguous.
fn message(domain: &str, doc: &str) -> Vec<u8> {
    format!("ezhifa-signed-v1\n{domain}\n{doc}").into_bytes()
}

impl Signed {
    /// Serialises and signs.
    ///
    /// # Errors
    /// The value is not JSON, or the key refuses.
    pub fn seal<T: Serialize + ?Sized>(
        key: &dyn Signer,
        domain: &str,
        value: &T,
    ) -> Result<Signed, SealError> {
        Self::seal_text(key, domain, serde_json::to_string(value).map_err(|e| content(&e))?)
    }

    /// Signs JSON text that is there already, to the byte.
    ///
    /// # Errors
    /// The key refuses.
    pub fn seal_text(key: &dyn Signer, domain: &str, doc: String) -> Result<Signed, SealError> {
        let signature = key.sign(&message(domain, &doc))?;
        Ok(Signed { doc, signature })
    }

    /// Checks the signature, then reads.
    ///
    /// # Errors
    /// Another key, domain or text; or not the JSON expected.
    pub fn open<T: DeserializeOwned>(&self, domain: &str, key: &PublicKey) -> Result<T, SealError> {
        verify(key, &message(domain, &self.doc), &self.signature)?;
        serde_json::from_str(&self.doc).map_err(|e| content(&e))
    }
}

/// Position and category only: serde's own message may quote the content.
fn content(e: &serde_json::Error) -> SealError {
    SealError::Content { what: "JSON", reason: format!("{:?} {}:{}", e.classify(), e.line(), e.column()) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn both_profiles_sign_verify_and_refuse() {
        for alg in [Algorithm::P256Sha256, Algorithm::Sm2Sm3] {
            let key = SoftwareKey::from_secret(alg, [7; 32]).unwrap();
            let other = SoftwareKey::from_secret(alg, [8; 32]).unwrap();
            let signature = key.sign(b"hello").unwrap();
            assert_eq!(verify(&key.public_key(), b"hello", &signature), Ok(()));
            assert!(verify(&key.public_key(), b"hellp", &signature).is_err());
            assert!(matches!(
                verify(&other.public_key(), b"hello", &signature),
                Err(SealError::OtherKey { .. })
            ));
            let mut cut = signature.clone();
            cut.bytes[40] ^= 1;
            assert!(verify(&key.public_key(), b"hello", &cut).is_err());
            cut.bytes = [0; 64];
            assert!(verify(&key.public_key(), b"hello", &cut).is_err());
        }
        assert!(SoftwareKey::from_secret(Algorithm::Sm2Sm3, [0; 32]).is_err());
        assert!(SoftwareKey::from_secret(Algorithm::P256Sha256, [255; 32]).is_err());
    }

    /// Two implementations that disagree would let one side accept what the other refuses.
    #[test]
    fn ring_and_p256_agree_on_every_signature_and_both_forms_of_a_key() {
        let key = SoftwareKey::from_secret(Algorithm::P256Sha256, [7; 32]).unwrap();
        let full = key.public_key();
        let theirs = p256::ecdsa::VerifyingKey::from_sec1_bytes(&full.bytes).unwrap();
        let short = PublicKey { bytes: theirs.to_sec1_point(true).as_bytes().to_vec(), ..full.clone() };
        let good = key.sign(b"hello").unwrap();
        // s and n - s are the same signature to both: neither asks for the lower one.
        let parsed = p256::ecdsa::Signature::from_slice(&good.bytes).unwrap();
        let mirrored = p256::ecdsa::Signature::from_scalars(parsed.r(), -*parsed.s()).unwrap();
        let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
        let order = crate::hash::Digest::from_hex(order).unwrap().0;
        let mut tries = vec![good.bytes, mirrored.to_bytes().into(), [0; 64], [255; 64]];
        for (half, value) in [(0, [0; 32]), (32, [0; 32]), (0, order), (32, order)] {
            let mut bytes = good.bytes;
            bytes[half..half + 32].copy_from_slice(&value);
            tries.push(bytes);
        }
        for at in 0..512 {
            let mut bytes = good.bytes;
            bytes[at / 8] ^= 1 << (at % 8);
            tries.push(bytes);
        }
        let mut held = 0;
        for bytes in tries {
            let expected =
                p256::ecdsa::Signature::from_slice(&bytes).is_ok_and(|s| theirs.verify(b"hello", &s).is_ok());
            for public in [&full, &short] {
                let signature = Signature { alg: full.alg, key: public.id(), bytes };
                assert_eq!(verify(public, b"hello", &signature).is_ok(), expected);
            }
            held += usize::from(expected);
        }
        assert_eq!(held, 2);
        for bytes in [
            vec![],
            vec![4],
            vec![4; 65],
            [&[2][..], &[255; 32]].concat(),
            full.bytes[..64].to_vec(),
            [&full.bytes[..], &[0]].concat(),
        ] {
            let public = PublicKey { alg: full.alg, bytes };
            let signature = Signature { key: public.id(), ..good.clone() };
            assert_eq!(verify(&public, b"hello", &signature), Err(SealError::Key { alg: full.alg.id() }));
        }
    }

    #[test]
    fn a_signature_is_worth_nothing_in_another_domain() {
        let key = SoftwareKey::from_secret(Algorithm::P256Sha256, [7; 32]).unwrap();
        let signed = Signed::seal(&key, "a.v1", &vec![1, 2]).unwrap();
        assert_eq!(signed.open::<Vec<i32>>("a.v1", &key.public_key()).unwrap(), [1, 2]);
        assert!(signed.open::<Vec<i32>>("b.v1", &key.public_key()).is_err());
        let again: Signed = serde_json::from_str(&serde_json::to_string(&signed).unwrap()).unwrap();
        assert_eq!(again, signed);
    }

    #[test]
    fn der_from_a_phone_becomes_raw() {
        let key = SoftwareKey::from_secret(Algorithm::P256Sha256, [9; 32]).unwrap();
        let raw = key.sign(b"m").unwrap();
        let der = p256::ecdsa::Signature::from_slice(&raw.bytes).unwrap().to_der();
        assert_eq!(Signature::from_der(&key.public_key(), der.as_bytes()).unwrap(), raw);
        assert!(Signature::from_der(&key.public_key(), b"nonsense").is_err());
    }
}
