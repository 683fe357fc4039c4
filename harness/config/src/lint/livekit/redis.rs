//! What a server without Redis can't do, and limits that nobody set.

use crate::lint::findings::{Findings, words};
use crate::lint::source::Source;

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    redis(source, findings);
    address(source, findings);
    let Some(limit) = source.at("limit") else {
        return;
    };
    if source.at("limit.bytes_per_sec").is_none() && !limit.value.entries().is_empty() {
        let what = "the sample configuration claims a default of 1 GB/s for bytes_per_sec, but the code sets none: this \
                    node is never full by traffic";
        let fix = "write bytes_per_sec, such as 1_000_000_000 for a 10 Gbit/s link";
        findings.risky("limit_bytes_per_sec", limit.line, words("no bytes_per_sec", what, fix));
    }
}

fn redis(source: &Source<'_>, findings: &mut Findings) {
    let told = |path: &str| source.at(path).is_some_and(|entry| !entry.value.items().is_empty());
    if source.text("redis.address").is_some() || told("redis.sentinel_addresses") || told("redis.cluster_addresses") {
        return;
    }
    let what = "without Redis there is one node only, and egress, ingress and SIP are answered with 500";
    let fix = "write redis.address, or set REDIS_HOST; a single node without these can stay as it is";
    let line = source.at("redis").map_or(0, |entry| entry.line);
    findings.risky("redis_missing", line, words("no Redis address", what, fix));
}

fn address(source: &Source<'_>, findings: &mut Findings) {
    let (Some(text), Some(entry)) = (source.text("redis.address"), source.at("redis.address")) else {
        return;
    };
    if text.contains("://") {
        let what = "it takes <host>:<port>, not a URL: the server can't connect and ends with exit status 0";
        let fix = "write <host>:<port>, with username, password, db and tls as keys of their own";
        let shown = text.rsplit('@').next().unwrap_or_default();
        findings.wrong("redis_address_form", entry.value.line, words(shown, what, fix));
    }
}
