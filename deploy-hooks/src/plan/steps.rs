//! The steps of a plan, in the order in which they are done.

use super::document::{Correction, Jwt, Plan, Risk, Sdk, Step};
use std::collections::BTreeMap;

/// What steps are made of.
pub(super) struct Parts<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) risks: &'a [Risk],
    pub(super) corrections: &'a [Correction],
    pub(super) jwt: &'a Jwt,
    pub(super) api: &'a [Sdk],
    pub(super) clients: &'a [Sdk],
    pub(super) has_sip: bool,
}

/// Minutes for one risk that somebody has to look at.
const PER_RISK_MIN: u32 = 5;

/// All of them; a step of which nothing is to be done still says what to see.
pub(super) fn steps(parts: &Parts<'_>) -> Vec<Step> {
    let to = parts.to;
    let mut steps = vec![step(
        "point",
        "Make a rollback point",
        vec![format!("greenlight plan backup before-{to} --environment production --sign-key config/greenlight.pem")],
        (
            &format!(
                "greenlight rollback verify before-{to} --environment production --key config/greenlight.pub.pem --identity KEY"
            ),
            "nothing was changed",
            5,
        ),
        &[],
    )];
    steps.push(jwt(parts));
    steps.push(step(
        "api",
        "See that applications which call the API work with the new version",
        libraries(parts.api, "no library that calls the API was found", todo(parts, "api")),
        ("greenlight validate --category api", "build them with the versions that they had", minutes(parts, "api")),
        &["point"],
    ));
    steps.push(step(
        "clients",
        "See that clients can join the new version",
        libraries(parts.clients, "no library that joins rooms was found", todo(parts, "clients")),
        (
            "greenlight validate --category services",
            "build them with the versions that they had",
            minutes(parts, "clients"),
        ),
        &["point"],
    ));
    let mut written: Vec<String> =
        parts.corrections.iter().map(|one| format!("{}: {} edits", one.file, one.edits.len())).collect();
    if !written.is_empty() {
        written.insert(
            0,
            "greenlight plan apply plan.json --dry-run, and without --dry-run when the difference is right".to_owned(),
        );
    }
    let undo = match parts.corrections {
        [] => "put the files of the rollback point back".to_owned(),
        some => some.iter().map(|one| format!("mv {0}.before {0}", one.file)).collect::<Vec<_>>().join("; "),
    };
    written.extend(todo(parts, "config"));
    steps.push(step(
        "config",
        "Correct livekit.yaml and sip.yaml",
        or_nothing(written),
        ("greenlight validate --category configuration --level config", &undo, minutes(parts, "config")),
        &["point"],
    ));
    for (id, title, check) in [
        ("env", "Correct environment files", "greenlight env validate FILE"),
        (
            "containers",
            "Correct compose files, manifests and values of charts",
            "greenlight validate --category configuration --level config",
        ),
        (
            "proxy",
            "Correct the balancer's configuration",
            "greenlight validate --category configuration --level config",
        ),
    ] {
        let what = or_nothing(todo(parts, id));
        steps.push(step(
            id,
            title,
            what,
            (check, "put the files of the rollback point back", minutes(parts, id)),
            &["point"],
        ));
    }
    steps.push(sip(parts));
    steps.push(step(
        "staging",
        &format!("Prove livekit-server {to} with this configuration on a staging"),
        vec!["greenlight verify --livekit-config livekit.yaml --sign-key config/greenlight.pem".to_owned()],
        ("greenlight gate --env staging", "nothing was moved", 10),
        &["jwt", "api", "clients", "config", "env", "containers", "proxy", "sip"],
    ));
    steps.push(step(
        "deploy",
        &format!("Move from livekit-server {} to {to}, one node after the other", parts.from),
        vec![
            "greenlight deploy --env production: both versions share one Redis, so that rooms stay where they are".to_owned(),
            "a node that was told to drain does not come back: until then switching back is cheap, after it means new nodes of the old version".to_owned(),
        ],
        ("greenlight deploy status --env production", "greenlight deploy switch blue --env production, before the old nodes drain", 30),
        &["staging"],
    ));
    steps.push(step(
        "validate",
        "Validate everything on what now serves",
        vec!["greenlight validate --full --output validation.json".to_owned()],
        ("greenlight validate --full", "greenlight deploy to the version before", 10),
        &["deploy"],
    ));
    steps
}

fn jwt(parts: &Parts<'_>) -> Step {
    let mut what = todo(parts, "jwt");
    let rotate = parts.risks.iter().any(|risk| risk.step == "jwt" && risk.rule.starts_with("key_secret"));
    if rotate {
        what.extend(
            [
                "rotation 1: `livekit-server generate-keys`, and add the new key beside the old one on every node",
                "rotation 2: let applications, SIP bridge, egress, ingress and webhook.api_key sign with the new one",
                "rotation 3: wait until the token that lives longest has ended",
                "rotation 4: remove the old key everywhere",
            ]
            .map(str::to_owned),
        );
    }
    if parts.jwt.tokens == 0 {
        what.push("see that tokens of your application carry `exp`: put some into a file, one a line, and plan with --token-file".to_owned());
    }
    step(
        "jwt",
        "Keys and tokens that the new version accepts",
        or_nothing(what),
        (
            "greenlight validate --category auth",
            "both keys stay until the last token has ended: removing the new one takes it back",
            minutes(parts, "jwt"),
        ),
        &["point"],
    )
}

fn sip(parts: &Parts<'_>) -> Step {
    let mut what = todo(parts, "sip");
    if parts.has_sip {
        what.extend(
            [
                "take the bridge out of the SIP balancer first: while it drains it still answers new calls",
                "end it with SIGTERM, never SIGINT, and wait until no call is active",
            ]
            .map(str::to_owned),
        );
    }
    let what = or_nothing(what);
    step(
        "sip",
        "Trunks, rules and the SIP bridge",
        what,
        ("greenlight validate --category sip", "start the bridge of the version before", minutes(parts, "sip")),
        &["point"],
    )
}

fn step(id: &str, title: &str, what: Vec<String>, rest: (&str, &str, u32), needs: &[&str]) -> Step {
    let (check, undo, estimate_min) = rest;
    Step {
        id: id.to_owned(),
        title: title.to_owned(),
        what,
        check: check.to_owned(),
        undo: undo.to_owned(),
        estimate_min,
        needs: needs.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn of<'a>(parts: &'a Parts<'_>, id: &'a str) -> impl Iterator<Item = &'a Risk> {
    parts.risks.iter().filter(move |risk| risk.step == id)
}

fn todo(parts: &Parts<'_>, id: &str) -> Vec<String> {
    of(parts, id).map(|risk| format!("{}: {} ({})", risk.at, risk.fix, risk.rule)).collect()
}

fn minutes(parts: &Parts<'_>, id: &str) -> u32 {
    let risks = u32::try_from(of(parts, id).count()).unwrap_or(u32::MAX);
    2 + risks.saturating_mul(PER_RISK_MIN)
}

fn libraries(sdks: &[Sdk], none: &str, todo: Vec<String>) -> Vec<String> {
    let found = sdks.iter().map(|sdk| format!("{}: {} {}: {}", sdk.seen, sdk.package, sdk.version, sdk.works));
    let mut what: Vec<String> = todo.into_iter().chain(found).collect();
    if sdks.is_empty() {
        what.push(none.to_owned());
    }
    what
}

fn or_nothing(what: Vec<String>) -> Vec<String> {
    if what.is_empty() { vec!["nothing to do".to_owned()] } else { what }
}

/// The steps that meet the requirements.
pub(super) fn requirements() -> BTreeMap<String, Vec<String>> {
    let of = |number: &str, steps: &[&str]| (number.to_owned(), steps.iter().map(|id| (*id).to_owned()).collect());
    [
        of("1.1", &["jwt", "staging", "validate"]),
        of("2.1", &["api", "clients", "staging", "validate"]),
        of("3.1", &["sip", "staging", "validate"]),
    ]
    .into_iter()
    .collect()
}

/// All steps together.
pub(super) fn minutes_of(plan: &Plan) -> u32 {
    plan.steps.iter().map(|step| step.estimate_min).sum()
}
