//! The one thing a check gets: it hands out clients, names and measurements.

use crate::check::Capability;
use crate::names::name;
use crate::operator::Operator;
use crate::remote::without_agents;
use crate::target::{BridgeTarget, ConfigFile, NodeTarget, Target, TurnTarget};
use crate::verdict::{Halt, PassBuilder, failed};
use anyhow::Context as _;
use greenlight_clients::{
    Database, Dispatches, EgressApi, Endpoint, IngressApi, JoinError, Key, Metrics, RedisClient, Rooms, Secret, Signal,
    SipApi, Token, TokenBuilder, Twirp, VideoGrant, WebhookSink, tokens_of,
};
use greenlight_config::Limits;
use greenlight_media::Participant;
use greenlight_reports::Component;
use std::future::Future;
use std::net::SocketAddr;
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
    /// removed when the check has ended. Long ids are cut, so that a name with a short part has at most 40 bytes.
    pub fn name(&self, part: &str) -> String {
        let name = name(&self.run_id, self.check_id, part);
        self.names.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        name
    }

    /// The id of the check.
    pub(crate) fn check_id(&self) -> &'static str {
        self.check_id
    }

    pub(crate) fn names(&self) -> Arc<Mutex<Vec<String>>> {
        self.names.clone()
    }

    /// A token with which `identity` may join the room.
    pub fn join_token(&self, room: &str, identity: &str) -> TokenBuilder {
        self.token(VideoGrant::join(room)).identity(identity)
    }

    /// A token with this grant, signed with the target's key.
    pub fn token(&self, grant: VideoGrant) -> TokenBuilder {
        let joins = grant.room_join;
        // With this grant a join makes its room all the same (livekit-server 1.12 and newer).
        let room_create = grant.room_create || (joins && self.target.rooms_must_exist);
        let grant = VideoGrant { room_create, ..grant };
        let token = TokenBuilder::new(&self.target.key, grant);
        match self.target.is_shared() && joins {
            true => token.room_config(without_agents()),
            false => token,
        }
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

    /// A key that the target does not have, for a drill that gives it one.
    ///
    /// # Errors
    /// Skipped when there is none.
    pub fn spare_key(&self) -> Result<&Key, Halt> {
        self.target.spare_key.as_ref().ok_or_else(|| Halt::Skipped("no key is there to be added".into()))
    }

    /// The tokens in the file that the application's tokens were put in.
    ///
    /// # Errors
    /// Skipped when there is no such file; errored when it can't be read.
    pub fn application_tokens(&self) -> Result<Vec<Token>, Halt> {
        let file = self.target.token_file.as_ref();
        let file = file.ok_or_else(|| Halt::Skipped("no file of the application's tokens is known".into()))?;
        Ok(tokens_of(&std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?))
    }

    /// The target's Redis.
    ///
    /// # Errors
    /// Skipped when the target gives no address for it.
    pub fn redis(&self) -> Result<&RedisClient, Halt> {
        self.target.redis.as_ref().ok_or_else(|| Halt::Skipped("no Redis address is known".into()))
    }

    /// The application's database.
    ///
    /// # Errors
    /// Skipped when the target gives no address for it.
    pub fn database(&self) -> Result<&Database, Halt> {
        self.target.database.as_ref().ok_or_else(|| Halt::Skipped("no database address is known".into()))
    }

    /// The receiver of the target's webhooks.
    ///
    /// # Errors
    /// Skipped when they come to none of ours.
    pub fn webhooks(&self) -> Result<&WebhookSink, Halt> {
        self.target.webhooks.as_ref().ok_or_else(|| Halt::Skipped("no receiver of webhooks is ours".into()))
    }

    /// The SIP edge.
    ///
    /// # Errors
    /// Skipped when the target gives no address for it.
    pub fn sip_edge(&self) -> Result<SocketAddr, Halt> {
        self.target.sip_edge.ok_or_else(|| Halt::Skipped("no address of a SIP edge is known".into()))
    }

    /// The embedded TURN server over TLS.
    ///
    /// # Errors
    /// Skipped when the target gives no address for it.
    pub fn turn(&self) -> Result<&TurnTarget, Halt> {
        self.target.turn.as_ref().ok_or_else(|| Halt::Skipped("no TURN server is known".into()))
    }

    /// Hands on the target's parts. A check that changes them needs [`crate::Capability::Drill`]: what it leaves is healed.
    ///
    /// # Errors
    /// Skipped when the parts are not ours.
    pub fn operator(&self) -> Result<&dyn Operator, Halt> {
        self.target.operator.as_deref().ok_or_else(|| Halt::Skipped("the parts of this target are not ours".into()))
    }

    pub(crate) fn bridge_target(&self) -> Option<&BridgeTarget> {
        self.target.bridge.as_ref()
    }

    /// Every configuration file of the target as it is now: part, text and mode bits of the file.
    ///
    /// # Errors
    /// Skipped when there is none to read; errored when one can't be read.
    pub async fn configuration(&self) -> Result<Vec<(ConfigFile, Secret, u32)>, Halt> {
        let operator = self.operator()?;
        let mut read = Vec::new();
        for file in &self.target.configuration {
            let (text, mode) = operator.read(&file.part, &file.path).await?;
            read.push((file.clone(), Secret::new(text), mode));
        }
        match read.is_empty() {
            true => Err(Halt::Skipped("no configuration file is known".into())),
            false => Ok(read),
        }
    }

    /// Agent dispatches through the balancer.
    pub fn dispatches(&self) -> Dispatches {
        Dispatches::new(self.target.entry.clone(), self.target.key.clone())
    }

    /// SIP trunks, rules and calls through the balancer.
    pub fn sip(&self) -> SipApi {
        SipApi::new(self.target.entry.clone(), self.target.key.clone())
    }

    /// Egress through the balancer.
    pub fn egress(&self) -> EgressApi {
        EgressApi::new(self.target.entry.clone(), self.target.key.clone())
    }

    /// Ingress through the balancer.
    pub fn ingress(&self) -> IngressApi {
        IngressApi::new(self.target.entry.clone(), self.target.key.clone())
    }

    /// Any call through the balancer.
    pub fn twirp(&self) -> Twirp {
        Twirp::new(self.target.entry.clone(), self.target.key.clone())
    }

    /// Joins as a participant whose media path is up.
    ///
    /// # Errors
    /// When the server refuses, or no media path comes up.
    pub async fn participant(&self, room: &str, identity: &str) -> Result<Participant, JoinError> {
        let token = self.join_token(room, identity).sign().map_err(|error| JoinError::Protocol(error.into()))?;
        Participant::join(&self.signal(), &token).await
    }

    /// The same through this node and not through the balancer.
    ///
    /// # Errors
    /// As [`Self::participant`].
    pub async fn participant_at(
        &self,
        node: &NodeTarget,
        room: &str,
        identity: &str,
    ) -> Result<Participant, JoinError> {
        let token = self.join_token(room, identity).sign().map_err(|error| JoinError::Protocol(error.into()))?;
        Participant::join(&node.signal(), &token).await
    }

    /// The samples of every node, one after the other: counters of a cluster are sums, since a join is counted where its
    /// signal connection is and again where its media is.
    ///
    /// # Errors
    /// Failed when a node's numbers can't be read, since a sum without them says nothing.
    pub async fn cluster_metrics(&self) -> Result<Metrics, Halt> {
        let mut all = Metrics::default();
        for node in &self.target.nodes {
            let Some(endpoint) = &node.metrics else {
                return Err(Halt::Skipped(format!("no Prometheus port of {} is known", node.name)));
            };
            match endpoint.metrics().await {
                Ok(metrics) => all.samples.extend(metrics.samples),
                Err(error) => {
                    return Err(failed(
                        format!("{} gives no numbers, so no sum over the cluster is true", node.name),
                        format!("{error:#}"),
                        "200 with Prometheus' text format",
                        "compare `prometheus.port` in livekit.yaml with the port that is asked",
                        Some(Component::Configuration),
                    ));
                }
            }
        }
        Ok(all)
    }

    /// The numbers of the cluster once they are as wanted, or as they are when the time has run out.
    ///
    /// # Errors
    /// As [`Self::cluster_metrics`].
    pub async fn metrics_until(&self, time: Duration, wanted: impl Fn(&Metrics) -> bool) -> Result<Metrics, Halt> {
        let found = self
            .eventually(time, async || match self.cluster_metrics().await {
                Ok(now) => Ok(wanted(&now).then_some(Ok(now))),
                Err(halt) => Ok(Some(Err(halt))),
            })
            .await?;
        match found {
            Some(found) => found,
            None => self.cluster_metrics().await,
        }
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Whether the target has this.
    pub fn offers(&self, capability: Capability) -> bool {
        self.target.offers(capability)
    }

    /// Whether every node is of this version of livekit-server or newer: some answers are another version's right.
    pub fn is_since(&self, major: u32, minor: u32) -> bool {
        self.target.is_since(major, minor)
    }

    /// What the target is held to.
    pub fn limits(&self) -> Limits {
        self.target.limits
    }

    /// A pass in the making; it becomes one with its first measurement.
    pub fn pass(&self) -> PassBuilder {
        PassBuilder::new()
    }

    /// What of the first look is still there after [`Limits::orphans_apart_s`]; ends as soon as nothing of it is. What is
    /// being opened or closed at the first look is over by then.
    ///
    /// # Errors
    /// When a look can't be had.
    pub async fn lasting<F>(&self, first: &[String], look: impl Fn() -> F) -> anyhow::Result<Vec<String>>
    where
        F: Future<Output = anyhow::Result<Vec<String>>>,
    {
        let apart = Duration::from_secs_f64(self.limits().orphans_apart_s);
        let still = async || {
            let mut now = look().await?;
            now.retain(|seen| first.contains(seen));
            anyhow::Ok(now)
        };
        match self.eventually(apart, async || Ok(still().await?.is_empty().then_some(()))).await? {
            Some(()) => Ok(vec![]),
            None => still().await,
        }
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
