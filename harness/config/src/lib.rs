//! Configuration files, parsed at the edge into types that need no further checking.

mod deployment;
pub mod env_file;
mod error;
mod expected_skips;
pub mod history;
pub mod lint;
mod nearest;
mod normalised;
mod staged;
mod staging_tests;
pub mod thresholds;
mod version;
mod waivers;
mod yaml;
pub mod yaml_edit;

pub use deployment::{
    ArtefactSpec, DatabaseSpec, Deployment, DockerSpec, Driver, EmailSink, Environment, GateSpec, HaproxySpec, Lines,
    MailTls, MigrateSpec, Ports, RedisSpec, RollbackSpec, ServicesSpec, Sink, SlackSink, Step, Steps, TargetNode,
    TargetSpec, Urls, WaiverSpec, Warnings, WebhookSink,
};
pub use error::ConfigError;
pub use expected_skips::ExpectedSkips;
pub use nearest::{did_you_mean, nearest};
pub use normalised::{LEFT_OUT, normalised, normalised_sha256, of_colour};
pub use staged::{LivekitYaml, Surroundings};
pub use staging_tests::{ImageChoice, Images, Limits, Media, StagingTests};
pub use waivers::Waiver;
