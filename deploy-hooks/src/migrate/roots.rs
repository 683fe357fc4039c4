//! Whether what a migration writes is among what its point holds.

use super::migration::Migration;
use crate::failure::Failure;
use crate::rollback::Roots;

/// What no point would bring back, and how to mend that.
pub(super) fn not_held(migration: &Migration<'_>) -> Vec<Failure> {
    let roots = Roots::of(migration.deployment, migration.rollback);
    let mut found = Vec::new();
    let folder = migration.folder();
    if let Some(real) = roots.outside(&folder) {
        found.push(Failure::usage(format!(
            "migrate.folder {} leads to {1}, and nothing that the point holds would bring that back, since a link is kept as a link; write {1} itself into migrate.folder and rollback.files",
            folder.display(),
            real.display()
        )));
    }
    for file in migration.env_files() {
        if let Some(real) = roots.outside(&file) {
            found.push(Failure::usage(format!(
                "the environment file {} leads to {1}, and nothing that the point holds would bring that back, since a link is kept as a link; write {1} itself into rollback.env, and into migrate.env if that names files",
                file.display(),
                real.display()
            )));
        }
    }
    found
}
