//! The traffic's part of a migration: its own deploy, known by an id that is written down before anything else, and nobody
//! else's.

use super::migration::Migration;
use crate::deploy::{Ending, Last, Move, last, moved};
use crate::failure::Failure;
use greenlight_reports::Exit;

/// Whose the last deploy of the environment is.
pub(super) enum Whose {
    /// Nobody has deployed since the migration began.
    Nobodys,
    /// This migration's.
    Ours(Last),
    /// Somebody's who has deployed in between.
    Anothers(Last),
}

/// Looks whose it is.
///
/// # Errors
/// [`Failure`]: its journal can't be read.
pub(super) fn whose(migration: &Migration<'_>) -> Result<Whose, Failure> {
    let about = &migration.about;
    Ok(match last(migration.deployment, &migration.given.name)? {
        Some(last) if last.id == about.deploy => Whose::Ours(last),
        Some(last) if Some(&last.id) != about.deploy_before.as_ref() => Whose::Anothers(last),
        _ => Whose::Nobodys,
    })
}

/// What is said of a deploy under way that is not this migration's.
pub(super) fn under_way(id: &str, name: &str) -> Failure {
    let message = format!(
        "deploy {id} of {name} is not this migration's, and is not finished; `greenlight deploy resume --env {name}` goes on with it, `abort` goes back"
    );
    Failure::new(Exit::RollbackFailed, message)
}

/// Nobody else is in the middle of a deploy: then this migration's has not begun, and a way back takes nothing from anybody.
///
/// # Errors
/// [`Failure`]: somebody is.
pub(super) fn may_deploy(migration: &Migration<'_>) -> Result<(), Failure> {
    match whose(migration)? {
        Whose::Anothers(Last { id, ended: None, .. }) => Err(under_way(&id, &migration.given.name)),
        _ => Ok(()),
    }
}

/// Deploys, or goes on with its deploy. Over what somebody else has deployed in between a new one is begun.
///
/// # Errors
/// [`Failure`]: it is red, or was interrupted.
pub(super) fn deploy(migration: &Migration<'_>) -> Result<(), Failure> {
    let name = &migration.given.name;
    let way = match whose(migration)? {
        Whose::Ours(Last { ended: None, .. }) => Move::Resume,
        Whose::Ours(Last { ended: Some(Ending::New), .. }) => return Ok(()),
        Whose::Ours(Last { id, .. }) => {
            return Err(Failure::red(format!("the deploy {id} has led back to the old build")));
        }
        Whose::Anothers(_) | Whose::Nobodys => Move::Begin(&migration.about.deploy),
    };
    let ended = migration.runtime.block_on(moved(migration.deployment, name, way))?;
    match ended {
        Exit::Passed => Ok(()),
        exit => Err(Failure::new(exit, format!("greenlight deploy ended with {}: {}", exit.code(), exit.reason()))),
    }
}
