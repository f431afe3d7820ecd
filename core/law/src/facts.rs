//! Facts as the officer answers them: three-valued (yes, no, unknown), integers, or a choice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One answer. In JSON: `true`, `false`, `null` (unknown), an integer, or a choice as a string.
/// Measured facts are integers in the unit that the rulebook's question states.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Not known. Never makes an outcome harsher.
    #[default]
    Unknown,
    /// Yes or no.
    Bool(bool),
    /// A count or a measure.
    Int(i64),
    /// One of the choices that the question lists.
    Choice(String),
}

/// Answers by fact name; a name that is missing is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(pub BTreeMap<String, Value>);

impl Facts {
    /// The answer to `name`, `Unknown` when nobody answered.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        const UNKNOWN: Value = Value::Unknown;
        static NONE: Value = UNKNOWN;
        self.0.get(name).unwrap_or(&NONE)
    }
}
