//! Configuration files, parsed at the edge into types that need no further checking.

mod error;
mod expected_skips;
pub mod lint;
mod staging_tests;
pub mod thresholds;
mod waivers;

pub use error::ConfigError;
pub use expected_skips::ExpectedSkips;
pub use staging_tests::{ImageChoice, Images, Limits, Media, StagingTests};
pub use waivers::Waiver;
