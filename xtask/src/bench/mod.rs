//! `cargo xtask bench`: what Greenlight costs beside its peers, measured in one run on one machine.

mod command;
mod contest;
mod harness;
mod load;
mod machine;
mod measure;
mod page;
mod parse;
mod peers;
mod programs;
mod rollback;
mod server;
mod start;
mod stats;
mod verdict;

pub(crate) use command::{Bench, run};
