//! Any report, written in every format and read back by parsers that share no code with our writers.

use super::{ctrf, github_annotations, github_summary, html, json, junit};
use crate::seal::tests::{report, result as plain_result};
use crate::{AppliedWaiver, CheckResult, Counts, Outcome, Report};
use html5ever::tendril::TendrilSink as _;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::*;
use serde_json::Value;

/// What would end a text, a tag, a cell, a line or a command in one of the formats, within any other text.
fn nasty() -> impl Strategy<Value = String> {
    let traps = prop_oneof![
        Just("</style></title></pre><script>alert(1)</script>"),
        Just("\" onload=\"alert(1)"),
        Just("javascript:alert(1)"),
        Just("https://example.org/\"><img src=x>"),
        Just("-->]]>&#0;&amp;"),
        Just("a | b\r\n::error::%0A\u{2028},:%"),
        Just("\u{0}\u{1b}[31mred\u{fffe}"),
        Just("plain"),
    ];
    (any::<String>(), traps, any::<String>()).prop_map(|(before, trap, after)| before + trap + &after)
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    use Outcome::*;
    prop_oneof![Just(Passed), Just(Warned), Just(Failed), Just(Errored), Just(Skipped), Just(NotRun)]
}

/// A result with nasty text in every field, sometimes tried before, sometimes waived.
fn any_result() -> impl Strategy<Value = CheckResult> {
    let texts = proptest::collection::vec(nasty(), 12);
    (outcomes(), texts, any::<u32>(), any::<u64>(), any::<f64>(), any::<[bool; 2]>()).prop_map(
        |(outcome, texts, line, duration_ms, number, [again, waived])| {
            let mut result = plain_result(&texts[0], outcome);
            result.title.clone_from(&texts[1]);
            result.file.clone_from(&texts[2]);
            result.line = line;
            result.tags.clone_from(&texts);
            for attempt in &mut result.attempts {
                // Years, not ages: sums of durations are 64 bits wide.
                attempt.duration_ms = duration_ms >> 24;
                attempt.log.clone_from(&texts[3]);
                attempt.reason = attempt.reason.as_ref().map(|_| texts[4].clone());
                attempt.measured[0].name = texts[5].clone() + "_ms";
                attempt.measured[0].value = if number.is_finite() { number } else { 1.0 };
                if let Some(failure) = &mut attempt.failure {
                    let fields = [
                        &mut failure.what,
                        &mut failure.found,
                        &mut failure.expected,
                        &mut failure.fix,
                        &mut failure.at,
                    ];
                    fields.into_iter().zip(&texts[6..]).for_each(|(field, text)| field.clone_from(text));
                }
                if waived && outcome == Outcome::Warned {
                    let text = |index: usize| texts[index].clone() + "x";
                    attempt.waiver =
                        Some(AppliedWaiver { reason: text(6), owner: text(7), link: text(8), until: text(9) });
                }
            }
            if again && !matches!(outcome, Outcome::Skipped | Outcome::NotRun) {
                let mut first = plain_result("a.b", Outcome::Failed).attempts.remove(0);
                first.log.clone_from(&texts[10]);
                result.attempts.insert(0, first);
                result.flaky = matches!(outcome, Outcome::Passed | Outcome::Warned);
            }
            result
        },
    )
}

/// A sealed report of any such results.
pub(super) fn any_report() -> impl Strategy<Value = Report> {
    (proptest::collection::vec(any_result(), 0..12), nasty(), any::<bool>()).prop_map(|(mut results, text, planted)| {
        for (index, result) in results.iter_mut().enumerate() {
            result.id = format!("s{}.c{index} {}", index % 3, result.id);
        }
        let mut report = report(results);
        report.header.run_id.clone_from(&text);
        report.header.target.url.clone_from(&text);
        report.header.target.planted = planted.then(|| text.clone());
        report.leftovers = vec![text];
        report.verdict = crate::merge(&report.results, &report.subject, &report.header);
        report
    })
}

/// The document as a browser builds it. html5ever reports whatever is not valid on its way.
pub(super) fn dom(html: &str) -> RcDom {
    html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(html)
}

/// Name, attributes, and the node itself.
pub(super) type Element = (String, Vec<(String, String)>, Handle);

/// Elements in the order of the document.
pub(super) fn elements(dom: &RcDom) -> Vec<Element> {
    let mut found = Vec::new();
    let mut open = vec![dom.document.clone()];
    while let Some(node) = open.pop() {
        if let NodeData::Element { name, attrs, .. } = &node.data {
            let attributes = attrs.borrow().iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect();
            found.push((name.local.to_string(), attributes, node.clone()));
        }
        open.extend(node.children.borrow().iter().rev().cloned());
    }
    found
}

/// All text below a node.
pub(super) fn text(node: &Handle) -> String {
    match &node.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        _ => node.children.borrow().iter().map(text).collect(),
    }
}

/// The rows of the table of all checks, by the outcome that each shows.
fn counts_of_html(html: &str) -> Counts {
    let mut counts = Counts::default();
    for (name, attributes, node) in elements(&dom(html)) {
        let attribute = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let Some(outcome) = attribute("data-outcome").filter(|_| name == "tr") else { continue };
        let shown = text(&node.children.borrow()[0]).split_once(' ').map(|(_, word)| word.to_owned());
        let shown = shown.unwrap_or_default();
        assert!(shown.starts_with(&outcome.replace('_', " ")), "{outcome} is shown as {shown}");
        *match outcome.as_str() {
            "passed" => &mut counts.passed,
            "warned" => &mut counts.warned,
            "failed" => &mut counts.failed,
            "errored" => &mut counts.errored,
            "skipped" => &mut counts.skipped,
            _ => &mut counts.not_run,
        } += 1;
        counts.flaky += usize::from(attribute("data-flaky").is_some());
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_format_holds_the_same_counts(report in any_report()) {
        let counts = report.counts;
        let own = usize::from(report.unexplained().is_some());
        let page = html(&report, &[]);
        prop_assert_eq!(counts_of_html(&page), counts);

        let value: Value = serde_json::from_slice(&ctrf(&report).expect("ctrf")).expect("json");
        let statuses: Vec<&str> = value["results"]["tests"].as_array().expect("tests").iter()
            .map(|test| test["status"].as_str().expect("status")).collect();
        let of = |wanted: &str| statuses.iter().filter(|status| **status == wanted).count();
        let found = [of("passed"), of("failed"), of("skipped"), of("other")];
        prop_assert_eq!(found, [counts.passed + counts.warned, counts.failed, counts.skipped,
            counts.errored + counts.not_run + own]);

        let xml = String::from_utf8(junit(&report).expect("junit")).expect("utf-8");
        let document = roxmltree::Document::parse(&xml).expect("xml");
        let of = |wanted: &str| document.descendants().filter(|node| node.has_tag_name(wanted)).count();
        let found = [of("testcase"), of("failure"), of("error"), of("skipped")];
        prop_assert_eq!(found, [report.results.len() + own, counts.failed, counts.errored + counts.not_run + own,
            counts.skipped]);

        let plain: Value = serde_json::from_slice(&json(&report).expect("json")).expect("json");
        prop_assert_eq!(plain["results"].as_array().expect("results").len(), report.results.len());
        let summary = github_summary(&report, "here", super::SUMMARY_BYTES_MAX);
        let rows = summary.lines().filter(|line| line.starts_with("| s")).count();
        prop_assert_eq!(rows, report.results.len() - counts.passed);
        let lines = github_annotations(&report);
        let errors = lines.iter().filter(|line| line.starts_with("::error ")).count();
        prop_assert_eq!(errors, (counts.failed + counts.errored + counts.not_run + own).min(10));
    }
}
