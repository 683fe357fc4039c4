//! The page, read as a browser reads it.

use super::html;
use crate::LikelyCause;
use crate::seal::tests::{passed, report, result};
use crate::text::printable;
use crate::writer::foreign::{any_report, dom, elements, text};
use crate::{AppliedWaiver, Component, Limit, Outcome, Report};
use proptest::prelude::*;

/// What the page is made of. Whatever else turns up was brought in by a text.
const ELEMENTS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "main", "header", "footer", "section", "article", "details",
    "summary", "h1", "h2", "h3", "p", "dl", "div", "dt", "dd", "ul", "li", "b", "span", "code", "pre", "time", "table",
    "caption", "thead", "tbody", "tr", "th", "td", "svg", "rect", "line", "text", "a",
];

fn page_text(report: &Report) -> String {
    text(&dom(&html(report, &[])).document)
}

fn position(text: &str, part: &str) -> usize {
    text.find(part).unwrap_or_else(|| panic!("no {part:?} in {text}"))
}

#[test]
fn the_verdict_comes_first_and_each_failure_with_its_fix() {
    let text = page_text(&report(vec![passed("a.b"), result("a.c", Outcome::Failed), result("a.d", Outcome::Skipped)]));
    let order = [
        "FAILED",
        "The claim of 1 check(s) is false.",
        "1 ✗ failed",
        "What was tested",
        "livekit-a: livekit-server 1.13.5",
        "41.0 s",
        "Failed (1)",
        "compare the keys",
        "Skipped (1)",
        "no answer",
        "All checks (3)",
        "Timeline",
    ];
    // The title of the page says the verdict too, and the style stands before the body.
    let body = &text[position(&text, "max-width: 40rem")..];
    let places: Vec<usize> = order.iter().map(|part| position(body, part)).collect();
    assert!(places.is_sorted(), "{places:?} in {body}");
}

#[test]
fn a_run_that_tested_nothing_says_so_loudly() {
    let mut emulated = report(vec![passed("a.b")]);
    emulated.header.target.kind = "emulator".into();
    assert!(page_text(&emulated).contains("SELF-TEST: no LiveKit was tested"));
    let mut planted = report(vec![passed("a.b")]);
    planted.header.target.planted = Some("redis_stopped".into());
    planted.verdict = crate::RunVerdict::Inconclusive;
    let text = page_text(&planted);
    assert!(text.contains("PLANTED FAULT: redis_stopped"), "{text}");
    assert!(text.contains("a fault was planted and no check saw it"), "{text}");
    assert!(!page_text(&report(vec![passed("a.b")])).contains("PLANTED"));
}

#[test]
fn failures_are_grouped_by_blame_and_no_cause_is_claimed() {
    let mut redis = result("z.redis", Outcome::Failed);
    redis.attempts[0].failure.as_mut().expect("a failure").blame = Component::Redis;
    let page = html(&report(vec![result("a.keys", Outcome::Failed), redis]), &[]);
    let groups: Vec<_> = elements(&dom(&page))
        .into_iter()
        .filter(|(name, attributes, _)| name == "details" && attributes.iter().any(|(_, value)| value == "group"))
        .map(|(_, attributes, node)| (attributes.iter().any(|(name, _)| name == "open"), text(&node)))
        .collect();
    assert_eq!(groups.len(), 2);
    assert!(groups[0].0 && groups[0].1.starts_with("Redis: 1 failed z.redis"), "{groups:?}");
    assert!(!groups[1].0 && groups[1].1.starts_with("API keys: 1 failed a.keys"), "{groups:?}");
    assert!(page.contains("Which failure caused which was not measured"));
}

#[test]
fn what_looks_like_one_fault_is_folded_under_its_root() {
    let results = ["a.redis", "a.rooms", "b.own"].map(|id| result(id, Outcome::Failed)).to_vec();
    let [fault, root] = ["redis_stopped", "a.redis"].map(str::to_owned);
    let cause = LikelyCause { fault, root, consequences: vec!["a.rooms".into()] };
    let page = html(&report(results), &[cause]);
    let groups: Vec<String> = elements(&dom(&page))
        .into_iter()
        .filter(|(name, attributes, _)| {
            name == "details" && attributes.iter().any(|(_, value)| value.starts_with("group"))
        })
        .map(|(_, _, node)| text(&node))
        .collect();
    assert_eq!(groups.len(), 2);
    assert!(
        groups[0].starts_with("Looks like one fault: redis_stopped: begin with a.redis, 1 more with it a.rooms"),
        "{}",
        groups[0]
    );
    assert!(groups[1].contains("1 failed b.own") && !groups[1].contains("a.rooms"), "{}", groups[1]);
}

#[test]
fn a_waiver_links_only_to_web_pages() {
    for (address, links) in
        [("https://github.com/livekit/livekit/issues/1", 1), ("javascript:alert(1)", 0), ("livekit#1", 0)]
    {
        let mut warned = result("a.b", Outcome::Warned);
        let [reason, owner, until] = ["known", "us", "2027-01-01"].map(str::to_owned);
        warned.attempts[0].waiver = Some(AppliedWaiver { reason, owner, until, link: address.into() });
        let page = html(&report(vec![passed("a.c"), warned]), &[]);
        let found = elements(&dom(&page)).iter().filter(|(name, ..)| name == "a").count();
        assert_eq!(found, links, "{address}");
        assert!(page_text(&report(vec![])).contains("no check passed"));
        assert!(text(&dom(&page).document).contains(&format!("until 2027-01-01, owner us, see {address}")), "{page}");
    }
}

#[test]
fn a_time_is_drawn_against_its_limit() {
    let mut slow = passed("a.b");
    slow.attempts[0].measured[0].name = "join_ms_p95".into();
    slow.attempts[0].measured[0].value = 100.0;
    slow.attempts[0].measured[0].limit = Limit::AtMost(200.0);
    let page = html(&report(vec![slow, passed("a.c")]), &[]);
    let widths: Vec<String> = elements(&dom(&page))
        .into_iter()
        .filter(|(_, attributes, _)| attributes.iter().any(|(name, value)| name == "class" && value == "value"))
        .filter_map(|(_, attributes, _)| {
            attributes.into_iter().find(|(name, _)| name == "width").map(|(_, width)| width)
        })
        .collect();
    // Half of the 190 units between nothing and the limit; `tries` is no time and has no drawing.
    assert_eq!(widths, ["95.00"]);
}

#[test]
fn attempts_at_the_same_time_stand_in_two_lanes() {
    let mut later = passed("a.c");
    later.attempts[0].started = "2026-11-23T00:00:20.000Z".into();
    later.attempts[0].duration_ms = 20_000;
    let mut first = passed("a.b");
    first.attempts[0].duration_ms = 30_000;
    let page = html(&report(vec![later, first]), &[]);
    let bars: Vec<Vec<String>> = elements(&dom(&page))
        .into_iter()
        .filter(|(name, attributes, _)| name == "rect" && attributes.iter().any(|(_, value)| value == "passed"))
        .map(|(_, attributes, _)| attributes.into_iter().skip(1).take(3).map(|(_, value)| value).collect())
        .collect();
    // 40 s are 1000 units: the second begins in the middle, one lane below.
    assert_eq!(bars, [["0.00", "0", "750.00"], ["500.00", "16", "500.00"]]);
    assert!(page.contains(">10 s</text>") && page.contains(">40 s</text>"), "{page}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_text_becomes_markup(report in any_report()) {
        let page = html(&report, &[]);
        let document = dom(&page);
        prop_assert!(document.errors.borrow().is_empty(), "{:?}", document.errors.borrow());
        for (name, attributes, node) in elements(&document) {
            // SVG has a `title` of its own.
            prop_assert!(ELEMENTS.contains(&name.as_str()), "<{}>", name);
            for (attribute, value) in &attributes {
                prop_assert!(!attribute.starts_with("on") && attribute != "src" && attribute != "style");
                prop_assert!(attribute != "href" || value.starts_with("http"), "{}", value);
            }
            prop_assert!(name != "style" || text(&node) == include_str!("style.css"));
        }
        // Nothing is lost either: each text stands in the page as it stands in the report.
        let all = text(&document.document);
        for result in &report.results {
            prop_assert!(all.contains(&*printable(&result.title)));
            if let Some(failure) = result.failure() {
                prop_assert!(all.contains(&*printable(&failure.fix)));
            }
        }
    }
}
