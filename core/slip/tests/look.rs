//! Writes the sample slips as PNG for people to look at: `EZHIFA_LOOK=dir cargo test -p ezhifa-slip --test look`.
#![allow(clippy::unwrap_used)]

mod samples;

use ezhifa_slip::{BundledOnly, Paper, layout, pdf, png, text};

#[test]
fn previews() {
    let Ok(dir) = std::env::var("EZHIFA_LOOK") else { return };
    for (name, slip) in
        [("fine", samples::fine(true)), ("no-penalty", samples::no_penalty()), ("rare", samples::rare())]
    {
        let a4 = layout(&slip, Paper::A4, &BundledOnly).unwrap();
        std::fs::write(format!("{dir}/{name}-a4.pdf"), pdf::render(&a4).unwrap()).unwrap();
        for (width, paper) in [("58", Paper::Mm58), ("80", Paper::Mm80)] {
            let set = layout(&slip, paper, &BundledOnly).unwrap();
            std::fs::write(format!("{dir}/{name}-{width}.png"), png::render(&set).unwrap()).unwrap();
            std::fs::write(format!("{dir}/{name}-{width}.pdf"), pdf::render(&set).unwrap()).unwrap();
            std::fs::write(format!("{dir}/{name}-{width}.txt"), text::render(&set)).unwrap();
        }
    }
}
