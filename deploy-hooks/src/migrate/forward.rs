//! What each step does, by the commands that there are. Each may be done again after a kill at whatever moment.

use super::migration::Migration;
use super::prerequisites::prerequisites;
use super::step::Step;
use super::traffic::deploy;
use crate::env::{EnvCommand, UpdateArgs};
use crate::failure::Failure;
use crate::gate::{ask, gate_text};
use crate::output::print;
use crate::plan::{ApplyArgs, BetweenArgs, GenerateArgs, LookArgs, PlanCommand, SeeArgs};
use crate::rollback::rehearsed;
use crate::validate::{Level, ValidateArgs};
use greenlight_config::Environment;
use greenlight_reports::Exit;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where traffic of users is, and a rehearsal is demanded even where deployment.yaml says nothing of one.
pub(super) const PRODUCTION: &str = "production";
/// Of the migration's own folder.
const PLAN: &str = "plan.json";
/// Of the same, and gone when it ends.
pub(super) const CORRECTED: &str = "corrected";
/// A week.
const REHEARSAL_AGE_MAX_S: u64 = 7 * 86_400;

/// Does a step. `again` says that it was begun before and not seen to end.
///
/// # Errors
/// [`Failure`]: it is red, or was interrupted.
pub(super) fn perform(migration: &Migration<'_>, step: Step, again: bool) -> Result<(), Failure> {
    match step {
        Step::Prerequisites => {
            prerequisites(migration)?.iter().for_each(|seen| say!("  seen    {seen}"));
            Ok(())
        }
        Step::Plan => planned(migration),
        Step::Gate => gate(migration),
        Step::Point => migration.point(&migration.point_name()).make(),
        Step::Configuration => configuration(migration, again),
        Step::Environment => update(migration, false),
        Step::Deploy => deploy(migration),
        Step::Validation => validation(migration),
    }
}

/// Whether it is not done here at all, and why: known before anything begins.
pub(super) fn is_skipped(migration: &Migration<'_>, step: Step) -> Option<String> {
    let environment = migration.environment;
    let no_driver = || {
        let name = &migration.given.name;
        format!(
            "environment {name} has no `driver:`, so the new version was not put into service: do that yourself, or add one"
        )
    };
    match step {
        Step::Gate if environment.driver.is_none() && migration.given.name != PRODUCTION => {
            Some("nothing is shipped by this command, and so no gate was asked".to_owned())
        }
        Step::Deploy if environment.driver.is_none() => Some(no_driver()),
        Step::Environment if migration.env_files().is_empty() => {
            Some("there is no environment file in migrate.env or rollback.env".to_owned())
        }
        _ => None,
    }
}

fn see(migration: &Migration<'_>) -> SeeArgs {
    SeeArgs { folder: migration.folder(), token_file: None, url: None, ca: None }
}

fn plan(migration: &Migration<'_>, out: &str) -> Result<(), Failure> {
    let look = LookArgs {
        see: see(migration),
        from: migration.spec.from.clone(),
        to: Some(migration.about.to.clone()),
        no_engine: !migration.spec.engine,
    };
    let command = PlanCommand::Generate(GenerateArgs { look, out: migration.file(out) });
    green(crate::plan::run(&command, migration.runtime), "greenlight plan generate")
}

fn apply(migration: &Migration<'_>, plan: &str, out: Option<PathBuf>) -> Result<Exit, Failure> {
    let dry_run = out.is_some();
    let command =
        PlanCommand::Apply(ApplyArgs { plan: migration.file(plan), folder: migration.folder(), dry_run, out });
    crate::plan::run(&command, migration.runtime)
}

/// The plan, and everything that it and the environment files would be changed to: what needs a person is found before
/// anything is changed.
fn planned(migration: &Migration<'_>) -> Result<(), Failure> {
    plan(migration, PLAN)?;
    corrected(migration)?;
    update(migration, true)
}

/// Corrected copies, in a folder of their own.
fn corrected(migration: &Migration<'_>) -> Result<PathBuf, Failure> {
    let folder = migration.file(CORRECTED);
    green(apply(migration, PLAN, Some(folder.clone())), "greenlight plan apply --dry-run")?;
    Ok(folder)
}

/// The gate is asked about what will be there: the configuration as it is corrected, where the gate is about that.
fn gate(migration: &Migration<'_>) -> Result<(), Failure> {
    let mut environment: Environment = migration.environment.clone();
    if let Some(config) = migration.environment.artefact.config.as_ref().map(|file| migration.deployment.path(file))
        && let Some(below) = migration.below_folder(&config)
    {
        let copy = corrected(migration)?.join(below);
        if copy.exists() {
            let copy = std::path::absolute(&copy).map_err(Failure::unknown)?;
            environment.artefact.config = Some(copy);
        }
    }
    may_be_shipped(migration, &environment)
}

/// The gate is open, and where that is demanded a point was rehearsed.
///
/// # Errors
/// [`Failure`]: with the gate's own status, or of refused evidence.
pub(super) fn may_be_shipped(migration: &Migration<'_>, environment: &Environment) -> Result<(), Failure> {
    let name = &migration.given.name;
    let decision = migration.runtime.block_on(ask(migration.deployment, environment, None))?.decision;
    print(&gate_text(name, &decision))?;
    if !decision.is_open() {
        let reasons: Vec<String> = decision.refusals.iter().map(ToString::to_string).collect();
        return Err(Failure::new(decision.exit(), format!("the gate is closed: {}", reasons.join("; "))));
    }
    let wanted = migration.rollback.rehearsal_age_max_s;
    let wanted = if name == PRODUCTION { wanted.or(Some(REHEARSAL_AGE_MAX_S)) } else { wanted };
    if let Some(age_max_s) = wanted {
        let point = rehearsed(migration.deployment, name, environment, age_max_s)?;
        say!("  seen    the point {point} was rehearsed");
    }
    Ok(())
}

/// A plan is applied to what was planned. After a kill in the middle some files are corrected already: then it is planned
/// again, and what is left is done.
fn configuration(migration: &Migration<'_>, again: bool) -> Result<(), Failure> {
    let file = if again { "plan-again.json" } else { PLAN };
    if again {
        plan(migration, file)?;
    }
    green(apply(migration, file, None), "greenlight plan apply")
}

fn update(migration: &Migration<'_>, dry_run: bool) -> Result<(), Failure> {
    for file in migration.env_files() {
        let command = EnvCommand::Update(UpdateArgs {
            file,
            set: migration.spec.set.iter().map(|(name, value)| format!("{name}={value}")).collect(),
            take: vec![],
            generate: vec![],
            unset: vec![],
            to: Some(migration.about.to.clone()),
            dry_run,
        });
        green(crate::env::run(&command), "greenlight env update")?;
    }
    Ok(())
}

fn validation(migration: &Migration<'_>) -> Result<(), Failure> {
    let target = migration.environment.target.is_some();
    let arguments = match target {
        true => {
            ["--target", &migration.given.name, "--deployment", &migration.given.config].map(OsString::from).to_vec()
        }
        false => vec![],
    };
    let args = ValidateArgs {
        see: see(migration),
        between: BetweenArgs::default(),
        full: true,
        category: vec![],
        level: if target { Level::Integration } else { Level::Config },
        output: None,
        out: migration.file("validation"),
        arguments,
    };
    green(migration.runtime.block_on(crate::validate::run(&args)), "greenlight validate")?;
    migration.spec.validate.iter().try_for_each(|step| migration.line(step))
}

/// A status that is not 0 is red as a failure is.
fn green(ended: Result<Exit, Failure>, what: &str) -> Result<(), Failure> {
    match ended? {
        Exit::Passed => Ok(()),
        exit => Err(Failure::new(exit, format!("{what} ended with {}: {}", exit.code(), exit.reason()))),
    }
}

/// What a step would do, for a dry run.
pub(super) fn would(migration: &Migration<'_>, step: Step) -> String {
    if let Some(why) = is_skipped(migration, step) {
        return format!("NOT DONE {why}");
    }
    let (folder, to, name) = (migration.folder(), &migration.about.to, &migration.given.name);
    let shown = |files: &[PathBuf]| {
        files.iter().map(|file: &PathBuf| Path::display(file).to_string()).collect::<Vec<_>>().join(" ")
    };
    let lines = |step: &Option<greenlight_config::Step>| {
        step.iter().map(|step| format!(", then {}", step.run.join(" "))).collect::<String>()
    };
    match step {
        Step::Prerequisites => "looked at, also in this dry run".to_owned(),
        Step::Plan => format!(
            "greenlight plan generate {} --to {to}, and what it and the environment files would come to",
            folder.display()
        ),
        Step::Gate => format!("greenlight gate --env {name}, and whether a point was rehearsed where that is demanded"),
        Step::Point => {
            let components: Vec<String> = migration
                .rollback
                .files
                .iter()
                .chain(&migration.rollback.env)
                .map(|path| path.display().to_string())
                .collect();
            format!(
                "greenlight rollback create migrate-<id> --environment {name}: {}, …, read back to its end",
                components.join(", ")
            )
        }
        Step::Configuration => {
            format!("greenlight plan apply plan.json --folder {}   (from here on red leads back)", folder.display())
        }
        Step::Environment => format!("greenlight env update {} --to {to}", shown(&migration.env_files())),
        Step::Deploy => format!("greenlight deploy --env {name}"),
        Step::Validation => match migration.environment.target.is_some() {
            true => format!(
                "greenlight validate {} --full --level integration -- --target {name}{}",
                folder.display(),
                lines(&migration.spec.validate)
            ),
            false => format!(
                "greenlight validate {} --full --level config{}; what serves is not looked at, for want of `target:`",
                folder.display(),
                lines(&migration.spec.validate)
            ),
        },
    }
}
