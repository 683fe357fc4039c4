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
