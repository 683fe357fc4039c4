//! What a run inside GitHub Actions tells GitHub, beside its files.

use greenlight_harness::reports::{Report, SUMMARY_BYTES_MAX, github_summary};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// Whether this process runs as a step of GitHub Actions, where annotations are read from standard output.
pub(crate) fn inside_actions() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Appends the summary to the file that GitHub shows with the job. What the step has written before counts for
/// GitHub's limit, so only what is left of it is used.
///
/// # Errors
/// When the file can't be written, as one sentence.
pub(crate) fn append_summary(file: &Path, report: &Report, folder: &Path) -> Result<(), String> {
    let failed = |error| format!("cannot append to GITHUB_STEP_SUMMARY, {}: {error}", file.display());
    let mut open = OpenOptions::new().create(true).append(true).open(file).map_err(failed)?;
    let used = usize::try_from(open.metadata().map_err(failed)?.len()).unwrap_or(usize::MAX);
    let whole = folder.join("index.html").display().to_string();
    let summary = github_summary(report, &whole, SUMMARY_BYTES_MAX.saturating_sub(used));
    open.write_all(summary.as_bytes()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::append_summary;
    use crate::output::tests::report;
    use std::path::Path;

    #[test]
    fn a_summary_is_added_to_what_the_step_wrote_and_stays_below_the_limit() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("summary.md");
        std::fs::write(&file, "before\n").expect("written");
        append_summary(&file, &report(), Path::new("out")).expect("appended");
        let text = std::fs::read_to_string(&file).expect("read");
        assert!(text.starts_with("before\n## ❔ Greenlight: INCOMPLETE"), "{text}");
        assert!(text.ends_with("The whole report: out/index.html\n"), "{text}");
        std::fs::write(&file, "x".repeat(921_600)).expect("written");
        append_summary(&file, &report(), Path::new("out")).expect("appended");
        assert_eq!(std::fs::metadata(&file).expect("metadata").len(), 921_600);
    }

    #[test]
    fn a_summary_that_can_not_be_written_is_an_error() {
        let folder = tempfile::tempdir().expect("folder");
        let error = append_summary(folder.path(), &report(), Path::new("out")).expect_err("a folder");
        assert!(error.contains("GITHUB_STEP_SUMMARY"), "{error}");
    }
}
