//! Thresholds: one grammar for everything that load measures, parsed, shown and judged without a clock or a network.
//!
//! `join_ms{path=balancer}: p(95) < 2s, warn 1.5s, samples >= 50, between ramped..end, vs baseline +10%`

mod compare;
mod event;
mod judge;
mod metrics;
mod parse;
mod quantity;
mod threshold;

pub use compare::Compared;
pub use event::{Event, Window};
pub use judge::Judged;
pub use metrics::{Kind, Metric, Source};
pub use parse::ThresholdError;
pub use quantity::{Quantity, Unit};
pub use threshold::{Aggregate, Comparison, Tags, Threshold};

#[cfg(test)]
mod tests;
