//! A printer is a profile: data, not code.

use serde::{Deserialize, Serialize};

use crate::PrinterError;

/// Which hanzi the printer has in its own font.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Charset {
    /// None: every line is drawn.
    None,
    /// Two-byte characters.
    Gbk,
    /// Two- and four-byte characters.
    Gb18030,
}

/// How the printer is asked for its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatusKind {
    /// It is not.
    None,
    /// DLE EOT 1 to 4, answered at once even when the paper is out.
    DleEot,
}

/// The question whose answer proves that what came before it was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FenceKind {
    /// No such question: the printer is blind and every result is `Unknown`.
    None,
    /// GS r 1: answered in its turn, with the paper sensor.
    GsR,
    /// GS I 1: answered in its turn.
    GsI,
    /// GS ( H: answered when the data before it is on paper, with our own number.
    ProcessId,
}

/// The knife.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cutter {
    /// Tear by hand.
    None,
    /// GS V 66 0.
    Partial,
    /// GS V 65 0.
    Full,
}

/// Everything the encoder and the session need to know about a kind of printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name in files and settings.
    pub id: String,
    /// Name for the officer.
    pub name_zh: String,
    /// Name for the officer, English.
    pub name_en: String,
    /// Paper width: 58 or 80.
    pub paper_mm: u32,
    /// Dots across the printed width.
    pub dots: usize,
    /// Hanzi in ROM.
    pub charset: Charset,
    /// Does GS ( k draw a correct QR code?
    pub native_qr: bool,
    /// Most rows of one raster command.
    pub band_rows: usize,
    /// Dots per unit of ESC J, as a fraction.
    pub feed_unit: [u8; 2],
    /// How to ask for the state.
    pub status: StatusKind,
    /// How to prove completion.
    pub fence: FenceKind,
    /// Fences asked and not yet answered at one time.
    pub fences_in_flight: usize,
    /// Use GS a, so that a quick change of paper is noticed too.
    pub asb: bool,
    /// Does DLE DC4 8 clear the printer's buffer? Then nothing of a broken slip comes out on new paper.
    pub clear: bool,
    /// Largest single write.
    pub chunk_bytes: usize,
    /// Most bytes sent and not yet confirmed; less than the printer's buffer.
    pub window_bytes: usize,
    /// Sending speed.
    pub bytes_per_second: usize,
    /// The knife.
    pub cutter: Cutter,
    /// Lines fed after the slip.
    pub feed_at_end: u8,
    /// NUL bytes that complete any command cut in half; at least one raster band.
    pub flush_bytes: usize,
    /// How long an answer may take.
    pub answer_ms: u64,
    /// No progress for so long is a stall.
    pub stall_ms: u64,
    /// Silence that is waited for before a doubtful start; for a blind printer, after the end.
    pub settle_ms: u64,
}

const BUILT_IN: [&str; 4] = [
    include_str!("../profiles/generic-58-gbk.toml"),
    include_str!("../profiles/generic-80-gb18030.toml"),
    include_str!("../profiles/epson-compatible.toml"),
    include_str!("../profiles/mute-58.toml"),
];

impl Profile {
    /// Reads one from TOML and checks that its numbers fit together.
    pub fn parse(text: &str) -> Result<Profile, PrinterError> {
        let profile: Profile =
            toml::from_str(text).map_err(|e| PrinterError::Profile(e.message().to_owned()))?;
        let band = profile.dots.div_ceil(8).saturating_mul(profile.band_rows);
        let problem = if profile.dots == 0 || profile.dots > 4096 || profile.band_rows == 0 {
            Some("dots, band_rows")
        } else if profile.flush_bytes < band + 8 {
            Some("flush_bytes < dots / 8 * band_rows + 8")
        } else if profile.window_bytes < band + 64 {
            Some("window_bytes < dots / 8 * band_rows + 64")
        } else if profile.chunk_bytes == 0 || profile.bytes_per_second < 100 {
            Some("chunk_bytes, bytes_per_second")
        } else if profile.fence != FenceKind::None && profile.fences_in_flight == 0 {
            Some("fences_in_flight = 0")
        } else if profile.flush_bytes > 65_536
            || profile.window_bytes > 1 << 20
            || profile.chunk_bytes > 1 << 20
        {
            Some("flush_bytes <= 65536, window_bytes and chunk_bytes <= 1048576")
        } else if profile.feed_unit.contains(&0) {
            Some("feed_unit")
        } else {
            None
        };
        match problem {
            Some(p) => Err(PrinterError::Profile(p.to_owned())),
            None => Ok(profile),
        }
    }

    /// The profiles that come with the program.
    pub fn all() -> Result<Vec<Profile>, PrinterError> {
        BUILT_IN.iter().map(|text| Profile::parse(text)).collect()
    }

    /// One of them by its id.
    pub fn named(id: &str) -> Result<Profile, PrinterError> {
        Profile::all()?.into_iter().find(|p| p.id == id).ok_or_else(|| PrinterError::NoProfile(id.to_owned()))
    }

    /// Can this printer never say whether it printed?
    pub fn is_blind(&self) -> bool {
        self.fence == FenceKind::None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn built_in_profiles_fit_together() {
        let ids: Vec<String> = Profile::all().unwrap().into_iter().map(|p| p.id).collect();
        assert_eq!(ids, ["generic-58-gbk", "generic-80-gb18030", "epson-compatible", "mute-58"]);
        assert!(Profile::named("mute-58").unwrap().is_blind());
        let e = Profile::named("x").unwrap_err().to_string();
        assert!(e.contains("generic-58-gbk"), "{e}");
    }

    #[test]
    fn a_flush_shorter_than_a_band_is_refused() {
        let text = BUILT_IN[0].replace("flush_bytes = 2400", "flush_bytes = 2000");
        assert!(Profile::parse(&text).unwrap_err().to_string().contains("flush_bytes"));
        let text = BUILT_IN[0].replace("dots = 384", "dotz = 384");
        assert!(Profile::parse(&text).is_err());
    }
}
