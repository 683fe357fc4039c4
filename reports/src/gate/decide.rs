//! The decision. Pure: no clock, no file, no network.

use super::policy::{Artefact, Policy, WarningRule};
use super::refusal::Refusal;
use crate::merge::is_backed;
use crate::{CheckResult, Exit, Outcome, Report, RunVerdict, open_signed};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Reports have some 400 kB; nothing larger is even looked at.
const REPORT_BYTES_MAX: usize = 64 << 20;
/// Kinds of target at which a real media server answers.
const REAL_TARGETS: [&str; 2] = ["containers", "url"];

/// A report as it lies on disk, and the signature on it.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// report.json.
    pub report: &'a [u8],
    /// report.intoto.jsonl; `None` where there is none.
    pub attestation: Option<&'a [u8]>,
}

/// What a gate decided. It is open only if nothing is against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Everything that is against it; empty means open.
    pub refusals: Vec<Refusal>,
    /// Failures that a waiver of the policy or of the run accepts, with who answers for that.
    pub waived: Vec<String>,
    /// Run id of the report, once its signature was believed.
    pub run_id: Option<String>,
    /// Id of the key that signed it.
    pub signed_by: Option<String>,
}

impl Decision {
    /// Whether traffic may move.
    pub fn is_open(&self) -> bool {
        self.refusals.is_empty()
    }

    /// The status of the gravest reason: what can't be believed outweighs what was found, and that outweighs what was
    /// not looked at.
    pub fn exit(&self) -> Exit {
        const GRAVEST_FIRST: [Exit; 5] =
            [Exit::Usage, Exit::EvidenceRefused, Exit::Failed, Exit::Incomplete, Exit::Inconclusive];
        let exits: Vec<Exit> = self.refusals.iter().map(Refusal::exit).collect();
        match GRAVEST_FIRST.into_iter().find(|exit| exits.contains(exit)) {
            Some(exit) => exit,
            None if exits.is_empty() => Exit::Passed,
            None => Exit::Failed,
        }
    }

    fn closed(refusals: Vec<Refusal>) -> Self {
        Self { refusals, waived: vec![], run_id: None, signed_by: None }
    }
}

/// Decides whether what the policy describes may be shipped on this evidence at this time.
///
/// Of evidence that can't be believed nothing further is said: its content may be anybody's.
pub fn decide(evidence: Evidence<'_>, policy: &Policy, now: OffsetDateTime) -> Decision {
    let mut refusals = demands_nothing(policy);
    if evidence.report.len() > REPORT_BYTES_MAX {
        refusals.push(Refusal::TooLarge { bytes: evidence.report.len(), bytes_max: REPORT_BYTES_MAX });
        return Decision::closed(refusals);
    }
    let opened = match evidence.attestation {
        Some(attestation) => open_signed(evidence.report, attestation, &policy.keys).map_err(Refusal::from),
        // Whether it is whole is said all the same.
        None => Err(match crate::open(evidence.report) {
            Ok(_) => Refusal::Unsigned,
            Err(unsealed) => Refusal::from(crate::Untrusted::from(unsealed)),
        }),
    };
    let (report, signed_by) = match opened {
        Ok(opened) => opened,
        Err(refusal) => {
            refusals.push(refusal);
            return Decision::closed(refusals);
        }
    };
    refusals.extend(untimely(&report, policy, now));
    refusals.extend(of_another(&report, &policy.artefact));
    let of_run = report.results.iter().filter_map(|result| Some((&result.id, result.waiver()?)));
    let known = |(id, waiver): (&String, &crate::AppliedWaiver)| {
        format!("{id} is known to fail until {}: {} ({})", waiver.until, waiver.reason, waiver.owner)
    };
    let mut waived = of_run.map(known).collect();
    refusals.extend(unproven(&report, policy, now, &mut waived));
    Decision { refusals, waived, run_id: Some(report.header.run_id), signed_by: Some(signed_by) }
}

/// A gate that demands nothing opens on nothing.
fn demands_nothing(policy: &Policy) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if policy.required.iter().all(|id| id.trim().is_empty()) {
        refusals.push(Refusal::NothingRequired);
    }
    if !policy.artefact.names_a_build() {
        refusals.push(Refusal::NothingBound);
    }
    if policy.keys.is_empty() {
        refusals.push(Refusal::NoKeys);
    }
    refusals
}

fn untimely(report: &Report, policy: &Policy, now: OffsetDateTime) -> Vec<Refusal> {
    let time = |text: &String| OffsetDateTime::parse(text, &Rfc3339).map_err(|_| Refusal::NoTime(text.clone()));
    let (started, ended) = match (time(&report.header.started), time(&report.header.ended)) {
        (Ok(started), Ok(ended)) => (started, ended),
        (started, ended) => return [started.err(), ended.err()].into_iter().flatten().collect(),
    };
    let mut refusals = Vec::new();
    if ended < started {
        refusals.push(Refusal::EndsBeforeStart);
    }
    // Its first check is as old as its beginning.
    let age = now - started;
    if age > policy.age_max {
        refusals.push(Refusal::Stale { age_s: age.whole_seconds(), age_max_s: policy.age_max.as_secs() });
    }
    let ahead = ended - now;
    if ahead > policy.clock_skew_max {
        let skew_max_s = policy.clock_skew_max.as_secs();
        refusals.push(Refusal::Future { ahead_s: ahead.whole_seconds(), skew_max_s });
    }
    refusals
}

/// The subject against what is about to be shipped. What the report does not know is not taken for equal.
fn of_another(report: &Report, artefact: &Artefact) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let target = &report.header.target;
    if !REAL_TARGETS.contains(&target.kind.as_str()) {
        refusals.push(Refusal::NoRealTarget(target.kind.clone()));
    }
    if let Some(fault) = &target.planted {
        refusals.push(Refusal::Planted(fault.clone()));
    }
    let before = &report.subject.before;
    if before.nodes.is_empty() || !report.subject.is_unchanged() {
        refusals.push(Refusal::SubjectChanged);
    }
    // The media server's images are those whose program was read; one that is another closes the gate.
    let images: Vec<_> = before.images.iter().filter(|image| image.program_sha256.is_some()).collect();
    let mut compare = |what: &'static str, expected: &Option<String>, found: Vec<Option<String>>| {
        let Some(expected) = expected else { return };
        let other = found.iter().find(|found| found.as_ref() != Some(expected));
        if let (true, _) | (_, Some(_)) = (found.is_empty(), other) {
            let found = other.cloned().flatten().unwrap_or_else(|| "unknown".to_owned());
            refusals.push(Refusal::OtherSubject { what, found, expected: expected.clone() });
        }
    };
    let of_image = |part: fn(&crate::ImageIdentity) -> Option<String>| -> Vec<Option<String>> {
        images.iter().map(|image| part(image)).collect()
    };
    compare("the image", &artefact.image_id, of_image(|image| Some(image.id.clone())));
    compare("the image's digest", &artefact.image_digest, of_image(|image| image.digest.clone()));
    compare("the program", &artefact.program_sha256, of_image(|image| image.program_sha256.clone()));
    let versions = before.nodes.iter().map(|node| Some(node.version.clone())).collect();
    compare("the version", &artefact.version, versions);
    let configs = before.nodes.iter().map(|node| node.config_sha256.clone()).collect();
    compare("the configuration", &artefact.config_sha256, configs);
    compare("the TLS key", &artefact.tls_pin, vec![before.tls_pin.clone()]);
    compare("the address", &artefact.url, vec![Some(target.url.clone())]);
    refusals
}

/// What was found, against what is required.
fn unproven(report: &Report, policy: &Policy, now: OffsetDateTime, waived: &mut Vec<String>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if report.header.interrupted {
        refusals.push(Refusal::Interrupted);
    }
    let mut accepted = |id: &str, outcome: Outcome| {
        let waiver = policy.waivers.iter().find(|waiver| waiver.covers(id, now));
        if let Some(waiver) = waiver.filter(|_| outcome == Outcome::Failed) {
            let said = format!("{id} failed: {} ({})", waiver.reason, waiver.owner);
            if !waived.contains(&said) {
                waived.push(said);
            }
            return true;
        }
        false
    };
    for id in &policy.required {
        match report.results.iter().find(|result| result.id == *id) {
            None => refusals.push(Refusal::RequiredNotPassed { id: id.clone(), outcome: None }),
            Some(result) if accepted(id, result.outcome) => {}
            Some(result) => refusals.extend(insufficient(result, policy)),
        }
    }
    let mut red = report.results.iter().filter(|result| result.outcome.is_red());
    for result in red.clone().filter(|result| !policy.required.contains(&result.id)) {
        if !accepted(&result.id, result.outcome) {
            refusals.push(Refusal::Red { id: result.id.clone(), outcome: result.outcome });
        }
    }
    for result in report.results.iter().filter(|result| !is_backed(result)) {
        refusals.push(Refusal::Unbacked(result.id.clone()));
    }
    // A failed run is acceptable only if all that is red in it is accepted one by one, and something passed.
    let only_waived = report.verdict == RunVerdict::Failed
        && report.counts.passed > 0
        && red.all(|result| accepted(&result.id, result.outcome));
    if report.verdict != RunVerdict::Passed && !only_waived {
        refusals.push(Refusal::NotPassed(report.verdict));
    }
    refusals
}

/// Why a required result is none, if it is none.
fn insufficient(result: &CheckResult, policy: &Policy) -> Option<Refusal> {
    let id = result.id.clone();
    let not_passed = |outcome| Some(Refusal::RequiredNotPassed { id: id.clone(), outcome: Some(outcome) });
    match (result.outcome, policy.warnings) {
        (Outcome::Passed, _) | (Outcome::Warned, WarningRule::Accepted) => {}
        (Outcome::Warned, WarningRule::WithoutWaivers) => {
            if result.waiver().is_some() {
                return Some(Refusal::RequiredWaived(id));
            }
        }
        (outcome, _) => return not_passed(outcome),
    }
    if !result.simulated.is_empty() {
        return Some(Refusal::RequiredSimulated { id, peers: result.simulated.join(", ") });
    }
    (result.flaky && !policy.flaky_accepted).then_some(Refusal::RequiredFlaky(id))
}
