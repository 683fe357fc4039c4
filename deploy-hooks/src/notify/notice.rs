//! What is told.

use greenlight_reports::{Redactor, shorten};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Version of the JSON that a webhook gets.
const FORMAT: u32 = 1;
/// A reason may quote a whole log; who wants that reads the report.
const SUMMARY_BYTES_MAX: usize = 1_000;

/// How a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// A deploy is under way.
    Begun,
    /// The new build has the traffic.
    New,
    /// The old build has the traffic.
    Old,
    /// A person is needed.
    Stuck,
    /// A deploy stopped in the middle, and can be resumed.
    Interrupted,
    /// Every check passed.
    Passing,
    /// A claim is false.
    Failing,
    /// Something could not be found out.
    Inconclusive,
    /// Not everything ran.
    Incomplete,
    /// There is no whole report.
    Unknown,
}

impl State {
    /// As it is written.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::New => "NEW",
            Self::Old => "OLD",
            Self::Stuck => "STUCK",
            Self::Interrupted => "interrupted",
            Self::Passing => "passing",
            Self::Failing => "FAILING",
            Self::Inconclusive => "inconclusive",
            Self::Incomplete => "incomplete",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Notice {
    format: u32,
    /// The environment.
    pub environment: String,
    /// The subject: `deploy`, or `watch` with its tags.
    pub what: String,
    /// How it is now.
    pub state: State,
    /// Why.
    pub summary: String,
    /// Id of the deploy or of the run; empty where there is none.
    pub id: String,
    /// RFC 3339, UTC.
    pub at: String,
}

impl Notice {
    /// Of this moment.
    pub(crate) fn now(environment: &str, what: &str, state: State, summary: &str, id: &str) -> Self {
        let [environment, what, summary, id] = [environment, what, summary, id].map(str::to_owned);
        Self { format: FORMAT, environment, what, state, summary, id, at: crate::clock::timestamp() }
    }

    /// Without secrets, and short.
    pub(super) fn clean(mut self, redactor: &Redactor) -> Self {
        self.summary = shorten(redactor.text(&self.summary).trim(), SUMMARY_BYTES_MAX).into_owned();
        self
    }

    /// What makes it another notice than the last about the same subject. Each deploy is told; of a watch only how it is
    /// counts, for each run has an id of its own.
    pub(super) fn key(&self) -> String {
        match self.state {
            State::Begun | State::New | State::Old | State::Stuck | State::Interrupted => {
                format!("{} {}", self.state, self.id)
            }
            _ => self.state.to_string(),
        }
    }

    /// Subject of a mail.
    pub(super) fn headline(&self) -> String {
        format!("{}: {} {}", self.environment, self.what, self.state)
    }
}
