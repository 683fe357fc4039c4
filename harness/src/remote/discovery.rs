//! Finds out what a deployment is and offers, before the first check.

use super::lease::{LOOK, Lease, remove};
use super::spec::{RemoteSpec, nobody, without_agents};
use crate::check::Capability;
use crate::target::{NodeTarget, Target, TargetKind, TurnTarget};
use anyhow::{Context as _, Result};
use greenlight_clients::{
    Answer, Database, Endpoint, Http, JoinError, Proxy, RedisClient, Rooms, Signal, SipApi, TokenBuilder, Unreachable,
    VideoGrant, Why, proto, system_roots,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::timeout;

/// So long somebody who pressed Ctrl-C waits at most.
const FORGETTING_MAX: Duration = Duration::from_secs(5);

/// Why there is no target.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// Nothing answers there, or nothing that could be a deployment.
    #[error("{0}")]
    Unusable(String),
    /// What was said of it can't be right: its key, a certificate.
    #[error("{0}")]
    Wrong(String),
    /// Somebody else is at it.
    #[error("{0}")]
    Busy(String),
}

/// A deployment that is held for this run.
pub struct Remote {
    target: Target,
    lease: Lease,
    swept: Vec<String>,
}

impl Remote {
    /// Looks whether a LiveKit server answers and takes the key, holds it for this run, removes what a killed run has
    /// left, and finds out what it offers.
    ///
    /// # Errors
    /// [`RemoteError`], each with what to do. Nothing is left at the target then.
    pub async fn connect(spec: &RemoteSpec, run_id: &str) -> Result<Self, RemoteError> {
        let http = trust(spec).map_err(|error| RemoteError::Wrong(format!("{error:#}")))?;
        let entry = http.endpoint(spec.address.base());
        answers(&entry).await?;
        let rooms = Rooms::new(entry.clone(), spec.key.clone());
        takes_the_key(&rooms).await?;
        let (lease, swept) = Lease::take(&rooms, run_id).await?;
        match described(spec, &http, entry, run_id).await {
            Ok(target) => Ok(Self { target, lease, swept }),
            Err(error) => {
                lease.release().await;
                Err(RemoteError::Unusable(format!("{error:#}")))
            }
        }
    }

    /// What checks run against.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Rooms that an earlier run had left and this one removed.
    pub fn swept(&self) -> &[String] {
        &self.swept
    }

    /// Removes what a [`Remote::connect`] that was given up half-way may have made. Whatever does not answer within a few
    /// seconds ends by itself.
    pub async fn forget(spec: &RemoteSpec, run_id: &str) {
        let Ok(http) = trust(spec) else { return };
        let rooms = Rooms::new(http.endpoint(spec.address.base()), spec.key.clone());
        let removing = async {
            let _ = rooms.delete(&format!("glt-{run_id}-{LOOK}")).await;
            remove(&rooms, run_id).await;
        };
        let _ = timeout(FORGETTING_MAX, removing).await;
    }

    /// Gives the deployment back.
    pub async fn release(self) {
        self.lease.release().await;
    }
}

fn trust(spec: &RemoteSpec) -> Result<Http> {
    let http = Http::trusting(&system_roots(spec.ca_pem.as_deref())?)?;
    let http = match &spec.client_pem {
        Some(pem) => http.showing(pem.expose())?,
        None => http,
    };
    let http = http.by_way_of(spec.proxy.clone())?;
    Ok(if spec.allowed.load { http } else { http.calling(nobody()) })
}

/// Whether what answers may be a LiveKit server at all.
async fn answers(entry: &Endpoint) -> Result<(), RemoteError> {
    let answer = match entry.get("/", None).await {
        Ok(answer) => answer,
        Err(unreachable) => return Err(RemoteError::Unusable(advice(entry, &unreachable).await)),
    };
    match (answer.status, answer.body.trim()) {
        (200, "OK") => Ok(()),
        // One of several may be down, or a balancer brings only LiveKit's own paths to the nodes: the next question tells,
        // and it is asked several times.
        (404 | 502..=504, _) => Ok(()),
        // It is one, and its checks say what is wrong with it.
        (406, body) if body.starts_with("Not Ready") => Ok(()),
        _ => Err(RemoteError::Unusable(format!(
            "{} answers, and not as a LiveKit server: GET / gives {answer}, and 200 \"OK\" was expected; look at what listens there, and at the URL",
            entry.url()
        ))),
    }
}

/// What to do about an address that gives no answer.
async fn advice(entry: &Endpoint, unreachable: &Unreachable) -> String {
    // The proxy knows better than the client which of the two is the matter.
    if let Some(refusal) = entry.proxy_refusal().await {
        return format!("{refusal}; see --proxy, or HTTPS_PROXY and NO_PROXY in the environment");
    }
    let is_tls = entry.url().starts_with("https:");
    let advice = match &unreachable.why {
        Why::Refused => "is the server running, and is this its port?",
        Why::Certificate(_) => "renew the certificate or correct the name; a private authority is named with --ca FILE",
        Why::WantsCertificate => {
            "show it one with --client-cert FILE: certificate and key in PEM, signed by whom it trusts"
        }
        Why::Timeout => {
            "something takes the connection and says nothing: look for a firewall, and at what listens there"
        }
        Why::Closed if !is_tls => "it may speak TLS: try wss:// in place of ws://",
        Why::NotTls => "try ws:// in place of wss://",
        Why::NotHttp if !is_tls => "look at what listens there; it may speak TLS: try wss:// in place of ws://",
        Why::NotHttp => "look at what listens there",
        Why::Closed => "look at what listens there, and at its log",
        Why::Other(_) => "check the name, the network, and what listens there",
    };
    format!("{unreachable}; {advice}")
}

/// How often a deployment is asked whether it takes the key: of two nodes behind a balancer both answer then.
const ASKED: usize = 4;

/// The control for everything that follows: a good token is taken, by everybody who answers.
async fn takes_the_key(rooms: &Rooms) -> Result<(), RemoteError> {
    let (mut takes, mut refused, mut failed) = (0, None, None);
    for _ in 0..ASKED {
        match takes_it_once(rooms).await {
            Ok(()) => takes += 1,
            Err(error @ RemoteError::Wrong(_)) => refused = Some(error),
            Err(error) => failed = Some(error),
        }
    }
    match refused.or(failed) {
        None => Ok(()),
        Some(RemoteError::Unusable(why)) if takes > 0 => Err(RemoteError::Unusable(format!(
            "the deployment answers {takes} times of {ASKED} and fails the other times, so users are refused by chance: a node behind its balancer may be down and still get requests ({why})"
        ))),
        Some(refusal) if takes == 0 => Err(refusal),
        Some(refusal) => Err(RemoteError::Unusable(format!(
            "the deployment takes the key {takes} times of {ASKED} and refuses it the other times: its nodes have different keys, so users are refused by chance; give every node the same `keys:` (a refusal says: {refusal})"
        ))),
    }
}

async fn takes_it_once(rooms: &Rooms) -> Result<(), RemoteError> {
    match rooms.list(&["glt-none"]).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(refusal)) if refusal.0.status == 401 => Err(RemoteError::Wrong(key_advice(&refusal.0))),
        Ok(Err(refusal)) => Err(RemoteError::Unusable(format!("rooms can't be listed there: {refusal}"))),
        Err(error) => Err(RemoteError::Unusable(format!("rooms can't be listed there: {error:#}"))),
    }
}

/// In the words of livekit-server 1.13.5 for a token that it refuses.
fn key_advice(answer: &Answer) -> String {
    let body = answer.body.as_str();
    if body.contains("invalid API key") {
        "the target does not know this API key: compare LIVEKIT_API_KEY with `keys:` in its livekit.yaml; the key may be that of another environment".into()
    } else if body.contains("signature is invalid") {
        "the target knows this API key and has another secret for it: compare LIVEKIT_API_SECRET with `keys:` in its livekit.yaml".into()
    } else if body.contains("token is expired") || body.contains("is not valid yet") {
        "the target refuses a token that was made this second: its clock or the clock of this machine is wrong by more than a minute".into()
    } else {
        format!(
            "the target refuses the key with {} and does not say why: compare key and secret with `keys:` in its livekit.yaml, and look at what stands before it",
            answer.status
        )
    }
}

async fn described(spec: &RemoteSpec, http: &Http, entry: Endpoint, run_id: &str) -> Result<Target> {
    // Whoever names a node names an address that this machine reaches itself.
    let straight = http.by_way_of(Proxy::none())?;
    let nodes: Vec<NodeTarget> = spec
        .nodes
        .iter()
        .map(|node| NodeTarget {
            name: node.name.clone(),
            endpoint: straight.endpoint(node.address.base()),
            metrics: node.metrics.as_ref().map(|metrics| straight.endpoint(metrics.base())),
        })
        .collect();
    let redis = spec.redis.as_ref().map(|url| RedisClient::new(url.expose())).transpose().context("the Redis URL")?;
    let database = spec.database.as_ref().map(Database::new).transpose().context("the database URL")?;
    let look = Look::at(&entry, spec, run_id).await;
    let turn = look.turn().await;
    let mut withheld = BTreeMap::new();
    let mut capabilities = BTreeSet::from([Capability::Api]);
    let mut offers = |capability, is_there: bool, setting: &str| {
        if is_there {
            capabilities.insert(capability);
        } else {
            withheld.insert(capability, setting.to_owned());
        }
    };
    // Media is UDP, and a proxy carries none of it: what is seen here would be this machine's own network.
    let is_straight = entry.proxy().is_none();
    offers(
        Capability::Media,
        is_straight,
        "media can't be sent through a proxy: run it where the servers are reached without one",
    );
    let has_metrics = !nodes.is_empty() && nodes.iter().all(|node| node.metrics.is_some());
    let sip = SipApi::new(entry.clone(), spec.key.clone())
        .inbound_trunks(&proto::ListSipInboundTrunkRequest::default())
        .await;
    offers(Capability::Tls, entry.url().starts_with("https:"), "the URL is ws:// and not wss://");
    offers(Capability::TwoNodes, nodes.len() > 1, "name two nodes with --node NAME=URL");
    offers(Capability::Redis, redis.is_some(), "name its Redis in GREENLIGHT_REDIS_URL");
    offers(Capability::Postgres, database.is_some(), "name the application's database in GREENLIGHT_DATABASE_URL");
    offers(Capability::Prometheus, has_metrics, "name every node with --node NAME=URL,METRICS_URL");
    offers(Capability::SipEdge, spec.sip_edge.is_some(), "name the SIP edge with --sip-edge ADDRESS:PORT");
    offers(
        Capability::SipApi,
        matches!(sip, Ok(Ok(_))),
        "the server has no Redis: without one it keeps no trunks, and answers no egress and no ingress",
    );
    // A plain GET of `/agent` is 404 at the server too: only a worker finds out.
    let agents = Signal::new(entry.clone()).server_info(&spec.key).await;
    offers(Capability::Agents, agents.is_ok(), "nothing there brings workers to the servers: `/agent` is not routed");
    let whip = entry.get("/whip/v1", None).await.is_ok_and(|answer| answer.status != 404);
    offers(Capability::Whip, whip, "`/whip` is not routed, or the server knows no WHIP yet");
    let setting = match is_straight {
        true => "joins are offered no `turns:` server whose name can be resolved",
        false => "TURN is asked at its address, past the proxy: run it where the servers are reached without one",
    };
    offers(Capability::Turn, turn.is_some() && is_straight, setting);
    offers(Capability::Load, spec.allowed.load, "load is for targets of your own: --allow load");
    offers(Capability::Attack, spec.allowed.attack, "attacks are for targets of your own: --allow attack");
    offers(Capability::Owned, spec.allowed.drill, "changes to what is kept are for targets of your own: --allow drill");
    for (capability, setting) in [
        (Capability::Drill, "only a staging in containers has parts that may be ended: --target containers"),
        (Capability::Engine, "only a staging in containers has an engine that is ours: --target containers"),
        (Capability::Processes, "only a staging in containers has processes here: --target containers"),
        (Capability::ConfigFiles, "configuration files can't be seen from outside: --target containers"),
        (Capability::Webhooks, "its webhooks go to your application: --target containers has a receiver"),
    ] {
        offers(capability, false, setting);
    }
    let secrets = [
        ("Redis URL", spec.redis.clone()),
        ("database URL", spec.database.clone()),
        ("proxy's password", spec.proxy.authorization()),
    ];
    let mut target = Target {
        nodes,
        redis,
        database,
        sip_edge: spec.sip_edge,
        turn,
        rooms_must_exist: look.rooms_must_exist,
        secrets: secrets.into_iter().filter_map(|(name, secret)| Some((name.to_owned(), secret?))).collect(),
        capabilities,
        withheld,
        ..Target::known_by(TargetKind::Url, entry, spec.key.clone(), spec.limits, spec.thresholds.clone())
    };
    target.identity = target.read_identity().await.context("asking who answers there")?;
    Ok(target)
}

/// What one join shows.
struct Look {
    /// URLs of the ICE servers that it was offered.
    ice_servers: Vec<String>,
    /// It was refused, and let in with the right to make the room.
    rooms_must_exist: bool,
}

impl Look {
    async fn at(entry: &Endpoint, spec: &RemoteSpec, run_id: &str) -> Self {
        let room = format!("glt-{run_id}-{LOOK}");
        let join = async |room_create: bool| {
            let grant = VideoGrant { room_create, ..VideoGrant::join(&room) };
            let token = TokenBuilder::new(&spec.key, grant).identity("look");
            let token = token.room_config(without_agents());
            let token = token.sign().map_err(|error| JoinError::Protocol(error.into()))?;
            Signal::new(entry.clone()).join(&token).await
        };
        let (session, rooms_must_exist) = match join(false).await {
            // "requested room does not exist", livekit-server 1.13.5
            Err(JoinError::Refused(answer)) if answer.status == 404 => (join(true).await.ok(), true),
            joined => (joined.ok(), false),
        };
        let servers = session.iter().flat_map(|session| session.ice_servers());
        let ice_servers = servers.flat_map(|server| server.urls.clone()).collect();
        drop(session);
        let _ = Rooms::new(entry.clone(), spec.key.clone()).delete(&room).await;
        Self { ice_servers, rooms_must_exist }
    }

    /// The TURN server over TLS that joins are offered, where its name is known to this machine.
    async fn turn(&self) -> Option<TurnTarget> {
        // RFC 7065: turns:host[:port][?transport=…]
        let server = self.ice_servers.iter().find_map(|url| url.strip_prefix("turns:"))?.split('?').next()?;
        let domain = server.split(':').next().unwrap_or_default().to_owned();
        let address = if server.contains(':') { server.to_owned() } else { format!("{server}:5349") };
        let address = tokio::net::lookup_host(address).await.ok()?.next()?;
        Some(TurnTarget { domain, address })
    }
}
