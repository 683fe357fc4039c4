//! What the bridge can't do without, and what it logs.

use crate::lint::findings::{Findings, words};
use crate::lint::livekit::check_levels;
use crate::lint::scalars::is_template;
use crate::lint::source::Source;

/// Keys and the variables that can stand in for them.
const CREDENTIALS: &[(&str, &str)] =
    &[("api_key", "LIVEKIT_API_KEY"), ("api_secret", "LIVEKIT_API_SECRET"), ("ws_url", "LIVEKIT_WS_URL")];

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    check_levels(source, findings);
    redis(source, findings);
    for (key, variable) in CREDENTIALS {
        if source.text(key).is_none() {
            let what = format!("without {key} the bridge starts, but rejects calls with 486");
            let line = source.root.entries().iter().find(|entry| entry.key == *key).map_or(0, |entry| entry.line);
            let fix = format!("write it, unless {variable} is set for the bridge");
            findings.risky("sip_credentials_missing", line, words(format!("no {key}"), what, fix));
        }
    }
    if let (Some(url), Some(entry)) = (source.text("ws_url"), source.at("ws_url")) {
        let schemes = ["ws://", "wss://", "http://", "https://"];
        if !is_template(url) && !schemes.iter().any(|scheme| url.starts_with(scheme)) {
            let what = "it is no URL of livekit-server: the bridge starts, and no call finds its room";
            findings.wrong("sip_ws_url", entry.value.line, words(url, what, "write ws://<host>:7880, or wss://<host>"));
        }
    }
}

fn redis(source: &Source<'_>, findings: &mut Findings) {
    let told = |path: &str| source.at(path).is_some_and(|entry| !entry.value.items().is_empty());
    if source.text("redis.address").is_some() || told("redis.sentinel_addresses") || told("redis.cluster_addresses") {
        return;
    }
    let what = "the bridge hears from livekit-server only through Redis: without, it ends with exit status 0";
    let line = source.at("redis").map_or(0, |entry| entry.line);
    findings.wrong(
        "sip_redis_missing",
        line,
        words("no Redis address", what, "write redis.address, the same as the server's"),
    );
}
