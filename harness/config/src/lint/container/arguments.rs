//! Command lines: a list of arguments, or one text that is split at its blanks.

use crate::lint::document::{Node, Value};

/// One argument.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// The arguments that a node holds; none if there is no such node.
pub(crate) fn words_of(node: Option<&Node>) -> Vec<Word> {
    let Some(node) = node else { return Vec::new() };
    match &node.value {
        Value::List(items) => {
            let word = |item: &Node| item.text().map(|text| Word { text: text.to_owned(), line: item.line });
            items.iter().filter_map(word).collect()
        }
        _ => {
            let text = node.text().unwrap_or_default();
            text.split_whitespace()
                .map(|text| Word { text: text.trim_matches('"').to_owned(), line: node.line })
                .collect()
        }
    }
}

/// Whether a flag without a value is there.
pub(crate) fn has_flag<'a>(words: &'a [Word], name: &str) -> Option<&'a Word> {
    words.iter().find(|word| bare(&word.text) == name)
}

/// The value of a flag, as `--name value` or `--name=value`; one dash will do, as in livekit-server's own parser.
pub(crate) fn flag<'a>(words: &'a [Word], name: &str) -> Option<(&'a str, usize)> {
    words.iter().enumerate().find_map(|(index, word)| match bare(&word.text).split_once('=') {
        Some((flag, value)) => (flag == name && word.text.starts_with('-')).then_some((value, word.line)),
        None => {
            let next = words.get(index + 1).filter(|_| word.text.starts_with('-') && bare(&word.text) == name)?;
            Some((next.text.as_str(), next.line))
        }
    })
}

fn bare(text: &str) -> &str {
    text.strip_prefix("--").or_else(|| text.strip_prefix('-')).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::parse::parse;

    #[test]
    fn flags_in_a_list_and_in_a_text() {
        for text in ["c: [--config, /a.yaml, --dev]\n", "c: --config=/a.yaml --dev\n", "c: -config /a.yaml -dev\n"] {
            let document = parse(text).map_err(|error| error.problem).expect("YAML");
            let words = words_of(document.root.at("c").map(|entry| &entry.value));
            assert_eq!(flag(&words, "config"), Some(("/a.yaml", 1)), "{text}");
            assert!(has_flag(&words, "dev").is_some() && has_flag(&words, "config-body").is_none(), "{text}");
        }
    }
}
