//! Media of a livekit-server behind the engine's address translation: a node announces the ports on which it listens, so
//! just these must be reachable, under the same numbers, over the same protocol.

use super::ports::Port;
use super::project::{Network, Project, Service};
use crate::lint::container::{Program, Settings};
use crate::lint::findings::{Findings, words};

/// Beyond so many ports the engine takes long to start and stop the container: it has a process or a rule for each.
const PORTS_MAX: u32 = 1000;

pub(super) fn check(service: &Service<'_>, _: &Project<'_>, findings: &mut Findings) {
    if service.container.program() != Program::LiveKitServer || service.network != Network::Bridge {
        return;
    }
    let settings = service.container.settings();
    if settings.known && !settings.is_told_its_address() {
        let what = "it announces its address in the engine's network, such as 172.18.0.2, which no client reaches: joins \
                    succeed, and then no media flows";
        let fix = "write rtc.node_ip with the address that clients reach (or set NODE_IP), or rtc.use_external_ip: true, \
                   or use network_mode: host";
        let found = format!("{}: neither node_ip nor use_external_ip", service.container.name);
        findings.wrong("node_address_absent", service.container.line, words(found, what, fix));
    }
    let Some(ports) = &service.ports else { return };
    let media = Media { ports, udp: settings.udp(), tcp: settings.tcp() };
    let before = findings.len();
    media.as_tcp(findings);
    media.moved(findings);
    media.local(&settings, findings);
    media.wide(findings);
    if findings.len() == before && !service.inherits() {
        media.unpublished(service, &settings, findings);
    }
}

/// What is published, and what the node listens on, if that is known.
struct Media<'a> {
    ports: &'a [Port],
    udp: Option<(u32, u32)>,
    tcp: Option<u32>,
}

/// The numbers that media mostly has.
fn usual(port: &Port) -> bool {
    port.container.0 >= 50_000 || port.container == (7882, 7882)
}

impl Media<'_> {
    /// Whether a port is one of media over UDP; where the configuration is not known, by the usual numbers.
    fn is_udp_media(&self, port: &Port) -> bool {
        match self.udp {
            Some(range) => port.overlaps(range),
            // A range that is published as it must be is the one that counts.
            None if self.ports.iter().any(|other| other.udp && usual(other)) => false,
            None => usual(port),
        }
    }

    fn as_tcp(&self, findings: &mut Findings) {
        let also_udp = |port: &Port| self.ports.iter().any(|other| other.udp && other.overlaps(port.container));
        for port in self.ports.iter().filter(|port| !port.udp && self.is_udp_media(port) && !also_udp(port)) {
            let what = "without /udp only TCP is published: no packet of media gets in";
            let fix = format!("write \"{}/udp\"", port.written.trim_end_matches("/tcp"));
            findings.wrong("udp_published_as_tcp", port.line, words(&port.written, what, fix));
        }
    }

    fn moved(&self, findings: &mut Findings) {
        let media = |port: &&Port| match port.udp {
            true => self.is_udp_media(port),
            false => port.container.0 == port.container.1 && self.tcp.unwrap_or(7881) == port.container.0,
        };
        for port in self.ports.iter().filter(media).filter(|port| port.host != Some(port.container)) {
            let what = "a node announces the port on which it listens inside: clients send there, and on the machine that \
                        port is another one, or none";
            let (start, end) = port.container;
            let inside = if start == end { start.to_string() } else { format!("{start}-{end}") };
            let protocol = if port.udp { "/udp" } else { "" };
            let fix = format!("write \"{inside}:{inside}{protocol}\", and give other ports in the configuration");
            findings.wrong("media_remapped", port.line, words(&port.written, what, fix));
        }
    }

    fn local(&self, settings: &Settings<'_>, findings: &mut Findings) {
        let media = |port: &&Port| port.udp && self.is_udp_media(port) && port.is_local();
        for port in self.ports.iter().filter(media).filter(|_| !settings.development()) {
            let what = "media is published on the loopback address: only clients on this machine get any";
            let fix = "leave the address out; a proxy in front carries signalling, never media";
            findings.wrong("media_on_loopback", port.line, words(&port.written, what, fix));
        }
    }

    fn wide(&self, findings: &mut Findings) {
        for port in self.ports.iter().filter(|port| port.udp && port.container.1 - port.container.0 > PORTS_MAX) {
            let what = "the engine sets up every port by itself, with a process or a rule for each: the container takes \
                        minutes to start and to stop, and gigabytes of memory";
            let fix = "write rtc.udp_port: 7882 instead of a range and publish that one, or use network_mode: host";
            findings.risky("media_range_wide", port.line, words(&port.written, what, fix));
        }
    }

    fn unpublished(&self, service: &Service<'_>, settings: &Settings<'_>, findings: &mut Findings) {
        let published = |udp: bool, number: u32| self.ports.iter().any(|port| port.udp == udp && port.covers(number));
        let missing = match self.udp {
            Some((start, end)) => (start..=end.min(65_535)).find(|number| !published(true, *number)),
            None => (!self.ports.iter().any(|port| port.udp)).then_some(0),
        };
        if let Some(number) = missing {
            let found = match number {
                0 => "no UDP port is published".to_owned(),
                number => format!("UDP port {number} is not published"),
            };
            let what = "media over UDP does not get in: calls fall back to TCP, or have neither sound nor picture";
            let fix = match self.udp {
                Some((start, end)) if start == end => format!("add \"{start}:{start}/udp\" to ports:"),
                Some((start, end)) if end - start <= PORTS_MAX => {
                    format!("add \"{start}-{end}:{start}-{end}/udp\" to ports:")
                }
                _ => "write rtc.udp_port: 7882 in the configuration, and add \"7882:7882/udp\" to ports:".to_owned(),
            };
            return findings.wrong("media_unpublished", service.line_of("ports"), words(found, what, fix));
        }
        if let Some(tcp) = self.tcp.filter(|tcp| settings.known && !published(false, *tcp)) {
            let what = "whoever is behind a firewall that drops UDP can't fall back to TCP";
            let fix = format!("add \"{tcp}:{tcp}\" to ports:, or write rtc.tcp_port: 0");
            let found = format!("TCP port {tcp} is not published");
            findings.risky("media_tcp_unpublished", service.line_of("ports"), words(found, what, fix));
        }
    }
}
