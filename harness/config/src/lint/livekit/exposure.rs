//! What stands open to everybody.

use crate::lint::findings::{Findings, words};
use crate::lint::source::Source;

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    metrics(source, findings);
    if let Some(entry) = source.at("development").filter(|entry| entry.value.is_true()) {
        let what = "/debug/pprof, /debug/goroutine and /debug/rooms answer anybody on the main port, and without keys \
                    the key devkey with the secret `secret` is good";
        let fix = "remove it wherever others can reach the server";
        findings.risky("development", entry.line, words("development: true", what, fix));
    }
}

fn metrics(source: &Source<'_>, findings: &mut Findings) {
    let (user, password) = (source.text("prometheus.username"), source.text("prometheus.password"));
    let (present, missing) = match (user, password) {
        (Some(_), None) => ("username", "password"),
        (None, Some(_)) => ("password", "username"),
        _ => return,
    };
    let line = source.at(&format!("prometheus.{present}")).map_or(0, |entry| entry.line);
    let what = format!("prometheus has a {present} but no {missing}: the metrics are open to anybody, in silence");
    findings.wrong("prometheus_half_auth", line, words(present, what, format!("add prometheus.{missing}")));
}
