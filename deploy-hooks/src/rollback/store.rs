//! Where all points are: a folder that nobody else may look into, or a bucket with such a folder here for what is under way.
//! One process at a time changes it.

use super::bucket::{Bucket, SCHEME};
use super::manifest;
use super::rehearsal;
use super::site::Place;
use super::writer::Out;
use crate::deploy::Lock;
use crate::failure::Failure;
use crate::files::{remove_if_there, write_whole};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

const OTHERS: u32 = 0o077;
const AUDIT: &str = "audit.jsonl";
const LOCK: &str = ".lock";
/// Points that are being made or removed begin so; they are none.
const UNFINISHED: &str = ".unfinished-";
/// What a process has brought here from a bucket, encrypted as it is: with the number of the process.
const FETCHED: &str = ".fetched-";
/// In a bucket: who makes the point of that name.
const CLAIM: &str = "claim";

/// Where points are.
pub(super) struct Store {
    folder: PathBuf,
    bucket: Option<Bucket>,
}

impl Store {
    /// Opens it, or makes it.
    ///
    /// # Errors
    /// [`Failure`] of usage: others can look into it, or it can't be made.
    pub(super) fn open(place: &Place, make: bool) -> Result<Self, Failure> {
        let bucket = place.store.starts_with(SCHEME).then(|| Bucket::open(&place.store)).transpose()?;
        let folder = place.folder().to_owned();
        // Of a bucket only what is under way lies here, which any command may begin.
        Self::folder_of(&folder, make || bucket.is_some())?;
        Ok(Self { folder, bucket })
    }

    fn folder_of(folder: &Path, make: bool) -> Result<(), Failure> {
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
        if !there.is_dir() || there.mode() & OTHERS != 0 || there.uid() != own {
            return Err(Failure::usage(format!(
                "others may look into the store {shown} (mode {:03o}); chmod 700 {shown}, and let it belong to whoever makes the points",
                there.mode() & 0o777
            )));
        }
        Ok(())
    }

    /// Nobody else changes anything now. What a killed process has left half-made is removed.
    ///
    /// # Errors
    /// Who holds the lock.
    pub(super) fn lock(&self, what: &str) -> Result<Lock, Failure> {
        let lock = Lock::take(&self.folder.join(LOCK), what)?;
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let (Some(point), Some(bucket)) = (name.strip_prefix(UNFINISHED), &self.bucket) {
                self.sweep(bucket, point, &entry.path())?;
            }
            let is_nobodys = name.strip_prefix(FETCHED).and_then(|rest| rest.split('-').next()).is_some_and(is_gone);
            if name.starts_with(UNFINISHED) || is_nobodys {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(lock)
    }

    /// What a killed process has uploaded of a point, if it is its claim that lies there and not another one's.
    fn sweep(&self, bucket: &Bucket, point: &str, unfinished: &Path) -> Result<(), Failure> {
        let own = fs::read(unfinished.join(CLAIM)).unwrap_or_default();
        let theirs = unfinished.join("claim-there");
        if own.is_empty() || !bucket.fetch(point, CLAIM, &theirs)? || fs::read(&theirs).unwrap_or_default() != own {
            return Ok(());
        }
        match bucket.names(manifest::FILE)?.iter().any(|there| there == point) {
            true => bucket.remove_file(point, CLAIM),
            false => bucket.remove(point, manifest::FILE),
        }
    }

    /// Whether a point may have this name.
    ///
    /// # Errors
    /// [`Failure`] of usage: it is no name.
    fn named(name: &str) -> Result<(), Failure> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        match !name.is_empty() && name.len() <= 100 && name.chars().all(plain) && !name.starts_with('.') {
            true => Ok(()),
            false => {
                Err(Failure::usage(format!("{name:?} is no name of a point; letters, digits, `-`, `_` and `.` are")))
            }
        }
    }

    /// Begins a point: a place for what is written, whole or not at all.
    ///
    /// # Errors
    /// [`Failure`] of usage: it is no name, or there is one of that name.
    pub(super) fn begin(&self, name: &str) -> Result<Unfinished<'_>, Failure> {
        Self::named(name)?;
        if self.names()?.iter().any(|there| there == name) {
            return Err(Failure::usage(format!("there is a point {name:?} already; choose another name, or prune it")));
        }
        let folder = self.folder.join(format!("{UNFINISHED}{name}"));
        DirBuilder::new().mode(0o700).create(&folder).map_err(|error| cannot(&folder, &error))?;
        let unfinished = Unfinished { store: self, name: name.to_owned(), folder, claimed: false };
        unfinished.claim()
    }

    /// The folder of a point, with its manifest in it; from a bucket it is brought here.
    ///
    /// # Errors
    /// [`Failure`] of usage, with the names that there are.
    pub(super) fn existing(&self, name: &str) -> Result<PathBuf, Failure> {
        Self::named(name)?;
        let names = self.names()?;
        if !names.iter().any(|there| there == name) {
            let known = greenlight_config::did_you_mean(name, names.iter().map(String::as_str));
            return Err(Failure::usage(format!(
                "there is no point {name:?}{known}; `greenlight rollback list` shows them"
            )));
        }
        let Some(bucket) = &self.bucket else { return Ok(self.folder.join(name)) };
        let folder = self.folder.join(format!("{FETCHED}{}-{name}", std::process::id()));
        if !folder.exists() {
            DirBuilder::new().mode(0o700).create(&folder).map_err(|error| cannot(&folder, &error))?;
        }
        for file in [manifest::FILE, manifest::SIGNATURE, rehearsal::FILE, rehearsal::SIGNATURE] {
            let path = folder.join(file);
            if !bucket.fetch(name, file, &path)? {
                remove_if_there(&path).map_err(|error| cannot(&path, &error))?;
            }
        }
        Ok(folder)
    }

    /// A file of a point, of which [`Store::existing`] has said the folder; from a bucket it is brought here.
    ///
    /// # Errors
    /// [`Failure`]: the bucket does not give it.
    pub(super) fn file(&self, folder: &Path, name: &str, file: &str) -> Result<PathBuf, Failure> {
        let path = folder.join(file);
        if let Some(bucket) = &self.bucket {
            bucket.fetch(name, file, &path)?;
        }
        Ok(path)
    }

    /// How long a file of a point is.
    ///
    /// # Errors
    /// [`Failure`]: the bucket does not answer.
    pub(super) fn length(&self, name: &str, file: &str) -> Result<Option<u64>, Failure> {
        match &self.bucket {
            Some(bucket) => bucket.length(name, file),
            None => Ok(fs::metadata(self.folder.join(name).join(file)).map(|there| there.len()).ok()),
        }
    }

    /// Every point, by name.
    ///
    /// # Errors
    /// [`Failure`]: the bucket does not list them.
    pub(super) fn names(&self) -> Result<Vec<String>, Failure> {
        if let Some(bucket) = &self.bucket {
            return bucket.names(manifest::FILE);
        }
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().join(manifest::FILE).exists())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        Ok(names)
    }

    /// Removes a point; at whatever moment that ends, there is all of it or none.
    ///
    /// # Errors
    /// [`Failure`]: it can't be removed.
    pub(super) fn remove(&self, name: &str) -> Result<(), Failure> {
        if let Some(bucket) = &self.bucket {
            return bucket.remove(name, manifest::FILE);
        }
        let aside = self.folder.join(format!("{UNFINISHED}{name}"));
        let removed = fs::rename(self.folder.join(name), &aside).and_then(|()| fs::remove_dir_all(&aside));
        removed.map_err(|error| Failure::unknown(format!("cannot remove the point {name:?}: {error}")))
    }

    /// Adds a small file to a point that is there, or replaces it.
    ///
    /// # Errors
    /// [`Failure`]: it can't be written.
    pub(super) fn add(&self, name: &str, file: &str, bytes: &[u8]) -> Result<(), Failure> {
        match &self.bucket {
            Some(bucket) => bucket.put(name, file, bytes, false),
            None => {
                let path = self.folder.join(name).join(file);
                write_whole(&path, bytes).map_err(|error| cannot(&path, &error))
            }
        }
    }

    /// As it is named.
    pub(super) fn shown(&self) -> String {
        self.bucket.as_ref().map_or_else(|| self.folder.display().to_string(), |bucket| bucket.shown().to_owned())
    }

    /// Whether what is made lies on this machine, and so wants room here.
    pub(super) fn is_here(&self) -> bool {
        self.bucket.is_none()
    }

    /// What is under way.
    pub(super) fn journal(&self) -> PathBuf {
        self.folder.join("restore.json")
    }

    /// Its folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes down what was done with a point, also when it was only read.
    ///
    /// # Errors
    /// When the log can't be written.
    pub(super) fn audit(&self, point: &str, action: &str, detail: &str) -> Result<(), Failure> {
        crate::audit::append(&self.folder.join(AUDIT), point, action, detail).map(drop)
    }
}

impl Drop for Store {
    /// What this process has brought here goes with it.
    fn drop(&mut self) {
        let own = format!("{FETCHED}{}-", std::process::id());
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if self.bucket.is_some() && entry.file_name().to_string_lossy().starts_with(&own) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Whether no process has this number any more.
fn is_gone(id: &str) -> bool {
    !Path::new("/proc").join(id).exists()
}

/// A point that is being made. Dropped before its end, nothing is left of it.
pub(super) struct Unfinished<'a> {
    store: &'a Store,
    name: String,
    folder: PathBuf,
    /// Whether what lies in the bucket under its name is ours.
    claimed: bool,
}

impl<'a> Unfinished<'a> {
    /// In a bucket the name is taken first: a lock of this machine says nothing of others.
    fn claim(mut self) -> Result<Self, Failure> {
        if let Some(bucket) = &self.store.bucket {
            let claim = format!("{} {} {:016x}", crate::clock::who(), crate::clock::timestamp(), rand::random::<u64>());
            let own = self.folder.join(CLAIM);
            write_whole(&own, claim.as_bytes()).map_err(|error| cannot(&own, &error))?;
            bucket.put(&self.name, CLAIM, claim.as_bytes(), true).map_err(|failure| {
                Failure::new(
                    failure.exit,
                    format!("somebody else makes the point {:?}, or has been killed over it; if nobody does, remove {}/{}/{CLAIM}: {failure}", self.name, bucket.shown(), self.name),
                )
            })?;
            self.claimed = true;
        }
        Ok(self)
    }
}

impl Unfinished<'_> {
    /// Where an archive goes.
    ///
    /// # Errors
    /// [`Failure`]: it can't be written there.
    pub(super) fn out(&self, file: &str) -> Result<Box<dyn Out>, Failure> {
        if let Some(bucket) = &self.store.bucket {
            return bucket.out(&self.name, file);
        }
        let path = self.folder.join(file);
        let out = File::options().write(true).create_new(true).mode(0o600).open(&path);
        Ok(Box::new(out.map_err(|error| cannot(&path, &error))?))
    }

    /// Adds manifest and signature: from here on it is a point.
    ///
    /// # Errors
    /// [`Failure`]: it can't be written.
    pub(super) fn end(mut self, manifest: &str, signature: &str) -> Result<(), Failure> {
        if let Some(bucket) = &self.store.bucket {
            bucket.put(&self.name, manifest::SIGNATURE, signature.as_bytes(), false)?;
            bucket.put(&self.name, manifest::FILE, manifest.as_bytes(), true)?;
            self.claimed = false;
            // A claim that stays says only who made it.
            let _ = bucket.remove_file(&self.name, CLAIM);
            return Ok(());
        }
        let failed = |error: io::Error| cannot(&self.folder, &error);
        for (file, text) in [(manifest::FILE, manifest), (manifest::SIGNATURE, signature)] {
            write_whole(&self.folder.join(file), text.as_bytes()).map_err(failed)?;
        }
        let sync = |folder: &Path| File::open(folder).and_then(|folder| folder.sync_all());
        sync(&self.folder).map_err(failed)?;
        fs::rename(&self.folder, self.store.folder.join(&self.name)).map_err(failed)?;
        sync(&self.store.folder).map_err(|error| cannot(&self.store.folder, &error))
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(bucket) = self.store.bucket.as_ref().filter(|_| self.claimed) {
            let _ = bucket.remove(&self.name, manifest::FILE);
        }
        // After a rename there is none of that name.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}; no point was made", path.display()))
}
