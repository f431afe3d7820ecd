//! JSON Schemas of the pack files, so that editors complete and validate (`#:schema …` in a TOML file).
//!
//! They are written from the very structs that `load` reads; the test below holds the two together.

/// One schema: the files that it is for, its file name, its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Which files of a pack, as a pattern.
    pub files: &'static str,
    /// Name of the schema file.
    pub name: &'static str,
    /// JSON Schema, draft 2020-12.
    pub text: &'static str,
}

macro_rules! schemas {
    ($($files:literal => $name:literal, $type:ty;)*) => {
        /// The schema of every file of a pack.
        pub const SCHEMAS: &[Schema] = &[$(Schema {
            files: $files,
            name: concat!($name, ".schema.json"),
            text: include_str!(concat!("../../schemas/", $name, ".schema.json")),
        }),*];

        #[cfg(test)]
        fn written() -> Vec<(&'static str, schemars::Schema)> {
            vec![$((concat!($name, ".schema.json"), schemars::schema_for!($type))),*]
        }
    };
}

schemas! {
    "manifest.toml" => "manifest", super::format::Manifest;
    "instruments.toml" => "instruments", super::format::InstrumentsFile;
    "facts.toml" => "facts", super::format::FactsFile;
    "settings.toml" => "settings", super::format::SettingsFile;
    "organ.toml" => "organ", super::format::Organ;
    "numbers.toml" => "numbers", super::format::NumbersFile;
    "limbs.toml" => "limbs", super::format::LimbsFile;
    "mitigation.toml" => "mitigation", super::format::MitigationFile;
    "gates.toml" => "gates", super::format::GatesFile;
    "clocks.toml" => "clocks", super::format::ClocksFile;
    "offences/*.toml" => "offences", super::format::OffencesFile;
    "templates/*.toml" => "templates", super::format::TemplatesFile;
    "signatures.toml" => "signatures", super::format::SignaturesFile;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    /// `UPDATE_SCHEMAS=1 cargo test -p ezhifa-law schemas` writes them anew after a change of format.
    #[test]
    fn the_schemas_say_what_the_reader_reads() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        for (name, schema) in written() {
            let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
            if std::env::var_os("UPDATE_SCHEMAS").is_some() {
                std::fs::write(folder.join(name), &text).unwrap();
            } else {
                let there = SCHEMAS.iter().find(|s| s.name == name).unwrap();
                assert_eq!(there.text, text, "{name}: run with UPDATE_SCHEMAS=1");
            }
        }
    }
}
