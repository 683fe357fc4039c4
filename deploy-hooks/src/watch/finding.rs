//! What one run has shown. Without a whole report of a run that ended as its verdict says, nothing is known.

use crate::notify::State;
use greenlight_reports::{Outcome, Report, RunVerdict};
use std::time::Duration;

/// So many red checks are named.
const NAMED_MAX: usize = 5;

/// What one run has shown.
#[derive(Debug)]
pub(super) struct Finding {
    /// How the target is.
    pub state: State,
    /// Why, in one line.
    pub summary: String,
    /// The run's id, if there is a report.
    pub run_id: String,
    /// The report, if it is whole and about an undisturbed run.
    pub report: Option<Report>,
    /// How long the run took.
    pub took: Duration,
    /// Its end, seconds since 1970.
    pub ended_unix_s: i64,
}

impl Finding {
    /// Nothing is known.
    pub(super) fn unknown(why: impl Into<String>) -> Self {
        let (run_id, report) = (String::new(), None);
        Self { state: State::Unknown, summary: why.into(), run_id, report, took: Duration::ZERO, ended_unix_s: 0 }
    }

    /// Of a run that ended with this status and left these bytes.
    pub(super) fn of(code: Option<i32>, report: Result<Vec<u8>, String>) -> Self {
        let ended = code.map_or_else(|| "was killed".to_owned(), |code| format!("ended with status {code}"));
        let unknown = |why: String| Self::unknown(format!("greenlight-verify {ended}: {why}"));
        let report = report.and_then(|bytes| greenlight_reports::open(&bytes).map_err(|error| error.to_string()));
        let report = match report {
            Ok(report) => report,
            Err(problem) => return unknown(format!("there is no whole report ({problem})")),
        };
        if report.header.tool.version != env!("CARGO_PKG_VERSION") {
            return unknown(format!("the report is of version {}", report.header.tool.version));
        }
        if report.header.interrupted {
            return unknown("the run was interrupted".to_owned());
        }
        if let Some(fault) = &report.header.target.planted {
            return unknown(format!("the fault {fault} was planted on purpose"));
        }
        let state = match report.verdict {
            RunVerdict::Passed => State::Passing,
            RunVerdict::Failed => State::Failing,
            RunVerdict::Inconclusive => State::Inconclusive,
            RunVerdict::Incomplete => State::Incomplete,
        };
        if code != Some(i32::from(report.exit().code())) {
            return unknown(format!("its report says {:?}", report.verdict));
        }
        let run_id = report.header.run_id.clone();
        Self { state, summary: summary(&report), run_id, report: Some(report), ..Self::unknown("") }
    }
}

/// Counts, and the first red checks with what was wrong.
fn summary(report: &Report) -> String {
    let counts = report.counts;
    let mut text: Vec<String> = [
        (counts.passed, "passed"),
        (counts.warned, "warned"),
        (counts.failed, "failed"),
        (counts.errored, "errored"),
        (counts.skipped, "skipped"),
        (counts.not_run, "not run"),
    ]
    .iter()
    .filter(|(count, word)| *count > 0 || *word == "passed")
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    let red: Vec<_> = report
        .results
        .iter()
        .filter(|result| matches!(result.outcome, Outcome::Failed | Outcome::Errored | Outcome::NotRun))
        .collect();
    let named = red.iter().take(NAMED_MAX).map(|result| {
        format!("{} {}: {}", result.outcome.word(), result.id, greenlight_reports::one_line(result.what()))
    });
    text = [vec![text.join(", ")], named.collect()].concat();
    if red.len() > NAMED_MAX {
        text.push(format!("and {} more", red.len() - NAMED_MAX));
    }
    text.join("; ")
}
