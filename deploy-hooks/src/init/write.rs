//! Writes all files or none, and none over another.

use crate::failure::Failure;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Writes them below the folder, which is made if there is none.
///
/// # Errors
/// [`Failure`] of usage: something stands there already, or one can't be written. Then nothing has changed.
pub(super) fn write(folder: &Path, files: &[(&str, String)]) -> Result<(), Failure> {
    let taken = taken(folder, files)?;
    if !taken.is_empty() {
        return Err(Failure::usage(format!(
            "these exist already, and nothing was written: {}; name another folder, move them away, or leave out --ci",
            taken.join(", ")
        )));
    }
    let mut made = Vec::new();
    for (file, text) in files {
        let path = folder.join(file);
        if let Err(error) = write_one(&path, text, &mut made) {
            undo(made);
            return Err(Failure::usage(format!(
                "cannot write {}: {error}; nothing was written; name a folder that can be written",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Whatever stands where a file or its folder is to be.
fn taken(folder: &Path, files: &[(&str, String)]) -> Result<Vec<String>, Failure> {
    let mut taken = BTreeSet::new();
    for (file, _) in files {
        let path = folder.join(file);
        // A link that leads nowhere stands there too.
        match fs::symlink_metadata(&path) {
            Ok(_) => _ = taken.insert(path.display().to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                let above = path.ancestors().skip(1).find(|above| above.is_file()).unwrap_or(folder);
                taken.insert(format!("{} (no folder)", above.display()));
            }
            Err(error) => return Err(Failure::usage(format!("cannot look at {}: {error}", path.display()))),
        }
    }
    Ok(taken.into_iter().collect())
}

/// Remembers what it has made, also where it then fails.
fn write_one(path: &Path, text: &str, made: &mut Vec<PathBuf>) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|above| !above.exists()).collect();
    for above in missing.into_iter().rev().filter(|above| !above.as_os_str().is_empty()) {
        fs::create_dir(above)?;
        made.push(above.to_owned());
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    made.push(path.to_owned());
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The last first, so that folders are empty by then. What can't be removed is no reason to leave the rest.
fn undo(made: Vec<PathBuf>) {
    for path in made.into_iter().rev() {
        let _ = if path.is_dir() { fs::remove_dir(&path) } else { fs::remove_file(&path) };
    }
}

#[cfg(test)]
mod tests {
    use super::write_one;

    /// Somebody else writes it between the look and the writing.
    #[test]
    fn a_file_that_appears_meanwhile_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a");
        std::fs::write(&file, "theirs").expect("written");
        let mut made = Vec::new();
        let error = write_one(&file, "ours", &mut made).expect_err("it is there");
        assert_eq!((error.kind(), made.len()), (std::io::ErrorKind::AlreadyExists, 0));
        assert_eq!(std::fs::read_to_string(&file).expect("there"), "theirs");
    }
}
