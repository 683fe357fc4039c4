//! What the server's chart puts into the configuration where the values say nothing.

use crate::lint::document::{Entry, Node, Value};
use crate::lint::parse::parse;

/// From `values.yaml` of the chart livekit-server, 1.9.0.
const DEFAULTS: &str = "port: 7880\nlog_level: info\nrtc: {tcp_port: 7881, port_range_start: 50000, port_range_end: 60000, use_external_ip: true}\n";

/// The configuration that the server is given. A default stands on the line of the section that it belongs to; what is
/// written as null takes it away, as Helm has it.
pub(super) fn with_defaults(config: &Entry) -> Node {
    let Ok(defaults) = parse(DEFAULTS) else { return config.value.clone() };
    over(&defaults.root, &config.value, config.line)
}

fn over(default: &Node, written: &Node, line: usize) -> Node {
    let Value::Map(entries) = &written.value else {
        return if written.is_null() { placed(default, line) } else { written.clone() };
    };
    let mut merged: Vec<Entry> = Vec::new();
    for entry in entries {
        let value = match default.entries().iter().find(|known| known.key == entry.key) {
            Some(known) if !entry.value.is_null() => over(&known.value, &entry.value, entry.line),
            _ => entry.value.clone(),
        };
        merged.push(Entry { key: entry.key.clone(), line: entry.line, value });
    }
    for known in default.entries().iter().filter(|known| entries.iter().all(|entry| entry.key != known.key)) {
        merged.push(Entry { key: known.key.clone(), line, value: placed(&known.value, line) });
    }
    Node { line: written.line, value: Value::Map(merged) }
}

fn placed(node: &Node, line: usize) -> Node {
    let value = match &node.value {
        Value::Map(entries) => Value::Map(
            entries.iter().map(|one| Entry { key: one.key.clone(), line, value: placed(&one.value, line) }).collect(),
        ),
        other => other.clone(),
    };
    Node { line, value }
}
