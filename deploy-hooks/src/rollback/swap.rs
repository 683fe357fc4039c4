//! The exchange of a file or folder that is there for one that was staged: at once.

use super::stage::sync_above;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// One thing that is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Root {
    pub(super) target: PathBuf,
    /// Before the exchange what comes, after it what was there.
    pub(super) stage: PathBuf,
    /// Whether there was something.
    replaces: bool,
    /// Device and inode of what comes: by them it is known where it is.
    comes: Option<(u64, u64)>,
}

impl Root {
    /// Nothing is staged yet.
    pub(super) fn new(target: PathBuf, stage: PathBuf) -> Self {
        let replaces = fs::symlink_metadata(&target).is_ok();
        Self { target, stage, replaces, comes: None }
    }

    /// The stage is complete: from here on it is known by its inode.
    ///
    /// # Errors
    /// When it is not there.
    pub(super) fn staged(&mut self) -> Result<(), String> {
        let there = fs::symlink_metadata(&self.stage)
            .map_err(|error| format!("{} is not there: {error}", self.stage.display()))?;
        self.comes = Some((there.dev(), there.ino()));
        Ok(())
    }

    /// Whether what comes is where it belongs.
    pub(super) fn has_come(&self) -> bool {
        let there = fs::symlink_metadata(&self.target).ok().map(|there| (there.dev(), there.ino()));
        self.comes.is_some() && there == self.comes
    }

    /// At once: nobody ever sees neither of both.
    ///
    /// # Errors
    /// When it can't be.
    pub(super) fn exchange(&self) -> Result<(), String> {
        let (from, to): (&Path, &Path) = match (self.replaces, self.has_come()) {
            (false, true) => (&self.target, &self.stage),
            _ => (&self.stage, &self.target),
        };
        let flags = if self.replaces { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
        renameat_with(CWD, from, CWD, to, flags)
            .map_err(io::Error::from)
            .and_then(|()| sync_above(&self.target))
            .map_err(|error| format!("cannot exchange {}: {error}", self.target.display()))
    }
}
