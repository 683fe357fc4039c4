//! A folder with `greenlight` in it, and beside it a stand-in for greenlight-verify.

use crate::world::Ended;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

pub(crate) const VERSION: &str = concat!("greenlight-verify ", env!("CARGO_PKG_VERSION"));

pub(crate) struct Bin(tempfile::TempDir);

impl Bin {
    /// With nothing beside it.
    pub(crate) fn alone() -> Self {
        // On the same file system as the binary, so that a second name is enough.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        fs::hard_link(env!("CARGO_BIN_EXE_greenlight"), folder.path().join("greenlight")).expect("linked");
        Self(folder)
    }

    /// A shell script that is called as greenlight-verify.
    pub(crate) fn beside(script: &str) -> Self {
        let bin = Self::alone();
        fs::write(bin.path("greenlight-verify"), script).expect("written");
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(bin.path("greenlight-verify"), executable).expect("executable");
        bin
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("greenlight"));
        command.args(arguments).current_dir(self.0.path());
        // What the shell of whoever runs the tests points to is no part of them.
        for name in ["LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.command(arguments).output().expect("it runs"))
    }
}
