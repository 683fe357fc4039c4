//! `greenlight doctor`: what this machine lacks, and the command that mends it.

mod command;
mod configuration;
mod facts;
mod finding;
mod judge;
mod look;

pub(crate) use command::{DoctorArgs, lacking, run};
#[cfg(test)]
mod tests;
