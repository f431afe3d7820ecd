//! Documents as nobody would write them: any length, any mixture, anything missing.
#![allow(dead_code)]

use ezhifa_law::{
    template::{Part, Style},
    terms::SlipKind,
};
use ezhifa_slip::{Block, Document, Line, Mark, Strokes};
use proptest::prelude::*;

/// Characters of a name, a fact, a citation.
pub fn words() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        8 => prop::char::range('一', '龥').prop_map(|c| if ezhifa_slip::bundled_has(c) { c } else { '占' }),
        3 => prop::sample::select("，。、；：？！（）《》〔〕“”【】—…·￥¥℃㎡".chars().collect::<Vec<_>>()),
        3 => prop::char::range(' ', '~'),
        1 => prop::sample::select("𬱖𬭎㛃䶮𠮷龘é".chars().collect::<Vec<_>>()),
    ];
    prop::collection::vec(character, 0..120).prop_map(|v| v.into_iter().collect())
}

fn line() -> impl Strategy<Value = Line> {
    let stroke = prop::collection::vec([0u16..700, 0u16..300], 0..30);
    prop_oneof![
        8 => words().prop_map(Line::text),
        1 => (words(), prop::collection::vec(stroke, 0..6)).prop_map(|(text, lines)| Line::Signature {
            text,
            mark: Mark::Strokes { strokes: Strokes { width: 700, height: 300, lines } },
        }),
        1 => words().prop_map(|text| Line::Signature { text, mark: Mark::Ink }),
        1 => ("[A-Z0-9/:.-]{1,200}", words()).prop_map(|(code, caption)| Line::Code { code, caption }),
    ]
}

fn block() -> impl Strategy<Value = Block> {
    (
        prop::sample::select(vec![Part::Party, Part::Fact, Part::Decision, Part::Signatures, Part::Heading]),
        prop_oneof![Just(String::new()), Just("违法事实".to_owned())],
        prop::sample::select(vec![Style::Normal, Style::Normal, Style::Centred, Style::Large]),
        any::<bool>(),
        prop::collection::vec(line(), 0..5),
    )
        .prop_map(|(part, label, style, rule_above, lines)| Block {
            part,
            label,
            style,
            rule_above,
            lines,
        })
}

/// A whole one, with its number at top and bottom.
pub fn document() -> impl Strategy<Value = Document> {
    prop::collection::vec(block(), 1..10).prop_map(|mut blocks| {
        let number = "东城管当罚字〔2026〕第000123号";
        blocks
            .insert(0, super::block(Part::Heading, "", Style::Centred, false, &[number, "校验码 7K4M-2Q9D"]));
        blocks.push(super::block(Part::Heading, "", Style::Normal, true, &[&format!("编号{number}完")]));
        Document {
            version: 1,
            kind: SlipKind::Penalty,
            title: "样本".into(),
            number: number.into(),
            check_code: "7K4M-2Q9D".into(),
            code: String::new(),
            pay_code: None,
            keep: vec!["￥50.00".into()],
            blocks,
        }
    })
}

/// How many: 200, or so many at night.
pub fn cases(nightly: u32) -> u32 {
    let given = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    given.unwrap_or(if std::env::var("EZHIFA_NIGHTLY").is_ok() { nightly } else { 200 })
}
