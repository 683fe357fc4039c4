//! Load for checks: the generator is judged before anything that it measured, and samples are held to the thresholds of
//! `staging_tests.yaml`.

use crate::ctx::Ctx;
use crate::verdict::{Halt, PassBuilder, Verdict, failed};
use greenlight_config::thresholds::{Judged, Kind, Threshold};
use greenlight_load::{Job, LoadRun, Operation, Sample, Scenario};
use greenlight_reports::{Component, Limit};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A request that left later than this, with nothing of the target to wait for, was late by the generator's fault.
const LATE_MS: f64 = 50.0;

/// Tries of a load whose generator does not keep up.
const TRIES_MAX: usize = 3;

/// Samples of one metric with one set of tags, in base units: milliseconds, percent, MiB, 1 or 0 for events.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// As in the thresholds.
    pub metric: &'static str,
    /// Tags that all of them have.
    pub tags: Vec<(&'static str, &'static str)>,
    /// The samples; none where there should have been some.
    pub values: Vec<f64>,
}

impl Ctx {
    /// A load through the balancer on rooms of this check; users and timetable have to be set.
    pub fn load_of(&self, scenario: Scenario, rooms: usize) -> Job {
        let rooms = (0..rooms).map(|room| self.name(&format!("room-{room}"))).collect();
        let mut job = Job::new(self.entry(), self.key(), scenario, rooms);
        job.saturate = self.target().saturated_generator;
        job
    }

    /// Runs a load to its end. One whose generator did not keep up has said nothing about the target and is run again,
    /// three times in all: another program may have taken the machine for a moment.
    ///
    /// # Errors
    /// Errored, and never failed, when the generator is not to be believed: saturated, late, or ended early.
    pub async fn load(&self, job: &Job) -> Result<LoadRun, Halt> {
        let mut tries = 1;
        loop {
            let run = greenlight_load::run(job).await?;
            let ended = &run.ended;
            tracing::info!(
                "{job:?}: {} operations in {:.2} s, generator {:.3} s of processor time, lag p99 {:.1} ms, cut off: {}",
                run.samples.len(),
                ended.wall_s,
                ended.cpu_s,
                percentile(&ended.lag_ms, 99),
                ended.cut_off
            );
            match honest(&self.target().thresholds, &run) {
                Ok(()) => return Ok(run),
                Err(halt) if tries >= TRIES_MAX => return Err(halt),
                Err(halt) => tracing::warn!("try {tries} says nothing: {halt:?}"),
            }
            tries += 1;
        }
    }

    /// Holds samples to every threshold that is about them. `cause` is what else is known of a breach, and `blame` whom a
    /// breach is laid to; without it the check's component.
    ///
    /// # Errors
    /// Failed when a threshold is breached; errored when samples are too few for one, or none is about a metric.
    #[track_caller]
    pub fn judge(
        &self,
        series: &[Series],
        seconds: f64,
        cause: &str,
        blame: impl Fn(&Threshold) -> Option<Component>,
        fix: &str,
    ) -> Verdict {
        let place = std::panic::Location::caller();
        judge(&self.target().thresholds, series, seconds, cause, blame, fix).map_err(|halt| match halt {
            Halt::Failed { what, found, expected, fix, blame, .. } => {
                Halt::Failed { what, found, expected, fix, blame, at: format!("{}:{}", place.file(), place.line()) }
            }
            other => other,
        })
    }
}

/// Calls of the room API, one series a method.
pub fn calls(run: &LoadRun) -> Vec<Series> {
    let methods: BTreeSet<Operation> = run.samples.iter().map(|sample| sample.operation).collect();
    let mut series = Vec::new();
    for method in methods {
        let tags = [("path", "balancer"), ("method", method.name())];
        let of = |sample: &&Sample| sample.operation == method;
        series.extend(told(run, "api_errors", Some("api_ms"), &tags, of));
        let done = run.samples.iter().filter(of).filter(|sample| sample.ok).map(|_| 1.0).collect();
        series.push(Series { metric: "api_calls", tags: tags.to_vec(), values: done });
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
    let failures = mine.iter().map(|sample| if sample.ok { 0.0 } else { 1.0 }).collect();
    let mut series = vec![Series { metric: errors, tags: tags.to_vec(), values: failures }];
    if let Some(metric) = times {
        let values = mine.iter().filter(|sample| sample.is_timed()).map(|sample| sample.ms).collect();
        series.push(Series { metric, tags: tags.to_vec(), values });
    }
    series
}

/// Whether the generator may be believed: its processor time, its clock, and requests that it sent late by itself.
fn honest(thresholds: &[Threshold], run: &LoadRun) -> Result<(), Halt> {
    let ended = &run.ended;
    #[expect(clippy::cast_precision_loss, reason = "a number of processors")]
    let cpu = ended.cpu_s / ended.wall_s / ended.processors as f64 * 100.0;
    let late = run.samples.iter().map(|sample| if sample.late_ms > LATE_MS { 1.0 } else { 0.0 }).collect();
    let series = [("generator_cpu", vec![cpu]), ("generator_lag_ms", ended.lag_ms.clone()), ("generator_late", late)]
        .map(|(metric, values)| Series { metric, tags: vec![], values });
    match judge(thresholds, &series, ended.wall_s, "", |_| Some(Component::Runner), "") {
        Ok(_) => Ok(()),
        Err(Halt::Failed { found, expected, .. }) => {
            let lag = percentile(&ended.lag_ms, 99);
            Err(Halt::Errored(format!(
                "the load generator is saturated and measures itself (blame: {}): {found}, wanted {expected}; its processor time {cpu:.0} % of the machine, its clock late by {lag:.0} ms (p99)",
                Component::Runner
            )))
        }
        Err(other) => Err(other),
    }
}

fn judge(
    thresholds: &[Threshold],
    series: &[Series],
    seconds: f64,
    cause: &str,
    blame: impl Fn(&Threshold) -> Option<Component>,
    fix: &str,
) -> Verdict {
    for one in series {
        if !thresholds.iter().any(|threshold| threshold.is_about(one.metric, &one.tags)) {
            return Err(Halt::Errored(format!(
                "no threshold in staging_tests.yaml is about {} {:?}, so nothing can be said",
                one.metric, one.tags
            )));
        }
    }
    let (mut holding, mut undecided) = (Vec::new(), None);
    let mut relevant: Vec<&Threshold> =
        thresholds.iter().filter(|it| series.iter().any(|one| it.is_about(one.metric, &one.tags))).collect();
    // Errors first: where most requests are refused, times say little.
    relevant.sort_by_key(|threshold| threshold.metric.kind != Kind::Events);
    for threshold in relevant {
        let about = series.iter().filter(|one| threshold.is_about(one.metric, &one.tags));
        let values: Vec<f64> = about.flat_map(|one| one.values.iter().copied()).collect();
        match threshold.judge(&values, seconds) {
            Judged::Breached { value } => {
                return Err(failed(
                    format!("{} is beyond its threshold", subject(threshold)),
                    format!("{} is {value:.2} over {} samples{cause}", subject(threshold), values.len()),
                    format!("{} {}", threshold.comparison, threshold.bound),
                    fix,
                    blame(threshold),
                ));
            }
            Judged::TooFew { needed } => {
                let had = values.len();
                undecided = undecided.or(Some(format!(
                    "{threshold:?} needs {needed} usable samples and has {had}",
                    threshold = threshold.to_string()
                )));
            }
            Judged::Holds { value, warned } => holding.push((threshold, value, warned, values.len())),
        }
    }
    if let Some(reason) = undecided {
        return Err(Halt::Errored(format!("too few samples: {reason}")));
    }
    passed(&holding, fix)
}

fn passed(holding: &[(&Threshold, f64, bool, usize)], fix: &str) -> Verdict {
    let mut pass = None;
    let mut concern = None;
    for (threshold, value, warned, n) in holding {
        let bound = threshold.bound.in_base();
        let limit = if threshold.comparison.is_upper() { Limit::AtMost(bound) } else { Limit::AtLeast(bound) };
        let name = subject(threshold);
        pass = Some(match pass.take() {
            None => PassBuilder::new().measured(&name, *value, limit, *n)?,
            Some(pass) => crate::Pass::measured(pass, &name, *value, limit, *n)?,
        });
        if let (true, Some(warn)) = (*warned, threshold.warn) {
            concern = concern.or(Some(failed(
                format!("{name} comes near its threshold"),
                format!("{value:.2} over {n} samples"),
                format!("{} {warn}", threshold.comparison),
                fix,
                None,
            )));
        }
    }
    let pass = pass.ok_or_else(|| Halt::Errored("no threshold was about what was measured".into()))?;
    match concern {
        Some(concern) => pass.warned(concern),
        None => Ok(pass),
    }
}

/// `join_ms{load=storm} p(95)`.
fn subject(threshold: &Threshold) -> String {
    let text = threshold.to_string();
    let written = text.split_once(':').map_or(text.as_str(), |(subject, _)| subject);
    format!("{written} {}", threshold.aggregate)
}

fn percentile(values: &[f64], share: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() * share / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{Series, honest, judge, refusals};
    use crate::verdict::Halt;
    use greenlight_config::StagingTests;
    use greenlight_config::thresholds::Threshold;
    use greenlight_load::{Ended, LoadRun, Operation, Sample};
    use greenlight_reports::Component;

    fn thresholds(texts: &[&str]) -> Vec<Threshold> {
        texts.iter().map(|text| text.parse().expect("a threshold")).collect()
    }

    fn joins(values: &[f64]) -> [Series; 1] {
        [Series { metric: "join_ms", tags: vec![("load", "storm")], values: values.to_vec() }]
    }

    fn judged(texts: &[&str], values: &[f64]) -> crate::Verdict {
        judge(&thresholds(texts), &joins(values), 1.0, "; cause", |_| Some(Component::Redis), "mend it")
    }

    #[test]
    fn a_breach_is_a_failure_with_numbers_and_blame() {
        let halt = judged(&["join_ms{load=storm}: max < 2s"], &[1.0, 2500.0]).expect_err("breached");
        let Halt::Failed { found, expected, blame, .. } = halt else { panic!("{halt:?}") };
        assert_eq!(found, "join_ms{load=storm} max is 2500.00 over 2 samples; cause");
        assert_eq!((expected.as_str(), blame), ("< 2s", Some(Component::Redis)));
    }

    #[test]
    fn too_few_samples_and_no_threshold_are_unknown_and_never_a_pass() {
        for (texts, values) in [
            (vec!["join_ms: p(95) < 2s, samples >= 50"], vec![1.0; 49]),
            (vec!["join_ms: max < 2s"], vec![]),
            (vec!["join_ms{load=held}: max < 2s"], vec![1.0]),
            (vec![], vec![1.0]),
        ] {
            let verdict = judged(&texts, &values);
            assert!(matches!(verdict, Err(Halt::Errored(_))), "{texts:?}: {verdict:?}");
        }
        // What is known to be wrong is not hidden behind what is not known.
        let both = judged(&["join_ms: p(99) < 2s", "join_ms: max < 2s"], &[2500.0]);
        assert!(matches!(both, Err(Halt::Failed { .. })), "{both:?}");
    }

    #[test]
    fn a_value_near_its_bound_is_a_warning() {
        let (measured, concern) = judged(&["join_ms: max < 2s, warn 1s"], &[1500.0]).expect("holds").into_parts();
        assert_eq!((measured.len(), measured[0].value, concern.is_some()), (1, 1500.0, true));
        let (_, concern) = judged(&["join_ms: max < 2s, warn 1s"], &[500.0]).expect("holds").into_parts();
        assert!(concern.is_none());
    }

    fn run(cpu_s: f64, lag_ms: f64, late_ms: f64, status: Option<u16>) -> LoadRun {
        let sample = Sample {
            operation: Operation::Join,
            ms: 1.0,
            late_ms,
            ok: status.is_none(),
            status,
            error: status.map(|status| status.to_string()),
        };
        let ended = Ended {
            samples: 20,
            counted_by_goose: 20,
            wall_s: 2.0,
            cpu_s,
            processors: 2,
            lag_ms: vec![lag_ms; 200],
            open_at_once: 0,
            cut_off: false,
        };
        LoadRun { samples: vec![sample; 20], ended }
    }

    #[test]
    fn a_saturated_generator_makes_nothing_known_by_the_shipped_limits() {
        let shipped = StagingTests::shipped().expect("shipped").thresholds;
        assert!(honest(&shipped, &run(0.4, 2.0, 1.0, None)).is_ok());
        for (dishonest, says) in [
            (run(3.9, 2.0, 1.0, None), "generator_cpu max is 97.50"),
            (run(0.4, 250.0, 1.0, None), "generator_lag_ms p(99) is 250.00"),
            (run(0.4, 2.0, 80.0, None), "generator_late rate is 100.00"),
        ] {
            let halt = honest(&shipped, &dishonest).expect_err("not honest");
            let Halt::Errored(reason) = halt else { panic!("{halt:?}") };
            assert!(reason.contains(says) && reason.contains("blame: "), "{reason}");
        }
        assert!(matches!(honest(&[], &run(0.4, 2.0, 1.0, None)), Err(Halt::Errored(_))));
    }

    #[test]
    fn only_who_stands_before_the_server_limits_requests() {
        assert_eq!(refusals(&run(0.4, 2.0, 1.0, Some(429))), ("; 20 times 429".into(), Some(Component::Balancer)));
        assert_eq!(refusals(&run(0.4, 2.0, 1.0, Some(500))), ("; 20 times 500".into(), None));
    }
}
