//! Printing as a session with proof: links, printer profiles, and the state machine that knows
//! whether the slip came out.
//!
//! It must not know what a slip is: it gets units of bytes and sends them. Nothing here draws or
//! encodes, and nothing decides to print again.
//!
//! ```
//! use ezhifa_printer::{MemoryLink, PrintResult, Profile, Session};
//!
//! // A printer that answers every DLE EOT with "fine" and every GS r 1 with "paper is there".
//! let (link, paper) = MemoryLink::new(Box::new(|bytes| {
//!     let mut answers = Vec::new();
//!     for w in bytes.windows(3) {
//!         match w {
//!             [0x10, 0x04, 1..=4] => answers.push(0x12),
//!             [0x1D, 0x72, 1] => answers.push(0x00),
//!             _ => {}
//!         }
//!     }
//!     answers
//! }));
//! let profile = Profile::named("generic-58-gbk")?;
//! let result = Session::new(link, profile).print(&[b"No. 0012345\n".to_vec(), b"3F8R-6T2W\n".to_vec()]);
//! assert_eq!(result, PrintResult::Printed);
//! assert!(paper.lock().unwrap().ends_with(b"\x1Bd\x04\x1Dr\x01"));
//! # Ok::<(), ezhifa_printer::PrinterError>(())
//! ```

mod answer;
mod job;
mod link;
mod profile;
mod session;
mod status;

pub use answer::{Answer, Demux};
pub use job::{Action, Job};
#[cfg(not(any(target_os = "android", target_os = "ios")))]
pub use link::SerialLink;
pub use link::{FileLink, Link, LinkError, MemoryLink, Responder, TcpLink, open_link};
pub use profile::{Charset, Cutter, FenceKind, Profile, StatusKind};
pub use session::{Probe, Session};
pub use status::{PaperState, PrintResult, Reason, Status};

/// What can go wrong before a session begins.
#[derive(Debug, thiserror::Error)]
pub enum PrinterError {
    /// The address has no known form.
    #[error(
        "打印机地址“{0}”无法识别，请用 tcp://主机:端口、serial:/dev/rfcomm0 或 file:路径。 / \
         printer address {0:?} is not understood; use tcp://HOST:PORT, serial:/dev/rfcomm0 or file:PATH"
    )]
    Address(String),
    /// The printer cannot be reached there.
    #[error(
        "打不开打印机 {address}：{why}。请检查电源、配对和距离。 / cannot open printer {address}: {why}; check power, pairing and distance"
    )]
    Open {
        /// Where.
        address: String,
        /// What the system said.
        why: String,
    },
    /// A profile's text or numbers are wrong.
    #[error(
        "打印机型号文件有误：{0}。请对照 profiles 目录里的文件修改。 / the printer profile is wrong: {0}; compare it with the files in profiles/"
    )]
    Profile(String),
    /// No built-in profile of this name.
    #[error(
        "没有打印机型号“{0}”，可用：generic-58-gbk, generic-80-gb18030, epson-compatible, mute-58 / \
         no printer profile {0:?}; there are generic-58-gbk, generic-80-gb18030, epson-compatible, mute-58"
    )]
    NoProfile(String),
}
