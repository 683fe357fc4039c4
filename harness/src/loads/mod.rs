//! Load for checks: what measures is judged before anything that it measured, and samples are held to the thresholds of
//! `staging_tests.yaml`.

mod baseline;
mod generator;
mod judge;
mod series;

pub use baseline::{Baseline, Baselines};
pub use series::{Course, Series, Timed, calls, joins, refusals};

#[cfg(test)]
mod tests;
