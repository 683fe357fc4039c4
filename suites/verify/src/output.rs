//! What a run leaves: files in a folder, and lines for people.

use crate::command::TEST_IT;
use crate::emulated::SELF_TEST;
use crate::prove::naming;
use greenlight_fixtures::catalogue;
use greenlight_harness::reports::{
    CheckResult, KnownFault, LikelyCause, Outcome, Report, RunVerdict, ctrf, html, json, junit, likely_causes,
};
use greenlight_suites::checks;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The signature on report.json; it lies beside it.
pub(crate) const ATTESTATION: &str = "report.intoto.jsonl";
const FILES: [&str; 6] = ["report.json", ATTESTATION, "junit.xml", "index.html", "ctrf.json", "run.jsonl"];

/// The output folder, held by one run at a time and proven writable before anything is started.
pub struct OutDir {
    path: PathBuf,
    /// Locked as long as this lives.
    _lock: File,
}

impl OutDir {
    /// Creates the folder, takes its lock and removes what an earlier run left: an old report must never be taken for
    /// this run's.
    ///
    /// # Errors
    /// What is wrong and what to do, as one sentence.
    pub fn prepare(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let advice = "name a folder that can be written with --out";
        fs::create_dir_all(path)
            .map_err(|error| format!("cannot create the output folder {shown}: {error}; {advice}"))?;
        let lock = File::create(path.join(".lock"))
            .map_err(|error| format!("cannot write to the output folder {shown}: {error}; {advice}"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!(
                    "another run writes to {shown} at this moment; wait for it, or name another folder with --out"
                ));
            }
            Err(TryLockError::Error(error)) => return Err(format!("cannot lock {shown}: {error}; {advice}")),
        }
        for file in FILES {
            match fs::remove_file(path.join(file)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(format!("cannot remove the earlier {shown}/{file}: {error}; {advice}"));
                }
                _ => {}
            }
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A file of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFile {
    /// report.json, the one that is read back.
    Json,
    /// junit.xml.
    Junit,
    /// ctrf.json.
    Ctrf,
    /// index.html.
    Html,
}

impl ReportFile {
    /// All that a run writes.
    pub const ALL: &'static [Self] = &[Self::Json, Self::Junit, Self::Ctrf, Self::Html];
}

/// Writes these files, each whole or not at all.
///
/// # Errors
/// When a file can't be written.
pub fn write_files(folder: &Path, report: &Report, files: &[ReportFile]) -> io::Result<()> {
    files.iter().try_for_each(|file| match file {
        ReportFile::Json => write_whole(folder, "report.json", &json(report)?),
        ReportFile::Junit => write_whole(folder, "junit.xml", &junit(report)?),
        ReportFile::Ctrf => write_whole(folder, "ctrf.json", &ctrf(report)?),
        ReportFile::Html => write_whole(folder, "index.html", html(report, &causes(report)).as_bytes()),
    })
}

/// Writes a file whole or not at all.
pub(crate) fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let partial = folder.join(format!(".{name}.partial"));
    let mut file = File::create(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(partial, folder.join(name))
}

/// Red checks that look like one fault of the catalogue.
fn causes(report: &Report) -> Vec<LikelyCause> {
    let entries = catalogue();
    let known: Vec<KnownFault<'_>> = entries
        .iter()
        .map(|entry| {
            let others = naming(entry.fault).into_iter().map(|check| check.id).filter(|id| *id != entry.root);
            KnownFault { name: entry.fault.name(), root: entry.root, consequences: others.collect() }
        })
        .collect();
    likely_causes(report, &known)
}

/// One line per ended check, for progress.
pub fn result_line(result: &CheckResult) -> String {
    let flaky = if result.flaky { " (flaky)" } else { "" };
    format!("  {:<8} {:<54} {:>6} ms{flaky}", result.outcome.word(), result.id, result.duration_ms())
}

/// The report as text for people: suites, then whatever is not green with its fix, then the verdict.
pub fn print_report(report: &Report, folder: &Path) -> String {
    let is_emulator = report.header.target.kind == "emulator";
    let mut text = if is_emulator { format!("{SELF_TEST}\n") } else { String::new() };
    let mut suites: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for result in &report.results {
        *suites.entry(result.suite()).or_default().entry(result.outcome.word()).or_default() += 1;
    }
    for (suite, outcomes) in suites {
        let counts: Vec<String> = outcomes.iter().map(|(word, count)| format!("{count} {word}")).collect();
        let _ = writeln!(text, "  {suite:<16} {}", counts.join("   "));
    }
    let is_staging = report.header.target.kind == "containers";
    let causes = causes(report);
    let is_folded = |id: &String| causes.iter().any(|cause| cause.consequences.contains(id));
    let mut shown: Vec<&CheckResult> = report.results.iter().filter(|result| !is_folded(&result.id)).collect();
    shown.sort_by_key(|result| (gravity(result.outcome), result.id.as_str()));
    for result in shown.iter().filter(|result| is_staging || result.outcome != Outcome::Skipped) {
        text.push_str(&finding(result));
        for cause in causes.iter().filter(|cause| cause.root == result.id) {
            let (count, with) = (cause.consequences.len(), cause.consequences.join(", "));
            let _ = writeln!(text, "  with it   {count} more, as under the fault {}: {with}", cause.fault);
        }
    }
    if !is_staging {
        text.push_str(&not_seen(report));
    }
    for leftover in &report.leftovers {
        let _ = writeln!(text, "LEFT     {leftover} could not be removed from the target");
    }
    let _ = writeln!(text, "{}", verdict_line(report));
    let _ = writeln!(text, "report   {0}/index.html  {0}/report.json  {0}/junit.xml", folder.display());
    if let Some(first) = shown.first().filter(|result| result.outcome.is_red()) {
        let _ = writeln!(text, "next     cargo verify --test {0}      cargo verify --explain {0}", first.id);
    } else if is_emulator {
        let _ = writeln!(text, "next     {TEST_IT}");
    }
    text
}

/// What has to be mended comes first, in whatever order it was found out.
fn gravity(outcome: Outcome) -> usize {
    use Outcome::{Errored, Failed, NotRun, Passed, Skipped, Warned};
    [Failed, Errored, Warned, NotRun, Skipped, Passed].iter().position(|known| *known == outcome).unwrap_or_default()
}

/// Whom a false claim hurts, as the check's own documentation says.
fn hurts(id: &str) -> String {
    checks().iter().find(|check| check.id == id).map(|check| check.source.hurts()).unwrap_or_default()
}

/// What a deployment at its address does not show, by what would show it: the most first.
fn not_seen(report: &Report) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for result in report.results.iter().filter(|result| result.outcome == Outcome::Skipped) {
        *reasons.entry(result.reason().unwrap_or_default()).or_default() += 1;
    }
    let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut text = String::new();
    if !reasons.is_empty() {
        let _ = writeln!(text, "not seen {}", reasons.iter().map(|(_, count)| count).sum::<usize>());
    }
    for (reason, count) in reasons {
        let _ = writeln!(text, "  {count:>7}  {}", reason.strip_prefix("the target does not offer ").unwrap_or(reason));
    }
    text
}

fn finding(result: &CheckResult) -> String {
    let mut text = String::new();
    let reason = result.reason().unwrap_or_default();
    match (result.outcome, result.failure()) {
        (Outcome::Failed | Outcome::Warned, Some(failure)) => {
            let word = result.outcome.word().to_uppercase();
            let _ = writeln!(text, "{word:<8} {:<48} blame: {}", result.id, failure.blame);
            let hurts = hurts(&result.id);
            for (label, value) in [
                ("what", &failure.what),
                ("hurts", &hurts),
                ("found", &failure.found),
                ("expected", &failure.expected),
                ("fix", &failure.fix),
                ("at", &failure.at),
            ] {
                if value.is_empty() {
                    continue;
                }
                let _ = writeln!(text, "  {label:<9} {value}");
            }
            if let Some(waiver) = result.waiver() {
                let (reason, until, link) = (&waiver.reason, &waiver.until, &waiver.link);
                let _ = writeln!(text, "  waived    {reason}; until {until}, see {link} ({})", waiver.owner);
            }
        }
        (Outcome::Errored, _) => {
            let _ = writeln!(text, "ERRORED  {}\n  could not find out: {reason}", result.id);
        }
        (Outcome::Skipped, _) => {
            let _ = writeln!(text, "SKIPPED  {}: {reason}", result.id);
        }
        (Outcome::NotRun, _) => {
            let _ = writeln!(text, "NOT RUN  {}", result.id);
        }
        _ => {}
    }
    text
}

/// The verdict and the counts in one line.
pub(crate) fn verdict_line(report: &Report) -> String {
    let word = report.verdict.word().to_uppercase();
    let counts = report.counts;
    let mut parts = Vec::new();
    for (count, name) in [
        (counts.failed, "failed"),
        (counts.errored, "errored"),
        (counts.warned, "warned"),
        (counts.passed, "passed"),
        (counts.skipped, "skipped"),
        (counts.not_run, "not run"),
        (counts.flaky, "of them flaky"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {name}"));
        }
    }
    let unexplained = report.unexplained().filter(|_| report.verdict == RunVerdict::Inconclusive);
    let why = unexplained.map(|why| format!("   {why}")).unwrap_or_default();
    format!("{word:<8} {}{why}", parts.join(", "))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{FILES, OutDir, print_report};
    use greenlight_harness::reports::*;
    use std::path::Path;

    /// One failed check, one that did not run, and a room that was left.
    pub(crate) fn report() -> Report {
        let failure = Failure {
            what: "a token was refused".into(),
            found: "401".into(),
            expected: "200".into(),
            fix: "compare the keys".into(),
            blame: Component::Keys,
            at: "suites/src/a/b.rs:7".into(),
        };
        let attempt = Attempt {
            started: "2026-11-23T00:00:00.000Z".into(),
            duration_ms: 12,
            outcome: Outcome::Failed,
            measured: vec![],
            failure: Some(failure),
            reason: None,
            waiver: None,
            log: String::new(),
        };
        let result = |id: &str, outcome, attempts| CheckResult {
            id: id.into(),
            title: "a claim".into(),
            tags: vec![],
            file: "suites/src/a/b.rs".into(),
            line: 7,
            outcome,
            flaky: false,
            simulated: vec![],
            attempts,
        };
        let header = Header {
            run_id: "k3f9".into(),
            seed: 7,
            started: "2026-11-23T00:00:00.000Z".into(),
            ended: "2026-11-23T00:00:41.000Z".into(),
            tool: Tool { name: "greenlight-verify".into(), version: "0.1.0".into(), profile: "dev".into() },
            target: TargetInfo { kind: "containers".into(), url: "wss://127.0.0.1:1".into(), planted: None },
            interrupted: false,
        };
        let before = Identity { nodes: vec![], images: vec![], tls_pin: None };
        let subject = Subject { endpoints: vec![], before, restarts: vec![], after: None };
        let plan = Plan::new(vec!["a.b".into(), "a.c".into()]);
        let results = vec![result("a.b", Outcome::Failed, vec![attempt]), result("a.c", Outcome::NotRun, vec![])];
        let leftovers = vec!["glt-k3f9-a.b-room".to_owned()];
        Report::sealed(header, subject, plan, results, leftovers, &Redactor::default()).expect("a consistent report")
    }

    #[test]
    fn people_are_told_what_is_wrong_and_what_to_do() {
        let mut report = report();
        let text = print_report(&report, Path::new("out"));
        assert_eq!(
            text,
            "  a                1 failed   1 not_run
FAILED   a.b                                              blame: API keys
  what      a token was refused
  found     401
  expected  200
  fix       compare the keys
  at        suites/src/a/b.rs:7
NOT RUN  a.c
LEFT     glt-k3f9-a.b-room could not be removed from the target
INCOMPLETE 1 failed, 1 not run
report   out/index.html  out/report.json  out/junit.xml
next     cargo verify --test a.b      cargo verify --explain a.b
"
        );
        report.verdict = RunVerdict::Failed;
        assert!(print_report(&report, Path::new("out")).contains("\nFAILED   1 failed, 1 not run\n"));
    }

    #[test]
    fn every_format_is_written_whole_or_the_run_says_that_it_is_not() {
        let folder = tempfile::tempdir().expect("folder");
        super::write_files(folder.path(), &report(), super::ReportFile::ALL).expect("written");
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).expect("list").map(|entry| entry.expect("entry").file_name()).collect();
        names.sort();
        assert_eq!(names, ["ctrf.json", "index.html", "junit.xml", "report.json"]);
        std::fs::remove_file(folder.path().join("index.html")).expect("removed");
        std::fs::create_dir(folder.path().join("index.html")).expect("in the way");
        assert!(super::write_files(folder.path(), &report(), super::ReportFile::ALL).is_err());
    }

    #[test]
    fn a_folder_is_emptied_of_an_earlier_run_and_held_by_one_run() {
        let folder = tempfile::tempdir().expect("folder");
        for file in FILES {
            std::fs::write(folder.path().join(file), "old").expect("written");
        }
        let held = OutDir::prepare(folder.path()).expect("prepared");
        for file in ["report.json", "junit.xml", "index.html", "ctrf.json", "run.jsonl"] {
            assert!(!folder.path().join(file).exists(), "the old {file} is still there");
        }
        let second = OutDir::prepare(folder.path()).map(drop).expect_err("held by another run");
        assert!(second.contains("another run writes to"), "{second}");
        drop(held);
        assert!(OutDir::prepare(folder.path()).is_ok());
    }
}
