//! Lists as everybody asks for them: pages, filters on any field, JSON or CSV.
//!
//! `?limit=` and `?after=` page; `?FIELD=word` keeps what has that word there (a dot goes into an object),
//! `?FIELD.min=` and `?FIELD.max=` keep a range of numbers or days; `?format=csv` gives a table.

use serde::Serialize;
use serde_json::Value;

use crate::{
    Hq,
    error::HqError,
    protocol::{Request, Response},
};

/// Items of a page when nobody says how many.
const PAGE: usize = 100;
/// Items of a page at most.
const MOST: usize = 1000;
/// Words that are not filters.
const RESERVED: [&str; 3] = ["limit", "after", "format"];

/// A page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    /// What it holds, in the list's own order.
    pub(crate) items: Vec<Value>,
    /// Ask again with `after` set to this; none at the end.
    pub(crate) next: Option<String>,
}

/// The part of a path behind `?`, decoded.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(request: &Request) -> Query {
        let pairs = request.path.split_once('?').map_or("", |(_, q)| q).split('&');
        Query(
            pairs
                .filter_map(|p| p.split_once('='))
                .map(|(n, v)| (decoded(n), decoded(&v.replace('+', " "))))
                .collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, HqError> {
        self.get(name)
            .map(|v| {
                v.parse()
                    .map_err(|_| HqError::Bad(format!("{name} 应为整数 / {name} must be a whole number")))
            })
            .transpose()
    }

    fn limit(&self) -> Result<usize, HqError> {
        let limit = self.number("limit")?.map_or(PAGE, |n| usize::try_from(n).unwrap_or(PAGE));
        Ok(limit.clamp(1, MOST))
    }

    fn keeps(&self, item: &Value, not: &[&str]) -> bool {
        self.0.iter().filter(|(n, _)| !RESERVED.contains(&n.as_str()) && !not.contains(&n.as_str())).all(
            |(name, wanted)| {
                if let Some(field) = name.strip_suffix(".min") {
                    at_least(item, field, wanted)
                } else if let Some(field) = name.strip_suffix(".max") {
                    at_most(item, field, wanted)
                } else {
                    word(item, name).is_some_and(|w| w == *wanted)
                }
            },
        )
    }
}

/// `%E4%B8%9C` back to its character; what is not UTF-8 becomes a replacement character.
pub(crate) fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b != b'%' {
            out.push(b);
            continue;
        }
        let pair = [bytes.next(), bytes.next()];
        let hex = pair.iter().filter_map(|d| (*d).and_then(|d| char::from(d).to_digit(16)));
        let value = hex.fold(0_u32, |n, d| n.saturating_mul(16).saturating_add(d));
        out.push(u8::try_from(value).unwrap_or(b'?'));
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn field<'a>(item: &'a Value, name: &str) -> Option<&'a Value> {
    name.split('.').try_fold(item, |at, part| at.get(part))
}

fn word(item: &Value, name: &str) -> Option<String> {
    match field(item, name)? {
        Value::String(s) => Some(s.clone()),
        Value::Null => Some(String::new()),
        Value::Object(_) | Value::Array(_) => None,
        other => Some(other.to_string()),
    }
}

/// Numbers compare as numbers, days as text: `2026-09-24` sorts as it reads.
fn compare(item: &Value, name: &str, wanted: &str) -> Option<std::cmp::Ordering> {
    match field(item, name)? {
        Value::Number(n) => Some(n.as_f64()?.total_cmp(&wanted.parse().ok()?)),
        Value::String(s) => Some(s.as_str().cmp(wanted)),
        _ => None,
    }
}

fn at_least(item: &Value, name: &str, wanted: &str) -> bool {
    compare(item, name, wanted).is_some_and(std::cmp::Ordering::is_ge)
}

fn at_most(item: &Value, name: &str, wanted: &str) -> bool {
    compare(item, name, wanted).is_some_and(std::cmp::Ordering::is_le)
}

/// A list that was worked out in memory: (sort key, item), in any order. `not` are words of the query that
/// the list itself has used.
pub(crate) fn answer<T: Serialize>(
    query: &Query,
    items: Vec<(String, T)>,
    not: &[&str],
) -> Result<Response, HqError> {
    let mut items = items;
    items.sort_by(|a, b| a.0.cmp(&b.0));
    let (limit, after) = (query.limit()?, query.get("after").unwrap_or_default());
    let (mut page, mut last, mut next) = (Vec::new(), String::new(), None);
    for (key, item) in items.into_iter().filter(|(key, _)| after.is_empty() || key.as_str() > after) {
        let item = serde_json::to_value(&item)?;
        if !query.keeps(&item, not) {
            continue;
        }
        if page.len() >= limit {
            next = Some(last);
            break;
        }
        page.push(item);
        last = key;
    }
    shown(query, List { items: page, next })
}

/// Turns a document (its key, its body) into what is shown, or leaves it out.
type Show<'f> = dyn Fn(&mut dyn crate::store::Read, &str, &str) -> Result<Option<Value>, HqError> + 'f;

/// A list that lies in the store, read in its own order without taking it all into memory.
pub(crate) fn scan(
    hq: &Hq,
    query: &Query,
    space: &str,
    prefix: &str,
    not: &[&str],
    item: &Show<'_>,
) -> Result<Response, HqError> {
    let limit = query.limit()?;
    let mut after = query.get("after").unwrap_or_default().to_owned();
    let list = hq.read(|r| {
        let mut page = Vec::new();
        loop {
            let docs = r.docs(space, prefix, &after, 500)?;
            let end = docs.len() < 500;
            for (key, body) in docs {
                let shown = item(r, &key, &body)?.filter(|v| query.keeps(v, not));
                if let Some(value) = shown {
                    if page.len() >= limit {
                        return Ok(List { items: page, next: Some(after) });
                    }
                    page.push(value);
                }
                after = key;
            }
            if end {
                return Ok(List { items: page, next: None });
            }
        }
    })?;
    shown(query, list)
}

fn shown(query: &Query, list: List) -> Result<Response, HqError> {
    match query.get("format") {
        None | Some("json") => Response::json(&list),
        Some("csv") => Ok(Response::bytes(200, "text/csv; charset=utf-8", csv(&list.items).into_bytes())),
        Some(_) => Err(HqError::Bad("format 只有 json 与 csv / format is json or csv".into())),
    }
}

/// `{"a": {"b": 1}}` becomes the column `a.b`.
fn flat(row: &Value, before: &str, out: &mut Vec<(String, Value)>) {
    match row {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
                flat(value, &name, out);
            }
        }
        other => out.push((before.to_owned(), other.clone())),
    }
}

/// A table: one column for each field that any row has, in the order of first appearance. A byte-order mark
/// tells office programs that it is UTF-8.
pub(crate) fn csv(rows: &[Value]) -> String {
    let rows: Vec<Vec<(String, Value)>> = rows
        .iter()
        .map(|row| {
            let mut cells = Vec::new();
            flat(row, "", &mut cells);
            cells
        })
        .collect();
    let mut columns: Vec<&String> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    let mut out = String::from("\u{feff}");
    let mut line = |cells: Vec<String>| {
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    };
    line(columns.iter().map(|c| cell(c)).collect());
    for row in &rows {
        line(
            columns
                .iter()
                .map(|c| match row.iter().find(|(name, _)| name == *c).map(|(_, v)| v) {
                    None | Some(Value::Null) => String::new(),
                    Some(Value::String(s)) => cell(s),
                    Some(other) => quoted(&other.to_string()),
                })
                .collect(),
        );
    }
    out
}

/// Text that an office program would take for a formula is shown as text.
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        quoted(&format!("'{text}"))
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn ask(query: &str) -> Query {
        Query::of(&Request { path: format!("/v1/desk/x?{query}"), ..Request::default() })
    }

    fn page(query: &str) -> Value {
        let items = (0..250).map(|n| (format!("{n:03}"), json!({"n": n, "odd": n % 2 == 1, "on": format!("2026-{:02}-01", n % 12 + 1), "in": {"a": "东城"}}))).collect();
        serde_json::from_slice(&answer(&ask(query), items, &[]).unwrap().body).unwrap()
    }

    #[test]
    fn pages_follow_each_other_without_hole_or_overlap() {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let got = page(&format!("odd=true&limit=50&after={after}"));
            seen.extend(got["items"].as_array().unwrap().iter().map(|i| i["n"].as_u64().unwrap()));
            match got["next"].as_str() {
                Some(next) => after = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, (0..250).filter(|n| n % 2 == 1).collect::<Vec<u64>>());
    }

    #[test]
    fn filters_take_words_ranges_and_inner_fields() {
        assert_eq!(page("n.min=10&n.max=12")["items"].as_array().unwrap().len(), 3);
        assert_eq!(page("on.min=2026-12-01&limit=1000")["items"].as_array().unwrap().len(), 20);
        assert_eq!(page("in.a=%E4%B8%9C%E5%9F%8E&limit=3")["items"].as_array().unwrap().len(), 3);
        assert_eq!(page("in.a=x")["items"].as_array().unwrap().len(), 0);
    }

    #[test]
    fn a_table_cannot_carry_a_formula() {
        let text = csv(&[json!({"a": "=1+1", "b": "x,\"y\""}), json!({"b": -3, "c": null})]);
        assert_eq!(text, "\u{feff}a,b,c\r\n'=1+1,\"x,\"\"y\"\"\",\r\n,-3,\r\n");
    }
}
