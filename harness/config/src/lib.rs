//! Configuration files, parsed at the edge into types that need no further checking.

mod deployment;
mod error;
mod expected_skips;
pub mod lint;
mod normalised;
mod staging_tests;
mod waivers;

pub use deployment::{
    ArtefactSpec, Deployment, DockerSpec, Driver, Environment, GateSpec, HaproxySpec, Lines, Ports, Step, Steps,
    WaiverSpec, Warnings,
};
pub use error::ConfigError;
pub use expected_skips::ExpectedSkips;
pub use normalised::{LEFT_OUT, normalised, normalised_sha256, of_colour};
pub use staging_tests::{ImageChoice, Images, Limits, Media, StagingTests};
pub use waivers::Waiver;
