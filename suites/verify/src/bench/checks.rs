//! Checks by the thousand through the real runner, from the plan to the files of the report.

use anyhow::{Result, ensure};
use greenlight_harness::clients::{Http, Key, Secret};
use greenlight_harness::config::{ExpectedSkips, StagingTests};
use greenlight_harness::prelude::{AtLeast, Capability, Check, Component, Ctx, Fault, Lane, Verdict, secs};
use greenlight_harness::reports::CheckResult;
use greenlight_harness::{Options, Run, Target, TargetKind, ensure as claim};
use greenlight_verify::{OutDir, ReportFile, new_run_id, print_report, result_line, write_files};
use libtest_mimic::Arguments;
use serde_json::{Value, json};
use std::path::PathBuf;
use tokio::runtime::Runtime;

/// What is to be run.
pub(crate) struct Checks {
    pub(crate) count: usize,
    pub(crate) url: Option<String>,
    pub(crate) threads: usize,
    pub(crate) no_junit: bool,
    pub(crate) out: PathBuf,
}

/// Runs them as `greenlight-verify` does; says how many passed.
pub(crate) fn checks(asked: &Checks) -> Result<Value> {
    let out = OutDir::prepare(&asked.out).map_err(anyhow::Error::msg)?;
    let runtime = Runtime::new()?;
    let interrupt = {
        let _context = runtime.enter();
        greenlight_harness::init()?
    };
    let generated: Vec<&'static Check> =
        (0..asked.count).map(|number| generated(number, asked.url.is_some())).collect();
    let options = Options {
        run_id: new_run_id(),
        seed: rand::random(),
        retries: 0,
        journal: Some(out.path().join("run.jsonl")),
        planted: None,
        waivers: StagingTests::shipped()?.waivers,
        blind: false,
        recording: None,
        on_result: print,
    };
    let arguments =
        Arguments { test_threads: Some(asked.threads), logfile: Some("/dev/null".into()), ..Arguments::default() };
    let run = Run::new(target(asked.url.as_deref())?, &generated, options, ExpectedSkips::shipped()?, interrupt)?;
    let _conclusion = libtest_mimic::run(&arguments, run.trials(runtime.handle()));
    let report = runtime.block_on(run.finish())?;
    let files: Vec<ReportFile> =
        ReportFile::ALL.iter().copied().filter(|file| !(asked.no_junit && *file == ReportFile::Junit)).collect();
    write_files(out.path(), &report, &files)?;
    let text = print_report(&report, out.path());
    ensure!(report.counts.passed == asked.count, "not all of {} passed:\n{text}", asked.count);
    Ok(json!({ "passed": report.counts.passed }))
}

fn print(result: &CheckResult) {
    eprintln!("{}", result_line(result));
}

fn generated(number: usize, asks: bool) -> &'static Check {
    // For the life of the process, as the checks of the suites are.
    Box::leak(Box::new(Check {
        id: Box::leak(format!("bench.check_{number:04}").into_boxed_str()),
        title: "a claim that holds",
        tags: &["smoke"],
        blame: Component::LivekitServer,
        needs: &[Capability::Api],
        timeout: secs(10),
        lane: Lane::Shared,
        proven_by: &[Fault::RedisStopped],
        fix: "look at the benchmark",
        source: greenlight_harness::Source { file: "suites/verify/src/bench/checks.rs", line: line!(), text: "" },
        run: if asks { greenlight_harness::run!(asking) } else { greenlight_harness::run!(trivial) },
    }))
}

async fn trivial(ctx: &Ctx) -> Verdict {
    ctx.pass().counted("tries", 1, AtLeast(1.0))
}

async fn asking(ctx: &Ctx) -> Verdict {
    let answer = ctx.entry().get("/", None).await?;
    claim!(answer.status, == 200, "the static target did not answer", fix = "look at the benchmark");
    ctx.pass().counted("answers", 1, AtLeast(1.0))
}

/// A target of which only the address is known.
fn target(url: Option<&str>) -> Result<Target> {
    let config = StagingTests::shipped()?;
    // Where nobody listens, for checks that ask nobody.
    let entry = Http::trusting("")?.endpoint(url.unwrap_or("http://127.0.0.1:9"));
    let key = Key { id: "key".into(), secret: Secret::new("a-secret-of-no-deployment-at-all") };
    Ok(Target::known_by(TargetKind::Containers, entry, key, config.limits, config.thresholds.into()))
}
