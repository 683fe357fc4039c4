//! TURN and STUN servers that clients are told besides the embedded one.

use crate::lint::document::Node;
use crate::lint::findings::{Findings, words};
use crate::lint::scalars::is_template;
use crate::lint::source::Source;

const SCHEMES: &[&str] = &["stun:", "stuns:", "turn:", "turns:"];

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    for server in source.items("rtc.turn_servers") {
        address(server, findings);
        let Some(entry) = server.at("protocol") else {
            continue;
        };
        let text = entry.value.text().unwrap_or_default();
        if is_template(text) || matches!(text, "udp" | "tcp" | "tls" | "") {
            continue;
        }
        let lower = text.to_ascii_lowercase();
        let fix = match lower.as_str() {
            "udp" | "tcp" | "tls" => format!("write {lower}"),
            "turns" | "https" | "ssl" => "write tls".to_owned(),
            _ => "write udp, tcp or tls, in small letters".to_owned(),
        };
        let what = "only udp, tcp and tls are known; anything else is offered to clients as plain TCP, in silence";
        findings.wrong("turn_server_protocol", entry.value.line, words(text, what, fix));
    }
    for server in source.items("rtc.stun_servers") {
        let text = server.text().unwrap_or_default();
        if SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
            let what = "the scheme does not belong here: the server starts and `/` says 200, but every join is answered \
                        with 500, connection closed by media";
            let fix = "write <host>:<port> alone";
            findings.wrong("stun_server_scheme", server.line, words(text, what, fix));
        }
    }
    public_stun(source, findings);
}

/// Host and port go into the URL for clients as they are.
fn address(server: &Node, findings: &mut Findings) {
    let Some(host) = server.at("host") else {
        return;
    };
    let text = host.value.text().unwrap_or_default();
    let bracketed = text.starts_with('[') && text.ends_with(']');
    if is_template(text) {
        return;
    }
    let fix = "write the host name alone, and its port as port";
    if text.contains('/') || SCHEMES.iter().any(|scheme| text.starts_with(scheme)) || (text.contains(':') && !bracketed)
    {
        let what = format!("clients are told turn:{text}:<port>, which is no URL; the server does not notice");
        findings.wrong("turn_server_address", host.value.line, words(text, what, fix));
    } else if server.at("port").is_none() {
        let what = format!("without port, clients are told turn:{text}:0; the server does not notice");
        findings.wrong("turn_server_address", host.line, words("no port", what, "add port: 3478, or 443 for tls"));
    }
}

fn public_stun(source: &Source<'_>, findings: &mut Findings) {
    let own = source.is_true("turn.enabled") && source.at("turn.udp_port").is_some();
    let told = |path: &str| source.at(path).is_some_and(|entry| !entry.value.items().is_empty());
    if own || told("rtc.turn_servers") || told("rtc.stun_servers") {
        return;
    }
    let what = "with neither stun_servers, turn_servers nor embedded TURN over UDP, clients are sent to public STUN \
                servers of Google and Twilio, which learn their addresses; closed networks can't reach them";
    let fix = "write rtc.stun_servers, or turn on the embedded TURN with a udp_port";
    let line = source.at("rtc").map_or(0, |entry| entry.line);
    findings.risky("public_stun", line, words("no STUN server", what, fix));
}
