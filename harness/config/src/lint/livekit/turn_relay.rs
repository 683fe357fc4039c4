//! What the embedded TURN server relays: to whom, from which ports, for how long.

use crate::lint::findings::{Findings, words};
use crate::lint::scalars::{is_cidr, is_template};
use crate::lint::source::Source;

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    networks(source, findings);
    if !source.is_true("turn.enabled") {
        return;
    }
    range(source, findings);
    if let Some(entry) = source.at("turn.ttl_seconds").filter(|e| e.value.integer().is_some_and(|ttl| ttl <= 0)) {
        let what = "credentials that are good for no time can't be made: TURN is not offered to anybody, in silence";
        let fix = "write seconds, such as 300, or remove the line";
        findings.wrong("turn_ttl_zero", entry.value.line, words(entry.value.text().unwrap_or_default(), what, fix));
    }
}

fn networks(source: &Source<'_>, findings: &mut Findings) {
    let lists = [
        ("turn.deny_peer_cidrs", "it denies nothing, in silence; from 1.13.6 on the server does not start"),
        ("turn.allow_restricted_peer_cidrs", "it allows nothing, in silence; from 1.13.6 on the server does not start"),
    ];
    for (path, effect) in lists {
        for item in source.items(path) {
            let text = item.text().unwrap_or_default();
            if !is_template(text) && !is_cidr(text) {
                let what = format!("it is no network, so {effect}");
                let fix = "write <address>/<bits>, such as 10.0.0.0/8, or 10.1.2.3/32 for one address";
                findings.wrong("turn_cidr", item.line, words(text, what, fix));
            }
        }
    }
}

fn range(source: &Source<'_>, findings: &mut Findings) {
    let start = source.at("turn.relay_range_start");
    let end = source.at("turn.relay_range_end");
    let port = |path: &str| source.integer(path).filter(|port| *port != 0);
    match (port("turn.relay_range_start"), port("turn.relay_range_end")) {
        (Some(from), Some(to)) if to < from => {
            let line = end.map_or(0, |entry| entry.line);
            let what =
                "the range ends before it starts: the server starts, and relays come from ports all over the machine";
            findings.wrong("turn_relay_range", line, words(format!("{from}-{to}"), what, "swap the two numbers"));
        }
        (Some(_), None) if end.is_none() => half(start.map_or(0, |entry| entry.line), "relay_range_start", findings),
        (None, Some(_)) if start.is_none() => half(end.map_or(0, |entry| entry.line), "relay_range_end", findings),
        _ => {}
    }
}

fn half(line: usize, found: &str, findings: &mut Findings) {
    let what = "one end of the relay range is missing, so neither is used: relays come from 30000-40000";
    findings.wrong(
        "turn_relay_range_half",
        line,
        words(found, what, "write both relay_range_start and relay_range_end"),
    );
}
