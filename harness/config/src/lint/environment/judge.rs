//! All rules over all variables.

use super::variables::Variable;
use super::{as_a_file, clients, config_body, keys, lines, names, ports, values, variables, words_of_values};
use crate::env_file::EnvFile;
use crate::lint::facts::Facts;
use crate::lint::findings::Findings;

/// Everything that is wrong with an environment.
pub(crate) fn check(text: &str, facts: &Facts, findings: &mut Findings) {
    let file = EnvFile::parse(text);
    lines::check(&file, findings);
    check_variables(&variables::of(&file), facts, findings);
}

/// The same for variables that stand in a file of another kind.
pub(crate) fn check_variables(variables: &[Variable], facts: &Facts, findings: &mut Findings) {
    names::check(variables, findings);
    values::check(variables, findings);
    ports::check(variables, facts, findings);
    keys::check(variables, findings);
    words_of_values::check(variables, facts, findings);
    as_a_file::check(variables, facts, findings);
    clients::check(variables, findings);
    config_body::check(variables, facts, findings);
}
