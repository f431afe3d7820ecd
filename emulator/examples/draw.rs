//! Draws a file of printer bytes: `draw FILE.escpos 58|80 OUT.png [FONT.ttf]`; tells words, QR codes and complaints.
#![allow(clippy::print_stdout)]

use ezhifa_emulator::{Options, Typeface, decode};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, mm, out, rest @ ..] = args.as_slice() else {
        return Err("draw FILE.escpos 58|80 OUT.png [FONT.ttf]".into());
    };
    let font = match rest.first() {
        Some(path) => Typeface::new(std::fs::read(path)?)?,
        None => Typeface::default(),
    };
    let paper = decode(&std::fs::read(file)?, &Options { font, ..Options::paper(mm.parse()?) });
    std::fs::write(out, paper.png()?)?;
    println!("{}", paper.text());
    println!("QR: {:?}", paper.qr());
    println!("unknown: {:02X?}", paper.unknown);
    println!("warnings: {:?}", paper.warnings);
    println!("holes: {}, unfinished: {}, rows: {}", paper.holes, paper.unfinished, paper.dots.height());
    Ok(())
}
