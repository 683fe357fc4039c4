//! Proving that checks see faults: plant one, run the checks that name it and the smoke set, compare, undo.

use crate::session::new_run_id;
use anyhow::{Context as _, Result, ensure};
use greenlight_fixtures::{Lands, PlantedFault, Staging};
use greenlight_harness::config::{ExpectedSkips, StagingTests};
use greenlight_harness::reports::{CheckResult, Outcome, Report};
use greenlight_harness::{Check, Fault, Interrupt, Options, Run};
use greenlight_suites::checks;
use libtest_mimic::Arguments;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use tokio::runtime::Runtime;

/// One check under one fault that turns it red.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The check's id.
    pub check: String,
    /// The fault's name.
    pub fault: String,
    /// Whether this check must find the fault first, and blame the right component.
    pub root: bool,
    /// What the fault lands on.
    pub lands: String,
    /// SHA-256 (hex, shortened) of the check's file and the fault's definition: another key is another proof.
    pub key: String,
}

/// What became of one fault.
#[derive(Debug, Serialize)]
pub struct Proof {
    /// The fault's name.
    pub fault: String,
    /// How each check that names it ended: `failed`, `errored` …
    pub outcomes: Vec<(Row, String)>,
    /// What is not as it should be; empty when the fault is proven.
    pub problems: Vec<String>,
}

/// The checks that say that this fault turns them red.
pub fn naming(fault: Fault) -> Vec<&'static Check> {
    checks().into_iter().filter(|check| check.proven_by.contains(&fault)).collect()
}

/// Every pair of a fault and a check that names it.
pub fn rows(fault: &PlantedFault) -> Vec<Row> {
    let row = |check: &'static Check| {
        let digest = Sha256::digest(format!("{}\n{}", check.source.text, fault.definition()));
        Row {
            check: check.id.into(),
            fault: fault.fault.name().into(),
            root: check.id == fault.root,
            lands: fault.lands().to_string(),
            key: digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
        }
    };
    naming(fault.fault).into_iter().map(row).collect()
}

/// Where proofs are made.
pub struct Prover<'a> {
    /// The runtime of the process.
    pub runtime: &'a Runtime,
    /// Ctrl-C.
    pub interrupt: &'a Interrupt,
    /// Limits and waivers.
    pub config: &'a StagingTests,
    /// Where libtest-mimic's output goes.
    pub folder: &'a Path,
    /// Takes every failed assertion for a pass: then nothing may be found.
    pub blind: bool,
}

impl Prover<'_> {
    /// Plants the fault, runs the checks that name it and the smoke set, undoes it, and says what was not as it should.
    ///
    /// # Errors
    /// When it could not be planted or undone: the staging is of no use any more.
    pub fn prove(&self, fault: PlantedFault, staging: &mut Staging) -> Result<Proof> {
        let planted = self.runtime.block_on(async {
            tokio::select! {
                planted = fault.plant(staging) => planted,
                () = self.interrupt.wait() => Err(anyhow::anyhow!("interrupted")),
            }
        })?;
        let report = self.run(&selection(&fault), staging, Some(&fault))?;
        let mut problems = Vec::new();
        if !self.runtime.block_on(planted.stays(staging)) {
            problems.push("the fault was gone before the run had ended".into());
        }
        problems.extend(demand(&fault, &report));
        self.runtime.block_on(planted.undo(staging))?;
        // All that were red, and not the root alone: what is always red has seen nothing.
        let healed = self.run(&naming(fault.fault), staging, None)?;
        for result in &healed.results {
            if !matches!(result.outcome, Outcome::Passed | Outcome::Warned) {
                problems.push(format!("still red after the fault was undone: {}", line(result)));
            }
        }
        let outcome = |row: &Row| {
            let result = report.results.iter().find(|result| result.id == row.check);
            result.map_or("not_run", |result| result.outcome.word()).to_owned()
        };
        let outcomes =
            rows(&fault).into_iter().map(|row| (outcome(&row), row)).map(|(word, row)| (row, word)).collect();
        ensure!(!self.interrupt.is_set(), "interrupted");
        Ok(Proof { fault: fault.fault.name().into(), outcomes, problems })
    }

    fn run(&self, checks: &[&'static Check], staging: &Staging, fault: Option<&PlantedFault>) -> Result<Report> {
        let options = Options {
            run_id: new_run_id(),
            seed: rand::random(),
            retries: 0,
            journal: None,
            planted: fault.map(|fault| fault.fault.name().into()),
            // They stay in force: what they accept is one known failure, and a fault must show another.
            waivers: self.config.waivers.clone(),
            blind: self.blind,
            recording: None,
            on_result: |_| {},
        };
        let skips = ExpectedSkips::shipped()?;
        let run = Run::new(staging.target().clone(), checks, options, skips, self.interrupt.clone())?;
        let log = self.folder.join(format!("libtest-{}.log", staging.run_id()));
        let logfile = Some(log.display().to_string());
        // Under a fault one check at a time: behind a round robin, which node a request reaches depends on what runs
        // beside it. A healthy staging must be green however they are mixed.
        let threads = if fault.is_some() { 1 } else { 4 };
        let arguments = Arguments { test_threads: Some(threads), logfile, ..Arguments::default() };
        let _red = libtest_mimic::run(&arguments, run.trials(self.runtime.handle()));
        std::fs::remove_file(log)?;
        self.runtime.block_on(run.finish()).context("sealing the report")
    }
}

/// The checks that run under a fault: those that name it, and the smoke set. Under a lie also everything else that
/// guards access, for a lie must be found by the checks that it is about and by no others.
fn selection(fault: &PlantedFault) -> Vec<&'static Check> {
    let lie = fault.lands() == Lands::Proxy;
    let runs = |check: &&'static Check| {
        check.proven_by.contains(&fault.fault)
            || check.tags.contains(&"smoke")
            || (lie && check.tags.contains(&"security") && check.lane == greenlight_harness::Lane::Shared)
    };
    checks().into_iter().filter(runs).collect()
}

/// What is wrong: the root must be `Failed` and blame the fault's component; red are exactly the checks that name it.
fn demand(fault: &PlantedFault, report: &Report) -> Vec<String> {
    let mut problems = Vec::new();
    match report.results.iter().find(|result| result.id == fault.root) {
        Some(root) if root.outcome == Outcome::Failed => {
            let blame = root.failure().map(|failure| failure.blame);
            if blame != Some(fault.blame) {
                problems.push(format!("the root blames {blame:?} instead of {:?}", fault.blame));
            }
        }
        Some(root) => problems.push(format!("the root {} is {}", fault.root, root.outcome.word())),
        None => problems.push(format!("the root {} does not name the fault", fault.root)),
    }
    let named = naming(fault.fault);
    for result in &report.results {
        let expected = named.iter().any(|check| check.id == result.id);
        if result.failure().is_some_and(|failure| failure.found.starts_with("skipped: ")) {
            problems.push(format!("it was not made at all: {}", line(result)));
        }
        if expected != result.outcome.is_red() {
            let wish = if expected { "red" } else { "green" };
            problems.push(format!("not {wish}: {}", line(result)));
        }
    }
    problems
}

fn line(result: &CheckResult) -> String {
    let reason = result.attempts.last().and_then(|attempt| attempt.reason.clone());
    let text = result.failure().map(|failure| format!("{} (found {})", failure.what, failure.found)).or(reason);
    format!("{} {}: {}", result.id, result.outcome.word(), text.unwrap_or_default())
}
