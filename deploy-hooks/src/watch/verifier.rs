//! greenlight-verify as a program beside this one: hooks never link suites.

use crate::failure::Failure;
use crate::process::secrets_of_the_environment;
use greenlight_reports::{Exit, shorten};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const NAME: &str = "greenlight-verify";
/// To print its version or its checks.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// To remove its staging after it was asked to end.
const REMOVAL_MAX: Duration = Duration::from_secs(60);
/// What decides what runs and where it is written is not the caller's.
const OURS: [&str; 6] = ["--out", "--plant", "--list", "--explain", "--format", "--tag"];

/// The program, and what it is called with.
#[derive(Debug)]
pub(super) struct Verifier {
    program: PathBuf,
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
        let own = std::env::current_exe().map_err(|error| Failure::usage(format!("where is this program? {error}")))?;
        let program = own.with_file_name(NAME);
        let tags = tags.iter().flat_map(|tag| ["--tag".to_owned(), tag.clone()]);
        let arguments = tags.chain(arguments.iter().cloned()).map(OsString::from).collect();
        let found = Self { program, arguments, out };
        let version = found.ask(&["--version".into()]).await?;
        let expected = concat!("greenlight-verify ", env!("CARGO_PKG_VERSION"));
        if version.trim() != expected {
            return Err(Failure::usage(format!(
                "{} is {:?} and must be {expected:?}; install both from one release",
                found.shown(),
                version.trim()
            )));
        }
        found.refuse_unsafe().await?;
        Ok(found)
    }

    fn shown(&self) -> std::path::Display<'_> {
        self.program.display()
    }

    async fn refuse_unsafe(&self) -> Result<(), Failure> {
        let mut arguments = self.arguments.clone();
        arguments.extend(["--list", "--format", "json"].map(OsString::from));
        let listed: Vec<Listed> = serde_json::from_str(&self.ask(&arguments).await?)
            .map_err(|error| Failure::usage(format!("{} --list prints no list: {error}", self.shown())))?;
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

    /// What it prints.
    async fn ask(&self, arguments: &[OsString]) -> Result<String, Failure> {
        let failed = |what: String| Failure::usage(format!("{}: {what}", self.shown()));
        let mut command = Command::new(&self.program);
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        let answer = timeout(ANSWER_MAX, command.output()).await;
        let answer = answer.map_err(|_| failed(format!("no answer within {} s", ANSWER_MAX.as_secs())))?;
        let answer = answer.map_err(|error| failed(format!("{error}; it must lie beside greenlight")))?;
        if !answer.status.success() {
            let said = secrets_of_the_environment().text(String::from_utf8_lossy(&answer.stderr).trim());
            return Err(failed(format!("{}: {}", answer.status, shorten(&said, 2_000))));
        }
        Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
    }

    /// Runs it, after the report of the run before was taken away. What it says is shown.
    ///
    /// # Errors
    /// Why it did not start.
    pub(super) async fn run(&self, within: Duration, interrupt: &CancellationToken) -> Result<Run, String> {
        match std::fs::remove_file(self.report()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(format!("the report of the run before can't be removed: {error}"));
            }
            _ => {}
        }
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg("--out").arg(&self.out);
        // In a process group of its own, a Ctrl-C at the terminal reaches it through us only, and once.
        command.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", self.shown()))?;
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
