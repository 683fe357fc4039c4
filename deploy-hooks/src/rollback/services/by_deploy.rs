//! Coming back without an emergency: a deploy of what was kept, by the environment's own procedure and with an open gate.

use super::balancer::Traffic;
use super::container::Container;
use super::containers::Containers;
use super::difference::differences;
use super::part::{Held, docker_spec, read};
use crate::deploy::{Colour, Deploy, Stand, new_id};
use crate::failure::Failure;
use crate::files::{remove_if_there, write_new};
use crate::gate::{Asked, ask_about};
use crate::rollback::archive::Opened;
use crate::rollback::exchange::Exchanging;
use crate::rollback::site::Site;
use crate::rollback::stage::sync_above;
use greenlight_config::{ArtefactSpec, Deployment, DockerSpec, Driver, Environment, of_colour};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the driver puts livekit.yaml.
const CONFIG: &str = "/livekit.yaml";
const WITHOUT_GATE: &str =
    "`--emergency --yes --reason TEXT` makes containers again without gate and deploy, and cuts calls";

/// A deploy of the image and the configuration that were kept. It stands in the journal: names, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rollback) struct ByDeploy {
    /// Id of the deploy; none where what serves is what was kept.
    deploy: Option<String>,
    /// The container that had the traffic.
    kept: String,
    image: String,
    image_id: String,
    /// Where its livekit.yaml is put together, for its owner's eyes only.
    config: PathBuf,
}

/// Looks whether anything is to be done, and asks the gate about it.
///
/// # Errors
/// [`Failure`]: no deploy brings it back, or the gate is closed.
pub(super) fn prepared(site: &Site, held: &Held, point: &str) -> Result<ByDeploy, Failure> {
    let (Some(spec), Some(deployment), Some(name), Some(environment)) =
        (docker_spec(site), site.deployment(), site.name(), site.environment())
    else {
        return Err(Failure::usage(format!(
            "there is no driver `docker` by which containers come back one colour after the other; name its environment with --environment. {WITHOUT_GATE}"
        )));
    };
    let active = held.traffic.as_ref().and_then(|traffic| traffic.active(spec));
    let kept = active.and_then(|(name, _)| held.containers.iter().find(|container| container.name == name));
    let kept = kept.ok_or_else(|| {
        Failure::usage(format!(
            "when the point was made no colour alone had the traffic, so there is none to deploy. {WITHOUT_GATE}"
        ))
    })?;
    let text = kept.text(CONFIG).ok_or_else(|| {
        Failure::usage(format!(
            "the point has no {CONFIG} of {}, with which it would be deployed. {WITHOUT_GATE}",
            kept.name
        ))
    })?;
    let config = site.path(&spec.config).with_file_name(format!(".greenlight-{point}-services.new"));
    let (image, image_id) = (kept.image.clone(), kept.image_id.clone());
    let mut by = ByDeploy { deploy: None, kept: kept.name.clone(), image, image_id, config };
    let is_same = site.wait(async {
        let engine = Containers::connect().await?;
        others(&engine, spec, held).await?;
        Ok::<_, Failure>(differs(&engine, spec, kept).await?.is_none())
    })?;
    if is_same {
        return Ok(by);
    }
    for variable in &spec.environment {
        if std::env::var(variable).ok().as_deref() != kept.variable(variable) {
            return Err(Failure::usage(format!(
                "{variable}, which the driver hands on, is another than when the point was made; set it as it was, or bring it back with the components files and env first. {WITHOUT_GATE}"
            )));
        }
    }
    gate(site, (deployment, name, &by.environment(environment)), text)?;
    by.deploy = Some(new_id());
    Ok(by)
}

/// A deploy brings one colour. Whatever else is not as it was kept, it does not bring.
async fn others(engine: &Containers, spec: &DockerSpec, held: &Held) -> Result<(), Failure> {
    let colours = ["blue", "green"].map(|colour| format!("{}-{colour}", spec.name));
    for container in held.containers.iter().filter(|container| !colours.contains(&container.name)) {
        let name = &container.name;
        let found = match engine.seen(name).await? {
            None => vec!["it is gone".to_owned()],
            Some(seen) => differences(container, &seen.container),
        };
        if !found.is_empty() {
            return Err(Failure::usage(format!(
                "{name} is not as it was kept ({}), and no deploy brings it back. {WITHOUT_GATE}",
                found.join("; ")
            )));
        }
    }
    Ok(())
}

/// In what the colour that has the traffic differs from what was kept: image, environment, or settings other than its
/// ports.
async fn differs(engine: &Containers, spec: &DockerSpec, kept: &Container) -> Result<Option<String>, Failure> {
    let Some((name, colour)) = Traffic::now(&spec.balancer).await?.active(spec) else {
        return Ok(Some("no colour alone has the traffic".to_owned()));
    };
    let Some(now) = engine.seen(&name).await?.map(|seen| seen.container) else {
        return Ok(Some(format!("there is no container {name}")));
    };
    let ports = if colour == Colour::Blue { spec.blue } else { spec.green };
    let wanted = kept.text(CONFIG).map(|text| of_colour(text, ports.rtc_tcp, ports.rtc_udp));
    let wanted = wanted.transpose().map_err(Failure::unknown)?;
    Ok(if !now.runs {
        Some(format!("{name} does not run"))
    } else if now.image_id != kept.image_id {
        Some(format!("{name} is of another image"))
    } else if now.text(CONFIG) != wanted.as_deref() {
        Some(format!("{name} has other settings"))
    } else if now.config.env != kept.config.env || now.config.cmd != kept.config.cmd {
        Some(format!("{name} has another environment, or another command"))
    } else {
        None
    })
}

/// The gate decides on what was kept as on everything else.
fn gate(
    site: &Site,
    (deployment, name, environment): (&Deployment, &str, &Environment),
    text: &str,
) -> Result<(), Failure> {
    let failed = |failure: Failure| Failure::new(failure.exit, format!("{failure}. {WITHOUT_GATE}"));
    let Asked { decision, .. } = site.wait(ask_about(deployment, environment, text)).map_err(failed)?;
    if decision.is_open() {
        return Ok(());
    }
    let reasons: Vec<String> = decision.refusals.iter().map(ToString::to_string).collect();
    let reasons = reasons.join("; ");
    let message = format!(
        "the gate of {name} is closed for what was kept: {reasons}. A fresh, signed report about that build opens it. {WITHOUT_GATE}"
    );
    Err(Failure::new(decision.exit(), message))
}

impl ByDeploy {
    /// The environment with what was kept as its artefact.
    fn environment(&self, environment: &Environment) -> Environment {
        let mut environment = environment.clone();
        let now = &environment.artefact;
        environment.artefact = ArtefactSpec {
            image: Some(self.image_id.clone()),
            image_id: None,
            image_digest: None,
            program_sha256: None,
            version: None,
            config: now.config.is_some().then(|| self.config.clone()),
            tls_pin: now.tls_pin.clone(),
            url: now.url.clone(),
        };
        if let Some(Driver::Docker(spec)) = &mut environment.driver {
            spec.config.clone_from(&self.config);
        }
        environment
    }

    fn deploying<T>(
        &self,
        site: &Site,
        nothing: T,
        what: impl FnOnce(&Deploy<'_>) -> Result<T, Failure>,
    ) -> Result<T, String> {
        let Some(id) = &self.deploy else { return Ok(nothing) };
        let (Some(deployment), Some(name), Some(environment)) = (site.deployment(), site.name(), site.environment())
        else {
            return Err("no environment is named".to_owned());
        };
        let environment = &self.environment(environment);
        what(&Deploy { deployment, name, environment, id }).map_err(|failure| failure.message)
    }
}

impl Exchanging for ByDeploy {
    fn stage(&mut self, _: &Site, opened: &Opened<'_>) -> Result<(), String> {
        if self.deploy.is_none() {
            return Ok(());
        }
        let held = read(opened)?;
        let kept = held.containers.iter().find(|container| container.name == self.kept);
        let text = kept.and_then(|kept| kept.text(CONFIG)).ok_or("the archive has no livekit.yaml any more")?;
        remove_if_there(&self.config)
            .and_then(|()| write_new(&self.config, 0o600, text.as_bytes()))
            .and_then(|()| sync_above(&self.config))
            .map_err(|error| unwritten(&self.config, &error))
    }

    fn forward(&self, site: &Site) -> Result<(), String> {
        self.deploying(site, (), |deploy| site.wait(deploy.bring()))
    }

    fn back(&self, site: &Site) -> Result<(), String> {
        self.deploying(site, (), |deploy| site.wait(deploy.take_back()))
    }

    fn has_come(&self, site: &Site) -> Result<bool, String> {
        self.deploying(site, true, |deploy| Ok(deploy.stand()? == Stand::New))
    }

    fn verified(&self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let held = read(opened)?;
        let kept = held.containers.iter().find(|container| container.name == self.kept);
        let (Some(kept), Some(spec)) = (kept, docker_spec(site)) else {
            return Err("there is nothing kept".to_owned());
        };
        let differs = site.wait(async { differs(&Containers::connect().await?, spec, kept).await });
        match differs.map_err(|failure| failure.message)? {
            Some(what) => Err(format!("what has the traffic is not what was kept: {what}")),
            None => Ok(()),
        }
    }

    fn end(&self, _: &Site) -> Result<(), String> {
        remove_if_there(&self.config).map_err(|error| unwritten(&self.config, &error))
    }

    fn about(&self) -> Vec<String> {
        match &self.deploy {
            None => vec![format!(
                "what has the traffic is {} ({}) as it was kept; nothing was done",
                self.image, self.image_id
            )],
            Some(id) => vec![
                format!("deploy {id} has brought {} ({})", self.image, self.image_id),
                "deployment.yaml names what the next deploy brings: look whether that is still wanted".to_owned(),
            ],
        }
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> String {
    format!("cannot write {}: {error}", path.display())
}
