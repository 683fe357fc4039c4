//! Notifications: whoever deployment.yaml names is told when an environment changes, and only then.

mod email;
mod http;
mod memory;
mod notice;
mod notifier;
mod sender;

pub(crate) use notice::{Notice, State};
pub(crate) use notifier::Notifier;
