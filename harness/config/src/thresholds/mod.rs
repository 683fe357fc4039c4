//! Thresholds: one grammar for everything that load measures, parsed, shown and judged without a clock or a network.
//!
//! `join_ms{path=balancer}: p(95) < 2s, warn 1.5s, samples >= 50`

mod judge;
mod metrics;
mod parse;
mod quantity;
mod threshold;

pub use judge::Judged;
pub use metrics::{Kind, Metric};
pub use parse::ThresholdError;
pub use quantity::{Quantity, Unit};
pub use threshold::{Aggregate, Comparison, Tags, Threshold};

#[cfg(test)]
mod tests;
