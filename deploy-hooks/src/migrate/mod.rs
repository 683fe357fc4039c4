//! `greenlight migrate`: another version of livekit-server in one command, step by step, and back if a step is red.

mod back;
mod command;
mod forward;
mod journal;
mod migration;
mod prerequisites;
mod report;
mod requirements;
mod roots;
mod run;
mod step;
mod traffic;

pub(crate) use command::{MigrateArgs, run};
