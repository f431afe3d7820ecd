//! `ezhifa slip`: is this paper genuine? From its code alone with the phones' keys, or by asking HQ's page.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ezhifa_field::{
    casefile::{MANIFEST, device_keys},
    casework::{
        law::terms::CodeSays,
        seal::{
            code::{SlipCode, SlipRecord},
            sign::PublicKey,
        },
    },
    feed::local,
    transport::{HttpTransport, Request, Transport},
    wire::enrol::Ticket,
};
use serde::Serialize;

use crate::{
    error::CliError,
    say,
    source::{self, Desk},
    table,
};

/// Slips.
#[derive(Subcommand)]
pub enum SlipCommand {
    /// Verify a slip's code: offline with keys, online at HQ's page; exit code 1 when it is not genuine.
    Verify(VerifyArgs),
}

/// Arguments of `slip verify`.
#[derive(Args)]
pub struct VerifyArgs {
    /// The code as scanned: the whole address, or what follows /V/.
    #[arg(required_unless_present = "image", conflicts_with = "image")]
    code: Option<String>,
    /// A picture (PNG) of the slip instead; every slip code on it is verified.
    #[arg(long)]
    image: Option<PathBuf>,
    /// Where the phones' keys are, with no network: HQ's folder (all phones), a phone's folder (its own), or
    /// a case file; repeat it.
    #[arg(long)]
    keys: Vec<PathBuf>,
    /// Ask HQ's page: the address in the code, or this one.
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    online: Option<String>,
    /// Certificate authority of that HQ (PEM), where it is not in a phone's folder of --keys.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What is known of one code.
#[derive(Debug, Serialize)]
struct Verdict {
    /// Signature good, by a key that was given.
    signature: Option<bool>,
    /// Device whose key it is.
    device: Option<String>,
    /// What the code says.
    says: SlipRecord,
    /// To read out on the telephone.
    check_code: String,
    /// What HQ says of it: `filed`, `voided`…
    standing: Option<String>,
}

impl Verdict {
    fn genuine(&self) -> bool {
        let hq = self.standing.as_deref();
        self.signature != Some(false) && hq != Some("not-ours") && (self.signature.is_some() || hq.is_some())
    }
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::new(error, "`ezhifa slip verify --help` shows the forms")
}

/// Runs a slip command.
///
/// # Errors
/// No code; no keys and no HQ; a code that is not genuine (exit code 1).
pub fn run(command: &SlipCommand) -> Result<(), CliError> {
    let SlipCommand::Verify(args) = command;
    let texts = codes(args)?;
    if args.keys.is_empty() && args.online.is_none() {
        return Err(CliError::new(
            "nothing to verify against",
            "give --keys FOLDER (works with no network), or --online to ask HQ",
        ));
    }
    let mut keys = Vec::new();
    let mut verdicts = Vec::new();
    let mut desks = Vec::new();
    for path in &args.keys {
        known(path, &mut keys, &mut desks)?;
    }
    for text in &texts {
        let code = SlipCode::parse(text).map_err(failed)?;
        let key = keys.iter().find(|(_, key)| key.id() == *code.key());
        let record = key.and_then(|(_, key)| code.verify(key).ok());
        let signature = (!keys.is_empty()).then_some(record.is_some());
        let mut verdict = Verdict {
            signature,
            device: key.filter(|_| record.is_some()).map(|(device, _)| device.clone()),
            says: record.map_or_else(|| code.unverified().map_err(failed), Ok)?,
            check_code: code.check_code(),
            standing: None,
        };
        for desk in &desks {
            if let Desk::Hq(hq) = desk {
                verdict.standing = Some(hq.verification(text).map_err(failed)?.standing.word().to_owned());
            }
        }
        if let Some(url) = &args.online {
            verdict.standing = Some(ask(url, args.ca.as_deref(), text, &desks)?);
        }
        verdicts.push(verdict);
    }
    if args.json {
        say!("{}", serde_json::to_string_pretty(&verdicts).map_err(failed)?);
    } else {
        verdicts.iter().for_each(show);
    }
    if verdicts.iter().all(Verdict::genuine) {
        Ok(())
    } else {
        Err(CliError::found("not genuine 无法确认为真：do not pay on it 请勿付款"))
    }
}

fn codes(args: &VerifyArgs) -> Result<Vec<String>, CliError> {
    let Some(path) = &args.image else { return Ok(args.code.iter().cloned().collect()) };
    let bytes = std::fs::read(path).map_err(|e| failed(format!("{}: {e}", path.display())))?;
    let found = ezhifa_emulator::scan(&bytes).map_err(|e| failed(format!("{}: {e}", path.display())))?;
    let codes: Vec<String> = found.into_iter().filter(|t| SlipCode::parse(t).is_ok()).collect();
    if codes.is_empty() {
        return Err(CliError::new(
            format!("no slip code can be read on {}", path.display()),
            "take the picture straight and sharp, or give the code as text",
        ));
    }
    Ok(codes)
}

/// Keys from HQ's folder, a phone's folder or a case file.
fn known(path: &Path, keys: &mut Vec<(String, PublicKey)>, desks: &mut Vec<Desk>) -> Result<(), CliError> {
    if path.is_file() {
        let file = std::fs::File::open(path).map_err(|e| failed(format!("{}: {e}", path.display())))?;
        let found = device_keys(std::io::BufReader::new(file))
            .map_err(|e| CliError::new(e, format!("a case file holds them in {MANIFEST}")))?;
        keys.extend(found.into_iter().map(|k| (k.device, k.key)));
        return Ok(());
    }
    let desk = source::open(path)?;
    match &desk {
        Desk::Phone(phone) => keys.push((phone.identity()?.enrolled.device.0, phone.device_key())),
        Desk::Hq(hq) => {
            keys.extend(hq.devices().map_err(failed)?.into_iter().map(|device| (device.id, device.key)));
        }
    }
    desks.push(desk);
    Ok(())
}

/// HQ's page, and the standing that it shows.
fn ask(url: &str, ca: Option<&Path>, code: &str, desks: &[Desk]) -> Result<String, CliError> {
    let payload = code.rsplit_once("/V/").map_or(code, |(_, p)| p);
    let request =
        Request { method: "GET", path: format!("/V/{payload}"), headers: Vec::new(), body: Vec::new() };
    let phone = desks.iter().find_map(|d| if let Desk::Phone(phone) = d { Some(phone) } else { None });
    let transport = match (phone, url, ca) {
        (Some(phone), "", None) => phone.transport()?,
        _ => {
            let base =
                if url.is_empty() { code.rsplit_once("/V/").map_or("", |(base, _)| base) } else { url };
            let ca = match ca {
                Some(path) => Some(
                    std::fs::read_to_string(path).map_err(|e| failed(format!("{}: {e}", path.display())))?,
                ),
                None => None,
            };
            let none = PublicKey {
                alg: ezhifa_field::casework::seal::sign::Algorithm::P256Sha256,
                bytes: Vec::new(),
            };
            let ticket = Ticket { v: 1, url: base.to_lowercase(), code: String::new(), ca, hq_key: none };
            HttpTransport::new(&ticket).map_err(failed)?
        }
    };
    let answer = transport
        .send(&request)
        .map_err(|e| CliError::new(e, "--online URL --ca PEM, or a phone's folder as --keys"))?;
    let page = String::from_utf8_lossy(&answer.body).into_owned();
    let standing = page.split_once("data-standing=\"").and_then(|(_, rest)| rest.split('"').next());
    standing.map(str::to_owned).ok_or_else(|| failed("whoever answered is not HQ's page"))
}

fn show(verdict: &Verdict) {
    let says = &verdict.says;
    let time = |ms: i64| local(ms).format("%Y-%m-%d %H:%M").to_string();
    let signature = match (verdict.signature, &verdict.device) {
        (Some(true), Some(device)) => format!("✓ genuine, signed by {device} 签名真实"),
        (Some(_), _) => "✗ no key that was given signed it 签名对不上".to_owned(),
        (None, _) => "· not checked here 未在本地核对".to_owned(),
    };
    let outcome =
        CodeSays::from_code(says.outcome).map_or_else(|| says.outcome.to_string(), |o| o.name().to_owned());
    let rows = [
        ("签名 signature", signature),
        ("指挥中心 HQ says", verdict.standing.clone().unwrap_or_else(|| "· not asked 未查询".to_owned())),
        ("编号 number", says.number.clone()),
        ("核对码 check code", verdict.check_code.clone()),
        ("内容 says", outcome),
        ("决定时间 decided", time(says.decided_ms)),
        ("条款 clause", says.clause.clone()),
        ("改正期限 due", says.order_due_ms.map(time).unwrap_or_default()),
        ("执法证号 officers", says.officers.join("、")),
    ];
    for (name, value) in rows.iter().filter(|(_, v)| !v.is_empty()) {
        say!("{}", table::row(&[20, 60], &[name, value]));
    }
}
