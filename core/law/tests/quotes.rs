//! Every word that a pack puts in quotation marks stands in the article and paragraph that it names, and every
//! article, paragraph and item that a pack cites is there.
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

/// A statute by article, each a list of paragraphs, each with its items.
type Statute = BTreeMap<String, Vec<Paragraph>>;

#[derive(Default)]
struct Paragraph {
    /// Its words and those of its items, squeezed.
    text: String,
    items: usize,
}

const DIGITS: &str = "一二三四五六七八九十百零";

/// 十二 is 12; no paragraph or item of these statutes goes beyond 99.
fn number(text: &str) -> usize {
    let digit = |c: char| DIGITS.chars().position(|d| d == c).map_or(0, |p| p + 1);
    match text.split_once('十') {
        Some((tens, ones)) => {
            let tens = tens.chars().next().map_or(1, digit);
            tens * 10 + ones.chars().next().map_or(0, digit)
        }
        None => text.chars().next().map_or(0, digit),
    }
}

/// `第三十三条` at the head of a line, and what follows it.
fn head(line: &str, unit: char) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix('第')?.split_once(unit)?;
    name.chars().all(|c| DIGITS.contains(c)).then_some((name, rest))
}

fn statute(text: &str) -> Statute {
    let mut articles = Statute::new();
    let mut at: Option<String> = None;
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        if line.starts_with('#') {
            at = None;
        } else if let Some((name, rest)) = head(line, '条').filter(|(_, rest)| rest.starts_with([' ', '　']))
        {
            at = Some(name.to_owned());
            articles.insert(name.to_owned(), vec![Paragraph { text: squeezed(rest), items: 0 }]);
        } else if let Some(paragraphs) = at.as_ref().and_then(|at| articles.get_mut(at)) {
            let item = line.starts_with(['（', '(']);
            match paragraphs.last_mut().filter(|_| item) {
                Some(last) => {
                    last.text += &squeezed(line);
                    last.items += 1;
                }
                None => paragraphs.push(Paragraph { text: squeezed(line), items: 0 }),
            }
        }
    }
    articles
}

/// Instrument key -> its articles, for instruments whose text lies in `rulebooks/statutes`.
fn statutes(files: &[(PathBuf, Table)]) -> BTreeMap<String, Statute> {
    let mut texts = BTreeMap::new();
    for (_, table) in files {
        for (key, instrument) in table.get("instruments").and_then(Value::as_table).into_iter().flatten() {
            let source = instrument.get("source").and_then(Value::as_str).unwrap_or_default();
            if source.starts_with("statutes/") {
                texts.insert(key.clone(), statute(&fs::read_to_string(rulebooks().join(source)).unwrap()));
            }
        }
    }
    texts
}

/// The words of what a citation names: articles, or the paragraphs of them that it names; and what of it is not
/// there. `第一百一十一条第一款第一项、第二款` names two paragraphs of one article.
fn cited(law: &Statute, cite: &str) -> Result<String, String> {
    let (mut words, mut article, mut paragraph) = (String::new(), None, None);
    let mut whole = String::new();
    let mut rest = cite;
    while let Some(start) = rest.find('第') {
        rest = &rest[start..];
        let found = ['条', '款', '项'].into_iter().find_map(|unit| head(rest, unit).map(|h| (unit, h)));
        let Some((unit, (name, after))) = found else { break };
        rest = after;
        match unit {
            '条' => {
                let paragraphs = law.get(name).ok_or(format!("{cite}: no article {name}"))?;
                whole = paragraphs.iter().map(|p| p.text.as_str()).collect();
                if head(rest, '款').is_none() {
                    words += &whole;
                }
                (article, paragraph) = (Some(paragraphs), None);
            }
            '款' => {
                let there = article.and_then(|a| a.get(number(name).checked_sub(1)?));
                let there = there.ok_or(format!("{cite}: no paragraph {name}"))?;
                words += &there.text;
                paragraph = Some(there);
            }
            _ => {
                let items = match (paragraph, article) {
                    (Some(paragraph), _) => paragraph.items,
                    (None, Some(article)) => article.iter().map(|p| p.items).max().unwrap_or(0),
                    (None, None) => 0,
                };
                // 文明条例 10 has lost the mark of its first item: counted by the last.
                if number(name) > items + usize::from(!whole.contains("（一）")) {
                    return Err(format!("{cite}: no item {name}"));
                }
            }
        }
    }
    Ok(words)
}

fn walk(value: &Value, statutes: &BTreeMap<String, Statute>, wrong: &mut Vec<String>, seen: &mut usize) {
    let law = |at: &str| at.split_once(' ').and_then(|(key, at)| Some((statutes.get(key)?, at.to_owned())));
    match value {
        Value::Table(table) => {
            if let (Some(at), Some(quote)) =
                (table.get("at").and_then(Value::as_str), table.get("quote").and_then(Value::as_str))
                && let Some(words) = law(at).and_then(|(law, at)| cited(law, &at).ok())
            {
                // …… stands for words left out.
                for part in quote.split("……") {
                    *seen += 1;
                    if !words.contains(&squeezed(part)) {
                        wrong.push(format!("{at} does not say: {part}"));
                    }
                }
            }
            table.values().for_each(|v| walk(v, statutes, wrong, seen));
        }
        Value::Array(list) => list.iter().for_each(|v| walk(v, statutes, wrong, seen)),
        Value::String(cite) => {
            if let Some((law, at)) = law(cite) {
                *seen += 1;
                wrong.extend(cited(law, &at).err());
            }
        }
        _ => {}
    }
}

#[test]
fn a_citation_is_read_to_its_paragraph() {
    let law = statute("# 法\n第一条　甲。\n\n乙：\n\n（一）丙；\n\n（二）丁。\n第十二条 戊。\n");
    assert_eq!(cited(&law, "第一条"), Ok("甲。乙：（一）丙；（二）丁。".into()));
    assert_eq!(cited(&law, "第一条第二款第一项、第十二条"), Ok("乙：（一）丙；（二）丁。戊。".into()));
    for missing in ["第二条", "第一条第三款", "第一条第二款第三项", "第一条第一款第二项"]
    {
        assert!(cited(&law, missing).is_err(), "{missing}");
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
    assert!(seen > 200, "only {seen} citations and quotes were compared");
}
