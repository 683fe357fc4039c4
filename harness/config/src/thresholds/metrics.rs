//! What load measures: the names that a threshold may have, and the tags of each.

use super::event::Event;
use super::quantity::Dimension;
use super::threshold::Tags;

/// A name that is measured.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// As written before the colon.
    pub name: &'static str,
    /// What its samples are.
    pub kind: Kind,
    /// Where its samples come from; each of them from one of these.
    pub sources: &'static [Source],
}

/// A kind of load, with the tags that its samples have and what happens during it. A threshold that fits none of them
/// would never be held against anything.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Its tags, each with the values that it has.
    pub tags: &'static [(&'static str, &'static [&'static str])],
    /// What happens meanwhile, in this order; nothing where samples have no time.
    pub events: &'static [Event],
}

impl Source {
    fn has(&self, tag: &str, value: &str) -> bool {
        self.tags.iter().any(|(name, values)| *name == tag && values.contains(&value))
    }
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
const PATH: (&str, &[&str]) = ("path", &["balancer"]);
const ROOMS: (&str, &[&str]) = ("rooms", &["one", "many"]);
const OF: (&str, &[&str]) = ("of", &["node", "redis", "balancer", "all"]);

const LOADED: &[Event] = &[Event::Start, Event::Ramped, Event::End];

const CALLS: &[Source] = &[
    Source { tags: &[METHOD, PATH, ("load", &["steady"])], events: LOADED },
    Source { tags: &[METHOD, PATH, ("load", &["stalled"])], events: Event::ALL },
];
/// A timetable of calls is no promise of how many are answered while everything stands still.
const STEADY_CALLS: &[Source] = &[Source { tags: &[METHOD, PATH, ("load", &["steady"])], events: LOADED }];
const JOINS: &[Source] = &[
    Source { tags: &[PATH, ("load", &["steady", "held"])], events: LOADED },
    Source { tags: &[PATH, ("load", &["storm"]), ROOMS], events: LOADED },
];
const PARTS: &[Source] = &[Source { tags: &[OF], events: &[] }];
const GENERATOR: &[Source] = &[Source { tags: &[], events: &[] }];

const fn metric(name: &'static str, kind: Kind, sources: &'static [Source]) -> Metric {
    Metric { name, kind, sources }
}

impl Metric {
    /// Every metric.
    pub const ALL: &'static [Self] = &[
        metric("api_ms", Kind::Times, CALLS),
        metric("api_errors", Kind::Events, CALLS),
        metric("api_calls", Kind::Done, STEADY_CALLS),
        metric("join_ms", Kind::Times, JOINS),
        metric("join_errors", Kind::Events, JOINS),
        metric("ping_ms", Kind::Times, JOINS),
        metric("ping_errors", Kind::Events, JOINS),
        metric("cpu", Kind::Shares, PARTS),
        metric("memory", Kind::Sizes, PARTS),
        metric("generator_cpu", Kind::Shares, GENERATOR),
        metric("generator_lag_ms", Kind::Times, GENERATOR),
        metric("generator_late", Kind::Events, GENERATOR),
    ];

    /// The metric of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|metric| metric.name == name)
    }

    /// The names of its tags.
    pub(crate) fn tag_names(&self) -> impl Iterator<Item = &'static str> {
        self.sources.iter().flat_map(|source| source.tags).map(|(name, _)| *name)
    }

    /// The values that a tag has, whatever the others are.
    pub(crate) fn values_of(&self, tag: &str) -> Vec<&'static str> {
        let tags = self.sources.iter().flat_map(|source| source.tags);
        tags.filter(|(name, _)| *name == tag).flat_map(|(_, values)| values.iter().copied()).collect()
    }

    /// The sources whose samples have all of these tags.
    pub fn sources_with(&self, tags: &Tags) -> Vec<&'static Source> {
        let fits = |source: &&Source| tags.iter().all(|(tag, value)| source.has(tag, value));
        self.sources.iter().filter(fits).collect()
    }
}
