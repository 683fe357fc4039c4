//! Addresses, ports and load of the bridge.

use crate::lint::findings::{Findings, words};
use crate::lint::livekit::collisions;
use crate::lint::scalars::{is_template, number, port_range};
use crate::lint::source::Source;

/// What listens on TCP; SIP itself does so besides UDP.
const TCP: &[(&str, Option<i64>)] =
    &[("sip_port", Some(5060)), ("health_port", None), ("prometheus_port", None), ("pprof_port", None)];

const PAIRS: &[(&str, &str)] =
    &[("use_external_ip", "nat_1_to_1_ip"), ("media_use_external_ip", "media_nat_1_to_1_ip")];

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    let mut listeners = TCP.to_vec();
    if source.at("tls").is_some() {
        listeners.push(("tls.port", Some(5061)));
    }
    collisions("sip_port_collision", &listeners, source, findings);
    for (external, fixed) in PAIRS {
        if let (true, Some(entry)) = (source.is_true(external), source.at(fixed)) {
            let what =
                format!("{external} is true too: the bridge takes only one of the two, and ends with exit status 0");
            let found = entry.value.text().unwrap_or_default();
            findings.wrong("sip_external_ip_twice", entry.line, words(found, what, "keep one of the two"));
        }
    }
    rtp(source, findings);
    load(source, findings);
}

fn rtp(source: &Source<'_>, findings: &mut Findings) {
    let Some(entry) = source.at("rtp_port") else {
        return;
    };
    let fix = "write a range such as 10000-20000";
    if !entry.value.entries().is_empty() || !entry.value.items().is_empty() {
        let what = "the bridge reads one text here and ignores anything else in silence: it uses 10000-20000";
        return findings.wrong("sip_rtp_port_form", entry.line, words("no single value", what, fix));
    }
    let text = entry.value.text().unwrap_or_default();
    if is_template(text) {
        return;
    }
    match port_range(text) {
        Err(problem) => {
            let what = format!("{problem}: the bridge ends with exit status 0");
            findings.wrong("sip_rtp_port_form", entry.value.line, words(text, what, fix));
        }
        Ok((start, None)) => {
            let what = format!("one port is taken as the start of a range that ends at 20000: {start}-20000");
            findings.wrong("sip_rtp_port_form", entry.value.line, words(text, what, fix));
        }
        Ok(_) => {}
    }
}

fn load(source: &Source<'_>, findings: &mut Findings) {
    let Some(entry) = source.at("max_cpu_utilization") else {
        return;
    };
    let text = entry.value.text().unwrap_or_default();
    if number(text).is_some_and(|value| value <= 0.0 || value > 1.0) {
        let what = "only a share above 0 and up to 1 is taken; for anything else the bridge uses 0.9, in silence";
        findings.wrong("sip_cpu_share", entry.value.line, words(text, what, "write a share, such as 0.8"));
    }
}
