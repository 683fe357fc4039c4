//! The steps, in the order in which they are done.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// What must be there.
    Prerequisites,
    /// What the version changes.
    Plan,
    /// Whether it may be shipped.
    Gate,
    /// What there is to come back to.
    Point,
    /// livekit.yaml and sip.yaml. Before the environment files: a plan is applied to what was planned.
    Configuration,
    /// Environment files.
    Environment,
    /// The traffic.
    Deploy,
    /// Whether it works.
    Validation,
}

/// Forward.
pub(super) const STEPS: [Step; 8] = [
    Step::Prerequisites,
    Step::Plan,
    Step::Gate,
    Step::Point,
    Step::Configuration,
    Step::Environment,
    Step::Deploy,
    Step::Validation,
];

impl Step {
    /// As it is written.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Prerequisites => "prerequisites",
            Self::Plan => "plan",
            Self::Gate => "gate",
            Self::Point => "point",
            Self::Configuration => "configuration",
            Self::Environment => "environment",
            Self::Deploy => "deploy",
            Self::Validation => "validation",
        }
    }

    /// Whether it changes what serves, or what it is started from.
    pub(super) fn changes(self) -> bool {
        self >= Self::Configuration
    }

    /// Components of a point that it may change. No step writes what lasts in Redis, trunks or rules.
    pub(super) fn touches(self) -> &'static [&'static str] {
        match self {
            Self::Prerequisites | Self::Plan | Self::Gate | Self::Point | Self::Validation => &[],
            Self::Configuration => &["files"],
            // Environment files may lie below what `files` keeps.
            Self::Environment => &["files", "env"],
            // A new build of an application may change its database when it starts.
            Self::Deploy => &["services", "database"],
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
