//! What a YAML reader says, for whoever wrote the file: the line with a caret, the nearest key, and how to mend it.

use crate::nearest::did_you_mean;
use std::fmt::Write as _;

/// A longer line is shown around its fault only.
const LINE_CHARS_MAX: usize = 100;

/// What the reader calls it, and what is to be written instead.
const MEANT: [(&str, &str); 9] = [
    (
        "invalid u",
        "a whole number is wanted here, 0 or more, as digits; see that this line is whole and the next one not indented further",
    ),
    ("invalid bool", "`true` or `false` is wanted here"),
    ("expected sequence start", "a list is wanted here: write [a, b], or one `- item` a line"),
    ("expected mapping start", "keys with values are wanted here, as `key: value`"),
    ("expected string scalar", "a single value is wanted here, neither a list nor further keys"),
    ("tabs disallowed", "indent with spaces; YAML takes no tabs"),
    ("found a tab", "indent with spaces; YAML takes no tabs"),
    ("duplicate mapping key", "leave one of the two out"),
    ("missing field", "add it, with a value"),
];

/// The problem in the reader's words without what repeats itself, then its place in the text. A problem that names no place
/// is left as it is.
pub(crate) fn explained(file: &str, text: &str, problem: &str) -> String {
    let first = problem.lines().next().unwrap_or_default();
    if text.trim().is_empty() {
        return "it is empty; `greenlight init` writes one with comments".to_owned();
    }
    let Some((line, column, said)) = place(first) else { return problem.to_owned() };
    let said = said.split(", set DuplicateKeyPolicy").next().unwrap_or(said);
    let mut out = format!("line {line} column {column}: {said}");
    if let Some((name, known)) = unknown(said) {
        out.push_str(&did_you_mean(name, known.split(", ").map(|known| known.trim_matches('`'))));
    } else if let Some((_, meant)) = MEANT.iter().find(|(begin, _)| said.contains(begin)) {
        let _ = write!(out, "; {meant}");
    }
    out.push_str(&picture(file, text, line, column).unwrap_or_default());
    out
}

/// `error: line 8 column 7: what`.
fn place(first: &str) -> Option<(usize, usize, &str)> {
    let rest = first.strip_prefix("error: ").unwrap_or(first).strip_prefix("line ")?;
    let (line, rest) = rest.split_once(" column ")?;
    let (column, said) = rest.split_once(": ")?;
    Some((line.parse().ok()?, column.parse().ok()?, said))
}

/// The name that is not known, and those that are.
fn unknown(said: &str) -> Option<(&str, &str)> {
    let rest = said.strip_prefix("unknown field `").or_else(|| said.strip_prefix("unknown variant `"))?;
    rest.split_once("`, expected one of ").or_else(|| rest.split_once("`, expected "))
}

/// The line and a caret below. Unprintable characters are shown as such, and a tab is as wide as one.
fn picture(file: &str, text: &str, line: usize, column: usize) -> Option<String> {
    let whole: Vec<char> = text.lines().nth(line.checked_sub(1)?)?.chars().collect();
    let at = column.checked_sub(1)?.min(whole.len());
    let from = if whole.len() <= LINE_CHARS_MAX { 0 } else { at.saturating_sub(LINE_CHARS_MAX / 2) };
    let to = whole.len().min(from + LINE_CHARS_MAX);
    let plain = |c: &char| {
        if *c == '\t' {
            '→'
        } else if c.is_control() {
            '·'
        } else {
            *c
        }
    };
    let shown: String = whole[from..to].iter().map(plain).collect();
    let (before, after) = (if from > 0 { "…" } else { "" }, if to < whole.len() { "…" } else { "" });
    let number = line.to_string();
    let (margin, space) = (" ".repeat(number.len()), " ".repeat(at - from + before.chars().count()));
    Some(format!("\n  {margin}--> {file}:{line}:{column}\n  {number} | {before}{shown}{after}\n  {margin} | {space}^"))
}

#[cfg(test)]
mod tests {
    use super::explained;

    #[test]
    fn the_caret_stands_below_what_is_wrong() {
        let text = "a: 1\nb: {c: 2, reprot: x}\n";
        let said = "error: line 2 column 11: unknown field `reprot`, expected one of c, report\n --> <input>:2:11\n";
        assert_eq!(
            explained("f.yaml", text, said),
            "line 2 column 11: unknown field `reprot`, expected one of c, report; did you mean \"report\"?
   --> f.yaml:2:11
  2 | b: {c: 2, reprot: x}
    |           ^"
        );
    }

    #[test]
    fn a_long_line_is_shown_around_its_fault() {
        let text = format!("{}x{}", "a".repeat(300), "b".repeat(300));
        let said = explained("f", &text, "error: line 1 column 301: invalid u64");
        let lines: Vec<&str> = said.lines().collect();
        let column = |text: &str, wanted: char| text.chars().position(|c| c == wanted);
        assert_eq!(column(lines[2], 'x'), column(lines[3], '^'));
        assert!(lines[2].chars().count() < 110, "{said}");
    }

    #[test]
    fn what_names_no_place_is_left_alone() {
        assert_eq!(explained("f", "a", "format is 2 and must be 1\nmore"), "format is 2 and must be 1\nmore");
        assert_eq!(explained("f", "a", "error: line 7 column 1: odd"), "line 7 column 1: odd");
    }
}
