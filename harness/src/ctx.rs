//! The one thing a check gets: it hands out clients, names and measurements.

use crate::target::{NodeTarget, Target};
use crate::verdict::{Halt, PassBuilder};
use greenlight_clients::{Endpoint, Key, RedisClient, Rooms, Signal, TokenBuilder, VideoGrant};
use greenlight_config::Limits;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(50);

/// What one attempt at a check may use.
pub struct Ctx {
    target: Arc<Target>,
    run_id: Arc<str>,
    check_id: &'static str,
    /// Names of rooms that the check may have made, for the cleaning afterwards.
    names: Arc<Mutex<Vec<String>>>,
}

impl Ctx {
    pub(crate) fn new(target: Arc<Target>, run_id: Arc<str>, check_id: &'static str) -> Self {
        Self { target, run_id, check_id, names: Arc::default() }
    }

    /// `glt-<run>-<check>-<part>`: whatever a check makes on the target has such a name, and a room of that name is
    /// removed when the check has ended.
    pub fn name(&self, part: &str) -> String {
        let name = format!("glt-{}-{}-{part}", self.run_id, self.check_id);
        self.names.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        name
    }

    pub(crate) fn names(&self) -> Arc<Mutex<Vec<String>>> {
        self.names.clone()
    }

    /// A token with which `identity` may join the room.
    pub fn join_token(&self, room: &str, identity: &str) -> TokenBuilder {
        let grant = VideoGrant { room: room.into(), room_join: true, ..VideoGrant::default() };
        self.token(grant).identity(identity)
    }

    /// A token with this grant, signed with the target's key.
    pub fn token(&self, grant: VideoGrant) -> TokenBuilder {
        TokenBuilder::new(&self.target.key, grant)
    }

    /// The room API through the balancer.
    pub fn rooms(&self) -> Rooms {
        Rooms::new(self.target.entry.clone(), self.target.key.clone())
    }

    /// Signalling through the balancer.
    pub fn signal(&self) -> Signal {
        Signal::new(self.target.entry.clone())
    }

    /// The balancer's address.
    pub fn entry(&self) -> &Endpoint {
        &self.target.entry
    }

    /// Every node that can be reached directly; two or more for a check that needs `TwoNodes`.
    pub fn nodes(&self) -> &[NodeTarget] {
        &self.target.nodes
    }

    /// The target's API key.
    pub fn key(&self) -> &Key {
        &self.target.key
    }

    /// The target's Redis.
    ///
    /// # Errors
    /// Skipped when the target gives no address for it.
    pub fn redis(&self) -> Result<&RedisClient, Halt> {
        self.target.redis.as_ref().ok_or_else(|| Halt::Skipped("no Redis address is known".into()))
    }

    /// What the target is held to.
    pub fn limits(&self) -> Limits {
        self.target.limits
    }

    /// A pass in the making; it becomes one with its first measurement.
    pub fn pass(&self) -> PassBuilder {
        PassBuilder::new()
    }

    /// Asks until the answer is `Some`, at most for the given time.
    ///
    /// # Errors
    /// The first error of the question. `Ok(None)` when the time ran out.
    pub async fn eventually<T, F>(&self, time: Duration, mut ask: impl FnMut() -> F) -> anyhow::Result<Option<T>>
    where
        F: Future<Output = anyhow::Result<Option<T>>>,
    {
        let deadline = Instant::now() + time;
        let mut ticks = interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            match timeout_at(deadline, async { (ticks.tick().await, ask().await).1 }).await {
                Ok(Ok(None)) => {}
                Ok(answer) => return answer,
                Err(_) => return Ok(None),
            }
        }
    }
}
