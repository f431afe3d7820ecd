//! What is wrong with a pack: file, line, the offending cell, one sentence in Chinese and English.

use std::fmt;

use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};

/// How bad a finding is. A pack with an error does not leave the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Must be mended before the pack may be published.
    Error,
    /// Should be looked at.
    Warning,
}

/// One finding of `load` or `check`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// File inside the pack.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The offending cell: `offence[0].tier[2].when.count`, may be empty.
    pub cell: String,
    /// How bad.
    pub severity: Severity,
    /// One sentence, `中文 / English`.
    pub sentence: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if !self.cell.is_empty() {
            write!(f, ": {}", self.cell)?;
        }
        write!(f, ": {}", self.sentence)
    }
}

/// Why a pack does not load: its errors, the first in the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.summary())]
pub struct PackError {
    /// All errors found, at least one.
    pub findings: Vec<Finding>,
}

impl PackError {
    fn summary(&self) -> String {
        let first = self.findings.first().map(ToString::to_string).unwrap_or_default();
        match self.findings.len() {
            0 | 1 => first,
            n => format!("{first}（另有 {} 处 / and {} more）", n - 1, n - 1),
        }
    }
}

/// More findings than this help nobody, and a hostile pack must not fill the memory.
const MAX_FINDINGS: usize = 500;

/// Collects findings while a pack is read.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Adds an error at `path` (`offence[0].name`) of `file`.
    pub(crate) fn error(&mut self, file: &str, path: &str, sentence: impl Into<String>) {
        self.add(file, path, Severity::Error, sentence.into());
    }

    /// Adds a warning.
    pub(crate) fn warning(&mut self, file: &str, path: &str, sentence: impl Into<String>) {
        self.add(file, path, Severity::Warning, sentence.into());
    }

    fn add(&mut self, file: &str, path: &str, severity: Severity, sentence: String) {
        self.add_at(file, 0, path, severity, sentence);
    }

    /// Adds a finding whose line is known; 0 means "by the cell", see [`Findings::finish`].
    pub(crate) fn add_at(
        &mut self,
        file: &str,
        line: usize,
        path: &str,
        severity: Severity,
        sentence: String,
    ) {
        if self.list.len() < MAX_FINDINGS {
            self.list.push(Finding { file: file.into(), line, cell: path.into(), severity, sentence });
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().any(|f| f.severity == Severity::Error)
    }

    /// Fills in the lines, sorts, removes doubles.
    pub(crate) fn finish(mut self, files: &super::Files) -> Vec<Finding> {
        let mut by_file: std::collections::BTreeMap<String, Vec<&mut Finding>> =
            std::collections::BTreeMap::new();
        for finding in self.list.iter_mut().filter(|f| f.line == 0) {
            by_file.entry(finding.file.clone()).or_default().push(finding);
        }
        for (file, findings) in by_file {
            let text = files.get(&file).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default();
            let tree = DeTable::parse(text).ok();
            for finding in findings {
                let offset = tree.as_ref().map_or(0, |t| offset_of(t.get_ref(), &finding.cell));
                finding.line = line_at(text, offset);
            }
        }
        self.list.sort();
        self.list.dedup();
        self.list
    }
}

/// Line number, from 1, of a byte offset.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

/// Byte offset of the deepest part of `path` that exists.
fn offset_of(root: &DeTable<'_>, path: &str) -> usize {
    let mut table = root;
    let mut offset = 0;
    for segment in path.split('.').filter(|s| !s.is_empty()) {
        let (name, index) = match segment.split_once('[') {
            Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()),
            None => (segment, None),
        };
        let Some((key, value)) = table.iter().find(|(k, _)| k.get_ref().as_ref() == name) else { break };
        offset = key.span().start;
        let mut value = value;
        if let Some(index) = index {
            let Some(item) = value.get_ref().as_array().and_then(|a| a.get(index)) else { break };
            offset = item.span().start;
            value = item;
        }
        match value.get_ref() {
            DeValue::Table(next) => table = next,
            _ => break,
        }
    }
    offset
}
