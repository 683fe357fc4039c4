//! The rules of livekit-server's environment.

mod as_a_file;
mod clients;
mod config_body;
mod judge;
mod keys;
mod lines;
mod names;
mod ports;
mod values;
mod variables;
mod words_of_values;

pub(crate) use judge::{check, check_variables};
pub(crate) use variables::Variable;
