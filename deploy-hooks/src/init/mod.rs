//! `greenlight init`: a configuration to start from, and a workflow that uses it.

mod command;
mod files;
mod write;

pub(crate) use command::{InitArgs, run};
