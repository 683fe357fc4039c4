//! `greenlight report`: what a report says, whether it is whole and signed, and what changed since another one.

use crate::failure::Failure;
use crate::files::read_at_most;
use crate::gate::{Files, REPORT_BYTES_MAX, public_key};
use crate::output::print;
use clap::Subcommand;
use greenlight_reports::{Exit, Report, compare, open, open_signed};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Shows, compares and verifies reports.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  greenlight report show target/greenlight/report.json
  greenlight report diff yesterday/report.json        # with the one of now, target/greenlight/report.json
  greenlight report verify --key config/greenlight.pub.pem")]
pub(crate) enum ReportCommand {
    /// Verdict, counts, subject, and every check that is not green. Exits as the run did.
    Show {
        /// report.json.
        #[arg(value_name = "FILE", default_value = "target/greenlight/report.json")]
        file: PathBuf,
    },
    /// What is newly red, mended, gone or slower. Exits 1 if something is newly red or nobody looks there any more.
    Diff {
        /// The report of before.
        earlier: PathBuf,
        /// The report of now.
        #[arg(value_name = "LATER", default_value = "target/greenlight/report.json")]
        later: PathBuf,
    },
    /// Whether the report is whole and signed by a key. Says nothing about its verdict: that is the gate's.
    Verify {
        /// report.json; its attestation lies beside it.
        #[arg(value_name = "FILE", default_value = "target/greenlight/report.json")]
        file: PathBuf,
        /// A public key in PEM; may be given several times.
        #[arg(long = "key", value_name = "FILE", required = true)]
        keys: Vec<PathBuf>,
    },
}

/// Runs it.
///
/// # Errors
/// [`Failure`].
pub(crate) fn run(command: &ReportCommand) -> Result<Exit, Failure> {
    match command {
        ReportCommand::Show { file } => show(file),
        ReportCommand::Diff { earlier, later } => diff(earlier, later),
        ReportCommand::Verify { file, keys } => verify(file, keys),
    }
}

fn read(file: &Path) -> Result<Report, Failure> {
    let refused = |what: &str, error: &dyn std::fmt::Display| {
        Failure::refused(format!(
            "{what}{}: {error}; name the report.json of a run that has ended, as `greenlight verify` writes it",
            file.display()
        ))
    };
    let bytes = read_at_most(file, REPORT_BYTES_MAX).map_err(|error| refused("cannot read ", &error))?;
    open(&bytes).map_err(|error| refused("", &error))
}

fn show(file: &Path) -> Result<Exit, Failure> {
    let report = read(file)?;
    let header = &report.header;
    let mut text = String::new();
    let _ = writeln!(text, "run      {}   {} to {}", header.run_id, header.started, header.ended);
    let _ = writeln!(text, "target   {} {}", header.target.kind, header.target.url);
    if let Some(fault) = &header.target.planted {
        let _ = writeln!(text, "PLANTED  {fault}");
    }
    for node in &report.subject.before.nodes {
        let config = node.config_sha256.as_deref().map(|sum| format!("   config {}", short(sum))).unwrap_or_default();
        let _ = writeln!(text, "node     {} {} {}{config}", node.name, node.version, node.node_id);
    }
    for image in &report.subject.before.images {
        let program =
            image.program_sha256.as_deref().map(|sum| format!("   program {}", short(sum))).unwrap_or_default();
        let _ = writeln!(text, "image    {} {}{program}", image.name, short(&image.id));
    }
    for result in report.results.iter().filter(|result| result.outcome != greenlight_reports::Outcome::Passed) {
        let _ = writeln!(text, "{:<8} {}   {}", result.outcome.word(), result.id, result.what());
    }
    let _ = writeln!(text, "{}", verdict(&report));
    print(&text)?;
    Ok(report.exit())
}

/// The verdict and how many results there are of each outcome.
pub(crate) fn verdict(report: &Report) -> String {
    let counts = report.counts;
    format!(
        "{:<8} {} passed, {} warned, {} failed, {} errored, {} skipped, {} not run",
        report.verdict.word().to_uppercase(),
        counts.passed,
        counts.warned,
        counts.failed,
        counts.errored,
        counts.skipped,
        counts.not_run
    )
}

fn short(sum: &str) -> String {
    sum.chars().take(19).collect()
}

fn diff(earlier: &Path, later: &Path) -> Result<Exit, Failure> {
    let found = compare(&read(earlier)?, &read(later)?);
    let mut text = String::new();
    for (word, ids) in [
        ("NEW RED", &found.newly_red),
        ("red", &found.still_red),
        ("mended", &found.mended),
        ("flaky", &found.flaky),
        ("added", &found.added),
        ("GONE", &found.gone),
        ("NOT RUN", &found.no_longer_run),
    ] {
        for id in ids {
            let _ = writeln!(text, "{word:<8} {id}");
        }
    }
    for (id, before, now) in &found.slower {
        let _ = writeln!(text, "slower   {id}   {before} ms, now {now} ms (one run each)");
    }
    if text.is_empty() {
        text.push_str("nothing changed\n");
    }
    print(&text)?;
    let worse = !(found.newly_red.is_empty() && found.gone.is_empty() && found.no_longer_run.is_empty());
    Ok(if worse { Exit::Failed } else { Exit::Passed })
}

fn verify(file: &Path, keys: &[PathBuf]) -> Result<Exit, Failure> {
    let keys = keys.iter().map(|file| public_key(file)).collect::<Result<Vec<_>, _>>()?;
    let files = Files::read(file)?;
    let evidence = files.evidence();
    let refused = |error: &dyn std::fmt::Display| Failure::refused(format!("{}: {error}", file.display()));
    let attestation = evidence.attestation.ok_or_else(|| refused(&"the report is not signed"))?;
    let (report, key) = open_signed(evidence.report, attestation, &keys).map_err(|error| refused(&error))?;
    print(&format!("whole and signed   run {}   key {key}\n", report.header.run_id))?;
    Ok(Exit::Passed)
}
