//! A YAML document as a tree in which every key and every value knows its line.

/// A value and the line on which it starts. What an alias brings in keeps the line where it was written.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// The text of a scalar; `plain` is without quotes, and only then can it be a number, a boolean or null. `literal` is a
/// block below `|`, whose lines are lines of the file.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    pub(crate) plain: bool,
    pub(crate) literal: bool,
}

/// Where the lines of an inner text stand in the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) first: usize,
    pub(crate) one_by_one: bool,
}

impl Lines {
    /// The outer line of an inner one; 0, which means the whole inner text, is its first.
    pub(crate) fn outer(self, inner: usize) -> usize {
        if self.one_by_one { self.first + inner.max(1) - 1 } else { self.first }
    }
}

/// A key with its line, and the value under it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line: usize,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn null(line: usize) -> Self {
        Self { line, value: Value::Scalar(Scalar { text: String::new(), plain: true, literal: false }) }
    }

    /// The entry at a path such as `rtc.udp_port`; `None` too when its value is null.
    pub(crate) fn at(&self, path: &str) -> Option<&Entry> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let entry = self.entries().iter().find(|entry| entry.key == first)?;
        match rest {
            Some(rest) => entry.value.at(rest),
            None => (!entry.value.is_null()).then_some(entry),
        }
    }

    /// The entries of a map; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar that is not null.
    pub(crate) fn text(&self) -> Option<&str> {
        self.scalar().filter(|scalar| !scalar.is_null()).map(|scalar| scalar.text.as_str())
    }

    /// The line on which each line of a text stands: those of a block below `|` one by one, anything else on one line.
    pub(crate) fn lines(&self) -> Lines {
        match self.scalar().filter(|scalar| scalar.literal) {
            // The parser names the first line that is not blank.
            Some(scalar) => {
                let blank = scalar.text.bytes().take_while(|byte| *byte == b'\n').count();
                Lines { first: self.line.saturating_sub(blank).max(1), one_by_one: true }
            }
            None => Lines { first: self.line, one_by_one: false },
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.scalar().is_some_and(Scalar::is_null)
    }

    /// How many values there are, itself included: what an alias costs.
    pub(crate) fn size(&self) -> usize {
        match &self.value {
            Value::Scalar(_) => 1,
            Value::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(|entry| entry.value.size()).sum::<usize>(),
        }
    }
}

impl Scalar {
    pub(crate) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }
}
