//! Writes the sample slips for people to look at: `EZHIFA_LOOK=dir cargo test -p ezhifa-slip --test look`.
#![allow(clippy::unwrap_used)]

mod samples;

use ezhifa_slip::{BundledOnly, Paper, layout, pdf, png, text};

#[test]
fn previews() {
    let Ok(dir) = std::env::var("EZHIFA_LOOK") else { return };
    let by_hand = [
        ("fine".to_owned(), samples::fine(true)),
        ("no-penalty".to_owned(), samples::no_penalty()),
        ("rare".to_owned(), samples::rare()),
    ];
    let papers = samples::pack::papers().into_iter().map(|d| (format!("pack-{:?}", d.kind), d));
    for (name, slip) in by_hand.into_iter().chain(papers) {
        let page = layout(&slip, Paper::A4, &BundledOnly).unwrap();
        std::fs::write(format!("{dir}/{name}-a4.pdf"), pdf::render(&page).unwrap()).unwrap();
        for (width, paper) in [("58", Paper::Mm58), ("80", Paper::Mm80)] {
            let set = layout(&slip, paper, &BundledOnly).unwrap();
            std::fs::write(format!("{dir}/{name}-{width}.png"), png::render(&set).unwrap()).unwrap();
            std::fs::write(format!("{dir}/{name}-{width}.pdf"), pdf::render(&set).unwrap()).unwrap();
            std::fs::write(format!("{dir}/{name}-{width}.txt"), text::render(&set)).unwrap();
        }
    }
}
