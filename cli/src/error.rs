//! What the command line says when something is wrong: one sentence, one hint, exit code 2.

use std::io::Write as _;

use crate::say::plain;

/// An error a person can act on.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct CliError {
    what: String,
    hint: String,
    code: u8,
}

impl CliError {
    /// Bad input or a world that does not answer: exit code 2.
    pub fn new(what: impl std::fmt::Display, hint: impl std::fmt::Display) -> CliError {
        CliError { what: what.to_string(), hint: hint.to_string(), code: 2 }
    }

    /// The command ran and found something wrong (a pack with findings, a broken chain): exit code 1.
    pub fn found(what: impl std::fmt::Display) -> CliError {
        CliError { what: what.to_string(), hint: String::new(), code: 1 }
    }

    /// Exit code for the shell.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// Writes the sentence and the hint to standard error.
    pub fn print(&self) {
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "ezhifa: {}", plain(&self.what));
        if !self.hint.is_empty() {
            let _ = writeln!(err, "  hint: {}", plain(&self.hint));
        }
    }
}

impl From<ezhifa_field::error::FieldError> for CliError {
    fn from(error: ezhifa_field::error::FieldError) -> Self {
        CliError::new(error, "what is on the phone is kept")
    }
}
