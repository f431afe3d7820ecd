//! Crypto of the evidence vault: a file as 64 KiB chunks of ChaCha20-Poly1305 in the STREAM construction
//! (nonce = counter and last flag), a fresh key per file, hashed while it streams.
//!
//! `EZV1`, then chunks of ciphertext with a 16-byte tag each. A key must never seal two files: that is
//! what lets the nonce be a counter.

use std::io::{Read, Seek, SeekFrom, Write};

use chacha20poly1305::{
    ChaCha20Poly1305, Nonce, Tag,
    aead::{AeadInOut, KeyInit},
};

use crate::{
    SealError,
    hash::{Digest, Hasher},
};

/// First bytes of a sealed file; also bound into every chunk.
pub const MAGIC: &[u8; 4] = b"EZV1";
/// Plaintext bytes in a chunk.
pub const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

/// Key of one file.
#[derive(Clone, PartialEq, Eq, zeroize::ZeroizeOnDrop)]
pub struct FileKey(pub [u8; 32]);

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey")
    }
}

/// What went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streamed {
    /// SHA-256 of the plaintext: the evidence's name.
    pub sha256: Digest,
    /// Plaintext bytes.
    pub size: u64,
}

/// Length of the sealed file for `size` plaintext bytes.
#[must_use]
pub fn sealed_len(size: u64) -> u64 {
    let chunks = size.div_ceil(CHUNK as u64).max(1);
    size.saturating_add(chunks.saturating_mul(TAG as u64)).saturating_add(MAGIC.len() as u64)
}

/// Encrypts `from` into `to`, one chunk in memory at a time.
///
/// # Errors
/// Reading or writing fails, or the file is beyond 2^32 chunks.
pub fn seal(key: &FileKey, from: &mut dyn Read, to: &mut dyn Write) -> Result<Streamed, SealError> {
    let cipher = ChaCha20Poly1305::new((&key.0).into());
    let mut hasher = Hasher::new();
    let mut size = 0_u64;
    to.write_all(MAGIC)?;
    // One chunk ahead, to know which is the last.
    let (mut now, mut next) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut filled = fill(from, &mut now)?;
    let mut chunk = 0_u32;
    loop {
        let ahead = if filled == CHUNK { fill(from, &mut next)? } else { 0 };
        let last = ahead == 0;
        let plain = now.get_mut(..filled).unwrap_or_default();
        hasher.update(plain);
        size = size.saturating_add(plain.len() as u64);
        let tag = cipher
            .encrypt_inout_detached(&nonce(chunk, last), MAGIC, plain.into())
            .map_err(|_| SealError::Damaged { chunk })?;
        to.write_all(now.get(..filled).unwrap_or_default())?;
        to.write_all(&tag)?;
        if last {
            return Ok(Streamed { sha256: hasher.finish(), size });
        }
        chunk = chunk.checked_add(1).ok_or(SealError::Range { field: "file size" })?;
        std::mem::swap(&mut now, &mut next);
        filled = ahead;
    }
}

/// Decrypts `from` into `to`. The caller must not use `to` before this answers: only then is the end
/// known to be the end.
///
/// # Errors
/// Changed, cut or lengthened file, another key, reading or writing fails.
pub fn open(key: &FileKey, from: &mut dyn Read, to: &mut dyn Write) -> Result<Streamed, SealError> {
    let cipher = ChaCha20Poly1305::new((&key.0).into());
    let mut magic = [0; 4];
    if fill(from, &mut magic)? != 4 || &magic != MAGIC {
        return Err(SealError::Damaged { chunk: 0 });
    }
    let mut hasher = Hasher::new();
    let mut size = 0_u64;
    let (mut now, mut next) = (vec![0; CHUNK + TAG], vec![0; CHUNK + TAG]);
    let mut filled = fill(from, &mut now)?;
    let mut chunk = 0_u32;
    loop {
        let damaged = SealError::Damaged { chunk };
        let ahead = if filled == CHUNK + TAG { fill(from, &mut next)? } else { 0 };
        let last = ahead == 0;
        let text = filled.checked_sub(TAG).ok_or(damaged.clone())?;
        let (body, tag) = now.get_mut(..filled).unwrap_or_default().split_at_mut(text);
        let tag = Tag::try_from(&*tag).map_err(|_| damaged.clone())?;
        cipher
            .decrypt_inout_detached(&nonce(chunk, last), MAGIC, (&mut *body).into(), &tag)
            .map_err(|_| damaged.clone())?;
        hasher.update(body);
        size = size.saturating_add(body.len() as u64);
        to.write_all(body)?;
        if last {
            return Ok(Streamed { sha256: hasher.finish(), size });
        }
        chunk = chunk.checked_add(1).ok_or(damaged)?;
        std::mem::swap(&mut now, &mut next);
        filled = ahead;
    }
}

/// Decrypts `most` plain bytes from `offset` of a file of `size` plain bytes: what a resumed upload sends.
/// Every chunk it touches is checked; the whole file only by [`open`].
///
/// # Errors
/// Changed file, another key, reading fails, or the range lies outside.
pub fn open_part(
    key: &FileKey,
    from: &mut (impl Read + Seek),
    size: u64,
    offset: u64,
    most: u64,
) -> Result<Vec<u8>, SealError> {
    let range = SealError::Range { field: "evidence part" };
    let end = offset.checked_add(most).filter(|end| *end <= size).ok_or(range.clone())?;
    let cipher = ChaCha20Poly1305::new((&key.0).into());
    let (chunk_len, last) = (CHUNK as u64, size.saturating_sub(1) / CHUNK as u64);
    let mut out = Vec::new();
    let mut at = offset;
    while at < end {
        let index = at / chunk_len;
        let chunk = u32::try_from(index).map_err(|_| range.clone())?;
        let damaged = SealError::Damaged { chunk };
        let start = index.saturating_mul(chunk_len + TAG as u64).saturating_add(MAGIC.len() as u64);
        from.seek(SeekFrom::Start(start))?;
        let mut buffer = vec![0; CHUNK + TAG];
        let filled = fill(from, &mut buffer)?;
        let text = filled.checked_sub(TAG).ok_or(damaged.clone())?;
        let (body, tag) = buffer.get_mut(..filled).unwrap_or_default().split_at_mut(text);
        let tag = Tag::try_from(&*tag).map_err(|_| damaged.clone())?;
        cipher
            .decrypt_inout_detached(&nonce(chunk, index == last), MAGIC, (&mut *body).into(), &tag)
            .map_err(|_| damaged.clone())?;
        let begin = index.saturating_mul(chunk_len);
        let inside = |n: u64| usize::try_from(n.saturating_sub(begin)).unwrap_or(usize::MAX).min(body.len());
        let part = body.get(inside(at)..inside(end)).filter(|part| !part.is_empty()).ok_or(damaged)?;
        out.extend(part);
        at = at.saturating_add(part.len() as u64);
    }
    Ok(out)
}

fn nonce(chunk: u32, last: bool) -> Nonce {
    let [a, b, c, d] = chunk.to_be_bytes();
    Nonce::from([0, 0, 0, 0, 0, 0, 0, a, b, c, d, u8::from(last)])
}

/// Reads until the buffer is full or the end.
fn fill(from: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, SealError> {
    let mut filled = 0_usize;
    loop {
        let rest = buffer.get_mut(filled..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(filled);
        }
        match from.read(rest) {
            Ok(0) => return Ok(filled),
            Ok(n) => filled = filled.saturating_add(n),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::hash::sha256;

    fn both(plain: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let key = FileKey([5; 32]);
        let mut sealed = Vec::new();
        let went_in = seal(&key, &mut &*plain, &mut sealed).unwrap();
        let mut back = Vec::new();
        let came_out = open(&key, &mut &*sealed, &mut back).unwrap();
        assert_eq!(went_in, came_out);
        assert_eq!(went_in, Streamed { sha256: sha256(plain), size: plain.len() as u64 });
        assert_eq!(sealed.len() as u64, sealed_len(plain.len() as u64));
        (sealed, back)
    }

    #[test]
    fn every_length_around_a_chunk_comes_back() {
        for n in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17] {
            let plain: Vec<u8> = (0..n).map(|i| (i % 251) as u8).collect();
            let (sealed, back) = both(&plain);
            assert_eq!(back, plain);
            assert!(n < 16 || !sealed.windows(16).any(|w| w == &plain[..16]));
        }
    }

    #[test]
    fn any_part_is_the_same_as_in_the_whole() {
        for size in [1, CHUNK, CHUNK + 1, 3 * CHUNK + 17] {
            let plain: Vec<u8> = (0..size).map(|i| (i % 253) as u8).collect();
            let (sealed, _) = both(&plain);
            for (offset, most) in [
                (0, size),
                (size - 1, 1),
                (size / 2, size - size / 2),
                (0, 1),
                (size / 3, 7.min(size - size / 3)),
            ] {
                let mut file = std::io::Cursor::new(&sealed);
                let part =
                    open_part(&FileKey([5; 32]), &mut file, size as u64, offset as u64, most as u64).unwrap();
                assert_eq!(part, plain[offset..offset + most]);
            }
            let mut file = std::io::Cursor::new(&sealed);
            assert!(open_part(&FileKey([5; 32]), &mut file, size as u64, 1, size as u64).is_err());
        }
    }

    #[test]
    fn cut_changed_or_lengthened_files_are_refused() {
        let plain = vec![9; 2 * CHUNK + 5];
        let (sealed, _) = both(&plain);
        let refused = |bytes: &[u8]| open(&FileKey([5; 32]), &mut &*bytes, &mut Vec::new()).is_err();
        for cut in [0, 3, 4, 10, 4 + CHUNK + TAG, 4 + 2 * (CHUNK + TAG), sealed.len() - 1] {
            assert!(refused(&sealed[..cut]), "cut at {cut}");
        }
        for at in [0, 4, 5000, 4 + CHUNK + 3, sealed.len() - 1] {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert!(refused(&bad), "flip at {at}");
        }
        let mut long = sealed.clone();
        long.push(0);
        assert!(refused(&long));
        let mut swapped = sealed[..4].to_vec();
        swapped.extend(&sealed[4 + CHUNK + TAG..4 + 2 * (CHUNK + TAG)]);
        swapped.extend(&sealed[4..4 + CHUNK + TAG]);
        swapped.extend(&sealed[4 + 2 * (CHUNK + TAG)..]);
        assert!(refused(&swapped));
        assert!(open(&FileKey([6; 32]), &mut &*sealed, &mut Vec::new()).is_err());
    }
}
