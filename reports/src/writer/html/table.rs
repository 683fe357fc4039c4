//! Every check of the run, a table per suite, with what it measured.

use super::page::{outcome, say};
use super::plots;
use crate::writer::suites;
use crate::{CheckResult, Measured, Report};
use maud::{Markup, html};

pub(super) fn suites(report: &Report) -> Markup {
    html! {
        section aria-labelledby="checks" {
            h2 #checks { "All checks (" (report.results.len()) ")" }
            @for (suite, results) in suites::of(report) {
                div.scroll tabindex="0" role="region" aria-label={ "Checks of " (say(suite)) } {
                    table {
                        caption { (say(suite)) }
                        thead { tr {
                            th scope="col" { "Outcome" }
                            th scope="col" { "Check" }
                            th scope="col" { "Time" }
                            th scope="col" { "Measured" }
                        } }
                        tbody { @for result in results { (row(result)) } }
                    }
                }
            }
        }
    }
}

fn row(result: &CheckResult) -> Markup {
    let measured = result.attempts.last().map(|attempt| attempt.measured.as_slice()).unwrap_or_default();
    html! {
        tr data-outcome=(result.outcome.word()) data-flaky[result.flaky] {
            td { (outcome(result.outcome)) @if result.flaky { " (flaky, " (result.attempts.len()) " attempts)" } }
            th scope="row" { code { (say(&result.id)) } span.title { (say(&result.title)) } }
            td.number { (result.duration_ms()) " ms" }
            td { @if measured.is_empty() { "nothing" } @else { ul.measured { @for value in measured { (line(value)) } } } }
        }
    }
}

fn line(measured: &Measured) -> Markup {
    html! {
        li {
            (say(&measured.name)) " " b { (measured.value) } " "
            span.limit { "limit " (measured.limit.to_string()) ", n = " (measured.n) }
            @if !measured.limit.holds(measured.value) { " " b.outside { "✗ outside" } }
            (plots::bar(measured))
        }
    }
}
