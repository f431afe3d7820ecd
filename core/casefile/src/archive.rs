//! The ZIP: written so that the same material gives the same bytes, read with bounds on everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Seek, Write},
};

use ezhifa_wire::seal::hash::{Digest, Hasher};
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::format::{CaseFileError, Member};

/// More members than any case has.
pub const MOST_MEMBERS: usize = 20_000;
/// Most bytes of text, papers and journals that one reading takes into memory, all members together.
/// Evidence is streamed.
pub const MOST_TEXT: u64 = 256 << 20;

/// The file while it is written.
pub(crate) struct Writer<W: Write + Seek> {
    zip: ZipWriter<W>,
    pub(crate) members: BTreeMap<String, Member>,
}

/// Counts and hashes what goes through.
struct Through<'w, W: Write> {
    to: &'w mut W,
    hasher: Hasher,
    size: u64,
}

impl<W: Write> Write for Through<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.hasher.update(bytes.get(..n).unwrap_or_default());
        self.size = self.size.saturating_add(n as u64);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// No time, no rights, no system of whoever made it: nothing but content.
fn options(method: CompressionMethod) -> SimpleFileOptions {
    let options = SimpleFileOptions::default()
        .compression_method(method)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .system(System::Unix);
    if method == CompressionMethod::Deflated { options.compression_level(Some(6)) } else { options }
}

impl<W: Write + Seek> Writer<W> {
    pub(crate) fn new(to: W) -> Self {
        Writer { zip: ZipWriter::new(to), members: BTreeMap::new() }
    }

    /// Text and papers: compressed.
    pub(crate) fn add(&mut self, path: &str, bytes: &[u8]) -> Result<Member, CaseFileError> {
        self.start(path, options(CompressionMethod::Deflated), |out| Ok(out.write_all(bytes)?)).map(|m| m.0)
    }

    /// Evidence: as it is, streamed. `size` is what it should have.
    pub(crate) fn stream<T>(
        &mut self,
        path: &str,
        size: u64,
        fill: impl FnOnce(&mut dyn Write) -> Result<T, CaseFileError>,
    ) -> Result<(Member, T), CaseFileError> {
        let large = size >= u64::from(u32::MAX);
        self.start(path, options(CompressionMethod::Stored).large_file(large), fill)
    }

    fn start<T>(
        &mut self,
        path: &str,
        options: SimpleFileOptions,
        fill: impl FnOnce(&mut dyn Write) -> Result<T, CaseFileError>,
    ) -> Result<(Member, T), CaseFileError> {
        self.zip.start_file(path, options)?;
        let mut through = Through { to: &mut self.zip, hasher: Hasher::new(), size: 0 };
        let value = fill(&mut through)?;
        let member = Member { size: through.size, sha256: through.hasher.finish() };
        self.members.insert(path.to_owned(), member.clone());
        Ok((member, value))
    }

    pub(crate) fn finish(self) -> Result<W, CaseFileError> {
        Ok(self.zip.finish()?)
    }
}

/// The file while it is read. Everything in it is somebody's claim.
pub(crate) struct Reader<R: Read + Seek> {
    zip: ZipArchive<R>,
    /// Members by name.
    pub(crate) names: BTreeSet<String>,
    /// Names that stand twice or lead out of the file.
    pub(crate) strange: Vec<String>,
    /// Bytes that may still be taken into memory.
    text: u64,
    /// Bytes that may still be inflated and only hashed. Every member is measured once and every page twice.
    inflate: u64,
}

impl<R: Read + Seek> Reader<R> {
    pub(crate) fn open(from: R) -> Result<Self, CaseFileError> {
        let mut zip = ZipArchive::new(from)?;
        if zip.len() > MOST_MEMBERS {
            return Err(CaseFileError::NotOurs(format!("{} members", zip.len())));
        }
        // A few bytes that many members share would be read as many times.
        if zip.has_overlapping_files()? {
            return Err(CaseFileError::NotOurs("members lie over one another".to_owned()));
        }
        let (mut names, mut strange) = (BTreeSet::new(), Vec::new());
        if zip.has_duplicate_names() {
            strange.push("（重名成员 a name that stands twice）".to_owned());
        }
        for index in 0..zip.len() {
            let file = zip.by_index_raw(index)?;
            let name = file.name()?.into_owned();
            if outside(&name) {
                strange.push(name.clone());
            }
            if !names.insert(name.clone()) {
                strange.push(name);
            }
        }
        Ok(Reader { zip, names, strange, text: MOST_TEXT, inflate: MOST_TEXT.saturating_mul(2) })
    }

    /// A member in memory, where it is no longer than `most`.
    pub(crate) fn text(&mut self, path: &str, most: u64) -> Result<Vec<u8>, CaseFileError> {
        let mut out = Vec::new();
        let mut file = self.zip.by_name(path)?;
        (&mut file).take(most.min(self.text)).read_to_end(&mut out)?;
        self.text = self.text.saturating_sub(out.len() as u64);
        if file.read(&mut [0])? != 0 {
            return Err(CaseFileError::NotOurs(format!("{path}: too long")));
        }
        Ok(out)
    }

    /// Hash and length of a member of whatever size, one block in memory. Stops past `most`: what is longer
    /// than it says is wrong whatever follows.
    pub(crate) fn measure(&mut self, path: &str, most: u64) -> Result<Member, CaseFileError> {
        let file = self.zip.by_name(path)?;
        // What is stored cannot be longer than the file it lies in.
        let packed = file.compression() != CompressionMethod::Stored;
        let most = if packed { most.min(self.inflate) } else { most };
        let mut file = file.take(most.saturating_add(1));
        let (mut hasher, mut size, mut block) = (Hasher::new(), 0_u64, vec![0; 64 << 10]);
        loop {
            let n = match file.read(&mut block) {
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                n => n?,
            };
            if n == 0 {
                if packed {
                    self.inflate = self.inflate.saturating_sub(size);
                }
                return Ok(Member { size, sha256: hasher.finish() });
            }
            hasher.update(block.get(..n).unwrap_or_default());
            size = size.saturating_add(n as u64);
        }
    }
}

/// A name that, unpacked somewhere, may land elsewhere: absolute, upwards, of another system's form, a folder.
fn outside(name: &str) -> bool {
    name.contains(['\\', ':', '\0']) || name.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// Hash and length of bytes.
pub(crate) fn member(bytes: &[u8]) -> Member {
    Member { size: bytes.len() as u64, sha256: digest(bytes) }
}

fn digest(bytes: &[u8]) -> Digest {
    ezhifa_wire::seal::hash::sha256(bytes)
}
