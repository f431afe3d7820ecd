//! From files to a typed rulebook, collecting every finding on the way.

mod facts;
mod law;
mod offences;
mod organ;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::{
    Files, Findings, PackError, RuleRow, Rulebook, Rules, Settings, Written,
    finding::{Finding, Severity, line_at},
    format::{
        Cite, GatesFile, Instrument, InstrumentsFile, LimbsFile, Manifest, MitigationFile, SettingsFile, When,
    },
    hash::{SIGNATURES, pack_hash},
    table::Domain,
};
use crate::terms::Citation;

/// The semantics number of this engine. It keeps every earlier one (DESIGN.md 5).
pub const SEMANTICS: u32 = 1;

const MAX_FILES: usize = 400;
const MAX_FILE_BYTES: usize = 1 << 20;
const MAX_PACK_BYTES: usize = 8 << 20;
const MAX_FACTS: usize = 500;
const MAX_OFFENCES: usize = 2000;
/// 一千万元, far above any clause that a field pack holds; keeps every sum inside i64.
const MAX_YUAN: i64 = 10_000_000;

/// Resolves a citation by its instrument key.
pub(super) fn citation(instruments: &BTreeMap<String, Instrument>, cite: &Cite) -> Option<Citation> {
    let (at, quote) = match cite {
        Cite::Short(at) => (at, None),
        Cite::Quoted(quoted) => (&quoted.at, Some(quoted.quote.clone())),
    };
    let (key, article) = at.split_once(' ')?;
    let instrument = instruments.get(key)?;
    let article = article.trim();
    (!article.is_empty()).then(|| Citation {
        instrument: instrument.title.clone(),
        article: article.to_owned(),
        version: instrument.version.map(|d| d.0.to_string()),
        quote,
    })
}

impl Rulebook {
    /// Builds as much as can be built and says what is wrong.
    pub(crate) fn build(files: &Files, imports: &[&Rulebook]) -> (Option<Rulebook>, Vec<Finding>) {
        let mut builder = Builder { files, found: Findings::default() };
        let rulebook = builder.limits().and_then(|()| builder.rulebook(imports));
        (rulebook, builder.found.finish(files))
    }

    /// The manifest alone.
    pub(super) fn read_manifest(files: &Files) -> Result<Manifest, PackError> {
        let mut builder = Builder { files, found: Findings::default() };
        let manifest = builder.limits().and_then(|()| builder.manifest_file());
        let findings = builder.found.finish(files);
        manifest.ok_or(PackError { findings })
    }
}

/// Two imports may rest on the same third pack: what is the same comes in once.
fn add_new<T: PartialEq + Clone>(list: &mut Vec<T>, more: &[T]) {
    for item in more {
        if !list.contains(item) {
            list.push(item.clone());
        }
    }
}

struct Builder<'a> {
    files: &'a Files,
    found: Findings,
}

/// Names that conditions and citations are resolved by.
struct Names {
    instruments: BTreeMap<String, Instrument>,
    domains: BTreeMap<String, Domain>,
}

impl Builder<'_> {
    fn limits(&mut self) -> Option<()> {
        let total: usize = self.files.values().map(Vec::len).sum();
        if self.files.len() > MAX_FILES || total > MAX_PACK_BYTES {
            let sentence = format!(
                "规则包过大：最多 {MAX_FILES} 个文件、{MAX_PACK_BYTES} 字节，请拆分 / the pack is too large ({} files, {total} bytes): split it",
                self.files.len()
            );
            self.found.error("manifest.toml", "", sentence);
            return None;
        }
        for (path, bytes) in self.files {
            if bytes.len() > MAX_FILE_BYTES {
                let sentence =
                    format!("文件过大，最多 {MAX_FILE_BYTES} 字节，请拆分 / the file is too large: split it");
                self.found.error(path, "", sentence);
            }
            let known = matches!(
                path.as_str(),
                "manifest.toml"
                    | "instruments.toml"
                    | "facts.toml"
                    | "settings.toml"
                    | "organ.toml"
                    | "numbers.toml"
                    | "limbs.toml"
                    | "mitigation.toml"
                    | "gates.toml"
                    | "clocks.toml"
                    | "README.md"
                    | SIGNATURES
            ) || ["offences/", "templates/"].iter().any(|dir| {
                path.strip_prefix(dir)
                    .is_some_and(|name| name.ends_with(".toml") && !name.contains(['/', '\\']))
            });
            if !known {
                self.found.error(
                    path,
                    "",
                    "规则包中不应有此文件，请移走或改名 / a pack has no such file: move or rename it",
                );
            }
        }
        (!self.found.has_errors()).then_some(())
    }

    /// Reads one file; absent is `None` without a finding.
    fn read<T: DeserializeOwned>(&mut self, path: &str) -> Option<T> {
        let bytes = self.files.get(path)?;
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.found.error(
                path,
                "",
                "文件不是 UTF-8 编码，请另存为 UTF-8 / the file is not UTF-8: save it as UTF-8",
            );
            return None;
        };
        match toml::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let line = line_at(text, error.span().map_or(0, |s| s.start));
                let message = error.message().lines().next().unwrap_or_default().to_owned();
                let sentence = format!("无法读取，请改正此处 / cannot be read here: {message}");
                self.found.add_at(path, line, "", Severity::Error, sentence);
                None
            }
        }
    }

    fn in_folder(&self, folder: &str) -> Vec<String> {
        self.files.keys().filter(|path| path.starts_with(folder)).cloned().collect()
    }

    fn manifest_file(&mut self) -> Option<Manifest> {
        if !self.files.contains_key("manifest.toml") {
            self.found.error("manifest.toml", "", "缺少 manifest.toml / manifest.toml is missing");
        }
        self.read("manifest.toml")
    }

    fn rulebook(&mut self, imports: &[&Rulebook]) -> Option<Rulebook> {
        let manifest = self.manifest_file()?;
        self.manifest(&manifest);
        let below = self.imports(&manifest, imports);
        let names = self.names(&below)?;

        let mut instruments_and_facts = names;
        let facts = self.facts(&below, &mut instruments_and_facts);
        let names = instruments_and_facts;

        let mut written = Written::default();
        for import in &below {
            add_new(&mut written.limbs, &import.written.limbs);
            add_new(&mut written.ordinary, &import.written.ordinary);
            add_new(&mut written.mitigation, &import.written.mitigation);
            written.settings = std::mem::take(&mut written.settings).over(&import.written.settings);
            written.gates = written.gates.or_else(|| import.written.gates.clone());
        }
        let inherited = written.mitigation.len();
        let mut limbs_file: LimbsFile = self.read("limbs.toml").unwrap_or_default();
        if !below.is_empty()
            && (!limbs_file.limbs.is_empty() || !limbs_file.ordinary.is_empty())
            && !written.limbs.is_empty()
        {
            self.found.error("limbs.toml", "limb", "地方规则包不得改写国家规定的不予处罚情形，只能写 [limb_b_also] / a local pack may not restate the national limbs: only [limb_b_also]");
        } else {
            written.limbs.append(&mut limbs_file.limbs);
            written.ordinary.append(&mut limbs_file.ordinary);
        }
        let mitigation_file: MitigationFile = self.read("mitigation.toml").unwrap_or_default();
        written.mitigation.extend(mitigation_file.rows);
        if let Some(gates) = self.read::<GatesFile>("gates.toml") {
            if written.gates.is_some() {
                self.found.error(
                    "gates.toml",
                    "",
                    "地方规则包不得改动当场处罚限额 / a local pack may not change the gate",
                );
            } else {
                written.gates = Some(gates);
            }
        }
        let own: SettingsFile = self.read("settings.toml").unwrap_or_default();
        written.settings = own.over(&written.settings);

        let (numbers, organ) = self.numbers_and_organ(&below);
        let clocks = self.clocks(&below, &names);
        let principles = self.principles(&below, &limbs_file.principles, &names);
        let gates = written.gates.clone().map(|g| self.gates(&g, &names));
        let ordinary = self.ordinary(&written, &names);
        // A library's further condition comes in with its clauses.
        written.limb_b_also = limbs_file
            .limb_b_also
            .or_else(|| below.iter().find_map(|import| import.written.limb_b_also.clone()));
        let limbs = self.limbs(&written, written.limb_b_also.as_ref(), &names);
        let (mitigation, mitigation_table) = self.mitigation(&written, inherited, &names);
        let (offences, pairs) = self.offences(&manifest, &below, &names);
        let templates = self.templates(&below);

        let signatures = self.signatures();
        let waiver_cite = written.settings.waiver_cite.clone().unwrap_or_default();
        let waiver_cite = self.cites("settings.toml", "waiver_cite", &waiver_cite, &names, false);
        let mut missing = Vec::new();
        let settings =
            Settings::resolve(&written.settings, waiver_cite, |name| missing.push(name.to_owned()));
        if !offences.is_empty() {
            for name in missing {
                let sentence = format!(
                    "未设置“{name}”，请在 settings.toml 中写明 / setting `{name}` is missing: state it in settings.toml"
                );
                self.found.error("settings.toml", "", sentence);
            }
            if gates.is_none() {
                self.found.error(
                    "manifest.toml",
                    "import",
                    "没有当场处罚限额，请引入 prc-national / no gate: import prc-national",
                );
            }
        }

        Some(Rulebook {
            hash: pack_hash(self.files),
            imports: below.iter().map(|i| i.reference()).collect(),
            manifest,
            instruments: names.instruments,
            own_facts: facts
                .iter()
                .map(|f| f.name.clone())
                .filter(|n| !below.iter().any(|b| b.fact(n).is_some()))
                .collect(),
            fact_at: facts.iter().enumerate().map(|(i, f)| (f.name.clone(), i)).collect(),
            presumed: facts.iter().filter_map(|f| f.presumed.map(|yes| (f.name.clone(), yes))).collect(),
            facts,
            domains: names.domains,
            settings,
            organ,
            numbers,
            gates,
            clocks,
            principles,
            ordinary,
            limbs,
            mitigation,
            mitigation_table,
            offences,
            pairs,
            templates,
            signatures,
            written,
        })
    }

    fn manifest(&mut self, manifest: &Manifest) {
        let file = "manifest.toml";
        self.id(file, "id", &manifest.id);
        if manifest.semantics != SEMANTICS {
            let sentence =
                format!("引擎语义编号应为 {SEMANTICS} / this engine reads semantics number {SEMANTICS}");
            self.found.error(file, "semantics", sentence);
        }
        if manifest.repealed_on.is_some_and(|until| until <= manifest.effective_from) {
            self.found.error(file, "repealed_on", "废止日期不晚于施行日期 / repealed before it is in force");
        }
        if manifest.title.trim().is_empty() {
            self.found.error(file, "title", "缺少标题 / the title is empty");
        }
    }

    fn id(&mut self, file: &str, path: &str, id: &str) {
        let good = !id.is_empty()
            && id.len() <= 80
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if !good {
            let sentence = "编号只能用小写字母、数字、连字符和下划线，最多 80 个字符 / an id has lower-case letters, digits, - and _, at most 80";
            self.found.error(file, path, sentence);
        }
    }

    fn imports<'r>(&mut self, manifest: &Manifest, imports: &[&'r Rulebook]) -> Vec<&'r Rulebook> {
        let mut below = Vec::new();
        for (i, import) in manifest.imports.iter().enumerate() {
            let path = format!("import[{i}]");
            match imports.iter().find(|r| r.manifest.id == import.id) {
                None => {
                    let sentence = format!(
                        "找不到引入的规则包“{}” / the imported pack `{}` was not handed in",
                        import.id, import.id
                    );
                    self.found.error("manifest.toml", &path, sentence);
                }
                Some(rulebook) => {
                    if import.hash.is_empty() {
                        self.found.warning("manifest.toml", &format!("{path}.hash"), format!(
                            "未固定引入包的哈希，发布前请写入 {0} / the import is not pinned: write {0} before publishing",
                            rulebook.hash
                        ));
                    } else if import.hash != rulebook.hash {
                        self.found.error(
                            "manifest.toml",
                            &format!("{path}.hash"),
                            format!(
                                "引入包的哈希不符，实际为 {0} / the import's hash differs: it is {0}",
                                rulebook.hash
                            ),
                        );
                    }
                    below.push(*rulebook);
                }
            }
        }
        below
    }

    fn names(&mut self, below: &[&Rulebook]) -> Option<Names> {
        let mut names = Names { instruments: BTreeMap::new(), domains: BTreeMap::new() };
        for import in below {
            names.instruments.extend(import.instruments.clone());
        }
        let own: InstrumentsFile = self.read("instruments.toml").unwrap_or_default();
        for (key, instrument) in own.instruments {
            let path = format!("instruments.{key}");
            self.id("instruments.toml", &path, &key);
            if names.instruments.get(&key).is_some_and(|there| *there != instrument) {
                self.found.error(
                    "instruments.toml",
                    &path,
                    "此键已由引入的规则包定义 / an imported pack defines this key",
                );
            }
            names.instruments.insert(key, instrument);
        }
        let choice = |options: &[&str]| Domain::Choice(options.iter().map(|o| (*o).to_owned()).collect());
        names.domains.insert("party".into(), choice(&["individual", "unit"]));
        names
            .domains
            .insert("age_band".into(), choice(&["under_14", "from_14_to_17", "adult", "not_person"]));
        names.domains.insert("earlier_find".into(), Domain::Bool);
        names.domains.insert("undiscovered_years".into(), Domain::Int { min: 0, max: 99, decimals: 0 });
        Some(names)
    }

    /// Resolves citations; an unknown key or an empty list (where one is needed) is a finding.
    fn cites(
        &mut self,
        file: &str,
        path: &str,
        cites: &[Cite],
        names: &Names,
        needed: bool,
    ) -> Vec<Citation> {
        if needed && cites.is_empty() {
            self.found.error(file, path, "缺少法条引用 / the citation is missing");
        }
        let mut resolved = Vec::with_capacity(cites.len());
        for (i, cite) in cites.iter().enumerate() {
            match citation(&names.instruments, cite) {
                Some(citation) => resolved.push(citation),
                None => self.found.error(file, &format!("{path}[{i}]"), "引用应为“键 条款”，且键须在 instruments.toml 中 / a citation is `key article`, the key declared in instruments.toml"),
            }
        }
        resolved
    }

    /// Types a row and adds what it says.
    fn push(&mut self, rules: &mut Rules, file: &str, path: &str, when: &When, row: RuleRow, names: &Names) {
        match rules.table.push(when, |name| names.domains.get(name)) {
            Ok(()) => rules.rows.push(row),
            Err((cell, sentence)) => {
                let path = if cell.is_empty() { path.to_owned() } else { format!("{path}.{cell}") };
                self.found.error(file, &path, sentence);
            }
        }
    }
}
