//! What checks send to the real server and what it answers, as a committed recording; and the emulator held to it.

mod held;
mod line;
mod listen;
mod names;
mod replay;
mod token;

pub use held::{Held, hold};
pub use line::{Line, Step, read, shipped, written};
pub use listen::lines;
pub use replay::{Replayed, replay};
