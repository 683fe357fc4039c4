//! A run of greenlight-verify that is watched: only safe checks, bounded in time.

use crate::beside::Beside;
use crate::failure::Failure;
use crate::files::remove_if_there;
use greenlight_reports::Exit;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// To remove its staging after it was asked to end.
const REMOVAL_MAX: Duration = Duration::from_secs(60);
/// What decides what runs and where it is written is not the caller's.
const OURS: [&str; 6] = ["--out", "--plant", "--list", "--explain", "--format", "--tag"];

/// The program, and what it is called with.
#[derive(Debug)]
pub(super) struct Verifier {
    program: Beside,
    arguments: Vec<OsString>,
    out: PathBuf,
}

/// How a run ended.
pub(super) enum Run {
    /// By itself, with this status.
    Ended(Option<i32>),
    /// It took too long, and was ended.
    TooLong,
    /// It was ended because this process is to end.
    Interrupted,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    safe: bool,
}

impl Verifier {
    /// Finds it, and refuses another version and checks that are not safe.
    ///
    /// # Errors
    /// [`Failure`] of usage.
    pub(super) async fn find(tags: &[String], arguments: &[String], out: PathBuf) -> Result<Self, Failure> {
        if let Some(ours) = arguments.iter().find(|given| OURS.contains(&given.split('=').next().unwrap_or_default())) {
            return Err(Failure::usage(format!("{ours} can't be given to greenlight-verify here")));
        }
        let tags = tags.iter().flat_map(|tag| ["--tag".to_owned(), tag.clone()]);
        let arguments = tags.chain(arguments.iter().cloned()).map(OsString::from).collect();
        let found = Self { program: Beside::find().await?, arguments, out };
        found.refuse_unsafe().await?;
        Ok(found)
    }

    async fn refuse_unsafe(&self) -> Result<(), Failure> {
        let mut arguments = self.arguments.clone();
        arguments.extend(["--list", "--format", "json"].map(OsString::from));
        let listed: Vec<Listed> = serde_json::from_str(&self.program.ask(&arguments).await?)
            .map_err(|error| Failure::usage(format!("{} --list prints no list: {error}", self.program.shown())))?;
        let unsafe_ids: Vec<&str> = listed.iter().filter(|check| !check.safe).map(|check| check.id.as_str()).collect();
        if listed.is_empty() {
            return Err(Failure::new(Exit::Incomplete, "no check is selected; nothing would be watched"));
        }
        match unsafe_ids.is_empty() {
            true => Ok(()),
            false => Err(Failure::usage(format!(
                "these checks load the target or end parts of it, and are not for watching: {}",
                unsafe_ids.join(", ")
            ))),
        }
    }

    /// Runs it, after the report of the run before was taken away. What it says is shown.
    ///
    /// # Errors
    /// Why it did not start.
    pub(super) async fn run(&self, within: Duration, interrupt: &CancellationToken) -> Result<Run, String> {
        remove_if_there(&self.report())
            .map_err(|error| format!("the report of the run before can't be removed: {error}"))?;
        let mut command = Command::new(self.program.program());
        command.args(&self.arguments).arg("--out").arg(&self.out);
        // In a process group of its own, a Ctrl-C at the terminal reaches it through us only, and once.
        command.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", self.program.shown()))?;
        let ended: Option<std::io::Result<ExitStatus>> = tokio::select! {
            ended = child.wait() => Some(ended),
            () = interrupt.cancelled() => None,
            () = tokio::time::sleep_until(tokio::time::Instant::now() + within) => {
                end(&mut child).await;
                return Ok(Run::TooLong);
            }
        };
        let Some(ended) = ended else {
            end(&mut child).await;
            return Ok(Run::Interrupted);
        };
        ended.map(|status| Run::Ended(status.code())).map_err(|error| error.to_string())
    }

    /// Where its report lies.
    pub(super) fn report(&self) -> PathBuf {
        self.out.join("report.json")
    }

    /// The report's bytes.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn read(&self) -> Result<Vec<u8>, String> {
        std::fs::read(self.report()).map_err(|error| format!("{}: {error}", file_name(&self.report())))
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Asks it to end and to remove what it started; kills what does not.
async fn end(child: &mut Child) {
    let Some(group) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) else { return };
    let _ = kill_process_group(group, Signal::TERM);
    let gone = timeout(REMOVAL_MAX, child.wait()).await;
    if gone.is_err() {
        say!("watch    greenlight-verify does not end within {} s, and is killed", REMOVAL_MAX.as_secs());
    }
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait().await;
}
