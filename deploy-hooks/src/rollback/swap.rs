//! The exchange of a file or folder that is there for one that was staged: at once.

use super::stage::{remove, sync_above};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// One thing that is replaced. Which of both is where is told by inodes: what lies at the stage is nobody else's, and what
/// stands at the target may be written anew by whoever looks after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Root {
    pub(super) target: PathBuf,
    /// Before the exchange what comes, after it what was there.
    pub(super) stage: PathBuf,
    /// Inode of what was there, if there was something, from when everything was staged.
    was: Option<u64>,
    /// Inode of what comes; none while it is not staged.
    comes: Option<u64>,
}

impl Root {
    /// Nothing is staged yet.
    pub(super) fn new(target: PathBuf, stage: PathBuf) -> Self {
        Self { target, stage, was: None, comes: None }
    }

    /// The stage is complete: from here on both are known.
    ///
    /// # Errors
    /// When it is not there.
    pub(super) fn staged(&mut self) -> Result<(), String> {
        self.was = inode(&self.target)?;
        self.comes = inode(&self.stage)?;
        self.comes.map(drop).ok_or_else(|| format!("{} is not there", self.stage.display()))
    }

    /// Whether what comes is where it belongs.
    ///
    /// # Errors
    /// Somebody has put a third thing in the way of both.
    pub(super) fn has_come(&self) -> Result<bool, String> {
        let Some(comes) = self.comes else { return Ok(false) };
        match inode(&self.stage)? {
            Some(there) if there == comes => return Ok(false),
            there if there == self.was => return Ok(true),
            _ => {}
        }
        // After it was put back, the stage holds what somebody else had written over what came.
        let target = inode(&self.target)?;
        match target == Some(comes) || target == self.was {
            true => Ok(target == Some(comes)),
            false => Err(format!(
                "{} and {} are neither what was there nor what comes; somebody else writes there",
                self.target.display(),
                self.stage.display()
            )),
        }
    }

    /// At once: nobody ever sees neither of both.
    ///
    /// # Errors
    /// When it can't be.
    pub(super) fn exchange(&self) -> Result<(), String> {
        let (from, to): (&Path, &Path) = match (self.was, self.has_come()?) {
            (None, true) => (&self.target, &self.stage),
            _ => (&self.stage, &self.target),
        };
        let flags = if self.was.is_some() { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
        renameat_with(CWD, from, CWD, to, flags)
            .map_err(io::Error::from)
            .and_then(|()| sync_above(&self.target))
            .map_err(|error| format!("cannot exchange {}: {error}", self.target.display()))
    }

    /// Removes what lies at the stage, if it is what was staged or what was replaced. A third thing is left, and named.
    ///
    /// # Errors
    /// When it can't be removed.
    pub(super) fn give_up(&self) -> Result<(), String> {
        let there = inode(&self.stage)?;
        if self.comes.is_some() && there.is_some() && there != self.comes && there != self.was {
            say!("LEFT     {}: somebody else has written it meanwhile; look at it", self.stage.display());
            return Ok(());
        }
        remove(&self.stage)
            .and_then(|()| sync_above(&self.stage))
            .map_err(|error| format!("cannot remove {}: {error}", self.stage.display()))
    }
}

/// By it a file is known while it is renamed; both places are on one file system.
fn inode(path: &Path) -> Result<Option<u64>, String> {
    match fs::symlink_metadata(path) {
        Ok(there) => Ok(Some(there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot look at {}: {error}", path.display())),
    }
}
