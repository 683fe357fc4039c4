//! The way back: traffic first if it is still under way, then of the point what the steps may have changed, then whoever can
//! say whether that has helped.

use super::journal::Journal;
use super::migration::Migration;
use super::step::{STEPS, Step};
use super::traffic::{Whose, under_way, whose};
use crate::deploy::{Ending, Last, Move, moved};
use crate::failure::Failure;
use greenlight_config::{MigrateSpec, RollbackSpec};
use greenlight_reports::Exit;

/// The component that brings the build itself back.
const SERVICES: &str = "services";
/// The component whose coming back loses what was written since.
const DATABASE: &str = "database";

/// Goes back, however far it was. Says which components came back.
///
/// # Errors
/// [`Failure`]: a person is needed.
pub(super) fn back(migration: &Migration<'_>, journal: &mut Journal) -> Result<Vec<String>, Failure> {
    let begun = journal.position.begun.clone();
    let came = match journal.position.returning {
        Some(came) => came,
        None => traffic_is_back(migration, &begun)?,
    };
    let name = migration.point_name();
    let point = migration.point(&name);
    let (held, _) = point.held()?;
    let (wanted, left): (Vec<String>, Vec<String>) =
        held.into_iter().partition(|name| wanted(name, &begun, migration.about.may_lose && migration.spec.database));
    say!("  back            {} of the point {name}", wanted.join(", "));
    if !left.is_empty() {
        say!(
            "  left alone      {}; `greenlight rollback run {name} --only …` brings what of it is to come back",
            left.join(", ")
        );
    }
    let is_again = journal.position.returning.is_some() && wanted.iter().any(|component| component == DATABASE);
    if is_again && !migration.given.yes && !point.is_coming_back(DATABASE)? {
        return Err(Failure::new(
            Exit::RollbackFailed,
            format!(
                "the way back was gone before, and whether the database came back then was not written down: what was written to it since would be lost if it came back again. If it may be, `greenlight migrate resume {} --yes` brings it back; if it has come back, take migrate.database out of {}, and it is left alone",
                migration.given.name, migration.given.config
            ),
        ));
    }
    journal.returning(came);
    point.bring_back(&wanted, &|| match (came, &migration.spec.back) {
        (true, Some(step)) => migration.line(step),
        (true, None) if !wanted.iter().any(|component| component == SERVICES) => Err(Failure::unknown(format!(
            "the files are as they were, and the new build still serves: give the traffic of {} back yourself; a line `migrate.back`, or a point with services, does it the next time",
            migration.given.name
        ))),
        _ => Ok(()),
    })?;
    Ok(wanted)
}

/// Nothing is under way any more. Whether the migration's own deploy has come through.
fn traffic_is_back(migration: &Migration<'_>, begun: &[Step]) -> Result<bool, Failure> {
    let own = own_deploy(migration, begun)?;
    if matches!(own, Some(Last { ended: None, .. })) {
        let ended = migration.runtime.block_on(moved(migration.deployment, &migration.given.name, Move::Abort));
        match ended? {
            Exit::RolledBack => {}
            exit => {
                return Err(Failure::new(
                    exit,
                    format!("the deploy did not lead back, and ended with {}: {}", exit.code(), exit.reason()),
                ));
            }
        }
    }
    // By its own journal, as it is now. Over somebody else's nothing is seen of it any more.
    Ok(match whose(migration)? {
        Whose::Ours(Last { ended, .. }) => ended == Some(Ending::New),
        Whose::Anothers(_) => begun.contains(&Step::Deploy),
        Whose::Nobodys => false,
    })
}

/// This migration's deploy, if the last one is. Somebody else's is not taken back with it, unless a person says so.
fn own_deploy(migration: &Migration<'_>, begun: &[Step]) -> Result<Option<Last>, Failure> {
    let name = &migration.given.name;
    match whose(migration)? {
        Whose::Nobodys => Ok(None),
        Whose::Ours(last) => Ok(Some(last)),
        Whose::Anothers(Last { id, ended: None, .. }) => Err(under_way(&id, name)),
        Whose::Anothers(Last { id, .. }) if !begun.contains(&Step::Deploy) => {
            say!("  left alone      deploy {id}, which is not this migration's");
            Ok(None)
        }
        Whose::Anothers(_) if migration.given.yes => Ok(None),
        Whose::Anothers(Last { id, .. }) => Err(Failure::new(
            Exit::RollbackFailed,
            format!(
                "deploy {id} of {name} is not this migration's and came after it, and the way back would take the traffic from what it has brought; `greenlight migrate abort {name} --yes` does that"
            ),
        )),
    }
}

/// Whether a component comes back: if a step was begun that may have changed it. A database only if it was said before
/// anything began that what was written to it since may be lost.
fn wanted(component: &str, begun: &[Step], may_lose: bool) -> bool {
    let touched = begun.iter().any(|step| step.touches().contains(&component));
    touched && (component != DATABASE || may_lose)
}

/// What would come back of what the environment's points hold, for a dry run.
pub(super) fn would(spec: &MigrateSpec, rollback: &RollbackSpec) -> String {
    let holds = |component: &str| match component {
        "files" => !rollback.files.is_empty(),
        "env" => !rollback.env.is_empty(),
        SERVICES => rollback.services.is_some(),
        DATABASE => rollback.database.is_some() && spec.database,
        _ => false,
    };
    let mut said: Vec<&str> = Vec::new();
    let after = |step: &Step| {
        let is_new = |name: &&str| holds(name) && !said.contains(name);
        let components: Vec<&str> = step.touches().iter().copied().filter(is_new).collect();
        said.extend(&components);
        (!components.is_empty()).then(|| format!("{} from {step} on", components.join(", ")))
    };
    STEPS.iter().filter_map(after).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::wanted;
    use crate::migrate::step::{STEPS, Step};

    fn comes(begun: &[Step], may_lose: bool) -> String {
        let names = ["files", "env", "redis", "sip", "database", "services"];
        names.into_iter().filter(|name| wanted(name, begun, may_lose)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_what_a_begun_step_may_have_changed_comes_back() {
        let until = |last: Step| STEPS.into_iter().filter(|step| *step <= last).collect::<Vec<_>>();
        for (last, may_lose, expected) in [
            (Step::Point, true, ""),
            (Step::Configuration, true, "files"),
            (Step::Environment, true, "files env"),
            (Step::Deploy, false, "files env services"),
            (Step::Deploy, true, "files env database services"),
            (Step::Validation, false, "files env services"),
        ] {
            assert_eq!(comes(&until(last), may_lose), expected, "until {last}, {may_lose}");
        }
        // One that is skipped has changed nothing.
        assert_eq!(comes(&[Step::Configuration, Step::Validation], true), "files");
    }
}
