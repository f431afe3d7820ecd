//! The mark: where the journal stood, in a file outside every back-up.
//!
//! Two slots, overwritten in turn and synced; a torn write leaves the other slot. *Intent* is written
//! before a commit, *done* after it, and nothing leaves the phone before *done*. A database that does not
//! fit its mark was rolled back or copied: see [`judge`].
//!
//! The first entry of a new epoch declares what the roll-back took. That entry can be rolled back itself before
//! HQ has it, so the mark keeps what was declared ([`Declared`]) and the next life says it again.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use ezhifa_seal::{
    entry::{Epoch, Head},
    hash::{Digest, sha256},
};

use crate::store::error::{Result, io};

const MAGIC: [u8; 8] = *b"EZMARK02";
/// Marks of this kind know nothing of [`Declared`]; they are read, never written.
const MAGIC_1: [u8; 8] = *b"EZMARK01";
const SLOT: usize = 512;
/// Slots lie a page apart, so that one torn page cannot hold both.
const STRIDE: usize = 4096;
/// Bytes before the checksum, without and with what was declared.
const CONTENT_1: usize = 105;
const CONTENT: usize = CONTENT_1 + 1 + MOST * 24;
/// Stretches that a mark remembers: one a roll-back, the newest.
const MOST: usize = 15;

/// Before or after the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// About to commit `head` on top of `base`.
    Intent,
    /// `head` is durable.
    Done,
}

/// Seq and hash of a place in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// Seq.
    pub seq: u64,
    /// Hash.
    pub hash: Digest,
}

impl Place {
    /// Of a head.
    #[must_use]
    pub fn of(head: &Head) -> Place {
        Place { seq: head.seq, hash: head.hash }
    }
}

/// Entries `from..=to` of an epoch that are gone from this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Gone {
    /// Epoch.
    pub epoch: Epoch,
    /// First.
    pub from: u64,
    /// Last.
    pub to: u64,
}

/// What the first entry of the epoch being written declares as gone, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(into = "Vec<Gone>")]
pub struct Declared {
    count: usize,
    gone: [Gone; MOST],
}

impl From<Declared> for Vec<Gone> {
    fn from(declared: Declared) -> Vec<Gone> {
        declared.iter().copied().collect()
    }
}

impl Declared {
    /// Each stretch.
    pub fn iter(&self) -> impl Iterator<Item = &Gone> {
        self.gone.iter().take(self.count)
    }

    /// With one more in front; the oldest beyond fifteen falls out, and HQ has long heard of it.
    #[must_use]
    pub fn and(self, newest: Gone) -> Declared {
        let mut all = Declared { count: 1, gone: [newest; MOST] };
        for (to, from) in all.gone.iter_mut().skip(1).zip(self.iter()) {
            *to = *from;
            all.count = all.count.saturating_add(1);
        }
        all
    }
}

/// What the mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Mark {
    /// Epoch being written.
    pub epoch: Epoch,
    /// Where the journal goes or stands.
    pub head: Place,
    /// Where it stood before the commit.
    pub base: Place,
    /// Before or after.
    pub phase: Phase,
    /// What this epoch declared as gone.
    pub declared: Declared,
}

/// What database and mark say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They agree.
    Fine,
    /// The announced commit never happened: same epoch, leases go on.
    NeverCommitted,
    /// Rolled back, copied, or the mark is gone: new epoch.
    RolledBack,
}

/// Compares the database's head with the mark.
#[must_use]
pub fn judge(mark: Option<&Mark>, epoch: Epoch, head: Place) -> Verdict {
    match mark {
        Some(m) if m.epoch == epoch && m.head == head => Verdict::Fine,
        Some(m) if m.epoch == epoch && m.phase == Phase::Intent && m.base == head => Verdict::NeverCommitted,
        _ => Verdict::RolledBack,
    }
}

/// The open file.
pub struct MarkFile {
    file: File,
    counter: u64,
    /// Newest first, each with its slot.
    slots: Vec<(usize, Mark)>,
}

impl MarkFile {
    /// Opens the file, or makes an empty one.
    ///
    /// # Errors
    /// The platform's path cannot be used.
    pub fn open(path: &Path) -> Result<MarkFile> {
        let fresh = !path.exists();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io("mark"))?;
        if fresh {
            file.set_len((STRIDE + SLOT) as u64).map_err(io("mark"))?;
            file.sync_all().map_err(io("mark"))?;
            sync_dir(path.parent())?;
        }
        let found = read(&mut file)?;
        let counter = found.first().map_or(0, |(counter, ..)| *counter);
        Ok(MarkFile { file, counter, slots: found.into_iter().map(|(_, slot, mark)| (slot, mark)).collect() })
    }

    /// What a file says, without touching it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn peek(path: &Path) -> Result<Option<Mark>> {
        match File::open(path) {
            Ok(mut file) => Ok(read(&mut file)?.first().map(|(.., mark)| *mark)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(io("mark")(e)),
        }
    }

    /// What it says now.
    #[must_use]
    pub fn last(&self) -> Option<&Mark> {
        self.slots.first().map(|(_, mark)| mark)
    }

    /// Forgets the newest mark: a new epoch was announced and never committed. The mark before it still
    /// knows what was lost, and the next [`MarkFile::set`] must not overwrite that one.
    pub fn forget_last(&mut self) {
        if !self.slots.is_empty() {
            self.slots.remove(0);
        }
    }

    /// Overwrites the older slot and waits until it is durable.
    ///
    /// # Errors
    /// It could not be written: what is durable is then unknown, either this or the last.
    pub fn set(&mut self, mark: Mark) -> Result<()> {
        let counter = self.counter.saturating_add(1);
        let slot = match self.slots.first() {
            Some((0, _)) => 1,
            _ => 0_usize,
        };
        let at = slot.saturating_mul(STRIDE) as u64;
        self.file.seek(SeekFrom::Start(at)).map_err(io("mark"))?;
        self.file.write_all(&encode(counter, &mark)).map_err(io("mark"))?;
        self.file.sync_data().map_err(io("mark"))?;
        self.counter = counter;
        self.slots.retain(|(used, _)| *used != slot);
        self.slots.insert(0, (slot, mark));
        Ok(())
    }
}

fn encode(counter: u64, mark: &Mark) -> Vec<u8> {
    let mut out = Vec::with_capacity(SLOT);
    out.extend(MAGIC);
    out.extend(counter.to_be_bytes());
    out.extend(mark.epoch.0.to_be_bytes());
    for place in [&mark.head, &mark.base] {
        out.extend(place.seq.to_be_bytes());
        out.extend(place.hash.0);
    }
    out.push(u8::from(mark.phase == Phase::Done));
    out.push(u8::try_from(mark.declared.count).unwrap_or(0));
    for gone in &mark.declared.gone {
        for n in [gone.epoch.0, gone.from, gone.to] {
            out.extend(n.to_be_bytes());
        }
    }
    let sum = sha256(&out).prefix();
    out.extend(sum);
    out.resize(SLOT, 0);
    out
}

/// Valid slots, newest first.
fn read(file: &mut File) -> Result<Vec<(u64, usize, Mark)>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(io("mark"))?;
    file.take((STRIDE + SLOT) as u64).read_to_end(&mut bytes).map_err(io("mark"))?;
    let slots = [(0, bytes.get(..SLOT)), (1, bytes.get(STRIDE..))];
    let mut found: Vec<_> = slots
        .into_iter()
        .filter_map(|(slot, bytes)| decode(bytes?).map(|(counter, mark)| (counter, slot, mark)))
        .collect();
    found.sort_by_key(|(counter, ..)| std::cmp::Reverse(*counter));
    Ok(found)
}

fn decode(slot: &[u8]) -> Option<(u64, Mark)> {
    let known = slot.starts_with(&MAGIC);
    if !known && !slot.starts_with(&MAGIC_1) {
        return None;
    }
    let (content, rest) = slot.split_at_checked(if known { CONTENT } else { CONTENT_1 })?;
    if rest.get(..8)? != sha256(content).prefix() {
        return None;
    }
    let mut at = 0_usize;
    let mut take = |n: usize| {
        let end = at.checked_add(n)?;
        let part = content.get(at..end)?;
        at = end;
        Some(part)
    };
    take(8)?;
    let counter = u64::from_be_bytes(take(8)?.try_into().ok()?);
    let epoch = Epoch(u64::from_be_bytes(take(8)?.try_into().ok()?));
    let mut place = || {
        let seq = u64::from_be_bytes(take(8)?.try_into().ok()?);
        Some(Place { seq, hash: Digest(take(32)?.try_into().ok()?) })
    };
    let (head, base) = (place()?, place()?);
    let phase = if take(1)? == [1] { Phase::Done } else { Phase::Intent };
    let mut declared = Declared::default();
    if known {
        declared.count = usize::from(*take(1)?.first()?).min(MOST);
        for gone in &mut declared.gone {
            let mut number = || Some(u64::from_be_bytes(take(8)?.try_into().ok()?));
            *gone = Gone { epoch: Epoch(number()?), from: number()?, to: number()? };
        }
    }
    Some((counter, Mark { epoch, head, base, phase, declared }))
}

/// Makes a new or renamed file's name durable.
pub(crate) fn sync_dir(dir: Option<&Path>) -> Result<()> {
    let dir = dir.filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Directories cannot be opened for syncing everywhere; where they can, they are.
    match File::open(dir) {
        Ok(dir) => dir.sync_all().map_err(io("folder")),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn place(n: u64) -> Place {
        Place { seq: n, hash: sha256(&n.to_be_bytes()) }
    }

    fn mark(n: u64, phase: Phase) -> Mark {
        let gone = |seq| Gone { epoch: Epoch(seq), from: seq, to: seq + 2 };
        let declared = (0..n).fold(Declared::default(), |all, seq| all.and(gone(seq)));
        Mark { epoch: Epoch(7), head: place(n), base: place(n - 1), phase, declared }
    }

    #[test]
    fn a_torn_write_at_any_byte_leaves_the_mark_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        let mut file = MarkFile::open(&path).unwrap();
        for n in 1..6 {
            file.set(mark(n, Phase::Intent)).unwrap();
            file.set(mark(n, Phase::Done)).unwrap();
        }
        let before = std::fs::read(&path).unwrap();
        file.set(mark(6, Phase::Intent)).unwrap();
        let after = std::fs::read(&path).unwrap();
        let changed: Vec<usize> = (0..after.len()).filter(|i| before[*i] != after[*i]).collect();
        for cut in &changed {
            let mut torn = before.clone();
            torn[..*cut].copy_from_slice(&after[..*cut]);
            if changed[0] < *cut {
                std::fs::write(&path, &torn).unwrap();
                assert_eq!(MarkFile::peek(&path).unwrap(), Some(mark(5, Phase::Done)), "cut at {cut}");
            }
        }
        std::fs::write(&path, &after).unwrap();
        assert_eq!(MarkFile::open(&path).unwrap().last(), Some(&mark(6, Phase::Intent)));
    }

    #[test]
    fn what_was_declared_is_kept_newest_first_and_the_oldest_falls_out() {
        let seen = |n| mark(n, Phase::Done).declared.iter().map(|g| g.from).collect::<Vec<_>>();
        assert_eq!(seen(3), [2, 1, 0]);
        assert_eq!(seen(20), (5..20).rev().collect::<Vec<_>>());
        let (_, read) = decode(&encode(9, &mark(20, Phase::Done))).unwrap();
        assert_eq!(read, mark(20, Phase::Done));
        assert_eq!(encode(9, &mark(20, Phase::Done)).len(), SLOT);
    }

    #[test]
    fn restore_clone_and_half_finished_commit_are_told_apart() {
        let epoch = Epoch(7);
        let done = mark(5, Phase::Done);
        let intent = mark(5, Phase::Intent);
        assert_eq!(judge(Some(&done), epoch, place(5)), Verdict::Fine);
        assert_eq!(judge(Some(&intent), epoch, place(5)), Verdict::Fine);
        assert_eq!(judge(Some(&intent), epoch, place(4)), Verdict::NeverCommitted);
        assert_eq!(judge(Some(&done), epoch, place(4)), Verdict::RolledBack);
        assert_eq!(judge(Some(&intent), epoch, place(3)), Verdict::RolledBack);
        assert_eq!(judge(Some(&done), epoch, place(6)), Verdict::RolledBack);
        assert_eq!(judge(Some(&done), Epoch(8), place(5)), Verdict::RolledBack);
        assert_eq!(judge(None, epoch, place(5)), Verdict::RolledBack);
        let forged = Place { seq: 5, hash: Digest([1; 32]) };
        assert_eq!(judge(Some(&done), epoch, forged), Verdict::RolledBack);
    }
}
