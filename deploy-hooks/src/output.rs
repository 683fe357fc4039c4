//! What goes to standard output: results only.

use crate::failure::Failure;
use clap::ValueEnum;
use std::fs::File;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

/// Where everything that is said goes as well, while a migration is under way.
static LOG: Mutex<Option<File>> = Mutex::new(None);

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// People.
    Text,
    /// Programs.
    Json,
}

/// From now on whatever is said or printed goes to this file too, or no longer.
pub(crate) fn also_to(file: Option<File>) {
    *LOG.lock().unwrap_or_else(PoisonError::into_inner) = file;
}

fn log(text: &str) {
    if let Some(file) = LOG.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        // A full disk is no reason to stop on the way back.
        let _ = file.write_all(text.as_bytes());
    }
}

/// A line for people on standard error. That nobody reads it any more is no reason to stop.
pub(crate) fn say(line: &str) {
    let line = format!("{line}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    log(&line);
}

/// Prints it.
///
/// # Errors
/// When nobody reads: a result that did not arrive is none.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    log(text);
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::unknown(format!("cannot print the result: {error}")))
}
