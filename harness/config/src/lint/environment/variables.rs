//! `KEY=VALUE` lines as variables with their lines.

use crate::env_file::{Assignment, EnvFile};
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

/// Every assignment, as Compose reads it.
pub(crate) fn of(file: &EnvFile) -> Vec<Variable> {
    let variable = |assignment: &Assignment| Variable {
        name: assignment.name.clone(),
        value: assignment.value(),
        line: assignment.line,
        lines: Lines { first: assignment.line, one_by_one: true },
    };
    file.assignments().map(variable).collect()
}
