//! One deploy per environment. The lock is the kernel's: it goes with the last process that holds it. Steps get it as
//! their standard input, so that a step which outlives a killed deploy keeps it until it has ended as well.

use crate::clock::{timestamp, who};
use crate::failure::Failure;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::process::Stdio;

/// A lock that is held.
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Takes it.
    ///
    /// # Errors
    /// Who holds it, since when and for what.
    pub(crate) fn take(path: &Path, what: &str) -> Result<Self, Failure> {
        let failed =
            |error: std::io::Error| Failure::unknown(format!("cannot take the lock {}: {error}", path.display()));
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = open.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::usage(format!(
                    "{} has the lock {}; wait for it, or end it. A step that outlives a killed deploy keeps the lock too",
                    holder(path).unwrap_or_else(|| "another process".to_owned()),
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let said = format!("{} (process {}) since {} for {what}\n", who(), std::process::id(), timestamp());
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        file.write_all(said.as_bytes()).map_err(failed)?;
        Ok(Self { file })
    }

    /// For a step: it reads nothing there, and holds the lock as long as it lives.
    ///
    /// # Errors
    /// When the descriptor can't be copied.
    pub(crate) fn for_step(&self) -> Result<Stdio, Failure> {
        Ok(Stdio::from(
            self.file.try_clone().map_err(|error| Failure::unknown(format!("cannot hand on the lock: {error}")))?,
        ))
    }
}

impl Drop for Lock {
    /// Whatever a step has left running in the background must not keep the next deploy out.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// What the holder has written, if anybody holds the lock.
pub(crate) fn holder(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let mut said = String::new();
    file.read_to_string(&mut said).ok()?;
    Some(said.trim().to_owned()).filter(|said| !said.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Lock, holder};
    use std::process::Command;

    #[test]
    fn the_second_is_told_who_holds_it() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("lock");
        let held = Lock::take(&path, "deploy k3f9a").expect("free");
        let told = Lock::take(&path, "deploy other").map(drop).expect_err("held").message;
        assert!(told.contains("for deploy k3f9a") && told.contains(&std::process::id().to_string()), "{told}");
        assert!(holder(&path).expect("a holder").contains("deploy k3f9a"));
        drop(held);
        assert_eq!(holder(&path), None);
        drop(Lock::take(&path, "deploy other").expect("free again"));
    }

    /// As after `kill -9` of the deploy: its descriptor is closed without a word, the step's copy is not.
    #[test]
    fn a_step_that_outlives_its_deploy_keeps_the_lock() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("lock");
        let held = Lock::take(&path, "deploy k3f9a").expect("free");
        let mut step = Command::new("sleep").arg("600").stdin(held.for_step().expect("copied")).spawn().expect("sleep");
        let Lock { ref file } = held;
        let closed = file.try_clone().expect("a copy");
        std::mem::forget(held);
        drop(closed);
        assert!(Lock::take(&path, "resume").is_err());
        step.kill().expect("killed");
        step.wait().expect("gone");
    }
}
