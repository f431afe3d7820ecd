//! PINs of officers: an Argon2id verifier in the signed roster, as a PHC string.

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::BASE64_NOPAD;

use crate::SealError;

/// OWASP's first choice for interactive sign-in; about 20 ms on a desktop, 60 on a cheap phone.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

const BAD: SealError =
    SealError::Malformed { what: "PIN verifier", expected: "$argon2id$v=19$m=…,t=…,p=…$salt$hash" };

/// Makes a verifier. `salt` is random.
///
/// # Errors
/// The PIN is not 4 to 64 bytes.
pub fn make(pin: &str, salt: &[u8; 16]) -> Result<String, SealError> {
    if !(4..=64).contains(&pin.len()) {
        return Err(SealError::Range { field: "PIN" });
    }
    let hash = derive(pin, salt, MEMORY_KIB, PASSES, 1)?;
    let (salt, hash) = (BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(&hash));
    Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1${salt}${hash}"))
}

/// Whether `pin` is the one.
///
/// # Errors
/// The verifier cannot be read, or asks for more memory or time than a phone should give.
pub fn verify(verifier: &str, pin: &str) -> Result<bool, SealError> {
    let parts: Vec<&str> = verifier.split('$').collect();
    let ["", "argon2id", "v=19", cost, salt, hash] = parts.as_slice() else { return Err(BAD) };
    let numbers = cost
        .split(',')
        .zip(["m=", "t=", "p="])
        .map(|(part, name)| part.strip_prefix(name).and_then(|n| n.parse().ok()).ok_or(BAD))
        .collect::<Result<Vec<u32>, _>>()?;
    let [m, t, p] = numbers.as_slice() else { return Err(BAD) };
    if *m > 65_536 || *t > 10 || *p > 4 {
        return Err(BAD);
    }
    let salt = BASE64_NOPAD.decode(salt.as_bytes()).map_err(|_| BAD)?;
    let hash = BASE64_NOPAD.decode(hash.as_bytes()).map_err(|_| BAD)?;
    let found = derive(pin, &salt, *m, *t, *p)?;
    // Constant time: every byte is looked at.
    Ok(hash.len() == found.len() && hash.iter().zip(found).fold(0, |acc, (a, b)| acc | (a ^ b)) == 0)
}

fn derive(pin: &str, salt: &[u8], m: u32, t: u32, p: u32) -> Result<[u8; 32], SealError> {
    let params = Params::new(m, t, p, Some(32)).map_err(|_| BAD)?;
    let mut out = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(pin.as_bytes(), salt, &mut out)
        .map_err(|_| BAD)?;
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_right_pin_opens_and_others_do_not() {
        let verifier = make("246810", &[3; 16]).unwrap();
        assert!(verify(&verifier, "246810").unwrap());
        assert!(!verify(&verifier, "246811").unwrap());
        assert!(make("123", &[0; 16]).is_err());
    }

    #[test]
    fn a_verifier_that_would_stop_a_phone_is_refused() {
        for bad in
            ["", "$argon2id$", "$argon2id$v=19$m=4000000,t=2,p=1$AAAA$AAAA", "$argon2i$v=19$m=8,t=1,p=1$A$A"]
        {
            assert!(verify(bad, "1234").is_err());
        }
    }
}
