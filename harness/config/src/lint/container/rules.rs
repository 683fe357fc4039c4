//! Rules that hold for a container wherever it is described: its image, its variables, the configuration inside.

use super::image::Program;
use super::model::Container;
use crate::lint::document::Lines;
use crate::lint::environment;
use crate::lint::facts::Facts;
use crate::lint::finding::{FileKind, Finding};
use crate::lint::findings::{Findings, words};
use crate::lint::parse::parse;
use crate::lint::run::lint;
use crate::lint::scalars::is_template;

use super::arguments::flag;

/// Variables whose value opens the deployment to whoever reads it.
const SECRETS: &[&str] = &["LIVEKIT_KEYS", "LIVEKIT_API_SECRET", "REDIS_PASSWORD", "LIVEKIT_REDIS_PASSWORD"];

/// Every rule that needs no more than the container.
pub(crate) fn check(container: &Container, facts: &Facts, findings: &mut Findings) {
    if container.program() != Program::Other {
        image(container, findings);
        secrets(container, findings);
    }
    match container.program() {
        Program::LiveKitServer => {
            dev(container, findings);
            server(container, facts, findings);
        }
        Program::Sip => {
            if let Some((text, lines)) = container.config_text() {
                text_check(FileKind::SipYaml, text, lines, facts, findings);
            }
        }
        _ => {}
    }
}

/// A configuration inside this text: its own rules at the lines where it stands, and no secret in it.
pub(crate) fn text_check(kind: FileKind, text: &str, lines: Lines, facts: &Facts, findings: &mut Findings) {
    findings.nested(inner(kind, text, facts), lines);
    secrets_inside(kind, text, lines, findings);
}

/// What the rules of an inner text's own kind find, by its own lines.
pub(crate) fn inner(kind: FileKind, text: &str, facts: &Facts) -> Vec<Finding> {
    without_templates(lint(kind, text, facts))
}

/// Compose fills variables in before the program sees them, and so does whoever renders a manifest.
fn without_templates(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.rule != "variable_not_expanded").collect()
}

fn image(container: &Container, findings: &mut Findings) {
    if container.image.floats() && !container.image.written.is_empty() {
        let what = "without a version the next pull brings another program, on some machines earlier than on others, \
                    and nothing in this file says which one was tested";
        let written = container.image.written.as_str();
        let name = written.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(written, |(name, _)| name);
        let fix = format!("write the version that was tested, as in {name}:<version>, or its digest");
        findings.risky("image_floating", container.image_line, words(&container.image.written, what, fix));
    }
}

fn dev(container: &Container, findings: &mut Findings) {
    if let Some(word) = container.dev() {
        let what = "anybody can sign tokens, since without keys it takes `devkey: secret`, and the profiler answers on \
                    the main port without a password";
        findings.risky("dev_mode", word.line, words(&word.text, what, "remove --dev and give it keys of its own"));
    }
}

fn server(container: &Container, facts: &Facts, findings: &mut Findings) {
    let mut facts = facts.clone();
    let from_file = flag(&container.command, "config").is_some();
    facts.config_file_present = facts.config_file_present.or(from_file.then_some(true));
    let mut inner = Findings::default();
    environment::check_variables(&container.variables, &facts, &mut inner);
    findings.extend(without_templates(inner.sorted()));
    if let Some((text, lines)) = container.config_text() {
        secrets_inside(FileKind::LivekitYaml, text, lines, findings);
        if container.variable("LIVEKIT_CONFIG").is_none() {
            let mut inner = lint(FileKind::LivekitYaml, text, &facts);
            inner.retain(|finding| !(finding.rule == "redis_missing" && container.variable("REDIS_HOST").is_some()));
            findings.nested(without_templates(inner), lines);
        }
    }
}

fn secrets(container: &Container, findings: &mut Findings) {
    for variable in container.variables.iter().filter(|variable| SECRETS.contains(&variable.name.as_str())) {
        let sealed = variable.value.is_empty() || is_template(&variable.value);
        if !sealed {
            secret(&variable.name, variable.line, findings);
        }
    }
}

fn secrets_inside(kind: FileKind, text: &str, lines: Lines, findings: &mut Findings) {
    let Ok(document) = parse(text) else { return };
    let literal = |node: &crate::lint::document::Node| node.text().is_some_and(|text| !is_template(text));
    if kind == FileKind::LivekitYaml
        && let Some(keys) =
            document.root.at("keys").filter(|keys| keys.value.entries().iter().any(|e| literal(&e.value)))
    {
        secret("keys", lines.outer(keys.line), findings);
    }
    for path in ["redis.password", "api_secret"] {
        if let Some(entry) = document.root.at(path).filter(|entry| literal(&entry.value)) {
            secret(path, lines.outer(entry.line), findings);
        }
    }
}

fn secret(name: &str, line: usize, findings: &mut Findings) {
    let what = "whoever may read this file, or the repository that it lies in, can sign tokens for every room, or read \
                and change what Redis holds";
    let fix = "hand it in from outside: a ${VARIABLE} of an .env file that is not committed, or a Secret of Kubernetes";
    findings.risky("secret_literal", line, words(format!("{name} with its value"), what, fix));
}
