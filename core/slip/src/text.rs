//! The slip as plain text, line by line as on the paper.

use crate::{
    font::BODY,
    layout::{Align, Item, Layout, Means},
    wrap::word_columns,
};

/// The slip as text: rules as hyphens, pictures as notes in square brackets.
#[must_use]
pub fn render(layout: &Layout) -> String {
    let columns = usize::from(layout.paper.columns());
    let mut out = String::new();
    for item in &layout.items {
        match item {
            Item::Text(line) => {
                let wide = usize::from(word_columns(&line.text)).saturating_mul(usize::from(line.px / BODY));
                push(&mut out, &line.text, line.align, columns.saturating_sub(wide));
            }
            Item::Rule => out.push_str(&"-".repeat(columns)),
            Item::Gap(_) => continue,
            Item::Picture(picture) => {
                let note = match &picture.means {
                    Means::Signature => "[手写签名]".to_owned(),
                    Means::InkLine => "[签名处]".to_owned(),
                    Means::Code { text, .. } => format!("[二维码 {text}]"),
                };
                push(
                    &mut out,
                    &note,
                    picture.align,
                    columns.saturating_sub(usize::from(word_columns(&note))),
                );
            }
        }
        out.push('\n');
    }
    out
}

fn push(out: &mut String, text: &str, align: Align, room: usize) {
    let spaces = match align {
        Align::Left => 0,
        Align::Centre => room / 2,
        Align::Right => room,
    };
    out.push_str(&" ".repeat(spaces));
    out.push_str(text);
}
