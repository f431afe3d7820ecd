//! What a manifest imports, told before anything else of the pack is read; and pinning it by hash.

use toml::de::{DeTable, DeValue};

use super::{
    Files, PackError, Rulebook,
    finding::{Finding, Severity},
    format::Import,
};

impl Rulebook {
    /// The packs that a pack's manifest names, so that a caller can load those first.
    ///
    /// # Errors
    /// No manifest, or one that cannot be read.
    pub fn named_imports(files: &Files) -> Result<Vec<Import>, PackError> {
        Rulebook::read_manifest(files).map(|manifest| manifest.imports)
    }
}

/// A `manifest.toml` with the hash of each of `imports` written where it names that pack; everything
/// else, comments too, stays as it is. An import that was not handed in keeps what it has.
///
/// # Errors
/// A manifest that is no TOML.
pub fn pin(manifest: &str, imports: &[&Rulebook]) -> Result<String, PackError> {
    let tree = DeTable::parse(manifest).map_err(|error| {
        let at = error.span().map_or(0, |s| s.start);
        PackError {
            findings: vec![Finding {
                file: "manifest.toml".into(),
                line: super::finding::line_at(manifest, at),
                cell: String::new(),
                severity: Severity::Error,
                sentence: format!("无法读取，请改正此处 / cannot be read here: {}", error.message()),
            }],
        }
    })?;
    let mut edits = Vec::new();
    let list = tree.get_ref().get("import").and_then(|v| v.get_ref().as_array());
    for import in list.into_iter().flatten() {
        let DeValue::Table(table) = import.get_ref() else { continue };
        let text = |key: &str| table.get(key).and_then(|v| v.get_ref().as_str());
        let book = text("id").and_then(|id| imports.iter().find(|b| b.manifest.id == id));
        if let (Some(book), Some(hash)) = (book, table.get("hash")) {
            edits.push((hash.span(), format!("\"{}\"", book.hash)));
        }
    }
    let mut pinned = manifest.to_owned();
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    for (span, hash) in edits {
        pinned.replace_range(span, &hash);
    }
    Ok(pinned)
}
