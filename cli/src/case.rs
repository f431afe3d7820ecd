//! `ezhifa case`: the file of one case, for a party, an organ or a court; and its verification with nothing
//! but the file.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use ezhifa_field::{
    casefile::{self, Audience, Wishes},
    casework::{event::CaseId, seal::hash::Digest, seal::sign::PublicKey},
    search::{KeyKind, Query},
};

use crate::{
    error::CliError,
    say,
    source::{self, Desk},
    table,
};

/// One case as a file.
#[derive(Subcommand)]
pub enum CaseCommand {
    /// The cases of a phone or of HQ.
    List(ListArgs),
    /// Write one case as one ZIP: papers, evidence, journal, rulebook, report (行政复议法 54: five working days).
    Export(ExportArgs),
    /// Verify such a file, offline and with nothing else; exit code 1 when anything is wrong.
    Verify(VerifyArgs),
}

/// Arguments of `case list`.
#[derive(Args)]
pub struct ListArgs {
    /// Folder of a phone (out/phone) or of HQ (out/hq).
    from: PathBuf,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// For whom.
#[derive(Clone, Copy, ValueEnum)]
pub enum For {
    /// 当事人: without reporter, third parties and the cameras' own data.
    Party,
    /// 复议机关、上级机关: without the reporter.
    Organ,
    /// 人民法院: without reporter and third parties.
    Court,
}

/// Arguments of `case export`.
#[derive(Args)]
pub struct ExportArgs {
    /// Folder of a phone (out/phone) or of HQ (out/hq).
    from: PathBuf,
    /// Case id, or the number of one of its papers.
    #[arg(long)]
    case: String,
    /// For whom: decides what is withheld.
    #[arg(long = "for", value_enum)]
    audience: For,
    /// ZIP to write.
    #[arg(long)]
    out: PathBuf,
    /// A name or phrase to withhold beyond what the entries tell (people named in free text); repeat it.
    #[arg(long)]
    withhold: Vec<String>,
    /// Evidence to withhold: SHA256=REASON; repeat it.
    #[arg(long)]
    withhold_evidence: Vec<String>,
    /// Who asks: stands in the access entry.
    #[arg(long, default_value = "desk")]
    by: String,
    /// Why: stands in the access entry.
    #[arg(long, default_value = "行政复议、诉讼或者阅卷")]
    reason: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `case verify`.
#[derive(Args)]
pub struct VerifyArgs {
    /// The ZIP.
    file: PathBuf,
    /// A key that must have signed it: hex of its bytes, as the organ publishes it (P-256); repeat it.
    #[arg(long)]
    key: Vec<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::new(error, "`ezhifa case --help` shows the forms")
}

fn json(value: &impl serde::Serialize) -> Result<(), CliError> {
    say!("{}", serde_json::to_string_pretty(value).map_err(failed)?);
    Ok(())
}

/// Runs a case command.
///
/// # Errors
/// No such case or file; a file with anything wrong in it (exit code 1).
pub fn run(command: &CaseCommand) -> Result<(), CliError> {
    match command {
        CaseCommand::List(args) => list(args),
        CaseCommand::Export(args) => export(args),
        CaseCommand::Verify(args) => verify(args),
    }
}

#[derive(serde::Serialize)]
struct Line {
    case: String,
    numbers: Vec<String>,
    place: String,
    opened: String,
}

fn list(args: &ListArgs) -> Result<(), CliError> {
    let time = |at: Option<chrono::NaiveDateTime>| at.map(|t| t.format("%Y-%m-%d %H:%M").to_string());
    let lines: Vec<Line> = match source::open(&args.from)? {
        Desk::Phone(phone) => phone
            .find(&Query::Opened { from_ms: i64::MIN, to_ms: i64::MAX }, 100_000)?
            .into_iter()
            .map(|c| Line {
                case: c.id.0,
                numbers: c.numbers,
                place: c.place,
                opened: time(c.opened).unwrap_or_default(),
            })
            .collect(),
        Desk::Hq(hq) => hq
            .case_files()
            .map_err(failed)?
            .into_iter()
            .map(|c| Line {
                numbers: c.slips.iter().map(|s| s.number.clone()).collect(),
                place: c.branch,
                opened: time(c.opened_at).unwrap_or_default(),
                case: c.id,
            })
            .collect(),
    };
    if args.json {
        return json(&lines);
    }
    const COLUMNS: [usize; 4] = [18, 42, 36, 30];
    say!("{}", table::row(&COLUMNS, &["opened", "numbers", "case", "place"]));
    for line in &lines {
        let numbers = line.numbers.join(" ");
        say!("{}", table::row(&COLUMNS, &[&line.opened, &numbers, &line.case, &line.place]));
    }
    Ok(())
}

fn wishes(args: &ExportArgs) -> Result<Wishes, CliError> {
    let audience = match args.audience {
        For::Party => Audience::Party,
        For::Organ => Audience::Organ,
        For::Court => Audience::Court,
    };
    let mut withheld_evidence = BTreeMap::new();
    for item in &args.withhold_evidence {
        let (sha256, reason) = item.split_once('=').unwrap_or((item, ""));
        let digest = Digest::from_hex(sha256).map_err(failed)?;
        if reason.trim().is_empty() {
            return Err(failed(format!("--withhold-evidence {sha256} needs a reason: SHA256=REASON")));
        }
        withheld_evidence.insert(digest, reason.to_owned());
    }
    Ok(Wishes { audience, words: args.withhold.clone(), withheld_evidence })
}

fn export(args: &ExportArgs) -> Result<(), CliError> {
    let wishes = wishes(args)?;
    let desk = source::open(&args.from)?;
    // Whole or not at all: beside it first, then in its place.
    let part = args.out.with_extension("part");
    let wrong =
        |e: std::io::Error| CliError::new(format!("{}: {e}", args.out.display()), "choose another --out");
    let file = std::io::BufWriter::new(std::fs::File::create(&part).map_err(wrong)?);
    let written = match &desk {
        Desk::Phone(phone) => {
            let id = case_on(phone, &args.case)?;
            phone.export_case(&id, &wishes, &args.by, &args.reason, file)?
        }
        Desk::Hq(hq) => hq
            .export_case(&args.by, &args.case, &wishes, file)
            .map_err(|e| CliError::new(e, "`ezhifa case list` shows the cases"))?,
    };
    let (report, out) = written;
    out.into_inner().map_err(|e| failed(e.error()))?.sync_all().map_err(wrong)?;
    std::fs::rename(&part, &args.out).map_err(wrong)?;
    if args.json {
        return json(&serde_json::json!({
            "file": args.out, "manifest": report.manifest, "members": report.members,
            "withheld": report.withheld, "findings": report.findings,
        }));
    }
    say!(
        "{}: {} files, {} entries withheld, manifest {}",
        args.out.display(),
        report.members,
        report.withheld,
        report.manifest
    );
    for bad in report.findings.iter().filter(|f| !f.ok) {
        say!("  ✗ {} {} / {}", bad.place, bad.zh, bad.en);
    }
    Ok(())
}

/// By id, or by the number of a paper.
fn case_on(phone: &ezhifa_field::FieldOffice, named: &str) -> Result<CaseId, CliError> {
    let id = CaseId(named.to_owned());
    if phone.case(&id).is_ok() {
        return Ok(id);
    }
    let found = phone.find(&Query::Key(KeyKind::Number, named), 1)?;
    found.into_iter().next().map(|c| c.id).ok_or_else(|| {
        CliError::new(format!("no case {named} on this phone"), "`ezhifa case list` shows the cases")
    })
}

fn verify(args: &VerifyArgs) -> Result<(), CliError> {
    let mut trusted = Vec::new();
    for hex in &args.key {
        let key = format!(r#"{{"alg":"p256-sha256","bytes":{}}}"#, serde_json::json!(hex));
        let key: PublicKey =
            serde_json::from_str(&key).map_err(|_| failed("--key takes the key's bytes in hex"))?;
        trusted.push(key);
    }
    let file = std::fs::File::open(&args.file).map_err(|e| {
        CliError::new(format!("{}: {e}", args.file.display()), "give a file of `case export`")
    })?;
    let verdict = casefile::verify(std::io::BufReader::new(file), &trusted).map_err(|e| {
        CliError::new(format!("{}: {e}", args.file.display()), "give a file of `case export`")
    })?;
    if args.json {
        json(&verdict)?;
    } else {
        show(&verdict);
    }
    if verdict.is_whole() {
        Ok(())
    } else {
        Err(CliError::found("the case file is not whole 卷宗核验不通过"))
    }
}

fn show(verdict: &casefile::Verdict) {
    let [shown, withheld, purged] = verdict.entries;
    say!("案件 case      {}", verdict.case);
    say!("文书 papers    {}", verdict.numbers.join(" "));
    say!("机关 organ     {}", verdict.organ);
    say!("提交对象 for    {} {}", verdict.audience.zh(), verdict.audience.word());
    say!("制作 made by   {}, key {}", verdict.made_by, verdict.signer);
    say!("日志 entries   {shown} shown, {withheld} withheld, {purged} purged");
    for finding in &verdict.findings {
        let mark = if finding.ok { "✓" } else { "✗" };
        say!("  {mark} {:<9} {}  {} / {}", finding.code, finding.place, finding.zh, finding.en);
    }
    match verdict.trusted {
        Some(true) => say!("  ✓ key       signed by the key that you named"),
        Some(false) => say!("  ✗ key       NOT signed by the key that you named"),
        None => say!(
            "  · key       compare {} with what the organ publishes, or give --key: a file can only prove itself",
            verdict.signer
        ),
    }
}
