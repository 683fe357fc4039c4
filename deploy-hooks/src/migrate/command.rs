//! `greenlight migrate` on the command line.

use super::back;
use super::forward::{is_skipped, may_be_shipped, would};
use super::journal::Journal;
use super::migration::{Given, Migration};
use super::prerequisites::prerequisites;
use super::run::Run;
use super::step::{STEPS, Step};
use super::traffic::{Whose, whose};
use crate::configuration;
use crate::deploy::Lock;
use crate::failure::Failure;
use crate::output::print;
use clap::{Args, Subcommand};
use greenlight_reports::Exit;
use std::fmt::Write as _;
use std::path::PathBuf;
use tokio::runtime::Runtime;

/// Moves an environment to another version of livekit-server: prerequisites, plan, gate, rollback point, configuration,
/// environment files, deploy, validation. A red step leads back.
///
/// What is moved stands in `migrate:` of the environment in deployment.yaml. Each step is written down before and after; a
/// red one after the first change brings back from the rollback point what was changed, and whoever can say so says whether
/// that has helped. How it went stands in `migration-report.md`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
`production` wants an open gate and a point that was rehearsed in the last week (or rollback.rehearsal_age_max_s), whatever
else it says. After a crash, or Ctrl-C, `resume` goes on and `abort` goes back. An environment without a driver is not
deployed to, and the report says so.

The way back leaves trunks, rules, what lasts in Redis, and the database alone; the last only without `migrate.database`.

Exit codes: 0 all is new; 7 a step was red, and what was changed is as it was, verified; 8 a person is needed; 1 to 6 nothing
was changed (5: the gate's evidence or the rehearsal is refused); 130 interrupted, `resume` works.

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

    /// Yes, what is said to be lost may be lost: with `migrate.database` what is written to the database until the way back;
    /// for `abort` the traffic of a later deploy that is not this migration's. Without it both are refused.
    #[arg(long)]
    yes: bool,
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
            yes: self.yes,
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
    let _ = writeln!(text, "  way back       {}", back::would(migration.spec, migration.rollback));
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
        if matches!(whose(&migration)?, Whose::Ours(last) if last.ended.is_none() && last.is_past_return) {
            return Err(Failure::usage(format!(
                "the old colour of {0} drains already, and can't come back; `greenlight migrate resume {0}` finishes",
                given.name
            )));
        }
        journal.turn_back("aborted by a person");
    }
    Run { migration: &migration, journal }.run()
}
