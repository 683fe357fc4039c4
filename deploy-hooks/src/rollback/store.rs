//! The folder with all points: nobody else may look into it, and one process at a time changes it.

use super::manifest;
use crate::deploy::Lock;
use crate::failure::Failure;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

const OTHERS: u32 = 0o077;
const AUDIT: &str = "audit.jsonl";
const LOCK: &str = ".lock";
/// Points that are being made or removed begin so; they are none.
const UNFINISHED: &str = ".unfinished-";

/// The folder.
#[derive(Debug)]
pub(super) struct Store(PathBuf);

impl Store {
    /// Opens it, or makes it.
    ///
    /// # Errors
    /// [`Failure`] of usage: others can look into it, or it can't be made.
    pub(super) fn open(folder: &Path, make: bool) -> Result<Self, Failure> {
        let shown = folder.display();
        if make && !folder.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
                Failure::usage(format!("cannot make the store {shown}: {error}; name another folder with --store"))
            })?;
        }
        let there = fs::metadata(folder).map_err(|error| {
            Failure::usage(format!("there is no store {shown} ({error}); name it with --store, or make a point first"))
        })?;
        let own = rustix::process::geteuid().as_raw();
        if !there.is_dir() || there.mode() & OTHERS != 0 || (there.uid() != own && own != 0) {
            return Err(Failure::usage(format!(
                "others may look into the store {shown} (mode {:03o}); chmod 700 {shown}, and let it belong to whoever makes the points",
                there.mode() & 0o777
            )));
        }
        Ok(Self(folder.to_owned()))
    }

    /// Nobody else changes anything now. What a killed process has left half-made is removed.
    ///
    /// # Errors
    /// Who holds the lock.
    pub(super) fn lock(&self, what: &str) -> Result<Lock, Failure> {
        let lock = Lock::take(&self.0.join(LOCK), what)?;
        for entry in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(lock)
    }

    /// Where a point of this name is.
    ///
    /// # Errors
    /// [`Failure`] of usage: it is no name.
    pub(super) fn point(&self, name: &str) -> Result<PathBuf, Failure> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        match !name.is_empty() && name.len() <= 100 && name.chars().all(plain) && !name.starts_with('.') {
            true => Ok(self.0.join(name)),
            false => {
                Err(Failure::usage(format!("{name:?} is no name of a point; letters, digits, `-`, `_` and `.` are")))
            }
        }
    }

    /// The same, and it is there.
    ///
    /// # Errors
    /// [`Failure`] of usage, with the names that there are.
    pub(super) fn existing(&self, name: &str) -> Result<PathBuf, Failure> {
        let point = self.point(name)?;
        if point.join(manifest::FILE).exists() {
            return Ok(point);
        }
        let names = self.names();
        let known = greenlight_config::did_you_mean(name, names.iter().map(String::as_str));
        Err(Failure::usage(format!("there is no point {name:?}{known}; `greenlight rollback list` shows them")))
    }

    /// Every point, by name.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().join(manifest::FILE).exists())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }

    /// A folder for a point that is being made or removed.
    pub(super) fn unfinished(&self, name: &str) -> PathBuf {
        self.0.join(format!("{UNFINISHED}{name}"))
    }

    /// What is under way.
    pub(super) fn journal(&self) -> PathBuf {
        self.0.join("restore.json")
    }

    /// Its folder.
    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// Writes down what was done with a point, also when it was only read.
    ///
    /// # Errors
    /// When the log can't be written.
    pub(super) fn audit(&self, point: &str, action: &str, detail: &str) -> Result<(), Failure> {
        crate::audit::append(&self.0.join(AUDIT), point, action, detail).map(drop)
    }
}
