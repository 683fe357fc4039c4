//! A check: one claim with its metadata.

use crate::ctx::Ctx;
use crate::fault::Fault;
use crate::select::{UnknownName, require};
use crate::verdict::Verdict;
use greenlight_reports::Component;
use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// What a check's function returns.
pub type CheckFuture<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// One claim about a target. There is no default: an author states every field.
pub struct Check {
    /// `suite.name`, the path of its file. It is API: never renamed without an alias.
    pub id: &'static str,
    /// The claim in words.
    pub title: &'static str,
    /// For selection: `smoke` is the fast set, `security` what an attacker would use.
    pub tags: &'static [&'static str],
    /// Where to look first when it is red; a failure may name another.
    pub blame: Component,
    /// What the target must offer. Anything missing makes it `Skipped`.
    pub needs: &'static [Capability],
    /// After this it is `Errored`.
    pub timeout: Duration,
    /// Whether it runs beside others.
    pub lane: Lane,
    /// The planted faults that turn it red. Empty is refused by a test.
    pub proven_by: &'static [Fault],
    /// What to do first when it is red, for somebody who never saw this code.
    pub fix: &'static str,
    /// Where it stands, as written by [`crate::source!`].
    pub source: Source,
    /// The function, as written by [`crate::run!`].
    pub run: for<'a> fn(&'a Ctx) -> CheckFuture<'a>,
}

/// A check's own file: it is linked from reports, and its documentation is what `--explain` prints.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Path from the root of the repository.
    pub file: &'static str,
    /// Line of the metadata.
    pub line: u32,
    /// The whole file.
    pub text: &'static str,
}

impl Source {
    fn doc(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.text.lines().map_while(|line| line.strip_prefix("//! "))
    }

    /// The claim: the first line of the file's documentation.
    pub fn claim(&self) -> &'static str {
        self.doc().next().unwrap_or_default()
    }

    /// What breaks for callers when the claim is false: the rest of that documentation.
    pub fn hurts(&self) -> String {
        self.doc().skip(1).collect::<Vec<_>>().join(" ")
    }
}

impl Check {
    /// The part of the id before the dot.
    pub fn suite(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(suite, _)| suite)
    }
}

/// Something that a target may or may not offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// The room API with a key that may use it.
    Api,
    /// Redis can be reached directly.
    Redis,
    /// At least two nodes can be reached directly.
    TwoNodes,
    /// The target is ours, and load on it hurts nobody.
    Load,
    /// The target is ours, and its parts may be ended, frozen and started. What such a check leaves is healed.
    Drill,
    /// The target is ours, and what it keeps for all callers (trunks, rules, stream keys) may be added to.
    Owned,
    /// The target is ours, and what an attacker would send hurts nobody.
    Attack,
    /// The engine that runs the parts can be asked about them.
    Engine,
    /// The parts' processes stand in `/proc` of this machine.
    Processes,
    /// The balancer ends TLS.
    Tls,
    /// The application's database can be reached.
    Postgres,
    /// Webhooks of the target come to a receiver of ours.
    Webhooks,
    /// The nodes' Prometheus ports can be reached.
    Prometheus,
    /// SIP trunks and rules can be kept: the server has a Redis.
    SipApi,
    /// The address of a SIP edge is known.
    SipEdge,
    /// The configuration files can be read.
    ConfigFiles,
    /// The embedded TURN server is configured.
    Turn,
    /// The nodes' media ports can be reached from here.
    Media,
    /// The balancer brings agents' workers to the nodes.
    Agents,
    /// The balancer brings WHIP to the nodes.
    Whip,
    /// Every node is livekit-server of this major and minor version or newer: what the claim is about came with it, or is
    /// known of none before.
    Since(u32, u32),
}

impl Capability {
    /// Every capability, with the name that `requires` in staging_tests.yaml knows it by.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("api", Self::Api),
        ("redis", Self::Redis),
        ("two_nodes", Self::TwoNodes),
        ("load", Self::Load),
        ("drill", Self::Drill),
        ("owned", Self::Owned),
        ("attack", Self::Attack),
        ("engine", Self::Engine),
        ("processes", Self::Processes),
        ("tls", Self::Tls),
        ("postgres", Self::Postgres),
        ("webhooks", Self::Webhooks),
        ("prometheus", Self::Prometheus),
        ("sip_api", Self::SipApi),
        ("sip_edge", Self::SipEdge),
        ("config_files", Self::ConfigFiles),
        ("turn", Self::Turn),
        ("media", Self::Media),
        ("agents", Self::Agents),
        ("whip", Self::Whip),
    ];

    /// What of these names the target does not offer.
    ///
    /// # Errors
    /// A name that no capability has.
    pub fn lacking(required: &[String], offered: &BTreeSet<Self>) -> Result<Vec<String>, UnknownName> {
        let mut lacking = Vec::new();
        for name in required {
            let known = Self::NAMES.iter().map(|(name, _)| *name);
            require("capability", name, known)?;
            if !Self::NAMES.iter().any(|(known, capability)| known == name && offered.contains(capability)) {
                lacking.push(name.clone());
            }
        }
        Ok(lacking)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Since(major, minor) => return write!(f, "livekit-server {major}.{minor} or newer"),
            Self::Api => "an API key",
            Self::Redis => "a Redis address",
            Self::TwoNodes => "the addresses of two nodes",
            Self::Load => "a target of our own that may be loaded",
            Self::Drill => "parts of our own that may be ended and started",
            Self::Owned => "a target of our own, whose trunks, rules and stream keys may be added to",
            Self::Attack => "a target of our own that may be sent what an attacker sends",
            Self::Agents => "a way for agents' workers (`/agent`)",
            Self::Whip => "a way for WHIP (`/whip`)",
            Self::Engine => "the engine that runs the parts",
            Self::Processes => "the parts' processes in `/proc` of this machine: an engine that runs here",
            Self::Tls => "TLS at the balancer",
            Self::Postgres => "the address of a database",
            Self::Webhooks => "webhooks to a receiver of ours",
            Self::Prometheus => "the nodes' Prometheus ports",
            Self::SipApi => "the SIP API, which needs Redis",
            Self::SipEdge => "the address of a SIP edge",
            Self::ConfigFiles => "the nodes' configuration files",
            Self::Turn => "TURN",
            Self::Media => "media ports that this machine reaches (`media: loopback`)",
        })
    }
}

/// Whether a check runs beside others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// With others at the same time.
    Shared,
    /// Alone: load, drills, everything that others would notice.
    Exclusive,
}

/// Makes the `source` field: file, line and text of where it is written.
#[macro_export]
macro_rules! source {
    () => {
        $crate::Source {
            file: file!(),
            line: line!(),
            // A crate of checks lies directly under the root of the repository.
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../", file!())),
        }
    };
}

/// Makes the `run` field out of an `async fn(&Ctx) -> Verdict`.
#[macro_export]
macro_rules! run {
    ($check:path) => {
        |ctx| Box::pin($check(ctx))
    };
}

#[cfg(test)]
mod tests {
    use super::Capability;

    #[test]
    fn what_a_profile_requires_is_there_or_named() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let offered = [Capability::Tls, Capability::TwoNodes].into();
        assert_eq!(Capability::lacking(&names(&["tls", "two_nodes"]), &offered), Ok(vec![]));
        assert_eq!(Capability::lacking(&names(&["tls", "postgres"]), &offered), Ok(names(&["postgres"])));
        let typo = Capability::lacking(&names(&["postgress"]), &offered).expect_err("unknown").to_string();
        assert_eq!(typo, "no capability is called \"postgress\"; did you mean \"postgres\"?");
    }
}
