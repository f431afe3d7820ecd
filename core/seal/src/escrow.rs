//! Key escrow (密钥托管): a phone's database key sealed to HQ's public key at enrolment, so that a phone
//! with a dead key store can be recovered at HQ. ECDH over P-256, HKDF-SHA256, ChaCha20-Poly1305.

use chacha20poly1305::{
    ChaCha20Poly1305, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    SealError,
    sign::{Algorithm, PublicKey},
};

const INFO: &[u8] = b"ezhifa.escrow.v1";
const POINT: usize = 65;

/// Seals `secret` to `to`. `ephemeral` is 32 random bytes, used once.
///
/// # Errors
/// `to` is not a P-256 key, or `ephemeral` is not a scalar (try again with other bytes).
pub fn seal(to: &PublicKey, ephemeral: [u8; 32], secret: &[u8]) -> Result<Vec<u8>, SealError> {
    let ephemeral = private(ephemeral)?;
    let mut out = ephemeral.public_key().to_sec1_bytes().to_vec();
    let out_point = point(&out)?;
    let cipher = cipher(&ephemeral, &public(to)?, &out_point)?;
    let payload = Payload { msg: secret, aad: INFO };
    let sealed = cipher.encrypt(&Nonce::default(), payload).map_err(|_| SealError::Damaged { chunk: 0 })?;
    out.extend(sealed);
    Ok(out)
}

/// Opens at HQ, with the secret of the key it was sealed to.
///
/// # Errors
/// Another key, or changed bytes.
pub fn open(secret: [u8; 32], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let damaged = SealError::Damaged { chunk: 0 };
    let head = point(sealed)?;
    let from = p256::PublicKey::from_sec1_bytes(&head).map_err(|_| damaged.clone())?;
    let cipher = cipher(&private(secret)?, &from, &head)?;
    let payload = Payload { msg: sealed.get(POINT..).unwrap_or_default(), aad: INFO };
    cipher.decrypt(&Nonce::default(), payload).map(Zeroizing::new).map_err(|_| damaged)
}

fn point(bytes: &[u8]) -> Result<[u8; POINT], SealError> {
    bytes.get(..POINT).and_then(|b| b.try_into().ok()).ok_or(SealError::Damaged { chunk: 0 })
}

fn private(bytes: [u8; 32]) -> Result<p256::SecretKey, SealError> {
    let bytes = Zeroizing::new(bytes);
    p256::SecretKey::from_slice(&*bytes).map_err(|_| SealError::Key { alg: Algorithm::P256Sha256.id() })
}

fn public(key: &PublicKey) -> Result<p256::PublicKey, SealError> {
    match key.alg {
        Algorithm::P256Sha256 => p256::PublicKey::from_sec1_bytes(&key.bytes).ok(),
        Algorithm::Sm2Sm3 => None,
    }
    .ok_or(SealError::Key { alg: Algorithm::P256Sha256.id() })
}

fn cipher(
    own: &p256::SecretKey,
    other: &p256::PublicKey,
    salt: &[u8],
) -> Result<ChaCha20Poly1305, SealError> {
    let shared = p256::ecdh::diffie_hellman(own.to_nonzero_scalar(), other.as_affine());
    let mut key = Zeroizing::new([0_u8; 32]);
    Hkdf::<Sha256>::new(Some(salt), shared.raw_secret_bytes())
        .expand(INFO, &mut *key)
        .map_err(|_| SealError::Key { alg: Algorithm::P256Sha256.id() })?;
    Ok(ChaCha20Poly1305::new((&*key).into()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::sign::{Signer, SoftwareKey};

    #[test]
    fn only_hq_opens_it() {
        let hq = SoftwareKey::from_secret(Algorithm::P256Sha256, [4; 32]).unwrap();
        let sealed = seal(&hq.public_key(), [9; 32], &[7; 32]).unwrap();
        assert_eq!(open([4; 32], &sealed).unwrap().as_slice(), &[7; 32]);
        assert!(open([5; 32], &sealed).is_err());
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert!(open([4; 32], &bad).is_err());
        }
        assert!(open([4; 32], &sealed[..30]).is_err());
    }
}
