//! How the configuration gets into the container.

use super::project::{Project, Service};
use crate::lint::container::{Program, flag};
use crate::lint::document::Node;
use crate::lint::findings::{Findings, words};
use crate::lint::scalars::is_template;

pub(super) fn check(service: &Service<'_>, _: &Project<'_>, findings: &mut Findings) {
    if service.container.program().is_livekit() {
        quotes(service, findings);
    }
    if service.container.program() == Program::LiveKitServer {
        mounted(service, findings);
    }
}

/// In the list form the whole item is one text, and quotes behind the `=` belong to it.
fn quotes(service: &Service<'_>, findings: &mut Findings) {
    let Some(environment) = service.node.at("environment") else { return };
    for item in environment.value.items() {
        // A blank behind a colon makes a map of the item, and of `LIVEKIT_KEYS=id: secret` a name.
        if let Some(entry) = item.entries().first() {
            let name = entry.key.split('=').next().unwrap_or_default();
            let what = "the `: ` in it makes a map of this item, and Compose refuses the whole file";
            let fix = format!(
                "put quotes around the whole item, as in - \"{name}=…\", or write `{name}: \"…\"` without a dash"
            );
            findings.wrong("environment_item_map", entry.line, words(name, what, fix));
            continue;
        }
        let Some((name, value)) = item.text().and_then(|text| text.split_once('=')) else { continue };
        let quoted = |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
        if quoted('"') || quoted('\'') {
            let what = "in this form the quotes are part of the value, and the program gets them with it";
            let fix = format!("remove the quotes, or write `{name}: …` below environment: without a dash");
            findings.wrong("quotes_in_value", item.line, words(name, what, fix));
        }
    }
}

/// The official image holds no configuration; what `--config` names must be mounted.
fn mounted(service: &Service<'_>, findings: &mut Findings) {
    let Some((path, line)) = flag(&service.container.command, "config").filter(|(path, _)| path.starts_with('/'))
    else {
        return;
    };
    let elsewhere = ["build", "volumes_from", "extends", "entrypoint"].iter().any(|key| service.node.at(key).is_some());
    if elsewhere || is_template(path) || !service.container.image.is_official_server() {
        return;
    }
    let Some(targets) = targets(service.node) else { return };
    let below = |target: &String| {
        let target = target.trim_end_matches('/');
        path == target || path.strip_prefix(target).is_some_and(|rest| rest.starts_with('/'))
    };
    if !targets.iter().any(below) {
        let what = "nothing is mounted there: the server can't read its configuration and ends with exit status 0";
        let fix = format!("add `./livekit.yaml:{path}:ro` to volumes:, or write the path at which the file is mounted");
        findings.wrong("config_not_mounted", line, words(path, what, fix));
    }
}

/// Paths inside at which something is mounted; none if a variable fills in any.
fn targets(node: &Node) -> Option<Vec<String>> {
    let mut targets = Vec::new();
    for (key, folder) in [("volumes", ""), ("configs", "/"), ("secrets", "/run/secrets/")] {
        for item in node.at(key).map_or(&[][..], |entry| entry.value.items()) {
            let named = |key: &str| item.at(key).and_then(|entry| entry.value.text());
            let target = match item.text() {
                Some(text) if is_template(text) => return None,
                // `source:target:options`, or only a target.
                Some(text) if folder.is_empty() => {
                    text.split(':').skip(1).find(|part| part.starts_with('/')).unwrap_or(text).to_owned()
                }
                Some(name) => format!("{folder}{name}"),
                None => named("target")
                    .map_or_else(|| format!("{folder}{}", named("source").unwrap_or_default()), str::to_owned),
            };
            targets.push(target);
        }
    }
    Some(targets)
}
