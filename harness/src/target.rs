//! The deployment under test, as checks may know it.

use crate::check::Capability;
use crate::operator::Operator;
use greenlight_clients::{Database, Endpoint, JoinError, Key, RedisClient, Rooms, Secret, Signal, WebhookSink, proto};
use greenlight_config::Limits;
use greenlight_config::thresholds::Threshold;
use greenlight_reports::{Identity, NodeIdentity};
use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// How the target came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// A staging that this run started in containers.
    Containers,
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Containers => "containers",
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
    /// An API key of the deployment.
    pub key: Key,
    /// Further secrets that must not show up in a report: name and value.
    pub secrets: Vec<(String, Secret)>,
    /// Which processes answered when the target was found ready.
    pub identity: Identity,
    /// What it offers.
    pub capabilities: BTreeSet<Capability>,
    /// What it is held to.
    pub limits: Limits,
    /// What load on it is held to, and the generator of that load.
    pub thresholds: Arc<[Threshold]>,
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

/// TURN over TLS, as clients reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnTarget {
    /// The name that nodes announce; always with port 443.
    pub domain: String,
    /// Where that is, for somebody on this machine.
    pub address: SocketAddr,
}

impl Target {
    /// Asks every node who it is. Images are taken over, since they can't change under a running container.
    ///
    /// # Errors
    /// When a node gives no identity.
    pub async fn read_identity(&self) -> Result<Identity, JoinError> {
        let mut nodes = Vec::new();
        for node in &self.nodes {
            nodes.push(node.identity(&self.key).await?);
        }
        Ok(Identity { nodes, images: self.identity.images.clone() })
    }
}

impl NodeTarget {
    /// The process that answers at this address.
    ///
    /// # Errors
    /// When it gives no identity.
    pub async fn identity(&self, key: &Key) -> Result<NodeIdentity, JoinError> {
        let proto::ServerInfo { version, node_id, .. } = Signal::new(self.endpoint.clone()).server_info(key).await?;
        Ok(NodeIdentity { name: self.name.clone(), node_id, version })
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
