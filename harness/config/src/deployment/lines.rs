//! Where in the file a problem is: each begins with the path of a key, and often shows the value in quotes.

use crate::lint::{Node, Value, parse};

/// The problems with their lines in front. A path that is not in the file is missing there: what it belongs to is named.
pub(super) fn with_lines(text: &str, problems: Vec<String>) -> Vec<String> {
    let Ok(document) = parse(text) else { return problems };
    let line = |problem: &str| line_of(&document.root, problem);
    problems
        .into_iter()
        .map(|problem| line(&problem).map_or(problem.clone(), |n| format!("line {n}: {problem}")))
        .collect()
}

fn line_of(root: &Node, problem: &str) -> Option<usize> {
    let (mut node, mut line) = (root, None);
    'path: for (index, word) in problem.split(' ').enumerate() {
        // Behind the first colon only what looks like a path goes on: `blue and green` does not.
        if index > 0 && !word.ends_with(':') && !word.contains('.') {
            break;
        }
        for name in word.trim_end_matches(':').split(['.', '[']).map(|name| name.trim_end_matches(']')) {
            let Some((below, found)) = step(node, name) else { break 'path };
            (node, line) = (below, Some(found));
        }
        // `notifications[0]: email.to …` goes on behind the colon.
        if !word.ends_with(':') {
            break;
        }
    }
    line?;
    let shown = problem.split('"').nth(1);
    let mut places = Vec::new();
    shown.into_iter().for_each(|shown| collect(node, shown, &mut places));
    // Of two that are alike the second is one too many.
    let twice = problem.contains(" twice") || problem.contains(" two ");
    (if twice { places.last() } else { places.first() }).copied().or(line)
}

/// What a name leads to: a key, the place in a list, or the item of that name.
fn step<'a>(node: &'a Node, name: &str) -> Option<(&'a Node, usize)> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|entry| entry.key == name).map(|entry| (&entry.value, entry.line)),
        Value::List(items) => {
            let named = |item: &&Node| item.at("name").and_then(|entry| entry.value.text()) == Some(name);
            let index = name.parse::<usize>().ok();
            index.and_then(|index| items.get(index)).or_else(|| items.iter().find(named)).map(|item| (item, item.line))
        }
        Value::Scalar(_) => None,
    }
}

/// The lines of every key and every value that is this text.
fn collect(node: &Node, text: &str, lines: &mut Vec<usize>) {
    match &node.value {
        Value::Map(entries) => entries.iter().for_each(|entry| {
            if entry.key == text {
                lines.push(entry.line);
            }
            collect(&entry.value, text, lines);
        }),
        Value::List(items) => items.iter().for_each(|item| collect(item, text, lines)),
        Value::Scalar(scalar) => {
            if scalar.text == text {
                lines.push(node.line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::with_lines;

    #[test]
    fn a_problem_is_found_by_its_path_and_by_what_it_shows() {
        let text = "format: 2\nenvironments:\n  a:\n    gate:\n      required: [x.y,\n        z]\n    checks:\n      before:\n        \
                    - {name: one, timeout_s: 1}\n        - name: two\n          timeout_s: 0\nnotifications:\n  - email:\n      \
                    to: []\n";
        for (problem, line) in [
            ("format is 2", 1),
            ("environments.a.gate.age_max_s is missing", 4),
            ("environments.a.gate.required has \"z\"; x", 6),
            ("environments.a.checks.before.two.timeout_s is 0", 11),
            ("environments has \"a\"", 3),
            ("notifications[0]: email.to names nobody", 14),
        ] {
            assert_eq!(with_lines(text, vec![problem.to_owned()]), [format!("line {line}: {problem}")]);
        }
        assert_eq!(with_lines(text, vec!["of nothing".to_owned()]), ["of nothing"]);
    }
}
