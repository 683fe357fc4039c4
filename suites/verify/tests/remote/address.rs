//! `greenlight-verify` on a deployment at its address, as a user calls it.

use anyhow::{Result, ensure};
use greenlight_harness::clients::Key;
use greenlight_verify::new_run_id;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where a deployment is, as its user says it.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) key: Key,
    pub(crate) ca: Option<PathBuf>,
}

impl Address {
    /// `greenlight-verify --target url`, told by the environment as users of `lk` do it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<Command> {
        self.command_into(
            &PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remote-{}", new_run_id())),
            arguments,
        )
    }

    /// The same with a folder for the report.
    pub(crate) fn command_into(&self, out: &Path, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight-verify"));
        command.args(["--target", "url", "--out"]).arg(out).args(arguments);
        if let Some(ca) = &self.ca {
            command.arg("--ca").arg(ca);
        }
        command.env("LIVEKIT_URL", &self.url).env("LIVEKIT_API_KEY", &self.key.id);
        command.env("LIVEKIT_API_SECRET", self.key.secret.expose()).env_remove("CI");
        Ok(command)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Output> {
        Ok(self.command(arguments)?.output()?)
    }
}

pub(crate) fn text(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout))
}

/// Exit 0, some passes, and no failure of any kind.
pub(crate) fn healthy(output: &Output) -> Result<String> {
    let text = text(output);
    ensure!(output.status.code() == Some(0), "{}:\n{text}", output.status);
    ensure!(text.contains("\nPASSED "), "no verdict:\n{text}");
    Ok(text)
}

pub(crate) fn docker(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new("docker").args(arguments).output()?)
}
