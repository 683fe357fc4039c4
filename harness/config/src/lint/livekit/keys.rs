//! API keys and their secrets. No finding repeats a secret.

use crate::lint::document::Node;
use crate::lint::findings::{Findings, words};
use crate::lint::scalars::{is_template, number};
use crate::lint::source::Source;

/// Below this the server logs one ERROR line and runs.
pub const SECRET_CHARACTERS_MIN: usize = 32;

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    key_file(source, findings);
    let Some(keys) = source.at("keys") else {
        return;
    };
    // The server fills a variable in here, and with none that is set it reads no file.
    let file = source.text("key_file").filter(|file| !is_template(file));
    if file.is_some() && !keys.value.entries().is_empty() {
        let what = "key_file is there too, and only that is read: these keys open nothing";
        findings.wrong("keys_and_key_file", keys.line, words("keys", what, "keep one of the two"));
    }
    for entry in keys.value.entries() {
        secret(&entry.value, &entry.key, source.is_true("development"), findings);
    }
}

fn secret(value: &Node, key: &str, development: bool, findings: &mut Findings) {
    let Some(scalar) = value.scalar().filter(|scalar| !is_template(&scalar.text)) else {
        return;
    };
    let length = if scalar.is_null() { 0 } else { scalar.text.len() };
    let fix = "make one with `livekit-server generate-keys`";
    if length == 0 {
        let what = "the secret is empty: the key is as good as absent";
        findings.wrong("secret_short", value.line, words(format!("{key}: 0 characters"), what, fix));
    } else if length < SECRET_CHARACTERS_MIN && !development {
        let what = "a secret this short can be guessed, and whoever has it signs tokens for every room; the server only \
                    logs an error";
        findings.risky("secret_short", value.line, words(format!("{key}: {length} characters"), what, fix));
    } else if scalar.plain && number(&scalar.text).is_some() {
        let what = "a secret of digits works in this file, but in LIVEKIT_KEYS it is a number, and the key is dropped \
                    in silence";
        let fix = "put it in quotes, which works in both, or make one with `livekit-server generate-keys`";
        findings.risky("secret_numeric", value.line, words(format!("{key}: {length} digits"), what, fix));
    }
}

fn key_file(source: &Source<'_>, findings: &mut Findings) {
    const OTHERS: u32 = 0o007;
    let (Some(entry), Some(mode)) = (source.at("key_file"), source.facts.key_file_mode) else {
        return;
    };
    if mode & OTHERS != 0 {
        let found = format!("mode {:03o}", mode & 0o777);
        let what = "others have rights on the key file: the server ends with exit status 0";
        findings.wrong("key_file_mode", entry.value.line, words(found, what, "chmod 640, or 600"));
    }
}
