//! The component `database`: a database of Postgres, dumped and restored by the server's own tools.

mod asking;
mod copy;
mod exchange;
mod head;
mod names;
mod part;
mod room;
mod running;
mod session;
mod sql;
mod stage;
mod tools;

pub(super) use copy::{Copied, forget};
pub(super) use exchange::Swap;
pub(super) use head::held;
pub(super) use part::Database;
