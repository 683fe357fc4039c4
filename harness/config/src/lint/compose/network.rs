//! `network_mode` beside what it excludes.

use super::project::{Network, Project, Service};
use crate::lint::container::Program;
use crate::lint::findings::{Findings, words};

pub(super) fn check(service: &Service<'_>, _: &Project<'_>, findings: &mut Findings) {
    if service.container.program() == Program::Other {
        return;
    }
    if service.network == Network::Host
        && let Some(ports) = service.node.at("ports").filter(|ports| !ports.value.items().is_empty())
    {
        let what = "with network_mode: host nothing is published or moved to another port: the program listens on the \
                    machine's own ports, and these lines are ignored or refused";
        let fix = "remove ports:, and open in the firewall what the configuration of the program names";
        findings.wrong("host_network_ports", ports.line, words("ports beside network_mode: host", what, fix));
    }
    if service.node.at("network_mode").is_some()
        && let Some(networks) = service.node.at("networks")
    {
        let what = "Compose refuses a service with both network_mode and networks, and starts nothing";
        let fix = "remove networks: if it should be on the machine's own network, else network_mode:";
        findings.wrong("network_twice", networks.line, words("networks beside network_mode", what, fix));
    }
}
