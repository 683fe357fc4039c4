//! Starts the demo and removes it.

use super::place::{Place, root};
use super::{engine, files, look};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Where it is, unless told otherwise.
pub(crate) const DIR: &str = "target/demo";

/// Starts it, or starts nothing.
pub(crate) fn up(dir: &Path) -> Result<()> {
    let folder = absolute(dir)?;
    engine::is_ready()?;
    let (containers, networks) = engine::there(&folder)?;
    if folder.exists() || !containers.is_empty() || !networks.is_empty() {
        bail!("a demo is up already, or what is left of one; `{}` removes it", down_line(dir));
    }
    let (root, suites) = (root()?, suites()?);
    let begun = Instant::now();
    let place = Place::new(folder)?;
    let started = files::write(&place, &root, &suites).and_then(|()| start(&place));
    if let Err(error) = started {
        let removed = remove(&place.folder).err().map(|left| format!("; and not all of it could be removed: {left:#}"));
        bail!("{error:#}; nothing of it is kept{}", removed.unwrap_or_default());
    }
    let shown = dir.display();
    eprintln!(
        "demo     blue has the traffic of http://127.0.0.1:{}, after {:.1} s; its files are in {shown}
next     (. {shown}/env; cargo greenlight deploy --env demo --config {shown}/deployment.yaml)
         cargo greenlight deploy status --env demo --config {shown}/deployment.yaml
end      {}",
        place.ports.clients,
        begun.elapsed().as_secs_f64(),
        down_line(dir)
    );
    Ok(())
}

/// Removes what there is of it.
pub(crate) fn down(dir: &Path) -> Result<()> {
    let folder = absolute(dir)?;
    let was = folder.exists();
    match remove(&folder)? {
        (0, 0) if !was => eprintln!("demo     none is up in {}: nothing was removed", dir.display()),
        (containers, networks) => {
            eprintln!("demo     {containers} containers, {networks} network and {} are removed", dir.display());
        }
    }
    Ok(())
}

fn down_line(dir: &Path) -> String {
    match dir == Path::new(DIR) {
        true => "cargo xtask demo down".to_owned(),
        false => format!("cargo xtask demo down --dir {}", dir.display()),
    }
}

fn absolute(dir: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(dir).with_context(|| format!("finding {}", dir.display()))?;
    // Without a slash at its end, which a shell adds or does not.
    Ok(absolute.components().collect())
}

/// The program that has the checks, of the same build as this one.
fn suites() -> Result<PathBuf> {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--bin", "greenlight", "--bin", "greenlight-verify"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .status()
        .context("running cargo")?;
    ensure!(built.success(), "the suites can't be built, see above");
    let own = std::env::current_exe().context("where is this program?")?;
    Ok(own.with_file_name("greenlight-verify"))
}

fn start(place: &Place) -> Result<()> {
    engine::network(place)?;
    engine::redis(place)?;
    wait(place, "redis", || engine::redis_answers(place))?;
    engine::blue(place)?;
    // It has its own copy.
    fs::remove_file(place.path("blue.yaml"))?;
    wait(place, "blue", || look::serves(place.ports.blue[0]))?;
    engine::haproxy(place)?;
    // The engine takes connections for HAProxy before it listens, and an answer of nothing is what success looks like: so
    // it is told until callers are served.
    wait(place, "haproxy", || {
        look::says(place.ports.runtime_api, "set server nodes/blue state ready")?;
        look::serves(place.ports.clients)
    })?;
    // As `greenlight deploy` does at a switch: a reload keeps the colour.
    let state = look::says(place.ports.runtime_api, "show servers state")?;
    ensure!(state.starts_with("1\n"), "the balancer says {state:?} and not its servers' state, version 1");
    fs::write(place.path("haproxy/state"), state).context("keeping the balancer's state")
}

fn wait(place: &Place, part: &str, condition: impl FnMut() -> Result<()>) -> Result<()> {
    look::until(part, condition).with_context(|| engine::last_words(place, part).trim().to_owned())
}

fn remove(folder: &Path) -> Result<(usize, usize)> {
    let removed = engine::remove(folder)?;
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    Ok(removed)
}
