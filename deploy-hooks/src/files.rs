//! Files that a crash must not leave half-written.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Reads a file of which is known how large it can be: what has no end must not be taken into memory.
///
/// # Errors
/// When it can't be read, or is larger.
pub(crate) fn read_at_most(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let bytes = read_beginning(path, bytes_max.saturating_add(1))?;
    match bytes.len() as u64 > bytes_max {
        true => {
            Err(io::Error::other(format!("it has more than {bytes_max} bytes, and none of its kind is that large")))
        }
        false => Ok(bytes),
    }
}

/// The same of text.
///
/// # Errors
/// As [`read_at_most`], and when it is no text.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    let text = String::from_utf8(read_at_most(path, bytes_max)?);
    text.map_err(|error| io::Error::other(format!("it is no text in UTF-8 ({})", error.utf8_error())))
}

/// So much of a file, or all of it.
///
/// # Errors
/// When it can't be read.
pub(crate) fn read_beginning(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a file whole or not at all: beside it first, on disk, and then under its name.
///
/// # Errors
/// When it can't be written; what stood there before still does.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = beside(path)?;
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    let written = write();
    if written.is_err() {
        // What is half-written must not lie about; that it can't be removed changes nothing.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// Writes a file that is not there yet, with this mode from the first byte on; half of it is none.
///
/// # Errors
/// When something stands there already, which is not touched, or it can't be written.
pub(crate) fn write_new(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = File::options().write(true).create_new(true).mode(mode).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
}

/// Writes a file whole or not at all, with the mode and owner of another one.
///
/// # Errors
/// As [`write_whole`].
pub(crate) fn write_like(path: &Path, bytes: &[u8], like: &Path) -> io::Result<()> {
    let beside = beside(path)?;
    let written = std::fs::metadata(like)
        .and_then(|there| write_as(&beside, bytes, &there))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// Hidden, and with another ending: whoever collects a folder's files by their ending takes only what is whole. Two
/// processes have two.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    Ok(path.with_file_name(format!(".{}.{}", name.to_string_lossy(), std::process::id())))
}

/// Removes a file; that there is none is as good.
///
/// # Errors
/// When it is there and can't be removed.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Where the last whole line of a log ends. What stands behind it was being written when the machine went down.
pub(crate) fn whole_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// Replaces a file that was read before: all of it or nothing, with the same mode and owner, and what stood there is kept
/// beside it as `NAME.before`. A link stays one, and what it leads to is replaced.
///
/// # Errors
/// When it is no longer what was read, or can't be written; then what stood there still does.
pub(crate) fn replace_whole(path: &Path, read: &[u8], bytes: &[u8]) -> io::Result<PathBuf> {
    let path = std::fs::canonicalize(path)?;
    if std::fs::read(&path)? != read {
        return Err(io::Error::other("it has changed since it was read; run the command again"));
    }
    let there = std::fs::metadata(&path)?;
    // What can't be made to last is not begun.
    let folder = File::open(path.parent().unwrap_or(Path::new(".")))?;
    let beside = beside(&path)?;
    let kept = before(&path, read)?;
    let was_kept = std::fs::symlink_metadata(&kept).is_ok();
    let (mut is_kept, mut is_replaced) = (false, false);
    let mut replace = || {
        write_as(&beside, read, &there)?;
        std::fs::rename(&beside, &kept)?;
        is_kept = true;
        write_as(&beside, bytes, &there)?;
        std::fs::rename(&beside, &path)?;
        is_replaced = true;
        folder.sync_all()
    };
    let Err(error) = replace() else { return Ok(kept) };
    if is_replaced {
        write_as(&beside, read, &there).and_then(|()| std::fs::rename(&beside, &path)).map_err(|back| {
            io::Error::other(format!(
                "{error}; what stood there can't be put back: {back}, and is in {}",
                kept.display()
            ))
        })?;
    }
    // What is half-written must not lie about, nor a copy of what still stands there: on a full disk that is the room which a
    // way back needs. That they can't be removed changes nothing.
    let left = [Some(&beside), (is_kept && !was_kept).then_some(&kept)];
    left.into_iter().flatten().for_each(|left| _ = std::fs::remove_file(left));
    Err(error)
}

/// Where what stood there is kept: `NAME.before`, or the first `NAME.before.1`, `.2`, … under which nothing else stands.
fn before(path: &Path, read: &[u8]) -> io::Result<PathBuf> {
    const MANY: usize = 1_000;
    let named = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let names = [".before".to_owned()].into_iter().chain((1..MANY).map(|number| format!(".before.{number}")));
    let is_free = |kept: &PathBuf| match std::fs::symlink_metadata(kept) {
        Err(error) => error.kind() == io::ErrorKind::NotFound,
        Ok(there) => there.is_file() && std::fs::read(kept).is_ok_and(|bytes| bytes == read),
    };
    names
        .map(|ending| named(&ending))
        .find(is_free)
        .ok_or_else(|| io::Error::other("a thousand files of what stood there before lie beside it; move them away"))
}

/// On disk, and nobody may read it in between who may not read it afterwards.
fn write_as(path: &Path, bytes: &[u8], like: &std::fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    let _ = std::fs::remove_file(path);
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
        std::os::unix::fs::fchown(&file, Some(like.uid()), Some(like.gid()))?;
    }
    file.set_permissions(like.permissions())?;
    file.write_all(bytes)?;
    file.sync_all()
}
