//! One JSON line an event on stderr. Fields are numbers and fixed words: there is no way to log a name.

use std::io::Write as _;

/// A field value that cannot carry personal data.
#[derive(Debug, Clone, Copy)]
pub enum Field<'a> {
    /// A number.
    Int(i64),
    /// A word from the code, or an id that HQ itself issued.
    Word(&'a str),
}

/// Writes one line when logging is on. A full disk or closed pipe is not worth a failure.
pub fn line(on: bool, at_ms: i64, event: &str, fields: &[(&str, Field<'_>)]) {
    if !on {
        return;
    }
    let mut out = serde_json::Map::new();
    out.insert("t".into(), at_ms.into());
    out.insert("event".into(), event.into());
    for (name, value) in fields {
        let value = match value {
            Field::Int(n) => serde_json::Value::from(*n),
            Field::Word(w) => serde_json::Value::from(*w),
        };
        out.insert((*name).to_owned(), value);
    }
    let _ = writeln!(std::io::stderr().lock(), "{}", serde_json::Value::Object(out));
}
