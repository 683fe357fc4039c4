//! Where a key stands in the lines of a text.

use crate::lint::keys_of;

/// A key in block style: the line on which it begins and the line behind its last, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: usize,
    pub(super) behind: usize,
    /// How far it is indented.
    pub(super) indent: usize,
}

/// Blanks at the beginning.
pub(super) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether a line holds nothing but blanks and a comment.
pub(super) fn is_blank(line: &str) -> bool {
    let text = line.trim();
    text.is_empty() || text.starts_with('#')
}

/// The lines of the key at a path.
pub(super) fn span(text: &str, path: &str) -> Option<Span> {
    let line = keys_of(text).into_iter().find(|(known, _)| known == path).map(|(_, line)| line)?;
    let lines: Vec<&str> = text.lines().collect();
    let first = line.checked_sub(1)?;
    let own = lines.get(first)?;
    let last_name = path.rsplit('.').next()?;
    let indent_of_key = indent(own);
    // In `{a: 1}`, or as `- a: 1`, the key does not begin its line.
    let bare = own.trim_start().trim_start_matches(['"', '\'']);
    if !bare.starts_with(last_name) {
        return None;
    }
    let belongs = |line: &str| {
        indent(line) > indent_of_key || (indent(line) == indent_of_key && line.trim_start().starts_with("- "))
    };
    let mut behind = first + 1;
    for (number, line) in lines.iter().enumerate().skip(first + 1) {
        if is_blank(line) {
            continue;
        }
        if !belongs(line) {
            break;
        }
        behind = number + 1;
    }
    Some(Span { first, behind, indent: indent_of_key })
}
