//! What a load has measured, as thresholds are held against it: samples of one metric with one set of tags, and when what
//! happened meanwhile.

use greenlight_config::thresholds::{Event, Window};
use greenlight_load::{Job, LoadRun, Operation, Sample};
use greenlight_reports::Component;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Samples of one metric with one set of tags, in base units: milliseconds, percent, MiB, 1 or 0 for events.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// As in the thresholds.
    pub metric: &'static str,
    /// Tags that all of them have.
    pub tags: Vec<(&'static str, &'static str)>,
    /// The samples; none where there should have been some.
    pub samples: Vec<Timed>,
}

/// A sample, and when its request was due.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timed {
    /// Seconds from the first due request; `None` for what is measured over the whole of a load.
    pub at_s: Option<f64>,
    /// In base units.
    pub value: f64,
}

/// When what happened during a load, in seconds from its first due request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// How long it took.
    pub seconds: f64,
    events: Vec<(Event, f64)>,
}

impl Series {
    /// What is measured once, over the whole of a load.
    pub fn whole(metric: &'static str, tags: &[(&'static str, &'static str)], values: Vec<f64>) -> Self {
        let samples = values.into_iter().map(|value| Timed { at_s: None, value }).collect();
        Self { metric, tags: tags.to_vec(), samples }
    }
}

impl Course {
    /// The course of a load: its start, when every user had begun, and its end.
    pub fn of(job: &Job, run: &LoadRun) -> Self {
        let seconds = run.ended.wall_s;
        let ramped = std::time::Duration::from_millis(job.spread_ms).as_secs_f64();
        Self { seconds, events: vec![(Event::Start, 0.0), (Event::Ramped, ramped), (Event::End, seconds)] }
    }

    /// Of a load during which nothing is told apart.
    pub(super) fn whole(seconds: f64) -> Self {
        Self { seconds, events: vec![] }
    }

    /// With its end, for tests.
    #[cfg(test)]
    pub(super) fn ended(mut self) -> Self {
        self.events.push((Event::End, self.seconds));
        self
    }

    /// The same load, with a part standing still from one moment to another, in seconds.
    pub fn impaired(mut self, from_s: f64, to_s: f64) -> Self {
        self.events.extend([(Event::ImpairStart, from_s), (Event::ImpairEnd, to_s)]);
        self
    }

    /// What happened.
    pub(super) fn events(&self) -> Vec<Event> {
        self.events.iter().map(|(event, _)| *event).collect()
    }

    /// The values of this part, or of the whole.
    pub(super) fn values_in(&self, window: Option<Window>, samples: &[Timed]) -> Vec<f64> {
        let within = |sample: &&Timed| window.is_none_or(|window| self.holds(window, **sample));
        samples.iter().filter(within).map(|sample| sample.value).collect()
    }

    fn holds(&self, window: Window, sample: Timed) -> bool {
        let (Some(from), Some(to), Some(due)) = (self.at(window.from), self.at(window.to), sample.at_s) else {
            return false;
        };
        from <= due && (due < to || window.to == Event::End)
    }

    /// How long this part took.
    pub(super) fn seconds_of(&self, window: Option<Window>) -> f64 {
        let Some(Window { from, to }) = window else { return self.seconds };
        let at = |event| self.at(event).unwrap_or(f64::NAN);
        at(to) - at(from)
    }

    fn at(&self, wanted: Event) -> Option<f64> {
        self.events.iter().find(|(event, _)| *event == wanted).map(|(_, at)| *at)
    }
}

/// Calls of the room API under this kind of load, one series a method.
pub fn calls(run: &LoadRun, load: &'static str) -> Vec<Series> {
    let methods: BTreeSet<Operation> = run.samples.iter().map(|sample| sample.operation).collect();
    let mut series = Vec::new();
    for method in methods {
        let tags = [("path", "balancer"), ("method", method.name()), ("load", load)];
        let of = |sample: &&Sample| sample.operation == method;
        series.extend(told(run, "api_errors", Some("api_ms"), &tags, of));
        let done = run.samples.iter().filter(of).filter(|sample| sample.ok).map(|sample| timed(sample, 1.0)).collect();
        series.push(Series { metric: "api_calls", tags: tags.to_vec(), samples: done });
    }
    series
}

/// Joins and the pings after them, under this kind of load.
pub fn joins(run: &LoadRun, tags: &[(&'static str, &'static str)]) -> Vec<Series> {
    let mut series = told(run, "join_errors", Some("join_ms"), tags, |sample| sample.operation == Operation::Join);
    series.extend(told(run, "ping_errors", Some("ping_ms"), tags, |sample| sample.operation == Operation::Ping));
    series
}

/// What went wrong, most frequent first, and the component that answers so where it can be told: livekit-server has no
/// limit on how often somebody asks, so a 429 comes from what stands before it.
pub fn refusals(run: &LoadRun) -> (String, Option<Component>) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for sample in &run.samples {
        if let Some(error) = &sample.error {
            *counts.entry(error).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut text = String::new();
    for (error, count) in counts.iter().take(3) {
        let _ = write!(text, "; {count} times {error}");
    }
    let limited = run.samples.iter().any(|sample| sample.status == Some(429));
    (text, limited.then_some(Component::Balancer))
}

fn told(
    run: &LoadRun,
    errors: &'static str,
    times: Option<&'static str>,
    tags: &[(&'static str, &'static str)],
    of: impl Fn(&&Sample) -> bool,
) -> Vec<Series> {
    let mine: Vec<&Sample> = run.samples.iter().filter(of).collect();
    let failures = mine.iter().map(|sample| timed(sample, if sample.ok { 0.0 } else { 1.0 })).collect();
    let mut series = vec![Series { metric: errors, tags: tags.to_vec(), samples: failures }];
    if let Some(metric) = times {
        let samples = mine.iter().filter(|sample| sample.is_timed()).map(|sample| timed(sample, sample.ms)).collect();
        series.push(Series { metric, tags: tags.to_vec(), samples });
    }
    series
}

fn timed(sample: &Sample, value: f64) -> Timed {
    Timed { at_s: sample.due_ms.map(|due_ms| due_ms / 1e3), value }
}
