//! `KEY=VALUE` lines as variables with their lines.

use crate::env_file::EnvFile;

/// One variable.
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
    /// The line of the name, on which the value starts too.
    pub(crate) line: usize,
}

/// Every assignment, as Compose reads it.
pub(crate) fn of(file: &EnvFile) -> Vec<Variable> {
    let variable = |assignment: &crate::env_file::Assignment| Variable {
        name: assignment.name.clone(),
        value: assignment.value(),
        line: assignment.line,
    };
    file.assignments().map(variable).collect()
}
