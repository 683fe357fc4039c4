//! Whether a file is among what a point of an environment holds, by where it really lies: files are written through links, and
//! a link comes back as the link that it is.

use greenlight_config::{Deployment, RollbackSpec};
use std::fs;
use std::path::{Path, PathBuf};

/// What `rollback.files` and `rollback.env` name, as it really lies.
#[derive(Default)]
pub(crate) struct Roots(Vec<PathBuf>);

impl Roots {
    /// Of an environment.
    pub(crate) fn of(deployment: &Deployment, spec: &RollbackSpec) -> Self {
        Self(spec.files.iter().chain(&spec.env).filter_map(|root| held(&deployment.path(root))).collect())
    }

    /// Where it really lies, if that is below none of them. What can't be found is named by whoever wants to read it.
    pub(crate) fn outside(&self, path: &Path) -> Option<PathBuf> {
        let real = fs::canonicalize(path).ok()?;
        (!self.0.iter().any(|root| real.starts_with(root))).then_some(real)
    }
}

/// Where a root of a point lies. Of one that is a link only the link is kept.
fn held(root: &Path) -> Option<PathBuf> {
    match fs::symlink_metadata(root).ok()?.is_symlink() {
        true => None,
        false => fs::canonicalize(root).ok(),
    }
}
