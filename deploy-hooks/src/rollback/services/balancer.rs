//! To whom the balancer gives traffic.

use crate::deploy::{Colour, haproxy};
use crate::failure::Failure;
use greenlight_config::{DockerSpec, HaproxySpec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// HAProxy looks at a server every two seconds, unless it is told otherwise.
const UP_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The two servers of the backend, and whether new traffic may go to each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Traffic {
    pub(super) backend: String,
    pub(super) ready: BTreeMap<String, bool>,
}

impl Traffic {
    /// As it is.
    ///
    /// # Errors
    /// [`Failure`]: the balancer does not say.
    pub(super) async fn now(spec: &HaproxySpec) -> Result<Self, Failure> {
        let servers = haproxy::servers(spec).await?;
        let ready = [&spec.blue, &spec.green].map(|name| {
            let none = || Failure::usage(format!("the backend {} has no server {name}", spec.backend));
            servers.get(name).map(|server| (name.clone(), server.ready)).ok_or_else(none)
        });
        Ok(Self { backend: spec.backend.clone(), ready: ready.into_iter().collect::<Result<_, _>>()? })
    }

    /// The one colour that has it: the container's name, and the colour.
    pub(super) fn active(&self, spec: &DockerSpec) -> Option<(String, Colour)> {
        let mut ready = self.ready.iter().filter(|(_, ready)| **ready).map(|(name, _)| name.as_str());
        let (server, None) = (ready.next()?, ready.next()) else { return None };
        let colour = if server == spec.balancer.blue { Colour::Blue } else { Colour::Green };
        Some((format!("{}-{colour}", spec.name), colour))
    }

    /// Gives it to whoever has it here: first those that are to have it, and when they are up the others lose it. Open
    /// connections stay. The state is written to the file from which a reload takes it.
    ///
    /// # Errors
    /// [`Failure`]: the balancer refuses, or one is not up in time.
    pub(super) async fn bring(&self, spec: &HaproxySpec, state_file: &Path, wait: bool) -> Result<(), Failure> {
        for (server, _) in self.ready.iter().filter(|(_, ready)| **ready) {
            haproxy::set(spec, server, "ready").await?;
            if wait {
                up(spec, server).await?;
            }
        }
        for (server, _) in self.ready.iter().filter(|(_, ready)| !**ready) {
            haproxy::set(spec, server, "drain").await?;
        }
        haproxy::persist(spec, state_file).await
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        let ready: Vec<&str> = self.ready.iter().filter(|(_, ready)| **ready).map(|(name, _)| name.as_str()).collect();
        let who = if ready.is_empty() { "nobody".to_owned() } else { ready.join(" and ") };
        format!("the balancer gives new traffic of {} to {who}", self.backend)
    }
}

async fn up(spec: &HaproxySpec, server: &str) -> Result<(), Failure> {
    let (end, mut ticks) = (Instant::now() + UP_MAX, tokio::time::interval(LOOK_EVERY));
    loop {
        ticks.tick().await;
        if haproxy::servers(spec).await?.get(server).is_some_and(|server| server.running) {
            return Ok(());
        }
        if Instant::now() >= end {
            let seconds = UP_MAX.as_secs();
            return Err(Failure::red(format!("the balancer says for {seconds} s that {server} is down")));
        }
    }
}
