//! The way back: traffic first if it is still under way, then the point, then whoever can say whether that has helped.

use super::forward::own_deploy;
use super::migration::Migration;
use crate::deploy::{Ending, Last, Move, moved};
use crate::failure::Failure;
use greenlight_reports::Exit;

/// The component that brings the build itself back.
const SERVICES: &str = "services";

/// Goes back, however far it was.
///
/// # Errors
/// [`Failure`]: a person is needed.
pub(super) fn back(migration: &Migration<'_>) -> Result<(), Failure> {
    let own = own_deploy(migration)?;
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
    // By its own journal, as it is now.
    let came = matches!(own_deploy(migration)?, Some(Last { ended: Some(Ending::New), .. }));
    let name = migration.point_name();
    let point = migration.point(&name);
    let (held, _) = point.held()?;
    point.bring_back(&|| match (came, &migration.spec.back) {
        (true, Some(step)) => migration.line(step),
        (true, None) if !held.iter().any(|component| component == SERVICES) => Err(Failure::unknown(format!(
            "the files are as they were, and the new build still serves: give the traffic of {} back yourself; a line `migrate.back`, or a point with services, does it the next time",
            migration.given.name
        ))),
        _ => Ok(()),
    })
}
