//! The docker client.

use anyhow::{Context as _, Result, ensure};
use std::process::{Command, Stdio};

/// Runs the client to its end and returns what it printed.
///
/// # Errors
/// When it can't be run, or ends with another status than 0: what it said.
pub(crate) fn docker(arguments: &[&str]) -> Result<String> {
    let done = Command::new("docker").args(arguments).stdin(Stdio::null()).output().context("running docker")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "docker {}: {}", arguments.first().unwrap_or(&""), said.trim());
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
