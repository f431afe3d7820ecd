//! What a film or a recording of the MP4 family notes beside picture and sound (place, maker, model): found in
//! one pass and blanked in the next, so that no film is ever in memory. Lengths stay: no offset in the film
//! moves, and no byte of picture or sound changes.

use std::io::Write;

/// Longest index of a film that is looked into: an hour's has about two megabytes.
const MOST_INDEX: u64 = 64 << 20;

type Kind = [u8; 4];

/// A box that stays in its place as an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Note {
    /// Where its four letters stand.
    name: u64,
    /// Its content: first byte and the one behind the last.
    from: u64,
    to: u64,
}

enum Part {
    Keep,
    Open,
    Handler,
    Blank,
}

/// What is picture and sound, or needed to play them, stays. All else goes, known or not.
fn part(parent: &Kind, kind: &Kind) -> Part {
    match (parent, kind) {
        (b"file", b"moov" | b"moof") | (b"moov", b"trak") | (b"trak", b"mdia") => Part::Open,
        (b"mdia", b"hdlr") => Part::Handler,
        (b"file", b"ftyp" | b"styp" | b"mdat" | b"sidx" | b"mfra")
        | (b"moov", b"mvhd" | b"mvex" | b"iods")
        | (b"trak", b"tkhd" | b"edts" | b"tref")
        | (b"mdia", b"mdhd" | b"minf" | b"elng")
        | (b"moof", b"mfhd" | b"traf") => Part::Keep,
        _ => Part::Blank,
    }
}

/// Length of header and box, and its kind. `None` where more bytes are needed.
fn header(bytes: &[u8]) -> Option<(u64, u64, Kind)> {
    let kind = bytes.get(4..8)?.try_into().ok()?;
    match u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) {
        1 => Some((16, u64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?), kind)),
        // To the end of the file.
        0 => Some((8, u64::MAX, kind)),
        short => Some((8, u64::from(short), kind)),
    }
}

/// The boxes inside a box that lies at `base`. `None`: cut, or a track that is neither picture nor sound
/// (places by the second, for example), which nobody here can take out.
fn inside(parent: &Kind, mut bytes: &[u8], mut base: u64, notes: &mut Vec<Note>) -> Option<()> {
    while !bytes.is_empty() {
        let (head, length, kind) = header(bytes)?;
        let (this, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
        let content = this.get(usize::try_from(head).ok()?..)?;
        let from = base.checked_add(head)?;
        match part(parent, &kind) {
            Part::Keep => {}
            Part::Open => inside(&kind, content, from, notes)?,
            Part::Handler => matches!(content.get(8..12)?, b"vide" | b"soun").then_some(())?,
            Part::Blank => {
                notes.push(Note { name: base.checked_add(4)?, from, to: base.checked_add(length)? })
            }
        }
        base = base.checked_add(length)?;
        bytes = rest;
    }
    Some(())
}

/// First pass: looks for the notes.
#[derive(Default)]
pub(crate) struct Scan {
    at: u64,
    head: Vec<u8>,
    /// Content of the box at hand that is still to come.
    left: u64,
    /// The box at hand, where it is one to look into: kind, place and content.
    index: Option<(Kind, u64, Vec<u8>)>,
    notes: Vec<Note>,
    foreign: bool,
}

impl Scan {
    /// Every note, in order; `None` where the file is not of this family, or not one that can be cleaned.
    pub(crate) fn notes(mut self) -> Option<Vec<Note>> {
        self.index_read();
        // An open-ended box ends with the file.
        let whole = self.left == 0 || self.left > u64::MAX / 2;
        (whole && !self.foreign && self.head.is_empty() && self.at > 0).then_some(self.notes)
    }

    fn index_read(&mut self) {
        if self.left == 0
            && let Some((kind, base, content)) = self.index.take()
        {
            self.foreign |= inside(&kind, &content, base, &mut self.notes).is_none();
        }
    }

    fn enter(&mut self, head: u64, length: u64, kind: Kind) -> Option<()> {
        let start = self.at.checked_sub(head)?;
        (start > 0 || kind == *b"ftyp").then_some(())?;
        self.left = length.checked_sub(head)?;
        match part(b"file", &kind) {
            Part::Open if self.left <= MOST_INDEX => self.index = Some((kind, self.at, Vec::new())),
            Part::Keep => {}
            Part::Blank => {
                self.notes.push(Note {
                    name: start.checked_add(4)?,
                    from: self.at,
                    to: self.at.saturating_add(self.left),
                });
            }
            Part::Open | Part::Handler => return None,
        }
        self.index_read();
        Some(())
    }
}

impl Write for Scan {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.foreign {
            return Ok(bytes.len());
        }
        let taken = if self.left > 0 {
            let n = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left = self.left.saturating_sub(n as u64);
            if let Some((.., content)) = &mut self.index {
                content.extend(bytes.iter().take(n));
            }
            self.at = self.at.saturating_add(n as u64);
            self.index_read();
            n
        } else {
            self.head.extend(bytes.first());
            self.at = self.at.saturating_add(1);
            if let Some((head, length, kind)) = header(&self.head) {
                self.head.clear();
                self.foreign |= self.enter(head, length, kind).is_none();
            }
            1
        };
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Second pass: the same bytes, with every note named `free` and filled with zeros.
pub(crate) struct Blank<'a, W: Write + ?Sized> {
    to: &'a mut W,
    notes: std::iter::Peekable<std::slice::Iter<'a, Note>>,
    at: u64,
}

impl<'a, W: Write + ?Sized> Blank<'a, W> {
    pub(crate) fn new(notes: &'a [Note], to: &'a mut W) -> Self {
        Blank { to, notes: notes.iter().peekable(), at: 0 }
    }
}

impl<W: Write + ?Sized> Write for Blank<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let end = self.at.saturating_add(bytes.len() as u64);
        if self.notes.peek().is_none_or(|n| n.name >= end) {
            self.to.write_all(bytes)?;
            self.at = end;
            return Ok(bytes.len());
        }
        let mut out = bytes.to_vec();
        for (at, byte) in (self.at..).zip(&mut out) {
            while self.notes.next_if(|n| n.to <= at).is_some() {}
            let Some(note) = self.notes.peek() else { break };
            if at >= note.from {
                *byte = 0;
            } else if let Some(letter) =
                at.checked_sub(note.name).and_then(|i| b"free".get(usize::try_from(i).ok()?))
            {
                *byte = *letter;
            }
        }
        self.to.write_all(&out)?;
        self.at = end;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&u32::try_from(content.len() + 8).unwrap().to_be_bytes()[..], kind, content].concat()
    }

    fn track(handler: &[u8; 4]) -> Vec<u8> {
        let hdlr = boxed(b"hdlr", &[&[0; 8][..], handler, &[0; 12]].concat());
        let mdia = boxed(b"mdia", &[boxed(b"mdhd", &[1; 24]), hdlr, boxed(b"minf", &[2; 40])].concat());
        boxed(b"trak", &[boxed(b"tkhd", &[3; 84]), mdia, boxed(b"udta", b"WangWu1 track")].concat())
    }

    /// A film as a phone writes it, its index behind the pictures, with a trailer of the maker's.
    fn film(handlers: &[&[u8; 4]]) -> Vec<u8> {
        let tracks: Vec<u8> = handlers.iter().flat_map(|h| track(h)).collect();
        let udta = boxed(b"udta", &boxed(b"\xA9xyz", b"+23.0270+113.7850/ WangWu1"));
        let moov = [boxed(b"mvhd", &[4; 100]), tracks, udta, boxed(b"meta", b"WangWu1 model")].concat();
        let mut long = [&[0, 0, 0, 1][..], b"mdat", &[0, 0, 0, 0, 0, 0, 0, 19], b"xyz"].concat();
        long.extend(boxed(b"moov", &moov));
        [boxed(b"ftyp", b"mp42\0\0\0\0"), long, boxed(b"uuid", b"WangWu1 behind"), boxed(b"free", b"")]
            .concat()
    }

    fn cleaned(film: &[u8], by: usize) -> Option<Vec<u8>> {
        let mut scan = Scan::default();
        film.chunks(by).for_each(|c| scan.write_all(c).unwrap());
        let (notes, mut out) = (scan.notes()?, Vec::new());
        let mut blank = Blank::new(&notes, &mut out);
        film.chunks(by).for_each(|c| blank.write_all(c).unwrap());
        Some(out)
    }

    #[test]
    fn picture_and_sound_stay_where_they_are_and_the_phones_notes_go() {
        let film = film(&[b"vide", b"soun"]);
        let copy = cleaned(&film, 7).unwrap();
        assert_eq!(copy.len(), film.len());
        for gone in ["WangWu1", "+23.0270", "uuid", "udta", "meta"] {
            assert!(film.windows(gone.len()).any(|w| w == gone.as_bytes()), "{gone}");
            assert!(!copy.windows(gone.len()).any(|w| w == gone.as_bytes()), "{gone}");
        }
        for by in [1, 3, 4096] {
            assert_eq!(cleaned(&film, by).unwrap(), copy, "in whatever pieces it comes");
        }
        assert_eq!(cleaned(&copy, 64).unwrap(), copy, "nothing more to remove");
        // What changed lies in blanked boxes only: each kept box is there to the byte.
        for kept in [boxed(b"mvhd", &[4; 100]), boxed(b"tkhd", &[3; 84]), boxed(b"minf", &[2; 40])] {
            assert!(copy.windows(kept.len()).any(|w| w == kept));
        }
        assert!(copy.windows(3).any(|w| w == b"xyz"));
    }

    #[test]
    fn a_track_of_another_sort_or_a_cut_file_cannot_be_cleaned() {
        assert_eq!(cleaned(&film(&[b"vide", b"meta"]), 50), None);
        let whole = film(&[b"vide"]);
        let ends = [16, 16 + 19, whole.len() - 8 - 22, whole.len() - 8, whole.len()];
        for cut in 0..=whole.len() {
            assert_eq!(cleaned(&whole[..cut], 64).is_some(), ends.contains(&cut), "{cut}");
        }
        for foreign in [&b"OggS"[..], b"RIFF\0\0\0\0WAVE", b"#!AMR\n", b"\0\0\0\x08moov"] {
            assert_eq!(cleaned(foreign, 5), None);
        }
        let open_ended =
            [boxed(b"ftyp", b"isom\0\0\0\0"), boxed(b"uuid", b"WangWu1"), b"\0\0\0\0mdatxyz".to_vec()];
        let copy = cleaned(&open_ended.concat(), 4).unwrap();
        assert!(copy.ends_with(b"mdatxyz") && !copy.windows(6).any(|w| w == b"WangWu"));
    }
}
