//! The two colours, and the phases through which traffic goes from one to the other and, if need be, back.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Colour {
    /// One.
    Blue,
    /// The other.
    Green,
}

impl Colour {
    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Blue => Self::Green,
            Self::Green => Self::Blue,
        }
    }

    /// As it is written.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
        }
    }

    /// Reads what a driver printed: a colour, or that none is active.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, String> {
        match text.trim() {
            "blue" => Ok(Some(Self::Blue)),
            "green" => Ok(Some(Self::Green)),
            "none" => Ok(None),
            other => Err(format!("{other:?} is neither `blue` nor `green` nor `none`")),
        }
    }
}

/// A colour, or that there is none, as drivers print it and [`Colour::parse`] reads it.
pub(crate) fn word_of(colour: Option<Colour>) -> &'static str {
    colour.map_or("none", Colour::word)
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One thing to do. The order of [`FORWARD`] is the procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// The gate is asked.
    Gate,
    /// The operator's checks before.
    Before,
    /// The new colour starts, without traffic.
    Start,
    /// It is asked what it runs.
    Identify,
    /// The suites run on it.
    Verify,
    /// New traffic goes to it.
    Switch,
    /// It is watched, and the operator's checks after run.
    Watch,
    /// The old colour's calls end: the point of no return.
    Drain,
    /// The old colour is removed.
    Remove,
    /// New traffic goes to the old colour again.
    SwitchBack,
    /// The suites run on the old colour.
    VerifyBack,
    /// The new colour is removed.
    RemoveNew,
}

/// From old to new.
pub(crate) const FORWARD: [Phase; 9] = [
    Phase::Gate,
    Phase::Before,
    Phase::Start,
    Phase::Identify,
    Phase::Verify,
    Phase::Switch,
    Phase::Watch,
    Phase::Drain,
    Phase::Remove,
];

/// From new to old.
pub(crate) const BACK: [Phase; 3] = [Phase::SwitchBack, Phase::VerifyBack, Phase::RemoveNew];

impl Phase {
    /// As it is written.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Before => "before",
            Self::Start => "start",
            Self::Identify => "identify",
            Self::Verify => "verify",
            Self::Switch => "switch",
            Self::Watch => "watch",
            Self::Drain => "drain",
            Self::Remove => "remove",
            Self::SwitchBack => "switch_back",
            Self::VerifyBack => "verify_back",
            Self::RemoveNew => "remove_new",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
