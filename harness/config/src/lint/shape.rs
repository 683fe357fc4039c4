//! Keys that the program does not know, and values of a kind that it can't take.

use super::document::{Node, Value};
use super::findings::{Findings, words};
use super::known::Keys;
use super::nearest::nearest;
use super::types;

/// Keys that livekit-helm reads from the same section and that livekit-server does not know.
const CHART_ONLY: &[&str] =
    &["turn.loadBalancerAnnotations", "turn.loadBalancerType", "turn.secretName", "turn.serviceType"];

/// What the SIP bridge's keys are called elsewhere, and how the bridge calls them.
pub const SIP_NAMES: &[(&str, &str)] = &[
    ("node_ip", "nat_1_to_1_ip"),
    ("livekit_url", "ws_url"),
    ("url", "ws_url"),
    ("listen_port", "sip_port"),
    ("port", "sip_port"),
    ("rtp_port_range", "rtp_port"),
];

/// Walks the whole tree.
pub(crate) fn check(keys: &Keys, root: &Node, findings: &mut Findings) {
    if !root.is_null() {
        walk(keys, "", "section", root, findings);
    }
}

fn walk(keys: &Keys, path: &str, kind: &str, node: &Node, findings: &mut Findings) {
    if let Some(problem) = types::problem(kind, node) {
        let name = if path.is_empty() { "the file" } else { path };
        let what = problem.what(name);
        findings.wrong(problem.rule, node.line, words(problem.found, what, problem.fix));
        return;
    }
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                let named = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                let below = keys.kind(&named).map(|kind| (named.clone(), kind));
                let chosen = || keys.kind(&format!("{path}.*")).map(|kind| (format!("{path}.*"), kind));
                match below.or_else(chosen) {
                    Some((_, "any" | "port_range" | "node_ip")) => {}
                    Some((below, kind)) => walk(keys, &below, kind, &entry.value, findings),
                    None => unknown(keys, path, &named, entry.line, findings),
                }
            }
        }
        Value::List(items) => {
            let below = format!("{path}[]");
            let kind = keys.kind(&below).unwrap_or("any");
            items.iter().filter(|item| !item.is_null()).for_each(|item| walk(keys, &below, kind, item, findings));
        }
        Value::Scalar(_) => {}
    }
}

fn unknown(keys: &Keys, parent: &str, path: &str, line: usize, findings: &mut Findings) {
    if keys.strict && path == "debug_handler_port" {
        let what =
            "the sample configuration shows this name, but the server does not know it and ends with exit status 0";
        return findings.wrong(
            "debug_handler_port",
            line,
            words(path, what, "write `debug_handler:` and `port:` below it"),
        );
    }
    if keys.strict && CHART_ONLY.contains(&path) {
        let what = "only livekit-helm reads this, and it starts the server with --disable-strict-config, so that no \
                    misspelt key is noticed any more";
        let fix = "outside of helm remove it: there the server ends at it with exit status 0";
        return findings.risky("chart_only_key", line, words(path, what, fix));
    }
    let what = if keys.strict {
        "no such key: the server ends with exit status 0; with --disable-strict-config, which livekit-helm always \
         passes, it ignores the key in silence"
    } else {
        "no such key: the bridge ignores it in silence"
    };
    findings.wrong("unknown_key", line, words(path, what, advice(keys, parent, path)));
}

/// The nearest name in the same section, else the section that knows this very name.
fn advice(keys: &Keys, parent: &str, path: &str) -> String {
    let name = path.rsplit('.').next().unwrap_or(path);
    if let Some((_, known)) = SIP_NAMES.iter().find(|(other, _)| *other == path && !keys.strict) {
        return format!("write `{known}`");
    }
    if let Some(known) = nearest(name, keys.below(parent)) {
        return format!("write `{known}`");
    }
    // A name deep in another section means something else there.
    const DEEP: usize = 3;
    let near: Vec<&str> = keys.elsewhere(name).into_iter().filter(|path| path.split('.').count() <= DEEP).collect();
    match near.as_slice() {
        [] => "remove it, or look its name up in the documentation of this version".to_owned(),
        [one] => format!("it belongs to `{one}`"),
        several => format!("it belongs to one of `{}`", several.join("`, `")),
    }
}
