//! Drawings: a measured time against its limit, and when each attempt ran.

use super::page::{outcome, say};
use crate::writer::moment::millis;
use crate::{Attempt, CheckResult, Limit, Measured, Outcome, Report};
use maud::{Markup, html};

/// Inner width of the timeline in its own units.
const WIDTH: f64 = 1000.0;
const LANE: f64 = 16.0;
/// About as many labels as fit below the axis on a phone.
const TICKS: f64 = 6.0;

/// A bar for a time in milliseconds beside a mark at its limit; nothing for anything else.
pub(super) fn bar(measured: &Measured) -> Markup {
    let (Limit::AtLeast(limit) | Limit::AtMost(limit) | Limit::Exactly(limit)) = measured.limit;
    let is_time = measured.name.ends_with("_ms") || measured.name.contains("_ms_");
    let most = measured.value.max(limit);
    let drawn = is_time && measured.value.is_finite() && limit.is_finite() && most > 0.0;
    let x = |value: f64| format!("{:.2}", (value.max(0.0) / most * 190.0).clamp(0.0, 190.0));
    html! {
        @if drawn {
            svg.bar viewBox="0 0 200 10" width="200" height="10" role="img"
                aria-label={ (measured.value) " ms, limit " (measured.limit.to_string()) " ms" } {
                rect.value x="0" y="2" width=(x(measured.value)) height="6" fill="#4a78b0" {}
                line.mark x1=(x(limit)) x2=(x(limit)) y1="0" y2="10" stroke="currentColor" stroke-width="2" {}
            }
        }
    }
}

struct Bar<'a> {
    result: &'a CheckResult,
    attempt: &'a Attempt,
    /// Milliseconds since the run began.
    start: f64,
    lane: usize,
}

/// Each attempt as a bar from its start to its end, in as few lanes as there were attempts at the same time.
pub(super) fn timeline(report: &Report) -> Markup {
    let bars = bars(report);
    let attempts: usize = report.results.iter().map(|result| result.attempts.len()).sum();
    let end = bars.iter().map(|bar| bar.start + bar.attempt.duration_ms as f64).fold(1.0, f64::max);
    let lanes = bars.iter().map(|bar| bar.lane + 1).max().unwrap_or_default();
    let axis = lanes as f64 * LANE + 4.0;
    html! {
        @if !bars.is_empty() {
            section aria-labelledby="timeline" {
                h2 #timeline { "Timeline" }
                p.hint {
                    "Seconds since the run began; a bar is one attempt at a check, a row holds attempts that did not overlap. "
                    @if bars.len() < attempts { (attempts - bars.len()) " attempts without a readable start are not shown." }
                }
                div.scroll tabindex="0" role="region" aria-label="Timeline" {
                    svg.timeline viewBox={ "-10 0 1040 " (axis + 40.0) } role="img"
                        aria-label={ (bars.len()) " attempts in " (format!("{:.1}", end / 1000.0)) " seconds" } {
                        @for bar in &bars { (attempt(bar, end)) }
                        (ticks(end, axis))
                    }
                }
                p.legend { "Colours: " @for of in [Outcome::Passed, Outcome::Warned, Outcome::Failed, Outcome::Errored, Outcome::Skipped] {
                    (outcome(of)) " "
                } }
            }
        }
    }
}

fn bars(report: &Report) -> Vec<Bar<'_>> {
    let Some(began) = millis(&report.header.started) else {
        return Vec::new();
    };
    let mut bars: Vec<Bar<'_>> = Vec::new();
    for result in &report.results {
        for attempt in &result.attempts {
            if let Some(start) = millis(&attempt.started) {
                let start = start.saturating_sub(began).max(0) as f64;
                bars.push(Bar { result, attempt, start, lane: 0 });
            }
        }
    }
    bars.sort_by(|a, b| a.start.total_cmp(&b.start));
    let mut free_from: Vec<f64> = Vec::new();
    for bar in &mut bars {
        let end = bar.start + bar.attempt.duration_ms as f64;
        bar.lane = free_from.iter().position(|free| *free <= bar.start).unwrap_or(free_from.len());
        match free_from.get_mut(bar.lane) {
            Some(free) => *free = end,
            None => free_from.push(end),
        }
    }
    bars
}

fn attempt(bar: &Bar<'_>, end: f64) -> Markup {
    let outcome = bar.attempt.outcome;
    let fill = match outcome {
        Outcome::Passed => "#2e7d32",
        Outcome::Warned => "#b26a00",
        Outcome::Failed => "#c62828",
        Outcome::Errored => "#7b3fa0",
        Outcome::Skipped | Outcome::NotRun => "#6b7280",
    };
    let width = (bar.attempt.duration_ms as f64 / end * WIDTH).max(2.0);
    html! {
        rect class=(outcome.word()) x=(format!("{:.2}", bar.start / end * WIDTH)) y=(bar.lane as f64 * LANE)
            width=(format!("{width:.2}")) height=(LANE - 3.0) fill=(fill) {
            title {
                (say(&bar.result.id)) ": " (outcome.word()) ", from " (format!("{:.3}", bar.start / 1000.0)) " s, "
                (bar.attempt.duration_ms) " ms"
            }
        }
    }
}

fn ticks(end: f64, y: f64) -> Markup {
    let step = step(end / 1000.0 / TICKS);
    let count = (end / 1000.0 / step).floor() as u32;
    html! {
        line.axis x1="0" x2=(WIDTH) y1=(y) y2=(y) stroke="currentColor" {}
        @for index in 0..=count.min(20) {
            @let second = f64::from(index) * step;
            @let x = format!("{:.2}", second * 1000.0 / end * WIDTH);
            line x1=(x) x2=(x) y1=(y) y2=(y + 5.0) stroke="currentColor" {}
            text x=(x) y=(y + 22.0) text-anchor="middle" font-size="14" fill="currentColor" { (format!("{second} s")) }
        }
    }
}

/// The next of 1, 2 and 5 times a power of ten.
fn step(at_least: f64) -> f64 {
    let power = 10_f64.powf(at_least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= at_least).unwrap_or(power)
}
