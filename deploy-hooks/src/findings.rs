//! Findings of the linter, as commands print them.

use greenlight_config::lint::{Finding, Level};
use std::fmt::Write as _;

/// What was found in one file.
#[derive(Debug)]
pub(crate) struct Linted {
    /// As it was named on the command line.
    pub(crate) file: String,
    pub(crate) findings: Vec<Finding>,
}

impl Linted {
    /// How many there are of a level.
    pub(crate) fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

/// The word of a level.
pub(crate) fn word(level: Level) -> &'static str {
    match level {
        Level::Wrong => "WRONG",
        Level::Risky => "RISKY",
    }
}

/// Four lines a finding, as failures of checks are shown.
pub(crate) fn text(linted: &Linted) -> String {
    let mut text = String::new();
    for finding in &linted.findings {
        let place = match finding.line {
            0 => linted.file.clone(),
            line => format!("{}:{line}", linted.file),
        };
        let _ = writeln!(text, "{}  {place}  {}", word(finding.level), finding.rule);
        let _ = writeln!(text, "  found     {}", finding.found);
        let _ = writeln!(text, "  hurts     {}", finding.what);
        let _ = writeln!(text, "  fix       {}", finding.fix);
    }
    text
}

/// For programs.
pub(crate) fn json(linted: &Linted) -> serde_json::Value {
    let findings = linted.findings.iter().map(|finding| {
        serde_json::json!({
            "rule": finding.rule, "line": finding.line, "level": word(finding.level).to_lowercase(),
            "found": finding.found, "what": finding.what, "fix": finding.fix,
        })
    });
    serde_json::json!({ "file": linted.file, "findings": findings.collect::<Vec<_>>() })
}
