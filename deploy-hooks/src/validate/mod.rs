//! `greenlight validate`: the files of a deployment and the deployment itself, by category.

mod category;
mod command;
mod files;
mod live;
mod write;

pub(crate) use category::{Level, word_of};
pub(crate) use command::{ValidateArgs, run};
