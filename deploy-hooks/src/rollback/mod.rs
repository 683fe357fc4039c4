//! `greenlight rollback`: points to come back to. What a point holds is encrypted for
//! somebody else than this machine, signed, and read back before anything is replaced.

mod ahead;
mod archive;
mod bucket;
mod command;
mod create;
mod database;
mod entry;
mod exchange;
mod files;
mod journal;
mod manifest;
mod migrated;
mod mounts;
mod part;
mod parts;
mod recovered;
mod redis;
mod rehearsal;
mod rehearse;
mod restore;
mod roots;
mod services;
mod show;
mod sip;
mod site;
mod stage;
mod store;
mod sum;
mod sums;
mod swap;
#[cfg(test)]
mod tests;
mod walk;
mod writer;

pub(crate) use command::{CreateArgs, PointArgs, RollbackCommand, run};
pub(crate) use migrated::Point;
pub(crate) use rehearsal::rehearsed;
pub(crate) use roots::Roots;
pub(crate) use site::SiteArgs;
