//! Bytes and time of one slip, beside other libraries, in one run: `tests/run peer_speed` sets them up.
//!
//! `cargo run --release -p ezhifa-slip --example peers -- FOLDER COMMAND...` writes the slip to FOLDER
//! (slip.json and pictures), measures this crate, then runs every COMMAND with FOLDER as its argument. Each
//! prints one line of JSON: name, bytes, micros (median of a slip with code and signatures), text_micros (the
//! same without pictures). Everybody draws the QR code in software; the peers get the signatures as pictures,
//! this crate rasterises the strokes.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::{path::Path, process::Command, time::Instant};

use ezhifa_slip::{
    Align, BundledOnly, Document, Item, Means, Paper,
    escpos::{self, Charset, Dialect},
    layout, pdf,
};
use serde_json::{Value, json};

fn bytes(slip: &Document) -> usize {
    let dialect = Dialect { charset: Charset::Gb18030, ..Dialect::default() };
    let set = layout(slip, Paper::Mm58, &BundledOnly).unwrap();
    escpos::render(&set, &dialect).unwrap().iter().map(Vec::len).sum()
}

/// Median of 301 runs after 30 to warm up, in microseconds.
fn median(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..331)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e6
        })
        .skip(30)
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The same lines, pictures and code for everybody.
fn export(slip: &Document, folder: &Path) {
    let set = layout(slip, Paper::Mm58, &BundledOnly).unwrap();
    let align = |a: Align| match a {
        Align::Left => "left",
        Align::Centre => "center",
        Align::Right => "right",
    };
    let mut pictures = 0;
    let items: Vec<Value> = set
        .items
        .iter()
        .map(|item| match item {
            Item::Text(l) => {
                json!({ "text": l.text, "bold": l.bold > 0, "large": l.px > 24, "align": align(l.align) })
            }
            Item::Rule => json!({ "rule": true }),
            Item::Gap(dots) => json!({ "gap": dots }),
            Item::Picture(p) => match &p.means {
                Means::Code { text, module } => json!({ "code": text, "module": module }),
                Means::Signature | Means::InkLine => {
                    pictures += 1;
                    let name = format!("picture-{pictures}.png");
                    std::fs::write(folder.join(&name), picture(&p.bitmap)).unwrap();
                    json!({ "picture": name, "align": align(p.align) })
                }
            },
        })
        .collect();
    std::fs::write(folder.join("slip.json"), serde_json::to_string(&items).unwrap()).unwrap();
}

fn picture(bitmap: &ezhifa_slip::Bitmap) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, bitmap.width().into(), bitmap.height().into());
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    let dots = (0..bitmap.height()).flat_map(|y| (0..bitmap.width()).map(move |x| (x, y)));
    let data: Vec<u8> = dots.map(|(x, y)| if bitmap.get(x, y) { 0 } else { 255 }).collect();
    writer.write_image_data(&data).unwrap();
    writer.finish().unwrap();
    out
}

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_else(|| "target/peer-speed".to_owned());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    let (whole, text) = (samples::whole(), samples::text_only());
    export(&whole, folder);
    let ours = json!({
        "name": "e-Zhifa", "bytes": bytes(&whole),
        "micros": median(|| { std::hint::black_box(bytes(&whole)); }),
        "text_micros": median(|| { std::hint::black_box(bytes(&text)); }),
    });
    let mut rows = vec![ours];
    for command in args {
        let out = Command::new("sh").arg("-c").arg(format!("{command} \"$0\"")).arg(folder).output().unwrap();
        let line = String::from_utf8_lossy(&out.stdout);
        // Libraries that chat do so before the last line.
        match serde_json::from_str::<Value>(line.lines().last().unwrap_or_default()) {
            Ok(row) => rows.push(row),
            Err(_) => {
                println!("{command}: {}", String::from_utf8_lossy(&out.stderr));
                std::process::exit(1);
            }
        }
    }
    let number = |row: &Value, key: &str| row[key].as_f64().unwrap_or_default();
    let mine = number(&rows[0], "micros");
    println!("{:<24} {:>8} {:>12} {:>12} {:>8}", "library", "bytes", "slip us", "text us", "times");
    for row in &rows {
        println!(
            "{:<24} {:>8} {:>12.1} {:>12.1} {:>8.1}",
            row["name"].as_str().unwrap_or_default(),
            row["bytes"],
            number(row, "micros"),
            number(row, "text_micros"),
            number(row, "micros") / mine
        );
    }
    let set = layout(&samples::fine(true), Paper::Mm58, &BundledOnly).unwrap();
    let file = median(|| {
        std::hint::black_box(pdf::render(&set).unwrap());
    });
    println!("the fine of the samples as PDF: {} bytes, {file:.0} us", pdf::render(&set).unwrap().len());
    // Budget of DESIGN 10: thirty times faster than each of them.
    let slow = rows.iter().skip(1).any(|row| number(row, "micros") < 30.0 * mine);
    std::process::exit(i32::from(slow));
}
