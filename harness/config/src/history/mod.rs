//! What changes for a configuration when livekit-server changes its version, as data with the place of each fact.
//!
//! Keys, variables and CHANGELOG come out of the servers' own sources (`cargo xtask config-history`); what moved, and what
//! was seen or read beside that, is written by hand in `data/moved.json` and `data/measured.json`.

mod changes;
mod file;
mod measured;
mod moved;
mod shipped;
mod source;
#[cfg(test)]
mod tests;
mod variables;

pub use crate::version::{NotAVersion, Version};
pub use changes::{Change, What};
pub use file::{Entry, KeyFact, Variable};
pub use measured::{Applies, Measured, Severity};
pub use moved::Moved;
pub use shipped::{History, UnknownVersion};
pub use source::Source;
pub use variables::LostVariable;
