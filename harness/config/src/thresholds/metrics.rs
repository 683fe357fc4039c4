//! What load measures: the names that a threshold may have, and the tags of each.

use super::quantity::Dimension;

/// A name that is measured.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// As written before the colon.
    pub name: &'static str,
    /// What its samples are.
    pub kind: Kind,
    /// Its tags, each with the values that it has.
    pub tags: &'static [(&'static str, &'static [&'static str])],
}

/// What the samples of a metric are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Times, in milliseconds.
    Times,
    /// Sizes, in MiB.
    Sizes,
    /// Shares of something, in percent.
    Shares,
    /// Things that happened (1) or did not (0); their `rate` is a share in percent.
    Events,
    /// Things that were done; their `rate` is how many in a second.
    Done,
}

impl Kind {
    /// What `p(N)`, `avg`, `min` and `max` of such samples are; none where they say nothing.
    pub(crate) fn of_values(self) -> Option<Dimension> {
        match self {
            Self::Times => Some(Dimension::Time),
            Self::Sizes => Some(Dimension::Memory),
            Self::Shares => Some(Dimension::Share),
            Self::Events | Self::Done => None,
        }
    }

    /// What `rate` of such samples is.
    pub(crate) fn of_rate(self) -> Option<Dimension> {
        match self {
            Self::Events => Some(Dimension::Share),
            Self::Done => Some(Dimension::Frequency),
            Self::Times | Self::Sizes | Self::Shares => None,
        }
    }
}

const METHOD: (&str, &[&str]) = ("method", &["create_room", "list_rooms", "update_room_metadata", "delete_room"]);
const PATH: (&str, &[&str]) = ("path", &["balancer", "node"]);
const LOAD: (&str, &[&str]) = ("load", &["steady", "held", "storm"]);
const ROOMS: (&str, &[&str]) = ("rooms", &["one", "many"]);
const OF: (&str, &[&str]) = ("of", &["node", "redis", "balancer", "all"]);

const fn metric(name: &'static str, kind: Kind, tags: &'static [(&'static str, &'static [&'static str])]) -> Metric {
    Metric { name, kind, tags }
}

impl Metric {
    /// Every metric.
    pub const ALL: &'static [Self] = &[
        metric("api_ms", Kind::Times, &[METHOD, PATH]),
        metric("api_errors", Kind::Events, &[METHOD, PATH]),
        metric("api_calls", Kind::Done, &[METHOD, PATH]),
        metric("join_ms", Kind::Times, &[PATH, LOAD, ROOMS]),
        metric("join_errors", Kind::Events, &[PATH, LOAD, ROOMS]),
        metric("ping_ms", Kind::Times, &[PATH, LOAD]),
        metric("ping_errors", Kind::Events, &[PATH, LOAD]),
        metric("cpu", Kind::Shares, &[OF]),
        metric("memory", Kind::Sizes, &[OF]),
        metric("generator_cpu", Kind::Shares, &[]),
        metric("generator_lag_ms", Kind::Times, &[]),
        metric("generator_late", Kind::Events, &[]),
    ];

    /// The metric of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|metric| metric.name == name)
    }
}
