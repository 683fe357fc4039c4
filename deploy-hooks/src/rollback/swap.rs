//! The exchange of what is there for what was staged: each root at once, all roots or none, and a process that is killed
//! in the middle leaves a journal by which the next one ends it, forward or back.

use super::stage::{remove, sync_above};
use super::store::Store;
use crate::failure::Failure;
use crate::files::{read_text, remove_if_there, write_whole};
use greenlight_reports::Exit;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

const FORMAT: u32 = 1;
const BYTES_MAX: u64 = 16 << 20;

/// A restore that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    format: u32,
    pub(super) point: String,
    pub(super) phase: Phase,
    pub(super) roots: Vec<Root>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// What comes is put together: nothing was replaced.
    Staging,
    /// Every stage is complete: going on is safe, and so is going back.
    Exchanging,
    /// It is decided, and what is not wanted is being removed: there is no way but to end it.
    Ending,
}

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

impl Journal {
    /// Of a restore that begins.
    pub(super) fn new(point: &str, roots: impl Iterator<Item = (PathBuf, PathBuf)>) -> Self {
        let root = |(target, stage): (PathBuf, PathBuf)| {
            let replaces = fs::symlink_metadata(&target).is_ok();
            Root { target, stage, replaces, comes: None }
        };
        Self { format: FORMAT, point: point.to_owned(), phase: Phase::Staging, roots: roots.map(root).collect() }
    }

    /// The one that a killed process has left.
    ///
    /// # Errors
    /// [`Failure`]: it can't be read. A person is needed.
    pub(super) fn left(store: &Store) -> Result<Option<Self>, Failure> {
        let file = store.journal();
        let text = match read_text(&file, BYTES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|error| stuck(format!("cannot read {}: {error}", file.display())))?,
        };
        let journal: Self =
            serde_json::from_str(&text).map_err(|error| stuck(format!("{}: {error}", file.display())))?;
        match journal.format == FORMAT {
            true => Ok(Some(journal)),
            false => {
                Err(stuck(format!("{} has format {}, and this version reads {FORMAT}", file.display(), journal.format)))
            }
        }
    }

    /// On disk, before what it says is done.
    ///
    /// # Errors
    /// [`Failure`] when it can't be written.
    pub(super) fn write(&self, store: &Store) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).map_err(Failure::unknown)?;
        let file = store.journal();
        write_whole(&file, text.as_bytes()).and_then(|()| sync_above(&file)).map_err(|error| {
            Failure::unknown(format!("cannot write {}: {error}; nothing was replaced", file.display()))
        })
    }

    /// Every stage is complete: from here on it may go forward.
    ///
    /// # Errors
    /// [`Failure`] when a stage is not there, or it can't be written down.
    pub(super) fn complete(&mut self, store: &Store) -> Result<(), Failure> {
        for root in &mut self.roots {
            let there = fs::symlink_metadata(&root.stage).map_err(Failure::unknown)?;
            root.comes = Some((there.dev(), there.ino()));
        }
        self.phase = Phase::Exchanging;
        self.write(store)
    }

    /// Exchanges whatever is not exchanged yet.
    ///
    /// # Errors
    /// Which root can't be.
    pub(super) fn forward(&self) -> Result<(), String> {
        self.roots.iter().filter(|root| !root.has_come()).try_for_each(|root| root.exchange())
    }

    /// Puts back whatever was exchanged.
    ///
    /// # Errors
    /// Which root can't be.
    pub(super) fn back(&self) -> Result<(), String> {
        self.roots.iter().rev().filter(|root| root.has_come()).try_for_each(|root| root.exchange())
    }

    /// Whether what comes is where it belongs.
    pub(super) fn has_come(&self) -> bool {
        self.roots.iter().all(Root::has_come)
    }

    /// Removes what lies at the stages, and the journal. From the first removal on there is no way back, so that is written
    /// down before.
    ///
    /// # Errors
    /// [`Failure`]: something is left; the next command tries again.
    pub(super) fn end(&mut self, store: &Store) -> Result<(), Failure> {
        self.phase = Phase::Ending;
        self.write(store)?;
        for root in &self.roots {
            remove(&root.stage).and_then(|()| sync_above(&root.stage)).map_err(|error| {
                Failure::unknown(format!(
                    "cannot remove {}: {error}; `greenlight rollback resume` tries again",
                    root.stage.display()
                ))
            })?;
        }
        let file = store.journal();
        remove_if_there(&file)
            .and_then(|()| sync_above(&file))
            .map_err(|error| Failure::unknown(format!("cannot remove {}: {error}", file.display())))
    }
}

impl Root {
    /// Whether what comes is where it belongs.
    fn has_come(&self) -> bool {
        let there = fs::symlink_metadata(&self.target).ok().map(|there| (there.dev(), there.ino()));
        self.comes.is_some() && there == self.comes
    }

    /// At once: nobody ever sees neither of both.
    fn exchange(&self) -> Result<(), String> {
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

/// Nobody may guess what is half-done.
fn stuck(what: String) -> Failure {
    Failure::new(Exit::RollbackFailed, format!("{what}; a restore is under way, and a person has to look"))
}
