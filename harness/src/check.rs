//! A check: one claim with its metadata.

use crate::ctx::Ctx;
use crate::fault::Fault;
use crate::verdict::Verdict;
use greenlight_reports::Component;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// What a check's function returns.
pub type CheckFuture<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// One claim about a target. There is no default: an author states every field.
pub struct Check {
    /// `suite.name`, the path of its file. It is API: never renamed without an alias.
    pub id: &'static str,
    /// The claim in words.
    pub title: &'static str,
    /// For selection: `smoke` is the fast set, `security` what an attacker would use.
    pub tags: &'static [&'static str],
    /// Where to look first when it is red; a failure may name another.
    pub blame: Component,
    /// What the target must offer. Anything missing makes it `Skipped`.
    pub needs: &'static [Capability],
    /// After this it is `Errored`.
    pub timeout: Duration,
    /// Whether it runs beside others.
    pub lane: Lane,
    /// The planted faults that have turned it red. Empty is refused by a test.
    pub proven_by: &'static [Fault],
    /// `file!()`.
    pub source: &'static str,
    /// `line!()`.
    pub line: u32,
    /// The function, as written by [`crate::run!`].
    pub run: for<'a> fn(&'a Ctx) -> CheckFuture<'a>,
}

impl Check {
    /// The part of the id before the dot.
    pub fn suite(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(suite, _)| suite)
    }
}

/// Something that a target may or may not offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// The room API with a key that may use it.
    Api,
    /// Redis can be reached directly.
    Redis,
    /// At least two nodes can be reached directly.
    TwoNodes,
    /// The target is ours, and load on it hurts nobody.
    Load,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Api => "an API key",
            Self::Redis => "a Redis address",
            Self::TwoNodes => "the addresses of two nodes",
            Self::Load => "a target of our own that may be loaded",
        })
    }
}

/// Whether a check runs beside others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// With others at the same time.
    Shared,
    /// Alone: load, drills, everything that others would notice.
    Exclusive,
}

/// Makes the `run` field out of an `async fn(&Ctx) -> Verdict`.
#[macro_export]
macro_rules! run {
    ($check:path) => {
        |ctx| Box::pin($check(ctx))
    };
}
