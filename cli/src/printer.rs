//! `ezhifa printer`: the virtual pocket printer, and what a real one answers.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use ezhifa_emulator::{Emulator, Faults, Options, Typeface};
use ezhifa_field::slip::BUNDLED;

use crate::{error::CliError, say};

/// Printers, virtual and real.
#[derive(Subcommand)]
pub enum PrinterCommand {
    /// A virtual pocket printer: draws paper from bytes, answers status, injects faults.
    Emulate(EmulateArgs),
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
    }
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
