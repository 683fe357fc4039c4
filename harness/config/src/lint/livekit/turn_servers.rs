//! TURN and STUN servers that clients are told besides the embedded one.

use crate::lint::findings::{Findings, words};
use crate::lint::scalars::is_template;
use crate::lint::source::Source;

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    for server in source.items("rtc.turn_servers") {
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
    public_stun(source, findings);
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
