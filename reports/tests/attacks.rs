//! Reports that a hostile reviewer made: each contradicts itself in a way that would hide something.

#![expect(clippy::expect_used, reason = "a test ends where it can not go on")]

use greenlight_reports::*;
use std::num::NonZeroU64;

fn result(id: &str, outcome: Outcome, waiver: Option<AppliedWaiver>) -> CheckResult {
    let red = outcome != Outcome::Passed;
    let failure = Failure {
        what: "a token is repeated".into(),
        found: "true".into(),
        expected: "false".into(),
        fix: "upgrade".into(),
        blame: Component::LivekitServer,
        at: "suites/src/a/b.rs:7".into(),
    };
    let measured =
        Measured { name: "tries".into(), value: 2.0, limit: Limit::AtLeast(2.0), n: NonZeroU64::new(2).expect("two") };
    let attempt = Attempt {
        started: "2026-11-23T00:00:00.000Z".into(),
        duration_ms: 12,
        outcome,
        measured: if waiver.is_some() { vec![] } else { vec![measured] },
        failure: red.then_some(failure),
        reason: None,
        waiver,
        log: String::new(),
    };
    CheckResult {
        simulated: vec![],
        id: id.into(),
        title: "a claim".into(),
        tags: vec!["drill".into()],
        file: "suites/src/a/b.rs".into(),
        line: 7,
        outcome,
        flaky: false,
        attempts: vec![attempt],
    }
}

fn sealed(results: Vec<CheckResult>, restarts: Vec<Restart>) -> Result<Report, Unsealed> {
    let header = Header {
        run_id: "k3f9x".into(),
        seed: 7,
        started: "2026-11-23T00:00:00.000Z".into(),
        ended: "2026-11-23T00:00:41.000Z".into(),
        tool: Tool { name: "greenlight-verify".into(), version: "0.1.0".into(), profile: "dev".into() },
        target: TargetInfo { kind: "containers".into(), url: "wss://127.0.0.1:1".into(), planted: None },
        interrupted: false,
    };
    let node = |id: &str| NodeIdentity {
        name: "livekit-a".into(),
        node_id: id.into(),
        version: "1.13.5".into(),
        config_sha256: None,
    };
    let last = restarts.last().map_or("ND_1", |restart| restart.to.as_str()).to_owned();
    let before = Identity { nodes: vec![node("ND_1")], images: vec![], tls_pin: None };
    let after = Some(Identity { nodes: vec![node(&last)], images: vec![], tls_pin: None });
    let plan = Plan::new(results.iter().map(|result| result.id.clone()).collect());
    Report::sealed(
        header,
        Subject { endpoints: vec![], before, restarts, after },
        plan,
        results,
        vec![],
        &Redactor::default(),
    )
}

fn restart(check: &str, from: &str, to: &str) -> Restart {
    Restart { check: check.into(), node: "livekit-a".into(), from: from.into(), to: to.into() }
}

#[test]
fn a_restart_is_the_work_of_a_check_of_this_run() {
    let run = || vec![result("infrastructure.drill", Outcome::Passed, None)];
    let good = sealed(run(), vec![restart("infrastructure.drill", "ND_1", "ND_2")]).expect("the control");
    assert_eq!(good.verdict, RunVerdict::Passed);
    for forged in [restart("no.such_check", "ND_1", "ND_swapped"), restart("infrastructure.drill", "ND_1", "ND_1")] {
        assert!(sealed(run(), vec![forged]).is_err());
    }
}

#[test]
fn a_waiver_says_why_and_stands_at_a_warning_only() {
    let waiver = |reason: &str| AppliedWaiver {
        reason: reason.into(),
        owner: "us".into(),
        link: "livekit#4756".into(),
        until: "livekit-server <1.13.6".into(),
    };
    let run = |outcome, reason: &str| {
        sealed(vec![result("a.b", Outcome::Passed, None), result("a.c", outcome, Some(waiver(reason)))], vec![])
    };
    assert_eq!(run(Outcome::Warned, "known").expect("the control").verdict, RunVerdict::Passed);
    assert!(run(Outcome::Warned, " ").is_err(), "a waiver without a reason");
    assert!(run(Outcome::Failed, "known").is_err(), "a waiver at a failure");
    assert!(run(Outcome::Passed, "known").is_err(), "a waiver at a pass");
}
