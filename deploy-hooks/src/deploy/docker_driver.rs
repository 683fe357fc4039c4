//! The driver `docker`: one container a colour, HAProxy in front.

use super::answer::{answer_of, place_of};
use super::driver::Driver;
use super::hands::{Hands, urls_of};
use super::haproxy;
use super::phase::Colour;
use crate::engine::{Engine, Wanted};
use crate::failure::Failure;
use greenlight_config::{DockerSpec, Ports, of_colour};
use greenlight_reports::Exit;
use std::time::{Duration, Instant};

/// From a started container to one that answers takes a second.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// HAProxy looks at a server every two seconds, unless it is told otherwise.
const UP_TIMEOUT: Duration = Duration::from_secs(60);
/// A server without calls ends within a second; whether it has any it looks every five.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(7);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// One deploy's hands.
pub(crate) struct DockerDriver<'a> {
    /// What all drivers have.
    pub(crate) hands: Hands<'a>,
    /// The containers and their balancer.
    pub(crate) spec: &'a DockerSpec,
    /// The engine.
    pub(crate) engine: Engine,
}

impl DockerDriver<'_> {
    fn container(&self, colour: Colour) -> String {
        format!("{}-{colour}", self.spec.name)
    }

    fn ports(&self, colour: Colour) -> Ports {
        match colour {
            Colour::Blue => self.spec.blue,
            Colour::Green => self.spec.green,
        }
    }

    fn server(&self, colour: Colour) -> &str {
        match colour {
            Colour::Blue => &self.spec.balancer.blue,
            Colour::Green => &self.spec.balancer.green,
        }
    }

    /// Where this machine reaches a colour past the balancer.
    fn url(&self, colour: Colour) -> String {
        format!("http://{}", place_of(self.spec.bind, self.ports(colour).http))
    }

    async fn told(&self, colour: Colour) -> Vec<(&'static str, String)> {
        let other = colour.other();
        let active = self.active().await.is_ok_and(|active| active == Some(other));
        urls_of(self.url(colour), self.url(other), active)
    }

    fn wanted(&self, colour: Colour) -> Result<Wanted, Failure> {
        let image = self.hands.environment.artefact.image.as_ref();
        let image = image.ok_or_else(|| Failure::usage("driver.docker needs artefact.image: it starts that"))?;
        let file = self.hands.deployment.path(&self.spec.config);
        let failed = |problem: &dyn std::fmt::Display| {
            Failure::usage(format!("driver.docker.config {}: {problem}", file.display()))
        };
        let text = std::fs::read_to_string(&file).map_err(|error| failed(&error))?;
        let ports = self.ports(colour);
        let variable = |name: &String| {
            let value = std::env::var(name)
                .map_err(|_| Failure::usage(format!("driver.docker.environment names {name}, and it is not set")))?;
            Ok(format!("{name}={value}"))
        };
        Ok(Wanted {
            name: self.container(colour),
            image: image.clone(),
            network: self.spec.network.clone(),
            bind: self.spec.bind,
            ports,
            config: of_colour(&text, ports.rtc_tcp, ports.rtc_udp).map_err(|problem| failed(&problem))?,
            environment: self.spec.environment.iter().map(variable).collect::<Result<_, Failure>>()?,
        })
    }

    /// Lets a server that still runs say that it goes. One that is killed without that is given new rooms by the others for
    /// five seconds more, and each of them fails (livekit-server 1.13.5). One that has calls, or does not listen, goes all
    /// the same: traffic was taken from it because it is no good.
    async fn leave(&self, name: &str) -> Result<(), Failure> {
        if self.engine.terminate_once(name).await.is_err() {
            // The engine signals no container that it is about to start again; it removes it.
            return Ok(());
        }
        let gone = self
            .until(LEAVE_TIMEOUT, &format!("the end of {name}"), async || {
                Ok(self.engine.is_running(name).await?.then(|| "it still runs".to_owned()))
            })
            .await;
        match gone {
            Err(failure) if failure.exit == Exit::Interrupted => Err(failure),
            _ => Ok(()),
        }
    }

    /// Looks until it is so.
    async fn until<F>(&self, bound: Duration, what: &str, mut look: F) -> Result<(), Failure>
    where
        F: AsyncFnMut() -> Result<Option<String>, Failure>,
    {
        let end = Instant::now() + bound;
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.hands.interrupt.cancelled() => {
                    return Err(Failure::interrupted(format!("interrupted while waiting for {what}")));
                }
            }
            let Some(not_yet) = look().await? else { return Ok(()) };
            if Instant::now() >= end {
                return Err(Failure::red(format!("{what} did not come within {} s: {not_yet}", bound.as_secs())));
            }
        }
    }
}

impl Driver for DockerDriver<'_> {
    async fn active(&self) -> Result<Option<Colour>, Failure> {
        let servers = haproxy::servers(&self.spec.balancer).await?;
        let ready = |colour: Colour| {
            let name = self.server(colour);
            let none = || Failure::usage(format!("the backend {} has no server {name}", self.spec.balancer.backend));
            servers.get(name).map(|server| server.ready).ok_or_else(none)
        };
        match (ready(Colour::Blue)?, ready(Colour::Green)?) {
            (true, false) => Ok(Some(Colour::Blue)),
            (false, true) => Ok(Some(Colour::Green)),
            (false, false) => Ok(None),
            (true, true) => Err(Failure::usage(
                "the balancer gives new traffic to both colours; put the idle one into maintenance (`disabled` in its configuration)",
            )),
        }
    }

    async fn start(&self, colour: Colour) -> Result<(), Failure> {
        let wanted = self.wanted(colour)?;
        self.engine.run(&wanted).await?;
        self.until(START_TIMEOUT, &format!("an answer of {}", wanted.name), async || {
            // A start that failed ends with status 0 (livekit-server 1.13.5).
            if !self.engine.is_running(&wanted.name).await? {
                return Err(Failure::red(format!("{} has ended; `docker logs {}` says why", wanted.name, wanted.name)));
            }
            Ok(answer_of(self.spec.bind, self.ports(colour).http).await)
        })
        .await
    }

    async fn identify(&self, colour: Colour) -> Result<Vec<String>, Failure> {
        let id = self.engine.image_of(&self.container(colour)).await?;
        Ok(vec![format!("image_id {id}")])
    }

    async fn verify(&self, colour: Colour) -> Result<(), Failure> {
        self.hands.line(&self.spec.verify, Some(colour), &self.told(colour).await).await.map(drop)
    }

    async fn switch(&self, colour: Colour) -> Result<(), Failure> {
        let balancer = &self.spec.balancer;
        haproxy::set(balancer, self.server(colour), "ready").await?;
        self.until(UP_TIMEOUT, &format!("{colour} as a server that is up"), async || {
            let servers = haproxy::servers(balancer).await?;
            let up = servers.get(self.server(colour)).is_some_and(|server| server.running);
            Ok((!up).then(|| "the balancer says that it is down".to_owned()))
        })
        .await?;
        // Open connections stay; only what is new goes to the other.
        haproxy::set(balancer, self.server(colour.other()), "drain").await?;
        haproxy::persist(balancer, &self.hands.deployment.path(&balancer.state_file)).await
    }

    async fn watch(&self, colour: Colour) -> Result<(), Failure> {
        self.hands.soak(&self.spec.watch, colour, &self.told(colour).await).await
    }

    async fn drain(&self, colour: Colour) -> Result<(), Failure> {
        let name = self.container(colour);
        self.engine.terminate_once(&name).await?;
        self.until(Duration::from_secs(self.spec.drain_timeout_s), &format!("the end of {name}"), async || {
            Ok(self.engine.is_running(&name).await?.then(|| "it still has calls".to_owned()))
        })
        .await
    }

    async fn remove(&self, colour: Colour) -> Result<(), Failure> {
        haproxy::set(&self.spec.balancer, self.server(colour), "maint").await?;
        haproxy::persist(&self.spec.balancer, &self.hands.deployment.path(&self.spec.balancer.state_file)).await?;
        let name = self.container(colour);
        self.leave(&name).await?;
        self.engine.remove(&name).await
    }

    async fn before(&self) -> Result<(), Failure> {
        self.hands.before().await
    }

    async fn gate(&self) -> Result<Vec<String>, Failure> {
        self.hands.gate().await
    }
}
