//! The one code on a slip (票据验证码): a signed compact record inside a URL.
//!
//! `HTTPS://HOST/V/` and base32 (RFC 4648, no padding) of version, algorithm, key, record, signature. All
//! characters are in QR's alphanumeric set. At most 173 bytes keep it at version 10-M: 5 dots a module on
//! 58 mm paper. No personal data: a citizen's phone opens HQ's page, an inspector's app needs no network.

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};

use crate::{
    SealError,
    hash::tagged,
    packed::{Reader, put},
    sign::{self, Algorithm, KeyId, PublicKey, Signature, Signer},
};

/// Payload bytes that keep the code at version 10-M with a host of up to 19 characters.
pub const BUDGET: usize = 173;
/// Characters of a version 12-M code: never more, whatever the host.
pub const HARD_STOP: usize = 419;
const VERSION: u8 = 1;
const NO_DUE: [u8; 6] = [0xFF; 6];
/// Crockford's alphabet: no I, L, O, U to misread on the phone to a clerk.
const SPOKEN: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What the code says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlipRecord {
    /// Number (文书字号) as printed.
    pub number: String,
    /// Organ's short code.
    pub organ: String,
    /// Certificate numbers of the two officers.
    pub officers: [String; 2],
    /// Decision time, Unix milliseconds.
    pub decided_ms: i64,
    /// Clause decided on, short.
    pub clause: String,
    /// What the paper says, as a number: below 32 the outcome, from 32 on a paper that decides nothing itself.
    pub outcome: u8,
    /// An order's due time, so that another crew can load it from the paper.
    pub order_due_ms: Option<i64>,
    /// First bytes of the hash of the decision entry.
    pub entry_prefix: [u8; 8],
}

/// A code, taken apart but not yet believed: see [`SlipCode::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlipCode {
    base: String,
    body: Vec<u8>,
    signature: Signature,
}

impl SlipCode {
    /// Makes the code. `base_url` is HQ's address, for example `https://hq.example.cn`.
    ///
    /// # Errors
    /// Too long for the paper, a field out of range, an address with characters that QR's alphanumeric
    /// mode lacks, or the key refuses.
    pub fn encode(record: &SlipRecord, base_url: &str, key: &dyn Signer) -> Result<SlipCode, SealError> {
        let base = base(base_url)?;
        let public = key.public_key();
        let id = data_encoding::HEXLOWER
            .decode(public.id().0.as_bytes())
            .map_err(|_| SealError::Malformed { what: "key id", expected: "16 hex digits" })?;
        let mut body = vec![VERSION, tag(public.alg)];
        body.extend(id);
        put(&mut body, "number", &record.number)?;
        put(&mut body, "organ", &record.organ)?;
        for certificate in &record.officers {
            put(&mut body, "officers", certificate)?;
        }
        body.extend(time("decided_ms", record.decided_ms)?);
        put(&mut body, "clause", &record.clause)?;
        body.push(record.outcome);
        body.extend(record.order_due_ms.map_or(Ok(NO_DUE), |ms| time("order_due_ms", ms))?);
        body.extend(record.entry_prefix);
        let bytes = body.len().saturating_add(64);
        if bytes > BUDGET {
            return Err(SealError::CodeTooLong { bytes, limit: BUDGET });
        }
        let signature = key.sign(&message(&body))?;
        let code = SlipCode { base, body, signature };
        match code.text().len() {
            long if long > HARD_STOP => Err(SealError::CodeTooLong { bytes: long, limit: HARD_STOP }),
            _ => Ok(code),
        }
    }

    /// What the QR holds.
    #[must_use]
    pub fn text(&self) -> String {
        let mut payload = self.body.clone();
        payload.extend(self.signature.bytes);
        format!("{}/V/{}", self.base, BASE32_NOPAD.encode(&payload))
    }

    /// Takes a scanned code apart: the whole address, or only the part after `/V/`; case does not matter.
    ///
    /// # Errors
    /// Not such a code.
    pub fn parse(text: &str) -> Result<SlipCode, SealError> {
        const BAD: SealError =
            SealError::Malformed { what: "slip code", expected: "HTTPS://…/V/… from a slip" };
        if text.len() > 2 * HARD_STOP {
            return Err(BAD);
        }
        let text = text.trim().to_ascii_uppercase();
        let (base, payload) = text.rsplit_once("/V/").unwrap_or(("", &text));
        let payload = BASE32_NOPAD.decode(payload.as_bytes()).map_err(|_| BAD)?;
        let split = payload.len().checked_sub(64).ok_or(BAD)?;
        let (body, bytes) = payload.split_at_checked(split).ok_or(BAD)?;
        let (alg, key) = envelope(&mut Reader(body)).ok_or(BAD)?;
        let bytes = bytes.try_into().map_err(|_| BAD)?;
        read(body).ok_or(BAD)?;
        Ok(SlipCode { base: base.to_owned(), body: body.to_vec(), signature: Signature { alg, key, bytes } })
    }

    /// Which key must have signed it.
    #[must_use]
    pub fn key(&self) -> &KeyId {
        &self.signature.key
    }

    /// The record, once `key` is known to have signed it. Needs no network.
    ///
    /// # Errors
    /// Another key or other content.
    pub fn verify(&self, key: &PublicKey) -> Result<SlipRecord, SealError> {
        sign::verify(key, &message(&self.body), &self.signature)?;
        self.unverified()
    }

    /// What the code claims, before anybody checked it: to look up the key, never to rely on.
    ///
    /// # Errors
    /// Never after [`SlipCode::parse`].
    pub fn unverified(&self) -> Result<SlipRecord, SealError> {
        read(&self.body).ok_or(SealError::Malformed { what: "slip code", expected: "a record" })
    }

    /// Eight characters from the signature, to read out on the telephone.
    #[must_use]
    pub fn check_code(&self) -> String {
        let digest = tagged("ezhifa.check-code.v1", &[&self.signature.bytes]);
        let mut out = String::new();
        for (i, byte) in digest.0.iter().take(8).enumerate() {
            if i == 4 {
                out.push('-');
            }
            out.push(SPOKEN.get(usize::from(byte & 31)).map_or('0', |b| char::from(*b)));
        }
        out
    }
}

fn message(body: &[u8]) -> Vec<u8> {
    [b"ezhifa-slip-code-v1\n", body].concat()
}

fn tag(alg: Algorithm) -> u8 {
    match alg {
        Algorithm::P256Sha256 => 1,
        Algorithm::Sm2Sm3 => 2,
    }
}

fn base(url: &str) -> Result<String, SealError> {
    let upper = url.trim_end_matches('/').to_ascii_uppercase();
    let fine = upper.starts_with("HTTPS://")
        && upper.len() > 8
        && upper.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-./:".contains(&b));
    if fine { Ok(upper) } else { Err(SealError::Malformed { what: "HQ address", expected: "https://host" }) }
}

fn time(field: &'static str, ms: i64) -> Result<[u8; 6], SealError> {
    let [a, b, bytes @ ..] = ms.to_be_bytes();
    if (a, b) != (0, 0) || bytes == NO_DUE { Err(SealError::Range { field }) } else { Ok(bytes) }
}

fn envelope(reader: &mut Reader<'_>) -> Option<(Algorithm, KeyId)> {
    if reader.byte()? != VERSION {
        return None;
    }
    let alg = match reader.byte()? {
        1 => Algorithm::P256Sha256,
        2 => Algorithm::Sm2Sm3,
        _ => return None,
    };
    Some((alg, KeyId(data_encoding::HEXLOWER.encode(reader.take(8)?))))
}

fn read(body: &[u8]) -> Option<SlipRecord> {
    let mut reader = Reader(body);
    envelope(&mut reader)?;
    let record = SlipRecord {
        number: reader.text()?,
        organ: reader.text()?,
        officers: [reader.text()?, reader.text()?],
        decided_ms: reader.time()?,
        clause: reader.text()?,
        outcome: reader.byte()?,
        order_due_ms: Some(reader.time()?).filter(|ms| *ms != 0xFFFF_FFFF_FFFF),
        entry_prefix: reader.array()?,
    };
    reader.0.is_empty().then_some(record)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::sign::SoftwareKey;

    fn record() -> SlipRecord {
        SlipRecord {
            number: "粤莞综执〔2026〕莞城简罚字第000123号".into(),
            organ: "441900-GC".into(),
            officers: ["19001234567".into(), "19001234568".into()],
            decided_ms: 1_795_000_000_000,
            clause: "DG-SR-27".into(),
            outcome: 4,
            order_due_ms: Some(1_795_086_400_000),
            entry_prefix: [1, 2, 3, 4, 5, 6, 7, 8],
        }
    }

    #[test]
    fn a_long_real_number_stays_within_the_budget_and_version_10() {
        let key = SoftwareKey::from_secret(Algorithm::P256Sha256, [7; 32]).unwrap();
        let code = SlipCode::encode(&record(), "https://hq.dg.example", &key).unwrap();
        assert!(code.body.len() + 64 <= BUDGET, "{}", code.body.len() + 64);
        assert!(code.text().len() <= 311, "10-M holds 311 characters");
        assert!(
            code.text().bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-./:".contains(&b))
        );
        assert_eq!(code.check_code().len(), 9);
    }

    #[test]
    fn it_verifies_offline_and_every_changed_character_is_found() {
        for alg in [Algorithm::P256Sha256, Algorithm::Sm2Sm3] {
            let key = SoftwareKey::from_secret(alg, [7; 32]).unwrap();
            let code = SlipCode::encode(&record(), "https://hq.dg.example/", &key).unwrap();
            let text = code.text();
            let scanned = SlipCode::parse(&text.to_lowercase()).unwrap();
            assert_eq!(scanned.verify(&key.public_key()).unwrap(), record());
            assert_eq!(scanned.check_code(), code.check_code());
            let from = text.rfind('/').unwrap() + 1;
            for at in (from..text.len()).step_by(7) {
                let mut bad = text.clone().into_bytes();
                bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
                let bad = String::from_utf8(bad).unwrap();
                assert!(SlipCode::parse(&bad).and_then(|c| c.verify(&key.public_key())).is_err());
            }
        }
    }

    #[test]
    fn what_does_not_fit_the_paper_is_refused_before_it_is_signed() {
        let key = SoftwareKey::from_secret(Algorithm::P256Sha256, [7; 32]).unwrap();
        let long = SlipRecord { clause: "X".repeat(50), ..record() };
        assert!(matches!(
            SlipCode::encode(&long, "https://hq.example", &key),
            Err(SealError::CodeTooLong { limit: BUDGET, .. })
        ));
        for url in ["http://hq.example", "https://", "https://hq_1.example", "https://指挥"] {
            assert!(SlipCode::encode(&record(), url, &key).is_err());
        }
        let late = SlipRecord { decided_ms: -1, ..record() };
        assert!(SlipCode::encode(&late, "https://hq.example", &key).is_err());
    }
}
