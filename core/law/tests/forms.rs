//! Every file of every pack validates against its JSON Schema, and between them the packs exercise
//! every form that the engine knows: each key and each value of each enumeration of the schemas, which
//! are written from the very structs that the reader reads.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::{collections::BTreeSet, path::Path};

use common::read_dir;
use ezhifa_law::rulebook::schema::SCHEMAS;
use serde_json::Value;

const PACKS: [&str; 5] =
    ["prc-national", "dongguan-sample", "zhejiang-appearance", "jiangmen-tiers", "all-forms"];

/// A pack in the repository is signed only when it is published (DESIGN.md 5); HQ's tests sign packs.
const ONLY_WHEN_PUBLISHED: &str = "signatures.toml";

/// Walks an instance beside its schema; remembers which keys and values it saw.
struct Walker<'a> {
    schema: &'a Value,
    seen: BTreeSet<String>,
}

impl<'a> Walker<'a> {
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(path) => self.resolve(self.schema.pointer(path.trim_start_matches('#')).unwrap()),
            None => schema,
        }
    }

    fn valid(&mut self, schema: &'a Value, value: &Value, at: &str) -> Result<(), String> {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next());
        let schema = self.resolve(schema);
        let at = name.unwrap_or(at);
        for key in schema.as_object().into_iter().flat_map(|o| o.keys()) {
            let known = [
                "$schema",
                "title",
                "description",
                "$defs",
                "type",
                "properties",
                "required",
                "default",
                "additionalProperties",
                "items",
                "enum",
                "const",
                "oneOf",
                "anyOf",
                "format",
                "minimum",
                "maximum",
                "propertyNames",
                "uniqueItems",
            ];
            assert!(known.contains(&key.as_str()), "this walker does not know the keyword {key}");
        }
        for list in ["anyOf", "oneOf"] {
            if let Some(ways) = schema.get(list).and_then(Value::as_array) {
                let before = self.seen.clone();
                let mut faults = Vec::new();
                let fits = ways.iter().any(|way| {
                    let fault = self.valid(way, value, at).err();
                    if fault.is_some() {
                        self.seen.clone_from(&before);
                    }
                    faults.extend(fault.clone());
                    fault.is_none()
                });
                if !fits {
                    return Err(faults.join(" | "));
                }
            }
        }
        if let Some(wanted) = schema.get("const") {
            if wanted != value {
                return Err(format!("{at}: {value} is not {wanted}"));
            }
            self.seen.insert(format!("{at} = {value}"));
        }
        if let Some(list) = schema.get("enum").and_then(Value::as_array) {
            if !list.contains(value) {
                return Err(format!("{at}: {value} is none of {list:?}"));
            }
            self.seen.insert(format!("{at} = {value}"));
        }
        if let Some(kind) = schema.get("type") {
            let kinds: Vec<&str> = match kind {
                Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
                one => one.as_str().into_iter().collect(),
            };
            if kinds.contains(&"boolean") && value == &Value::Bool(true) {
                self.seen.insert(format!("{at} = true"));
            }
            let fits = kinds.iter().any(|kind| match *kind {
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64() || value.is_u64(),
                "array" => value.is_array(),
                "object" => value.is_object(),
                "null" => value.is_null(),
                other => panic!("type {other}"),
            });
            if !fits {
                return Err(format!("{at}: {value} is no {kind}"));
            }
        }
        for (key, wrong) in [("minimum", std::cmp::Ordering::Less), ("maximum", std::cmp::Ordering::Greater)]
        {
            if let (Some(bound), Some(number)) = (schema.get(key).and_then(Value::as_i64), value.as_i64())
                && number.cmp(&bound) == wrong
            {
                return Err(format!("{at}: {number} passes {key} {bound}"));
            }
        }
        if let Some(list) = value.as_array()
            && let Some(items) = schema.get("items")
        {
            for item in list {
                self.valid(items, item, at)?;
            }
        }
        let Some(object) = value.as_object() else { return Ok(()) };
        for needed in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !object.contains_key(needed.as_str().unwrap()) {
                return Err(format!("{at}: {needed} is missing"));
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, own) in properties.into_iter().flatten().filter(|(key, _)| !object.contains_key(*key)) {
            // Left out: the reader puts the default there.
            if let Some(default) = own.get("default").filter(|d| !d.is_null() && !d.is_object()) {
                self.valid(own, default, &format!("{at}.{key}"))?;
            }
        }
        for (key, value) in object {
            if let Some(own) = properties.and_then(|p| p.get(key)) {
                self.seen.insert(format!("{at}.{key}"));
                self.valid(own, value, &format!("{at}.{key}"))?;
            } else {
                match schema.get("additionalProperties") {
                    Some(Value::Bool(false)) => return Err(format!("{at}: no key {key}")),
                    Some(more @ Value::Object(_)) => self.valid(more, value, &format!("{at}.*"))?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Every key and every enumerated value that the schema knows.
    fn all(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let mut done = BTreeSet::new();
        self.gather(self.schema, self.schema["title"].as_str().unwrap(), &mut all, &mut done);
        all
    }

    fn gather(&self, schema: &'a Value, at: &str, all: &mut BTreeSet<String>, done: &mut BTreeSet<String>) {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next());
        if let Some(name) = name
            && !done.insert(name.to_owned())
        {
            return;
        }
        let schema = self.resolve(schema);
        let at = name.unwrap_or(at);
        if schema.get("type").is_some_and(|kind| kind.to_string().contains("boolean")) {
            all.insert(format!("{at} = true"));
        }
        if let Some(value) = schema.get("const") {
            all.insert(format!("{at} = {value}"));
        }
        for value in schema.get("enum").and_then(Value::as_array).into_iter().flatten() {
            all.insert(format!("{at} = {value}"));
        }
        for list in ["anyOf", "oneOf"] {
            for way in schema.get(list).and_then(Value::as_array).into_iter().flatten() {
                self.gather(way, at, all, done);
            }
        }
        for (key, own) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            all.insert(format!("{at}.{key}"));
            self.gather(own, &format!("{at}.{key}"), all, done);
        }
        for inside in ["items", "additionalProperties"] {
            if let Some(own) = schema.get(inside).filter(|s| s.is_object()) {
                self.gather(own, &format!("{at}.*"), all, done);
            }
        }
    }
}

/// TOML as JSON; a date is its text, as the schemas have it.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Boolean(yes) => yes.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(json).collect(),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(k, v)| (k, json(v))).collect()),
        toml::Value::Float(number) => panic!("a pack holds no fraction: {number}"),
    }
}

#[test]
fn the_packs_validate_and_exercise_every_form_between_them() {
    let packs: Vec<_> = PACKS
        .iter()
        .map(|p| (p, read_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks").join(p))))
        .collect();
    // A shared form (an outcome, a citation) counts wherever it stands.
    let (mut faults, mut seen, mut forms) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for schema in SCHEMAS.iter().filter(|s| s.files != ONLY_WHEN_PUBLISHED) {
        let written: Value = serde_json::from_str(schema.text).unwrap();
        let title = written["title"].as_str().unwrap();
        let mut walker = Walker { schema: &written, seen: BTreeSet::new() };
        let (folder, name) = schema.files.split_once('/').unwrap_or(("", schema.files));
        for (pack, files) in &packs {
            for (path, bytes) in files {
                let mine = if folder.is_empty() { path == name } else { path.starts_with(folder) };
                if mine {
                    let text = std::str::from_utf8(bytes).unwrap();
                    let value = json(toml::Value::Table(text.parse().unwrap()));
                    if let Err(fault) = walker.valid(&written, &value, title) {
                        faults.push(format!("{pack}/{path}: {fault}"));
                    }
                }
            }
        }
        forms.append(&mut walker.all());
        seen.append(&mut walker.seen);
    }
    let unused: Vec<&String> = forms.difference(&seen).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    eprintln!("{} forms", forms.len());
    assert!(unused.is_empty(), "no pack exercises: {unused:#?}");
    assert!(forms.len() > 250, "only {} forms", forms.len());
}
