//! Planted faults, each on a staging of its own: it lands (seen by its probe), turns exactly the checks red that name it,
//! the root blames the right component, and when it is undone the root is green again.
//!
//! One fault of each kind runs here; the others are libtest's ignored tests, because `cargo xtask matrix` proves all of
//! them on one staging in a fraction of the time. `--include-ignored` runs them here too.
//!
//! Needs a container engine; without one each fault is shown as ignored, and with `CI` set that is an error.

use anyhow::{Context as _, Result, ensure};
use greenlight_fixtures::{Engine, PlantedFault, Staging, catalogue};
use greenlight_harness::config::StagingTests;
use greenlight_harness::{Fault, Interrupt};
use greenlight_verify::{Prover, new_run_id};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// One of each kind, of those that are seen soon: a part that is gone, a node with other keys, another certificate,
/// another balancer configuration, a lie about a token and a lie about an answer.
const ONE_OF_EACH: [Fault; 6] = [
    Fault::RedisStopped,
    Fault::SecretSwapped,
    Fault::CertificateExpired,
    Fault::CorsTwice,
    Fault::ExpiredTokensAccepted,
    Fault::RefusalsHidden,
];

fn main() -> ExitCode {
    if let Some(exit) = greenlight_harness::load::child_if_asked() {
        return exit;
    }
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
        let ignored = !ONE_OF_EACH.contains(&fault.fault);
        Trial::ignorable_test(fault.fault.name(), move || run(fault)).with_ignored_flag(ignored)
    };
    catalogue().iter().map(trial).collect()
}

fn prove(fault: PlantedFault, engine: &Engine, runtime: &Runtime, interrupt: &Interrupt) -> Result<()> {
    let run_id = new_run_id();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fault-{}-{run_id}", fault.fault));
    let config = StagingTests::shipped()?;
    let logs = folder.join("containers");
    let mut staging = runtime.block_on(Staging::start(engine, &run_id, &config, &logs, interrupt))?;
    let prover = Prover { runtime, interrupt, config: &config, folder: &folder, blind: false };
    let proven = prover.prove(fault, &mut staging);
    runtime.block_on(staging.stop())?;
    let proof = proven.with_context(|| format!("{}; container logs: {}", fault.fault, folder.display()))?;
    ensure!(proof.problems.is_empty(), "{}; container logs: {}", proof.problems.join("\n"), folder.display());
    Ok(std::fs::remove_dir_all(&folder)?)
}
