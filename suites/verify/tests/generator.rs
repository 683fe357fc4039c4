//! A saturated generator measures itself: a check under load is inconclusive then, neither passed nor failed. With the
//! generator left alone, the same check passes on the same staging.
//!
//! The generator is saturated by an option of its job, which no run sets: every thread of the child computes.

use anyhow::{Context as _, Result, ensure};
use greenlight_fixtures::{Engine, Staging};
use greenlight_harness::config::{ExpectedSkips, StagingTests};
use greenlight_harness::reports::{Outcome, Report, RunVerdict};
use greenlight_harness::{Check, Interrupt, Options, Run};
use greenlight_verify::new_run_id;
use libtest_mimic::{Arguments, Completion, Trial};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::runtime::Runtime;

const NAME: &str = "a_saturated_generator_makes_nothing_known";

fn main() -> ExitCode {
    if let Some(exit) = greenlight_harness::load::child_if_asked() {
        return exit;
    }
    let test = || match run() {
        Ok(true) => Ok(Completion::Completed),
        Ok(false) => Ok(Completion::ignored_with("no container engine answers")),
        Err(error) => Err(format!("{error:#}").into()),
    };
    libtest_mimic::run(&Arguments::from_args(), vec![Trial::ignorable_test(NAME, test)]).exit_code()
}

/// Whether there was an engine to run it on.
fn run() -> Result<bool> {
    let runtime = Runtime::new()?;
    let engine = match runtime.block_on(Engine::connect()) {
        Ok(engine) => engine,
        Err(missing) if std::env::var_os("CI").is_some() => return Err(missing.into()),
        Err(_) => return Ok(false),
    };
    let interrupt = {
        let _context = runtime.enter();
        greenlight_harness::init()?
    };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("generator-{}", new_run_id()));
    let config = StagingTests::shipped()?;
    let run_id = new_run_id();
    let starting = Staging::start(&engine, &run_id, &config, &folder, &interrupt);
    let staging = runtime.block_on(starting)?;
    let seen = look(&runtime, &staging, &interrupt, &folder);
    runtime.block_on(staging.stop())?;
    seen.with_context(|| format!("container logs: {}", folder.display()))?;
    std::fs::remove_dir_all(&folder)?;
    Ok(true)
}

fn look(runtime: &Runtime, staging: &Staging, interrupt: &Interrupt, folder: &std::path::Path) -> Result<()> {
    let ids = ["performance.api_response_time", "performance.join_storm"];
    let checks: Vec<&Check> = greenlight_suites::checks().into_iter().filter(|check| ids.contains(&check.id)).collect();
    for saturated in [true, false] {
        let mut target = staging.target().clone();
        target.saturated_generator = saturated;
        let options = Options {
            run_id: new_run_id(),
            seed: 1,
            retries: 0,
            journal: None,
            planted: None,
            waivers: vec![],
            blind: false,
            recording: None,
            on_result: |_| {},
        };
        let run = Run::new(target, &checks, options, ExpectedSkips::default(), interrupt.clone())?;
        let logfile = Some(folder.join("libtest.log").display().to_string());
        let arguments = Arguments { test_threads: Some(1), logfile, ..Arguments::default() };
        let _red = libtest_mimic::run(&arguments, run.trials(runtime.handle()));
        let report = runtime.block_on(run.finish())?;
        ensure!(report.results.len() == ids.len(), "not every check ran");
        demand(&report, saturated)?;
    }
    Ok(())
}

fn demand(report: &Report, saturated: bool) -> Result<()> {
    for result in &report.results {
        let reason = result.attempts.last().and_then(|attempt| attempt.reason.clone()).unwrap_or_default();
        match saturated {
            true => {
                ensure!(result.outcome == Outcome::Errored, "{} is {}", result.id, result.outcome.word());
                ensure!(reason.contains("the load generator is saturated"), "{}: {reason}", result.id);
            }
            false => ensure!(result.outcome == Outcome::Passed, "{} is {}: {reason}", result.id, result.outcome.word()),
        }
    }
    let wanted = if saturated { RunVerdict::Inconclusive } else { RunVerdict::Passed };
    ensure!(report.verdict == wanted, "the verdict is {:?}", report.verdict);
    Ok(())
}
