//! The peers, installed by their ordinary package managers into `target/bench`.

use super::programs::{folder, root, write};
use anyhow::{Context as _, Result, bail, ensure};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// From crates.io, in release, with the versions of their own lock file.
const CRATES: &[(&str, &str)] = &[("oha", "1.16.0"), ("hurl", "8.0.1"), ("cargo-nextest", "0.9.151")];
const K6: &str = "go.k6.io/k6@v1.2.3";
const COMPOSE: &str = "v2.40.3";
const PYTEST: &[&str] = &["pytest==9.0.1", "requests==2.32.5"];

/// A peer, ready to run.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) path: String,
    pub(super) version: String,
}

/// A peer that can't be had has no figure, and the others keep theirs.
pub(super) fn or_note(peer: Result<Peer>, notes: &mut Vec<String>) -> Option<Peer> {
    peer.map_err(|error| {
        let reason = format!("{error:#}");
        eprintln!("bench    {reason}");
        notes.push(format!("no figure of a peer: {}", reason.split_whitespace().collect::<Vec<_>>().join(" ")));
    })
    .ok()
}

/// A program of crates.io.
pub(super) fn cargo(name: &str) -> Result<Peer> {
    let (package, version) = CRATES.iter().find(|(package, _)| *package == name).context("an unknown crate")?;
    let place = folder("bin")?.join(name);
    if !place.exists() {
        if *package == "hurl" {
            apt(&["pkg-config", "libxml2-dev", "libcurl4-openssl-dev", "libclang-dev"])?;
        }
        let mut install = Command::new(env!("CARGO"));
        install.args(["install", "--quiet", "--locked", "--version", version, "--root"]).arg(folder("")?).arg(package);
        install.env("CARGO_TARGET_DIR", folder("build")?);
        installing(package, &mut install)?;
    }
    found(place, &["--version"])
}

/// k6, compiled from its module.
pub(super) fn k6() -> Result<Peer> {
    let place = folder("bin")?.join("k6");
    if !place.exists() {
        let mut install = Command::new("go");
        install.args(["install", K6]).env("GOBIN", folder("bin")?).current_dir(folder("")?);
        installing("k6", &mut install)?;
    }
    found(place, &["version"])
}

/// Docker's compose, compiled from its module: as a dependency of an empty one, since `go install` refuses a module that
/// replaces others.
pub(super) fn compose() -> Result<Peer> {
    let place = folder("bin")?.join("docker-compose");
    if !place.exists() {
        let source = folder("compose-source")?;
        let module = format!("module bench\n\ngo 1.24\n\nrequire github.com/docker/compose/v2 {COMPOSE}\n");
        write(&source, "go.mod", &module)?;
        let program = "package main\n\nimport _ \"github.com/docker/compose/v2/cmd\"\n";
        write(&source, "tools.go", &format!("//go:build tools\n\n{program}"))?;
        installing("what docker compose is made of", Command::new("go").args(["mod", "tidy"]).current_dir(&source))?;
        let flag = format!("-ldflags=-s -w -X github.com/docker/compose/v2/internal.Version={COMPOSE}");
        let mut build = Command::new("go");
        build.args(["build", &flag, "-o"]).arg(&place).arg("github.com/docker/compose/v2/cmd").current_dir(&source);
        installing("docker compose", &mut build)?;
    }
    found(place, &["version"])
}

/// wrk, as Debian builds it.
pub(super) fn wrk() -> Result<Peer> {
    apt(&["wrk"])?;
    // It prints its version with its usage, and ends with status 1 then.
    let said = Command::new("wrk").arg("--version").output().context("running wrk")?;
    let version = String::from_utf8_lossy(&said.stdout).lines().next().unwrap_or_default().to_owned();
    Ok(Peer { path: "wrk".into(), version: version.split(" Copyright").next().unwrap_or_default().to_owned() })
}

/// A program as Debian builds it, in the package of the same name.
pub(super) fn debian(name: &str, arguments: &[&str]) -> Result<Peer> {
    apt(&[name])?;
    let mut peer = found(PathBuf::from(name), arguments)?;
    peer.version = format!("{name} {}", peer.version.trim_start_matches(name).trim());
    Ok(peer)
}

/// pytest and requests in an environment of their own.
pub(super) fn pytest() -> Result<Peer> {
    let environment = folder("")?.join("venv");
    let python = environment.join("bin/python");
    if !environment.join("bin/pytest").exists() {
        installing("a Python environment", Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let mut install = Command::new(&python);
        installing("pytest", install.args(["-m", "pip", "install", "--quiet", "--no-input"]).args(PYTEST))?;
    }
    let mut peer = found(python, &["-m", "pytest", "--version"])?;
    peer.version = format!(
        "{}, {}, requests 2.32.5",
        peer.version,
        found(environment.join("bin/python"), &["--version"])?.version
    );
    Ok(peer)
}

fn apt(packages: &[&str]) -> Result<()> {
    let is_there = |package: &&&str| {
        let asked = Command::new("dpkg-query").args(["--show", "--showformat", "${Status}", package]).output();
        asked.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains("ok installed"))
    };
    let missing: Vec<&&str> = packages.iter().filter(|package| !is_there(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    installing("Debian's lists", Command::new("apt-get").args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq"]).args(missing).env("DEBIAN_FRONTEND", "noninteractive");
    installing(&packages.join(", "), &mut install)
}

fn installing(what: &str, command: &mut Command) -> Result<()> {
    eprintln!("bench    installing {what}");
    let started = Instant::now();
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("installing {what}"))?;
    if !done.status.success() {
        let said = [done.stdout, done.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let last: Vec<&str> = said.lines().rev().take(10).collect();
        bail!("{what} could not be installed:\n{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    eprintln!("bench    installed {what} in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn found(path: PathBuf, arguments: &[&str]) -> Result<Peer> {
    let said = Command::new(&path).args(arguments).output().with_context(|| format!("running {}", path.display()))?;
    ensure!(said.status.success(), "{} does not run", path.display());
    let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    let version = text.lines().next().unwrap_or_default().split(" (").next().unwrap_or_default().trim().to_owned();
    Ok(Peer { path: path.display().to_string(), version })
}

/// What our own side is.
pub(super) fn ourselves() -> String {
    let said = Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(root()).output();
    let commit = said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned()).unwrap_or_default();
    let said = Command::new("rustc").arg("--version").output();
    let compiler = said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned()).unwrap_or_default();
    format!("commit {commit}, {}", compiler.split(" (").next().unwrap_or_default())
}

/// Removes what a benchmark has written, so that it begins with nothing.
pub(super) fn emptied(name: &str) -> Result<PathBuf> {
    let place = folder(name)?;
    fs::remove_dir_all(&place)?;
    folder(name)
}
