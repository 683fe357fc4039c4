//! The results by suite, for the formats that are built of suites.

use crate::{CheckResult, Report};

/// Suites in the order of their first check, each with its results in the plan's order.
pub(super) fn of(report: &Report) -> Vec<(&str, Vec<&CheckResult>)> {
    let mut suites: Vec<(&str, Vec<&CheckResult>)> = Vec::new();
    for result in &report.results {
        match suites.iter_mut().find(|(name, _)| *name == result.suite()) {
            Some((_, results)) => results.push(result),
            None => suites.push((result.suite(), vec![result])),
        }
    }
    suites
}
