//! The contents of an archive beside what they are to replace: on the same file system, complete and on disk.

use super::archive::Opened;
use super::entry::{Contents, Entry, Kind};
use super::mounts::mounted;
use super::walk::set_attributes;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};

/// Where a root is put together before it replaces what is there.
pub(super) fn stage_of(target: &Path, point: &str, number: usize) -> PathBuf {
    target.with_file_name(format!(".greenlight-{point}-{number}.new"))
}

/// Puts everything together while the archive is read, and returns what it was. Nothing that is there is touched; what lies
/// at the stages from before is removed.
///
/// # Errors
/// What can't be read or written. The caller removes the stages.
pub(super) fn stage(opened: &Opened<'_>, named: &[String], stages: &[PathBuf]) -> Result<Contents, String> {
    for stage in stages {
        remove(stage).map_err(|error| failed(stage, &error))?;
    }
    let place = |entry: &Entry| entry.below(&stages[entry.root]);
    let folders = |announced: &Contents| {
        if announced.roots != named {
            return Err("the archive is not what it was a moment ago".to_owned());
        }
        for entry in announced.entries.iter().filter(|entry| entry.kind == Kind::Folder) {
            let path = place(entry);
            DirBuilder::new().mode(0o700).create(&path).map_err(|error| failed(&path, &error))?;
        }
        Ok(())
    };
    // Every path of the list stays below its root: that was looked at before the first content came.
    let contents = opened.files(folders, |announced, number| {
        File::options().write(true).create_new(true).mode(0o600).open(place(&announced.entries[number])).map(Some)
    })?;
    for entry in &contents.entries {
        let path = place(entry);
        let made = match &entry.kind {
            Kind::Link { to } => symlink(to, &path),
            Kind::Same { path: other } => {
                let other = if other.is_empty() { stages[entry.root].clone() } else { stages[entry.root].join(other) };
                fs::hard_link(other, &path)
            }
            Kind::Folder | Kind::File { .. } => Ok(()),
        };
        made.map_err(|error| failed(&path, &error))?;
    }
    // What is within first: a folder that may not be written any more is the last one that is finished.
    for entry in contents.entries.iter().rev() {
        let path = place(entry);
        finish(entry, &path).map_err(|error| failed(&path, &error))?;
    }
    stages.iter().try_for_each(|stage| lasting(stage).map_err(|error| failed(stage, &error)))?;
    Ok(contents)
}

fn failed(path: &Path, error: &io::Error) -> String {
    format!("cannot write {}: {error}", path.display())
}

/// On disk, all of it, before anything is exchanged: the file system once, and not file by file.
fn lasting(stage: &Path) -> io::Result<()> {
    let above = File::open(stage.parent().unwrap_or(Path::new("/")))?;
    rustix::fs::syncfs(&above)?;
    Ok(())
}

/// Owner, attributes, mode and time. A second name of a file is the same file.
fn finish(entry: &Entry, path: &Path) -> io::Result<()> {
    if matches!(entry.kind, Kind::Same { .. }) {
        return Ok(());
    }
    lchown(path, Some(entry.uid), Some(entry.gid))?;
    set_attributes(path, &entry.attributes)?;
    if matches!(entry.kind, Kind::Link { .. }) {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(entry.mode))?;
    let (seconds, nanoseconds) = entry.modified;
    let time = rustix::fs::Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
    let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
    rustix::fs::utimensat(rustix::fs::CWD, path, &times, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(())
}

/// Makes a rename or a removal last. Where the folder is gone there is nothing to make last.
///
/// # Errors
/// When the folder can't be opened or written.
pub(super) fn sync_above(path: &Path) -> io::Result<()> {
    match path.parent().map_or(Ok(()), |above| File::open(above)?.sync_all()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Removes whatever is there; nothing is as good. What is mounted in it is somebody else's.
///
/// # Errors
/// When it can't be removed.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(there) if there.is_dir() => match mounted(path)? {
            None => fs::remove_dir_all(path),
            Some(point) => {
                let point = point.display();
                Err(io::Error::other(format!("{point} is mounted in it, and would be emptied; unmount it first")))
            }
        },
        Ok(_) => fs::remove_file(path),
    }
}
