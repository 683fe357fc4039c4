//! `greenlight watch`: the safe checks again and again, and a word to somebody when their verdict changes.

mod command;
mod every;
mod finding;
mod textfile;
mod verifier;

pub(crate) use command::{WatchArgs, run};
