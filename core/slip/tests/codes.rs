//! The code on the paper is as even as a code with the best mask: no large white or black areas, no stripes
//! that look like a finder, so that a phone reads it from worn paper.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod samples;

use ezhifa_slip::{Bitmap, BundledOnly, Item, Line, Means, Paper, layout};
use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, Version};

/// The four penalties of ISO/IEC 18004 8.8.2 (runs, blocks, finder-like patterns, balance).
fn penalty(size: usize, dark: &dyn Fn(usize, usize) -> bool) -> u32 {
    let mut sum = 0;
    for turn in [false, true] {
        let at = |x: usize, y: usize| if turn { dark(y, x) } else { dark(x, y) };
        for y in 0..size {
            let row: Vec<bool> = (0..size).map(|x| at(x, y)).collect();
            for run in row.chunk_by(|a, b| a == b).map(|r| u32::try_from(r.len()).unwrap()) {
                sum += if run >= 5 { run - 2 } else { 0 };
            }
            let finder = [true, false, true, true, true, false, true, false, false, false, false];
            let back: Vec<bool> = finder.iter().rev().copied().collect();
            sum +=
                40 * u32::try_from(row.windows(11).filter(|w| *w == finder || *w == back).count()).unwrap();
        }
    }
    let block = |x: usize, y: usize| {
        let d = dark(x, y);
        d == dark(x + 1, y) && d == dark(x, y + 1) && d == dark(x + 1, y + 1)
    };
    sum += 3
        * (0..size - 1)
            .map(|y| u32::try_from((0..size - 1).filter(|x| block(*x, y)).count()).unwrap())
            .sum::<u32>();
    let total = size * size;
    let black: usize = (0..size).map(|y| (0..size).filter(|x| dark(*x, y)).count()).sum();
    sum + u32::try_from((black * 20).abs_diff(total * 10) / total).unwrap() * 10
}

fn printed(text: &str) -> (Bitmap, u16) {
    let mut slip = samples::no_penalty();
    for line in slip.blocks.iter_mut().flat_map(|b| &mut b.lines) {
        if let Line::Code { code, .. } = line {
            text.clone_into(code);
        }
    }
    let set = layout(&slip, Paper::Mm58, &BundledOnly).unwrap();
    set.items
        .into_iter()
        .find_map(|i| match i {
            Item::Picture(p) => match p.means {
                Means::Code { module, .. } => Some((p.bitmap, module)),
                _ => None,
            },
            _ => None,
        })
        .unwrap()
}

#[test]
fn a_signed_code_is_as_even_as_the_best_mask_would_make_it() {
    let mut dice = 0x9E37_79B9_7F4A_7C15u64;
    let (mut ours, mut best, mut worst) = (0u32, 0u32, 0u32);
    for _ in 0..100 {
        let payload: String = (0..277)
            .map(|_| {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::try_from(dice >> 59).unwrap()])
            })
            .collect();
        let text = format!("HTTPS://CG.DG.GOV.CN/V/{payload}");
        let (bitmap, module) = printed(&text);
        let size = usize::from(bitmap.width() / module);
        let at = |v: usize| u16::try_from(v).unwrap() * module;
        ours += penalty(size, &|x, y| bitmap.get(at(x), at(y)));
        let masks: Vec<u32> = (0..8)
            .map(|mask| {
                let code = QrCode::encode_segments_advanced(
                    &QrSegment::make_segments(&text),
                    QrCodeEcc::Medium,
                    Version::MIN,
                    Version::MAX,
                    Some(Mask::new(mask)),
                    true,
                )
                .unwrap();
                let at = |v: usize| i32::try_from(v).unwrap();
                penalty(size, &|x, y| code.get_module(at(x), at(y)))
            })
            .collect();
        best += masks.iter().min().unwrap();
        worst += masks.iter().max().unwrap();
    }
    eprintln!("penalty of 100 codes: ours {ours}, best masks {best}, worst masks {worst}");
    assert!(ours * 100 <= best * 120, "ours {ours}, best {best}");
}
