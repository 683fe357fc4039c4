//! What the bridge, egress, agents and applications read: the address of the deployment, and the key that they sign with.

use super::variables::Variable;
use crate::lint::findings::{Findings, words};
use crate::lint::livekit::SECRET_CHARACTERS_MIN;
use crate::lint::parse::parse;
use crate::lint::scalars::is_template;

pub(super) fn check(variables: &[Variable], findings: &mut Findings) {
    let given = |name: &str| {
        let found = variables.iter().rev().find(|variable| variable.name == name);
        found.filter(|variable| !variable.value.is_empty() && !is_template(&variable.value))
    };
    for name in ["LIVEKIT_URL", "LIVEKIT_WS_URL"] {
        given(name).into_iter().for_each(|variable| address(variable, findings));
    }
    // Other programs have a REDIS_HOST too, and take it without a port.
    let of_the_server = |variable: &Variable| {
        matches!(
            variable.name.as_str(),
            "NODE_IP" | "UDP_PORT" | "LIVEKIT_KEYS" | "LIVEKIT_CONFIG" | "LIVEKIT_KEY_FILE"
        )
    };
    let redis = given("REDIS_HOST").filter(|_| variables.iter().any(of_the_server));
    if let Some(redis) = redis.or_else(|| given("LIVEKIT_REDIS_ADDRESS")) {
        redis_address(redis, findings);
    }
    let secret = given("LIVEKIT_API_SECRET");
    if let Some(secret) = secret.filter(|secret| secret.value.len() < SECRET_CHARACTERS_MIN) {
        let found = format!("{} characters", secret.value.len());
        let what = "a secret this short can be guessed, and whoever has it signs tokens for every room";
        findings.risky(
            "env_secret_short",
            secret.line,
            words(found, what, "make one with `livekit-server generate-keys`"),
        );
    }
    if let (Some(key), Some(keys)) = (given("LIVEKIT_API_KEY"), given("LIVEKIT_KEYS")) {
        pair(key, secret, keys, findings);
    }
}

fn address(variable: &Variable, findings: &mut Findings) {
    let (scheme, rest) = variable.value.split_once("://").unwrap_or(("", ""));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if !matches!(scheme, "ws" | "wss" | "http" | "https") || host.is_empty() || host.starts_with(':') {
        let what = "it is no address of a deployment: whoever reads it can't connect";
        let shown = if authority.contains('@') { "an address with a password" } else { variable.value.as_str() };
        return findings.wrong("env_url", variable.line, words(shown, what, "write wss://<host>"));
    }
    // livekit-server itself never speaks TLS; whoever reaches its own port with `wss` gets no answer.
    if matches!(scheme, "wss" | "https") && host.ends_with(":7880") {
        let what =
            "livekit-server's own port speaks no TLS: the connection fails, unless a balancer listens on this port";
        let fix = "write the balancer's address, or ws:// inside a network of your own";
        findings.risky("env_url_tls", variable.line, words(host, what, fix));
    }
}

fn redis_address(variable: &Variable, findings: &mut Findings) {
    if variable.value.contains("://") || !variable.value.contains(':') {
        let shown = variable.value.rsplit('@').next().unwrap_or_default();
        let what = "it takes <host>:<port>: the server can't connect and ends with exit status 0";
        let fix = "write <host>:6379, with the password in REDIS_PASSWORD";
        findings.wrong("env_redis_address", variable.line, words(shown, what, fix));
    }
}

/// The key that clients sign with must be one that the server has, with the same secret.
fn pair(key: &Variable, secret: Option<&Variable>, keys: &Variable, findings: &mut Findings) {
    let Ok(document) = parse(&keys.value) else { return };
    let pairs = document.root.entries();
    if pairs.is_empty() {
        return;
    }
    let Some(known) = pairs.iter().find(|pair| pair.key == key.value) else {
        let what = format!(
            "LIVEKIT_KEYS on line {} has no such key: every token that is signed with it is refused",
            keys.line
        );
        return findings.wrong("env_key_unknown", key.line, words(&key.value, what, "write a key of LIVEKIT_KEYS"));
    };
    let (theirs, Some(secret)) = (known.value.text().unwrap_or_default(), secret) else { return };
    if !is_template(theirs) && theirs != secret.value {
        let what =
            format!("LIVEKIT_KEYS on line {} has another secret for {}: every token is refused", keys.line, key.value);
        let fix = "take the secret that stands in LIVEKIT_KEYS";
        findings.wrong("env_secret_differs", secret.line, words("another secret", what, fix));
    }
}
