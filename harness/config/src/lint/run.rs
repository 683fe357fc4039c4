//! The entry: a text of some kind in, its findings out.

use super::document::Node;
use super::facts::Facts;
use super::finding::{FileKind, Finding};
use super::findings::{Findings, words};
use super::known::Keys;
use super::parse::{Document, parse};
use super::source::Source;
use super::{compose, environment, helm, kubernetes, livekit, proxy, shape, shared, sip};

/// Everything that is wrong or risky in a text, in the order of its lines, what concerns the whole file last.
///
/// Never fails: what can't be parsed is one finding, `yaml_syntax`.
pub fn lint(kind: FileKind, text: &str, facts: &Facts) -> Vec<Finding> {
    let mut findings = Findings::default();
    match kind {
        FileKind::LivekitYaml => yaml(text, &Keys::of_server(), livekit::CHECKS, facts, &mut findings),
        FileKind::SipYaml => yaml(text, &Keys::of_sip(), sip::CHECKS, facts, &mut findings),
        FileKind::Environment => environment::check(text, facts, &mut findings),
        FileKind::Compose => compose::check(text, facts, &mut findings),
        FileKind::Kubernetes => kubernetes::check(text, facts, &mut findings),
        FileKind::Helm => helm::check(text, facts, &mut findings),
        FileKind::Haproxy => proxy::haproxy(text, &mut findings),
        FileKind::Nginx => proxy::nginx(text, &mut findings),
        FileKind::Caddy => proxy::caddy(text, &mut findings),
    }
    findings.sorted()
}

/// One rule, or a few about the same keys.
pub(crate) type Check = fn(&Source<'_>, &mut Findings);

fn yaml(text: &str, keys: &Keys, checks: &[Check], facts: &Facts, findings: &mut Findings) {
    let document = match parse(text) {
        Ok(document) => document,
        Err(error) => {
            let what = "the program can't read the file and ends with exit status 0";
            let tab = text
                .lines()
                .nth(error.line - 1)
                .is_some_and(|line| line.starts_with([' ', '\t']) && line.contains('\t'));
            let fix = match tab && error.problem.contains("tab") {
                true => "indent with blanks: YAML takes no tab there",
                false => "mend the line, or the one above it; a value with `: `, `#` or a leading `{` needs quotes",
            };
            return findings.wrong("yaml_syntax", error.line, words(error.problem, what, fix));
        }
    };
    if keys.strict && document.documents == 0 && !text.is_empty() {
        let what =
            "nothing but comments and blanks: the server ends with exit status 0, while a file of no bytes is fine";
        let fix = "write one key, such as port: 7880, or give no file";
        return findings.wrong("empty_document", 0, words("no document", what, fix));
    }
    of_the_document(&document, findings);
    values(&document.root, keys, checks, facts, findings);
}

/// A configuration that is part of another text, whose own shape is judged there.
pub(crate) fn tree(kind: FileKind, root: &Node, facts: &Facts, findings: &mut Findings) {
    match kind {
        FileKind::SipYaml => values(root, &Keys::of_sip(), sip::CHECKS, facts, findings),
        _ => values(root, &Keys::of_server(), livekit::CHECKS, facts, findings),
    }
}

fn values(root: &Node, keys: &Keys, checks: &[Check], facts: &Facts, findings: &mut Findings) {
    shape::check(keys, root, findings);
    shared::check(root, findings);
    let source = Source { root, facts };
    checks.iter().for_each(|check| check(&source, findings));
}

fn of_the_document(document: &Document, findings: &mut Findings) {
    for (key, line) in &document.duplicates {
        let what = "the key stands twice in one section: the program refuses the file and ends with exit status 0";
        findings.wrong("duplicate_key", *line, words(key, what, "keep one of the two"));
    }
    if let Some(line) = document.second_line {
        let what = "a second YAML document begins here, and only the first is read";
        findings.wrong(
            "second_document",
            line,
            words("---", what, "remove the line, or the documents that are not meant"),
        );
    }
}
