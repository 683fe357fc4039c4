//! Liveness probes: what a failing one restarts, with every call on it.

use super::manifests::{Member, text};
use crate::lint::container::Program;
use crate::lint::findings::{Findings, words};

pub(super) fn check(member: &Member<'_>, findings: &mut Findings) {
    let Some(probe) = member.node.at("livenessProbe") else { return };
    let Some(get) = probe.value.at("httpGet") else { return };
    let path = text(&get.value, "path").unwrap_or("/");
    let found = format!("{}: httpGet {path}", member.container.name);
    match member.container.program() {
        Program::LiveKitServer if path == "/" => {
            let what = "`/` also says whether Redis answers: 4 s after Redis stalls it is 406 on every node, and when this \
                        goes on Kubernetes restarts the whole fleet and ends all calls, which would have gone on without \
                        Redis";
            let fix = "write tcpSocket: with the port instead, and keep httpGet / for the readinessProbe";
            findings.risky("liveness_is_redis", probe.line, words(found, what, fix));
        }
        Program::Sip => {
            let what = "it answers 429 while the machine's CPU is busy and 503 while it waits for its last calls: a restart \
                        for that ends every call on it";
            let fix = "write tcpSocket: with the health port instead, and keep httpGet for the readinessProbe";
            findings.risky("liveness_is_load", probe.line, words(found, what, fix));
        }
        _ => {}
    }
}
