//! The embedded TURN server: where it listens and what clients are told.

use crate::lint::findings::{Findings, words};
use crate::lint::source::Source;

/// The port that clients are told, whatever `tls_port` is.
const ANNOUNCED: i64 = 443;

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    let Some(enabled) = source.at("turn.enabled").filter(|entry| entry.value.is_true()) else {
        return;
    };
    let port = |path: &str| source.integer(path).filter(|port| *port > 0);
    let (tls, udp) = (port("turn.tls_port"), port("turn.udp_port"));
    let unjudged = |path: &str| source.at(path).is_some_and(|entry| entry.value.integer().is_none());
    if tls.is_none() && udp.is_none() && !unjudged("turn.tls_port") && !unjudged("turn.udp_port") {
        let what =
            "TURN is on, but has neither udp_port nor tls_port, and no default: the server ends with exit status 0";
        return findings.wrong("turn_ports_missing", enabled.line, words("enabled: true", what, "add udp_port: 3478"));
    }
    let Some(tls) = tls else {
        return;
    };
    let line = source.at("turn.tls_port").map_or(0, |entry| entry.value.line);
    match source.text("turn.domain") {
        None => {
            let what = "TURN over TLS needs turn.domain: the server ends with exit status 0";
            let fix = "add the DNS name that the certificate is for";
            findings.wrong("turn_domain_missing", enabled.line, words("no domain", what, fix));
        }
        Some(domain) => {
            if !is_domain(domain) {
                let what = "it is no DNS name: the server ends with exit status 0";
                let line = source.at("turn.domain").map_or(0, |entry| entry.value.line);
                findings.wrong("turn_domain_form", line, words(domain, what, "write a name with a dot, without port"));
            }
            if tls != ANNOUNCED && !source.is_true("turn.external_tls") {
                let what = format!(
                    "clients are told turns:{domain}:443 whatever is written here, and nothing here listens on 443"
                );
                let fix = "write 443, or let something forward 443 to this port untouched; with a balancer that ends \
                           TLS set external_tls";
                findings.risky("turn_tls_port", line, words(tls, what, fix));
            }
        }
    }
}

/// Labels with at least one dot between, as the server demands.
fn is_domain(text: &str) -> bool {
    use crate::lint::scalars::is_template;
    let labels: Vec<&str> = text.strip_suffix('.').unwrap_or(text).split('.').collect();
    let good = |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_template(text) || (labels.len() > 1 && labels.iter().all(good))
}
