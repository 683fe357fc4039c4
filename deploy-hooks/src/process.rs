//! One command line of the operator, run with a bound on its time. What it started ends with it.

use crate::failure::Failure;
use greenlight_config::Step;
use greenlight_reports::{Redactor, printable, shorten};
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// So much of what a step prints is kept; it is read to its end all the same, or the step would wait for us.
const OUTPUT_BYTES_MAX: usize = 1 << 20;
/// So much of it is quoted when it fails.
const QUOTE_BYTES_MAX: usize = 2_000;
/// A shorter path of a secret address, as `hook`, is an ordinary word.
const PATH_BYTES_MIN: usize = 8;

/// Why a step did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    /// Ctrl-C.
    #[error("interrupted during {0}")]
    Interrupted(String),
    /// It did not start, or did not end in time.
    #[error("{0}")]
    Failed(String),
    /// It ended with another status than 0.
    #[error("{said}")]
    Ended {
        /// Its status; none where a signal has ended it.
        code: Option<i32>,
        /// What it said, without secrets.
        said: String,
    },
}

impl From<StepError> for Failure {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Interrupted(_) => Self::interrupted(error),
            StepError::Failed(_) | StepError::Ended { .. } => Self::red(error),
        }
    }
}

/// Runs a step and returns what it printed on standard output, without secrets.
///
/// # Errors
/// [`StepError`]; the step and everything in its process group are gone then.
pub(crate) async fn run(
    step: &Step,
    environment: &[(String, String)],
    held: Stdio,
    interrupt: &CancellationToken,
) -> Result<String, StepError> {
    let name = &step.name;
    let [program, arguments @ ..] = &step.run[..] else {
        return Err(StepError::Failed(format!("{name} runs nothing")));
    };
    let failed = |what: String| StepError::Failed(format!("{name}: {what}"));
    let mut command = Command::new(program);
    command.args(arguments).envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdin(held).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| failed(format!("cannot run {program:?}: {error}")))?;
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let read = async {
        let (out, errors) = tokio::join!(read_all(stdout), read_all(stderr));
        (child.wait().await, out, errors)
    };
    let ended = tokio::select! {
        ended = tokio::time::timeout(Duration::from_secs(step.timeout_s), read) => ended,
        () = interrupt.cancelled() => {
            end(group);
            return Err(StepError::Interrupted(name.clone()));
        }
    };
    let Ok((status, out, errors)) = ended else {
        end(group);
        return Err(failed(format!("did not end within its {} s", step.timeout_s)));
    };
    let status = status.map_err(|error| failed(error.to_string()))?;
    let redactor = secrets_of_the_environment();
    let quoted = |text: &[u8]| redactor.text(String::from_utf8_lossy(text).trim_end());
    if !status.success() {
        // What it left in the background must not go on when the deploy turns back.
        end(group);
        let errors = quoted(if errors.is_empty() { &out } else { &errors });
        let said = shorten(&printable(&errors), QUOTE_BYTES_MAX).into_owned();
        let said = format!("{name}: {status}{}{said}", if said.is_empty() { "" } else { ": " });
        return Err(StepError::Ended { code: status.code(), said });
    }
    Ok(quoted(&out))
}

/// Ends a step's whole process group; one that has gone by itself is no matter.
fn end(group: Option<Pid>) {
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Reads to the end and keeps the beginning. A reader that fails has said what it had to say.
async fn read_all(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut from) = from else { return kept };
    let mut buffer = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let room = OUTPUT_BYTES_MAX.saturating_sub(kept.len());
        kept.extend_from_slice(&buffer[..length.min(room)]);
    }
    kept
}

/// Variables that deployment.yaml names as secrets, whatever they are called.
static NAMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// From now on the values of these variables, and what in them is below a host, are secrets as well.
pub(crate) fn keep_secret<'a>(names: impl IntoIterator<Item = &'a str>) {
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    named.extend(names.into_iter().map(str::to_owned));
}

/// Values of variables whose name says that they are secret must not come back in a step's output.
pub(crate) fn secrets_of_the_environment() -> Redactor {
    const WORDS: [&str; 8] =
        ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "_KEY", "APIKEY", "CREDENTIAL", "LIVEKIT_CONFIG"];
    let named = NAMED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut secret: Vec<(String, String)> = std::env::vars()
        .filter(|(name, _)| named.contains(name) || WORDS.iter().any(|word| name.to_uppercase().contains(word)))
        .collect();
    let parts: Vec<(String, String)> = secret
        .iter()
        .filter(|(name, _)| named.contains(name))
        .filter_map(|(name, value)| value.split_once("://").map(|(_, rest)| (name, rest)))
        .flat_map(|(name, rest)| {
            let user = rest.rsplit_once('@').map(|(user, _)| user);
            let password = user.and_then(|user| user.split_once(':')).map(|(_, password)| password);
            let path = rest.split_once('/').map(|(_, path)| path).filter(|path| path.len() >= PATH_BYTES_MIN);
            [user, password, path].into_iter().flatten().map(|part| (name.clone(), part.to_owned()))
        })
        .collect();
    secret.extend(parts);
    // `id: secret`, as LIVEKIT_KEYS has them, and the password of any address.
    let pairs = secret.iter().flat_map(|(name, value)| {
        value.lines().filter_map(|line| line.split_once(": ")).map(|(_, value)| (name.clone(), value.trim().to_owned()))
    });
    let pairs: Vec<(String, String)> = pairs.collect();
    secret.extend(pairs);
    let passwords = std::env::vars().filter_map(|(name, value)| {
        let (user, _) = value.split_once("://")?.1.rsplit_once('@')?;
        let (_, password) = user.split_once(':')?;
        Some((name, password.to_owned()))
    });
    secret.extend(passwords);
    Redactor::new(secret.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

#[cfg(test)]
mod tests {
    use super::{StepError, run};
    use greenlight_config::Step;
    use std::process::Stdio;
    use tokio_util::sync::CancellationToken;

    fn step(line: &str, timeout_s: u64) -> Step {
        let run = ["sh", "-c", line].map(str::to_owned).into();
        Step { name: "a".into(), run, timeout_s, after: vec![] }
    }

    async fn ended(step: &Step) -> Result<String, String> {
        let environment = [("GREENLIGHT_COLOUR".to_owned(), "green".to_owned())];
        let ended = run(step, &environment, Stdio::null(), &CancellationToken::new()).await;
        ended.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_step_is_told_its_colour_and_its_output_is_returned() {
        assert_eq!(ended(&step("echo $GREENLIGHT_COLOUR; echo no >&2", 10)).await, Ok("green".into()));
    }

    #[tokio::test]
    async fn a_failing_step_is_quoted() {
        let error = ended(&step("echo one; echo two >&2; exit 3", 10)).await.expect_err("red");
        assert_eq!(error, "a: exit status: 3: two");
        let missing = Step { run: vec!["/no/such/program".into()], ..step("", 1) };
        assert!(ended(&missing).await.expect_err("missing").starts_with("a: cannot run \"/no/such/program\""));
    }

    /// The grandchild holds the pipe open; it must not outlive the bound.
    #[tokio::test]
    async fn a_step_that_does_not_end_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().expect("folder");
        let held = folder.path().join("held");
        let line = format!("exec 9>{}; flock 9; echo held >&9; sleep 600 & wait", held.display());
        assert_eq!(ended(&step(&line, 1)).await, Err("a: did not end within its 1 s".into()));
        assert_eq!(std::fs::read_to_string(&held).expect("locked by the step"), "held\n");
        // Returns once the last process that holds the lock has ended.
        std::fs::File::open(&held).expect("opened").lock().expect("let go");
    }

    #[tokio::test]
    async fn ctrl_c_ends_a_step() {
        let interrupt = CancellationToken::new();
        interrupt.cancel();
        let error = run(&step("sleep 600", 600), &[], Stdio::null(), &interrupt).await.expect_err("interrupted");
        assert!(matches!(error, StepError::Interrupted(_)), "{error}");
    }
}

#[cfg(test)]
mod leftovers {
    use super::run;
    use greenlight_config::Step;
    use std::process::Stdio;
    use tokio_util::sync::CancellationToken;

    /// A retry loop in the background could start a colour again that was just removed.
    #[tokio::test]
    async fn what_a_failing_step_left_in_the_background_is_gone() {
        let folder = tempfile::tempdir().expect("folder");
        let (held, ready) = (folder.path().join("held"), folder.path().join("ready"));
        let line = format!(
            "mkfifo {r}; (exec 9>{h}; flock 9; echo > {r}; exec sleep 600) >/dev/null 2>&1 & cat {r}; exit 3",
            h = held.display(),
            r = ready.display()
        );
        let run_line = ["sh", "-c", &line].map(str::to_owned).into();
        let step = Step { name: "a".into(), run: run_line, timeout_s: 10, after: vec![] };
        run(&step, &[], Stdio::null(), &CancellationToken::new()).await.expect_err("status 3");
        // The lock is let go when the last process that holds it has ended, which SIGKILL brings about a moment later.
        let (told, hears) = std::sync::mpsc::channel();
        let file = std::fs::File::open(&held).expect("opened");
        std::thread::spawn(move || told.send(file.lock().is_ok()));
        assert_eq!(hears.recv_timeout(std::time::Duration::from_secs(15)), Ok(true), "it still holds its lock");
    }

    /// What a step prints is redacted before it is read.
    #[tokio::test]
    async fn a_tab_between_the_words_is_white_space() {
        let run_line = ["printf", "image_id\\tsha256:1d"].map(str::to_owned).into();
        let step = Step { name: "identify".into(), run: run_line, timeout_s: 10, after: vec![] };
        let said = run(&step, &[], Stdio::null(), &CancellationToken::new()).await.expect("prints");
        assert_eq!(said.split_whitespace().count(), 2, "{said}");
    }
}
