//! Whether what a migration writes is among what its point holds, by where it really lies: files are written through links,
//! and a link comes back as the link that it is.

use super::migration::Migration;
use crate::failure::Failure;
use std::fs;
use std::path::{Path, PathBuf};

/// What no point would bring back, and how to mend that.
pub(super) fn not_held(migration: &Migration<'_>) -> Vec<Failure> {
    let named = migration.rollback.files.iter().chain(&migration.rollback.env);
    let roots: Vec<PathBuf> = named.filter_map(|root| held(&migration.deployment.path(root))).collect();
    let mut found = Vec::new();
    let folder = migration.folder();
    if let Some(real) = outside(&folder, &roots) {
        found.push(Failure::usage(format!(
            "migrate.folder {} leads to {1}, and nothing that the point holds would bring that back, since a link is kept as a link; write {1} itself into migrate.folder and rollback.files",
            folder.display(),
            real.display()
        )));
    }
    for file in migration.env_files() {
        if let Some(real) = outside(&file, &roots) {
            found.push(Failure::usage(format!(
                "the environment file {} leads to {1}, and nothing that the point holds would bring that back, since a link is kept as a link; write {1} itself into rollback.env, and into migrate.env if that names files",
                file.display(),
                real.display()
            )));
        }
    }
    found
}

/// Where a root of a point lies. Of one that is a link only the link is kept.
fn held(root: &Path) -> Option<PathBuf> {
    match fs::symlink_metadata(root).ok()?.is_symlink() {
        true => None,
        false => fs::canonicalize(root).ok(),
    }
}

/// Where it really lies, if that is below none of the roots. What can't be found is named by whoever wants to read it.
fn outside(path: &Path, roots: &[PathBuf]) -> Option<PathBuf> {
    let real = fs::canonicalize(path).ok()?;
    (!roots.iter().any(|root| real.starts_with(root))).then_some(real)
}
