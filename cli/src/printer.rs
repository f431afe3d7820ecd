//! `ezhifa printer`: the virtual pocket printer, and what a real one answers.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use ezhifa_emulator::{Emulator, Faults, Options, Typeface};
use ezhifa_field::{
    printer::{Profile, open_link},
    printing::{PrinterCheck, check},
    slip::BUNDLED,
};

use crate::{error::CliError, say, table};

/// Printers, virtual and real.
#[derive(Subcommand)]
pub enum PrinterCommand {
    /// A virtual pocket printer: draws paper from bytes, answers status, injects faults.
    Emulate(EmulateArgs),
    /// Asks a printer for its state: can a slip come out now, and what to do if not. Prints nothing.
    Status(StatusArgs),
    /// The kinds of printer that are known, as data.
    Profiles(ProfilesArgs),
}

/// Arguments of `printer status`.
#[derive(Args)]
pub struct StatusArgs {
    /// tcp://HOST:PORT, serial:/dev/rfcomm0 or file:PATH.
    printer: String,
    /// Its profile (`ezhifa printer profiles` lists them).
    #[arg(long, default_value = "generic-58-gbk")]
    profile: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `printer profiles`.
#[derive(Args)]
pub struct ProfilesArgs {
    /// As JSON: every field of every profile.
    #[arg(long)]
    json: bool,
}

/// Arguments of `printer emulate`.
#[derive(Args)]
pub struct EmulateArgs {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:9100")]
    listen: String,
    /// Paper width in millimetres.
    #[arg(long, default_value = "58", value_parser = ["58", "80"])]
    paper: String,
    /// Folder for the finished papers (.png and .escpos).
    #[arg(long, default_value = "out/paper")]
    out: PathBuf,
    /// Faults, comma separated: paper-out@2000, cover-open@N, drop@1:1000, disconnect@5000, slow=2000Bps, mute, garbage, mend=500ms.
    #[arg(long, default_value = "")]
    fault: String,
    /// Offer a pseudo-terminal (as an RFCOMM tty) instead of TCP.
    #[arg(long)]
    pty: bool,
}

/// Options of a virtual printer that draws with the bundled font.
///
/// # Errors
/// Faults that cannot be read, a font that cannot be loaded.
pub fn virtual_options(paper: u32, faults: &str, out: Option<PathBuf>) -> Result<Options, CliError> {
    let bad = |e: ezhifa_emulator::EmulatorError| {
        CliError::new(e, "ezhifa printer emulate --help lists the faults")
    };
    let mut options = Options::paper(paper);
    options.font = Typeface::new(BUNDLED.to_vec()).map_err(bad)?;
    options.faults = Faults::parse(faults).map_err(bad)?;
    options.out_dir = out;
    Ok(options)
}

/// Runs a printer command.
///
/// # Errors
/// The address is taken, the folder cannot be written, the faults cannot be read.
pub fn run(command: &PrinterCommand) -> Result<(), CliError> {
    match command {
        PrinterCommand::Emulate(args) => emulate(args),
        PrinterCommand::Status(args) => status(args),
        PrinterCommand::Profiles(args) => profiles(args),
    }
}

fn status(args: &StatusArgs) -> Result<(), CliError> {
    let profile =
        Profile::named(&args.profile).map_err(|e| CliError::new(e, "ezhifa printer profiles lists them"))?;
    let link = open_link(&args.printer);
    let closed = link.as_ref().err().map(ToString::to_string);
    let PrinterCheck { status, reason, ways } = check(link.ok(), &profile);
    if args.json {
        let told = serde_json::json!({
            "printer": args.printer, "profile": profile.id, "can_print": reason.is_none(),
            "reason": reason.map(|r| format!("{r:?}")), "paper": format!("{:?}", status.paper),
            "answers": status.answers, "cover_open": status.cover_open, "ways": ways,
        });
        say!("{told:#}");
    } else {
        match (closed, reason) {
            (Some(why), _) => say!("{why}"),
            (None, Some(reason)) => say!("{reason}"),
            (None, None) => say!("{status}"),
        }
        for way in &ways {
            say!("  - {} / {}", way.zh(), way.en());
        }
    }
    match reason {
        None => Ok(()),
        Some(_) => Err(CliError::found(format!("{} cannot print now", args.printer))),
    }
}

fn profiles(args: &ProfilesArgs) -> Result<(), CliError> {
    let all = Profile::all().map_err(|e| CliError::new(e, "report it: the built-in profiles must load"))?;
    if args.json {
        let text = serde_json::to_string_pretty(&all).map_err(|e| CliError::new(e, "report it"))?;
        say!("{text}");
        return Ok(());
    }
    const COLUMNS: [usize; 4] = [20, 8, 10, 12];
    say!("{}", table::row(&COLUMNS, &["id", "dots", "hanzi", "fence", "name"]));
    for p in &all {
        let (dots, hanzi, fence) = (p.dots.to_string(), format!("{:?}", p.charset), format!("{:?}", p.fence));
        let name = format!("{} / {}", p.name_zh, p.name_en);
        say!("{}", table::row(&COLUMNS, &[&p.id, &dots, &hanzi, &fence, &name]));
    }
    Ok(())
}

fn emulate(args: &EmulateArgs) -> Result<(), CliError> {
    std::fs::create_dir_all(&args.out).map_err(|e| {
        CliError::new(format!("cannot make {}: {e}", args.out.display()), "choose another --out")
    })?;
    let options =
        virtual_options(if args.paper == "80" { 80 } else { 58 }, &args.fault, Some(args.out.clone()))?;
    let started =
        if args.pty { Emulator::start_pty(options) } else { Emulator::start(&args.listen, options) };
    let handle = started.map_err(|e| CliError::new(e, "choose another --listen address"))?;
    say!(
        "printer on {} ({} mm); papers go to {}; stop with Ctrl-C",
        handle.address(),
        args.paper,
        args.out.display()
    );
    let mut count = 0_u64;
    loop {
        for paper in handle.wait_papers(Duration::from_secs(1)) {
            count = count.saturating_add(1);
            say!(
                "paper {count}: {} lines, {} codes, {} bytes",
                paper.lines.len(),
                paper.qr().len(),
                paper.bytes.len()
            );
        }
    }
}
