//! From what was looked at to a plan. Pure.

use super::clients;
use super::corrections::corrections;
use super::document::{Entry, FORMAT, Input, Jwt, Plan, Risk, Severity, Sip};
use super::jwt;
use super::looked::Looked;
use super::risks::{Config, configs, of_files, of_versions};
use super::sip;
use super::steps::{Parts, requirements, steps};
use super::versions::{components, from, services};
use super::workers;
use crate::failure::Failure;
use greenlight_config::history::{History, Version};
use greenlight_config::lint::Inside;

/// The version that a plan leads to unless another is named: the newest one whose keys are known.
pub(super) fn newest() -> Version {
    History::shipped().versions().max().unwrap_or(Version::new(0, 0, 0))
}

/// A plan from here to there.
///
/// # Errors
/// [`Failure`] of usage: nothing was found, or not which version runs.
pub(super) fn analyse(looked: &Looked) -> Result<Plan, Failure> {
    if looked.files.is_empty() && looked.running.as_ref().is_none_or(Vec::is_empty) {
        let unread = match looked.unreadable.as_slice() {
            [] => "name the folder where they are".to_owned(),
            some => format!("what is one by its name can't be read ({}): mend that first", some.join("; ")),
        };
        return Err(Failure::usage(format!(
            "nothing of a LiveKit deployment is here: no livekit.yaml, sip.yaml, compose file, manifest or environment file, and no container; {unread}"
        )));
    }
    let services = services(&looked.files);
    let components = components(looked, &services);
    let now = from(looked.from, &components)?;
    let old: Version = now.version.parse().map_err(Failure::unknown)?;
    let new = looked.to.unwrap_or_else(newest);
    let mut not_seen = looked.not_seen.clone();
    not_seen.extend(unknown_versions(old, new));
    let configs = configs(&looked.files, &services);
    let (api, clients) = clients::libraries(&looked.files, new);
    let sip = sip::section(looked.sip.as_ref(), &looked.files);
    let (jwt, risks) = risks(looked, &services, &configs, (old, new), &sip);
    let (corrections, by_hand) = corrections(&looked.files, old, new);
    not_seen.extend(by_hand.into_iter().map(|one| format!("not corrected by itself: {one}")));
    not_seen.sort();
    let from_text = now.version.clone();
    let has_sip = components.iter().any(|component| component.program == "sip") || sip.seen;
    let to = new.to_string();
    let parts = Parts {
        from: &from_text,
        to: &to,
        risks: &risks,
        corrections: &corrections,
        jwt: &jwt,
        api: &api,
        clients: &clients,
        has_sip,
    };
    let steps = steps(&parts);
    let inputs = looked.files.iter().map(|read| Input {
        path: read.path.clone(),
        kind: read.kind.word().to_owned(),
        sha256: read.sha256(),
    });
    Ok(Plan {
        format: FORMAT,
        made_by: concat!("greenlight ", env!("CARGO_PKG_VERSION")).to_owned(),
        from: now,
        to,
        inputs: inputs.collect(),
        components,
        jwt,
        api,
        clients,
        sip,
        risks,
        corrections,
        changelog: changelog(old, new),
        steps,
        requirements: requirements(),
        not_seen,
    })
}

/// Everything that goes wrong if nothing is done, the worst first.
fn risks(
    looked: &Looked,
    services: &[(String, Inside)],
    configs: &[Config<'_>],
    (old, new): (Version, Version),
    sip: &Sip,
) -> (Jwt, Vec<Risk>) {
    let (jwt, mut risks) = jwt::look(&looked.files, services, looked.tokens.as_deref());
    let found = of_files(&looked.files);
    risks.extend(of_versions(&looked.files, configs, (old, new), &found));
    risks.extend(found);
    risks.extend(sip::risks(sip));
    risks.extend(workers::risks(&looked.files, services));
    // A key that the new version does not have is also one that the linter does not know; the reason with a source counts.
    let removed: Vec<String> =
        risks.iter().filter(|risk| risk.rule == "key_removed").map(|risk| risk.at.clone()).collect();
    risks.retain(|risk| risk.rule != "unknown_key" || !removed.contains(&risk.at));
    // A short secret is one risk, with the steps of a rotation.
    let short: Vec<String> =
        risks.iter().filter(|risk| risk.rule == "key_secret_short").map(|risk| risk.at.clone()).collect();
    risks.retain(|risk| {
        !matches!(risk.rule.as_str(), "secret_short" | "env_secret_short" | "env_keys_short")
            || !short.contains(&risk.at)
    });
    risks.sort();
    risks.dedup();
    (jwt, risks)
}

/// Versions of which less is known than is asked.
pub(super) fn unknown_versions(old: Version, new: Version) -> Vec<String> {
    let known: Vec<Version> = History::shipped().versions().collect();
    let words: Vec<String> = known.iter().map(ToString::to_string).collect();
    let not_known = |version: &&Version| !known.contains(version);
    [old, new]
        .iter()
        .filter(not_known)
        .map(|version| {
            format!(
                "the keys of livekit-server {version}: those of {} are known, and the nearest one below stands for it",
                words.join(" and ")
            )
        })
        .collect()
}

/// What the change log calls changed or removed; what was added or mended harms nobody who moves.
fn changelog(old: Version, new: Version) -> Vec<Entry> {
    let entries =
        History::shipped().entries(old, new).filter(|entry| matches!(entry.section.as_str(), "Changed" | "Removed"));
    entries
        .map(|entry| Entry {
            version: entry.version.to_string(),
            section: entry.section.clone(),
            text: entry.text.clone(),
            source: entry.source.to_string(),
        })
        .collect()
}

/// How many risks there are of each severity.
pub(super) fn counts(plan: &Plan) -> [(Severity, &'static str, usize); 3] {
    let count = |severity| plan.risks.iter().filter(|risk| risk.severity == severity).count();
    [
        (Severity::High, "high", count(Severity::High)),
        (Severity::Medium, "medium", count(Severity::Medium)),
        (Severity::Low, "low", count(Severity::Low)),
    ]
}
