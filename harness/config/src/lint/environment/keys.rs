//! `LIVEKIT_KEYS`: YAML in a variable, read with other rules than the file. No finding repeats a secret.

use super::variables::Variable;
use crate::lint::document::{Node, Scalar};
use crate::lint::findings::{Findings, words};
use crate::lint::livekit::SECRET_CHARACTERS_MIN;
use crate::lint::parse::parse;
use crate::lint::scalars::{boolean, is_template, number};

pub(super) fn check(variables: &[Variable], findings: &mut Findings) {
    for variable in variables.iter().filter(|variable| variable.name == "LIVEKIT_KEYS" && !variable.value.is_empty()) {
        let pairs = parse(&variable.value).ok().filter(|document| !document.root.entries().is_empty());
        match pairs {
            None if is_template(&variable.value) && !joined(&variable.value) => {}
            None => {
                let what = "it is not `key: secret`, with a space behind the colon: the server ends with exit status 0";
                let fix = "write `LIVEKIT_KEYS=key: secret`, each further pair on a line of its own";
                findings.wrong("env_keys_form", variable.line, words("LIVEKIT_KEYS", what, fix));
            }
            Some(document) => document.root.entries().iter().for_each(|entry| {
                secret(&entry.key, &entry.value, variable.lines.outer(entry.value.line), findings);
            }),
        }
    }
}

/// `${KEY}:${SECRET}`: whatever is filled in, there is no space behind the colon.
fn joined(value: &str) -> bool {
    value.split_once("}:${").is_some_and(|(key, secret)| key.starts_with("${") && secret.ends_with('}'))
}

fn secret(key: &str, value: &Node, line: usize, findings: &mut Findings) {
    let Some(scalar) = value.scalar().filter(|scalar| !is_template(&scalar.text)) else {
        return;
    };
    let fix = "put the secret in quotes, or make one with `livekit-server generate-keys`";
    if !is_text(scalar) {
        let found = format!("{key}: {} characters, no text", scalar.text.len());
        let what = "read as a number, a boolean or nothing, not as a text: the key is dropped in silence";
        findings.wrong("env_keys_numeric", line, words(found, what, fix));
    } else if scalar.text.len() < SECRET_CHARACTERS_MIN {
        let found = format!("{key}: {} characters", scalar.text.len());
        let what = "a secret this short can be guessed; the server only logs an error";
        findings.risky("env_keys_short", line, words(found, what, fix));
    }
}

fn is_text(scalar: &Scalar) -> bool {
    let truth =
        matches!(scalar.text.to_ascii_lowercase().as_str(), "true" | "false") && boolean(&scalar.text).is_some();
    !scalar.plain || !(scalar.is_null() || truth || number(&scalar.text).is_some())
}
