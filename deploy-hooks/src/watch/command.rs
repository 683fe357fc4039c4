//! `greenlight watch` on the command line.

use super::finding::Finding;
use super::verifier::{Run, Verifier};
use super::{every, textfile};
use crate::configuration;
use crate::failure::Failure;
use crate::notify::{Notice, Notifier, State};
use crate::output::print;
use crate::process::secrets_of_the_environment;
use clap::Args;
use greenlight_config::Deployment;
use greenlight_reports::Exit;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Runs safe checks again and again. Whoever `notifications` in deployment.yaml names is told when their verdict changes.
#[derive(Debug, Args)]
#[command(after_help = "\
A run that leaves no whole report is `unknown`: never passing, and told as such. Checks that load the target or end parts
of it are refused. greenlight-verify must lie beside greenlight, in the same version.

Exit codes: 130 ended by Ctrl-C or SIGTERM. With --once: 0 passing, 1 failing, 3 inconclusive or unknown, 4 incomplete.

A generic webhook gets JSON with the headers X-Greenlight-Timestamp (seconds since 1970) and X-Greenlight-Signature:
`sha256=` and the HMAC-SHA256 (hex) of that timestamp, a full stop and the body's exact bytes. Refuse old timestamps.

Examples:
  greenlight watch --env production --every 5m --textfile /var/lib/node_exporter/greenlight.prom
  greenlight watch --env staging --once -- --retries 1")]
pub(crate) struct WatchArgs {
    /// The environment, for the messages. Without it, the only one that deployment.yaml has.
    #[arg(long, value_name = "NAME")]
    env: Option<String>,

    /// Keys, environments, notifications.
    #[arg(long, value_name = "FILE", default_value = "config/deployment.yaml")]
    config: String,

    /// From the beginning of a run to that of the next, as 60s, 5m or 2h. A run that takes longer leaves turns out.
    #[arg(long, value_name = "SPAN", default_value = "60s", value_parser = every::parse)]
    every: Duration,

    /// After so long a run is ended, and its result is unknown.
    #[arg(long, value_name = "SPAN", default_value = "15m", value_parser = every::parse)]
    run_max: Duration,

    /// The checks; may be given several times.
    #[arg(long = "tag", value_name = "TAG", default_value = "smoke")]
    tags: Vec<String>,

    /// Write figures for Prometheus there after each run; end its name with `.prom`. Without it, none are written.
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,

    /// One run, for cron.
    #[arg(long)]
    once: bool,

    /// For greenlight-verify.
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

/// Runs it.
///
/// # Errors
/// [`Failure`], before the first run.
pub(crate) async fn run(args: &WatchArgs) -> Result<Exit, Failure> {
    let deployment = configuration::read(&args.config)?;
    let environment = named(&deployment, args.env.as_deref())?;
    let out = deployment.path(&deployment.state).join(environment).join("watch");
    std::fs::create_dir_all(&out).map_err(|error| {
        Failure::usage(format!("cannot make the folder {}: {error}; see `state` in deployment.yaml", out.display()))
    })?;
    let _held = alone(&out)?;
    let watch = Watch {
        args,
        environment,
        tags: args.tags.join(","),
        verifier: Verifier::find(&args.tags, &args.arguments, out).await?,
        interrupt: crate::interrupt::on_signal()?,
        notifier: Notifier::start(&deployment, environment),
    };
    let ended = watch.turns().await;
    watch.notifier.finish().await;
    ended
}

/// Two that write into one folder would read each other's reports. The lock goes with this process.
fn alone(out: &Path) -> Result<File, Failure> {
    let path = out.join("lock");
    let failed = |error: std::io::Error| Failure::usage(format!("cannot lock {}: {error}", path.display()));
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::usage(format!("another watch of this environment is running; it has {}", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn named<'a>(deployment: &'a Deployment, name: Option<&'a str>) -> Result<&'a str, Failure> {
    let known: Vec<&String> = deployment.environments.keys().collect();
    match (name, &known[..]) {
        (Some(name), _) => configuration::environment(deployment, name).map(|_| name),
        (None, [only]) => Ok(only),
        (None, _) => configuration::given(deployment, None),
    }
}

struct Watch<'a> {
    args: &'a WatchArgs,
    environment: &'a str,
    tags: String,
    verifier: Verifier,
    interrupt: CancellationToken,
    notifier: Notifier,
}

impl Watch<'_> {
    async fn turns(&self) -> Result<Exit, Failure> {
        let mut turns = tokio::time::interval(self.args.every);
        turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = turns.tick() => {}
                () = self.interrupt.cancelled() => return Ok(Exit::Interrupted),
            }
            let Some(finding) = self.turn().await else { return Ok(Exit::Interrupted) };
            let shown = self.show(&finding);
            if self.args.once {
                return shown.map(|()| exit_of(finding.state));
            }
            // A full disk, or nobody who reads, ends no watch.
            if let Err(failure) = shown {
                say!("watch    {}", secrets_of_the_environment().text(&failure.message));
            }
        }
    }

    /// One run; `None` if it was interrupted, which says nothing about the target.
    async fn turn(&self) -> Option<Finding> {
        let begun = Instant::now();
        let ended = self.verifier.run(self.args.run_max, &self.interrupt).await;
        let mut finding = match ended {
            Ok(Run::Interrupted) => return None,
            Ok(Run::Ended(code)) => Finding::of(code, self.verifier.read()),
            Ok(Run::TooLong) => {
                Finding::unknown(format!("greenlight-verify did not end within {} s", self.args.run_max.as_secs()))
            }
            Err(problem) => Finding::unknown(problem),
        };
        finding.took = begun.elapsed();
        finding.ended_unix_s = OffsetDateTime::now_utc().unix_timestamp();
        Some(finding)
    }

    fn show(&self, finding: &Finding) -> Result<(), Failure> {
        let what = format!("watch {}", self.tags);
        self.notifier.tell(Notice::now(self.environment, &what, finding.state, &finding.summary, &finding.run_id));
        let summary = secrets_of_the_environment().text(&finding.summary).replace('\n', " ");
        let line = format!("{} {} {}   {summary}\n", crate::clock::timestamp(), self.environment, finding.state);
        let written = self
            .args
            .textfile
            .as_deref()
            .map_or(Ok(()), |path| textfile::write(path, &textfile::text(self.environment, &self.tags, finding)));
        print(&line).and(written)
    }
}

fn exit_of(state: State) -> Exit {
    match state {
        State::Passing => Exit::Passed,
        State::Failing => Exit::Failed,
        State::Incomplete => Exit::Incomplete,
        _ => Exit::Inconclusive,
    }
}
