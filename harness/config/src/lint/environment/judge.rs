//! All rules over all variables.

use super::variables::Variable;
use super::{config_body, keys, names, ports, values, variables, words_of_values};
use crate::lint::facts::Facts;
use crate::lint::findings::Findings;

/// Everything that is wrong with an environment.
pub(crate) fn check(text: &str, facts: &Facts, findings: &mut Findings) {
    check_variables(&variables::read(text), facts, findings);
}

/// The same for variables that stand in a file of another kind.
pub(crate) fn check_variables(variables: &[Variable], facts: &Facts, findings: &mut Findings) {
    names::check(variables, findings);
    values::check(variables, findings);
    ports::check(variables, facts, findings);
    keys::check(variables, findings);
    words_of_values::check(variables, facts, findings);
    config_body::check(variables, facts, findings);
}
