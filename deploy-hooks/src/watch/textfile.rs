//! Figures for Prometheus, as node_exporter's textfile collector reads them (its `--collector.textfile.directory`).

use super::finding::Finding;
use crate::failure::Failure;
use crate::files::write_whole;
use crate::notify::State;
use std::fmt::Write as _;
use std::path::Path;

/// The figures of one run. Where nothing is known there are no checks to count, and `greenlight_up` is 0: an alert on
/// `absent(greenlight_checks)` tells the two apart.
pub(super) fn text(environment: &str, tags: &str, finding: &Finding) -> String {
    let labels = format!("environment=\"{}\",tags=\"{}\"", escaped(environment), escaped(tags));
    let mut text = String::new();
    let up = u8::from(finding.state == State::Passing);
    let mut gauge = |name: &str, help: &str, lines: &[(String, String)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in lines {
            let _ = writeln!(text, "{name}{{{labels}}} {value}");
        }
    };
    let one = |value: String| [(labels.clone(), value)];
    gauge(
        "greenlight_up",
        "1 if every check of the last run passed, 0 if not or if that is not known.",
        &one(up.to_string()),
    );
    if let Some(report) = &finding.report {
        let counts = report.counts;
        let lines = [
            ("passed", counts.passed),
            ("warned", counts.warned),
            ("failed", counts.failed),
            ("errored", counts.errored),
            ("skipped", counts.skipped),
            ("not_run", counts.not_run),
        ]
        .map(|(outcome, count)| (format!("{labels},outcome=\"{outcome}\""), count.to_string()));
        gauge("greenlight_checks", "Checks of the last run by how they ended.", &lines);
    }
    gauge("greenlight_last_run_timestamp_seconds", "When the last run ended.", &one(finding.ended_unix_s.to_string()));
    let took = format!("{:.3}", finding.took.as_secs_f64());
    gauge("greenlight_run_duration_seconds", "How long the last run took.", &one(took));
    text
}

/// Prometheus' text format 0.0.4: backslash, quote and line feed are escaped in the value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Writes it, whole or not at all: the collector may read at any moment.
///
/// # Errors
/// When it can't be written.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if path.file_name().is_none() {
        return Err(Failure::usage("--textfile names no file"));
    }
    write_whole(path, text.as_bytes())
        .map_err(|error| Failure::unknown(format!("cannot write {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::watch::finding::Finding;
    use std::time::Duration;

    /// The same text was read back by prometheus/common's expfmt 0.70.1 (Go), which node_exporter uses: three families,
    /// the label's value as it was given here.
    #[test]
    fn labels_are_escaped_and_what_is_not_known_is_not_counted() {
        let mut finding = Finding::unknown("no report");
        (finding.took, finding.ended_unix_s) = (Duration::from_millis(1_500), 1_767_225_600);
        let expected = r#"# HELP greenlight_up 1 if every check of the last run passed, 0 if not or if that is not known.
# TYPE greenlight_up gauge
greenlight_up{environment="a\\b\"c\nd",tags="smoke"} 0
# HELP greenlight_last_run_timestamp_seconds When the last run ended.
# TYPE greenlight_last_run_timestamp_seconds gauge
greenlight_last_run_timestamp_seconds{environment="a\\b\"c\nd",tags="smoke"} 1767225600
# HELP greenlight_run_duration_seconds How long the last run took.
# TYPE greenlight_run_duration_seconds gauge
greenlight_run_duration_seconds{environment="a\\b\"c\nd",tags="smoke"} 1.500
"#;
        assert_eq!(text("a\\b\"c\nd", "smoke", &finding), expected);
    }
}
