//! One run on one target: prepare, plant, run, seal, give back.

use crate::emulated::recording_for;
use crate::tape::{Line, lines};
use anyhow::{Context as _, Result};
use greenlight_fixtures::{Emulated, Engine, EngineError, PlantedFault, Staging, StartError};
use greenlight_harness::config::{ConfigError, ExpectedSkips, StagingTests};
use greenlight_harness::reports::{CheckResult, Outcome, Report};
use greenlight_harness::{
    Baselines, Capability, Check, Interrupt, Options, Recording, Remote, RemoteError, RemoteSpec, Run, RunError, Target,
};
use libtest_mimic::{Arguments, Conclusion};
use rand::RngExt as _;
use rand::distr::slice::Choose;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No container engine answers.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The staging did not start; nothing of it is left.
    #[error("the staging did not start: {0:#}")]
    Staging(anyhow::Error),
    /// Ctrl-C before the first check.
    #[error("interrupted before the first check")]
    Interrupted,
    /// The deployment at that address can't be tested.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// A configuration file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The fault could not be planted.
    #[error("{0:#}")]
    Fault(anyhow::Error),
    /// The run could not be recorded.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The staging could not be removed.
    #[error("{0:#}")]
    Removal(anyhow::Error),
}

/// What is tested.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// A staging in containers, started for the run.
    Containers,
    /// A deployment at its address.
    Remote(&'a RemoteSpec),
    /// The emulator, in this process. No LiveKit is tested.
    Emulator,
}

/// What a run is to do.
pub struct Session<'a> {
    /// What is tested.
    pub place: Place<'a>,
    /// The run's id, part of every name that it makes.
    pub run_id: &'a str,
    /// The checks, already selected.
    pub checks: &'a [&'static Check],
    /// Images and limits.
    pub config: &'a StagingTests,
    /// Planted before the run.
    pub fault: Option<PlantedFault>,
    /// Decides the order.
    pub seed: u64,
    /// Attempts after a red one.
    pub retries: u32,
    /// Tokens of the user's application, in place of those that the staging writes.
    pub token_file: Option<&'a Path>,
    /// What load is held against, and what this run measures of it.
    pub baselines: &'a Baselines,
    /// Where journal and container logs go.
    pub folder: &'a Path,
    /// Whether what checks send is recorded.
    pub record: bool,
    /// libtest-mimic's own settings: threads, log file.
    pub arguments: Arguments,
    /// Called when the target is ready.
    pub on_ready: fn(&Target, &Session<'_>),
    /// Called when a check has ended.
    pub on_result: fn(&CheckResult),
}

/// A run that has ended.
pub struct EndedRun {
    /// The sealed report.
    pub report: Report,
    /// libtest-mimic's view.
    pub conclusion: Conclusion,
    /// What the checks sent that were not red, if that was recorded.
    pub recorded: Vec<Line>,
    /// Why the staging could not be removed, if it could not.
    pub removal: Option<anyhow::Error>,
}

impl Session<'_> {
    /// Prepares the target, runs the checks on libtest-mimic's threads, seals the report and gives the target back.
    ///
    /// # Errors
    /// [`SessionError`]; in every case a staging is removed before this returns, or the error says that it is not.
    pub fn run(&self, runtime: &Runtime, interrupt: &Interrupt) -> Result<EndedRun, SessionError> {
        match self.place {
            Place::Containers => self.run_on_staging(runtime, interrupt),
            Place::Remote(spec) => self.run_on_remote(spec, runtime, interrupt),
            Place::Emulator => self.run_on_emulator(runtime, interrupt),
        }
    }

    fn run_on_remote(
        &self,
        spec: &RemoteSpec,
        runtime: &Runtime,
        interrupt: &Interrupt,
    ) -> Result<EndedRun, SessionError> {
        let remote = runtime.block_on(async {
            tokio::select! {
                remote = Remote::connect(spec, self.run_id) => remote.map_err(SessionError::Remote),
                () = interrupt.wait() => {
                    Remote::forget(spec, self.run_id).await;
                    Err(SessionError::Interrupted)
                }
            }
        })?;
        for room in remote.swept() {
            eprintln!("swept    {room}, which an earlier run that was killed had left");
        }
        (self.on_ready)(remote.target(), self);
        let ended = self.checked(remote.target().clone(), None, runtime, interrupt);
        runtime.block_on(remote.release());
        ended
    }

    fn run_on_emulator(&self, runtime: &Runtime, interrupt: &Interrupt) -> Result<EndedRun, SessionError> {
        let (emulated, recording) = runtime.block_on(async {
            let emulated = Emulated::start(self.config).await.map_err(SessionError::Staging)?;
            let recording = recording_for(emulated.target(), self.run_id).await.map_err(SessionError::Staging)?;
            Ok::<_, SessionError>((emulated, recording))
        })?;
        (self.on_ready)(emulated.target(), self);
        self.checked(emulated.target().clone(), Some(recording), runtime, interrupt)
    }

    fn run_on_staging(&self, runtime: &Runtime, interrupt: &Interrupt) -> Result<EndedRun, SessionError> {
        let engine = runtime.block_on(Engine::connect())?;
        let logs = self.folder.join("containers");
        let started = runtime.block_on(Staging::start(&engine, self.run_id, self.config, &logs, interrupt));
        let mut staging = started.map_err(|error| match error {
            StartError::Interrupted => SessionError::Interrupted,
            StartError::Failed(_) if interrupt.is_set() => SessionError::Interrupted,
            StartError::Failed(error) => SessionError::Staging(error),
        })?;
        let ended = self.complete(&staging).and_then(|()| self.run_on(&mut staging, runtime, interrupt));
        let removed = runtime.block_on(staging.stop());
        match (removed, ended) {
            (Ok(()), ended) => ended,
            // What was found out is kept, and something that is left behind is said.
            (Err(removal), Ok(ended)) => Ok(EndedRun { removal: Some(removal), ..ended }),
            (Err(removal), Err(run)) => Err(SessionError::Removal(anyhow::anyhow!("{removal:#}; before that: {run}"))),
        }
    }

    /// The profile's requirements: a staging that lacks one proves less than it says.
    fn complete(&self, staging: &Staging) -> Result<(), SessionError> {
        let unknown = |error| SessionError::Staging(anyhow::anyhow!("`requires` in staging_tests.yaml: {error}"));
        let lacking = Capability::lacking(&self.config.requires, &staging.target().capabilities).map_err(unknown)?;
        match lacking.is_empty() {
            true => Ok(()),
            false => Err(SessionError::Staging(anyhow::anyhow!(
                "it lacks what `requires` in staging_tests.yaml demands: {}",
                lacking.join(", ")
            ))),
        }
    }

    fn run_on(
        &self,
        staging: &mut Staging,
        runtime: &Runtime,
        interrupt: &Interrupt,
    ) -> Result<EndedRun, SessionError> {
        // Held until the run has ended: a lying proxy lives no longer than this. The staging goes then, and the fault
        // with it.
        let _planted = match self.fault {
            None => None,
            Some(fault) => Some(runtime.block_on(async {
                // Seconds, for some: nodes are started again.
                eprintln!("plant    {}", fault.fault.name());
                tokio::select! {
                    planted = fault.plant(staging) => planted.map_err(SessionError::Fault),
                    () = interrupt.wait() => Err(SessionError::Interrupted),
                }
            })?),
        };
        (self.on_ready)(staging.target(), self);
        let recording = self.record.then(Arc::<Recording>::default);
        self.checked(staging.target().clone(), recording, runtime, interrupt)
    }

    /// The run itself, on whatever has been prepared.
    fn checked(
        &self,
        mut target: Target,
        recording: Option<Arc<Recording>>,
        runtime: &Runtime,
        interrupt: &Interrupt,
    ) -> Result<EndedRun, SessionError> {
        if let Some(file) = self.token_file {
            target.token_file = Some(file.to_owned());
        }
        target.baselines = self.baselines.clone();
        let (key, places) = (target.key.clone(), places(&target));
        let options = Options {
            run_id: self.run_id.to_owned(),
            seed: self.seed,
            retries: self.retries,
            journal: Some(self.folder.join("run.jsonl")),
            planted: self.fault.map(|fault| fault.fault.name().to_owned()),
            waivers: self.config.waivers.clone(),
            blind: false,
            recording: recording.clone(),
            on_result: self.on_result,
        };
        let run = Run::new(target, self.checks, options, ExpectedSkips::shipped()?, interrupt.clone())?;
        let conclusion = libtest_mimic::run(&self.arguments, run.trials(runtime.handle()));
        let report = runtime.block_on(run.finish())?;
        let mut recorded = Vec::new();
        for (id, events) in recording.filter(|_| self.record).map(|recording| recording.take()).unwrap_or_default() {
            // What loads the target or ends its parts can't be said to anybody else.
            let check = self.checks.iter().find(|check| check.id == id);
            let is_alone = |need: &Capability| matches!(need, Capability::Load | Capability::Drill);
            if check.is_none_or(|check| check.needs.iter().any(is_alone)) {
                continue;
            }
            let is_good = |result: &CheckResult| result.id == id && result.outcome == Outcome::Passed;
            if report.results.iter().any(is_good) {
                recorded.extend(lines(id, &events, &key, self.run_id, &places));
            }
        }
        Ok(EndedRun { report, conclusion, recorded, removal: None })
    }
}

/// Names of the addresses that a recording tells apart.
fn places(target: &Target) -> Vec<(String, String)> {
    let nodes = target.nodes.iter().map(|node| (node.name.clone(), node.endpoint.url().to_owned()));
    std::iter::once(("entry".to_owned(), target.entry.url().to_owned())).chain(nodes).collect()
}

/// Five letters and digits that no other run on this machine is likely to have.
pub fn new_run_id() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters =
        Choose::new(LETTERS).map(|choice| rand::rng().sample_iter(choice).take(5).map(|b| char::from(*b)).collect());
    letters.unwrap_or_else(|_| "run".to_owned())
}

/// The configuration that the command line means.
pub(crate) fn configuration(named: Option<&str>) -> Result<StagingTests, ConfigError> {
    const BESIDE: &str = "config/staging_tests.yaml";
    match named {
        Some(file) => StagingTests::read(file),
        None if PathBuf::from(BESIDE).exists() => StagingTests::read(BESIDE),
        None => StagingTests::shipped(),
    }
}

/// A runtime with a thread per processor, on which every check of the process runs.
pub(crate) fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")
}
