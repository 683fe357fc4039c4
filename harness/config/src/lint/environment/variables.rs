//! `KEY=VALUE` lines as variables with their lines.

use crate::lint::document::Lines;

/// One variable.
#[derive(Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
    /// The line of the name.
    pub(crate) line: usize,
    /// Where the lines of the value are.
    pub(crate) lines: Lines,
}

/// Reads all lines. `#` starts a comment line, `export ` before a name is passed over, a name without `=` is nothing.
pub(crate) fn read(text: &str) -> Vec<Variable> {
    let mut variables = Vec::new();
    let mut lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
    while let Some((written, line)) = lines.next() {
        let trimmed = written.trim();
        let trimmed = trimmed.strip_prefix("export ").unwrap_or(trimmed);
        let Some((name, value)) = trimmed.split_once('=').filter(|_| !trimmed.starts_with('#')) else {
            continue;
        };
        let mut value = value.trim().to_owned();
        if let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            value.remove(0);
            while !value.trim_end().ends_with(quote) {
                let Some((more, _)) = lines.next() else { break };
                value.push('\n');
                value.push_str(more);
            }
            let inner = value.trim_end().strip_suffix(quote).unwrap_or(&value).to_owned();
            value = inner;
        }
        variables.push(Variable {
            name: name.trim().to_owned(),
            value,
            line,
            lines: Lines { first: line, one_by_one: true },
        });
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_quotes_and_values_over_several_lines() {
        let text = "# one\r\nA=1\r\n\r\nexport B='two'\nC=\"a: b\nc: d\"\nD\nE=x=y\n";
        let read = read(text);
        let seen: Vec<(&str, &str, usize)> = read.iter().map(|v| (v.name.as_str(), v.value.as_str(), v.line)).collect();
        assert_eq!(seen, [("A", "1", 2), ("B", "two", 4), ("C", "a: b\nc: d", 5), ("E", "x=y", 8)]);
    }
}
