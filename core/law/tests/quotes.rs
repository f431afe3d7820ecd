//! Every word that a pack puts in quotation marks stands in the statute, and every article exists there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

fn rulebooks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks")
}

fn toml_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            toml_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "toml") {
            out.push(path);
        }
    }
}

/// Without white space: the packs do not copy the line breaks of the statutes.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Instrument key -> text, for instruments whose text lies in `rulebooks/statutes`.
fn statutes(files: &[(PathBuf, Table)]) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for (_, table) in files {
        for (key, instrument) in table.get("instruments").and_then(Value::as_table).into_iter().flatten() {
            let source = instrument.get("source").and_then(Value::as_str).unwrap_or_default();
            if source.starts_with("statutes/") {
                texts.insert(key.clone(), squeezed(&fs::read_to_string(rulebooks().join(source)).unwrap()));
            }
        }
    }
    texts
}

/// `第三十二条第一款第一项` -> `第三十二条`, with every further article in the string.
fn articles(text: &str) -> Vec<String> {
    text.split('第')
        .skip(1)
        .filter_map(|part| {
            let (number, _) = part.split_once('条')?;
            number.chars().all(|c| "一二三四五六七八九十百".contains(c)).then(|| format!("第{number}条"))
        })
        .collect()
}

fn walk(value: &Value, statutes: &BTreeMap<String, String>, wrong: &mut Vec<String>, seen: &mut usize) {
    match value {
        Value::Table(table) => {
            if let (Some(at), Some(quote)) =
                (table.get("at").and_then(Value::as_str), table.get("quote").and_then(Value::as_str))
                && let Some(text) = at.split_once(' ').and_then(|(key, _)| statutes.get(key))
            {
                // …… stands for words left out.
                for part in quote.split("……") {
                    *seen += 1;
                    if !text.contains(&squeezed(part)) {
                        wrong.push(format!("{at}: {part}"));
                    }
                }
            }
            table.values().for_each(|v| walk(v, statutes, wrong, seen));
        }
        Value::Array(list) => list.iter().for_each(|v| walk(v, statutes, wrong, seen)),
        Value::String(cite) => {
            if let Some((key, article)) = cite.split_once(' ')
                && let Some(text) = statutes.get(key)
            {
                for article in articles(article) {
                    *seen += 1;
                    if !text.contains(&article) {
                        wrong.push(format!("{cite}: no {article}"));
                    }
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_quoted_word_stands_in_the_statute() {
    let mut paths = Vec::new();
    toml_files(&rulebooks(), &mut paths);
    let files: Vec<(PathBuf, Table)> =
        paths.into_iter().map(|p| (p.clone(), fs::read_to_string(&p).unwrap().parse().unwrap())).collect();
    let statutes = statutes(&files);
    assert_eq!(statutes.len(), 9);
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for (_, table) in &files {
        walk(&Value::Table(table.clone()), &statutes, &mut wrong, &mut seen);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 200, "only {seen} citations were compared");
}
