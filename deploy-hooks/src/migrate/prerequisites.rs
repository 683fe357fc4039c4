//! What must be there before anything is begun: what `greenlight doctor` knows of this machine, and what the environment
//! needs.

use super::migration::Migration;
use super::roots::not_held;
use crate::doctor::lacking;
use crate::failure::Failure;
use crate::files::read_text;
use greenlight_config::Driver;
use greenlight_reports::Exit;
use std::path::Path;

/// More than every environment file that people write.
const ENV_BYTES_MAX: u64 = 4 << 20;

/// Looks at everything; nothing is changed.
///
/// # Errors
/// [`Failure`] with everything that is lacking.
pub(super) fn prerequisites(migration: &Migration<'_>) -> Result<Vec<String>, Failure> {
    let mut lacks: Vec<Failure> = Vec::new();
    let mut seen = Vec::new();
    let environment = migration.environment;
    let mut groups = vec!["limits", "configuration", "verify"];
    // What serves is tested by greenlight-verify, which needs no engine for a deployment at its address.
    if environment.target.is_some() {
        groups.push("build");
    }
    if matches!(environment.driver, Some(Driver::Docker(_))) {
        groups.push("engine");
    }
    let above = Path::new(&migration.given.config).parent().filter(|above| !above.as_os_str().is_empty());
    let lacking = migration.runtime.block_on(lacking(above.unwrap_or(Path::new(".")), &groups));
    seen.push(format!("this machine: {} looked at, {} lacking", groups.join(", "), lacking.len()));
    lacks.extend(lacking.into_iter().map(Failure::usage));
    let folder = migration.folder();
    match folder.is_dir() {
        true => seen.push(format!("the folder {}", folder.display())),
        false => lacks.push(Failure::usage(format!(
            "migrate.folder {} is no folder; name the one with livekit.yaml",
            folder.display()
        ))),
    }
    for file in migration.env_files() {
        match read_text(&file, ENV_BYTES_MAX) {
            Ok(_) => seen.push(format!("the environment file {}", file.display())),
            Err(error) => lacks.push(Failure::usage(format!(
                "cannot read the environment file {}: {error}; see migrate.env and rollback.env",
                file.display()
            ))),
        }
    }
    lacks.extend(not_held(migration));
    let name = migration.point_name();
    if migration.spec.database && !migration.about.may_lose {
        let database = migration.rollback.database.as_ref().map(|database| database.name.as_str()).unwrap_or_default();
        lacks.push(Failure::usage(format!(
            "migrate.database has the way back bring the database {database} too, if a step is red once the deploy has begun: what is written to it after {name} was made is lost then; say --yes if it may be, or leave migrate.database out, and the database is left alone"
        )));
    }
    match migration.point(&name).could_come_back() {
        Ok(()) => seen.push(format!("keys that make, open and believe the point {name}")),
        Err(failure) => lacks.push(failure),
    }
    if let Some(last) = crate::deploy::last(migration.deployment, &migration.given.name)?
        && last.ended.is_none()
    {
        lacks.push(Failure::usage(format!(
            "deploy {} of {} is not finished; `greenlight deploy resume --env {1}` goes on, `abort` goes back",
            last.id, migration.given.name
        )));
    }
    match lacks.as_slice() {
        [] => Ok(seen),
        [first, ..] => {
            let exit = if lacks.iter().all(|one| one.exit == first.exit) { first.exit } else { Exit::Usage };
            let said: Vec<&str> = lacks.iter().map(|one| one.message.as_str()).collect();
            Err(Failure::new(exit, said.join("\n       ")))
        }
    }
}
