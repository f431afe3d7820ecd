//! Reads printer bytes with a parser that nobody here wrote (hardless-escpos) and compares what it
//! finds with what our virtual printer drew: the same lines, images and codes, and no byte that
//! either of them cannot place.
//!
//! `cargo run --release --ignore-rust-version --manifest-path tests/peers/Cargo.toml -- FILE.escpos|FOLDER...`

use std::path::{Path, PathBuf};

use ezhifa_emulator::{Options, decode};
use hardless_escpos::{CodePages, Node, Parser, TableCodePage};

type Image = (usize, usize, Vec<u8>);

/// What one reader found.
#[derive(Debug, PartialEq, Default)]
struct Found {
    lines: Vec<String>,
    images: Vec<Image>,
    codes: Vec<String>,
}

fn main() {
    let mut files = Vec::new();
    for arg in std::env::args().skip(1) {
        collect(Path::new(&arg), &mut files);
    }
    files.sort();
    let mut faults = 0;
    for file in &files {
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(e) => {
                eprintln!("{}: {e}", file.display());
                faults += 1;
                continue;
            }
        };
        for fault in compare(&bytes) {
            println!("{}: {fault}", file.display());
            faults += 1;
        }
    }
    println!("{} files, {faults} faults", files.len());
    std::process::exit(if faults > 0 || files.is_empty() { 1 } else { 0 });
}

fn collect(path: &Path, into: &mut Vec<PathBuf>) {
    if let Ok(entries) = std::fs::read_dir(path) {
        for entry in entries.flatten() {
            collect(&entry.path(), into);
        }
    } else if path.extension().is_some_and(|e| e == "escpos") {
        into.push(path.to_owned());
    }
}

fn compare(bytes: &[u8]) -> Vec<String> {
    let (theirs, mut faults) = theirs(bytes);
    let ours = ours(bytes);
    if theirs.lines != ours.lines {
        let at = theirs.lines.iter().zip(&ours.lines).position(|(a, b)| a != b);
        let at = at.unwrap_or(theirs.lines.len().min(ours.lines.len()));
        faults.push(format!(
            "line {at}: they read {:?}, we drew {:?}",
            theirs.lines.get(at),
            ours.lines.get(at)
        ));
    }
    if theirs.images != ours.images {
        faults.push(format!(
            "they found {} images, we drew {}, or their dots differ",
            theirs.images.len(),
            ours.images.len()
        ));
    }
    if theirs.codes != ours.codes {
        faults.push(format!("codes: they {:?}, we {:?}", theirs.codes, ours.codes));
    }
    faults
}

fn ours(bytes: &[u8]) -> Found {
    // The wide paper with every character: layout is not the question here, only framing.
    let paper = decode(bytes, &Options::paper(80));
    let native: Vec<usize> = paper.native_qr.iter().map(|q| q.y).collect();
    Found {
        lines: paper.lines,
        images: paper
            .images
            .iter()
            .filter(|i| !(native.contains(&i.y) && i.dots.width() == i.dots.height()))
            .map(|i| (i.dots.width() / 8, i.dots.height(), i.dots.rows().to_vec()))
            .collect(),
        codes: paper.native_qr.into_iter().map(|q| q.text).collect(),
    }
}

fn theirs(bytes: &[u8]) -> (Found, Vec<String>) {
    // Latin-1 as the code page keeps every byte as it is, to be read as GB 18030 afterwards.
    let mut upper = [' '; 128];
    for (slot, b) in upper.iter_mut().zip(0x80u8..=0xFF) {
        *slot = char::from(b);
    }
    let mut parser =
        Parser::with_code_pages(CodePages::default().with(0, TableCodePage::new("bytes", upper)));
    let mut nodes = parser.push(bytes);
    nodes.extend(parser.finish());
    let mut found = Found::default();
    let mut faults = Vec::new();
    let mut line = Vec::new();
    let end = |line: &mut Vec<u8>, found: &mut Found| {
        if !line.is_empty() {
            found.lines.push(encoding_rs::GB18030.decode_without_bom_handling(line).0.into_owned());
            line.clear();
        }
    };
    for node in nodes {
        match node {
            Node::Text { text } => line.extend(text.chars().map(|c| c as u32 as u8)),
            Node::LineFeed | Node::Feed { .. } | Node::Cut { .. } => end(&mut line, &mut found),
            Node::RasterImage { width_bytes, height, data, .. } => {
                end(&mut line, &mut found);
                found.images.push((width_bytes.into(), height.into(), data));
            }
            Node::QrStore { text, .. } => found.codes.push(text),
            // Known by name and length, not carried out: hanzi mode, line spacing, feeds by dots.
            Node::Unknown { command: Some(name), .. } => {
                if name == "ESC J" {
                    end(&mut line, &mut found);
                }
            }
            Node::Unknown { bytes, .. } if bytes.iter().all(|b| *b == 0) => {}
            Node::Unknown { bytes, warning, .. } => faults.push(format!("{warning}: {bytes:02X?}")),
            _ => {}
        }
    }
    (found, faults)
}
