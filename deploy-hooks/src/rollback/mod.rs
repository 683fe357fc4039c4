//! `greenlight rollback`: points to come back to. Files and environment files so far; what a point holds is encrypted for
//! somebody else than this machine, signed, and read back before anything is replaced.

mod archive;
mod command;
mod create;
mod entry;
mod manifest;
mod pack;
mod restore;
mod show;
mod stage;
mod store;
mod swap;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use command::{RollbackCommand, run};
pub(crate) use create::recipients;
