//! Where an environment is reached, for the checks that are run on it.

use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A deployment at its address. Secrets stand in the environment, under the names given here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSpec {
    /// What applications connect to: `wss://rtc.example.com`.
    pub url: String,
    /// Whether it may be loaded, attacked and changed where `--allow` says so: it serves nobody else.
    #[serde(default)]
    pub owned: bool,
    /// Certificates that are trusted besides this machine's, in PEM.
    pub ca: Option<PathBuf>,
    /// Nodes that can be reached past the balancer.
    #[serde(default)]
    pub nodes: Vec<TargetNode>,
    /// Address and port of the SIP edge.
    pub sip_edge: Option<SocketAddr>,
    /// Name of the variable with the API key.
    #[serde(default = "key_env")]
    pub key_env: String,
    /// Name of the variable with its secret.
    #[serde(default = "secret_env")]
    pub secret_env: String,
    /// Name of the variable with the URL of its Redis.
    pub redis_env: Option<String>,
    /// Name of the variable with the URL of the application's database.
    pub database_env: Option<String>,
}

/// A node that can be reached past the balancer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetNode {
    /// Its name in reports.
    pub name: String,
    /// Its own address.
    pub url: String,
    /// Its Prometheus port.
    pub metrics: Option<String>,
}

fn key_env() -> String {
    "LIVEKIT_API_KEY".to_owned()
}

fn secret_env() -> String {
    "LIVEKIT_API_SECRET".to_owned()
}

impl Default for TargetSpec {
    /// Nothing known but the usual variables.
    fn default() -> Self {
        Self {
            url: String::new(),
            owned: false,
            ca: None,
            nodes: vec![],
            sip_edge: None,
            key_env: key_env(),
            secret_env: secret_env(),
            redis_env: None,
            database_env: None,
        }
    }
}

impl TargetSpec {
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let names = [Some(&self.key_env), Some(&self.secret_env), self.redis_env.as_ref(), self.database_env.as_ref()];
        for name in names.into_iter().flatten() {
            let is_name = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
            if name.is_empty() || !is_name {
                // It may be the secret itself, which is not repeated.
                problems.push("target: key_env, secret_env, redis_env and database_env are names of variables (A-Z, 0-9, _), and a secret never stands here".to_owned());
            }
        }
        for (index, node) in self.nodes.iter().enumerate() {
            if self.nodes.iter().take(index).any(|other| other.name == node.name) {
                problems.push(format!("target.nodes has two nodes called {:?}; rename one", node.name));
            }
        }
        problems
    }
}
