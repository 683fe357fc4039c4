//! What `--baseline` and `--record-baseline` mean for a run.

use crate::args::Cli;
use greenlight_harness::config::StagingTests;
use greenlight_harness::reports::{CheckResult, Outcome, Report, RunVerdict};
use greenlight_harness::{Baseline, Baselines, Capability, Check, TargetKind};
use std::path::Path;
use std::sync::Arc;

/// Takes every `vs baseline` out in a run that records one: what it is to be held against is not there yet.
pub(crate) fn without_comparisons(cli: &Cli, config: &mut StagingTests) {
    if cli.record_baseline.is_some() {
        config.thresholds.iter_mut().for_each(|threshold| threshold.vs_baseline = None);
    }
}

/// Reads the baseline that thresholds are held against. A comparison that was asked for and can't take place is no run at
/// all.
///
/// # Errors
/// What is missing or wrong and what to do, as one sentence.
pub(crate) fn prepare(
    cli: &Cli,
    config: &StagingTests,
    selected: &[&Check],
    kind: TargetKind,
) -> Result<Baselines, String> {
    let loads = selected.iter().any(|check| check.needs.contains(&Capability::Load));
    if let Some(file) = &cli.record_baseline {
        if !loads {
            return Err(
                "--record-baseline is about load, and no selected check loads the target; add --suite performance"
                    .into(),
            );
        }
        if cli.sign_key.is_some() {
            return Err("a run that records a baseline leaves comparisons out, so it is no evidence; run without --sign-key (and GREENLIGHT_SIGN_KEY)".into());
        }
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(format!(
                "there is no folder {} for the baseline; make it, or name another file with --record-baseline",
                folder.display()
            ));
        }
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
        (Some(file), Some(_)) if !loads => Err(format!(
            "a baseline was given ({}), and no selected check loads the target; add --suite performance",
            file.display()
        )),
        (Some(file), Some(_)) => {
            let baseline = Baseline::read(file)?;
            let Baseline { run_id, ended, url, target, .. } = &baseline;
            if *target != kind.to_string() {
                return Err(format!(
                    "the baseline {} was measured on a target of the kind {target}, and this run is on {kind}: nothing can be said of the one by the other; record one with --record-baseline FILE",
                    file.display()
                ));
            }
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
    let loads = |result: &&CheckResult| result.tags.iter().any(|tag| tag == "load");
    let well = report.results.iter().filter(loads).all(|result| result.outcome == Outcome::Passed);
    if report.verdict != RunVerdict::Passed || report.header.target.planted.is_some() || !well {
        return Err(format!("no baseline is written to {shown}: the run has not passed"));
    }
    let baseline =
        baselines.of(report).ok_or_else(|| format!("no baseline is written to {shown}: no load was measured"))?;
    baseline.write(file).map_err(|error| format!("cannot write the baseline {shown}: {error}"))?;
    eprintln!("baseline {shown} is written: thresholds with `vs baseline` are held against it with --baseline {shown}");
    Ok(())
}
