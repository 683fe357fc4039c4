//! One container that is made again: which of the two has the name is asked of the engine before every step.

use super::container::Container;
use super::containers::Containers;
use super::part::{colours, docker_spec};
use crate::deploy::answer_of;
use crate::failure::Failure;
use crate::rollback::site::Site;
use bollard::models::{RestartPolicy, RestartPolicyNameEnum};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// One that is given up is not waited for: nobody was told that it serves.
const GIVEN_UP_MAX: Duration = Duration::from_secs(3);
/// From a started container to one that answers takes a second.
const ANSWER_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// One container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) image_id: String,
    /// Whether it is to run.
    runs: bool,
    /// What is there, if anything is.
    pub(super) old: Option<Old>,
    /// The new one's id, as soon as it is made.
    pub(super) new: Option<String>,
}

/// A container that is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Old {
    pub(super) id: String,
    pub(super) runs: bool,
    /// While it is put aside the engine starts it for nobody.
    pub(super) restart: Option<Restart>,
}

/// When the engine starts it by itself, and how often.
pub(super) type Restart = (RestartPolicyNameEnum, i64);

/// As it is.
pub(super) fn restart_of(policy: Option<RestartPolicy>) -> Option<Restart> {
    let policy = policy?;
    Some((policy.name?, policy.maximum_retry_count.unwrap_or_default()))
}

impl Item {
    /// One that is to come, in place of what is there.
    pub(super) fn of(kept: &Container, old: Option<Old>) -> Self {
        Self { name: kept.name.clone(), image_id: kept.image_id.clone(), runs: kept.runs, old, new: None }
    }

    /// The name of what is put aside.
    pub(super) fn before(&self) -> String {
        format!("{}.greenlight-before", self.name)
    }

    /// The name of what is not started yet.
    pub(super) fn staged(&self) -> String {
        format!("{}.greenlight-new", self.name)
    }

    /// Whether the new one has the name.
    ///
    /// # Errors
    /// [`Failure`] when the engine fails.
    pub(super) async fn has_come(&self, engine: &Containers) -> Result<bool, Failure> {
        let Some(new) = &self.new else { return Ok(false) };
        Ok(engine.state(new).await?.is_some_and(|(name, _)| name == self.name))
    }

    /// Stops what is there and starts what comes, each step only where it is not done yet.
    ///
    /// # Errors
    /// [`Failure`]: the engine refuses, or it does not run.
    pub(super) async fn forward(&self, site: &Site, engine: &Containers, stop_max_s: u64) -> Result<(), Failure> {
        let name = &self.name;
        let new = self.new.as_ref().ok_or_else(|| Failure::unknown(format!("{name} was never made again")))?;
        let (is_called, runs) = engine
            .state(new)
            .await?
            .ok_or_else(|| Failure::unknown(format!("what was made for {name} is gone: the container {new}")))?;
        if is_called != *name {
            if let Some(old) = &self.old
                && engine.state(&old.id).await?.is_some_and(|(called, _)| called == *name)
            {
                say!("stopping {name}: who is in a call there has {stop_max_s} s, and is cut off then");
                if engine.stop(&old.id, Duration::from_secs(stop_max_s)).await? {
                    say!("KILLED   {name}: it had calls still, and they are cut; clients join again by themselves");
                }
                engine.set_restart(&old.id, None).await?;
                engine.rename(&old.id, &self.before()).await?;
            }
            engine.rename(new, name).await?;
        }
        if !self.runs {
            return Ok(());
        }
        if !runs {
            engine.start(new, name).await?;
        }
        answers(site, name).await
    }

    /// Stops what came and starts what was there, each step only where it is not done yet.
    ///
    /// # Errors
    /// [`Failure`]: the engine refuses.
    pub(super) async fn back(&self, engine: &Containers) -> Result<(), Failure> {
        if self.has_come(engine).await?
            && let Some(new) = &self.new
        {
            engine.stop(new, GIVEN_UP_MAX).await?;
            engine.rename(new, &self.staged()).await?;
        }
        let Some(old) = &self.old else { return Ok(()) };
        let Some((called, runs)) = engine.state(&old.id).await? else {
            return Err(Failure::unknown(format!("what was there as {} is gone: the container {}", self.name, old.id)));
        };
        if called != self.name {
            engine.rename(&old.id, &self.name).await?;
        }
        engine.set_restart(&old.id, old.restart).await?;
        match old.runs && !runs {
            // What was broken before may be it again: that is how it was.
            true => engine.start(&old.id, &self.name).await.or_else(|failure| {
                say!("error: {failure}; it is there again, as it was before");
                Ok(())
            }),
            false => Ok(()),
        }
    }
}

/// A colour answers at its port; of anything else nobody knows where.
async fn answers(site: &Site, name: &str) -> Result<(), Failure> {
    let Some(spec) = docker_spec(site) else { return Ok(()) };
    let colours = colours(site);
    let Some(index) = colours.iter().position(|colour| colour == name) else { return Ok(()) };
    let port = [spec.blue, spec.green][index].http;
    let (end, mut ticks) = (Instant::now() + ANSWER_MAX, tokio::time::interval(LOOK_EVERY));
    loop {
        ticks.tick().await;
        match answer_of(spec.bind, port).await {
            None => return Ok(()),
            Some(not_yet) if Instant::now() >= end => {
                let seconds = ANSWER_MAX.as_secs();
                return Err(Failure::red(format!("{name} does not answer within {seconds} s: {not_yet}")));
            }
            Some(_) => {}
        }
    }
}
