//! The emergency restore: containers are stopped and made again as they were kept, beside those that are there, which are
//! renamed and stay until the new ones have proven themselves.

use super::balancer::Traffic;
use super::container::Container;
use super::containers::Containers;
use super::difference::differences;
use super::item::Item;
use super::part::{docker_spec, read};
use crate::deploy::{lock_of, settled};
use crate::failure::Failure;
use crate::rollback::archive::Opened;
use crate::rollback::exchange::Exchanging;
use crate::rollback::site::Site;
use serde::{Deserialize, Serialize};

/// Containers that are made again. It stands in the journal: names and ids, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rollback) struct Again {
    pub(super) point: String,
    pub(super) reason: String,
    pub(super) stop_max_s: u64,
    pub(super) items: Vec<Item>,
    /// As they were kept: nothing was to be done.
    pub(super) same: Vec<String>,
    /// New since the point.
    pub(super) strangers: Vec<String>,
    /// To whom the balancer gave traffic before, if it said so.
    pub(super) before: Option<Traffic>,
    /// To whom it is to give it.
    pub(super) after: Option<Traffic>,
    /// The image of that one.
    pub(super) active_image_id: Option<String>,
}

impl Again {
    async fn traffic(&self, site: &Site, traffic: Option<&Traffic>, wait: bool) -> Result<(), Failure> {
        let (Some(traffic), Some(spec)) = (traffic, docker_spec(site)) else { return Ok(()) };
        traffic.bring(&spec.balancer, &site.path(&spec.balancer.state_file), wait).await
    }
}

impl Exchanging for Again {
    fn stage(&mut self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let held = read(opened)?;
        let state_file = docker_spec(site).map(|spec| site.path(&spec.balancer.state_file));
        // Without it a balancer that is made again gives traffic to nobody.
        if let (Some(file), Some(text)) = (state_file, &held.state_file)
            && self.after.is_some()
            && !file.exists()
        {
            crate::files::write_whole(&file, text.as_bytes())
                .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        }
        let made = site.wait(async {
            let engine = Containers::connect().await?;
            for item in &mut self.items {
                let name = &item.name;
                let kept = held.containers.iter().find(|container| container.name == *name);
                let kept = kept.ok_or_else(|| Failure::unknown(format!("the archive has no {name} any more")))?;
                engine.remove(&item.staged(), true).await?;
                item.new = Some(engine.make(kept, &item.staged()).await?);
            }
            Ok::<_, Failure>(())
        });
        made.map_err(|failure| failure.message)
    }

    fn forward(&self, site: &Site) -> Result<(), String> {
        let _lock =
            lock_of(site.deployment(), site.name(), "an emergency restore").map_err(|failure| failure.message)?;
        let come = site.wait(async {
            let engine = Containers::connect().await?;
            for item in &self.items {
                item.forward(site, &engine, self.stop_max_s).await?;
            }
            self.traffic(site, self.after.as_ref(), true).await
        });
        come.map_err(|failure| failure.message)
    }

    fn back(&self, site: &Site) -> Result<(), String> {
        let gone = site.wait(async {
            let engine = Containers::connect().await?;
            for item in self.items.iter().rev() {
                item.back(&engine).await?;
            }
            self.traffic(site, self.before.as_ref(), false).await
        });
        gone.map_err(|failure| failure.message)
    }

    fn has_come(&self, site: &Site) -> Result<bool, String> {
        let come = site.wait(async {
            let engine = Containers::connect().await?;
            for item in &self.items {
                if !item.has_come(&engine).await? {
                    return Ok(false);
                }
            }
            // Where no container is made again, what comes is to whom the balancer gives traffic.
            match (docker_spec(site), &self.after) {
                (Some(spec), Some(after)) if self.items.is_empty() => {
                    Ok(Traffic::now(&spec.balancer).await?.ready == after.ready)
                }
                _ => Ok::<_, Failure>(true),
            }
        });
        come.map_err(|failure| failure.message)
    }

    fn verified(&self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let held = read(opened)?;
        let seen = site.wait(async {
            let engine = Containers::connect().await?;
            for container in &held.containers {
                let name = &container.name;
                let seen = engine.seen(name).await?;
                let seen = seen.ok_or_else(|| Failure::red(format!("there is no container {name}")))?;
                let found = differences(container, &seen.container);
                if !found.is_empty() {
                    return Err(Failure::red(format!("{name} is not as it was kept: {}", found.join("; "))));
                }
            }
            match (docker_spec(site), &held.traffic) {
                (Some(spec), Some(kept)) if Traffic::now(&spec.balancer).await?.ready != kept.ready => {
                    Err(Failure::red("the balancer gives traffic to others than when the point was made"))
                }
                _ => Ok(()),
            }
        });
        seen.map_err(|failure| failure.message)
    }

    fn rehearsed(&self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let held = read(opened)?;
        let seen = site.wait(async {
            let engine = Containers::connect().await?;
            for item in &self.items {
                let kept = held.containers.iter().find(|container| container.name == item.name);
                let (Some(kept), Some(seen)) = (kept, engine.seen(&item.staged()).await?) else {
                    return Err(Failure::red(format!("{} was not made", item.name)));
                };
                // It was not started.
                let kept = Container { runs: false, ..kept.clone() };
                let found = differences(&kept, &seen.container);
                if !found.is_empty() {
                    return Err(Failure::red(format!("{} is not as it was kept: {}", item.name, found.join("; "))));
                }
            }
            Ok(())
        });
        seen.map_err(|failure| failure.message)
    }

    fn end(&self, site: &Site) -> Result<(), String> {
        let come = self.has_come(site)?;
        let ended = site.wait(async {
            let engine = Containers::connect().await?;
            for item in &self.items {
                match (&item.old, &item.new) {
                    (Some(old), Some(_)) if item.has_come(&engine).await? => {
                        // Only what was put aside.
                        if engine.state(&old.id).await?.is_some_and(|(called, _)| called != item.name) {
                            engine.remove(&old.id, false).await?;
                        }
                    }
                    (None, Some(_)) if item.has_come(&engine).await? => {}
                    _ => engine.remove(&item.staged(), true).await?,
                }
            }
            Ok::<_, Failure>(())
        });
        ended.map_err(|failure| failure.message)?;
        let (true, Some(spec), Some(after)) = (come, docker_spec(site), &self.after) else { return Ok(()) };
        let runs = self.active_image_id.iter().map(|id| format!("image_id {id}")).collect();
        let active = after.active(spec).map(|(_, colour)| colour);
        settled(site.deployment(), site.name(), active, &format!("rollback {}", self.point), runs)
            .map_err(|failure| failure.message)
    }

    fn about(&self) -> Vec<String> {
        let mut lines = vec![format!("EMERGENCY: {}", self.reason)];
        lines.extend(self.items.iter().map(|item| format!("{} was made again of {}", item.name, item.image_id)));
        lines.extend(self.same.iter().map(|name| format!("{name} was as it was kept, and was not touched")));
        lines.extend(self.strangers.iter().map(|name| format!("{name} is new since the point, and was left alone")));
        lines.extend(self.after.iter().map(Traffic::shown));
        lines
    }
}
