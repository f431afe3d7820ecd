//! The case file (案件卷宗): one ZIP that proves itself. Papers, evidence, journal, rulebook and a report that
//! a judge can read; for a party, an organ or a court, with what each may see; for the five working days of
//! 行政复议法 54. One format and one writer for phones and HQ.
//!
//! What it must not know: SQLite, networks, clocks, where the material came from. It streams evidence and
//! holds everything else as values.
//!
//! A body that holds something to withhold is left out whole; its header and salted digest stay, so the
//! chain still verifies, and whoever holds the body can prove what was blanked.
//!
//! ```
//! use ezhifa_casefile::{CaseFileError, verify};
//! let nonsense = std::io::Cursor::new(b"PK, but not really".to_vec());
//! assert!(matches!(verify(nonsense, &[]), Err(CaseFileError::Zip(_))));
//! ```

mod archive;
mod examine;
mod film;
mod format;
mod material;
pub mod photo;
mod redact;
mod report;
mod verify;
mod write;

pub use examine::Finding;
pub use format::{
    Audience, BLANK, BodyState, CaseFileError, DeviceKey, EntryLine, EvidenceLine, Form, MANIFEST, Maker,
    Manifest, Member, OfficerLine, PackLine, REPORT, RunLine, SIGNATURE, SlipLine, Why,
};
pub use material::{Evidence, Material, Run, Wishes, officers_named, packs_named};
pub use verify::{Verdict, device_keys, verify};
pub use write::{Written, write};
