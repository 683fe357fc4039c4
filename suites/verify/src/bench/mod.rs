//! What `greenlight-bench` does.

mod checks;
mod goose;
mod load;
mod serve;
mod start;

pub(crate) use checks::{Checks, checks};
pub(crate) use goose::goose;
pub(crate) use load::{Engine, load};
pub(crate) use serve::serve;
pub(crate) use start::start;
