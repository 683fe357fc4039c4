//! The files of a report, and the question.

use super::policy::policy;
use crate::failure::Failure;
use crate::files::{read_at_most, read_beginning};
use greenlight_config::{Deployment, Environment, normalised_sha256};
use greenlight_reports::gate::{Artefact, Decision, Evidence, Policy, decide};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// The gate takes no larger one.
pub(crate) const REPORT_BYTES_MAX: u64 = 64 << 20;
/// Two envelopes; what they hold is of a size with the list of checks.
const ATTESTATION_BYTES_MAX: u64 = 16 << 20;

/// A report and what lies beside it.
pub(crate) struct Files {
    report: Vec<u8>,
    attestation: Option<Vec<u8>>,
}

impl Files {
    /// Reads report.json and report.intoto.jsonl beside it.
    ///
    /// # Errors
    /// When the report can't be read; an attestation that is missing is a matter of the decision.
    pub(crate) fn read(report: &Path) -> Result<Self, Failure> {
        let missing = |path: &Path, error: &std::io::Error| {
            format!("cannot read the evidence {}: {error}; `cargo verify --sign-key FILE` writes it", path.display())
        };
        let beside = attestation_of(report);
        let attestation = match read_at_most(&beside, ATTESTATION_BYTES_MAX) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::refused(missing(&beside, &error))),
        };
        // One byte more is enough for the gate to refuse it for its size.
        let bytes =
            read_beginning(report, REPORT_BYTES_MAX + 1).map_err(|error| Failure::refused(missing(report, &error)))?;
        Ok(Self { report: bytes, attestation })
    }

    /// As the gate takes it.
    pub(crate) fn evidence(&self) -> Evidence<'_> {
        Evidence { report: &self.report, attestation: self.attestation.as_deref() }
    }
}

/// Where the attestation of a report lies.
fn attestation_of(report: &Path) -> PathBuf {
    report.with_extension("intoto.jsonl")
}

/// What was asked about, and the answer.
pub(crate) struct Asked {
    /// The answer.
    pub decision: Decision,
    /// What it is about, as it was at that moment: a tag that is moved afterwards means something else.
    pub artefact: Artefact,
}

/// Asks the gate of an environment, with the report that it names or another one.
///
/// # Errors
/// When the question can't be put; a closed gate is an answer.
pub(crate) async fn ask(
    deployment: &Deployment,
    environment: &Environment,
    other: Option<&Path>,
) -> Result<Asked, Failure> {
    // The policy first: a configuration that is wrong is said even where there is no report yet.
    let policy = policy(deployment, environment).await?;
    let report = other.map_or_else(|| deployment.path(&environment.gate.report), Path::to_owned);
    decided(&report, policy)
}

/// The same about a livekit.yaml that lies in no file, where `artefact.config` says that it is asked about one.
///
/// # Errors
/// When the question can't be put; a closed gate is an answer.
pub(crate) async fn ask_about(
    deployment: &Deployment,
    environment: &Environment,
    config: &str,
) -> Result<Asked, Failure> {
    let mut environment = environment.clone();
    let is_asked = environment.artefact.config.take().is_some();
    let mut policy = policy(deployment, &environment).await?;
    if is_asked {
        let none = || Failure::usage("the livekit.yaml that was kept holds no setting of livekit-server");
        policy.artefact.config_sha256 = Some(normalised_sha256(config).ok_or_else(none)?);
    }
    decided(&deployment.path(&environment.gate.report), policy)
}

fn decided(report: &Path, policy: Policy) -> Result<Asked, Failure> {
    let files = Files::read(report)?;
    let decision = decide(files.evidence(), &policy, OffsetDateTime::now_utc());
    Ok(Asked { decision, artefact: policy.artefact })
}
