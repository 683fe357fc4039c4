//! What happens during a load, so that a threshold can be about a part of it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Something that happens during a load, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The first request is due.
    Start,
    /// Every user has begun.
    Ramped,
    /// What the load is to go through begins: a part stands still.
    ImpairStart,
    /// It is over.
    ImpairEnd,
    /// The last answer has come.
    End,
}

impl Event {
    /// Every event, in order.
    pub const ALL: &'static [Self] = &[Self::Start, Self::Ramped, Self::ImpairStart, Self::ImpairEnd, Self::End];

    /// As written in a threshold.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Ramped => "ramped",
            Self::ImpairStart => "impair_start",
            Self::ImpairEnd => "impair_end",
            Self::End => "end",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.name() == name)
    }
}

/// From one event to a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub from: Event,
    /// The moment after its last.
    pub to: Event,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from.name(), self.to.name())
    }
}
