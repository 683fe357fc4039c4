//! `greenlight env`: environment files, judged, changed and begun.

mod command;
mod given;
mod renamed;
mod template;
mod update;
mod validate;

pub(crate) use command::{EnvCommand, UpdateArgs, run};
