//! From a stored paper to a printer: its words, the roll's layout, the printer's dialect, and the session's
//! honest result.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::NaiveDateTime;
use ezhifa_casework::event::PrintState;
use ezhifa_printer::{
    Charset as Font, Link, LinkError, PrintResult, Profile, Reason, Session, Status, StatusKind,
};
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

/// What a crew can do about a paper, told before a number is used for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WayOut {
    /// Decide and print: nothing is in the way.
    Print,
    /// Put the printer right, then look again (装纸、合盖、充电).
    Mend,
    /// Another printer.
    AnotherPrinter,
    /// A pre-numbered paper written by hand (手写文书), its photo taken, keyed in later in its own series.
    HandWritten,
    /// Electronic service (电子送达): the party has signed, or signs, a consent (行政处罚法 61 ②).
    ElectronicService,
    /// No decision on the spot: ordinary procedure (普通程序).
    OrdinaryProcedure,
}

impl WayOut {
    /// Its word for apps.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            WayOut::Print => "print",
            WayOut::Mend => "mend",
            WayOut::AnotherPrinter => "another_printer",
            WayOut::HandWritten => "hand_written",
            WayOut::ElectronicService => "electronic_service",
            WayOut::OrdinaryProcedure => "ordinary_procedure",
        }
    }

    /// What to do, in Chinese.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            WayOut::Print => "可以作出决定并打印",
            WayOut::Mend => "排除故障后再看打印机状态",
            WayOut::AnotherPrinter => "换一台打印机",
            WayOut::HandWritten => "填写预先编号的手写文书，拍照，回来补录（手写字号系列）",
            WayOut::ElectronicService => "当事人签订电子送达确认书后电子送达（行政处罚法第六十一条第二款）",
            WayOut::OrdinaryProcedure => "不当场决定，转普通程序",
        }
    }

    /// The same in English.
    #[must_use]
    pub const fn en(self) -> &'static str {
        match self {
            WayOut::Print => "decide and print",
            WayOut::Mend => "put the printer right, then ask it again",
            WayOut::AnotherPrinter => "use another printer",
            WayOut::HandWritten => {
                "fill in a pre-numbered paper by hand, photograph it, key it in later in its own series"
            }
            WayOut::ElectronicService => {
                "serve electronically once the party has signed a consent (art. 61 ¶2)"
            }
            WayOut::OrdinaryProcedure => "do not decide on the spot: ordinary procedure",
        }
    }
}

/// A printer's state and what follows from it, before a number is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterCheck {
    /// What the printer says of itself; all unknown for one that answers nothing.
    pub status: Status,
    /// Why it cannot print now.
    pub reason: Option<Reason>,
    /// What the crew can do, the simplest first.
    pub ways: Vec<WayOut>,
}

/// Asks a printer whether a slip could come out now. No number is used and nothing is printed. A printer that
/// cannot be reached (`None`) and one whose link breaks are told like one that does not answer.
pub fn check(link: Option<Box<dyn Link>>, profile: &Profile) -> PrinterCheck {
    let asked = link.map(|link| {
        let mut session = Session::new(link, profile.clone());
        let status = session.status();
        session.close();
        status
    });
    let (status, reason) = match asked {
        None | Some(Err(_)) => (Status::default(), Some(Reason::LinkLost)),
        Some(Ok(status)) if profile.status == StatusKind::DleEot && !status.answers => {
            (status, Some(Reason::NoAnswer))
        }
        Some(Ok(status)) => (status, status.trouble()),
    };
    let ways = match reason {
        None => vec![WayOut::Print],
        Some(_) => vec![
            WayOut::Mend,
            WayOut::AnotherPrinter,
            WayOut::HandWritten,
            WayOut::ElectronicService,
            WayOut::OrdinaryProcedure,
        ],
    };
    PrinterCheck { status, reason, ways }
}
