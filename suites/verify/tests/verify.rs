//! The checks as `cargo test` sees them: libtest's command line, output and exit codes, nextest's contract.
//!
//! Without a container engine they run on the emulator as far as that goes, which tests no LiveKit and says so; with `CI`
//! or `GREENLIGHT_TARGET=containers` set that is an error instead. Nothing is started to list.

use greenlight_fixtures::Engine;
use greenlight_harness::Check;
use greenlight_harness::config::StagingTests;
use greenlight_harness::reports::RunVerdict;
use greenlight_suites::checks;
use greenlight_verify::{Place, ReportFile, SELF_TEST, Session, new_run_id, write_files};
use libtest_mimic::{Arguments, Completion, Trial};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    if let Some(exit) = greenlight_harness::load::child_if_asked() {
        return exit;
    }
    let arguments = Arguments::from_args();
    let ids = |reason: &'static str| -> Vec<Trial> {
        let trial =
            |check: &&'static Check| Trial::ignorable_test(check.id, move || Ok(Completion::ignored_with(reason)));
        checks().iter().map(trial).collect()
    };
    let selected: Vec<&'static Check> = checks()
        .into_iter()
        .zip(ids(""))
        .filter(|(_, trial)| !arguments.is_filtered_out(trial))
        .map(|(check, _)| check)
        .collect();
    if arguments.list || selected.is_empty() {
        return libtest_mimic::run(&arguments, ids("")).exit_code();
    }
    match run(&arguments, &selected) {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(101)
        }
    }
}

fn run(arguments: &Arguments, selected: &[&'static Check]) -> anyhow::Result<ExitCode> {
    let runtime = Runtime::new()?;
    let mut place = Place::Containers;
    if let Err(missing) = runtime.block_on(Engine::connect()) {
        let wanted = std::env::var("GREENLIGHT_TARGET").is_ok_and(|target| target == "containers");
        anyhow::ensure!(!wanted && std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("NOTHING IS TESTED: {missing}\n{SELF_TEST}; what follows ran on the emulator");
        place = Place::Emulator;
    }
    let interrupt = {
        let _context = runtime.enter();
        greenlight_harness::init()?
    };
    // A folder per run: nextest runs each check as a process of its own, several at a time.
    let run_id = new_run_id();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("verify-{run_id}"));
    std::fs::create_dir_all(&folder)?;
    let config = StagingTests::shipped()?;
    let session = Session {
        place,
        run_id: &run_id,
        checks: selected,
        config: &config,
        fault: None,
        seed: rand::random(),
        retries: 0,
        token_file: None,
        baselines: &Default::default(),
        folder: &folder,
        record: false,
        arguments: arguments.clone(),
        on_ready: |_, session| eprintln!("seed {}", session.seed),
        on_result: |_| {},
    };
    let ended = session.run(&runtime, &interrupt)?;
    write_files(&folder, &ended.report, ReportFile::ALL)?;
    if let Some(removal) = ended.removal {
        return Err(removal);
    }
    // On the emulator most are ignored, and nobody takes it for a verdict.
    let is_self_test = matches!(place, Place::Emulator) && ended.report.verdict == RunVerdict::Incomplete;
    if ended.report.verdict == RunVerdict::Passed || is_self_test {
        std::fs::remove_dir_all(&folder)?;
        return Ok(ended.conclusion.exit_code());
    }
    // A target that changed during the run leaves every check green and proves nothing.
    eprintln!("verdict {:?}; report and logs: {}", ended.report.verdict, folder.display());
    Ok(ExitCode::from(101))
}
