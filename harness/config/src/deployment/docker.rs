//! The driver `docker`: one container a colour on this machine's engine, behind an HAProxy.

use super::step::Step;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;

/// One container a colour, of `artefact.image`, behind an HAProxy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DockerSpec {
    /// The containers are `<name>-blue` and `<name>-green`.
    pub name: String,
    /// The engine's network in which Redis and the balancer are.
    pub network: String,
    /// The livekit.yaml. Each colour gets it with its own ports. Where it is also `artefact.config`, the gate demands that it
    /// was tested.
    pub config: PathBuf,
    /// Address of this machine on which ports are published. Without it all addresses.
    #[serde(default = "all_addresses")]
    pub bind: IpAddr,
    /// Ports of the blue container.
    pub blue: Ports,
    /// Ports of the green container; none may be one of blue's, since both run during a deploy.
    pub green: Ports,
    /// Names of variables that are handed on from the environment of `greenlight`: secrets.
    #[serde(default)]
    pub environment: Vec<String>,
    /// The balancer.
    pub balancer: HaproxySpec,
    /// Fails unless the colour works. It is told as the lines of the driver `command` are, with
    /// GREENLIGHT_URL and LIVEKIT_URL, and while the other colour has the traffic with GREENLIGHT_OTHER_URL.
    pub verify: Step,
    /// Fails if the colour, which has the traffic, does not do well.
    pub watch: Step,
    /// How many seconds calls may take to end. After that a person is needed; nothing is killed.
    pub drain_timeout_s: u64,
}

fn all_addresses() -> IpAddr {
    IpAddr::from([0, 0, 0, 0])
}

/// Ports of this machine. Media ports are the same inside, because a node advertises what it listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ports {
    /// Signalling and API.
    pub http: u16,
    /// Media over TCP.
    pub rtc_tcp: u16,
    /// Media over UDP.
    pub rtc_udp: u16,
}

/// An HAProxy with one server a colour in its backend.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaproxySpec {
    /// Its runtime API: the path of a socket, or an address and port. It needs `level admin`.
    pub runtime_api: String,
    /// The backend.
    pub backend: String,
    /// Name of the server for blue.
    pub blue: String,
    /// Name of the server for green.
    pub green: String,
    /// The file that `server-state-file` in its configuration names, as this machine sees it: with
    /// `load-server-state-from-file global` a reload keeps the colour.
    pub state_file: PathBuf,
}

impl DockerSpec {
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = self.verify.problems("driver.docker");
        problems.extend(self.watch.problems("driver.docker"));
        let of = |ports: Ports| [ports.http, ports.rtc_tcp, ports.rtc_udp];
        if of(self.blue).iter().any(|port| of(self.green).contains(port)) {
            problems.push(
                "driver.docker: blue and green share a port, and both run during a deploy; give each its own"
                    .to_owned(),
            );
        }
        if self.balancer.blue == self.balancer.green {
            problems.push(
                "driver.docker.balancer: blue and green are the same server; name the two servers of the backend"
                    .to_owned(),
            );
        }
        let word =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        for (name, text) in [
            ("name", &self.name),
            ("network", &self.network),
            ("balancer.backend", &self.balancer.backend),
            ("balancer.blue", &self.balancer.blue),
            ("balancer.green", &self.balancer.green),
        ] {
            if !word(text) {
                problems.push(format!("driver.docker.{name} is {text:?}; use letters, digits, -, _ and ."));
            }
        }
        if self.drain_timeout_s == 0 {
            problems.push("driver.docker.drain_timeout_s is 0, and no call ends that soon; write how long calls may take, such as 10800".to_owned());
        }
        problems
    }
}
