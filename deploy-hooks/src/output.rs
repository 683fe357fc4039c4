//! What goes to standard output: results only.

use crate::failure::Failure;
use clap::ValueEnum;
use std::io::Write as _;

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// People.
    Text,
    /// Programs.
    Json,
}

/// Prints it.
///
/// # Errors
/// When nobody reads: a result that did not arrive is none.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::unknown(format!("cannot print the result: {error}")))
}
