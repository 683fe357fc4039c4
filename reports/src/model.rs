//! The one value behind every format.

use crate::exit::Exit;
use crate::text::shorten;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU64;

/// Version of everything this crate writes to disk.
pub const FORMAT: u32 = 3;

/// A finished run: what was planned, on what, and how each check ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`FORMAT`] of the writer.
    pub format: u32,
    /// When, where and with what the run took place.
    pub header: Header,
    /// What was tested, read before and after.
    pub subject: Subject,
    /// What was to run.
    pub plan: Plan,
    /// One entry per planned check, in the plan's order.
    pub results: Vec<CheckResult>,
    /// How many checks ended how.
    pub counts: Counts,
    /// The run's result, computed by [`crate::merge`].
    pub verdict: RunVerdict,
    /// Rooms of this run that could not be removed from the target.
    pub leftovers: Vec<String>,
    /// Proof that nothing was cut off or changed.
    pub seal: Seal,
}

/// The run itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Short random id; part of every name made on the target.
    pub run_id: String,
    /// Seed of the order in which checks were started.
    pub seed: u64,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub ended: String,
    /// The program that ran.
    pub tool: Tool,
    /// Where it ran against.
    pub target: TargetInfo,
    /// True when the run was cut short by a person or by a signal.
    pub interrupted: bool,
}

/// The program that wrote the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `greenlight-verify`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `dev` or `release`: timings of the two are not comparable.
    pub profile: String,
}

/// The deployment under test, as it was addressed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetInfo {
    /// `containers`, `emulator` or `url`.
    pub kind: String,
    /// The signal URL of the entry point.
    pub url: String,
    /// The fault that was planted on purpose before the run, if any.
    pub planted: Option<String>,
}

impl TargetInfo {
    /// What every format calls a run on the emulator.
    pub const SELF_TEST: &str = "SELF-TEST: no LiveKit was tested";
    /// The kind of a report about files only: no process answered, and no gate opens on it.
    pub const FILES: &str = "files";

    /// What the run is called where it has a name.
    pub(crate) fn name(&self) -> &'static str {
        if self.kind == "emulator" { Self::SELF_TEST } else { "greenlight" }
    }
}

/// What was tested, as read from the target itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Where it was reached: name and URL, the entry point first.
    pub endpoints: Vec<(String, String)>,
    /// Read before the first check.
    pub before: Identity,
    /// Nodes that a drill of this run started again, in the order in which that was seen.
    pub restarts: Vec<Restart>,
    /// Read after the last check; absent when the target no longer answered.
    pub after: Option<Identity>,
}

/// A node that has a new id because a check of this run ended its process on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// The check that did it.
    pub check: String,
    /// The node's name.
    pub node: String,
    /// Its id before.
    pub from: String,
    /// Its id afterwards.
    pub to: String,
}

impl Subject {
    /// Whether what answered last is what answered first, but for the restarts that this run itself has caused.
    pub fn is_unchanged(&self) -> bool {
        let mut expected = self.before.clone();
        for restart in &self.restarts {
            let known = |node: &&mut NodeIdentity| node.name == restart.node && node.node_id == restart.from;
            match expected.nodes.iter_mut().find(known) {
                Some(node) => node.node_id.clone_from(&restart.to),
                None => return false,
            }
        }
        self.after.as_ref() == Some(&expected)
    }
}

/// Which processes answered, and from which images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// One entry per media server node, by name.
    pub nodes: Vec<NodeIdentity>,
    /// What its containers were made from, for targets that run in containers.
    pub images: Vec<ImageIdentity>,
    /// SHA-256 (hex) of the public key (SubjectPublicKeyInfo, RFC 7469 section 2.4) that the entry point serves over TLS.
    pub tls_pin: Option<String>,
}

/// An image by what is in it, never by its tag alone: a tag can be moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageIdentity {
    /// Name and tag.
    pub name: String,
    /// The engine's id, `sha256:…`: the hash of the image's configuration, which names its layers.
    pub id: String,
    /// The registry's digest, `sha256:…`; an image that was built on this machine has none.
    pub digest: Option<String>,
    /// SHA-256 (hex) of the media server's program in it; of other images none is read.
    pub program_sha256: Option<String>,
}

/// One media server process. A node id is new at every start of the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeIdentity {
    /// Name in the target's description, for example `livekit-a`.
    pub name: String,
    /// `ND_…`.
    pub node_id: String,
    /// For example `1.13.5`.
    pub version: String,
    /// SHA-256 (hex) of its normalised configuration, where that can be read.
    pub config_sha256: Option<String>,
}

/// The ids to run, written before the first check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Check ids in the order in which they were handed to the runner.
    pub ids: Vec<String>,
    /// SHA-256 (hex) of the ids, each followed by a line feed.
    pub sha256: String,
}

/// How one check ended, with every attempt at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckResult {
    /// `suite.name`.
    pub id: String,
    /// The claim in words.
    pub title: String,
    /// Tags for selection.
    pub tags: Vec<String>,
    /// Source file of the check, relative to the repository.
    pub file: String,
    /// Line of its metadata.
    pub line: u32,
    /// Outcome of the last attempt, or `NotRun`.
    pub outcome: Outcome,
    /// True when it passed only after an attempt that did not.
    pub flaky: bool,
    /// Peers that were no real ones: what such a check shows opens no gate.
    pub simulated: Vec<String>,
    /// Every attempt, first to last; empty only for `NotRun`.
    pub attempts: Vec<Attempt>,
}

/// One execution of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// RFC 3339, UTC.
    pub started: String,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What was measured; at least one entry for `Passed`, and for `Warned` without a waiver.
    pub measured: Vec<Measured>,
    /// Present for `Failed` and `Warned`.
    pub failure: Option<Failure>,
    /// Why it was skipped, or what could not be found out.
    pub reason: Option<String>,
    /// Present when a failure is known and accepted for the time being: then the outcome is `Warned`.
    pub waiver: Option<AppliedWaiver>,
    /// What the clients saw, shortened at the middle.
    pub log: String,
}

/// A waiver of the configuration that matched a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedWaiver {
    /// Why the failure is accepted.
    pub reason: String,
    /// Who answers for that.
    pub owner: String,
    /// Where it is tracked.
    pub link: String,
    /// Until when it holds: `livekit-server <1.13.6` or a date.
    pub until: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The claim holds, and a value was measured.
    Passed,
    /// The claim holds today and will hurt soon, or it is false and a waiver says so.
    Warned,
    /// The claim is false.
    Failed,
    /// It could not be found out.
    Errored,
    /// It does not apply here, for a stated reason.
    Skipped,
    /// The run ended before it was started.
    NotRun,
}

/// Where to look first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// A livekit-server node.
    LivekitServer,
    /// The keys configured on the server, or those given to the suite.
    Keys,
    /// Redis, or the way to it.
    Redis,
    /// The load balancer in front of the nodes.
    Balancer,
    /// The certificate that clients see.
    Certificate,
    /// The machine or network that the suite runs on.
    Runner,
    /// A configuration file or the environment of a process.
    Configuration,
    /// The application's database.
    Database,
    /// The receiver of webhooks, or the way to it.
    Webhooks,
    /// The SIP edge or bridge.
    Sip,
    /// TURN: embedded in a node, or the way to it.
    Turn,
    /// An application that issues tokens.
    Application,
}

/// A claim that is false.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What is wrong, in one sentence.
    pub what: String,
    /// The value that was found.
    pub found: String,
    /// The value that was expected.
    pub expected: String,
    /// What to do about it.
    pub fix: String,
    /// Where to look first.
    pub blame: Component,
    /// `file:line` of the assertion.
    pub at: String,
}

/// A number that a check measured, with the limit that it was held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// What was measured, its unit last: `join_ms_p95`.
    pub name: String,
    /// The value; finite.
    pub value: f64,
    /// The limit.
    pub limit: Limit,
    /// How many samples it rests on; never zero.
    pub n: NonZeroU64,
}

/// What a measured value is held against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Not less than.
    AtLeast(f64),
    /// Not more than.
    AtMost(f64),
    /// Exactly.
    Exactly(f64),
}

impl Limit {
    /// Whether the value is within the limit. False for anything that is not a finite number.
    pub fn holds(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::AtLeast(limit) => value >= limit,
                Self::AtMost(limit) => value <= limit,
                Self::Exactly(limit) => value == limit,
            }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(limit) => write!(f, ">= {limit}"),
            Self::AtMost(limit) => write!(f, "<= {limit}"),
            Self::Exactly(limit) => write!(f, "= {limit}"),
        }
    }
}

/// How many checks ended how. They add up to the plan's length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// See [`Outcome::Passed`].
    pub passed: usize,
    /// See [`Outcome::Warned`].
    pub warned: usize,
    /// See [`Outcome::Failed`].
    pub failed: usize,
    /// See [`Outcome::Errored`].
    pub errored: usize,
    /// See [`Outcome::Skipped`].
    pub skipped: usize,
    /// See [`Outcome::NotRun`].
    pub not_run: usize,
    /// Passed, but not at the first attempt. Counted under `passed` too.
    pub flaky: usize,
}

impl Counts {
    /// Counts the outcomes.
    pub fn of(results: &[CheckResult]) -> Self {
        let mut counts = Self::default();
        for result in results {
            *match result.outcome {
                Outcome::Passed => &mut counts.passed,
                Outcome::Warned => &mut counts.warned,
                Outcome::Failed => &mut counts.failed,
                Outcome::Errored => &mut counts.errored,
                Outcome::Skipped => &mut counts.skipped,
                Outcome::NotRun => &mut counts.not_run,
            } += 1;
            counts.flaky += usize::from(result.flaky);
        }
        counts
    }
}

/// The result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunVerdict {
    /// Every check that ran passed, and at least one did.
    Passed,
    /// At least one claim is false.
    Failed,
    /// Something could not be found out, or the subject changed during the run.
    Inconclusive,
    /// Not every planned check ended, or none passed.
    Incomplete,
}

/// What makes a cut or edited report recognisable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// Number of planned checks.
    pub planned: usize,
    /// Number of checks started.
    pub started: usize,
    /// Number of checks that ended.
    pub ended: usize,
    /// SHA-256 (hex) of the report's canonical JSON with this field empty.
    pub sha256: String,
}

impl Outcome {
    /// True for what must never be taken as fine: the claim is false, or nobody found out.
    pub fn is_red(self) -> bool {
        matches!(self, Self::Failed | Self::Errored)
    }

    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Skipped => "skipped",
            Self::NotRun => "not_run",
        }
    }
}

impl RunVerdict {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Inconclusive => "inconclusive",
            Self::Incomplete => "incomplete",
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LivekitServer => "livekit-server",
            Self::Keys => "API keys",
            Self::Redis => "Redis",
            Self::Balancer => "balancer",
            Self::Certificate => "certificate",
            Self::Runner => "the machine that runs the suite",
            Self::Configuration => "configuration",
            Self::Database => "database",
            Self::Webhooks => "webhooks",
            Self::Sip => "SIP",
            Self::Turn => "TURN",
            Self::Application => "the application",
        })
    }
}

/// A log longer than this is cut in the middle.
const LOG_BYTES_MAX: usize = 40_000;
/// An answer quoted in a failure or a reason is cut beyond this.
const QUOTE_BYTES_MAX: usize = 4_000;

impl Attempt {
    /// Cuts long texts in the middle. To be called after redaction, never before.
    pub fn shorten(&mut self) {
        let cut = |text: &mut String, bytes_max: usize| *text = shorten(text, bytes_max).into_owned();
        cut(&mut self.log, LOG_BYTES_MAX);
        if let Some(reason) = &mut self.reason {
            cut(reason, QUOTE_BYTES_MAX);
        }
        if let Some(failure) = &mut self.failure {
            for text in [&mut failure.what, &mut failure.found, &mut failure.expected, &mut failure.fix] {
                cut(text, QUOTE_BYTES_MAX);
            }
        }
    }
}

impl Report {
    /// The status that a command ends with whose result this run is.
    pub fn exit(&self) -> Exit {
        match self.verdict {
            _ if self.header.interrupted => Exit::Interrupted,
            RunVerdict::Passed => Exit::Passed,
            RunVerdict::Failed => Exit::Failed,
            RunVerdict::Inconclusive => Exit::Inconclusive,
            RunVerdict::Incomplete => Exit::Incomplete,
        }
    }

    /// What is wrong with a run that is no pass although no check is red; `None` for every other run. A format that
    /// lists checks must say it by itself, or it shows such a run as green.
    pub fn unexplained(&self) -> Option<&'static str> {
        let counts = self.counts;
        if self.verdict == RunVerdict::Passed || counts.failed + counts.errored + counts.not_run > 0 {
            return None;
        }
        Some(match self.verdict {
            _ if self.header.interrupted => "the run was interrupted",
            RunVerdict::Incomplete => "no check passed",
            _ if self.header.target.planted.is_some() => "a fault was planted and no check saw it",
            _ => "the target changed or vanished during the run, or a pass rests on nothing",
        })
    }
}

impl CheckResult {
    /// The part of the id before the dot.
    pub fn suite(&self) -> &str {
        self.id.split_once('.').map_or(self.id.as_str(), |(suite, _)| suite)
    }

    /// The failure of the last attempt, if it has one.
    pub fn failure(&self) -> Option<&Failure> {
        self.attempts.last()?.failure.as_ref()
    }

    /// Why the last attempt was skipped, or what it could not find out.
    pub fn reason(&self) -> Option<&str> {
        self.attempts.last()?.reason.as_deref()
    }

    /// What was wrong at the last attempt, or its reason where it has no failure; empty for a pass.
    pub fn what(&self) -> &str {
        self.failure().map(|failure| failure.what.as_str()).or(self.reason()).unwrap_or_default()
    }

    /// The waiver that turned the last attempt's failure into a warning, if one did.
    pub fn waiver(&self) -> Option<&AppliedWaiver> {
        self.attempts.last()?.waiver.as_ref()
    }

    /// Wall time of all attempts in milliseconds.
    pub fn duration_ms(&self) -> u64 {
        self.attempts.iter().map(|attempt| attempt.duration_ms).sum()
    }
}
