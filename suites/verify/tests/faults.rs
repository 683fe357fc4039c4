//! Every planted fault, each on a staging of its own: it lands (seen by its probe), turns exactly its root and its
//! consequences red, the root blames the right component, and when it is undone the root is green again.
//!
//! Needs a container engine; without one each fault is shown as ignored, and with `CI` set that is an error.

use anyhow::{Context as _, Result, ensure};
use greenlight_fixtures::{Engine, PlantedFault, Staging, catalogue};
use greenlight_harness::config::{ExpectedSkips, StagingTests};
use greenlight_harness::reports::{Outcome, Report};
use greenlight_harness::{Check, Interrupt, Options, Run};
use greenlight_suites::checks;
use greenlight_verify::new_run_id;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // A staging at a time: the timing of a loaded machine is not what is tested here.
    arguments.test_threads = Some(1);
    if arguments.list {
        return libtest_mimic::run(&arguments, trials(|_| Ok(Completion::Completed))).exit_code();
    }
    let setup = || -> Result<_> {
        let runtime = Arc::new(Runtime::new()?);
        let interrupt = {
            let _context = runtime.enter();
            greenlight_harness::init()?
        };
        Ok((runtime, interrupt))
    };
    let (runtime, interrupt) = match setup() {
        Ok(ready) => ready,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(101);
        }
    };
    match runtime.block_on(Engine::connect()) {
        Ok(engine) => {
            let run = move |fault| match prove(fault, &engine, &runtime, &interrupt) {
                Ok(()) => Ok(Completion::Completed),
                Err(error) => Err(Failed::from(format!("{error:#}"))),
            };
            libtest_mimic::run(&arguments, trials(run)).exit_code()
        }
        Err(missing) if std::env::var_os("CI").is_some() => {
            eprintln!("error: {missing}");
            ExitCode::from(101)
        }
        Err(missing) => {
            eprintln!("NOTHING IS TESTED: {missing}");
            let ignored = |_| Ok(Completion::ignored_with("no container engine answers"));
            libtest_mimic::run(&arguments, trials(ignored)).exit_code()
        }
    }
}

fn trials(run: impl Fn(PlantedFault) -> Result<Completion, Failed> + Clone + Send + 'static) -> Vec<Trial> {
    let trial = |fault: &PlantedFault| {
        let (fault, run) = (*fault, run.clone());
        Trial::ignorable_test(fault.fault.name(), move || run(fault))
    };
    catalogue().iter().map(trial).collect()
}

fn prove(fault: PlantedFault, engine: &Engine, runtime: &Runtime, interrupt: &Interrupt) -> Result<()> {
    let run_id = new_run_id();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fault-{}-{run_id}", fault.fault));
    let config = StagingTests::shipped()?;
    let logs = folder.join("containers");
    let mut staging = runtime.block_on(Staging::start(engine, &run_id, &config, &logs, interrupt))?;
    let proven = prove_on(fault, &mut staging, runtime, interrupt);
    runtime.block_on(staging.stop())?;
    proven.with_context(|| format!("{}; container logs: {}", fault.fault, folder.display()))?;
    Ok(std::fs::remove_dir_all(&folder)?)
}

fn prove_on(fault: PlantedFault, staging: &mut Staging, runtime: &Runtime, interrupt: &Interrupt) -> Result<()> {
    let planted = runtime.block_on(fault.plant(staging))?;
    let report = run(&checks(), staging, runtime, interrupt)?;
    ensure!(runtime.block_on(planted.landed(staging))?, "the fault was gone before the run had ended");
    demand(fault, &report)?;

    runtime.block_on(planted.undo(staging))?;
    let root: Vec<_> = checks().into_iter().filter(|check| check.id == fault.root).collect();
    let healed = run(&root, staging, runtime, interrupt)?;
    ensure!(healed.counts.passed == 1, "the root is still red after the fault was undone: {}", describe(&healed));
    Ok(())
}

fn run(checks: &[&'static Check], staging: &Staging, runtime: &Runtime, interrupt: &Interrupt) -> Result<Report> {
    let options = Options {
        run_id: new_run_id(),
        seed: rand::random(),
        retries: 0,
        journal: None,
        planted: None,
        waivers: vec![],
        blind: false,
        on_result: |_| {},
    };
    let run = Run::new(staging.target().clone(), checks, options, ExpectedSkips::shipped()?, interrupt.clone())?;
    let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("libtest-{}.log", staging.run_id()));
    let logfile = Some(log.display().to_string());
    // One check at a time: behind a round robin, which node a request reaches depends on what runs beside it.
    let arguments = Arguments { test_threads: Some(1), logfile, ..Arguments::default() };
    let _red = libtest_mimic::run(&arguments, run.trials(runtime.handle()));
    std::fs::remove_file(log)?;
    Ok(runtime.block_on(run.finish())?)
}

/// The root is `Failed` and blames the fault's component; red are exactly root and consequences.
fn demand(fault: PlantedFault, report: &Report) -> Result<()> {
    let root = report.results.iter().find(|result| result.id == fault.root).context("the root did not run")?;
    ensure!(root.outcome == Outcome::Failed, "the root is {}: {}", root.outcome.word(), describe(report));
    let blame = root.failure().map(|failure| failure.blame);
    ensure!(blame == Some(fault.blame), "the root blames {blame:?} instead of {:?}", fault.blame);

    let red: BTreeSet<&str> =
        report.results.iter().filter(|result| result.outcome.is_red()).map(|result| result.id.as_str()).collect();
    let expected: BTreeSet<&str> = fault.consequences.iter().copied().chain([fault.root]).collect();
    ensure!(
        red == expected,
        "not red: {:?}, red without being expected: {:?}\n{}",
        expected.difference(&red).collect::<Vec<_>>(),
        red.difference(&expected).collect::<Vec<_>>(),
        describe(report)
    );
    Ok(())
}

fn describe(report: &Report) -> String {
    let mut lines = Vec::new();
    for result in &report.results {
        let reason = result.attempts.last().and_then(|attempt| attempt.reason.clone());
        let text = result.failure().map(|failure| format!("{} (found {})", failure.what, failure.found)).or(reason);
        lines.push(format!("  {:<8} {} {}", result.outcome.word(), result.id, text.unwrap_or_default()));
    }
    lines.join("\n")
}
