//! Every character of 通用规范汉字表 comes out of the printer, at 24 dots, on the baseline, as itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod samples;

use ezhifa_emulator::{Charset as Rom, Options, Typeface, decode};
use ezhifa_law::template::{Part, Style};
use ezhifa_slip::{
    BUNDLED, BundledOnly, Item, Paper, bundled_has,
    escpos::{self, Charset, Dialect},
    layout,
};
use samples::reader::{Reader, Shape, cell, difference, page, shape};

/// In the order of the table (国务院 2013), a hundred a line.
const TABLE: &str = include_str!("../assets/table-8105.txt");

/// Outside the basic plane, outside the table, and marks that printers get wrong (LAW.md 4.3).
const TROUBLE: &str = "𬱖𬭎㛃䶮𠮷·¥￥〔〕№龘㐂䲜℃㎡①é";

#[test]
fn the_table_is_whole_and_in_the_bundled_font() {
    let table: Vec<char> = TABLE.chars().filter(|c| *c != '\n').collect();
    assert_eq!(table.len(), 8105);
    let lacking: String = table.iter().copied().chain(TROUBLE.chars()).filter(|c| !bundled_has(*c)).collect();
    assert_eq!(lacking, "");
    assert_eq!(table.iter().filter(|c| **c > '\u{ffff}').count(), 196, "outside the basic plane");
}

/// First and last row with ink.
fn extent(shape: &Shape) -> [usize; 2] {
    let ink = |row: &u64| *row != 0;
    [shape.iter().position(ink), shape.iter().rposition(ink)].map(|row| row.unwrap_or(99))
}

/// The same words twice: set by a printer that has every character in its own font, and drawn by us for one
/// that has none. Two rasterisers that know nothing of each other must agree on every character's strokes and
/// on where they stand.
#[test]
fn every_character_of_the_table_is_drawn_as_itself_on_the_baseline() {
    let all: Vec<char> = TABLE.lines().chain([TROUBLE]).flat_map(str::chars).collect();
    let options = Options { font: Typeface::new(BUNDLED.to_vec()).unwrap(), ..Options::paper(80) };
    let (mut wrong, mut worst) = (Vec::new(), (0, ' '));
    for part in all.chunks(2000) {
        let text: String = part.iter().collect();
        let set = layout(&page(&text, Part::Party, Style::Normal), Paper::Mm80, &BundledOnly).unwrap();
        let [own, drawn] = [Charset::Gb18030, Charset::None].map(|charset| {
            let dialect = Dialect { dots: 576, charset, ..Dialect::default() };
            decode(&escpos::render(&set, &dialect).unwrap().concat(), &options)
        });
        assert_eq!((own.text().replace('\n', ""), drawn.lines.len()), (text, 0));
        let mut y = 0;
        for item in &set.items {
            if let Item::Text(line) = item {
                let mut x = 0;
                for c in line.text.chars() {
                    let [a, b] = [&own, &drawn].map(|p| shape(&p.dots, x, y, cell(c), 24));
                    x += cell(c);
                    let ink: u32 = a.iter().map(|r| r.count_ones()).sum();
                    let share = difference(&a, &b) * 100 / ink.max(1);
                    worst = worst.max((share, c));
                    // Another character differs in more dots than it has. A stroke is one dot thick or two, as
                    // it falls, so the edges may be a dot apart, and no more.
                    let ([top, foot], [top_drawn, foot_drawn]) = (extent(&a), extent(&b));
                    if share > 75 || top.abs_diff(top_drawn) > 1 || foot.abs_diff(foot_drawn) > 1 {
                        wrong.push((c, share, [top, foot], [top_drawn, foot_drawn]));
                    }
                }
            }
            y += usize::from(item.height());
        }
    }
    eprintln!("{} characters, the worst differs in {worst:?} % of its dots", all.len());
    assert!(wrong.is_empty(), "{} of {}: {wrong:?}", wrong.len(), all.len());
}

/// What the printer's own font has is left to it; the rest of the line is drawn with it, not beside it.
#[test]
fn a_printer_with_chinese_sets_what_it_has_and_the_rest_is_drawn() {
    let mut reader = Reader::default();
    let names = ["陈志𬱖", "王𠮷野", "马㛃", "龚䶮", "阿依古丽·买买提", "￥50.00", "¥50.00"];
    for (rom, charset, drawn) in [
        (Rom::Gbk, Charset::Gbk, &["陈志𬱖", "王𠮷野", "马㛃", "龚䶮", "¥50.00"][..]),
        (Rom::Gb18030, Charset::Gb18030, &[]),
    ] {
        for name in names {
            let set = layout(&page(name, Part::Party, Style::Normal), Paper::Mm58, &BundledOnly).unwrap();
            let dialect = Dialect { charset, ..Dialect::default() };
            let options = Options { charset: rom, ..Options::paper(58) };
            let paper = decode(&escpos::render(&set, &dialect).unwrap().concat(), &options);
            assert_eq!(
                paper.lines.is_empty(),
                drawn.contains(&name),
                "{name} {charset:?}: {:?}",
                paper.lines
            );
            assert_eq!(reader.paper(&set, &paper).unwrap().0, name, "{charset:?}");
        }
    }
}
