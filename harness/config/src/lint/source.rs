//! What a rule looks at: the tree of a file, and the facts.

use super::document::{Entry, Node};
use super::facts::Facts;

/// A parsed file and what is known beside it.
pub(crate) struct Source<'a> {
    pub(crate) root: &'a Node,
    pub(crate) facts: &'a Facts,
}

impl<'a> Source<'a> {
    /// The entry at a path, unless it is absent or null.
    pub(crate) fn at(&self, path: &str) -> Option<&'a Entry> {
        self.root.at(path)
    }

    /// The text at a path; none when it is empty, and the server takes empty for absent.
    pub(crate) fn text(&self, path: &str) -> Option<&'a str> {
        self.at(path).and_then(|entry| entry.value.text()).filter(|text| !text.is_empty())
    }

    /// The number at a path.
    pub(crate) fn integer(&self, path: &str) -> Option<i64> {
        self.at(path).and_then(|entry| entry.value.integer())
    }

    /// Whether there is a `true` at a path.
    pub(crate) fn is_true(&self, path: &str) -> bool {
        self.at(path).is_some_and(|entry| entry.value.is_true())
    }

    /// The items of the list at a path.
    pub(crate) fn items(&self, path: &str) -> &'a [Node] {
        self.at(path).map_or(&[], |entry| entry.value.items())
    }
}
