//! `greenlight` as its users call it: the binary, its status, its output, and what it leaves.

#![expect(clippy::expect_used, reason = "a test ends where it can not go on")]

mod bin;
mod completions;
mod deploy;
mod doctor;
mod env;
mod gate;
mod help;
mod init;
mod input;
mod mapped;
mod migrate;
mod migrate_resume;
mod notify;
mod notify_tls;
mod outside;
mod plan;
mod plan_backup;
mod rehearse;
mod rollback;
mod rollback_attacks;
mod rollback_findings;
mod serve;
mod sinks;
mod validate;
mod verify;
mod watch;
mod world;
