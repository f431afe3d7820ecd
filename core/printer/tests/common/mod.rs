//! Sample slips and printers shared by the tests of this crate.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ezhifa_emulator::{Answers, Charset, Faults, Options};
use ezhifa_printer::Profile;

/// A repeatable die.
pub struct Dice(pub u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        let mut d = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        d.roll(9);
        d
    }
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 20) as usize) % below.max(1)
    }
}

const WORDS: [&str; 6] = [
    "责令改正通知书",
    "东莞市城市管理和综合执法局",
    "占道经营",
    "人民币贰佰元整",
    "第0012345号",
    "听取陈述申辩",
];

/// A slip as the slip crate would hand it over: text units, raster bands, and a last line with ink.
pub fn slip(dice: &mut Dice, profile: &Profile) -> Vec<Vec<u8>> {
    let mut units = vec![b"\x1C&\x1B3\x1E".to_vec()];
    for i in 0..4 + dice.roll(30) {
        let words = format!("{i} {}", WORDS[dice.roll(WORDS.len())]);
        let mut unit = encoding_rs::GB18030.encode(&words).0.into_owned();
        unit.push(b'\n');
        units.push(unit);
        if dice.roll(12) == 0 {
            units.push(band(dice, profile));
        }
    }
    units.push(b"\x1Ba\x013F8R-6T2W\n".to_vec());
    units
}

/// A raster band with random dots, chance DLE EOT included.
pub fn band(dice: &mut Dice, profile: &Profile) -> Vec<u8> {
    let (w, h) = (profile.dots / 8, 8 + dice.roll(profile.band_rows - 8));
    let mut unit = vec![0x1D, 0x76, 0x30, 0, w as u8, 0, h as u8, 0];
    unit.extend((0..w * h).map(|_| dice.roll(256) as u8));
    let at = 8 + dice.roll(w * h - 3);
    unit[at..at + 3].copy_from_slice(&[0x10, 0x04, 1 + dice.roll(4) as u8]);
    unit
}

/// The printer that a profile describes.
pub fn printer(profile: &Profile, faults: &str) -> Options {
    let base = Options::paper(profile.paper_mm);
    let answers = match profile.id.as_str() {
        "epson-compatible" => Answers::ALL,
        "mute-58" => Answers::NONE,
        _ => Answers::COMMON,
    };
    let charset = if profile.paper_mm == 80 { Charset::Gb18030 } else { Charset::Gbk };
    Options { answers, charset, faults: Faults::parse(faults).unwrap(), ..base }
}
