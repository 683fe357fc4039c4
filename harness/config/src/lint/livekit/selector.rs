//! How a node is chosen for a room.

use crate::lint::document::Node;
use crate::lint::findings::{Findings, words};
use crate::lint::nearest::nearest;
use crate::lint::scalars::is_template;
use crate::lint::source::Source;

const KINDS: &[&str] = &["any", "sysload", "cpuload", "regionaware", "random"];
const SORTS: &[&str] = &["random", "sysload", "cpuload", "rooms", "clients", "tracks", "bytespersec"];
const ALGORITHMS: &[&str] = &["lowest", "twochoice"];

const NO_JOIN: &str = "there is no such word: the server starts and `/` says 200, but with Redis every join and every \
                       CreateRoom is answered with 500";
const NO_START: &str = "there is no such word: the server ends with exit status 0";

pub(crate) fn check(source: &Source<'_>, findings: &mut Findings) {
    word("selector_kind", "node_selector.kind", KINDS, NO_START, source, findings);
    word("selector_sort_by", "node_selector.sort_by", SORTS, NO_JOIN, source, findings);
    word("selector_algorithm", "node_selector.algorithm", ALGORITHMS, NO_JOIN, source, findings);
}

/// The kind `regionaware` ends the start when it can't place this node.
pub(super) fn region(source: &Source<'_>, findings: &mut Findings) {
    if source.text("node_selector.kind") != Some("regionaware") {
        return;
    }
    let regions = source.items("node_selector.regions");
    let Some((region, entry)) = source.text("region").zip(source.at("region")) else {
        let line = source.at("node_selector.kind").map_or(0, |entry| entry.line);
        let what = "regionaware needs to know where this node is: without region the server ends with exit status 0";
        let fix = "write region, unless LIVEKIT_REGION is set";
        return findings.risky("selector_region", line, words("no region", what, fix));
    };
    let known = |item: &Node| item.at("name").and_then(|name| name.value.text()) == Some(region);
    if !is_template(region) && !regions.iter().any(known) {
        let what = "node_selector.regions has no such name: the server ends with exit status 0";
        let fix = "write the name of one of the regions, or add this one with lat and lon";
        findings.wrong("selector_region", entry.value.line, words(region, what, fix));
    }
}

fn word(rule: &'static str, path: &str, known: &[&str], what: &str, source: &Source<'_>, findings: &mut Findings) {
    let (Some(text), Some(entry)) = (source.text(path), source.at(path)) else {
        return;
    };
    if is_template(text) || known.contains(&text) {
        return;
    }
    let fix = nearest(text, known.iter().copied())
        .map_or_else(|| format!("write one of {}", known.join(", ")), |meant| format!("write {meant}"));
    findings.wrong(rule, entry.value.line, words(text, what, fix));
}
