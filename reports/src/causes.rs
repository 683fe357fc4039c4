//! Which red checks go together: those that one known fault turns red, folded under the check that finds it first.
//!
//! Each known fault was planted in a real staging, and what turned red was written down. A report in which exactly such a
//! set is red looks as if that had happened. It is a likeness and no proof, and is shown as one.

use crate::{CheckResult, Outcome, Report};
use std::collections::BTreeSet;

/// A fault that was planted, and what turned red.
#[derive(Debug, Clone)]
pub struct KnownFault<'a> {
    /// Its name: `redis_stopped`.
    pub name: &'a str,
    /// The check that must find it first.
    pub root: &'a str,
    /// The others that turned red with it.
    pub consequences: Vec<&'a str>,
}

/// Red checks that look like one fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikelyCause {
    /// The fault's name.
    pub fault: String,
    /// The check to begin with.
    pub root: String,
    /// What is red with it, in the report's order; never empty.
    pub consequences: Vec<String>,
}

/// Folds red checks under roots: the fault that explains most comes first, and a check is folded once. A fault of which
/// something was looked at and is not red explains nothing.
pub fn likely_causes(report: &Report, known: &[KnownFault<'_>]) -> Vec<LikelyCause> {
    let looked_at = |id: &str| report.results.iter().find(|result| result.id == id && was_looked_at(result));
    let mut red: BTreeSet<&str> =
        report.results.iter().filter(|result| result.outcome.is_red()).map(|result| result.id.as_str()).collect();
    let all_red = red.clone();
    let mut causes = Vec::new();
    loop {
        let fits = |fault: &&KnownFault<'_>| {
            let is_found = looked_at(fault.root).is_some_and(|root| root.outcome == Outcome::Failed);
            let others_red = fault.consequences.iter().all(|id| looked_at(id).is_none() || all_red.contains(id));
            is_found && red.contains(fault.root) && others_red
        };
        let explained = |fault: &KnownFault<'_>| fault.consequences.iter().filter(|id| red.contains(**id)).count();
        // The first of those that explain as much: `max_by_key` takes the last.
        let best = known.iter().filter(fits).rev().max_by_key(|fault| explained(fault));
        let Some(best) = best.filter(|best| explained(best) > 0) else { break };
        let folded: BTreeSet<&str> = best.consequences.iter().copied().filter(|id| red.contains(id)).collect();
        let in_order = report.results.iter().map(|result| result.id.as_str()).filter(|id| folded.contains(id));
        causes.push(LikelyCause {
            fault: best.name.to_owned(),
            root: best.root.to_owned(),
            consequences: in_order.map(str::to_owned).collect(),
        });
        red.retain(|id| *id != best.root && !folded.contains(id));
    }
    causes
}

fn was_looked_at(result: &CheckResult) -> bool {
    !matches!(result.outcome, Outcome::Skipped | Outcome::NotRun)
}

#[cfg(test)]
mod tests {
    use super::{KnownFault, LikelyCause, likely_causes};
    use crate::Outcome::{self, Errored, Failed, Passed, Skipped};
    use crate::seal::tests::{report, result};

    fn known() -> Vec<KnownFault<'static>> {
        vec![
            KnownFault { name: "node_stopped", root: "a.health", consequences: vec!["a.pair"] },
            KnownFault { name: "redis_stopped", root: "a.redis", consequences: vec!["a.health", "a.rooms", "a.pair"] },
        ]
    }

    fn folded(outcomes: &[(&str, Outcome)]) -> Vec<(String, String, String)> {
        let results = outcomes.iter().map(|(id, outcome)| result(id, *outcome)).collect();
        let shown = |cause: LikelyCause| (cause.fault, cause.root, cause.consequences.join(" "));
        likely_causes(&report(results), &known()).into_iter().map(shown).collect()
    }

    #[test]
    fn what_one_fault_turns_red_is_folded_under_its_root() {
        let whole =
            [("a.redis", Failed), ("a.health", Failed), ("a.rooms", Errored), ("a.pair", Failed), ("b.own", Failed)];
        let all = ("redis_stopped".into(), "a.redis".into(), "a.health a.rooms a.pair".into());
        assert_eq!(folded(&whole), [all]);
        // Something that this fault would turn red is green: it is another.
        let green = [("a.redis", Failed), ("a.health", Failed), ("a.rooms", Passed), ("a.pair", Failed)];
        assert_eq!(folded(&green), [("node_stopped".into(), "a.health".into(), "a.pair".into())]);
    }

    #[test]
    fn nothing_is_folded_under_what_was_not_found() {
        assert_eq!(folded(&[("a.redis", Errored), ("a.rooms", Failed)]), []);
        assert_eq!(folded(&[("a.redis", Failed), ("a.rooms", Skipped)]), []);
        assert_eq!(folded(&[("a.rooms", Failed), ("a.pair", Failed)]), []);
        // What was not looked at speaks neither for nor against it.
        let part = [("a.redis", Failed), ("a.rooms", Failed), ("a.pair", Skipped)];
        assert_eq!(folded(&part), [("redis_stopped".into(), "a.redis".into(), "a.rooms".into())]);
    }
}
