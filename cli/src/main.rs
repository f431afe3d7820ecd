//! `ezhifa`: the whole house from one command line.
//!
//! A thin shell: it parses words, calls the libraries, prints. Every table has `--json` beside it;
//! bad input gets one sentence, a hint, and exit code 2.

mod case;
mod entries;
mod error;
mod fleet;
mod hq;
mod hq_desk;
mod hq_mint;
mod journal;
mod operate;
mod packs;
mod printer;
mod rulebook;
mod say;
mod shift;
mod slip;
mod source;
mod table;

use clap::{Parser, Subcommand};

/// e执法: minor cases on the street, from capture to the one slip, offline first.
#[derive(Parser)]
#[command(name = "ezhifa", version, about, long_about = None, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run one crew's shift from a scenario: offline cases, printed slips, then sync with HQ.
    Shift(Box<shift::ShiftArgs>),
    /// Check, explain and compare rulebooks (law as data).
    #[command(subcommand)]
    Rulebook(rulebook::RulebookCommand),
    /// The virtual pocket printer.
    #[command(subcommand)]
    Printer(printer::PrinterCommand),
    /// Verify, show or export a phone's journal; account for its numbers.
    #[command(subcommand)]
    Journal(journal::JournalCommand),
    /// Verify a slip from its code or picture.
    #[command(subcommand)]
    Slip(slip::SlipCommand),
    /// Export and verify the file of one case.
    #[command(subcommand)]
    Case(case::CaseCommand),
    /// The reference HQ: serve, publish, tickets, ledger, replay, reviews.
    #[command(subcommand)]
    Hq(hq::HqCommand),
    /// Simulate a fleet of phones and its HQ under every fault; deterministic by seed.
    #[command(subcommand)]
    Fleet(Box<fleet::FleetCommand>),
}

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Shift(args) => shift::run(args),
        Command::Rulebook(command) => rulebook::run(command),
        Command::Printer(command) => printer::run(command),
        Command::Journal(command) => journal::run(command),
        Command::Slip(command) => slip::run(command),
        Command::Case(command) => case::run(command),
        Command::Hq(command) => hq::run(command),
        Command::Fleet(command) => fleet::run(command),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            error.print();
            std::process::ExitCode::from(error.code())
        }
    }
}
