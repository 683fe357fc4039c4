//! The gate against itself: a good report is corrupted in every way that has fooled others, and each must be refused for
//! its own reason. The good one must open, or refusing everything would pass.

use super::decide::{Decision, Evidence, decide};
use super::policy::{Artefact, GateWaiver, Policy, WarningRule};
use crate::{
    AppliedWaiver, Attempt, CheckResult, Component, Failure, Header, Identity, ImageIdentity, Limit, Measured,
    NodeIdentity, Outcome, Plan, Redactor, Report, Signer, Subject, TargetInfo, Tool, attest, json,
};
use std::num::NonZeroU64;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// One corruption and what the gate made of it.
#[derive(Debug)]
pub struct Corruption {
    /// What was done to the good report.
    pub name: &'static str,
    /// The name of the reason for which it must be refused; `None` for the good report, which must open.
    pub expected: Option<&'static str>,
    /// What was decided.
    pub decision: Decision,
}

impl Corruption {
    /// Whether the gate did what it must.
    pub fn held(&self) -> bool {
        match self.expected {
            None => self.decision.is_open(),
            Some(expected) => {
                !self.decision.is_open() && self.decision.refusals.iter().any(|refusal| refusal.name() == expected)
            }
        }
    }
}

/// What a case starts from.
struct Case {
    report: Report,
    policy: Policy,
    now: OffsetDateTime,
    signer: Signer,
}

const IMAGE_ID: &str = "sha256:1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d";
const PROGRAM: &str = "b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1";
const CONFIG: &str = "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0";
const PIN: &str = "9191919191919191919191919191919191919191919191919191919191919191";
const URL: &str = "wss://rtc.example.com";
const OTHER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

/// Runs all of them. What they are made of is fixed; nothing of the caller's configuration or time is in it.
///
/// # Errors
/// When the good report can't be built, which is a bug of this program.
pub fn self_test() -> Result<Vec<Corruption>, String> {
    let mut cases = vec![good("nothing", None)?];
    for (name, expected, change) in REPORTS {
        let mut case = case()?;
        change(&mut case.report);
        cases.push(decided(name, Some(expected), &resealed(case)?, |_, _| {})?);
    }
    for (name, expected, change) in POLICIES {
        let mut case = case()?;
        change(&mut case);
        cases.push(decided(name, Some(expected), &case, |_, _| {})?);
    }
    for (name, expected, change) in BYTES {
        cases.push(decided(name, Some(expected), &case()?, change)?);
    }
    cases.push(unsigned()?);
    cases.push(attestation_of_another()?);
    cases.push(signature_of_another_key()?);
    cases.push(foreign_key_that_claims_to_be_pinned()?);
    cases.push(key_inside_the_attestation()?);
    Ok(cases)
}

type OfReport = (&'static str, &'static str, fn(&mut Report));
type OfPolicy = (&'static str, &'static str, fn(&mut Case));
type OfBytes = (&'static str, &'static str, fn(&mut Vec<u8>, &mut Vec<u8>));

/// Reports that say something else, sealed and signed by the pinned key: the signer is trusted, the content is not enough.
const REPORTS: &[OfReport] = &[
    ("a required check is missing from plan and results", "required_not_passed", |r| drop(r.results.remove(0))),
    ("a required check was not run", "required_not_passed", |r| end(r, Outcome::NotRun)),
    ("a required check was skipped", "required_not_passed", |r| end(r, Outcome::Skipped)),
    ("a required check could not be found out", "required_not_passed", |r| end(r, Outcome::Errored)),
    ("a required check failed", "required_not_passed", |r| end(r, Outcome::Failed)),
    ("a check that is not required failed", "red", |r| set(&mut r.results[2], Outcome::Failed)),
    ("a check that is not required errored", "red", |r| set(&mut r.results[2], Outcome::Errored)),
    ("a required check passed at the second attempt", "required_flaky", |r| {
        let mut red = r.results[0].attempts[0].clone();
        red.outcome = Outcome::Errored;
        red.reason = Some("no answer".into());
        r.results[0].attempts.insert(0, red);
        r.results[0].flaky = true;
    }),
    ("a required check was shown with a simulated peer", "required_simulated", |r| {
        r.results[0].simulated.push("SIP bridge".into());
    }),
    ("a required failure was waived by the run", "required_waived", |r| {
        set(&mut r.results[0], Outcome::Warned);
        let until = "livekit-server <1.13.6".to_owned();
        let waiver = AppliedWaiver { reason: "known".into(), owner: "us".into(), link: "x".into(), until };
        r.results[0].attempts[0].waiver = Some(waiver);
    }),
    ("nothing ran", "required_not_passed", |r| r.results.clear()),
    ("everything was skipped", "not_passed", |r| r.results.iter_mut().for_each(|c| set(c, Outcome::Skipped))),
    ("the run was interrupted", "interrupted", |r| r.header.interrupted = true),
    ("a fault was planted", "planted", |r| r.header.target.planted = Some("redis_stopped".into())),
    ("the target was the emulator", "no_real_target", |r| r.header.target.kind = "emulator".into()),
    ("the target has no kind", "no_real_target", |r| r.header.target.kind.clear()),
    ("another address was tested", "other_subject", |r| r.header.target.url = "wss://staging.example.com".into()),
    ("another image was tested", "other_subject", |r| both(r, |i| i.images[0].id = format!("sha256:{OTHER}"))),
    ("an image of the same name and another program", "other_subject", |r| {
        both(r, |i| i.images[0].program_sha256 = Some(OTHER.into()));
    }),
    ("another version was tested", "other_subject", |r| both(r, |i| i.nodes[1].version = "1.7.0".into())),
    ("one node has another configuration", "other_subject", |r| {
        both(r, |i| i.nodes[1].config_sha256 = Some(OTHER.into()));
    }),
    ("the configuration is unknown", "other_subject", |r| both(r, |i| i.nodes[0].config_sha256 = None)),
    ("another TLS key was served", "other_subject", |r| both(r, |i| i.tls_pin = Some(OTHER.into()))),
    ("no image is known", "other_subject", |r| both(r, |i| i.images.clear())),
    ("no node is known", "subject_changed", |r| both(r, |i| i.nodes.clear())),
    ("a node was replaced during the run", "subject_changed", |r| {
        if let Some(after) = &mut r.subject.after {
            after.nodes[0].node_id = "ND_other".into();
        }
    }),
    ("the configuration changed during the run", "subject_changed", |r| {
        if let Some(after) = &mut r.subject.after {
            after.nodes[0].config_sha256 = Some(OTHER.into());
        }
    }),
    ("the target vanished during the run", "subject_changed", |r| r.subject.after = None),
    ("the run ended before it began", "ends_before_start", |r| {
        std::mem::swap(&mut r.header.started, &mut r.header.ended);
    }),
    ("the end is no time", "no_time", |r| r.header.ended = "yesterday".into()),
    ("the report comes from the future", "future", |r| r.header.ended = "2027-01-01T00:00:00Z".into()),
    ("another image of the media server was tested beside it", "other_subject", |r| {
        both(r, |i| {
            let mut other = i.images[0].clone();
            other.id = format!("sha256:{OTHER}");
            i.images.push(other);
        });
    }),
    ("a required pass shows nothing measured", "unbacked", |r| r.results[0].attempts[0].measured.clear()),
    ("a required pass is beyond its limit", "unbacked", |r| r.results[0].attempts[0].measured[0].value = 3.0),
    ("the run began last year and ended now", "stale", |r| r.header.started = "2025-11-23T11:58:00Z".into()),
    ("the report is of last year", "stale", |r| {
        r.header.started = "2025-11-23T11:58:00Z".into();
        r.header.ended = "2025-11-23T11:59:00Z".into();
    }),
];

/// Policies and moments to which the good report does not fit.
const POLICIES: &[OfPolicy] = &[
    ("a second too old", "stale", |c| c.now += Duration::from_secs(3481)),
    ("a second too far in the future", "future", |c| c.now -= Duration::from_secs(66)),
    ("the policy requires nothing", "nothing_required", |c| c.policy.required.clear()),
    ("the policy requires an empty name", "nothing_required", |c| c.policy.required = vec![" ".into()]),
    ("the policy names no build", "nothing_bound", |c| {
        c.policy.artefact = Artefact { version: Some("1.13.5".into()), ..Artefact::default() };
    }),
    ("the policy pins no key", "no_keys", |c| c.policy.keys.clear()),
    ("the policy requires a check that does not exist", "required_not_passed", |c| {
        c.policy.required.push("auth.tokens_refused".into());
    }),
    ("a waiver of the policy for another check", "required_not_passed", |c| {
        end(&mut c.report, Outcome::Failed);
        reseal(&mut c.report);
        c.policy.waivers = vec![waiver("api.b", c.now + Duration::from_secs(60), "us")];
    }),
    ("a waiver of the policy that has expired", "required_not_passed", |c| {
        end(&mut c.report, Outcome::Failed);
        reseal(&mut c.report);
        c.policy.waivers = vec![waiver("api.a", c.now, "us")];
    }),
    ("a waiver of the policy that nobody answers for", "required_not_passed", |c| {
        end(&mut c.report, Outcome::Failed);
        reseal(&mut c.report);
        c.policy.waivers = vec![waiver("api.a", c.now + Duration::from_secs(60), "")];
    }),
    ("a waiver of the policy without a reason", "required_not_passed", |c| {
        end(&mut c.report, Outcome::Failed);
        reseal(&mut c.report);
        let known = waiver("api.a", c.now + Duration::from_secs(60), "us");
        c.policy.waivers = vec![GateWaiver { reason: " ".into(), ..known }];
    }),
    ("a waived failure in a run in which nothing passed", "not_passed", |c| {
        c.report.results.truncate(1);
        end(&mut c.report, Outcome::Failed);
        reseal(&mut c.report);
        c.policy.required = vec!["api.a".into()];
        c.policy.waivers = vec![waiver("api.a", c.now + Duration::from_secs(60), "us")];
    }),
    ("a waived failure beside a pass that shows nothing", "unbacked", |c| {
        end(&mut c.report, Outcome::Failed);
        c.report.results[1].attempts[0].measured.clear();
        reseal(&mut c.report);
        c.policy.waivers = vec![waiver("api.a", c.now + Duration::from_secs(60), "us")];
    }),
    ("a waived failure beside another one", "red", |c| {
        end(&mut c.report, Outcome::Failed);
        set(&mut c.report.results[2], Outcome::Failed);
        reseal(&mut c.report);
        c.policy.waivers = vec![waiver("api.a", c.now + Duration::from_secs(60), "us")];
    }),
    ("a required check that warns, where that is refused", "required_not_passed", |c| {
        set(&mut c.report.results[0], Outcome::Warned);
        reseal(&mut c.report);
        c.policy.warnings = WarningRule::Refused;
    }),
    ("a waiver for what nobody found out", "required_not_passed", |c| {
        end(&mut c.report, Outcome::Errored);
        reseal(&mut c.report);
        c.policy.waivers = vec![waiver("api.a", c.now + Duration::from_secs(60), "us")];
    }),
    ("another image is about to be shipped", "other_subject", |c| {
        c.policy.artefact.image_id = Some(format!("sha256:{OTHER}"));
    }),
    ("a registry's digest is wanted and none was tested", "other_subject", |c| {
        c.policy.artefact.image_digest = Some(format!("sha256:{OTHER}"));
    }),
];

/// Files that were cut, edited or put together.
const BYTES: &[OfBytes] = &[
    ("an empty file", "unsealed", |report, _| report.clear()),
    ("half a report", "unsealed", |report, _| report.truncate(report.len() / 2)),
    ("a report without its last byte", "unsealed", |report, _| report.truncate(report.len() - 1)),
    ("a report without its last two bytes", "unsealed", |report, _| report.truncate(report.len() - 2)),
    ("two reports in one file", "unsealed", |report, _| report.extend(report.clone())),
    ("a report with a byte order mark", "unsealed", |report, _| drop(report.splice(0..0, [0xef, 0xbb, 0xbf]))),
    ("a line feed too many", "unsealed", |report, _| report.push(b'\n')),
    ("the same report, indented", "unsealed", |report, _| {
        let value: serde_json::Value = serde_json::from_slice(report).unwrap_or_default();
        *report = serde_json::to_vec_pretty(&value).unwrap_or_default();
    }),
    ("a field that is not known", "unsealed", |report, _| replace(report, "{\"counts\"", "{\"a\":1,\"counts\"")),
    ("a field that stands twice", "unsealed", |report, _| replace(report, "{\"counts\"", "{\"format\":3,\"counts\"")),
    ("an outcome edited in place", "unsealed", |report, _| replace(report, "\"flaky\":false", "\"flaky\":true ")),
    ("a measured value that is no number", "unsealed", |report, _| replace(report, "\"value\":2.0", "\"value\":null")),
    ("a format from the future", "other_format", |report, _| replace(report, "\"format\":3", "\"format\":4")),
    ("a report larger than any", "too_large", |report, _| report.resize((64 << 20) + 1, b' ')),
    ("an empty attestation", "attestation_malformed", |_, attestation| attestation.clear()),
    ("half an attestation", "attestation_malformed", |_, attestation| attestation.truncate(attestation.len() / 2)),
    ("one of the two envelopes", "attestation_malformed", |_, attestation| {
        let end = attestation.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        attestation.truncate(end);
    }),
    ("the first envelope twice", "other_report", |_, attestation| {
        let end = attestation.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let first = attestation[..end].to_vec();
        *attestation = [first.clone(), first].concat();
    }),
    ("another type of payload", "attestation_malformed", |_, attestation| {
        replace(attestation, "application/vnd.in-toto+json", "application/json");
    }),
    ("an attestation without signatures", "unknown_key", |_, attestation| {
        let text = String::from_utf8_lossy(attestation).into_owned();
        let cut =
            |line: &str| line.split_once("\"signatures\":[").map(|(head, _)| format!("{head}\"signatures\":[]}}\n"));
        *attestation = text.lines().filter_map(cut).collect::<String>().into_bytes();
    }),
];

fn good(name: &'static str, expected: Option<&'static str>) -> Result<Corruption, String> {
    decided(name, expected, &case()?, |_, _| {})
}

fn decided(
    name: &'static str,
    expected: Option<&'static str>,
    case: &Case,
    change: impl Fn(&mut Vec<u8>, &mut Vec<u8>),
) -> Result<Corruption, String> {
    let mut report = json(&case.report).map_err(|error| error.to_string())?;
    let mut attestation = attest(&case.report, &case.signer).map_err(|error| error.to_string())?;
    change(&mut report, &mut attestation);
    let evidence = Evidence { report: &report, attestation: Some(&attestation) };
    Ok(Corruption { name, expected, decision: decide(evidence, &case.policy, case.now) })
}

fn unsigned() -> Result<Corruption, String> {
    let case = case()?;
    let report = json(&case.report).map_err(|error| error.to_string())?;
    let decision = decide(Evidence { report: &report, attestation: None }, &case.policy, case.now);
    Ok(Corruption { name: "no attestation", expected: Some("unsigned"), decision })
}

fn attestation_of_another() -> Result<Corruption, String> {
    let (case, mut other) = (case()?, case()?);
    other.report.header.seed = 8;
    let other = resealed(other)?;
    let signed = attest(&other.report, &other.signer).map_err(|error| error.to_string())?;
    decided("the attestation of another report", Some("other_report"), &case, |_, attestation| {
        attestation.clone_from(&signed);
    })
}

fn signature_of_another_key() -> Result<Corruption, String> {
    let case = Case { signer: Signer::from_seed([2; 32]), ..case()? };
    decided("signed by a key that is not pinned", Some("unknown_key"), &case, |_, _| {})
}

fn foreign_key_that_claims_to_be_pinned() -> Result<Corruption, String> {
    let pinned = case()?.signer.verifier().id();
    let case = Case { signer: Signer::from_seed([2; 32]), ..case()? };
    let foreign = case.signer.verifier().id();
    decided("signed by another key under the pinned key's name", Some("unknown_key"), &case, |_, attestation| {
        replace(attestation, &foreign, &pinned);
    })
}

fn key_inside_the_attestation() -> Result<Corruption, String> {
    let case = Case { signer: Signer::from_seed([2; 32]), ..case()? };
    let key = case.signer.verifier().to_pem().map_err(|error| error.to_string())?.replace('\n', "\\n");
    decided("a key inside the attestation", Some("attestation_malformed"), &case, |_, attestation| {
        replace(attestation, "{\"payload\"", &format!("{{\"key\":\"{key}\",\"payload\""));
    })
}

/// The good case: two nodes of one build, three checks, a run that ended a minute ago.
fn case() -> Result<Case, String> {
    let signer = Signer::from_seed([1; 32]);
    let now = OffsetDateTime::parse("2026-11-23T12:00:00Z", &Rfc3339).map_err(|error| error.to_string())?;
    let policy = Policy {
        keys: vec![signer.verifier()],
        required: vec!["api.a".into(), "api.b".into()],
        age_max: Duration::from_secs(3600),
        clock_skew_max: Duration::from_secs(5),
        artefact: Artefact {
            image_id: Some(IMAGE_ID.into()),
            image_digest: None,
            program_sha256: Some(PROGRAM.into()),
            version: Some("1.13.5".into()),
            config_sha256: Some(CONFIG.into()),
            tls_pin: Some(PIN.into()),
            url: Some(URL.into()),
        },
        warnings: WarningRule::WithoutWaivers,
        flaky_accepted: false,
        waivers: vec![],
    };
    let node = |name: &str| NodeIdentity {
        name: name.into(),
        node_id: format!("ND_{name}"),
        version: "1.13.5".into(),
        config_sha256: Some(CONFIG.into()),
    };
    let image = ImageIdentity {
        name: "livekit/livekit-server:v1.13.5".into(),
        id: IMAGE_ID.into(),
        digest: None,
        program_sha256: Some(PROGRAM.into()),
    };
    let identity = Identity { nodes: vec![node("a"), node("b")], images: vec![image], tls_pin: Some(PIN.into()) };
    let subject = Subject { endpoints: vec![], before: identity.clone(), restarts: vec![], after: Some(identity) };
    let header = Header {
        run_id: "k3f9a".into(),
        seed: 7,
        started: "2026-11-23T11:58:00Z".into(),
        ended: "2026-11-23T11:59:00Z".into(),
        tool: Tool { name: "greenlight-verify".into(), version: "0.1.0".into(), profile: "dev".into() },
        target: TargetInfo { kind: "containers".into(), url: URL.into(), planted: None },
        interrupted: false,
    };
    let results = vec![passed("api.a"), passed("api.b"), passed("api.c")];
    let report = sealed(header, subject, results)?;
    Ok(Case { report, policy, now, signer })
}

fn sealed(header: Header, subject: Subject, results: Vec<CheckResult>) -> Result<Report, String> {
    let plan = Plan::new(results.iter().map(|result| result.id.clone()).collect());
    Report::sealed(header, subject, plan, results, vec![], &Redactor::default()).map_err(|error| error.to_string())
}

fn resealed(case: Case) -> Result<Case, String> {
    let Report { header, subject, results, .. } = case.report;
    Ok(Case { report: sealed(header, subject, results)?, ..case })
}

/// In place, for a case whose policy is changed as well; one that can't be sealed stays as it is and is refused as that.
fn reseal(report: &mut Report) {
    let Report { header, subject, results, .. } = report.clone();
    if let Ok(again) = sealed(header, subject, results) {
        *report = again;
    }
}

fn passed(id: &str) -> CheckResult {
    let measured = Measured { name: "calls".into(), value: 2.0, limit: Limit::Exactly(2.0), n: NonZeroU64::MIN };
    let attempt = Attempt {
        started: "2026-11-23T11:58:01Z".into(),
        duration_ms: 12,
        outcome: Outcome::Passed,
        measured: vec![measured],
        failure: None,
        reason: None,
        waiver: None,
        log: String::new(),
    };
    CheckResult {
        id: id.into(),
        title: "a claim".into(),
        tags: vec![],
        file: "suites/src/api/a.rs".into(),
        line: 7,
        outcome: Outcome::Passed,
        flaky: false,
        simulated: vec![],
        attempts: vec![attempt],
    }
}

/// The first required check ends so.
fn end(report: &mut Report, outcome: Outcome) {
    set(&mut report.results[0], outcome);
}

fn set(result: &mut CheckResult, outcome: Outcome) {
    result.outcome = outcome;
    if outcome == Outcome::NotRun {
        result.attempts.clear();
    }
    for attempt in &mut result.attempts {
        attempt.outcome = outcome;
        attempt.reason = matches!(outcome, Outcome::Skipped | Outcome::Errored).then(|| "no answer".into());
        attempt.failure = matches!(outcome, Outcome::Failed | Outcome::Warned).then(|| Failure {
            what: "a call was refused".into(),
            found: "500".into(),
            expected: "200".into(),
            fix: "look".into(),
            blame: Component::LivekitServer,
            at: "suites/src/api/a.rs:9".into(),
        });
    }
}

/// Before and after alike, so that nothing changes during the run.
fn both(report: &mut Report, change: fn(&mut Identity)) {
    change(&mut report.subject.before);
    report.subject.after.iter_mut().for_each(change);
}

/// Every occurrence; a text without one stays as it is, and its case then opens and is reported.
fn replace(bytes: &mut Vec<u8>, from: &str, to: &str) {
    *bytes = String::from_utf8_lossy(bytes).replace(from, to).into_bytes();
}

fn waiver(check: &str, expires: OffsetDateTime, owner: &str) -> GateWaiver {
    GateWaiver { check: check.into(), owner: owner.into(), reason: "known".into(), expires }
}

#[cfg(test)]
mod tests {
    use super::{case, decided, end, reseal, self_test, waiver};
    use crate::{Exit, Outcome};
    use std::collections::BTreeSet;
    use std::time::Duration;

    #[test]
    fn every_corruption_is_refused_for_its_own_reason_and_the_good_report_opens() {
        let cases = self_test().expect("cases");
        for case in &cases {
            assert!(case.held(), "{}: expected {:?}, got {:?}", case.name, case.expected, case.decision.refusals);
        }
        let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), cases.len(), "a name stands twice");
        assert!(cases.len() > 60, "{} cases", cases.len());
    }

    /// Where a corruption breaks one thing, nothing else is blamed.
    #[test]
    fn reasons_are_not_heaped() {
        for case in self_test().expect("cases") {
            let of_one_kind: BTreeSet<&str> = case.decision.refusals.iter().map(|refusal| refusal.name()).collect();
            let verdict: BTreeSet<&str> =
                ["not_passed", "required_not_passed", "subject_changed", "planted", "interrupted"].into();
            let others: Vec<_> =
                of_one_kind.iter().filter(|name| Some(**name) != case.expected && !verdict.contains(*name)).collect();
            assert!(
                others.is_empty() || case.name == "no node is known" || case.name == "the policy pins no key",
                "{}: {others:?}",
                case.name
            );
        }
    }

    #[test]
    fn a_waiver_of_the_policy_opens_for_its_check_until_its_day() {
        let mut case = case().expect("case");
        end(&mut case.report, Outcome::Failed);
        reseal(&mut case.report);
        case.policy.waivers = vec![waiver("api.a", case.now + Duration::from_secs(1), "us")];
        let decided = decided("waived", None, &case, |_, _| {}).expect("decided");
        assert!(decided.held(), "{:?}", decided.decision);
        assert_eq!(decided.decision.waived, ["api.a failed: known (us)"]);
    }

    /// The table of exit codes in the README.
    #[test]
    fn the_exit_says_what_kind_of_no_it_is() {
        let exits: Vec<(&str, Exit)> =
            self_test().expect("cases").into_iter().map(|c| (c.name, c.decision.exit())).collect();
        let exit_of = |name: &str| exits.iter().find(|(known, _)| *known == name).map(|(_, exit)| *exit).expect(name);
        for (name, exit) in [
            ("nothing", Exit::Passed),
            ("a required check failed", Exit::Failed),
            ("a check that is not required failed", Exit::Failed),
            ("a required check was skipped", Exit::Incomplete),
            ("a required check is missing from plan and results", Exit::Incomplete),
            ("a required check could not be found out", Exit::Inconclusive),
            ("a node was replaced during the run", Exit::Inconclusive),
            ("nothing ran", Exit::Incomplete),
            ("a second too old", Exit::EvidenceRefused),
            ("no attestation", Exit::EvidenceRefused),
            ("half a report", Exit::EvidenceRefused),
            ("another image was tested", Exit::EvidenceRefused),
            ("the target was the emulator", Exit::EvidenceRefused),
            ("the policy requires nothing", Exit::Usage),
        ] {
            assert_eq!(exit_of(name), exit, "{name}");
        }
    }

    #[test]
    fn a_report_is_believed_up_to_the_second() {
        let mut case = case().expect("case");
        case.now += Duration::from_secs(3480);
        assert!(decided("an hour after it began", None, &case, |_, _| {}).expect("decided").held());
        case.now -= Duration::from_secs(3480 + 65);
        assert!(decided("five seconds ahead", None, &case, |_, _| {}).expect("decided").held());
    }
}

/// Lies that no corruption of a single field tells.
#[cfg(test)]
mod lies {
    use super::{case, json, resealed};

    fn is_refused(case: super::Case) -> bool {
        match resealed(case) {
            Err(_) => true,
            Ok(case) => !super::decided("lie", None, &case, |_, _| {}).expect("decided").decision.is_open(),
        }
    }

    /// A restart that no drill made takes a replaced node for the old one.
    #[test]
    fn an_ordinary_check_does_not_explain_a_new_node_id() {
        let mut case = case().expect("case");
        let restart =
            crate::Restart { check: "api.c".into(), node: "a".into(), from: "ND_a".into(), to: String::new() };
        case.report.subject.restarts.push(restart);
        if let Some(after) = &mut case.report.subject.after {
            after.nodes[0].node_id.clear();
        }
        assert!(is_refused(case));
    }

    /// Two nodes were addressed and one was identified.
    #[test]
    fn every_endpoint_has_an_identity() {
        let mut case = case().expect("case");
        case.report.subject.endpoints =
            ["entry", "a", "b"].map(|name| (name.to_owned(), format!("wss://{name}"))).to_vec();
        super::both(&mut case.report, |i| drop(i.nodes.pop()));
        assert!(is_refused(case));
    }

    /// Who signs with two keys may do so in any order.
    #[test]
    fn two_signatures_in_another_order_are_still_both_good() {
        let case = case().expect("case");
        let other = crate::Signer::from_seed([2; 32]);
        let mut policy = case.policy.clone();
        policy.keys.push(other.verifier());
        let lines = |signer: &crate::Signer| {
            let text = String::from_utf8(crate::attest(&case.report, signer).expect("signed")).expect("text");
            text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("json")).collect::<Vec<_>>()
        };
        let (mut mine, theirs) = (lines(&case.signer), lines(&other));
        let sig = |value: &serde_json::Value| value["signatures"][0].clone();
        let (a, b) = (sig(&mine[0]), sig(&theirs[0]));
        mine[0]["signatures"] = serde_json::json!([a, b]);
        let (a, b) = (sig(&mine[1]), sig(&theirs[1]));
        mine[1]["signatures"] = serde_json::json!([b, a]);
        let attestation = mine.iter().map(|line| format!("{line}\n")).collect::<String>();
        let report = json(&case.report).expect("json");
        let evidence = super::Evidence { report: &report, attestation: Some(attestation.as_bytes()) };
        let decision = super::decide(evidence, &policy, case.now);
        assert!(decision.is_open(), "{:?}", decision.refusals);
    }

    /// Two envelopes, each signed by another key: nobody has signed both.
    #[test]
    fn two_halves_by_two_keys_are_not_a_signature() {
        let case = case().expect("case");
        let other = crate::Signer::from_seed([2; 32]);
        let mut policy = case.policy.clone();
        policy.keys.push(other.verifier());
        let line = |signer: &crate::Signer, index: usize| {
            let text = String::from_utf8(crate::attest(&case.report, signer).expect("signed")).expect("text");
            text.lines().nth(index).map(|line| format!("{line}\n")).expect("a line")
        };
        let attestation = line(&case.signer, 0) + &line(&other, 1);
        let report = json(&case.report).expect("json");
        let evidence = super::Evidence { report: &report, attestation: Some(attestation.as_bytes()) };
        assert!(!super::decide(evidence, &policy, case.now).is_open());
    }
}
