//! One piece of a file: an assignment, which may go over several lines, or anything else.

use super::quote::{Quote, end};

/// `NAME=value`, with everything around it as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The name before `=`.
    pub name: String,
    /// The line of the name, counted from 1.
    pub line: usize,
    /// Indentation, `export`, name, `=` and blanks, up to the value.
    pub(super) before: String,
    pub(super) quote: Quote,
    /// Between the quotes, as written.
    pub(super) written: String,
    /// Blanks, a comment and the end of the line.
    pub(super) after: String,
}

/// What a file consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Assignment(Assignment),
    /// A comment, a blank line, or what can't be read: with its line.
    Other(String, usize),
}

impl Assignment {
    /// The value as the process sees it, before `${NAME}` in it is filled in.
    pub fn value(&self) -> String {
        self.quote.meaning(&self.written)
    }

    /// Whether Compose fills something in here, so that nobody can judge the value before.
    pub fn is_template(&self) -> bool {
        self.quote != Quote::Single && crate::lint::is_template(&self.written)
    }

    pub(super) fn text(&self) -> String {
        let mark = self.quote.mark();
        format!("{}{mark}{}{mark}{}", self.before, self.written, self.after)
    }

    pub(super) fn lines(&self) -> usize {
        self.text().matches('\n').count()
    }
}

impl Piece {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Assignment(assignment) => assignment.text(),
            Self::Other(text, _) => text.clone(),
        }
    }
}

/// The first piece of a text, which is not empty, and the rest.
pub(super) fn split(text: &str, line: usize) -> (Piece, &str) {
    let (first, rest) = text.split_at(text.find('\n').map_or(text.len(), |at| at + 1));
    let other = || (Piece::Other(first.to_owned(), line), rest);
    let Some((name_from, name, value_from)) = name(first) else { return other() };
    let (before, value) = text.split_at(value_from);
    let name = name.to_owned();
    debug_assert!(before.get(name_from..).is_some_and(|text| text.starts_with(&name)));
    let quote = Quote::at_start(value);
    if quote == Quote::None {
        let line_value = &first[value_from..];
        let (written, after) = line_value.split_at(unquoted_end(line_value));
        let (written, after) = (written.to_owned(), after.to_owned());
        return (Piece::Assignment(Assignment { name, line, before: before.to_owned(), quote, written, after }), rest);
    }
    // Without its end the quote belongs to nothing: the line is kept, and is no assignment.
    let Some(length) = end(quote, &value[1..]) else { return other() };
    let (written, behind) = (&value[1..=length], &value[length + 2..]);
    let (after, rest) = behind.split_at(behind.find('\n').map_or(behind.len(), |at| at + 1));
    if !matches!(after.trim().chars().next(), None | Some('#')) {
        return other();
    }
    let (written, after) = (written.to_owned(), after.to_owned());
    (Piece::Assignment(Assignment { name, line, before: before.to_owned(), quote, written, after }), rest)
}

/// Where the name begins, the name, and where the value begins.
fn name(line: &str) -> Option<(usize, &str, usize)> {
    let blank = |c: char| c == ' ' || c == '\t' || c == '\u{feff}';
    let mut from = line.len() - line.trim_start_matches(blank).len();
    if let Some(rest) = line[from..].strip_prefix("export ") {
        from = line.len() - rest.trim_start_matches(blank).len();
    }
    // `NAME: value` is as good for Compose; whichever comes first.
    let end = line[from..].find(['=', ':'])?;
    let name = &line[from..from + end];
    let trimmed = name.trim_end_matches(blank);
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
    if trimmed.is_empty() || !trimmed.chars().all(allowed) {
        return None;
    }
    let behind = from + name.len() + 1;
    let value = behind + (line[behind..].len() - line[behind..].trim_start_matches(blank).len());
    Some((from, trimmed, value))
}

/// Where a value without quotes ends: before a blank and `#`, or before the blanks at the end of the line.
fn unquoted_end(text: &str) -> usize {
    text[..text.find(" #").unwrap_or(text.len())].trim_end().len()
}
