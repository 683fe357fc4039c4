//! What a configuration file says, value by value: for those who hold it against what a server does.

use std::collections::BTreeMap;

use super::document::{Node, Value};
use super::parse::parse;

/// Every value of the first document by its path, such as `rtc.udp_port` or `webhook.urls.0`; what is null is absent,
/// and so is everything when the text is no YAML.
pub fn values(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if let Ok(document) = parse(text) {
        collect(&document.root, String::new(), &mut found);
    }
    found
}

fn collect(node: &Node, path: String, found: &mut BTreeMap<String, String>) {
    let under = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match &node.value {
        Value::Scalar(scalar) if scalar.is_null() => {}
        Value::Scalar(scalar) => drop(found.insert(path, scalar.text.clone())),
        Value::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| collect(item, under(&index.to_string()), found));
        }
        Value::Map(entries) => entries.iter().for_each(|entry| collect(&entry.value, under(&entry.key), found)),
    }
}

/// Every key of the first document that is not below a list, by its path, with its line counted from 1. What an alias brings in
/// has the line on which it was written.
pub fn keys_of(text: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    if let Ok(document) = parse(text) {
        keys(&document.root, "", &mut found);
    }
    found
}

fn keys(node: &Node, above: &str, found: &mut Vec<(String, usize)>) {
    for entry in node.entries() {
        let path = if above.is_empty() { entry.key.clone() } else { format!("{above}.{}", entry.key) };
        found.push((path.clone(), entry.line));
        keys(&entry.value, &path, found);
    }
}

/// What stands at the end of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Without quotes: a number, a boolean or a text.
    Plain(String),
    /// In quotes, or in block style: a text.
    Text(String),
    /// A list or map with nothing in it, as it is written.
    Empty(&'static str),
}

/// Every end of a text with the names on the way to it; `[0]` is the first place of a list. Of a text that can't be read
/// there are none, and null is none.
pub fn leaves(text: &str) -> Vec<(Vec<String>, Shape)> {
    let mut found = Vec::new();
    if let Ok(document) = parse(text) {
        walk(&document.root, &mut Vec::new(), &mut found);
    }
    found
}

fn walk(node: &Node, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, Shape)>) {
    let mut below = |name: String, node: &Node, found: &mut Vec<_>| {
        path.push(name);
        walk(node, path, found);
        path.pop();
    };
    match &node.value {
        Value::Scalar(scalar) if scalar.is_null() => {}
        Value::Scalar(scalar) => {
            let text = scalar.text.clone();
            found.push((path.clone(), if scalar.plain { Shape::Plain(text) } else { Shape::Text(text) }));
        }
        Value::List(items) if items.is_empty() => found.push((path.clone(), Shape::Empty("[]"))),
        Value::Map(entries) if entries.is_empty() => found.push((path.clone(), Shape::Empty("{}"))),
        Value::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| below(format!("[{index}]"), item, found));
        }
        Value::Map(entries) => entries.iter().for_each(|entry| below(entry.key.clone(), &entry.value, found)),
    }
}

#[cfg(test)]
mod tests {
    use super::values;

    /// The block and the flow style of YAML 1.2.2, sections 8.2 and 7.4, mean the same.
    #[test]
    fn values_have_the_path_at_which_they_stand() {
        let block = "rtc:\n  udp_port: 7882 # media\nwebhook:\n  urls:\n    - http://a/\n    - 'b'\nregion:\n";
        let flow = "{rtc: {udp_port: 7882}, webhook: {urls: ['http://a/', b]}}";
        let read = values(block);
        assert_eq!(read, values(flow));
        let seen: Vec<(&str, &str)> = read.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
        assert_eq!(seen, [("rtc.udp_port", "7882"), ("webhook.urls.0", "http://a/"), ("webhook.urls.1", "b")]);
        assert!(values("a: [").is_empty());
    }
}
