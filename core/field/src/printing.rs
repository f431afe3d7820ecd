//! From a stored paper to a printer: its words, the roll's layout, the printer's dialect, and the session's
//! honest result.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::NaiveDateTime;
use ezhifa_casework::event::PrintState;
use ezhifa_printer::{Charset as Font, Link, LinkError, PrintResult, Profile, Session};
use ezhifa_slip::{
    Document, GlyphSource, Paper,
    escpos::{self, Charset, Dialect},
    layout,
};

use crate::error::Error;

/// How a session ended.
pub(crate) struct Finished {
    pub(crate) state: PrintState,
    pub(crate) reason: String,
    pub(crate) bytes: Vec<u8>,
}

/// The stored paper, or its reprint with the same number and words.
pub(crate) fn copy(document: &str, copy: u32, now: NaiveDateTime) -> Result<Document, Error> {
    let document: Document = serde_json::from_str(document)?;
    Ok(if copy == 0 { document } else { document.reprint(copy, now) })
}

/// The roll that fits a printer.
#[must_use]
pub fn paper(profile: &Profile) -> Paper {
    if profile.dots >= usize::from(Paper::Mm80.dots()) { Paper::Mm80 } else { Paper::Mm58 }
}

/// What the encoder may use of a printer. Feed and cut are the session's.
#[must_use]
pub fn dialect(profile: &Profile) -> Dialect {
    Dialect {
        dots: u16::try_from(profile.dots).unwrap_or(u16::MAX),
        charset: match profile.charset {
            Font::None => Charset::None,
            Font::Gbk => Charset::Gbk,
            Font::Gb18030 => Charset::Gb18030,
        },
        native_qr: profile.native_qr,
        feed_unit: profile.feed_unit.into(),
        band_rows: u16::try_from(profile.band_rows).unwrap_or(48),
        tail: 0,
        cutter: false,
        // Guard bytes between bands save a blind printer a line; behind a fence they would hide a loss.
        guard: if profile.is_blind() { 4 } else { 0 },
        ..Dialect::default()
    }
}

/// The commands, in units that are never split.
pub(crate) fn units(
    document: &Document,
    profile: &Profile,
    glyphs: &dyn GlyphSource,
) -> Result<Vec<Vec<u8>>, Error> {
    let set = layout(document, paper(profile), glyphs)?;
    Ok(escpos::render(&set, &dialect(profile))?)
}

/// A link that remembers what it sent.
struct Recorder {
    link: Box<dyn Link>,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Link for Recorder {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        let n = self.link.write(bytes)?;
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.extend_from_slice(bytes.get(..n).unwrap_or(bytes));
        Ok(n)
    }

    fn read(&mut self, into: &mut [u8], within: Duration) -> Result<usize, LinkError> {
        self.link.read(into, within)
    }

    fn close(&mut self) {
        self.link.close();
    }

    fn lossless(&self) -> bool {
        self.link.lossless()
    }
}

/// Sends the units and says what is known of the paper.
pub(crate) fn print(link: Box<dyn Link>, profile: &Profile, units: &[Vec<u8>]) -> Finished {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let mut session = Session::new(Recorder { link, sent: sent.clone() }, profile.clone());
    let result = session.print(units);
    session.close();
    let (state, reason) = match result {
        PrintResult::Printed => (PrintState::Printed, String::new()),
        PrintResult::NotPrinted(reason) => {
            (PrintState::NotPrinted { reason: word(&format!("{reason:?}")) }, reason.to_string())
        }
        PrintResult::Unknown { reason, .. } => (PrintState::Unknown, reason.to_string()),
    };
    let bytes = sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Finished { state, reason, bytes }
}

/// `PaperOut` as `paper_out`.
fn word(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
