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
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

/// Hidden, and with another ending: whoever collects a folder's files by their ending takes only what is whole. Two
/// processes have two.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    Ok(path.with_file_name(format!(".{}.{}", name.to_string_lossy(), std::process::id())))
}

/// Where the last whole line of a log ends. What stands behind it was being written when the machine went down.
pub(crate) fn whole_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}
