//! Whether a value is of the kind that its key takes. What is not, ends the start with exit status 0.

use super::document::{Node, Scalar, Value};
use super::scalars::{boolean, is_duration, is_template, number};

/// A value of the wrong kind.
pub(crate) struct Problem {
    pub(crate) rule: &'static str,
    pub(crate) found: String,
    expected: &'static str,
    pub(crate) fix: String,
}

impl Problem {
    pub(crate) fn what(&self, path: &str) -> String {
        format!("{path} takes {}: the program can't read this, and ends with exit status 0", self.expected)
    }

    fn wrong_type(found: &str, expected: &'static str, fix: &str) -> Self {
        Self { rule: "wrong_type", found: found.to_owned(), expected, fix: fix.to_owned() }
    }
}

/// What is wrong with a value; null is nothing, and what a template fills in can't be judged.
pub(crate) fn problem(kind: &str, node: &Node) -> Option<Problem> {
    if node.is_null() {
        return None;
    }
    match (kind, &node.value) {
        ("section" | "map", Value::List(_)) => Some(Problem::wrong_type("a list", "keys", "write keys without dashes")),
        ("list", Value::Map(_)) => Some(Problem::wrong_type("keys", "a list", "put a dash before each item")),
        ("section" | "map", Value::Scalar(scalar)) => {
            let judged = !is_template(&scalar.text);
            judged.then(|| Problem::wrong_type(&shown(scalar), "keys", "write its keys indented below it"))
        }
        ("list", Value::Scalar(scalar)) => {
            let judged = !is_template(&scalar.text);
            judged
                .then(|| Problem::wrong_type(&shown(scalar), "a list", "write `- ` before the value, on a line below"))
        }
        ("bool" | "int" | "uint" | "float" | "duration" | "string", Value::List(_)) => {
            Some(Problem::wrong_type("a list", "one value", "write one value"))
        }
        ("bool" | "int" | "uint" | "float" | "duration" | "string", Value::Map(_)) => {
            Some(Problem::wrong_type("keys", "one value", "write one value"))
        }
        (_, Value::Scalar(scalar)) if !is_template(&scalar.text) => scalar_problem(kind, scalar),
        _ => None,
    }
}

fn scalar_problem(kind: &str, scalar: &Scalar) -> Option<Problem> {
    let text = scalar.text.as_str();
    match kind {
        "bool" if !(scalar.plain && boolean(text).is_some()) => {
            Some(Problem::wrong_type(&shown_value(text), "true or false", "write true or false, without quotes"))
        }
        "int" | "float" if !(scalar.plain && number(text).is_some()) => {
            Some(Problem::wrong_type(&shown_value(text), "a number", "write a number, without unit and quotes"))
        }
        "uint" if !(scalar.plain && number(text).is_some_and(|value| value >= 0.0)) => Some(Problem::wrong_type(
            &shown_value(text),
            "a number from 0",
            "write a number, without sign, unit and quotes",
        )),
        "duration" if !is_duration(text) => {
            let bare = scalar.plain && number(text).is_some();
            let fix = if bare {
                format!("write {text}s if seconds are meant")
            } else {
                "write it as in 500ms, 30s, 5m".into()
            };
            Some(Problem {
                rule: "duration_without_unit",
                found: shown_value(text),
                expected: "a number with a unit",
                fix,
            })
        }
        _ => None,
    }
}

/// What stands where a section or list belongs may be a secret: it is not repeated.
fn shown(scalar: &Scalar) -> String {
    format!("a text of {} characters", scalar.text.chars().count())
}

/// A value that was meant for another key may be a secret too: what is long, or looks like an address with a user, is
/// counted only.
pub(crate) fn shown_value(text: &str) -> String {
    const CHARACTERS_MAX: usize = 24;
    match text.chars().count() > CHARACTERS_MAX || text.contains(['@', '?']) {
        true => format!("a text of {} characters", text.chars().count()),
        false => text.to_owned(),
    }
}
