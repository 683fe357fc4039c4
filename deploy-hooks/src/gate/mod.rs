//! `greenlight gate`: what the configuration demands, held against a report.

mod command;
mod evidence;
mod policy;
mod serve;

pub(crate) use command::{GateArgs, run, text as gate_text};
pub(crate) use evidence::{Asked, Files, REPORT_BYTES_MAX, ask, ask_about};
pub(crate) use policy::{policy, public_key, required_ids};
