//! `cargo xtask demo`: a deployment of one machine to try `greenlight deploy` on.

mod engine;
mod files;
mod look;
mod place;
mod up;

pub(crate) use up::{DIR, down, up};
