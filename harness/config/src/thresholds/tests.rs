//! The grammar, held to texts written by hand, and to itself.

use super::quantity::Dimension;
use super::{Aggregate, Compared, Comparison, Event, Judged, Metric, Quantity, Threshold, Unit, Window};
use proptest::prelude::*;

fn parsed(text: &str) -> Threshold {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn refused(text: &str) -> String {
    text.parse::<Threshold>().expect_err(text).to_string()
}

#[test]
fn the_example_of_the_conventions_is_read() {
    let threshold = parsed("join_ms{path=balancer}: p(95) < 2s, warn 1.5s, samples >= 50");
    assert_eq!((threshold.metric.name, threshold.aggregate), ("join_ms", Aggregate::Percentile(95.0)));
    assert_eq!((threshold.comparison, threshold.bound.in_base()), (Comparison::Below, 2000.0));
    assert_eq!((threshold.warn.map(Quantity::in_base), threshold.samples_min), (Some(1500.0), Some(50)));
    assert_eq!(threshold.tags, [("path".to_owned(), "balancer".to_owned())].into());
}

#[test]
fn every_unit_is_read_in_its_base() {
    for (text, base) in [
        ("api_ms: max < 250us", 0.25),
        ("api_ms: avg <= 1.5s", 1500.0),
        ("memory: max < 2GiB", 2048.0),
        ("memory: max < 512KiB", 0.5),
        ("cpu: max <= 70%", 70.0),
        ("api_calls: rate >= 30/s", 30.0),
        ("api_calls: count >= 200", 200.0),
        ("api_errors: rate < 1 %", 1.0),
    ] {
        assert_eq!(parsed(text).bound.in_base(), base, "{text}");
    }
}

#[test]
fn what_is_unknown_is_refused_with_what_was_meant() {
    for (text, says) in [
        ("join_mss: p(95) < 2s", "no metric is called \"join_mss\"; did you mean \"join_ms\"?"),
        ("join_ms{paht=balancer}: p(95) < 2s", "no tag of join_ms is called \"paht\"; did you mean \"path\"?"),
        ("join_ms{path=balancr}: p(95) < 2s", "did you mean \"balancer\"?"),
        ("generator_cpu{of=all}: max < 2%", "no tag of generator_cpu is called \"of\"; there is none"),
        ("join_ms: mx < 2s", "no aggregate is called \"mx\"; did you mean \"max\"?"),
        ("join_ms: p95 < 2s", "did you mean \"p(95)\"?"),
        ("join_ms: p(95) < 2m", "no unit is called \"m\"; did you mean"),
        ("join_ms: p(95) < 2s, wran 1s", "no clause is called \"wran\"; did you mean \"warn\"?"),
        ("join_ms: p(95) < 2", "\"2\" has no unit; write one of us, ms, s"),
        ("join_ms: p(95) < 2%", "the unit must be one of us, ms, s"),
        ("join_ms: p(95) < 2s, warn 1%", "the unit must be one of us, ms, s"),
        ("join_ms: p(100) < 2s", "above 0 and below 100"),
        ("join_ms: rate < 2%", "join_ms has no rate; it has p(N), avg, min, max, count"),
        ("join_errors: p(95) < 2%", "join_errors has no p(95); it has rate, count"),
        ("join_ms: p(95) = 2s", "compares nothing"),
        ("join_ms: p(95) < -2s", "is no number with its unit"),
        ("join_ms: count >= 2s", "a count is a whole number without a unit"),
        ("join_ms p(95) < 2s", "no colon"),
        ("join_ms{path=balancer: p(95) < 2s", "do not end with `}`"),
        ("join_ms: p(95) < 2s, warn 3s", "warn 3s lies beyond the bound 2s"),
        ("join_ms: p(95) < 2s, samples >= 0", "above 0"),
        ("join_ms: p(95) < 2s, samples >= 5, samples >= 6", "`samples` stands twice"),
        ("join_ms: p(95) < 2s, between impair_start..impair_end", "what is measured there goes through no such thing"),
        ("api_ms: p(95) < 2s, between impar_start..impair_end", "did you mean \"impair_start\"?"),
        ("api_ms: p(95) < 2s, between impair_end..impair_start", "impair_start does not come after impair_end"),
        ("api_ms: p(95) < 2s, between ramped..ramped", "ramped does not come after ramped"),
        ("api_ms: p(95) < 2s, between ramped", "write `between ramped..end`"),
        ("api_ms{load=steady}: p(95) < 2s, between start..impair_end", "goes through no such thing"),
        ("cpu{of=all}: max < 2%, between ramped..end", "is measured over the whole of a load"),
        ("join_ms: p(95) < 2s, between start..end, between ramped..end", "`between` stands twice"),
        ("join_ms: p(95) < 2s, vs baseline 10%", "write `vs baseline +10%`, with its sign"),
        ("join_ms: p(95) < 2s, vs baseline +10", "write `vs baseline +10%`"),
        ("join_ms: p(95) < 2s, vs basline +10%", "write `vs baseline +10%`"),
        ("join_ms: p(95) < 2s, vs baseline -10%", "less is better here"),
        ("join_ms: p(95) < 2s, vs baseline +0%", "less is better here"),
        ("join_ms: p(95) > 2s, vs baseline +10%", "more is better here"),
        ("join_ms: p(95) > 2s, vs baseline -100%", "more is better here"),
        ("join_ms: max < 2s, vs baseline +10%", "join_ms max can't be held against a baseline"),
        ("api_calls{load=stalled}: rate > 2/s", "no value of the tag load is called \"stalled\"; there are steady"),
        ("api_calls: rate > 2/s, vs baseline -10%", "api_calls rate can't be held against a baseline"),
        ("generator_lag_ms: p(95) < 2s, vs baseline +10%", "can't be held against a baseline"),
        ("join_ms: p(95) < 2s, vs baseline +10%, vs baseline +20%", "`vs` stands twice"),
        // Each of the two is measured, and nothing with both.
        ("join_ms{load=steady,rooms=one}: p(95) < 2s", "nothing that is measured has all of {load=steady,rooms=one}"),
        ("api_ms{path=node}: p(95) < 2s", "no value of the tag path is called \"node\"; there are balancer"),
    ] {
        let error = refused(text);
        assert!(error.contains(says), "{text}: {error}");
    }
}

/// The example of the nearest-rank method that encyclopaedias print.
const FIVE: [f64; 5] = [35.0, 50.0, 15.0, 40.0, 20.0];

#[test]
fn percentiles_are_of_the_nearest_rank() {
    for (share, value) in [(30, 20.0), (40, 20.0), (50, 35.0)] {
        let threshold = parsed(&format!("join_ms: p({share}) <= {value}ms"));
        assert_eq!(threshold.judge(&FIVE, 1.0), Judged::Holds { value, warned: false }, "p({share})");
    }
}

#[test]
fn values_are_told_from_bound_and_warning() {
    let judge = |text: &str, samples: &[f64]| parsed(text).judge(samples, 2.0);
    assert_eq!(judge("join_ms: max < 50ms", &FIVE), Judged::Breached { value: 50.0 });
    assert_eq!(judge("join_ms: max <= 50ms, warn 49ms", &FIVE), Judged::Holds { value: 50.0, warned: true });
    assert_eq!(judge("join_ms: avg < 33ms", &FIVE), Judged::Holds { value: 32.0, warned: false });
    assert_eq!(judge("join_ms: min > 15ms", &FIVE), Judged::Breached { value: 15.0 });
    assert_eq!(judge("join_errors: rate < 2%", &[0.0, 1.0, 0.0, 0.0]), Judged::Breached { value: 25.0 });
    assert_eq!(judge("api_calls: rate >= 2/s", &[1.0; 4]), Judged::Holds { value: 2.0, warned: false });
}

#[test]
fn too_few_samples_decide_nothing() {
    let judge = |text: &str, samples: &[f64]| parsed(text).judge(samples, 1.0);
    assert_eq!(judge("join_ms: p(50) < 2s, samples >= 6", &FIVE), Judged::TooFew { needed: 6 });
    // Of five samples nobody can say what one in a hundred does.
    assert_eq!(judge("join_ms: p(99) < 2s", &FIVE), Judged::TooFew { needed: 100 });
    assert_eq!(judge("join_ms: max < 2s", &[]), Judged::TooFew { needed: 1 });
    assert_eq!(judge("join_ms: max < 2s", &[1.0, f64::NAN]), Judged::TooFew { needed: 1 });
    assert_eq!(parsed("api_calls: rate > 1/s").judge(&[1.0], 0.0), Judged::TooFew { needed: 1 });
}

#[test]
fn a_threshold_is_about_all_samples_that_have_its_tags() {
    let threshold = parsed("join_ms{load=storm}: p(95) < 2s");
    assert!(threshold.is_about("join_ms", &[("path", "balancer"), ("load", "storm")], &[]));
    assert!(!threshold.is_about("join_ms", &[("path", "balancer"), ("load", "steady")], &[]));
    assert!(!threshold.is_about("ping_ms", &[("load", "storm")], &[]));
    assert!(parsed("join_ms: p(95) < 2s").is_about("join_ms", &[("load", "storm")], &[]));
    // A part of a load that has no such part.
    let recovered = parsed("api_ms: p(95) < 2s, between impair_end..end");
    assert!(recovered.is_about("api_ms", &[("load", "stalled")], Event::ALL));
    assert!(!recovered.is_about("api_ms", &[("load", "steady")], &[Event::Start, Event::Ramped, Event::End]));
}

#[test]
fn every_clause_of_the_conventions_is_read() {
    let text = "api_ms{load=stalled}: p(95) < 2s, warn 1.5s, samples >= 50, between impair_start..impair_end, vs baseline +10%";
    let threshold = parsed(text);
    assert_eq!(threshold.between, Some(Window { from: Event::ImpairStart, to: Event::ImpairEnd }));
    assert_eq!((threshold.vs_baseline, threshold.to_string().as_str()), (Some(10.0), text));
}

/// Samples with the spread of a real server, in two lengths: 5 ms, and now and then twice that.
fn times(scale: f64, n: usize) -> Vec<f64> {
    (0..n).map(|i| scale * (5.0 + f64::from(u32::try_from(i % 10).unwrap_or(0)) / 2.0)).collect()
}

#[test]
fn a_change_is_borne_worse_or_within_the_noise() {
    let median = parsed("api_ms: p(50) < 2s, vs baseline +20%");
    let compared = |now: &[f64], baseline: &[f64]| median.compare(now, baseline).expect("it compares");
    assert!(matches!(compared(&times(1.0, 400), &times(1.0, 400)), Compared::Holds { at_worst } if at_worst < 20.0));
    assert!(matches!(compared(&times(0.5, 400), &times(1.0, 400)), Compared::Holds { at_worst } if at_worst < -30.0));
    let Compared::Worse { change, at_least } = compared(&times(10.0, 400), &times(1.0, 400)) else {
        panic!("not worse")
    };
    assert!((change - 900.0).abs() < 1e-9 && at_least > 700.0, "{change} {at_least}");
    // 20 % worse and 20 % are borne: of so few samples nobody can tell, either way.
    assert!(
        matches!(compared(&times(1.2, 30), &times(1.0, 30)), Compared::Unclear { low, high } if low < 20.0 && high > 20.0)
    );
    let few = parsed("api_ms: p(50) < 2s, samples >= 50, vs baseline +20%");
    assert_eq!(median.compare(&times(1.0, 400), &times(1.0, 29)), Some(Compared::TooFew { needed: 30 }));
    assert_eq!(few.compare(&times(1.0, 400), &times(1.0, 49)), Some(Compared::TooFew { needed: 50 }));
    assert_eq!(few.compare(&[f64::NAN; 50], &times(1.0, 50)), Some(Compared::TooFew { needed: 50 }));
    assert_eq!(parsed("api_ms: p(50) < 2s").compare(&times(9.0, 99), &times(1.0, 99)), None);
}

#[test]
fn more_can_be_better_and_nothing_is_compared_with_nothing() {
    let slower = parsed("api_ms: avg > 1ms, vs baseline -20%");
    assert!(
        matches!(slower.compare(&times(0.5, 400), &times(1.0, 400)), Some(Compared::Worse { change, .. }) if change < -49.0)
    );
    assert!(
        matches!(slower.compare(&times(2.0, 400), &times(1.0, 400)), Some(Compared::Holds { at_worst }) if at_worst > 0.0)
    );
    let errors = parsed("api_errors: rate < 50%, vs baseline +100%");
    assert_eq!(errors.compare(&[0.0; 200], &[0.0; 200]), Some(Compared::Holds { at_worst: 0.0 }));
    let some: Vec<f64> = (0..200).map(|i| if i % 10 == 0 { 1.0 } else { 0.0 }).collect();
    assert!(matches!(errors.compare(&some, &[0.0; 200]), Some(Compared::Worse { .. })));
}

fn quantities(dimension: Dimension) -> impl Strategy<Value = Quantity> {
    let units: Vec<Unit> = match dimension {
        Dimension::Count => vec![Unit::Count],
        _ => Unit::SIGNS.iter().map(|(_, unit)| *unit).filter(|unit| unit.dimension() == dimension).collect(),
    };
    let number = match dimension {
        Dimension::Count => (0..100_000u32).prop_map(f64::from).boxed(),
        _ => (0..10_000_000u32).prop_map(|thousandths| f64::from(thousandths) / 1000.0).boxed(),
    };
    (number, proptest::sample::select(units)).prop_map(|(number, unit)| Quantity { number, unit })
}

fn thresholds() -> impl Strategy<Value = Threshold> {
    let aggregates = vec![
        Aggregate::Percentile(50.0),
        Aggregate::Percentile(99.9),
        Aggregate::Avg,
        Aggregate::Min,
        Aggregate::Max,
        Aggregate::Rate,
        Aggregate::Count,
    ];
    let comparisons: Vec<Comparison> = Comparison::SIGNS.iter().map(|(_, comparison)| *comparison).collect();
    let chosen = (
        proptest::sample::select((0..Metric::ALL.len()).collect::<Vec<_>>()),
        proptest::sample::select(aggregates),
        proptest::sample::select(comparisons),
        any::<bool>(),
        proptest::option::of(1..1000usize),
        any::<bool>(),
        proptest::option::of(1..99u32),
    );
    chosen
        .prop_filter_map(
            "the metric has no such aggregate",
            |(index, aggregate, comparison, tagged, samples, windowed, change)| {
                let metric = &Metric::ALL[index];
                let dimension = match aggregate {
                    Aggregate::Count => Dimension::Count,
                    Aggregate::Rate => metric.kind.of_rate()?,
                    _ => metric.kind.of_values()?,
                };
                let source = metric.sources.first()?;
                let between = match source.events {
                    [from, .., to] if windowed => Some(Window { from: *from, to: *to }),
                    _ => None,
                };
                let sign = if comparison.is_upper() { 1.0 } else { -1.0 };
                let compares = !source.events.is_empty()
                    && match aggregate {
                        Aggregate::Percentile(_) | Aggregate::Avg => true,
                        Aggregate::Rate => dimension == Dimension::Share,
                        _ => false,
                    };
                let vs_baseline = change.filter(|_| compares).map(|change| sign * f64::from(change));
                Some((metric, aggregate, comparison, dimension, tagged, samples, (between, vs_baseline)))
            },
        )
        .prop_flat_map(|(metric, aggregate, comparison, dimension, tagged, samples_min, (between, vs_baseline))| {
            (quantities(dimension), proptest::option::of(quantities(dimension))).prop_map(move |(bound, warn)| {
                let tag = metric.sources[0].tags.first().filter(|_| tagged);
                Threshold {
                    metric,
                    tags: tag.map(|(name, values)| ((*name).to_owned(), values[0].to_owned())).into_iter().collect(),
                    aggregate,
                    comparison,
                    bound,
                    warn: warn.filter(|warn| comparison.holds(warn.in_base(), bound.in_base())),
                    samples_min,
                    between,
                    vs_baseline,
                }
            })
        })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(threshold in thresholds()) {
        let text = threshold.to_string();
        prop_assert_eq!(text.parse::<Threshold>().map_err(|error| error.to_string()), Ok(threshold));
    }

    #[test]
    fn no_text_is_read_as_something_else(text in "[a-z_{}=:,.<>%/() 0-9]{0,40}") {
        if let Ok(threshold) = text.parse::<Threshold>() {
            prop_assert_eq!(threshold.to_string().parse::<Threshold>().ok(), Some(threshold));
        }
    }
}
