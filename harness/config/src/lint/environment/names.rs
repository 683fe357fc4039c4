//! Variables that livekit-server does not read: it says nothing about them.

use super::variables::Variable;
use crate::lint::findings::{Findings, words};
use crate::lint::known::{Keys, server_environment};
use crate::lint::nearest::nearest;

/// Read by LiveKit's tools, agents, SDKs, bridge or egress, and often in the same file.
const OF_OTHERS: &[&str] = &[
    "LIVEKIT_URL",
    "LIVEKIT_WS_URL",
    "LIVEKIT_API_KEY",
    "LIVEKIT_API_SECRET",
    "LIVEKIT_API_URL",
    "LIVEKIT_TOKEN",
    "LIVEKIT_HOST",
    "LIVEKIT_DOMAIN",
    "LIVEKIT_SERVER_URL",
    "LIVEKIT_PUBLIC_URL",
    "LIVEKIT_INTERNAL_URL",
];

pub(super) fn check(variables: &[Variable], findings: &mut Findings) {
    let known = server_environment();
    let keys = Keys::of_server();
    // In a file that gives the server nothing, a name that is almost one of its own is somebody else's.
    let of_the_server = variables.iter().any(|variable| known.contains_key(variable.name.as_str()));
    for variable in variables {
        let name = variable.name.as_str();
        if known.contains_key(name) || !name.to_ascii_uppercase().starts_with("LIVEKIT_") {
            continue;
        }
        if OF_OTHERS.contains(&name) || is_service_link(variable) {
            continue;
        }
        match name {
            "LIVEKIT_RTC_NODE_IP" => {
                replaced("env_rtc_node_ip_ignored", "NODE_IP", "LIVEKIT_RTC_NODE_IP_IPV4", variable, findings)
            }
            "LIVEKIT_RTC_UDP_PORT" => {
                replaced("env_rtc_udp_port_ignored", "UDP_PORT", "LIVEKIT_RTC_UDP_PORT_START", variable, findings);
            }
            _ => match not_settable(&keys, name) {
                Some(path) => {
                    let what = format!("{path} can't be set by a variable: this is ignored in silence");
                    let fix = "write it in the configuration file, or give the whole file as LIVEKIT_CONFIG";
                    findings.wrong("env_not_settable", variable.line, words(name, what, fix));
                }
                None => unknown(variable, known.keys().copied(), of_the_server, findings),
            },
        }
    }
}

fn replaced(rule: &'static str, short: &str, long: &str, variable: &Variable, findings: &mut Findings) {
    let what = "ignored in silence, since this key has an inner structure";
    findings.wrong(rule, variable.line, words(&variable.name, what, format!("set {short}, or {long}")));
}

fn unknown<'a>(
    variable: &Variable,
    known: impl Iterator<Item = &'a str>,
    of_the_server: bool,
    findings: &mut Findings,
) {
    let name = variable.name.as_str();
    let (long, short): (Vec<&str>, Vec<&str>) = known.partition(|known| known.starts_with("LIVEKIT_"));
    // Four variables have no prefix, which is easily forgotten.
    let unprefixed = name.strip_prefix("LIVEKIT_").filter(|rest| short.contains(rest));
    let near = unprefixed.or_else(|| nearest(name, long));
    match near {
        Some(near) if of_the_server => {
            let what = "livekit-server has no such variable and ignores it in silence";
            findings.wrong("env_unknown", variable.line, words(name, what, format!("write {near}")));
        }
        _ => {
            let what =
                "livekit-server has no such variable and ignores it in silence, unless it is meant for another program";
            let fix = "compare with `livekit-server help-verbose`, or remove it";
            findings.risky("env_unknown", variable.line, words(name, what, fix));
        }
    }
}

/// The list, map or section behind a name, or behind the beginning of it.
fn not_settable(keys: &Keys, name: &str) -> Option<&'static str> {
    let variable = |path: &str| format!("LIVEKIT_{}", path.to_uppercase().replace('.', "_"));
    let mut paths: Vec<&str> = keys.paths().filter(|path| !path.contains(['*', '['])).collect();
    paths.sort_by_key(|path| std::cmp::Reverse(path.len()));
    paths.into_iter().find(|path| {
        let whole = variable(path);
        let kind = keys.kind(path).unwrap_or_default();
        name == whole || (matches!(kind, "list" | "map") && name.starts_with(&format!("{whole}_")))
    })
}

/// Kubernetes sets such names for every Service of the namespace, also for one that is called livekit-something.
fn is_service_link(variable: &Variable) -> bool {
    let name = variable.name.as_str();
    let port = |rest: &str| rest.chars().next().is_some_and(|c| c.is_ascii_digit());
    name.contains("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.split_once("_PORT_").is_some_and(|(_, rest)| port(rest))
        || (name.ends_with("_PORT") && variable.value.contains("://"))
}
