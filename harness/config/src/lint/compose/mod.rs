//! Compose files: what hurts a deployment of LiveKit, and nothing else.

mod config;
mod judge;
mod lifecycle;
mod media;
mod network;
mod ports;
mod project;
mod redis;

pub(crate) use judge::check;
pub(crate) use project::Project;
