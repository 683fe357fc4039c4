//! What must be true before an emergency restore stops anything, and before a rehearsal makes anything.

use super::again::Again;
use super::balancer::Traffic;
use super::container::Container;
use super::containers::Containers;
use super::difference::differences;
use super::item::{Item, Old, restart_of};
use super::part::{Held, colours, docker_spec};
use crate::deploy::lock_of;
use crate::failure::Failure;
use crate::rollback::site::Site;
use greenlight_reports::Exit;

/// How long calls are waited for, unless deployment.yaml says it.
const STOP_MAX_S: u64 = 30;

/// What a rehearsal makes: every container, beside what is there and never started.
///
/// # Errors
/// [`Failure`]: an image or a network is gone.
pub(super) fn rehearsal(site: &Site, held: &Held, point: &str) -> Result<Again, Failure> {
    site.wait(async {
        let engine = Containers::connect().await?;
        let mut items = Vec::new();
        for container in &held.containers {
            can_be_made(&engine, container).await?;
            items.push(Item::of(container, None));
        }
        let (point, reason) = (point.to_owned(), "a rehearsal".to_owned());
        let (same, strangers) = (vec![], vec![]);
        Ok(Again {
            point,
            reason,
            stop_max_s: STOP_MAX_S,
            items,
            same,
            strangers,
            before: None,
            after: None,
            active_image_id: None,
        })
    })
}

/// What it is made of is there.
async fn can_be_made(engine: &Containers, container: &Container) -> Result<(), Failure> {
    engine.image_id(&container.image_id).await.map_err(|failure| {
        let (image, name) = (&container.image, &container.name);
        Failure::new(
            Exit::Unreachable,
            format!("{failure}. It is {image}, of which {name} was made; load it again. Nothing was stopped"),
        )
    })?;
    for network in container.networks.keys() {
        engine.has_network(network).await?;
    }
    Ok(())
}

/// Looks at everything that must be true before anything is stopped.
///
/// # Errors
/// [`Failure`]: an image or a network is gone, a deploy is under way, or the balancer can't be set.
pub(super) fn prepared(site: &Site, held: &Held, point: &str, reason: &str) -> Result<Again, Failure> {
    if held.traffic.is_some() && docker_spec(site).is_none() {
        return Err(Failure::usage(
            "the point knows to whom the balancer gave traffic, and nothing says where the balancer is; name the environment with --environment",
        ));
    }
    // Nobody deploys at this moment.
    drop(lock_of(site.deployment(), site.name(), "an emergency restore")?);
    site.wait(async {
        let engine = Containers::connect().await?;
        let (mut items, mut same) = (Vec::new(), Vec::new());
        for container in &held.containers {
            let name = &container.name;
            can_be_made(&engine, container).await?;
            let seen = engine.seen(name).await?;
            if seen.as_ref().is_some_and(|seen| differences(container, &seen.container).is_empty()) {
                same.push(name.clone());
                continue;
            }
            if seen.as_ref().is_some_and(|seen| seen.container.host.auto_remove == Some(true)) {
                return Err(Failure::usage(format!(
                    "{name} is removed by the engine when it is stopped (--rm), so there would be no way back; remove it (docker rm -f {name}), and run this again. Nothing was stopped"
                )));
            }
            let old = seen.map(|seen| Old {
                id: seen.id,
                runs: seen.container.runs,
                restart: restart_of(seen.container.host.restart_policy),
            });
            let item = Item::of(container, old);
            if engine.state(&item.before()).await?.is_some() {
                return Err(Failure::usage(format!(
                    "there is a container {}, left from an earlier restore; look at it, and remove it (docker rm)",
                    item.before()
                )));
            }
            items.push(item);
        }
        let mut strangers = Vec::new();
        for name in colours(site) {
            let known = held.containers.iter().any(|container| container.name == name);
            if !known && engine.state(&name).await?.is_some() {
                strangers.push(name);
            }
        }
        let before = match docker_spec(site) {
            Some(spec) if held.traffic.is_some() => balancer(site, held, Traffic::now(&spec.balancer).await)?,
            _ => None,
        };
        let stop_max_s = site.spec().and_then(|spec| spec.services.as_ref()?.stop_timeout_s).unwrap_or(STOP_MAX_S);
        let (point, reason, after) = (point.to_owned(), reason.to_owned(), held.traffic.clone());
        let active = after.as_ref().zip(docker_spec(site)).and_then(|(after, spec)| after.active(spec));
        let active = active.and_then(|(name, _)| held.containers.iter().find(|container| container.name == name));
        let active_image_id = active.map(|container| container.image_id.clone());
        Ok(Again { point, reason, stop_max_s, items, same, strangers, before, after, active_image_id })
    })
}

/// A balancer that does not answer may be among what is made again.
fn balancer(site: &Site, held: &Held, now: Result<Traffic, Failure>) -> Result<Option<Traffic>, Failure> {
    let colours = colours(site);
    match now {
        Ok(now) => Ok(Some(now)),
        Err(_) if held.containers.iter().any(|container| !colours.contains(&container.name)) => Ok(None),
        Err(failure) => Err(Failure::new(
            Exit::Unreachable,
            format!(
                "{failure}; start the balancer first, or no caller reaches what is made again. Nothing was stopped"
            ),
        )),
    }
}
