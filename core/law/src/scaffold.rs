//! A new pack for an organ: small, complete, and sound by `check` from its first minute.

use chrono::NaiveDate;

use crate::rulebook::{Files, Rulebook};

/// The files of a new sample pack that rests on `national`.
#[must_use]
pub fn new_pack(id: &str, title: &str, organ: &str, from: NaiveDate, national: &Rulebook) -> Files {
    let below = national.reference();
    let fill = |text: &str| {
        text.replace("@ID@", id)
            .replace("@TITLE@", &quoted(title))
            .replace("@ORGAN@", &quoted(organ))
            .replace("@FROM@", &from.to_string())
            .replace("@NATIONAL@", &below.id)
            .replace("@HASH@", &below.hash)
            .into_bytes()
    };
    [
        ("manifest.toml", include_str!("../scaffold/manifest.toml")),
        ("instruments.toml", include_str!("../scaffold/instruments.toml")),
        ("settings.toml", include_str!("../scaffold/settings.toml")),
        ("numbers.toml", include_str!("../scaffold/numbers.toml")),
        ("organ.toml", include_str!("../scaffold/organ.toml")),
        ("facts.toml", include_str!("../scaffold/facts.toml")),
        ("offences/street.toml", include_str!("../scaffold/offences.toml")),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), fill(text)))
    .collect()
}

/// A name inside TOML quotes.
fn quoted(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .flat_map(|c| match c {
            '"' | '\\' => vec!['\\', c],
            _ => vec![c],
        })
        .collect()
}
