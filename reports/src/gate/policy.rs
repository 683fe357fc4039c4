//! What a gate demands. It comes from the operator's configuration, never from a report.

use crate::Verifier;
use std::time::Duration;
use time::OffsetDateTime;

/// What a report must show before anything moves.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Keys whose signature is believed.
    pub keys: Vec<Verifier>,
    /// Ids that must have passed, each of them.
    pub required: Vec<String>,
    /// How old the end of the run may be.
    pub age_max: Duration,
    /// How far in the future it may seem to be: the difference of two clocks.
    pub clock_skew_max: Duration,
    /// What is about to be shipped.
    pub artefact: Artefact,
    /// What a required check that warns counts as.
    pub warnings: WarningRule,
    /// Whether a required check may have passed only at a second attempt.
    pub flaky_accepted: bool,
    /// Red checks that are accepted for the time being.
    pub waivers: Vec<GateWaiver>,
}

/// The exact things about to be shipped. What is `None` is not compared; an image or a program must be named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artefact {
    /// The engine's id of the media server's image, `sha256:…`.
    pub image_id: Option<String>,
    /// The registry's digest of it, `sha256:…`.
    pub image_digest: Option<String>,
    /// SHA-256 (hex) of the media server's program.
    pub program_sha256: Option<String>,
    /// Its version, such as `1.13.5`.
    pub version: Option<String>,
    /// SHA-256 (hex) of the normalised livekit.yaml.
    pub config_sha256: Option<String>,
    /// SHA-256 (hex) of the public key that the entry point serves.
    pub tls_pin: Option<String>,
    /// The signal URL of the entry point.
    pub url: Option<String>,
}

impl Artefact {
    /// Whether it says which build is meant. A version or a configuration alone fits to too many.
    pub fn names_a_build(&self) -> bool {
        [&self.image_id, &self.image_digest, &self.program_sha256].into_iter().flatten().any(|text| !text.is_empty())
    }
}

/// What a required check that warns counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningRule {
    /// As a pass.
    Accepted,
    /// As a pass unless it is a failure that a waiver of the run accepted.
    WithoutWaivers,
    /// As not passed.
    Refused,
}

/// A red check that the gate's owner accepts until a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateWaiver {
    /// The check.
    pub check: String,
    /// Who answers for that.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// From this moment on it does nothing.
    pub expires: OffsetDateTime,
}

impl GateWaiver {
    /// Whether it accepts this check now. One that does not say who and why does nothing.
    pub fn covers(&self, id: &str, now: OffsetDateTime) -> bool {
        self.check == id && now < self.expires && !self.owner.trim().is_empty() && !self.reason.trim().is_empty()
    }
}
