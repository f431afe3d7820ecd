//! `ezhifa rulebook`: what a rule editor needs before a pack may leave the desk.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ezhifa_field::casework::law::{
    check,
    decide::{decide, explain},
    decision::Inquiry,
    diff::diff,
    rulebook::{Files, Rulebook, Severity, pin},
    scaffold::new_pack,
};

use crate::{error::CliError, packs, say, table};

/// Imports below imports; deeper is a ring.
const DEEPEST: usize = 4;

/// Rulebooks: check, explain, compare, begin.
#[derive(Subcommand)]
pub enum RulebookCommand {
    /// Prove a pack: every gap, overlap, dead row, amount, citation, example and template; exit code 1 on errors.
    Check(CheckArgs),
    /// Decide facts by a pack and print the decision as a lawyer would read it.
    Explain(ExplainArgs),
    /// Say in sentences what changes between two versions of a pack, and for whom.
    Diff(DiffArgs),
    /// Scaffold a new pack beside prc-national.
    New(NewArgs),
    /// Write the hash of every import into the manifest, in place; packs in the order given.
    Pin(PinArgs),
    /// How many questions an officer is asked in each sample case, and on average.
    Questions(QuestionsArgs),
}

/// Arguments of `rulebook pin`.
#[derive(Args)]
pub struct PinArgs {
    /// Rulebook folders; what they import lies beside them.
    #[arg(required = true)]
    dirs: Vec<PathBuf>,
}

/// Arguments of `rulebook questions`.
#[derive(Args)]
pub struct QuestionsArgs {
    /// Rulebook folders; of several, what holds no manifest.toml is passed over.
    #[arg(required = true)]
    dirs: Vec<PathBuf>,
    /// One object: the mean in tenths, and every case.
    #[arg(long)]
    json: bool,
}

/// Arguments of `rulebook diff`.
#[derive(Args)]
pub struct DiffArgs {
    /// Folder of the older pack.
    old: PathBuf,
    /// Folder of the newer pack.
    new: PathBuf,
    /// As a JSON array of sentences.
    #[arg(long)]
    json: bool,
}

/// Arguments of `rulebook new`.
#[derive(Args)]
pub struct NewArgs {
    /// Folder to make, beside prc-national; its name is the pack's id: lower-case letters, digits, hyphens.
    dir: PathBuf,
    /// Title.
    #[arg(long)]
    title: String,
    /// Name of the organ, as printed.
    #[arg(long)]
    organ: String,
    /// First day in force, YYYY-MM-DD.
    #[arg(long)]
    from: chrono::NaiveDate,
}

/// Arguments of `rulebook check`.
#[derive(Args)]
pub struct CheckArgs {
    /// Rulebook folders; what they import is looked for beside them. Of several, what holds no manifest.toml is
    /// passed over, so that `rulebooks/*` will do.
    #[arg(required = true)]
    dirs: Vec<PathBuf>,
    /// Also flip every cell and report rows whose examples would not notice.
    #[arg(long)]
    mutations: bool,
    /// Findings as JSON, one array.
    #[arg(long)]
    json: bool,
}

/// Arguments of `rulebook explain`.
#[derive(Args)]
pub struct ExplainArgs {
    /// Rulebook folder.
    dir: PathBuf,
    /// Inquiry as JSON, at least {"offence": "stall", "party": "citizen", "act_at": "2026-03-02", "facts": {…}}.
    #[arg(long)]
    facts: PathBuf,
    /// The decision as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs a rulebook command.
///
/// # Errors
/// A folder that cannot be read; findings that are errors (exit code 1).
pub fn run(command: &RulebookCommand) -> Result<(), CliError> {
    match command {
        RulebookCommand::Check(args) => check_packs(args),
        RulebookCommand::Explain(args) => explain_one(args),
        RulebookCommand::Diff(args) => diff_two(args),
        RulebookCommand::New(args) => new_one(args),
        RulebookCommand::Pin(args) => pin_packs(args),
        RulebookCommand::Questions(args) => count_questions(args),
    }
}

/// The imports of a pack, loaded from the folders of their names beside it, in order. A folder that is
/// not there is left to the loader, which names it.
fn imports(dir: &Path, files: &Files, depth: usize) -> Result<Vec<Rulebook>, CliError> {
    let mut loaded: Vec<Rulebook> = Vec::new();
    // A manifest that cannot be read is a finding of its own.
    for import in Rulebook::named_imports(files).unwrap_or_default() {
        let there = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf()).with_file_name(&import.id);
        let plain = Path::new(&import.id).components().count() == 1 && !import.id.contains("..");
        if depth == 0 || !plain || !there.join("manifest.toml").exists() {
            continue;
        }
        let pack = packs::read_files(&there)?;
        let below = imports(&there, &pack, depth.saturating_sub(1))?;
        let refs: Vec<&Rulebook> = below.iter().collect();
        let book = Rulebook::load(&pack, &refs).map_err(|e| {
            CliError::new(format!("{}: {e}", import.id), format!("ezhifa rulebook check {}", there.display()))
        })?;
        loaded.extend(below);
        loaded.push(book);
    }
    Ok(loaded)
}

/// The folders that hold a pack. A name that is not there is a mistake; a file or another folder among several
/// is passed over.
fn pack_dirs(dirs: &[PathBuf]) -> Result<Vec<&Path>, CliError> {
    let mut packs = Vec::new();
    for dir in dirs {
        if !dir.exists() {
            return Err(CliError::new(
                format!("没有“{0}” / there is no {0}", dir.display()),
                "check the path",
            ));
        }
        if dir.join("manifest.toml").is_file() {
            packs.push(dir.as_path());
        }
    }
    if packs.is_empty() {
        let names: Vec<String> = dirs.iter().map(|d| d.display().to_string()).collect();
        return Err(CliError::new(
            format!("“{0}”不是规则包 / {0} holds no rulebook", names.join(" ")),
            "a rulebook is a folder with a manifest.toml, for example rulebooks/dongguan-sample",
        ));
    }
    Ok(packs)
}

fn check_packs(args: &CheckArgs) -> Result<(), CliError> {
    let mut all = Vec::new();
    let mut errors = 0_usize;
    for dir in pack_dirs(&args.dirs)? {
        let files = packs::read_files(dir)?;
        let below = imports(dir, &files, DEEPEST)?;
        let refs: Vec<&Rulebook> = below.iter().collect();
        let mut findings = check::check(&files, &refs);
        if args.mutations {
            findings.extend(check::mutations(&files, &refs));
        }
        errors += findings.iter().filter(|f| f.severity == Severity::Error).count();
        if args.json {
            all.extend(findings.iter().map(|f| {
                serde_json::json!({
                    "pack": dir.display().to_string(), "file": f.file, "line": f.line, "cell": f.cell,
                    "severity": if f.severity == Severity::Error { "error" } else { "warning" }, "sentence": f.sentence,
                })
            }));
        } else {
            for finding in &findings {
                say!("{}/{finding}", dir.display());
            }
            say!("{}: {1} 处问题 / {1} findings", dir.display(), findings.len());
        }
    }
    if args.json {
        say!("{}", serde_json::Value::Array(all));
    }
    if errors > 0 { Err(CliError::found(format!("{errors} 处错误 / {errors} errors"))) } else { Ok(()) }
}

/// Larger than any case; a file of another kind is not read into memory.
const LARGEST_FACTS: u64 = 1024 * 1024;

/// What an inquiry may say.
const KEYS: [&str; 12] = [
    "offence",
    "party",
    "age_at_act",
    "act_at",
    "decided_at",
    "discovered_at",
    "facts",
    "prior_order",
    "history",
    "encounter_fines",
    "defence_cap",
    "choice",
];

/// An inquiry as an editor writes it: what is left out is unknown, nothing, or the time of the act; a day alone
/// is its noon.
fn read_inquiry(path: &Path) -> Result<Inquiry, CliError> {
    let wrong = |what: &dyn std::fmt::Display| {
        CliError::new(
            format!("{}: {what}", path.display()),
            "docs/rulebook-guide.md, “Explain”, shows the form",
        )
    };
    let size = std::fs::metadata(path).map_err(|e| wrong(&e))?.len();
    if size > LARGEST_FACTS {
        return Err(wrong(&format!("文件过大 / {size} bytes, more than a case has")));
    }
    let text = std::fs::read_to_string(path).map_err(|e| wrong(&e))?;
    let mut whole: serde_json::Value = serde_json::from_str(&text).map_err(|e| wrong(&e))?;
    let Some(map) = whole.as_object_mut() else {
        return Err(wrong(&"应为一个 JSON 对象 / one JSON object is expected"));
    };
    if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(wrong(&format!(
            "没有“{key}”这一项，可写：{0} / no such key; there are: {0}",
            KEYS.join(", ")
        )));
    }
    let facts = map.get("facts").and_then(serde_json::Value::as_object);
    for (name, value) in facts.into_iter().flatten() {
        if value.is_f64() || value.is_array() || value.is_object() {
            return Err(wrong(&format!(
                "事实“{name}”应为 true、false、null、整数或选项；小数按 decimals 放大，1.5㎡ 写 15 / `{name}` is true, false, null, an integer or a choice: 1.5 with one decimal is 15"
            )));
        }
    }
    for key in ["act_at", "decided_at", "discovered_at"] {
        if let Some(day) = map.get(key).and_then(serde_json::Value::as_str).filter(|day| day.len() == 10) {
            let noon = format!("{day}T12:00:00");
            map.insert(key.to_owned(), noon.into());
        }
    }
    let act_at = map.get("act_at").cloned().unwrap_or_default();
    for (key, value) in [
        ("decided_at", act_at),
        ("history", serde_json::json!({ "earlier": null, "as_of": null, "stale": false })),
        ("encounter_fines", 0.into()),
    ] {
        map.entry(key).or_insert(value);
    }
    serde_json::from_value(whole).map_err(|e| wrong(&e))
}

fn explain_one(args: &ExplainArgs) -> Result<(), CliError> {
    let book = load(&args.dir)?;
    let inquiry = read_inquiry(&args.facts)?;
    let decision = decide(&book, &book, &inquiry)
        .map_err(|e| CliError::new(e, "correct the facts; ezhifa rulebook check DIR checks the pack"))?;
    if args.json {
        say!(
            "{}",
            serde_json::to_string_pretty(&decision).map_err(|e| CliError::new(e, "please report this"))?
        );
    } else {
        say!("{}", explain(&decision));
    }
    Ok(())
}

/// One pack with its imports.
fn load(dir: &Path) -> Result<Rulebook, CliError> {
    let files = packs::read_files(dir)?;
    let below = imports(dir, &files, DEEPEST)?;
    let refs: Vec<&Rulebook> = below.iter().collect();
    Rulebook::load(&files, &refs).map_err(|e| {
        CliError::new(format!("{}: {e}", dir.display()), "ezhifa rulebook check DIR names every finding")
    })
}

fn diff_two(args: &DiffArgs) -> Result<(), CliError> {
    let sentences = diff(&load(&args.old)?, &load(&args.new)?);
    if args.json {
        say!("{}", serde_json::Value::from(sentences));
        return Ok(());
    }
    for sentence in &sentences {
        say!("{sentence}");
    }
    say!("{0} 处变化 / {0} changes", sentences.len());
    Ok(())
}

fn new_one(args: &NewArgs) -> Result<(), CliError> {
    let id = args.dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if args.dir.exists() {
        return Err(CliError::new(
            format!("“{0}”已经存在 / {0} is there already", args.dir.display()),
            "choose another folder",
        ));
    }
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if id.is_empty() || id.len() > 80 || !id.chars().all(good) {
        return Err(CliError::new(
            format!("“{id}”不能作为规则包编号 / `{id}` cannot be the id of a pack"),
            "lower-case letters, digits and hyphens, at most 80: rulebooks/my-town",
        ));
    }
    if args.title.trim().is_empty() || args.organ.trim().is_empty() {
        return Err(CliError::new(
            "标题和机关名称不能为空 / title and organ are empty",
            "--title 名称 --organ 机关",
        ));
    }
    let beside = args.dir.with_file_name("prc-national");
    if !beside.join("manifest.toml").is_file() {
        return Err(CliError::new(
            format!("旁边没有 prc-national / no prc-national at {}", beside.display()),
            "make the new pack in the folder that holds prc-national, for example rulebooks/",
        ));
    }
    let national = load(&beside)?;
    for (name, bytes) in new_pack(&id, &args.title, &args.organ, args.from, &national) {
        let path = args.dir.join(&name);
        let made =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, bytes));
        made.map_err(|e| {
            CliError::new(format!("cannot write {}: {e}", path.display()), "check the folder and its rights")
        })?;
        say!("{}", path.display());
    }
    say!("下一步 / now: ezhifa rulebook check {}", args.dir.display());
    Ok(())
}

fn pin_packs(args: &PinArgs) -> Result<(), CliError> {
    for dir in pack_dirs(&args.dirs)? {
        let files = packs::read_files(dir)?;
        let below = imports(dir, &files, DEEPEST)?;
        let refs: Vec<&Rulebook> = below.iter().collect();
        let path = dir.join("manifest.toml");
        let failed = |e: &dyn std::fmt::Display| {
            CliError::new(format!("{}: {e}", path.display()), "check the manifest and its rights")
        };
        for import in Rulebook::named_imports(&files).map_err(|e| failed(&e))? {
            if !refs.iter().any(|book| book.reference().id == import.id) {
                return Err(CliError::new(
                    format!("{}: 旁边没有引入的规则包“{1}” / {1} is not beside it", dir.display(), import.id),
                    "put the imported pack beside this one, or correct its id",
                ));
            }
        }
        let text = std::fs::read_to_string(&path).map_err(|e| failed(&e))?;
        let pinned = pin(&text, &refs).map_err(|e| failed(&e))?;
        let changed = pinned != text;
        if changed {
            std::fs::write(&path, pinned).map_err(|e| failed(&e))?;
        }
        let done =
            if changed { "已写入引入包的哈希 / pinned" } else { "无需改动 / pinned already" };
        say!("{}: {done}", dir.display());
    }
    Ok(())
}

fn count_questions(args: &QuestionsArgs) -> Result<(), CliError> {
    let mut cases = Vec::new();
    for dir in pack_dirs(&args.dirs)? {
        let book = load(dir)?;
        let pack = book.reference().id;
        cases.extend(
            check::question_counts(&book).into_iter().map(|(case, asked)| (pack.clone(), case, asked)),
        );
    }
    let total: usize = cases.iter().map(|(_, _, asked)| asked).sum();
    let tenths = (total * 10).checked_div(cases.len()).unwrap_or(0);
    if args.json {
        let list: Vec<_> = cases
            .iter()
            .map(|(pack, case, asked)| serde_json::json!({ "pack": pack, "case": case, "asked": asked }))
            .collect();
        say!("{}", serde_json::json!({ "cases": list, "mean_tenths": tenths }));
        return Ok(());
    }
    for (pack, case, asked) in &cases {
        say!("{}", table::row(&[4, 22], &[&asked.to_string(), pack, case]));
    }
    let mean = format!("{}.{}", tenths / 10, tenths % 10);
    say!("{0} 个示例，平均 {mean} 问 / {0} cases, {mean} questions on average", cases.len());
    Ok(())
}
