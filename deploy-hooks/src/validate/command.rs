//! `greenlight validate` on the command line.

use super::category::{Category, Level};
use super::live::{Ran, run as run_live, wanted};
use super::{files, write};
use crate::beside::Beside;
use crate::clock::timestamp;
use crate::failure::Failure;
use crate::output::print;
use crate::plan::{BetweenArgs, SeeArgs, standing};
use clap::Args;
use greenlight_reports::{CheckResult, Exit, Outcome, Report};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Says pass or fail for each check of a category: the files of a deployment, and the deployment itself.
///
/// Files are looked at in DIR. What serves is tested by greenlight-verify: the deployment at --url or LIVEKIT_URL, safely;
/// else a staging in containers. Both come into one report.
#[derive(Debug, Args)]
#[command(after_help = "\
Categories: configuration, services, api, auth, sip, database, monitoring, performance. Levels: config looks at files
only; health adds the smoke set; integration everything that neither loads the target nor ends parts of it; e2e
everything that the target allows.

Such a report is not signed and opens no gate: `greenlight verify --sign-key` makes one that does.

Exit codes: those of `greenlight verify`; 1 a check failed, 4 nothing was there to be looked at.

Examples:
  greenlight validate --full
  greenlight validate ops/ --category configuration --level config
  greenlight validate ops/ --full --level config --from 1.7.0     # what has changed since, too
  greenlight validate --category sip --url wss://livekit.example.com --output validation.json
  greenlight validate --category auth --level health -- --target containers")]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) see: SeeArgs,

    #[command(flatten)]
    pub(crate) between: BetweenArgs,

    /// Every category.
    #[arg(long, required_unless_present = "category", conflicts_with = "category")]
    pub(crate) full: bool,

    /// One category; may be given several times.
    #[arg(long, value_enum, value_name = "CATEGORY", value_delimiter = ',')]
    pub(crate) category: Vec<Category>,

    /// How deep.
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "e2e")]
    pub(crate) level: Level,

    /// Also write the report to this file: .json, .xml (JUnit) or .html.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Where the report goes in every format; what greenlight-verify writes is below, in `live`.
    #[arg(long, value_name = "DIR", default_value = "target/greenlight-validate")]
    pub(crate) out: PathBuf,

    /// For greenlight-verify, such as `--target containers` or `--ca FILE`.
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub(crate) arguments: Vec<OsString>,
}

/// Runs it.
///
/// # Errors
/// [`Failure`], as the command says.
pub(crate) async fn run(args: &ValidateArgs) -> Result<Exit, Failure> {
    let started = timestamp();
    if let Some(file) = &args.output {
        write::ending(file)?;
    }
    let chosen: BTreeSet<Category> = args.category.iter().copied().collect();
    let is_chosen = |category: Category| args.full || chosen.contains(&category);
    if args.between.is_given() && !is_chosen(Category::Configuration) {
        return Err(Failure::usage(
            "what has changed since --from VERSION belongs to the category configuration; add it, or leave --from out",
        ));
    }
    let standing = standing(&args.see, &args.between).await?;
    let files = files::results(&standing, &is_chosen);
    for one in &standing.passed_over {
        say!("not seen {one}");
    }
    let (ids, ran) = live(args, &is_chosen).await?;
    let report = write::report(started, &standing, files, ran.as_ref(), &ids)?;
    write::folder(&report, &args.out)?;
    if let Some(file) = &args.output {
        write::one(&report, file)?;
    }
    print(&text(&report, args))?;
    let exit = report.exit();
    // Why there is no report of what serves says more than that it is missing.
    match ran {
        Some(Ran { report: None, exit: why }) if why != Exit::Passed && exit != Exit::Failed => Ok(why),
        _ => Ok(exit),
    }
}

/// The checks of what serves, and how they went; nothing where none is wanted.
async fn live(
    args: &ValidateArgs,
    is_chosen: &dyn Fn(Category) -> bool,
) -> Result<(Vec<String>, Option<Ran>), Failure> {
    if args.level == Level::Config {
        if let Some(first) = args.arguments.first() {
            return Err(Failure::usage(format!(
                "{} is for greenlight-verify, and --level config asks nothing of any deployment; leave one of them out",
                first.to_string_lossy()
            )));
        }
        return Ok((Vec::new(), None));
    }
    let beside = Beside::find().await?;
    let ids = wanted(&beside, &args.arguments, args.level, is_chosen).await?;
    if ids.is_empty() {
        return Ok((ids, None));
    }
    let mut arguments: Vec<OsString> = Vec::new();
    let see = &args.see;
    let mut give = |name: &str, value: Option<OsString>| {
        arguments.extend(value.into_iter().flat_map(|value| [name.into(), value]))
    };
    give("--url", see.url.clone().map(OsString::from));
    give("--ca", see.ca.clone().map(PathBuf::into_os_string));
    give("--token-file", see.token_file.clone().map(PathBuf::into_os_string));
    arguments.extend(args.arguments.iter().cloned());
    let ran = run_live(&beside, &arguments, &ids, &args.out.join("live")).await?;
    Ok((ids, Some(ran)))
}

/// So many that did not run are named: without a target it is every one of them.
const NOT_RUN_MAX: usize = 3;

/// What is red and what warns, one after the other, and the verdict.
fn text(report: &Report, args: &ValidateArgs) -> String {
    let mut out = String::new();
    let (mut not_run, more) = (0, report.counts.not_run.saturating_sub(NOT_RUN_MAX));
    for result in &report.results {
        not_run += usize::from(result.outcome == Outcome::NotRun);
        if result.outcome == Outcome::NotRun && not_run > NOT_RUN_MAX {
            continue;
        }
        let word = match result.outcome {
            Outcome::Failed => "FAILED ",
            Outcome::Errored => "ERRORED",
            Outcome::Warned => "WARNED ",
            Outcome::NotRun => "NOT RUN",
            Outcome::Skipped => "skipped",
            Outcome::Passed => "passed ",
        };
        let quiet = matches!(result.outcome, Outcome::Passed | Outcome::Skipped) && !result.id.starts_with("files.");
        if !quiet {
            let _ = writeln!(out, "{word}  {}  {}", result.id, result.reason().unwrap_or_default());
            lines(result, &mut out);
        }
    }
    if more > 0 {
        let _ = writeln!(out, "NOT RUN  and {more} more");
    }
    let _ = writeln!(out, "{}", crate::report::verdict(report));
    let _ = writeln!(out, "report   {}", args.out.join("index.html").display());
    out
}

/// Every finding about files; of other checks the failure.
fn lines(result: &CheckResult, out: &mut String) {
    let Some(failure) = result.failure() else { return };
    let log = result.attempts.last().map(|attempt| attempt.log.as_str()).unwrap_or_default();
    if result.id.starts_with("files.") {
        log.lines().filter(|line| !line.starts_with(files::SEEN)).for_each(|line| _ = writeln!(out, "  {line}"));
        return;
    }
    let _ = writeln!(
        out,
        "  hurts     {}\n  found     {}\n  expected  {}\n  fix       {}",
        failure.what, failure.found, failure.expected, failure.fix
    );
}
