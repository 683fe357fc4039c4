//! What a livekit-server reads of its configuration, version by version, out of its own sources.
//!
//! The result is `harness/config/data/livekit-server-history.json`; nobody writes a row of it by hand.

mod changelog;
mod environment;
mod evaluate;
mod golang;
mod keys;
mod modules;
mod package;
mod render;
mod resolve;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use run::{History, run};
