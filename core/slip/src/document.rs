//! The slip as a document: what it says, without paper or printer. Stored word for word in the journal,
//! so that a reprint after years prints the same words (integers and strings only).

use ezhifa_law::{
    template::{Part, Style},
    terms::SlipKind,
};
use serde::{Deserialize, Serialize};

/// One slip: everything that is on the paper.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Form of this structure; a later form gets a higher number.
    pub version: u16,
    /// Which paper.
    pub kind: SlipKind,
    /// Title as printed.
    pub title: String,
    /// Number as printed (文书编号).
    pub number: String,
    /// Human check code like `3F8R-6T2W`.
    pub check_code: String,
    /// Text of the verification QR; empty only on a draft.
    pub code: String,
    /// Text of the payment QR, when the finance system's code is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_code: Option<String>,
    /// Words that stay on one line where they fit: names, amounts, other numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// Blocks in printing order.
    pub blocks: Vec<Block>,
}

impl std::fmt::Debug for Document {
    /// Kind and number only: the rest is about a person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("kind", &self.kind)
            .field("number", &self.number)
            .field("blocks", &self.blocks.len())
            .finish_non_exhaustive()
    }
}

/// One labelled block, so that a court can tell order, decision, payment notice and rights apart.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What it is.
    pub part: Part,
    /// Label, printed in 【】 before the first line; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// How it is set.
    #[serde(default)]
    pub style: Style,
    /// Rule above.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rule_above: bool,
    /// What it says.
    pub lines: Vec<Line>,
}

/// A line of a block; layout wraps it to the paper.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Line {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// Words with room for a signature.
    Signature {
        /// Who signs.
        text: String,
        /// Strokes from the glass, or empty room for ink.
        mark: Mark,
    },
    /// A QR code with a caption under it.
    Code {
        /// Content of the QR.
        code: String,
        /// Words under it; may be empty.
        caption: String,
    },
}

impl Line {
    /// Plain words.
    pub fn text(text: impl Into<String>) -> Line {
        Line::Text { text: text.into() }
    }

    /// The words of the line, whatever else it has.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Line::Text { text } | Line::Signature { text, .. } => text,
            Line::Code { caption, .. } => caption,
        }
    }
}

/// What stands beside a signer's name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Mark {
    /// Signed on the glass.
    Strokes {
        /// The strokes.
        strokes: Strokes,
    },
    /// Empty room: signed in ink on the paper.
    Ink,
}

/// A signature as it was drawn: polylines in a box of `width` x `height` units.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Strokes {
    /// Width of the box.
    pub width: u16,
    /// Height of the box.
    pub height: u16,
    /// Each stroke as points `[x, y]`, y downwards.
    pub lines: Vec<Vec<[u16; 2]>>,
}

impl Document {
    /// Every word of the slip in reading order, white space left out: what all renderers must show.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = String::new();
        for block in &self.blocks {
            if !block.label.is_empty() {
                words.push('【');
                words.push_str(&block.label);
                words.push('】');
            }
            for line in &block.lines {
                words.push_str(line.words());
            }
        }
        words.retain(|c| !c.is_whitespace());
        words
    }
}

/// Makes text safe to stand on a slip without losing a visible character: line breaks and tabs become
/// spaces, characters that have no ink (controls, zero width, direction marks, variation selectors) go.
/// The interpunct of names becomes U+00B7 (民委发〔2016〕33号).
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\t' | '\u{a0}' | '\u{2028}' | '\u{2029}' => Some(' '),
            '•' | '‧' | '・' | '･' => Some('·'),
            c if is_inkless(c) => None,
            c => Some(c),
        })
        .collect()
}

/// Whether a character leaves no mark and takes no room: it may not reach a printer.
#[must_use]
pub fn is_inkless(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

impl std::fmt::Debug for Block {
    /// Part and size only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({:?}, {:?})", self.part, self.lines)
    }
}

impl std::fmt::Debug for Line {
    /// Length only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "‹{} 字›", self.words().chars().count())
    }
}

impl std::fmt::Debug for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Mark::Strokes { .. } => "Strokes",
            Mark::Ink => "Ink",
        })
    }
}
