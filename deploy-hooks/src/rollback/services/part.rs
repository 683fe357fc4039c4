//! Keeping containers, and how they come back.

use super::balancer::Traffic;
use super::container::Container;
use super::containers::Containers;
use super::{by_deploy, prepare};
use crate::failure::Failure;
use crate::rollback::archive::{Opened, end_part};
use crate::rollback::exchange::Exchange;
use crate::rollback::part::{Kept, Part};
use crate::rollback::site::Site;
use crate::rollback::writer::Writer;
use greenlight_config::{DockerSpec, Driver};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// As it is written in `--only` and in the manifest.
pub(super) const NAME: &str = "services";
/// A description of a container has some kilobytes.
const BYTES: u64 = 1 << 20;

/// The containers of an environment.
pub(in crate::rollback) struct Services<'a> {
    pub(in crate::rollback) site: &'a Site,
}

/// What is kept of them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    /// In the order in which they are stopped and started.
    pub(super) containers: Vec<Container>,
    /// To whom the balancer gave traffic.
    pub(super) traffic: Option<Traffic>,
    /// The file from which a reload of the balancer takes it.
    pub(super) state_file: Option<String>,
}

impl Part for Services<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn estimate(&self) -> Result<u64, Failure> {
        Ok(BYTES)
    }

    fn keep(&self, archive: &mut Writer) -> Result<Kept, Failure> {
        let (held, passed_over) = self.site.wait(looked(self.site))?;
        let plain_bytes = serde_json::to_vec(&held).map_err(Failure::unknown)?.len() as u64;
        end_part(archive, NAME, BTreeMap::new(), &held)
            .map_err(|error| Failure::unknown(format!("cannot write the archive: {error}")))?;
        Ok(Kept { entries: held.containers.len(), plain_bytes, passed_over, ..Kept::default() })
    }

    fn exchange(&self, opened: &Opened<'_>, point: &str) -> Result<Exchange, Failure> {
        let held = read(opened).map_err(Failure::refused)?;
        match self.site.emergency() {
            Some(reason) => prepare::prepared(self.site, &held, point, reason).map(Exchange::ServicesAgain),
            None => by_deploy::prepared(self.site, &held, point).map(Exchange::ServicesByDeploy),
        }
    }

    fn rehearsal(&self, opened: &Opened<'_>, point: &str, _: &Path) -> Result<Exchange, Failure> {
        let held = read(opened).map_err(Failure::refused)?;
        prepare::rehearsal(self.site, &held, point).map(Exchange::ServicesAgain)
    }
}

/// What a point holds of them.
///
/// # Errors
/// What is wrong with the archive.
pub(super) fn read(opened: &Opened<'_>) -> Result<Held, String> {
    opened.part(NAME, |_, _| Ok(()))
}

/// The containers and the balancer of the driver `docker`, if it is that.
pub(super) fn docker_spec(site: &Site) -> Option<&DockerSpec> {
    match site.environment()?.driver.as_ref()? {
        Driver::Docker(spec) => Some(spec),
        Driver::Command(_) => None,
    }
}

/// The containers of the two colours, whether they exist or not.
pub(super) fn colours(site: &Site) -> Vec<String> {
    docker_spec(site)
        .map(|spec| ["blue", "green"].map(|colour| format!("{}-{colour}", spec.name)).into())
        .unwrap_or_default()
}

async fn looked(site: &Site) -> Result<(Held, Vec<String>), Failure> {
    let engine = Containers::connect().await?;
    let named = site.spec().and_then(|spec| spec.services.as_ref()).map(|spec| spec.containers.clone());
    let colours: Vec<String> = colours(site);
    let named: Vec<String> = named.into_iter().flatten().filter(|name| !colours.contains(name)).collect();
    let (mut containers, mut passed_over) = (Vec::new(), Vec::new());
    for name in named.iter().chain(&colours) {
        let Some(seen) = engine.seen(name).await? else {
            if colours.contains(name) {
                continue;
            }
            return Err(Failure::usage(format!(
                "rollback.services.containers names {name}, and the container engine has none; start it, or take it out"
            )));
        };
        passed_over.extend(seen.left_out);
        passed_over
            .extend(seen.container.mounts().iter().map(|mount| format!("what is in {mount}, a mount of {name}")));
        containers.push(seen.container);
    }
    if containers.is_empty() {
        return Err(Failure::usage(
            "there is no container to keep: neither colour exists, and rollback.services.containers names none",
        ));
    }
    let (mut traffic, mut state_file) = (None, None);
    if let Some(spec) = docker_spec(site) {
        traffic = Some(Traffic::now(&spec.balancer).await?);
        state_file = std::fs::read_to_string(site.path(&spec.balancer.state_file)).ok();
    }
    Ok((Held { containers, traffic, state_file }, passed_over))
}

/// What is in an archive, a line each, and no secret.
///
/// # Errors
/// What is wrong with it.
pub(in crate::rollback) fn held(opened: &Opened<'_>) -> Result<Vec<String>, String> {
    let held = read(opened)?;
    let line = |container: &Container| {
        let state = if container.runs { "runs" } else { "stopped" };
        let files: Vec<&str> = container.files.iter().map(|file| file.path.as_str()).collect();
        format!("{}  {}  {}  {state}  {}", container.name, container.image, container.image_id, files.join(" "))
    };
    let mut lines: Vec<String> = held.containers.iter().map(line).map(|line| line.trim_end().to_owned()).collect();
    lines.extend(held.traffic.iter().map(Traffic::shown));
    Ok(lines)
}
