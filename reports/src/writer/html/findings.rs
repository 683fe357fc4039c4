//! What is not simply fine: failures with their fix, warnings, what could not be found out, what was left out.

use super::page::{outcome, say};
use crate::writer::blame::{by_blame, deepest_first};
use crate::{AppliedWaiver, CheckResult, Failure, LikelyCause, Outcome, Report};
use maud::{Markup, html};

pub(super) fn all(report: &Report, causes: &[LikelyCause]) -> Markup {
    let of = |outcome: Outcome| -> Vec<&CheckResult> {
        report.results.iter().filter(|result| result.outcome == outcome).collect()
    };
    html! {
        (failures(&deepest_first(report, |result| result.outcome == Outcome::Failed), causes))
        (section("warned", "Warnings", "True today and soon not, or accepted for the time being by a waiver.",
            &of(Outcome::Warned), warned))
        (section("errored", "Not found out", "Neither true nor false is known of these.", &of(Outcome::Errored), unknown))
        (section("not-run", "Not run", "The run ended before these were started.", &of(Outcome::NotRun), plain))
        (section("skipped", "Skipped", "These do not apply here. A skip is not a pass.", &of(Outcome::Skipped), unknown))
    }
}

/// What looks like one known fault first, under the check to begin with; the rest by blame. The first group is open, and
/// each says what is folded in it.
fn failures(failed: &[&CheckResult], causes: &[LikelyCause]) -> Markup {
    let is_folded = |id: &String| causes.iter().any(|cause| cause.root == *id || cause.consequences.contains(id));
    let rest: Vec<&CheckResult> = failed.iter().copied().filter(|result| !is_folded(&result.id)).collect();
    let groups = by_blame(&rest);
    html! {
        @if !failed.is_empty() {
            section aria-labelledby="failed" {
                h2 #failed { "Failed (" (failed.len()) ")" }
                @for (index, cause) in causes.iter().enumerate() { (likely(cause, failed, index == 0)) }
                p.hint {
                    "Grouped by the component that each check blames; what others stand on comes first, so begin there. "
                    "Which failure caused which was not measured: a later group may have a cause of its own."
                }
                @for (index, (blame, results)) in groups.iter().enumerate() {
                    details.group open[index == 0 && causes.is_empty()] {
                        summary {
                            b { (blame.map_or_else(|| "no blame".to_owned(), |blame| blame.to_string())) }
                            ": " (results.len()) " failed "
                            span.ids { @for result in results { code { (say(&result.id)) } " " } }
                        }
                        @for result in results { (article(result, &failed_body(result))) }
                    }
                }
            }
        }
    }
}

/// One group of checks that look like one fault: the root, and folded below it what is red with it.
fn likely(cause: &LikelyCause, failed: &[&CheckResult], is_open: bool) -> Markup {
    let of = |id: &String| failed.iter().copied().find(|result| result.id == *id);
    html! {
        details.group.cause open[is_open] {
            summary {
                b { "Looks like one fault: " code { (say(&cause.fault)) } } ": begin with " code { (say(&cause.root)) }
                ", " (cause.consequences.len()) " more with it "
                span.ids { @for id in &cause.consequences { code { (say(id)) } " " } }
            }
            p.hint {
                "Exactly these turned red when this fault was planted in a real staging. That is a likeness and no proof: "
                "mend the first, and run again."
            }
            @if let Some(root) = of(&cause.root) { (article(root, &failed_body(root))) }
            details {
                summary { "Red with it" }
                @for result in cause.consequences.iter().filter_map(of) { (article(result, &failed_body(result))) }
            }
        }
    }
}

fn section(id: &str, title: &str, hint: &str, results: &[&CheckResult], body: fn(&CheckResult) -> Markup) -> Markup {
    html! {
        @if !results.is_empty() {
            section aria-labelledby=(id) {
                h2 id=(id) { (title) " (" (results.len()) ")" }
                p.hint { (hint) }
                @for result in results { (article(result, &body(result))) }
            }
        }
    }
}

fn article(result: &CheckResult, body: &Markup) -> Markup {
    html! {
        article class={ "finding " (result.outcome.word()) } {
            h3 { (outcome(result.outcome)) " " code { (say(&result.id)) } }
            p { (say(&result.title)) }
            (body)
        }
    }
}

fn failed_body(result: &CheckResult) -> Markup {
    html! { @if let Some(failure) = result.failure() { (told(failure)) } (log(result)) }
}

fn warned(result: &CheckResult) -> Markup {
    html! {
        @if let Some(failure) = result.failure() { (told(failure)) }
        @if let Some(waiver) = result.waiver() { (waived(waiver)) }
    }
}

fn unknown(result: &CheckResult) -> Markup {
    html! { p { (say(result.reason().unwrap_or("no reason was given"))) } (log(result)) }
}

fn plain(_: &CheckResult) -> Markup {
    html! {}
}

fn told(failure: &Failure) -> Markup {
    let blame = failure.blame.to_string();
    let rows = [
        ("What", &failure.what),
        ("Found", &failure.found),
        ("Expected", &failure.expected),
        ("Fix", &failure.fix),
        ("Look first at", &blame),
        ("At", &failure.at),
    ];
    html! { dl { @for (name, value) in rows { div { dt { (name) } dd { (say(value)) } } } } }
}

fn waived(waiver: &AppliedWaiver) -> Markup {
    html! {
        p.waiver {
            b { "Waived: " } (say(&waiver.reason)) "; until " (say(&waiver.until)) ", owner " (say(&waiver.owner))
            ", see " (link(&waiver.link))
        }
    }
}

/// A link only where it leads to a web page: a report must not be able to hold `javascript:`.
fn link(address: &str) -> Markup {
    let address = say(address);
    html! {
        @if address.starts_with("https://") || address.starts_with("http://") {
            a href=(address) rel="noopener noreferrer" { (address) }
        } @else {
            (address)
        }
    }
}

fn log(result: &CheckResult) -> Markup {
    html! {
        @if let Some(log) = result.attempts.last().map(|attempt| &attempt.log).filter(|log| !log.is_empty()) {
            details { summary { "What the clients saw" } pre { (say(log)) } }
        }
    }
}
