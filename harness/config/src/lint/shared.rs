//! What holds for both programs' files: a variable in a value stays as it is written.

use super::document::{Node, Value};
use super::findings::{Findings, words};
use super::scalars::variable;

/// The server expands variables in this one place.
const EXPANDED: &str = "key_file";

/// Looks at every scalar.
pub(crate) fn check(root: &Node, findings: &mut Findings) {
    walk("", root, findings);
}

fn walk(key: &str, node: &Node, findings: &mut Findings) {
    match &node.value {
        Value::Map(entries) => entries.iter().for_each(|entry| {
            if let Some(name) = variable(&entry.key) {
                not_expanded(name, entry.line, findings);
            }
            walk(&entry.key, &entry.value, findings);
        }),
        Value::List(items) => items.iter().for_each(|item| walk(key, item, findings)),
        Value::Scalar(scalar) => {
            if let Some(name) = variable(&scalar.text).filter(|_| key != EXPANDED) {
                not_expanded(name, node.line, findings);
            }
        }
    }
}

fn not_expanded(name: &str, line: usize, findings: &mut Findings) {
    let what = format!("variables are not expanded in this file: the value is the text `${name}` itself");
    let fix = "fill the file in before the program reads it (envsubst, helm), or set the program's own environment \
               variable for this key";
    findings.risky("variable_not_expanded", line, words(format!("${name}"), what, fix));
}
