//! `migration-report.md`: what was done, what shows it, how long it took, and what was not done.

use super::journal::{Ending, Position};
use super::migration::Migration;
use super::requirements::REQUIREMENTS;
use super::step::STEPS;
use crate::failure::Failure;
use crate::files::{read_at_most, write_whole};
use crate::gate::REPORT_BYTES_MAX;
use crate::validate::word_of;
use greenlight_reports::{Outcome, Report, hex, open};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Its name.
pub(super) const FILE: &str = "migration-report.md";
/// Of everything that is evidence.
const BYTES_MAX: u64 = 256 << 20;
/// Steps of a plan that this command does; the others are people's.
const OURS: [&str; 6] = ["point", "config", "env", "staging", "deploy", "validate"];
/// Every component that a point may hold, and what does not come back without it.
const COMPONENTS: [(&str, &str); 6] = [
    ("files", "configuration files"),
    ("env", "environment files"),
    ("database", "the application's database"),
    ("redis", "what lasts in Redis: SIP, ingress, egress"),
    ("sip", "trunks and rules"),
    ("services", "the containers of the old build"),
];

/// Writes it.
///
/// # Errors
/// [`Failure`] when it can't be written.
pub(super) fn write(migration: &Migration<'_>, position: &Position, said: &str) -> Result<PathBuf, Failure> {
    let file = migration.file(FILE);
    write_whole(&file, text(migration, position, said).as_bytes())
        .map_err(|error| Failure::unknown(format!("cannot write {}: {error}", file.display())))?;
    Ok(file)
}

/// What lies there as evidence.
struct Seen {
    plan: Option<Value>,
    report: Option<Report>,
    held: Vec<String>,
}

fn text(migration: &Migration<'_>, position: &Position, said: &str) -> String {
    let json = |name: &str| {
        let bytes = read_at_most(&migration.file(name), BYTES_MAX).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    let report = read_at_most(&migration.file("validation/report.json"), BYTES_MAX).ok();
    let name = migration.point_name();
    let point = migration.point(&name).held().ok();
    let mut held = point.as_ref().map(|(held, _)| held.clone()).unwrap_or_default();
    // Environment files below what `files` keeps come back with it.
    let below =
        |file: &PathBuf| migration.rollback.files.iter().any(|root| file.starts_with(migration.deployment.path(root)));
    if held.iter().any(|one| one == "files") && migration.env_files().iter().all(below) {
        held.push("env".to_owned());
    }
    let seen = Seen { plan: json("plan.json"), report: report.and_then(|bytes| open(&bytes).ok()), held };
    let about = &position.about;
    let mut out = format!("# Migration of {} to livekit-server {}\n\n", about.environment, about.to);
    let _ = writeln!(out, "{}\n", result(position, said));
    let _ = writeln!(
        out,
        "Migration {}, begun {}, written {} by {} with greenlight {}.\n",
        about.id,
        position.since,
        crate::clock::timestamp(),
        crate::clock::who(),
        env!("CARGO_PKG_VERSION")
    );
    steps(position, &mut out);
    evidence(migration, point.map(|(_, manifest)| manifest), &mut out);
    requirements(&seen, &mut out);
    not_done(migration, position, &seen, &mut out);
    out
}

fn result(position: &Position, said: &str) -> String {
    let word = match (position.ended, &position.back) {
        (Some(Ending::New), _) if position.skipped.is_empty() => {
            "**NEW**: every step is done, and validated as far as is said below."
        }
        (Some(Ending::New), _) => "**NEW, in part**: no step was red, and those that are named below were not done.",
        (Some(Ending::Old), _) => {
            "**OLD**: a step was red. What this changes is as it was, and was seen to work (exit 7)."
        }
        (Some(Ending::Unchanged), _) => "**UNCHANGED**: it ended before anything was changed.",
        (None, Some(_)) => "**STUCK**: the way back is not done. A person is needed (exit 8).",
        (None, None) => {
            "**UNDER WAY**: it stopped in the middle; `greenlight migrate resume` goes on, `abort` goes back."
        }
    };
    if said.is_empty() { word.to_owned() } else { format!("{word}\n\n{}", plain(said)) }
}

fn steps(position: &Position, out: &mut String) {
    out.push_str("## Steps\n\n| step | state | seconds |\n|---|---|---|\n");
    for step in STEPS {
        let done = position.done.iter().find(|(done, _)| *done == step);
        let skipped = position.skipped.iter().find(|(skipped, _)| *skipped == step);
        let (state, seconds) = match (done, skipped) {
            (Some((_, took_ms)), _) => ("done".to_owned(), seconds(*took_ms)),
            (None, Some((_, why))) => (format!("not done: {}", plain(why)), String::new()),
            (None, None) if position.begun.contains(&step) => ("**begun and not done**".to_owned(), String::new()),
            (None, None) => ("not begun".to_owned(), String::new()),
        };
        let _ = writeln!(out, "| {step} | {state} | {seconds} |");
    }
    if let Some(reason) = &position.back {
        let (state, seconds) = match &position.came_back {
            Some((took_ms, components)) => {
                (format!("done, because {}; back came {}", plain(reason), components.join(", ")), seconds(*took_ms))
            }
            None => (format!("**not done**, and wanted because {}", plain(reason)), String::new()),
        };
        let _ = writeln!(out, "| way back | {state} | {seconds} |");
    }
    out.push('\n');
}

fn evidence(migration: &Migration<'_>, manifest: Option<PathBuf>, out: &mut String) {
    out.push_str("## Evidence\n\n| what | file | sha256 |\n|---|---|---|\n");
    let ours = |name: &str| migration.file(name);
    let gate = migration.deployment.path(&migration.environment.gate.report);
    let files: [(&str, Option<PathBuf>); 8] = [
        ("plan", Some(ours("plan.json"))),
        ("plan, for people", Some(ours("plan.md"))),
        ("plan after a kill", Some(ours("plan-again.json"))),
        ("manifest of the rollback point", manifest.clone()),
        ("its signature", manifest.map(|file| file.with_extension("json.sig"))),
        ("report that the gate was asked about", migration.environment.driver.as_ref().map(|_| gate)),
        ("validation", Some(ours("validation/report.json"))),
        ("validation, for people", Some(ours("validation/index.html"))),
    ];
    for (what, file) in files.into_iter().filter_map(|(what, file)| Some((what, file?))) {
        if let Some(sum) = sum(&file) {
            let _ = writeln!(out, "| {what} | `{}` | `{sum}` |", plain(&file.display().to_string()));
        }
    }
    let _ =
        writeln!(out, "| log of this command | `{}` | grows |\n", plain(&ours("migration.log").display().to_string()));
}

fn requirements(seen: &Seen, out: &mut String) {
    out.push_str(
        "## Requirements\n\n| requirement | steps of the plan | checks | comes back with |\n|---|---|---|---|\n",
    );
    for one in REQUIREMENTS {
        let of = seen.plan.as_ref().and_then(|plan| plan["requirements"][one.number].as_array());
        let steps: Vec<&str> = of.into_iter().flatten().filter_map(Value::as_str).collect();
        let checks =
            seen.report.as_ref().map_or_else(|| "not validated".to_owned(), |report| checks(report, one.category));
        let parts: Vec<String> = one
            .components
            .iter()
            .map(
                |part| {
                    if seen.held.iter().any(|held| held == part) { (*part).to_owned() } else { format!("~~{part}~~") }
                },
            )
            .collect();
        let steps = if steps.is_empty() { "no plan".to_owned() } else { steps.join(", ") };
        let _ = writeln!(out, "| {} {} | {steps} | {checks} | {} |", one.number, one.title, parts.join(", "));
    }
    out.push_str("\nA component that is struck out is not part of the point. A red step brings back what was changed: files, env, services, and a database where `migrate.database` says so; the rest comes back by `greenlight rollback run`.\n\n");
}

/// How many of a category's checks there were, and which are red.
fn checks(report: &Report, category: &str) -> String {
    let of: Vec<_> = report.results.iter().filter(|result| word_of(result) == category).collect();
    let count = |outcome: Outcome| of.iter().filter(|result| result.outcome == outcome).count();
    let red = of.iter().filter(|one| matches!(one.outcome, Outcome::Failed | Outcome::Errored | Outcome::NotRun));
    let red: Vec<&str> = red.map(|result| result.id.as_str()).collect();
    let passed = of.iter().filter(|one| matches!(one.outcome, Outcome::Passed | Outcome::Warned));
    let passed: Vec<String> = passed.map(|result| format!("`{}`", result.id)).collect();
    if of.is_empty() {
        return "**none looked at it**".to_owned();
    }
    let mut said = format!("{} passed or warned, {} skipped", passed.len(), count(Outcome::Skipped));
    if !passed.is_empty() {
        let _ = write!(said, ": {}", passed.join(" "));
    }
    if !red.is_empty() {
        let _ = write!(said, "; **red**: {}", red.join(" "));
    }
    said
}

fn not_done(migration: &Migration<'_>, position: &Position, seen: &Seen, out: &mut String) {
    out.push_str("## What was not done\n\n");
    let mut lines: Vec<String> = position.skipped.iter().map(|(step, why)| format!("{step}: {}", plain(why))).collect();
    lines.extend(STEPS.iter().filter(|step| !position.begun.contains(step)).filter_map(|step| {
        let skipped = position.skipped.iter().any(|(skipped, _)| skipped == step);
        (!skipped).then(|| format!("{step}: it was not reached"))
    }));
    if migration.environment.target.is_none() {
        lines.push("what serves was not tested by greenlight-verify: the environment has no `target:`".to_owned());
    }
    if !seen.held.is_empty() {
        let missing = COMPONENTS.iter().filter(|(name, _)| !seen.held.iter().any(|held| held == name));
        lines.extend(
            missing.map(|(name, what)| {
                format!("{what}: no part of the rollback point (`{name}`), and would not come back")
            }),
        );
    }
    if let Some(report) = &seen.report {
        let count =
            report.results.iter().filter(|one| matches!(one.outcome, Outcome::Skipped | Outcome::NotRun)).count();
        lines.push(format!(
            "{count} checks of the validation had nothing to look at, or did not run; the report names each"
        ));
    }
    if let Some(plan) = &seen.plan {
        let strings = |value: &Value| {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(plain).collect::<Vec<_>>()
        };
        lines.extend(strings(&plan["not_seen"]).into_iter().map(|what| format!("not seen by the plan: {what}")));
        for step in plan["steps"].as_array().into_iter().flatten() {
            let id = step["id"].as_str().unwrap_or_default();
            let what: Vec<String> = strings(&step["what"]).into_iter().filter(|line| line != "nothing to do").collect();
            if !OURS.contains(&id) && !what.is_empty() {
                lines.push(format!("step `{id}` of the plan is for people: {}", what.join("; ")));
            }
        }
    }
    lines.iter().for_each(|line| _ = writeln!(out, "- {line}"));
    if lines.is_empty() {
        out.push_str("Nothing is known of that.\n");
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

/// Nothing that a table or a list would take for its own.
fn plain(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sum(file: &Path) -> Option<String> {
    let bytes = read_at_most(file, REPORT_BYTES_MAX.max(BYTES_MAX)).ok()?;
    Some(hex(&Sha256::digest(bytes)))
}
