//! What checks send to the real server and what it answers, as a committed recording; and the emulator held to it.

mod held;
mod line;
mod listen;
mod names;
mod replay;
mod token;

pub use held::{Held, hold};
pub(crate) use held::{known as held_known, unrecorded};
pub(crate) use line::written;
pub use line::{Line, shipped};
pub(crate) use listen::lines;
