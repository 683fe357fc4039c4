//! Variables that take one of a few words: the same rules as for the keys that they stand for.

use std::collections::BTreeMap;

use super::variables::Variable;
use crate::lint::document::{Entry, Node, Scalar, Value};
use crate::lint::facts::Facts;
use crate::lint::findings::Findings;
use crate::lint::livekit::{check_levels, check_selector};
use crate::lint::source::Source;

/// The variables that have such words, with the keys that they stand for.
const KEYS: &[(&str, &str)] = &[
    ("LIVEKIT_LOG_LEVEL", "log_level"),
    ("LIVEKIT_LOGGING_LEVEL", "logging.level"),
    ("LIVEKIT_LOGGING_PION_LEVEL", "logging.pion_level"),
    ("LIVEKIT_NODE_SELECTOR_KIND", "node_selector.kind"),
    ("LIVEKIT_NODE_SELECTOR_SORT_BY", "node_selector.sort_by"),
    ("LIVEKIT_NODE_SELECTOR_ALGORITHM", "node_selector.algorithm"),
];

pub(super) fn check(variables: &[Variable], facts: &Facts, findings: &mut Findings) {
    let values: BTreeMap<&str, &Variable> =
        variables.iter().map(|variable| (variable.name.as_str(), variable)).collect();
    let mut root: Vec<Entry> = Vec::new();
    for (name, path) in KEYS {
        let Some(variable) = values.get(name) else {
            continue;
        };
        let leaf = scalar(&variable.value, variable.line);
        match path.split_once('.') {
            None => root.push(Entry { key: (*path).to_owned(), line: variable.line, value: leaf }),
            Some((section, key)) => {
                let entry = Entry { key: key.to_owned(), line: variable.line, value: leaf };
                match root.iter_mut().find(|entry| entry.key == section) {
                    Some(Entry { value: Node { value: Value::Map(entries), .. }, .. }) => entries.push(entry),
                    _ => root.push(Entry {
                        key: section.to_owned(),
                        line: variable.line,
                        value: Node { line: variable.line, value: Value::Map(vec![entry]) },
                    }),
                }
            }
        }
    }
    let root = Node { line: 1, value: Value::Map(root) };
    let source = Source { root: &root, facts };
    check_levels(&source, findings);
    check_selector(&source, findings);
}

fn scalar(text: &str, line: usize) -> Node {
    Node { line, value: Value::Scalar(Scalar { text: text.to_owned(), plain: true, literal: false }) }
}
