//! JUnit XML for Jenkins, GitLab and the GitHub reporters.
//!
//! `junit-report` writes the structure. What it has no words for (totals, `line`, properties, the text of a
//! failure, logs, earlier attempts) is added in one pass over its bytes, which also keeps free text out of CDATA,
//! where `]]>` would end it.

use super::suites;
use crate::text::{one_line, printable, shorten};
use crate::{CheckResult, Counts, Outcome, Report};
use junit_report::{Duration, OffsetDateTime, ReportBuilder, TestCase, TestSuite};
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use std::io;
use time::format_description::well_known::Rfc3339;

/// GitLab refuses a text node above about 10 MB, Jenkins cuts at 100 kB.
const LOG_BYTES_MAX: usize = 40_000;
const ATTRIBUTE_BYTES_MAX: usize = 1_000;
/// GitLab refuses a file above 30 MB. Escaping makes a byte at most six; this leaves room for structure and attributes.
const TEXTS_BYTES_MAX: usize = 3_500_000;

/// The report as JUnit XML.
///
/// `failure` means that the target is wrong; `error` that it could not be found out or the check did not run.
///
/// # Errors
/// When the structure can't be written, which is a bug.
pub fn junit(report: &Report) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    structure(report).write_xml(&mut plain).map_err(io::Error::other)?;
    enrich(report, &plain)
}

const RUN_SUITE: &str = "greenlight";
const RUN_CASE: &str = "greenlight.run";

fn structure(report: &Report) -> junit_report::Report {
    let started = OffsetDateTime::parse(&report.header.started, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut builder = ReportBuilder::new();
    if let Some(why) = report.unexplained() {
        let mut suite = TestSuite::new(RUN_SUITE);
        suite.set_timestamp(started);
        let mut case = TestCase::error(RUN_CASE, Duration::ZERO, "verdict", why);
        case.set_classname(RUN_CASE);
        suite.add_testcase(case);
        builder.add_testsuite(suite);
    }
    for (name, results) in suites::of(report) {
        let mut suite = TestSuite::new(&printable(name));
        suite.set_timestamp(started);
        suite.add_testcases(results.into_iter().map(case));
        builder.add_testsuite(suite);
    }
    builder.build()
}

fn case(result: &CheckResult) -> TestCase {
    let name = printable(&result.id).into_owned();
    let time = Duration::milliseconds(i64::try_from(result.duration_ms()).unwrap_or(i64::MAX));
    let headline = attribute(one_line(&headline(result)));
    let mut case = match result.outcome {
        Outcome::Passed | Outcome::Warned => TestCase::success(&name, time),
        Outcome::Failed => TestCase::failure(&name, time, "failed", &headline),
        Outcome::Errored => TestCase::error(&name, time, "errored", &headline),
        Outcome::NotRun => TestCase::error(&name, time, "not_run", &headline),
        Outcome::Skipped => TestCase::skipped_with_cause(&name, "skipped", &headline),
    };
    case.set_classname(&format!("greenlight.{}", printable(result.suite())));
    case.set_filepath(&printable(&result.file));
    case
}

fn headline(result: &CheckResult) -> String {
    let reason = result.attempts.last().and_then(|attempt| attempt.reason.clone());
    match (result.failure(), reason) {
        (Some(failure), _) => failure.what.clone(),
        (None, Some(reason)) => reason,
        (None, None) if result.outcome == Outcome::NotRun => "the run ended before this check was started".into(),
        (None, None) => String::new(),
    }
}

/// The body of a `failure`, `error` or `skipped` element.
fn body(result: &CheckResult) -> String {
    match result.failure() {
        Some(failure) => format!(
            "{}\nfound    {}\nexpected {}\nfix      {}\nblame    {}\nat       {}",
            failure.what, failure.found, failure.expected, failure.fix, failure.blame, failure.at
        ),
        None => headline(result),
    }
}

/// One pass over the plain structure; every text goes through XML escaping.
fn enrich(report: &Report, plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut reader = Reader::from_reader(plain);
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    // As in the structure: the run's own case, which is no check, before those of the checks.
    let text_bytes_max = text_bytes_max(report);
    let own = report.unexplained().map(|_| vec![None]);
    let of_checks = suites::of(report).into_iter().map(|(_, results)| results.into_iter().map(Some).collect());
    let groups: Vec<Vec<Option<&CheckResult>>> = own.into_iter().chain(of_checks).collect();
    let mut results = groups.iter().flatten().copied();
    let mut groups = groups.iter();
    let mut current: Option<&CheckResult> = None;
    loop {
        match reader.read_event().map_err(io::Error::other)? {
            Event::Eof => break,
            Event::Start(element) if element.name().as_ref() == b"testsuites" => {
                writer.write_event(Event::Start(totals(report, element)))?;
            }
            Event::Empty(element) if element.name().as_ref() == b"testsuites" => {
                writer.write_event(Event::Empty(totals(report, element)))?;
            }
            Event::Start(mut element) if element.name().as_ref() == b"testsuite" => {
                let group = groups.next().into_iter().flatten().flatten();
                let skipped = group.filter(|result| result.outcome == Outcome::Skipped).count();
                element.push_attribute(("skipped", skipped.to_string().as_str()));
                writer.write_event(Event::Start(element))?;
                properties(&mut writer, &suite_properties(report))?;
            }
            Event::Start(element) if element.name().as_ref() == b"testcase" => {
                current = results.next().flatten();
                open_case(&mut writer, element, current)?;
            }
            Event::Empty(element) if element.name().as_ref() == b"testcase" => {
                current = results.next().flatten();
                open_case(&mut writer, element, current)?;
                close_case(&mut writer, current.take(), text_bytes_max)?;
            }
            Event::End(element) if element.name().as_ref() == b"testcase" => {
                close_case(&mut writer, current.take(), text_bytes_max)?;
            }
            Event::Empty(element) => {
                // The only empty elements left are failure, error and skipped.
                let name = String::from_utf8_lossy(element.name().as_ref()).into_owned();
                writer.write_event(Event::Start(element))?;
                text(&mut writer, &current.map(body).unwrap_or_default(), text_bytes_max)?;
                writer.write_event(Event::End(BytesEnd::new(name)))?;
            }
            event => writer.write_event(event)?,
        }
    }
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

/// How long one text may be, so that all of them together stay far below what a reader takes.
fn text_bytes_max(report: &Report) -> usize {
    let attempts: usize = report.results.iter().map(|result| result.attempts.len()).sum();
    // A body or a stack trace and a log for each.
    LOG_BYTES_MAX.min(TEXTS_BYTES_MAX / (2 * attempts).max(1)).max(200)
}

fn totals<'a>(report: &Report, mut element: BytesStart<'a>) -> BytesStart<'a> {
    let Counts { failed, errored, skipped, not_run, .. } = report.counts;
    let run = usize::from(report.unexplained().is_some());
    let time_ms: u64 = report.results.iter().map(CheckResult::duration_ms).sum();
    for (name, value) in [
        ("name", report.header.target.name().to_owned()),
        ("tests", (report.results.len() + run).to_string()),
        ("failures", failed.to_string()),
        ("errors", (errored + not_run + run).to_string()),
        ("skipped", skipped.to_string()),
        ("time", format!("{}.{:03}", time_ms / 1000, time_ms % 1000)),
        ("timestamp", printable(&report.header.started).into_owned()),
    ] {
        element.push_attribute((name, value.as_str()));
    }
    element
}

fn suite_properties(report: &Report) -> Vec<(String, String)> {
    let header = &report.header;
    let mut list = vec![
        ("greenlight.run_id".to_owned(), header.run_id.clone()),
        ("greenlight.seed".to_owned(), header.seed.to_string()),
        ("greenlight.tool".to_owned(), format!("{} {}", header.tool.name, header.tool.version)),
        ("greenlight.target".to_owned(), header.target.kind.clone()),
        ("greenlight.url".to_owned(), header.target.url.clone()),
        ("greenlight.verdict".to_owned(), format!("{:?}", report.verdict).to_lowercase()),
    ];
    if let Some(fault) = &header.target.planted {
        list.push(("greenlight.planted".to_owned(), fault.clone()));
    }
    if !report.leftovers.is_empty() {
        list.push(("greenlight.leftovers".to_owned(), report.leftovers.join(" ")));
    }
    for node in &report.subject.before.nodes {
        list.push((format!("greenlight.node.{}", node.name), format!("{} {}", node.version, node.node_id)));
    }
    list
}

fn open_case(
    writer: &mut Writer<Vec<u8>>,
    mut element: BytesStart<'_>,
    result: Option<&CheckResult>,
) -> io::Result<()> {
    let Some(result) = result else {
        return writer.write_event(Event::Start(element));
    };
    let last = result.attempts.last();
    let measured = last.map(|attempt| attempt.measured.as_slice()).unwrap_or_default();
    element.push_attribute(("line", result.line.to_string().as_str()));
    element.push_attribute(("assertions", measured.len().to_string().as_str()));
    writer.write_event(Event::Start(element))?;
    let mut list = vec![
        ("outcome".to_owned(), result.outcome.word().to_owned()),
        ("title".to_owned(), result.title.clone()),
        ("flaky".to_owned(), result.flaky.to_string()),
    ];
    for value in measured {
        list.push((value.name.clone(), format!("{} ({}, n={})", value.value, value.limit, value.n)));
    }
    if let Some(failure) = result.failure() {
        list.push(("blame".to_owned(), failure.blame.to_string()));
        if result.outcome == Outcome::Warned {
            // JUnit has no word for a warning: the case is a success, and says this.
            list.push(("warning".to_owned(), format!("{}: found {}; {}", failure.what, failure.found, failure.fix)));
        }
    }
    if let Some(waiver) = result.waiver() {
        list.push(("waiver".to_owned(), format!("{}; until {}; {}", waiver.reason, waiver.until, waiver.link)));
    }
    properties(writer, &list)
}

/// Earlier attempts in Surefire's words, then the log of the last one.
fn close_case(writer: &mut Writer<Vec<u8>>, result: Option<&CheckResult>, bytes_max: usize) -> io::Result<()> {
    if let Some((last, earlier)) = result.and_then(|result| result.attempts.split_last()) {
        for attempt in earlier {
            let kind = match attempt.outcome {
                Outcome::Failed if last.outcome.is_red() => "rerunFailure",
                Outcome::Failed => "flakyFailure",
                _ if last.outcome.is_red() => "rerunError",
                _ => "flakyError",
            };
            let message = attempt.failure.as_ref().map(|failure| &failure.what).or(attempt.reason.as_ref());
            let message = message.map(String::as_str).unwrap_or_default();
            let mut element = BytesStart::new(kind);
            element.push_attribute(("type", attempt.outcome.word()));
            element.push_attribute(("message", attribute(one_line(message)).as_str()));
            writer.write_event(Event::Start(element))?;
            leaf(writer, "stackTrace", message, bytes_max)?;
            leaf(writer, "system-out", &attempt.log, bytes_max)?;
            writer.write_event(Event::End(BytesEnd::new(kind)))?;
        }
        if !last.log.is_empty() {
            leaf(writer, "system-out", &last.log, bytes_max)?;
        }
    }
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}

fn properties(writer: &mut Writer<Vec<u8>>, list: &[(String, String)]) -> io::Result<()> {
    writer.write_event(Event::Start(BytesStart::new("properties")))?;
    for (name, value) in list {
        let mut property = BytesStart::new("property");
        property.push_attribute(("name", attribute(name).as_str()));
        property.push_attribute(("value", attribute(value).as_str()));
        writer.write_event(Event::Empty(property))?;
    }
    writer.write_event(Event::End(BytesEnd::new("properties")))
}

/// Text of an attribute: libxml2 refuses one above 10 MB, and nobody reads more than a line of it.
fn attribute(content: &str) -> String {
    shorten(&printable(content), ATTRIBUTE_BYTES_MAX).into_owned()
}

fn leaf(writer: &mut Writer<Vec<u8>>, name: &str, content: &str, bytes_max: usize) -> io::Result<()> {
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    text(writer, content, bytes_max)?;
    writer.write_event(Event::End(BytesEnd::new(name)))
}

fn text(writer: &mut Writer<Vec<u8>>, content: &str, bytes_max: usize) -> io::Result<()> {
    writer.write_event(Event::Text(BytesText::new(&shorten(&printable(content), bytes_max))))
}

#[cfg(test)]
mod tests {
    use super::junit;
    use crate::seal::tests::{passed, report, result};
    use crate::{CheckResult, Outcome, Redactor};
    use proptest::prelude::*;

    fn written(results: Vec<CheckResult>) -> String {
        String::from_utf8(junit(&report(results)).expect("junit")).expect("utf-8")
    }

    /// The content of the first element with this name, read by roxmltree.
    fn content(xml: &str, element: &str) -> Option<String> {
        let document = roxmltree::Document::parse(xml).expect("roxmltree");
        let node = document.descendants().find(|node| node.has_tag_name(element))?;
        Some(node.text().unwrap_or_default().to_owned())
    }

    /// The same by the `xml` crate.
    fn content_by_xml(xml: &str, element: &str) -> Option<String> {
        let mut inside = false;
        let mut found = None;
        for event in xml::EventReader::from_str(xml) {
            use xml::reader::XmlEvent::*;
            match event.expect("xml") {
                StartElement { name, .. } if name.local_name == element && found.is_none() => {
                    inside = true;
                    found = Some(String::new());
                }
                EndElement { name } if name.local_name == element => inside = false,
                Characters(text) | CData(text) | Whitespace(text) if inside => {
                    found.as_mut().expect("inside").push_str(&text);
                }
                _ => {}
            }
        }
        found
    }

    #[test]
    fn totals_are_those_of_the_report() {
        use Outcome::*;
        let xml = written(
            [Passed, Warned, Failed, Errored, Skipped, NotRun]
                .into_iter()
                .enumerate()
                .map(|(index, outcome)| result(&format!("s{}.c{index}", index % 2), outcome))
                .collect(),
        );
        let document = roxmltree::Document::parse(&xml).expect("xml");
        let root = document.root_element();
        let totals: Vec<_> =
            ["tests", "failures", "errors", "skipped"].iter().map(|name| root.attribute(*name)).collect();
        assert_eq!(totals, [Some("6"), Some("1"), Some("2"), Some("1")]);
        let suites: Vec<_> = root.children().filter(|node| node.has_tag_name("testsuite")).collect();
        assert_eq!(suites.len(), 2);
        for name in ["tests", "failures", "errors", "skipped"] {
            let sum: usize =
                suites.iter().map(|suite| suite.attribute(name).expect(name).parse::<usize>().expect(name)).sum();
            assert_eq!(root.attribute(name), Some(sum.to_string().as_str()), "{name}");
        }
    }

    #[test]
    fn a_case_carries_what_ci_systems_read() {
        let xml = written(vec![result("a.b", Outcome::Failed)]);
        let document = roxmltree::Document::parse(&xml).expect("xml");
        let case = document.descendants().find(|node| node.has_tag_name("testcase")).expect("a case");
        for (name, value) in [
            ("name", "a.b"),
            ("classname", "greenlight.a"),
            ("file", "suites/src/a/b.rs"),
            ("line", "7"),
            ("time", "0.012"),
        ] {
            assert_eq!(case.attribute(name), Some(value), "{name}");
        }
        let failure = case.children().find(|node| node.has_tag_name("failure")).expect("a failure");
        assert_eq!(failure.attribute("message"), Some("a token was refused"));
        assert!(failure.text().expect("text").contains("fix      compare the keys"));
    }

    #[test]
    fn a_run_that_is_no_pass_is_never_all_green() {
        let good = report(vec![passed("a.b")]);
        let mut changed = good.clone();
        changed.verdict = crate::RunVerdict::Inconclusive;
        let mut interrupted = good.clone();
        interrupted.verdict = crate::RunVerdict::Incomplete;
        interrupted.header.interrupted = true;
        for (report, errors, said) in
            [(good, "0", None), (changed, "1", Some("changed or vanished")), (interrupted, "1", Some("interrupted"))]
        {
            let xml = String::from_utf8(junit(&report).expect("junit")).expect("utf-8");
            let document = roxmltree::Document::parse(&xml).expect("xml");
            assert_eq!(document.root_element().attribute("errors"), Some(errors), "{xml}");
            let error = document.descendants().find(|node| node.has_tag_name("error"));
            let message = error.and_then(|error| error.attribute("message"));
            assert_eq!(message.is_some(), said.is_some(), "{xml}");
            assert!(message.unwrap_or_default().contains(said.unwrap_or_default()), "{xml}");
            let names: Vec<_> =
                document.descendants().filter(|n| n.has_tag_name("testcase")).map(|n| n.attribute("name")).collect();
            assert_eq!(names.last(), Some(&Some("a.b")), "{xml}");
        }
    }

    #[test]
    fn a_huge_answer_stays_a_small_attribute() {
        let mut errored = result("a.b", Outcome::Errored);
        errored.attempts[0].reason = Some("x".repeat(11_000_000));
        let xml = written(vec![errored]);
        assert!(xml.len() < 60_000, "{} bytes", xml.len());
        assert!(xml::EventReader::from_str(&xml).into_iter().all(|event| event.is_ok()));
    }

    /// The limits are GitLab's: 30 MB a file, one text node below about 10 MB.
    #[test]
    fn a_large_run_with_huge_logs_stays_below_the_limits_of_gitlab() {
        let mut results: Vec<CheckResult> = (0..1_000).map(|n| result(&format!("a.c{n}"), Outcome::Failed)).collect();
        for result in &mut results {
            result.attempts[0].log = "\"<&".repeat(20_000);
        }
        let xml = written(results);
        assert!(xml.len() < 30_000_000, "{} bytes", xml.len());
        let document = roxmltree::Document::parse(&xml).expect("xml");
        let longest = document.descendants().filter_map(|node| node.text()).map(str::len).max();
        assert!(longest.is_some_and(|bytes| bytes < 10_000_000), "{longest:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        /// GitLab drops the second of two cases with one class and name; the GitHub reporters take a case with both
        /// elements for skipped; Jenkins splits the class at its last dot.
        #[test]
        fn any_case_is_read_as_what_it_is(report in crate::writer::foreign::any_report()) {
            let xml = written_report(&report);
            let document = roxmltree::Document::parse(&xml).expect("xml");
            let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
            let keys: std::collections::HashSet<_> =
                cases.iter().map(|case| (case.attribute("classname"), case.attribute("name"))).collect();
            prop_assert_eq!(keys.len(), cases.len());
            for case in cases {
                let of = |name: &str| case.children().filter(|node| node.has_tag_name(name)).count();
                prop_assert!(of("failure") + of("error") + of("skipped") <= 1);
                prop_assert!(case.attribute("classname").is_some_and(|class| class.starts_with("greenlight.")));
                let own = case.attribute("name") == Some("greenlight.run");
                prop_assert!(own || (case.attribute("file").is_some() && case.attribute("line").is_some()));
            }
        }
    }

    #[test]
    fn a_retried_check_keeps_its_first_attempt() {
        let mut retried = passed("a.b");
        retried.attempts.insert(0, result("a.b", Outcome::Failed).attempts.remove(0));
        retried.flaky = true;
        let xml = written(vec![retried]);
        assert!(xml.contains("<flakyFailure") && !xml.contains("<failure"), "{xml}");
    }

    proptest! {
        #[test]
        fn any_bytes_in_messages_give_xml_that_two_parsers_accept(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            trap in prop_oneof![Just("]]>"), Just("<![CDATA["), Just("&#0;"), Just("\u{fffe}"), Just("\u{1b}[31m"), Just("-->")],
        ) {
            let nasty = String::from_utf8_lossy(&bytes).into_owned() + trap + &String::from_utf8_lossy(&bytes);
            let mut failed = result("a.b", Outcome::Failed);
            let attempt = &mut failed.attempts[0];
            attempt.log = nasty.clone();
            attempt.measured[0].name = nasty.clone();
            attempt.failure.as_mut().expect("a failure").what = nasty.clone();
            let redactor = Redactor::default();
            let mut errored = result(&format!("a.{nasty}"), Outcome::Errored);
            errored.attempts[0].reason = Some(nasty);
            // The first log in the file must be the one under test, even when nothing of it is left.
            errored.attempts[0].log.clear();
            let results = vec![redactor.scrub(&failed).expect("scrub"), redactor.scrub(&errored).expect("scrub")];

            let log = results[0].attempts[0].log.clone();
            let xml = written(results);
            prop_assert_eq!(content(&xml, "system-out").unwrap_or_default(), log.clone());
            prop_assert_eq!(content_by_xml(&xml, "system-out").unwrap_or_default(), log);
        }
    }

    /// Whoever reads nothing but this file sees it too.
    #[test]
    fn a_run_on_the_emulator_says_that_it_tested_nothing() {
        let mut emulated = report(vec![passed("a.b")]);
        assert!(written_report(&emulated).contains("<testsuites name=\"greenlight\""));
        emulated.header.target.kind = "emulator".into();
        assert!(written_report(&emulated).contains("<testsuites name=\"SELF-TEST: no LiveKit was tested\""));
        let ctrf = String::from_utf8(crate::ctrf(&emulated).expect("ctrf")).expect("text");
        assert!(ctrf.contains("SELF-TEST: no LiveKit was tested"), "{ctrf}");
    }

    fn written_report(report: &crate::Report) -> String {
        String::from_utf8(junit(report).expect("junit")).expect("utf-8")
    }

    #[test]
    fn a_run_without_a_culprit_says_why_it_is_no_pass() {
        let mut planted = report(vec![passed("a.b")]);
        planted.verdict = crate::RunVerdict::Inconclusive;
        planted.header.target.planted = Some("redis_stopped".into());
        planted.leftovers = vec!["glt-room".into()];
        let xml = written_report(&planted);
        let document = roxmltree::Document::parse(&xml).expect("xml");
        let root = document.root_element();
        assert_eq!((root.attribute("tests"), root.attribute("time")), (Some("2"), Some("0.012")));
        for part in [
            "a fault was planted and no check saw it",
            r#"<property name="greenlight.planted" value="redis_stopped"/>"#,
            r#"<property name="greenlight.leftovers" value="glt-room"/>"#,
            r#"<property name="greenlight.verdict" value="inconclusive"/>"#,
        ] {
            assert!(xml.contains(part), "no {part} in {xml}");
        }
        let skipped = written(vec![result("a.b", Outcome::Skipped)]);
        assert!(skipped.contains("no check passed"), "{skipped}");
    }

    #[test]
    fn earlier_attempts_have_the_words_of_surefire() {
        use Outcome::*;
        for (first, last, kind) in [
            (Failed, Failed, "rerunFailure"),
            (Errored, Failed, "rerunError"),
            (Failed, Passed, "flakyFailure"),
            (Errored, Passed, "flakyError"),
        ] {
            let mut retried = result("a.b", last);
            let mut earlier = result("a.b", first).attempts.remove(0);
            earlier.log = "the first log".into();
            retried.attempts.insert(0, earlier);
            retried.flaky = last == Passed;
            let xml = written(vec![retried]);
            let document = roxmltree::Document::parse(&xml).expect("xml");
            let earlier = document.descendants().find(|node| node.has_tag_name(kind)).expect(kind);
            let log = earlier.children().find(|node| node.has_tag_name("system-out")).and_then(|node| node.text());
            assert_eq!((earlier.attribute("type"), log), (Some(first.word()), Some("the first log")), "{xml}");
        }
    }

    #[test]
    fn bodies_and_headlines_are_the_documented_ones() {
        let xml = written(vec![result("a.b", Outcome::Failed)]);
        assert_eq!(
            content(&xml, "failure").as_deref(),
            Some(
                "a token was refused\nfound    401\nexpected 200\nfix      compare the keys\nblame    API keys\n\
                 at       suites/src/a/b.rs:7"
            )
        );
        assert!(xml.contains(r#"assertions="1""#), "{xml}");
        let not_run = written(vec![result("a.b", Outcome::NotRun)]);
        assert!(not_run.contains(r#"message="the run ended before this check was started""#), "{not_run}");
        let mut errored = result("a.b", Outcome::Errored);
        errored.attempts[0].reason = Some("first\nsecond".into());
        let xml = written(vec![errored]);
        assert!(xml.contains(r#"message="first""#), "{xml}");
        assert_eq!(content(&xml, "error").as_deref(), Some("first\nsecond"));
    }

    /// A reader that knows no warnings sees a success; one that reads properties sees what it is about.
    #[test]
    fn a_warning_is_a_success_that_says_what_it_warns_of() {
        let mut warned = result("a.b", Outcome::Warned);
        warned.attempts[0].waiver = Some(crate::AppliedWaiver {
            reason: "known".into(),
            owner: "us".into(),
            link: "livekit#4756".into(),
            until: "livekit-server <1.13.6".into(),
        });
        let xml = written(vec![passed("a.c"), warned]);
        let document = roxmltree::Document::parse(&xml).expect("xml");
        let value = |name: &str| {
            let found = document.descendants().find(|node| node.attribute("name") == Some(name));
            found.and_then(|node| node.attribute("value")).map(str::to_owned)
        };
        assert!(!document.descendants().any(|node| node.has_tag_name("failure")));
        assert_eq!(value("waiver").as_deref(), Some("known; until livekit-server <1.13.6; livekit#4756"));
        assert!(value("warning").is_some_and(|text| text.contains("found")));
    }
}
