//! `greenlight migrate` on the command line.

use super::back::back;
use super::forward::{is_skipped, may_be_shipped, own_deploy, perform, would};
use super::journal::{Ending, Journal};
use super::migration::{Given, Migration};
use super::prerequisites::prerequisites;
use super::report;
use super::step::{STEPS, Step};
use crate::configuration;
use crate::deploy::Lock;
use crate::failure::Failure;
use crate::notify::State;
use crate::output::{also_to, print};
use crate::process::secrets_of_the_environment;
use clap::{Args, Subcommand};
use greenlight_reports::Exit;
use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Signals come in while the runtime waits: so long between two steps.
const SIGNAL_MAX: Duration = Duration::from_millis(1);

/// Moves an environment to another version of livekit-server: prerequisites, plan, gate, rollback point, configuration,
/// environment files, deploy, validation. A red step leads back.
///
/// What is moved stands in `migrate:` of the environment in deployment.yaml. Each step is written down before and after; a
/// red one after the first change restores the rollback point, and whoever can say so says whether that has helped. How it
/// went stands in `migration-report.md`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
`production` wants an open gate and a point that was rehearsed in the last week (or rollback.rehearsal_age_max_s), whatever
else it says. After a crash, or Ctrl-C, `resume` goes on and `abort` goes back. An environment without a driver is not
deployed to, and the report says so.

Exit codes: 0 all is new; 7 a step was red, and all is as it was, verified; 8 a person is needed; 1 to 6 nothing was changed
(5: the gate's evidence or the rehearsal is refused); 130 interrupted, `resume` works.

Examples:
  greenlight migrate --dry-run
  greenlight migrate staging --sign-key points.pem --identity key.txt
  greenlight migrate production --sign-key points.pem --identity key.txt
  greenlight migrate resume staging --sign-key points.pem --identity key.txt"
)]
pub(crate) struct MigrateArgs {
    #[command(subcommand)]
    command: Option<MigrateCommand>,

    #[command(flatten)]
    wanted: Wanted,

    /// Look at the prerequisites and the gate, and say what would be done; nothing is touched.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Args)]
struct Wanted {
    /// The environment of deployment.yaml.
    #[arg(value_name = "ENVIRONMENT", default_value = "development")]
    environment: String,

    /// Keys, environments, what a migration changes.
    #[arg(long, value_name = "FILE", default_value = "config/deployment.yaml")]
    config: String,

    /// The private key that signs the rollback point. Only its owner may read it.
    #[arg(long, value_name = "FILE", env = "GREENLIGHT_SIGN_KEY")]
    sign_key: Option<PathBuf>,

    /// The identity of age that opens the rollback point: without it nothing could be brought back. Only its owner may read
    /// it.
    #[arg(long, value_name = "FILE", env = "GREENLIGHT_IDENTITY")]
    identity: Option<PathBuf>,

    /// A public key that is believed on points, besides `keys` of deployment.yaml; may be given several times.
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum MigrateCommand {
    /// Go on with a migration that stopped in the middle, forward or back.
    Resume(Wanted),
    /// Go back, unless the old colour drains already.
    Abort(Wanted),
}

impl Wanted {
    fn given(&self) -> Result<Given, Failure> {
        let file = |file: &Option<PathBuf>, what: &str| {
            file.clone().ok_or_else(|| Failure::usage(format!("a migration makes a point to come back to: {what}")))
        };
        Ok(Given {
            name: self.environment.clone(),
            config: self.config.clone(),
            sign_key: file(&self.sign_key, "name what signs it with --sign-key (`greenlight keygen` makes a pair)")?,
            identity: file(&self.identity, "name what opens it with --identity (`age-keygen -o key.txt` makes one)")?,
            key: self.key.clone(),
        })
    }
}

/// Runs it. Its steps wait for themselves, so nothing waits for it.
///
/// # Errors
/// [`Failure`], as the command says.
pub(crate) fn run(args: &MigrateArgs, runtime: &Runtime) -> Result<Exit, Failure> {
    match &args.command {
        None => begin(&args.wanted, args.dry_run, runtime),
        Some(MigrateCommand::Resume(wanted)) => go_on(wanted, false, runtime),
        Some(MigrateCommand::Abort(wanted)) => go_on(wanted, true, runtime),
    }
}

fn begin(wanted: &Wanted, dry_run: bool, runtime: &Runtime) -> Result<Exit, Failure> {
    let given = wanted.given()?;
    let deployment = configuration::read(&given.config)?;
    let migration = Migration::of(&given, &deployment, runtime, None)?;
    if dry_run {
        return rehearse(&migration);
    }
    let place = migration.place();
    std::fs::create_dir_all(&place).map_err(|error| {
        Failure::usage(format!("cannot make {}: {error}; see `state` in deployment.yaml", place.display()))
    })?;
    let _lock = Lock::take(&place.join("lock"), &format!("migrate {}", migration.about.id))?;
    let file = place.join("journal.jsonl");
    if let Some(left) = Journal::open(&file)?.filter(|left| left.position.ended.is_none()) {
        return Err(Failure::usage(format!(
            "migration {} of {} is not finished; `greenlight migrate resume {1}` goes on, `abort` goes back",
            left.position.about.id, given.name
        )));
    }
    migration.make_place()?;
    let journal = Journal::create(&file, &migration.about)?;
    Run { migration: &migration, journal }.run()
}

/// Says what would be done.
fn rehearse(migration: &Migration<'_>) -> Result<Exit, Failure> {
    let mut text = String::new();
    let about = &migration.about;
    let _ = writeln!(text, "dry run  {} to livekit-server {}; nothing is touched", about.environment, about.to);
    for step in STEPS {
        let _ = writeln!(text, "  {:<14} {}", step.word(), would(migration, step));
    }
    print(&text)?;
    prerequisites(migration)?.iter().for_each(|seen| say!("  seen    {seen}"));
    if is_skipped(migration, Step::Gate).is_none() {
        may_be_shipped(migration, migration.environment)?;
    }
    Ok(Exit::Passed)
}

fn go_on(wanted: &Wanted, turn_back: bool, runtime: &Runtime) -> Result<Exit, Failure> {
    let word = if turn_back { "abort" } else { "resume" };
    let given = wanted.given()?;
    let deployment = configuration::read(&given.config)?;
    configuration::environment(&deployment, &given.name)?;
    let none = || Failure::usage(format!("no migration of {} is under way; there is nothing to {word}", given.name));
    let place = deployment.path(&deployment.state).join(&given.name).join("migrate");
    if !place.is_dir() {
        return Err(none());
    }
    let _lock = Lock::take(&place.join("lock"), &format!("migrate {word}"))?;
    let mut journal = Journal::open(&place.join("journal.jsonl"))?.ok_or_else(none)?;
    if journal.position.ended.is_some() {
        return Err(none());
    }
    let migration = Migration::of(&given, &deployment, runtime, Some(journal.position.about.clone()))?;
    if turn_back && journal.position.back.is_none() {
        if own_deploy(&migration)?.is_some_and(|last| last.ended.is_none() && last.is_past_return) {
            return Err(Failure::usage(format!(
                "the old colour of {0} drains already, and can't come back; `greenlight migrate resume {0}` finishes",
                given.name
            )));
        }
        journal.turn_back("aborted by a person");
    }
    Run { migration: &migration, journal }.run()
}

/// A migration under way.
struct Run<'a, 'b> {
    migration: &'a Migration<'b>,
    journal: Journal,
}

/// How it ended, or why it did not.
type Ended = Result<Exit, Failure>;

impl Run<'_, '_> {
    /// Goes on until all is new or all is old, and leaves its report however it ends.
    fn run(mut self) -> Ended {
        let about = self.migration.about.clone();
        let log = self.migration.file("migration.log");
        let opened = File::options().create(true).append(true).mode(0o600).open(&log);
        let opened = opened.map_err(|error| Failure::usage(format!("cannot write {}: {error}", log.display())))?;
        also_to(Some(opened));
        say!("migrate  {} {} to livekit-server {}   log {}", about.id, about.environment, about.to, log.display());
        let ended = self.told();
        also_to(None);
        ended
    }

    fn told(&mut self) -> Ended {
        let migration = self.migration;
        migration.audit("goes on")?;
        migration.tell(State::Begun, &format!("to livekit-server {}", migration.about.to));
        let ended = self.ended();
        let redactor = secrets_of_the_environment();
        let said = ended.as_ref().err().map(|failure| redactor.text(&failure.message)).unwrap_or_default();
        let state = match &ended {
            Ok(_) if self.journal.position.ended == Some(Ending::New) => State::New,
            Ok(_) => State::Old,
            Err(failure) => match failure.exit {
                Exit::RollbackFailed => State::Stuck,
                Exit::Interrupted => State::Interrupted,
                _ => State::Old,
            },
        };
        let position = &self.journal.position;
        let written = report::write(migration, position, &said);
        let reason = position.back.clone().unwrap_or(said);
        migration.tell(state, if reason.is_empty() { "done" } else { &reason });
        let audited = migration.audit(&format!("{state}"));
        let (file, exit) = match (written, audited) {
            (Ok(file), Ok(())) => (file.display().to_string(), None),
            (Err(failure), _) | (_, Err(failure)) => (format!("not written: {failure}"), Some(failure)),
        };
        print(&format!("{state:<8} {} {}\nreport   {file}\n", migration.about.environment, redactor.text(&reason)))?;
        match (ended, exit) {
            // All is new, and nobody could read it: that is not done.
            (Ok(Exit::Passed), Some(failure)) => Err(failure),
            (ended, _) => ended,
        }
    }

    fn ended(&mut self) -> Ended {
        let migration = self.migration;
        let interrupt = migration.runtime.block_on(async { crate::interrupt::on_signal() })?;
        while self.journal.position.back.is_none() {
            let Some(step) = self.journal.position.next() else {
                self.journal.end(Ending::New)?;
                return Ok(Exit::Passed);
            };
            self.interrupted(&interrupt)?;
            if let Some(why) = is_skipped(migration, step) {
                say!("  {:<14} NOT DONE: {why}", step.word());
                self.journal.skip(step, &why)?;
                continue;
            }
            self.step(step)?;
        }
        self.back()
    }

    fn advice(&self) -> String {
        let name = &self.migration.given.name;
        format!("`greenlight migrate resume {name}` goes on, `greenlight migrate abort {name}` goes back")
    }

    fn interrupted(&self, interrupt: &CancellationToken) -> Result<(), Failure> {
        let heard = self
            .migration
            .runtime
            .block_on(async { tokio::time::timeout(SIGNAL_MAX, interrupt.cancelled()).await.is_ok() });
        match heard {
            true => Err(Failure::interrupted(format!("interrupted; {}", self.advice()))),
            false => Ok(()),
        }
    }

    /// One step; a red one turns back, or ends it where nothing was changed.
    fn step(&mut self, step: Step) -> Result<(), Failure> {
        let again = self.journal.position.begun.contains(&step);
        say!("  {:<14} begun", step.word());
        self.journal.begin(step)?;
        let begun = Instant::now();
        let Err(failure) = perform(self.migration, step, again) else {
            let took_ms = elapsed_ms(begun);
            say!("  {:<14} done in {took_ms} ms", step.word());
            return self.journal.done(step, took_ms);
        };
        let failure = failure.during(step);
        say!("  {:<14} FAILED", step.word());
        match failure.exit {
            Exit::Interrupted => Err(Failure::interrupted(format!("{failure}; {}", self.advice()))),
            // Traffic is neither here nor there: nothing may be taken from under it.
            Exit::RollbackFailed => Err(Failure::new(failure.exit, format!("{failure}; {}", self.advice()))),
            _ if self.journal.position.has_changed() => {
                self.journal.turn_back(&failure.message);
                Ok(())
            }
            exit => {
                self.journal.end(Ending::Unchanged)?;
                Err(Failure::new(exit, format!("{failure}; nothing was changed")))
            }
        }
    }

    fn back(&mut self) -> Ended {
        if !self.journal.position.has_changed() {
            self.journal.end(Ending::Unchanged)?;
            say!("  nothing had been changed");
            return Ok(Exit::Passed);
        }
        say!("  {:<14} begun", "way back");
        let begun = Instant::now();
        if let Err(failure) = back(self.migration) {
            let name = &self.migration.given.name;
            let exit = if failure.exit == Exit::Interrupted { failure.exit } else { Exit::RollbackFailed };
            let because = self.journal.position.back.clone().unwrap_or_default();
            return Err(Failure::new(
                exit,
                format!(
                    "the way back failed: {failure}; before that: {because}; mend it, and `greenlight migrate resume {name}` tries again"
                ),
            ));
        }
        let took_ms = elapsed_ms(begun);
        say!("  {:<14} done in {took_ms} ms", "way back");
        for written in [self.journal.is_back(took_ms), self.journal.end(Ending::Old)] {
            // All is as it was, written down or not.
            if let Err(failure) = written {
                say!("error: {failure}");
            }
        }
        Ok(Exit::RolledBack)
    }
}

fn elapsed_ms(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
