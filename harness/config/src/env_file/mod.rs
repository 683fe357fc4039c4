//! Files of `NAME=value` lines, as Docker Compose reads them: read, changed and written so that whatever was not to be
//! changed stays byte for byte as it was.

mod file;
mod line;
mod quote;
#[cfg(test)]
mod tests;

pub use file::{EnvFile, Set};
pub use line::Assignment;
