//! Where webhooks go, who signs them, and which are left out.

use crate::lint::findings::{Findings, words};
use crate::lint::nearest::nearest;
use crate::lint::scalars::is_template;
use crate::lint::source::Source;

/// The events of 1.13.5.
const EVENTS: &[&str] = &[
    "room_started",
    "room_finished",
    "participant_joined",
    "participant_left",
    "participant_connection_aborted",
    "track_published",
    "track_unpublished",
    "egress_started",
    "egress_updated",
    "egress_ended",
    "ingress_started",
    "ingress_ended",
];

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    urls(source, findings);
    key(source, findings);
    if let (false, Some(entry)) = (
        source.items("webhook.filter_params.include_events").is_empty(),
        source.at("webhook.filter_params.exclude_events"),
    ) {
        let what = "include_events is there too, and then this list is not looked at";
        findings.wrong("webhook_filter_twice", entry.line, words(&entry.key, what, "keep one of the two"));
    }
    for path in ["webhook.filter_params.include_events", "webhook.filter_params.exclude_events"] {
        for item in source.items(path) {
            let text = item.text().unwrap_or_default();
            if is_template(text) || EVENTS.contains(&text) {
                continue;
            }
            let what = "there is no such event, so this line selects nothing";
            let fix = nearest(text, EVENTS.iter().copied())
                .map_or_else(|| format!("write one of {}", EVENTS.join(", ")), |known| format!("write {known}"));
            findings.wrong("webhook_event_unknown", item.line, words(text, what, fix));
        }
    }
}

fn urls(source: &Source<'_>, findings: &mut Findings) {
    for item in source.items("webhook.urls") {
        let text = item.text().unwrap_or_default();
        if !is_template(text) && !is_http(text) {
            let what = "it is no URL: the server starts, and no webhook ever arrives";
            findings.wrong("webhook_url", item.line, words(shown(text), what, "write https://<host>/<path>"));
        }
    }
}

fn is_http(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.starts_with(['/', ':', '?', '#']) && !rest.is_empty() && !rest.contains(char::is_whitespace)
    })
}

/// A URL's query, and what stands before an `@`, may hold a secret.
fn shown(text: &str) -> &str {
    let end = text.find('?').unwrap_or(text.len());
    text[..end].rsplit('@').next().unwrap_or_default()
}

fn key(source: &Source<'_>, findings: &mut Findings) {
    if source.items("webhook.urls").is_empty() {
        return;
    }
    let Some(entry) = source.at("webhook.api_key") else {
        let line = source.at("webhook").map_or(0, |entry| entry.line);
        let what = "webhook.urls without webhook.api_key: the server ends with exit status 0";
        return findings.wrong("webhook_api_key", line, words("no api_key", what, "add the name of one of the keys"));
    };
    let name = entry.value.text().unwrap_or_default();
    let keys = source.at("keys").map(|keys| keys.value.entries()).unwrap_or_default();
    let elsewhere = keys.is_empty() || source.text("key_file").is_some();
    if elsewhere || is_template(name) || keys.iter().any(|key| key.key == name) {
        return;
    }
    let what = "there is no such key, so nothing can be signed: the server ends with exit status 0";
    let fix = nearest(name, keys.iter().map(|key| key.key.as_str()))
        .map_or_else(|| "write the name of one of the keys".to_owned(), |known| format!("write {known}"));
    findings.wrong("webhook_api_key", entry.value.line, words(name, what, fix));
}
