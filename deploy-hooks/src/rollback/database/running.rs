//! A tool of Postgres that is running, and what it says when it fails.

use super::tools::Tools;
use crate::process::secrets_of_the_environment;
use greenlight_reports::{printable, shorten};
use std::io::Read;
use std::process::{Child, Command, ExitStatus};
use std::thread::JoinHandle;

/// So much of what a tool says is kept.
const ERRORS_BYTES_MAX: u64 = 64 << 10;
/// So much of it is quoted.
const QUOTE_BYTES_MAX: usize = 2_000;
/// So begin the lines in which `pg_restore` quotes rows and statements.
const QUOTES: [&str; 5] = ["LINE ", "QUERY:", "DETAIL:", "CONTEXT:", "Command was:"];

/// A tool that is running, and what it complains of.
pub(super) struct Running {
    tool: &'static str,
    /// The process; whoever wants its pipes takes them.
    pub(super) child: Child,
    errors: Option<JoinHandle<Vec<u8>>>,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// It does not start.
    pub(super) fn start(tools: &Tools, tool: &'static str, command: &mut Command) -> Result<Self, String> {
        let mut child = command.spawn().map_err(|error| tools.cannot_run(tool, &error))?;
        let errors = child.stderr.take().map(|errors| std::thread::spawn(move || read(errors)));
        Ok(Self { tool, child, errors })
    }

    /// Why it is over, when it should not be.
    pub(super) fn why(&mut self) -> String {
        self.wait().err().unwrap_or_else(|| format!("{} ended too early", self.tool))
    }

    /// Waits for its end. Its input is closed.
    ///
    /// # Errors
    /// What it says, if it has not succeeded.
    pub(super) fn end(mut self) -> Result<(), String> {
        self.wait()
    }

    fn wait(&mut self) -> Result<(), String> {
        drop(self.child.stdin.take());
        let status = self.child.wait().map_err(|error| format!("{}: {error}", self.tool))?;
        let errors = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        match status.success() {
            true => Ok(()),
            false => Err(said(self.tool, status, &errors)),
        }
    }
}

impl Drop for Running {
    /// What was not waited for is not wanted.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// To its end, or the tool would wait for us; the beginning is kept.
pub(super) fn read(mut from: impl Read) -> Vec<u8> {
    let mut kept = Vec::new();
    let _ = from.by_ref().take(ERRORS_BYTES_MAX).read_to_end(&mut kept);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    kept
}

/// What a tool says, without secrets: neither those of the environment, nor rows and statements, which `pg_restore` quotes
/// below what went wrong.
fn said(tool: &str, status: ExitStatus, errors: &[u8]) -> String {
    let text = String::from_utf8_lossy(errors);
    let is_quoted = |line: &&str| QUOTES.iter().any(|quote| line.starts_with(quote));
    // The wrapper of Debian complains of a locale that nobody asked for.
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("perl: warning"));
    let lines: Vec<&str> = match tool {
        "pg_restore" => lines.take_while(|line| !is_quoted(line)).collect(),
        _ => lines.collect(),
    };
    let text = secrets_of_the_environment().text(lines.join("; ").trim());
    format!("{tool} ended with {status}: {}", shorten(&printable(&text), QUOTE_BYTES_MAX))
}
