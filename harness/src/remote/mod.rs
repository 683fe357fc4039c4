//! A deployment at an address that somebody gave: what may be done to it, who else is at it, what it offers.

mod address;
mod discovery;
mod lease;
mod spec;

pub use address::Address;
pub use discovery::{Remote, RemoteError};
pub use spec::{Allowed, NodeSpec, RemoteSpec};
pub(crate) use spec::{nobody, without_agents};
