//! What `--baseline` and `--record-baseline` mean for a run.

use crate::args::Cli;
use greenlight_harness::config::StagingTests;
use greenlight_harness::reports::{Report, RunVerdict};
use greenlight_harness::{Baseline, Baselines, Capability, Check};
use std::sync::Arc;

/// Reads the baseline that thresholds are held against; in a run that records one, takes their `vs baseline` out. A
/// comparison that was asked for and can't take place is no run at all.
///
/// # Errors
/// What is missing or wrong and what to do, as one sentence.
pub(crate) fn prepare(cli: &Cli, config: &mut StagingTests, selected: &[&Check]) -> Result<Baselines, String> {
    let loads = selected.iter().any(|check| check.needs.contains(&Capability::Load));
    if cli.record_baseline.is_some() {
        if !loads {
            return Err(
                "--record-baseline is about load, and no selected check loads the target; add --suite performance"
                    .into(),
            );
        }
        config.thresholds.iter_mut().for_each(|threshold| threshold.vs_baseline = None);
        return Ok(Baselines::default());
    }
    let compares = config.thresholds.iter().find(|threshold| threshold.vs_baseline.is_some());
    match (&cli.baseline, compares) {
        (None, Some(threshold)) if loads => Err(format!(
            "the threshold {:?} compares with a baseline, and none was given; record one with --record-baseline FILE while all is well, then name it with --baseline FILE",
            threshold.to_string()
        )),
        (None, _) => Ok(Baselines::default()),
        (Some(file), None) => Err(format!(
            "a baseline was given ({}), and no threshold compares with it; write `vs baseline +10%` behind those in staging_tests.yaml that are to",
            file.display()
        )),
        (Some(file), Some(_)) => {
            let baseline = Baseline::read(file)?;
            let Baseline { run_id, ended, url, .. } = &baseline;
            eprintln!("baseline {}: run {run_id} of {ended} on {url}", file.display());
            Ok(Baselines::against(Some(Arc::new(baseline))))
        }
    }
}

/// Writes the baseline of a run that has passed; of another one nobody knows whether all was well.
///
/// # Errors
/// Why it is not written, as one sentence.
pub(crate) fn record(cli: &Cli, baselines: &Baselines, report: &Report) -> Result<(), String> {
    let Some(file) = &cli.record_baseline else { return Ok(()) };
    let shown = file.display();
    if report.verdict != RunVerdict::Passed || report.header.target.planted.is_some() {
        return Err(format!("no baseline is written to {shown}: the run has not passed"));
    }
    let baseline =
        baselines.of(report).ok_or_else(|| format!("no baseline is written to {shown}: no load was measured"))?;
    baseline.write(file).map_err(|error| format!("cannot write the baseline {shown}: {error}"))?;
    eprintln!("baseline {shown} is written: thresholds with `vs baseline` are held against it with --baseline {shown}");
    Ok(())
}
