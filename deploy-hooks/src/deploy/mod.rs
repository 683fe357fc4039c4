//! `greenlight deploy`: a new build takes an environment's traffic, or the old one keeps it.

mod answer;
mod any_driver;
mod command;
mod command_driver;
mod docker_driver;
mod driver;
mod engine;
mod hands;
pub(crate) mod haproxy;
mod journal;
mod kept;
mod lock;
mod phase;
mod place;
mod steps;
#[cfg(test)]
mod tests;

pub(crate) use answer::answer_of;
pub(crate) use command::{DeployArgs, Last, Move, last, moved, new_id, run};
pub(crate) use journal::Ending;
pub(crate) use kept::{Deploy, Stand, lock_of, settled};
pub(crate) use lock::Lock;
pub(crate) use phase::Colour;
