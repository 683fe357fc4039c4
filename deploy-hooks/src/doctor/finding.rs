//! What was found, and how it is printed.

use serde::Serialize;
use std::fmt::Write as _;

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Something that not every run needs.
    Warn,
    /// Nothing works without it.
    Lacks,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Lacks => "lacks",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What it belongs to.
    pub group: &'static str,
    /// How grave it is.
    pub state: State,
    /// What was found.
    pub what: String,
    /// The command that mends it, or a sentence where no command does.
    pub mend: Option<String>,
}

/// For people: a line each, by group.
pub(super) fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    let mut group = "";
    for finding in findings {
        if finding.group != group {
            group = finding.group;
            let _ = writeln!(text, "{group}");
        }
        let mend = finding.mend.as_ref().map(|mend| format!("; {mend}")).unwrap_or_default();
        let _ = writeln!(text, "  {:<6} {}{mend}", finding.state.word(), finding.what.replace('\n', " "));
    }
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (lacks, warn) = (count(State::Lacks), count(State::Warn));
    let verdict = if lacks == 0 { "READY" } else { "NOT READY" };
    let _ = writeln!(text, "{verdict}   {} ok, {warn} warn, {lacks} lacks", count(State::Ok));
    text
}

/// For programs.
pub(super) fn json(findings: &[Finding]) -> serde_json::Value {
    serde_json::json!({ "format": 1, "ready": ready(findings), "findings": findings })
}

/// Whether nothing that is required is lacking.
pub(super) fn ready(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.state != State::Lacks)
}
