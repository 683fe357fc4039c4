//! A threshold as a value, and how it is written.

use super::event::{Event, Window};
use super::metrics::Metric;
use super::quantity::Quantity;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

/// Tags with their values.
pub type Tags = BTreeMap<String, String>;

/// What one aggregate of one metric is held to.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// What is measured.
    pub metric: &'static Metric,
    /// Only samples with all of these tags; all samples where it is empty.
    pub tags: Tags,
    /// What of the samples is compared.
    pub aggregate: Aggregate,
    /// How.
    pub comparison: Comparison,
    /// With what.
    pub bound: Quantity,
    /// On the way to the bound: beyond this it holds, with a warning.
    pub warn: Option<Quantity>,
    /// Fewer samples decide nothing. `None` is the fewest from which the aggregate can be told at all.
    pub samples_min: Option<usize>,
    /// Only samples of requests that were due in this part of the load; all of them without it.
    pub between: Option<Window>,
    /// How much worse than at the baseline the aggregate may be, in percent of what it was there, besides the bound.
    /// Above zero where smaller is better, below zero where larger is.
    pub vs_baseline: Option<f64>,
}

/// What of many samples is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregate {
    /// The smallest value that this share of the samples, in percent, does not exceed; above 0 and below 100.
    Percentile(f64),
    /// The mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The share of events that happened, or how many things were done in a second.
    Rate,
    /// How many samples there are.
    Count,
}

/// How an aggregate is compared with its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

impl Comparison {
    pub(crate) const SIGNS: &'static [(&'static str, Self)] =
        &[("<=", Self::AtMost), (">=", Self::AtLeast), ("<", Self::Below), (">", Self::Above)];

    /// Whether the value is on the good side of the bound.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Below => value < bound,
            Self::AtMost => value <= bound,
            Self::Above => value > bound,
            Self::AtLeast => value >= bound,
        }
    }

    /// Whether smaller is better.
    pub fn is_upper(self) -> bool {
        matches!(self, Self::Below | Self::AtMost)
    }
}

impl Threshold {
    /// Whether it is about samples of this metric with these tags, from a load during which these things happened.
    pub fn is_about(&self, metric: &str, tags: &[(&str, &str)], events: &[Event]) -> bool {
        let has = |(name, value): (&String, &String)| tags.contains(&(name.as_str(), value.as_str()));
        let happened = |window: Window| events.contains(&window.from) && events.contains(&window.to);
        self.metric.name == metric && self.tags.iter().all(has) && self.between.is_none_or(happened)
    }

    /// Whether the other one judges the same aggregate of the same samples.
    pub fn judges_as(&self, other: &Self) -> bool {
        self.metric == other.metric
            && self.tags == other.tags
            && self.aggregate == other.aggregate
            && self.between == other.between
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.metric.name)?;
        if !self.tags.is_empty() {
            let tags: Vec<String> = self.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
            write!(f, "{{{}}}", tags.join(","))?;
        }
        write!(f, ": {} {} {}", self.aggregate, self.comparison, self.bound)?;
        if let Some(warn) = self.warn {
            write!(f, ", warn {warn}")?;
        }
        if let Some(samples) = self.samples_min {
            write!(f, ", samples >= {samples}")?;
        }
        if let Some(window) = self.between {
            write!(f, ", between {window}")?;
        }
        match self.vs_baseline {
            Some(percent) => write!(f, ", vs baseline {percent:+}%"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(share) => write!(f, "p({share})"),
            Self::Avg => f.write_str("avg"),
            Self::Min => f.write_str("min"),
            Self::Max => f.write_str("max"),
            Self::Rate => f.write_str("rate"),
            Self::Count => f.write_str("count"),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = Self::SIGNS.iter().find(|(_, comparison)| comparison == self);
        f.write_str(sign.map_or("", |(sign, _)| sign))
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
