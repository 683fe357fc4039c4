//! Why a gate stays closed: one variant per reason, each with its remedy.

use crate::{Exit, Outcome, RunVerdict, Unsealed, Untrusted};

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The policy demands nothing, and nothing is what it would open on.
    #[error("the policy requires no check; name some under `required` in deployment.yaml")]
    NothingRequired,
    /// The policy does not say what is to be shipped.
    #[error(
        "the policy names neither image nor program to be shipped; a report about some other build would open this gate"
    )]
    NothingBound,
    /// The policy pins no key.
    #[error(
        "the policy pins no key; `greenlight keygen` makes a pair, and `keys` in deployment.yaml pins its public half"
    )]
    NoKeys,
    /// The report is larger than any that was written.
    #[error("the report has {bytes} bytes or more, and none is larger than {bytes_max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The largest that is read.
        bytes_max: usize,
    },
    /// It was cut, edited, or is no report.
    #[error("the report is not whole: {0}")]
    Unsealed(String),
    /// It is of another version of the format.
    #[error("{0}")]
    OtherFormat(String),
    /// It has no attestation.
    #[error("the report is not signed; run greenlight-verify with --sign-key")]
    Unsigned,
    /// The attestation can't be read.
    #[error("{0}")]
    AttestationMalformed(String),
    /// Nobody known has signed it.
    #[error("no signature verifies under a pinned key; the attestation names {0}")]
    UnknownKey(String),
    /// The signature is on something else.
    #[error("the signature is on another report")]
    OtherReport,
    /// A time in it is none.
    #[error("{0:?} is no time of RFC 3339")]
    NoTime(String),
    /// It ended before it began.
    #[error("the run ended before it began")]
    EndsBeforeStart,
    /// Too long ago.
    #[error("the run began {age_s} s ago, and the policy allows {age_max_s} s: verify again")]
    Stale {
        /// Its age in seconds.
        age_s: i64,
        /// What the policy allows.
        age_max_s: u64,
    },
    /// Not yet.
    #[error("the run ends {ahead_s} s in the future, and clocks may differ by {skew_max_s} s: compare the clocks")]
    Future {
        /// How far, in seconds.
        ahead_s: i64,
        /// What the policy allows.
        skew_max_s: u64,
    },
    /// No real target was tested.
    #[error("the target was {0:?}: no LiveKit was tested")]
    NoRealTarget(String),
    /// A fault was planted on purpose.
    #[error("the fault {0} was planted before this run")]
    Planted(String),
    /// What answered last is not what answered first, or nobody knows.
    #[error("what was tested changed or vanished during the run")]
    SubjectChanged,
    /// The report is about something else.
    #[error("{what} that was tested is {found}, and {expected} is about to be shipped")]
    OtherSubject {
        /// Which part of the subject.
        what: &'static str,
        /// As tested; `unknown` if the report does not say.
        found: String,
        /// As about to be shipped.
        expected: String,
    },
    /// The run was cut short.
    #[error("the run was interrupted")]
    Interrupted,
    /// A required check did not pass.
    #[error("{id} is required and {}", how(.outcome))]
    RequiredNotPassed {
        /// The check.
        id: String,
        /// How it ended; `None` if it was not part of the run.
        outcome: Option<Outcome>,
    },
    /// It passed only when tried again.
    #[error("{0} is required and passed only when it was tried again")]
    RequiredFlaky(String),
    /// It passed against something that is not real.
    #[error("{id} is required and was shown with a simulated peer only: {peers}")]
    RequiredSimulated {
        /// The check.
        id: String,
        /// What was simulated.
        peers: String,
    },
    /// It failed, and a waiver of the run accepted that.
    #[error("{0} is required and fails; a waiver of the run accepts that, and this policy accepts no waivers of runs")]
    RequiredWaived(String),
    /// A pass that shows no measured value within its limit.
    #[error("{0} passed without a measured value that is within its limit")]
    Unbacked(String),
    /// A check that is not required is red.
    #[error("{id} {}", how(&Some(*.outcome)))]
    Red {
        /// The check.
        id: String,
        /// How it ended.
        outcome: Outcome,
    },
    /// The run as a whole is no pass.
    #[error("the run is {}", .0.word())]
    NotPassed(RunVerdict),
}

impl Refusal {
    /// A stable name for machines.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NothingRequired => "nothing_required",
            Self::NothingBound => "nothing_bound",
            Self::NoKeys => "no_keys",
            Self::TooLarge { .. } => "too_large",
            Self::Unsealed(_) => "unsealed",
            Self::OtherFormat(_) => "other_format",
            Self::Unsigned => "unsigned",
            Self::AttestationMalformed(_) => "attestation_malformed",
            Self::UnknownKey(_) => "unknown_key",
            Self::OtherReport => "other_report",
            Self::NoTime(_) => "no_time",
            Self::EndsBeforeStart => "ends_before_start",
            Self::Stale { .. } => "stale",
            Self::Future { .. } => "future",
            Self::NoRealTarget(_) => "no_real_target",
            Self::Planted(_) => "planted",
            Self::SubjectChanged => "subject_changed",
            Self::OtherSubject { .. } => "other_subject",
            Self::Interrupted => "interrupted",
            Self::RequiredNotPassed { .. } => "required_not_passed",
            Self::RequiredFlaky(_) => "required_flaky",
            Self::RequiredSimulated { .. } => "required_simulated",
            Self::RequiredWaived(_) => "required_waived",
            Self::Unbacked(_) => "unbacked",
            Self::Red { .. } => "red",
            Self::NotPassed(_) => "not_passed",
        }
    }

    /// What opens the gate again, in the words of whoever has to do it; nothing where the reason itself says it.
    pub fn fix(&self) -> Option<&'static str> {
        Some(match self {
            Self::NothingRequired | Self::NoKeys | Self::Unsigned | Self::Stale { .. } | Self::Future { .. } => {
                return None;
            }
            Self::NothingBound => {
                "write `image`, `image_id`, `image_digest` or `program_sha256` under `artefact` in deployment.yaml"
            }
            Self::TooLarge { .. } => "name the report.json that `cargo verify --sign-key FILE` wrote",
            Self::Unsealed(_) | Self::AttestationMalformed(_) | Self::NoTime(_) | Self::EndsBeforeStart => {
                "take report.json and report.intoto.jsonl as the run wrote them, or verify again"
            }
            Self::OtherFormat(_) => "verify and ask the gate with the same version of Greenlight",
            Self::UnknownKey(_) => {
                "pin the public key of whoever may sign under `keys` in deployment.yaml, or sign with the key that is pinned"
            }
            Self::OtherReport => "keep report.json and report.intoto.jsonl of one run together",
            Self::NoRealTarget(_) => "verify against containers (`--target containers`) or a deployment (`--url`)",
            Self::Planted(_) => "verify again without --plant",
            Self::SubjectChanged => "see that nothing is deployed or restarted during the run, and verify again",
            Self::OtherSubject { .. } => "verify what is to be shipped, or correct `artefact` in deployment.yaml",
            Self::Interrupted => "verify again, to the end",
            Self::RequiredNotPassed { outcome: None, .. } => {
                "verify with a selection that has it, such as `--profile pre-release`, or all of them"
            }
            Self::RequiredNotPassed { outcome: Some(Outcome::Skipped | Outcome::NotRun), .. } => {
                "the report says what the target lacks for it; verify where it is there, or take it out of `required`"
            }
            Self::RequiredNotPassed { .. } | Self::Red { .. } | Self::NotPassed(_) => {
                "the report has the fix of each red check: `greenlight report show`"
            }
            Self::RequiredFlaky(_) => {
                "find out why it failed first (the report keeps every attempt), or set `flaky_accepted`"
            }
            Self::RequiredSimulated { .. } => "verify it against the real peer, or take it out of `required`",
            Self::RequiredWaived(_) => {
                "mend what the waiver excuses, or write a waiver of the gate's own with an owner and an end"
            }
            Self::Unbacked(_) => {
                "verify again with the same version of Greenlight; this report claims more than it measured"
            }
        })
    }

    /// The status that a command ends with when this is the gravest of its reasons.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NothingRequired | Self::NothingBound | Self::NoKeys => Exit::Usage,
            Self::TooLarge { .. }
            | Self::Unsealed(_)
            | Self::OtherFormat(_)
            | Self::Unsigned
            | Self::AttestationMalformed(_)
            | Self::UnknownKey(_)
            | Self::OtherReport
            | Self::NoTime(_)
            | Self::EndsBeforeStart
            | Self::Stale { .. }
            | Self::Future { .. }
            | Self::NoRealTarget(_)
            | Self::Planted(_)
            | Self::OtherSubject { .. }
            | Self::RequiredSimulated { .. } => Exit::EvidenceRefused,
            Self::RequiredNotPassed { outcome: None | Some(Outcome::NotRun | Outcome::Skipped), .. }
            | Self::Interrupted
            | Self::NotPassed(RunVerdict::Incomplete) => Exit::Incomplete,
            Self::RequiredNotPassed { outcome: Some(Outcome::Errored), .. }
            | Self::Red { outcome: Outcome::Errored, .. }
            | Self::SubjectChanged
            | Self::Unbacked(_)
            | Self::NotPassed(_) => Exit::Inconclusive,
            Self::RequiredNotPassed { .. } | Self::RequiredFlaky(_) | Self::RequiredWaived(_) | Self::Red { .. } => {
                Exit::Failed
            }
        }
    }
}

impl From<Untrusted> for Refusal {
    fn from(untrusted: Untrusted) -> Self {
        match untrusted {
            Untrusted::Unsealed(Unsealed::Format { found }) => {
                Self::OtherFormat(Unsealed::Format { found }.to_string())
            }
            Untrusted::Unsealed(unsealed) => Self::Unsealed(unsealed.to_string()),
            Untrusted::Unsigned => Self::Unsigned,
            Untrusted::Malformed(_) => Self::AttestationMalformed(untrusted.to_string()),
            Untrusted::UnknownKey(named) => Self::UnknownKey(named),
            Untrusted::OtherReport => Self::OtherReport,
        }
    }
}

fn how(outcome: &Option<Outcome>) -> &'static str {
    match outcome {
        None => "was not part of the run",
        Some(Outcome::Passed) => "passed",
        Some(Outcome::Warned) => "warned, which this policy does not accept",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Errored) => "could not be found out",
        Some(Outcome::Skipped) => "was skipped",
        Some(Outcome::NotRun) => "was not run",
    }
}
