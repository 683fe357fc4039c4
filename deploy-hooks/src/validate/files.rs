//! The checks of files: what the linter, the keys, the tokens and the trunks show, one result for each claim.

use super::category::Category;
use crate::clock::timestamp;
use crate::plan::{Severity, Standing, StandingRisk};
use greenlight_reports::{Attempt, CheckResult, Component, Failure, Limit, Measured, Outcome};
use std::num::NonZeroU64;

/// A claim about files.
struct Claim {
    id: &'static str,
    title: &'static str,
    category: Category,
    blame: Component,
    /// What it is about: kinds of files, as a plan names them.
    kinds: &'static [&'static str],
    /// Why it says nothing when there is none.
    absent: &'static str,
}

const CLAIMS: [Claim; 9] = [
    Claim {
        id: "files.livekit_yaml",
        title: "livekit.yaml holds nothing that livekit-server refuses, ignores or misreads",
        category: Category::Configuration,
        blame: Component::Configuration,
        kinds: &["livekit.yaml"],
        absent: "no livekit.yaml in the folder",
    },
    Claim {
        id: "files.environment",
        title: "environment files hold nothing that livekit-server refuses, ignores or misreads",
        category: Category::Configuration,
        blame: Component::Configuration,
        kinds: &["environment"],
        absent: "no environment file in the folder",
    },
    Claim {
        id: "files.containers",
        title: "compose files, manifests and values of charts start a deployment that can drain, restart and be reached",
        category: Category::Configuration,
        blame: Component::Configuration,
        kinds: &["compose", "kubernetes", "helm values"],
        absent: "no compose file, no manifest and no values of a chart in the folder",
    },
    Claim {
        id: "files.balancer",
        title: "the balancer's configuration lets signal connections through and leaves them open",
        category: Category::Configuration,
        blame: Component::Balancer,
        kinds: &["haproxy", "nginx", "caddy"],
        absent: "no haproxy.cfg, nginx.conf or Caddyfile in the folder",
    },
    Claim {
        id: "files.workers",
        title: "SIP bridge, egress and ingress wait for work at the server's Redis",
        category: Category::Services,
        blame: Component::Configuration,
        kinds: &["worker"],
        absent: "no configuration of a SIP bridge, of egress or of ingress in the folder",
    },
    Claim {
        id: "files.keys",
        title: "whatever signs tokens has a key of the server, with its secret, and no secret can be guessed",
        category: Category::Auth,
        blame: Component::Keys,
        kinds: &["key"],
        absent: "no API key in any file of the folder",
    },
    Claim {
        id: "files.tokens",
        title: "tokens that the application has issued end",
        category: Category::Auth,
        blame: Component::Application,
        kinds: &["token"],
        absent: "no tokens were given; --token-file FILE, with one a line",
    },
    Claim {
        id: "files.sip_yaml",
        title: "sip.yaml holds nothing that the SIP bridge refuses, ignores or misreads",
        category: Category::Sip,
        blame: Component::Sip,
        kinds: &["sip.yaml"],
        absent: "no sip.yaml in the folder",
    },
    Claim {
        id: "files.sip_doors",
        title: "no trunk and no rule is open to everybody",
        category: Category::Sip,
        blame: Component::Sip,
        kinds: &["trunks and rules"],
        absent: "trunks and rules were not listed; --url URL, with LIVEKIT_API_KEY and LIVEKIT_API_SECRET",
    },
];

/// Made where somebody says from which version the files come. What it finds needs eyes, and what is in no file can't be
/// written off by changing one: it warns.
const MOVED: Claim = Claim {
    id: "files.other_version",
    title: "nothing that livekit-server does in another way since that version is left to it",
    category: Category::Configuration,
    blame: Component::Configuration,
    kinds: &["version"],
    absent: "no livekit.yaml in the folder",
};

/// How the line of a file begins in a log.
pub(super) const SEEN: &str = "looked at ";

/// One result for each claim of these categories.
pub(super) fn results(standing: &Standing, wanted: &dyn Fn(Category) -> bool) -> Vec<CheckResult> {
    let moved = standing.has_moved.then_some(&MOVED);
    let claims = CLAIMS.iter().chain(moved).filter(|claim| wanted(claim.category));
    let of_claims = claims.map(|claim| result(claim, standing));
    let unreadable = (!standing.unreadable.is_empty()).then(|| unreadable(standing));
    unreadable.into_iter().chain(of_claims).collect()
}

/// A file that can't be read may hold anything: whatever the others show, nobody knows how the deployment stands.
fn unreadable(standing: &Standing) -> CheckResult {
    let attempt = Attempt {
        started: timestamp(),
        duration_ms: 0,
        outcome: Outcome::Errored,
        measured: Vec::new(),
        failure: None,
        reason: Some(standing.unreadable.join("; ")),
        waiver: None,
        log: String::new(),
    };
    CheckResult {
        id: "files.readable".to_owned(),
        title: "every file of the deployment can be read".to_owned(),
        tags: vec!["files".to_owned()],
        file: file!().to_owned(),
        line: line!(),
        outcome: Outcome::Errored,
        flaky: false,
        simulated: Vec::new(),
        attempts: vec![attempt],
    }
}

fn result(claim: &Claim, standing: &Standing) -> CheckResult {
    let looked: usize = claim.kinds.iter().map(|kind| standing.looked.get(*kind).copied().unwrap_or(0)).sum();
    let risks: Vec<&StandingRisk> = standing.risks.iter().filter(|risk| claim.kinds.contains(&risk.about)).collect();
    let is_wrong = |risk: &&&StandingRisk| risk.severity == Severity::High && claim.id != MOVED.id;
    let wrong = risks.iter().filter(is_wrong).count();
    let outcome = match (looked, risks.as_slice()) {
        (0, []) => Outcome::Skipped,
        (_, []) => Outcome::Passed,
        _ if wrong > 0 => Outcome::Failed,
        _ => Outcome::Warned,
    };
    let measured = |name: &str, value: usize, limit| {
        let n = NonZeroU64::new(looked.max(1) as u64)?;
        Some(Measured { name: name.to_owned(), value: value as f64, limit, n })
    };
    let measured = match outcome {
        Outcome::Passed | Outcome::Warned => {
            [measured("looked_at", looked, Limit::AtLeast(1.0)), measured("wrong", wrong, Limit::AtMost(0.0))]
                .into_iter()
                .flatten()
                .collect()
        }
        _ => Vec::new(),
    };
    let failure = (!risks.is_empty()).then(|| failure(claim, &risks));
    let attempt = Attempt {
        started: timestamp(),
        duration_ms: 0,
        outcome,
        measured,
        failure,
        reason: (outcome == Outcome::Skipped).then(|| claim.absent.to_owned()),
        waiver: None,
        log: log(claim, standing, &risks),
    };
    CheckResult {
        id: claim.id.to_owned(),
        title: claim.title.to_owned(),
        tags: vec!["files".to_owned(), claim.category.word().to_owned()],
        file: file!().to_owned(),
        line: line!(),
        outcome,
        flaky: false,
        simulated: Vec::new(),
        attempts: vec![attempt],
    }
}

/// Every finding, and every file by its hash: what was looked at is part of the report.
fn log(claim: &Claim, standing: &Standing, risks: &[&StandingRisk]) -> String {
    let found =
        risks.iter().map(|risk| format!("{} {}: {}; {}; {}\n", risk.at, risk.rule, risk.found, risk.what, risk.fix));
    let files = standing.files.iter().filter(|file| claim.kinds.contains(&file.kind));
    let files = files.map(|file| format!("{SEEN}{} sha256:{}\n", file.path, file.sha256));
    found.chain(files).collect()
}

/// The worst of them; the others stand in the log of the attempt.
fn failure(claim: &Claim, risks: &[&StandingRisk]) -> Failure {
    let worst = risks[0];
    let others = match risks.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    Failure {
        what: format!("{}: {}{others}", worst.rule, worst.what),
        found: worst.found.clone(),
        expected: claim.title.to_owned(),
        fix: worst.fix.clone(),
        blame: claim.blame,
        at: worst.at.clone(),
    }
}
