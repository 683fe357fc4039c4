//! What a report must show before an environment lets a build in.

use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What a report must show.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSpec {
    /// report.json; its attestation, report.intoto.jsonl, lies beside it.
    pub report: PathBuf,
    /// Ids that must have passed.
    #[serde(default)]
    pub required: Vec<String>,
    /// A file with further ids, one a line, as `cargo verify --list --format terse` prints them; `#` begins a comment.
    pub required_file: Option<PathBuf>,
    /// How old the end of the run may be, in seconds.
    pub age_max_s: u64,
    /// How far in the future it may seem to be, in seconds. Without it 5.
    #[serde(default = "five_seconds")]
    pub clock_skew_max_s: u64,
    /// What a required check that warns counts as. Without it `accepted`: it works today, and is shown.
    #[serde(default)]
    pub warnings: Warnings,
    /// Whether a required check may have passed only when tried again. Without it, it may not.
    #[serde(default)]
    pub flaky_accepted: bool,
    /// Red checks that are accepted until a day.
    #[serde(default)]
    pub waivers: Vec<WaiverSpec>,
}

fn five_seconds() -> u64 {
    5
}

/// What a required check that warns counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warnings {
    /// A pass.
    #[default]
    Accepted,
    /// A pass, unless it is a failure that a waiver of the run accepted.
    WithoutWaivers,
    /// No pass.
    Refused,
}

/// A red check that this environment accepts until a day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiverSpec {
    /// Its id.
    pub check: String,
    /// Who answers for that.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day, as `2026-12-31`.
    pub expires: String,
}

/// What is about to be shipped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArtefactSpec {
    /// Name and tag of the media server's image. The container engine of this machine is asked what it is.
    pub image: Option<String>,
    /// The engine's id of it, `sha256:…`, where no engine is to be asked.
    pub image_id: Option<String>,
    /// The registry's digest of it, `sha256:…`.
    pub image_digest: Option<String>,
    /// SHA-256 (hex) of the media server's program.
    pub program_sha256: Option<String>,
    /// Its version, such as `1.13.5`.
    pub version: Option<String>,
    /// The livekit.yaml that goes with it.
    pub config: Option<PathBuf>,
    /// SHA-256 (hex) of the public key that the entry point serves.
    pub tls_pin: Option<String>,
    /// The signal URL at which it was tested.
    pub url: Option<String>,
}

impl GateSpec {
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.required.is_empty() && self.required_file.is_none() {
            problems.push("gate requires no check; name some under `required`, or a `required_file`".to_owned());
        }
        let mut seen = BTreeSet::new();
        for id in &self.required {
            if !id.contains('.') {
                problems.push(format!("gate.required has {id:?}; a check is named suite.name"));
            }
            if !seen.insert(id) {
                problems.push(format!("gate.required has {id:?} twice; keep one"));
            }
        }
        if self.age_max_s == 0 {
            problems.push(
                "gate.age_max_s is 0, and no report is that fresh; write how old it may be, such as 3600".to_owned(),
            );
        }
        for waiver in &self.waivers {
            for (name, text) in [("check", &waiver.check), ("owner", &waiver.owner), ("reason", &waiver.reason)] {
                if text.trim().is_empty() {
                    problems.push(format!("gate.waivers: {name} is empty; write it, or remove the waiver"));
                }
            }
            if !is_day(&waiver.expires) {
                problems.push(format!("gate.waivers: expires is {:?}; write a day, as 2026-12-31", waiver.expires));
            }
        }
        problems
    }
}

impl ArtefactSpec {
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if [&self.image, &self.image_id, &self.image_digest, &self.program_sha256].iter().all(|text| text.is_none()) {
            problems.push(
                "artefact names no build; give it `image`, `image_id`, `image_digest` or `program_sha256`".to_owned(),
            );
        }
        for (name, value) in [("image_id", &self.image_id), ("image_digest", &self.image_digest)] {
            if value.as_ref().is_some_and(|value| !value.strip_prefix("sha256:").is_some_and(is_sha256)) {
                problems.push(format!(
                    "artefact.{name} is no `sha256:` with 64 digits; write it as the engine's `image inspect` prints it"
                ));
            }
        }
        for (name, value) in [("program_sha256", &self.program_sha256), ("tls_pin", &self.tls_pin)] {
            if value.as_ref().is_some_and(|value| !is_sha256(value)) {
                problems.push(format!(
                    "artefact.{name} is not 64 hexadecimal digits in lower case; write it as `sha256sum` prints it"
                ));
            }
        }
        problems
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// `2026-12-31`, by its form; whether there is such a day is said by whoever reads it as one.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 3
        && [4, 2, 2].iter().zip(&parts).all(|(length, part)| part.len() == *length)
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}
