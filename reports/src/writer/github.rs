//! GitHub Actions: the summary of a job and annotations at the checks' sources, within GitHub's limits.

use super::blame::deepest_first;
use crate::text::{one_line, printable, shorten};
use crate::{CheckResult, Counts, Outcome, Report, RunVerdict};

/// GitHub refuses a summary above 1 MiB per step, and near that limit drops it without a word.
pub const SUMMARY_BYTES_MAX: usize = 900 * 1024;
/// GitHub shows no more annotations of a kind per step.
const ANNOTATIONS_MAX: usize = 10;
const MESSAGE_BYTES_MAX: usize = 4_000;
const CELL_BYTES_MAX: usize = 1_000;
/// Kept free for the line that says what was cut.
const CUT_BYTES: usize = 2 * CELL_BYTES_MAX * 6 + 200;

/// The report as markdown for `GITHUB_STEP_SUMMARY`, never longer than `bytes_max` bytes: the verdict first, then what
/// is not fine. What does not fit is counted in the last line, which names `whole`, the place of the whole report.
/// When not even the verdict fits, that line is all there is, or nothing.
pub fn github_summary(report: &Report, whole: &str, bytes_max: usize) -> String {
    let mut page = Page { text: String::new(), bytes_max: bytes_max.min(SUMMARY_BYTES_MAX), left_out: 0 };
    page.block(&head(report));
    let of = |outcome: Outcome| -> Vec<&CheckResult> {
        report.results.iter().filter(|result| result.outcome == outcome).collect()
    };
    page.table("Failed", &deepest_first(report, |result| result.outcome == Outcome::Failed));
    page.table("Not found out", &of(Outcome::Errored));
    page.table("Not run", &of(Outcome::NotRun));
    page.table("Warnings", &of(Outcome::Warned));
    page.table("Skipped", &of(Outcome::Skipped));
    for room in &report.leftovers {
        page.block(&format!("- left on the target: {}\n", cell(room)));
    }
    page.end(whole)
}

/// Text that grows by whole blocks up to a limit.
struct Page {
    text: String,
    bytes_max: usize,
    left_out: usize,
}

impl Page {
    fn block(&mut self, block: &str) {
        if self.left_out == 0 && self.text.len() + block.len() + CUT_BYTES <= self.bytes_max {
            self.text.push_str(block);
        } else {
            self.left_out += 1;
        }
    }

    fn table(&mut self, title: &str, results: &[&CheckResult]) {
        for (index, result) in results.iter().enumerate() {
            let heading = format!(
                "\n### {title} ({})\n\n| Check | What | Fix | Blame |\n| --- | --- | --- | --- |\n",
                results.len()
            );
            let row = row(result);
            self.block(&if index == 0 { heading + &row } else { row });
        }
    }

    fn end(mut self, whole: &str) -> String {
        let whole = cell(whole);
        let last = match self.left_out {
            0 => format!("\nThe whole report: {whole}\n"),
            count => format!("\n**Cut here: {count} more entries do not fit.** The whole report: {whole}\n"),
        };
        if self.text.len() + last.len() <= self.bytes_max {
            self.text.push_str(&last);
        }
        self.text
    }
}

fn head(report: &Report) -> String {
    let header = &report.header;
    let symbol = match report.verdict {
        RunVerdict::Passed => "✅",
        RunVerdict::Failed => "❌",
        RunVerdict::Inconclusive | RunVerdict::Incomplete => "❔",
    };
    let word = report.verdict.word().to_uppercase();
    let mut text = format!("## {symbol} Greenlight: {word}\n\n");
    if header.target.kind == "emulator" {
        text.push_str(&format!("**{}**\n\n", crate::TargetInfo::SELF_TEST));
    }
    if let Some(fault) = &header.target.planted {
        text.push_str(&format!("**PLANTED FAULT: {}. Red is what this run should be.**\n\n", cell(fault)));
    }
    if let Some(why) = report.unexplained() {
        text.push_str(&format!("No check is red, and this is no pass: {why}.\n\n"));
    }
    let Counts { passed, warned, failed, errored, skipped, not_run, flaky } = report.counts;
    text.push_str(&format!(
        "{failed} failed, {errored} errored, {not_run} not run, {warned} warned, {passed} passed ({flaky} flaky), \
         {skipped} skipped\n\n{} at {}, run {}\n",
        cell(&header.target.kind),
        cell(&header.target.url),
        cell(&header.run_id)
    ));
    text
}

fn row(result: &CheckResult) -> String {
    let (what, fix, blame) = match result.failure() {
        Some(failure) => {
            let what = format!("{} (found {}, expected {})", failure.what, failure.found, failure.expected);
            let waived = result.waiver().map(|waiver| {
                format!(" Waived by {} until {}: {} ({})", waiver.owner, waiver.until, waiver.reason, waiver.link)
            });
            (what + &waived.unwrap_or_default(), failure.fix.as_str(), failure.blame.to_string())
        }
        None => (result.reason().unwrap_or_default().to_owned(), "", String::new()),
    };
    format!("| {} | {} | {} | {} |\n", cell(&result.id), cell(&what), cell(fix), cell(&blame))
}

/// Text as markdown shows it literally, in one line, so that it can stand in a table.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in shorten(&printable(text), CELL_BYTES_MAX).chars() {
        match c {
            '&' => cell.push_str("&amp;"),
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '\n' | '\t' => cell.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' | '!' => cell.extend(['\\', c]),
            c => cell.push(c),
        }
    }
    cell
}

/// Annotations as workflow commands, one line each, without line ends: at most ten errors and then at most ten
/// warnings, the heaviest first; the last one of a kind names what did not fit.
pub fn github_annotations(report: &Report) -> Vec<String> {
    let mut errors = deepest_first(report, |result| result.outcome == Outcome::Failed);
    for outcome in [Outcome::Errored, Outcome::NotRun] {
        errors.extend(report.results.iter().filter(|result| result.outcome == outcome));
    }
    let mut errors: Vec<Annotation> = errors.into_iter().map(Annotation::of).collect();
    if let Some(why) = report.unexplained() {
        errors.push(Annotation { place: None, title: "greenlight".into(), message: why.into() });
    }
    let is_warning = |result: &CheckResult| result.outcome == Outcome::Warned || result.flaky;
    let mut warnings: Vec<Annotation> = deepest_first(report, is_warning).into_iter().map(Annotation::of).collect();
    warnings.extend(report.leftovers.iter().map(|room| Annotation {
        place: None,
        title: "left on the target".into(),
        message: room.clone(),
    }));
    let mut lines: Vec<String> = folded(errors).iter().map(|annotation| annotation.line("error")).collect();
    lines.extend(folded(warnings).iter().map(|annotation| annotation.line("warning")));
    lines
}

struct Annotation {
    place: Option<(String, u32)>,
    title: String,
    message: String,
}

impl Annotation {
    fn of(result: &CheckResult) -> Self {
        let message = match result.failure() {
            Some(failure) => format!(
                "{}\nfound {}, expected {}\nfix: {}\nblame: {}",
                failure.what, failure.found, failure.expected, failure.fix, failure.blame
            ),
            None if result.outcome == Outcome::NotRun => "the run ended before this check was started".to_owned(),
            None if result.flaky => "passed only when it was tried again".to_owned(),
            None => result.reason().unwrap_or("no reason was given").to_owned(),
        };
        let title = format!("{} {}", result.id, result.outcome.word());
        Self { place: Some((result.file.clone(), result.line)), title, message }
    }

    fn line(&self, kind: &str) -> String {
        let mut properties = Vec::new();
        if let Some((file, line)) = &self.place {
            properties.push(format!("file={}", property(file)));
            properties.push(format!("line={line}"));
        }
        properties.push(format!("title={}", property(&self.title)));
        format!("::{kind} {}::{}", properties.join(","), data(&shorten(&printable(&self.message), MESSAGE_BYTES_MAX)))
    }
}

/// What is more than GitHub shows goes into the last one that it does.
fn folded(mut all: Vec<Annotation>) -> Vec<Annotation> {
    if all.len() <= ANNOTATIONS_MAX {
        return all;
    }
    let rest = all.split_off(ANNOTATIONS_MAX - 1);
    let titles: Vec<&str> = rest.iter().map(|annotation| annotation.title.as_str()).collect();
    let title = format!("{} more", rest.len());
    all.push(Annotation { place: None, title, message: titles.join("\n") });
    all
}

/// The escaping of actions/toolkit, `escapeData` in packages/core/src/command.ts.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// `escapeProperty` of the same file.
fn property(text: &str) -> String {
    let text = printable(text);
    data(&shorten(one_line(&text), CELL_BYTES_MAX)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{SUMMARY_BYTES_MAX, github_annotations, github_summary};
    use crate::seal::tests::{passed, report, result};
    use crate::writer::foreign::any_report;
    use crate::{CheckResult, Component, Outcome};
    use proptest::prelude::*;

    fn many(count: usize, outcome: Outcome) -> Vec<CheckResult> {
        (0..count).map(|index| result(&format!("a.c{index}"), outcome)).collect()
    }

    #[test]
    fn the_summary_says_the_verdict_then_what_to_do() {
        let text = github_summary(
            &report(vec![passed("a.b"), result("a.c_d", Outcome::Failed)]),
            "out/index.html",
            usize::MAX,
        );
        assert_eq!(
            text,
            "## ❌ Greenlight: FAILED\n\n1 failed, 0 errored, 0 not run, 0 warned, 1 passed (0 flaky), 0 skipped\n\n\
             containers at wss://127.0.0.1:1, run k3f9\n\n### Failed (1)\n\n| Check | What | Fix | Blame |\n\
             | --- | --- | --- | --- |\n| a.c\\_d | a token was refused (found 401, expected 200) | compare the keys | \
             API keys |\n\nThe whole report: out/index.html\n"
        );
    }

    #[test]
    fn a_huge_summary_is_cut_between_rows_and_says_so() {
        let mut results = many(3_000, Outcome::Failed);
        for result in &mut results {
            result.attempts[0].failure.as_mut().expect("a failure").fix = "ä|".repeat(10_000);
        }
        let text = github_summary(&report(results), "out/index.html", usize::MAX);
        assert!(text.len() > 800_000 && text.len() <= 921_600, "{} bytes", text.len());
        let rows = text.lines().filter(|line| line.starts_with("| a.c")).count();
        let last = text.lines().last().expect("a line");
        assert_eq!(
            last,
            format!("**Cut here: {} more entries do not fit.** The whole report: out/index.html", 3_000 - rows)
        );
    }

    #[test]
    fn an_annotation_stands_at_the_source_and_is_escaped() {
        let mut failed = result("a.b", Outcome::Failed);
        failed.file = "suites,a:b.rs".into();
        failed.attempts[0].failure.as_mut().expect("a failure").what = "100 %\nof all: x,y".into();
        assert_eq!(
            github_annotations(&report(vec![failed])),
            ["::error file=suites%2Ca%3Ab.rs,line=7,title=a.b failed::100 %25%0Aof all: x,y%0Afound 401, \
              expected 200%0Afix: compare the keys%0Ablame: API keys"]
        );
    }

    #[test]
    fn the_heaviest_are_shown_and_the_rest_is_folded_into_the_last() {
        let mut results = many(12, Outcome::Failed);
        results[11].attempts[0].failure.as_mut().expect("a failure").blame = Component::Redis;
        results.insert(0, result("a.unknown", Outcome::Errored));
        results.push(result("a.warns", Outcome::Warned));
        let lines = github_annotations(&report(results));
        assert_eq!(lines.len(), 11);
        assert!(lines[0].contains("title=a.c11 failed"), "{}", lines[0]);
        assert_eq!(lines[9], "::error title=4 more::a.c8 failed%0Aa.c9 failed%0Aa.c10 failed%0Aa.unknown errored");
        assert!(lines[10].starts_with("::warning file="), "{}", lines[10]);
    }

    #[test]
    fn a_run_that_is_no_pass_has_an_error_of_its_own() {
        let mut changed = report(vec![passed("a.b")]);
        assert!(github_annotations(&changed).is_empty());
        changed.verdict = crate::RunVerdict::Inconclusive;
        let lines = github_annotations(&changed);
        assert!(lines[0].starts_with("::error title=greenlight::the target changed"), "{lines:?}");
        assert!(github_summary(&changed, "", usize::MAX).contains("INCONCLUSIVE"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn limits_hold_for_any_report(report in any_report(), bytes_max in 0..40_000_usize) {
            let lines = github_annotations(&report);
            for kind in ["::error ", "::warning "] {
                prop_assert!(lines.iter().filter(|line| line.starts_with(kind)).count() <= 10);
            }
            for line in &lines {
                prop_assert!(line.starts_with("::error ") || line.starts_with("::warning "));
                prop_assert!(!line.contains(['\n', '\r']));
            }
            let text = github_summary(&report, "here", bytes_max);
            prop_assert!(text.len() <= bytes_max);
            prop_assert!(github_summary(&report, "here", usize::MAX).len() <= SUMMARY_BYTES_MAX);
            prop_assert!(!text.contains("<script") && !text.contains("<img"));
        }
    }
}
