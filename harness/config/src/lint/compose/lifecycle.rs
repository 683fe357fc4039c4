//! How a service is stopped, and whether it comes back.

use super::project::{Project, Service};
use crate::lint::container::{GRACE_S_MIN, Program, words_of};
use crate::lint::findings::{Findings, words};
use crate::lint::scalars::is_template;

/// From here on livekit-server ends with exit status 1 when it can't start.
const EXIT_STATUS_FROM: [u32; 3] = [1, 13, 10];

pub(super) fn check(service: &Service<'_>, _: &Project<'_>, findings: &mut Findings) {
    if service.container.program().is_livekit() {
        grace(service, findings);
        signal(service, findings);
    }
    if service.container.program().is_livekit() || service.container.program() == Program::Redis {
        restart(service, findings);
    }
    replicas(service, findings);
}

fn grace(service: &Service<'_>, findings: &mut Findings) {
    let what = "at a stop or an update it is asked to end, waits for its calls, and is killed when this time is over: \
                whoever is on a call loses it, and a killed server leaves ghosts in the list of rooms";
    let fix = "write stop_grace_period: with the longest call that may be waited for, such as 3h";
    match service.node.at("stop_grace_period") {
        None if !service.inherits() => {
            let found = format!("{}: no stop_grace_period, so 10s", service.container.name);
            findings.risky("stop_grace_short", service.container.line, words(found, what, fix));
        }
        Some(entry) => {
            let text = entry.value.text().unwrap_or_default();
            if seconds(text).is_some_and(|seconds| seconds < GRACE_S_MIN) {
                findings.risky("stop_grace_short", entry.value.line, words(text, what, fix));
            }
        }
        None => {}
    }
}

fn signal(service: &Service<'_>, findings: &mut Findings) {
    let Some(entry) = service.node.at("stop_signal") else { return };
    let text = entry.value.text().unwrap_or_default();
    let name = text.trim_start_matches("SIG");
    let at_once =
        matches!(name, "KILL" | "9") || (service.container.program() == Program::Sip && matches!(name, "INT" | "2"));
    if at_once {
        let what = "it ends at this signal without waiting for its calls, whatever stop_grace_period says";
        let fix = "remove stop_signal: with SIGTERM, the default, it waits";
        findings.wrong("stop_signal_kills", entry.value.line, words(text, what, fix));
    }
}

fn restart(service: &Service<'_>, findings: &mut Findings) {
    let policy = service.node.at("restart").or_else(|| service.node.at("deploy.restart_policy.condition"));
    let Some(policy) = policy else {
        if !service.inherits() && service.node.at("deploy.restart_policy").is_none() {
            absent("no restart policy", service.container.line, findings);
        }
        return;
    };
    let text = policy.value.text().unwrap_or_default();
    let written = policy.value.line;
    let on_failure = text.starts_with("on-failure");
    match service.container.program() {
        Program::LiveKitServer | Program::Sip if on_failure => {
            let fixed = service.container.program() == Program::LiveKitServer;
            if fixed && service.container.image.is_from(EXIT_STATUS_FROM) == Some(true) {
                return;
            }
            let what = "every failed start (Redis not up yet, a misspelt key, a port in use) ends with exit status 0, \
                        which is no failure: it is not started again, and nothing serves (livekit-server up to 1.13.9)";
            findings.wrong("restart_on_failure", written, words(text, what, "write restart: unless-stopped"));
        }
        _ if matches!(text, "no" | "none" | "false") => absent(text, written, findings),
        _ => {}
    }
}

fn absent(found: &str, line: usize, findings: &mut Findings) {
    let what = "after a crash, a failed start or a restart of the machine it stays down until somebody starts it";
    findings.risky("restart_absent", line, words(found, what, "write restart: unless-stopped"));
}

fn replicas(service: &Service<'_>, findings: &mut Findings) {
    let entry = service.node.at("deploy.replicas").or_else(|| service.node.at("scale"));
    let Some(entry) = entry.filter(|entry| entry.value.integer().is_some_and(|count| count > 1)) else { return };
    if service.container.program() != Program::LiveKitServer
        || service.node.at("deploy.placement.max_replicas_per_node").is_some()
    {
        return;
    }
    let fixed = |(start, end): (u32, u32)| start == end;
    let published = service.ports.iter().flatten().any(|port| port.host.is_some_and(fixed));
    if service.container.host_network || published {
        let what = "all replicas want the same ports of one machine: the first gets them, and the others do not start";
        let fix = "write one service for each node, each with ports of its own, and a proxy in front";
        let found = entry.value.text().unwrap_or_default();
        findings.wrong("replicas_share_ports", entry.value.line, words(found, what, fix));
    }
}

/// A health check is harmless until something kills what is unhealthy.
pub(super) fn health(service: &Service<'_>, project: &Project<'_>, findings: &mut Findings) {
    let Some(entry) = service.node.at("healthcheck.test") else { return };
    if service.container.program() != Program::LiveKitServer || !is_healed(service, project) {
        return;
    }
    let test = words_of(Some(&entry.value)).iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    let asks_root = test.split("://").nth(1).is_some_and(|rest| {
        let end = rest.find([' ', '"', '\'']).unwrap_or(rest.len());
        rest[..end].split_once('/').is_none_or(|(_, path)| path.is_empty())
    });
    if asks_root {
        let what = "`/` also says whether Redis answers: 4 s after Redis stalls it is 406 on every node, and whatever \
                    restarts unhealthy containers then ends all calls, which would have gone on without Redis";
        let fix = "look whether the port is open, as in [CMD, nc, -z, 127.0.0.1, \"7880\"], or take the label away";
        findings.risky("liveness_is_redis", entry.line, words(test, what, fix));
    }
}

/// Whether a container that restarts unhealthy ones watches this one.
fn is_healed(service: &Service<'_>, project: &Project<'_>) -> bool {
    let labels = service.node.at("labels").map(|entry| &entry.value);
    let labelled = labels.is_some_and(|labels| {
        labels.entries().iter().any(|entry| entry.key == "autoheal" && entry.value.text() == Some("true"))
            || labels.items().iter().any(|item| item.text() == Some("autoheal=true"))
    });
    let all = |other: &Service<'_>| {
        other.container.image.written.contains("autoheal")
            && other.container.variable("AUTOHEAL_CONTAINER_LABEL").is_some_and(|variable| variable.value == "all")
    };
    labelled || project.services.iter().any(all)
}

/// A duration as Compose takes it, in seconds; nothing that a variable fills in.
fn seconds(text: &str) -> Option<f64> {
    if is_template(text) || text.is_empty() {
        return None;
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        let tail = &rest[digits..];
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let factor = match &tail[..unit] {
            "us" => 1e-6,
            "ms" => 1e-3,
            "" | "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        total += number * factor;
        rest = &tail[unit..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_as_compose_takes_them() {
        assert_eq!(["10s", "1m30s", "1h", "500ms"].map(seconds), [Some(10.0), Some(90.0), Some(3600.0), Some(0.5)]);
        assert_eq!(["${GRACE:-10s}", "", "long", "1y"].map(seconds), [None; 4]);
    }
}
