//! One slip (文书), four renderings: printer bytes, PDF, PNG preview, plain text, all with the same words and
//! the same line breaks.
//!
//! It must not know printers' links, files, clocks, or any wording of its own: words come from the rulebook's
//! templates and the case. Values in, values out.
//!
//! ```
//! use ezhifa_law::{template::{Part, Style}, terms::SlipKind};
//! use ezhifa_slip::{Block, BundledOnly, Document, Line, Paper, layout, text};
//!
//! let slip = Document {
//!     version: 1, kind: SlipKind::Advice, title: "劝导告知单".into(), number: "东城管告字〔2026〕第000001号".into(),
//!     check_code: "3F8R-6T2W".into(), code: String::new(), pay_code: None, keep: vec![],
//!     blocks: vec![Block {
//!         part: Part::Party, label: "当事人".into(), style: Style::Normal, rule_above: false,
//!         lines: vec![Line::text("陈志𬱖（公民）")],
//!     }],
//! };
//! let set = layout(&slip, Paper::Mm58, &BundledOnly)?;
//! assert_eq!(text::render(&set), "【当事人】陈志𬱖（公民）\n");
//! # Ok::<(), ezhifa_slip::SlipError>(())
//! ```

mod bitmap;
mod commands;
mod compose;
mod document;
mod error;
pub mod escpos;
mod fill;
mod font;
mod layout;
pub mod pdf;
pub mod png;
mod raster;
pub mod text;
mod wrap;
mod zh;

pub use bitmap::Bitmap;
pub use compose::{Extras, compose};
pub use document::{Block, Document, Line, Mark, Strokes, clean};
pub use error::SlipError;
pub use fill::{Marks, Places, fill};
pub use font::{BODY, BUNDLED, BundledOnly, GlyphSource, bundled_has};
pub use layout::{Align, Item, Layout, Means, Paper, Picture, TextLine, layout};
