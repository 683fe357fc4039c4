//! The frame of the page: verdict, what was tested, then the parts in the order in which they are needed.

use super::{findings, plots, table};
use crate::text::{printable, shorten};
use crate::writer::moment::millis;
use crate::{Counts, Identity, LikelyCause, Outcome, Report, RunVerdict};
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

const STYLE: &str = include_str!("style.css");
/// Nothing may be loaded or run, whatever stands in a report; only the style that stands in the file.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// A text of a report is cut in the middle beyond this, so that one answer can't fill the page.
const TEXT_BYTES_MAX: usize = 8_000;

/// The report as one self-contained HTML file: the verdict first, then what is red with its fix, what warns, what is
/// unknown, every check with what it measured, and when each ran.
///
/// Failures that look like one known fault ([`crate::likely_causes`]) are folded under the check to begin with.
pub fn html(report: &Report, causes: &[LikelyCause]) -> String {
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (report.verdict.word().to_uppercase()) ": Greenlight run " (say(&report.header.run_id)) }
                // The only text that is not escaped; it is a constant.
                style { (PreEscaped(STYLE)) }
            }
            body {
                (banner(report))
                main {
                    (verdict(report))
                    (findings::all(report, causes))
                    (table::suites(report))
                    (plots::timeline(report))
                }
                footer { (tool(report)) }
            }
        }
    };
    page.into_string()
}

/// A text of the report as the page shows it.
pub(super) fn say(text: &str) -> String {
    shorten(&printable(text), TEXT_BYTES_MAX).into_owned()
}

/// Symbol and word: an outcome is never told by colour alone.
pub(super) fn outcome(outcome: Outcome) -> Markup {
    let (symbol, word) = match outcome {
        Outcome::Passed => ("✓", "passed"),
        Outcome::Warned => ("!", "warned"),
        Outcome::Failed => ("✗", "failed"),
        Outcome::Errored => ("?", "errored"),
        Outcome::Skipped => ("–", "skipped"),
        Outcome::NotRun => ("∅", "not run"),
    };
    markup! { span class={ "outcome " (outcome.word()) } { span aria-hidden="true" { (symbol) } " " (word) } }
}

/// What makes this report one that says nothing about a deployment, on top and loud.
fn banner(report: &Report) -> Markup {
    let target = &report.header.target;
    markup! {
        @if target.kind == "emulator" {
            p.banner role="alert" { (crate::TargetInfo::SELF_TEST) }
        }
        @if let Some(fault) = &target.planted {
            p.banner role="alert" { "PLANTED FAULT: " (say(fault)) ". Red is what this run should be." }
        }
    }
}

/// One sentence that says why the verdict is what it is.
fn reason(report: &Report) -> String {
    let Counts { passed, failed, errored, not_run, .. } = report.counts;
    if let Some(why) = report.unexplained() {
        return format!("No check is red, and this is no pass: {why}.");
    }
    match report.verdict {
        RunVerdict::Passed => format!("Every check that ran passed or warns: {passed} passed."),
        RunVerdict::Failed => format!("The claim of {failed} check(s) is false."),
        RunVerdict::Inconclusive => format!("It could not be found out whether {errored} check(s) hold."),
        RunVerdict::Incomplete if not_run > 0 => format!("The run ended before {not_run} check(s) were started."),
        RunVerdict::Incomplete => "The run was cut short.".to_owned(),
    }
}

fn verdict(report: &Report) -> Markup {
    let verdict = report.verdict.word();
    markup! {
        header class={ "verdict " (verdict) } {
            h1 { (verdict.to_uppercase()) }
            p { (reason(report)) }
            (counts(report.counts))
        }
        section aria-labelledby="subject" {
            h2 #subject { "What was tested" }
            dl { (subject(report)) }
            @if !report.leftovers.is_empty() {
                h3 { "Left on the target" }
                p { "These rooms could not be removed:" }
                ul { @for room in &report.leftovers { li { code { (say(room)) } } } }
            }
        }
    }
}

fn counts(counts: Counts) -> Markup {
    let of = [
        (Outcome::Failed, counts.failed),
        (Outcome::Errored, counts.errored),
        (Outcome::NotRun, counts.not_run),
        (Outcome::Warned, counts.warned),
        (Outcome::Passed, counts.passed),
        (Outcome::Skipped, counts.skipped),
    ];
    markup! {
        ul.counts aria-label="Checks by outcome" {
            @for (of, count) in of {
                li data-count=(of.word()) { b { (count) } " " (outcome(of)) }
            }
            @if counts.flaky > 0 {
                li data-count="flaky" { b { (counts.flaky) } " of them flaky: passed only when tried again" }
            }
        }
    }
}

fn subject(report: &Report) -> Markup {
    let header = &report.header;
    let row = |name: &str, value: Markup| markup! { div { dt { (name) } dd { (value) } } };
    let took = millis(&header.ended).zip(millis(&header.started)).map(|(end, start)| end.saturating_sub(start));
    let unchanged = match report.subject.is_unchanged() {
        true => "The same before and after the run.",
        false => "NOT the same before and after the run, or gone at its end.",
    };
    markup! {
        (row("Target", markup! { (say(&header.target.kind)) " at " code { (say(&header.target.url)) } }))
        (row("Nodes", nodes(&report.subject.before)))
        (row("Subject", markup! { (unchanged) }))
        @if !report.subject.restarts.is_empty() {
            (row("Restarts", markup! { ul { @for restart in &report.subject.restarts {
                li { (say(&restart.node)) ": started again by " code { (say(&restart.check)) } }
            } } }))
        }
        @if !report.subject.before.images.is_empty() {
            (row("Images", markup! { ul { @for image in &report.subject.before.images {
                li {
                    code { (say(&image.name)) } " " code { (say(&image.id)) }
                    @if let Some(program) = &image.program_sha256 { " program " code { (say(program)) } }
                }
            } } }))
        }
        @if let Some(pin) = &report.subject.before.tls_pin {
            (row("TLS key", markup! { code { (say(pin)) } }))
        }
        (row("Started", markup! { time { (say(&header.started)) } }))
        @if let Some(took) = took {
            (row("Took", markup! { (format!("{:.1} s", took as f64 / 1000.0)) }))
        }
        @if header.interrupted {
            (row("Interrupted", markup! { "The run was cut short by a person or a signal." }))
        }
    }
}

fn nodes(identity: &Identity) -> Markup {
    markup! {
        @if identity.nodes.is_empty() {
            "unknown: no node said who it is"
        } @else {
            ul { @for node in &identity.nodes {
                li {
                    (say(&node.name)) ": livekit-server " (say(&node.version)) " " code { (say(&node.node_id)) }
                    @if let Some(config) = &node.config_sha256 { " configuration " code { (say(config)) } }
                }
            } }
        }
    }
}

fn tool(report: &Report) -> Markup {
    let header = &report.header;
    markup! {
        p {
            "Run " code { (say(&header.run_id)) } ", seed " (header.seed) ", by " (say(&header.tool.name)) " "
            (say(&header.tool.version)) " (" (say(&header.tool.profile)) "). Derived from the sealed report "
            code { (say(&report.seal.sha256)) } ", which alone is evidence."
        }
    }
}
