//! The same words on printer, PDF, preview and text, for every paper and both widths.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod samples;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use ezhifa_slip::{
    BundledOnly, Document, Item, Layout, Paper,
    escpos::{self, Charset, Dialect},
    layout, pdf, text,
};

fn all() -> Vec<Document> {
    let mut all = vec![samples::fine(true), samples::no_penalty(), samples::rare()];
    all.extend(samples::pack::papers());
    all
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Words of the plain text, without rules and picture notes.
fn text_words(text: &str) -> String {
    let note = |l: &str| {
        l.starts_with("[二维码") || l == "[手写签名]" || l == "[签名处]" || l.chars().all(|c| c == '-')
    };
    text.lines().map(str::trim).filter(|l| !note(l)).map(bare).collect()
}

#[test]
fn plain_text_says_what_the_document_says() {
    for slip in all() {
        for paper in [Paper::Mm58, Paper::Mm80, Paper::A4] {
            let set = layout(&slip, paper, &BundledOnly).unwrap();
            let text = text::render(&set);
            assert_eq!(text_words(&text), slip.words(), "{:?} {paper:?}", slip.kind);
            for line in text.lines() {
                let columns: u16 = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
                assert!(columns <= paper.columns() || line.trim().starts_with("[二维码"), "{line}");
            }
        }
    }
}

#[test]
fn pdf_says_what_the_document_says() {
    if Command::new("pdftotext").arg("-v").stderr(Stdio::null()).status().is_err() {
        eprintln!("pdftotext is not installed: skipped");
        return;
    }
    for slip in all() {
        for paper in [Paper::Mm58, Paper::Mm80, Paper::A4] {
            let set = layout(&slip, paper, &BundledOnly).unwrap();
            let file = pdf::render(&set).unwrap();
            assert!(file.len() < 60 * 1024, "{:?} {paper:?}: {} bytes", slip.kind, file.len());
            let mut child = Command::new("pdftotext")
                .args(["-raw", "-", "-"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(&file).unwrap();
            let out = child.wait_with_output().unwrap();
            assert_eq!(
                bare(&String::from_utf8(out.stdout).unwrap()),
                slip.words(),
                "{:?} {paper:?}",
                slip.kind
            );
        }
    }
}

/// What came out of the printer: its own type as words, pictures by their height.
enum Seen {
    Words(String),
    Dots,
}

/// A reader of the commands that a slip may use, written from the command tables; anything else fails.
fn read(bytes: &[u8]) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut line = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let arg = |i: usize| bytes[at + i];
        at += match byte {
            0x1b => match arg(1) {
                b'@' | b'2' => 2,
                b'3' | b'E' | b'a' => 3,
                b'J' => 3,
                other => panic!("ESC {other:#x}"),
            },
            0x1c => match arg(1) {
                b'&' | b'.' => 2,
                b'!' => 3,
                other => panic!("FS {other:#x}"),
            },
            0x1d => match arg(1) {
                b'!' => 3,
                b'V' => 4,
                b'v' => {
                    assert!(line.is_empty(), "picture in the middle of a line");
                    let wide = usize::from(u16::from_le_bytes([arg(4), arg(5)]));
                    let high = u16::from_le_bytes([arg(6), arg(7)]);
                    assert!(high <= 48 && wide <= 72);
                    seen.push(Seen::Dots);
                    8 + wide * usize::from(high)
                }
                b'(' => 5 + usize::from(u16::from_le_bytes([arg(3), arg(4)])),
                other => panic!("GS {other:#x}"),
            },
            0 => 1,
            b'\n' => {
                let (words, _, bad) = encoding_rs::GB18030.decode(&line);
                assert!(!bad && !words.contains('?'), "{words}");
                seen.push(Seen::Words(words.into_owned()));
                line.clear();
                1
            }
            0x20..=0x7e => {
                line.push(*byte);
                1
            }
            0x81..=0xfe => {
                let long = if (0x30..=0x39).contains(&arg(1)) { 4 } else { 2 };
                line.extend_from_slice(&bytes[at..at + long]);
                long
            }
            other => panic!("stray byte {other:#x} at {at}"),
        };
    }
    seen
}

fn native_words(set: &Layout, dialect: &Dialect) -> (String, String) {
    let units = escpos::render(set, dialect).unwrap();
    let bytes = units.concat();
    // Every unit is whole by itself.
    for unit in &units {
        read(unit);
    }
    let seen: String = read(&bytes)
        .iter()
        .filter_map(|s| match s {
            Seen::Words(w) => Some(bare(w)),
            Seen::Dots => None,
        })
        .collect();
    let fits = |text: &str| {
        let (gb, _, _) = encoding_rs::GBK.encode(text);
        dialect.charset == Charset::Gb18030 || (!gb.windows(2).any(|w| w == b"&#") && !text.contains('䶮'))
    };
    let wanted = set
        .items
        .iter()
        .filter_map(|i| match i {
            Item::Text(l) if fits(&l.text) => Some(bare(&l.text)),
            _ => None,
        })
        .collect();
    (seen, wanted)
}

#[test]
fn printer_says_what_the_document_says() {
    for slip in all() {
        for (paper, dots) in [(Paper::Mm58, 384), (Paper::Mm80, 576)] {
            let set = layout(&slip, paper, &BundledOnly).unwrap();
            let base = Dialect { dots, ..Dialect::default() };
            let (seen, wanted) = native_words(&set, &Dialect { charset: Charset::Gb18030, ..base.clone() });
            assert_eq!(seen, wanted);
            assert_eq!(seen, bare(&slip.words()), "a GB 18030 printer sets every word itself");
            let (seen, wanted) = native_words(&set, &Dialect { charset: Charset::Gbk, ..base.clone() });
            assert_eq!(seen, wanted, "{:?} {paper:?}", slip.kind);
            let (seen, _) = native_words(&set, &Dialect { charset: Charset::None, ..base.clone() });
            assert_eq!(seen, "", "a printer without Chinese gets dots only");
            native_words(&set, &Dialect { native_qr: true, cutter: true, ..base });
        }
    }
}

#[test]
fn no_picture_holds_a_command_that_the_printer_would_obey() {
    for slip in all() {
        let set = layout(&slip, Paper::Mm58, &BundledOnly).unwrap();
        let bytes =
            escpos::render(&set, &Dialect { charset: Charset::None, ..Dialect::default() }).unwrap().concat();
        assert!(!bytes.windows(2).any(|w| matches!(w, [0x10, 0x04 | 0x05 | 0x14])));
    }
}
