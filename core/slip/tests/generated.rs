//! Generated documents: whatever a case holds, the slip says it whole or is refused in words.
//! `PROPTEST_CASES` sets how many; 200 by default, 2,000 with `EZHIFA_NIGHTLY`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod samples;

use ezhifa_law::template::Part;
use ezhifa_slip::{
    Bitmap, BundledOnly, Document, GlyphSource, Item, Line, Means, Paper, SlipError, clean,
    escpos::{self, Charset, Dialect},
    layout, pdf, png, text,
};
use proptest::prelude::*;
use samples::random::{cases, document};

/// A phone font that has every character.
struct Phone;

impl GlyphSource for Phone {
    fn glyph(&self, c: char, px: u16) -> Option<Bitmap> {
        let mut dots = Bitmap::new(px, px);
        dots.fill(2, 2, px / 2, px / 2);
        dots.fill(u16::try_from(u32::from(c) % 20).unwrap(), px / 2, 3, 3);
        Some(dots)
    }
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(2_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_document_is_set_whole(slip in document(), narrow in any::<bool>()) {
        let paper = if narrow { Paper::Mm58 } else { Paper::Mm80 };
        let set = layout(&slip, paper, &BundledOnly).unwrap();
        let set_words: String = set.items.iter().filter_map(|i| match i { Item::Text(l) => Some(bare(&l.text)), _ => None }).collect();
        prop_assert_eq!(set_words, slip.words());
        let number_lines = set.items.iter().filter(|i| matches!(i, Item::Text(l) if l.text.contains(&slip.number))).count();
        prop_assert!(number_lines >= 2, "the number is never broken");
        for item in &set.items {
            if let Item::Text(l) = item {
                prop_assert!(l.width() <= paper.dots());
            }
            if let Item::Picture(p) = item {
                prop_assert!(p.bitmap.width() <= paper.dots());
                if let Means::Code { text, module } = &p.means {
                    prop_assert!(*module >= 5);
                    prop_assert_eq!(&read_qr(&p.bitmap), text);
                }
            }
        }
        for charset in [Charset::None, Charset::Gb2312, Charset::Gbk, Charset::Gb18030] {
            let units = escpos::render(&set, &Dialect { dots: paper.dots(), charset, ..Dialect::default() }).unwrap();
            prop_assert!(units.iter().all(|u| !u.is_empty()));
        }
        prop_assert!(text::render(&set).contains(&slip.number));
        prop_assert!(!png::render(&set).unwrap().is_empty());
        let back: Document = serde_json::from_str(&serde_json::to_string(&slip).unwrap()).unwrap();
        prop_assert_eq!(back, slip);
    }

    #[test]
    fn no_text_at_all_reaches_the_printer_as_a_command(raw in any::<String>()) {
        let mut slip = samples::no_penalty();
        slip.blocks[4].lines[0] = Line::text(raw.clone());
        match layout(&slip, Paper::Mm58, &Phone) {
            Err(SlipError::Control { .. }) => prop_assert_ne!(clean(&raw), raw.clone()),
            Err(other) => prop_assert!(false, "{other}"),
            Ok(set) => {
                let dialect = Dialect { charset: Charset::Gb18030, ..Dialect::default() };
                prop_assert!(escpos::render(&set, &dialect).is_ok());
            }
        }
        slip.blocks[4].lines[0] = Line::text(clean(&raw));
        prop_assert!(layout(&slip, Paper::Mm58, &Phone).is_ok(), "cleaned text is always printable");
    }
}

fn read_qr(bitmap: &Bitmap) -> String {
    let side = usize::from(bitmap.width()) + 80;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
        let dot = |v: usize| u16::try_from(v).unwrap().wrapping_sub(40);
        if bitmap.get(dot(x), dot(y)) { 0 } else { 255 }
    });
    image.detect_grids().first().expect("a QR").decode().expect("readable").1
}

#[test]
fn a_rare_name_is_never_printed_with_a_hole() {
    let mut slip = samples::no_penalty();
    slip.blocks[4].lines[0] = Line::text("陈𪚥（公民）"); // four dragons: outside the bundled font
    match layout(&slip, Paper::Mm58, &BundledOnly) {
        Err(SlipError::MissingGlyph { part: Part::Party, code: 0x2A6A5 }) => {}
        other => panic!("{other:?}"),
    }
    // With a phone font it prints, and the PDF has the character as text behind its picture.
    let set = layout(&slip, Paper::Mm58, &Phone).unwrap();
    assert!(escpos::render(&set, &Dialect::default()).is_ok());
    let file = pdf::render(&set).unwrap();
    if let Ok(words) = pdf_words(&file) {
        assert!(words.contains("陈𪚥（公民）"), "{words}");
    }
    // A source that draws nothing is no source.
    struct Blank;
    impl GlyphSource for Blank {
        fn glyph(&self, _: char, px: u16) -> Option<Bitmap> {
            Some(Bitmap::new(px, px))
        }
    }
    assert!(matches!(layout(&slip, Paper::Mm58, &Blank), Err(SlipError::MissingGlyph { .. })));
}

fn pdf_words(file: &[u8]) -> std::io::Result<String> {
    use std::{
        io::Write,
        process::{Command, Stdio},
    };
    let mut child = Command::new("pdftotext")
        .args(["-raw", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child.stdin.take().unwrap().write_all(file)?;
    Ok(bare(&String::from_utf8_lossy(&child.wait_with_output()?.stdout)))
}

#[test]
fn control_bytes_in_a_name_are_refused_and_cleaning_keeps_every_visible_character() {
    for evil in
        ["陈\u{1b}@志", "陈\u{1d}V\u{0}志", "陈\0志", "陈\u{202e}志", "陈\u{200b}志", "陈\u{10}\u{4}\u{1}志"]
    {
        let mut slip = samples::no_penalty();
        slip.blocks[4].lines[0] = Line::text(evil);
        assert!(matches!(layout(&slip, Paper::Mm58, &Phone), Err(SlipError::Control { .. })), "{evil:?}");
        slip.blocks[4].lines[0] = Line::text(clean(evil));
        assert!(layout(&slip, Paper::Mm58, &BundledOnly).is_ok());
        assert!(clean(evil).starts_with('陈') && clean(evil).ends_with('志'));
    }
}

#[test]
fn long_facts_run_on_and_endless_ones_are_refused() {
    let mut slip = samples::fine(false);
    slip.blocks[5].lines[0] = Line::text("占".repeat(5_000));
    let set = layout(&slip, Paper::Mm58, &BundledOnly).unwrap();
    assert!(set.height() / 8 < 2_000, "{} mm", set.height() / 8);
    let pages = pdf::render(&layout(&slip, Paper::A4, &BundledOnly).unwrap()).unwrap();
    assert!(pages.windows(5).filter(|w| w == b"/Page").count() > 3);
    slip.blocks[5].lines[0] = Line::text("占".repeat(20_000));
    assert!(matches!(layout(&slip, Paper::Mm58, &BundledOnly), Err(SlipError::TooLong { .. })));
}

#[test]
fn a_number_wider_than_the_paper_is_refused_and_not_broken() {
    let mut slip = samples::fine(false);
    slip.number = "东莞市城市管理和综合执法局东城分局当罚字〔2026〕第000123号".into();
    assert!(matches!(layout(&slip, Paper::Mm58, &BundledOnly), Err(SlipError::NumberTooWide { .. })));
}

#[test]
fn a_reprint_keeps_its_number_and_says_so() {
    let first = samples::fine(false);
    let at = "2026-09-24T20:03:00".parse().unwrap();
    let again = first.reprint(1, at);
    assert_eq!(again.number, first.number);
    let set = text::render(&layout(&again, Paper::Mm58, &BundledOnly).unwrap());
    assert!(set.contains("补打 第1次 20时03分"), "{set}");
    assert_eq!(again.words().replace("补打第1次20时03分", ""), first.words());
}
