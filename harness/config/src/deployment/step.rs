//! Something that is run: a program with its arguments, a bound on its time, and what it waits for.

use serde::Deserialize;
use std::collections::BTreeSet;

/// A week: longer than any call.
const TIMEOUT_S_MAX: u64 = 7 * 86_400;

/// One command line. There is no shell between: what is written is what is executed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name in journal and output.
    pub name: String,
    /// Program and arguments.
    pub run: Vec<String>,
    /// After so many seconds it is killed, with everything that it started, and counts as failed.
    pub timeout_s: u64,
    /// Names of steps that must have succeeded before. Steps that wait for nobody run side by side.
    #[serde(default)]
    pub after: Vec<String>,
}

/// Steps before and after a switch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// Before anything moves.
    #[serde(default)]
    pub before: Vec<Step>,
    /// After traffic has moved; a red one takes it back.
    #[serde(default)]
    pub after: Vec<Step>,
}

impl Step {
    pub(super) fn problems(&self, place: &str) -> Vec<String> {
        let mut problems = Vec::new();
        if self.name.trim().is_empty() {
            problems.push(format!("{place} has a step without a name; write `name:`"));
        }
        if self.run.first().is_none_or(|program| program.trim().is_empty()) {
            problems.push(format!("{place}.{} runs nothing; `run` is a list: [program, argument, …]", self.name));
        }
        if self.timeout_s > TIMEOUT_S_MAX {
            problems.push(format!("{place}.{}.timeout_s is more than {TIMEOUT_S_MAX}, a week; write less", self.name));
        }
        if self.timeout_s == 0 {
            problems.push(format!(
                "{place}.{}.timeout_s is 0, and nothing ends that soon; write after how many seconds it is killed",
                self.name
            ));
        }
        problems
    }
}

impl Steps {
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (place, steps) in [("checks.before", &self.before), ("checks.after", &self.after)] {
            let mut known: BTreeSet<&str> = BTreeSet::new();
            for step in steps {
                problems.extend(step.problems(place));
                // Only what stands above can be waited for, and so nothing waits in a circle.
                for other in step.after.iter().filter(|other| !known.contains(other.as_str())) {
                    problems
                        .push(format!("{place}.{} waits for {other:?}, and no step above has that name; name one above, or move it down", step.name));
                }
                if !known.insert(&step.name) {
                    problems.push(format!("{place} has two steps called {:?}; rename one", step.name));
                }
            }
        }
        problems
    }
}
