//! What a run leaves behind: nothing, however it ends. A run that was killed is swept by the next one.
//!
//! Needs a container engine; without one each case is shown as ignored, and with `CI` set that is an error.

#[path = "support/mod.rs"]
mod support;

use anyhow::{Context as _, Result, ensure};
use greenlight_fixtures::{Engine, Staging};
use greenlight_harness::Interrupt;
use greenlight_harness::config::StagingTests;
use greenlight_harness::reports::{Outcome, Signer};
use greenlight_verify::new_run_id;
use libtest_mimic::Arguments;
use std::io::{BufRead as _, BufReader};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use support::{Case, run_cases};
use tokio::runtime::Runtime;

const CASES: &[(&str, Case)] = &[
    ("a_green_run_leaves_nothing", green),
    ("a_red_run_leaves_nothing", red),
    ("a_panic_leaves_nothing", panic),
    ("ctrl_c_leaves_nothing_and_exits_130", ctrl_c),
    ("ctrl_c_in_other_phases_leaves_nothing_either", ctrl_c_in_phases),
    ("a_killed_run_is_swept_by_the_next", killed),
    ("an_engine_that_dies_is_named_and_its_containers_are_swept", engine_dies),
    ("everything_is_on_loopback_with_limits", loopback),
    ("two_runs_do_not_share_a_folder", two_runs),
    ("no_file_of_a_run_holds_a_secret", secrets),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each case counts what is left, so none may run beside another.
    arguments.test_threads = Some(1);
    run_cases(&arguments, CASES)
}

/// `greenlight-verify` as a user calls it.
fn program(out: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight-verify"));
    command.args(arguments).arg("--out").arg(out).env_remove("CI");
    command
}

/// Starts it with its standard error as a pipe.
fn begun(command: &mut Command) -> Result<(Child, BufReader<ChildStderr>)> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let stderr = child.stderr.take().context("no standard error")?;
    Ok((child, BufReader::new(stderr)))
}

fn verify(out: &Path, arguments: &[&str]) -> Result<(Child, BufReader<ChildStderr>)> {
    begun(&mut program(out, arguments))
}

/// Ctrl-C.
fn interrupted(child: &Child) -> Result<()> {
    let killed = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status()?;
    ensure!(killed.success(), "kill failed");
    Ok(())
}

/// Reads until a line starts so, and returns its second word.
fn until(stderr: &mut BufReader<ChildStderr>, start: &str) -> Result<String> {
    let mut seen = String::new();
    loop {
        let mut line = String::new();
        ensure!(stderr.read_line(&mut line)? > 0, "it ended without a line {start:?}:\n{seen}");
        if line.starts_with(start) {
            return Ok(line.split_whitespace().nth(1).unwrap_or_default().to_owned());
        }
        seen.push_str(&line);
    }
}

fn rest(mut stderr: BufReader<ChildStderr>) -> Result<String> {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut text)?;
    Ok(text)
}

fn remains(runtime: &Runtime, engine: &Engine, run_id: &str) -> Result<Vec<String>> {
    ensure!(run_id.len() == 5, "{run_id:?} is no run id");
    let mut remains = runtime.block_on(engine.remains(run_id))?;
    let sockets = std::env::temp_dir().join(format!("glt-{run_id}"));
    remains.extend(sockets.exists().then(|| sockets.display().to_string()));
    Ok(remains)
}

fn ended(runtime: &Runtime, engine: &Engine, arguments: &[&str], code: i32) -> Result<String> {
    let out = tempfile::tempdir()?;
    let (mut child, mut stderr) = verify(out.path(), arguments)?;
    let run_id = until(&mut stderr, "run ")?;
    ensure!(!remains(runtime, engine, &run_id)?.is_empty(), "the control: a run that goes on must have containers");
    let text = rest(stderr)?;
    let status = child.wait()?;
    ensure!(status.code() == Some(code), "ended with {status}, expected {code}:\n{text}");
    let left = remains(runtime, engine, &run_id)?;
    ensure!(left.is_empty(), "left: {left:?}");
    Ok(text)
}

fn green(runtime: &Runtime, engine: &Engine) -> Result<()> {
    ended(runtime, engine, &["--test", "auth.valid_token_accepted"], 0).map(drop)
}

fn red(runtime: &Runtime, engine: &Engine) -> Result<()> {
    ended(runtime, engine, &["--test", "infrastructure.redis", "--plant", "redis_stopped"], 1).map(drop)
}

fn panic(runtime: &Runtime, engine: &Engine) -> Result<()> {
    let run_id = new_run_id();
    let config = StagingTests::shipped()?;
    greenlight_harness::clients::install_crypto_provider();
    let logs = tempfile::tempdir()?;
    let interrupt = Interrupt::default();
    let staging = runtime.block_on(Staging::start(engine, &run_id, &config, logs.path(), &interrupt))?;
    ensure!(!remains(runtime, engine, &run_id)?.is_empty(), "the control: a staging must have containers");
    let panicked = std::thread::spawn(move || {
        let _owned = staging;
        std::panic::resume_unwind(Box::new("as a bug of ours would"));
    })
    .join();
    ensure!(panicked.is_err(), "it did not panic");
    let left = remains(runtime, engine, &run_id)?;
    ensure!(left.is_empty(), "left: {left:?}");
    Ok(())
}

fn ctrl_c(runtime: &Runtime, engine: &Engine) -> Result<()> {
    let out = tempfile::tempdir()?;
    // This check holds a silent connection for six seconds: it is still running when the signal comes.
    let (mut child, mut stderr) = verify(out.path(), &["--test", "signal.idle_through_balancer"])?;
    let run_id = until(&mut stderr, "run ")?;
    interrupted(&child)?;
    let text = rest(stderr)?;
    let status = child.wait()?;
    ensure!(status.code() == Some(130), "ended with {status}:\n{text}");
    let left = remains(runtime, engine, &run_id)?;
    ensure!(left.is_empty(), "left: {left:?}");
    let bytes = std::fs::read(out.path().join("report.json")).context("an interrupted run still writes its report")?;
    let report = greenlight_harness::reports::open(&bytes)?;
    ensure!(
        report.header.interrupted && report.results[0].outcome == Outcome::NotRun,
        "the report hides the interrupt"
    );
    Ok(())
}

/// While containers start, while a fault is planted, before the first check has ended, and while everything is removed again.
fn ctrl_c_in_phases(_: &Runtime, _: &Engine) -> Result<()> {
    let planted = ["--test", "auth.expired_token_refused", "--plant", "expired_tokens_accepted"];
    let node_stopped = ["--test", "infrastructure.service_health", "--plant", "node_stopped"];
    for (line, arguments, codes) in [
        ("target   containers", &planted[2..], &[130][..]),
        ("plant    expired_tokens_accepted", &planted[..], &[130]),
        ("plant    node_stopped", &node_stopped[..], &[130]),
        // A verdict that is there is not taken back.
        ("target   wss", &planted[..], &[1, 130]),
        ("  failed", &planted[..], &[1, 130]),
    ] {
        let out = tempfile::tempdir()?;
        let (mut child, mut stderr) = verify(out.path(), &[&["--target", "containers"], arguments].concat())?;
        until(&mut stderr, line)?;
        let owner = child.id();
        ensure!(line != "target   wss" || !owned_by(owner)?.is_empty(), "the control: what goes on has containers");
        interrupted(&child)?;
        let text = rest(stderr)?;
        let code = child.wait()?.code();
        ensure!(code.is_some_and(|code| codes.contains(&code)), "{line:?}: ended with {code:?}:\n{text}");
        let left = owned_by(owner)?;
        ensure!(left.is_empty(), "{line:?}: left {left:?}");
    }
    Ok(())
}

/// Containers and networks whose label says that this process has made them.
fn owned_by(process: u32) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for listing in [&["ps", "-a"][..], &["network", "ls"]] {
        let label = "{{.Label \"dev.greenlight.owner\"}} {{.ID}}";
        let listed = Command::new("docker").args(listing).args(["--format", label]).output()?;
        ensure!(listed.status.success(), "docker {}: {}", listing.join(" "), String::from_utf8_lossy(&listed.stderr));
        let text = String::from_utf8(listed.stdout)?;
        // `<host>|<boot and pid namespace>|<pid>|<start time>`
        let is_owned = |line: &&str| line.split('|').nth(2) == Some(&process.to_string());
        found.extend(text.lines().filter(is_owned).map(str::to_owned));
    }
    Ok(found)
}

fn killed(runtime: &Runtime, engine: &Engine) -> Result<()> {
    let out = tempfile::tempdir()?;
    let (mut child, mut stderr) = verify(out.path(), &["--test", "signal.idle_through_balancer"])?;
    let run_id = until(&mut stderr, "run ")?;
    child.kill()?;
    child.wait()?;
    let left = remains(runtime, engine, &run_id)?;
    ensure!(left.len() == 8, "a killed run leaves six containers, a network and a folder, and not {left:?}");
    ensure!(!out.path().join("report.json").exists(), "a killed run wrote a report");
    let next = ended(runtime, engine, &["--test", "auth.valid_token_accepted"], 0);
    let left = remains(runtime, engine, &run_id)?;
    ensure!(left.is_empty(), "not swept: {left:?}");
    next.map(drop)
}

/// The engine is reached through a socket of ours, which is closed while checks run: to the run the engine has died.
fn engine_dies(runtime: &Runtime, engine: &Engine) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let relay = Relay::start(&folder.path().join("docker.sock"))?;
    let out = tempfile::tempdir()?;
    let mut command = program(out.path(), &["--target", "containers", "--test", "signal.idle_through_balancer"]);
    command.env("DOCKER_HOST", format!("unix://{}", relay.path.display()));
    let (mut child, mut stderr) = begun(&mut command)?;
    let run_id = until(&mut stderr, "run ")?;
    relay.die();
    let text = rest(stderr)?;
    let status = child.wait()?;
    ensure!(status.code() == Some(3), "ended with {status}, expected 3:\n{text}");
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    ensure!(errors.len() == 1 && errors[0].contains("the next run sweeps it"), "it said:\n{text}");
    let report = std::fs::read(out.path().join("report.json")).context("what was found out is lost")?;
    greenlight_harness::reports::open(&report)?;
    ensure!(!remains(runtime, engine, &run_id)?.is_empty(), "the control: what nobody could remove must be there");
    ended(runtime, engine, &["--test", "auth.valid_token_accepted"], 0)?;
    let left = remains(runtime, engine, &run_id)?;
    ensure!(left.is_empty(), "not swept: {left:?}");
    Ok(())
}

/// A way to the container engine that can be closed.
struct Relay {
    path: PathBuf,
    open: Arc<Mutex<Option<Vec<UnixStream>>>>,
}

impl Relay {
    fn start(path: &Path) -> Result<Self> {
        let listener = UnixListener::bind(path)?;
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let relay = Self { path: path.to_owned(), open: open.clone() };
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = UnixStream::connect("/var/run/docker.sock") else { return };
                let Ok(mut open) = open.lock() else { return };
                // Dead: whoever connects is sent away.
                let Some(open) = open.as_mut() else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (Ok(mut from), Ok(mut to), Ok(kept)) = (from.try_clone(), to.try_clone(), from.try_clone())
                    else {
                        return;
                    };
                    open.push(kept);
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
            }
        });
        Ok(relay)
    }

    /// Closes every connection, and takes no other.
    fn die(&self) {
        let streams = self.open.lock().ok().and_then(|mut open| open.take());
        for stream in streams.into_iter().flatten() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// As `docker inspect` sees it: ports on 127.0.0.1 only, memory, CPU and process limits, and both media ports of a
/// node published under the number that it listens on.
fn loopback(runtime: &Runtime, engine: &Engine) -> Result<()> {
    let out = tempfile::tempdir()?;
    let (mut child, mut stderr) = verify(out.path(), &["--test", "signal.idle_through_balancer"])?;
    let run_id = until(&mut stderr, "run ")?;
    let names: Vec<String> = ["redis", "haproxy", "postgres", "kamailio", "livekit-a", "livekit-b"]
        .map(|name| format!("glt-{run_id}-{name}"))
        .into();
    let inspected = Command::new("docker").arg("inspect").args(&names).output()?;
    let text = rest(stderr)?;
    ensure!(child.wait()?.success(), "{text}");
    let containers: serde_json::Value = serde_json::from_slice(&inspected.stdout)?;
    let containers = containers.as_array().context("a list")?;
    ensure!(containers.len() == 6, "{} containers", containers.len());
    for container in containers {
        let host = &container["HostConfig"];
        for limit in ["Memory", "NanoCpus", "PidsLimit"] {
            ensure!(host[limit].as_i64().is_some_and(|value| value > 0), "{} has no {limit}", container["Name"]);
        }
        let ports = container["NetworkSettings"]["Ports"].as_object().context("ports")?;
        let mut same = 0;
        for (inside, bindings) in ports {
            let Some(bindings) = bindings.as_array() else { continue };
            for binding in bindings {
                ensure!(binding["HostIp"] == "127.0.0.1", "{} {inside} is on {}", container["Name"], binding["HostIp"]);
                same += usize::from(inside.split('/').next() == binding["HostPort"].as_str());
            }
        }
        let node = container["Name"].as_str().is_some_and(|name| name.contains("livekit"));
        ensure!(same == if node { 2 } else { 0 }, "{} publishes {same} ports as they are", container["Name"]);
    }
    ensure!(remains(runtime, engine, &run_id)?.is_empty(), "something is left");
    Ok(())
}

fn two_runs(runtime: &Runtime, engine: &Engine) -> Result<()> {
    let out = tempfile::tempdir()?;
    let (mut first, mut stderr) = verify(out.path(), &["--test", "signal.idle_through_balancer"])?;
    let run_id = until(&mut stderr, "run ")?;
    let (mut second, said) = verify(out.path(), &["--test", "auth.valid_token_accepted"])?;
    let said = rest(said)?;
    ensure!(second.wait()?.code() == Some(2) && said.contains("another run writes to"), "the second run said: {said}");
    let text = rest(stderr)?;
    ensure!(first.wait()?.code() == Some(0), "the first run was disturbed:\n{text}");
    ensure!(remains(runtime, engine, &run_id)?.is_empty(), "something is left");
    Ok(())
}

/// The canaries are the staging's own secrets, read out of its containers while it runs. The server quotes tokens in
/// its refusals, configuration is read with its secrets, and a red run prints what was found: none of it may be kept.
fn secrets(runtime: &Runtime, engine: &Engine) -> Result<()> {
    let out = tempfile::tempdir()?;
    let suites = ["auth", "security", "configuration"].map(|suite| ["--suite", suite]).concat();
    let keys = tempfile::tempdir()?;
    let key = signing_key(keys.path())?;
    let key = ["--sign-key", key.to_str().context("a path of letters")?];
    let (mut child, mut stderr) = verify(out.path(), &[&suites[..], &["--plant", "secret_swapped"], &key].concat())?;
    let run_id = until(&mut stderr, "run ")?;
    let copied = Command::new("docker").args(["cp", &format!("glt-{run_id}-livekit-a:/livekit.yaml"), "-"]).output()?;
    let yaml = String::from_utf8_lossy(&copied.stdout).into_owned();
    let (_, keys) = yaml.split_once("\nkeys:\n").context("no keys in livekit.yaml")?;
    let (_, secret) = keys.lines().next().and_then(|line| line.trim().split_once(": ")).context("no secret")?;
    ensure!(secret.len() >= 32, "the canary is {} bytes long", secret.len());
    // Arguments are for everybody on a machine to read: after each result those of all processes are looked at, the
    // containers' among them. The control is a process that has one.
    let mut control = Command::new("sh");
    control.args(["-c", "echo up; read line", secret]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut control = control.spawn()?;
    // A process that has just been made has no arguments yet: it says when it has begun.
    let up = control.stdout.take().context("no standard output")?;
    BufReader::new(up).read_line(&mut String::new())?;
    ensure!(in_arguments(secret)? == 1, "the control was not seen in /proc");
    drop(control.stdin.take());
    control.wait()?;
    let (mut text, mut looks) = (String::new(), 0);
    while stderr.read_line(&mut text)? > 0 {
        ensure!(in_arguments(secret)? == 0, "a process has a secret among its arguments");
        looks += 1;
    }
    ensure!(looks > 50, "the processes were looked at {looks} times only");
    ensure!(child.wait()?.code() == Some(1), "a planted fault, and not red:\n{text}");
    ensure!(!text.contains(secret), "standard error holds a secret");
    let (mut files, mut removed, mut folders) = (0, 0, vec![out.path().to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
            ensure!(!content.contains(secret), "{} holds a secret", path.display());
            // A token is three parts in base64url, the first of which always begins so.
            let token = content
                .split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
                .find(|word| word.starts_with("eyJ") && word.split('.').count() == 3 && word.len() > 100);
            ensure!(token.is_none(), "{} holds a token", path.display());
            files += 1;
            removed += content.matches("[token]").count();
        }
    }
    // The control: there was something to remove, the tokens that the server quotes in its refusals.
    ensure!(removed > 0, "no file had a token to remove");
    ensure!(out.path().join("report.intoto.jsonl").exists(), "the report was not signed");
    ensure!(files >= 12, "only {files} files were looked at");
    ensure!(remains(runtime, engine, &run_id)?.is_empty(), "something is left");
    Ok(())
}

/// A key for the run's signature, outside of what is looked at: it is a secret itself.
fn signing_key(folder: &Path) -> Result<PathBuf> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = folder.join("key.pem");
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    std::io::Write::write_all(&mut file, Signer::from_seed(rand::random()).to_pem()?.as_bytes())?;
    Ok(path)
}

/// How many processes have the text among their arguments.
fn in_arguments(text: &str) -> Result<usize> {
    let mut found = 0;
    for entry in std::fs::read_dir("/proc")?.flatten() {
        // A process may end while it is looked at.
        let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        found += usize::from(String::from_utf8_lossy(&arguments).contains(text));
    }
    Ok(found)
}
