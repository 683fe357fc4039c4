//! What somebody says of a deployment, and what may be done to it.

use super::address::Address;
use greenlight_clients::{Key, Proxy, Secret, proto};
use greenlight_config::Limits;
use greenlight_config::thresholds::Threshold;
use std::net::SocketAddr;
use std::sync::Arc;

/// What a run may do beyond looking. Nothing of it by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Load, and more than a few rooms at a time.
    pub load: bool,
    /// What an attacker would send.
    pub attack: bool,
    /// Changes to what the target keeps for all callers.
    pub drill: bool,
}

/// A node that can be reached past the balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSpec {
    /// Its name in reports.
    pub name: String,
    /// Its own address.
    pub address: Address,
    /// Its Prometheus port.
    pub metrics: Option<Address>,
}

/// A deployment at an address.
#[derive(Clone)]
pub struct RemoteSpec {
    /// What applications connect to.
    pub address: Address,
    /// An API key of it.
    pub key: Key,
    /// Certificates that are trusted besides this machine's, in PEM.
    pub ca_pem: Option<String>,
    /// Certificate and key to show when the target asks for one, in PEM.
    pub client_pem: Option<Secret>,
    /// The HTTP proxy on the way to it.
    pub proxy: Proxy,
    /// Nodes that can be reached past the balancer.
    pub nodes: Vec<NodeSpec>,
    /// URL of its Redis.
    pub redis: Option<Secret>,
    /// URL of the application's database.
    pub database: Option<Secret>,
    /// Its SIP edge.
    pub sip_edge: Option<SocketAddr>,
    /// What may be done to it.
    pub allowed: Allowed,
    /// What it is held to.
    pub limits: Limits,
    /// What load on it is held to.
    pub thresholds: Arc<[Threshold]>,
}

/// Settings of a room that a join makes, which calls nobody's agents.
pub(crate) fn without_agents() -> proto::RoomConfiguration {
    proto::RoomConfiguration { agents: vec![nobody()], ..Default::default() }
}

/// An agent that nobody is. A room that names it calls no other: the agents of a target that serves others stay out.
pub(crate) fn nobody() -> proto::RoomAgentDispatch {
    proto::RoomAgentDispatch { agent_name: "glt-nobody".into(), ..Default::default() }
}
