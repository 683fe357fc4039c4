//! What is needed to make a container again.

use super::put::Put;
use crate::failure::Failure;
use bollard::models::{
    ContainerConfig, ContainerCreateBody, ContainerInspectResponse, EndpointSettings, HostConfig, MountPoint,
    NetworkingConfig,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The engine names a container's host by so much of its id, unless it is told otherwise.
const SHORT_ID: usize = 12;
/// Networks that the engine has by itself; nobody has a name there.
const BUILT_IN: [&str; 4] = ["bridge", "default", "host", "none"];

/// A container as it is: everything that it was made with, its files, and whether it runs. It holds secrets.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Container {
    pub(super) name: String,
    /// The image as it was named; a tag can be moved.
    pub(super) image: String,
    /// What the image is.
    pub(super) image_id: String,
    /// Command, entry point, environment, labels, user, working folder.
    pub(super) config: ContainerConfig,
    /// Mounts, published ports, limits, restart policy.
    pub(super) host: HostConfig,
    /// Networks that somebody made, with aliases.
    pub(super) networks: BTreeMap<String, EndpointSettings>,
    /// Files that were put into it.
    pub(super) files: Vec<Put>,
    pub(super) runs: bool,
}

impl Container {
    /// As the engine describes it.
    ///
    /// # Errors
    /// [`Failure`]: the description lacks what every container has.
    pub(super) fn of(seen: ContainerInspectResponse, files: Vec<Put>) -> Result<Self, Failure> {
        let name = seen.name.unwrap_or_default().trim_start_matches('/').to_owned();
        let lacks = |what: &str| Failure::unknown(format!("the container engine does not say {what} of {name}"));
        let id = seen.id.ok_or_else(|| lacks("the id"))?;
        let short = id.get(..SHORT_ID).unwrap_or(&id).to_owned();
        let mut config = seen.config.ok_or_else(|| lacks("the configuration"))?;
        config.hostname = config.hostname.filter(|hostname| *hostname != short);
        let mut host = seen.host_config.ok_or_else(|| lacks("the limits"))?;
        let unnamed: Vec<String> =
            seen.mounts.unwrap_or_default().iter().filter_map(|mount| unnamed(mount, &host)).collect();
        if !unnamed.is_empty() {
            host.binds = Some([host.binds.unwrap_or_default(), unnamed].concat());
        }
        let networks = seen.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
        let networks = networks
            .into_iter()
            .filter(|(network, _)| !BUILT_IN.contains(&network.as_str()))
            .map(|(network, there)| (network, chosen(there, &short)))
            .collect();
        Ok(Self {
            image: config.image.clone().ok_or_else(|| lacks("the image"))?,
            image_id: seen.image.ok_or_else(|| lacks("the id of the image"))?,
            config,
            host,
            networks,
            files,
            runs: seen.state.and_then(|state| state.running).unwrap_or_default(),
            name,
        })
    }

    /// What the engine is asked for, and the networks to which it is connected after that: one that is made is in one only.
    ///
    /// # Errors
    /// [`Failure`]: the description is none.
    pub(super) fn body(&self, image: &str) -> Result<(ContainerCreateBody, Vec<(String, EndpointSettings)>), Failure> {
        let mut value = serde_json::to_value(&self.config).map_err(Failure::unknown)?;
        value["Image"] = image.into();
        let mut body: ContainerCreateBody = serde_json::from_value(value).map_err(Failure::unknown)?;
        body.host_config = Some(self.host.clone());
        let mode = self.host.network_mode.as_deref().unwrap_or("default");
        let is_first = |name: &str| name == mode;
        let (first, others): (Vec<_>, Vec<_>) = self
            .networks
            .iter()
            .map(|(name, there)| (name.clone(), there.clone()))
            .partition(|(name, _)| is_first(name));
        if !first.is_empty() {
            body.networking_config = Some(NetworkingConfig { endpoints_config: Some(first.into_iter().collect()) });
        }
        Ok((body, others))
    }

    /// The file of this path that was put into it, as text.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        let file = self.files.iter().find(|file| file.path == path)?;
        std::str::from_utf8(&file.bytes).ok()
    }

    /// The value of a variable.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let all = self.config.env.iter().flatten();
        all.filter_map(|line| line.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Volumes and folders of this machine that it uses: what is in them is not kept here.
    pub(super) fn mounts(&self) -> Vec<String> {
        let binds = self.host.binds.iter().flatten().filter_map(|bind| bind.split(':').next()).map(str::to_owned);
        let mounts = self.host.mounts.iter().flatten().filter_map(|mount| mount.source.clone());
        binds.chain(mounts).collect()
    }
}

/// A volume that nobody named, as one that is named: else the new container would have an empty one.
fn unnamed(mount: &MountPoint, host: &HostConfig) -> Option<String> {
    let (name, destination) = (mount.name.as_ref()?, mount.destination.as_ref()?);
    let bound = host.binds.iter().flatten().any(|bind| bind.split(':').nth(1) == Some(destination));
    let mounted = host.mounts.iter().flatten().any(|other| other.target.as_ref() == Some(destination));
    let is_volume = mount.typ.as_deref() == Some("volume");
    (is_volume && !bound && !mounted).then(|| format!("{name}:{destination}"))
}

/// What somebody has chosen there, without what the engine gave.
fn chosen(there: EndpointSettings, short: &str) -> EndpointSettings {
    let aliases = there.aliases.unwrap_or_default().into_iter().filter(|alias| alias != short).collect();
    EndpointSettings {
        ipam_config: there.ipam_config,
        links: there.links,
        aliases: Some(aliases),
        driver_opts: there.driver_opts,
        ..Default::default()
    }
}
