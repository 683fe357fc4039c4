//! The deployment under test, as checks may know it.

use crate::check::Capability;
use crate::configured::Configured;
use crate::loads::Baselines;
use crate::operator::Operator;
use crate::remote::{nobody, without_agents};
use anyhow::Result;
use greenlight_clients::{
    Database, Endpoint, JoinError, Key, RedisClient, Rooms, Secret, Signal, TokenBuilder, VideoGrant, WebhookSink,
    inspect, proto,
};
use greenlight_config::thresholds::Threshold;
use greenlight_config::{Limits, normalised_sha256};
use greenlight_reports::{Identity, NodeIdentity};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// How the target came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// A staging that this run started in containers.
    Containers,
    /// A deployment at an address that somebody gave.
    Url,
    /// A fake of ours, on which nothing of LiveKit runs.
    Emulator,
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Containers => "containers",
            Self::Url => "url",
            Self::Emulator => "emulator",
        })
    }
}

/// A deployment under test.
#[derive(Clone)]
pub struct Target {
    /// How it came to be.
    pub kind: TargetKind,
    /// What applications connect to: the balancer.
    pub entry: Endpoint,
    /// The nodes behind it, where they can be reached directly.
    pub nodes: Vec<NodeTarget>,
    /// Their Redis, where it can be reached.
    pub redis: Option<RedisClient>,
    /// The application's database, where it can be reached.
    pub database: Option<Database>,
    /// The receiver of the target's webhooks, where they come to one of ours.
    pub webhooks: Option<WebhookSink>,
    /// The SIP edge, where its address is known.
    pub sip_edge: Option<SocketAddr>,
    /// The embedded TURN server over TLS, where its address is known.
    pub turn: Option<TurnTarget>,
    /// The configuration files of its parts, which its operator can read.
    pub configuration: Vec<ConfigFile>,
    /// The SIP bridge, where its configuration is known.
    pub bridge: Option<BridgeTarget>,
    /// An API key of the deployment.
    pub key: Key,
    /// The user's livekit.yaml that its nodes run with keys, ports and addresses of ours; `None` where they run what stands
    /// in theirs.
    pub staged_from: Option<StagedFrom>,
    /// Joins make no rooms there (`room.auto_create: false`): whoever joins needs the right to make one.
    pub rooms_must_exist: bool,
    /// A key that the deployment does not have, for drills that give it one. Reports must not show its secret either.
    pub spare_key: Option<Key>,
    /// A file of tokens that the application has issued, one a line.
    pub token_file: Option<PathBuf>,
    /// Further secrets that must not show up in a report: name and value.
    pub secrets: Vec<(String, Secret)>,
    /// Which processes answered when the target was found ready.
    pub identity: Identity,
    /// What it offers.
    pub capabilities: BTreeSet<Capability>,
    /// What it does not offer because a setting says so, with that setting. Checks that need it are skipped with this
    /// reason, and nobody has to announce that.
    pub withheld: BTreeMap<Capability, String>,
    /// What it is held to.
    pub limits: Limits,
    /// What load on it is held to, and the generator of that load.
    pub thresholds: Arc<[Threshold]>,
    /// What load on it was like before, and what this run measures of it.
    pub baselines: Baselines,
    /// Lets the generator of load compute on every thread of its own, to see that nothing it says is believed then.
    pub saturated_generator: bool,
    /// Hands on its parts, where it is ours.
    pub operator: Option<Arc<dyn Operator>>,
}

/// A node that can be reached past the balancer.
#[derive(Clone)]
pub struct NodeTarget {
    /// For example `livekit-a`.
    pub name: String,
    /// Its own address.
    pub endpoint: Endpoint,
    /// Its Prometheus port, where it can be reached.
    pub metrics: Option<Endpoint>,
}

/// A file of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// For example `livekit-a`.
    pub part: String,
    /// Its path there.
    pub path: String,
}

/// The SIP bridge, as its operator knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BridgeTarget {
    /// Its sip.yaml.
    pub file: ConfigFile,
    /// Host and port of the balancer, as the bridge is to reach it.
    pub entry: String,
}

/// A livekit.yaml of the user's, as nodes of a staging run it.
#[derive(Debug, Clone)]
pub struct StagedFrom {
    /// SHA-256 (hex) of the user's file, normalised.
    pub sha256: String,
    /// The text that was made of it for each node.
    pub texts: BTreeMap<String, Secret>,
}

/// TURN over TLS, as clients reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnTarget {
    /// The name that nodes announce; always with port 443.
    pub domain: String,
    /// Where that is, for somebody on this machine.
    pub address: SocketAddr,
}

impl Target {
    /// A deployment of which only the entry point and a key are known: it offers the room API and nothing else.
    pub fn known_by(kind: TargetKind, entry: Endpoint, key: Key, limits: Limits, thresholds: Arc<[Threshold]>) -> Self {
        Self {
            kind,
            entry,
            nodes: vec![],
            redis: None,
            database: None,
            webhooks: None,
            sip_edge: None,
            turn: None,
            configuration: vec![],
            bridge: None,
            key,
            staged_from: None,
            rooms_must_exist: false,
            spare_key: None,
            token_file: None,
            secrets: vec![],
            identity: Identity { nodes: vec![], images: vec![], tls_pin: None },
            capabilities: [Capability::Api].into(),
            withheld: BTreeMap::new(),
            limits,
            thresholds,
            baselines: Baselines::default(),
            saturated_generator: false,
            operator: None,
        }
    }

    /// Asks every node who it is, reads the configuration that each has, and the key that the entry point serves over
    /// TLS. Images are taken over, since they can't change under a running container.
    ///
    /// # Errors
    /// When a node gives no identity, or what could be read before can't be read now.
    pub async fn read_identity(&self) -> Result<Identity> {
        if self.nodes.is_empty() {
            return self.identity_of(nodes_behind(&self.entry, &self.key).await?).await;
        }
        let mut nodes = Vec::new();
        for node in &self.nodes {
            nodes.push(node.identity(&self.key).await?);
        }
        self.identity_of(nodes).await
    }

    /// The same for nodes that have just said who they are.
    ///
    /// # Errors
    /// When what could be read before can't be read now.
    pub async fn identity_of(&self, mut nodes: Vec<NodeIdentity>) -> Result<Identity> {
        for node in &mut nodes {
            node.config_sha256 = self.config_sha256(&node.name).await?;
        }
        let tls_pin = match self.entry.url().starts_with("https:") {
            true => {
                let (host, address) = self.entry.host_and_address();
                Some(inspect(&address, &host, self.entry.http()).await?.spki_sha256)
            }
            false => None,
        };
        Ok(Identity { nodes, images: self.identity.images.clone(), tls_pin })
    }

    /// Hash of the normalised configuration that a node reads; none where nobody may look at it.
    async fn config_sha256(&self, part: &str) -> Result<Option<String>> {
        let file = self.configuration.iter().find(|file| file.part == part);
        let (Some(operator), Some(file)) = (&self.operator, file) else { return Ok(None) };
        let (text, mode) = operator.read(part, &file.path).await?;
        let state = operator.state(part).await?;
        let made = self.staged_from.as_ref().and_then(|from| Some((from, from.texts.get(part)?)));
        // Only as long as the node still has what was made of the user's file.
        let of_user = made.filter(|(_, staged)| staged.expose() == text).map(|(from, _)| from.sha256.clone());
        let read = Configured::new(file.clone(), Secret::new(text), mode, &state.environment, state.command);
        // What the environment or the command line changes is in no file: nobody can say what such a node is told.
        Ok(if read.is_overridden() { None } else { of_user.or_else(|| normalised_sha256(read.effective())) })
    }

    /// Name and URL of every address by which it is reached, the entry point first.
    pub fn endpoints(&self) -> Vec<(String, String)> {
        let nodes = self.nodes.iter().map(|node| (node.name.clone(), node.endpoint.ws_url()));
        std::iter::once(("entry".to_owned(), self.entry.ws_url())).chain(nodes).collect()
    }

    /// Which of the needed capabilities are offered by something that is no real peer. A staging in containers has none:
    /// what answers there is the program itself. The emulator is nothing else.
    pub fn simulated(&self, needs: &[Capability]) -> Vec<String> {
        match self.kind {
            TargetKind::Containers | TargetKind::Url => vec![],
            TargetKind::Emulator => {
                let server = std::iter::once("livekit-server".to_owned());
                server.chain(needs.iter().map(Capability::to_string)).collect()
            }
        }
    }

    /// Whether it has what a check needs.
    pub fn offers(&self, capability: Capability) -> bool {
        match capability {
            Capability::Since(major, minor) => self.is_since(major, minor),
            other => self.capabilities.contains(&other),
        }
    }

    /// Whether every node is of this version of livekit-server or newer. A version that can't be read is none.
    pub fn is_since(&self, major: u32, minor: u32) -> bool {
        let is_new = |version: &str| {
            let mut parts = version.trim_start_matches('v').split(['.', '-', '+']).map(|part| part.parse::<u32>().ok());
            matches!((parts.next().flatten(), parts.next().flatten()), (Some(a), Some(b)) if (a, b) >= (major, minor))
        };
        !self.identity.nodes.is_empty() && self.identity.nodes.iter().all(|node| is_new(&node.version))
    }

    /// Whether it serves others too: then checks have few rooms and participants at a time, and none that calls an
    /// agent of somebody else.
    pub fn is_shared(&self) -> bool {
        self.kind == TargetKind::Url && !self.capabilities.contains(&Capability::Load)
    }
}

/// So many answers in a row without a new node, and there is none.
const ALIKE: usize = 8;
/// Beyond this even the largest deployment is left unknown in part.
const ASKED_MAX: usize = 64;
/// Where somebody joins to be told which node has the room; removed at once.
pub(crate) const IDENTITY_ROOM: &str = "glt-identity";

/// The nodes that a balancer hides, by their ids: a new connection each time, until no new one answers.
///
/// # Errors
/// When one gives no identity.
pub(crate) async fn nodes_behind(entry: &Endpoint, key: &Key) -> Result<Vec<NodeIdentity>, JoinError> {
    let signal = Signal::new(entry.clone());
    let mut nodes = BTreeMap::new();
    let mut alike = 0;
    for _ in 0..ASKED_MAX {
        let info = match signal.server_info(key).await {
            // A balancer that brings no workers to the servers: then whoever has a room tells.
            Err(JoinError::Refused(_)) => info_by_join(entry, key).await?,
            info => info?,
        };
        let proto::ServerInfo { version, node_id, .. } = info;
        let node = NodeIdentity { name: node_id.clone(), node_id: node_id.clone(), version, config_sha256: None };
        alike = if nodes.insert(node_id, node).is_some() { alike + 1 } else { 0 };
        if alike == ALIKE {
            break;
        }
    }
    Ok(nodes.into_values().collect())
}

async fn info_by_join(entry: &Endpoint, key: &Key) -> Result<proto::ServerInfo, JoinError> {
    let token = TokenBuilder::new(key, VideoGrant::join(IDENTITY_ROOM)).identity("look").room_config(without_agents());
    let token = token.sign().map_err(|error| JoinError::Protocol(error.into()))?;
    // Made first: `room.auto_create` may be off.
    let rooms = Rooms::new(entry.clone(), key.clone());
    let request = proto::CreateRoomRequest { name: IDENTITY_ROOM.into(), agents: vec![nobody()], ..Default::default() };
    let _ = rooms.create(&request).await;
    let session = Signal::new(entry.clone()).join(&token).await;
    let info = session.map(|session| session.join().server_info.clone().unwrap_or_default());
    let _ = rooms.delete(IDENTITY_ROOM).await;
    info
}

impl NodeTarget {
    /// The process that answers at this address; its configuration is not looked at.
    ///
    /// # Errors
    /// When it gives no identity.
    pub async fn identity(&self, key: &Key) -> Result<NodeIdentity, JoinError> {
        let proto::ServerInfo { version, node_id, .. } = Signal::new(self.endpoint.clone()).server_info(key).await?;
        Ok(NodeIdentity { name: self.name.clone(), node_id, version, config_sha256: None })
    }

    /// The room API at this node.
    pub fn rooms(&self, key: &Key) -> Rooms {
        Rooms::new(self.endpoint.clone(), key.clone())
    }

    /// Signalling at this node.
    pub fn signal(&self) -> Signal {
        Signal::new(self.endpoint.clone())
    }
}
