//! The lines of a file as they may be shown: what stands where a secret belongs is left out by its place, in whatever way
//! it is written, also in a comment.

use crate::secrets::{has_password, is_secret};
use greenlight_config::env_file::EnvFile;
use greenlight_config::lint::FileKind;

/// A line: what may be shown, and what may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) shown: String,
    pub(crate) hidden: Option<String>,
}

/// Every line of a text.
pub(crate) fn lines(kind: FileKind, text: &str) -> Vec<Line> {
    match kind {
        FileKind::Environment => of_environment(text),
        _ => of_yaml(text),
    }
}

/// Shows so many bytes of a line.
fn line(text: &str, shown: usize) -> Line {
    let (shown, hidden) = text.split_at(shown);
    Line { shown: shown.to_owned(), hidden: (!hidden.trim().is_empty()).then(|| hidden.to_owned()) }
}

fn of_environment(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = text.lines().map(in_words).collect();
    let file = EnvFile::parse(text);
    for one in file.assignments().filter(|one| is_secret(&one.name) || has_password(&one.value())) {
        let many = one.value().matches('\n').count();
        for (number, written) in text.lines().enumerate().skip(one.line - 1).take(many + 1) {
            let shown = if number == one.line - 1 { written.find(['=', ':']).map_or(0, |at| at + 1) } else { 0 };
            lines[number] = line(written, shown);
        }
    }
    lines
}

/// A comment or a list item may hold an assignment too.
fn in_words(text: &str) -> Line {
    let begin = text.len() - text.trim_start_matches(['#', ' ', '\t', '-', '"', '\'']).len();
    let rest = text[begin..].strip_prefix("export ").unwrap_or(&text[begin..]);
    let begin = text.len() - rest.len();
    match rest.find(['=', ':']) {
        Some(at) if is_secret(rest[..at].trim()) => line(text, begin + at + 1),
        _ if has_password(rest) => line(text, begin),
        _ => line(text, text.len()),
    }
}

fn of_yaml(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    // How far what holds a secret is indented: everything further in belongs to it. Of `keys` the ids are shown.
    let (mut below, mut keys): (Option<usize>, Option<usize>) = (None, None);
    for written in text.lines() {
        let indent = written.len() - written.trim_start_matches([' ', '#']).len();
        let blank = written.trim().is_empty();
        below = below.filter(|outer| blank || indent > *outer);
        keys = keys.filter(|outer| blank || indent > *outer);
        if below.is_some() {
            lines.push(line(written, indent.min(written.len())));
            continue;
        }
        let begin = written.len() - written.trim_start_matches([' ', '#', '-', '"', '\'']).len();
        let Some(colon) = written[begin..].find(':').map(|at| begin + at) else {
            lines.push(in_words(written));
            continue;
        };
        let name = written[begin..colon].trim_end_matches(['"', '\'', ' ']);
        let value = written[colon + 1..].trim();
        let many = value.starts_with(['{', '[']) && holds_secrets(value);
        if keys.is_some() || is_secret(name) {
            below = Some(indent);
            lines.push(line(written, colon + 1));
        } else if name == "keys" && (value.is_empty() || value.starts_with('#')) {
            keys = Some(indent);
            lines.push(line(written, written.len()));
        } else if name == "keys" || many || has_password(value) {
            lines.push(line(written, colon + 1));
        } else if written.trim_start().starts_with(['{', '[']) && holds_secrets(written) {
            lines.push(line(written, 0));
        } else {
            lines.push(in_words(written));
        }
    }
    lines
}

/// `{…}` and `[…]` on one line.
fn holds_secrets(text: &str) -> bool {
    let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.any(|word| is_secret(word) || word == "keys") || has_password(text)
}

#[cfg(test)]
mod tests {
    use super::lines;
    use greenlight_config::lint::FileKind;

    fn shown(kind: FileKind, text: &str) -> String {
        lines(kind, text)
            .into_iter()
            .map(|line| line.shown + if line.hidden.is_some() { "…\n" } else { "\n" })
            .collect()
    }

    #[test]
    fn a_secret_is_hidden_by_its_place_however_it_is_written() {
        let yaml = "port: 7880\nkeys:\n  APIa: 'it''s-SEKRIT'\n  APIb: |\n    SEKRIT\n    SEKRIT\n# password: SEKRIT\nredis:\n  password: \"SEKRIT\\u0041\"\n  address: r:1\nrtc: {turn_servers: [{credential: SEKRIT}]}\nwebhook:\n  urls:\n  - https://u:SEKRIT@h/\n{keys: {a: SEKRIT}}\nkeys: \"APIabc:SEKRIT\"\n";
        let seen = shown(FileKind::LivekitYaml, yaml);
        assert!(!seen.contains("SEKRIT"), "{seen}");
        for kept in ["port: 7880\n", "  APIa:…\n", "  address: r:1\n", "  password:…\n", "# password:…\n"] {
            assert!(seen.contains(kept), "{kept:?} not in {seen}");
        }
        let env = "A=1\n# LIVEKIT_API_SECRET=SEKRIT\nexport OPENAI_API_KEY=SEKRIT\nTOKEN_PEM=\"-----\nSEKRIT\n-----\"\nB=2\nREDIS_URL=redis://:SEKRIT@h\nLIVEKIT_API_KEY=APIa\nLIVEKIT_KEYS: 'a: SEKRIT'\nDB_PASS=SEK\n";
        let seen = shown(FileKind::Environment, env);
        assert!(!seen.contains("SEK"), "{seen}");
        for kept in ["A=1\n", "B=2\n", "LIVEKIT_API_KEY=APIa\n", "export OPENAI_API_KEY=…\n"] {
            assert!(seen.contains(kept), "{kept:?} not in {seen}");
        }
    }
}
