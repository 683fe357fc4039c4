//! A run from plan to sealed report, with libtest-mimic as its engine.

use crate::check::{Check, Lane};
use crate::init::Interrupt;
use crate::lanes::Lanes;
use crate::recording::Recording;
use crate::runner::{Executor, timestamp};
use crate::select::shuffle;
use crate::target::Target;
use greenlight_config::{ExpectedSkips, Waiver};
use greenlight_reports::{
    Attempt, CheckResult, Header, Journal, Outcome, Plan, Redactor, Report, Subject, TargetInfo, Tool,
};
use libtest_mimic::{Completion, Failed, Trial};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use time::OffsetDateTime;
use tokio::runtime::Handle;

/// How a run is to be done.
pub struct Options {
    /// Short, random, lower case; part of every name made on the target.
    pub run_id: String,
    /// Decides the order.
    pub seed: u64,
    /// How often a check that is red is tried again. Every attempt is kept.
    pub retries: u32,
    /// Where the journal goes; no journal without it.
    pub journal: Option<PathBuf>,
    /// The fault that was planted before the run, if any.
    pub planted: Option<String>,
    /// Failures that are accepted for the time being.
    pub waivers: Vec<Waiver>,
    /// Takes every failed assertion for a pass, to see that then nothing is found. Only under a planted fault, whose run
    /// is never a pass.
    pub blind: bool,
    /// Is told what the clients of checks send; nobody is without it.
    pub recording: Option<Arc<Recording>>,
    /// Called when a check has ended, for progress.
    pub on_result: fn(&CheckResult),
}

/// A run that can't go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The journal can't be written.
    #[error(
        "cannot write the journal run.jsonl beside the report: {0}; make room there, or name another folder with --out, and verify again"
    )]
    Journal(#[from] std::io::Error),
    /// The report contradicts itself, which is a bug of ours.
    #[error("cannot seal the report: {0}")]
    Seal(#[from] greenlight_reports::Unsealed),
}

/// A planned run. [`Run::trials`] are handed to libtest-mimic, [`Run::finish`] makes the report.
pub struct Run {
    shared: Arc<Shared>,
    order: Vec<&'static Check>,
    plan: Plan,
    seed: u64,
    planted: Option<String>,
    started: OffsetDateTime,
}

struct Shared {
    executor: Executor,
    redactor: Redactor,
    results: Mutex<HashMap<&'static str, CheckResult>>,
    journal: Mutex<Option<Journal>>,
    /// Set when a record could not be written: the run goes on, and is incomplete.
    journal_error: Mutex<Option<std::io::Error>>,
    retries: u32,
    on_result: fn(&CheckResult),
}

impl Run {
    /// Plans the run and writes the plan, before anything is executed. Shared checks come first, exclusive ones last,
    /// each group in the seed's order.
    ///
    /// # Errors
    /// When the journal can't be created.
    pub fn new(
        target: Target,
        checks: &[&'static Check],
        options: Options,
        expected_skips: ExpectedSkips,
        interrupt: Interrupt,
    ) -> Result<Self, RunError> {
        let mut order = checks.to_vec();
        shuffle(&mut order, options.seed);
        order.sort_by_key(|check| check.lane == Lane::Exclusive);
        let plan = Plan::new(order.iter().map(|check| check.id.to_owned()).collect());
        let journal = match &options.journal {
            Some(path) => Some(Journal::create(path, &options.run_id, options.seed, &plan)?),
            None => None,
        };
        let secrets = [("API secret", target.key.secret.expose())];
        let further = target.secrets.iter().map(|(name, secret)| (name.as_str(), secret.expose()));
        let spare = target.spare_key.iter().map(|key| ("spare API secret", key.secret.expose()));
        let redactor = Redactor::new(secrets.into_iter().chain(spare).chain(further));
        let executor = Executor {
            waivers: options.waivers,
            recording: options.recording,
            blind: options.blind && options.planted.is_some(),
            identity: Mutex::new(target.identity.clone()),
            restarts: Mutex::default(),
            lanes: if target.is_shared() { Lanes::narrow() } else { Lanes::default() },
            target: Arc::new(target),
            run_id: options.run_id.into(),
            interrupt,
            expected_skips,
            leftovers: Mutex::default(),
        };
        let shared = Shared {
            executor,
            redactor,
            results: Mutex::default(),
            journal: Mutex::new(journal),
            journal_error: Mutex::default(),
            retries: options.retries,
            on_result: options.on_result,
        };
        let started = OffsetDateTime::now_utc();
        Ok(Self { shared: Arc::new(shared), order, plan, seed: options.seed, planted: options.planted, started })
    }

    /// One trial per planned check, in the planned order. They run on libtest-mimic's threads and do their work on the
    /// one runtime behind the handle.
    pub fn trials(&self, runtime: &Handle) -> Vec<Trial> {
        let trial = |check: &'static Check| {
            let shared = self.shared.clone();
            let runtime = runtime.clone();
            Trial::ignorable_test(check.id, move || {
                let result = runtime.block_on(shared.execute(check));
                completion(&result)
            })
        };
        self.order.iter().copied().map(trial).collect()
    }

    /// Reads the target's identity again and seals the report. A planned check that never ended is `NotRun`.
    ///
    /// # Errors
    /// When the journal or the report could not be written.
    pub async fn finish(self) -> Result<Report, RunError> {
        let Self { shared, order, plan, seed, planted, started } = self;
        let executor = &shared.executor;
        let after = match executor.interrupt.is_set() {
            true => None,
            false => executor.target.read_identity().await.ok(),
        };
        let restarts = std::mem::take(&mut *executor.restarts.lock().unwrap_or_else(PoisonError::into_inner));
        let endpoints = executor.target.endpoints();
        let subject = Subject { endpoints, before: executor.target.identity.clone(), restarts, after };
        let mut ended = std::mem::take(&mut *shared.results.lock().unwrap_or_else(PoisonError::into_inner));
        let results =
            order.iter().map(|check| ended.remove(check.id).unwrap_or_else(|| shared.result(check, vec![]))).collect();
        let header = Header {
            run_id: executor.run_id.to_string(),
            seed,
            started: timestamp(started),
            ended: timestamp(OffsetDateTime::now_utc()),
            tool: Tool {
                name: "greenlight-verify".into(),
                version: env!("CARGO_PKG_VERSION").into(),
                profile: profile().into(),
            },
            target: TargetInfo { kind: executor.target.kind.to_string(), url: executor.target.entry.ws_url(), planted },
            interrupted: executor.interrupt.is_set(),
        };
        let leftovers = std::mem::take(&mut *executor.leftovers.lock().unwrap_or_else(PoisonError::into_inner));
        let report = Report::sealed(header, subject, plan, results, leftovers, &shared.redactor)?;
        if let Some(error) = shared.journal_error.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error.into());
        }
        if let Some(journal) = shared.journal.lock().unwrap_or_else(PoisonError::into_inner).take() {
            journal.end(report.verdict, &report.seal.sha256)?;
        }
        Ok(report)
    }
}

/// How this program was compiled: timings of the two are not comparable.
pub(crate) fn profile() -> &'static str {
    if cfg!(debug_assertions) { "dev" } else { "release" }
}

impl Shared {
    /// All attempts at one check, recorded one by one.
    async fn execute(&self, check: &'static Check) -> CheckResult {
        let mut attempts: Vec<Attempt> = Vec::new();
        while let Some(attempt) = self.executor.attempt(check).await {
            // An attempt that can't be cleaned of secrets is not kept at all, and the check stays without a result.
            let Ok(mut attempt) = self.redactor.scrub(&attempt) else {
                break;
            };
            // Only after that: a secret that is cut in two is not recognised.
            attempt.shorten();
            let outcome = attempt.outcome;
            if outcome == Outcome::Skipped && !attempts.is_empty() {
                // What was red does not become inapplicable by trying again.
                break;
            }
            attempts.push(attempt);
            self.record(check, &attempts);
            if !outcome.is_red() || attempts.len() > self.retries as usize {
                break;
            }
        }
        let result = self.result(check, attempts);
        if result.outcome != Outcome::NotRun {
            (self.on_result)(&result);
            self.results.lock().unwrap_or_else(PoisonError::into_inner).insert(check.id, result.clone());
        }
        result
    }

    fn result(&self, check: &Check, attempts: Vec<Attempt>) -> CheckResult {
        let outcome = attempts.last().map_or(Outcome::NotRun, |attempt| attempt.outcome);
        let earlier_red = attempts.iter().rev().skip(1).any(|attempt| attempt.outcome.is_red());
        CheckResult {
            id: check.id.into(),
            title: check.title.into(),
            tags: check.tags.iter().map(|tag| (*tag).to_owned()).collect(),
            file: check.source.file.into(),
            line: check.source.line,
            outcome,
            flaky: earlier_red && matches!(outcome, Outcome::Passed | Outcome::Warned),
            simulated: self.executor.target.simulated(check.needs),
            attempts,
        }
    }

    fn record(&self, check: &Check, attempts: &[Attempt]) {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(journal), Some(last)) = (journal.as_mut(), attempts.last())
            && let Err(error) = journal.attempt(check.id, attempts.len(), last)
        {
            *self.journal_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}

/// libtest's view: only what was found out and holds is `ok`.
fn completion(result: &CheckResult) -> Result<Completion, Failed> {
    match result.outcome {
        Outcome::Passed | Outcome::Warned => Ok(Completion::Completed),
        Outcome::Skipped => Ok(Completion::ignored_with(result.reason().unwrap_or("skipped"))),
        Outcome::NotRun => Err("not run: the run was interrupted".into()),
        Outcome::Failed | Outcome::Errored => {
            let text = match (result.failure(), result.reason()) {
                (Some(failure), _) => format!(
                    "{}\n  found    {}\n  expected {}\n  fix      {}\n  blame    {}\n  at       {}",
                    failure.what, failure.found, failure.expected, failure.fix, failure.blame, failure.at
                ),
                (None, reason) => format!("could not find out: {}", reason.unwrap_or("no reason")),
            };
            Err(text.into())
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Options, Run};
    use crate::check::Check;
    use crate::runner::tests::{check, target};
    use crate::{Ctx, Interrupt};
    use greenlight_config::ExpectedSkips;
    use greenlight_reports::Limit::AtLeast;
    use greenlight_reports::{Outcome, Report, RunVerdict};
    use libtest_mimic::Arguments;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Runs the checks as `greenlight-verify` does, with libtest-mimic's output in a file.
    fn run(checks: &[&'static Check], retries: u32, interrupt: &Interrupt) -> (Report, u64, String) {
        run_with(checks, retries, interrupt, ExpectedSkips::default())
    }

    fn run_with(
        checks: &[&'static Check],
        retries: u32,
        interrupt: &Interrupt,
        skips: ExpectedSkips,
    ) -> (Report, u64, String) {
        let folder = tempfile::tempdir().expect("folder");
        let journal = folder.path().join("run.jsonl");
        let options = Options {
            run_id: "test1".into(),
            seed: 7,
            retries,
            journal: Some(journal.clone()),
            planted: None,
            waivers: vec![],
            blind: false,
            recording: None,
            on_result: |_| {},
        };
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        {
            // What every main does: without it there is no check log.
            let _context = runtime.enter();
            crate::init().expect("init");
        }
        let run = Run::new(target(), checks, options, skips, interrupt.clone()).expect("a run");
        let logfile = Some(folder.path().join("log").display().to_string());
        let arguments = Arguments { logfile, test_threads: Some(4), ..Arguments::default() };
        let conclusion = libtest_mimic::run(&arguments, run.trials(runtime.handle()));
        let report = runtime.block_on(run.finish()).expect("a report");
        (report, conclusion.num_failed, std::fs::read_to_string(journal).expect("journal"))
    }

    fn leaked(id: &'static str, run: for<'a> fn(&'a Ctx) -> crate::CheckFuture<'a>) -> &'static Check {
        let Check { title, tags, blame, needs, timeout, lane, proven_by, fix, source, .. } = *check(id, &[]);
        Box::leak(Box::new(Check { id, title, tags, blame, needs, timeout, lane, proven_by, fix, source, run }))
    }

    static TRIES: AtomicU32 = AtomicU32::new(0);

    #[test]
    fn a_retry_keeps_the_red_attempt_and_is_flaky() {
        let second_time = leaked("a.b", |_| {
            Box::pin(async {
                let tries = TRIES.fetch_add(1, Ordering::SeqCst);
                crate::ensure!(tries, >= 1, "too early", fix = "try again");
                crate::PassBuilder::new().counted("tries", 1, AtLeast(1.0))
            })
        });
        let (report, failed, journal) = run(&[second_time], 3, &Interrupt::default());
        let outcomes: Vec<_> = report.results[0].attempts.iter().map(|attempt| attempt.outcome).collect();
        assert_eq!(outcomes, [Outcome::Failed, Outcome::Passed]);
        assert!(report.results[0].flaky && report.counts.flaky == 1 && failed == 0);
        assert_eq!(journal.matches("\"record\":\"attempt\"").count(), 2);
        assert!(journal.lines().last().is_some_and(|line| line.contains("\"record\":\"end\"")), "{journal}");
    }

    #[test]
    fn without_retries_red_stays_red() {
        let red = leaked("a.red", |_| Box::pin(async { Err(anyhow::anyhow!("no answer").into()) }));
        let (report, failed, _) = run(&[red, check("a.green", &[])], 0, &Interrupt::default());
        assert_eq!((report.verdict, failed), (RunVerdict::Inconclusive, 1));
        assert_eq!((report.counts.passed, report.counts.errored), (1, 1));
    }

    #[test]
    fn an_interrupted_run_is_incomplete_and_lists_every_planned_check() {
        let interrupt = Interrupt::default();
        interrupt.set();
        let (report, failed, _) = run(&[check("a.b", &[]), check("a.c", &[])], 0, &interrupt);
        assert_eq!((report.verdict, report.counts.not_run, failed), (RunVerdict::Incomplete, 2, 2));
    }

    #[test]
    fn a_secret_across_the_cut_of_a_long_log_is_gone_too() {
        let leaky = leaked("a.leaky", |ctx| {
            let secret = ctx.key().secret.expose().to_owned();
            Box::pin(async move {
                for _ in 0..4_000 {
                    tracing::info!(target: "greenlight_test", "{secret}");
                }
                Err(anyhow::anyhow!("{}", secret.repeat(1_000)).into())
            })
        });
        let (report, _, journal) = run(&[leaky], 0, &Interrupt::default());
        assert!(report.results[0].attempts[0].log.contains("bytes left out"), "the control: the log must be cut");
        let written = String::from_utf8(greenlight_reports::json(&report).expect("json")).expect("text") + &journal;
        for part in ["a-secret", "of-the-target"] {
            assert!(!written.contains(part), "{part} is in {written}");
        }
    }

    static LATER: AtomicU32 = AtomicU32::new(0);

    #[test]
    fn a_skip_after_a_red_attempt_stays_red() {
        let fickle = leaked("a.fickle", |_| {
            Box::pin(async {
                match LATER.fetch_add(1, Ordering::SeqCst) {
                    0 => Err(anyhow::anyhow!("no answer").into()),
                    _ => crate::skip!("suddenly not applicable"),
                }
            })
        });
        let skips = ExpectedSkips::parse("test", "a.fickle  may be skipped\n").expect("a list");
        let (report, ..) = run_with(&[fickle, check("a.green", &[])], 3, &Interrupt::default(), skips);
        let fickle = report.results.iter().find(|result| result.id == "a.fickle").expect("its result");
        assert_eq!((fickle.outcome, fickle.attempts.len()), (Outcome::Errored, 1));
        assert_eq!(report.verdict, RunVerdict::Inconclusive);
    }

    #[test]
    fn an_announced_skip_is_a_skip_and_no_pass() {
        let skipped = leaked("a.skipped", |_| Box::pin(async { crate::skip!("no TURN here") }));
        let skips = ExpectedSkips::parse("test", "a.skipped  no TURN\n").expect("a list");
        let (report, failed, _) = run_with(&[skipped], 0, &Interrupt::default(), skips);
        assert_eq!((report.counts.skipped, report.counts.passed, failed), (1, 0, 0));
        assert_eq!(report.verdict, RunVerdict::Incomplete);
    }

    #[test]
    fn no_secret_of_the_target_reaches_report_or_journal() {
        let leaky = leaked("a.leaky", |ctx| {
            let secret = ctx.key().secret.expose().to_owned();
            Box::pin(async move {
                tracing::info!(target: "greenlight_test", "sent {secret}");
                Err(crate::prelude::failed(&secret, &secret, &secret, &secret, None))
            })
        });
        let (report, _, journal) = run(&[leaky], 0, &Interrupt::default());
        let written = String::from_utf8(greenlight_reports::json(&report).expect("json")).expect("text") + &journal;
        assert!(written.contains("[API secret]") && !written.contains("a-secret-of-the-target"), "{written}");
    }

    fn planned(checks: &[&'static Check], target: crate::Target, options: Options) -> Report {
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        let run = Run::new(target, checks, options, ExpectedSkips::default(), Interrupt::default()).expect("a run");
        let folder = tempfile::tempdir().expect("folder");
        let logfile = Some(folder.path().join("log").display().to_string());
        let arguments = Arguments { logfile, test_threads: Some(1), ..Arguments::default() };
        let _conclusion = libtest_mimic::run(&arguments, run.trials(runtime.handle()));
        runtime.block_on(run.finish()).expect("a report")
    }

    pub(crate) fn options(seed: u64) -> Options {
        Options {
            run_id: "test1".into(),
            seed,
            retries: 0,
            journal: None,
            planted: None,
            waivers: vec![],
            blind: false,
            recording: None,
            on_result: |_| {},
        }
    }

    #[test]
    fn a_red_check_is_tried_again_exactly_as_often_as_asked() {
        for retries in [0, 1, 2] {
            let red = leaked("a.red", |_| Box::pin(async { Err(crate::prelude::failed("a", "b", "c", "d", None)) }));
            let (report, failed, _) = run(&[red], retries, &Interrupt::default());
            assert_eq!((report.results[0].attempts.len(), failed), (retries as usize + 1, 1));
        }
    }

    #[test]
    fn a_subject_that_no_longer_answers_is_no_pass() {
        use greenlight_reports::NodeIdentity;
        let mut vanished = target();
        let node = NodeIdentity {
            name: "livekit-a".into(),
            node_id: "ND_1".into(),
            version: "1.13.5".into(),
            config_sha256: None,
        };
        vanished.identity.nodes = vec![node];
        vanished.nodes =
            vec![crate::NodeTarget { name: "livekit-a".into(), endpoint: vanished.entry.clone(), metrics: None }];
        let report = planned(&[check("a.b", &[])], vanished, options(7));
        assert_eq!((report.subject.after, report.verdict), (None, RunVerdict::Inconclusive));
    }

    #[test]
    fn seed_fault_and_interrupt_stand_in_the_header() {
        let planted = Options { planted: Some("redis_stopped".into()), ..options(41) };
        let header = planned(&[check("a.b", &[])], target(), planted).header;
        assert_eq!(
            (header.seed, header.target.planted.as_deref(), header.interrupted),
            (41, Some("redis_stopped"), false)
        );
        let interrupt = Interrupt::default();
        interrupt.set();
        assert!(run(&[check("a.b", &[])], 0, &interrupt).0.header.interrupted);
    }

    #[test]
    fn the_seed_decides_the_order_and_exclusive_checks_come_last() {
        let alone = Box::leak(Box::new(Check { lane: crate::Lane::Exclusive, ..copied("a.alone") }));
        let mut checks: Vec<&'static Check> = vec![alone];
        checks.extend(["a.b", "a.c", "a.d", "a.e", "a.f", "a.g", "a.h", "a.i"].map(|id| check(id, &[])));
        let order = |seed| planned(&checks, target(), options(seed)).plan.ids;
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        for seed in 0..4 {
            assert_eq!(order(seed).last().map(String::as_str), Some("a.alone"), "seed {seed}");
        }
    }

    fn copied(id: &'static str) -> Check {
        let Check { id, title, tags, blame, needs, timeout, lane, proven_by, fix, source, run } = *check(id, &[]);
        Check { id, title, tags, blame, needs, timeout, lane, proven_by, fix, source, run }
    }

    #[test]
    fn every_secret_of_the_target_goes() {
        let leaky = leaked("a.leaky", |_| {
            Box::pin(async { Err(anyhow::anyhow!("sent turn-pass-1234 and spare-secret-1234").into()) })
        });
        let mut with_more = target();
        with_more.secrets = vec![("TURN password".into(), greenlight_clients::Secret::new("turn-pass-1234"))];
        let spare = greenlight_clients::Secret::new("spare-secret-1234");
        with_more.spare_key = Some(greenlight_clients::Key { id: "spare".into(), secret: spare });
        let report = planned(&[leaky], with_more, options(7));
        let reason = report.results[0].attempts[0].reason.as_deref();
        assert_eq!(reason, Some("sent [TURN password] and [spare API secret]"));
    }

    #[test]
    fn a_journal_that_could_not_be_written_spoils_the_run() {
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        let run = Run::new(target(), &[], options(7), ExpectedSkips::default(), Interrupt::default()).expect("a run");
        *run.shared.journal_error.lock().expect("lock") = Some(std::io::Error::other("disk full"));
        let ended = runtime.block_on(run.finish());
        assert!(matches!(ended, Err(super::RunError::Journal(_))));
    }
}
