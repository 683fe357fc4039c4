//! The components `files` and `env`: files and folders, with everything that is put back with them.

use super::archive::{CONTENTS_BYTES_MAX, Opened};
use super::entry::{Contents, Entry, Kind};
use super::exchange::{Exchange, Exchanging};
use super::mounts::mounted;
use super::part::{Kept, Part};
use super::site::Site;
use super::stage::{remove, stage, stage_of};
use super::sum::{READ_BYTES, Summed};
use super::sums::sums;
use super::swap::Root;
use super::walk::{Found, walk};
use super::writer::Writer;
use crate::failure::Failure;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufReader};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The first entry: what comes, so that it can be put together while it is read.
pub(super) const LIST: &str = "list.json";
/// The last entry: the same with the sums of what came.
pub(super) const CONTENTS: &str = "contents.json";
/// Free space where it is restored, in times of what comes.
const SPACE: u64 = 2;

/// Files and folders.
pub(super) struct Files<'a> {
    /// Whose they are.
    pub(super) site: &'a Site,
    /// `files` or `env`.
    pub(super) name: &'static str,
    /// Absolute, and none within another. Nothing when it is to come back: the archive says where to.
    pub(super) roots: Vec<PathBuf>,
}

impl Part for Files<'_> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn estimate(&self) -> Result<u64, Failure> {
        let mut bytes = 0;
        for root in &self.roots {
            let (found, _) = walk(0, root).map_err(Failure::usage)?;
            bytes += found.iter().filter(|one| one.there.is_file()).map(|one| one.there.len()).sum::<u64>();
        }
        Ok(bytes)
    }

    fn keep(&self, archive: &mut Writer) -> Result<Kept, Failure> {
        let named = self.roots.iter().map(|root| root.to_str().map(str::to_owned).ok_or("a path is no UTF-8"));
        let roots = named.collect::<Result<_, _>>().map_err(Failure::usage)?;
        let (mut contents, mut kept) = (Contents { roots, entries: Vec::new() }, Kept::default());
        let mut all = Vec::new();
        for (number, root) in self.roots.iter().enumerate() {
            let (found, left) = walk(number, root).map_err(Failure::unknown)?;
            kept.passed_over.extend(left);
            for Found { entry, path, there } in found {
                contents.entries.push(entry);
                all.push((path, there));
            }
        }
        let unwritten = |error: io::Error| Failure::unknown(format!("cannot write the archive: {error}"));
        archive.json(LIST, &contents, CONTENTS_BYTES_MAX).map_err(unwritten)?;
        for (number, ((path, there), entry)) in all.iter().zip(&mut contents.entries).enumerate() {
            kept.plain_bytes += add(archive, number, path, there, entry).map_err(Failure::unknown)?;
        }
        kept.entries = contents.entries.len();
        archive.json(CONTENTS, &contents, CONTENTS_BYTES_MAX).map_err(unwritten)?;
        Ok(kept)
    }

    /// The archive is the one that was signed, so what it announces is believed so far that room is looked for. Its contents
    /// are held against their sums while they are staged, and nothing is exchanged before.
    fn exchange(&self, opened: &Opened<'_>, point: &str) -> Result<Exchange, Failure> {
        let contents = opened.announced().map_err(Failure::refused)?;
        let targets: Vec<PathBuf> = contents.roots.iter().map(PathBuf::from).collect();
        targets.iter().try_for_each(|target| self.site.may_exchange(target))?;
        space(&targets, &contents)?;
        // Two components may have roots in one folder.
        let staged = format!("{point}-{}", self.name);
        let mut roots = Vec::new();
        for (number, target) in targets.into_iter().enumerate() {
            let stage = stage_of(&target, &staged, number);
            // No restore is under way here, so it is not of one that this one knows.
            if fs::symlink_metadata(&stage).is_ok() {
                return Err(Failure::usage(format!(
                    "{} lies there from a restore whose journal is not in this store: it may be what was there before that; look at it, and move it away",
                    stage.display()
                )));
            }
            can_exchange(&target)?;
            roots.push(Root::new(target, stage));
        }
        Ok(Exchange::Files(Roots { named: contents.roots, roots, contents: None }))
    }

    /// Each root below the scratch folder, under its whole path: so what names its neighbour still does.
    fn rehearsal(&self, opened: &Opened<'_>, _: &str, scratch: &Path) -> Result<Exchange, Failure> {
        let contents = opened.announced().map_err(Failure::refused)?;
        let stages: Vec<PathBuf> =
            contents.roots.iter().map(|root| scratch.join(root.trim_start_matches('/'))).collect();
        let cannot = |path: &Path, error: io::Error| Failure::usage(format!("cannot make {}: {error}", path.display()));
        for above in stages.iter().filter_map(|stage| stage.parent()) {
            DirBuilder::new().recursive(true).mode(0o700).create(above).map_err(|error| cannot(above, error))?;
        }
        contents.roots.iter().try_for_each(|root| is_no_mount(Path::new(root)))?;
        space(&stages, &contents)?;
        // It never goes forward; if it did, it would go nowhere that anybody reads.
        let nowhere = |(number, stage): (usize, PathBuf)| Root::new(scratch.join(format!(".nowhere-{number}")), stage);
        let roots = stages.into_iter().enumerate().map(nowhere).collect();
        Ok(Exchange::Files(Roots { named: contents.roots, roots, contents: None }))
    }
}

/// What is in an archive, a line each.
///
/// # Errors
/// What is wrong with it.
pub(super) fn held(opened: &Opened<'_>) -> Result<Vec<String>, String> {
    let contents = opened.files(|_| Ok(()), |_, _| Ok(None))?;
    let line = |entry: &Entry| {
        let path = entry.below(Path::new(&contents.roots[entry.root]));
        let kind = match &entry.kind {
            Kind::Folder => "folder".to_owned(),
            Kind::File { bytes, .. } => format!("{bytes} bytes"),
            Kind::Link { to } => format!("→ {to}"),
            Kind::Same { path } => format!("= {path}"),
        };
        format!("{:04o} {}  {kind}", entry.mode, path.display())
    };
    Ok(contents.entries.iter().map(line).collect())
}

/// Adds the content of a file, and learns its sum on the way.
fn add(
    archive: &mut Writer,
    number: usize,
    path: &Path,
    there: &fs::Metadata,
    entry: &mut Entry,
) -> Result<u64, String> {
    let Kind::File { bytes, blake3 } = &mut entry.kind else { return Ok(0) };
    let shown = path.display();
    let failed = |error: io::Error| format!("cannot keep {shown}: {error}");
    // tar reads small pieces, which are slow to sum.
    let mut reader = BufReader::with_capacity(READ_BYTES, Summed::of(File::open(path).map_err(failed)?));
    archive.file(&name(number), *bytes, &mut reader).map_err(failed)?;
    let reader = reader.into_inner();
    let now = reader.inner.metadata().map_err(failed)?;
    let times = |there: &fs::Metadata| (there.len(), there.mtime(), there.mtime_nsec(), there.ino());
    let sum = reader.sum();
    if sum.bytes != *bytes || times(&now) != times(there) {
        return Err(format!("{shown} has changed while it was read; make the point when nothing writes there"));
    }
    *blake3 = sum.blake3;
    Ok(*bytes)
}

/// The name of a file in the archive is its place in the list, so that no name can lead anywhere.
pub(super) fn name(number: usize) -> String {
    format!("content/{number}")
}

/// What is exchanged: each root by one rename.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Roots {
    /// As the archive names them.
    named: Vec<String>,
    roots: Vec<Root>,
    /// What was staged, for whoever did it.
    #[serde(skip)]
    contents: Option<Contents>,
}

impl Exchanging for Roots {
    fn stage(&mut self, _: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let stages: Vec<PathBuf> = self.roots.iter().map(|root| root.stage.clone()).collect();
        self.contents = Some(stage(opened, &self.named, &stages)?);
        self.roots.iter_mut().try_for_each(Root::staged)
    }

    fn forward(&self, _: &Site) -> Result<(), String> {
        self.roots.iter().try_for_each(|root| if root.has_come()? { Ok(()) } else { root.exchange() })
    }

    fn back(&self, _: &Site) -> Result<(), String> {
        self.roots.iter().rev().try_for_each(|root| if root.has_come()? { root.exchange() } else { Ok(()) })
    }

    fn has_come(&self, _: &Site) -> Result<bool, String> {
        self.roots.iter().try_fold(true, |all, root| Ok(root.has_come()? && all))
    }

    fn verified(&self, _: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let targets: Vec<&Path> = self.roots.iter().map(|root| root.target.as_path()).collect();
        match &self.contents {
            Some(contents) => verified(contents, &targets),
            // Somebody else has staged it: the archive says what was to come.
            None => verified(&opened.files(|_| Ok(()), |_, _| Ok(None))?, &targets),
        }
    }

    fn rehearsed(&self, _: &Site, _: &Opened<'_>) -> Result<(), String> {
        let contents = self.contents.as_ref().ok_or("nothing was staged")?;
        let stages: Vec<&Path> = self.roots.iter().map(|root| root.stage.as_path()).collect();
        verified(contents, &stages)
    }

    fn end(&self, _: &Site) -> Result<(), String> {
        self.roots.iter().try_for_each(Root::give_up)
    }

    fn about(&self) -> Vec<String> {
        self.roots.iter().map(|root| root.target.display().to_string()).collect()
    }
}

/// A mount point is not renamed, whoever asks, and what is mounted below a root would go along with it.
///
/// # Errors
/// [`Failure`] of usage.
pub(super) fn is_no_mount(root: &Path) -> Result<(), Failure> {
    let shown = root.display();
    match mounted(root) {
        Ok(None) => Ok(()),
        // Nothing is there, nor above it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(Some(point)) => Err(Failure::usage(format!(
            "{shown} can't be exchanged as a whole, since {} is a mount point; unmount it, or name what lies in or beside it",
            point.display()
        ))),
        Err(error) => Err(Failure::unknown(format!("nobody can tell what is mounted in {shown}: {error}"))),
    }
}

/// Whether the file system exchanges two names at once, tried on two files of our own beside the target.
fn can_exchange(target: &Path) -> Result<(), Failure> {
    is_no_mount(target)?;
    let [one, other] = ["one", "other"].map(|name| target.with_file_name(format!(".greenlight-try-{name}")));
    // Of one that was killed here. Nothing that stands there is written to.
    let tried = remove(&one)
        .and_then(|()| remove(&other))
        .and_then(|()| File::create_new(&one))
        .and_then(|_| File::create_new(&other))
        .and_then(|_| Ok(renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE)?));
    let removed = remove(&one).and_then(|()| remove(&other));
    tried.and(removed).map_err(|error| {
        Failure::usage(format!(
            "{} can't be exchanged: two files of ours beside it could not ({error}); who restores must be allowed to write in the folder above, and its file system must know RENAME_EXCHANGE",
            target.display()
        ))
    })
}

/// What stands there is what the archive says, read again from the disk.
fn verified(contents: &Contents, targets: &[&Path]) -> Result<(), String> {
    for (number, target) in targets.iter().enumerate() {
        let (found, _) = walk(number, target)?;
        let mut there = Vec::new();
        let sums = sums(&found)?;
        for (number, mut one) in found.into_iter().enumerate() {
            if let Kind::File { blake3, .. } = &mut one.entry.kind {
                blake3.clone_from(&sums[&number]);
            }
            // A link's time can't be kept, and nobody looks at it.
            if matches!(one.entry.kind, Kind::Link { .. }) {
                one.entry.modified = (0, 0);
            }
            there.push(one.entry);
        }
        let mut wanted: Vec<_> = contents.entries.iter().filter(|entry| entry.root == number).cloned().collect();
        for entry in wanted.iter_mut().filter(|entry| matches!(entry.kind, Kind::Link { .. })) {
            entry.modified = (0, 0);
        }
        let found: HashMap<&str, &Entry> = there.iter().map(|entry| (entry.path.as_str(), entry)).collect();
        if let Some(entry) = wanted.iter().find(|entry| found.get(entry.path.as_str()) != Some(entry)) {
            return Err(format!("{} is not as it was kept", entry.below(target).display()));
        }
        if there.len() != wanted.len() {
            return Err(format!("{} holds more than was kept", target.display()));
        }
    }
    Ok(())
}

fn space(targets: &[PathBuf], contents: &Contents) -> Result<(), Failure> {
    for (number, target) in targets.iter().enumerate() {
        let above = target.parent().unwrap_or(Path::new("/"));
        let seen = rustix::fs::statvfs(above).map_err(|error| {
            Failure::usage(format!(
                "cannot restore {}: {}: {error}; make the folder, and run it again",
                target.display(),
                above.display()
            ))
        })?;
        let size = |kind: &Kind| if let Kind::File { bytes, .. } = kind { *bytes } else { 0 };
        let bytes: u64 =
            contents.entries.iter().filter(|entry| entry.root == number).map(|entry| size(&entry.kind)).sum();
        let free = seen.f_bavail.saturating_mul(seen.f_frsize);
        if free < bytes.saturating_mul(SPACE) {
            return Err(Failure::usage(format!(
                "{} has {free} bytes free, and restoring {bytes} bytes wants {SPACE} times as much; make room, nothing was changed",
                above.display()
            )));
        }
    }
    Ok(())
}
