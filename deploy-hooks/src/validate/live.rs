//! The checks of what serves: greenlight-verify, with the checks of the wanted categories.

use super::category::{Category, Level, Listed};
use crate::beside::Beside;
use crate::failure::Failure;
use crate::files::{read_at_most, remove_if_there};
use greenlight_reports::{Exit, Report, open};
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// What is decided here.
const OURS: [&str; 12] = [
    "--out",
    "--list",
    "--explain",
    "--format",
    "--tag",
    "--suite",
    "--test",
    "--run-all",
    "--profile",
    "--sign-key",
    "--output",
    "-o",
];
/// A report is some megabytes.
const REPORT_BYTES_MAX: u64 = 256 << 20;

/// What came of it.
pub(super) struct Ran {
    /// Its sealed report, if it has left one.
    pub(super) report: Option<Report>,
    /// How it ended.
    pub(super) exit: Exit,
}

/// The ids that the categories have at this level.
///
/// # Errors
/// [`Failure`] of usage: greenlight-verify is not there, or prints no list.
pub(super) async fn wanted(
    beside: &Beside,
    arguments: &[OsString],
    level: Level,
    of: &dyn Fn(Category) -> bool,
) -> Result<Vec<String>, Failure> {
    let given = |argument: &OsString| argument.to_string_lossy().split('=').next().unwrap_or_default().to_owned();
    if let Some(ours) = arguments.iter().map(given).find(|given| OURS.contains(&given.as_str())) {
        return Err(Failure::usage(format!(
            "{ours} can't be given to greenlight-verify here: category and level say what runs"
        )));
    }
    let listed = beside.ask(&["--list", "--format", "json"].map(OsString::from)).await?;
    let listed: Vec<Listed> = serde_json::from_str(&listed)
        .map_err(|error| Failure::usage(format!("{} --list prints no list: {error}", beside.shown())))?;
    Ok(listed.into_iter().filter(|check| of(Category::of(check)) && level.takes(check)).map(|check| check.id).collect())
}

/// Runs them. Its progress is shown; Ctrl-C at the terminal reaches it as well, and it is waited for.
///
/// # Errors
/// [`Failure`]: it can't be started, or its report is none.
pub(super) async fn run(beside: &Beside, arguments: &[OsString], ids: &[String], out: &Path) -> Result<Ran, Failure> {
    let file = out.join("report.json");
    remove_if_there(&file).map_err(|error| {
        Failure::usage(format!("cannot remove the report of the run before, {}: {error}", file.display()))
    })?;
    let install = |kind| signal(kind).map_err(|error| Failure::unknown(format!("cannot wait for signals: {error}")));
    // Held, so that a signal which ends the checks does not end the one who is to report them.
    let (_keyboard, mut terminate) = (install(SignalKind::interrupt())?, install(SignalKind::terminate())?);
    let mut command = Command::new(beside.program());
    command.args(arguments).args(ids.iter().flat_map(|id| ["--test", id])).arg("--out").arg(out);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| Failure::usage(format!("cannot start {}: {error}", beside.shown())))?;
    let status = tokio::select! {
        status = child.wait() => status,
        _ = terminate.recv() => {
            let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
            let _ = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
            child.wait().await
        }
    };
    let code = status.map_err(Failure::unknown)?.code();
    let exit = Exit::ALL.into_iter().find(|exit| Some(i32::from(exit.code())) == code).unwrap_or(Exit::Inconclusive);
    let report = match read_at_most(&file, REPORT_BYTES_MAX) {
        Ok(bytes) => Some(open(&bytes).map_err(|problem| Failure::refused(format!("{}: {problem}", file.display())))?),
        Err(_) => None,
    };
    Ok(Ran { report, exit })
}
