//! What lies at a path, down to the last file.

use super::entry::{Entry, Kind};
use rustix::fs::XattrFlags;
use std::collections::{BTreeMap, HashMap};
use std::ffi::CString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// One attribute may be as long; so may the list of their names.
const ATTRIBUTE_BYTES_MAX: usize = 64 << 10;

/// A file, folder or link as it is found, before its content is read.
pub(super) struct Found {
    pub(super) entry: Entry,
    pub(super) path: PathBuf,
    pub(super) there: Metadata,
}

/// Everything below a root, folders before what is in them, each folder by name. Sockets, pipes and devices hold nothing
/// that could be kept; they are named in the second value.
///
/// # Errors
/// What can't be looked at: half of a folder is no copy of it.
pub(super) fn walk(root: usize, path: &Path) -> Result<(Vec<Found>, Vec<String>), String> {
    let (mut found, mut passed_over) = (Vec::new(), Vec::new());
    let mut first = HashMap::new();
    let mut open = vec![(path.to_owned(), String::new())];
    while let Some((path, below)) = open.pop() {
        let failed = |error: io::Error| format!("cannot look at {}: {error}", path.display());
        let there = fs::symlink_metadata(&path).map_err(failed)?;
        let kind = match there.file_type() {
            kind if kind.is_dir() => {
                let mut names = Vec::new();
                for entry in fs::read_dir(&path).map_err(failed)? {
                    let name = entry.map_err(failed)?.file_name();
                    let name =
                        name.to_str().ok_or_else(|| format!("a name in {} is no UTF-8", path.display()))?.to_owned();
                    names.push(name);
                }
                names.sort_unstable_by(|a, b| b.cmp(a));
                let under = |name: &str| if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
                open.extend(names.iter().map(|name| (path.join(name), under(name))));
                Kind::Folder
            }
            kind if kind.is_symlink() => {
                let to = fs::read_link(&path).map_err(failed)?;
                let to = to.to_str().ok_or_else(|| format!("where {} leads is no UTF-8", path.display()))?;
                Kind::Link { to: to.to_owned() }
            }
            kind if kind.is_file() => match first.get(&(there.dev(), there.ino())) {
                Some(earlier) => Kind::Same { path: String::clone(earlier) },
                None => {
                    first.insert((there.dev(), there.ino()), below.clone());
                    // The content is read later, and its sum with it.
                    Kind::File { bytes: there.len(), blake3: String::new() }
                }
            },
            kind => {
                let what = if kind.is_socket() { "a socket" } else { "a pipe or device" };
                passed_over.push(format!("{}: {what}", path.display()));
                continue;
            }
        };
        let attributes = attributes(&path).map_err(failed)?;
        let entry = Entry {
            root,
            path: below,
            kind,
            mode: there.mode() & 0o7777,
            uid: there.uid(),
            gid: there.gid(),
            modified: (there.mtime(), there.mtime_nsec()),
            attributes,
        };
        found.push(Found { entry, path, there });
    }
    Ok((found, passed_over))
}

/// Extended attributes; a file system that has none has none here.
fn attributes(path: &Path) -> io::Result<BTreeMap<String, String>> {
    let none = |error: rustix::io::Errno| matches!(error, rustix::io::Errno::NOTSUP | rustix::io::Errno::PERM);
    let mut names = vec![0_u8; ATTRIBUTE_BYTES_MAX];
    let length = match rustix::fs::llistxattr(path, &mut names[..]) {
        Ok(length) => length,
        Err(error) if none(error) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = BTreeMap::new();
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0_u8; ATTRIBUTE_BYTES_MAX];
        let length = rustix::fs::lgetxattr(path, name, &mut value[..])?;
        found.insert(String::from_utf8_lossy(name).into_owned(), greenlight_reports::hex(&value[..length]));
    }
    Ok(found)
}

/// Gives a file its extended attributes.
///
/// # Errors
/// When it can't have them.
pub(super) fn set_attributes(path: &Path, attributes: &BTreeMap<String, String>) -> io::Result<()> {
    for (name, value) in attributes {
        let digits = |at: usize| u8::from_str_radix(value.get(at..at + 2).unwrap_or("x"), 16).map_err(io::Error::other);
        let bytes = (0..value.len() / 2).map(|index| digits(index * 2)).collect::<io::Result<Vec<u8>>>()?;
        let name = CString::new(name.as_bytes()).map_err(io::Error::other)?;
        let path = CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other)?;
        rustix::fs::lsetxattr(path.as_c_str(), name.as_c_str(), &bytes, XattrFlags::empty())?;
    }
    Ok(())
}
