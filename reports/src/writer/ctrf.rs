//! CTRF, the JSON that CI dashboards read. Its schema allows no fields but its own; ours stand under `extra`.

use super::moment::millis;
use super::suites;
use crate::seal::hex;
use crate::text::shorten;
use crate::{Attempt, CheckResult, Outcome, Report};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// The version of the schema beside our tests.
const SPEC_VERSION: &str = "0.0.0";
const RUN_CASE: &str = "greenlight.run";

/// The report as CTRF JSON. Times are in milliseconds. What could not be found out and what was not run is `other`,
/// with our own word as `rawStatus`; a run that is no pass although no check is red has a test of its own that says so.
///
/// # Errors
/// When a number in the report is not finite.
pub fn ctrf(report: &Report) -> serde_json::Result<Vec<u8>> {
    let mut tests: Vec<Value> = report.unexplained().map(|why| run_case(report, why)).into_iter().collect();
    for result in &report.results {
        tests.push(test(result)?);
    }
    let header = &report.header;
    let value = json!({
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "reportId": uuid(&report.seal.sha256),
        "generatedBy": format!("{} {}", header.tool.name, header.tool.version),
        "results": {
            "tool": { "name": header.target.name(), "version": header.tool.version },
            "summary": summary(report),
            "tests": tests,
            "environment": {
                "testEnvironment": header.target.kind,
                "extra": { "url": header.target.url, "subject": serde_json::to_value(&report.subject)? },
            },
        },
        "extra": {
            "run_id": header.run_id,
            "verdict": serde_json::to_value(report.verdict)?,
            "planted": header.target.planted,
            "interrupted": header.interrupted,
            "seed": header.seed.to_string(),
            "leftovers": report.leftovers,
            "seal": report.seal.sha256,
        },
    });
    let mut bytes = serde_json::to_vec_pretty(&value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn summary(report: &Report) -> Value {
    let counts = report.counts;
    let own = usize::from(report.unexplained().is_some());
    let (start, stop) = (millis(&report.header.started), millis(&report.header.ended));
    json!({
        "tests": report.results.len() + own,
        "passed": counts.passed + counts.warned,
        "failed": counts.failed,
        "skipped": counts.skipped,
        "pending": 0,
        "other": counts.errored + counts.not_run + own,
        "flaky": counts.flaky,
        "suites": suites::of(report).len(),
        "start": start.unwrap_or_default(),
        "stop": stop.unwrap_or_default(),
    })
}

fn run_case(report: &Report, why: &str) -> Value {
    json!({
        "name": RUN_CASE,
        "status": "other",
        "rawStatus": "inconclusive",
        "duration": 0,
        "message": why,
        "extra": { "run_id": report.header.run_id },
    })
}

fn test(result: &CheckResult) -> serde_json::Result<Value> {
    let (last, earlier) = match result.attempts.split_last() {
        Some((last, earlier)) => (Some(last), earlier),
        None => (None, Default::default()),
    };
    let mut test = Map::new();
    let mut put = |name: &str, value: Value| drop(test.insert(name.to_owned(), value));
    put("name", json!(named(&result.id)));
    put("testId", json!(named(&result.id)));
    put("status", json!(status(result.outcome)));
    put("rawStatus", json!(raw_status(result.outcome)));
    put("duration", json!(result.duration_ms()));
    put("suite", json!([result.suite()]));
    put("tags", json!(result.tags));
    put("filePath", json!(result.file));
    put("line", json!(result.line));
    put("flaky", json!(result.flaky));
    put("retries", json!(earlier.len()));
    if !earlier.is_empty() {
        let attempts = earlier.iter().enumerate().map(|(index, attempt)| retry(index + 1, attempt));
        put("retryAttempts", attempts.collect());
    }
    if let Some(last) = last {
        if let Some((start, end)) = span(last) {
            put("start", json!(start));
            put("stop", json!(end));
        }
        if let Some(message) = message(last) {
            put("message", json!(message));
        }
        if !last.log.is_empty() {
            put("stdout", lines(&last.log));
        }
    }
    let mut labels = Map::from_iter([("suite".to_owned(), json!(result.suite()))]);
    if let Some(failure) = result.failure() {
        put(
            "trace",
            json!(format!(
                "{}\nfound    {}\nexpected {}\nfix      {}\nat       {}",
                failure.what, failure.found, failure.expected, failure.fix, failure.at
            )),
        );
        labels.insert("blame".to_owned(), json!(failure.blame.to_string()));
    }
    put("labels", Value::Object(labels));
    put(
        "extra",
        json!({
            "title": result.title,
            "outcome": result.outcome.word(),
            "measured": serde_json::to_value(last.map(|last| &last.measured))?,
            "waiver": serde_json::to_value(result.waiver())?,
        }),
    );
    Ok(Value::Object(test))
}

fn retry(number: usize, attempt: &Attempt) -> Value {
    let mut retry = json!({
        "attempt": number,
        "status": status(attempt.outcome),
        "duration": attempt.duration_ms,
        "extra": { "outcome": attempt.outcome.word() },
    });
    if let Some(message) = message(attempt) {
        retry["message"] = json!(message);
    }
    if !attempt.log.is_empty() {
        retry["stdout"] = lines(&attempt.log);
    }
    retry
}

fn status(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed | Outcome::Warned => "passed",
        Outcome::Failed => "failed",
        Outcome::Skipped => "skipped",
        Outcome::Errored | Outcome::NotRun => "other",
    }
}

fn raw_status(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Errored => "inconclusive",
        other => other.word(),
    }
}

fn message(attempt: &Attempt) -> Option<&str> {
    attempt.failure.as_ref().map(|failure| &failure.what).or(attempt.reason.as_ref()).map(String::as_str)
}

fn lines(log: &str) -> Value {
    shorten(log, 40_000).lines().collect()
}

/// The schema wants a name, and a report could hold an empty id.
fn named(id: &str) -> &str {
    if id.is_empty() { "(no id)" } else { id }
}

fn span(attempt: &Attempt) -> Option<(i64, i64)> {
    let start = millis(&attempt.started)?;
    Some((start, start.checked_add(i64::try_from(attempt.duration_ms).ok()?)?))
}

/// A UUID of version 8 (RFC 9562, 5.8) from the report's seal: the same report has the same id.
fn uuid(seal: &str) -> String {
    let mut bytes = Sha256::digest(seal);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex(&bytes[..16]);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::ctrf;
    use crate::seal::tests::{passed, report, result};
    use crate::writer::foreign::any_report;
    use crate::writer::schema::violations;
    use crate::{Outcome, Report, RunVerdict};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// `ctrf-schema-0.0.json` of the npm package `ctrf` 0.3.0.
    const SCHEMA: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/ctrf/ctrf-schema-0.0.json"));

    fn schema() -> Value {
        serde_json::from_str(SCHEMA).expect("the schema")
    }

    fn written(report: &Report) -> Value {
        serde_json::from_slice(&ctrf(report).expect("ctrf")).expect("json")
    }

    #[test]
    fn a_test_carries_what_dashboards_read() {
        let mut retried = passed("a.b");
        retried.attempts.insert(0, result("a.b", Outcome::Failed).attempts.remove(0));
        retried.flaky = true;
        let value = written(&report(vec![retried, result("a.c", Outcome::Failed), result("b.d", Outcome::Errored)]));
        assert_eq!(violations(&schema(), &value), [""; 0]);
        let summary = &value["results"]["summary"];
        for (name, expected) in [("tests", 3), ("passed", 1), ("failed", 1), ("other", 1), ("flaky", 1), ("suites", 2)]
        {
            assert_eq!(summary[name], expected, "{name}");
        }
        // date -u -d 2026-11-23T00:00:00Z +%s
        assert_eq!(
            (&summary["start"], &summary["stop"]),
            (&json!(1_795_392_000_000_u64), &json!(1_795_392_041_000_u64))
        );
        let tests = &value["results"]["tests"];
        assert_eq!(tests[0]["retries"], 1);
        assert_eq!(tests[0]["retryAttempts"][0]["status"], "failed");
        assert_eq!(tests[0]["duration"], 24);
        assert_eq!(tests[1]["message"], "a token was refused");
        assert_eq!(tests[1]["labels"]["blame"], "API keys");
        assert_eq!((&tests[1]["filePath"], &tests[1]["line"]), (&json!("suites/src/a/b.rs"), &json!(7)));
        assert_eq!((&tests[2]["status"], &tests[2]["rawStatus"]), (&json!("other"), &json!("inconclusive")));
    }

    #[test]
    fn a_run_that_is_no_pass_is_never_all_passed() {
        let mut changed = report(vec![passed("a.b")]);
        assert_eq!(written(&changed)["results"]["summary"]["other"], 0);
        changed.verdict = RunVerdict::Inconclusive;
        let value = written(&changed);
        assert_eq!(value["results"]["summary"]["other"], 1);
        assert_eq!(value["results"]["tests"][0]["name"], "greenlight.run");
        assert_eq!(violations(&schema(), &value), [""; 0]);
    }

    #[test]
    fn the_schema_refuses_what_it_must() {
        let good = written(&report(vec![passed("a.b")]));
        type Edit = fn(&mut Value);
        let edits: [(&str, Edit); 5] = [
            ("our field outside of extra", |v| v["results"]["tests"][0]["verdict"] = json!("x")),
            ("our word as a status", |v| v["results"]["tests"][0]["status"] = json!("inconclusive")),
            ("a missing field", |v| drop(v["results"]["summary"].as_object_mut().expect("map").remove("other"))),
            ("a broken id", |v| v["reportId"] = json!("1234")),
            ("seconds", |v| v["results"]["tests"][0]["duration"] = json!(0.012)),
        ];
        for (what, edit) in edits {
            let mut bad = good.clone();
            edit(&mut bad);
            assert!(!violations(&schema(), &bad).is_empty(), "{what}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn any_report_fits_the_schema(report in any_report()) {
            let value = written(&report);
            prop_assert_eq!(violations(&schema(), &value), Vec::<String>::new());
            let (summary, tests) = (&value["results"]["summary"], value["results"]["tests"].as_array().expect("tests"));
            for status in ["passed", "failed", "skipped", "pending", "other"] {
                prop_assert_eq!(&summary[status], tests.iter().filter(|test| test["status"] == status).count());
            }
            prop_assert_eq!(&summary["tests"], tests.len());
        }
    }
}
