//! The journal's entries (日志条目) and their chain.
//!
//! A header is never changed or deleted. Salt and body lie apart and may be purged after retention; the
//! header keeps their digest, so that the chain still verifies.

use serde::{Deserialize, Serialize};

use crate::hash::{Digest, hex, tagged};

const ENTRY: &str = "ezhifa.entry.v1";
const BODY: &str = "ezhifa.body.v1";

/// Device id, given by HQ at enrolment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(pub String);

impl std::fmt::Display for DeviceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One uninterrupted life of a phone's journal; a restore or a clone starts another. 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

impl std::fmt::Display for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for Epoch {
    type Err = crate::SealError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = crate::SealError::Malformed { what: "epoch", expected: "16 hex digits" };
        if text.len() != 16 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(bad);
        }
        u64::from_str_radix(text, 16).map(Epoch).map_err(|_| bad)
    }
}

impl Serialize for Epoch {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// When, by three clocks: wall time, milliseconds since boot, which boot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// Unix milliseconds as the phone believes.
    pub wall_ms: i64,
    /// Monotonic milliseconds within the boot.
    pub mono_ms: i64,
    /// Boot id.
    pub boot: String,
}

/// What is chained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Who wrote it.
    pub device: DeviceId,
    /// In which life.
    pub epoch: Epoch,
    /// From 1, without gaps.
    pub seq: u64,
    /// What the body is: see the registry of kinds in `field`.
    pub kind: String,
    /// Version of the kind.
    pub version: u16,
    /// When.
    #[serde(flatten)]
    pub stamp: Stamp,
    /// Hash of the entry before; zero before the first.
    pub prev: Digest,
    /// [`body_digest`] of salt and body.
    pub body: Digest,
}

impl Header {
    /// The entry's hash: every field, length-prefixed, in this order.
    #[must_use]
    pub fn hash(&self) -> Digest {
        tagged(
            ENTRY,
            &[
                self.device.0.as_bytes(),
                &self.epoch.0.to_be_bytes(),
                &self.seq.to_be_bytes(),
                self.kind.as_bytes(),
                &self.version.to_be_bytes(),
                &self.stamp.wall_ms.to_be_bytes(),
                &self.stamp.mono_ms.to_be_bytes(),
                self.stamp.boot.as_bytes(),
                &self.prev.0,
                &self.body.0,
            ],
        )
    }
}

/// Digest of a body. The salt keeps a purged body from being guessed.
#[must_use]
pub fn body_digest(salt: &[u8; 16], body: &[u8]) -> Digest {
    tagged(BODY, &[salt, body])
}

/// 16 random bytes; hex in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Salt(#[serde(with = "hex")] pub [u8; 16]);

/// An entry as it lies and travels. `salt` and `body` are both there or both purged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedEntry {
    /// Chained part.
    pub header: Header,
    /// Salt of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Salt>,
    /// JSON text, exactly the bytes that were hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl std::fmt::Debug for SealedEntry {
    /// Bodies hold personal data: only their length is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedEntry")
            .field("header", &self.header)
            .field("body_bytes", &self.body.as_ref().map(String::len))
            .finish_non_exhaustive()
    }
}

impl SealedEntry {
    /// Whether salt and body are what the header says; a purged entry is.
    #[must_use]
    pub fn body_matches(&self) -> bool {
        match (&self.salt, &self.body) {
            (Some(salt), Some(body)) => body_digest(&salt.0, body.as_bytes()) == self.header.body,
            (None, None) => true,
            _ => false,
        }
    }
}

/// The end of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Device.
    pub device: DeviceId,
    /// Epoch.
    pub epoch: Epoch,
    /// Last seq; 0 when empty.
    pub seq: u64,
    /// Hash of the last entry; zero when empty.
    pub hash: Digest,
}

impl Head {
    /// Before the first entry.
    #[must_use]
    pub fn start(device: DeviceId, epoch: Epoch) -> Head {
        Head { device, epoch, seq: 0, hash: Digest::ZERO }
    }
}

/// Makes the next entry and the head after it.
///
/// # Errors
/// The journal is at its last possible seq.
pub fn append(
    head: &Head,
    kind: &str,
    version: u16,
    stamp: Stamp,
    salt: [u8; 16],
    body: &str,
) -> Result<(SealedEntry, Head), crate::SealError> {
    let seq = head.seq.checked_add(1).ok_or(crate::SealError::Range { field: "seq" })?;
    let header = Header {
        device: head.device.clone(),
        epoch: head.epoch,
        seq,
        kind: kind.to_owned(),
        version,
        stamp,
        prev: head.hash,
        body: body_digest(&salt, body.as_bytes()),
    };
    let hash = header.hash();
    let next = Head { device: head.device.clone(), epoch: head.epoch, seq, hash };
    Ok((SealedEntry { header, salt: Some(Salt(salt)), body: Some(body.to_owned()) }, next))
}

/// What happened to the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Header or body is not what was written.
    Changed,
    /// An entry is missing.
    Removed,
    /// An entry does not belong here.
    Inserted,
    /// Entries stand in another order.
    Reordered,
    /// The end is missing.
    Truncated,
    /// An entry of another device or epoch.
    Foreign,
}

/// Where the chain breaks, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("日志第 {seq} 条{}，请隔离该设备并报告 / journal entry {seq}: {what:?}; set the device aside and report", zh(*.what))]
pub struct ChainFault {
    /// Seq of the entry concerned.
    pub seq: u64,
    /// What happened to it.
    pub what: Fault,
}

fn zh(what: Fault) -> &'static str {
    match what {
        Fault::Changed => "被改动",
        Fault::Removed => "缺失",
        Fault::Inserted => "系插入",
        Fault::Reordered => "次序被调换",
        Fault::Truncated => "之后被截去",
        Fault::Foreign => "属于其他设备或时期",
    }
}

/// Checks a run that follows `start` and answers its head.
///
/// A changed *last* header can only be seen against a head from elsewhere: see [`verify_to`].
///
/// # Errors
/// The first break, named by position.
pub fn verify<'a>(
    start: &Head,
    entries: impl IntoIterator<Item = &'a SealedEntry>,
) -> Result<Head, ChainFault> {
    verify_owned(start, entries)
}

/// [`verify`] for entries that are read one by one.
///
/// # Errors
/// As [`verify`].
pub fn verify_owned<E: std::borrow::Borrow<SealedEntry>>(
    start: &Head,
    entries: impl IntoIterator<Item = E>,
) -> Result<Head, ChainFault> {
    let mut head = start.clone();
    let mut run = entries.into_iter();
    while let Some(next) = run.next() {
        let entry = next.borrow();
        let header = &entry.header;
        let seq = header.seq;
        let expected = head.seq.checked_add(1).ok_or(ChainFault { seq: head.seq, what: Fault::Inserted })?;
        if header.device != head.device || header.epoch != head.epoch {
            return Err(ChainFault { seq: expected, what: Fault::Foreign });
        }
        if seq < expected {
            return Err(ChainFault { seq, what: Fault::Inserted });
        }
        if seq > expected {
            let later = run.any(|e| e.borrow().header.seq == expected);
            return Err(ChainFault {
                seq: expected,
                what: if later { Fault::Reordered } else { Fault::Removed },
            });
        }
        if header.prev != head.hash {
            return Err(blame(start, entry, run.next().as_ref().map(std::borrow::Borrow::borrow)));
        }
        if !entry.body_matches() {
            return Err(ChainFault { seq, what: Fault::Changed });
        }
        head.seq = seq;
        head.hash = header.hash();
    }
    Ok(head)
}

/// `entry` does not name the hash before it. Its follower tells which of the two was touched.
fn blame(start: &Head, entry: &SealedEntry, follower: Option<&SealedEntry>) -> ChainFault {
    let seq = entry.header.seq;
    let before = seq.saturating_sub(1);
    match follower {
        Some(f) if f.header.seq == seq => ChainFault { seq, what: Fault::Inserted },
        Some(f) if f.header.prev == entry.header.hash() && before > start.seq => {
            ChainFault { seq: before, what: Fault::Changed }
        }
        None if before > start.seq => ChainFault { seq: before, what: Fault::Changed },
        _ => ChainFault { seq, what: Fault::Changed },
    }
}

/// [`verify`] against a head that is known from elsewhere (mark, receipt, signed push): finds a
/// truncated end and a changed last header too.
///
/// # Errors
/// The first break, named by position.
pub fn verify_to<'a>(
    start: &Head,
    entries: impl IntoIterator<Item = &'a SealedEntry>,
    known: &Head,
) -> Result<(), ChainFault> {
    let head = verify(start, entries)?;
    match () {
        () if head.seq < known.seq => Err(ChainFault { seq: head.seq, what: Fault::Truncated }),
        () if head.seq > known.seq => {
            Err(ChainFault { seq: known.seq.saturating_add(1), what: Fault::Inserted })
        }
        () if head != *known => Err(ChainFault { seq: head.seq, what: Fault::Changed }),
        () => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn journal(n: u64) -> (Head, Vec<SealedEntry>, Head) {
        let start = Head::start(DeviceId("d".into()), Epoch(1));
        let mut head = start.clone();
        let mut all = Vec::new();
        for i in 0..n {
            let stamp = Stamp { wall_ms: i as i64, mono_ms: 0, boot: "b".into() };
            let (entry, next) = append(&head, "case", 1, stamp, [i as u8; 16], "{}").unwrap();
            all.push(entry);
            head = next;
        }
        (start, all, head)
    }

    fn fault(seq: u64, what: Fault) -> Result<Head, ChainFault> {
        Err(ChainFault { seq, what })
    }

    #[test]
    fn every_kind_of_tampering_is_named_by_position() {
        let (start, good, head) = journal(9);
        assert_eq!(verify(&start, &good), Ok(head.clone()));
        for at in 0..8_usize {
            let seq = at as u64 + 1;
            let mut body = good.clone();
            body[at].body = Some("{ }".into());
            assert_eq!(verify(&start, &body), fault(seq, Fault::Changed));

            let mut time = good.clone();
            time[at].header.stamp.wall_ms += 1;
            assert_eq!(verify(&start, &time), fault(seq, Fault::Changed));

            let mut gone = good.clone();
            gone.remove(at);
            assert_eq!(verify(&start, &gone), fault(seq, Fault::Removed));

            let mut twice = good.clone();
            twice.insert(at + 1, good[at].clone());
            assert_eq!(verify(&start, &twice), fault(seq, Fault::Inserted));

            let mut swapped = good.clone();
            swapped.swap(at, at + 1);
            assert_eq!(verify(&start, &swapped), fault(seq, Fault::Reordered));

            let mut other = good.clone();
            other[at].header.epoch = Epoch(2);
            assert_eq!(verify(&start, &other), fault(seq, Fault::Foreign));

            let cut = &good[..=at];
            assert_eq!(verify_to(&start, cut, &head), Err(ChainFault { seq, what: Fault::Truncated }));
        }
        let mut last = good.clone();
        last[8].header.kind = "x".into();
        assert_eq!(verify_to(&start, &last, &head), Err(ChainFault { seq: 9, what: Fault::Changed }));
    }

    #[test]
    fn a_forged_entry_with_the_right_seq_is_an_insertion() {
        let (start, good, _) = journal(4);
        let mut all = good.clone();
        let mut forged = good[2].clone();
        forged.header.prev = Digest([7; 32]);
        all.insert(2, forged);
        assert_eq!(verify(&start, &all), fault(3, Fault::Inserted));
    }

    #[test]
    fn a_purged_body_leaves_the_chain_valid_and_half_a_purge_does_not() {
        let (start, mut all, head) = journal(5);
        (all[1].salt, all[1].body) = (None, None);
        assert_eq!(verify(&start, &all), Ok(head));
        all[2].salt = None;
        assert_eq!(verify(&start, &all), fault(3, Fault::Changed));
    }

    #[test]
    fn debug_never_shows_a_body() {
        let start = Head::start(DeviceId("d".into()), Epoch(1));
        let (entry, _) = append(&start, "case", 1, Stamp::default(), [0; 16], "张三").unwrap();
        assert!(!format!("{entry:?}").contains('张'));
    }
}
