//! From files to a typed rulebook, collecting every finding on the way.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::{
    ENGINE_INPUTS, Files, Findings, Gates, LimbRules, Mitigation, OffenceRules, Principles, RuleRow,
    Rulebook, Rules, Settings, Written,
    finding::{Finding, Severity, line_at},
    fine_range,
    format::{
        Cite, ClocksFile, Day, Fact, FactType, FactsFile, GatesFile, Instrument, InstrumentsFile, LimbsFile,
        Manifest, MitigationFile, NumbersFile, Offence, OffencesFile, Organ, Overlap, PackSignature,
        PrinciplesFile, SettingsFile, SignaturesFile, TemplatesFile, When, YuanRange,
    },
    hash::{SIGNATURES, pack_hash},
    numbers,
    table::{Domain, MAX_OPTIONS},
};
use crate::{
    money::Fen,
    terms::{Citation, Limb},
};

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

    fn rulebook(&mut self, imports: &[&Rulebook]) -> Option<Rulebook> {
        if !self.files.contains_key("manifest.toml") {
            self.found.error("manifest.toml", "", "缺少 manifest.toml / manifest.toml is missing");
        }
        let manifest: Manifest = self.read("manifest.toml")?;
        self.manifest(&manifest);
        let below = self.imports(&manifest, imports);
        let names = self.names(&below)?;

        let mut instruments_and_facts = names;
        let facts = self.facts(&below, &mut instruments_and_facts);
        let names = instruments_and_facts;

        let mut written = Written::default();
        for import in &below {
            written.limbs.extend(import.written.limbs.clone());
            written.ordinary.extend(import.written.ordinary.clone());
            written.mitigation.extend(import.written.mitigation.clone());
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
        let limbs = self.limbs(&written, limbs_file.limb_b_also.as_ref(), &names);
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

    fn facts(&mut self, below: &[&Rulebook], names: &mut Names) -> Vec<Fact> {
        let mut facts: Vec<Fact> = Vec::new();
        for fact in below.iter().flat_map(|import| &import.facts) {
            if names.domains.insert(fact.name.clone(), Domain::of(fact)).is_none() {
                facts.push(fact.clone());
            }
        }
        let own: FactsFile = self.read("facts.toml").unwrap_or_default();
        for (i, fact) in own.facts.into_iter().enumerate() {
            let path = format!("fact[{i}]");
            if ENGINE_INPUTS.contains(&fact.name.as_str()) {
                self.found.error(
                    "facts.toml",
                    &format!("{path}.name"),
                    "这是引擎自有的输入名，不能声明 / this name belongs to the engine",
                );
            } else if names.domains.contains_key(&fact.name) {
                self.found.error(
                    "facts.toml",
                    &format!("{path}.name"),
                    "事实名重复 / the fact is declared twice",
                );
            }
            self.fact(&path, &fact);
            if facts.len() >= MAX_FACTS {
                self.found.error(
                    "facts.toml",
                    &path,
                    format!("事实过多，最多 {MAX_FACTS} 个 / too many facts"),
                );
                break;
            }
            names.domains.insert(fact.name.clone(), Domain::of(&fact));
            facts.push(fact);
        }
        facts
    }

    fn fact(&mut self, path: &str, fact: &Fact) {
        let file = "facts.toml";
        self.id(file, &format!("{path}.name"), &fact.name);
        if fact.ask.trim().is_empty() {
            self.found.error(file, &format!("{path}.ask"), "缺少提问 / the question is empty");
        }
        let (int, choice, boolean) =
            (fact.kind == FactType::Int, fact.kind == FactType::Choice, fact.kind == FactType::Bool);
        match (fact.min, fact.max) {
            (Some(min), Some(max)) if int && min <= max => {}
            (None, None) if !int => {}
            _ if int => self.found.error(
                file,
                path,
                "数值事实须写 min 和 max，且 min 不大于 max / a measure needs min and max, min not above max",
            ),
            _ => self.found.error(file, path, "只有数值事实才有 min、max / only a measure has min and max"),
        }
        if fact.decimals > 4 || (!int && fact.decimals > 0) {
            self.found.error(
                file,
                &format!("{path}.decimals"),
                "小数位最多 4，且只用于数值事实 / at most 4 decimals, measures only",
            );
        }
        let values: BTreeSet<&str> = fact.options.iter().map(|o| o.value.as_str()).collect();
        let listed = fact.options.len();
        if choice && (listed < 2 || listed > MAX_OPTIONS || values.len() != listed) {
            self.found.error(file, &format!("{path}.options"), format!("选项须为 2 至 {MAX_OPTIONS} 个且不重复 / a choice has 2 to {MAX_OPTIONS} different options"));
        }
        if !choice && listed > 0 {
            self.found.error(
                file,
                &format!("{path}.options"),
                "只有选择事实才有选项 / only a choice has options",
            );
        }
        if !boolean && fact.presumed.is_some() {
            self.found.error(
                file,
                &format!("{path}.presumed"),
                "只有是非事实才能推定 / only a yes-or-no fact is presumed",
            );
        }
        if fact.presumed.is_some() && fact.presumed_because.trim().is_empty() {
            self.found.error(
                file,
                &format!("{path}.presumed_because"),
                "推定须说明理由 / say why it is presumed",
            );
        }
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

    fn gates(&mut self, gates: &GatesFile, names: &Names) -> Gates {
        let file = "gates.toml";
        for (path, yuan) in [
            ("citizen_yuan", gates.citizen_yuan),
            ("organisation_yuan", gates.organisation_yuan),
            ("cash_yuan", gates.cash_yuan),
        ] {
            if !(0..=MAX_YUAN).contains(&yuan) {
                self.found.error(file, path, "金额超出范围 / the amount is out of range");
            }
        }
        Gates {
            citizen: Fen::yuan(gates.citizen_yuan),
            organisation: Fen::yuan(gates.organisation_yuan),
            cite: self.cites(file, "cite", &gates.cite, names, true),
            cash: Fen::yuan(gates.cash_yuan),
            cash_cite: self.cites(file, "cash_cite", &gates.cash_cite, names, true),
        }
    }

    fn principles(&mut self, below: &[&Rulebook], own: &PrinciplesFile, names: &Names) -> Principles {
        let mut all = below.first().map(|b| b.principles.clone()).unwrap_or_default();
        for (key, cites) in [
            ("clear_facts", &own.clear_facts),
            ("order", &own.order),
            ("higher_fine", &own.higher_fine),
            ("milder_law", &own.milder_law),
            ("defence", &own.defence),
            ("education", &own.education),
        ] {
            let cites = self.cites("limbs.toml", &format!("principles.{key}"), cites, names, false);
            if !cites.is_empty() {
                all.set(key, cites);
            }
        }
        all
    }

    fn ordinary(&mut self, written: &Written, names: &Names) -> Rules {
        let mut rules = Rules::default();
        for (i, row) in written.ordinary.iter().enumerate() {
            let path = format!("ordinary[{i}]");
            let cite = self.cites("limbs.toml", &format!("{path}.cite"), &row.cite, names, true);
            let says =
                RuleRow { id: format!("ordinary.{}", row.id), text: row.text.clone(), cite, guardian: false };
            self.push(&mut rules, "limbs.toml", &format!("{path}.when"), &row.when, says, names);
        }
        rules
    }

    fn limbs(
        &mut self,
        written: &Written,
        also: Option<&super::format::LimbAlso>,
        names: &Names,
    ) -> Vec<LimbRules> {
        let file = "limbs.toml";
        let mut limbs = Vec::new();
        let mut seen = BTreeSet::new();
        for (i, limb) in written.limbs.iter().enumerate() {
            let path = format!("limb[{i}]");
            if !seen.insert(limb.limb) {
                self.found.error(file, &path, "同一情形写了两次 / the limb is written twice");
            }
            let cite = self.cites(file, &format!("{path}.cite"), &limb.cite, names, true);
            let mut rules = Rules::default();
            for (j, row) in limb.any.iter().enumerate() {
                let path = format!("{path}.any[{j}]");
                let own = self.cites(file, &format!("{path}.cite"), &row.cite, names, false);
                let mut when = row.when.clone();
                let mut says = RuleRow {
                    id: format!("limb.{:?}", limb.limb),
                    text: row.text.clone(),
                    cite: if own.is_empty() { cite.clone() } else { own },
                    guardian: row.guardian,
                };
                if let Some(also) = also.filter(|_| limb.limb == Limb::B) {
                    for (name, cell) in &also.when {
                        if when.insert(name.clone(), cell.clone()).is_some() {
                            self.found.error(file, &format!("limb_b_also.when.{name}"), "此条件已在国家规定中，不能改写 / the national limb has this condition already");
                        }
                    }
                    says.text = format!("{}；{}", says.text, also.text);
                    says.cite.extend(self.cites(file, "limb_b_also.cite", &also.cite, names, true));
                }
                self.push(&mut rules, file, &format!("{path}.when"), &when, says, names);
            }
            if limb.any.is_empty() {
                self.found.error(file, &path, "没有任何条件 / no alternative is written");
            }
            limbs.push(LimbRules { limb: limb.limb, name: limb.name.clone(), rules });
        }
        limbs
    }

    fn mitigation(&mut self, written: &Written, inherited: usize, names: &Names) -> (Vec<Mitigation>, Rules) {
        let mut strengths = Vec::new();
        let mut rules = Rules::default();
        for (i, row) in written.mitigation.iter().enumerate() {
            let path = format!("mitigation[{}]", i.saturating_sub(inherited));
            let file = "mitigation.toml";
            if row.percent >= 100 {
                self.found.error(
                    file,
                    &format!("{path}.percent"),
                    "比例须小于 100 / the percentage is below 100",
                );
            }
            let cite = self.cites(file, &format!("{path}.cite"), &row.cite, names, true);
            let says = RuleRow {
                id: format!("mitigation.{}", row.id),
                text: row.text.clone(),
                cite,
                guardian: false,
            };
            let before = rules.rows.len();
            self.push(&mut rules, file, &format!("{path}.when"), &row.when, says, names);
            if rules.rows.len() > before {
                strengths.push(Mitigation { must: row.must, percent: row.percent.min(99) });
            }
        }
        (strengths, rules)
    }

    fn numbers_and_organ(&mut self, below: &[&Rulebook]) -> (BTreeMap<crate::terms::Series, String>, Organ) {
        let mut numbers = BTreeMap::new();
        for import in below {
            numbers.extend(import.numbers.clone());
        }
        let own: NumbersFile = self.read("numbers.toml").unwrap_or_default();
        for (series, format) in &own.numbers {
            if let Some(fault) = numbers::fault(format) {
                let key = serde_json::to_string(series).unwrap_or_default();
                self.found.error("numbers.toml", &format!("numbers.{}", key.trim_matches('"')), fault);
            }
        }
        numbers.extend(own.numbers);
        let organ: Option<Organ> = self.read("organ.toml");
        if let Some(organ) = &organ
            && (organ.code.is_empty()
                || organ.code.len() > 16
                || !organ.code.bytes().all(|b| b.is_ascii_alphanumeric()))
        {
            self.found.error(
                "organ.toml",
                "code",
                "机关代码为 1 至 16 位字母数字 / the organ code has 1 to 16 ASCII letters or digits",
            );
        }
        let organ = organ.or_else(|| below.iter().map(|b| b.organ.clone()).find(|o| !o.name.is_empty()));
        (numbers, organ.unwrap_or_default())
    }

    fn clocks(&mut self, below: &[&Rulebook], names: &Names) -> ClocksFile {
        let mut all = ClocksFile::default();
        for import in below {
            all.laws.extend(import.clocks.laws.clone());
            all.clocks.extend(import.clocks.clocks.clone());
            all.late_fee = all.late_fee.or_else(|| import.clocks.late_fee.clone());
        }
        let file = "clocks.toml";
        let own: ClocksFile = self.read(file).unwrap_or_default();
        for (i, law) in own.laws.iter().enumerate() {
            self.cites(file, &format!("law[{i}].cite"), &law.cite, names, true);
        }
        for (i, clock) in own.clocks.iter().enumerate() {
            self.id(file, &format!("clock[{i}].id"), &clock.id);
            self.cites(file, &format!("clock[{i}].cite"), &clock.cite, names, true);
        }
        if let Some(fee) = &own.late_fee {
            self.cites(file, "late_fee.cite", &fee.cite, names, true);
        }
        all.laws.extend(own.laws);
        all.clocks.extend(own.clocks);
        all.late_fee = own.late_fee.or(all.late_fee);
        if let Err(error) = crate::clocks::Clocks::new(&all, true) {
            self.found.error(file, "clock", error.to_string());
        }
        all
    }

    /// Unsigned is fine at the desk; half signed never is.
    fn signatures(&mut self) -> Vec<PackSignature> {
        let read: SignaturesFile = self.read(SIGNATURES).unwrap_or_default();
        let signers: BTreeSet<&str> = read.signatures.iter().map(|s| s.signer.as_str()).collect();
        let keys: BTreeSet<&str> = read.signatures.iter().map(|s| s.key.as_str()).collect();
        if !read.signatures.is_empty() && (signers.len() < 2 || keys.len() < 2) {
            let sentence = "须由两人用各自的密钥签名 / two people sign, each with an own key";
            self.found.error(SIGNATURES, "signature", sentence);
        }
        read.signatures
    }

    fn templates(
        &mut self,
        below: &[&Rulebook],
    ) -> BTreeMap<crate::terms::SlipKind, crate::template::SlipTemplate> {
        let mut templates = BTreeMap::new();
        for import in below {
            templates.extend(import.templates.clone());
        }
        let mut own = BTreeSet::new();
        for file in self.in_folder("templates/") {
            let read: TemplatesFile = self.read(&file).unwrap_or_default();
            for (i, template) in read.templates.into_iter().enumerate() {
                if !own.insert(template.kind) {
                    self.found.error(
                        &file,
                        &format!("template[{i}].kind"),
                        "同一文书有两个模板 / two templates for one paper",
                    );
                }
                templates.insert(template.kind, template);
            }
        }
        templates
    }

    fn offences(
        &mut self,
        manifest: &Manifest,
        below: &[&Rulebook],
        names: &Names,
    ) -> (Vec<OffenceRules>, Vec<super::format::Pair>) {
        let mut offences: Vec<OffenceRules> = Vec::new();
        for import in below {
            for offence in &import.offences {
                let (from, until) = offence.period(&import.manifest);
                let mut offence = OffenceRules { inherited: true, ..offence.clone() };
                offence.is.effective_from = Some(Day(from.max(manifest.effective_from.0)));
                offence.is.repealed_on = until.map(Day).into_iter().chain(manifest.repealed_on).min();
                offences.push(offence);
            }
        }
        let mut pairs = Vec::new();
        for file in self.in_folder("offences/") {
            let read: OffencesFile = self.read(&file).unwrap_or_default();
            for (index, offence) in read.offences.into_iter().enumerate() {
                if offences.len() >= MAX_OFFENCES {
                    self.found.error(
                        &file,
                        "",
                        format!("案由过多，最多 {MAX_OFFENCES} 个 / too many offences"),
                    );
                    return (offences, Vec::new());
                }
                offences.push(self.offence(&file, index, offence, names));
            }
            for (i, pair) in read.pairs.into_iter().enumerate() {
                pairs.push((file.clone(), i, pair));
            }
        }
        let mut periods: BTreeMap<&str, Vec<&OffenceRules>> = BTreeMap::new();
        for offence in &offences {
            periods.entry(&offence.is.id).or_default().push(offence);
        }
        let mut doubles = Vec::new();
        for versions in periods.values_mut() {
            versions.sort_by_key(|o| o.period(manifest).0);
            for pair in versions.windows(2) {
                if let [first, second] = pair
                    && first.period(manifest).1.is_none_or(|until| second.period(manifest).0 < until)
                {
                    doubles.push((second.file.clone(), format!("offence[{}].id", second.index)));
                }
            }
        }
        for (file, path) in doubles {
            self.found.error(
                &file,
                &path,
                "同一案由在同一时期写了两次 / the offence is written twice for the same days",
            );
        }
        for (file, i, pair) in &pairs {
            for (key, id) in [("a", &pair.a), ("b", &pair.b)] {
                if !offences.iter().any(|o| o.is.id == *id) {
                    let sentence = format!("没有案由“{id}” / there is no offence `{id}`");
                    self.found.error(file, &format!("pair[{i}].{key}"), sentence);
                }
            }
            let special = pair.relation == super::format::Relation::Special;
            if special && pair.prevails != pair.a && pair.prevails != pair.b
                || !special && !pair.prevails.is_empty()
            {
                self.found.error(file, &format!("pair[{i}].prevails"), "特别规定须写明 a、b 中何者优先，其他关系不写 / `special` names the one of a, b that prevails; other relations name none");
            }
            self.cites(file, &format!("pair[{i}].cite"), &pair.cite, names, false);
        }
        let inherited = below.iter().flat_map(|b| b.pairs.clone());
        (offences, inherited.chain(pairs.into_iter().map(|(_, _, pair)| pair)).collect())
    }

    fn offence(&mut self, file: &str, index: usize, is: Offence, names: &Names) -> OffenceRules {
        let path = format!("offence[{index}]");
        let at = |key: &str| format!("{path}.{key}");
        self.id(file, &at("id"), &is.id);
        self.id(file, &at("conduct"), &is.conduct);
        let violated = self.cites(file, &at("violated"), &is.violated, names, true);
        let basis = self.cites(file, &at("basis"), &is.basis, names, is.penalty.is_some());
        let excluded = is
            .excludes
            .iter()
            .enumerate()
            .map(|(i, e)| {
                (e.limb, self.cites(file, &at(&format!("excludes[{i}].cite")), &e.cite, names, true))
            })
            .collect();
        let mut elements = Rules::default();
        self.push(&mut elements, file, &at("elements"), &is.elements, RuleRow::default(), names);
        let mut waive = Rules::default();
        for (i, row) in is.waive.iter().enumerate() {
            let path = at(&format!("waive[{i}]"));
            if !matches!(row.limb, Limb::A | Limb::B) {
                self.found.error(
                    file,
                    &format!("{path}.limb"),
                    "清单项目只能对应 A 或 B / an item of a list belongs to A or B",
                );
            }
            let cite = self.cites(file, &format!("{path}.cite"), &row.cite, names, true);
            let says = RuleRow {
                id: format!("offence.{}.waive.{}", is.id, row.id),
                text: row.text.clone(),
                cite,
                guardian: false,
            };
            self.push(&mut waive, file, &format!("{path}.when"), &row.when, says, names);
        }
        let mut tiers = Rules::default();
        for (i, tier) in is.tiers.iter().enumerate() {
            let path = at(&format!("tier[{i}]"));
            self.id(file, &format!("{path}.id"), &tier.id);
            if is.tiers.iter().take(i).any(|t| t.id == tier.id) {
                self.found.error(file, &format!("{path}.id"), "阶次编号重复 / the tier id is used twice");
            }
            let own = self.cites(file, &format!("{path}.cite"), &tier.cite, names, false);
            let cite = if own.is_empty() { basis.clone() } else { own };
            let says = RuleRow {
                id: format!("offence.{}.tier.{}", is.id, tier.id),
                text: tier.name.clone(),
                cite,
                guardian: false,
            };
            self.push(&mut tiers, file, &format!("{path}.when"), &tier.when, says, names);
            for (key, range) in [("individual", tier.individual), ("unit", tier.unit)] {
                self.yuan(file, &format!("{path}.{key}"), range);
            }
            if tier.propose.is_some_and(|yuan| !(0..=MAX_YUAN).contains(&yuan)) {
                self.found.error(
                    file,
                    &format!("{path}.propose"),
                    "金额超出范围 / the amount is out of range",
                );
            }
        }
        if let Some(penalty) = &is.penalty {
            self.yuan(file, &at("penalty.individual"), penalty.individual);
            self.yuan(file, &at("penalty.unit"), penalty.unit);
            if let Some(per) = &penalty.per
                && !matches!(names.domains.get(per), Some(Domain::Int { min, decimals: 0, .. }) if *min >= 0)
            {
                self.found.error(
                    file,
                    &at("penalty.per"),
                    "计罚数量须为不带小数、不小于零的数值事实 / `per` names a whole, non-negative measure",
                );
            }
        }
        let mut tier_order: Vec<usize> = (0..is.tiers.len()).collect();
        if is.overlap == Overlap::Milder {
            tier_order.sort_by_key(|i| is.tiers.get(*i).map(mildness));
        }
        OffenceRules {
            file: file.to_owned(),
            index,
            inherited: false,
            violated,
            basis,
            excluded,
            elements: elements.table,
            waive,
            tiers,
            tier_order,
            is,
        }
    }

    fn yuan(&mut self, file: &str, path: &str, range: Option<YuanRange>) {
        if let Some(range) = range
            && !(0 <= range.low && range.low <= range.high && range.high <= MAX_YUAN)
        {
            let sentence = format!(
                "金额区间应满足 0 ≤ 下限 ≤ 上限 ≤ {MAX_YUAN} 元 / a range is 0 ≤ low ≤ high ≤ {MAX_YUAN} yuan"
            );
            self.found.error(file, path, sentence);
        }
    }
}

/// Order of tiers from mild to severe: what is imposed, ceiling, floor.
pub(crate) fn mildness(tier: &super::format::Tier) -> (u8, i64, i64, i64, i64) {
    use super::format::Impose;
    let rank = match tier.impose {
        Some(Impose::Order) => 0,
        Some(Impose::Warning) => 1,
        Some(Impose::Fine) | None => 2,
        Some(Impose::WarningAndFine) => 3,
        Some(Impose::Ordinary) => 4,
    };
    let bounds = |range: Option<YuanRange>| range.map(fine_range).map_or((0, 0), |r| (r.high.0, r.low.0));
    let (individual, unit) = (bounds(tier.individual), bounds(tier.unit));
    (rank, individual.0, individual.1, unit.0, unit.1)
}
