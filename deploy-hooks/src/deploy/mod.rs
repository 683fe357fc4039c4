//! `greenlight deploy`: a new build takes an environment's traffic, or the old one keeps it.

mod any_driver;
mod command;
mod command_driver;
mod docker_driver;
mod driver;
mod engine;
mod hands;
mod haproxy;
mod journal;
mod lock;
mod phase;
mod place;
mod steps;
#[cfg(test)]
mod tests;

pub(crate) use command::{DeployArgs, run};
pub(crate) use lock::Lock;
