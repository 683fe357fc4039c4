//! One report of files and of what serves, in every format.

use super::live::Ran;
use crate::clock::timestamp;
use crate::failure::Failure;
use crate::files::write_whole;
use crate::plan::Standing;
use greenlight_reports::{
    CheckResult, Header, Identity, Outcome, Plan, Redactor, Report, Subject, TargetInfo, Tool, ctrf, html, json, junit,
};
use std::path::Path;

/// The report of everything that was looked at.
///
/// # Errors
/// [`Failure`] of something unknown: the parts contradict each other.
pub(super) fn report(
    started: String,
    standing: &Standing,
    files: Vec<CheckResult>,
    ran: Option<&Ran>,
    ids: &[String],
) -> Result<Report, Failure> {
    let live = ran.and_then(|ran| ran.report.as_ref());
    let mut results = files;
    results.extend(live.iter().flat_map(|report| report.results.clone()));
    let planned: Vec<&String> = ids.iter().filter(|id| results.iter().all(|result| result.id != **id)).collect();
    let missing: Vec<CheckResult> = planned.into_iter().map(|id| not_run(id)).collect();
    results.extend(missing);
    let plan = Plan::new(results.iter().map(|result| result.id.clone()).collect());
    let nothing = Identity { nodes: vec![], images: vec![], tls_pin: None };
    let subject = live.map_or_else(
        || Subject { endpoints: vec![], before: nothing.clone(), restarts: vec![], after: Some(nothing.clone()) },
        |report| report.subject.clone(),
    );
    let target = live.map_or_else(
        || TargetInfo { kind: TargetInfo::FILES.to_owned(), url: standing.folder.clone(), planted: None },
        |report| report.header.target.clone(),
    );
    let header = Header {
        run_id: live.map_or_else(
            || format!("{:06x}", rand::random::<u32>() & 0xff_ffff),
            |report| report.header.run_id.clone(),
        ),
        seed: live.map_or(0, |report| report.header.seed),
        started,
        ended: timestamp(),
        tool: Tool {
            name: "greenlight validate".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: if cfg!(debug_assertions) { "dev" } else { "release" }.to_owned(),
        },
        target,
        interrupted: live.is_some_and(|report| report.header.interrupted),
    };
    let leftovers = live.map(|report| report.leftovers.clone()).unwrap_or_default();
    Report::sealed(header, subject, plan, results, leftovers, &Redactor::default()).map_err(Failure::unknown)
}

/// A check that was to run, and of which no report says anything.
fn not_run(id: &str) -> CheckResult {
    CheckResult {
        id: id.to_owned(),
        title: id.to_owned(),
        tags: Vec::new(),
        file: file!().to_owned(),
        line: line!(),
        outcome: Outcome::NotRun,
        flaky: false,
        simulated: Vec::new(),
        attempts: Vec::new(),
    }
}

/// Every format, into a folder.
///
/// # Errors
/// [`Failure`] of usage: one can't be written.
pub(super) fn folder(report: &Report, out: &Path) -> Result<(), Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::usage(format!(
            "cannot write into {}: {error}; name a folder that can be written with --out",
            out.display()
        ))
    };
    std::fs::create_dir_all(out).map_err(|error| cannot(&error))?;
    let files = [
        ("report.json", json(report).map_err(|error| cannot(&error))?),
        ("junit.xml", junit(report).map_err(|error| cannot(&error))?),
        ("ctrf.json", ctrf(report).map_err(|error| cannot(&error))?),
        ("index.html", html(report, &[]).into_bytes()),
    ];
    for (name, bytes) in files {
        write_whole(&out.join(name), &bytes).map_err(|error| cannot(&error))?;
    }
    Ok(())
}

/// One format, by the ending of its name.
///
/// # Errors
/// [`Failure`] of usage: the ending is none of ours, or it can't be written.
pub(super) fn one(report: &Report, file: &Path) -> Result<(), Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::usage(format!(
            "cannot write {}: {error}; name a file in a folder that can be written with --output",
            file.display()
        ))
    };
    let bytes = match ending(file)? {
        "json" => json(report).map_err(|error| cannot(&error))?,
        "xml" => junit(report).map_err(|error| cannot(&error))?,
        _ => html(report, &[]).into_bytes(),
    };
    write_whole(file, &bytes).map_err(|error| cannot(&error))
}

/// Which format a name asks for: found out before anything runs.
///
/// # Errors
/// [`Failure`] of usage: none of ours.
pub(super) fn ending(file: &Path) -> Result<&str, Failure> {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending {
        "json" | "xml" | "html" => Ok(ending),
        _ => Err(Failure::usage(format!(
            "{}: no format has this ending; .json, .xml (JUnit) and .html have",
            file.display()
        ))),
    }
}
