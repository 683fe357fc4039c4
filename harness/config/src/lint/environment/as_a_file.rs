//! What variables mean together: each stands for a key of livekit.yaml, and the rules of that file that set one key against
//! another hold here too. The server fills one structure from both.

use super::variables::Variable;
use crate::lint::document::{Entry, Lines, Node, Scalar, Value};
use crate::lint::facts::Facts;
use crate::lint::findings::Findings;
use crate::lint::known::server_variables;
use crate::lint::livekit;
use crate::lint::scalars::is_template;
use crate::lint::source::Source;

/// Rules about keys that are there. What is absent here may stand in the file, and what a single value may be is judged by
/// the rules of variables.
const RULES: &[&str] = &[
    "development",
    "external_ip_overrides_node_ip",
    "port_collision",
    "port_out_of_range",
    "port_range_inverted",
    "prometheus_half_auth",
    "turn_relay_range",
    "turn_ttl_zero",
    "udp_port_and_range",
];
/// Variables that have no prefix, or stand for another flag than their key.
const SHORT: [(&str, &str); 3] =
    [("NODE_IP", "rtc.node_ip"), ("UDP_PORT", "rtc.udp_port"), ("REDIS_HOST", "redis.address")];

/// What Go's strconv.ParseBool takes for yes beside `true`. A `1` may be a number as well, and no rule here is about numbers
/// of one.
const YES: [&str; 5] = ["1", "t", "T", "TRUE", "True"];

pub(super) fn check(variables: &[Variable], facts: &Facts, findings: &mut Findings) {
    let mut root = Node { line: 1, value: Value::Map(Vec::new()) };
    for variable in variables.iter().filter(|variable| !variable.value.is_empty() && !is_template(&variable.value)) {
        let short = SHORT.iter().find(|(name, _)| *name == variable.name).map(|(_, path)| *path);
        let path = short.or_else(|| {
            let mut paths = server_variables().filter(|(name, _)| *name == variable.name).map(|(_, path)| path);
            paths.find(|path| !path.contains('-'))
        });
        if let Some(path) = path {
            put(&mut root, path, variable);
        }
    }
    let mut found = Findings::default();
    let source = Source { root: &root, facts };
    livekit::CHECKS.iter().for_each(|check| check(&source, &mut found));
    let kept = found.sorted().into_iter().filter(|finding| RULES.contains(&finding.rule) && finding.line > 0);
    findings.nested(kept.collect(), Lines { first: 1, one_by_one: true });
}

/// Puts a variable where its key stands in the file. A later one of the same name replaces it.
fn put(node: &mut Node, path: &str, variable: &Variable) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let Value::Map(entries) = &mut node.value else { return };
    let at = entries.iter().position(|entry| entry.key == first).unwrap_or_else(|| {
        let value = Node { line: variable.line, value: Value::Map(Vec::new()) };
        entries.push(Entry { key: first.to_owned(), line: variable.line, value });
        entries.len() - 1
    });
    match rest {
        Some(rest) => put(&mut entries[at].value, rest, variable),
        None => {
            let text = if YES.contains(&variable.value.as_str()) { "true" } else { &variable.value };
            let scalar = Scalar { text: text.to_owned(), plain: true, literal: false };
            entries[at].line = variable.line;
            entries[at].value = Node { line: variable.line, value: Value::Scalar(scalar) };
        }
    }
}
