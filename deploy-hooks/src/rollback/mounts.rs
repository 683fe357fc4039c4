//! What is mounted where. A mount goes along when the folder above it is renamed, and a removal of that folder would empty what
//! is mounted: somebody else's files, which no point names.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// The mounts of this process (proc_pid_mountinfo(5)). Unlike numbers of devices it knows binds within one file system.
const MOUNTS: &str = "/proc/self/mountinfo";
/// Where it says the mount point, between spaces.
const POINT: usize = 4;

/// The first mount point at a path or below it.
///
/// # Errors
/// When nobody can tell.
pub(super) fn mounted(path: &Path) -> io::Result<Option<PathBuf>> {
    // The last part is not followed: a link is renamed, and not what it leads to.
    let real = match (path.parent(), path.file_name()) {
        (Some(above), Some(name)) if !above.as_os_str().is_empty() => fs::canonicalize(above)?.join(name),
        _ => std::path::absolute(path)?,
    };
    Ok(points(&fs::read(MOUNTS)?).find(|point| point.starts_with(&real)))
}

fn points(mounts: &[u8]) -> impl Iterator<Item = PathBuf> {
    let lines = mounts.split(|byte| *byte == b'\n');
    lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(POINT)).map(unescaped)
}

/// Space, tab, line feed and backslash stand there as a backslash and three octal digits.
fn unescaped(text: &[u8]) -> PathBuf {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((first, more)) = rest.split_first() {
        let code = match (first, more) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..]) => {
                Some((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'))
            }
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &more[3..] } else { more };
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::points;
    use std::path::PathBuf;

    /// The first line is the example of proc_pid_mountinfo(5), the second one what Linux says of `/srv/a b\c`.
    #[test]
    fn mount_points_are_read_as_the_kernel_writes_them() {
        let text = b"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n\
            62 29 0:50 / /srv/a\\040b\\134c rw - tmpfs tmpfs rw\n";
        assert_eq!(points(text).collect::<Vec<_>>(), ["/mnt2", "/srv/a b\\c"].map(PathBuf::from));
    }
}
