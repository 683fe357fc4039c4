//! Where things of the bench are, and our own program.

use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
pub(super) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap_or(root)
}

/// A folder of the bench, made if it is not there.
pub(super) fn folder(name: &str) -> Result<PathBuf> {
    let folder = root().join("target/bench").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    Ok(folder)
}

/// Writes a file of the bench.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// Builds `greenlight-bench` and says where it is. Release is what figures are taken with; dev is what a user runs.
pub(super) fn ours(release: bool) -> Result<String> {
    built("greenlight-bench", release)
}

/// The same of `greenlight`.
pub(super) fn greenlight(release: bool) -> Result<String> {
    built("greenlight", release)
}

fn built(name: &str, release: bool) -> Result<String> {
    let profile = if release { "release" } else { "debug" };
    eprintln!("bench    building {name} ({profile})");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--bin", name]).current_dir(root());
    if release {
        cargo.arg("--release");
    }
    let status = cargo.status().context("running cargo")?;
    ensure!(status.success(), "{name} could not be built");
    Ok(root().join("target").join(profile).join(name).display().to_string())
}
