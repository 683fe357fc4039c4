//! What is said of samples, held to texts written by hand.

use super::generator::honest;
use super::judge::{Against, judge};
use super::{Baseline, Baselines, Course, Series, Timed, refusals};
use crate::verdict::Halt;
use greenlight_config::StagingTests;
use greenlight_config::thresholds::Threshold;
use greenlight_load::{Ended, LoadRun, Operation, Sample};
use greenlight_reports::Component;
use std::sync::Arc;

fn thresholds(texts: &[&str]) -> Vec<Threshold> {
    texts.iter().map(|text| text.parse().expect("a threshold")).collect()
}

fn joins(values: &[f64]) -> [Series; 1] {
    [Series::whole("join_ms", &[("load", "storm")], values.to_vec())]
}

fn judged(texts: &[&str], values: &[f64]) -> crate::Verdict {
    judge(
        &thresholds(texts),
        None,
        &joins(values),
        &Course::whole(1.0),
        "; cause",
        |_| Some(Component::Redis),
        "mend it",
    )
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
        due_ms: None,
        ok: status.is_none(),
        status,
        error: status.map(|status| status.to_string()),
    };
    let ended = Ended {
        samples: 20,
        counted_by_goose: 20,
        began_unix_s: 0.0,
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

fn held_against(baseline: &Baseline, texts: &[&str], values: &[f64]) -> crate::Verdict {
    judge(
        &thresholds(texts),
        Some(Against { baselines: &Baselines::against(Some(Arc::new(baseline.clone()))), check: "a.b" }),
        &joins(values),
        &Course::whole(1.0),
        "; cause",
        |_| None,
        "mend it",
    )
}

/// A baseline as a run writes it and another one reads it.
fn recorded(check: &str, values: &[f64]) -> Baseline {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("baseline.json");
    let baselines = Baselines::default();
    baselines.record(check, &joins(&[9.0]), &Course::whole(1.0));
    baselines.record(check, &joins(values), &Course::whole(1.0));
    baselines.of(&report()).expect("samples").write(&file).expect("written");
    Baseline::read(&file).expect("read")
}

fn report() -> greenlight_reports::Report {
    let run = crate::Run::new(
        crate::runner::tests::target(),
        &[],
        crate::run::tests::options(1),
        greenlight_config::ExpectedSkips::default(),
        crate::Interrupt::default(),
    );
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(run.expect("a run").finish()).expect("a report")
}

fn around(middle: f64) -> Vec<f64> {
    (0..300).map(|i| middle * (0.9 + f64::from(i % 20) / 100.0)).collect()
}

#[test]
fn what_is_worse_than_its_baseline_is_a_failure_within_its_bound() {
    let median = ["join_ms{load=storm}: p(50) < 2s, vs baseline +50%"];
    let baseline = recorded("a.b", &around(10.0));
    let (measured, _) = held_against(&baseline, &median, &around(11.0)).expect("holds").into_parts();
    assert_eq!((measured.len(), measured[1].limit), (2, greenlight_reports::Limit::AtMost(50.0)));
    assert!(measured[1].value > 5.0 && measured[1].value < 20.0, "{}", measured[1].value);
    let halt = held_against(&baseline, &median, &around(100.0)).expect_err("ten times slower");
    let Halt::Failed { what, found, expected, .. } = halt else { panic!("{halt:?}") };
    assert_eq!(what, "join_ms{load=storm} p(50) is worse than the baseline");
    assert!(found.starts_with("join_ms{load=storm} p(50) has changed by +900%, surely by +8"), "{found}");
    assert_eq!(expected, format!("at most +50% against the baseline of run {}", baseline.run_id));
}

#[test]
fn a_comparison_that_can_not_be_made_is_unknown_and_never_a_pass() {
    let median = ["join_ms{load=storm}: p(50) < 2s, vs baseline +10%"];
    let baseline = recorded("a.b", &around(10.0));
    // Of another check there is nothing in it.
    for (verdict, says) in [
        (held_against(&recorded("a.c", &around(10.0)), &median, &around(10.0)), "there are 300 now and 0 there"),
        (held_against(&baseline, &median, &around(11.0)), "can't be told"),
        (judged(&median, &around(10.0)), "and none was given"),
    ] {
        let Err(Halt::Errored(reason)) = verdict else { panic!("{verdict:?}") };
        assert!(reason.contains(says), "{reason}");
    }
    // A bound that is breached is no less so for it.
    assert!(matches!(
        held_against(&baseline, &["join_ms: p(50) < 5ms, vs baseline +10%"], &around(11.0)),
        Err(Halt::Failed { .. })
    ));
}

#[test]
fn a_baseline_that_was_cut_edited_or_measured_elsewhere_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("baseline.json");
    let baselines = Baselines::default();
    assert!(baselines.of(&report()).is_none());
    baselines.record("a.b", &joins(&[1.0]), &Course::whole(1.0));
    let whole = baselines.of(&report()).expect("samples");
    whole.write(&file).expect("written");
    let text = std::fs::read_to_string(&file).expect("read");
    let mut elsewhere = whole.clone();
    elsewhere.processors += 1;
    elsewhere.write(&file).expect("written");
    let foreign = std::fs::read_to_string(&file).expect("read");
    for (text, says) in [
        (text[..text.len() / 2].to_owned(), "is no baseline of this version"),
        (text.replace("\"value\":1.0", "\"value\":9.0"), "was changed after it was written"),
        (foreign, "their times can't be compared"),
    ] {
        std::fs::write(&file, text).expect("written");
        let refusal = Baseline::read(&file).expect_err("refused");
        assert!(refusal.contains(says) && refusal.contains("--record-baseline"), "{refusal}");
    }
    assert!(Baseline::read(&folder.path().join("none")).is_err());
}

/// A load of ten seconds: Redis stood still from the third to the fifth.
#[test]
fn a_part_of_a_load_is_what_was_due_in_it() {
    let course = Course::whole(10.0).impaired(3.0, 5.0).ended();
    let due = |at_s: f64, value: f64| Timed { at_s: Some(at_s), value };
    let samples = vec![due(2.9, 1.0), due(3.0, 900.0), due(4.9, 800.0), due(5.0, 2.0), due(9.9, 3.0)];
    let series = [Series { metric: "api_ms", tags: vec![("load", "stalled")], samples }];
    let judged = |text: &str| judge(&thresholds(&[text]), None, &series, &course, "", |_| None, "mend it");
    let (measured, _) = judged("api_ms: max < 10ms, between impair_end..end").expect("holds").into_parts();
    assert_eq!((measured[0].value, measured[0].n.get()), (3.0, 2));
    assert_eq!(measured[0].name, "api_ms max between impair_end..end");
    let halt = judged("api_ms: max < 10ms, between impair_start..impair_end").expect_err("breached");
    let Halt::Failed { found, .. } = halt else { panic!("{halt:?}") };
    assert!(found.contains("is 900.00 over 2 samples"), "{found}");
    // What no part of this load is, nobody has measured.
    assert!(matches!(judged("api_ms: max < 10ms, between start..ramped"), Err(Halt::Errored(_))));
}
