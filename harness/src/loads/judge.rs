//! Samples held to the thresholds of `staging_tests.yaml`, and to a baseline where those say so.

use super::baseline::Baselines;
use super::series::{Course, Series};
use crate::ctx::Ctx;
use crate::verdict::{Halt, Pass, PassBuilder, Verdict, failed};
use greenlight_config::thresholds::{Compared, Judged, Kind, Threshold};
use greenlight_reports::{Component, Limit};

impl Ctx {
    /// Holds samples to every threshold that is about them. `cause` is what else is known of a breach, and `blame` whom a
    /// breach is laid to; without it the check's component.
    ///
    /// # Errors
    /// Failed when a threshold is breached; errored when samples are too few for one, none is about a metric, or nobody can
    /// tell whether it is worse than the baseline.
    #[track_caller]
    pub fn judge(
        &self,
        series: &[Series],
        course: &Course,
        cause: &str,
        blame: impl Fn(&Threshold) -> Option<Component>,
        fix: &str,
    ) -> Verdict {
        let place = std::panic::Location::caller();
        let baselines = &self.target().baselines;
        baselines.record(self.check_id(), series, course);
        let against = Against { baselines, check: self.check_id() };
        judge(&self.target().thresholds, Some(against), series, course, cause, blame, fix).map_err(|halt| match halt {
            Halt::Failed { what, found, expected, fix, blame, .. } => {
                Halt::Failed { what, found, expected, fix, blame, at: format!("{}:{}", place.file(), place.line()) }
            }
            other => other,
        })
    }
}

/// What holds, with its value, its limit and the number of samples.
struct Held {
    name: String,
    value: f64,
    limit: Limit,
    n: usize,
    /// How near it is, when it is beyond `warn`.
    near: Option<String>,
}

/// What is compared with: the check whose samples count, of the baseline if there is one.
#[derive(Clone, Copy)]
pub(super) struct Against<'a> {
    pub(super) baselines: &'a Baselines,
    pub(super) check: &'a str,
}

pub(super) fn judge(
    thresholds: &[Threshold],
    against: Option<Against<'_>>,
    series: &[Series],
    course: &Course,
    cause: &str,
    blame: impl Fn(&Threshold) -> Option<Component>,
    fix: &str,
) -> Verdict {
    let events = course.events();
    for one in series {
        if !thresholds.iter().any(|threshold| threshold.is_about(one.metric, &one.tags, &events)) {
            return Err(Halt::Errored(format!(
                "no threshold in staging_tests.yaml is about {} {:?}, so nothing can be said",
                one.metric, one.tags
            )));
        }
    }
    let (mut holding, mut undecided) = (Vec::new(), None);
    let about = |it: &&Threshold| series.iter().any(|one| it.is_about(one.metric, &one.tags, &events));
    let mut relevant: Vec<&Threshold> = thresholds.iter().filter(about).collect();
    // Errors first: where most requests are refused, times say little.
    relevant.sort_by_key(|threshold| threshold.metric.kind != Kind::Events);
    for threshold in relevant {
        let values = values_of(threshold, series, course);
        let (n, name) = (values.len(), subject(threshold));
        match threshold.judge(&values, course.seconds_of(threshold.between)) {
            Judged::Breached { value } => {
                return Err(failed(
                    format!("{name} is beyond its threshold"),
                    format!("{name} is {value:.2} over {n} samples{cause}"),
                    format!("{} {}", threshold.comparison, threshold.bound),
                    fix,
                    blame(threshold),
                ));
            }
            Judged::TooFew { needed } => {
                undecided = undecided.or(Some(format!(
                    "too few samples: {:?} needs {needed} usable samples and has {n}",
                    threshold.to_string()
                )));
            }
            Judged::Holds { value, warned } => {
                let (bound, comparison) = (threshold.bound.in_base(), threshold.comparison);
                let limit = if comparison.is_upper() { Limit::AtMost(bound) } else { Limit::AtLeast(bound) };
                let near = threshold.warn.filter(|_| warned).map(|warn| format!("{comparison} {warn}"));
                holding.push(Held { name, value, limit, n, near });
            }
        }
        match compared(threshold, against, &values) {
            None => {}
            Some(Ok(held)) => holding.push(held),
            Some(Err(Change::Worse { found, expected })) => {
                return Err(failed(
                    format!("{} is worse than the baseline", subject(threshold)),
                    format!("{found}{cause}"),
                    expected,
                    fix,
                    blame(threshold),
                ));
            }
            Some(Err(Change::Unknown(reason))) => undecided = undecided.or(Some(reason)),
        }
    }
    match undecided {
        Some(reason) => Err(Halt::Errored(reason)),
        None => passed(holding, fix),
    }
}

/// The samples that a threshold is about.
fn values_of(threshold: &Threshold, series: &[Series], course: &Course) -> Vec<f64> {
    let events = course.events();
    let about = series.iter().filter(|one| threshold.is_about(one.metric, &one.tags, &events));
    about.flat_map(|one| course.values_in(threshold.between, &one.samples)).collect()
}

/// Why a comparison with the baseline is no pass.
enum Change {
    Worse { found: String, expected: String },
    Unknown(String),
}

fn compared(threshold: &Threshold, against: Option<Against<'_>>, now: &[f64]) -> Option<Result<Held, Change>> {
    let borne = threshold.vs_baseline?;
    let name = subject(threshold);
    let given = against.and_then(|against| Some((against, against.baselines.against.as_deref()?)));
    let Some((Against { baselines, check }, baseline)) = given else {
        // A run that records a baseline has taken the clause out.
        return Some(Err(Change::Unknown(format!("{name} is to be held against a baseline, and none was given"))));
    };
    baselines.count();
    let before = baseline.values_of(check, threshold);
    let (had, has, run) = (before.len(), now.len(), &baseline.run_id);
    let expected = format!("at most {borne:+}% against the baseline of run {run}");
    Some(match threshold.compare(now, &before)? {
        Compared::Holds { at_worst } => {
            let limit = if borne > 0.0 { Limit::AtMost(borne) } else { Limit::AtLeast(borne) };
            Ok(Held {
                name: format!("{name} vs baseline, percent at worst"),
                value: at_worst,
                limit,
                n: has,
                near: None,
            })
        }
        Compared::Worse { change, at_least } => Err(Change::Worse {
            found: format!(
                "{name} has changed by {change:+.0}%, surely by {at_least:+.0}%, over {has} samples against {had}"
            ),
            expected,
        }),
        Compared::Unclear { low, high } => Err(Change::Unknown(format!(
            "whether {name} is worse than the baseline of run {run} can't be told: it has changed by something between {low:+.0}% and {high:+.0}%, over {has} samples against {had}, and {borne:+}% is borne; record a baseline on a quieter machine, or bear more"
        ))),
        Compared::TooFew { needed } => Err(Change::Unknown(format!(
            "{name} needs {needed} samples on each side to be held against the baseline of run {run}; there are {has} now and {had} there"
        ))),
    })
}

fn passed(holding: Vec<Held>, fix: &str) -> Verdict {
    let (mut pass, mut concern) = (None, None);
    for Held { name, value, limit, n, near } in holding {
        pass = Some(match pass.take() {
            None => PassBuilder::new().measured(&name, value, limit, n)?,
            Some(pass) => Pass::measured(pass, &name, value, limit, n)?,
        });
        if let Some(near) = near {
            let found = format!("{value:.2} over {n} samples");
            concern = concern.or(Some(failed(format!("{name} comes near its threshold"), found, near, fix, None)));
        }
    }
    let pass = pass.ok_or_else(|| Halt::Errored("no threshold was about what was measured".into()))?;
    match concern {
        Some(concern) => pass.warned(concern),
        None => Ok(pass),
    }
}

/// `join_ms{load=storm} p(95)`, with its part of the load.
fn subject(threshold: &Threshold) -> String {
    let text = threshold.to_string();
    let written = text.split_once(':').map_or(text.as_str(), |(subject, _)| subject);
    let part = threshold.between.map(|window| format!(" between {window}")).unwrap_or_default();
    format!("{written} {}{part}", threshold.aggregate)
}
