//! greenlight-verify, the program beside this one: hooks never link suites.

use crate::failure::Failure;
use crate::process::secrets_of_the_environment;
use greenlight_reports::shorten;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

const NAME: &str = "greenlight-verify";
/// What it must print as its version.
const EXPECTED: &str = concat!("greenlight-verify ", env!("CARGO_PKG_VERSION"));
/// To print its version or its checks.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// The program, of the same version as this one.
#[derive(Debug)]
pub(crate) struct Beside(PathBuf);

impl Beside {
    /// Whether there is a file of its name, whatever it is.
    pub(crate) fn is_there() -> bool {
        std::env::current_exe().is_ok_and(|own| own.with_file_name(NAME).exists())
    }

    /// Finds it, and refuses another version: it would write reports that this one does not understand.
    ///
    /// # Errors
    /// [`Failure`] of usage.
    pub(crate) async fn find() -> Result<Self, Failure> {
        let own = std::env::current_exe().map_err(|error| Failure::usage(format!("where is this program? {error}")))?;
        let found = Self(own.with_file_name(NAME));
        let version = found.ask(&["--version".into()]).await?;
        if version.trim() != EXPECTED {
            return Err(Failure::usage(format!(
                "{} is {:?} and must be {EXPECTED:?}; install both from one release",
                found.shown(),
                version.trim()
            )));
        }
        Ok(found)
    }

    /// Where it lies.
    pub(crate) fn program(&self) -> &Path {
        &self.0
    }

    /// The same for messages.
    pub(crate) fn shown(&self) -> std::path::Display<'_> {
        self.0.display()
    }

    /// What it prints.
    ///
    /// # Errors
    /// [`Failure`] of usage: it is not there, does not answer, or does not succeed.
    pub(crate) async fn ask(&self, arguments: &[OsString]) -> Result<String, Failure> {
        let failed = |what: String| Failure::usage(format!("{}: {what}", self.shown()));
        let mut command = Command::new(&self.0);
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        let answer = timeout(ANSWER_MAX, command.output()).await;
        let answer = answer.map_err(|_| failed(format!("no answer within {} s", ANSWER_MAX.as_secs())))?;
        let answer = answer.map_err(|error| {
            failed(format!(
                "{error}; it must lie beside greenlight, and `cargo build --bin {NAME}` makes it in Greenlight's repository"
            ))
        })?;
        if !answer.status.success() {
            let said = secrets_of_the_environment().text(String::from_utf8_lossy(&answer.stderr).trim());
            return Err(failed(format!("{}: {}", answer.status, shorten(&said, 2_000))));
        }
        Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
    }
}
