//! `deployment.yaml`: which keys are believed, what each environment demands before it lets a build in, and how that is
//! done there.

mod docker;
mod environment;
mod file;
mod gate;
mod lines;
mod migrate;
mod notification;
mod rollback;
mod step;
mod target;

pub use docker::{DockerSpec, HaproxySpec, Ports};
pub use environment::{Driver, Environment, Lines, Urls};
pub use file::Deployment;
pub use gate::{ArtefactSpec, GateSpec, WaiverSpec, Warnings};
pub use migrate::MigrateSpec;
pub use notification::{EmailSink, MailTls, Sink, SlackSink, WebhookSink};
pub use rollback::{DatabaseSpec, RedisSpec, RollbackSpec, ServicesSpec};
pub use step::{Step, Steps};
pub use target::{TargetNode, TargetSpec};
