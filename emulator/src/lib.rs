//! The virtual pocket printer: draws the paper from the bytes, answers status questions, decodes
//! the QR codes it drew, and has faults on demand.
//!
//! Written from the printers' command tables alone. It must not know the slip, the layout or the
//! encoder: only then does its paper prove anything about their bytes.
//!
//! ```
//! use ezhifa_emulator::{Options, decode};
//!
//! let mut bytes = b"\x1B@\x1C&\x1Ba\x01".to_vec();
//! bytes.extend_from_slice(b"\xD6\xB4\xB7\xA8\n");
//! let paper = decode(&bytes, &Options::paper(58));
//! assert_eq!(paper.lines, ["执法"]);
//! assert_eq!(paper.details[0].x, (384 - 48) / 2);
//! ```

mod device;
mod dots;
mod faults;
mod glyph;
mod options;
mod paper;
mod press;
mod scan;
mod server;
mod table;

pub use device::Device;
pub use dots::Dots;
pub use faults::Faults;
pub use glyph::Typeface;
pub use options::{Answers, Charset, Identity, Options, Overrun};
pub use paper::{Align, Image, Line, NativeQr, Paper};
pub use scan::scan;
pub use server::{Emulator, Handle};

/// What can go wrong around the virtual printer.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The address cannot be listened on, or no pseudo-terminal can be opened.
    #[error(
        "虚拟打印机无法监听 {at}：{why}。请换一个地址。 / cannot listen on {at}: {why}; choose another address"
    )]
    Listen {
        /// Address or "pty".
        at: String,
        /// What the system said.
        why: String,
    },
    /// The bytes given as font are none.
    #[error("字体文件无法读取，请提供 TTF 或 OTF。 / the font cannot be read; give a TTF or OTF file")]
    Font,
    /// A fault that is not in the list.
    #[error(
        "不认识的故障“{0}”。可用：paper-out@N, cover-open@N, mend=MS, drop@OFFSET:LEN, disconnect@N, slow=NBps, mute, garbage / \
         unknown fault {0:?}; use paper-out@N, cover-open@N, mend=MS, drop@OFFSET:LEN, disconnect@N, slow=NBps, mute, garbage"
    )]
    Fault(String),
    /// The picture could not be written.
    #[error("纸样图片无法生成：{0} / the picture of the paper could not be made: {0}")]
    Png(String),
}

/// Draws the paper that these bytes make on a printer without faults.
pub fn decode(bytes: &[u8], options: &Options) -> Paper {
    let faults = Faults::default();
    let mut device = Device::new(Options { faults, buffer: usize::MAX, ..options.clone() });
    device.receive(bytes);
    device.work(usize::MAX);
    device.tear();
    device.papers().pop().unwrap_or_else(|| Paper::blank(options.dots))
}
