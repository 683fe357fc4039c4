//! The addresses that the server announces and listens on.

use std::net::IpAddr;

use crate::lint::findings::{Findings, words};
use crate::lint::scalars::{is_cidr, is_template, node_ip};
use crate::lint::source::Source;

/// What only does something together with `use_external_ip: true`.
const NEEDS_EXTERNAL: &[&str] = &["rtc.advertise_internal_ip", "rtc.skip_external_ip_validation"];

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    node(source, findings);
    filters(source, findings);
    bind(source, findings);
    let external = source.text("rtc.use_external_ip");
    if source.is_true("rtc.use_external_ip") || external.is_some_and(is_template) {
        return;
    }
    for path in NEEDS_EXTERNAL {
        if let Some(entry) = source.at(path).filter(|entry| entry.value.is_true()) {
            let what = "without `use_external_ip: true`, here or in LIVEKIT_RTC_USE_EXTERNAL_IP, this does nothing";
            let fix = "add `use_external_ip: true`, or remove this line";
            findings.wrong("needs_external_ip", entry.line, words(&entry.key, what, fix));
        }
    }
}

fn node(source: &Source<'_>, findings: &mut Findings) {
    let Some(entry) = source.at("rtc.node_ip") else {
        return;
    };
    let text = entry.value.text().unwrap_or_default();
    let form = "write one IP address, or an IPv4 and an IPv6 address with a comma between";
    if !entry.value.entries().is_empty() || !entry.value.items().is_empty() {
        let what = "the server reads one text here and ignores anything else in silence: it announces an address that it guesses";
        findings.wrong("node_ip_form", entry.line, words("no single value", what, form));
    } else if let (false, Err(problem)) = (is_template(text), node_ip(text)) {
        let what = format!("{problem}: the server ends with exit status 0");
        findings.wrong("node_ip_form", entry.value.line, words(text, what, form));
    } else if source.is_true("rtc.use_external_ip") {
        let what = "use_external_ip is true and wins: clients are told the address that a STUN server saw, and of this line only what is of the other family";
        let fix = "remove node_ip, or set use_external_ip to false";
        findings.wrong("external_ip_overrides_node_ip", entry.line, words(text, what, fix));
    }
}

fn filters(source: &Source<'_>, findings: &mut Findings) {
    for path in ["rtc.ips.includes", "rtc.ips.excludes"] {
        for item in source.items(path) {
            let text = item.text().unwrap_or_default();
            if !is_template(text) && !is_cidr(text) {
                let what = "it is no network: the server ends with exit status 0";
                findings.wrong(
                    "ip_filter_cidr",
                    item.line,
                    words(text, what, "write <address>/<bits>, such as 10.0.0.0/8"),
                );
            }
        }
    }
}

fn bind(source: &Source<'_>, findings: &mut Findings) {
    let Some(entry) = source.at("bind_addresses") else {
        return;
    };
    let addresses: Vec<&str> = entry.value.items().iter().filter_map(|item| item.text()).collect();
    let everywhere =
        |text: &&str| text.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified()) || text.is_empty();
    if addresses.is_empty() || addresses.iter().any(everywhere) {
        return;
    }
    let what = "this covers only the API and signal port (with prometheus and debug handler): media listens on every \
                address of the machine all the same, over UDP and over TCP";
    let fix = "choose the addresses of media with rtc.ips or rtc.interfaces, and keep tcp_port closed in the firewall";
    findings.risky("bind_addresses_not_rtc", entry.line, words(addresses.join(", "), what, fix));
}
