//! The pack hash: what a decision names, so that HQ replays with the very same bytes.

use sha2::{Digest, Sha256};

use super::Files;

/// Signatures are made over the hash and so are not part of it.
pub(crate) const SIGNATURES: &str = "signatures.toml";

/// Hex SHA-256 over the sorted paths and file hashes, without `signatures.toml`.
#[must_use]
pub fn pack_hash(files: &Files) -> String {
    let mut pack = Sha256::new();
    pack.update(b"ezhifa-pack-v1\0");
    for (path, bytes) in files.iter().filter(|(path, _)| *path != SIGNATURES) {
        // Length first: no two lists of files give the same stream.
        pack.update(u64::try_from(path.len()).unwrap_or(u64::MAX).to_be_bytes());
        pack.update(path.as_bytes());
        pack.update(Sha256::digest(bytes));
    }
    data_encoding::HEXLOWER.encode(&pack.finalize())
}
