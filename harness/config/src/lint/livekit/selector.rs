//! How a node is chosen for a room.

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
