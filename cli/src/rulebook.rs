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
    /// Rulebook folders.
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
    /// Folder to make; its name is the pack's id. prc-national lies beside it.
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
    /// Rulebook folders; what they import is looked for beside them.
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
    /// Inquiry as JSON: offence, party, act_at, decided_at, facts, history…
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

fn check_packs(args: &CheckArgs) -> Result<(), CliError> {
    let mut all = Vec::new();
    let mut errors = 0_usize;
    for dir in args.dirs.iter().filter(|d| d.join("manifest.toml").exists() || args.dirs.len() == 1) {
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
            say!("{}: {} findings", dir.display(), findings.len());
        }
    }
    if args.json {
        say!("{}", serde_json::Value::Array(all));
    }
    if errors > 0 { Err(CliError::found(format!("{errors} errors"))) } else { Ok(()) }
}

fn explain_one(args: &ExplainArgs) -> Result<(), CliError> {
    let book = load(&args.dir)?;
    let text = std::fs::read_to_string(&args.facts).map_err(|e| {
        CliError::new(
            format!("no facts at {}: {e}", args.facts.display()),
            "docs/rulebook-guide.md shows the form",
        )
    })?;
    let inquiry: Inquiry = serde_json::from_str(&text).map_err(|e| {
        CliError::new(format!("{}: {e}", args.facts.display()), "docs/rulebook-guide.md shows the form")
    })?;
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
    say!("{} changes", sentences.len());
    Ok(())
}

fn new_one(args: &NewArgs) -> Result<(), CliError> {
    let id = args.dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if args.dir.exists() {
        return Err(CliError::new(
            format!("{} is there already", args.dir.display()),
            "choose another folder",
        ));
    }
    let national = load(&args.dir.with_file_name("prc-national"))?;
    for (name, bytes) in new_pack(&id, &args.title, &args.organ, args.from, &national) {
        let path = args.dir.join(&name);
        let made =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, bytes));
        made.map_err(|e| {
            CliError::new(format!("cannot write {}: {e}", path.display()), "check the folder and its rights")
        })?;
        say!("{}", path.display());
    }
    say!("now: ezhifa rulebook check {}", args.dir.display());
    Ok(())
}

fn pin_packs(args: &PinArgs) -> Result<(), CliError> {
    for dir in &args.dirs {
        let files = packs::read_files(dir)?;
        let below = imports(dir, &files, DEEPEST)?;
        let refs: Vec<&Rulebook> = below.iter().collect();
        let path = dir.join("manifest.toml");
        let failed = |e: &dyn std::fmt::Display| {
            CliError::new(format!("{}: {e}", path.display()), "check the manifest and its rights")
        };
        let text = std::fs::read_to_string(&path).map_err(|e| failed(&e))?;
        let pinned = pin(&text, &refs).map_err(|e| failed(&e))?;
        let changed = pinned != text;
        if changed {
            std::fs::write(&path, pinned).map_err(|e| failed(&e))?;
        }
        say!("{}: {}", dir.display(), if changed { "pinned" } else { "pinned already" });
    }
    Ok(())
}

fn count_questions(args: &QuestionsArgs) -> Result<(), CliError> {
    let mut cases = Vec::new();
    for dir in &args.dirs {
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
    say!("{} cases, {}.{} questions on average", cases.len(), tenths / 10, tenths % 10);
    Ok(())
}
